//! Puts the results of a source's chunks back in order, whatever order they come in, and gives facts their final places.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::edges::{self, ChunkEdges, Edges, TIME_REACH};
use super::search::ChunkFacts;
use crate::fact::{Fact, Statement};
use crate::record::{Form, Time};

/// All that the chunks of one source hold.
#[derive(Debug, Default)]
pub struct InOrder {
    facts: Vec<Fact>,
    mentions: u64,
    unread: u64,
    forms: Vec<Form>,
    source: u32,
    lines: u64,
    bytes: u64,
    next: u64,
    waiting: BTreeMap<u64, ChunkFacts>,
    waits: bool,
    streams: HashMap<u32, Chunks>,
    /// Facts since the last pruning that may be let go.
    lesser: usize,
    /// Calls and requests of which an attempt failed. Of the many others, nothing is kept.
    failed: HashSet<String>,
}

/// The chunks of one stream: by rank how many lines and bytes each has, and what the edges of the first and the last hold.
#[derive(Debug, Default)]
struct Chunks {
    /// Lines of chunks that are not told apart any more: they come before all others.
    before: u64,
    sizes: BTreeMap<u64, (u64, u64)>,
    first: Edges,
    last: Edges,
    /// Rank, place in its chunk, and what the first and the last time are.
    first_time: Option<(u64, usize, Time)>,
    last_time: Option<(u64, usize, Time)>,
}

/// What one process wrote in the source.
#[derive(Debug, Clone, Default)]
pub struct StreamFound {
    /// Its number within the source.
    pub number: u32,
    /// Its facts, in its order.
    pub facts: Vec<Fact>,
    /// Its ends.
    pub edges: Edges,
    /// How many lines it has.
    pub lines: u64,
}

/// All that was found in a source, once it is read.
#[derive(Debug, Default)]
pub struct SourceFound {
    /// What each process wrote.
    pub streams: Vec<StreamFound>,
    /// How often the rejection's sentence is printed.
    pub mentions: u64,
    /// Rows that print it and were not understood.
    pub unread: u64,
    /// Forms of record seen.
    pub forms: Vec<Form>,
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
        // A source that does not end gives empty chunks while it is silent.
        if chunk.bytes == 0 {
            return;
        }
        if std::mem::replace(&mut self.waits, chunk.ends_with_fact && !chunk.of_rows) {
            // What stands behind the last record of the chunk before is the start of this one.
            let last = self.facts.last().map(|fact| fact.line + fact.lines);
            for fact in self.facts.iter_mut().rev().take_while(|fact| Some(fact.line + fact.lines) == last) {
                fact.answer = chunk.edges.edges.opens_with.filter(|_| chunk.edges.edges.opening.is_none());
            }
        }
        let rank = chunk.rank.unwrap_or(chunk.index);
        let (lines, bytes) = if chunk.of_rows { (0, 0) } else { (self.lines, self.bytes) };
        for mut fact in chunk.facts {
            fact.place.source = self.source;
            fact.place.line += lines + 1;
            fact.place.byte += bytes;
            fact.stream = chunk.stream;
            fact.line += rank << RANK_BITS;
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
        let mut edges = chunk.edges;
        for piece in [&mut edges.edges.opening, &mut edges.edges.closing].into_iter().flatten() {
            piece.place.line += lines + 1;
            piece.place.byte += bytes;
        }
        self.streams.entry(chunk.stream).or_default().add(rank, (chunk.newlines, chunk.bytes), edges);
        self.lines += chunk.newlines;
        self.bytes += chunk.bytes;
        self.mentions += chunk.mentions;
        self.unread += chunk.unread;
        self.add_forms(chunk.forms);
    }

    /// How many chunks have been put in order.
    #[must_use]
    pub fn chunks(&self) -> u64 {
        self.next
    }

    /// All that was found: a source that is read is kept in little.
    #[must_use]
    pub fn finish(self) -> SourceFound {
        let mut facts: BTreeMap<u32, Vec<Fact>> = BTreeMap::new();
        for fact in self.facts {
            facts.entry(fact.stream).or_default().push(fact);
        }
        let mut streams: Vec<(u32, Chunks)> = self.streams.into_iter().collect();
        streams.sort_unstable_by_key(|(number, _)| *number);
        let streams = streams.into_iter().map(|(number, chunks)| chunks.found(number, facts.remove(&number).unwrap_or_default()));
        SourceFound { streams: streams.collect(), mentions: self.mentions, unread: self.unread, forms: self.forms }
    }

    /// What has been found since this was last asked, of a source that does not end: nothing of it is kept.
    ///
    /// Whether an access line follows is part of what an opened hop says: one that ends what was read is given when more was.
    pub fn take_new(&mut self) -> Vec<Fact> {
        let waits = |fact: &&Fact| self.waits && matches!(fact.statement, Statement::HopOpened);
        let held = self.facts.iter().rev().take_while(waits).count();
        let kept = self.facts.split_off(self.facts.len() - held);
        let mut facts = std::mem::replace(&mut self.facts, kept);
        for fact in &mut facts {
            fact.line = self.streams.get(&fact.stream).map_or(fact.line, |chunks| in_stream(&chunks.lines_before(), fact.line));
        }
        self.streams.values_mut().for_each(Chunks::forget);
        if self.failed.len() > MOST_LESSER {
            self.failed.clear();
        }
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
    fn add_forms(&mut self, forms: Vec<Form>) {
        for form in forms {
            if !self.forms.contains(&form) {
                self.forms.push(form);
            }
        }
    }
}

/// The line of a stream that a fact's rank and line in its chunk name.
fn in_stream(before: &BTreeMap<u64, u64>, line: u64) -> u64 {
    before.get(&(line >> RANK_BITS)).copied().unwrap_or_default() + (line & ((1 << RANK_BITS) - 1))
}

impl Chunks {
    fn add(&mut self, rank: u64, size: (u64, u64), chunk: ChunkEdges) {
        let first = self.sizes.first_key_value().is_none_or(|(before, _)| rank < *before);
        let last = self.sizes.last_key_value().is_none_or(|(before, _)| rank >= *before);
        self.sizes.insert(rank, size);
        let ChunkEdges { edges, first_at, last_at } = chunk;
        if let Some(time) = edges.first.filter(|_| self.first_time.is_none_or(|(before, ..)| rank < before)) {
            self.first_time = Some((rank, first_at, time));
        }
        if let Some(time) = edges.last.filter(|_| self.last_time.is_none_or(|(before, ..)| rank > before)) {
            self.last_time = Some((rank, last_at, time));
        }
        match (first, last) {
            (true, true) => (self.first, self.last) = (edges.clone(), edges),
            (true, false) => self.first = edges,
            (false, true) => self.last = edges,
            (false, false) => {}
        }
    }

    /// The lines before each chunk, by rank.
    fn lines_before(&self) -> BTreeMap<u64, u64> {
        let mut sum = self.before;
        let mut before = |(rank, (lines, _)): (&u64, &(u64, u64))| {
            sum += lines;
            (*rank, sum - lines)
        };
        self.sizes.iter().map(&mut before).collect()
    }

    /// Tells all chunks but the last apart no more.
    fn forget(&mut self) {
        let last = self.sizes.pop_last();
        self.before += self.sizes.values().map(|(lines, _)| lines).sum::<u64>();
        self.sizes.clear();
        self.sizes.extend(last);
    }

    /// The time, if it stands near the end that `beyond` gives the bytes of the chunks up to.
    fn near(&self, time: Option<(u64, usize, Time)>, beyond: impl Fn(u64, u64) -> bool) -> Option<Time> {
        let (rank, at, time) = time?;
        let bytes: u64 = self.sizes.iter().filter(|(other, _)| beyond(**other, rank)).map(|(_, (_, bytes))| bytes).sum();
        (bytes + at as u64 <= TIME_REACH as u64).then_some(time)
    }

    fn found(self, number: u32, mut facts: Vec<Fact>) -> StreamFound {
        let before = self.lines_before();
        for fact in &mut facts {
            fact.line = in_stream(&before, fact.line);
        }
        // Stable, so that facts of one line keep their order; rows of documents have lines in the order of their chunks.
        facts.sort_by_key(|fact| fact.line);
        let first = self.near(self.first_time, |other, rank| other < rank);
        let last = self.near(self.last_time, |other, rank| other > rank);
        let headed = self.first.headed || self.last.headed;
        let closing = self.last.closing.filter(|piece| edges::matters(&piece.bytes));
        let mut edges = Edges { headed, closing, first, last, ..self.first };
        let last_rank = self.sizes.last_key_value().map_or(0, |(rank, _)| *rank);
        if let Some(closing) = &mut edges.closing {
            closing.line += before.get(&last_rank).copied().unwrap_or_default();
        }
        let headless_and_long = !edges.headed && self.sizes.len() > 1;
        edges.opening = edges.opening.filter(|_| !headless_and_long);
        StreamFound { number, facts, edges, lines: self.sizes.values().map(|(lines, _)| lines).sum() }
    }
}
