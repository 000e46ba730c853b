//! The main job: read logs, report on them, judge by the policy.

use std::io::{self, Write};

use anyhow::Context;
use streamfall::cli::{Cli, Only};
use streamfall::exit::Exit;
use streamfall::input::Selection;
use streamfall::output::{self, Format, Shown, json, ndjson, text};
use streamfall::preflight::{Asked, Config};
use streamfall::progress::Bars;
use streamfall::report::{Baseline, Check, FailOn, Policy, Report};
use streamfall::scan::Wanted;
use streamfall::stop::StopRequests;
use streamfall::{FollowError, Options, Progress, analyze};

use super::{is_progress_shown, look, note, say_problems, usage};

pub(crate) fn report(cli: &Cli) -> anyhow::Result<Exit> {
    usage::check(cli)?;
    let (shown, policy) = (shown(cli), policy(cli)?);
    let config = cli.config.as_ref().map(|path| Config::read(path)).transpose()?;
    let requests = StopRequests::listen().context("cannot listen for signals")?;
    let selection = cli.reading.selection().context("--include or --exclude is no glob")?;
    let report = match read(cli, &shown, &requests, selection) {
        Err(FollowError::Show(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Clean),
        other => other?,
    };
    let report = weighed(cli, &policy, config.as_ref(), report)?;
    // A signal that comes when all is read changes nothing any more.
    let signal = requests.asked().filter(|_| report.stopped);
    say_problems(&report);
    if let Some(id) = &cli.incident {
        report.incident(id).map_err(anyhow::Error::msg)?;
    }
    let printed = output::unless_closed(print(cli, &shown, &report)).context("cannot write the report to stdout");
    // Whatever becomes of one, the others are written.
    write_files(cli, &shown, &report).and(printed)?;
    let exit = Exit::of(&report, signal);
    // The process ends here: the system takes its memory back faster than it can be given back piece by piece.
    std::mem::forget(report);
    Ok(exit)
}

/// Reads what is to be reported on.
fn read(cli: &Cli, shown: &Shown, requests: &StopRequests, selection: Selection) -> Result<Report, FollowError> {
    let mut bars = Bars::new();
    let mut show = |progress: Progress| bars.show(&progress);
    let is_shown = is_progress_shown(&cli.reading) && !cli.follow;
    // Ctrl-C is how one ends what does not end by itself.
    let is_end = || cli.follow && requests.asked() == Some(Exit::Interrupted);
    let stop = || requests.asked().is_some() && !is_end();
    let quotes = cli.format.quotes(shown) || cli.output.iter().any(|output| output.format.quotes(shown));
    let options = Options {
        wanted: Wanted { quotes, ..Wanted::default() },
        stop: Some(&stop),
        end: Some(&is_end),
        progress: if is_shown { Some(&mut show) } else { None },
        ..cli.reading.options(cli.label.clone(), selection)
    };
    let report = if cli.follow {
        streamfall::follow(options, &mut |report| print_settled(cli, shown, report))
    } else {
        analyze(&cli.paths, options).map_err(FollowError::from)
    };
    bars.clear();
    report
}

/// The report with all that options say of it.
fn weighed(cli: &Cli, policy: &Policy, config: Option<&Config>, mut report: Report) -> anyhow::Result<Report> {
    if let Some(version) = cli.litellm_version {
        report.weigh_as(version);
    }
    if let Some(config) = config {
        let asked = Asked { version: cli.litellm_version.or_else(|| report.release()), ..Asked::default() };
        report.check = Some(Check::of(&report, config, &asked)?);
    }
    report.judgement = Some(policy.judge(&report));
    if cli.only == Some(Only::Prefill) {
        report.neighbours.clear();
    }
    Ok(report)
}

/// What makes the exit status 1. What is written as the baseline is known.
fn policy(cli: &Cli) -> anyhow::Result<Policy> {
    let fail_on = if cli.write_baseline { FailOn::Never } else { cli.fail_on };
    let baseline = cli.baseline.as_ref().filter(|path| !cli.write_baseline || path.exists());
    // What is no report is not written over, either.
    let baseline = baseline.map(|path| Baseline::read(path)).transpose()?;
    Ok(Policy { fail_on, max: cli.max.clone(), baseline })
}

fn shown(cli: &Cli) -> Shown {
    Shown {
        top: cli.top,
        incidents: cli.incidents && !cli.follow,
        incident: cli.incident.clone(),
        group_by: cli.group_by,
        look: look(cli.reading.color),
    }
}

/// Prints one incident of an endless pipe, at once.
fn print_settled(cli: &Cli, shown: &Shown, report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match cli.format {
        Format::Ndjson => ndjson::write_incidents(report, &mut out)?,
        _ => text::write_incidents(report, shown, &mut out)?,
    }
    out.flush()
}

fn print(cli: &Cli, shown: &Shown, report: &Report) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match cli.format {
        Format::Ndjson if cli.follow => ndjson::write_summary(report, shown, &mut out)?,
        format => {
            if cli.follow {
                writeln!(out)?;
            }
            format.write(report, shown, &mut out)?;
        }
    }
    out.flush()
}

/// Writes what was asked for besides, each file whole or not at all; tells of the first that could not be.
fn write_files(cli: &Cli, shown: &Shown, report: &Report) -> anyhow::Result<()> {
    let shown = Shown { look: text::Look::default(), ..shown.clone() };
    let mut written = Ok(());
    for file in &cli.output {
        let result = output::replace(&file.path, |out| file.format.write(report, &shown, out));
        written = written.and(result.with_context(|| format!("cannot write {}", file.path.display())));
    }
    let baseline = cli.baseline.as_ref().filter(|_| cli.write_baseline);
    // What was not read would be new the next time.
    if let Some(path) = baseline.filter(|_| !report.complete) {
        note(&format!("the baseline {} stays as it is: not everything could be read", path.display()));
    } else if let Some(path) = baseline {
        let result = output::replace(path, |out| json::write(report, &shown, out));
        written = written.and(result.with_context(|| format!("cannot write the baseline {}", path.display())));
    }
    written
}
