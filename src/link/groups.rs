//! Groups of facts that belong to one client request, as they grow: a union-find over facts and the ids they share.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::calls::Sent;
use super::evidence;
use super::node::{Key, Node};
use super::rules::{Rule, Rules};
use super::summary::{Summaries, Summary};
use super::verdict::Verdict;
use crate::by_hash::ByHash;
use crate::fact::{ErrorRecord, Fact, FallbackLists, Name};

/// All facts and how they are grouped so far.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    pub(super) nodes: Vec<Node>,
    /// The facts themselves, if all are at hand: rows of traces are only then among them.
    facts: &'a [Fact],
    streams: HashMap<u32, Stream>,
    parent: Vec<u32>,
    /// The first fact with each key, while ids are joined.
    keys: ByHash<Key, u32>,
    /// Rules that joined groups or judged them from outside, by a node of the group.
    applied: Vec<(usize, Rule)>,
    /// Verdicts that a group takes over from others without being joined to them, by a node of the group.
    pub(super) inherited: Vec<(usize, Verdict)>,
    /// What is known of each group, by its representative; kept as groups grow.
    summaries: Summaries,
    pub(super) hops: Hops,
    /// Fallback lists seen, by stream: the Router prints all of them with each error.
    pub(super) lists: Lists,
    /// How many damaged error records stand before each fact; one more entry than facts.
    pub(super) damaged_before: Vec<u32>,
    /// How many chains that lack a record end before each fact; one more entry than facts.
    pub(super) lossy_before: Vec<u32>,
}

/// The facts of one stream, which stand one behind the other.
#[derive(Debug, Default)]
struct Stream {
    facts: Range<usize>,
    /// Facts that no later fact is as late as, with their times, in order: of a log in the order of its times, the last one alone.
    latest: Vec<(usize, u64)>,
}

impl Stream {
    /// Takes the fact that follows.
    fn add(&mut self, fact: usize, at: u64) {
        while self.latest.pop_if(|(_, latest)| *latest <= at).is_some() {}
        self.latest.push((fact, at));
        self.facts = if self.facts.is_empty() { fact..fact + 1 } else { self.facts.start..fact + 1 };
    }

    /// The latest time of what stands behind a fact.
    fn latest_behind(&self, fact: usize) -> Option<u64> {
        self.latest.get(self.latest.partition_point(|(at, _)| *at <= fact)).map(|(_, time)| *time)
    }
}

/// Hops by stream and target, in order.
#[derive(Debug, Default)]
pub(super) struct Hops(HashMap<u32, HashMap<Name, Vec<usize>>>);

impl Hops {
    /// A stream's hops on a target.
    pub(super) fn on(&self, stream: u32, target: &str) -> &[usize] {
        self.0.get(&stream).and_then(|hops| hops.get(target)).map_or(&[], Vec::as_slice)
    }

    /// Those of which this holds.
    pub(super) fn only(&self, holds: impl Fn(usize) -> bool) -> Hops {
        let of = |hops: &HashMap<Name, Vec<usize>>| {
            hops.iter().map(|(target, hops)| (target.clone(), hops.iter().copied().filter(|&hop| holds(hop)).collect())).collect()
        };
        Hops(self.0.iter().map(|(stream, hops)| (*stream, of(hops))).collect())
    }

    fn push(&mut self, stream: u32, target: &Name, hop: usize) {
        let hops = self.0.entry(stream).or_default();
        match hops.get_mut(target) {
            Some(known) => known.push(hop),
            None => {
                hops.insert(target.clone(), vec![hop]);
            }
        }
    }
}

/// Fallback lists, by stream, in the order in which they were first printed.
pub(super) type Lists = HashMap<u32, Vec<Arc<FallbackLists>>>;

impl<'a> Groups<'a> {
    /// Of all facts, as their nodes have them; `facts` are they themselves, if they are at hand.
    pub(super) fn new(mut nodes: Vec<Node>, lists: Lists, facts: &'a [Fact]) -> Groups<'a> {
        let unasked = evidence::unasked(&nodes);
        let mut last: HashMap<u32, u64> = HashMap::new();
        let mut hops = Hops::default();
        let mut streams: HashMap<u32, Stream> = HashMap::new();
        for (index, node) in nodes.iter_mut().enumerate() {
            // What has no time has that of what stands before it.
            let last = last.entry(node.stream).or_default();
            node.at = if node.timed { node.at } else { *last };
            *last = node.at;
            if unasked.contains(&node.stream) {
                node.evidence.add_all(node.if_unasked);
            }
            streams.entry(node.stream).or_default().add(index, node.at);
            if let Some(target) = &node.hop {
                hops.push(node.stream, target, index);
            }
        }
        let damaged_before = counted_before(nodes.iter().map(|node| !node.whole));
        Groups {
            parent: (0..number(nodes.len())).collect(),
            nodes,
            facts,
            streams,
            keys: ByHash::default(),
            applied: Vec::new(),
            inherited: Vec::new(),
            summaries: Summaries::default(),
            hops,
            lists,
            damaged_before,
            lossy_before: Vec::new(),
        }
    }

    /// A fact itself, if all are at hand.
    pub(super) fn fact(&self, node: usize) -> Option<&'a Fact> {
        self.facts.get(node)
    }

    /// An error's record, if all facts are at hand.
    pub(super) fn error(&self, node: usize) -> Option<&'a ErrorRecord> {
        self.fact(node)?.error()
    }

    /// Where a stream's facts stand.
    pub(super) fn of_stream(&self, stream: u32) -> Range<usize> {
        self.streams.get(&stream).map(|stream| stream.facts.clone()).unwrap_or_default()
    }

    /// Whether a fact's stream holds one behind it that is later than this.
    pub(super) fn goes_on_after(&self, node: usize, time: u64) -> bool {
        let latest = self.streams.get(&self.nodes[node].stream).and_then(|stream| stream.latest_behind(node));
        latest.is_some_and(|latest| latest > time)
    }

    /// The representative of a fact's group.
    pub(super) fn root(&self, mut node: usize) -> usize {
        loop {
            let parent = self.parent[node] as usize;
            if parent == node {
                return node;
            }
            node = parent;
        }
    }

    pub(super) fn union(&mut self, a: usize, b: usize) -> usize {
        let (ra, rb) = (self.root(a), self.root(b));
        if ra == rb {
            return ra;
        }
        let (low, high) = (ra.min(rb), ra.max(rb));
        self.parent[high] = number(low);
        (self.parent[a], self.parent[b]) = (number(low), number(low));
        self.summaries.merge(high, low, &self.nodes);
        low
    }

    /// Joins two groups by a rule of order.
    pub(super) fn join(&mut self, a: usize, b: usize, rule: Rule) {
        let root = self.union(a, b);
        self.apply(root, rule);
    }

    /// Lets a rule speak for a group from outside.
    pub(super) fn apply(&mut self, node: usize, rule: Rule) {
        let root = self.root(node);
        if let Some(summary) = self.summaries.get_mut(root).filter(|_| rule.side().is_some()) {
            summary.evidence.add(rule);
        }
        self.applied.push((node, rule));
    }

    /// Joins what shares an id: the provider's ids within one record name one request, and so does LiteLLM's call id.
    pub(super) fn join_ids(&mut self, keys: Vec<(u32, Key)>) {
        for (node, key) in keys {
            let first = *self.keys.entry(key).or_insert(node);
            if first != node {
                self.union(first as usize, node as usize);
            }
        }
        for node in 0..self.nodes.len() {
            for (call, refused) in self.nodes[node].sent().map_or(Vec::new(), |sent| self.earlier(sent)) {
                self.union(call, refused);
            }
        }
        self.keys = ByHash::default();
    }

    /// `previous_models` names the call id of an earlier rejection: where both are known, they are one request.
    fn earlier(&self, sent: &Sent) -> Vec<(usize, usize)> {
        let known = |key: &Key| self.keys.get(key).map(|node| *node as usize);
        let of = |(call, refused): &(Key, Box<[Key]>)| {
            let call = known(call);
            refused.iter().filter_map(known).filter_map(|refused| Some((call?, refused))).collect::<Vec<_>>()
        };
        sent.earlier.iter().flat_map(of).collect()
    }

    /// Makes each fact point to its group's representative, so that long chains of joins cost nothing later.
    pub(super) fn flatten(&mut self) {
        // A parent stands before its fact, so it points to the representative already.
        for node in 0..self.parent.len() {
            self.parent[node] = self.parent[self.parent[node] as usize];
        }
    }

    /// The stream of a group's log records, if it has any: rows of traces have neither order nor fallback lists.
    pub(super) fn log_stream(&self, summary: &Summary) -> Option<u32> {
        summary.nodes.first().map(|&n| &self.nodes[n]).filter(|node| !node.is_row).map(|node| node.stream)
    }

    /// Gathers what is known of each group, once all ids are joined.
    pub(super) fn summarise(&mut self) {
        self.summaries = Summaries::of(self);
    }

    /// What is known of each group, by its representative.
    pub(super) fn summaries(&self) -> &Summaries {
        &self.summaries
    }

    /// The representatives of all groups, in order.
    pub(super) fn roots(&self) -> Vec<usize> {
        self.summaries.iter().map(|(root, _)| root).collect()
    }

    /// Rules that joined groups, by the representative of each.
    pub(super) fn joins(&self) -> HashMap<usize, Rules> {
        let mut joins: HashMap<usize, Rules> = HashMap::new();
        for (node, rule) in self.applied.iter().filter(|(_, rule)| rule.side().is_none()) {
            joins.entry(self.root(*node)).or_default().add(*rule);
        }
        joins
    }
}

/// A node's number as it is kept. No memory holds four billion facts.
pub(super) fn number(node: usize) -> u32 {
    u32::try_from(node).unwrap_or(u32::MAX)
}

/// How many are so before each, and in all.
pub(super) fn counted_before(are_so: impl Iterator<Item = bool>) -> Vec<u32> {
    let counted = are_so.scan(0, |sum, is_so| {
        *sum += u32::from(is_so);
        Some(*sum)
    });
    std::iter::once(0).chain(counted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_time_behind_a_fact_is_that_of_all_behind_it() {
        let orders: [&[u64]; 6] = [&[1, 2, 3, 4], &[4, 3, 2, 1], &[3, 3, 3], &[5, 1, 4, 4, 2, 3], &[0], &[2, 9, 1, 9, 0]];
        for times in orders {
            let mut stream = Stream::default();
            times.iter().zip(7..).for_each(|(at, fact)| stream.add(fact, *at));
            assert_eq!(stream.facts, 7..7 + times.len());
            for fact in 0..times.len() {
                assert_eq!(stream.latest_behind(fact + 7), times[fact + 1..].iter().max().copied(), "{times:?} behind {fact}");
            }
        }
        let mut sorted = Stream::default();
        (0..1000).for_each(|fact| sorted.add(fact, fact as u64));
        assert_eq!(sorted.latest.len(), 1);
    }
}
