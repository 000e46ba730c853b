//! `--incidents`: each request with its chain, who asked, the reasons of its verdict, and where the evidence stands.

use std::fmt::Write as _;

use anstyle::Style;

use super::{CYAN, DIM, NOT_NAMED, Page, RED, YELLOW};
use crate::link::{Incident, Request, Verdict};
use crate::output::terminal::plain;
use crate::report::{Report, ReportedIncident};

impl Page<'_> {
    pub(super) fn incidents(&mut self, report: &Report) {
        self.title("Incidents");
        for reported in &report.incidents {
            self.incident(report, reported);
        }
    }

    pub(super) fn incident(&mut self, report: &Report, reported: &ReportedIncident) {
        let i = &reported.incident;
        let style = match i.verdict {
            Verdict::MidStreamFallback => RED,
            Verdict::ClientPrefill => YELLOW,
            Verdict::Unknown => CYAN,
        };
        let verdict = self.styled(i.verdict.name(), style);
        let sure = i.confidence.map(|c| format!(" ({})", format!("{c:?}").to_lowercase())).unwrap_or_default();
        let time = i.request.start.map(|t| format!("{t}  ")).unwrap_or_default();
        self.line("");
        self.line(&format!("{time}{verdict}{sure}, {}, id {}", i.outcome.name(), reported.id));
        self.wrapped(&chain(i), "  ", Style::new());
        let asked = caller(&i.request);
        if !asked.is_empty() {
            self.wrapped(&asked, "  from ", DIM);
        }
        for because in &i.because {
            self.wrapped(because, "  because ", DIM);
        }
        for evidence in &i.evidence {
            let mut process = report.process(evidence.stream).map(|name| format!("  {}", plain(name))).unwrap_or_default();
            if let Some(output) = evidence.output.name() {
                let _ = write!(process, " ({output})");
            }
            self.line(&format!("  {}:{}  {}{process}", plain(report.source(evidence.place)), evidence.place.line, evidence.role));
        }
    }
}

/// `claude-sonnet-4-5 failed (overloaded: Overloaded) → claude-sonnet-4-6 refused (req_…)`.
fn chain(incident: &Incident) -> String {
    let mut text = String::new();
    if let Some(failure) = &incident.stream_failure {
        let group = failure.model_group.as_deref().unwrap_or("(a group not named)");
        let words = failure.message.as_deref().map(|m| format!(": {m}")).unwrap_or_default();
        let _ = write!(text, "{group} failed ({}{words}) → ", failure.kind.name());
    }
    let refused: Vec<String> = incident
        .rejections
        .iter()
        .map(|r| {
            let name = r.model_group.as_deref().or(r.model.as_deref()).or(r.provider).unwrap_or(NOT_NAMED);
            format!("{name} refused ({})", r.request_id.as_deref().unwrap_or("no request id"))
        })
        .collect();
    text.push_str(&refused.join(" → "));
    plain(&text).into_owned()
}

/// `key prod-app, team core, call 27c2aa72-…`: what a trace knows of the request.
fn caller(request: &Request) -> String {
    let caller = &request.caller;
    let known = [("key", &caller.key), ("team", &caller.team), ("user", &caller.user), ("end user", &caller.end_user), ("call", &request.call_id)];
    let known: Vec<String> = known.iter().filter_map(|(what, value)| Some(format!("{what} {}", value.as_ref()?))).collect();
    plain(&known.join(", ")).into_owned()
}
