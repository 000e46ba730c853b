//! The programs that streamfall is measured against: which of them are installed, how they are called, and their versions.
//!
//! None is needed: where one is missing, its column says so.

use std::process::{Command, Stdio};

/// One way to call a tool.
struct Way {
    command: &'static [&'static str],
    version: &'static [&'static str],
}

/// The tools with the ways to call them, the best first. DuckDB comes as a program and as a Python module.
const TOOLS: [(&str, &[Way]); 6] = [
    ("rg", &[Way { command: &["rg"], version: &["rg", "--version"] }]),
    ("gzip", &[Way { command: &["gzip"], version: &["gzip", "--version"] }]),
    ("zstd", &[Way { command: &["zstd"], version: &["zstd", "--version"] }]),
    ("cat", &[Way { command: &["cat"], version: &["cat", "--version"] }]),
    ("wc", &[Way { command: &["wc"], version: &["wc", "--version"] }]),
    (
        "duckdb",
        &[
            Way { command: &["duckdb", "-c"], version: &["duckdb", "--version"] },
            Way {
                command: &["python3", "-c", "import duckdb, sys; print(duckdb.sql(sys.argv[1]).fetchall())"],
                version: &["python3", "-c", "import duckdb; print('duckdb', duckdb.__version__, 'in Python')"],
            },
        ],
    ),
];

/// What of the tools is installed.
pub(crate) struct Tools {
    found: Vec<(&'static str, &'static [&'static str], String)>,
}

impl Tools {
    pub(crate) fn look() -> Self {
        let ways = TOOLS.iter().filter_map(|(name, ways)| ways.iter().find_map(|way| Some((*name, way.command, version(way)?))));
        Self { found: ways.collect() }
    }

    /// How a tool is called.
    pub(crate) fn command(&self, name: &str) -> Option<&'static [&'static str]> {
        self.found.iter().find(|(known, ..)| *known == name).map(|(_, command, _)| *command)
    }

    /// Each tool with its version.
    pub(crate) fn versions(&self) -> String {
        let version = |name| self.found.iter().find(|(known, ..)| *known == name).map(|(.., version)| version.as_str());
        let texts = TOOLS.iter().map(|(name, _)| match version(*name) {
            None => format!("{name} not installed"),
            Some(version) if version.contains(name) || *name == "rg" => version.to_owned(),
            Some(version) => format!("{name} {version}"),
        });
        texts.collect::<Vec<_>>().join("; ")
    }
}

/// The first line of what a tool says of itself. Not every `wc` knows its version, but a wrapper without a program behind it,
/// or Python without the module, ends with an error and says nothing.
fn version(way: &Way) -> Option<String> {
    let (program, args) = way.version.split_first()?;
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next().map(|line| line.trim_matches([' ', '*'])) {
        Some(line) if !line.is_empty() => Some(line.to_owned()),
        _ if way.command.len() == 1 && output.status.code().is_some_and(|code| code < 126) => Some("of unknown version".into()),
        _ => None,
    }
}
