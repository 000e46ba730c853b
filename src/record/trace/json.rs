//! Reading values that different writers give in different types: texts, numbers as texts, objects as texts.

use serde_json::{Map, Value};

use crate::record::Time;

/// The value at a dotted path of keys.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

/// A text that is not empty.
pub(super) fn text(value: &Value, path: &str) -> Option<String> {
    match at(value, path)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An object, or one that was written as a text.
pub(super) fn object(value: &Value, path: &str) -> Value {
    match at(value, path) {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

/// An instant: seconds since 1970, or an ISO time that is UTC where it names no zone.
pub(super) fn instant(value: &Value, path: &str) -> Option<Time> {
    match at(value, path)? {
        Value::Number(number) => Time::of_seconds(number.as_f64()?),
        Value::String(text) => text.parse().ok().and_then(Time::of_seconds).or_else(|| Time::of_utc_text(text)),
        _ => None,
    }
}

/// Whether the object has all keys.
pub(super) fn has(value: &Value, keys: &[&str]) -> bool {
    value.as_object().is_some_and(|object: &Map<String, Value>| keys.iter().all(|key| object.contains_key(*key)))
}

/// A JSON string's text from behind its opening quote, as far as it goes: it may be cut.
pub(in crate::record) fn lenient_string(start: &str) -> String {
    let mut end = start.len();
    let mut escaped = false;
    for (at, byte) in start.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' | b'\n' => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    // A cut may fall into an escape; give back the last few bytes until the rest reads.
    let mut body = &start[..end];
    for _ in 0..8 {
        if let Ok(text) = serde_json::from_str::<String>(&format!("\"{body}\"")) {
            return text;
        }
        let mut chars = body.chars();
        if chars.next_back().is_none() {
            break;
        }
        body = chars.as_str();
    }
    start[..end].replace("\\n", "\n").replace("\\\"", "\"")
}
