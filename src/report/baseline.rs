//! `--baseline`: what a former report already had, by fingerprint.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::SCHEMA;

/// The fingerprints of a former report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline(HashSet<String>);

/// Why a file is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read.
    #[error("cannot read the baseline {0}: {1}; --write-baseline makes it")]
    Unreadable(PathBuf, io::Error),
    /// It is no report.
    #[error("{0} is no baseline: {1}; it must be what streamfall --format json printed (--write-baseline makes it)")]
    NoReport(PathBuf, String),
}

/// As much of a report as a baseline needs.
#[derive(Deserialize)]
struct Former {
    schema: String,
    incidents: Vec<Fingerprinted>,
}

#[derive(Deserialize)]
struct Fingerprinted {
    fingerprint: String,
}

impl Baseline {
    /// Reads a former JSON report.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is no report of a schema that is known.
    pub fn read(path: &Path) -> Result<Baseline, BaselineError> {
        let text = std::fs::read_to_string(path).map_err(|error| BaselineError::Unreadable(path.to_owned(), error))?;
        let no_report = |why: String| BaselineError::NoReport(path.to_owned(), why);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if text.starts_with("{\"type\":") {
            return Err(no_report("it is NDJSON".to_owned()));
        }
        let former: Former = serde_json::from_str(text).map_err(|error| no_report(error.to_string()))?;
        if former.schema != SCHEMA {
            return Err(no_report(format!("its schema is `{}`, not `{SCHEMA}`", former.schema)));
        }
        Ok(Baseline(former.incidents.into_iter().map(|incident| incident.fingerprint).collect()))
    }

    /// Whether it has incidents of this fingerprint.
    #[must_use]
    pub fn has(&self, fingerprint: &str) -> bool {
        self.0.contains(fingerprint)
    }
}
