//! Bad usage that no single option shows: it ends the run before anything is read.

use std::collections::HashSet;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::cli::{Asked, Cli, subcommands};
use anyhow::{bail, ensure};
use streamfall::output::Format;

/// How alike a path and a subcommand must be for the latter to be meant.
const ALIKE: f64 = 0.88;

pub(crate) fn check(cli: &Cli) -> anyhow::Result<()> {
    ensure!(
        !cli.paths.is_empty() || !io::stdin().is_terminal(),
        "nothing to read: name log files or folders, or pipe a log in (see streamfall --help)"
    );
    ensure!(
        !cli.follow || (cli.paths.iter().all(|path| path.as_os_str() == "-") && matches!(cli.format, Asked::Report(Format::Text | Format::Ndjson))),
        "--follow reads a pipe and prints text or ndjson: tail -F proxy.log | streamfall --follow"
    );
    ensure!(cli.incident.is_none() || cli.format == Asked::Report(Format::Text), "--incident is for --format text; --format json has all incidents");
    ensure!(!cli.write_baseline || !cli.reading.show_secrets, "--show-secrets is not for a baseline, which is kept; leave one of the two out");
    ensure!(!cli.write_baseline || cli.baseline.is_some(), "--write-baseline needs --baseline FILE: where to write it");
    facts_whole(cli)?;
    subcommand_meant(cli)?;
    files_apart(cli)
}

/// Facts are of all that was read: what narrows or completes them is for the run that links them.
fn facts_whole(cli: &Cli) -> anyhow::Result<()> {
    let asked = cli.format == Asked::Facts || cli.output.iter().any(|output| output.format == Asked::Facts);
    let reading = &cli.reading;
    let narrowing = [
        ("--since", reading.since.is_some()),
        ("--until", reading.until.is_some()),
        ("--date", reading.date.is_some()),
        ("--timezone", reading.timezone.is_some()),
    ];
    for (option, given) in narrowing {
        ensure!(!asked || !given, "{option} is for the run that links facts, not for the one that writes them");
    }
    ensure!(!asked || !reading.show_secrets, "--show-secrets is not for facts: they are made to be handed on, and always masked");
    ensure!(!asked || !cli.follow, "--follow does not write facts: what does not end has no length and no hash");
    Ok(())
}

/// A subcommand comes first; behind an option, or misspelt, its name is a path.
fn subcommand_meant(cli: &Cli) -> anyhow::Result<()> {
    let Some(first) = cli.paths.first().filter(|path| !path.exists()) else { return Ok(()) };
    let typed = first.to_string_lossy();
    let names = subcommands();
    let alike = names.iter().map(|name| (strsim::jaro_winkler(name, &typed), name)).max_by(|(a, _), (b, _)| a.total_cmp(b));
    match alike {
        Some((_, name)) if *name == typed => bail!("there is no file `{typed}`; the subcommand comes first: streamfall {name} …"),
        Some((alike, name)) if alike >= ALIKE => bail!("there is no file `{typed}`; did you mean the subcommand: streamfall {name} …?"),
        _ => Ok(()),
    }
}

/// What is written must not be what is read, nor be written twice.
fn files_apart(cli: &Cli) -> anyhow::Result<()> {
    let baseline = cli.baseline.iter().filter(|_| cli.write_baseline);
    let mut known: HashSet<PathBuf> = cli.paths.iter().chain(&cli.config).map(|path| whole(path)).collect();
    for path in cli.output.iter().map(|output| &output.path).chain(baseline) {
        if whole(path).starts_with("/dev") || whole(path).starts_with("/proc") {
            continue;
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        ensure!(folder.is_dir(), "cannot write {}: there is no folder {}", path.display(), folder.display());
        ensure!(!path.is_dir(), "cannot write {}: it is a folder", path.display());
        ensure!(known.insert(whole(path)), "{} is read, or written twice: give each --output and --baseline a file of its own", path.display());
    }
    Ok(())
}

/// A path by which it is known again, if it is there or not.
fn whole(path: &Path) -> PathBuf {
    path.canonicalize()
        .or_else(|_| {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            folder.canonicalize().map(|folder| folder.join(path.file_name().unwrap_or_default()))
        })
        .unwrap_or_else(|_| path.to_owned())
}
