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

/// A text with what Python's `json.dumps` writes and JSON has not replaced: half surrogates, `NaN`, `Infinity`.
pub(super) fn repaired(text: &str) -> String {
    let bytes = text.as_bytes();
    let code = |at: usize| {
        let hex = text.get(at + 2..at + 6).filter(|_| bytes[at..].starts_with(b"\\u"))?;
        u16::from_str_radix(hex, 16).ok()
    };
    let mut out = String::with_capacity(text.len());
    let (mut at, mut kept) = (0, 0);
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        let start = at + found;
        let half = code(start).filter(|code| (0xd800..0xe000).contains(code));
        let paired = half.is_some_and(|code| code < 0xdc00) && code(start + 6).is_some_and(|next| (0xdc00..0xe000).contains(&next));
        at = if paired { start + 12 } else { start + 2 };
        if half.is_some() && !paired {
            out.push_str(&text[kept..start]);
            out.push_str("\\ufffd");
            at = start + 6;
            kept = at;
        }
    }
    out.push_str(&text[kept..]);
    for (number, null) in [(": NaN", ": null"), (":NaN", ":null"), (": Infinity", ": null"), (": -Infinity", ": null")] {
        if out.contains(number) {
            out = out.replace(number, null);
        }
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_writes_is_read() {
        let cases = [
            (r#"{"a": "x\ud83dy"}"#, "x\u{fffd}y"),
            (r#"{"a": "\ud83d\ude00"}"#, "\u{1f600}"),
            (r#"{"b": NaN, "a": "\\ud83d"}"#, "\\ud83d"),
            (r#"{"a": "\udc00\ud83d"}"#, "\u{fffd}\u{fffd}"),
        ];
        for (text, expected) in cases {
            let value: Value = serde_json::from_str(&repaired(text)).unwrap();
            assert_eq!(value["a"], expected, "{text}");
        }
        assert_eq!(repaired("{\\u"), "{\\u");
    }
}
