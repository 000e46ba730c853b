//! What the objects of most exporters have in common: somewhere a text, an instant, and names of the process.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Entry, Output};
use crate::knowledge::origin::names_origin;
use crate::record::value::{at, instant};

/// How an exporter's object is read: by the paths of its parts.
pub(super) struct Shape {
    /// The line: a text, or LiteLLM's own JSON record as an object.
    pub(super) text: &'static [&'static str],
    /// When it was written.
    pub(super) written: &'static [&'static str],
    /// What names the process; all that are there count.
    pub(super) process: &'static [&'static str],
    /// Which output.
    pub(super) output: &'static [&'static str],
}

impl Shape {
    /// Reads an object that is known to be of this shape.
    pub(super) fn read(&self, value: &Value) -> Option<Entry<'static>> {
        let text = self.text.iter().find_map(|path| text(at(value, path)?))?;
        let mut names: Vec<String> = self.process.iter().filter_map(|path| name(at(value, path)?)).collect();
        add_origins(value, MOST_DEPTH, &mut names);
        Some(Entry {
            text: Cow::Owned(text),
            process: names.join("/"),
            output: self.output.iter().find_map(|path| at(value, path)?.as_str()).map(Output::of).unwrap_or_default(),
            written: self.written.iter().find_map(|path| instant(value, path)),
            ..Entry::default()
        })
    }
}

/// How deep exporters keep what names a process.
pub(super) const MOST_DEPTH: usize = 3;

/// Adds all else that names the process, wherever it stands in the object: keys, `{"key": …, "value": …}` pairs, `key:value` tags.
pub(super) fn add_origins(value: &Value, depth: usize, names: &mut Vec<String>) {
    let mut add = |key: &str, value: &Value| {
        let origin = name(value).filter(|origin| names_origin(key) && origin.len() <= MOST_BYTES && !names.contains(origin));
        names.extend(origin);
    };
    let mut inner: Vec<&Value> = Vec::new();
    match value {
        Value::Object(object) => {
            if let (Some(key), Some(pair)) = (object.get("key").and_then(Value::as_str), object.get("value")) {
                add(key, pair.get("stringValue").unwrap_or(pair));
            }
            for (key, value) in object {
                add(key, value);
                // `{"container": {"id": …, "name": …}}`.
                for (inner, value) in value.as_object().into_iter().flatten() {
                    add(&format!("{key}{inner}"), value);
                }
                // A record of LiteLLM's that was taken apart brings keys of its own.
                inner.extend(Some(value).filter(|value| value.get("level").is_none() || value.get("timestamp").is_none()));
            }
        }
        Value::Array(items) => {
            for (key, value) in items.iter().filter_map(Value::as_str).filter_map(|tag| tag.split_once(':')) {
                add(key, &Value::from(value));
            }
            inner.extend(items.iter().filter(|item| item.is_object()));
        }
        _ => {}
    }
    if depth > 0 {
        for value in inner {
            add_origins(value, depth - 1, names);
        }
    }
}

/// The longest name of a process.
const MOST_BYTES: usize = 200;

fn name(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_number().map(ToString::to_string)).filter(|name| !name.is_empty())
}

/// A line's text: as it is, as bytes (journald), or LiteLLM's JSON record that the exporter took apart.
pub(super) fn text(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Array(bytes) => bytes.iter().map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect(),
        Value::Object(object) if object.contains_key("message") => Some(json_record(object).into_bytes()),
        _ => None,
    }
}

/// LiteLLM's JSON record, its keys in LiteLLM's own order: that tells them from keys that a message brought along.
pub(super) fn json_record(object: &Map<String, Value>) -> String {
    const FIRST: [&str; 3] = ["message", "level", "timestamp"];
    const LAST: [&str; 3] = ["component", "logger", "stacktrace"];
    let named = |key: &&str| object.get_key_value(*key);
    let others = object.iter().filter(|(key, _)| !FIRST.contains(&key.as_str()) && !LAST.contains(&key.as_str()));
    let pairs = FIRST.iter().filter_map(named).chain(others).chain(LAST.iter().filter_map(named));
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{}: {value}", Value::from(key.as_str()))).collect();
    format!("{{{}}}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_that_was_taken_apart_has_its_order_again() {
        let object = json!({"component": "LiteLLM", "error": {}, "level": "ERROR", "logger": "a.py:1", "message": "m", "timestamp": "t"});
        let expected = r#"{"message": "m", "level": "ERROR", "timestamp": "t", "error": {}, "component": "LiteLLM", "logger": "a.py:1"}"#;
        assert_eq!(json_record(object.as_object().unwrap()), expected);
    }
}
