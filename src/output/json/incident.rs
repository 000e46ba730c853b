//! One incident, as `--format json` and `--format ndjson` have it.

use serde::Serialize;

use super::time::{contract_time, local_time};
use crate::fact::Name;
use crate::knowledge::failure::Category;
use crate::link::{Confidence, Incident, Outcome, Request, Verdict};
use crate::report::{Report, ReportedIncident};

#[derive(Serialize)]
pub(in crate::output) struct IncidentOut<'a> {
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

impl<'a> IncidentOut<'a> {
    pub(in crate::output) fn of(report: &'a Report, reported: &'a ReportedIncident) -> IncidentOut<'a> {
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
                    role: e.role.name(),
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
