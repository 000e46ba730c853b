//! What stands in the input twice counts once: a log and its compressed copy, a log beside its own facts, the same facts in two files.
//!
//! Sources are told by length and hash. Of one that is there in part and whole, the whole one counts. A name tells one thing only: a log that
//! was read, and read again when it had grown, begins as it did.

use std::collections::{HashMap, HashSet};

use super::{Gathered, SourceRead};
use crate::analyze::source::START_HASHED;
use crate::input::{self, ProblemKind, Source};
use crate::scan::SourceFound;
use crate::stream;
use crate::wire::SourceFacts;

impl Gathered {
    /// Forgets what stands in the input a second time. `files` are the sources that were named or found.
    pub(in crate::analyze) fn drop_twins(&mut self, files: &[Source]) {
        // What was stopped is not read again to be compared.
        if self.stopped {
            return;
        }
        self.drop_repeated();
        let mut alike: HashMap<(u64, u64), Vec<usize>> = HashMap::new();
        for index in self.whole_first() {
            let source = &self.sources[index];
            let read = &source.read;
            if source.counts() && read.bytes > 0 && read.problem.is_none() {
                alike.entry((read.bytes, read.start)).or_default().push(index);
            }
        }
        for alike in alike.into_values().filter(|alike| alike.len() > 1) {
            let mut seen: HashMap<u128, usize> = HashMap::new();
            for index in alike {
                let Some(hash) = self.whole_hash(index, files) else { continue };
                let first = *seen.entry(hash).or_insert(index);
                if first != index && !self.are_neighbours(first, index) {
                    self.forget(index, first, ProblemKind::Twin);
                }
            }
        }
        self.drop_earlier();
        self.note_runs();
    }

    /// Forgets what facts hold of a log that is there as it was later, too.
    fn drop_earlier(&mut self) {
        let mut states: HashMap<(String, u64), Vec<usize>> = HashMap::new();
        for (index, SourceRead { read, .. }) in self.sources.iter().enumerate() {
            if self.sources[index].counts() && read.bytes >= START_HASHED as u64 && !matches!(read.problem, Some(ProblemKind::Twin(_))) {
                states.entry((read.name.clone(), read.start)).or_default().push(index);
            }
        }
        for states in states.into_values().filter(|states| states.len() > 1) {
            let Some(last) = states.iter().copied().max_by_key(|index| self.sources[*index].read.bytes) else { continue };
            for index in states.into_iter().filter(|index| *index != last) {
                self.forget(index, last, ProblemKind::Earlier);
            }
        }
    }

    /// Says of which names several runs wrote facts: nothing else tells whether they are of one host.
    fn note_runs(&mut self) {
        let mut runs: HashMap<String, (usize, HashSet<u64>)> = HashMap::new();
        for (index, SourceRead { read, number, .. }) in self.sources.iter().enumerate() {
            if number.is_none() && read.label.is_none() && read.problem.is_none() {
                runs.entry(read.name.clone()).or_insert_with(|| (index, HashSet::new())).1.insert(read.run);
            }
        }
        for (first, runs) in runs.into_values().filter(|(_, runs)| runs.len() > 1) {
            self.sources[first].read.problem = Some(ProblemKind::SeveralRuns(runs.len()));
        }
    }

    /// Forgets sources that facts files carry a second time, whatever was wrong with them.
    fn drop_repeated(&mut self) {
        let mut seen: HashMap<(String, u64, u64, Option<u128>), usize> = HashMap::new();
        for index in self.whole_first() {
            let SourceFacts { name, run, bytes, whole, .. } = &self.sources[index].read;
            if self.sources[index].number.is_none() {
                let first = *seen.entry((name.clone(), *run, *bytes, *whole)).or_insert(index);
                if first != index {
                    self.forget(index, first, ProblemKind::Twin);
                }
            }
        }
    }

    /// The sources by index; last those of which a facts file that broke off gave a part: another may have them whole.
    fn whole_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.sources.len()).collect();
        order.sort_by_key(|index| self.sources[*index].read.missing > 0);
        order
    }

    /// Forgets what was found of a source that holds the same as another.
    fn forget(&mut self, index: usize, first: usize, why: fn(String) -> ProblemKind) {
        let name = self.sources[first].read.name.clone();
        let read = &mut self.sources[index].read;
        (read.found, read.held) = (SourceFound::default(), None);
        read.problem = Some(why(name));
    }

    /// The hash of a source's whole content; of `files`, it is read again for it.
    pub(super) fn whole_hash(&self, index: usize, files: &[Source]) -> Option<u128> {
        let SourceRead { read, number, .. } = &self.sources[index];
        read.whole.or_else(|| input::hash_of(files.get((*number)?)?, read.bytes).ok())
    }

    /// Whether two sources are small parts of one log, of which some may well be the same: a few lines of a traceback.
    fn are_neighbours(&self, one: usize, other: usize) -> bool {
        const SMALL: u64 = 64 << 10;
        let (one, other) = (&self.sources[one].read, &self.sources[other].read);
        let headed = one.found.streams.iter().any(|stream| stream.edges.headed);
        let (neighbours, split) = stream::are_neighbours(&one.name, &other.name);
        one.bytes < SMALL && neighbours && (split || !headed)
    }
}
