//! Streams: what one process wrote, in its order, over all sources.
//!
//! A process is named by a pod or container where an envelope names one, else by the file and its rotated siblings. Parts are put
//! one behind the other only if their times do not contradict it: two processes that wrote at the same time are two streams,
//! whatever their files are called.

mod clock;
mod rotation;
mod stitch;

use std::collections::{BTreeMap, HashSet, VecDeque};

use clock::Completing;
pub use clock::{Clock, Completion};
pub use rotation::{are_neighbours, is_part};

use crate::fact::{self, Fact};
use crate::record::{DAY, Time};
use crate::scan::{Edges, StreamFound};
use rotation::Rank;
use stitch::Stitcher;

/// What one process wrote in one source.
#[derive(Debug)]
pub struct Part {
    /// The source's index.
    pub source: usize,
    /// The source's name.
    pub name: String,
    /// The run that read it, if facts files carry it.
    pub run: u64,
    /// The process, where an envelope names it.
    pub process: String,
    /// What was found of it.
    pub found: StreamFound,
}

/// All streams.
#[derive(Debug, Default)]
pub struct Streams {
    /// All facts, stream by stream, each in its order.
    pub facts: Vec<Fact>,
    /// The names of the processes, by stream.
    pub processes: Vec<String>,
    /// The first times, by stream.
    pub begins: Vec<StreamEnd>,
    /// The last times, by stream.
    pub ends: Vec<StreamEnd>,
    /// Sources that hold nothing but the middle of another's record.
    pub continued: HashSet<usize>,
}

/// How long nothing may have been written between two parts whose names may as well be those of two processes, in microseconds.
const MOST_GAP: i64 = 60_000_000;

/// The last time of a stream, as it is shown and on its line of time; `None` where it has no times.
pub type StreamEnd = Option<(Time, u64)>;

/// How far two threads' records may be out of order, in microseconds.
const SLACK: u64 = 2_000_000;

/// One stream, put together.
#[derive(Debug, Default)]
pub struct Stream {
    /// Its facts, in its order.
    pub facts: Vec<Fact>,
    /// The name of its process.
    pub process: String,
    /// Its first time.
    pub begin: StreamEnd,
    /// Its last time.
    pub end: StreamEnd,
    /// Sources that hold nothing but the middle of another's record.
    pub continued: Vec<usize>,
}

/// The parts of one stream, one behind the other.
#[derive(Debug)]
pub struct Chain(Links);

/// Puts the parts of each stream together, and completes their times.
#[must_use]
pub fn join(parts: Vec<Part>, completion: &Completion) -> Streams {
    let mut streams = Streams::default();
    for (number, chain) in (0..).zip(chains(parts)) {
        let Stream { facts, process, begin, end, continued } = chain.read(number, completion);
        fact::append(&mut streams.facts, facts);
        streams.processes.push(process);
        streams.begins.push(begin);
        streams.ends.push(end);
        streams.continued.extend(continued);
    }
    streams
}

/// The parts of each stream, in the order of the streams: that of their first sources.
#[must_use]
pub fn chains(parts: Vec<Part>) -> Vec<Chain> {
    let mut chains: Vec<Links> = Vec::new();
    for ((_, by_instant), group) in grouped(parts) {
        if by_instant {
            chains.extend(by_instants(group));
        } else {
            chains.extend(by_host(group).into_iter().flat_map(by_names));
        }
    }
    chains.sort_by_key(|chain| chain.iter().map(|(part, _)| (part.source, part.found.number)).min());
    chains.into_iter().map(Chain).collect()
}

impl Chain {
    /// Its parts.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.0.iter().map(|(part, _)| part)
    }

    /// Its parts, of which the facts may come late.
    pub fn parts_mut(&mut self) -> impl Iterator<Item = &mut Part> {
        self.0.iter_mut().map(|(part, _)| part)
    }

    /// The facts of records that were cut between its parts: no part has them alone.
    #[must_use]
    pub fn joined(&self) -> Vec<Fact> {
        let mut stitcher = Stitcher::new(0);
        for (part, adjoins) in &self.0 {
            stitcher.begin(part, *adjoins);
            stitcher.end();
        }
        stitcher.finish().0
    }

    /// The stream that they are, by its number, with its times completed.
    #[must_use]
    pub fn read(mut self, number: u32, completion: &Completion) -> Stream {
        let mut facts: VecDeque<Vec<Fact>> = self.parts_mut().map(|part| std::mem::take(&mut part.found.facts)).collect();
        let mut all = Vec::new();
        let stream = self.read_blocks(number, completion, &mut |_, give| give(facts.pop_front().unwrap_or_default()), &mut |block| {
            fact::append(&mut all, block);
        });
        Stream { facts: all, ..stream }
    }

    /// The same block by block, and without its facts: `read` gives those of a part, in their order and in pieces, and `take` is given them
    /// as they are in the stream.
    pub fn read_blocks(&self, number: u32, completion: &Completion, read: &mut ReadPart<'_>, take: &mut TakeFacts<'_>) -> Stream {
        let Chain(links) = self;
        let (mut stitcher, mut completing) = (Stitcher::new(number), Completing::new(completion));
        for (part, adjoins) in links {
            stitcher.begin(part, *adjoins);
            read(part, &mut |facts| {
                stitcher.add(facts);
                let (mut settled, marks) = stitcher.take();
                completing.complete(&mut settled, marks);
                take(settled);
            });
            stitcher.end();
        }
        let (mut facts, mut marks, continued) = stitcher.finish();
        completing.complete(&mut facts, &mut marks);
        take(facts);
        let mut clock = completing.finish(marks);
        let begin = links.iter().find_map(|(part, _)| part.found.edges.first).map(|begin| completion.completed(begin, 0));
        let end = links.iter().rev().find_map(|(part, _)| part.found.edges.last).map(|end| {
            let days = clock.days(end);
            let end = completion.completed(end, days);
            let midnights = if end.date.is_none() { u64::from(days) } else { 0 };
            (end, end.since_epoch() + midnights * DAY)
        });
        let process = links.first().map(|(part, _)| part.process.clone()).unwrap_or_default();
        Stream { facts: Vec::new(), process, begin: begin.map(|begin| (begin, begin.since_epoch())), end, continued }
    }
}

/// Takes facts, in their order.
pub type TakeFacts<'t> = dyn FnMut(Vec<Fact>) + Send + 't;
/// Gives the facts of a part.
pub type ReadPart<'r> = dyn FnMut(&Part, &mut TakeFacts<'_>) + Send + 'r;

type Groups = BTreeMap<(String, bool), Vec<(Rank, Part)>>;

/// The parts that may be of one process: by its name, if instants can put them in order, else by the names of the files.
fn grouped(parts: Vec<Part>) -> Groups {
    let mut groups = Groups::new();
    for part in parts {
        let edges = &part.found.edges;
        let instants = edges.first.is_some_and(|time| time.utc) && edges.last.is_some_and(|time| time.utc);
        let (name, rank) = rotation::of(&part.name);
        let key = if instants && is_unique(&part.process) { (part.process.clone(), true) } else { (format!("{name}\n{}", part.process), false) };
        groups.entry(key).or_default().push((rank, part));
    }
    groups
}

/// The parts of one stream, each with whether it adjoins the one before: else a record that is cut there has its other half elsewhere.
type Links = Vec<(Part, bool)>;

/// Whether no two processes have this name: it has a part that was drawn at random, as pods of a deployment and containers have.
fn is_unique(process: &str) -> bool {
    process.split(['/', '.', ':']).any(|name| {
        let is_id = name.len() >= 12 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) && name.bytes().any(|byte| byte.is_ascii_digit());
        let mut ends = name.rsplit('-');
        let of = |part: Option<&str>, lengths: std::ops::RangeInclusive<usize>| {
            part.is_some_and(|part| lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
        };
        let is_pod = of(ends.next(), 5..=5) && of(ends.next().filter(|hash| hash.bytes().any(|b| b.is_ascii_digit())), 6..=10);
        is_id || is_pod
    })
}

/// Parts whose names stand in several runs apart, run by run: these are files of several hosts.
fn by_host(group: Vec<(Rank, Part)>) -> Vec<Vec<(Rank, Part)>> {
    let mut names = HashSet::new();
    if group.iter().all(|(_, part)| names.insert((part.name.as_str(), part.found.number))) {
        return vec![group];
    }
    let mut runs: BTreeMap<u64, Vec<(Rank, Part)>> = BTreeMap::new();
    for (rank, part) in group {
        runs.entry(part.run).or_default().push((rank, part));
    }
    runs.into_values().collect()
}

/// Each part goes on with what ended before it began.
fn by_instants(group: Vec<(Rank, Part)>) -> Vec<Links> {
    let mut parts: Vec<Part> = group.into_iter().map(|(_, part)| part).collect();
    parts.sort_by_key(|part| (part.found.edges.first.map(|time| time.since_epoch()), part.source));
    let mut chains: Vec<Links> = Vec::new();
    for part in parts {
        let last = |chain: &Links| chain.last().and_then(|(last, _)| last.found.edges.last);
        let first = part.found.edges.first;
        match chains.iter().position(|chain| may_follow(last(chain), first)) {
            Some(at) => {
                // The lines of one record are written within a moment.
                let adjoins = last(&chains[at]).zip(first).is_some_and(|(last, first)| step(last, first).unsigned_abs() <= SLACK);
                chains[at].push((part, adjoins));
            }
            None => chains.push(vec![(part, false)]),
        }
    }
    chains
}

/// The order of the names, or the opposite where times say so, cut where times speak against it.
fn by_names(mut group: Vec<(Rank, Part)>) -> Vec<Links> {
    group.sort_by(|(a, one), (b, other)| (a, one.source).cmp(&(b, other.source)));
    if runs_backwards(&group) {
        group.reverse();
    }
    let mut chains: Vec<Links> = Vec::new();
    let mut last: Option<Time> = None;
    let mut before: Option<Rank> = None;
    for (rank, part) in group {
        let times = last.zip(part.found.edges.first);
        let follows = times.is_none_or(|(last, first)| may_follow(Some(last), Some(first)) && (rank.is_rotation() || step(last, first) <= MOST_GAP));
        last = part.found.edges.last.or(last.filter(|_| follows));
        let adjoins = before.is_some_and(|before| before.adjoins(&rank));
        before = Some(rank);
        match chains.last_mut().filter(|_| follows) {
            Some(chain) => chain.push((part, adjoins)),
            None => chains.push(vec![(part, false)]),
        }
    }
    chains
}

/// Whether times contradict the order of the names, and the opposite one less.
fn runs_backwards(group: &[(Rank, Part)]) -> bool {
    let timed: Vec<&Edges> = group.iter().map(|(_, part)| &part.found.edges).filter(|edges| edges.first.is_some()).collect();
    let forth = timed.windows(2).filter(|pair| may_follow(pair[0].last, pair[1].first)).count();
    let back = timed.windows(2).filter(|pair| may_follow(pair[1].last, pair[0].first)).count();
    back > forth
}

/// Whether something that began at `first` may be what follows on something that ended at `last`.
fn may_follow(last: Option<Time>, first: Option<Time>) -> bool {
    let slack = i64::try_from(SLACK).unwrap_or(i64::MAX);
    last.zip(first).is_some_and(|(last, first)| step(last, first) >= -slack)
}

/// Microseconds from one time to another. Without dates it is at most half a day: what is more is less than nothing.
fn step(from: Time, to: Time) -> i64 {
    let micros = |time: &Time| i64::try_from(time.since_epoch()).unwrap_or(i64::MAX);
    if from.date.is_some() && to.date.is_some() {
        return micros(&to) - micros(&from);
    }
    let day = i64::try_from(DAY).unwrap_or(i64::MAX);
    let ahead = (micros(&to.of_day_only()) - micros(&from.of_day_only())).rem_euclid(day);
    if ahead > day / 2 { ahead - day } else { ahead }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(source: usize, name: &str, process: &str, span: (&str, &str)) -> Part {
        let time = |text: &str| Time::of_instant_text(text).or_else(|| Time::of_iso(&format!("2026-11-22T{text}")).map(Time::of_day_only));
        let edges = Edges { first: time(span.0), last: time(span.1), ..Edges::default() };
        Part { source, name: name.to_owned(), run: 0, process: process.to_owned(), found: StreamFound { edges, ..StreamFound::default() } }
    }

    #[test]
    fn parts_are_of_one_stream_if_their_times_allow_it() {
        type Case = (&'static str, Vec<(&'static str, &'static str, (&'static str, &'static str))>, Vec<Vec<usize>>);
        let cases: [Case; 11] = [
            ("rotation", vec![("p.log", "", ("12:00:00", "13:00:00")), ("p.log.1", "", ("10:00:00", "12:00:00"))], vec![vec![1, 0]]),
            ("over midnight", vec![("p.log", "", ("00:00:01", "13:00:00")), ("p.log.1", "", ("00:00:00", "23:59:59"))], vec![vec![1, 0]]),
            (
                "over midnight, a little earlier",
                vec![("p.log", "", ("00:00:01", "13:00:00")), ("p.log.1", "", ("00:00:03", "23:59:59"))],
                vec![vec![1, 0]],
            ),
            (
                "twenty hours each",
                vec![("p.log", "", ("16:00:00", "18:00:00")), ("p.log.1", "", ("20:00:00", "16:00:00")), ("p.log.2", "", ("00:00:00", "20:00:00"))],
                vec![vec![2, 1, 0]],
            ),
            (
                "two hosts with a process of one name",
                vec![
                    ("a/x.log", "litellm-1", ("2026-11-22T11:00:00Z", "2026-11-22T12:00:00Z")),
                    ("b/y.log", "litellm-1", ("2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z")),
                ],
                vec![vec![0], vec![1]],
            ),
            ("instances", vec![("p.1.log", "", ("10:00:00", "11:00:00")), ("p.2.log", "", ("12:00:00", "13:00:00"))], vec![vec![0], vec![1]]),
            ("at once", vec![("p.1.log", "", ("10:00:00", "12:00:00")), ("p.2.log", "", ("10:00:00", "12:00:00"))], vec![vec![0], vec![1]]),
            ("numbered on", vec![("p.log.1", "", ("10:00:00", "11:00:00")), ("p.log.2", "", ("11:00:00", "12:00:00"))], vec![vec![0, 1]]),
            ("no times", vec![("p.log.aa", "", ("", "")), ("p.log.ab", "", ("", ""))], vec![vec![0, 1]]),
            (
                "pages of one pod",
                vec![
                    ("b.json", "litellm-7d9f6c5b4-abcde", ("2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z")),
                    ("a.json", "litellm-7d9f6c5b4-abcde", ("2026-11-22T11:00:00Z", "2026-11-22T12:00:00Z")),
                    ("c.json", "litellm-7d9f6c5b4-abcde", ("2026-11-22T11:30:00Z", "2026-11-22T12:30:00Z")),
                ],
                vec![vec![1, 0], vec![2]],
            ),
            ("names that differ", vec![("a.log", "", ("10:00:00", "11:00:00")), ("b.log", "", ("11:00:00", "12:00:00"))], vec![vec![0], vec![1]]),
        ];
        for (name, parts, expected) in cases {
            let parts = parts.into_iter().enumerate().map(|(source, (name, process, span))| part(source, name, process, span)).collect();
            let mut chains: Vec<Vec<usize>> = grouped(parts)
                .into_iter()
                .flat_map(
                    |((_, by_instant), group)| if by_instant { by_instants(group) } else { by_host(group).into_iter().flat_map(by_names).collect() },
                )
                .map(|chain| chain.iter().map(|(part, _)| part.source).collect())
                .collect();
            chains.sort_by_key(|chain: &Vec<usize>| chain.iter().min().copied());
            assert_eq!(chains, expected, "{name}");
        }
    }
}
