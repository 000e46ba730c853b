//! `--format markdown`: for the summary of a GitHub job, an issue, or a post-mortem.
//!
//! The first lines say how many requests, whose fault, and what became of them; tables and advice follow; the records' own words are folded
//! away. It stays far below what GitHub takes, and says so when something is cut.

mod incidents;
mod page;

use std::io::{self, Write};

use super::Shown;
use super::words::{
    NOT_IN_CONFIG, NOT_NAMED, counted, judged, left_out, meaning, mentioned, orphans, outcomes, size, targets, times, top, versions, when,
};
use crate::link::Verdict;
use crate::report::{GroupBy, Report};
pub(super) use page::{Page, code};

/// Rows of a table, unless `--top` says otherwise.
const MOST_ROWS: usize = 20;
/// Problems that are listed.
const MOST_PROBLEMS: usize = 10;

/// Writes the summary and the clearest incidents.
///
/// # Errors
///
/// What the writer gives.
pub(super) fn write(report: &Report, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::default();
    page.headline(report);
    if report.summary.requests > 0 {
        let most = shown.top.unwrap_or(MOST_ROWS);
        page.verdicts(report);
        page.failures(report, most);
        page.models(report, most);
        if let Some(by) = shown.group_by {
            page.breakdown(report, by, most);
        }
        page.check(report, most);
        page.advice(report);
    }
    page.neighbours(report);
    page.judgement(report);
    if report.summary.requests > 0 {
        page.incidents(report, shown.top);
    }
    if page.is_cut {
        page.paragraph("**This page was cut for its size**: the counts above are whole, and `--format json` has all incidents.");
    }
    page.problems(report);
    out.write_all(page.text.trim_end().as_bytes())?;
    writeln!(out)
}

impl Page {
    fn headline(&mut self, report: &Report) {
        self.totals(report);
        if let Some(said) = left_out(report) {
            self.paragraph(&format!("{said}."));
        }
    }

    fn totals(&mut self, report: &Report) {
        let s = &report.summary;
        if s.requests == 0 {
            let bytes = report.inputs.iter().map(|input| input.bytes).sum();
            let inputs = counted(report.inputs.len() as u64, "input");
            self.paragraph("## No request met the prefill rejection");
            self.paragraph(&format!("{inputs}, {} read.", size(bytes)));
            if let Some(said) = mentioned(report) {
                self.paragraph(&said);
            }
        } else {
            self.paragraph(&format!("## {} met the prefill rejection", counted(s.requests, "request")));
            let blamed: Vec<String> = Verdict::ALL
                .into_iter()
                .filter(|verdict| report.with_verdict(*verdict) > 0)
                .map(|verdict| format!("{} {}", report.with_verdict(verdict), cause(verdict)))
                .collect();
            self.paragraph(&format!("**{}.** {}.", blamed.join(", "), outcomes(report)));
            let versions = versions(report).map(|versions| format!("; LiteLLM {}", code(&versions)));
            let printed = format!("{}, printed {}", counted(s.rejections, "rejection"), times(s.mentions));
            self.paragraph(&format!("{printed}; {}{}.", when(report), versions.unwrap_or_default()));
        }
        if report.windowed.left_out > 0 {
            self.paragraph(&format!("{} outside of `--since` and `--until` left out.", counted(report.windowed.left_out, "request")));
        }
    }

    fn verdicts(&mut self, report: &Report) {
        let row = |verdict: Verdict| [report.with_verdict(verdict).to_string(), code(verdict.name()), meaning(verdict).to_owned()];
        self.table(["requests", "verdict", "which means"], &[0], Verdict::ALL.map(row));
    }

    fn failures(&mut self, report: &Report, most: usize) {
        if report.failures.is_empty() {
            return;
        }
        self.paragraph(&format!("### {}", top("What really failed first, and where LiteLLM sent it", report.failures.len(), most)));
        let rows = report.failures.iter().take(most).map(|row| {
            let group = code(row.model_group.as_deref().unwrap_or(NOT_NAMED));
            [row.requests.to_string(), group, code(row.kind.name()), code(&targets(&row.targets))]
        });
        self.table(["requests", "failed group", "by", "sent to"], &[0], rows);
    }

    fn models(&mut self, report: &Report, most: usize) {
        self.paragraph(&format!("### {}", top("Who refused", report.models.len(), most)));
        let rows = report.models.iter().take(most).map(|row| {
            let name = code(row.model_group.as_deref().or(row.model.as_deref()).unwrap_or(NOT_NAMED));
            let [requests, mid_stream, client, unknown] =
                [row.requests, row.mid_stream_fallback, row.client_prefill, row.unknown].map(|n| n.to_string());
            [requests, name, row.provider.unwrap_or("-").to_owned(), mid_stream, client, unknown]
        });
        self.table(["requests", "model group", "provider", "mid-stream", "client", "unknown"], &[0, 3, 4, 5], rows);
    }

    fn breakdown(&mut self, report: &Report, by: GroupBy, most: usize) {
        let breakdown = report.breakdown(by);
        self.paragraph(&format!("### {}", top(&format!("By {}", by.name()), breakdown.rows.len(), most)));
        let rows = breakdown.rows.iter().take(most).map(|row| {
            let [requests, mid_stream, client, unknown, failed] =
                [row.requests, row.mid_stream_fallback, row.client_prefill, row.unknown, row.failed].map(|n| n.to_string());
            [requests, code(row.name.as_deref().unwrap_or(NOT_NAMED)), mid_stream, client, unknown, failed]
        });
        self.table(["requests", by.name(), "mid-stream", "client", "unknown", "failed"], &[0, 2, 3, 4, 5], rows);
    }

    /// The pairs that were seen, held against the config.
    fn check(&mut self, report: &Report, most: usize) {
        let Some(check) = &report.check else { return };
        self.paragraph(&format!("### {}", top(&format!("Against {}", code(&check.config)), check.pairs.len(), most)));
        let rows = check.pairs.iter().take(most).map(|pair| {
            let place = |e: &crate::report::Expected| format!("{} ({})", e.words(), code(&format!("{}:{}", e.file, e.line)));
            let expected = pair.expected.as_ref().map_or_else(|| NOT_IN_CONFIG.to_owned(), place);
            [pair.requests.to_string(), code(&pair.failed), code(&pair.target), expected]
        });
        if check.pairs.is_empty() {
            self.paragraph("No request that LiteLLM continued elsewhere names the group that failed.");
        } else {
            self.table(["requests", "failed group", "refused by", "the config says"], &[0], rows);
        }
        if let Some(words) = orphans(check) {
            self.paragraph(&code(&words));
        }
    }

    fn advice(&mut self, report: &Report) {
        self.paragraph("### What to change");
        for given in &report.advice {
            let issue = format!("[{}](https://github.com/{})", given.reference, given.reference.replace('#', "/issues/"));
            self.line(&format!("- **{}** (for {}, see {issue})", given.title, counted(given.applies_to, "request")));
            for step in &given.steps {
                self.line(&format!("  - {step}"));
            }
        }
        self.line("");
    }

    fn neighbours(&mut self, report: &Report) {
        for row in &report.neighbours {
            let place = code(&format!("{}:{}", report.source(row.first), row.first.line));
            self.paragraph(&format!("Not counted: {} × {} ({place}).", row.count, row.neighbour.title));
        }
    }

    /// What the policy says, where there is one and anything to say it of.
    fn judgement(&mut self, report: &Report) {
        if let Some(words) = judged(report) {
            self.paragraph(&format!("{words}."));
        }
    }

    /// What could not be read, and what is to be known of what was: failures first.
    fn problems(&mut self, report: &Report) {
        if !report.complete {
            self.paragraph("**This report is incomplete: not everything could be read.**");
        }
        if report.problems.is_empty() {
            return;
        }
        let of = |failure: bool| report.problems.iter().filter(move |problem| problem.kind.is_failure() == failure);
        let mut lines: Vec<String> = of(true).chain(of(false)).take(MOST_PROBLEMS).map(ToString::to_string).collect();
        let more = report.problems.len() - lines.len();
        lines.extend((more > 0).then(|| format!("… and {more} more")));
        self.fenced(lines.iter().map(String::as_str));
    }
}

/// Why requests of a verdict met the rejection.
fn cause(verdict: Verdict) -> String {
    match verdict {
        Verdict::Unknown => "for a reason that this input cannot tell".to_owned(),
        known => format!("because {}", meaning(known)),
    }
}
