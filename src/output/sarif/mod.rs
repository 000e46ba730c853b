//! `--format sarif`: SARIF 2.1.0, for GitHub's code scanning and other viewers of findings.
//!
//! A result is a sort of incident, not an incident: a sort is what has a fingerprint, is known again in the next run, and is mended as one.
//! Its code flow leads from the broken stream over the fallback to the rejection. GitHub's limits are kept, and what is cut is told.

mod place;
mod rules;
mod shape;

use std::io::{self, Write};

use super::terminal::plain;
use super::witness;
use super::words::{chain, counted, cut, outcomes_in};
use crate::escape::escaped;
use crate::knowledge::failure::{Category, Kind};
use crate::link::{Confidence, Incident, Verdict};
use crate::report::{Group, Report, Standing};
use place::Artifacts;
pub(super) use place::uri;
use shape::{
    CodeFlow, Document, Driver, Fingerprints, Invocation, Notification, ResultProperties, Run, SarifResult, Text, ThreadFlow, ThreadFlowLocation,
    Tool, Totals,
};

/// How many results GitHub shows (it takes 25,000); with all of them, a file stays below its 10 MB (gzip).
const MOST_RESULTS: usize = 5_000;
/// Steps of a code flow; GitHub shows 1,000.
const MOST_STEPS: usize = 100;
/// Targets of a result.
const MOST_TARGETS: usize = 20;
/// Problems that are told.
const MOST_PROBLEMS: usize = 1_000;
/// Characters of a message that viewers show.
const LONGEST: usize = 1_000;

/// Writes the log.
///
/// # Errors
///
/// What the writer gives.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut groups: Vec<(Standing, Group<'_>)> = report.groups().into_iter().map(|group| (report.standing(&group), group)).collect();
    // What must be cut is what matters least.
    groups.sort_by_key(|(standing, _)| *standing);
    let mut notifications = problems(report);
    notifications.extend(cuts(&groups));
    groups.truncate(MOST_RESULTS);
    let mut artifacts = Artifacts::new(report);
    let results = groups.iter().map(|(standing, group)| result(report, group, *standing, &mut artifacts)).collect();
    let version = env!("CARGO_PKG_VERSION");
    let run = Run {
        tool: Tool { driver: Driver { name: "streamfall", version, semantic_version: version, rules: rules::all() } },
        invocations: [Invocation { execution_successful: report.complete, tool_execution_notifications: notifications }],
        column_kind: "unicodeCodePoints",
        artifacts: artifacts.all,
        results,
        properties: totals(report),
    };
    let document = Document { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] };
    writeln!(out, "{}", escaped(&serde_json::to_string_pretty(&document)?))
}

fn totals(report: &Report) -> Totals {
    Totals {
        requests: report.summary.requests,
        rejections: report.summary.rejections,
        mid_stream_fallback: report.with_verdict(Verdict::MidStreamFallback),
        client_prefill: report.with_verdict(Verdict::ClientPrefill),
        unknown: report.with_verdict(Verdict::Unknown),
    }
}

fn problems(report: &Report) -> Vec<Notification> {
    let told = report.problems.iter().take(MOST_PROBLEMS).map(|problem| {
        let level = if problem.kind.is_failure() { "error" } else { "note" };
        Notification { level, message: text(&problem.to_string()) }
    });
    let more = report.problems.len().saturating_sub(MOST_PROBLEMS) as u64;
    let more = (more > 0).then(|| warning(format!("{} more not listed; the JSON report has all.", counted(more, "problem"))));
    told.chain(more).collect()
}

/// What is left out for GitHub's limits.
fn cuts(groups: &[(Standing, Group<'_>)]) -> Vec<Notification> {
    let (shown, left) = groups.split_at(groups.len().min(MOST_RESULTS));
    let requests = left.iter().map(|(_, group)| group.requests).sum();
    let results = (!left.is_empty()).then(|| {
        let sorts = counted(left.len() as u64, "sort");
        warning(format!("{sorts} of incident ({}) left out: more than {MOST_RESULTS} results are not shown.", counted(requests, "request")))
    });
    let long = |incident: &Incident| chain(incident).len() > MOST_STEPS || incident.fallbacks.len() > MOST_TARGETS;
    let long = shown.iter().filter(|(_, group)| long(&group.clearest.incident)).count() as u64;
    let shortened = (long > 0).then(|| warning(format!("Code flow or targets of {} cut.", counted(long, "result"))));
    results.into_iter().chain(shortened).collect()
}

fn warning(text: String) -> Notification {
    Notification { level: "warning", message: Text { text } }
}

fn result<'a>(report: &Report, group: &Group<'a>, standing: Standing, artifacts: &mut Artifacts<'_>) -> SarifResult<'a> {
    let incident = &group.clearest.incident;
    let verdict = group.verdict();
    let against_baseline = report.judgement.as_ref().is_some_and(|judgement| judgement.against_baseline);
    let steps = chain(incident).into_iter().take(MOST_STEPS);
    let steps = steps.map(|step| ThreadFlowLocation { location: artifacts.location(witness::of(incident, step.sort), Some(text(&step.text))) });
    let code_flows = [CodeFlow { thread_flows: [ThreadFlow { locations: steps.collect() }] }];
    SarifResult {
        rule_id: verdict.name(),
        rule_index: rules::index(verdict),
        level: if standing == Standing::Forbidden { rules::level(verdict) } else { "note" },
        message: text(&format!("{} ({}): {}.", counted(group.requests, "request"), outcomes_in(group), group.sentence())),
        locations: [artifacts.location(witness::clearest(incident), None)],
        code_flows,
        partial_fingerprints: Fingerprints {
            primary_location_line_hash: format!("{}:1", group.fingerprint()),
            streamfall: group.fingerprint().to_owned(),
        },
        occurrence_count: group.requests,
        baseline_state: against_baseline.then(|| if standing == Standing::Known { "unchanged" } else { "new" }),
        properties: ResultProperties {
            requests: group.requests,
            failed: group.failed,
            recovered: group.recovered,
            failed_group: group.failed_group(),
            kind: group.kind().map(Kind::name),
            category: group.category().map(Category::name),
            targets: group.targets().iter().take(MOST_TARGETS).map(|name| &**name).collect(),
            route: group.route(),
            confidence: incident.confidence.map(Confidence::name),
            clearest_incident: &group.clearest.id,
        },
    }
}

/// A message: control characters are spelt out, and what stands for a placeholder or a link in SARIF is escaped.
fn text(said: &str) -> Text {
    let said = plain(said);
    let said = cut(&said, LONGEST).replace('{', "{{").replace('}', "}}");
    // Only brackets with a parenthesis behind them are a link: elsewhere an escape would but show.
    let text = if said.contains("](") { said.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]") } else { said };
    Text { text }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_message_is_no_link_and_has_no_placeholder() {
        let cases = [
            ("invalid x-api-key [key:43c15242]", "invalid x-api-key [key:43c15242]"),
            ("[click](http://evil)", "\\[click\\](http://evil)"),
            ("{0} {\"a\":1}", "{{0}} {{\"a\":1}}"),
            ("a\nb\u{202e}", "a\\nb\\u{{202e}}"),
        ];
        for (said, expected) in cases {
            assert_eq!(text(said).text, expected);
        }
    }
}
