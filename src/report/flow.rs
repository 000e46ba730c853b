//! The ways that requests went, counted: what failed first, by what, who refused, what became of it.

use std::collections::BTreeMap;

use super::Report;
use crate::knowledge::failure::Kind;
use crate::link::{Incident, Outcome, Verdict};

/// Requests that went one way. Each request is in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way<'r> {
    /// Whose fault they are.
    pub verdict: Verdict,
    /// The group whose stream broke; only of mid-stream fallbacks, and only where it is named.
    pub failed_group: Option<&'r str>,
    /// By what it broke; only of mid-stream fallbacks.
    pub kind: Option<Kind>,
    /// The first target that refused.
    pub refused_by: Option<&'r str>,
    /// What became of them.
    pub outcome: Outcome,
    /// How many.
    pub requests: u64,
}

/// What tells ways apart, in the order in which ways of as many requests stand.
type Key<'r> = (Verdict, Option<&'r str>, Option<Kind>, Option<&'r str>, Outcome);

impl Report {
    /// The ways that requests went, most requests first.
    #[must_use]
    pub fn ways(&self) -> Vec<Way<'_>> {
        let mut counts: BTreeMap<Key<'_>, u64> = BTreeMap::new();
        for reported in &self.incidents {
            *counts.entry(key(&reported.incident)).or_default() += 1;
        }
        let way = |((verdict, failed_group, kind, refused_by, outcome), requests)| Way { verdict, failed_group, kind, refused_by, outcome, requests };
        let mut ways: Vec<Way<'_>> = counts.into_iter().map(way).collect();
        ways.sort_by_key(|way| std::cmp::Reverse(way.requests));
        ways
    }
}

fn key(incident: &Incident) -> Key<'_> {
    let failure = incident.stream_failure.as_ref().filter(|_| incident.verdict == Verdict::MidStreamFallback);
    let refused_by = incident.rejections.first().and_then(|first| first.model_group.as_deref().or(first.model.as_deref()));
    (incident.verdict, failure.and_then(|f| f.model_group.as_deref()), failure.map(|f| f.kind), refused_by, incident.outcome)
}
