//! The parallel line scanner: cuts a source into chunks at record boundaries, searches whole chunks for the few needles that
//! matter, and reads records only around hits.
//!
//! What holds no needle is never split into lines, let alone parsed. Chunks and pieces are cut in order and searched by
//! any number of workers; their results are put back in order, so the output does not depend on the number of threads.

mod chunk;
mod cuts;
mod edges;
mod in_order;
mod rare;
mod rows;
mod search;
mod streams;

use std::io::Read;

use crate::document::{self, Layout, Opened};
use crate::envelope::Around;
use rows::RowChunker;
use streams::StreamChunker;

pub use chunk::{CHUNK_BYTES, Chunk, Chunker, Chunks, LineOrigin, Notes};
pub use cuts::{FileCuts, FilePiece};
pub use edges::{Edges, Piece};
pub use in_order::{InOrder, SourceFound, StreamFound};
pub use search::{ChunkFacts, Searcher, Wanted, is_binary};

/// Gives the chunks of a source in which something is around each line, process by process.
#[must_use]
pub fn unwrapped_chunks<'r>(layout: Layout, around: Around, reader: Box<dyn Read + 'r>, goal: usize) -> Box<dyn Chunks + 'r> {
    Box::new(StreamChunker::new(document::open_rows(layout, reader), around, goal))
}

/// Gives the chunks of a source of this layout; their size, in bytes, changes nothing but speed.
#[must_use]
pub fn chunks<'r>(layout: Layout, reader: Box<dyn Read + 'r>, goal: usize) -> Box<dyn Chunks + 'r> {
    match document::open(layout, reader) {
        Opened::Lines(reader, lines) => Box::new(Chunker::with_chunks_of(reader, lines, goal)),
        Opened::Rows(rows) => Box::new(RowChunker::with_chunks_of(rows, goal)),
    }
}
