//! Prints a report: one file per format, all from the same report.

#[doc(hidden)]
pub mod comparison;
mod csv;
#[doc(hidden)]
pub mod explanation;
mod file;
mod github;
mod html;
#[doc(hidden)]
pub mod json;
mod junit;
mod markdown;
mod marks;
#[doc(hidden)]
pub mod ndjson;
#[doc(hidden)]
pub mod prediction;
mod sarif;
mod terminal;
pub mod text;
mod witness;
mod words;

use std::io::{self, Write};

#[doc(hidden)]
pub use file::replace;
#[doc(hidden)]
pub use terminal::{colour_wanted, is_forced, plain, width};

use crate::report::{GroupBy, Report};

/// Formats of the report.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Format {
    /// A summary for people
    Text,
    /// The whole report, schema streamfall.report/1
    Json,
    /// One request a line, then one line with the rest of the report
    Ndjson,
    /// One request a row
    Csv,
    /// A page for browsers, in one file
    Html,
    /// Summary, advice and the clearest incidents, for a job summary or an issue
    Markdown,
    /// Annotations of a GitHub Actions run
    Github,
    /// Test results (JUnit XML), a test case for each input
    Junit,
    /// SARIF 2.1.0, a result for each sort of incident
    Sarif,
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
            Format::Html | Format::Markdown => true,
            Format::Json | Format::Ndjson | Format::Csv | Format::Github | Format::Junit | Format::Sarif => false,
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
            Format::Html => html::write(report, shown, out),
            Format::Markdown => markdown::write(report, shown, out),
            Format::Github => github::write(report, out),
            Format::Junit => junit::write(report, out),
            Format::Sarif => sarif::write(report, out),
        }
    }
}

/// A closed pipe downstream (`| head`) is no error.
///
/// # Errors
///
/// Any other error of the writer.
#[doc(hidden)]
pub fn unless_closed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
