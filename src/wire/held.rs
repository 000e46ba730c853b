//! Facts that were read and wait to be linked, as they stand in their file.
//!
//! They take half of the memory there, and an eighth of that when they are compressed. So of a million incidents, only those are
//! unfolded that are being linked.

use xxhash_rust::xxh3::xxh3_64;

use super::line::Line;
use super::tables::Tables;
use crate::fact::{Fact, Statement};

/// What names the request of a fact, by hash.
pub fn id_hashes(fact: &Fact) -> impl Iterator<Item = u64> {
    fact.ids().map(|id| xxh3_64(id.as_bytes()))
}

/// How hard facts are compressed: the fastest that there is a number for, as each fact is compressed once and unfolded once.
const LEVEL: i32 = 1;
/// Fewer bytes are kept as they are.
const WORTH_PACKING: usize = 4 << 10;

/// The facts of a source.
#[derive(Debug, Default)]
pub struct Held {
    /// Each was read before, and nothing was wrong with it.
    lines: Vec<u8>,
    /// How long the lines are, if they are compressed.
    unpacked: Option<usize>,
    count: usize,
    quotes: bool,
    ids: Vec<u64>,
    /// Whether rows of a trace are among them.
    rows: bool,
}

impl Held {
    pub(super) fn new(quotes: bool) -> Held {
        Held { quotes, ..Held::default() }
    }

    /// Holds a fact: its line, and what names its request.
    pub(super) fn hold(&mut self, line: &[u8], fact: &Fact) {
        self.lines.extend_from_slice(line.trim_ascii_end());
        self.lines.push(b'\n');
        self.count += 1;
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

    /// As it is kept.
    pub(super) fn close(&mut self) {
        let packed = (self.lines.len() >= WORTH_PACKING).then(|| zstd::bulk::compress(&self.lines, LEVEL).ok()).flatten();
        if let Some(packed) = packed {
            self.unpacked = Some(self.lines.len());
            self.lines = packed;
        }
        self.lines.shrink_to_fit();
        self.ids.sort_unstable();
        self.ids.dedup();
        self.ids.shrink_to_fit();
    }

    /// Whether there are no facts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
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

    /// The facts, in their order.
    #[must_use]
    pub fn unfold(self) -> Vec<Fact> {
        let mut tables = Tables::default();
        let mut read = |bytes: &[u8]| {
            let line: Line<'_> = serde_json::from_slice(bytes).ok()?;
            tables.afford(bytes.len());
            tables.add(line.strings, line.levels, line.lists, line.texts).ok()?;
            tables.fact(line.fact, self.quotes).ok()
        };
        let mut facts = Vec::with_capacity(self.count);
        let lines = match self.unpacked {
            // What this process has compressed can be unpacked.
            Some(length) => zstd::bulk::decompress(&self.lines, length).unwrap_or_default(),
            None => self.lines,
        };
        facts.extend(lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).filter_map(&mut read));
        facts
    }
}
