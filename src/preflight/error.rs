//! Why a config cannot be understood: where, what was expected, and what to do.

use std::io;
use std::path::PathBuf;

use crate::mask::Secrets;

/// What is wrong at a line.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) line: usize,
    pub(super) what: String,
}

/// Why a config cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}: {why}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// An included file cannot be read.
    #[error("{by}:{line}: cannot read the included file {}: {why}; LiteLLM looks for it in the folder of the config", .path.display())]
    Include {
        /// The config.
        by: String,
        /// The line that names it.
        line: usize,
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// Something in a file is not what LiteLLM takes.
    #[error("{file}:{line}: {what}")]
    Wrong {
        /// The file.
        file: String,
        /// The line.
        line: usize,
        /// What is wrong, and what was expected.
        what: String,
    },
    /// It goes beyond any config. The file.
    #[error("{0}: more pairs of groups and fallbacks than any config has; check it in parts")]
    TooLarge(String),
}

impl Wrong {
    pub(super) fn of(self, file: &str) -> ConfigError {
        ConfigError::Wrong { file: file.to_owned(), line: self.line, what: Secrets::Masked.in_text(&self.what).into_owned() }
    }
}
