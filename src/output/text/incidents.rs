//! `--incidents` and `--incident ID`: each request with its chain, who asked, the reasons of its verdict, and where the evidence stands.

use std::fmt::Write as _;

use anstyle::Style;

use super::excerpt;
use super::page::{CYAN, DIM, Page, RED, YELLOW};
use crate::link::{Confidence, Verdict};
use crate::output::terminal::plain;
use crate::output::words::{self, ChainStep, StepSort};
use crate::report::{Report, ReportedIncident};

impl Page<'_> {
    pub(super) fn incidents(&mut self, report: &Report) {
        let most = self.shown.top.unwrap_or(usize::MAX);
        let all = report.incidents.len();
        self.title(&if all > most { format!("Incidents (the first {most} of {all})") } else { "Incidents".to_owned() });
        for reported in report.incidents.iter().take(most) {
            self.incident(report, reported, false);
        }
    }

    /// The one incident that is asked for, with all its records.
    pub(super) fn one_incident(&mut self, report: &Report, id: &str) {
        match report.incident(id) {
            Ok(reported) => self.incident(report, reported, true),
            Err(why) => self.wrapped(&plain(&why), "", RED),
        }
    }

    pub(super) fn incident(&mut self, report: &Report, reported: &ReportedIncident, unfolded: bool) {
        let i = &reported.incident;
        let style = match i.verdict {
            Verdict::MidStreamFallback => RED,
            Verdict::ClientPrefill => YELLOW,
            Verdict::Unknown => CYAN,
        };
        let verdict = self.styled(i.verdict.name(), style);
        let sure = i.confidence.map(|confidence| format!(" ({})", Confidence::name(confidence))).unwrap_or_default();
        let time = i.request.start.map(|t| format!("{t}  ")).unwrap_or_default();
        self.line("");
        self.line(&format!("{time}{verdict}{sure}, {}, id {}", i.outcome.name(), reported.id));
        self.chain(&words::chain(i));
        let asked = plain(&words::caller(&i.request)).into_owned();
        if !asked.is_empty() {
            self.wrapped(&asked, "  from ", DIM);
        }
        for because in &i.because {
            self.wrapped(because, "  because ", DIM);
        }
        let clearest = excerpt::clearest(i);
        for evidence in &i.evidence {
            let mut process = report.process(evidence.stream).map(|name| format!("  {}", plain(name))).unwrap_or_default();
            if let Some(output) = evidence.output.name() {
                let _ = write!(process, " ({output})");
            }
            self.line(&format!("  {}:{}  {}{process}", plain(report.source(evidence.place)), evidence.place.line, evidence.role.name()));
            if unfolded || clearest == Some(evidence) {
                self.excerpt(i, evidence);
            }
        }
    }

    /// The chain unfolded: each step below the one that led to it.
    fn chain(&mut self, steps: &[ChainStep]) {
        for step in steps {
            let (lead, style) = match step.sort {
                StepSort::Failure => ("  ✗ ", RED),
                StepSort::Sent => ("    → ", Style::new()),
                StepSort::Rejection => ("      ✗ ", Style::new()),
                StepSort::End => ("  = ", DIM),
            };
            self.wrapped(&plain(&step.text), lead, style);
        }
    }
}
