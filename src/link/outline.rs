//! What is known of facts before they are joined, gathered block by block: the facts themselves may be let go in between.

use std::sync::Arc;

use rayon::prelude::*;

use super::groups::{Groups, Lists};
use super::joined::Joined;
use super::node::{self, Node};
use super::{calls, hops, idless, integrity, order, spans, traced};
use crate::fact::{Fact, FallbackLists};

/// How many facts are looked through for fallback lists at a time.
const AT_A_TIME: usize = 4096;

/// Facts as the rules of joining see them.
#[derive(Debug, Default)]
pub struct Outline {
    nodes: Vec<Node>,
    lists: Lists,
}

impl Outline {
    /// Adds the facts that follow.
    pub fn add(&mut self, facts: &[Fact]) {
        self.nodes.par_extend(facts.par_iter().map(Node::new));
        let printed: Vec<Vec<(u32, &Arc<FallbackLists>)>> = facts.par_chunks(AT_A_TIME).map(printed).collect();
        for (stream, lists) in printed.into_iter().flatten() {
            let seen = self.lists.entry(stream).or_default();
            if !seen.contains(lists) {
                seen.push(lists.clone());
            }
        }
    }

    /// Joins what belongs together. `facts` are all of them, if they are at hand; rows of traces are joined by time only then.
    #[must_use]
    pub fn join(self, facts: &[Fact]) -> Joined<'_> {
        let mut groups = Groups::new(self.nodes, self.lists, facts);
        groups.join_ids();
        groups.flatten();
        groups.summarise();
        spans::judge(&mut groups);
        idless::join(&mut groups);
        groups.flatten();
        groups.lossy_before = integrity::lossy_before(&groups);
        calls::join(&mut groups);
        order::join(&mut groups);
        traced::join(&mut groups);
        let inferred = hops::infer(&mut groups);
        Joined::new(groups, inferred)
    }
}

/// The lists that facts print, each once for a stream.
fn printed(facts: &[Fact]) -> Vec<(u32, &Arc<FallbackLists>)> {
    let mut printed: Vec<(u32, &Arc<FallbackLists>)> = Vec::new();
    for fact in facts {
        if let Some(lists) = node::configured(fact).filter(|lists| !printed.contains(&(fact.stream, lists))) {
            printed.push((fact.stream, lists));
        }
    }
    printed
}
