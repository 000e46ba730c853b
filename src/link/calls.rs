//! DEBUG logs: joins a rejection to the request that LiteLLM had sent.
//!
//! The request line has the call id and shows whether LiteLLM or the client added the last message; the error records have
//! neither. `previous_models` ties many of them together (see [`super::groups`]). What is left is told by which calls to a
//! deployment were open: only a call that ends with an assistant message can be refused, and each is refused once.

use std::collections::{HashMap, HashSet};

use super::groups::Groups;
use super::integrity;
use super::rules::Rule;
use super::verdict::Verdict;
use crate::fact::{Role, Statement, UpstreamCall};

/// How long a provider may take to refuse a call.
const PATIENCE: u64 = 30_000_000;

/// How long a hop may take to send its request.
const HOP_WINDOW: u64 = 1_000_000;

/// The open calls to one provider model in one stream, and the refusals that some of them have met.
#[derive(Debug, Default)]
struct Deployment {
    open: Vec<usize>,
    refused: Vec<usize>,
}

/// What a batch of calls and refusals tells.
enum Told {
    Join(usize, usize),
    Verdict(usize, Verdict),
}

/// Joins rejections to calls.
pub(super) fn join(groups: &mut Groups<'_>) {
    for (refused, call) in next_hops(groups) {
        groups.join(refused, call, Rule::NextHopCall);
    }
    for told in walk(groups) {
        match told {
            Told::Join(refused, call) => groups.join(refused, call, Rule::OnlyOpenCall),
            Told::Verdict(refused, verdict) => {
                groups.applied.push((refused, Rule::AllOpenCallsAgree));
                groups.inherited.push((refused, verdict));
            }
        }
    }
}

/// Refused hops whose chain went on: the next hop begins on the line behind the record of this one, and its request
/// follows.
fn next_hops(groups: &Groups<'_>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for last in 0..groups.nodes.len().saturating_sub(1) {
        let (hop, next) = (&groups.nodes[last], &groups.nodes[last + 1]);
        let Statement::HopStarted { group } = &next.fact.statement else { continue };
        let directly = hop.hop.is_some() && hop.stream() == next.stream() && hop.place().line + hop.fact.lines == next.place().line;
        if directly && integrity::intact_between(groups, last, last + 1) {
            found.extend(call_of_hop(groups, last + 1, group).map(|call| (last, call)));
        }
    }
    found
}

/// The request of a hop that begins here: the first to its group, if no other hop to this group is open.
fn call_of_hop(groups: &Groups<'_>, hop: usize, target: &str) -> Option<usize> {
    let near =
        |n: &usize| groups.nodes[*n].stream() == groups.nodes[hop].stream() && groups.nodes[*n].at.abs_diff(groups.nodes[hop].at) <= HOP_WINDOW;
    let starts = |n: usize| matches!(&groups.nodes[n].fact.statement, Statement::HopStarted { group } if group == target);
    let calls = |n: usize| call(groups, n).is_some_and(|call| call.group.as_deref() == Some(target));
    // The last event before it must not be another hop to the same group that has not sent its request yet.
    if (0..hop).rev().take_while(near).find(|&n| starts(n) || calls(n)).is_some_and(starts) {
        return None;
    }
    (hop + 1..groups.nodes.len()).take_while(near).find(|&n| starts(n) || calls(n)).filter(|&n| calls(n))
}

fn walk(groups: &Groups<'_>) -> Vec<Told> {
    let with_call: HashSet<usize> = (0..groups.nodes.len()).filter(|&n| call(groups, n).is_some()).map(|n| groups.root(n)).collect();
    if with_call.is_empty() {
        return Vec::new();
    }
    let mut intact: HashMap<u32, bool> = HashMap::new();
    let mut deployments: HashMap<(u32, &str), Deployment> = HashMap::new();
    let mut told = Vec::new();
    for index in 0..groups.nodes.len() {
        let stream = groups.nodes[index].stream();
        if !*intact.entry(stream).or_insert_with(|| integrity::intact_stream(groups, stream)) {
            continue;
        }
        if let Some(model) = call(groups, index).filter(|c| c.ends_with_assistant).and_then(|c| c.model.as_deref()) {
            deployments.entry((stream, model)).or_default().open.push(index);
        } else if let Some(model) = refused_model(groups, index) {
            let deployment = deployments.entry((stream, model)).or_default();
            deployment.open.retain(|&c| groups.nodes[c].at.abs_diff(groups.nodes[index].at) <= PATIENCE);
            deployment.refuse(groups, index, with_call.contains(&groups.root(index)));
            told.extend(deployment.settle(groups));
        }
    }
    told
}

/// The provider model of a call that was refused, from the INFO record of its failure.
fn refused_model<'a>(groups: &Groups<'a>, node: usize) -> Option<&'a str> {
    let error = groups.nodes[node].error().filter(|e| e.role == Role::CallFailed && !e.rejections().is_empty())?;
    error.model.as_deref()
}

impl Deployment {
    /// Takes a refusal; one whose request is known closes that request's call.
    fn refuse(&mut self, groups: &Groups<'_>, refused: usize, known: bool) {
        let root = groups.root(refused);
        match self.open.iter().position(|&c| known && groups.root(c) == root) {
            Some(at) => {
                self.open.remove(at);
            }
            None if known => {}
            None => self.refused.push(refused),
        }
    }

    /// When all open calls were refused, each refusal is one of theirs.
    fn settle(&mut self, groups: &Groups<'_>) -> Vec<Told> {
        if self.open.len() > self.refused.len() {
            return Vec::new();
        }
        let (open, refused) = (std::mem::take(&mut self.open), std::mem::take(&mut self.refused));
        if open.len() < refused.len() {
            return Vec::new();
        }
        if let ([call], [refused]) = (&open[..], &refused[..]) {
            return vec![Told::Join(*refused, *call)];
        }
        let continued = open.iter().filter(|&&c| call(groups, c).is_some_and(|call| call.continuation)).count();
        let verdict = match continued {
            0 => Verdict::ClientPrefill,
            all if all == open.len() => Verdict::MidStreamFallback,
            _ => return Vec::new(),
        };
        refused.into_iter().map(|node| Told::Verdict(node, verdict)).collect()
    }
}

fn call<'a>(groups: &Groups<'a>, node: usize) -> Option<&'a UpstreamCall> {
    match &groups.nodes[node].fact.statement {
        Statement::Call(call) => Some(call),
        _ => None,
    }
}
