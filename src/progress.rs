//! Progress on stderr, for work that takes longer than a second: a bar on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::analyze::Progress;

/// How long a run must take before it shows progress.
const QUIET: Duration = Duration::from_secs(1);
/// How often a line is written where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(5);
const WITH_TOTAL: &str = "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  ETA {eta}";
const WITHOUT_TOTAL: &str = "{spinner} {bytes} read  {bytes_per_sec}  {elapsed}";

/// Progress that appears once a run has taken a while.
#[derive(Debug)]
pub struct Bar {
    started: Instant,
    bar: Option<ProgressBar>,
    last_line: Option<Instant>,
}

impl Bar {
    /// A bar that is not there yet.
    #[must_use]
    pub fn new() -> Bar {
        Bar { started: Instant::now(), bar: None, last_line: None }
    }

    /// Shows how far the reading is.
    pub fn show(&mut self, progress: Progress) {
        if self.started.elapsed() < QUIET {
            return;
        }
        if io::stderr().is_terminal() {
            let elapsed = self.started.elapsed();
            self.bar.get_or_insert_with(|| start(progress.total, elapsed)).set_position(progress.read);
        } else if self.last_line.is_none_or(|last| last.elapsed() >= BETWEEN_LINES) {
            self.last_line = Some(Instant::now());
            let total = progress.total.map(|total| format!(" of {}", HumanBytes(total))).unwrap_or_default();
            // That nobody listens is no error.
            let _ = writeln!(io::stderr(), "streamfall: {}{total} read", HumanBytes(progress.read));
        }
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

fn start(total: Option<u64>, elapsed: Duration) -> ProgressBar {
    let bar = match total {
        Some(total) => ProgressBar::new(total),
        None => ProgressBar::no_length(),
    };
    let bar = bar.with_elapsed(elapsed);
    bar.set_draw_target(ProgressDrawTarget::stderr());
    let template = if total.is_some() { WITH_TOTAL } else { WITHOUT_TOTAL };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
