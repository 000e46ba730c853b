//! `--group-by`: the requests by one thing that is known of them.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::link::{Incident, Outcome, Verdict};
use crate::record::Time;

/// By what requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum GroupBy {
    /// The model groups that refused; a request that met two counts for both
    Model,
    /// The kind of stream failure
    Kind,
    /// The team that asked
    Team,
    /// The key that asked
    Key,
    /// The route
    Route,
    /// The hour of the first record
    Hour,
}

/// Requests by one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakdown {
    /// By what.
    pub by: GroupBy,
    /// A row for each, most requests first, hours in their order; those of which it is not known are last.
    pub rows: Vec<BreakdownRow>,
}

/// Counts of one row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BreakdownRow {
    /// Its name; `None` for requests of which the input does not say.
    pub name: Option<String>,
    /// Requests.
    pub requests: u64,
    /// Requests by verdict.
    pub mid_stream_fallback: u64,
    /// See above.
    pub client_prefill: u64,
    /// See above.
    pub unknown: u64,
    /// Requests that failed for the client.
    pub failed: u64,
}

impl GroupBy {
    /// The name, as it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            GroupBy::Model => "model",
            GroupBy::Kind => "kind",
            GroupBy::Team => "team",
            GroupBy::Key => "key",
            GroupBy::Route => "route",
            GroupBy::Hour => "hour",
        }
    }

    /// What an incident counts for: one name, or as many as groups refused it.
    fn names_of(self, incident: &Incident) -> BTreeSet<Option<String>> {
        let request = &incident.request;
        let one = match self {
            GroupBy::Model => {
                return incident.rejections.iter().map(|r| r.model_group.as_deref().or(r.model.as_deref()).map(str::to_owned)).collect();
            }
            GroupBy::Kind => incident.stream_failure.as_ref().map(|failure| failure.kind.name().to_owned()),
            GroupBy::Team => request.caller.team.as_deref().map(str::to_owned),
            GroupBy::Key => request.caller.key.as_deref().map(str::to_owned),
            GroupBy::Route => request.route.map(str::to_owned),
            GroupBy::Hour => request.start.map(hour),
        };
        BTreeSet::from([one])
    }
}

/// `2026-11-22T07:00:00Z`, or as much of it as is known.
fn hour(time: Time) -> String {
    const HOUR: u64 = 3_600_000_000;
    Time { micros: time.micros / HOUR * HOUR, fine: false, ..time }.to_string()
}

impl Report {
    /// The requests by one thing that is known of them.
    #[must_use]
    pub fn breakdown(&self, by: GroupBy) -> Breakdown {
        let mut rows: BTreeMap<Option<String>, BreakdownRow> = BTreeMap::new();
        for incident in self.incidents.iter().map(|reported| &reported.incident) {
            for name in by.names_of(incident) {
                let row = rows.entry(name.clone()).or_insert_with(|| BreakdownRow { name, ..BreakdownRow::default() });
                row.requests += 1;
                row.failed += u64::from(incident.outcome == Outcome::Failed);
                *match incident.verdict {
                    Verdict::MidStreamFallback => &mut row.mid_stream_fallback,
                    Verdict::ClientPrefill => &mut row.client_prefill,
                    Verdict::Unknown => &mut row.unknown,
                } += 1;
            }
        }
        let mut rows: Vec<BreakdownRow> = rows.into_values().collect();
        if by != GroupBy::Hour {
            rows.sort_by_key(|row| std::cmp::Reverse(row.requests));
        }
        rows.sort_by_key(|row| row.name.is_none());
        Breakdown { by, rows }
    }
}
