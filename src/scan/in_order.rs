//! Puts the results of a source's chunks back in order, whatever order they come in, and gives facts their final places.

use std::collections::{BTreeMap, HashSet};

use super::search::ChunkFacts;
use crate::fact::{Fact, Statement};
use crate::record::Form;

/// All that the chunks of one source hold.
#[derive(Debug, Default)]
pub struct InOrder {
    /// Facts in the order of the source.
    pub facts: Vec<Fact>,
    /// How often the rejection's sentence is printed.
    pub mentions: u64,
    /// Forms of record seen.
    pub forms: Vec<Form>,
    source: u32,
    lines: u64,
    bytes: u64,
    next: u64,
    waiting: BTreeMap<u64, ChunkFacts>,
    waits: bool,
    /// Calls of which an attempt failed. Of the many others, nothing is kept.
    failed: HashSet<String>,
}

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
        if std::mem::replace(&mut self.waits, chunk.ends_with_fact) {
            // What stands behind the last record of the chunk before is the start of this one.
            let last = self.facts.last().map(|fact| fact.place.line + fact.lines);
            for fact in self.facts.iter_mut().rev().take_while(|fact| Some(fact.place.line + fact.lines) == last) {
                fact.answer = chunk.opens_with;
            }
        }
        for mut fact in chunk.facts {
            fact.place.source = self.source;
            let (lines, bytes) = if chunk.of_rows { (0, 0) } else { (self.lines, self.bytes) };
            fact.place.line += lines + 1;
            fact.place.byte += bytes;
            match &fact.statement {
                Statement::Served { call_id } if !self.failed.contains(call_id) => continue,
                Statement::Error(error) if error.attempt.is_some() => self.failed.extend(error.call_id.clone()),
                _ => {}
            }
            self.facts.push(fact);
        }
        self.lines += chunk.newlines;
        self.bytes += chunk.bytes;
        self.mentions += chunk.mentions;
        self.add_forms(chunk.forms);
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
