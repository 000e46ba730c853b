//! The commands of `docs/facts.md` do what the page says: many runs on one machine, and one report of them all.
//!
//! They are taken from the page and run by `sh`, in a folder with real logs, so that the page cannot go out of date.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/facts.md");

/// The page's block of commands in which a word stands.
fn commands(word: &str) -> String {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut blocks = page.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.find(|block| block.contains(word)).unwrap().to_owned()
}

/// Logs of several runs of the proxy; one of them was rotated twice, its parts in no order of their names, and cut within records.
fn write_logs(dir: &Path) {
    for name in ["1.77.7_A_default", "1.85.0_C_info", "1.85.0_D_json_default", "1.96.2_A_default"] {
        let place = dir.join("logs").join(name);
        std::fs::create_dir_all(&place).unwrap();
        let log = common::capture(name).log;
        if name != "1.85.0_C_info" {
            std::fs::write(place.join("proxy.log"), log).unwrap();
            continue;
        }
        let (third, rest) = log.split_at(log.len() / 3);
        let (second, first) = rest.split_at(rest.len() / 2);
        std::fs::write(place.join("proxy.log"), first).unwrap();
        std::fs::write(place.join("proxy.log.1"), second).unwrap();
        std::fs::write(place.join("proxy.log.2.gz"), common::gzip(third)).unwrap();
    }
    std::fs::write(dir.join("logs/later.log"), common::capture("1.109.1_D_json_default").log).unwrap();
}

fn run(dir: &Path, script: &str) -> Output {
    let binary = Path::new(assert_cmd::cargo::cargo_bin!("streamfall")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    Command::new("sh").args(["-c", script]).current_dir(dir).env("PATH", path).output().unwrap()
}

/// The report that commands wrote, without its inputs.
fn report(dir: &Path, script: &str) -> Value {
    let output = run(dir, script);
    assert_eq!(output.status.code(), Some(1), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    let mut report: Value = serde_json::from_slice(&std::fs::read(dir.join("report.json")).unwrap()).unwrap();
    report.as_object_mut().unwrap().remove("inputs");
    report
}

/// Runs a block of the page, each task with so many files, and holds its report against that of a single run.
fn check(word: &str, files: &str) {
    let dir = tempfile::tempdir().unwrap();
    write_logs(dir.path());
    let single = report(dir.path(), "streamfall --output json=report.json logs");
    std::fs::remove_file(dir.path().join("report.json")).unwrap();
    let many = report(dir.path(), &commands(word).replace("-n100", files));
    assert!(single["summary"]["requests"].as_u64() > Some(100), "{}", single["summary"]);
    assert_eq!(single.to_string(), many.to_string());
}

#[test]
fn xargs_as_the_page_has_it() {
    check("xargs", "-n100");
}

#[test]
fn xargs_with_two_files_a_worker() {
    check("xargs", "-n2");
}

#[test]
fn facts_of_facts_beside_a_log() {
    check("again.facts", "");
}

#[test]
#[ignore = "needs GNU parallel, which .ci/one-box installs"]
fn parallel_as_the_page_has_it() {
    check("parallel", "-n100");
}

#[test]
#[ignore = "needs GNU parallel, which .ci/one-box installs"]
fn parallel_with_two_files_a_worker() {
    check("parallel", "-n2");
}

#[test]
fn a_worker_that_was_killed_is_a_problem() {
    let dir = tempfile::tempdir().unwrap();
    write_logs(dir.path());
    let killed = run(dir.path(), "streamfall --format facts logs | head -c 20000 > part; streamfall --format json part > report.json");
    assert_eq!(killed.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&std::fs::read(dir.path().join("report.json")).unwrap()).unwrap();
    assert_eq!(report["complete"], Value::Bool(false));
}
