//! Reading values that different writers give in different types: texts, numbers as texts, objects as texts.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::record::Time;

/// The value at a dotted path of keys; keys may hold dots themselves.
pub(crate) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    value.get(path).or_else(|| path.match_indices('.').find_map(|(dot, _)| at(value.get(&path[..dot])?, &path[dot + 1..])))
}

/// A text that is not empty.
pub(crate) fn text(value: &Value, path: &str) -> Option<String> {
    match at(value, path)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An object, or one that was written as a text.
pub(crate) fn object<'v>(value: &'v Value, path: &str) -> Cow<'v, Value> {
    match at(value, path) {
        Some(Value::String(text)) => Cow::Owned(serde_json::from_str(text).unwrap_or_default()),
        Some(other) => Cow::Borrowed(other),
        None => Cow::Owned(Value::Null),
    }
}

/// An instant as anybody writes it: ISO text, in UTC where it names no zone, or seconds, milliseconds, microseconds or nanoseconds
/// since 1970, told by size.
pub(crate) fn instant(value: &Value, path: &str) -> Option<Time> {
    match at(value, path)? {
        Value::String(text) => instant_of_text(text),
        Value::Number(number) => of_number(&number.to_string()),
        _ => None,
    }
}

/// An instant that was written as a text.
pub(crate) fn instant_of_text(text: &str) -> Option<Time> {
    of_number(text).or_else(|| Time::of_utc_text(text))
}

fn of_number(text: &str) -> Option<Time> {
    const UNITS: [(i64, i64); 3] = [(100_000_000_000_000_000, 1_000), (100_000_000_000_000, 1), (100_000_000_000, -1_000)];
    let Ok(whole) = text.parse::<i64>() else { return Time::of_seconds(text.parse().ok()?) };
    let (_, unit) = UNITS.iter().find(|(least, _)| whole >= *least).copied().unwrap_or((0, -1_000_000));
    Time::of_micros(if unit > 0 { whole / unit } else { whole.checked_mul(-unit)? })
}

/// Whether the object has all keys.
pub(crate) fn has(value: &Value, keys: &[&str]) -> bool {
    value.as_object().is_some_and(|object: &Map<String, Value>| keys.iter().all(|key| object.contains_key(*key)))
}

/// A text with what Python's `json.dumps` writes and JSON has not replaced: half surrogates, `NaN`, `Infinity`.
pub(crate) fn repaired(text: &str) -> String {
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
pub(crate) fn lenient_string(start: &str) -> String {
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
    use serde_json::json;

    use super::*;

    #[test]
    fn instants_of_any_unit() {
        for value in [
            json!("1795333716927143995"),
            json!(1_795_333_716_927_143_i64),
            json!(1_795_333_716.927_143),
            json!("1795333716927143"),
            json!("2026-11-22T07:48:36.927143995Z"),
            json!("2026-11-22 07:48:36.927143"),
        ] {
            assert_eq!(instant(&json!({"t": value}), "t").map(|t| t.to_string()).as_deref(), Some("2026-11-22T07:48:36.927143Z"), "{value}");
        }
        assert_eq!(instant(&json!({"t": 1_795_333_716_927_i64}), "t").map(|t| t.to_string()).as_deref(), Some("2026-11-22T07:48:36.927000Z"));
    }

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
