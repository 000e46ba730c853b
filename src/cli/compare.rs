//! `streamfall compare`: its own options, and those of reading.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::Reading;
use streamfall::output::comparison::ComparisonFormat;
use streamfall::report::FailOn;

/// What is compared, and how it is printed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Compare {
    /// Logs and traces from before the change: a file, an archive, a folder, a glob, or `-` for stdin
    #[arg(value_name = "BEFORE")]
    pub(crate) before: PathBuf,

    /// Logs and traces from after it
    #[arg(value_name = "AFTER")]
    pub(crate) after: PathBuf,

    /// What to print on stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ComparisonFormat::Text)]
    pub(crate) format: ComparisonFormat,

    /// Write a further format to a file in the same run (`json=comparison.json`); repeatable
    #[arg(long, value_name = "FORMAT=FILE")]
    pub(crate) output: Vec<ComparisonOutput>,

    /// Show no more than N rows of a table
    #[arg(long, value_name = "N", value_parser = super::at_least_one)]
    pub(crate) top: Option<usize>,

    /// Which requests make the exit status 1 if they are more than before
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = FailOn::Any)]
    pub(crate) fail_on: FailOn,

    /// Read options from this file instead of streamfall.toml in the working directory
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,

    /// What is read and how.
    #[command(flatten)]
    pub(crate) reading: Reading,
}

const EXAMPLES: &str = "Examples:
  streamfall compare before.log after.log
  streamfall compare --fail-on mid-stream --format markdown old/ new/ >> $GITHUB_STEP_SUMMARY

Exit status: 0 if it is better, the same, or gone; 1 if it got worse; 2 if either side could not be read in full.
Where both sides show how many requests there were (access lines), or how long was watched, rates are compared.";

/// A further format, and the file that it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ComparisonOutput {
    /// The format.
    pub(crate) format: ComparisonFormat,
    /// The file.
    pub(crate) path: PathBuf,
}

impl FromStr for ComparisonOutput {
    type Err = String;

    fn from_str(text: &str) -> Result<ComparisonOutput, String> {
        super::split_output(text).map(|(format, path)| ComparisonOutput { format, path })
    }
}

impl Compare {
    /// Whether both sides are stdin, which can be read but once.
    #[must_use]
    pub(crate) fn reads_stdin_twice(&self) -> bool {
        self.before.as_os_str() == "-" && self.after.as_os_str() == "-"
    }
}
