//! Incidents over time, in steps that people count in.

use super::Report;
use crate::link::{Incident, Outcome, Verdict};
use crate::record::Time;

/// A second, in microseconds.
const SECOND: u64 = 1_000_000;
/// Widths of a step, in seconds.
const STEPS: [u64; 22] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000, 31_536_000];

/// Incidents over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// The width of a step, in seconds.
    pub step: u64,
    /// The steps, without a gap, from the first incident to the last.
    pub steps: Vec<Step>,
    /// Incidents that have no place on it: times of another sort than most, or none.
    pub unplaced: u64,
}

/// What happened in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When it begins.
    pub start: Time,
    /// Requests by verdict.
    pub mid_stream_fallback: u64,
    /// See above.
    pub client_prefill: u64,
    /// See above.
    pub unknown: u64,
    /// Requests that failed for the client.
    pub failed: u64,
}

impl Step {
    /// Requests of all verdicts.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.mid_stream_fallback + self.client_prefill + self.unknown
    }
}

impl Report {
    /// The incidents over time, in at most so many steps; `None` if no incident has a time.
    #[must_use]
    pub fn timeline(&self, most_steps: usize) -> Option<Timeline> {
        let timed: Vec<(&Incident, Time)> =
            self.incidents.iter().filter_map(|reported| Some((&*reported.incident, reported.incident.request.start?))).collect();
        // Instants, local dates and times of day do not stand on one line of time.
        let sort = |time: &Time| (time.utc, time.date.is_some());
        let sorts = [(true, true), (false, true), (false, false)];
        let most = sorts.into_iter().max_by_key(|of| (timed.iter().filter(|(_, time)| sort(time) == *of).count(), of.0, of.1))?;
        let placed: Vec<(&Incident, Time)> = timed.into_iter().filter(|(_, time)| sort(time) == most).collect();
        let seconds = || placed.iter().map(|(incident, _)| incident.request.span.0 / SECOND);
        let (first, last) = (seconds().min()?, seconds().max()?);
        let fits = |step: &u64| (last / step - first / step) < most_steps as u64;
        let step = STEPS.into_iter().find(fits).unwrap_or(STEPS[STEPS.len() - 1]);
        let begin = first / step * step;
        let sample = placed.first()?.1;
        let start = |index: u64| sample.moved_to((begin + index * step) * SECOND);
        let empty = |index| Step { start: start(index), mid_stream_fallback: 0, client_prefill: 0, unknown: 0, failed: 0 };
        let mut steps: Vec<Step> = (0..=(last - begin) / step).take(most_steps.max(1)).map(empty).collect();
        for (incident, _) in &placed {
            let index = usize::try_from((incident.request.span.0 / SECOND - begin) / step).unwrap_or(usize::MAX);
            let last = steps.len() - 1;
            count(&mut steps[index.min(last)], incident);
        }
        Some(Timeline { step, steps, unplaced: (self.incidents.len() - placed.len()) as u64 })
    }
}

fn count(step: &mut Step, incident: &Incident) {
    step.failed += u64::from(incident.outcome == Outcome::Failed);
    *match incident.verdict {
        Verdict::MidStreamFallback => &mut step.mid_stream_fallback,
        Verdict::ClientPrefill => &mut step.client_prefill,
        Verdict::Unknown => &mut step.unknown,
    } += 1;
}
