//! The keys of a JSON record, read as LiteLLM writes them: text by text, each copied once.
//!
//! A parser goes over messages and tracebacks before they can be copied, and byte by byte. What the walk leaves to the parser, and a value that
//! is no text where one should be, is: a test holds the two against each other.

use super::json::OwnKeys;
use super::walk;

/// The keys of the record that fills a line; `None` where the parser must decide.
pub(super) fn read(line: &str) -> Option<OwnKeys> {
    let (mut keys, mut index) = (OwnKeys::default(), 0);
    let behind = walk::fields(line, |key, value| {
        let slot = keys.slot(key, index);
        index += 1;
        let Some(slot) = slot else { return walk::past(value) };
        let (text, behind) = walk::text(value)?;
        *slot = Some(text.into_owned());
        Some(behind)
    })?;
    walk::blank_off(behind).is_empty().then_some(keys)?.settled()
}

#[cfg(test)]
mod tests {
    use super::super::json::parse;
    use super::read;

    const LINES: [&str; 6] = [
        r#"{"message": "a \"b\" \\ \/ c\nd\te\r", "level": "ERROR", "timestamp": "2026-11-22T07:36:15.560479", "component": "LiteLLM Router", "logger": "router.py:2165", "stacktrace": "Traceback (most recent call last):\n  File \"a\"\nE: x"}"#,
        r#"{"message":"m","level":"INFO","timestamp":"t","type":"error","error":{"type":"x","list":[1,-2.5e3,true,null,"\u00e9 \""]},"request_id":"req_1","stacktrace":"early","logger":"a.py:1"}"#,
        r#"{"message": "m", "level": 1, "timestamp": null, "litellm_call_id": "c", "stacktrace": {"a": "b"}} "#,
        r#"{"message": "", "level": "lifted", "level": "again", "n": 1 , "b":false,"logger":"l:1","stacktrace":"s"}"#,
        r#"{"message": "rare \u00e9 \ud83d\ude00 \b \f", "level": "ERROR", "timestamp": "t"}"#,
        r#"{"message": "é ü", "ké": "\\", "level\n": 1}"#,
    ];

    const OTHERS: &[u8] = b"\"\\{}[]:,0-e tn/u\x01";

    #[test]
    fn the_parser_says_the_same() {
        let mut read_here = 0;
        // Each byte is changed, doubled or taken out.
        for (line, step) in LINES.iter().flat_map(|line| (0..line.len() * 40).map(move |step| (line, step))) {
            let mut bytes = line.as_bytes().to_vec();
            let at = step % line.len();
            let other = OTHERS[step / line.len() % OTHERS.len()];
            match step % 3 {
                0 => bytes[at] = other,
                1 => bytes.insert(at, other),
                _ => drop(bytes.remove(at)),
            }
            let Ok(harmed) = String::from_utf8(bytes) else { continue };
            let keys = read(&harmed);
            read_here += usize::from(keys.is_some());
            assert!(keys.is_none() || keys == parse(&harmed), "{harmed}");
        }
        assert!(read_here > 1000, "{read_here}");
        for line in &LINES[..2] {
            assert!(read(line).is_some_and(|keys| Some(keys) == parse(line)), "{line}");
        }
        for control in ["\n", "\0", "\u{1f}"] {
            assert_eq!(read(&LINES[0].replace("ERROR", control)), None);
        }
    }
}
