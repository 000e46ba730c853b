//! What the fuzz targets share: inputs as files, a report on them in every format, and what must hold of it.

use std::path::PathBuf;

use serde_json::Value;
use streamfall::output::{Format, Shown};
use streamfall::scan::Wanted;
use streamfall::{Options, analyze, read};

/// Files in memory, for one run.
pub struct Files {
    dir: tempfile::TempDir,
    pub paths: Vec<PathBuf>,
}

impl Files {
    /// Writes files where no disk is in the way, if the system has such a place.
    pub fn new(files: &[(&str, &[u8])]) -> Files {
        let memory = std::path::Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder");
        let write = |(name, bytes): &(&str, &[u8])| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).expect("a file");
            path
        };
        let paths = files.iter().map(write).collect();
        Files { dir, paths }
    }

    /// Adds a file that is made of the others.
    pub fn add(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }
}

const FORMATS: [Format; 9] =
    [Format::Text, Format::Json, Format::Ndjson, Format::Csv, Format::Html, Format::Markdown, Format::Github, Format::Junit, Format::Sarif];

fn options<'o>(facts: bool) -> Options<'o> {
    Options { threads: 1, facts, wanted: Wanted { quotes: true, requests: true }, ..Options::default() }
}

/// Reports on paths in the format that `choice` names, and as JSON; fails if the report contradicts itself.
pub fn report(paths: &[PathBuf], choice: u8) -> Value {
    let report = analyze(paths, options(false)).expect("a report");
    let shown = Shown::default();
    FORMATS[choice as usize % FORMATS.len()].write(&report, &shown, &mut std::io::sink()).expect("an output");
    let mut json = Vec::new();
    Format::Json.write(&report, &shown, &mut json).expect("an output");
    let told: Value = serde_json::from_slice(&json).expect("JSON");
    let incidents = told["incidents"].as_array().expect("incidents");
    assert_eq!(told["summary"]["requests"], incidents.len());
    for incident in incidents {
        assert_eq!(incident["verdict"] == "unknown", incident["confidence"].is_null(), "{incident}");
        assert!(!incident["because"].as_array().expect("reasons").is_empty(), "{incident}");
    }
    told
}

/// The facts of paths.
pub fn facts(paths: &[PathBuf]) -> Vec<u8> {
    let mut facts = Vec::new();
    read(paths, options(true)).expect("findings").write_facts(&mut facts).expect("facts");
    facts
}

/// Splits what the fuzzer gives at a byte that stands in no text.
pub fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == 0xff)
}
