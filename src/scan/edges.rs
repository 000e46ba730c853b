//! The two ends of what one process wrote in one source: a rotation, an export's pages or a split may have cut a record there, and
//! its other half stands in another source.

use super::chunk::{Chunk, LineOrigin};
use crate::document::RowPlace;
use crate::envelope::Output;
use crate::knowledge::signature::NEEDLES;
use crate::record::{self, Answer, Form, HEAD_BYTES, Lines, Time};

/// The longest half of a record that is kept to be put together again.
const MOST_BYTES: usize = 256 << 10;
/// How far from an end a time is looked for: uvicorn's records have none.
const TIME_REACH: usize = 64 << 10;

/// How heads of records that are no errors say so: text, JSON, uvicorn.
const QUIET: [&[u8]; 6] = [b":INFO", b":DEBUG", b"\"level\": \"INFO\"", b"\"level\": \"DEBUG\"", b"INFO:     ", b"DEBUG:    "];

/// A piece of a source that may be half a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece {
    /// Its bytes, without what was around its lines.
    pub bytes: Vec<u8>,
    /// Where it starts in the source, counted from 0.
    pub place: RowPlace,
    /// Its first line among those of its chunk, and then of its stream.
    pub line: u64,
    /// To which output of its process it was written.
    pub output: Output,
}

/// The ends of what one process wrote in a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edges {
    /// What stands before the first head of a record.
    pub opening: Option<Piece>,
    /// Whether it starts with a head.
    pub starts_with_head: bool,
    /// Whether any record starts in it.
    pub headed: bool,
    /// The last record, if it may go on elsewhere and that would matter.
    pub closing: Option<Piece>,
    /// The access line behind the opening.
    pub opens_with: Option<Answer>,
    /// Time of the first record: its envelope's, if it has one.
    pub first: Option<Time>,
    /// Time of the last record.
    pub last: Option<Time>,
}

impl Edges {
    /// The ends of a chunk of so many lines; rows, which are never cut, have none.
    pub(super) fn of(chunk: &Chunk, newlines: u64) -> Edges {
        let bytes = &*chunk.bytes;
        let origins = chunk.origins.as_deref();
        if chunk.lines == Lines::Rows || bytes.is_empty() {
            return Edges::default();
        }
        let first_head = head_from(bytes, 0).unwrap_or(bytes.len());
        let last_head = head_before(bytes, bytes.len());
        let written = |origin: Option<&LineOrigin>| origin.and_then(|origin| origin.written);
        let lines_behind = |at: usize| memchr::memchr_iter(b'\n', &bytes[at..]).count() as u64;
        Edges {
            opening: (first_head > 0).then(|| piece(bytes, 0..first_head, 0, origins)).flatten(),
            starts_with_head: first_head == 0,
            headed: last_head.is_some(),
            closing: last_head.and_then(|at| piece(bytes, at..bytes.len(), newlines - lines_behind(at), origins)),
            opens_with: record::access_line(&bytes[first_head..]),
            first: written(origins.and_then(<[_]>::first)).or_else(|| time_from(bytes, first_head)),
            last: written(origins.and_then(<[_]>::last)).or_else(|| time_before(bytes, last_head)),
        }
    }
}

/// Whether it matters that a last record may go on: one of a quiet level that ends with its line and holds nothing says nothing.
pub(super) fn matters(record: &[u8]) -> bool {
    let head = &record[..record.len().min(HEAD_BYTES)];
    let quiet = QUIET.iter().any(|level| memchr::memmem::find(head, level).is_some());
    !quiet || !record.ends_with(b"\n") || NEEDLES.iter().any(|needle| memchr::memmem::find(record, needle.as_bytes()).is_some())
}

fn piece(bytes: &[u8], range: std::ops::Range<usize>, line: u64, origins: Option<&[LineOrigin]>) -> Option<Piece> {
    let own = RowPlace { line, byte: range.start as u64 };
    let own = LineOrigin { place: own, ..LineOrigin::default() };
    let LineOrigin { place, output, .. } = origins.map_or(Some(own), |origins| origins.get(usize::try_from(line).ok()?).copied())?;
    let bytes = bytes.get(range).filter(|bytes| bytes.len() <= MOST_BYTES)?;
    Some(Piece { bytes: bytes.to_vec(), place, line, output })
}

/// The first head of a record at the start of a line, from the line at `from` on.
fn head_from(bytes: &[u8], from: usize) -> Option<usize> {
    if from >= bytes.len() {
        return None;
    }
    let lines = std::iter::once(from).chain(memchr::memchr_iter(b'\n', bytes.get(from..)?).map(|newline| from + newline + 1));
    lines.take_while(|line| *line < bytes.len()).find(|line| record::starts_here(head(bytes, *line)).is_some())
}

/// The last head of a record before `end`.
fn head_before(bytes: &[u8], mut end: usize) -> Option<usize> {
    while end > 0 {
        let line = memchr::memrchr(b'\n', &bytes[..end - 1]).map_or(0, |newline| newline + 1);
        if record::starts_here(head(bytes, line)).is_some() {
            return Some(line);
        }
        end = line;
    }
    None
}

fn head(bytes: &[u8], at: usize) -> &[u8] {
    &bytes[at..bytes.len().min(at + HEAD_BYTES)]
}

/// The first time near the start.
fn time_from(bytes: &[u8], mut at: usize) -> Option<Time> {
    loop {
        let head = head_from(&bytes[..bytes.len().min(TIME_REACH)], at)?;
        let end = memchr::memchr(b'\n', &bytes[head..]).map_or(bytes.len(), |newline| head + newline + 1);
        let time = time_of(&bytes[head..end]);
        if time.is_some() {
            return time;
        }
        at = end;
    }
}

/// The last time near the end.
fn time_before(bytes: &[u8], mut last_head: Option<usize>) -> Option<Time> {
    loop {
        let head = last_head.filter(|head| bytes.len() - head <= TIME_REACH)?;
        let end = memchr::memchr(b'\n', &bytes[head..]).map_or(bytes.len(), |newline| head + newline + 1);
        let time = time_of(&bytes[head..end]);
        if time.is_some() {
            return time;
        }
        last_head = head_before(bytes, head);
    }
}

fn time_of(line: &[u8]) -> Option<Time> {
    record::starts_here(line).filter(|form| *form != Form::Uvicorn)?;
    record::read(line).first().and_then(|(_, record)| record.time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_a_chunk() {
        let head = "07:35:20 - LiteLLM Router:ERROR: router.py:1 - x\n";
        let access = "INFO:     1.2.3.4:5 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n";
        let ok = Some(Answer { chat: true, status: 200 });
        let cases = [
            (format!("half\n{access}{head}more\n"), Some("half\n"), Some(format!("{head}more\n")), ok, Some("07:35:20")),
            (format!("{head}{access}"), None, Some(access.to_owned()), None, Some("07:35:20")),
            ("half\nof one\n".to_owned(), Some("half\nof one\n"), None, None, None),
            (String::new(), None, None, None, None),
        ];
        for (text, opening, closing, opens_with, time) in cases {
            let newlines = text.matches('\n').count() as u64;
            let edges = Edges::of(&Chunk { bytes: text.clone().into_bytes().into(), ..Chunk::default() }, newlines);
            let text_of = |piece: &Option<Piece>| piece.as_ref().map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned());
            assert_eq!((text_of(&edges.opening).as_deref(), text_of(&edges.closing)), (opening, closing), "{text}");
            assert_eq!(edges.opens_with, opens_with, "{text}");
            assert_eq!((edges.first.map(|t| t.to_string()).as_deref(), edges.last.map(|t| t.to_string()).as_deref()), (time, time), "{text}");
        }
    }
}
