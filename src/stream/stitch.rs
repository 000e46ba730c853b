//! Puts the parts of one stream together: lines are counted on, and a record that was cut between two sources is read again as a
//! whole.

use std::collections::VecDeque;

use super::Part;
use crate::fact::{self, Answer, Collector, Fact, Learnt, Output, Place};
use crate::record::{self, Form, Time};
use crate::scan::Piece;

/// The longest record that is put together again: what is longer is no record's half.
const MOST_BYTES: usize = 16 << 20;

/// One stream as it grows: of each part first its ends, then its facts, which may come in pieces.
#[derive(Debug)]
pub(super) struct Stitcher {
    stream: u32,
    /// Those that were not given away.
    facts: Vec<Fact>,
    lines: u64,
    marks: VecDeque<(u64, Time)>,
    open: Option<Open>,
    continued: Vec<usize>,
    part: Option<Adding>,
}

/// The part that is being added.
#[derive(Debug)]
struct Adding {
    source: u32,
    /// How many of its lines belong to the record of the part before.
    own_lines: u64,
    /// Whether it is nothing but the middle of that record.
    headless: bool,
    lines: u64,
    closing: Option<Piece>,
    last: Option<Time>,
}

/// The last record, which may go on in the next part.
#[derive(Debug)]
struct Open {
    bytes: Vec<u8>,
    /// Where its pieces start in `bytes` and in their sources.
    pieces: Vec<(usize, Place, u64)>,
    /// To which output it was written.
    output: Output,
    /// When its envelope was written.
    written: Option<Time>,
    /// How many facts stand before it.
    facts_before: usize,
}

impl Stitcher {
    pub(super) fn new(stream: u32) -> Stitcher {
        Stitcher { stream, facts: Vec::new(), lines: 0, marks: VecDeque::new(), open: None, continued: Vec::new(), part: None }
    }

    /// Begins the next part; `adjoins` if nothing is missing before it.
    pub(super) fn begin(&mut self, part: &Part, adjoins: bool) {
        let Part { source, found, .. } = part;
        self.marks.extend(found.marks.iter().map(|(line, time)| (self.lines + line, *time)));
        let number = u32::try_from(*source).unwrap_or(u32::MAX);
        let mut adding = Adding {
            source: number,
            own_lines: 0,
            headless: false,
            lines: found.lines,
            closing: found.edges.closing.clone(),
            last: found.edges.last,
        };
        match (self.open.take(), &found.edges.opening) {
            (Some(mut open), Some(opening)) if adjoins && open.may_go_on_with(opening) => {
                open.add(opening, number, self.lines);
                self.facts.truncate(open.facts_before);
                if found.edges.headed {
                    self.close(open, found.edges.opens_with);
                    adding.own_lines = memchr::memchr_iter(b'\n', &opening.bytes).count() as u64;
                } else {
                    self.continued.push(*source);
                    self.open = Some(open);
                    adding.headless = true;
                }
            }
            (Some(open), _) => self.close(open, found.edges.opens_with.filter(|_| adjoins && found.edges.starts_with_head)),
            (None, _) => {}
        }
        self.part = Some(adding);
    }

    /// Adds facts of the part that was begun, in their order.
    pub(super) fn add(&mut self, mut facts: Vec<Fact>) {
        let Some(part) = self.part.as_ref().filter(|part| !part.headless) else { return };
        facts.retain(|fact| fact.line >= part.own_lines);
        for fact in &mut facts {
            fact.place.source = part.source;
            fact.stream = self.stream;
            fact.line += self.lines;
        }
        fact::append(&mut self.facts, facts);
    }

    /// Ends the part that was begun.
    pub(super) fn end(&mut self) {
        let Some(part) = self.part.take() else { return };
        if !part.headless {
            self.open = part.closing.map(|closing| {
                let line = self.lines + closing.line;
                let facts_before = self.facts.partition_point(|fact| fact.line < line);
                let mut open = Open { bytes: Vec::new(), pieces: Vec::new(), output: closing.output, written: part.last, facts_before };
                open.add(&closing, part.source, self.lines);
                open
            });
        }
        self.lines += part.lines;
    }

    /// Gives away the facts that no later part can change, and the marks.
    pub(super) fn take(&mut self) -> (Vec<Fact>, &mut VecDeque<(u64, Time)>) {
        let closing = self.part.as_ref().and_then(|part| part.closing.as_ref()).map(|closing| self.lines + closing.line);
        let settled = match (&mut self.open, closing) {
            (Some(open), _) => std::mem::take(&mut open.facts_before),
            (None, Some(closing)) => self.facts.partition_point(|fact| fact.line < closing),
            (None, None) => self.facts.len(),
        };
        let rest = self.facts.split_off(settled);
        (std::mem::replace(&mut self.facts, rest), &mut self.marks)
    }

    /// Ends the record that was open; `behind` is the access line that follows it.
    fn close(&mut self, open: Open, behind: Option<Answer>) {
        if open.pieces.len() > 1 {
            self.facts.extend(open.read(self.stream, behind));
        } else {
            for fact in &mut self.facts[open.facts_before..] {
                fact.answer = fact.answer.or(behind);
            }
        }
    }

    /// The facts and marks that were not given away, and the sources that held nothing but the middle of a record.
    pub(super) fn finish(mut self) -> (Vec<Fact>, VecDeque<(u64, Time)>, Vec<usize>) {
        if let Some(open) = self.open.take() {
            self.close(open, None);
        }
        (self.facts, self.marks, self.continued)
    }
}

impl Open {
    fn add(&mut self, piece: &Piece, source: u32, lines: u64) {
        let place = Place { source, line: piece.place.line, byte: piece.place.byte };
        self.pieces.push((self.bytes.len(), place, lines + piece.line));
        self.bytes.extend_from_slice(&piece.bytes);
    }

    /// Whether a piece may be its other half: outputs interleave, and never join, and a trace's row ends with its line.
    fn may_go_on_with(&self, opening: &Piece) -> bool {
        let is_ended = record::starts_here(&self.bytes) == Some(Form::Row) && self.bytes.contains(&b'\n');
        !is_ended && self.output == opening.output && self.bytes.len() + opening.bytes.len() <= MOST_BYTES
    }

    /// The facts of the whole record; `behind` is the access line that follows it.
    fn read(self, stream: u32, behind: Option<Answer>) -> Vec<Fact> {
        // So few records are cut that their quotes cost nothing.
        let mut collector = Collector::new(true, Learnt::default());
        // The cut may have been in a head: then there are two records.
        let heads = memchr::memchr_iter(b'\n', &self.bytes).map(|newline| newline + 1).filter(|at| record::starts_here(&self.bytes[*at..]).is_some());
        let starts: Vec<usize> = std::iter::once(0).chain(heads).collect();
        let ends = starts.iter().skip(1).copied().chain([self.bytes.len()]);
        for (start, end) in starts.iter().zip(ends) {
            let record = &self.bytes[*start..end];
            collector.read(record, *start, memchr::memchr_iter(b'\n', record).count() as u64, &self.bytes[end..]);
        }
        collector.found.sort_by_key(|found| found.offset);
        let last = collector.found.last().map(|found| found.offset);
        let fact = |found: crate::fact::Found| {
            let piece = self.pieces.partition_point(|(offset, ..)| *offset <= found.offset) - 1;
            let (offset, place, line) = self.pieces[piece];
            let lines = memchr::memchr_iter(b'\n', &self.bytes[offset..found.offset]).count() as u64;
            let ends = Some(found.offset) == last;
            let byte = place.byte + (found.offset - offset) as u64;
            let mut fact = found.at(Place { line: place.line + lines, byte, ..place });
            (fact.stream, fact.line, fact.output) = (stream, line + lines, self.output);
            fact.time = fact.time.map(|time| self.written.map_or(time, |written| time.completed_by(written)));
            fact.answer = fact.answer.or(behind.filter(|_| ends));
            fact
        };
        collector.found.into_iter().map(fact).collect()
    }
}
