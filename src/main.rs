//! The command line: parse, run, print, exit.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use streamfall::cli::{Cli, Format};
use streamfall::exit::Exit;
use streamfall::input::{Limits, Selection};
use streamfall::output::{self, json, ndjson, text};
use streamfall::progress::Bar;
use streamfall::report::{Report, Window};
use streamfall::stop::StopRequests;
use streamfall::stream::Completion;
use streamfall::{FollowError, Options, Progress, analyze};

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(exit) => exit.into(),
        Err(error) => {
            note(&format!("{error:#}"));
            Exit::Incomplete.into()
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Exit> {
    if let Some(command) = &cli.command {
        let printed = command.run(&mut io::stdout().lock());
        return output::unless_closed(printed).map(|()| Exit::Clean).context("cannot write to stdout");
    }
    if cli.paths.is_empty() && io::stdin().is_terminal() {
        anyhow::bail!("nothing to read: name log files or folders, or pipe a log in (see streamfall --help)");
    }
    if cli.follow && (cli.paths.iter().any(|path| path.as_os_str() != "-") || cli.format == Format::Json) {
        anyhow::bail!("--follow reads a pipe and prints text or ndjson: tail -F proxy.log | streamfall --follow");
    }
    let requests = StopRequests::listen().context("cannot listen for signals")?;
    let mut bar = Bar::new();
    let mut show = |progress: Progress| bar.show(progress);
    let shown = cli.progress.decide(io::stderr().is_terminal() && std::env::var_os("CI").is_none() && !cli.follow);
    // Ctrl-C is how one ends what does not end by itself.
    let is_end = || cli.follow && requests.asked() == Some(Exit::Interrupted);
    let stop = || requests.asked().is_some() && !is_end();
    let mut options = options(cli)?;
    options.stop = Some(&stop);
    options.end = Some(&is_end);
    options.progress = if shown { Some(&mut show) } else { None };
    let report = if cli.follow { streamfall::follow(options, &mut |report| print_settled(cli, report)) } else { Ok(analyze(&cli.paths, options)?) };
    let report = match report {
        Err(FollowError::Show(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Clean),
        other => other?,
    };
    bar.clear();
    // A signal that comes when all is read changes nothing any more.
    let signal = requests.asked().filter(|_| report.stopped);
    say_problems(&report);
    output::unless_closed(print(cli, &report)).context("cannot write the report to stdout")?;
    let exit = Exit::of(&report, signal);
    // The process ends here: the system takes its memory back faster than it can be given back piece by piece.
    std::mem::forget(report);
    Ok(exit)
}

fn options<'o>(cli: &Cli) -> anyhow::Result<Options<'o>> {
    let limits = Limits { expansion: cli.max_expansion, depth: cli.max_depth, members: cli.max_members, memory: cli.max_memory << 20 };
    Ok(Options {
        selection: Selection::new(&cli.include, &cli.exclude).context("--include or --exclude is no glob")?,
        label: cli.label.clone(),
        completion: Completion { date: cli.date, zone: cli.timezone.clone() },
        window: Window { since: cli.since, until: cli.until, zone: cli.timezone.clone() },
        threads: cli.threads,
        limits,
        ..Options::default()
    })
}

/// Prints one incident of an endless pipe, at once.
fn print_settled(cli: &Cli, report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match cli.format {
        Format::Text => text::write_incidents(report, &look(cli), &mut out)?,
        Format::Json | Format::Ndjson => ndjson::write_incidents(report, &mut out)?,
    }
    out.flush()
}

fn look(cli: &Cli) -> text::Look {
    let colour = cli.color.decide(io::stdout().is_terminal() && output::colour_wanted());
    text::Look { width: output::width(), colour, incidents: cli.incidents && !cli.follow }
}

fn print(cli: &Cli, report: &Report) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match cli.format {
        Format::Text if cli.follow => {
            writeln!(out)?;
            text::write(report, &look(cli), &mut out)?;
        }
        Format::Text => text::write(report, &look(cli), &mut out)?,
        Format::Json => json::write(report, &mut out)?,
        Format::Ndjson if cli.follow => ndjson::write_summary(report, &mut out)?,
        Format::Ndjson => ndjson::write(report, &mut out)?,
    }
    out.flush()
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
