//! The comparison for scripts: `streamfall.comparison/1`, described by `schema/streamfall.comparison.v1.json`.

use std::io::{self, Write};

use serde::Serialize;

use crate::compare::{Comparison, GroupChange, Measure, Row};
use crate::escape::escaped;
use crate::report::Report;

/// Name and version of the contract.
pub const SCHEMA: &str = "streamfall.comparison/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    generator: Generator,
    complete: bool,
    change: &'static str,
    /// Whether the exit status is 1, if both sides could be read in full.
    fails: bool,
    /// `thousand_requests`, `hour` or null.
    per: Option<&'static str>,
    before: Side,
    after: Side,
    totals: Vec<RowOut<'a>>,
    models: Vec<RowOut<'a>>,
    kinds: Vec<RowOut<'a>>,
    groups: Vec<GroupOut<'a>>,
}

#[derive(Serialize)]
struct Generator {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Side {
    complete: bool,
    requests: Option<u64>,
    seconds: Option<u64>,
    litellm_versions: Vec<String>,
    likely_litellm_versions: Vec<String>,
}

#[derive(Serialize)]
struct RowOut<'a> {
    name: &'a str,
    before: u64,
    after: u64,
    before_rate: Option<f64>,
    after_rate: Option<f64>,
}

#[derive(Serialize)]
struct GroupOut<'a> {
    fingerprint: &'a str,
    state: &'static str,
    what: &'a str,
    before: u64,
    after: u64,
}

pub(super) fn write(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: SCHEMA,
        generator: Generator { name: "streamfall", version: env!("CARGO_PKG_VERSION") },
        complete: comparison.is_complete(),
        change: comparison.change.name(),
        fails: comparison.is_worse,
        per: match comparison.measure {
            Measure::Thousand { .. } => Some("thousand_requests"),
            Measure::Hour { .. } => Some("hour"),
            Measure::None => None,
        },
        before: Side::of(&comparison.before),
        after: Side::of(&comparison.after),
        totals: rows(&comparison.totals, comparison.measure),
        models: rows(&comparison.models, comparison.measure),
        kinds: rows(&comparison.kinds, comparison.measure),
        groups: comparison.groups.iter().map(GroupOut::of).collect(),
    };
    writeln!(out, "{}", escaped(&serde_json::to_string_pretty(&document)?))
}

impl Side {
    fn of(report: &Report) -> Side {
        Side {
            complete: report.complete,
            requests: report.traffic.requests,
            seconds: report.traffic.seconds,
            litellm_versions: report.summary.litellm_versions.clone(),
            likely_litellm_versions: report.summary.likely_versions.clone(),
        }
    }
}

fn rows(rows: &[Row], measure: Measure) -> Vec<RowOut<'_>> {
    rows.iter().map(|row| RowOut::of(row, measure)).collect()
}

impl<'a> RowOut<'a> {
    fn of(row: &'a Row, measure: Measure) -> RowOut<'a> {
        let (before, after) = measure.rates(row.before, row.after);
        let rate = |rate: f64| measure.unit().map(|_| (rate * 1000.0).round() / 1000.0);
        RowOut { name: &row.name, before: row.before, after: row.after, before_rate: rate(before), after_rate: rate(after) }
    }
}

impl<'a> GroupOut<'a> {
    fn of(group: &'a GroupChange) -> GroupOut<'a> {
        GroupOut { fingerprint: &group.fingerprint, state: group.state().name(), what: &group.what, before: group.before, after: group.after }
    }
}
