//! What is read and how: options that every job on logs has.

use clap::Args;
use jiff::civil::Date;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;

use super::When;
use streamfall::input::{Limits, Selection};
use streamfall::report::{Bound, Window};
use streamfall::stream::Completion;
use streamfall::{Options, Secrets};

/// What is read and how.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Of folders and archives, read only files that the glob names (`*.log`, `web-*/`); repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,

    /// Of folders and archives, leave out files that the glob names; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,

    /// Only requests from this time on: `2h` back from the last time seen, a date, a date and time, or an instant
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Bound>,

    /// Only requests until this time; a date counts as a whole
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Bound>,

    /// The date on which a log without dates begins (`2026-11-22`)
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<Date>,

    /// The zone of the proxy's clock, and of --since and --until: `Europe/Berlin`, `+01:00`, `UTC`; without it, times of logs stay
    /// local, and those of --since and --until are of this machine's zone
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub(crate) timezone: Option<TimeZone>,

    /// Show keys, tokens, passwords, e-mail and IP addresses as the input has them instead of masks; prompts and answers stay withheld. Not
    /// for facts
    #[arg(long)]
    pub(crate) show_secrets: bool,

    /// Worker threads; 0 takes one per core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,

    /// How many times larger than itself a compressed input may become
    #[arg(long, value_name = "N", default_value_t = Limits::default().expansion)]
    pub(crate) max_expansion: u64,

    /// How many archives may be one in the other
    #[arg(long, value_name = "N", default_value_t = Limits::default().depth)]
    pub(crate) max_depth: usize,

    /// How many members all archives may have together
    #[arg(long, value_name = "N", default_value_t = Limits::default().members)]
    pub(crate) max_members: u64,

    /// MiB of an archive that may be held in memory (zip or 7z that is no file of its own)
    #[arg(long, value_name = "MIB", default_value_t = Limits::default().memory >> 20)]
    pub(crate) max_memory: u64,

    /// Show progress on stderr
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub(crate) progress: When,

    /// Colour the text
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub(crate) color: When,
}

impl Reading {
    /// Which files of folders and archives are read.
    ///
    /// # Errors
    ///
    /// When --include or --exclude is no glob.
    pub(crate) fn selection(&self) -> Result<Selection, ignore::Error> {
        Selection::new(&self.include, &self.exclude)
    }

    /// Whether secrets may be seen.
    #[must_use]
    pub(crate) fn secrets(&self) -> Secrets {
        if self.show_secrets { Secrets::Shown } else { Secrets::Masked }
    }

    /// How the analysis is run.
    #[must_use]
    pub(crate) fn options<'o>(&self, label: Option<String>, selection: Selection) -> Options<'o> {
        let limits = Limits { expansion: self.max_expansion, depth: self.max_depth, members: self.max_members, memory: self.max_memory << 20 };
        Options {
            selection,
            label,
            completion: Completion { date: self.date, zone: self.timezone.clone() },
            window: Window { since: self.since, until: self.until, zone: self.timezone.clone() },
            secrets: self.secrets(),
            threads: self.threads,
            limits,
            ..Options::default()
        }
    }
}

/// Reads a zone: by its name, or as an offset.
fn zone(text: &str) -> Result<TimeZone, String> {
    let zone = DateTimeParser::new().parse_time_zone(text);
    zone.map_err(|error| format!("{error}; give a name like Europe/Berlin, or an offset like +01:00"))
}
