//! Facts instead of a report, or besides one: a later run links them.

use std::io::{self, Write};

use crate::cli::{Asked, Cli};
use crate::exit::Exit;
use crate::stop::StopRequests;
use anyhow::Context;
use streamfall::Findings;
use streamfall::output;

use super::say_problems;

/// Whether facts are asked for, on stdout or in a file.
pub(super) fn are_asked(cli: &Cli) -> bool {
    cli.format == Asked::Facts || cli.output.iter().any(|output| output.format == Asked::Facts)
}

/// Writes facts to where they are asked for.
pub(super) fn write(cli: &Cli, findings: &mut Findings) -> anyhow::Result<()> {
    let mut written = Ok(());
    for file in cli.output.iter().filter(|output| output.format == Asked::Facts) {
        let result = output::replace(&file.path, |out| findings.write_facts(out));
        written = written.and(result.with_context(|| format!("cannot write {}", file.path.display())));
    }
    if cli.format == Asked::Facts {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let printed = findings.write_facts(&mut out).and_then(|()| out.flush());
        written = written.and(output::unless_closed(printed).context("cannot write the facts to stdout"));
    }
    written
}

/// Says what is to be said where nothing else is asked for.
pub(super) fn finish(findings: &Findings, requests: &StopRequests) -> Exit {
    let problems = findings.problems();
    say_problems(&problems);
    let is_whole = !problems.iter().any(|problem| problem.kind.is_failure());
    match requests.asked().filter(|_| findings.stopped()) {
        Some(signal) => signal,
        None if is_whole => Exit::Clean,
        None => Exit::Incomplete,
    }
}
