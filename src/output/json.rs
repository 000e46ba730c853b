//! `--format json`: the versioned contract `streamfall.report/1`, described by `schema/streamfall.report.v1.json`.
//!
//! The shapes here are the contract's and nothing else's: the report can change without it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::Shown;
use super::terminal::is_hostile;

use crate::fact::Name;
use crate::knowledge::failure::Category;
use crate::link::{Confidence, Incident, Outcome, Request, Verdict};
use crate::record::Time;
use crate::report::{Breakdown, BreakdownRow, Judgement, Report, ReportedIncident, SCHEMA};

/// Writes the report as one JSON document.
///
/// # Errors
///
/// What the writer gives.
pub fn write(report: &Report, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let incidents = report.incidents.iter().map(|incident| IncidentOut::of(report, incident)).collect();
    let document = serde_json::to_string_pretty(&Document { incidents: Some(incidents), ..Document::of(report, shown) })?;
    writeln!(out, "{}", escaped(&document))
}

/// The document with control and direction-changing characters of its strings written as `\u` escapes: it may be shown on a terminal.
pub(in crate::output) fn escaped(document: &str) -> Cow<'_, str> {
    let hostile = |c: char| c != '\n' && is_hostile(c);
    if !document.contains(hostile) {
        return Cow::Borrowed(document);
    }
    let mut safe = String::with_capacity(document.len());
    for c in document.chars() {
        if hostile(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
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
    incidents: Option<Vec<IncidentOut<'a>>>,
    advice: Vec<AdviceOut<'a>>,
    neighbours: Vec<Neighbour<'a>>,
    window: WindowOut,
    /// Only if it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    breakdown: Option<BreakdownOut>,
    /// Only where a policy was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyOut<'a>>,
    inputs: Vec<Input<'a>>,
    problems: Vec<ProblemOut<'a>>,
}

/// What `--since` and `--until` did.
#[derive(Serialize)]
struct WindowOut {
    left_out: u64,
    unplaced: u64,
}

/// `--group-by`.
#[derive(Serialize)]
struct BreakdownOut {
    by: &'static str,
    rows: Vec<BreakdownRowOut>,
}

#[derive(Serialize)]
struct BreakdownRowOut {
    name: Option<String>,
    requests: u64,
    mid_stream_fallback: u64,
    client_prefill: u64,
    unknown: u64,
    failed: u64,
}

/// What the policy says.
#[derive(Serialize)]
struct PolicyOut<'a> {
    fails: bool,
    counted: u64,
    known: u64,
    reasons: &'a [String],
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
pub(super) struct IncidentOut<'a> {
    id: &'a str,
    fingerprint: &'a str,
    verdict: Verdict,
    confidence: Option<Confidence>,
    because: &'a [&'static str],
    time: Option<String>,
    end_time: Option<String>,
    time_local: Option<String>,
    end_time_local: Option<String>,
    call_id: Option<&'a str>,
    trace_id: Option<&'a str>,
    route: Option<&'static str>,
    outcome: Outcome,
    key: Option<&'a str>,
    team: Option<&'a str>,
    user: Option<&'a str>,
    end_user: Option<&'a str>,
    user_agent: Option<&'a str>,
    requested_model: Option<&'a str>,
    litellm_version: Option<&'a str>,
    stream_failure: Option<StreamFailureOut<'a>>,
    fallbacks: &'a [Name],
    rejections: Vec<RejectionOut<'a>>,
    evidence: Vec<EvidenceOut<'a>>,
}

#[derive(Serialize)]
struct StreamFailureOut<'a> {
    model_group: Option<&'a str>,
    model: Option<&'a str>,
    provider: Option<&'static str>,
    kind: &'static str,
    category: Option<&'static str>,
    class: Option<&'a str>,
    status: Option<u16>,
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct RejectionOut<'a> {
    request_id: Option<&'a str>,
    model_group: Option<&'a str>,
    model: Option<&'a str>,
    provider: Option<&'static str>,
}

#[derive(Serialize)]
struct EvidenceOut<'a> {
    source: &'a str,
    line: u64,
    role: &'static str,
    process: Option<&'a str>,
    output: Option<&'static str>,
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

/// The contract's time: RFC 3339 where the instant is known, `HH:MM:SS` where the log has no date. A date without a zone is
/// neither, so it stands in the `_local` field alone.
fn contract_time(time: Option<Time>) -> Option<String> {
    time.filter(|t| t.utc || t.date.is_none()).map(|t| t.to_string())
}

fn local_time(time: Option<Time>) -> Option<String> {
    time.filter(|t| !t.utc).map(|t| t.to_string())
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
            inputs: inputs(report),
            problems: report
                .problems
                .iter()
                .map(|p| ProblemOut { source: &p.input, problem: p.kind.to_string(), failure: p.kind.is_failure() })
                .collect(),
        }
    }
}

impl BreakdownOut {
    fn of(breakdown: Breakdown) -> BreakdownOut {
        let row = |row: BreakdownRow| BreakdownRowOut {
            name: row.name,
            requests: row.requests,
            mid_stream_fallback: row.mid_stream_fallback,
            client_prefill: row.client_prefill,
            unknown: row.unknown,
            failed: row.failed,
        };
        BreakdownOut { by: breakdown.by.name(), rows: breakdown.rows.into_iter().map(row).collect() }
    }
}

impl<'a> PolicyOut<'a> {
    fn of(judgement: &'a Judgement) -> PolicyOut<'a> {
        PolicyOut { fails: judgement.fails, counted: judgement.counted, known: judgement.known, reasons: &judgement.reasons }
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

impl<'a> IncidentOut<'a> {
    pub(super) fn of(report: &'a Report, reported: &'a ReportedIncident) -> IncidentOut<'a> {
        let (i, r): (&Incident, &Request) = (&reported.incident, &reported.incident.request);
        IncidentOut {
            id: &reported.id,
            fingerprint: &reported.fingerprint,
            verdict: i.verdict,
            confidence: i.confidence,
            because: &i.because,
            time: contract_time(r.start),
            end_time: contract_time(r.end),
            time_local: local_time(r.start),
            end_time_local: local_time(r.end),
            call_id: r.call_id.as_deref(),
            trace_id: r.trace_id.as_deref(),
            route: r.route,
            outcome: i.outcome,
            key: r.caller.key.as_deref(),
            team: r.caller.team.as_deref(),
            user: r.caller.user.as_deref(),
            end_user: r.caller.end_user.as_deref(),
            user_agent: r.caller.user_agent.as_deref(),
            requested_model: r.requested_model.as_deref(),
            litellm_version: r.version.as_deref(),
            stream_failure: i.stream_failure.as_ref().map(|f| StreamFailureOut {
                model_group: f.model_group.as_deref(),
                model: f.model.as_deref(),
                provider: f.provider,
                kind: f.kind.name(),
                category: f.category.map(Category::name),
                class: f.class.as_deref(),
                status: f.status,
                message: f.message.as_deref(),
            }),
            fallbacks: &i.fallbacks,
            rejections: i.rejections.iter().map(RejectionOut::of).collect(),
            evidence: i
                .evidence
                .iter()
                .map(|e| EvidenceOut {
                    source: report.source(e.place),
                    line: e.place.line,
                    role: e.role,
                    process: report.process(e.stream),
                    output: e.output.name(),
                })
                .collect(),
        }
    }
}

impl<'a> RejectionOut<'a> {
    fn of(rejection: &'a crate::link::IncidentRejection) -> RejectionOut<'a> {
        RejectionOut {
            request_id: rejection.request_id.as_deref(),
            model_group: rejection.model_group.as_deref(),
            model: rejection.model.as_deref(),
            provider: rejection.provider,
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
