//! Prints a comparison: one file per format, all from the same comparison.

mod json;
mod markdown;
mod text;

use std::io::{self, Write};

pub use json::SCHEMA;

use super::Shown;
use crate::compare::Comparison;

/// Formats of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum ComparisonFormat {
    /// For people
    Text,
    /// For scripts, schema streamfall.comparison/1
    Json,
    /// For a job summary or an issue
    Markdown,
}

impl ComparisonFormat {
    /// Writes the comparison.
    ///
    /// # Errors
    ///
    /// What the writer gives.
    pub fn write(self, comparison: &Comparison, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
        match self {
            ComparisonFormat::Text => text::write(comparison, shown, out),
            ComparisonFormat::Json => json::write(comparison, out),
            ComparisonFormat::Markdown => markdown::write(comparison, shown, out),
        }
    }
}
