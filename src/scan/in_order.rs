//! Puts the results of a source's chunks back in order, whatever order they come in, and gives facts their final places.

use std::collections::{BTreeMap, HashMap};

use xxhash_rust::xxh3::xxh3_128;

use super::edges::{self, Edges, Piece};
use super::search::ChunkFacts;
use crate::by_hash::Hashes;
use crate::fact::{Fact, Statement};
use crate::record::{Form, Time};

/// All that the chunks of one source hold.
#[derive(Debug, Default)]
pub struct InOrder {
    facts: Vec<Fact>,
    mentions: u64,
    requests: u64,
    unread: u64,
    forms: Vec<Form>,
    source: u32,
    lines: u64,
    bytes: u64,
    next: u64,
    waiting: BTreeMap<u64, ChunkFacts>,
    streams: HashMap<u32, Chunks>,
    /// Facts since the last pruning that may be let go, and how many others there were then.
    lesser: usize,
    others: usize,
    /// Calls and requests of which an attempt failed. Of the many others, nothing is kept.
    failed: Hashes<NameHash>,
}

/// The chunks of one stream, by rank.
#[derive(Debug, Default)]
struct Chunks {
    /// Lines of chunks that are not told apart any more: they come before all others.
    before: u64,
    /// How many lines each has, and its first and last time.
    all: BTreeMap<u64, (u64, Option<Time>, Option<Time>)>,
    first: Edges,
    closing: Option<Piece>,
    headed: bool,
    /// Whether the last record states something and ends the last chunk, so that what stands behind it is in the next one.
    waits: bool,
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
    /// Times on its way, with their lines, as far as midnights are told by them.
    pub marks: Vec<(u64, Time)>,
}

/// All that was found in a source, once it is read.
#[derive(Debug, Default)]
pub struct SourceFound {
    /// What each process wrote.
    pub streams: Vec<StreamFound>,
    /// How often the rejection's sentence is printed.
    pub mentions: u64,
    /// Access lines of requests to a model, if they were asked for.
    pub requests: u64,
    /// Rows that print it and were not understood.
    pub unread: u64,
    /// Forms of record seen.
    pub forms: Vec<Form>,
}

/// Of a name that is only asked for, its hash is enough.
type NameHash = u128;

fn hash(name: &str) -> NameHash {
    xxh3_128(name.as_bytes())
}

/// How many attempts that failed for other reasons are kept at a time, or half as many as there are facts that matter: to look at all of
/// these for each 20,000 attempts would take the more time the more were found.
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
        let rank = chunk.rank.unwrap_or(chunk.index);
        let stream = self.streams.entry(chunk.stream).or_default();
        if stream.waits && stream.all.last_key_value().is_some_and(|(last, _)| rank > *last) {
            // What stands behind the last record of the chunk before is the start of this one.
            let own = || self.facts.iter().rev().filter(|fact| fact.stream == chunk.stream);
            let last = own().next().map(|fact| fact.line + fact.lines);
            let of_stream = self.facts.iter_mut().rev().filter(|fact| fact.stream == chunk.stream);
            for fact in of_stream.take_while(|fact| Some(fact.line + fact.lines) == last) {
                fact.answer = fact.answer.or(chunk.edges.opens_with.filter(|_| chunk.edges.starts_with_head));
            }
        }
        stream.waits = chunk.ends_with_fact;
        let (lines, bytes) = if chunk.of_rows { (0, 0) } else { (self.lines, self.bytes) };
        for mut fact in chunk.facts {
            fact.place.source = self.source;
            fact.place.line += lines + 1;
            fact.place.byte += bytes;
            fact.stream = chunk.stream;
            fact.line += rank << RANK_BITS;
            match &fact.statement {
                Statement::Served(_) if !fact.request_names().any(|name| self.failed.contains(&hash(name))) => continue,
                Statement::Error(error) if error.attempt.is_some() => self.failed.extend(fact.request_names().map(hash)),
                _ => {}
            }
            self.lesser += usize::from(fact.is_lesser());
            self.facts.push(fact);
        }
        if self.lesser > MOST_LESSER.max(self.others / 2) {
            self.prune();
        }
        let mut edges = chunk.edges;
        for piece in [&mut edges.opening, &mut edges.closing].into_iter().flatten() {
            piece.place.line += lines + 1;
            piece.place.byte += bytes;
        }
        self.streams.entry(chunk.stream).or_default().add(rank, chunk.newlines, edges);
        self.lines += chunk.newlines;
        self.bytes += chunk.bytes;
        self.mentions += chunk.mentions;
        self.requests += chunk.requests;
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
        // Of one stream alone, they stay where they are.
        match self.streams.keys().next() {
            Some(only) if self.streams.len() == 1 => drop(facts.insert(*only, self.facts)),
            _ => self.facts.into_iter().for_each(|fact| facts.entry(fact.stream).or_default().push(fact)),
        }
        let mut streams: Vec<(u32, Chunks)> = self.streams.into_iter().collect();
        streams.sort_unstable_by_key(|(number, _)| *number);
        let streams = streams.into_iter().map(|(number, chunks)| chunks.found(number, facts.remove(&number).unwrap_or_default()));
        SourceFound { streams: streams.collect(), mentions: self.mentions, requests: self.requests, unread: self.unread, forms: self.forms }
    }

    /// What has been found since this was last asked, of a source that does not end: nothing of it is kept.
    ///
    /// Whether an access line follows is part of what an opened hop says: one that ends what was read is given when more was.
    pub fn take_new(&mut self) -> Vec<Fact> {
        let before: HashMap<u32, BTreeMap<u64, u64>> = self.streams.iter().map(|(number, chunks)| (*number, chunks.lines_before())).collect();
        let last: HashMap<u32, u64> = self.facts.iter().map(|fact| (fact.stream, fact.line)).collect();
        let waits = |fact: &Fact| {
            let is_last = last.get(&fact.stream) == Some(&fact.line) && self.streams.get(&fact.stream).is_some_and(|chunks| chunks.waits);
            is_last && matches!(fact.statement, Statement::HopOpened)
        };
        let (held, mut new): (Vec<Fact>, Vec<Fact>) = std::mem::take(&mut self.facts).into_iter().partition(waits);
        for fact in &mut new {
            fact.line = before.get(&fact.stream).map_or(fact.line, |before| in_stream(before, fact.line));
        }
        self.facts = held;
        (self.lesser, self.others) = (0, 0);
        self.streams.values_mut().for_each(Chunks::forget);
        if self.failed.len() > MOST_LESSER {
            self.failed.clear();
        }
        new
    }

    /// Lets go of failed attempts of requests that no prefill rejection was met in: what is kept grows with what is found, not with
    /// all that fails.
    fn prune(&mut self) {
        let lesser: Vec<bool> = self.facts.iter().map(Fact::is_lesser).collect();
        let telling = self.facts.iter().zip(&lesser).filter(|(_, lesser)| !**lesser);
        let told: Hashes<NameHash> = telling.flat_map(|(fact, _)| fact.request_names()).map(hash).collect();
        (self.lesser, self.others) = (0, lesser.iter().filter(|lesser| !**lesser).count());
        let mut lesser = lesser.into_iter();
        self.facts.retain(|fact| lesser.next() == Some(false) || fact.request_names().any(|name| told.contains(&hash(name))));
        let names: Hashes<NameHash> = self.facts.iter().flat_map(Fact::request_names).map(hash).collect();
        self.failed.retain(|name| names.contains(name));
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

/// How far apart two times may be of which no midnight between them is missed, in microseconds.
const CLOSE: u64 = 6 * 3600 * 1_000_000;

impl Chunks {
    fn add(&mut self, rank: u64, newlines: u64, edges: Edges) {
        let first = self.all.first_key_value().is_none_or(|(before, _)| rank < *before);
        let last = self.all.last_key_value().is_none_or(|(before, _)| rank >= *before);
        self.all.insert(rank, (newlines, edges.first, edges.last));
        self.headed |= edges.headed;
        let closing = edges.closing;
        if first {
            self.first = Edges { closing: None, ..edges };
        }
        if last {
            self.closing = closing;
        }
    }

    /// The lines before each chunk, by rank.
    fn lines_before(&self) -> BTreeMap<u64, u64> {
        let mut sum = self.before;
        let mut before = |(rank, (lines, ..)): (&u64, &(u64, Option<Time>, Option<Time>))| {
            sum += lines;
            (*rank, sum - lines)
        };
        self.all.iter().map(&mut before).collect()
    }

    /// Tells all chunks but the last apart no more.
    fn forget(&mut self) {
        let last = self.all.pop_last();
        self.before += self.all.values().map(|(lines, ..)| lines).sum::<u64>();
        self.all.clear();
        self.all.extend(last);
    }

    /// Times on the way, of which those that are close to the one before say nothing.
    fn marks(&self) -> Vec<(u64, Time)> {
        let mut marks: Vec<(u64, Time)> = Vec::new();
        let mut at = 0;
        for (lines, first, last) in self.all.values() {
            for (line, time) in [(at, first), (at + lines, last)] {
                let Some(time) = time.filter(|time| time.date.is_none()) else { continue };
                let is_close = marks.last().is_some_and(|(_, last)| time.since_epoch().wrapping_sub(last.since_epoch()) < CLOSE);
                if !is_close {
                    marks.push((line, time));
                }
            }
            at += lines;
        }
        marks
    }

    fn found(self, number: u32, mut facts: Vec<Fact>) -> StreamFound {
        let before = self.lines_before();
        for fact in &mut facts {
            fact.line = in_stream(&before, fact.line);
        }
        // Stable, so that facts of one line keep their order; rows of documents have lines in the order of their chunks.
        facts.sort_by_key(|fact| fact.line);
        let first = self.all.values().find_map(|(_, first, _)| *first);
        let last = self.all.values().rev().find_map(|(.., last)| *last);
        let last_rank = self.all.last_key_value().map_or(0, |(rank, _)| *rank);
        let (marks, lines) = (self.marks(), self.all.values().map(|(lines, ..)| lines).sum());
        let mut closing = self.closing.filter(|piece| edges::matters(&piece.bytes));
        if let Some(closing) = &mut closing {
            closing.line += before.get(&last_rank).copied().unwrap_or_default();
        }
        let is_piece = self.headed || self.all.len() == 1;
        let opening = self.first.opening.filter(|_| is_piece);
        let edges = Edges { opening, headed: self.headed, closing, first, last, ..self.first };
        StreamFound { number, facts, edges, lines, marks }
    }
}
