//! Joins a chain of a log to the broken stream of a trace that began it.
//!
//! From 1.82 a chat trace shows the stream failure but not the rejected hop, and a log shows the hop of a chain that recovered
//! but not the failure. No id is in both, but a broken stream *needs* a hop on its target at the moment at which it broke. Where
//! one hop only can be that, and it can be no other's, the two are one request.
//!
//! This is the one rule by time that crosses sources. So it holds only for a log and a trace of the same proxy: every rejection
//! of the trace, within the log's time, must be in that log, too; and their clocks must differ by whole quarters of an hour.

use std::collections::{HashMap, HashSet};

use super::groups::{Groups, Node, Summary};
use super::integrity;
use super::rules::Rule;
use crate::fact::{Attempt, ErrorRecord};

const SECOND: i64 = 1_000_000;
/// Time zones differ by quarters of an hour.
const QUARTER: i64 = 900 * SECOND;
/// How far the times of one incident may be apart in log and trace.
const MOST_SKEW: i64 = 3 * SECOND;
/// How long LiteLLM may take from the broken stream to the rejection of its hop: 56 ms at most in calm captures.
const PATIENCE: i64 = SECOND;
/// How many incidents must be in both for their clocks to be known.
const ENOUGH: usize = 3;

/// Joins chains to broken streams.
pub(super) fn join(groups: &mut Groups<'_>) {
    groups.flatten();
    let summaries = groups.summaries();
    if !summaries.values().any(|summary| attempts(groups, summary).any(|(_, _, attempt)| attempt.broke_stream)) {
        return;
    }
    let mut found = Vec::new();
    for stream in log_streams(groups) {
        found.extend(Pair::of(groups, &summaries, stream).map_or_else(Vec::new, |pair| pair.joins()));
    }
    for (hop, broken) in found {
        groups.join(hop, broken, Rule::BrokenStreamNeedsHop);
    }
}

fn log_streams(groups: &Groups<'_>) -> Vec<u32> {
    let mut streams: Vec<u32> = groups.nodes.iter().filter(|node| node.hop.is_some()).map(Node::stream).collect();
    streams.dedup();
    streams
}

/// The attempts of a group.
fn attempts<'g, 'a>(groups: &'g Groups<'a>, summary: &'g Summary) -> impl Iterator<Item = (usize, &'a ErrorRecord, &'a Attempt)> + use<'g, 'a> {
    summary.nodes.iter().filter_map(|&n| {
        let error = groups.nodes[n].error()?;
        Some((n, error, error.attempt.as_deref()?))
    })
}

/// An instant on the trace's line of time.
fn instant(time: Option<crate::record::Time>) -> Option<i64> {
    i64::try_from(time.filter(|t| t.utc)?.since_epoch()).ok()
}

/// A log and the traces that are of the same proxy.
struct Pair<'g, 'a> {
    groups: &'g Groups<'a>,
    summaries: &'g HashMap<usize, Summary>,
    stream: u32,
    /// What to add to an instant to come to the log's line of time.
    shift: i64,
    /// The first targets that a broken stream's model stood for, in incidents that both know.
    targets: HashMap<&'a str, HashSet<&'a str>>,
}

impl<'g, 'a> Pair<'g, 'a> {
    fn of(groups: &'g Groups<'a>, summaries: &'g HashMap<usize, Summary>, stream: u32) -> Option<Pair<'g, 'a>> {
        let mut pair = Pair { groups, summaries, stream, shift: 0, targets: HashMap::new() };
        let shifts: Vec<i64> = summaries.values().filter(|summary| summary.rejected).filter_map(|summary| pair.shift_of(summary)).collect();
        let quarters = |shift: i64| (shift + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
        pair.shift = quarters(*shifts.first()?);
        let agree = shifts.iter().all(|shift| quarters(*shift) == pair.shift && (shift - pair.shift).abs() <= MOST_SKEW);
        (shifts.len() >= ENOUGH && agree && pair.covers_traces()).then_some(())?;
        pair.learn_targets();
        Some(pair)
    }

    /// The last record of the log's part of a group.
    fn last_logged(&self, summary: &Summary) -> Option<usize> {
        summary.nodes.iter().copied().rfind(|&n| self.groups.nodes[n].stream() == self.stream)
    }

    fn shift_of(&self, summary: &Summary) -> Option<i64> {
        let logged = i64::try_from(self.groups.nodes[self.last_logged(summary)?].at).ok()?;
        let ended = attempts(self.groups, summary).filter_map(|(_, _, attempt)| instant(attempt.end)).max()?;
        Some(logged - ended)
    }

    /// Whether all rejections of the traces, within the log's time, are in the log.
    fn covers_traces(&self) -> bool {
        let times = || self.groups.nodes.iter().filter(|node| node.stream() == self.stream).filter_map(|node| i64::try_from(node.at).ok());
        let (Some(first), Some(last)) = (times().min(), times().max()) else { return false };
        self.summaries.values().filter(|summary| summary.rejected && self.last_logged(summary).is_none()).all(|summary| {
            let mut ends = attempts(self.groups, summary).filter_map(|(_, _, attempt)| instant(attempt.end));
            ends.all(|end| !(first..=last).contains(&(end + self.shift)))
        })
    }

    fn learn_targets(&mut self) {
        for summary in self.summaries.values().filter(|summary| summary.rejected) {
            let errors = summary.nodes.iter().filter_map(|&n| self.groups.nodes[n].error());
            let first = errors.flat_map(ErrorRecord::texts).find_map(|text| text.levels.first()?.fallbacks.as_ref()?.first());
            let model = attempts(self.groups, summary).find(|(_, _, attempt)| attempt.broke_stream).and_then(|(_, error, _)| error.model.as_deref());
            if let (Some(first), Some(model)) = (first, model) {
                self.targets.entry(model).or_default().insert(first);
            }
        }
    }

    /// Whether a broken stream needs a hop to this group: its row names the target, by model and perhaps by group.
    fn aims_at(&self, error: &ErrorRecord, attempt: &Attempt, target: &str) -> bool {
        let model = error.model.as_deref().unwrap_or_default();
        let own = model.rsplit_once('/').map_or(model, |(_, name)| name);
        attempt.model_group.as_deref() == Some(target) || own == target || self.targets.get(model).is_some_and(|groups| groups.contains(target))
    }

    /// Hops and broken streams that need each other and no other.
    fn joins(&self) -> Vec<(usize, usize)> {
        let hops: Vec<(usize, &str)> = self.orphans();
        let mut fits: Vec<(usize, usize)> = Vec::new();
        for summary in self.summaries.values().filter(|summary| !summary.rejected) {
            let Some((broken, error, attempt)) = attempts(self.groups, summary).find(|(_, _, attempt)| attempt.broke_stream) else { continue };
            let Some(end) = instant(attempt.end) else { continue };
            let near = hops.iter().filter(|(hop, target)| self.at_once(*hop, end) && self.aims_at(error, attempt, target));
            fits.extend(near.map(|(hop, _)| (*hop, broken)));
        }
        let only = |pair: &&(usize, usize)| fits.iter().filter(|(hop, broken)| *hop == pair.0 || *broken == pair.1).count() == 1;
        let mut joins: Vec<(usize, usize)> = fits.iter().filter(only).copied().collect();
        joins.retain(|(hop, _)| integrity::intact_between(self.groups, *hop, *hop));
        joins.sort_unstable();
        joins
    }

    /// The first hops of chains of the log of which nothing is proven, with their targets.
    fn orphans(&self) -> Vec<(usize, &'a str)> {
        let unknown = |summary: &&Summary| summary.rejected && summary.evidence.is_empty() && attempts(self.groups, summary).next().is_none();
        let first = |summary: &Summary| summary.nodes.iter().find_map(|&n| Some((n, self.groups.nodes[n].hop?)));
        let hops = self.summaries.values().filter(unknown).filter_map(first);
        hops.filter(|(hop, _)| self.groups.nodes[*hop].stream() == self.stream).collect()
    }

    /// Whether a hop was refused within [`PATIENCE`] of this instant, as far as the log's time is fine.
    fn at_once(&self, hop: usize, end: i64) -> bool {
        let node = &self.groups.nodes[hop];
        let after = i64::try_from(node.at).unwrap_or(i64::MAX) - (end + self.shift);
        let grain = if node.fine { SECOND / 20 } else { SECOND };
        (-grain..=PATIENCE).contains(&after)
    }
}
