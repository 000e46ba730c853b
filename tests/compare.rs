//! `streamfall compare`: the real binary on what was logged before and after a change.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::cargo::cargo_bin_cmd;
use boon::{Compiler, Schemas};
use common::capture;
use serde_json::Value;

const SCHEMA: &str = include_str!("../schema/streamfall.comparison.v1.json");

/// Before, after, options; the status, what changed, and what counts are held against.
type Case<'c> = (&'c Path, &'c Path, &'c [&'c str], i32, &'c str, Value);

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs").join(name)
}

fn compare(before: &Path, after: &Path, args: &[&str]) -> Output {
    cargo_bin_cmd!("streamfall").arg("compare").args([before, after]).args(args).output().unwrap()
}

fn told(before: &Path, after: &Path, args: &[&str]) -> (i32, Value) {
    let output = compare(before, after, &[args, &["--format", "json"]].concat());
    let comparison: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("comparison.json", serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let index = compiler.compile("comparison.json", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(&comparison, index) {
        panic!("{error:#}");
    }
    (output.status.code().unwrap(), comparison)
}

#[test]
fn the_status_says_whether_it_got_worse() {
    let dir = tempfile::tempdir().unwrap();
    let (found, clean, empty) = (sample("proxy-1.85.0-text.log"), sample("proxy-1.85.0-clean.log"), dir.path().join("empty.log"));
    std::fs::write(&empty, "").unwrap();
    // The same failures among ten times as many requests that went well.
    let access = "INFO:     127.0.0.1:5 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n";
    let diluted = dir.path().join("diluted.log");
    std::fs::write(&diluted, [std::fs::read(&found).unwrap(), access.repeat(1_000).into_bytes()].concat()).unwrap();
    let cases: [Case<'_>; 9] = [
        (&found, &clean, &[], 0, "gone", "thousand_requests".into()),
        (&clean, &found, &[], 1, "worse", "thousand_requests".into()),
        (&clean, &found, &["--fail-on", "never"], 0, "worse", "thousand_requests".into()),
        (&found, &found, &[], 0, "same", "thousand_requests".into()),
        (&found, &diluted, &[], 0, "better", "thousand_requests".into()),
        (&diluted, &found, &["--fail-on", "mid-stream"], 1, "worse", "thousand_requests".into()),
        (&clean, &clean, &[], 0, "nothing", "thousand_requests".into()),
        (&found, &empty, &[], 0, "gone", Value::Null),
        (&found, Path::new("missing.log"), &[], 2, "gone", Value::Null),
    ];
    for (before, after, args, status, change, per) in cases {
        let (told_status, comparison) = told(before, after, args);
        let told = (told_status, &comparison["change"], &comparison["per"]);
        assert_eq!(told, (status, &change.into(), &per), "{} {}", before.display(), after.display());
    }
}

#[test]
fn groups_are_new_gone_or_still_there() {
    let (_, comparison) = told(&sample("proxy-1.85.0-text.log"), &sample("proxy-1.85.0-json.log"), &[]);
    let groups = comparison["groups"].as_array().unwrap();
    let of = |state: &str| groups.iter().filter(|group| group["state"] == state).count();
    assert_eq!(of("new") + of("gone") + of("unchanged"), groups.len());
    assert!(of("unchanged") > 0 && of("new") > 0 && of("gone") > 0, "{groups:?}");
    let sum = |side: &str| groups.iter().map(|group| group[side].as_u64().unwrap()).sum::<u64>();
    assert_eq!(comparison["totals"][0]["before"], sum("before"));
    assert_eq!(comparison["totals"][0]["after"], sum("after"));
}

#[test]
fn text_says_it_in_one_line_and_then_in_tables() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, log: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, log).unwrap();
        path
    };
    let (before, after) = (write("before.log", &capture("1.85.0_A_default").log), write("after.log", &capture("1.96.2_A_default").log));
    let text = String::from_utf8(compare(&before, &after, &["--top", "3"]).stdout).unwrap();
    insta::assert_snapshot!("comparison-text", text);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let markdown = String::from_utf8(compare(&before, &after, &["--top", "3", "--format", "markdown"]).stdout).unwrap();
    insta::assert_snapshot!("comparison-markdown", markdown);
    let output = compare(Path::new("-"), Path::new("-"), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("stdin can be read but once"));
}
