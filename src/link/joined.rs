//! Groups of facts that belong together, of which incidents are made once their facts come by again.
//!
//! They come in their order, as the outline was made of them. What is made of a group waits for its last fact; of a million requests,
//! those that are under way at one moment are few.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::assemble::Draft;
use super::groups::{self, Groups, Hops};
use super::hops::Inferred;
use super::incident::Incident;
use super::order;
use super::rules::Rules;
use super::summary::Summary;
use crate::fact::{ErrorRecord, Fact, FactKind};

const OF_NONE: u32 = u32::MAX;

/// Groups of facts that belong together.
#[derive(Debug)]
pub struct Joined<'a> {
    pub(super) groups: Groups<'a>,
    pub(super) inferred: Inferred,
    /// Rules that joined groups, by their representatives.
    pub(super) joins: HashMap<usize, Rules>,
    pub(super) contested: HashSet<usize>,
    /// Hops of groups of which no call is known (DEBUG).
    pub(super) uncalled: Hops,
    /// Streams with rejections that have ids: there, one that was cut off before its id is one more print.
    with_ids: HashSet<u32>,
    /// Groups of incidents by their last fact, the last first.
    waiting: Vec<(usize, usize)>,
    /// The last facts of these groups, by their representatives; [`OF_NONE`] of all others.
    lasts: Vec<u32>,
    /// How many facts have come by, and those of them that groups still wait with.
    passed: usize,
    kept: HashMap<usize, Fact>,
}

/// The facts of groups of which incidents are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtHand<'f> {
    first: usize,
    facts: &'f [Fact],
    kept: &'f HashMap<usize, Fact>,
}

impl<'f> AtHand<'f> {
    pub(super) fn fact(&self, node: usize) -> Option<&'f Fact> {
        match node.checked_sub(self.first) {
            Some(at) => self.facts.get(at),
            None => self.kept.get(&node),
        }
    }

    pub(super) fn error(&self, node: usize) -> Option<&'f ErrorRecord> {
        self.fact(node)?.error()
    }
}

impl<'a> Joined<'a> {
    pub(super) fn new(groups: Groups<'a>, inferred: Inferred) -> Joined<'a> {
        let called: HashSet<usize> = (0..groups.nodes.len()).filter(|&n| groups.nodes[n].kind == FactKind::Call).map(|n| groups.root(n)).collect();
        let mut joined = Joined {
            inferred,
            joins: groups.joins(),
            contested: order::contested(&groups),
            // Only a chain with calls asks.
            uncalled: if called.is_empty() { Hops::default() } else { groups.hops.only(|hop| !called.contains(&groups.root(hop))) },
            with_ids: groups.nodes.iter().filter(|node| node.has_id).map(|node| node.stream).collect(),
            groups,
            waiting: Vec::new(),
            lasts: Vec::new(),
            passed: 0,
            kept: HashMap::new(),
        };
        let of_incidents = joined.groups.summaries().iter().filter(|(_, summary)| joined.is_incident(summary));
        joined.waiting = of_incidents.filter_map(|(root, summary)| Some((*summary.nodes.iter().max()?, root))).collect();
        joined.waiting.sort_unstable_by(|a, b| b.cmp(a));
        joined.lasts = vec![OF_NONE; joined.groups.nodes.len()];
        for (last, root) in &joined.waiting {
            joined.lasts[*root] = groups::number(*last);
        }
        joined
    }

    /// Makes incidents of the groups whose last fact is among these, which follow those that came by before; each with the number of its
    /// first fact, in no order.
    pub fn assemble(&mut self, facts: &[Fact]) -> Vec<(usize, Box<Incident>)> {
        let (first, end) = (self.passed, self.passed + facts.len());
        let at = self.waiting.partition_point(|(last, _)| *last >= end);
        let ready = self.waiting.split_off(at);
        let at_hand = AtHand { first, facts, kept: &self.kept };
        let draft = |(_, root): &(usize, usize)| Some((*root, Box::new(Draft::new(self, at_hand, *root)?.incident()?)));
        let incidents = ready.par_iter().filter_map(draft).collect();
        let gone = ready.iter().filter_map(|(_, root)| self.groups.summaries().get(*root)).flat_map(|summary| &summary.nodes);
        for node in gone.filter(|node| **node < first) {
            self.kept.remove(node);
        }
        self.passed = end;
        if !self.waiting.is_empty() {
            for node in self.still_waiting(first, end) {
                self.kept.insert(node, facts[node - first].clone());
            }
        }
        incidents
    }

    /// How many facts have come by.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// The facts of a block that groups still wait with.
    fn still_waiting(&self, first: usize, end: usize) -> Vec<usize> {
        (first..end).filter(|&node| self.last_of(node).is_some_and(|last| last >= end)).collect()
    }

    /// The last fact of a fact's group, if an incident is made of it.
    fn last_of(&self, node: usize) -> Option<usize> {
        self.lasts.get(self.groups.root(node)).filter(|last| **last != OF_NONE).map(|last| *last as usize)
    }

    /// Whether the fact of this number is of an incident.
    #[must_use]
    pub fn is_of_incident(&self, fact: usize) -> bool {
        self.last_of(fact).is_some()
    }

    /// Whether rejections with ids are in a group's log.
    pub(super) fn ids_are_known(&self, summary: &Summary) -> bool {
        self.groups.log_stream(summary).is_some_and(|stream| self.with_ids.contains(&stream))
    }

    /// Whether a group met a rejection, as far as its records are more than prints of others.
    fn is_incident(&self, summary: &Summary) -> bool {
        let shows = |n: &usize| {
            let node = &self.groups.nodes[*n];
            node.has_id || node.idless_shown.0 || (node.idless_shown.1 && !self.ids_are_known(summary))
        };
        summary.rejected && summary.nodes.iter().any(shows)
    }
}
