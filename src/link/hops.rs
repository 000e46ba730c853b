//! INFO logs: what the order of hop lines tells of a chain that recovered.
//!
//! At default level such a chain leaves only its hops' own records, and those of a client's prefill whose ordinary fallback
//! recovers are the same to the byte. At INFO one thing differs: an ordinary fallback runs before the response begins, so
//! the access line stands directly behind `Successful fallback b/w models.`. The response to a request whose stream broke
//! had begun long before. (Which call had failed before the hop tells nothing: retries wait, and others write in between.)
//!
//! "Directly" holds because nothing is awaited in between, in one worker whose lines were kept in order: 25 of 25 in a
//! capture of 1.85.0. Several workers, a buffered stdout or lost lines break it, and break other pairs of lines, too; so that
//! an access line is *not* there counts only in a stream in which all such pairs hold.

use std::collections::HashMap;

use super::groups::Groups;
use super::integrity;
use super::node::Node;
use super::rules::Rule;
use super::summary::Summary;
use super::verdict::Verdict;
use crate::fact::{FactKind, Role};

/// How long a hop may take.
const WINDOW: u64 = 2_000_000;
/// How many facts are looked at for one hop.
const MOST_FACTS: usize = 2_000;
/// How many fallbacks must have been seen with their access line behind.
const ENOUGH_ANSWERED: usize = 3;
/// How many refused requests must have been seen with their access line behind.
const ENOUGH_REFUSED: usize = 5;

/// Verdicts of groups, by representative.
pub(super) type Inferred = HashMap<usize, Verdict>;

/// Judges chains that recovered, where INFO lines tell; gives all verdicts that groups have from outside.
pub(super) fn infer(groups: &mut Groups<'_>) -> Inferred {
    for (root, rule) in recovered(groups) {
        groups.apply(root, rule);
    }
    let mut inferred: Inferred = HashMap::new();
    for &(node, verdict) in &groups.inherited {
        inferred.entry(groups.root(node)).and_modify(|known| *known = if *known == verdict { verdict } else { Verdict::Unknown }).or_insert(verdict);
    }
    inferred
}

fn recovered(groups: &Groups<'_>) -> Vec<(usize, Rule)> {
    let mut orderly: HashMap<u32, bool> = HashMap::new();
    let summaries = groups.summaries();
    let mut judged = Vec::new();
    for (root, summary) in summaries.iter().filter(|(_, s)| s.rejected && s.closing.is_none() && s.evidence.is_empty()) {
        let Some(answered) = next_hop_answered(groups, summary) else { continue };
        let Some(stream) = groups.log_stream(summary) else { continue };
        if *orderly.entry(stream).or_insert_with(|| is_orderly(groups, stream)) {
            judged.push((root, if answered { Rule::AnsweredAfterFallback } else { Rule::AnsweredBeforeFallback }));
        }
    }
    judged
}

/// Whether the lines of a stream stand as one worker writes them, access lines among them: behind each request that the
/// proxy refused, there is its access line, too.
fn is_orderly(groups: &Groups<'_>, stream: u32) -> bool {
    let mut answered = 0;
    let (mut refused, mut silent) = (0_usize, 0_usize);
    for node in &groups.nodes[groups.of_stream(stream)] {
        match node.kind {
            FactKind::HopOpened => answered += usize::from(is_answer(node)),
            FactKind::Error(Role::RequestError) => {
                let told = node.answer.is_some_and(|answer| answer.status >= 400);
                refused += usize::from(told);
                silent += usize::from(!told);
            }
            _ => {}
        }
    }
    answered >= ENOUGH_ANSWERED && refused >= ENOUGH_REFUSED && silent == 0 && integrity::one_worker(groups, stream)
}

/// Whether the response of a chat request begins directly behind this record.
fn is_answer(node: &Node) -> bool {
    node.answer.is_some_and(|answer| answer.chat && answer.status == 200)
}

/// Whether the hop behind the chain's last rejection was answered at once. Only where no other hop is open can the one that
/// opened be this chain's.
fn next_hop_answered(groups: &Groups<'_>, summary: &Summary) -> Option<bool> {
    let last = summary.nodes.iter().copied().filter(|&n| groups.nodes[n].hop.is_some()).max()?;
    let near = |n: &usize| groups.nodes[*n].stream == groups.nodes[last].stream && groups.nodes[*n].at.abs_diff(groups.nodes[last].at) <= WINDOW;
    let start = (0..last).rev().take_while(near).take(MOST_FACTS).last().unwrap_or(last);
    let mut open = 0_usize;
    for node in &groups.nodes[start..=last] {
        open = if started(node) { open + 1 } else { open.saturating_sub(usize::from(ended(node))) };
    }
    for index in (last + 1..groups.nodes.len()).take_while(near).take(MOST_FACTS) {
        let node = &groups.nodes[index];
        if node.kind == FactKind::HopOpened {
            return (open == 1).then_some(is_answer(node));
        }
        open = if started(node) { open + 1 } else { open };
    }
    None
}

fn started(node: &Node) -> bool {
    node.kind == FactKind::HopStarted
}

/// Whether a hop ended here: its stream was opened, or its call failed.
fn ended(node: &Node) -> bool {
    matches!(node.kind, FactKind::HopOpened | FactKind::Error(Role::CallFailed))
}
