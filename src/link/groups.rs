//! Groups of facts that belong to one client request, as they grow: a union-find over facts and the ids they share.

use std::collections::HashMap;
use std::ops::Range;

use rayon::prelude::*;

use super::evidence;
use super::node::{Key, Node};
use super::rules::{Rule, Rules};
use super::summary::{Summaries, Summary};
use super::verdict::Verdict;
use crate::by_hash::ByHash;
use crate::fact::{EarlierError, Fact, FallbackLists, Statement};

/// All facts and how they are grouped so far.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    /// Where each stream's facts stand: one behind the other.
    streams: HashMap<u32, Range<usize>>,
    parent: Vec<usize>,
    /// The first fact with each key, while ids are joined.
    keys: ByHash<Key, usize>,
    /// Rules that joined groups or judged them from outside, by a node of the group.
    applied: Vec<(usize, Rule)>,
    /// Verdicts that a group takes over from others without being joined to them, by a node of the group.
    pub(super) inherited: Vec<(usize, Verdict)>,
    /// What is known of each group, by its representative; kept as groups grow.
    summaries: Summaries,
    /// Hops by stream and target, in order.
    pub(super) hops: HashMap<(u32, &'a str), Vec<usize>>,
    /// Fallback lists seen, by stream: the Router prints all of them with each error.
    pub(super) lists: HashMap<u32, Vec<&'a FallbackLists>>,
    /// How many damaged error records stand before each fact; one more entry than facts.
    pub(super) damaged_before: Vec<usize>,
    /// How many chains that lack a record end before each fact; one more entry than facts.
    pub(super) lossy_before: Vec<usize>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(facts: &'a [Fact]) -> Groups<'a> {
        let unasked = evidence::unasked(facts);
        let mut nodes: Vec<Node<'_>> = facts.par_iter().map(|fact| Node::new(fact, &unasked)).collect();
        let mut lists: HashMap<u32, Vec<&'a FallbackLists>> = HashMap::new();
        let mut last: HashMap<u32, u64> = HashMap::new();
        for node in &mut nodes {
            // What has no time has that of what stands before it.
            let last = last.entry(node.stream()).or_default();
            node.at = if node.fact.time.is_some() { node.at } else { *last };
            *last = node.at;
            if let Some(configured) = node.configured {
                let seen = lists.entry(node.stream()).or_default();
                if !seen.contains(&configured) {
                    seen.push(configured);
                }
            }
        }
        let mut hops: HashMap<(u32, &str), Vec<usize>> = HashMap::new();
        let mut streams: HashMap<u32, Range<usize>> = HashMap::new();
        for (index, node) in nodes.iter().enumerate() {
            streams.entry(node.stream()).or_insert(index..index).end = index + 1;
            if let Some(target) = node.hop {
                hops.entry((node.stream(), target)).or_default().push(index);
            }
        }
        let parent = (0..nodes.len()).collect();
        let damaged = nodes.iter().map(|node| usize::from(node.error().is_some_and(|error| !error.whole)));
        let damaged_before = std::iter::once(0)
            .chain(damaged.scan(0, |sum, one| {
                *sum += one;
                Some(*sum)
            }))
            .collect();
        Groups {
            nodes,
            streams,
            parent,
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

    /// Where a stream's facts stand.
    pub(super) fn of_stream(&self, stream: u32) -> Range<usize> {
        self.streams.get(&stream).cloned().unwrap_or_default()
    }

    /// The representative of a fact's group.
    pub(super) fn root(&self, mut node: usize) -> usize {
        while self.parent[node] != node {
            node = self.parent[node];
        }
        node
    }

    pub(super) fn union(&mut self, a: usize, b: usize) -> usize {
        let (ra, rb) = (self.root(a), self.root(b));
        if ra == rb {
            return ra;
        }
        let (low, high) = (ra.min(rb), ra.max(rb));
        self.parent[high] = low;
        (self.parent[a], self.parent[b]) = (low, low);
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
    pub(super) fn join_ids(&mut self) {
        for node in 0..self.nodes.len() {
            for key in std::mem::take(&mut self.nodes[node].keys) {
                match self.keys.get(&key) {
                    Some(&other) => {
                        self.union(other, node);
                    }
                    None => {
                        self.keys.insert(key, node);
                    }
                }
            }
        }
        for node in 0..self.nodes.len() {
            if let Statement::Call(call) = &self.nodes[node].fact.statement {
                for earlier in &call.earlier {
                    self.join_earlier(earlier);
                }
            }
        }
        self.keys = ByHash::default();
    }

    /// `previous_models` names the call id of an earlier rejection: where both are known, they are one request.
    fn join_earlier(&mut self, earlier: &EarlierError) {
        let Some(&call) = self.keys.get(&Key::call(&earlier.call_id)) else { return };
        for (level, _) in earlier.text.rejections() {
            if let Some(&node) = level.request_id.as_deref().and_then(|id| self.keys.get(&Key::provider(id))) {
                self.union(call, node);
            }
        }
    }

    /// Makes each fact point to its group's representative, so that long chains of joins cost nothing later.
    pub(super) fn flatten(&mut self) {
        // A parent stands before its fact, so it points to the representative already.
        for node in 0..self.parent.len() {
            self.parent[node] = self.parent[self.parent[node]];
        }
    }

    /// The stream of a group's log records, if it has any: rows of traces have neither order nor fallback lists.
    pub(super) fn log_stream(&self, summary: &Summary) -> Option<u32> {
        summary.nodes.first().map(|&n| &self.nodes[n]).filter(|node| !node.is_row).map(Node::stream)
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
