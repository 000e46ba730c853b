//! Takes colours off a record's text: LiteLLM up to 1.99 writes them into files, too.

use std::borrow::Cow;

/// How long the sequence at the end of a coloured line may be.
const MOST_COLOUR: usize = 16;

/// The text without `ESC[…m` sequences; borrowed when there are none.
pub(super) fn strip(text: Cow<'_, str>) -> Cow<'_, str> {
    without(text, b'\x1b', |rest| Some(sequence_end(rest).unwrap_or(0)))
}

/// The text of a record that is most often one coloured line, without the colours and the end of its last line: nothing is copied
/// unless a colour stands within.
pub(super) fn strip_line(line: &str) -> Cow<'_, str> {
    let line = line.trim_ascii_end();
    let line = &line[line.strip_prefix('\x1b').and_then(sequence_end).map_or(0, |end| end + 1)..];
    let near = line.floor_char_boundary(line.len().saturating_sub(MOST_COLOUR));
    let end = line[near..].rfind('\x1b').filter(|at| sequence_end(&line[near + at + 1..]) == Some(line.len() - near - at - 1));
    strip(Cow::Borrowed(&line[..end.map_or(line.len(), |at| near + at)]))
}

/// The text of a record whose ESCs were lost: `[31m` alone is a colour there.
pub(super) fn strip_lost(text: Cow<'_, str>) -> Cow<'_, str> {
    without(text, b'[', |rest| colour_end(rest).filter(|end| *end > 1))
}

/// The text without each `mark` and as many bytes behind it as `length` gives; where it gives none, the mark stays.
fn without(text: Cow<'_, str>, mark: u8, length: impl Fn(&str) -> Option<usize>) -> Cow<'_, str> {
    if memchr::memchr(mark, text.as_bytes()).is_none() {
        return text;
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = memchr::memchr(mark, rest.as_bytes()) {
        clean.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let end = length(behind);
        if end.is_none() {
            clean.push(char::from(mark));
        }
        rest = &behind[end.unwrap_or(0)..];
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// The length of a colour sequence whose ESC has just been taken off.
fn sequence_end(rest: &str) -> Option<usize> {
    colour_end(rest.strip_prefix('[')?).map(|end| end + 1)
}

/// The length of a colour's digits with the `m` behind them.
fn colour_end(body: &str) -> Option<usize> {
    let digits = body.bytes().take_while(|b| b.is_ascii_digit() || *b == b';').count();
    body[digits..].starts_with('m').then_some(digits + 1)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{strip, strip_line, strip_lost};

    #[test]
    fn colours_go_and_everything_else_stays() {
        let cases = [
            ("plain", "plain"),
            ("\x1b[92mgreen\x1b[0m: x", "green: x"),
            ("200\x1b[1;31m OK", "200 OK"),
            ("lone \x1b and \x1b[", "lone  and ["),
            ("é\x1b[0mü", "éü"),
        ];
        for (given, expected) in cases {
            assert_eq!(strip(given.into()), expected);
            assert_eq!(strip_line(&format!("{given}\n")), expected);
            let coloured = format!("\x1b[92m{given}\x1b[0m\n");
            assert_eq!(strip_line(&coloured), expected);
            assert_eq!(matches!(strip_line(&coloured), Cow::Borrowed(_)), !given.contains('\x1b'));
        }
        for (given, expected) in [("a[31m Exception[0m: [1, 2] [mail", "a Exception: [1, 2] [mail"), ("x[\u{e9}y[", "x[\u{e9}y["), ("plain", "plain")]
        {
            assert_eq!(strip_lost(given.into()), expected);
        }
    }
}
