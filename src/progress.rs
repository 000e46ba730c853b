//! Progress on stderr, for work that takes longer than a second: bars on a terminal, a line now and then elsewhere.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressStyle};

use streamfall::output::plain;
use streamfall::{LargeInput, Progress};

/// How long a run must take before it shows progress.
const QUIET: Duration = Duration::from_secs(1);
/// How often a line is written where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(5);
const WITH_TOTAL: &str = "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  ETA {eta}";
const WITHOUT_TOTAL: &str = "{spinner} {bytes} read  {bytes_per_sec}  {elapsed}";
const OF_ONE: &str = "{bar:30} {bytes}/{total_bytes}  {wide_msg}";

/// Progress that appears once a run has taken a while: a bar for all, and above it one for each large input.
#[derive(Debug)]
pub(crate) struct Bars {
    started: Instant,
    bars: MultiProgress,
    all: Option<ProgressBar>,
    large: HashMap<String, ProgressBar>,
    last_line: Option<Instant>,
}

impl Bars {
    /// Bars that are not there yet.
    #[must_use]
    pub(crate) fn new() -> Bars {
        Bars { started: Instant::now(), bars: MultiProgress::new(), all: None, large: HashMap::new(), last_line: None }
    }

    /// Shows how far the reading is.
    pub(crate) fn show(&mut self, progress: &Progress) {
        if self.started.elapsed() < QUIET {
            return;
        }
        if io::stderr().is_terminal() {
            self.draw(progress);
        } else if self.last_line.is_none_or(|last| last.elapsed() >= BETWEEN_LINES) {
            self.last_line = Some(Instant::now());
            let total = progress.total.map(|total| format!(" of {}", HumanBytes(total))).unwrap_or_default();
            // That nobody listens is no error.
            let _ = writeln!(io::stderr(), "streamfall: {}{total} read", HumanBytes(progress.read));
        }
    }

    /// Takes the bars away.
    pub(crate) fn clear(&mut self) {
        self.all.iter().chain(self.large.values()).for_each(ProgressBar::finish_and_clear);
        // What has been drawn must not be drawn again by a later run.
        let _ = self.bars.clear();
        (self.all, self.large, self.started) = (None, HashMap::new(), Instant::now());
    }

    fn draw(&mut self, progress: &Progress) {
        let elapsed = self.started.elapsed();
        let all = self.all.get_or_insert_with(|| {
            let bar = progress.total.map_or_else(ProgressBar::no_length, ProgressBar::new).with_elapsed(elapsed);
            styled(self.bars.add(bar), if progress.total.is_some() { WITH_TOTAL } else { WITHOUT_TOTAL })
        });
        all.set_position(progress.read);
        // One input alone is what the bar for all shows.
        let is_alone = |input: &LargeInput| progress.total == Some(input.size);
        self.large.retain(|name, bar| {
            let goes_on = progress.large.iter().any(|input| input.name == *name);
            if !goes_on {
                bar.finish_and_clear();
            }
            goes_on
        });
        for input in progress.large.iter().filter(|input| !is_alone(input)) {
            let bar = self.large.entry(input.name.clone()).or_insert_with(|| {
                let bar = self.bars.insert_before(all, ProgressBar::new(input.size));
                bar.set_message(plain(&input.name).into_owned());
                styled(bar, OF_ONE)
            });
            bar.set_position(input.read);
        }
    }
}

impl Default for Bars {
    fn default() -> Bars {
        Bars::new()
    }
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
