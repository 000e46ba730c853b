//! Finds the sources to read and gives their bytes, decompressed.
//!
//! A source is a file, a file found in a folder, or stdin. What concerns one input is a [`Problem`] kept in the report, never
//! an error that ends the run.

mod archive;
mod buffer;
mod compression;
mod encoding;
mod live;
mod open;
mod selection;
mod walk;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::knowledge::metric::Counter;

pub use archive::{Archive, ArchiveBytes, TakeMember};
pub use buffer::Buffer;
pub use live::Live;
pub use open::{Counted, Decoded, Hashed, decode, hash_of, open, reopen};
pub use selection::Selection;
pub use walk::find;

/// How far an input may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many times larger than itself a compressed input may become.
    pub expansion: u64,
    /// How many archives may be one in the other.
    pub depth: usize,
    /// How many members all archives may have together.
    pub members: u64,
    /// How many bytes of an archive that cannot be read as a stream are held in memory.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { expansion: 1000, depth: 4, members: 100_000, memory: 512 << 20 }
    }
}

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name shown: the path as found, or `<stdin>`.
    pub name: String,
    /// Where the bytes come from.
    pub origin: Origin,
}

/// Where a source's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Standard input.
    Stdin,
    /// A file that was named.
    Named(PathBuf),
    /// A file found by walking a folder: if it is no log, it is passed over.
    Walked {
        /// The file.
        path: PathBuf,
        /// Index of the folder in [`Inputs::folders`].
        folder: usize,
    },
}

/// All that was found, and what was not.
#[derive(Debug, Default)]
pub struct Inputs {
    /// What to read, in the order of the names, whatever the order of the paths.
    pub sources: Vec<Source>,
    /// Paths that gave nothing.
    pub problems: Vec<Problem>,
    /// Folders that were walked.
    pub folders: Vec<String>,
}

/// What went wrong with one input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{input}: {kind}")]
pub struct Problem {
    /// The input's name.
    pub input: String,
    /// What it is.
    pub kind: ProblemKind,
}

/// Kinds of problem, each saying what to do.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// No such path.
    #[error("no such file or folder; check the path, or give `-` to read from a pipe")]
    Missing,
    /// The system refused.
    #[error("cannot be opened ({0}); check the path and its permissions")]
    Unreadable(String),
    /// Neither a file nor a folder that can be read.
    #[error("holds no LiteLLM log, or none that --include and --exclude leave; name the log files, or the folder that has them")]
    NoLogInFolder,
    /// Bytes that are no text.
    #[error("is no log: it holds binary data; give the log that the LiteLLM proxy wrote, as text or compressed")]
    Binary,
    /// The data ended or broke before its end.
    #[error("could not be read to its end ({reason} after {bytes} bytes); what came before was used. Fetch the file again")]
    Broken {
        /// The reader's words.
        reason: String,
        /// Bytes read, after decompression.
        bytes: u64,
    },
    /// A limit was reached, or a form is not known.
    #[error("was read in part only: {0}")]
    Refused(String),
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// No record of a known form.
    #[error("holds no LiteLLM record, so nothing can be concluded from it; check that it is the proxy's log, or a trace of it")]
    NoRecords,
    /// The sentence, but no record of a known form around it.
    #[error(
        "prints the prefill rejection {0} time(s), but in no form of record or wrapping that is known here; give LiteLLM's own log, without what was put \
             around its lines"
    )]
    NotUnderstood(u64),
    /// Files in a folder that are no logs; those that print the sentence are named.
    #[error("{count} file(s) in it are neither logs nor traces and were passed over{}", also(.quoting))]
    PassedOver {
        /// How many.
        count: usize,
        /// Those among them that print the rejection's sentence near their start.
        quoting: Vec<String>,
    },
    /// The same content as another input.
    #[error("holds the same as {0}, and is counted once")]
    Twin(String),
    /// A log as it was when it was shorter.
    #[error("is {0} as it was before, and is counted once")]
    Earlier(String),
    /// Facts of one name that several runs wrote.
    #[error(
        "stands in the facts of {0} runs: if these are hosts, let each write its facts with --label HOST, so that its rotated logs are put together"
    )]
    SeveralRuns(usize),
    /// Metrics say that the logs are not whole.
    #[error(
        "counts {counted} {}, and the other inputs show {seen} rejections: either some were other failures or came before these logs, or the logs \
             are not whole", .what.name()
    )]
    CountsMore {
        /// What is counted.
        what: Counter,
        /// The counters' sum.
        counted: u64,
        /// Rejections in the report.
        seen: u64,
    },
    /// journald leaves out long messages unless told otherwise.
    #[error("has {0} entries without their text: journalctl leaves out messages of 4096 bytes and more; export it again with --all")]
    LostText(u64),
    /// An export in several requests.
    #[error("is one page of several; what is on the others may decide what this one cannot. Export all of them")]
    OnePage,
    /// Requests whose times have no date or no zone.
    #[error("cannot be held against {0} request(s), whose log has no dates or no zone: they are kept. Give --date and --timezone")]
    Unplaced(u64),
    /// The release that was given is not the one that the logs show.
    #[error("says {given}, and the logs look like {seen}: advice is for {given}")]
    OtherRelease {
        /// What was given.
        given: String,
        /// What the logs show.
        seen: String,
    },
    /// A model of which it is known that it accepts prefill has refused one.
    #[error("refused a prefill, though by its name it accepts one ({0}): look which model stands behind it; if it is that one, please report it")]
    Contradicts(String),
    /// A fault of ours.
    #[error("could not be read in part, by a fault of streamfall: please report it, with the message above")]
    Fault,
    /// The run was stopped.
    #[error("was stopped by a signal; the report covers what was read until then")]
    Stopped,
}

impl ProblemKind {
    /// Of an input that could not be opened: the system's word has a number, a compression's header that is broken has none.
    #[must_use]
    pub fn of_opening(error: &std::io::Error) -> ProblemKind {
        match error.raw_os_error() {
            Some(_) => ProblemKind::Unreadable(error.to_string()),
            None => ProblemKind::Broken { reason: error.to_string(), bytes: 0 },
        }
    }

    /// Whether the job was not done in full because of it (exit status 2).
    #[must_use]
    pub fn is_failure(&self) -> bool {
        match self {
            ProblemKind::Missing
            | ProblemKind::Unreadable(_)
            | ProblemKind::NoLogInFolder
            | ProblemKind::Binary
            | ProblemKind::NotUnderstood(_)
            | ProblemKind::Stopped
            | ProblemKind::Fault
            | ProblemKind::Refused(_)
            | ProblemKind::Broken { .. } => true,
            ProblemKind::Empty
            | ProblemKind::NoRecords
            | ProblemKind::Twin(_)
            | ProblemKind::Earlier(_)
            | ProblemKind::SeveralRuns(_)
            | ProblemKind::LostText(_)
            | ProblemKind::OnePage
            | ProblemKind::Unplaced(_)
            | ProblemKind::Contradicts(_)
            | ProblemKind::OtherRelease { .. }
            | ProblemKind::CountsMore { .. }
            | ProblemKind::PassedOver { .. } => false,
        }
    }
}

/// How many file names a message lists.
const MOST_NAMES: usize = 3;

fn also(quoting: &[String]) -> String {
    if quoting.is_empty() {
        return String::new();
    }
    let more = if quoting.len() > MOST_NAMES { ", …" } else { "" };
    let names = quoting.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    format!("; {} of them print the rejection's sentence, perhaps in a wrapping that is not known here: {names}{more}", quoting.len())
}
