//! Puts the streams of an exporter's or a runtime's file together again.
//!
//! Lines of several processes interleave in such a file, and so do the outputs of one. An entry is one line, so a record is many
//! entries; it goes on with the next entry of its own output that is no head. Records stand in the order of their first lines,
//! as the process wrote them. An export that is newest first is turned round, a part at a time.

use std::collections::{HashMap, VecDeque};
use std::io;

use super::chunk::{Chunk, Chunks, LineOrigin, Notes, Pause};
use crate::document::{RowPlace, Rows};
use crate::envelope::{Around, Entry, Output};
use crate::input::Buffer;
use crate::record::{Lines, Time};

/// How many entries are looked at to tell whether the newest comes first.
const MOST_AHEAD: usize = 5_000;
/// How many steps between different times tell it.
const ENOUGH_STEPS: usize = 50;
/// After how many more entries of its process a record that nothing was added to is held to be at its end.
const PATIENCE: u64 = 2_000;
/// How many chunks' bytes may wait in all streams together.
const MOST_CHUNKS_WAITING: usize = 16;
/// The longest record, and the longest piece of a text without heads, that is kept in one.
const RECORD_LIMIT: usize = 16 << 20;
const TEXT_LIMIT: usize = 64 << 10;
/// The rank of the first part of a source that is newest first; later parts come before it.
const NEWEST_RANK: u64 = u32::MAX as u64;

/// One entry with its place.
#[derive(Debug)]
struct Unit {
    entry: Entry<'static>,
    place: RowPlace,
}

/// Gives the chunks of a source of wrapped lines, each of one process.
pub(super) struct StreamChunker<'r> {
    rows: Box<dyn Rows + 'r>,
    goal: usize,
    around: Around,
    newest_first: Option<bool>,
    ahead: VecDeque<Unit>,
    names: Vec<String>,
    streams: Vec<Stream>,
    by_name: HashMap<String, usize>,
    /// Newest first: entries whose head is in a part that is still to come.
    headless: Vec<Unit>,
    parts: u64,
    ready: VecDeque<Chunk>,
    /// Bytes that wait in all streams.
    waiting: usize,
    index: u64,
    lost: u64,
    failure: Option<io::Error>,
    ended: bool,
    pause: Pause,
    /// Whether anything came since the last pause.
    came: bool,
}

impl<'r> StreamChunker<'r> {
    pub(super) fn new(rows: Box<dyn Rows + 'r>, around: Around, goal: usize) -> StreamChunker<'r> {
        StreamChunker {
            rows,
            goal,
            around,
            newest_first: None,
            ahead: VecDeque::new(),
            names: Vec::new(),
            streams: Vec::new(),
            by_name: HashMap::new(),
            headless: Vec::new(),
            parts: 0,
            ready: VecDeque::new(),
            waiting: 0,
            index: 0,
            lost: 0,
            failure: None,
            ended: false,
            pause: Pause::None,
            came: false,
        }
    }

    /// The next entry; what nothing is around is a line of a process without a name.
    fn next_unit(&mut self) -> Option<Unit> {
        if let Some(unit) = self.ahead.pop_front() {
            return Some(unit);
        }
        let mut row = Vec::new();
        match self.rows.next_row(&mut row) {
            Ok(Some(place)) => {
                let entry = match self.around.peel(&row) {
                    Some(entry) => entry.into_owned(),
                    None => Entry { text: row.into(), ..Entry::default() },
                };
                (self.pause, self.came) = (Pause::None, true);
                self.lost += u64::from(entry.lost);
                Some(Unit { entry, place })
            }
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.pause = self.pause.next(std::mem::take(&mut self.came));
                None
            }
            Err(error) => {
                self.failure = Some(error);
                self.ended = true;
                None
            }
        }
    }

    /// Whether time goes back from entry to entry, in most steps of the same process.
    fn tell_direction(&mut self) -> bool {
        let mut ahead = VecDeque::new();
        let mut last: HashMap<String, Time> = HashMap::new();
        let (mut back, mut forth) = (0, 0);
        while ahead.len() < MOST_AHEAD && back + forth < ENOUGH_STEPS {
            let Some(unit) = self.next_unit() else { break };
            if let Some(time) = unit.entry.written
                && let Some(before) = last.insert(unit.entry.process.clone(), time)
            {
                back += usize::from(time.since_epoch() < before.since_epoch());
                forth += usize::from(time.since_epoch() > before.since_epoch());
            }
            ahead.push_back(unit);
        }
        self.ahead = ahead;
        back > forth
    }

    fn stream_of(&mut self, process: &str) -> usize {
        if let Some(&known) = self.by_name.get(process) {
            return known;
        }
        self.by_name.insert(process.to_owned(), self.streams.len());
        self.names.push(process.to_owned());
        self.streams.push(Stream::default());
        self.streams.len() - 1
    }

    fn add(&mut self, unit: Unit) -> usize {
        let stream = self.stream_of(&unit.entry.process);
        let before = self.streams[stream].bytes;
        self.streams[stream].add(unit, self.around.lines);
        self.waiting += self.streams[stream].bytes - before;
        stream
    }

    /// Takes the records of a stream that are at their end as a chunk.
    fn emit(&mut self, stream: usize, all: bool, rank: u64) {
        let before = self.streams[stream].bytes;
        let (bytes, origins) = self.streams[stream].take(all);
        self.waiting = self.waiting + self.streams[stream].bytes - before;
        if !bytes.is_empty() {
            let number = u32::try_from(stream).unwrap_or(u32::MAX);
            let chunk =
                Chunk { index: self.index, bytes: bytes.into(), lines: self.around.lines, origins: Some(origins), stream: number, rank: Some(rank) };
            self.index += 1;
            self.ready.push_back(chunk);
        }
    }

    /// Oldest first: adds entries until a stream has enough.
    fn fill(&mut self) {
        while let Some(unit) = self.next_unit() {
            let stream = self.add(unit);
            if self.streams[stream].bytes >= self.goal {
                self.emit(stream, false, self.index);
            }
            // Thousands of processes may each have a little.
            if self.waiting >= MOST_CHUNKS_WAITING * self.goal {
                (0..self.streams.len()).for_each(|stream| self.emit(stream, false, self.index));
            }
            if !self.ready.is_empty() {
                return;
            }
        }
        // In a short silence, records may go on.
        let all = self.ended || !matches!(self.pause, Pause::Short(_));
        (0..self.streams.len()).for_each(|stream| self.emit(stream, all, self.index));
    }

    /// Newest first: turns the next part round. What has no head in it goes on with the part that is still to come.
    fn fill_backwards(&mut self) {
        let (mut part, mut bytes) = (Vec::new(), 0);
        while bytes < self.goal {
            let Some(unit) = self.next_unit() else { break };
            bytes += unit.entry.text.len();
            part.push(unit);
        }
        part.reverse();
        part.append(&mut self.headless);
        if !self.ended {
            part = self.keep_headless(part);
        }
        for unit in part {
            self.add(unit);
        }
        let rank = NEWEST_RANK.saturating_sub(self.parts);
        (0..self.streams.len()).for_each(|stream| self.emit(stream, true, rank));
        self.parts += 1;
    }

    fn keep_headless(&mut self, part: Vec<Unit>) -> Vec<Unit> {
        let mut begun: HashMap<(String, Output), bool> = HashMap::new();
        let (with_head, headless) = part.into_iter().partition(|unit| {
            let key = (unit.entry.process.clone(), unit.entry.output);
            let begun = begun.entry(key).or_default();
            *begun |= self.around.lines.starts_here(&unit.entry.text).is_some();
            *begun
        });
        self.headless = headless;
        with_head
    }
}

impl Chunks for StreamChunker<'_> {
    fn next_chunk(&mut self, _: &mut Buffer) -> io::Result<Option<Chunk>> {
        if self.newest_first.is_none() {
            // What does not end is not newest first.
            self.newest_first = Some(self.tell_direction() && self.pause == Pause::None);
        }
        while self.ready.is_empty() && !(self.ended && self.ahead.is_empty()) {
            if self.newest_first == Some(true) {
                self.fill_backwards();
            } else {
                self.fill();
            }
            if self.ready.is_empty() && self.pause != Pause::None {
                self.index += 1;
                return Ok(Some(Chunk { index: self.index - 1, origins: Some(Vec::new()), ..Chunk::default() }));
            }
        }
        match self.ready.pop_front() {
            Some(chunk) => Ok(Some(chunk)),
            None => self.failure.take().map_or(Ok(None), Err),
        }
    }

    fn notes(&self) -> Notes {
        Notes { processes: self.names.clone(), lost: self.lost, more_pages: self.rows.more_pages() }
    }
}

/// One record as it grows.
#[derive(Debug, Default)]
struct Growing {
    bytes: Vec<u8>,
    origins: Vec<LineOrigin>,
    /// The number of the last entry that was added.
    last: u64,
    ended: bool,
}

/// What one process wrote, as far as it is not yet given.
#[derive(Debug, Default)]
struct Stream {
    records: VecDeque<Growing>,
    /// How many records were given before.
    given: usize,
    /// By output: the number of the record that goes on, and the pieces of a line that does.
    open: HashMap<Output, usize>,
    pieces: HashMap<Output, (RowPlace, Vec<u8>)>,
    entries: u64,
    bytes: usize,
}

impl Stream {
    fn add(&mut self, Unit { entry, place }: Unit, lines: Lines) {
        self.entries += 1;
        let (place, text) = match self.pieces.remove(&entry.output) {
            Some((first, mut pieces)) => {
                pieces.extend_from_slice(&entry.text);
                (first, pieces)
            }
            None => (place, entry.text.into_owned()),
        };
        if entry.partial {
            self.pieces.insert(entry.output, (place, text));
            return;
        }
        for line in text.split(|b| *b == b'\n') {
            self.add_line(line, entry.output, LineOrigin { place, written: entry.written, output: entry.output }, lines);
        }
    }

    fn add_line(&mut self, line: &[u8], output: Output, origin: LineOrigin, lines: Lines) {
        let open = self.open.get(&output).and_then(|number| number.checked_sub(self.given));
        let open = open.filter(|at| self.records.get(*at).is_none_or(|record| !record.ended));
        let goes_on = open.filter(|_| lines.starts_here(line).is_none());
        let at = goes_on.unwrap_or_else(|| {
            if let Some(record) = open.and_then(|at| self.records.get_mut(at)) {
                record.ended = true;
            }
            self.records.push_back(Growing::default());
            self.open.insert(output, self.given + self.records.len() - 1);
            self.records.len() - 1
        });
        if let Some(record) = self.records.get_mut(at) {
            record.bytes.extend_from_slice(line);
            record.bytes.push(b'\n');
            record.origins.push(origin);
            record.last = self.entries;
            // A text that has no heads, or a record without end, is given in pieces.
            record.ended |= record.bytes.len() >= if lines == Lines::Log { RECORD_LIMIT } else { TEXT_LIMIT };
        }
        self.bytes += line.len() + 1;
    }

    /// Takes the records at the front that are at their end; with `all`, every one.
    fn take(&mut self, all: bool) -> (Vec<u8>, Vec<LineOrigin>) {
        if all {
            let mut pieces: Vec<_> = std::mem::take(&mut self.pieces).into_iter().collect();
            pieces.sort_unstable_by_key(|(output, _)| *output);
            for (output, (place, text)) in pieces {
                self.add_line(&text, output, LineOrigin { place, written: None, output }, Lines::Log);
            }
        }
        let (mut bytes, mut origins) = (Vec::new(), Vec::new());
        let waits = self.entries;
        while let Some(record) = self.records.pop_front_if(|record| all || record.ended || waits - record.last > PATIENCE) {
            bytes.extend_from_slice(&record.bytes);
            origins.extend(record.origins);
            self.given += 1;
        }
        self.bytes -= bytes.len();
        (bytes, origins)
    }
}
