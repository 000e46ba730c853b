//! Progress on stderr, for work that takes longer than a second.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::analyze::Progress;

/// How long a run must take before it shows progress.
const QUIET: Duration = Duration::from_secs(1);
const WITH_TOTAL: &str = "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  ETA {eta}";
const WITHOUT_TOTAL: &str = "{spinner} {bytes} read  {bytes_per_sec}  {elapsed}";

/// A bar that appears once a run has taken a while.
#[derive(Debug)]
pub struct Bar {
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Bar {
    /// A bar that is not there yet.
    #[must_use]
    pub fn new() -> Bar {
        Bar { started: Instant::now(), bar: None }
    }

    /// Shows how far the reading is.
    pub fn show(&mut self, progress: Progress) {
        if self.started.elapsed() < QUIET {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| start(progress.total));
        bar.set_position(progress.read);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Default for Bar {
    fn default() -> Bar {
        Bar::new()
    }
}

fn start(total: Option<u64>) -> ProgressBar {
    let bar = match total {
        Some(total) => ProgressBar::new(total),
        None => ProgressBar::no_length(),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    let template = if total.is_some() { WITH_TOTAL } else { WITHOUT_TOTAL };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
