//! DEBUG logs: joins a rejection to the request that LiteLLM had sent.
//!
//! The request line has the call id and shows whether LiteLLM or the client added the last message; the error records have
//! neither. `previous_models` ties many of them together (see [`super::groups`]). What is left is told by which calls to a
//! deployment were open: only a call that ends with an assistant message can be refused, and each is refused once.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::groups::Groups;
use super::integrity;
use super::node::Key;
use super::rules::Rule;
use super::verdict::Verdict;
use crate::fact::{EarlierError, Name, UpstreamCall};

/// How long a provider may take to refuse a call.
const PATIENCE: u64 = 30_000_000;

/// How long a hop may take to send its request.
const HOP_WINDOW: u64 = 1_000_000;
/// How many facts are looked at for it.
const MOST_FACTS: usize = 2_000;

/// The open calls to one provider model in one stream, and the refusals that some of them have met.
#[derive(Debug, Default)]
struct Deployment {
    open: VecDeque<usize>,
    refused: Vec<usize>,
}

/// A request that was sent, as far as its refusal is looked for.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) group: Option<Name>,
    model: Option<Name>,
    ends_with_assistant: bool,
    /// The requests that met earlier errors, with what names the rejections among these.
    pub(super) earlier: Box<[(Key, Box<[Key]>)]>,
}

impl Sent {
    pub(super) fn of(call: &UpstreamCall) -> Sent {
        let refused = |earlier: &EarlierError| {
            let ids = earlier.text.rejections().filter_map(|(level, _)| level.request_id.as_deref());
            (Key::call(&earlier.call_id), ids.map(Key::provider).collect())
        };
        Sent {
            group: call.group.clone(),
            model: call.model.clone(),
            ends_with_assistant: call.ends_with_assistant,
            earlier: call.earlier.iter().map(refused).collect(),
        }
    }
}

/// What a batch of calls and refusals tells.
enum Told {
    Join(usize, usize),
    Verdict(usize, Verdict),
}

/// Joins rejections to calls.
pub(super) fn join(groups: &mut Groups<'_>) {
    let streams: BTreeSet<u32> = (0..groups.nodes.len()).filter(|&n| groups.nodes[n].sent().is_some()).map(|n| groups.nodes[n].stream).collect();
    for stream in streams.into_iter().filter(|&stream| integrity::one_worker(groups, stream)).collect::<Vec<_>>() {
        join_stream(groups, stream);
    }
}

fn join_stream(groups: &mut Groups<'_>, stream: u32) {
    for (refused, call) in next_hops(groups, stream) {
        groups.join(refused, call, Rule::NextHopCall);
    }
    for told in walk(groups, stream) {
        match told {
            Told::Join(refused, call) => groups.join(refused, call, Rule::OnlyOpenCall),
            Told::Verdict(refused, verdict) => {
                groups.apply(refused, Rule::AllOpenCallsAgree);
                groups.inherited.push((refused, verdict));
            }
        }
    }
}

/// Refused hops whose chain went on: the next hop begins on the line behind the record of this one, and its request
/// follows.
fn next_hops(groups: &Groups<'_>, stream: u32) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let all = groups.of_stream(stream);
    for last in all.start..all.end.saturating_sub(1) {
        let (hop, next) = (&groups.nodes[last], &groups.nodes[last + 1]);
        let Some(group) = next.started() else { continue };
        let directly = hop.hop.is_some() && hop.lines.1 == next.lines.0;
        if directly {
            found.extend(call_of_hop(groups, last + 1, group).map(|call| (last, call)));
        }
    }
    found
}

/// The request of a hop that begins here: the first to its group, if no other hop to this group is open.
fn call_of_hop(groups: &Groups<'_>, hop: usize, target: &str) -> Option<usize> {
    let near = |n: &usize| groups.nodes[*n].stream == groups.nodes[hop].stream && groups.nodes[*n].at.abs_diff(groups.nodes[hop].at) <= HOP_WINDOW;
    let starts = |n: usize| groups.nodes[n].started() == Some(target);
    let calls = |n: usize| groups.nodes[n].sent().is_some_and(|sent| sent.group.as_deref() == Some(target));
    // The last event before it must not be another hop to the same group that has not sent its request yet.
    if (0..hop).rev().take_while(near).take(MOST_FACTS).find(|&n| starts(n) || calls(n)).is_some_and(starts) {
        return None;
    }
    (hop + 1..groups.nodes.len()).take_while(near).take(MOST_FACTS).find(|&n| starts(n) || calls(n)).filter(|&n| calls(n))
}

fn walk(groups: &Groups<'_>, stream: u32) -> Vec<Told> {
    let has_call =
        |n: usize| groups.summaries().get(groups.root(n)).is_some_and(|summary| summary.nodes.iter().any(|&n| groups.nodes[n].sent().is_some()));
    let mut deployments: HashMap<&str, Deployment> = HashMap::new();
    let mut told = Vec::new();
    for index in groups.of_stream(stream) {
        if let Some(model) = groups.nodes[index].sent().filter(|sent| sent.ends_with_assistant).and_then(|sent| sent.model.as_deref()) {
            deployments.entry(model).or_default().open.push_back(index);
        } else if let Some(model) = groups.nodes[index].refused_model() {
            let deployment = deployments.entry(model).or_default();
            let is_old = |&call: &usize| groups.nodes[call].at.abs_diff(groups.nodes[index].at) > PATIENCE;
            while deployment.open.front().is_some_and(is_old) {
                deployment.open.pop_front();
            }
            deployment.refuse(groups, index, has_call(index));
            match deployment.settle(groups) {
                Some(settled) => told.extend(settled),
                // A refusal without a call: not all calls are in this log, so none can be counted on.
                None => return Vec::new(),
            }
        }
    }
    told
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

    /// When all open calls were refused, each refusal is one of theirs; `None` if there are more refusals than calls.
    fn settle(&mut self, groups: &Groups<'_>) -> Option<Vec<Told>> {
        if self.open.len() < self.refused.len() {
            return None;
        }
        if self.refused.is_empty() || self.open.len() > self.refused.len() {
            return Some(Vec::new());
        }
        let (open, refused) = (Vec::from(std::mem::take(&mut self.open)), std::mem::take(&mut self.refused));
        if let ([call], [refused]) = (&open[..], &refused[..]) {
            return Some(vec![Told::Join(*refused, *call)]);
        }
        let count = |rule: Rule| open.iter().filter(|&&c| groups.nodes[c].evidence.contains(rule)).count();
        let verdict = if count(Rule::ContinuationSent) == open.len() {
            Verdict::MidStreamFallback
        } else if count(Rule::ClientSentAssistant) == open.len() {
            Verdict::ClientPrefill
        } else {
            return Some(Vec::new());
        };
        Some(refused.into_iter().map(|node| Told::Verdict(node, verdict)).collect())
    }
}
