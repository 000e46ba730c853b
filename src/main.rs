//! The command line: parse, run, print, exit.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use streamfall::cli::{self, Cli, Command, Compare, Only, Reading, When};
use streamfall::compare::Comparison;
use streamfall::exit::Exit;
use streamfall::knowledge::explain;
use streamfall::output::{self, Format, Shown, explanation, json, ndjson, text};
use streamfall::preflight::{Asked, Check, Config, Preflight};
use streamfall::progress::Bars;
use streamfall::report::{Baseline, Policy, Report};
use streamfall::scan::Wanted;
use streamfall::stop::StopRequests;
use streamfall::{FollowError, Options, Progress, analyze};

fn main() -> ExitCode {
    match cli::parse(std::env::args_os().collect()).map_err(anyhow::Error::from).and_then(|cli| run(&cli)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            note(&output::plain(&format!("{error:#}")));
            Exit::Incomplete.into()
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        Some(Command::Completions { shell }) => printed(cli::write_completions(*shell, &mut io::stdout().lock())),
        Some(Command::Man { of }) => printed(cli::write_man(of.as_deref(), &mut io::stdout().lock())),
        Some(Command::Explain { name }) => run_explain(name.as_deref()),
        Some(Command::Compare(compare)) => run_compare(compare),
        Some(Command::Preflight(preflight)) => run_preflight(preflight),
        None => run_main_job(cli),
    }
}

/// What printed something that is no report.
fn printed(result: io::Result<()>) -> anyhow::Result<Exit> {
    output::unless_closed(result).map(|()| Exit::Clean).context("cannot write to stdout")
}

fn run_main_job(cli: &Cli) -> anyhow::Result<Exit> {
    if cli.paths.is_empty() && io::stdin().is_terminal() {
        anyhow::bail!("nothing to read: name log files or folders, or pipe a log in (see streamfall --help)");
    }
    if cli.follow && (cli.paths.iter().any(|path| path.as_os_str() != "-") || !matches!(cli.format, Format::Text | Format::Ndjson)) {
        anyhow::bail!("--follow reads a pipe and prints text or ndjson: tail -F proxy.log | streamfall --follow");
    }
    let shown = shown(cli);
    let policy = policy(cli)?;
    let config = cli.config.as_ref().map(|path| Config::read(path)).transpose()?;
    let requests = StopRequests::listen().context("cannot listen for signals")?;
    let mut bars = Bars::new();
    let mut show = |progress: Progress| bars.show(&progress);
    let is_shown = is_progress_shown(&cli.reading) && !cli.follow;
    // Ctrl-C is how one ends what does not end by itself.
    let is_end = || cli.follow && requests.asked() == Some(Exit::Interrupted);
    let stop = || requests.asked().is_some() && !is_end();
    let quotes = cli.format.quotes(&shown) || cli.output.iter().any(|output| output.format.quotes(&shown));
    let options = Options {
        wanted: Wanted { quotes, ..Wanted::default() },
        stop: Some(&stop),
        end: Some(&is_end),
        progress: if is_shown { Some(&mut show) } else { None },
        ..cli.reading.options(cli.label.clone()).context("--include or --exclude is no glob")?
    };
    let report = if cli.follow {
        streamfall::follow(options, &mut |report| print_settled(cli, &shown, report))
    } else {
        analyze(&cli.paths, options).map_err(FollowError::from)
    };
    let mut report = match report {
        Err(FollowError::Show(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Clean),
        other => other?,
    };
    bars.clear();
    if let Some(version) = cli.litellm_version {
        report.weigh_as(version);
    }
    if let Some(config) = &config {
        let asked = Asked { version: cli.litellm_version.or_else(|| report.release()), ..Asked::default() };
        report.check = Some(Check::of(&report, config, &asked)?);
    }
    report.judgement = Some(policy.judge(&report));
    if cli.only == Some(Only::Prefill) {
        report.neighbours.clear();
    }
    // A signal that comes when all is read changes nothing any more.
    let signal = requests.asked().filter(|_| report.stopped);
    say_problems(&report);
    output::unless_closed(print(cli, &shown, &report)).context("cannot write the report to stdout")?;
    write_files(cli, &shown, &report)?;
    let exit = Exit::of(&report, signal);
    // The process ends here: the system takes its memory back faster than it can be given back piece by piece.
    std::mem::forget(report);
    Ok(exit)
}

fn run_explain(name: Option<&str>) -> anyhow::Result<Exit> {
    let colour = output::is_forced() || (io::stdout().is_terminal() && output::colour_wanted());
    let shown = Shown { look: text::Look { width: output::width(), colour }, ..Shown::default() };
    let mut out = io::stdout().lock();
    match name {
        Some(name) => printed(explanation::write(&explain::find(name).map_err(anyhow::Error::msg)?, &shown, &mut out)),
        None => printed(explanation::write_list(&shown, &mut out)),
    }
}

fn run_compare(compare: &Compare) -> anyhow::Result<Exit> {
    anyhow::ensure!(!compare.reads_stdin_twice(), "stdin can be read but once: give a file for BEFORE or AFTER");
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
            ..compare.reading.options(None).context("--include or --exclude is no glob")?
        };
        let report = analyze(std::slice::from_ref(path), options)?;
        bars.clear();
        say_problems(&report);
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

fn run_preflight(asked: &cli::Preflight) -> anyhow::Result<Exit> {
    let preflight = Preflight::new(&Config::read(&asked.config)?, asked.asked())?;
    let shown = Shown { top: asked.top, look: look(asked.color), ..Shown::default() };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let printed = asked.format.write(&preflight, &shown, &mut out).and_then(|()| out.flush());
    output::unless_closed(printed).context("cannot write the predictions to stdout")?;
    let shown = Shown { look: text::Look::default(), ..shown };
    for file in &asked.output {
        let written = output::replace(&file.path, |out| file.format.write(&preflight, &shown, out));
        written.with_context(|| format!("cannot write {}", file.path.display()))?;
    }
    Ok(Exit::of_preflight(&preflight))
}

/// What makes the exit status 1. What is written as the baseline is known.
fn policy(cli: &Cli) -> anyhow::Result<Policy> {
    let fail_on = if cli.write_baseline { streamfall::report::FailOn::Never } else { cli.fail_on };
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

fn look(colour: When) -> text::Look {
    let auto = output::is_forced() || (io::stdout().is_terminal() && output::colour_wanted());
    text::Look { width: output::width(), colour: colour.decide(auto) }
}

fn is_progress_shown(reading: &Reading) -> bool {
    reading.progress.decide(io::stderr().is_terminal() && std::env::var_os("CI").is_none())
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

/// Writes what was asked for besides, each file whole or not at all.
fn write_files(cli: &Cli, shown: &Shown, report: &Report) -> anyhow::Result<()> {
    let shown = Shown { look: text::Look::default(), ..shown.clone() };
    for file in &cli.output {
        let written = output::replace(&file.path, |out| file.format.write(report, &shown, out));
        written.with_context(|| format!("cannot write {}", file.path.display()))?;
    }
    if let Some(path) = cli.baseline.as_ref().filter(|_| cli.write_baseline) {
        let written = output::replace(path, |out| json::write(report, &shown, out));
        written.with_context(|| format!("cannot write the baseline {}", path.display()))?;
    }
    Ok(())
}

/// Says what could not be read, and of what was merely noticed the first few.
fn say_problems(report: &Report) {
    const MOST_NOTICES: usize = 20;
    let notices = |notice: bool| report.problems.iter().filter(move |problem| problem.kind.is_failure() != notice);
    for problem in notices(false).chain(notices(true).take(MOST_NOTICES)) {
        note(&output::plain(&problem.to_string()));
    }
    let more = notices(true).count().saturating_sub(MOST_NOTICES);
    if more > 0 {
        note(&format!("… and {more} more notices like these (--format json has all)"));
    }
}

/// Says something on stderr; that nobody listens is no error.
fn note(text: &str) {
    let _ = writeln!(io::stderr(), "streamfall: {text}");
}
