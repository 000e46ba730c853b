//! What can be typed, and the subcommands that print it: completions and the man page come from the same definition.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;

use crate::input::Limits;
use crate::report::Bound;

/// Tells what really failed behind LiteLLM's "assistant message prefill" 400.
///
/// Reads LiteLLM proxy logs (text or JSON) and traces (LiteLLM's payloads, OpenTelemetry, Langfuse, spend logs), plain or
/// compressed, finds each request that met `This model does not support assistant message prefill`, links it to the stream failure
/// before it and to the fallback that was tried, and says whose fault it was. Works offline; sends nothing anywhere.
#[derive(Debug, Parser)]
#[command(name = "streamfall", version, max_term_width = 100, args_conflicts_with_subcommands = true, after_help = EXAMPLES, after_long_help = LONG_HELP)]
pub struct Cli {
    /// Logs and traces to read: files, archives, folders with all files below them, globs; none or `-` reads stdin
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// What to print on stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,

    /// Read a pipe that does not end (`kubectl logs -f`): print each request once it is settled, and the summary at its end or on Ctrl-C (text, ndjson)
    #[arg(long, conflicts_with_all = ["since", "until"])]
    pub follow: bool,

    /// List each incident with its evidence (text)
    #[arg(long)]
    pub incidents: bool,

    /// Of folders and archives, read only files that the glob names (`*.log`, `web-*/`); repeatable
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,

    /// Of folders and archives, leave out files that the glob names; repeatable
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,

    /// Only requests from this time on: `2h` back from the last time seen, a date, a date and time, or an instant
    #[arg(long, value_name = "TIME")]
    pub since: Option<Bound>,

    /// Only requests until this time; a date counts as a whole
    #[arg(long, value_name = "TIME")]
    pub until: Option<Bound>,

    /// The date on which a log without dates begins (`2026-11-22`)
    #[arg(long, value_name = "DATE")]
    pub date: Option<Date>,

    /// The zone of the proxy's clock, and of --since and --until: `Europe/Berlin`, `+01:00`, `UTC`; without it, times of logs stay
    /// local, and those of --since and --until are of this machine's zone
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub timezone: Option<TimeZone>,

    /// Put NAME before the names of all inputs: tells the same path of two hosts apart
    #[arg(long, value_name = "NAME")]
    pub label: Option<String>,

    /// Worker threads; 0 takes one per core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub threads: usize,

    /// How many times larger than itself a compressed input may become
    #[arg(long, value_name = "N", default_value_t = Limits::default().expansion)]
    pub max_expansion: u64,

    /// How many archives may be one in the other
    #[arg(long, value_name = "N", default_value_t = Limits::default().depth)]
    pub max_depth: usize,

    /// How many members all archives may have together
    #[arg(long, value_name = "N", default_value_t = Limits::default().members)]
    pub max_members: u64,

    /// MiB of an archive that may be held in memory (zip or 7z that is no file of its own)
    #[arg(long, value_name = "MIB", default_value_t = Limits::default().memory >> 20)]
    pub max_memory: u64,

    /// Show progress on stderr
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub progress: When,

    /// Colour the text
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub color: When,

    /// What to do instead of the main job
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "Examples:
  streamfall proxy.log                     the root cause of an incident
  kubectl logs deploy/litellm | streamfall from a pipe
  streamfall proxy.log traces/*.json       a log and its traces, as one report
  streamfall dump.tar.gz                   an archive, read in place
  kubectl logs -f deploy/litellm | streamfall --follow
                                           each request as soon as it is known
  streamfall --incidents dump/             each request, with file and line
  streamfall --format json *.log.gz        for scripts";

const LONG_HELP: &str = "Examples:
  streamfall proxy.log                     the root cause of an incident
  kubectl logs deploy/litellm | streamfall from a pipe
  streamfall proxy.log traces/*.json       a log and its traces, as one report
  streamfall dump.tar.gz                   an archive, read in place
  kubectl logs -f deploy/litellm | streamfall --follow
                                           each request as soon as it is known
  streamfall --incidents dump/             each request, with file and line
  streamfall --format json *.log.gz        for scripts

Exit status:
  0    nothing was found
  1    at least one request met the rejection, whatever the verdict
  2    the job could not be done in full: bad usage, a path that is missing, a folder
       without logs, binary data, or an input that could not be read to its end;
       the report of what was read is printed all the same
  130  stopped by Ctrl-C, 143 by SIGTERM: the report so far is printed

A file that is named like a subcommand is given as ./name.";

/// Reads a zone: by its name, or as an offset.
fn zone(text: &str) -> Result<TimeZone, String> {
    let zone = DateTimeParser::new().parse_time_zone(text);
    zone.map_err(|error| format!("{error}; give a name like Europe/Berlin, or an offset like +01:00"))
}

/// Formats of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A summary for people
    Text,
    /// The whole report, schema streamfall.report/1
    Json,
    /// One request a line, then one line with the rest of the report
    Ndjson,
}

/// When to do something that suits a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
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
    pub fn decide(self, auto: bool) -> bool {
        match self {
            When::Auto => auto,
            When::Always => true,
            When::Never => false,
        }
    }
}

/// What else can be asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man,
}

impl Command {
    /// Prints what was asked for.
    ///
    /// # Errors
    ///
    /// What the writer gives.
    pub fn run(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut Cli::command(), "streamfall", &mut script);
                out.write_all(&script)
            }
            Command::Man => clap_mangen::Man::new(Cli::command()).render(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }
}
