//! `--format text`: what an operator reads at 3 a.m.
//!
//! In this order: how many requests, whose fault, what became of them, and when; what really failed first and where it was sent;
//! counts per model; what to change; how to see one incident. The summary fits one screen of 80 × 40.

mod excerpt;
mod incidents;
mod page;
mod summary;

use std::io::{self, Write};

pub use page::Look;

use super::Shown;
pub(super) use page::{BOLD, CYAN, DIM, GREEN, Page, RED, YELLOW};

use crate::report::Report;

/// Writes the summary, and each incident if asked for; or one incident alone.
///
/// # Errors
///
/// What the writer gives.
pub fn write(report: &Report, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(shown);
    if let Some(id) = &shown.incident {
        page.one_incident(report, id);
    } else if report.summary.requests == 0 {
        page.nothing(report);
    } else {
        page.summary(report);
        if shown.incidents {
            page.incidents(report);
        } else {
            page.line("Add --incidents to see each request with its evidence (file:line) and all steps.");
        }
    }
    if !report.complete {
        page.line("");
        page.wrapped("This report is incomplete: not everything could be read (see the messages on stderr).", "", RED);
    }
    out.write_all(page.text.as_bytes())
}

/// Writes the report's incidents alone, each with its evidence.
///
/// # Errors
///
/// What the writer gives.
pub fn write_incidents(report: &Report, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(shown);
    for incident in &report.incidents {
        page.incident(report, incident, false);
    }
    out.write_all(page.text.as_bytes())
}
