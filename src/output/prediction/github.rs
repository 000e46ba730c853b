//! Annotations of GitHub Actions: an error for what will break, a warning for what may, a notice for what is not to be told.

use std::io::{self, Write};

use super::words::{headline, sentence, way};
use crate::output::terminal::plain;
use crate::preflight::{Outlook, Pair, Preflight};

pub(super) fn write(preflight: &Preflight, out: &mut dyn Write) -> io::Result<()> {
    for pair in &preflight.pairs {
        if let Some(level) = level(pair.outlook) {
            annotate(level, pair, out)?;
        }
    }
    // What starts with `::` is a command: the sentence does not.
    writeln!(out, "{}", message(&headline(preflight)))
}

fn level(outlook: Outlook) -> Option<&'static str> {
    match outlook {
        Outlook::WillBreak => Some("error"),
        Outlook::MayBreak => Some("warning"),
        Outlook::Unknown => Some("notice"),
        Outlook::Safe => None,
    }
}

fn annotate(level: &str, pair: &Pair, out: &mut dyn Write) -> io::Result<()> {
    let edit = pair.edit.as_ref().map(|edit| format!("%0A{}", message(&format!("{}: {}", edit.spot, edit.what)))).unwrap_or_default();
    let (file, line) = (property(&pair.spot.file), pair.spot.line);
    let said = message(&sentence(pair)) + &edit;
    writeln!(out, "::{level} file={file},line={line},title={}::{said}", property(&way(pair)))
}

/// Text of a message, as the runner reads it.
fn message(text: &str) -> String {
    plain(text).replace('%', "%25")
}

/// Text of a property, which also ends at `,` and `:`.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_or_starts_one() {
        assert_eq!(property("a,b:c%\n::error::x"), "a%2Cb%3Cc%25\\n%3A%3Aerror%3A%3Ax".replace("%3Cc", "%3Ac"));
        assert_eq!(message("100%\r\n::error::x"), "100%25\\r\\n::error::x");
    }
}
