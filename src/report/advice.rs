//! Which advice holds for a report: by verdicts and routes, by the releases that were seen, and by what broke the streams.

use std::collections::BTreeMap;

use super::{GivenAdvice, Report, ReportedIncident};
use crate::knowledge::advice::{ADVICE, Advice, Step, When};
use crate::knowledge::kinds;
use crate::knowledge::neighbour;
use crate::knowledge::route::RESPONSES;
use crate::knowledge::version::{Range, Version};
use crate::link::Verdict;

impl Report {
    /// The release that wrote the logs, if they show but one.
    #[must_use]
    pub fn release(&self) -> Option<Version> {
        match releases(self)[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Takes what holds for a release, instead of what does for the releases that were seen.
    pub fn weigh_as(&mut self, version: Version) {
        self.weigh(&[version]);
    }

    /// Takes the advice that holds for these releases, and what they do by design.
    pub(super) fn weigh(&mut self, releases: &[Version]) {
        self.advice = advice(self, releases);
        self.neighbours.retain(|row| row.neighbour != neighbour::NO_HOP_AFTER_CONTENT);
        let by_design = !releases.is_empty() && releases.iter().all(|version| *version >= neighbour::ENDS_STREAMS);
        self.neighbours.extend(self.ended_streams.clone().filter(|_| by_design));
        self.neighbours.sort_by(|a, b| b.count.cmp(&a.count).then(a.neighbour.id.cmp(b.neighbour.id)));
    }
}

/// The releases that a report shows: what its inputs name, else what line numbers tell.
pub(super) fn releases(report: &Report) -> Vec<Version> {
    let summary = &report.summary;
    let named: Vec<Version> = summary.litellm_versions.iter().filter_map(|version| version.parse().ok()).collect();
    if named.is_empty() { summary.likely_versions.iter().filter_map(|version| version.parse().ok()).collect() } else { named }
}

/// All advice that holds; without a known release, whatever may hold, with the releases for which it does.
pub(super) fn advice(report: &Report, releases: &[Version]) -> Vec<GivenAdvice> {
    let holds = |ranges: &[Range]| releases.is_empty() || releases.iter().any(|version| Range::any_holds(ranges, *version));
    let known = ADVICE.iter().filter(|advice| holds(advice.holds)).map(|advice| given(report, advice, releases, &holds));
    let mut given: Vec<GivenAdvice> = known.filter(|given| given.applies_to > 0).collect();
    let mut kinds: Vec<_> = report.summary.by_kind.clone();
    kinds.sort_by_key(|(_, requests)| std::cmp::Reverse(*requests));
    given.extend(kinds.into_iter().map(|(kind, requests)| {
        let about = kinds::about(kind);
        GivenAdvice {
            id: format!("failure_{}", kind.name()),
            title: format!("Stays when the 400 is gone: {}", about.title),
            steps: about.steps.iter().map(|step| (*step).to_owned()).collect(),
            reference: about.reference,
            applies_to: requests,
            releases: None,
        }
    }));
    given
}

fn given(report: &Report, advice: &Advice, releases: &[Version], holds: &dyn Fn(&[Range]) -> bool) -> GivenAdvice {
    let step = |step: &Step| match (step.holds.is_empty(), releases.is_empty()) {
        (false, true) => format!("(LiteLLM {}) {}", Range::in_words(step.holds), step.text),
        _ => step.text.to_owned(),
    };
    let words = Range::in_words(advice.holds);
    let seen = (advice.when == When::Client).then(|| clients(report)).flatten();
    GivenAdvice {
        id: advice.id.to_owned(),
        title: if releases.is_empty() && !words.is_empty() { format!("{} (for LiteLLM {words})", advice.title) } else { advice.title.to_owned() },
        steps: advice.steps.iter().filter(|step| holds(step.holds)).map(step).chain(seen).collect(),
        reference: advice.reference,
        applies_to: applies_to(report, advice.when),
        releases: Some(words).filter(|words| !words.is_empty()),
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

/// How many requests a piece of advice is for.
fn applies_to(report: &Report, when: When) -> u64 {
    let of = |verdict: Verdict, fits: &dyn Fn(Option<&str>) -> bool| {
        let counts = |i: &&ReportedIncident| i.incident.verdict == verdict && fits(i.incident.request.route);
        report.incidents.iter().filter(counts).count() as u64
    };
    match when {
        When::MidStream => of(Verdict::MidStreamFallback, &|route| route != Some(RESPONSES)),
        When::MidStreamResponses => of(Verdict::MidStreamFallback, &|route| route == Some(RESPONSES)),
        When::Client => of(Verdict::ClientPrefill, &|_| true),
        When::Unknown => of(Verdict::Unknown, &|_| true),
    }
}
