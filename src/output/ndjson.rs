//! `--format ndjson`: one incident a line, and a last line with the rest of the report; what they hold is what `--format json` has.

use std::io::{self, Write};

use serde::Serialize;

use super::Shown;
use super::json::{Document, IncidentOut};
use crate::escape::escaped;
use crate::report::Report;

/// Writes each incident, and then the rest.
///
/// # Errors
///
/// What the writer gives.
pub fn write(report: &Report, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    write_incidents(report, out)?;
    write_summary(report, shown, out)
}

/// Writes each incident as a line.
///
/// # Errors
///
/// What the writer gives.
pub fn write_incidents(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    report.incidents.iter().try_for_each(|incident| write_line("incident", &IncidentOut::of(report, incident), out))
}

/// Writes the report without its incidents as the last line.
///
/// # Errors
///
/// What the writer gives.
pub fn write_summary(report: &Report, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    write_line("summary", &Document::of(report, shown), out)
}

fn write_line<T: Serialize>(kind: &'static str, content: &T, out: &mut dyn Write) -> io::Result<()> {
    let line = serde_json::to_string(&Line { kind, content })?;
    writeln!(out, "{}", escaped(&line))
}

/// A line says first what it is.
#[derive(Serialize)]
struct Line<'a, T: Serialize> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    content: &'a T,
}
