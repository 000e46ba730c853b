//! What makes CI fail: the policy, its baseline, the settings file, and the files that are written besides.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;

/// 13 requests mid-stream, 4 of clients, 1 unknown.
const LOG: &str = "sample-logs/proxy-1.85.0-text.log";

fn log() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(LOG).display().to_string()
}

fn run_in(dir: &Path, args: &[&str]) -> Output {
    cargo_bin_cmd!("streamfall").current_dir(dir).args(args).env_remove("NO_COLOR").output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_policy_decides_the_status_of_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let cases: [(&[&str], i32); 16] = [
        (&[], 1),
        (&["--fail-on", "any"], 1),
        (&["--fail-on", "mid-stream"], 1),
        (&["--fail-on", "never"], 0),
        (&["--max", "17"], 1),
        (&["--max", "18"], 0),
        (&["--max", "mid-stream=12"], 1),
        // Of the other verdicts, none is allowed.
        (&["--max", "mid-stream=13"], 1),
        (&["--max", "mid-stream=13", "--max", "client=4", "--max", "unknown=1"], 0),
        (&["--max", "mid-stream=13", "--fail-on", "mid-stream"], 0),
        (&["--max", "mid-stream=13", "--max", "4"], 1),
        (&["--max", "mid-stream=12", "--max", "18"], 1),
        (&["--max", "mid-stream=13", "--max", "5"], 0),
        (&["--max", "many"], 2),
        (&["--fail-on", "midstream"], 2),
        (&["--fail-on", "never", "missing.log"], 2),
    ];
    for (args, expected) in cases {
        for format in ["text", "json", "ndjson", "csv"] {
            let output = run_in(dir.path(), &[&["--format", format], args, &[log().as_str()]].concat());
            assert_eq!(status(&output), expected, "{args:?} {format}: {}", stderr(&output));
        }
    }
}

#[test]
fn a_baseline_lets_pass_what_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| run_in(dir.path(), args);
    let log = log();
    // A baseline that is not there is no baseline, unless this run makes it.
    let missing = run(&["--baseline", "known.json", &log]);
    assert_eq!(status(&missing), 2);
    assert!(
        stderr(&missing).contains("cannot read the baseline known.json") && stderr(&missing).contains("--write-baseline"),
        "{}",
        stderr(&missing)
    );
    assert_eq!(status(&run(&["--baseline", "known.json", "--write-baseline", &log])), 0);
    let known = run(&["--baseline", "known.json", &log]);
    assert_eq!(status(&known), 0);
    assert!(String::from_utf8_lossy(&known.stdout).contains("18 known from the baseline"));
    // What it does not have fails.
    let mut baseline: Value = serde_json::from_slice(&fs::read(dir.path().join("known.json")).unwrap()).unwrap();
    let fingerprint = baseline["incidents"][0]["fingerprint"].clone();
    let incidents = baseline["incidents"].as_array().unwrap();
    let of_it = incidents.iter().filter(|incident| incident["fingerprint"] == fingerprint).count();
    baseline["incidents"] = incidents.iter().filter(|incident| incident["fingerprint"] != fingerprint).cloned().collect();
    fs::write(dir.path().join("less.json"), baseline.to_string()).unwrap();
    let new = run(&["--format", "json", "--baseline", "less.json", &log]);
    assert_eq!(status(&new), 1);
    let report: Value = serde_json::from_slice(&new.stdout).unwrap();
    assert_eq!((&report["policy"]["counted"], &report["policy"]["fails"]), (&of_it.into(), &true.into()));
    // A file that is no report is neither a baseline nor written over.
    fs::write(dir.path().join("precious.txt"), "mine").unwrap();
    for args in [&["--baseline", "precious.txt"][..], &["--baseline", "precious.txt", "--write-baseline"]] {
        let output = run(&[args, &[log.as_str()]].concat());
        assert_eq!(status(&output), 2);
        assert!(stderr(&output).contains("precious.txt is no baseline"), "{}", stderr(&output));
    }
    assert_eq!(fs::read(dir.path().join("precious.txt")).unwrap(), b"mine");
}

#[test]
fn settings_stand_in_a_file_and_what_is_typed_wins() {
    let dir = tempfile::tempdir().unwrap();
    let log = log();
    let settings = |text: &str| fs::write(dir.path().join("streamfall.toml"), text).unwrap();
    settings("fail-on = \"never\"\nformat = \"json\"\noutput = [\"csv=out.csv\"]\n");
    let output = run_in(dir.path(), &[&log]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert!(output.stdout.starts_with(b"{") && dir.path().join("out.csv").exists());
    assert_eq!(status(&run_in(dir.path(), &["--fail-on", "any", &log])), 1);
    // Subcommands take what they have.
    assert_eq!(status(&run_in(dir.path(), &["compare", &log, &log])), 0);
    assert!(run_in(dir.path(), &["compare", &log, &log]).stdout.starts_with(b"Nothing changed"));
    assert_eq!(fs::read(dir.path().join("out.csv")).unwrap()[..2], *b"id");
    assert_eq!(status(&run_in(dir.path(), &["completions", "bash"])), 0);
    settings("fail_on = \"never\"\n");
    let wrong = run_in(dir.path(), &[&log]);
    assert_eq!(status(&wrong), 2);
    assert!(stderr(&wrong).contains("streamfall.toml:1: there is no setting `fail_on`; did you mean `fail-on`?"), "{}", stderr(&wrong));
    fs::write(dir.path().join("other.toml"), "max = [18]\n").unwrap();
    assert_eq!(status(&run_in(dir.path(), &["--settings", "other.toml", &log])), 0);
    assert_eq!(status(&run_in(dir.path(), &["--settings", "missing.toml", &log])), 2);
}

#[test]
fn further_formats_are_written_in_the_same_run_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let log = log();
    let output = run_in(dir.path(), &["--output", "json=a.json", "--output", "csv=a.csv", "--output", "ndjson=a.ndjson", &log]);
    assert_eq!(status(&output), 1);
    assert!(output.stdout.starts_with(b"18 requests"));
    let json: Value = serde_json::from_slice(&fs::read(dir.path().join("a.json")).unwrap()).unwrap();
    assert_eq!(json["summary"]["requests"], 18);
    assert_eq!(fs::read_to_string(dir.path().join("a.csv")).unwrap().matches("\r\n").count(), 19);
    assert_eq!(fs::read_to_string(dir.path().join("a.ndjson")).unwrap().lines().count(), 19);
    for (output, says) in [("json=no/such/a.json", "cannot write no/such/a.json"), ("json", "FORMAT=FILE"), ("yaml=a", "`yaml` is no format")] {
        let wrong = run_in(dir.path(), &["--output", output, &log]);
        assert_eq!(status(&wrong), 2);
        assert!(stderr(&wrong).contains(says), "{}", stderr(&wrong));
    }
}

#[test]
fn what_was_not_read_never_becomes_the_baseline() {
    let dir = tempfile::tempdir().unwrap();
    let (run, log) = (|args: &[&str]| run_in(dir.path(), args), log());
    assert_eq!(status(&run(&["--baseline", "known.json", "--write-baseline", &log])), 0);
    let known = fs::read(dir.path().join("known.json")).unwrap();
    let missing = run(&["--baseline", "known.json", "--write-baseline", &log, "missing.log"]);
    assert_eq!(status(&missing), 2);
    assert!(stderr(&missing).contains("the baseline known.json stays as it is"), "{}", stderr(&missing));
    assert_eq!(status(&run(&["--baseline", "known.json", "--write-baseline", "--since", "2h", &log])), 2);
    assert_eq!(status(&run(&["--write-baseline", &log])), 2);
    assert_eq!(fs::read(dir.path().join("known.json")).unwrap(), known);
}

#[test]
fn what_is_written_is_neither_read_nor_written_twice() {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(log(), dir.path().join("in.log")).unwrap();
    let cases: [(&[&str], &str); 6] = [
        (&["--output", "json=in.log", "in.log"], "in.log is read, or written twice"),
        (&["--output", "json=a", "--output", "html=./a", "in.log"], "./a is read, or written twice"),
        (&["--output", "json=a", "--baseline", "a", "--write-baseline", "in.log"], "a is read, or written twice"),
        (&["--output", "json=.", "in.log"], "it is a folder"),
        (&["--color", "never", "compare", "in.log", "in.log"], "the subcommand comes first: streamfall compare"),
        (&["compre", "in.log"], "did you mean the subcommand: streamfall compare"),
    ];
    for (args, says) in cases {
        let output = run_in(dir.path(), args);
        assert_eq!(status(&output), 2, "{args:?}");
        assert!(stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
    }
    assert_eq!(fs::read(dir.path().join("in.log")).unwrap(), fs::read(log()).unwrap());
}

#[test]
fn one_incident_that_is_not_there_is_bad_usage() {
    let dir = tempfile::tempdir().unwrap();
    let log = log();
    for (args, says) in [
        (&["--incident", "zzz"][..], "no incident has an id that begins with `zzz`"),
        (&["--incident", "a", "--format", "json"], "--incident is for"),
    ] {
        let output = run_in(dir.path(), &[args, &[log.as_str()]].concat());
        assert_eq!(status(&output), 2);
        assert!(stderr(&output).contains(says) && output.stdout.is_empty(), "{}", stderr(&output));
    }
}
