//! Joins a chain of a log to the broken stream of a trace that began it.
//!
//! From 1.82 a chat trace shows the stream failure but not the rejected hop, and a log shows the hop of a chain that recovered
//! but not the failure. No id is in both, but a broken stream whose target did not answer, as another model did in its place,
//! *needs* a failed hop on that target at the moment at which it broke. Where one hop only can be that, whatever became of it,
//! and it can be no other's, the two are one request.
//!
//! This is the one rule by time that crosses sources. So it holds only for a log and a trace of the same proxy: every rejection
//! of the trace, within the log's time, must be in that log, too; and their clocks must differ by whole quarters of an hour.
//! And it holds only for a log that lost nothing: where one broken stream has no hop that fits, that record is lost, and the hop
//! that fits another may be a stranger's. Whoever else can have met a hop is asked, too: a request that failed otherwise and
//! recovered leaves the same record.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use super::groups::Groups;
use super::integrity;
use super::rules::Rule;
use super::summary::{Summaries, Summary};
use crate::fact::{About, Attempt, ErrorRecord, Served, Statement};

const SECOND: i64 = 1_000_000;
/// Time zones differ by quarters of an hour.
const QUARTER: i64 = 900 * SECOND;
/// How far the times of one incident may be apart in log and trace.
const MOST_SKEW: i64 = 3 * SECOND;
/// How long LiteLLM and the provider may take from the broken stream to the rejection of its hop: a hop of those that come within this
/// time may be the one.
const PATIENCE: i64 = 2 * SECOND;
/// How long they take where nothing holds them up; only a hop that comes so soon is taken for the one.
const PROMPT: i64 = SECOND / 4;
/// A log in which a broken stream has no hop lost records, and around it the rule says nothing: how far around.
const SILENCE: i64 = 300 * SECOND;
/// How many incidents must be in both for their clocks to be known.
const ENOUGH: usize = 3;

/// Joins chains to broken streams.
pub(super) fn join(groups: &mut Groups<'_>) {
    groups.flatten();
    let summaries = groups.summaries();
    if !summaries.values().any(|summary| attempts(groups, summary).any(|(_, _, attempt)| attempt.broke_stream)) {
        return;
    }
    let pairs: Vec<Pair<'_, '_>> = log_streams(groups).into_iter().filter_map(|stream| Pair::of(groups, summaries, stream)).collect();
    let fits: Vec<Fit> = pairs.iter().flat_map(Pair::fits).collect();
    let mut uses: HashMap<usize, usize> = HashMap::new();
    for end in fits.iter().flat_map(|fit| [fit.hop, fit.broken]) {
        *uses.entry(end).or_default() += 1;
    }
    let only = |fit: &&Fit| uses.get(&fit.hop) == Some(&1) && uses.get(&fit.broken) == Some(&1);
    let sure = fits.iter().filter(only).filter(|fit| fit.is_sure && is_orphan(groups, summaries, fit.hop));
    let mut found: Vec<(usize, usize)> = sure.map(|fit| (fit.hop, fit.broken)).collect();
    found.retain(|(hop, _)| integrity::intact_between(groups, *hop, *hop));
    found.sort_unstable();
    for (hop, broken) in found {
        groups.join(hop, broken, Rule::BrokenStreamNeedsHop);
    }
}

/// Whether a hop begins a chain of a log of which nothing is proven.
fn is_orphan(groups: &Groups<'_>, summaries: &Summaries, hop: usize) -> bool {
    summaries.get(groups.root(hop)).is_some_and(|summary| {
        let first = summary.nodes.iter().copied().find(|&n| groups.nodes[n].hop.is_some());
        summary.rejected && summary.evidence.is_empty() && first == Some(hop)
    })
}

fn log_streams(groups: &Groups<'_>) -> Vec<u32> {
    let mut streams: Vec<u32> = groups.nodes.iter().filter(|node| node.hop.is_some()).map(|node| node.stream).collect();
    streams.dedup();
    streams
}

/// The attempts of a group.
fn attempts<'g, 'a>(groups: &'g Groups<'a>, summary: &'g Summary) -> impl Iterator<Item = (usize, &'a ErrorRecord, &'a Attempt)> + use<'g, 'a> {
    summary.nodes.iter().filter_map(|&n| {
        let error = groups.error(n)?;
        Some((n, error, error.attempt.as_deref()?))
    })
}

/// An instant on the trace's line of time.
fn instant(time: Option<crate::record::Time>) -> Option<i64> {
    i64::try_from(time.filter(|t| t.utc)?.since_epoch()).ok()
}

/// A hop of the log and a broken stream of a trace that may belong together.
struct Fit {
    hop: usize,
    broken: usize,
    /// Whether the hop came within [`PROMPT`], no other request can have met it, and the log lost none around.
    is_sure: bool,
}

/// A log and the traces that are of the same proxy.
struct Pair<'g, 'a> {
    groups: &'g Groups<'a>,
    summaries: &'g Summaries,
    stream: u32,
    /// What to add to an instant to come to the log's line of time.
    shift: i64,
    /// The log's first and last instant.
    logged: RangeInclusive<i64>,
    /// The first targets that a broken stream's model stood for, in incidents that both know.
    targets: HashMap<&'a str, HashSet<&'a str>>,
}

impl<'g, 'a> Pair<'g, 'a> {
    fn of(groups: &'g Groups<'a>, summaries: &'g Summaries, stream: u32) -> Option<Pair<'g, 'a>> {
        let times = || groups.nodes[groups.of_stream(stream)].iter().filter_map(|node| i64::try_from(node.at).ok());
        let logged = times().min()?..=times().max()?;
        let mut pair = Pair { groups, summaries, stream, shift: 0, logged, targets: HashMap::new() };
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
        summary.nodes.iter().copied().rfind(|&n| self.groups.nodes[n].stream == self.stream)
    }

    fn shift_of(&self, summary: &Summary) -> Option<i64> {
        let logged = i64::try_from(self.groups.nodes[self.last_logged(summary)?].at).ok()?;
        let ended = attempts(self.groups, summary).filter_map(|(_, _, attempt)| instant(attempt.end)).max()?;
        Some(logged - ended)
    }

    /// Whether all rejections of the traces, within the log's time, are in the log.
    fn covers_traces(&self) -> bool {
        self.summaries.values().filter(|summary| summary.rejected && self.last_logged(summary).is_none()).all(|summary| {
            let mut ends = attempts(self.groups, summary).filter_map(|(_, _, attempt)| instant(attempt.end));
            ends.all(|end| !self.logged.contains(&(end + self.shift)))
        })
    }

    fn learn_targets(&mut self) {
        for summary in self.summaries.values().filter(|summary| summary.rejected) {
            let errors = summary.nodes.iter().filter_map(|&n| self.groups.error(n));
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

    /// Hops and broken streams that may belong together. Near a broken stream that has no hop none is sure: the log lost that one.
    fn fits(&self) -> Vec<Fit> {
        let (needs, claims) = (self.needs(), self.claims());
        let is_prompt = |hop: usize, end: i64| self.comes_within(hop, end, PROMPT);
        let unmet: Vec<i64> = needs.iter().filter(|(end, _, hops)| !hops.iter().any(|&hop| is_prompt(hop, *end))).map(|(end, ..)| *end).collect();
        let claimed = |hop: usize| self.time_of(hop).is_none_or(|(from, to)| claims.iter().any(|claim| claim.0 <= to && from <= claim.1));
        let mut fits = Vec::new();
        for (end, broken, hops) in needs {
            let is_whole = unmet.iter().all(|other| (end - other).abs() > SILENCE);
            fits.extend(hops.into_iter().map(|hop| Fit { hop, broken, is_sure: is_whole && is_prompt(hop, end) && !claimed(hop) }));
        }
        fits
    }

    /// When other requests of the traces can have met a hop: an attempt of theirs failed, no stream's, and another model may have answered.
    fn claims(&self) -> Vec<(i64, i64)> {
        let of = |summary: &Summary| {
            let all = || attempts(self.groups, summary);
            let (_, failed, _) = all().find(|(_, _, attempt)| attempt.about == About::Attempt)?;
            // What was told to the client ends its chain in the log, too; and who failed and answered were one model where it was tried again.
            let is_over = all().any(|(_, _, attempt)| attempt.broke_stream || attempt.about == About::Request);
            let is_retried = self.answers(summary).next().is_some() && !self.another_answered(summary, failed);
            (!is_over && !is_retried).then_some(())?;
            // Not all of its attempts are in the trace: it is asked from the first failure to the answer.
            let failed = all().filter_map(|(_, _, attempt)| instant(attempt.end)).min()?;
            let answered = self.answers(summary).filter_map(|served| instant(served.end)).max();
            Some((failed + self.shift, answered.unwrap_or(failed + PATIENCE) + self.shift))
        };
        self.summaries.values().filter(|summary| !summary.rejected).filter_map(of).collect()
    }

    /// Broken streams that need a hop of the log, by when they broke, with the hops that can be it.
    fn needs(&self) -> Vec<(i64, usize, Vec<usize>)> {
        let hops = self.hops();
        let targets: HashSet<&str> = self.groups.of_stream(self.stream).filter_map(|n| self.groups.nodes[n].hop.as_deref()).collect();
        let mut needs = Vec::new();
        for summary in self.summaries.values().filter(|summary| !summary.rejected) {
            let Some((broken, error, attempt)) = attempts(self.groups, summary).find(|(_, _, attempt)| attempt.broke_stream) else { continue };
            let Some(end) = instant(attempt.end).filter(|_| self.another_answered(summary, error)) else { continue };
            if !self.logged.contains(&(end + self.shift)) {
                continue;
            }
            // A row that names what no hop went to names the model whose stream broke: what stood in for it answered at once.
            if !targets.iter().any(|target| self.aims_at(error, attempt, target)) {
                continue;
            }
            let from = hops.partition_point(|(at, ..)| *at < end + self.shift - SECOND);
            let near = hops[from..].iter().take_while(|(at, ..)| *at <= end + self.shift + PATIENCE);
            let near = near.filter(|(_, hop, target)| self.comes_within(*hop, end, PATIENCE) && self.aims_at(error, attempt, target));
            needs.push((end, broken, near.map(|(_, hop, _)| *hop).collect()));
        }
        needs
    }

    /// The attempts of a request that did not fail.
    fn answers(&self, summary: &'g Summary) -> impl Iterator<Item = &'a Served> {
        summary.nodes.iter().filter_map(|&n| match &self.groups.fact(n)?.statement {
            Statement::Served(served) => Some(&**served),
            _ => None,
        })
    }

    /// Whether the request was answered by another model than the one that its broken stream was sent to: then that one failed.
    fn another_answered(&self, summary: &'g Summary, error: &ErrorRecord) -> bool {
        let differs = |served: &Served| served.model.is_some() && error.model.is_some() && served.model.as_deref() != error.model.as_deref();
        self.answers(summary).any(differs)
    }

    /// The hops of the log whose request no trace has shown, by time, with their targets.
    fn hops(&self) -> Vec<(i64, usize, &'g str)> {
        let unseen = |n: &usize| self.summaries.get(self.groups.root(*n)).is_none_or(|summary| attempts(self.groups, summary).next().is_none());
        let all = self.groups.of_stream(self.stream).filter(unseen);
        let mut hops: Vec<(i64, usize, &str)> =
            all.filter_map(|n| Some((i64::try_from(self.groups.nodes[n].at).ok()?, n, self.groups.nodes[n].hop.as_deref()?))).collect();
        hops.sort_unstable();
        hops
    }

    /// Whether a hop was refused within so long of this instant, as far as the log's time is fine.
    fn comes_within(&self, hop: usize, end: i64, patience: i64) -> bool {
        let broke = end + self.shift;
        self.time_of(hop).is_some_and(|(from, to)| from <= broke + patience && broke <= to)
    }

    /// The first and the last instant at which a record can have been written.
    fn time_of(&self, node: usize) -> Option<(i64, i64)> {
        let node = &self.groups.nodes[node];
        let at = i64::try_from(node.at).ok()?;
        Some((at, at + if node.fine { SECOND / 20 } else { SECOND }))
    }
}
