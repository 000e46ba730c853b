//! Links what facts files carry, part by part: streams that share no id with others are linked without them, and let go.
//!
//! All facts of a million requests take more memory than their incidents do, so they are never all there at once. What comes out is
//! what linking all of them gives: only ids join records of several streams, but for the rules on traces, which look at all there is.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::disjoint::Sets;
use crate::fact::{Fact, Place};
use crate::link::{self, Incident, Joined, Outline};
use crate::report::Noticed;
use crate::stream::{self, Chain, Completion, Stream, StreamEnd, TakeFacts};
use crate::wire::{self, Held, Section};

/// Streams that are linked together, by number, and the facts of their sources.
pub(super) struct Part {
    chains: Vec<(u32, Chain)>,
    /// By source.
    held: HashMap<usize, Held>,
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
    let mut sets = Sets::of(chains.len());
    let mut of_source: HashMap<usize, usize> = HashMap::new();
    for (index, chain) in chains.iter().enumerate() {
        for part in chain.parts() {
            let first = *of_source.entry(part.source).or_insert(index);
            sets.unite(first, index);
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
        sets.unite(pair[0].1, pair[1].1);
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut of_root: HashMap<usize, usize> = HashMap::new();
    for ((index, number), chain) in (0..).zip(0..).zip(chains) {
        let part = *of_root.entry(sets.root(index)).or_insert_with(|| {
            parts.push(Part { chains: Vec::new(), held: HashMap::new() });
            parts.len() - 1
        });
        let sources: HashSet<usize> = chain.parts().map(|part| part.source).collect();
        parts[part].held.extend(sources.into_iter().filter_map(|source| held.remove_entry(&source)));
        parts[part].chains.push((number, chain));
    }
    parts
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
    linked.incidents.sort_by_key(|incident| incident.order());
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

/// How many facts of a part stay in memory while they are joined. More are unfolded once more for incidents to be made of them.
const MOST_KEPT: usize = if cfg!(test) { 20 } else { 100_000 };

impl Part {
    fn link(mut self, completion: &Completion) -> Done {
        let count: usize = self.held.values().flat_map(Held::sections).map(Section::count).sum();
        let mut outline = Outline::of(count);
        let mut kept: Vec<(u32, Vec<Fact>)> = Vec::new();
        let is_kept = count <= MOST_KEPT;
        let unfold = if is_kept { Section::unfold_away } else { |section: &mut Section| section.unfold() };
        let streams = self.each_block(completion, unfold, &mut |stream, facts| {
            outline.add(&facts);
            if is_kept {
                kept.push((stream, facts));
            }
        });
        let mut making = Making { joined: outline.join(&[]), incidents: Vec::new(), stated: HashSet::new(), noticed: HashMap::new() };
        if is_kept {
            for (stream, facts) in kept {
                making.make(stream, &facts);
            }
        } else {
            self.each_block(completion, Section::unfold_away, &mut |stream, facts| making.make(stream, &facts));
        }
        let Making { incidents, stated, mut noticed, .. } = making;
        let of_stream = |(number, stream)| (number, stream, noticed.remove(&number).unwrap_or_default());
        Done { incidents: link::in_order(incidents), streams: streams.into_iter().map(of_stream).collect(), stated }
    }

    /// Gives all facts, stream by stream and block by block, and then what else there is of the streams.
    fn each_block(&mut self, completion: &Completion, unfold: Unfold, take: &mut (dyn FnMut(u32, Vec<Fact>) + Send)) -> Vec<(u32, Stream)> {
        let held = &mut self.held;
        let read = |(number, chain): &(u32, Chain)| {
            let mut of_part = |part: &stream::Part, give: &mut TakeFacts<'_>| {
                if let Some(held) = held.get_mut(&part.source) {
                    unfold_part(held, part.found.number, unfold, give);
                }
            };
            (*number, chain.read_blocks(*number, completion, &mut of_part, &mut |facts| take(*number, facts)))
        };
        self.chains.iter().map(read).collect()
    }
}

/// How the facts of a section are unfolded.
type Unfold = fn(&mut Section) -> Vec<Fact>;

/// Unfolds the facts of a source's stream, the next ones while those before are dealt with.
fn unfold_part(held: &mut Held, stream: u32, unfold: Unfold, give: &mut TakeFacts<'_>) {
    let unfold = |some: &mut [Section]| -> Vec<Vec<Fact>> { some.par_iter_mut().map(unfold).collect() };
    let mut at_hand = Vec::new();
    for some in held.sections_of(stream).chunks_mut(rayon::current_num_threads()) {
        (at_hand, ()) = rayon::join(|| unfold(some), || std::mem::take(&mut at_hand).into_iter().for_each(&mut *give));
    }
    at_hand.into_iter().for_each(give);
}

/// Incidents as they are made.
struct Making {
    joined: Joined<'static>,
    incidents: Vec<(usize, Box<Incident>)>,
    stated: HashSet<usize>,
    /// By stream.
    noticed: HashMap<u32, Noticed>,
}

impl Making {
    /// Makes what it can of the facts that follow, and lets them go.
    fn make(&mut self, stream: u32, facts: &[Fact]) {
        let first = self.joined.passed();
        self.incidents.extend(self.joined.assemble(facts));
        let is_known = |(at, fact): &(usize, &Fact)| Noticed::asks_for(fact.statement.kind()) && self.joined.is_of_incident(first + at);
        let known: HashSet<Place> = facts.iter().enumerate().filter(is_known).map(|(_, fact)| fact.place).collect();
        self.noticed.entry(stream).or_default().add(facts, &known);
        self.stated.extend(facts.iter().map(|fact| fact.place.source as usize));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use crate::output::{Shown, json};
    use crate::report::Report;
    use crate::scan::Wanted;
    use crate::{Options, analyze, read};

    const LOGS: [&str; 8] = [
        "sample-logs/proxy-1.85.0-text.log",
        "sample-logs/proxy-1.85.0-json.log",
        "sample-logs/debug/proxy-1.85.0-debug.log.zst",
        "tests/captures/1.109.1_D_json_default/proxy.log.zst",
        "tests/captures/1.77.7_A_default/proxy.log.zst",
        "tests/captures/1.85.0_B_debug/proxy.log.zst",
        "tests/captures/1.85.0_C_info/proxy.log.zst",
        "tests/captures/1.85.7_X_clouds_default/proxy.log.zst",
    ];

    fn options(facts: bool) -> Options<'static> {
        Options { wanted: Wanted { quotes: true, requests: true }, facts, ..Options::default() }
    }

    fn report(paths: &[PathBuf], threads: usize) -> Report {
        analyze(paths, Options { threads, ..options(false) }).unwrap()
    }

    fn json(mut report: Report) -> String {
        report.inputs.clear();
        let mut out = Vec::new();
        json::write(&report, &Shown::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Writes the facts of each file into one of its own.
    fn facts(files: &[PathBuf], folder: &Path) -> Vec<PathBuf> {
        let write = |(number, file): (usize, &PathBuf)| {
            let path = folder.join(format!("{number}.facts"));
            let mut written = Vec::new();
            read(std::slice::from_ref(file), options(true)).unwrap().write_facts(&mut written).unwrap();
            fs::write(&path, written).unwrap();
            path
        };
        files.iter().enumerate().map(write).collect()
    }

    /// The sections of a test are small, so that the facts of each log are many of them, and are unfolded twice.
    #[test]
    fn sections_are_linked_as_the_logs_are() {
        let folder = tempfile::tempdir().unwrap();
        let mut sets: Vec<Vec<PathBuf>> = LOGS.map(|log| vec![log.into()]).into();
        sets.push(LOGS.map(PathBuf::from).into());
        let log = fs::read(LOGS[0]).unwrap();
        for pieces in [2, 7, 40] {
            let of = |(number, piece): (usize, Vec<u8>)| {
                let path = folder.path().join(format!("{pieces}-cut.log.{}", pieces - number));
                fs::write(&path, piece).unwrap();
                path
            };
            let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
            let pieces_of_lines = lines.chunks(lines.len().div_ceil(pieces)).map(<[&[u8]]>::concat);
            sets.push(pieces_of_lines.enumerate().map(of).collect());
        }
        for set in sets {
            let of_logs = report(&set, 0);
            assert!(of_logs.incidents.len() > 1, "{set:?}");
            let (of_logs, facts) = (json(of_logs), facts(&set, folder.path()));
            for threads in [1, 3] {
                assert_eq!(json(report(&facts, threads)), of_logs, "{set:?}, {threads} threads");
            }
        }
    }
}
