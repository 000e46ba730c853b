//! What can be typed, and the subcommands that print it: completions and the man page come from the same definition.

mod asked;
mod compare;
mod help;
mod preflight;
mod reading;
mod settings;

use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

pub(crate) use asked::Asked;
pub(crate) use compare::Compare;
pub(crate) use preflight::Preflight;
pub(crate) use reading::Reading;
pub(crate) use settings::parse;

use streamfall::knowledge::version::Version;
use streamfall::output::Format;
use streamfall::report::{FailOn, GroupBy, Max};

/// Tells what really failed behind LiteLLM's "assistant message prefill" 400.
///
/// Reads LiteLLM proxy logs (text or JSON) and traces (LiteLLM's payloads, OpenTelemetry, Langfuse, spend logs), plain or
/// compressed, finds each request that met `This model does not support assistant message prefill`, links it to the stream failure
/// before it and to the fallback that was tried, and says whose fault it was. Works offline; sends nothing anywhere.
#[derive(Debug, Parser)]
#[command(name = "streamfall", version, max_term_width = 100, args_conflicts_with_subcommands = true, after_help = help::EXAMPLES, after_long_help = help::long())]
pub(crate) struct Cli {
    /// Logs and traces to read: files, archives, folders with all files below them, globs; none or `-` reads stdin
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// What to print on stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Asked::Report(Format::Text))]
    pub(crate) format: Asked,

    /// Write a further format to a file in the same run (`json=report.json`); repeatable
    #[arg(long, value_name = "FORMAT=FILE")]
    pub(crate) output: Vec<Output>,

    /// Read a pipe that does not end (`kubectl logs -f`): print each request once it is settled, and the summary at its end or on Ctrl-C (text, ndjson)
    #[arg(long, conflicts_with_all = ["since", "until"])]
    pub(crate) follow: bool,

    /// List each incident with its evidence (text)
    #[arg(long)]
    pub(crate) incidents: bool,

    /// Show one incident, with all its records; the start of its id is enough (text)
    #[arg(long, value_name = "ID")]
    pub(crate) incident: Option<String>,

    /// Show no more than N rows of a table and N incidents; the counts stay whole (text, markdown, html)
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) top: Option<usize>,

    /// Count requests by one more thing that is known of them
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) group_by: Option<GroupBy>,

    /// Report nothing but the prefill rejection: no failures that are taken for it
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) only: Option<Only>,

    /// The release of LiteLLM that wrote the logs, where they do not name it: advice is for it
    #[arg(long, value_name = "VERSION")]
    pub(crate) litellm_version: Option<Version>,

    /// The proxy's config.yaml: says whether the pairs that were seen are in it, and from where requests without a verdict may have come
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Which requests make the exit status 1
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = FailOn::Any)]
    pub(crate) fail_on: FailOn,

    /// Put up with N requests, or with N of a verdict (`mid-stream=5`, `client=5`, `unknown=5`); repeatable
    #[arg(long, value_name = "N")]
    pub(crate) max: Vec<Max>,

    /// A former JSON report: only requests whose fingerprint it does not have count
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Write this run's report to the --baseline file: all that is in it is known from now on
    #[arg(long, conflicts_with_all = ["since", "until"])]
    pub(crate) write_baseline: bool,

    /// Read options from this file instead of streamfall.toml in the working directory
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,

    /// Put NAME before the names of all inputs: tells the same path of two hosts apart
    #[arg(long, value_name = "NAME")]
    pub(crate) label: Option<String>,

    /// What is read and how.
    #[command(flatten)]
    pub(crate) reading: Reading,

    /// What to do instead of the main job
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// A further format, and the file that it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    /// The format.
    pub(crate) format: Asked,
    /// The file.
    pub(crate) path: PathBuf,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Output, String> {
        split_output(text).map(|(format, path)| Output { format, path })
    }
}

/// A number of rows: a table of none says nothing.
fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "give a number from 1 on".to_owned())
}

/// A format and a file, as they are typed.
fn split_output<F: ValueEnum>(text: &str) -> Result<(F, PathBuf), String> {
    let known = || F::value_variants().iter().filter_map(ValueEnum::to_possible_value).map(|value| value.get_name().to_owned());
    let (format, path) = text.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or("give FORMAT=FILE, as in json=report.json")?;
    let unknown = |_| format!("`{format}` is no format; there are {}", known().collect::<Vec<_>>().join(", "));
    Ok((F::from_str(format, false).map_err(unknown)?, path.into()))
}

/// What a report is restricted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    /// The prefill rejection
    Prefill,
}

/// When to do something that suits a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal only
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl When {
    /// The decision, given what `auto` comes to.
    #[must_use]
    pub(crate) fn decide(self, auto: bool) -> bool {
        match self {
            When::Auto => auto,
            When::Always => true,
            When::Never => false,
        }
    }
}

/// What else can be asked for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell whether a change helped: logs from before and after it, side by side
    Compare(Box<Compare>),
    /// Tell which fallbacks of a LiteLLM config will break, before any log exists
    Preflight(Preflight),
    /// Tell what is known of a failure; without a name, list all that have one
    Explain {
        /// Its name, as reports have it
        name: Option<String>,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man {
        /// Of which subcommand; none prints that of streamfall itself
        #[arg(value_name = "SUBCOMMAND")]
        of: Option<String>,
    },
}

/// The names of all subcommands.
#[must_use]
pub(crate) fn subcommands() -> Vec<String> {
    Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// Prints completions.
///
/// # Errors
///
/// What the writer gives.
pub(crate) fn write_completions(shell: clap_complete::Shell, out: &mut dyn Write) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "streamfall", &mut script);
    out.write_all(&script)
}

/// The man page of streamfall, or of a subcommand.
///
/// # Errors
///
/// If there is no such subcommand.
pub(crate) fn man(of: Option<&str>) -> Result<clap_mangen::Man, String> {
    let command = Cli::command();
    let Some(of) = of else { return Ok(clap_mangen::Man::new(command)) };
    let known = || command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect::<Vec<_>>().join(", ");
    let sub = command.find_subcommand(of).ok_or_else(|| format!("there is no subcommand `{of}`; there are {}", known()))?.clone();
    // `man streamfall-compare`, as git has it.
    let name: clap::builder::Str = format!("streamfall-{of}").into();
    Ok(clap_mangen::Man::new(sub.display_name(name.to_string()).name(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn outputs_as_typed() {
        assert_eq!("json=a=b.json".parse(), Ok(Output { format: Asked::Report(Format::Json), path: "a=b.json".into() }));
        for (wrong, says) in [("json", "FORMAT=FILE"), ("json=", "FORMAT=FILE"), ("xml=a", "`xml` is no format; there are text, json")] {
            let error = wrong.parse::<Output>().unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
