//! The command line: parse, do the job, exit.

mod cli;
mod exit;
mod jobs;
mod progress;
mod stop;

use std::io;
use std::process::ExitCode;

use anyhow::Context;
use cli::{Cli, Command};
use exit::Exit;
use streamfall::output;

// Facts are many small values, made on one thread and let go on another: half of a large link step was spent in the system's allocator.
// On other systems it was not measured, and its build not tried.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match cli::parse(std::env::args_os().collect()).map_err(anyhow::Error::from).and_then(|cli| run(&cli)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            jobs::note(&output::plain(&format!("{error:#}")));
            Exit::Incomplete.into()
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        Some(Command::Completions { shell }) => printed(cli::write_completions(*shell, &mut io::stdout().lock())),
        Some(Command::Man { of }) => printed(cli::man(of.as_deref()).map_err(anyhow::Error::msg)?.render(&mut io::stdout().lock())),
        Some(Command::Explain { name }) => printed(jobs::explain(name.as_deref())?),
        Some(Command::Compare(compare)) => jobs::compare(compare),
        Some(Command::Preflight(preflight)) => jobs::preflight(preflight),
        None => jobs::report(cli),
    }
}

/// What printed something that is no report.
fn printed(result: io::Result<()>) -> anyhow::Result<Exit> {
    output::unless_closed(result).map(|()| Exit::Clean).context("cannot write to stdout")
}
