//! Prints what is predicted of a config: one file per format, all from the same predictions.

mod github;
mod json;
mod markdown;
mod sarif;
mod text;
mod words;

use std::io::{self, Write};

pub use json::SCHEMA;

use super::Shown;
use crate::preflight::Preflight;

/// Formats of predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum PredictionFormat {
    /// For people
    Text,
    /// For scripts, schema streamfall.preflight/1
    Json,
    /// For pull requests and job summaries
    Markdown,
    /// For code scanning, SARIF 2.1.0
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

impl PredictionFormat {
    /// Writes the predictions.
    ///
    /// # Errors
    ///
    /// What the writer gives.
    pub fn write(self, preflight: &Preflight, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
        match self {
            PredictionFormat::Text => text::write(preflight, shown, out),
            PredictionFormat::Json => json::write(preflight, out),
            PredictionFormat::Markdown => markdown::write(preflight, shown, out),
            PredictionFormat::Sarif => sarif::write(preflight, out),
            PredictionFormat::Github => github::write(preflight, out),
        }
    }
}
