//! Annotations of GitHub Actions: an error for what will break, a warning for what may, a notice for what is not to be told.

use std::io::{self, Write};

use super::words::{headline, sentence, way};
use crate::output::github::{data, property};
use crate::preflight::{Outlook, Pair, Preflight};

pub(super) fn write(preflight: &Preflight, out: &mut dyn Write) -> io::Result<()> {
    for pair in &preflight.pairs {
        if let Some(level) = level(pair.outlook) {
            annotate(level, pair, out)?;
        }
    }
    // What starts with `::` is a command: the sentence does not.
    writeln!(out, "{}", data(&headline(preflight)))
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
    let edit = pair.edit.as_ref().map(|edit| format!("%0A{}", data(&format!("{}: {}", edit.spot, edit.what)))).unwrap_or_default();
    let (file, line) = (property(&pair.spot.file), pair.spot.line);
    let said = data(&sentence(pair)) + &edit;
    writeln!(out, "::{level} file={file},line={line},title={}::{said}", property(&way(pair)))
}
