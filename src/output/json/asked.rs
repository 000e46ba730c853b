//! What stands in the document only if it was asked for: `--group-by`, a policy, `--config`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::report::{Breakdown, BreakdownRow, Check, CheckedPair, Expected, Judgement};

/// `--group-by`.
#[derive(Serialize)]
pub(super) struct BreakdownOut {
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
pub(super) struct PolicyOut<'a> {
    fails: bool,
    counted: u64,
    known: u64,
    reasons: &'a [String],
}

impl BreakdownOut {
    pub(super) fn of(breakdown: Breakdown) -> BreakdownOut {
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
    pub(super) fn of(judgement: &'a Judgement) -> PolicyOut<'a> {
        PolicyOut { fails: judgement.fails, counted: judgement.counted, known: judgement.known, reasons: &judgement.reasons }
    }
}

/// `--config`.
#[derive(Serialize)]
pub(super) struct CheckOut<'a> {
    config: &'a str,
    pairs: Vec<PairOut<'a>>,
    orphans: Vec<OrphanOut<'a>>,
    deployments: &'a BTreeMap<String, Vec<String>>,
}

#[derive(Serialize)]
struct PairOut<'a> {
    failed: &'a str,
    target: &'a str,
    requests: u64,
    expected: Option<ExpectedOut<'a>>,
}

#[derive(Serialize)]
struct ExpectedOut<'a> {
    outlook: &'static str,
    reason: &'a str,
    file: &'a str,
    line: usize,
}

#[derive(Serialize)]
struct OrphanOut<'a> {
    id: &'a str,
    may_have_failed: &'a [String],
}

impl<'a> CheckOut<'a> {
    pub(super) fn of(check: &'a Check) -> CheckOut<'a> {
        CheckOut {
            config: &check.config,
            pairs: check.pairs.iter().map(PairOut::of).collect(),
            orphans: check.orphans.iter().map(|orphan| OrphanOut { id: &orphan.id, may_have_failed: &orphan.may_have_failed }).collect(),
            deployments: &check.deployments,
        }
    }
}

impl<'a> PairOut<'a> {
    fn of(pair: &'a CheckedPair) -> PairOut<'a> {
        let expected = |e: &'a Expected| ExpectedOut { outlook: e.outlook.name(), reason: &e.reason, file: &e.file, line: e.line };
        PairOut { failed: &pair.failed, target: &pair.target, requests: pair.requests, expected: pair.expected.as_ref().map(expected) }
    }
}
