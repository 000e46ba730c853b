//! `--format json`: the versioned contract `streamfall.report/1`, described by `schema/streamfall.report.v1.json`.
//!
//! The shapes here are the contract's and nothing else's: the report can change without it.

mod asked;
mod escape;
mod incident;
mod time;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Serialize, Serializer};

pub(super) use incident::IncidentOut;

use super::Shown;
use asked::{BreakdownOut, CheckOut, PolicyOut};
use escape::Escaping;
use time::{contract_time, local_time};

use crate::fact::Name;
use crate::knowledge::failure::Category;
use crate::report::{Report, SCHEMA};

/// Writes the report as one JSON document.
///
/// # Errors
///
/// What the writer gives.
pub fn write(report: &Report, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Escaping::new(out);
    serde_json::to_writer_pretty(&mut out, &Document { incidents: Some(Incidents(report)), ..Document::of(report, shown) })?;
    writeln!(out)?;
    out.flush()
}

/// The incidents, each made as it is written: all of them take more memory than the report.
struct Incidents<'a>(&'a Report);

impl Serialize for Incidents<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.incidents.iter().map(|incident| IncidentOut::of(self.0, incident)))
    }
}

#[derive(Serialize)]
pub(super) struct Document<'a> {
    schema: &'static str,
    generator: Generator,
    complete: bool,
    summary: Summary<'a>,
    models: Vec<Model<'a>>,
    failures: Vec<Failure<'a>>,
    /// NDJSON has a line for each instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    incidents: Option<Incidents<'a>>,
    advice: Vec<AdviceOut<'a>>,
    neighbours: Vec<Neighbour<'a>>,
    window: WindowOut,
    /// Only if it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    breakdown: Option<BreakdownOut>,
    /// Only where a policy was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyOut<'a>>,
    /// Only with `--config`.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<CheckOut<'a>>,
    inputs: Vec<Input<'a>>,
    problems: Vec<ProblemOut<'a>>,
}

/// What `--since` and `--until` did.
#[derive(Serialize)]
struct WindowOut {
    left_out: u64,
    unplaced: u64,
}

#[derive(Serialize)]
struct Generator {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Summary<'a> {
    requests: u64,
    rejections: u64,
    mentions: u64,
    by_verdict: BTreeMap<&'static str, u64>,
    by_outcome: BTreeMap<&'static str, u64>,
    by_kind: BTreeMap<&'static str, u64>,
    by_category: BTreeMap<&'static str, u64>,
    by_route: BTreeMap<&'static str, u64>,
    by_key: BTreeMap<&'a str, u64>,
    by_team: BTreeMap<&'a str, u64>,
    first_seen: Option<String>,
    last_seen: Option<String>,
    first_seen_local: Option<String>,
    last_seen_local: Option<String>,
    litellm_versions: &'a [String],
    likely_litellm_versions: &'a [String],
}

#[derive(Serialize)]
struct Model<'a> {
    model_group: Option<&'a str>,
    model: Option<&'a str>,
    provider: Option<&'static str>,
    requests: u64,
    rejections: u64,
    mid_stream_fallback: u64,
    client_prefill: u64,
    unknown: u64,
}

#[derive(Serialize)]
struct Failure<'a> {
    model_group: Option<&'a str>,
    kind: &'static str,
    category: Option<&'static str>,
    targets: &'a [Name],
    requests: u64,
}

#[derive(Serialize)]
struct AdviceOut<'a> {
    id: &'a str,
    title: &'a str,
    releases: Option<&'a str>,
    applies_to: u64,
    steps: &'a [String],
    reference: &'static str,
}

#[derive(Serialize)]
struct Neighbour<'a> {
    id: &'static str,
    title: &'static str,
    what: &'static str,
    fixed: Option<&'static str>,
    reference: &'static str,
    count: u64,
    first: PlaceOut<'a>,
}

#[derive(Serialize)]
struct PlaceOut<'a> {
    source: &'a str,
    line: u64,
}

#[derive(Serialize)]
struct Input<'a> {
    source: &'a str,
    shape: &'static str,
    bytes: u64,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct ProblemOut<'a> {
    source: &'a str,
    problem: String,
    failure: bool,
}

impl<'a> Document<'a> {
    pub(super) fn of(report: &'a Report, shown: &Shown) -> Document<'a> {
        Document {
            schema: SCHEMA,
            generator: Generator { name: "streamfall", version: env!("CARGO_PKG_VERSION") },
            complete: report.complete,
            summary: Summary::of(report),
            models: models(report),
            failures: failures(report),
            incidents: None,
            advice: advice(report),
            neighbours: neighbours(report),
            window: WindowOut { left_out: report.windowed.left_out, unplaced: report.windowed.unplaced },
            breakdown: shown.group_by.map(|by| BreakdownOut::of(report.breakdown(by))),
            policy: report.judgement.as_ref().map(PolicyOut::of),
            config: report.check.as_ref().map(CheckOut::of),
            inputs: inputs(report),
            problems: report
                .problems
                .iter()
                .map(|p| ProblemOut { source: &p.input, problem: p.kind.to_string(), failure: p.kind.is_failure() })
                .collect(),
        }
    }
}

impl<'a> Summary<'a> {
    fn of(report: &'a Report) -> Summary<'a> {
        let s = &report.summary;
        Summary {
            requests: s.requests,
            rejections: s.rejections,
            mentions: s.mentions,
            by_verdict: s.by_verdict.iter().map(|(v, n)| (v.name(), *n)).collect(),
            by_outcome: s.by_outcome.iter().map(|(o, n)| (o.name(), *n)).collect(),
            by_kind: s.by_kind.iter().map(|(k, n)| (k.name(), *n)).collect(),
            by_category: s.by_category.iter().map(|(c, n)| (c.name(), *n)).collect(),
            by_route: s.by_route.iter().copied().collect(),
            by_key: s.by_key.iter().map(|(k, n)| (k.as_str(), *n)).collect(),
            by_team: s.by_team.iter().map(|(k, n)| (k.as_str(), *n)).collect(),
            first_seen: contract_time(s.first_seen),
            last_seen: contract_time(s.last_seen),
            first_seen_local: local_time(s.first_seen),
            last_seen_local: local_time(s.last_seen),
            litellm_versions: &s.litellm_versions,
            likely_litellm_versions: &s.likely_versions,
        }
    }
}

fn models(report: &Report) -> Vec<Model<'_>> {
    report.models.iter().map(Model::of).collect()
}

impl<'a> Model<'a> {
    fn of(row: &'a crate::report::ModelRow) -> Model<'a> {
        Model {
            model_group: row.model_group.as_deref(),
            model: row.model.as_deref(),
            provider: row.provider,
            requests: row.requests,
            rejections: row.rejections,
            mid_stream_fallback: row.mid_stream_fallback,
            client_prefill: row.client_prefill,
            unknown: row.unknown,
        }
    }
}

fn failures(report: &Report) -> Vec<Failure<'_>> {
    report.failures.iter().map(Failure::of).collect()
}

impl<'a> Failure<'a> {
    fn of(row: &'a crate::report::FailureRow) -> Failure<'a> {
        Failure {
            model_group: row.model_group.as_deref(),
            kind: row.kind.name(),
            category: row.category.map(Category::name),
            targets: &row.targets,
            requests: row.requests,
        }
    }
}

fn advice(report: &Report) -> Vec<AdviceOut<'_>> {
    report.advice.iter().map(AdviceOut::of).collect()
}

impl<'a> AdviceOut<'a> {
    fn of(given: &'a crate::report::GivenAdvice) -> AdviceOut<'a> {
        AdviceOut {
            id: &given.id,
            title: &given.title,
            releases: given.releases.as_deref(),
            applies_to: given.applies_to,
            steps: &given.steps,
            reference: given.reference,
        }
    }
}

fn neighbours(report: &Report) -> Vec<Neighbour<'_>> {
    let of = |row: &'_ crate::report::NeighbourRow| {
        let known = row.neighbour;
        let first = PlaceOut { source: report.source(row.first), line: row.first.line };
        Neighbour { id: known.id, title: known.title, what: known.what, fixed: known.fixed, reference: known.reference, count: row.count, first }
    };
    report.neighbours.iter().map(of).collect()
}

fn inputs(report: &Report) -> Vec<Input<'_>> {
    let problems = |input: &crate::report::InputRead| input.problem.iter().map(ToString::to_string).collect();
    report.inputs.iter().map(|input| Input { source: &input.name, shape: input.shape(), bytes: input.bytes, problems: problems(input) }).collect()
}
