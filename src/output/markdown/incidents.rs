//! The clearest incidents, each folded away under one line: its chain, who asked, the reasons, and its records' own words.

use super::page::{Page, code, html_code};
use crate::link::{Confidence, Evidence};
use crate::output::words::{self, NOT_NAMED, StepSort, caller, chain, counted, outcomes_in};
use crate::report::{Group, Report};

/// Incidents that are shown, unless `--top` says otherwise.
const MOST_INCIDENTS: usize = 5;
/// Steps of a chain, and records of an incident.
const MOST_STEPS: usize = 40;
const MOST_RECORDS: usize = 20;

impl Page {
    pub(super) fn incidents(&mut self, report: &Report, top: Option<usize>) {
        let groups = report.groups();
        let most = top.unwrap_or(MOST_INCIDENTS);
        let title = words::top("The clearest incidents, one of each sort", groups.len(), most);
        self.paragraph(&format!("### {title}"));
        for group in groups.iter().take(most) {
            if !self.has_room() {
                break;
            }
            self.incident(report, group);
        }
    }

    fn incident(&mut self, report: &Report, group: &Group<'_>) {
        let incident = &group.clearest.incident;
        self.line("<details>");
        self.paragraph(&format!("<summary>{}</summary>", headline(group)));
        let sure = incident.confidence.map(|confidence| format!(" ({})", Confidence::name(confidence))).unwrap_or_default();
        let time = incident.request.start.map(|time| format!("{time}, ")).unwrap_or_default();
        self.paragraph(&format!(
            "Incident `{}` ({} with fingerprint `{}`): {time}`{}`{sure}, {}.",
            group.clearest.id,
            counted(group.requests, "request"),
            group.fingerprint(),
            group.verdict().name(),
            incident.outcome.name(),
        ));
        let steps = chain(incident);
        let mut lines: Vec<String> = steps.iter().take(MOST_STEPS).map(|step| format!("{}{}", lead(step.sort), step.text)).collect();
        lines.extend((steps.len() > MOST_STEPS).then(|| format!("… and {} more", counted((steps.len() - MOST_STEPS) as u64, "step"))));
        let asked = caller(&incident.request);
        lines.extend((!asked.is_empty()).then(|| format!("from {asked}")));
        lines.extend(incident.because.iter().map(|because| format!("because {because}")));
        self.fenced(lines.iter().map(String::as_str));
        for evidence in incident.evidence.iter().take(MOST_RECORDS) {
            self.record(report, evidence);
        }
        let more = incident.evidence.len().saturating_sub(MOST_RECORDS) as u64;
        if more > 0 {
            self.paragraph(&format!("… and {} more.", counted(more, "record")));
        }
        self.paragraph("</details>");
    }

    fn record(&mut self, report: &Report, evidence: &Evidence) {
        let process = report.process(evidence.stream).map(|name| format!(", {}", code(name))).unwrap_or_default();
        let output = evidence.output.name().map(|name| format!(" ({name})")).unwrap_or_default();
        let place = code(&format!("{}:{}", report.source(evidence.place), evidence.place.line));
        self.paragraph(&format!("{place} `{}`{process}{output}", evidence.role.name()));
        if let Some(quote) = &evidence.quote {
            self.fenced(quote.lines());
        }
    }
}

/// What the incidents of a sort have in common, in HTML.
fn headline(group: &Group<'_>) -> String {
    let targets = words::targets(group.targets());
    let failed = group.kind().map(|kind| format!(": {} ({})", html_code(group.failed_group().unwrap_or(NOT_NAMED)), kind.name()));
    let sent = (!group.targets().is_empty()).then(|| format!(" → {}", html_code(&targets)));
    let requests = counted(group.requests, "request");
    format!("<b>{requests}</b>, {}{}{} – {}", group.verdict().name(), failed.unwrap_or_default(), sent.unwrap_or_default(), outcomes_in(group))
}

/// What stands before a step, so that each is below the one that led to it.
fn lead(sort: StepSort) -> &'static str {
    match sort {
        StepSort::Failure => "✗ ",
        StepSort::Sent => "  → ",
        StepSort::Rejection => "    ✗ ",
        StepSort::End => "= ",
    }
}
