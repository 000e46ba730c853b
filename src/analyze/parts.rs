//! Links what facts files carry, part by part: streams that share no id with others are linked without them, and let go.
//!
//! All facts of a million requests take more memory than their incidents do, so they are never all there at once. What comes out is
//! what linking all of them gives: only ids join records of several streams, but for the rules on traces, which look at all there is.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::fact::{self, Fact};
use crate::link::{self, Evidence, Incident};
use crate::report::Noticed;
use crate::stream::{Chain, Completion, Stream, StreamEnd};
use crate::wire::{self, Held};

/// Streams that are linked together, by number, and the facts of their sources.
pub(super) struct Part {
    chains: Vec<(u32, Chain)>,
    held: Vec<(usize, Held)>,
}

/// What is left of facts that were linked.
#[derive(Default)]
pub(super) struct Linked {
    pub(super) incidents: Vec<Box<Incident>>,
    pub(super) noticed: Noticed,
    /// Names of processes, first and last times, by stream.
    pub(super) processes: Vec<String>,
    pub(super) begins: Vec<StreamEnd>,
    pub(super) ends: Vec<StreamEnd>,
    /// Sources that gave facts, and those that hold nothing but the middle of another's record.
    pub(super) stated: HashSet<usize>,
    pub(super) continued: HashSet<usize>,
}

/// What is left of a part.
struct Done {
    incidents: Vec<Box<Incident>>,
    /// Streams, which have given their facts away.
    streams: Vec<(u32, Stream, Noticed)>,
    stated: HashSet<usize>,
}

/// Parts of streams that share a source or an id with none of another part.
pub(super) fn parts(chains: Vec<Chain>, mut held: HashMap<usize, Held>) -> Vec<Part> {
    let mut parents: Vec<usize> = (0..chains.len()).collect();
    let mut of_source: HashMap<usize, usize> = HashMap::new();
    for (index, chain) in chains.iter().enumerate() {
        for part in chain.parts() {
            let first = *of_source.entry(part.source).or_insert(index);
            unite(&mut parents, first, index);
        }
    }
    let mut ids: Vec<(u64, usize)> = Vec::new();
    for (source, held) in &mut held {
        let index = of_source.get(source).copied();
        ids.extend(held.take_ids().into_iter().zip(index.into_iter().cycle()));
    }
    for (index, chain) in chains.iter().enumerate() {
        ids.extend(chain.joined().iter().flat_map(wire::id_hashes).map(|id| (id, index)));
    }
    ids.par_sort_unstable();
    for pair in ids.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        unite(&mut parents, pair[0].1, pair[1].1);
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut of_root: HashMap<usize, usize> = HashMap::new();
    for ((index, number), chain) in (0..).zip(0..).zip(chains) {
        let part = *of_root.entry(root(&mut parents, index)).or_insert_with(|| {
            parts.push(Part { chains: Vec::new(), held: Vec::new() });
            parts.len() - 1
        });
        let sources: HashSet<usize> = chain.parts().map(|part| part.source).collect();
        parts[part].held.extend(sources.into_iter().filter_map(|source| held.remove_entry(&source)));
        parts[part].chains.push((number, chain));
    }
    parts
}

fn root(parents: &mut [usize], mut of: usize) -> usize {
    while parents[of] != of {
        parents[of] = parents[parents[of]];
        of = parents[of];
    }
    of
}

fn unite(parents: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(parents, one), root(parents, other));
    parents[one.max(other)] = one.min(other);
}

/// Links all parts, side by side.
pub(super) fn link(parts: Vec<Part>, completion: &Completion) -> Linked {
    let done: Vec<Done> = parts.into_par_iter().with_max_len(1).map(|part| part.link(completion)).collect();
    let mut linked = Linked::default();
    let mut streams = Vec::new();
    for Done { incidents, streams: of_part, stated } in done {
        linked.incidents.extend(incidents);
        linked.stated.extend(stated);
        streams.extend(of_part);
    }
    linked.incidents.sort_by_key(|incident| (incident.request.span.0, incident.place));
    streams.sort_by_key(|(number, ..)| *number);
    for (_, stream, noticed) in streams {
        linked.noticed.merge(noticed);
        linked.processes.push(stream.process);
        linked.begins.push(stream.begin);
        linked.ends.push(stream.end);
        linked.continued.extend(stream.continued);
    }
    linked
}

impl Part {
    fn link(mut self, completion: &Completion) -> Done {
        self.unfold();
        let mut streams: Vec<(u32, Stream)> = self.chains.into_iter().map(|(number, chain)| (number, chain.read(number, completion))).collect();
        let mut facts: Vec<Fact> = Vec::new();
        let mut ends = Vec::new();
        for (_, stream) in &mut streams {
            fact::append(&mut facts, std::mem::take(&mut stream.facts));
            ends.push(facts.len());
        }
        let incidents = link::link(&facts);
        let known = incidents.iter().flat_map(|incident| &incident.evidence).filter(|evidence| Noticed::asks_for(evidence.role));
        let known = known.map(|Evidence { place, .. }| *place).collect();
        let stated = facts.iter().map(|fact| fact.place.source as usize).collect();
        let mut begin = 0;
        let streams = streams.into_iter().zip(ends).map(|((number, stream), end)| {
            let mut noticed = Noticed::default();
            noticed.add(&facts[std::mem::replace(&mut begin, end)..end], &known);
            (number, stream, noticed)
        });
        Done { streams: streams.collect(), incidents, stated }
    }

    /// Gives each stream its facts.
    fn unfold(&mut self) {
        let mut facts: HashMap<(usize, u32), Vec<Fact>> = HashMap::new();
        for (source, held) in self.held.drain(..) {
            let unfolded = held.unfold();
            match unfolded.first().map(|first| first.stream) {
                Some(only) if unfolded.iter().all(|fact| fact.stream == only) => {
                    facts.insert((source, only), unfolded);
                }
                _ => unfolded.into_iter().for_each(|fact| facts.entry((source, fact.stream)).or_default().push(fact)),
            }
        }
        for part in self.chains.iter_mut().flat_map(|(_, chain)| chain.parts_mut()) {
            part.found.facts = facts.remove(&(part.source, part.found.number)).unwrap_or_default();
        }
    }
}
