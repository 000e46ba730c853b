//! Facts files: what was found in sources, written down, so that another run links it.
//!
//! One run reads logs where they lie and writes facts; a last run reads the facts of all and links them. What a facts file holds of a
//! source is what the link step takes of it, no more: its facts, its streams with their ends, and what the report says of an input.
//! Secrets in it are masked as in a report, and prompts are not in it.
//!
//! Each line is a JSON object. A source begins with its header; its facts follow, a line each, and name by number what was told before:
//! the same groups, errors and lists stand in thousands of records. Lines of several files may stand one behind the other in one.
//! `schema/streamfall.facts.v1.json` is the contract.

mod decode;
mod error;
mod halves;
mod held;
mod line;
mod named;
mod packed;
mod read;
mod tables;
mod time;
mod write;

pub use decode::{Carried, ReadError};
pub use held::{Held, Section, id_hashes};
pub use read::{Batch, Decoder, Reader};
pub use write::{write_end, write_problem, write_source};

use crate::input::ProblemKind;
use crate::record::Form;
use crate::scan::{Notes, SourceFound};

/// Name and version of the contract. A change that older readers would misread is a new version; what they may overlook is none.
pub const SCHEMA: &str = "streamfall.facts/1";

/// What writes it.
const GENERATOR: &str = concat!("streamfall ", env!("CARGO_PKG_VERSION"));

/// How each header begins, in any version.
const BEGINNING: &[u8] = b"{\"schema\":\"streamfall.facts/";

/// Whether a source that starts so is a facts file.
#[must_use]
pub fn is_facts(start: &[u8]) -> bool {
    is_header(start.strip_prefix(read::BYTE_ORDER_MARK).unwrap_or(start).trim_ascii_start())
}

fn is_header(line: &[u8]) -> bool {
    line.starts_with(BEGINNING)
}

/// What was read of one source: a file, stdin, or a member of an archive.
#[derive(Debug, Default)]
pub struct SourceFacts {
    /// Its name, with the label.
    pub name: String,
    /// What `--label` put before its name.
    pub label: Option<String>,
    /// Tells the sources of one run of the map step: of two hosts' `proxy.log`, each goes on with the rotated files of its own run.
    pub run: u64,
    /// How many bytes it gave.
    pub bytes: u64,
    /// Hash of its start.
    pub start: u64,
    /// Hash of all of it.
    pub whole: Option<u128>,
    /// What its start looks like, if it is no log.
    pub looks: Vec<Form>,
    /// What was noticed as it was read.
    pub notes: Notes,
    /// What ended it early.
    pub problem: Option<ProblemKind>,
    /// Whether it is no log, and then whether it prints the rejection's sentence.
    pub foreign: Option<bool>,
    /// How many of its facts a facts file that breaks off did not give.
    pub missing: u64,
    /// What was found.
    pub found: SourceFound,
    /// Its facts, if they are still folded: then its streams have none.
    pub held: Option<Held>,
}
