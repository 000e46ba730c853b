//! `streamfall compare`: did the change help? Two reports side by side, held against how much went on in each.
//!
//! More traffic brings more failures, so counts alone say little: where both sides show how many requests there were, or how long was
//! watched, it is the rates that decide.

use std::collections::BTreeMap;

use crate::link::{Outcome, Verdict};
use crate::report::{FailOn, Group, NOT_NAMED, Report};

/// Two reports, before and after a change.
#[derive(Debug)]
pub struct Comparison {
    /// Before.
    pub before: Report,
    /// After.
    pub after: Report,
    /// What counts are held against.
    pub measure: Measure,
    /// Totals: requests, rejections, by verdict, by what became of them.
    pub totals: Vec<Row>,
    /// Requests by the model group that refused.
    pub models: Vec<Row>,
    /// Mid-stream requests by kind of stream failure.
    pub kinds: Vec<Row>,
    /// Requests by fingerprint.
    pub groups: Vec<GroupChange>,
    /// What the change did to the requests that met the rejection.
    pub change: Change,
    /// Whether those that decide are more than before.
    pub is_worse: bool,
}

/// What counts are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// A thousand requests to a model.
    Thousand {
        /// Requests before.
        before: u64,
        /// Requests after.
        after: u64,
    },
    /// An hour.
    Hour {
        /// Seconds before.
        before: u64,
        /// Seconds after.
        after: u64,
    },
    /// Nothing: the inputs do not show how much went on.
    None,
}

/// What a change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// None met the rejection, before or after.
    Nothing,
    /// Some did before, and none after.
    Gone,
    /// Fewer.
    Better,
    /// As many.
    Same,
    /// More.
    Worse,
}

/// One count, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What is counted.
    pub name: String,
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// Incidents of one sort, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChange {
    /// Their fingerprint.
    pub fingerprint: String,
    /// What they have in common, in words.
    pub what: String,
    /// Requests before.
    pub before: u64,
    /// Requests after.
    pub after: u64,
}

/// What became of a sort of incident; how many there are may differ all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupState {
    /// There was none before.
    New,
    /// There are some on either side.
    Unchanged,
    /// There is none any more.
    Gone,
}

impl GroupState {
    /// All states, in the order in which they are told.
    pub const ALL: [GroupState; 3] = [GroupState::New, GroupState::Unchanged, GroupState::Gone];

    /// The name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            GroupState::New => "new",
            GroupState::Unchanged => "unchanged",
            GroupState::Gone => "gone",
        }
    }
}

impl GroupChange {
    /// What became of it.
    #[must_use]
    pub fn state(&self) -> GroupState {
        match (self.before, self.after) {
            (0, _) => GroupState::New,
            (_, 0) => GroupState::Gone,
            _ => GroupState::Unchanged,
        }
    }
}

impl Change {
    /// The name in snake case, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Change::Nothing => "nothing",
            Change::Gone => "gone",
            Change::Better => "better",
            Change::Same => "same",
            Change::Worse => "worse",
        }
    }
}

impl Measure {
    fn of(before: &Report, after: &Report) -> Measure {
        let both = |of: fn(&Report) -> Option<u64>| of(before).zip(of(after));
        if let Some((before, after)) = both(|report| report.traffic.requests) {
            return Measure::Thousand { before, after };
        }
        match both(|report| report.traffic.seconds) {
            Some((before, after)) => Measure::Hour { before, after },
            None => Measure::None,
        }
    }

    /// The rates of a count before and after; the counts themselves where there is nothing to hold them against.
    #[must_use]
    pub fn rates(self, before: u64, after: u64) -> (f64, f64) {
        let rate = |count: u64, of: u64, unit: f64| count as f64 * unit / of as f64;
        match self {
            Measure::Thousand { before: all, after: all_after } => (rate(before, all, 1000.0), rate(after, all_after, 1000.0)),
            Measure::Hour { before: all, after: all_after } => (rate(before, all, 3600.0), rate(after, all_after, 3600.0)),
            Measure::None => (before as f64, after as f64),
        }
    }

    /// What the rates are per; `None` where they are counts.
    #[must_use]
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Measure::Thousand { .. } => Some("1,000 requests"),
            Measure::Hour { .. } => Some("hour"),
            Measure::None => None,
        }
    }

    /// Whether a count rose, against what it is held against. Rates of whole numbers are compared without rounding.
    fn change(self, before: u64, after: u64) -> Change {
        let (all_before, all_after) = match self {
            Measure::Thousand { before, after } | Measure::Hour { before, after } => (before, after),
            Measure::None => (1, 1),
        };
        match (before, after) {
            (0, 0) => Change::Nothing,
            (_, 0) => Change::Gone,
            _ => match (u128::from(after) * u128::from(all_before)).cmp(&(u128::from(before) * u128::from(all_after))) {
                std::cmp::Ordering::Less => Change::Better,
                std::cmp::Ordering::Equal => Change::Same,
                std::cmp::Ordering::Greater => Change::Worse,
            },
        }
    }
}

impl Comparison {
    /// Compares two reports. `fail_on`: which requests decide whether it got worse.
    #[must_use]
    pub fn new(before: Report, after: Report, fail_on: FailOn) -> Comparison {
        let measure = Measure::of(&before, &after);
        let decisive = |report: &Report| match fail_on {
            FailOn::Any => report.summary.requests,
            FailOn::MidStream => report.with_verdict(Verdict::MidStreamFallback),
            FailOn::Never => 0,
        };
        Comparison {
            measure,
            totals: totals(&before, &after),
            models: by_name(&before, &after, |report| {
                let name = |row: &crate::report::ModelRow| row.model_group.as_deref().or(row.model.as_deref()).unwrap_or(NOT_NAMED).to_owned();
                report.models.iter().map(|row| (name(row), row.requests)).collect()
            }),
            kinds: by_name(&before, &after, |report| report.summary.by_kind.iter().map(|(kind, n)| (kind.name().to_owned(), *n)).collect()),
            groups: groups(&before, &after),
            change: measure.change(before.summary.requests, after.summary.requests),
            is_worse: measure.change(decisive(&before), decisive(&after)) == Change::Worse,
            before,
            after,
        }
    }

    /// Whether both were read to their ends.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.before.complete && self.after.complete
    }
}

fn totals(before: &Report, after: &Report) -> Vec<Row> {
    let row = |name: &str, of: &dyn Fn(&Report) -> u64| Row { name: name.to_owned(), before: of(before), after: of(after) };
    let mut rows = vec![row("requests", &|report| report.summary.requests), row("rejections", &|report| report.summary.rejections)];
    let verdicts = Verdict::ALL;
    rows.extend(verdicts.map(|verdict| row(verdict.name(), &|report| report.with_verdict(verdict))));
    let outcomes = [(Outcome::Failed, "failed for the client"), (Outcome::Recovered, "recovered"), (Outcome::Unknown, "ended unseen")];
    rows.extend(outcomes.map(|(outcome, name)| row(name, &|report| report.with_outcome(outcome))));
    rows
}

/// Counts by a name, the largest first.
fn by_name(before: &Report, after: &Report, counts: impl Fn(&Report) -> Vec<(String, u64)>) -> Vec<Row> {
    let mut rows: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (name, count) in counts(before) {
        rows.entry(name).or_default().0 += count;
    }
    for (name, count) in counts(after) {
        rows.entry(name).or_default().1 += count;
    }
    let mut rows: Vec<Row> = rows.into_iter().map(|(name, (before, after))| Row { name, before, after }).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.before.max(row.after)));
    rows
}

/// Groups of either side: new ones first, then those that are still there, then those that are gone; the largest first.
fn groups(before: &Report, after: &Report) -> Vec<GroupChange> {
    let mut all: BTreeMap<String, GroupChange> = BTreeMap::new();
    let mut add = |group: &Group<'_>, is_after: bool| {
        let fingerprint = group.fingerprint().to_owned();
        let change = all.entry(fingerprint.clone()).or_insert_with(|| GroupChange { fingerprint, what: group.sentence(), before: 0, after: 0 });
        *if is_after { &mut change.after } else { &mut change.before } += group.requests;
    };
    before.groups().iter().for_each(|group| add(group, false));
    after.groups().iter().for_each(|group| add(group, true));
    let mut all: Vec<GroupChange> = all.into_values().collect();
    all.sort_by_key(|change| (change.state(), std::cmp::Reverse(change.before.max(change.after))));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_decide_where_there_are_any() {
        let thousand = |before, after| Measure::Thousand { before, after };
        let cases = [
            (Measure::None, 0, 0, Change::Nothing),
            (Measure::None, 5, 0, Change::Gone),
            (Measure::None, 5, 4, Change::Better),
            (Measure::None, 5, 5, Change::Same),
            (Measure::None, 0, 1, Change::Worse),
            (thousand(1000, 4000), 10, 20, Change::Better),
            (thousand(1000, 2000), 10, 20, Change::Same),
            (thousand(4000, 1000), 10, 5, Change::Worse),
            (Measure::Hour { before: 3600, after: 7200 }, 10, 15, Change::Better),
        ];
        for (measure, before, after, expected) in cases {
            assert_eq!(measure.change(before, after), expected, "{measure:?} {before} {after}");
        }
    }
}
