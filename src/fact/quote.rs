//! A record's own words, for reports that quote their evidence: the first line, and the lines in which LiteLLM nests further errors.
//!
//! What stands behind it (tracebacks, the request with its messages) is never quoted.

/// How many characters of a line are quoted: the error and what is nested in it.
const MOST_CHARS: usize = 320;

/// What further lines of an error begin with: the group's fallback lists, and what became of the hop.
const NESTED: [&str; 2] = ["Available Model Group Fallbacks=", "Error doing the fallback: "];

/// The quote of a record's message; `None` if it has no words.
pub(super) fn of(message: &str) -> Option<Box<str>> {
    let mut lines = message.trim_start().lines();
    let first = lines.next().map(str::trim_end).filter(|line| !line.is_empty())?;
    let nested = lines.take_while(|line| NESTED.iter().any(|start| line.starts_with(start)));
    Some(std::iter::once(first).chain(nested).map(short).collect::<Vec<_>>().join("\n").into())
}

fn short(line: &str) -> String {
    match cut(line, MOST_CHARS) {
        kept if kept.len() < line.len() => format!("{kept}…"),
        kept => kept.trim_end().to_owned(),
    }
}

/// The first characters of a text, to the end of a word: of a key or an address that was cut, nobody knows what it is.
pub(super) fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let Some((end, next)) = text.char_indices().nth(most) else { return text };
    let kept = &text[..end];
    let ends_word = |(_, c): &(usize, char)| c.is_whitespace() || matches!(c, '"' | '\'');
    let word = kept.char_indices().rev().find(ends_word).map_or(0, |(at, c)| at + c.len_utf8());
    if !next.is_whitespace() && word > 0 { &kept[..word] } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_the_error_and_no_longer_than_people_read() {
        let long = "é".repeat(MOST_CHARS + 1);
        let wide = "é\u{a0}".repeat(MOST_CHARS);
        let azure_key = format!("{}{}", "word ".repeat(50), "6cG4fEXAMPLE".repeat(7));
        let cut_key = format!("{}sk-ant-1234", "word ".repeat(63));
        let cases = [
            ("  Fallback also failed: overloaded \nTraceback …", Some("Fallback also failed: overloaded".to_owned())),
            ("a: b\nError doing the fallback: c\nmessages=[…]", Some("a: b\nError doing the fallback: c".to_owned())),
            ("", None),
            (" \n", None),
            (&cut_key, Some(format!("{}…", "word ".repeat(63)))),
            (&azure_key, Some(format!("{}…", "word ".repeat(50)))),
            (&wide, Some(format!("{}…", "é\u{a0}".repeat(MOST_CHARS / 2)))),
            (&long, Some(format!("{}…", "é".repeat(MOST_CHARS)))),
        ];
        for (message, expected) in cases {
            assert_eq!(of(message).as_deref(), expected.as_deref());
        }
    }
}
