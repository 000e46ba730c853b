//! Takes colours off a record's text: LiteLLM up to 1.99 writes them into files, too.

use std::borrow::Cow;

/// The text without `ESC[…m` sequences; borrowed when there are none.
pub(super) fn strip(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('\x1b') {
        return text;
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = rest.find('\x1b') {
        clean.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(end) = sequence_end(rest) {
            rest = &rest[end..];
        }
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// The length of a colour sequence whose ESC has just been taken off.
fn sequence_end(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('[')?;
    let digits = body.bytes().take_while(|b| b.is_ascii_digit() || *b == b';').count();
    body[digits..].starts_with('m').then_some(digits + 2)
}

#[cfg(test)]
mod tests {
    use super::strip;

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
        }
    }
}
