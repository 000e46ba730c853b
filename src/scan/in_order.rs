//! Puts the results of a source's chunks back in order, whatever order they come in, and gives facts their final places.

use std::collections::{BTreeMap, HashSet};

use super::search::ChunkFacts;
use crate::fact::{Fact, Statement};
use crate::record::Form;

/// All that the chunks of one source hold.
#[derive(Debug, Default)]
pub struct InOrder {
    facts: Vec<Fact>,
    /// How often the rejection's sentence is printed.
    pub mentions: u64,
    /// Rows that print it and were not understood.
    pub unread: u64,
    /// Forms of record seen.
    pub forms: Vec<Form>,
    source: u32,
    lines: u64,
    bytes: u64,
    next: u64,
    waiting: BTreeMap<u64, ChunkFacts>,
    waits: bool,
    /// Facts since the last pruning that may be let go.
    lesser: usize,
    /// Calls and requests of which an attempt failed. Of the many others, nothing is kept.
    failed: HashSet<String>,
}

/// How many attempts that failed for other reasons are kept at a time.
const MOST_LESSER: usize = 20_000;
/// Lines of a chunk are fewer than this many bits count.
const RANK_BITS: u32 = 28;

impl InOrder {
    /// For the source with this index.
    #[must_use]
    pub fn new(source: usize) -> InOrder {
        InOrder { source: u32::try_from(source).unwrap_or(u32::MAX), ..InOrder::default() }
    }

    /// Takes a chunk's results; those of later chunks wait for their turn.
    pub fn add(&mut self, chunk: ChunkFacts) {
        self.waiting.insert(chunk.index, chunk);
        while let Some(chunk) = self.waiting.remove(&self.next) {
            self.next += 1;
            self.append(chunk);
        }
    }

    fn append(&mut self, chunk: ChunkFacts) {
        if std::mem::replace(&mut self.waits, chunk.ends_with_fact && !chunk.of_rows) {
            // What stands behind the last record of the chunk before is the start of this one.
            let last = self.facts.last().map(|fact| fact.line + fact.lines);
            for fact in self.facts.iter_mut().rev().take_while(|fact| Some(fact.line + fact.lines) == last) {
                fact.answer = chunk.opens_with;
            }
        }
        for mut fact in chunk.facts {
            fact.place.source = self.source;
            let (lines, bytes) = if chunk.of_rows { (0, 0) } else { (self.lines, self.bytes) };
            fact.place.line += lines + 1;
            fact.place.byte += bytes;
            fact.stream = chunk.stream;
            fact.line = chunk.rank.map_or(fact.place.line, |rank| (rank << RANK_BITS) + fact.line);
            match &fact.statement {
                Statement::Served(_) if !fact.request_names().iter().any(|name| self.failed.contains(name)) => continue,
                Statement::Error(error) if error.attempt.is_some() => self.failed.extend(fact.request_names()),
                _ => {}
            }
            self.lesser += usize::from(fact.is_lesser());
            self.facts.push(fact);
        }
        if self.lesser > MOST_LESSER {
            self.prune();
        }
        self.lines += chunk.newlines;
        self.bytes += chunk.bytes;
        self.mentions += chunk.mentions;
        self.unread += chunk.unread;
        self.add_forms(chunk.forms);
    }

    /// All facts, stream by stream, each in its own order.
    pub fn take_facts(&mut self) -> Vec<Fact> {
        let mut facts = std::mem::take(&mut self.facts);
        // Stable, so that facts of one line keep their order; rows of documents have lines in the order of their chunks.
        facts.sort_by_key(|fact| (fact.stream, fact.line));
        facts
    }

    /// Lets go of failed attempts of requests that no prefill rejection was met in: what is kept grows with what is found, not with
    /// all that fails.
    fn prune(&mut self) {
        let told: HashSet<String> = self.facts.iter().filter(|fact| !fact.is_lesser()).flat_map(Fact::request_names).collect();
        self.facts.retain(|fact| !fact.is_lesser() || fact.request_names().iter().any(|name| told.contains(name)));
        let kept: HashSet<String> = self.facts.iter().flat_map(Fact::request_names).collect();
        self.failed.retain(|name| kept.contains(name));
        self.lesser = 0;
    }

    /// Takes forms of record that were seen.
    pub fn add_forms(&mut self, forms: Vec<Form>) {
        for form in forms {
            if !self.forms.contains(&form) {
                self.forms.push(form);
            }
        }
    }
}
