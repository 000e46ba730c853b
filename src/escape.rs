//! Characters that do something where they are shown, and JSON without them: a document or a facts file may be shown on a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character does something to a terminal, or to how text is read, other than standing there.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0100}'..='\u{e01ef}' | '\u{fff9}'..='\u{fffb}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// The document with such characters written as escapes.
pub(crate) fn escaped(document: &str) -> Cow<'_, str> {
    let hostile = |c: char| c != '\n' && is_hostile(c);
    if !document.contains(hostile) {
        return Cow::Borrowed(document);
    }
    let mut safe = String::with_capacity(document.len());
    for c in document.chars() {
        if hostile(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_document_says_the_same_and_shows_nothing_raw() {
        let cases = [("{\"a\":\"größe\"}\n", "{\"a\":\"größe\"}\n"), ("\"\u{9b}\u{7f}\u{e0041}\"", "\"\\u009b\\u007f\\udb40\\udc41\"")];
        for (document, expected) in cases {
            assert_eq!(escaped(document), expected);
            assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped(document)).ok(), serde_json::from_str(document).ok());
        }
    }
}
