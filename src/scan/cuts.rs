//! Cuts a file where records start without reading what is between the cuts: many threads then read it, each its own piece.
//!
//! The pieces are those of [`super::Chunker`] in all that matters: they start where a record starts, and where a record goes on beyond
//! [`longest_record`] they are cut all the same. Reading is done by place, so a file that is renamed meanwhile stays the same file, and
//! one that was cut shorter ends early.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::chunk::{CHUNK_BYTES, Chunk, NEEDLE_REACH, forced_cut, longest_record};
use crate::input::Buffer;
use crate::record::{HEAD_BYTES, Lines};

/// How many bytes are looked at for a head at first; more if there is none.
const FIRST_LOOK: usize = 8 << 10;
const MOST_LOOKED_AT: usize = 256 << 10;

/// The cuts of a file.
#[derive(Debug)]
pub struct FileCuts {
    file: Arc<File>,
    lines: Lines,
    /// Where the next piece starts.
    at: u64,
    index: u64,
    look: Buffer,
    ended: bool,
}

/// A piece of a file, still to be read.
#[derive(Debug)]
pub struct FilePiece {
    file: Arc<File>,
    lines: Lines,
    index: u64,
    from: u64,
    to: u64,
}

impl FileCuts {
    /// Cuts a file whose lines are its records.
    #[must_use]
    pub fn new(file: Arc<File>, lines: Lines) -> FileCuts {
        FileCuts { file, lines, at: 0, index: 0, look: Buffer::default(), ended: false }
    }

    /// The next piece; `None` at the file's end.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn next_piece(&mut self) -> io::Result<Option<FilePiece>> {
        if self.ended {
            return Ok(None);
        }
        let to = self.next_cut()?;
        if to == self.at {
            return Ok(None);
        }
        let piece = FilePiece { file: self.file.clone(), lines: self.lines, index: self.index, from: self.at, to };
        (self.at, self.index) = (to, self.index + 1);
        Ok(Some(piece))
    }

    fn next_cut(&mut self) -> io::Result<u64> {
        let limit = longest_record(self.lines) as u64;
        let (mut from, mut reach) = (self.at + CHUNK_BYTES as u64, FIRST_LOOK);
        loop {
            let whole = self.look_at(from, reach)?;
            if let Some(cut) = first_record_start(&self.look, self.lines, whole) {
                return Ok(from + cut as u64);
            }
            let looked = self.look.len() as u64;
            if whole {
                self.ended = true;
                return Ok(self.file.metadata()?.len().min(from + looked).max(self.at));
            }
            if from + looked - self.at >= limit {
                // Where a pipe is cut, too: the same record must not break at two places.
                let before = self.at + limit - MOST_LOOKED_AT as u64;
                self.look_at(before, MOST_LOOKED_AT)?;
                return Ok(before + forced_cut(&self.look) as u64);
            }
            // A head that stands across the border is not missed, nor a needle cut.
            from += looked - HEAD_BYTES.max(2 * NEEDLE_REACH) as u64;
            reach = (2 * reach).min(MOST_LOOKED_AT);
        }
    }

    /// Reads so many bytes at a place; gives whether the file ends there.
    fn look_at(&mut self, from: u64, reach: usize) -> io::Result<bool> {
        self.look.clear();
        read_at(&self.file, from, reach, &mut self.look)?;
        Ok(self.look.len() < reach)
    }
}

impl FilePiece {
    /// Where it starts in the file.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.from
    }

    /// Reads it; less of it where the file has become shorter, or the system fails, and then why.
    #[must_use]
    pub fn read(&self, mut buffer: Buffer) -> (Chunk, Option<io::Error>) {
        buffer.clear();
        let count = usize::try_from(self.to - self.from).unwrap_or(usize::MAX);
        let shorter = || io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter while it was read");
        let failure = read_at(&self.file, self.from, count, &mut buffer).err().or_else(|| (buffer.len() < count).then(shorter));
        (Chunk { index: self.index, bytes: buffer, lines: self.lines, ..Chunk::default() }, failure)
    }
}

/// The first start of a record behind a newline, as far as its head is there to be seen.
fn first_record_start(bytes: &[u8], lines: Lines, whole: bool) -> Option<usize> {
    let end = if whole { bytes.len() } else { bytes.len().saturating_sub(HEAD_BYTES) };
    let starts = memchr::memchr_iter(b'\n', &bytes[..end]).map(|newline| newline + 1);
    starts.into_iter().find(|start| lines.starts_here(&bytes[*start..]).is_some())
}

/// Reads up to so many bytes from a place on; fewer only at the file's end.
fn read_at(file: &File, from: u64, count: usize, into: &mut Buffer) -> io::Result<()> {
    let mut missing = count;
    while missing > 0 {
        match read_some(file, from + (count - missing) as u64, into.room(missing)) {
            Ok(0) => break,
            Ok(read) => {
                into.filled(read);
                missing -= read;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn read_some(file: &File, from: u64, into: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, from)
}

#[cfg(windows)]
fn read_some(file: &File, from: u64, into: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, from)
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::super::chunk::RECORD_LIMIT;
    use super::*;
    use crate::knowledge::signature::NEEDLES;

    fn file(bytes: &[u8]) -> Arc<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        Arc::new(file)
    }

    fn pieces(file: &Arc<File>, lines: Lines) -> Vec<FilePiece> {
        let mut cuts = FileCuts::new(file.clone(), lines);
        std::iter::from_fn(|| cuts.next_piece().unwrap()).collect()
    }

    fn read(pieces: &[FilePiece]) -> Vec<Vec<u8>> {
        pieces.iter().map(|piece| piece.read(Buffer::default()).0.bytes.to_vec()).collect()
    }

    #[test]
    fn nothing_is_lost_and_pieces_start_at_records() {
        let record = format!("07:35:20 - LiteLLM:INFO: a.py:1 - {}\nmore\n", "x".repeat(5000));
        let row = format!("{{\"a\": \"{}\"}}\n", "x".repeat(5000));
        for (text, lines, start) in [(record.repeat(900), Lines::Log, "07:35:20"), (row.repeat(900), Lines::Rows, "{\"a\"")] {
            let read = read(&pieces(&file(text.as_bytes()), lines));
            assert!(read.len() > 3);
            assert!(read.concat() == text.as_bytes());
            assert!(read.iter().all(|piece| piece.starts_with(start.as_bytes())));
        }
    }

    #[test]
    fn an_endless_line_is_cut_beside_needles() {
        let needle = NEEDLES[0].as_bytes();
        for at in (RECORD_LIMIT - 300..RECORD_LIMIT + 300).step_by(41) {
            let mut line = vec![b'x'; RECORD_LIMIT + 2 * CHUNK_BYTES];
            line[at..at + needle.len()].copy_from_slice(needle);
            let read = read(&pieces(&file(&line), Lines::Log));
            assert!(read.len() > 1 && read.concat() == line);
            assert_eq!(read.iter().filter(|piece| memchr::memmem::find(piece, needle).is_some()).count(), 1, "at {at}");
        }
    }

    #[test]
    fn a_file_that_became_shorter_says_so() {
        let file = file("07:35:20 - LiteLLM:INFO: a.py:1 - x\n".repeat(100_000).as_bytes());
        let pieces = pieces(&file, Lines::Log);
        file.set_len(CHUNK_BYTES as u64 / 2).unwrap();
        let read: Vec<(usize, bool)> =
            pieces.iter().map(|piece| piece.read(Buffer::default())).map(|(chunk, error)| (chunk.bytes.len(), error.is_some())).collect();
        assert_eq!(read[0], (CHUNK_BYTES / 2, true));
        assert!(read[1..].iter().all(|piece| *piece == (0, true)));
    }
}
