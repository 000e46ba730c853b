//! `streamfall compare`.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::cli::Compare;
use crate::exit::Exit;
use crate::progress::Bars;
use crate::stop::StopRequests;
use anyhow::Context;
use streamfall::compare::Comparison;
use streamfall::output::{self, Shown, text};
use streamfall::report::{Report, Traffic};
use streamfall::scan::Wanted;
use streamfall::{Options, Progress, analyze};

use super::{is_progress_shown, look, say_problems, warn_of_secrets};

pub(crate) fn compare(compare: &Compare) -> anyhow::Result<Exit> {
    anyhow::ensure!(!compare.reads_stdin_twice(), "stdin can be read but once: give a file for BEFORE or AFTER");
    warn_of_secrets(&compare.reading);
    let requests = StopRequests::listen().context("cannot listen for signals")?;
    let stop = || requests.asked().is_some();
    let mut bars = Bars::new();
    let shown = Shown { top: compare.top, look: look(compare.reading.color), ..Shown::default() };
    let is_shown = is_progress_shown(&compare.reading);
    let mut read = |path: &PathBuf| -> anyhow::Result<Report> {
        let mut show = |progress: Progress| bars.show(&progress);
        let options = Options {
            wanted: Wanted { requests: true, ..Wanted::default() },
            stop: Some(&stop),
            progress: if is_shown { Some(&mut show) } else { None },
            ..compare.reading.options(None, compare.reading.selection().context("--include or --exclude is no glob")?)
        };
        let mut report = analyze(std::slice::from_ref(path), options)?;
        // What went on at all is not known of a part of the time.
        if compare.reading.since.is_some() || compare.reading.until.is_some() {
            report.traffic = Traffic::default();
        }
        bars.clear();
        say_problems(&report.problems);
        Ok(report)
    };
    let (before, after) = (read(&compare.before)?, read(&compare.after)?);
    let stopped = before.stopped || after.stopped;
    let comparison = Comparison::new(before, after, compare.fail_on);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let printed = compare.format.write(&comparison, &shown, &mut out).and_then(|()| out.flush());
    output::unless_closed(printed).context("cannot write the comparison to stdout")?;
    let shown = Shown { look: text::Look::default(), ..shown };
    for file in &compare.output {
        let written = output::replace(&file.path, |out| file.format.write(&comparison, &shown, out));
        written.with_context(|| format!("cannot write {}", file.path.display()))?;
    }
    Ok(Exit::of_comparison(&comparison, requests.asked().filter(|_| stopped)))
}
