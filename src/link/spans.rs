//! Verdicts from what a trace does *not* show.
//!
//! Where a trace has a request's span and the span of its failure, and both were refused without a word of a broken stream, no
//! stream broke. This rests on an absence, so it counts only where no other evidence is, and not for `/v1/responses`, whose
//! attempts may stand in a trace of their own (1.88.6).

use super::groups::Groups;
use super::rules::Rule;
use super::summary::Summary;
use crate::fact::{About, Attempt, Form};
use crate::knowledge::route::RESPONSES;

/// Exporters that give all spans of a trace, whatever its needles: spans among a log's lines are read only if they hold one.
const WHOLE: [Form; 3] = [Form::Otlp, Form::Jaeger, Form::Zipkin];

/// Judges requests whose traces show no broken stream.
pub(super) fn judge(groups: &mut Groups<'_>) {
    let summaries = groups.summaries();
    let silent: Vec<usize> = summaries.iter().filter(|(_, summary)| is_silent(groups, summary)).map(|(root, _)| root).collect();
    for root in silent {
        groups.apply(root, Rule::NoStreamFailureInTrace);
    }
}

fn is_silent(groups: &Groups<'_>, summary: &Summary) -> bool {
    let attempts: Vec<&Attempt> = summary.nodes.iter().filter_map(|&n| groups.error(n)?.attempt.as_deref()).collect();
    let about_request = attempts.iter().filter(|attempt| attempt.about == About::Request && WHOLE.contains(&attempt.form)).count();
    let only_spans = attempts.len() == summary.nodes.len();
    summary.rejected && summary.evidence.is_empty() && only_spans && about_request >= 2 && attempts.iter().all(|a| a.route != Some(RESPONSES))
}
