//! Where a value ends that stands behind a key: quoted, escaped any number of times, in brackets, or bare.

/// A quote in any spelling, as a pattern.
pub(super) const QUOTE: &str = r#"(?:\\*["']|\\+u002[27]|&quot;|&#3[49];|&#x27;|%2[27])"#;

/// Quotes as JSON, HTML and URLs spell them.
pub(super) const ENCODED_QUOTES: [&str; 8] = ["\\u0022", "\\u0027", "&quot;", "&#34;", "&#39;", "&#x27;", "%22", "%27"];

/// The encoded quote that a text begins with.
pub(super) fn encoded_quote(text: &str) -> Option<&'static str> {
    ENCODED_QUOTES.into_iter().find(|quote| text.starts_with(quote))
}

/// The encoded quote that stands directly before `at`.
pub(super) fn encoded_quote_before(text: &str, at: usize) -> Option<&'static str> {
    ENCODED_QUOTES.into_iter().find(|quote| text[..at].ends_with(quote))
}

/// Where the text ends that such a quote opened, before its closing one, in the same line.
pub(super) fn encoded_end(text: &str, at: usize, quote: &str) -> Option<usize> {
    let line = text[at..].find('\n').map_or(text.len(), |line| at + line);
    let mut ends = text[at..line].match_indices(quote).map(|(end, _)| at + end);
    ends.find(|end| !text[..*end].ends_with('\\'))
}

/// Where the quoted text ends whose opening quote (with `escapes` backslashes before it) stands directly before `at`; the end is that
/// of the text, before the backslashes of its closing quote. A text that was cut ends with the line.
pub(super) fn quoted_end(text: &str, at: usize, quote: u8, escapes: usize) -> usize {
    let mut backslashes = 0;
    for (here, byte) in text.bytes().enumerate().skip(at) {
        match byte {
            b'\\' => backslashes += 1,
            b'\n' => return here,
            // Fewer backslashes close what is around it.
            _ if byte == quote && backslashes <= escapes => return here - backslashes,
            _ => backslashes = 0,
        }
    }
    text.len()
}

/// The quote that stands directly before `at`, and how many backslashes are before it.
pub(super) fn quote_before(text: &str, at: usize) -> Option<(u8, usize)> {
    let quote = *text.as_bytes().get(at.checked_sub(1)?)?;
    let escapes = text.as_bytes()[..at - 1].iter().rev().take_while(|byte| **byte == b'\\').count();
    matches!(quote, b'"' | b'\'').then_some((quote, escapes))
}

/// Where the value ends that starts at `at`, its quotes or brackets included; `None` if nothing closes it, or it is bare.
pub(super) fn closed_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut open, mut backslashes, mut quote) = (0_usize, 0, None);
    for (here, byte) in bytes.iter().copied().enumerate().skip(at) {
        match (quote, byte) {
            (_, b'\\') => {
                backslashes += 1;
                continue;
            }
            (Some((closing, escapes)), byte) if byte == closing && backslashes == escapes => {
                quote = None;
                if open == 0 {
                    return Some(here + 1);
                }
            }
            (None, b'"' | b'\'') => quote = Some((byte, backslashes)),
            (None, b'[' | b'{' | b'(') => open += 1,
            (None, b']' | b'}' | b')') => {
                open = open.checked_sub(1)?;
                if open == 0 {
                    return Some(here + 1);
                }
            }
            (None, _) if open == 0 => return None,
            _ => {}
        }
        backslashes = 0;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_they_close() {
        let cases = [
            (r#""a b", c"#, Some(5)),
            (r"'it\'s', c", Some(7)),
            (r#"\"a\\\"b\", c"#, Some(10)),
            (r#"[{"a": "]"}, 1] x"#, Some(15)),
            ("{'a': (1, 2)}.", Some(13)),
            ("[1, 2", None),
            ("bare", None),
        ];
        for (text, expected) in cases {
            assert_eq!(closed_end(text, 0), expected, "{text}");
        }
    }
}
