//! Facts that were read and wait to be linked, as their lines say them.
//!
//! Lines take a small part of the memory that facts do, and less when they are compressed. They are kept in sections, each of which can
//! be unfolded by itself and as often as is asked for: so of a million incidents in one source, too, only those are in memory that are
//! at hand, and all cores unfold them.

use xxhash_rust::xxh3::xxh3_64;

use super::line::Line;
use super::packed;
use super::tables::{Tables, TablesGiven};
use crate::fact::{Fact, Statement};

/// What names the request of a fact, by hash.
pub fn id_hashes(fact: &Fact) -> impl Iterator<Item = u64> {
    fact.ids().map(|id| xxh3_64(id.as_bytes()))
}

/// How hard facts are compressed: the fastest that there is a number for, as each fact is compressed once.
const LEVEL: i32 = 1;
/// Fewer bytes are kept as they are.
const WORTH_PACKING: usize = 4 << 10;
/// How many bytes of lines make a section: some ten thousand facts.
const SECTION: usize = if cfg!(test) { 2 << 10 } else { 1 << 20 };

/// The facts of a source.
#[derive(Debug, Default)]
pub struct Held {
    sections: Vec<Section>,
    /// The section at hand: each of its lines was read before, and nothing was wrong with it.
    lines: Vec<u8>,
    count: usize,
    /// The next one.
    packed: Vec<u8>,
    /// The stream and the place of its last fact.
    last: (u32, (u64, u64)),
    quotes: bool,
    ids: Vec<u64>,
    /// Whether rows of a trace are among them.
    rows: bool,
}

/// Facts of one stream that stand one behind the other, with what their lines need to be read.
#[derive(Debug)]
pub struct Section {
    lines: Box<[u8]>,
    /// How long the lines are, if they are compressed.
    unpacked: Option<usize>,
    given: TablesGiven,
    stream: u32,
    count: usize,
    quotes: bool,
}

impl Held {
    pub(super) fn new(quotes: bool) -> Held {
        Held { quotes, ..Held::default() }
    }

    /// Whether a fact of this stream, with this place, does not belong into the section at hand any more. Facts of one record have one
    /// place, and stay together.
    pub(super) fn ends_before(&self, stream: u32, place: (u64, u64)) -> bool {
        self.count > 0 && (stream != self.last.0 || (self.lines.len() >= SECTION && place != self.last.1))
    }

    /// Makes a line ready that stands so in its file: what it names is not known yet.
    pub(super) fn pack(&mut self, line: &Line<'_>, json: &[u8]) {
        self.packed.clear();
        packed::pack(line, json, &mut self.packed);
    }

    /// Holds the line that was made ready, which gave this fact.
    pub(super) fn hold(&mut self, fact: &Fact) {
        self.lines.extend_from_slice(&self.packed);
        self.count += 1;
        self.last = (fact.stream, (fact.place.line, fact.place.byte));
        for id in id_hashes(fact) {
            // The records of one request stand together, and print its ids again and again.
            if !self.ids.iter().rev().take(8).any(|known| *known == id) {
                self.ids.push(id);
            }
        }
        self.rows |= match &fact.statement {
            Statement::Error(error) => error.attempt.is_some(),
            Statement::Served(_) => true,
            _ => false,
        };
    }

    /// Ends the section at hand; its lines were read with `tables`.
    pub(super) fn end_section(&mut self, tables: &mut Tables) {
        if self.count == 0 {
            return;
        }
        let packed = (self.lines.len() >= WORTH_PACKING).then(|| zstd::bulk::compress(&self.lines, LEVEL).ok()).flatten();
        self.sections.push(Section {
            unpacked: packed.is_some().then_some(self.lines.len()),
            lines: packed.unwrap_or_else(|| self.lines.clone()).into(),
            given: tables.end_section(),
            stream: self.last.0,
            count: self.count,
            quotes: self.quotes,
        });
        self.lines.clear();
        self.count = 0;
    }

    /// As it is kept.
    pub(super) fn close(&mut self, tables: &mut Tables) {
        self.end_section(tables);
        (self.lines, self.packed) = (Vec::new(), Vec::new());
        self.sections.sort_by_key(|section| section.stream);
        self.ids.sort_unstable();
        self.ids.dedup();
        self.ids.shrink_to_fit();
    }

    /// Whether there are no facts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// Whether rows of a trace are among them.
    #[must_use]
    pub fn has_rows(&self) -> bool {
        self.rows
    }

    /// What names their requests, by hash, each once.
    #[must_use]
    pub fn take_ids(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.ids)
    }

    /// Its facts, stream by stream, each in its order.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Those of a stream, to be let go one by one.
    pub fn sections_of(&mut self, stream: u32) -> &mut [Section] {
        let begin = self.sections.partition_point(|section| section.stream < stream);
        let end = self.sections.partition_point(|section| section.stream <= stream);
        &mut self.sections[begin..end]
    }
}

impl Section {
    /// How many facts it has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The facts, in their order, for the last time.
    #[must_use]
    pub fn unfold_away(&mut self) -> Vec<Fact> {
        let facts = self.unfold();
        self.lines = Box::default();
        facts
    }

    /// The facts, in their order.
    #[must_use]
    pub fn unfold(&self) -> Vec<Fact> {
        let mut tables = Tables::with(&self.given);
        let read = |line: Line<'_>| {
            tables.add(line.strings, line.levels, line.lists, line.texts).ok()?;
            tables.fact(line.fact, self.quotes).ok()
        };
        // What this process has compressed can be unpacked.
        let unpacked = self.unpacked.map(|length| zstd::bulk::decompress(&self.lines, length).unwrap_or_default());
        let lines = unpacked.as_deref().unwrap_or(&self.lines);
        let mut facts = Vec::with_capacity(self.count);
        facts.extend(packed::unpack(lines).filter_map(read));
        facts
    }
}
