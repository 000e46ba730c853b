//! Which advice holds for a report: by verdicts and routes, by the releases that were seen, and by what broke the streams.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{GivenAdvice, NeighbourRow, Report, ReportedIncident};
use crate::input::{Problem, ProblemKind};
use crate::knowledge::advice::{ADVICE, Advice, Step, When};
use crate::knowledge::kinds;
use crate::knowledge::neighbour;
use crate::knowledge::route::RESPONSES;
use crate::knowledge::version::{Range, Version};
use crate::link::{Incident, Verdict};

/// How many incidents are looked at by one thread at a time.
const AT_A_TIME: usize = 4096;

impl Report {
    /// The release that wrote the logs, if they show but one.
    #[must_use]
    pub fn release(&self) -> Option<Version> {
        let summary = &self.summary;
        let all: BTreeSet<Version> =
            summary.litellm_versions.iter().chain(&summary.likely_versions).filter_map(|version| version.parse().ok()).collect();
        if all.len() == 1 { all.into_iter().next() } else { None }
    }

    /// Takes what holds for a release, instead of what does for those that the inputs show.
    pub fn weigh_as(&mut self, version: Version) {
        if let Some(seen) = self.release().filter(|seen| *seen != version) {
            let kind = ProblemKind::OtherRelease { given: version.to_string(), seen: seen.to_string() };
            self.problems.push(Problem { input: "--litellm-version".to_owned(), kind });
        }
        self.given_release = Some(version);
        self.weigh();
    }

    /// Takes the advice that holds for the releases that wrote the logs, and what these do by design.
    pub(super) fn weigh(&mut self) {
        self.advice = self.advice_by_release();
        self.neighbours.retain(|row| row.neighbour != neighbour::NO_HOP_AFTER_CONTENT);
        let by_design =
            self.ended_streams.iter().filter(|(stream, _)| self.release_of_stream(**stream).is_some_and(|v| v >= neighbour::ENDS_STREAMS));
        let mut rows = by_design.map(|(_, row)| row.clone());
        if let Some(first) = rows.next() {
            let row = rows.fold(first, |sum, row| NeighbourRow { count: sum.count + row.count, first: sum.first.min(row.first), ..sum });
            self.neighbours.push(row);
        }
        self.neighbours.sort_by(|a, b| b.count.cmp(&a.count).then(a.neighbour.id.cmp(b.neighbour.id)));
    }

    fn release_of_stream(&self, stream: u32) -> Option<Version> {
        let told = || self.releases.get(&stream).and_then(|version| version.parse().ok());
        self.given_release.or_else(told).or_else(|| self.release())
    }

    /// The release that the records of each incident are of.
    fn releases_of_incidents(&self) -> Vec<Option<Version>> {
        if self.given_release.is_some() {
            return vec![self.given_release; self.incidents.len()];
        }
        let only = self.release();
        let of = |incident: &Incident| {
            let named = || incident.request.version.as_deref().and_then(|version| version.parse().ok());
            let told = || incident.evidence.iter().find_map(|evidence| self.releases.get(&evidence.stream)?.parse().ok());
            named().or_else(told).or(only)
        };
        self.incidents.par_iter().with_min_len(AT_A_TIME).map(|reported| of(&reported.incident)).collect()
    }

    /// Each piece of advice with the requests that it is for: of a known release, those that it holds for; those of which no release is
    /// known get the first that there is, which says for which releases it holds.
    fn advice_by_release(&self) -> Vec<GivenAdvice> {
        let mut given: Vec<GivenAdvice> = Vec::new();
        let mut told: Vec<When> = Vec::new();
        let all = self.releases_of_incidents();
        for advice in &ADVICE {
            let is_first = !told.contains(&advice.when);
            told.push(advice.when);
            let holds = |release: &Option<Version>| release.map_or(is_first, |release| Range::any_holds(advice.holds, release));
            let fitting = self.incidents.iter().zip(&all).filter(|(reported, _)| fits(advice.when, reported)).map(|(_, release)| *release);
            let releases: Vec<Option<Version>> = fitting.filter(holds).collect();
            if !releases.is_empty() {
                given.push(self.given(advice, &releases));
            }
        }
        given.extend(self.kinds());
        given
    }

    fn given(&self, advice: &Advice, releases: &[Option<Version>]) -> GivenAdvice {
        let known: BTreeSet<Version> = releases.iter().flatten().copied().collect();
        let is_unknown = releases.contains(&None);
        let step = |step: &Step| match (step.holds.is_empty(), is_unknown) {
            (false, true) => format!("(LiteLLM {}) {}", Range::in_words(step.holds), step.text),
            _ => step.text.to_owned(),
        };
        let holds = |step: &&Step| is_unknown || known.iter().any(|release| Range::any_holds(step.holds, *release));
        let words = Range::in_words(advice.holds);
        let seen = (advice.when == When::Client).then(|| clients(self)).flatten();
        GivenAdvice {
            id: advice.id.to_owned(),
            title: if is_unknown && !words.is_empty() { format!("{} (for LiteLLM {words})", advice.title) } else { advice.title.to_owned() },
            steps: advice.steps.iter().filter(holds).map(step).chain(seen).collect(),
            reference: advice.reference,
            applies_to: releases.len() as u64,
            releases: Some(words).filter(|words| !words.is_empty()),
        }
    }

    /// What broke the streams: that stays when the rejection is gone.
    fn kinds(&self) -> impl Iterator<Item = GivenAdvice> {
        let mut kinds: Vec<_> = self.summary.by_kind.clone();
        kinds.sort_by_key(|(_, requests)| std::cmp::Reverse(*requests));
        kinds.into_iter().map(|(kind, requests)| {
            let about = kinds::about(kind);
            GivenAdvice {
                id: format!("failure_{}", kind.name()),
                title: format!("Stays when the 400 is gone: {}", about.title),
                steps: about.steps.iter().map(|step| (*step).to_owned()).collect(),
                reference: about.reference,
                applies_to: requests,
                releases: None,
            }
        })
    }
}

/// Whether advice of this sort is for an incident.
fn fits(when: When, reported: &ReportedIncident) -> bool {
    let incident = &reported.incident;
    let on_responses = incident.request.route == Some(RESPONSES);
    match when {
        When::MidStream => incident.verdict == Verdict::MidStreamFallback && !on_responses,
        When::MidStreamResponses => incident.verdict == Verdict::MidStreamFallback && on_responses,
        When::Client => incident.verdict == Verdict::ClientPrefill,
        When::Unknown => incident.verdict == Verdict::Unknown,
    }
}

/// Which clients sent a prefill, by what they call themselves, where anything says so.
fn clients(report: &Report) -> Option<String> {
    const MOST: usize = 5;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let sent = report.incidents.iter().map(|reported| &reported.incident).filter(|incident| incident.verdict == Verdict::ClientPrefill);
    for agent in sent.filter_map(|incident| incident.request.caller.user_agent.as_deref()) {
        *counts.entry(agent).or_default() += 1;
    }
    let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, requests)| std::cmp::Reverse(*requests));
    let named: Vec<String> = counts.iter().take(MOST).map(|(agent, requests)| format!("{agent} ({requests})")).collect();
    (!named.is_empty()).then(|| format!("The clients call themselves {}.", named.join(", ")))
}
