//! What the readers and the workers say.

use crate::input::{Problem, ProblemKind};
use crate::record::Form;
use crate::scan::{ChunkFacts, Notes};
use crate::wire::SourceFacts;

/// What the readers and the workers say; sources by index. What is said of one source comes in order, but for its chunks.
pub(super) enum Event {
    Chunk(usize, Box<ChunkFacts>),
    Failed(usize, ProblemKind),
    /// A file within a folder or archive that is no log, and whether it prints the sentence.
    Foreign(usize, bool),
    /// Forms seen at a source's start.
    Forms(usize, Vec<Form>),
    /// How many chunks a source has: it is read.
    Ended(usize, u64),
    /// What was noticed of a source.
    Notes(usize, Notes),
    /// How many bytes a source gave, and which.
    Read(usize, u64, Content),
    /// A source is an archive.
    Archive(usize),
    /// A member of an archive: it is a source, too, and gets the next index.
    Member(usize, String),
    /// A source is a facts file.
    Facts(usize),
    /// A source that a facts file carries.
    Carried(usize, Box<SourceFacts>),
    /// What a facts file says of an input that gave no source.
    Missing(Problem),
    Finished,
}

/// What tells whether two sources of one length hold the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Content {
    /// Hash of the start.
    pub(super) start: u64,
    /// Hash of all of it; of a file that stands as it is, only taken where another one is like it.
    pub(super) whole: Option<u128>,
}
