//! A walk over JSON as its writers write it: key by key, and of most values only their end is looked for.
//!
//! A parser checks each text that it passes over and asks of each key which it is; a row of 5 KB has 150 keys, of which 40 are read. What is rare (an
//! escape in a key, many levels) or no JSON ends the walk with `None`: then the parser decides, so that there is one answer to what
//! JSON is. Tests hold the two against each other.

use std::borrow::Cow;

/// How many levels are walked down.
const MOST_LEVELS: usize = 16;
/// How long most texts with escapes are; tracebacks are longer.
const LIKELY: usize = 1024;

/// Gives each field of the object that starts here to `take`: its key, and the text that starts with its value. `take` gives what stands behind the value; what
/// stands behind the object is given back.
pub(super) fn fields<'t>(object: &'t str, mut take: impl FnMut(&'t str, &'t str) -> Option<&'t str>) -> Option<&'t str> {
    let mut rest = blank_off(object.strip_prefix('{')?);
    if let Some(behind) = rest.strip_prefix('}') {
        return Some(behind);
    }
    loop {
        let (key, behind) = bare_text(rest)?;
        let value = blank_off(blank_off(behind).strip_prefix(':')?);
        rest = blank_off(take(key, value)?);
        match rest.as_bytes().first()? {
            b',' => rest = blank_off(&rest[1..]),
            b'}' => return Some(&rest[1..]),
            _ => return None,
        }
    }
}

/// The text that starts here, its escapes undone, and what stands behind it.
pub(super) fn text(value: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut rest = value.strip_prefix('"')?;
    let mut decoded = String::new();
    loop {
        let at = plain_length(rest.as_bytes());
        let (piece, behind) = (&rest[..at], &rest.as_bytes()[at..]);
        match (behind.first()?, decoded.is_empty()) {
            (b'"', true) => return Some((Cow::Borrowed(piece), &rest[at + 1..])),
            (b'"', false) => {
                decoded.push_str(piece);
                return Some((Cow::Owned(decoded), &rest[at + 1..]));
            }
            (b'\\', fresh) => {
                if fresh {
                    decoded.reserve(rest.len().min(LIKELY));
                }
                let (character, length) = unescaped(&behind[1..])?;
                decoded.push_str(piece);
                decoded.push(character);
                rest = &rest[at + 1 + length..];
            }
            _ => return None,
        }
    }
}

/// What stands behind the value that starts here.
pub(super) fn past(value: &str) -> Option<&str> {
    past_within(value, MOST_LEVELS)
}

/// Without the blanks that JSON allows.
pub(super) fn blank_off(text: &str) -> &str {
    let blanks = text.bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    &text[blanks..]
}

/// The text that starts here and has no escapes, and what stands behind it.
fn bare_text(text: &str) -> Option<(&str, &str)> {
    let own = text.strip_prefix('"')?;
    let end = plain_length(own.as_bytes());
    (own.as_bytes().get(end) == Some(&b'"')).then(|| (&own[..end], &own[end + 1..]))
}

fn past_within(value: &str, levels: usize) -> Option<&str> {
    match value.as_bytes().first()? {
        b'"' => past_text(value),
        b'{' => {
            let levels = levels.checked_sub(1)?;
            fields(value, |_, inner| past_within(inner, levels))
        }
        b'[' => past_list(value, levels.checked_sub(1)?),
        b'n' => value.strip_prefix("null"),
        b't' => value.strip_prefix("true"),
        b'f' => value.strip_prefix("false"),
        _ => past_number(value),
    }
}

fn past_text(value: &str) -> Option<&str> {
    let mut rest = value.strip_prefix('"')?;
    loop {
        let at = plain_length(rest.as_bytes());
        match rest.as_bytes().get(at)? {
            b'"' => return Some(&rest[at + 1..]),
            b'\\' => {
                // Half a character may be passed over: the parser does.
                let escape = &rest.as_bytes()[at + 1..];
                let length = if unit(escape).is_some() { UNIT } else { unescaped(escape)?.1 };
                rest = &rest[at + 1 + length..];
            }
            _ => return None,
        }
    }
}

fn past_list(value: &str, levels: usize) -> Option<&str> {
    let mut rest = blank_off(value.strip_prefix('[')?);
    if let Some(behind) = rest.strip_prefix(']') {
        return Some(behind);
    }
    loop {
        rest = blank_off(past_within(rest, levels)?);
        match rest.as_bytes().first()? {
            b',' => rest = blank_off(&rest[1..]),
            b']' => return Some(&rest[1..]),
            _ => return None,
        }
    }
}

fn past_number(value: &str) -> Option<&str> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let whole = digits(unsigned);
    // No digit may stand behind a zero that comes first.
    let mut rest = Some(&unsigned[whole..]).filter(|_| whole == 1 || (whole > 1 && !unsigned.starts_with('0')))?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = Some(digits(fraction)).filter(|length| *length > 0)?;
        rest = &fraction[length..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let length = Some(digits(exponent)).filter(|length| *length > 0)?;
        rest = &exponent[length..];
    }
    Some(rest)
}

/// The character that the escape behind a backslash stands for, and how many bytes it takes; `None` for what is no character.
fn unescaped(escape: &[u8]) -> Option<(char, usize)> {
    let character = match escape.first()? {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        quoted @ (b'"' | b'\\' | b'/') => char::from(*quoted),
        b'u' => return unescaped_unit(escape),
        _ => return None,
    };
    Some((character, 1))
}

/// `u00e9`, or `ud83d\ude00`: what lies beyond 16 bits is written as two.
fn unescaped_unit(escape: &[u8]) -> Option<(char, usize)> {
    let first = unit(escape)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, UNIT));
    }
    let second = unit(escape[UNIT..].strip_prefix(b"\\")?)?;
    let both = char::decode_utf16([u16::try_from(first).ok()?, u16::try_from(second).ok()?]).next()?.ok()?;
    Some((both, 2 * UNIT + 1))
}

/// The bytes of `u00e9`.
const UNIT: usize = 5;

fn unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}

const WORD: usize = size_of::<u64>();
const LOW: u64 = u64::MAX / 255;
const HIGH: u64 = LOW << 7;

/// How many bytes of a text come before a quote, a backslash, or what JSON wants escaped: eight are looked at once.
fn plain_length(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<WORD>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let is_zero = |word: u64| word.wrapping_sub(LOW) & !word;
        let control = word.wrapping_sub(LOW * 0x20) & !word;
        let found = (is_zero(word ^ (LOW * u64::from(b'"'))) | is_zero(word ^ (LOW * u64::from(b'\\'))) | control) & HIGH;
        // Only above the first that is found may there be one that is none.
        if found != 0 {
            return index * WORD + (found.trailing_zeros() / u8::BITS) as usize;
        }
    }
    let before = text.len() - rest.len();
    before + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_walked_over_is_what_the_parser_takes() {
        let values = [
            "null",
            "true",
            "false",
            "0",
            "-0",
            "01",
            "1.",
            ".5",
            "-",
            "1e5",
            "1E-05",
            "1e",
            "-12.50e+3",
            "\"\"",
            "\"a\\n\\\"\\u0041\"",
            "\"\u{1}\"",
            "\"é ü\"",
            "[]",
            "[1, [2,3 ] ]",
            "[1,]",
            "[,1]",
            "{}",
            "{ \"a\" : 1 }",
            "{\"a\": {\"b\": [null, true]}, \"c\": \"d\"}",
            "{\"a\" 1}",
            "{\"a\": 1,}",
            "{a: 1}",
            "nul",
            "+1",
            "",
            "\"a",
            "\"\\x\"",
            "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]",
            "\"long enough for words \\\\ and \\\" more\"",
            "\"0123456\"",
            "\"01234567\"",
            r#""\ud83d\ude00 \u00E9 \u0000""#,
            r#""\ud83d""#,
            r#""\ud83dx\ude00""#,
            r#""\ude00\ud83d""#,
            r#""\u00g0""#,
            r#""\u00""#,
        ];
        let mut walked = 0;
        for value in values {
            let behind = past(value);
            walked += usize::from(behind == Some(""));
            assert!(behind != Some("") || serde_json::from_str::<IgnoredAny>(value).is_ok(), "{value}");
            let expected = serde_json::from_str::<Value>(value).ok();
            let own = text(value).filter(|(_, behind)| behind.is_empty()).map(|(text, _)| Value::from(text));
            assert!(own.is_none() || own == expected, "{value}");
            assert_eq!(past(&format!("{value}, 1")).is_some(), behind.is_some(), "{value}");
        }
        assert!(walked > 15, "{walked}");
    }

    #[test]
    fn plain_lengths() {
        for before in 0..40 {
            for end in ['"', '\\', '\n', '\u{0}', '\u{1f}'] {
                let text = format!("{}{end}{}", "é~ \u{7f}!#[]".chars().cycle().take(before).collect::<String>(), "\"x\u{1}\\y".repeat(3));
                assert_eq!(text[..plain_length(text.as_bytes())].chars().count(), before, "{text:?}");
            }
        }
        assert_eq!(plain_length("all of it is plain".as_bytes()), 18);
    }
}
