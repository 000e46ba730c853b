//! What is known of each group of facts, as groups grow.

use rayon::prelude::*;

use super::groups::Groups;
use super::node::Node;
use super::rules::Rules;
use crate::fact::FactKind;

/// What is known of a group, gathered from its facts.
#[derive(Debug, Default, Clone)]
pub(super) struct Summary {
    /// The facts of the group, in order.
    pub(super) nodes: Vec<usize>,
    /// A record that ended the chain for the client: it names the group whose failure began it.
    pub(super) closing: Option<usize>,
    /// Rules that judge.
    pub(super) evidence: Rules,
    /// Whether a refused call was streaming, and whether one was not, where bodies tell.
    pub(super) streamed: (bool, bool),
    /// Whether a rejection is in it.
    pub(super) rejected: bool,
}

/// Summaries by the representatives of their groups, in the order of these.
#[derive(Debug, Default)]
pub(super) struct Summaries(Vec<Option<Box<Summary>>>);

impl Summaries {
    /// Of all groups that hold more than lines of hops.
    pub(super) fn of(groups: &Groups<'_>) -> Summaries {
        let mut all: Vec<Option<Box<Summary>>> = Vec::new();
        all.resize_with(groups.nodes.len(), || None);
        for (index, node) in groups.nodes.iter().enumerate() {
            if matches!(node.kind, FactKind::Error(_) | FactKind::Call | FactKind::Served) {
                all[groups.root(index)].get_or_insert_default().nodes.push(index);
            }
        }
        all.par_iter_mut().flatten().for_each(|summary| summary.gather(&groups.nodes));
        Summaries(all)
    }

    /// Of a representative's group.
    pub(super) fn get(&self, root: usize) -> Option<&Summary> {
        self.0.get(root)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, root: usize) -> Option<&mut Summary> {
        self.0.get_mut(root)?.as_deref_mut()
    }

    /// All of them, with their representatives.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Summary)> {
        self.0.iter().enumerate().filter_map(|(root, summary)| Some((root, summary.as_deref()?)))
    }

    /// All of them.
    pub(super) fn values(&self) -> impl Iterator<Item = &Summary> {
        self.0.iter().filter_map(Option::as_deref)
    }

    /// Puts one group into another. What a group is known for only ever grows.
    pub(super) fn merge(&mut self, from: usize, into: usize, nodes: &[Node]) {
        if let Some(other) = self.0.get_mut(from).and_then(Option::take) {
            self.0[into].get_or_insert_default().add(*other, nodes);
        }
    }
}

impl Summary {
    /// Gathers what its facts tell.
    fn gather(&mut self, nodes: &[Node]) {
        for &index in &self.nodes {
            let node = &nodes[index];
            self.evidence.add_all(node.evidence);
            self.rejected |= node.rejected;
            self.streamed.0 |= node.streaming == Some(true);
            self.streamed.1 |= node.streaming == Some(false);
            if self.closing.is_none() && node.closing {
                self.closing = Some(index);
            }
        }
        self.nodes.shrink_to_fit();
        self.sort(nodes);
    }

    /// A log's records come before the rows of traces, whatever their files are called: it is believed first.
    fn sort(&mut self, nodes: &[Node]) {
        self.nodes.sort_by_key(|&n| (nodes[n].is_row, n));
    }

    fn add(&mut self, other: Summary, nodes: &[Node]) {
        self.evidence.add_all(other.evidence);
        self.rejected |= other.rejected;
        self.streamed = (self.streamed.0 | other.streamed.0, self.streamed.1 | other.streamed.1);
        self.closing = self.closing.into_iter().chain(other.closing).min();
        self.nodes.extend(other.nodes);
        self.sort(nodes);
    }
}
