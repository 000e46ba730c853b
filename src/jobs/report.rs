//! The main job: read logs, report on them, judge by the policy.

use std::io::{self, Write};

use crate::cli::{Asked, Cli, Only};
use crate::exit::Exit;
use crate::progress::Bars;
use crate::stop::StopRequests;
use anyhow::Context;
use streamfall::input::Selection;
use streamfall::output::{self, Format, Shown, json, ndjson, text};
use streamfall::preflight::{self, Config};
use streamfall::report::{Baseline, Check, FailOn, Policy, Report};
use streamfall::scan::Wanted;
use streamfall::{Findings, FollowError, Options, Progress};

use super::{facts, is_progress_shown, look, note, say_problems, usage, warn_of_secrets};

pub(crate) fn report(cli: &Cli) -> anyhow::Result<Exit> {
    usage::check(cli)?;
    let (shown, policy) = (shown(cli), policy(cli)?);
    let config = cli.config.as_ref().map(|path| Config::read(path, cli.reading.secrets())).transpose()?;
    warn_of_secrets(&cli.reading);
    let requests = StopRequests::listen().context("cannot listen for signals")?;
    let selection = cli.reading.selection().context("--include or --exclude is no glob")?;
    let report = match read(cli, &shown, &requests, selection) {
        Err(FollowError::Show(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Clean),
        Ok(Read::Followed(report)) => *report,
        Ok(Read::Found(mut findings)) => {
            let written = facts::write(cli, &mut findings);
            if !asks_for_report(cli) {
                return written.map(|()| facts::finish(&findings, &requests));
            }
            written?;
            findings.report()
        }
        Err(error) => return Err(error.into()),
    };
    let report = weighed(cli, &policy, config.as_ref(), report)?;
    // A signal that comes when all is read changes nothing any more.
    let signal = requests.asked().filter(|_| report.stopped);
    say_problems(&report.problems);
    if let Some(id) = &cli.incident {
        report.incident(id).map_err(anyhow::Error::msg)?;
    }
    let printed = output::unless_closed(print(cli, &shown, &report)).context("cannot write the report to stdout");
    // Whatever becomes of one, the others are written.
    write_files(cli, &shown, &report).and(printed)?;
    let exit = Exit::of(&report, signal);
    // The process ends here: the system takes its memory back faster than it can be given back piece by piece.
    std::mem::forget(report);
    Ok(if cli.format == Asked::Facts { exit.of_facts() } else { exit })
}

/// What was read: of what ends, all that was found; of an endless pipe, the report.
enum Read {
    Found(Box<Findings>),
    Followed(Box<Report>),
}

/// The formats of report that are asked for.
fn formats(cli: &Cli) -> impl Iterator<Item = Format> {
    let asked = std::iter::once(cli.format).chain(cli.output.iter().map(|output| output.format));
    asked.filter_map(|asked| match asked {
        Asked::Report(format) => Some(format),
        Asked::Facts => None,
    })
}

fn asks_for_report(cli: &Cli) -> bool {
    cli.write_baseline || formats(cli).next().is_some()
}

/// Reads what is to be reported on.
fn read(cli: &Cli, shown: &Shown, requests: &StopRequests, selection: Selection) -> Result<Read, FollowError> {
    let mut bars = Bars::new();
    let mut show = |progress: Progress| bars.show(&progress);
    let is_shown = is_progress_shown(&cli.reading) && !cli.follow;
    // Ctrl-C is how one ends what does not end by itself.
    let is_end = || cli.follow && requests.asked() == Some(Exit::Interrupted);
    let stop = || requests.asked().is_some() && !is_end();
    let facts = facts::are_asked(cli);
    let options = Options {
        // Nobody knows what the run that links them will be asked for.
        wanted: Wanted { quotes: facts || formats(cli).any(|format| format.quotes(shown)), requests: facts },
        facts,
        stop: Some(&stop),
        end: Some(&is_end),
        progress: if is_shown { Some(&mut show) } else { None },
        ..cli.reading.options(cli.label.clone(), selection)
    };
    let read = if cli.follow {
        streamfall::follow(options, &mut |report| print_settled(cli, shown, report)).map(|report| Read::Followed(Box::new(report)))
    } else {
        streamfall::read(&cli.paths, options).map(|findings| Read::Found(Box::new(findings))).map_err(FollowError::from)
    };
    bars.clear();
    read
}

/// The report with all that options say of it.
fn weighed(cli: &Cli, policy: &Policy, config: Option<&Config>, mut report: Report) -> anyhow::Result<Report> {
    if let Some(version) = cli.litellm_version {
        report.weigh_as(version);
    }
    if let Some(config) = config {
        let asked = preflight::Asked { version: cli.litellm_version.or_else(|| report.release()), ..preflight::Asked::default() };
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
        Asked::Report(Format::Ndjson) => ndjson::write_incidents(report, &mut out)?,
        _ => text::write_incidents(report, shown, &mut out)?,
    }
    out.flush()
}

fn print(cli: &Cli, shown: &Shown, report: &Report) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match cli.format {
        Asked::Report(Format::Ndjson) if cli.follow => ndjson::write_summary(report, shown, &mut out)?,
        Asked::Facts => {}
        Asked::Report(format) => {
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
        let Asked::Report(format) = file.format else { continue };
        let result = output::replace(&file.path, |out| format.write(report, &shown, out));
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
