//! `streamfall explain`: what is known of a failure, for people.

use std::io::{self, Write};

use anstyle::Style;

use super::Shown;
use super::text::{BOLD, DIM, Page};
use crate::knowledge::explain::{Entry, entries};

/// Writes all that is known of one.
///
/// # Errors
///
/// What the writer gives.
pub fn write(entry: &Entry, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(shown);
    page.wrapped(&format!("{}: {}", entry.name, entry.title), "", BOLD);
    for paragraph in &entry.text {
        page.line("");
        page.wrapped(paragraph, "", Style::new());
    }
    if !entry.steps.is_empty() {
        page.title("What helps, the smallest step first");
    }
    for step in &entry.steps {
        page.wrapped(step, "  - ", Style::new());
    }
    page.line("");
    if let Some(version) = entry.fixed {
        page.wrapped(&format!("No more since LiteLLM {version}."), "", Style::new());
    }
    page.wrapped(&format!("See {}.", entry.reference), "", DIM);
    out.write_all(page.text.as_bytes())
}

/// Writes a line for each.
///
/// # Errors
///
/// What the writer gives.
pub fn write_list(shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(shown);
    let mut last = None;
    for entry in entries() {
        if last != Some(entry.sort) {
            page.title(entry.sort.title());
            last = Some(entry.sort);
        }
        page.wrapped(entry.title, &format!("  {:<29}  ", entry.name), Style::new());
    }
    page.line("");
    page.line("streamfall explain NAME says what is known of it.");
    out.write_all(page.text.trim_start().as_bytes())
}
