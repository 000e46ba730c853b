//! Cuts a stream of bytes into chunks that start where a record starts.
//!
//! Chunks are filled to their size before they are cut, so where they are cut depends on the bytes alone, not on how a pipe
//! delivers them. A record longer than [`RECORD_LIMIT`] is cut all the same, at a line's end or, within one endless line, beside
//! any needle: memory stays bounded and nothing is lost.

use std::io::{self, Read};

use crate::document::RowPlace;
use crate::envelope::Output;
use crate::input::Buffer;
use crate::knowledge::signature::{NEEDLES, ROW_NEEDLES};
use crate::record::{self, Lines, Time};

/// How many bytes a chunk holds, give or take a record.
pub const CHUNK_BYTES: usize = 1 << 20;
/// The longest record that is kept in one piece.
pub(super) const RECORD_LIMIT: usize = 16 << 20;
/// The longest row: a provider takes requests of 32 MiB, and a payload repeats them.
const ROW_LIMIT: usize = 48 << 20;
/// How much is asked of a reader at once.
const READ_BYTES: usize = 1 << 20;
/// How far before a cut within a line a needle is looked for; longer than any needle.
pub(super) const NEEDLE_REACH: usize = 64;

/// A piece of a source.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Number of the chunk in its source, from 0.
    pub index: u64,
    /// The bytes.
    pub bytes: Buffer,
    /// What starts a record in it.
    pub lines: Lines,
    /// Where each of its lines comes from, if they do not stand in the source as they are.
    pub origins: Option<Vec<LineOrigin>>,
    /// Which of the source's processes wrote it.
    pub stream: u32,
    /// Its place among the chunks of that process, where they do not come in their order.
    pub rank: Option<u64>,
}

/// Where a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineOrigin {
    /// Where it starts in the source.
    pub place: RowPlace,
    /// When it was written, as its envelope says.
    pub written: Option<Time>,
    /// To which of its process's outputs.
    pub output: Output,
}

/// What is noticed of a source as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes {
    /// The names of its processes, by stream, where anything names them.
    pub processes: Vec<String>,
    /// Entries whose text the exporter left out.
    pub lost: u64,
    /// Whether it says that it is one page of several.
    pub more_pages: bool,
}

/// Gives the chunks of a source, one after the other.
pub trait Chunks {
    /// The next chunk, which may have taken the memory of `buffer`; `None` at the end. While a source that does not end is silent, chunks may be empty.
    ///
    /// # Errors
    ///
    /// The reader's error, after all that was read before it has been given.
    fn next_chunk(&mut self, buffer: &mut Buffer) -> io::Result<Option<Chunk>>;

    /// What was noticed of the source so far.
    fn notes(&self) -> Notes {
        Notes::default()
    }
}

/// Gives the chunks of a source whose lines are its records.
#[derive(Debug)]
pub struct Chunker<R> {
    reader: R,
    lines: Lines,
    carry: Vec<u8>,
    /// Whether the first chunk's buffer holds the source's start already.
    begun: bool,
    goal: usize,
    index: u64,
    ended: bool,
    pause: Pause,
    failure: Option<io::Error>,
}

/// Whether a source that does not end is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Pause {
    /// It is not.
    #[default]
    None,
    /// For a moment, so many times in a row: the last record may go on.
    Short(u8),
    /// For longer: the last record is held to be whole.
    Long,
}

/// How many silences in a row are a long one: a network may halt for a moment within a record.
const LONG: u8 = 4;

impl Pause {
    /// The next silence, given whether anything came since the last.
    pub(super) fn next(self, came: bool) -> Pause {
        match self {
            Pause::Short(times) if !came && times >= LONG => Pause::Long,
            Pause::Short(times) if !came => Pause::Short(times + 1),
            Pause::Long if !came => Pause::Long,
            _ => Pause::Short(1),
        }
    }
}

impl<R: Read> Chunker<R> {
    /// A chunker over a source's bytes; the size of chunk changes nothing but speed.
    pub fn with_chunks_of(reader: R, lines: Lines, goal: usize) -> Chunker<R> {
        let goal = goal.max(2 * NEEDLE_REACH);
        Chunker { reader, lines, carry: Vec::new(), begun: false, goal, index: 0, ended: false, pause: Pause::None, failure: None }
    }

    /// A chunker over what stands behind a source's start, which the buffer given for the first chunk holds.
    pub fn behind_start(reader: R, lines: Lines) -> Chunker<R> {
        Chunker { begun: true, ..Chunker::with_chunks_of(reader, lines, CHUNK_BYTES) }
    }

    /// Reads up to `goal`; gives whether the source is silent.
    fn fill(&mut self, bytes: &mut Buffer, goal: usize) -> bool {
        let before = bytes.len();
        while bytes.len() < goal && !self.ended {
            let missing = goal - bytes.len();
            match self.reader.read(bytes.room(missing.min(READ_BYTES))) {
                Ok(0) => self.ended = true,
                Ok(read) => bytes.filled(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.pause = self.pause.next(bytes.len() > before);
                    return true;
                }
                Err(error) => {
                    self.failure = Some(error);
                    self.ended = true;
                }
            }
        }
        self.pause = Pause::None;
        false
    }

    /// Where to cut what there is when the source is silent.
    fn cut_in_silence(&self, bytes: &[u8]) -> usize {
        let lines = memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1);
        if self.pause == Pause::Long { lines } else { last_record_start(bytes, 0, self.lines).unwrap_or(0) }
    }
}

impl<R: Read> Chunks for Chunker<R> {
    fn next_chunk(&mut self, bytes: &mut Buffer) -> io::Result<Option<Chunk>> {
        if !std::mem::take(&mut self.begun) {
            bytes.clear();
            bytes.extend_from_slice(&self.carry);
            self.carry.clear();
        }
        let (mut goal, mut searched) = (self.goal, 0);
        let cut = loop {
            if self.fill(bytes, goal) {
                break self.cut_in_silence(bytes);
            }
            if self.ended {
                break bytes.len();
            }
            if let Some(cut) = last_record_start(bytes, searched, self.lines) {
                break cut;
            }
            searched = bytes.len().saturating_sub(record::HEAD_BYTES);
            if bytes.len() >= longest_record(self.lines) {
                break forced_cut(bytes);
            }
            goal += self.goal;
        };
        if cut == 0 && self.pause == Pause::None {
            return self.failure.take().map_or(Ok(None), Err);
        }
        self.carry.extend_from_slice(&bytes[cut..]);
        bytes.truncate(cut);
        let chunk = Chunk { index: self.index, bytes: std::mem::take(bytes), lines: self.lines, ..Chunk::default() };
        self.index += 1;
        Ok(Some(chunk))
    }
}

/// The start of the last record that starts in `bytes` behind `from`, as far as its head is there to be seen.
fn last_record_start(bytes: &[u8], from: usize, lines: Lines) -> Option<usize> {
    let mut end = bytes.len().saturating_sub(record::HEAD_BYTES).max(from);
    while let Some(newline) = memchr::memrchr(b'\n', &bytes[from..end]) {
        if lines.starts_here(&bytes[from + newline + 1..]).is_some() {
            return Some(from + newline + 1);
        }
        end = from + newline;
    }
    None
}

/// The longest record that is kept in one piece, by what records are.
pub(super) fn longest_record(lines: Lines) -> usize {
    if lines == Lines::Rows { ROW_LIMIT } else { RECORD_LIMIT }
}

/// Where to cut bytes in which no record starts: behind the last line, or beside any needle.
pub(super) fn forced_cut(bytes: &[u8]) -> usize {
    if let Some(newline) = memchr::memrchr(b'\n', bytes) {
        return newline + 1;
    }
    let cut = bytes.len() - NEEDLE_REACH;
    let from = cut - NEEDLE_REACH;
    let straddling = NEEDLES.iter().chain(&ROW_NEEDLES).filter_map(|needle| memchr::memmem::find(&bytes[from..], needle.as_bytes()));
    straddling.map(|at| from + at).filter(|at| *at < cut).min().unwrap_or(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(bytes: &[u8]) -> Vec<Chunk> {
        let mut chunker = Chunker::with_chunks_of(bytes, Lines::Log, CHUNK_BYTES);
        std::iter::from_fn(|| chunker.next_chunk(&mut Buffer::default()).unwrap()).collect()
    }

    #[test]
    fn nothing_is_lost_and_chunks_start_at_records() {
        let record = format!("07:35:20 - LiteLLM:INFO: a.py:1 - {}\nmore\n", "x".repeat(5000));
        let log = record.repeat(900);
        let cut = chunks(log.as_bytes());
        assert!(cut.len() > 3);
        assert_eq!(cut.iter().map(|c| String::from_utf8_lossy(&c.bytes).into_owned()).collect::<String>(), log);
        assert!(cut.iter().all(|c| c.bytes.starts_with(b"07:35:20")));
    }

    #[test]
    fn a_start_that_is_at_hand_changes_nothing() {
        let log = "07:35:20 - LiteLLM:INFO: a.py:1 - x\nmore\n".repeat(60_000);
        let whole: Vec<Vec<u8>> = chunks(log.as_bytes()).iter().map(|chunk| chunk.bytes.to_vec()).collect();
        assert!(whole.len() > 2);
        for length in [0, 1, 40, 1000, CHUNK_BYTES / 4, CHUNK_BYTES] {
            let (mut buffer, rest) = (Buffer::from(log.as_bytes()[..length].to_vec()), &log.as_bytes()[length..]);
            let mut chunker = Chunker::behind_start(rest, Lines::Log);
            let next = || chunker.next_chunk(&mut std::mem::take(&mut buffer)).unwrap().map(|chunk| chunk.bytes.to_vec());
            assert!(std::iter::from_fn(next).collect::<Vec<_>>() == whole, "{length}");
        }
    }

    #[test]
    fn an_endless_line_is_cut_beside_needles() {
        let mut line = vec![b'x'; RECORD_LIMIT + CHUNK_BYTES];
        let needle = NEEDLES[0].as_bytes();
        let at = RECORD_LIMIT - NEEDLE_REACH - needle.len() / 2;
        line[at..at + needle.len()].copy_from_slice(needle);
        let cut = chunks(&line);
        assert_eq!(cut.iter().map(|c| c.bytes.len()).sum::<usize>(), line.len());
        assert_eq!(cut.iter().map(|c| memchr::memmem::find_iter(&c.bytes, needle).count()).sum::<usize>(), 1);
    }
}
