//! Requests over time: a column for each step, stacked by verdict.

use super::{counted, grouped, tone};
use crate::link::Verdict;
use crate::output::words::stretch;
use crate::report::{Report, Step};

/// Most columns: on a telephone each still has three pixels.
const MOST_STEPS: usize = 96;
/// What a column is wide, and how much of that is left free.
const COLUMN: f64 = 10.0;
const GAP: f64 = 1.5;
/// Columns are no wider than if there were so many.
const LEAST_STEPS: f64 = 28.0;
/// The height of the plot.
const HEIGHT: f64 = 100.0;
/// What is not nothing is seen.
const LEAST: f64 = 1.2;
/// Heights that halve well; times ten, and so on.
const TOPS: [u64; 8] = [1, 2, 4, 6, 8, 10, 12, 16];

/// The plot.
pub(super) struct Plot {
    pub(super) columns: Vec<Column>,
    pub(super) width: f64,
    /// The number at its upper edge.
    pub(super) top: u64,
    /// How wide a step is, in words.
    pub(super) step: String,
    pub(super) most: u64,
    /// Incidents that have no place on it.
    pub(super) unplaced: u64,
}

/// One step.
pub(super) struct Column {
    pub(super) step: Step,
    pub(super) time: String,
    pub(super) title: String,
    pub(super) bars: Vec<Bar>,
}

/// The part of one verdict.
pub(super) struct Bar {
    pub(super) tone: &'static str,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Plot {
    pub(super) fn of(report: &Report) -> Option<Plot> {
        let timeline = report.timeline(MOST_STEPS).filter(|timeline| timeline.steps.len() > 1)?;
        let most = timeline.steps.iter().map(Step::requests).max().unwrap_or_default();
        let top = top(most);
        let width = timeline.steps.len() as f64 * COLUMN;
        let bar = (COLUMN - GAP).min(width / LEAST_STEPS);
        let left = |index: u32| f64::from(index) * COLUMN + (COLUMN - bar) / 2.0;
        let columns = timeline.steps.iter().zip(0..).map(|(step, index)| Column::of(step, left(index), bar, top)).collect();
        let step = stretch(timeline.step);
        Some(Plot { columns, width, top, step, most, unplaced: timeline.unplaced })
    }

    /// The times at both ends and in the middle.
    pub(super) fn labels(&self) -> Vec<&str> {
        let last = self.columns.len().saturating_sub(1);
        let mut at = vec![0, last / 2, last];
        at.dedup();
        at.into_iter().filter_map(|index| self.columns.get(index)).map(|column| column.time.as_str()).collect()
    }

    /// The steps in which anything happened.
    pub(super) fn filled(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.step.requests() > 0)
    }
}

impl Column {
    fn of(step: &Step, x: f64, width: f64, top: u64) -> Column {
        let verdicts =
            [(Verdict::MidStreamFallback, step.mid_stream_fallback), (Verdict::ClientPrefill, step.client_prefill), (Verdict::Unknown, step.unknown)];
        let happened = verdicts.into_iter().filter(|(_, n)| *n > 0);
        let (mut y, mut bars, mut parts) = (HEIGHT, Vec::new(), Vec::new());
        for (verdict, n) in happened {
            let height = (n as f64 / top as f64 * HEIGHT).max(LEAST);
            y = (y - height).max(0.0);
            bars.push(Bar { tone: tone(verdict), x, y, width, height });
            parts.push(format!("{} {}", grouped(n), verdict.name()));
        }
        let time = step.start.to_seconds();
        let title = format!("{time}: {} ({}), {} failed", counted(step.requests(), "request"), parts.join(", "), grouped(step.failed));
        Column { step: *step, time, title, bars }
    }
}

/// The height of the plot: at least so much, and halved well.
fn top(most: u64) -> u64 {
    let mut scale = 1;
    loop {
        if let Some(top) = TOPS.into_iter().map(|top| top * scale).find(|top| *top >= most) {
            return top;
        }
        scale *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::top;

    #[test]
    fn the_scale_ends_at_a_number_that_halves_well() {
        for (most, expected) in [(0, 1), (1, 1), (3, 4), (5, 6), (10, 10), (11, 12), (61, 80), (130, 160), (999, 1000)] {
            assert_eq!(top(most), expected, "{most}");
        }
    }
}
