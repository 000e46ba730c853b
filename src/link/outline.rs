//! What is known of facts before they are joined, gathered block by block: the facts themselves may be let go in between.

use std::sync::Arc;

use rayon::prelude::*;

use super::groups::{self, Groups, Lists};
use super::joined::Joined;
use super::node::{self, Key, Node};
use super::{calls, hops, idless, integrity, order, spans, traced};
use crate::fact::{Fact, FallbackLists};

/// How many facts are read by one core at a time.
const AT_A_TIME: usize = 4096;

/// Facts as the rules of joining see them.
#[derive(Debug, Default)]
pub struct Outline {
    nodes: Vec<Node>,
    /// What names the requests, by node.
    keys: Vec<(u32, Key)>,
    lists: Lists,
}

impl Outline {
    /// Of nothing yet, with room for so many facts.
    #[must_use]
    pub fn of(facts: usize) -> Outline {
        Outline { nodes: Vec::with_capacity(facts), ..Outline::default() }
    }

    /// Adds the facts that follow.
    pub fn add(&mut self, facts: &[Fact]) {
        let blocks = (self.nodes.len()..).step_by(AT_A_TIME).zip(facts.chunks(AT_A_TIME)).collect::<Vec<_>>();
        let said: Vec<Said<'_>> = blocks.into_par_iter().map(|(first, facts)| Said::of(first, facts)).collect();
        // Each is put where it stays at once: to move them takes as long as to make them.
        self.nodes.par_extend(facts.par_iter().with_min_len(AT_A_TIME).map(Node::of));
        self.keys.reserve(said.iter().map(|said| said.keys.len()).sum());
        for said in said {
            self.keys.extend(said.keys);
            for (stream, lists) in said.lists {
                let seen = self.lists.entry(stream).or_default();
                if !seen.contains(lists) {
                    seen.push(lists.clone());
                }
            }
        }
    }

    /// Joins what belongs together. `facts` are all of them, if they are at hand; rows of traces are judged together, and joined by time, only then.
    #[must_use]
    pub fn join(self, facts: &[Fact]) -> Joined<'_> {
        let mut groups = Groups::new(self.nodes, self.lists, facts);
        groups.join_ids(self.keys);
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

/// What some facts say besides: keys by the number of their node, and lists by stream, each once.
#[derive(Default)]
struct Said<'f> {
    keys: Vec<(u32, Key)>,
    lists: Vec<(u32, &'f Arc<FallbackLists>)>,
}

impl<'f> Said<'f> {
    fn of(first: usize, facts: &'f [Fact]) -> Said<'f> {
        let mut said = Said::default();
        for (number, fact) in (groups::number(first)..).zip(facts) {
            node::names(fact, &mut |key| said.keys.push((number, key)));
            if let Some(lists) = node::configured(fact).filter(|lists| !said.lists.contains(&(fact.stream, lists))) {
                said.lists.push((fact.stream, lists));
            }
        }
        said
    }
}
