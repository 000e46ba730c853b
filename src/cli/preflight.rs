//! `streamfall preflight`: its own options. It reads a config, no logs.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::When;
use streamfall::knowledge::route::Route;
use streamfall::knowledge::version::Version;
use streamfall::output::prediction::PredictionFormat;
use streamfall::preflight::Asked;

/// What is checked, and how it is printed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Preflight {
    /// The config that the proxy gets with --config; `-` reads stdin. What it includes is read, too
    #[arg(value_name = "CONFIG")]
    pub(crate) config: PathBuf,

    /// LiteLLM's version (`1.85.0`); without it, a pair counts that breaks on any
    #[arg(long, value_name = "VERSION")]
    pub(crate) litellm_version: Option<Version>,

    /// A route that is used; repeatable. Without it, all
    #[arg(long, value_enum, value_name = "ROUTE")]
    pub(crate) route: Vec<Route>,

    /// What to print on stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = PredictionFormat::Text)]
    pub(crate) format: PredictionFormat,

    /// Write a further format to a file in the same run (`sarif=preflight.sarif`); repeatable
    #[arg(long, value_name = "FORMAT=FILE")]
    pub(crate) output: Vec<PredictionOutput>,

    /// Show no more than N pairs of an outlook (text, markdown)
    #[arg(long, value_name = "N", value_parser = super::at_least_one)]
    pub(crate) top: Option<usize>,

    /// Colour the text
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub(crate) color: When,
}

const EXAMPLES: &str = "Examples:
  streamfall preflight config.yaml
  streamfall preflight --litellm-version 1.85.0 --route chat config.yaml
  streamfall preflight --format github --output sarif=preflight.sarif config.yaml
  helm template chart | yq '.data[\"config.yaml\"] | select(.)' | streamfall preflight -

Exit status: 0 if no pair will break; 1 if one will; 2 if the config cannot be understood, or if a value
that decides stands in the environment.
Fallbacks and models that are not in the file (the database, keys, teams, requests) are not seen.";

/// A further format, and the file that it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PredictionOutput {
    /// The format.
    pub(crate) format: PredictionFormat,
    /// The file.
    pub(crate) path: PathBuf,
}

impl FromStr for PredictionOutput {
    type Err = String;

    fn from_str(text: &str) -> Result<PredictionOutput, String> {
        super::split_output(text).map(|(format, path)| PredictionOutput { format, path })
    }
}

impl Preflight {
    /// What is asked of the config.
    #[must_use]
    pub(crate) fn asked(&self) -> Asked {
        Asked { version: self.litellm_version, routes: self.route.clone() }
    }
}
