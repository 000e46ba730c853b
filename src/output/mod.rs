//! Prints a report: one file per format, all from the same report.

pub mod comparison;
pub mod csv;
mod file;
pub mod json;
pub mod ndjson;
pub mod prediction;
mod terminal;
pub mod text;
mod words;

use std::io::{self, Write};

pub use file::replace;
pub use terminal::{colour_wanted, is_forced, plain, width};

use crate::report::{GroupBy, Report};

/// Formats of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A summary for people
    Text,
    /// The whole report, schema streamfall.report/1
    Json,
    /// One request a line, then one line with the rest of the report
    Ndjson,
    /// One request a row
    Csv,
}

/// What of a report is shown, where a format leaves that open. The counts stay whole.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// How many rows of a table, and incidents.
    pub top: Option<usize>,
    /// Whether each incident is listed.
    pub incidents: bool,
    /// The one incident that is shown, by the start of its id.
    pub incident: Option<String>,
    /// What requests are counted by besides.
    pub group_by: Option<GroupBy>,
    /// How text looks.
    pub look: text::Look,
}

impl Format {
    /// Whether its reader sees the records' own words.
    #[must_use]
    pub fn quotes(self, shown: &Shown) -> bool {
        match self {
            Format::Text => shown.incidents || shown.incident.is_some(),
            Format::Json | Format::Ndjson | Format::Csv => false,
        }
    }

    /// Writes the report.
    ///
    /// # Errors
    ///
    /// What the writer gives.
    pub fn write(self, report: &Report, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Format::Text => text::write(report, shown, out),
            Format::Json => json::write(report, shown, out),
            Format::Ndjson => ndjson::write(report, shown, out),
            Format::Csv => csv::write(report, out),
        }
    }
}

/// A closed pipe downstream (`| head`) is no error.
///
/// # Errors
///
/// Any other error of the writer.
pub fn unless_closed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
