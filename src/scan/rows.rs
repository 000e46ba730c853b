//! Gives the rows of a document as chunks of lines.

use std::io;

use super::chunk::{Chunk, Chunks, LineOrigin, Notes};
use crate::document::Rows;
use crate::input::Buffer;
use crate::record::Lines;

/// Gives the chunks of a source that is a document of rows.
pub(super) struct RowChunker<'r> {
    rows: Box<dyn Rows + 'r>,
    goal: usize,
    index: u64,
    failure: Option<io::Error>,
}

impl<'r> RowChunker<'r> {
    /// A chunker over a document's rows; the size of chunk changes nothing but speed.
    pub(super) fn with_chunks_of(rows: Box<dyn Rows + 'r>, goal: usize) -> RowChunker<'r> {
        RowChunker { rows, goal, index: 0, failure: None }
    }

    /// Appends rows up to the size of a chunk.
    fn fill(&mut self, bytes: &mut Vec<u8>) -> Vec<LineOrigin> {
        let mut places = Vec::new();
        while bytes.len() < self.goal {
            match self.rows.next_row(bytes) {
                Ok(Some(place)) => {
                    bytes.push(b'\n');
                    places.push(LineOrigin { place, ..LineOrigin::default() });
                }
                Ok(None) => break,
                Err(error) => {
                    self.failure = Some(error);
                    break;
                }
            }
        }
        places
    }
}

impl Chunks for RowChunker<'_> {
    fn next_chunk(&mut self, buffer: &mut Buffer) -> io::Result<Option<Chunk>> {
        let mut bytes = std::mem::take(buffer).into_empty();
        let places = if self.failure.is_none() { self.fill(&mut bytes) } else { Vec::new() };
        if places.is_empty() {
            return self.failure.take().map_or(Ok(None), Err);
        }
        let chunk = Chunk { index: self.index, bytes: bytes.into(), lines: Lines::Rows, origins: Some(places), ..Chunk::default() };
        self.index += 1;
        Ok(Some(chunk))
    }

    fn notes(&self) -> Notes {
        Notes { more_pages: self.rows.more_pages(), ..Notes::default() }
    }
}
