//! Makes the report of the incidents.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;

use super::masks::Masks;
use super::{FailureRow, InputsRead, ModelRow, Names, Noticed, Report, ReportedIncident, Summary, Traffic, Windowed, identity};
use crate::fact::{Name, Place};
use crate::input::{Problem, ProblemKind};
use crate::knowledge::failure::{Category, Kind};
use crate::knowledge::metric::Counter;
use crate::knowledge::{model, provider};
use crate::link::{Incident, IncidentRejection, Outcome, Verdict};
use crate::mask::Secrets;
use crate::record::Time;

impl Report {
    /// The report of all incidents, made by the pool that this is called in; elsewhere it would start one of its own.
    #[must_use]
    pub(crate) fn new(
        mut incidents: Vec<Box<Incident>>,
        noticed: Noticed,
        names: Names,
        windowed: Windowed,
        inputs: InputsRead,
        secrets: Secrets,
    ) -> Report {
        let complete = !inputs.stopped && !inputs.problems.iter().any(|p| p.kind.is_failure());
        let mut masks = Masks::new(secrets);
        let (names, inputs) = (masks.of_names(names), masks.of_inputs(inputs));
        mask(&mut incidents, secrets);
        let mentions = inputs.read.iter().fold(0_u64, |all, input| all.saturating_add(input.mentions));
        let (mut summary, (models, failures)) =
            rayon::join(|| summary(&incidents, mentions), || rayon::join(|| models(&incidents), || failures(&incidents)));
        summary.litellm_versions = noticed.versions.iter().map(|version| masks.text(version)).collect();
        summary.likely_versions = noticed.likely_versions.into_iter().map(str::to_owned).collect();
        let mut report = Report {
            complete,
            stopped: inputs.stopped,
            windowed,
            traffic: Traffic::default(),
            summary,
            models,
            failures,
            incidents: named(incidents, secrets),
            advice: Vec::new(),
            neighbours: noticed.neighbours,
            ended_streams: noticed.ended,
            releases: noticed.releases,
            given_release: None,
            inputs: inputs.read,
            problems: inputs.problems,
            judgement: None,
            check: None,
            names,
        };
        report.weigh();
        report.problems.extend(counted_more(&noticed.counters, &report));
        report.problems.extend(unplaced(windowed));
        report.problems.extend(contradictions(&report.models));
        report
    }
}

/// Models that refused although the table of models says that they accept: either a name misleads, or the table is out of date.
fn contradictions(models: &[ModelRow]) -> Vec<Problem> {
    let of = |row: &ModelRow| {
        let name = row.model.as_deref().or(row.model_group.as_deref())?;
        let known = model::prefill(name);
        matches!(known, model::Prefill::Accepts(_)).then(|| Problem { input: name.to_owned(), kind: ProblemKind::Contradicts(known.reason()) })
    };
    models.iter().filter_map(of).collect()
}

/// Says which requests a window could not be held against.
fn unplaced(windowed: Windowed) -> Option<Problem> {
    let kind = ProblemKind::Unplaced(windowed.unplaced);
    (windowed.unplaced > 0).then(|| Problem { input: "--since and --until".to_owned(), kind })
}

/// How many incidents are looked at by one thread at a time.
const AT_A_TIME: usize = 1024;

/// Masks incidents, side by side.
fn mask(incidents: &mut [Box<Incident>], secrets: Secrets) {
    let mask = |masks: &mut Masks, some: &mut [Box<Incident>]| some.iter_mut().for_each(|incident| masks.mask(incident));
    incidents.par_chunks_mut(AT_A_TIME).for_each_init(|| Masks::new(secrets), mask);
}

/// Ids and fingerprints are those of masked incidents, whether secrets are shown or not: a baseline knows them in both.
fn named(incidents: Vec<Box<Incident>>, secrets: Secrets) -> Vec<ReportedIncident> {
    let identify = |some: &[Box<Incident>]| -> Vec<(u64, u64)> {
        let mut masked: Vec<Box<Incident>> = if secrets == Secrets::Shown { some.to_vec() } else { Vec::new() };
        mask(&mut masked, Secrets::Masked);
        if secrets == Secrets::Shown { &masked } else { some }.iter().map(|incident| identity::of(incident)).collect()
    };
    let identities: Vec<Vec<(u64, u64)>> = incidents.par_chunks(AT_A_TIME).map(identify).collect();
    let mut fingerprints: HashMap<u64, Name> = HashMap::new();
    let mut seen: HashMap<u64, u64> = HashMap::with_capacity(incidents.len());
    let name = |(incident, (id, fingerprint)): (Box<Incident>, (u64, u64))| {
        // Thousands of incidents are of one sort.
        let fingerprint = fingerprints.entry(fingerprint).or_insert_with(|| format!("{fingerprint:016x}").into()).clone();
        let before = seen.entry(id).or_default();
        let named = if *before > 0 { format!("{id:016x}-{before}") } else { format!("{id:016x}") };
        *before += 1;
        ReportedIncident { id: named, fingerprint, incident }
    };
    incidents.into_iter().zip(identities.into_iter().flatten()).map(name).collect()
}

fn count<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<(K, u64)> {
    let mut counts: BTreeMap<K, u64> = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts.into_iter().collect()
}

fn count_names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<(String, u64)> {
    count(names).into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

fn summary(incidents: &[Box<Incident>], mentions: u64) -> Summary {
    let all = |verdict: Verdict| incidents.iter().filter(|i| i.verdict == verdict).count() as u64;
    let ended = |outcome: Outcome| incidents.iter().filter(|i| i.outcome == outcome).count() as u64;
    let failures = || incidents.iter().filter(|i| i.verdict == Verdict::MidStreamFallback).filter_map(|i| i.stream_failure.as_ref());
    let (first_seen, last_seen) = seen(incidents);
    Summary {
        requests: incidents.len() as u64,
        rejections: incidents.iter().map(|i| i.rejections.len() as u64).sum(),
        mentions,
        by_verdict: Verdict::ALL.map(|v| (v, all(v))).to_vec(),
        by_outcome: [Outcome::Failed, Outcome::Recovered, Outcome::Unknown].map(|o| (o, ended(o))).to_vec(),
        by_kind: count::<Kind>(failures().map(|f| f.kind)),
        by_category: count::<Category>(failures().filter_map(|f| f.category)),
        by_route: count(incidents.iter().filter_map(|i| i.request.route)),
        by_key: count_names(incidents.iter().filter_map(|i| i.request.caller.key.as_deref())),
        by_team: count_names(incidents.iter().filter_map(|i| i.request.caller.team.as_deref())),
        first_seen,
        last_seen,
        ..Summary::default()
    }
}

/// First and last time of all incidents: instants where any incident has them, else the log's own.
fn seen(incidents: &[Box<Incident>]) -> (Option<Time>, Option<Time>) {
    let of = |utc: bool| incidents.iter().map(|i| &i.request).filter(move |r| r.start.is_some_and(|start| start.utc == utc));
    let some = of(true).next().is_some();
    let first = of(some).min_by_key(|r| r.span.0).and_then(|r| r.start);
    let last = of(some).max_by_key(|r| r.span.1).and_then(|r| r.end.or(r.start));
    (first, last)
}

/// Model group and provider.
type RefusingGroup = (Option<Name>, Option<&'static str>);

fn models(incidents: &[Box<Incident>]) -> Vec<ModelRow> {
    let mut providers: BTreeMap<Option<&str>, BTreeSet<&str>> = BTreeMap::new();
    for rejection in incidents.iter().flat_map(|incident| &incident.rejections) {
        providers.entry(rejection.model_group.as_deref()).or_default().extend(rejection.provider);
    }
    // A bare body names no provider; where a group has but one, it is that.
    let provider_of = |rejection: &IncidentRejection| {
        let known = providers.get(&rejection.model_group.as_deref()).filter(|known| known.len() == 1 && rejection.model_group.is_some());
        let only = known.and_then(|known| known.iter().next()).and_then(|name| provider::by_name(name)).map(|p| p.name);
        rejection.provider.or(only)
    };
    let mut rows: BTreeMap<RefusingGroup, (ModelRow, BTreeSet<Name>)> = BTreeMap::new();
    for incident in incidents {
        let mut met = BTreeSet::new();
        for rejection in &incident.rejections {
            let key = (rejection.model_group.clone(), provider_of(rejection));
            let (row, models) = rows.entry(key.clone()).or_insert_with(|| (empty_row(&key), BTreeSet::new()));
            row.rejections += 1;
            models.extend(rejection.model.clone());
            if met.insert(key) {
                row.requests += 1;
                *match incident.verdict {
                    Verdict::MidStreamFallback => &mut row.mid_stream_fallback,
                    Verdict::ClientPrefill => &mut row.client_prefill,
                    Verdict::Unknown => &mut row.unknown,
                } += 1;
            }
        }
    }
    let mut rows: Vec<ModelRow> = rows.into_values().map(|(row, models)| ModelRow { model: only(models), ..row }).collect();
    rows.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| (&a.model_group, a.provider).cmp(&(&b.model_group, b.provider))));
    rows
}

fn empty_row((group, provider): &RefusingGroup) -> ModelRow {
    ModelRow {
        model_group: group.clone(),
        model: None,
        provider: *provider,
        requests: 0,
        rejections: 0,
        mid_stream_fallback: 0,
        client_prefill: 0,
        unknown: 0,
    }
}

/// A group's model, if it has but one.
fn only(models: BTreeSet<Name>) -> Option<Name> {
    if models.len() == 1 { models.into_iter().next() } else { None }
}

fn failures(incidents: &[Box<Incident>]) -> Vec<FailureRow> {
    let mut rows: BTreeMap<(Option<Name>, Kind), FailureRow> = BTreeMap::new();
    for incident in incidents.iter().filter(|i| i.verdict == Verdict::MidStreamFallback) {
        let Some(failure) = &incident.stream_failure else { continue };
        let row = || FailureRow {
            model_group: failure.model_group.clone(),
            kind: failure.kind,
            category: failure.category,
            targets: Vec::new(),
            requests: 0,
        };
        let row = rows.entry((failure.model_group.clone(), failure.kind)).or_insert_with(row);
        row.requests += 1;
        for target in &incident.fallbacks {
            if !row.targets.contains(target) {
                row.targets.push(target.clone());
            }
        }
    }
    let mut rows: Vec<FailureRow> = rows.into_values().collect();
    rows.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| (&a.model_group, a.kind).cmp(&(&b.model_group, b.kind))));
    rows
}

/// Counters that are higher than the rejections there are, by source and what they count.
fn counted_more(counters: &BTreeMap<(u32, Counter), u64>, report: &Report) -> Vec<Problem> {
    let seen = report.summary.rejections;
    let more = counters.iter().filter(|(_, counted)| **counted > seen);
    more.map(|((source, counter), counted)| {
        let place = Place { source: *source, ..Place::default() };
        Problem { input: report.source(place).to_owned(), kind: ProblemKind::CountsMore { what: *counter, counted: *counted, seen } }
    })
    .collect()
}
