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
    match line.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_the_error_and_no_longer_than_people_read() {
        let long = "é".repeat(MOST_CHARS + 1);
        let cases = [
            ("  Fallback also failed: overloaded \nTraceback …", Some("Fallback also failed: overloaded".to_owned())),
            ("a: b\nError doing the fallback: c\nmessages=[…]", Some("a: b\nError doing the fallback: c".to_owned())),
            ("", None),
            (" \n", None),
            (&long, Some(format!("{}…", "é".repeat(MOST_CHARS)))),
        ];
        for (message, expected) in cases {
            assert_eq!(of(message).as_deref(), expected.as_deref());
        }
    }
}
