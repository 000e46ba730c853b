//! The sum of incidents: totals, counts per model and failure, and what to change.
//!
//! A report holds what every output format prints and nothing of how; formats never count for themselves.

mod advice;
mod baseline;
mod breakdown;
mod build;
mod check;
mod flow;
mod group;
mod identity;
mod masks;
mod noticed;
mod policy;
mod standing;
mod timeline;
mod traffic;
mod window;

pub use baseline::{Baseline, BaselineError};
pub use breakdown::{Breakdown, BreakdownRow, GroupBy};
pub use check::{Check, CheckedPair, Expected, Orphan};
pub use flow::Way;
pub use group::Group;
pub use noticed::Noticed;
pub use policy::{FailOn, Judgement, Max, Policy};
pub use standing::Standing;
pub use timeline::{Step, Timeline};
pub use traffic::Traffic;
pub use window::{Bound, Window, Windowed};

pub use crate::fact::{Caller, Name, Output, Place};
pub use crate::input::{Problem, ProblemKind};
pub use crate::knowledge::failure::{Category, Kind};
pub use crate::knowledge::neighbour::Neighbour;
pub use crate::knowledge::version::Version;
pub use crate::link::{Confidence, Evidence, Incident, IncidentRejection, Outcome, Request, StreamFailure, Verdict};
pub use crate::record::{Form, Time};

use std::collections::BTreeMap;

/// Name and version of the contract that a report is written by (`schema/streamfall.report.v1.json`).
pub const SCHEMA: &str = "streamfall.report/1";

/// What stands for a group that the input does not name.
pub const NOT_NAMED: &str = "(not named)";

/// All that was found.
#[non_exhaustive]
#[derive(Debug)]
pub struct Report {
    /// Whether everything was read to its end.
    pub complete: bool,
    /// Whether the reading was stopped before its end.
    pub stopped: bool,
    /// What was left out for its time.
    pub windowed: Windowed,
    /// How much went on at all, where it was asked for.
    pub traffic: Traffic,
    /// Totals.
    pub summary: Summary,
    /// Counts per rejecting model group, most requests first.
    pub models: Vec<ModelRow>,
    /// Counts per failed group and kind of stream failure, most requests first.
    pub failures: Vec<FailureRow>,
    /// The incidents, in the order of their first record.
    pub incidents: Vec<ReportedIncident>,
    /// What to change, most important first.
    pub advice: Vec<GivenAdvice>,
    /// Failures that are taken for this one, counted apart.
    pub neighbours: Vec<NeighbourRow>,
    /// What was read.
    pub inputs: Vec<InputRead>,
    /// What could not be read, and what was noticed.
    pub problems: Vec<Problem>,
    /// What the policy says of it, once it has been asked.
    pub judgement: Option<Judgement>,
    /// What it shows, held against the proxy's config, where one was given.
    pub check: Option<Check>,
    /// Streams that broke and were not continued, by the log's stream: whether by design, its release tells.
    ended_streams: BTreeMap<u32, NeighbourRow>,
    /// The release of each stream of a log, where line numbers tell it.
    releases: BTreeMap<u32, &'static str>,
    /// The release that was given.
    given_release: Option<Version>,
    names: Names,
}

/// The names of what facts name by number.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Sources, by index.
    pub sources: Vec<String>,
    /// Processes, by stream; empty where nothing names them.
    pub processes: Vec<String>,
    /// What `--label` put before the names of sources.
    pub label: Option<String>,
}

/// Totals over all incidents.
#[non_exhaustive]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Incidents: client requests that met a rejection.
    pub requests: u64,
    /// Rejections, each once.
    pub rejections: u64,
    /// How often the sentence is printed.
    pub mentions: u64,
    /// Requests by verdict, all three.
    pub by_verdict: Vec<(Verdict, u64)>,
    /// Requests by outcome, all three.
    pub by_outcome: Vec<(Outcome, u64)>,
    /// Mid-stream requests by kind of stream failure.
    pub by_kind: Vec<(Kind, u64)>,
    /// Mid-stream requests by category.
    pub by_category: Vec<(Category, u64)>,
    /// Requests by route, where it is known.
    pub by_route: Vec<(&'static str, u64)>,
    /// Requests by key (alias or hash), where it is known.
    pub by_key: Vec<(String, u64)>,
    /// Requests by team (alias or id), where it is known.
    pub by_team: Vec<(String, u64)>,
    /// First and last time seen, as the log prints times.
    pub first_seen: Option<Time>,
    /// See `first_seen`.
    pub last_seen: Option<Time>,
    /// Versions that a log names.
    pub litellm_versions: Vec<String>,
    /// Versions told by the line numbers of LiteLLM's records.
    pub likely_versions: Vec<String>,
}

/// Counts of one rejecting group.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRow {
    /// The group that refused.
    pub model_group: Option<Name>,
    /// Its provider model, if one was seen.
    pub model: Option<Name>,
    /// LiteLLM's provider name.
    pub provider: Option<&'static str>,
    /// Requests that it refused.
    pub requests: u64,
    /// Rejections of its own.
    pub rejections: u64,
    /// Requests by verdict.
    pub mid_stream_fallback: u64,
    /// See above.
    pub client_prefill: u64,
    /// See above.
    pub unknown: u64,
}

/// Counts of one failed group and kind.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureRow {
    /// The group whose stream broke.
    pub model_group: Option<Name>,
    /// By what.
    pub kind: Kind,
    /// Where to look.
    pub category: Option<Category>,
    /// Where LiteLLM sent the requests.
    pub targets: Vec<Name>,
    /// Mid-stream requests.
    pub requests: u64,
}

/// An incident with its names.
#[non_exhaustive]
#[derive(Debug)]
pub struct ReportedIncident {
    /// Stable for the same evidence.
    pub id: String,
    /// The same for incidents of the same verdict, failed group, kind, targets and route.
    pub fingerprint: Name,
    /// The incident.
    pub incident: Box<Incident>,
}

/// A piece of advice and how many requests it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenAdvice {
    /// Its name.
    pub id: String,
    /// What it is about, in a sentence.
    pub title: String,
    /// What to do, the smallest step first.
    pub steps: Vec<String>,
    /// Where it comes from.
    pub reference: &'static str,
    /// How many requests.
    pub applies_to: u64,
    /// For which releases of LiteLLM it holds, in words; `None` for all.
    pub releases: Option<String>,
}

/// A failure that is taken for this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighbourRow {
    /// Which.
    pub neighbour: &'static Neighbour,
    /// How many requests.
    pub count: u64,
    /// Where it stands first.
    pub first: Place,
}

/// One source that was read.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub struct InputRead {
    /// Index by which places name it.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Forms of record seen in it.
    pub forms: Vec<Form>,
    /// Bytes, after decompression.
    pub bytes: u64,
    /// How often the sentence is printed in it.
    pub mentions: u64,
    /// Access lines of requests to a model, if they were asked for.
    pub requests: u64,
    /// What went wrong.
    pub problem: Option<ProblemKind>,
}

/// All sources and problems.
#[non_exhaustive]
#[derive(Debug, Default)]
pub struct InputsRead {
    /// What was read.
    pub read: Vec<InputRead>,
    /// What was not, and what was noticed.
    pub problems: Vec<Problem>,
    /// Whether the reading was stopped.
    pub stopped: bool,
}

impl Report {
    /// The name of a place's source.
    #[must_use]
    pub fn source(&self, place: Place) -> &str {
        self.names.sources.get(place.source as usize).map_or("", String::as_str)
    }

    /// The name of a place's source without its label: where it is a file, its path.
    #[must_use]
    pub fn path(&self, place: Place) -> &str {
        let source = self.source(place);
        let own = self.names.label.as_ref().and_then(|label| source.strip_prefix(label.as_str())?.strip_prefix(':'));
        own.unwrap_or(source)
    }

    /// The name of a stream's process, where an envelope names it.
    #[must_use]
    pub fn process(&self, stream: u32) -> Option<&str> {
        self.names.processes.get(stream as usize).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// Requests with this verdict.
    #[must_use]
    pub fn with_verdict(&self, verdict: Verdict) -> u64 {
        self.summary.by_verdict.iter().find(|(v, _)| *v == verdict).map_or(0, |(_, count)| *count)
    }

    /// Requests with this outcome.
    #[must_use]
    pub fn with_outcome(&self, outcome: Outcome) -> u64 {
        self.summary.by_outcome.iter().find(|(o, _)| *o == outcome).map_or(0, |(_, count)| *count)
    }
}

impl InputRead {
    /// What the source holds, as `inputs[].shape` names it.
    #[must_use]
    pub fn shape(&self) -> &'static str {
        let forms: Vec<Form> = self.forms.iter().copied().filter(|form| *form != Form::Uvicorn || self.forms.len() == 1).collect();
        match (&self.problem, &forms[..]) {
            (Some(ProblemKind::Binary), _) => "binary",
            (Some(ProblemKind::Empty), _) => "empty",
            (_, []) => "unknown",
            (_, [only]) => only.name(),
            (_, forms) if forms.iter().all(|form| form.is_log()) => "litellm-mixed",
            _ => "mixed",
        }
    }
}
