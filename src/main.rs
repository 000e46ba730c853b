//! The command line: parse, run, print, exit.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use streamfall::cli::{Cli, Format};
use streamfall::exit::Exit;
use streamfall::input::{Limits, Selection};
use streamfall::output::{self, json, text};
use streamfall::progress::Bar;
use streamfall::report::{Report, Window};
use streamfall::stop::StopRequests;
use streamfall::stream::Completion;
use streamfall::{Options, Progress, analyze};

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
    let requests = StopRequests::listen().context("cannot listen for signals")?;
    let mut bar = Bar::new();
    let mut show = |progress: Progress| bar.show(progress);
    let shown = cli.progress.decide(io::stderr().is_terminal() && std::env::var_os("CI").is_none());
    let stop = || requests.asked().is_some();
    let limits = Limits { expansion: cli.max_expansion, depth: cli.max_depth, members: cli.max_members, memory: cli.max_memory << 20 };
    let selection = Selection::new(&cli.include, &cli.exclude).context("--include or --exclude is no glob")?;
    let options = Options {
        selection,
        label: cli.label.clone(),
        completion: Completion { date: cli.date, zone: cli.timezone.clone() },
        window: Window { since: cli.since, until: cli.until, zone: cli.timezone.clone() },
        threads: cli.threads,
        limits,
        stop: Some(&stop),
        progress: if shown { Some(&mut show) } else { None },
    };
    let report = analyze(&cli.paths, options)?;
    bar.clear();
    // A signal that comes when all is read changes nothing any more.
    let signal = requests.asked().filter(|_| report.stopped);
    for problem in &report.problems {
        note(&output::plain(&problem.to_string()));
    }
    output::unless_closed(print(cli, &report)).context("cannot write the report to stdout")?;
    Ok(Exit::of(&report, signal))
}

fn print(cli: &Cli, report: &Report) -> io::Result<()> {
    let stdout = io::stdout();
    let colour = cli.color.decide(stdout.is_terminal() && output::colour_wanted());
    let mut out = io::BufWriter::new(stdout.lock());
    match cli.format {
        Format::Text => text::write(report, &text::Look { width: output::width(), colour, incidents: cli.incidents }, &mut out)?,
        Format::Json => json::write(report, &mut out)?,
    }
    out.flush()
}

/// Says something on stderr; that nobody listens is no error.
fn note(text: &str) {
    let _ = writeln!(io::stderr(), "streamfall: {text}");
}
