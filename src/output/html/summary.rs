//! What stands on the first screen: how many failed, whose fault, what failed first.

use super::{Page, counted, tone, words};
use crate::link::{Outcome, Verdict};

/// Keys and teams that are named.
const MOST_CALLERS: usize = 5;
/// Failures that the first screen names.
pub(super) const MOST_FIRST: usize = 3;
/// The width of the bar of verdicts.
const WIDTH: f64 = 1000.0;

/// One verdict, and its part of the bar.
pub(super) struct VerdictRow {
    pub(super) name: &'static str,
    pub(super) tone: &'static str,
    pub(super) meaning: &'static str,
    pub(super) requests: u64,
    pub(super) x: f64,
    pub(super) width: f64,
}

impl Page<'_> {
    pub(super) fn verdicts(&self) -> Vec<VerdictRow> {
        let all = self.report.summary.requests.max(1) as f64;
        let mut x = 0.0;
        let verdicts = Verdict::ALL;
        let row = |verdict: Verdict| {
            let requests = self.report.with_verdict(verdict);
            let width = requests as f64 / all * WIDTH;
            let row = VerdictRow { name: verdict.name(), tone: tone(verdict), meaning: words::meaning(verdict), requests, x, width };
            x += width;
            row
        };
        verdicts.map(row).into()
    }

    /// What became of the requests that are not known to have failed.
    pub(super) fn outcomes(&self) -> Vec<(u64, &'static str)> {
        let outcomes = [(Outcome::Recovered, "recovered on a later fallback"), (Outcome::Unknown, "ended unseen")];
        outcomes.into_iter().map(|(outcome, what)| (self.report.with_outcome(outcome), what)).filter(|(n, _)| *n > 0).collect()
    }

    pub(super) fn failed(&self) -> u64 {
        self.report.with_outcome(Outcome::Failed)
    }

    /// Why no failure is named.
    pub(super) fn nothing_first(&self) -> &'static str {
        match self.report.with_verdict(Verdict::Unknown) {
            0 => "No stream had broken: the clients themselves sent what was refused.",
            _ => "This input does not tell what failed first.",
        }
    }

    /// Whom to tell, where the input names them.
    pub(super) fn callers(&self) -> Vec<(&'static str, String)> {
        let summary = &self.report.summary;
        let named = [("Keys", &summary.by_key), ("Teams", &summary.by_team)];
        named.into_iter().filter(|(_, counts)| !counts.is_empty()).map(|(what, counts)| (what, words::foremost(counts, MOST_CALLERS))).collect()
    }

    /// What was read.
    pub(super) fn read(&self) -> String {
        let bytes = self.report.inputs.iter().map(|input| input.bytes).sum();
        format!("{}, {}", counted(self.report.inputs.len() as u64, "input"), words::size(bytes))
    }
}
