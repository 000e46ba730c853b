//! Puts the parts of one stream together: lines are counted on, and a record that was cut between two sources is read again as a
//! whole.

use super::Part;
use crate::fact::{self, Answer, Collector, Fact, Learnt, Output, Place};
use crate::record::{self, Form, Time};
use crate::scan::Piece;

/// The longest record that is put together again: what is longer is no record's half.
const MOST_BYTES: usize = 16 << 20;

/// One stream as it grows.
#[derive(Debug)]
pub(super) struct Stitcher {
    stream: u32,
    facts: Vec<Fact>,
    lines: u64,
    marks: Vec<(u64, Time)>,
    open: Option<Open>,
    continued: Vec<usize>,
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
        Stitcher { stream, facts: Vec::new(), lines: 0, marks: Vec::new(), open: None, continued: Vec::new() }
    }

    /// Adds the next part; `adjoins` if nothing is missing before it.
    pub(super) fn add(&mut self, part: Part, adjoins: bool) {
        let Part { source, found, .. } = part;
        self.marks.extend(found.marks.iter().map(|(line, time)| (self.lines + line, *time)));
        let source = u32::try_from(source).unwrap_or(u32::MAX);
        let headless = !found.edges.headed;
        let own_lines = match (self.open.take(), found.edges.opening) {
            (Some(mut open), Some(opening)) if adjoins && open.may_go_on_with(&opening) => {
                open.add(&opening, source, self.lines);
                self.facts.truncate(open.facts_before);
                if headless {
                    self.continued.push(part.source);
                    self.lines += found.lines;
                    self.open = Some(open);
                    return;
                }
                self.close(open, found.edges.opens_with);
                memchr::memchr_iter(b'\n', &opening.bytes).count() as u64
            }
            (Some(open), _) => {
                self.close(open, found.edges.opens_with.filter(|_| adjoins && found.edges.starts_with_head));
                0
            }
            (None, _) => 0,
        };
        let mut facts = found.facts;
        facts.retain(|fact| fact.line >= own_lines);
        for fact in &mut facts {
            fact.place.source = source;
            fact.stream = self.stream;
            fact.line += self.lines;
        }
        fact::append(&mut self.facts, facts);
        self.open = found.edges.closing.map(|closing| {
            let line = self.lines + closing.line;
            let facts_before = self.facts.partition_point(|fact| fact.line < line);
            let mut open = Open { bytes: Vec::new(), pieces: Vec::new(), output: closing.output, written: found.edges.last, facts_before };
            open.add(&closing, source, self.lines);
            open
        });
        self.lines += found.lines;
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

    /// The facts, times on their way, and the sources that held nothing but the middle of a record.
    pub(super) fn finish(mut self) -> (Vec<Fact>, Vec<(u64, Time)>, Vec<usize>) {
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
            collector.read(&self.bytes[*start..end], *start, &self.bytes[end..]);
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
