//! Whether a part of a log is as it was written.
//!
//! A rule that rests on a record being *absent* (no other hop, no failed call, no other open call) is worth nothing where
//! records were lost. Lines do not get lost alone: a log that lost a head line lost lines of tracebacks nearby, too, and those
//! leave records whose structure is broken.

use std::collections::{HashMap, HashSet};

use super::groups::{Groups, counted_before};
use super::node::Node;
use super::order;
use crate::fact::{FactKind, Role};

/// How many facts around a place must be whole.
const NEIGHBOURS: usize = 8;
/// How many lines other threads may write between two records that belong together; at DEBUG they write many.
const NOTE_LINES: u64 = 40;
/// How many pairs of lines must have been seen to hold.
const ENOUGH_PAIRS: usize = 20;

/// How many facts around a place are looked at for chains of which a record is missing.
const CHAINS: usize = 200;

/// For each fact, how many chains end before it of which a whole record was lost; one more entry than facts.
///
/// A chain whose stream broke and whose end was logged (`Fallback also failed` with a rejection that has an id) has the record
/// of that hop and the record of the level above before it, and on chat the proxy's record behind it.
pub(super) fn lossy_before(groups: &Groups<'_>) -> Vec<u32> {
    let mut lossy: HashSet<usize> = HashSet::new();
    let mut last: HashMap<u32, u64> = HashMap::new();
    for node in &groups.nodes {
        let at = last.entry(node.stream).or_default();
        *at = node.at.max(*at);
    }
    for summary in groups.summaries().values() {
        let mut nodes = summary.nodes.iter().copied();
        let is_end = |node: &Node| matches!(node.role(), Some(Role::FallbackFailed | Role::ResponsesFallbackFailed)) && node.mid_stream;
        let Some(at) = nodes.find(|&n| is_end(&groups.nodes[n])).filter(|&at| groups.nodes[at].message_has_id) else { continue };
        let of = |role: Role| summary.nodes.iter().map(|&n| (n, &groups.nodes[n])).filter(move |(_, node)| node.role() == Some(role));
        let hop = of(Role::HopFailed).any(|(n, node)| n < at && node.levels.0);
        let level_up = of(Role::HopFailed).any(|(n, node)| n < at && node.levels.1);
        let node = &groups.nodes[at];
        // At the end of what there is, the proxy's record may just not be there yet.
        let is_last = last.get(&node.stream).is_none_or(|last| *last <= node.at + order::WINDOW);
        let proxy = is_last || node.role() == Some(Role::ResponsesFallbackFailed) || of(Role::StreamError).next().is_some();
        if !(hop && level_up && proxy) {
            lossy.insert(at);
        }
    }
    counted_before((0..groups.nodes.len()).map(|node| lossy.contains(&node)))
}

/// Whether all error records between two facts, and some around them in their streams, are whole, and no chain around lacks one.
pub(super) fn intact_between(groups: &Groups<'_>, first: usize, last: usize) -> bool {
    let of = |node: usize| groups.of_stream(groups.nodes[node].stream);
    let (begin, end) = (of(first).start, of(last).end);
    let (from, to) = (first.saturating_sub(NEIGHBOURS).max(begin), (last + NEIGHBOURS + 1).min(end));
    let (wide_from, wide_to) = (first.saturating_sub(CHAINS).max(begin), (last + CHAINS + 1).min(end));
    groups.damaged_before[from] == groups.damaged_before[to] && groups.lossy_before[wide_from] == groups.lossy_before[wide_to]
}

/// Whether all error records of a stream are whole, and none of its chains lacks one.
fn intact_stream(groups: &Groups<'_>, stream: u32) -> bool {
    let all = groups.of_stream(stream);
    let same = |counts: &[u32]| counts[all.start] == counts[all.end];
    same(&groups.damaged_before) && same(&groups.lossy_before)
}

/// Whether a stream at INFO or DEBUG level stands as one worker wrote it: nothing is awaited between `Trying to fallback b/w
/// models` and what comes of it, so only another process, a lost line or one out of order can come between them.
pub(super) fn one_worker(groups: &Groups<'_>, stream: u32) -> bool {
    let mut pairs = 0;
    for pair in groups.nodes[groups.of_stream(stream)].windows(2).filter(|pair| pair[0].kind == FactKind::HopTried) {
        let gap = pair[1].lines.0.saturating_sub(pair[0].lines.1);
        if !matches!(pair[1].kind, FactKind::HopStarted | FactKind::NoHop) || gap > NOTE_LINES {
            return false;
        }
        pairs += 1;
    }
    pairs >= ENOUGH_PAIRS && intact_stream(groups, stream)
}
