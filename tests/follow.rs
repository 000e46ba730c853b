//! `--follow`: incidents come while the pipe is still open, and the summary at its end or on Ctrl-C.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use common::{arrived, capture, gzip, pods, report_on};
use serde_json::Value;

/// A run with an open pipe into it.
struct Following {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Following {
    fn start(args: &[&str]) -> Following {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("streamfall"));
        let mut child = command.arg("--follow").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Following { child, lines }
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut stdin = self.child.stdin.as_ref().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }

    fn end(mut self) -> (Vec<Value>, Option<i32>) {
        drop(self.child.stdin.take());
        let rest = self.lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        (rest, self.child.wait().unwrap().code())
    }
}

/// A report with the incidents of its lines.
fn put_together(lines: &[Value]) -> Value {
    let (summary, incidents) = lines.split_last().unwrap();
    assert_eq!(summary["type"], "summary");
    assert!(incidents.iter().all(|line| line["type"] == "incident"));
    let mut report = summary.clone();
    report["incidents"] = incidents.into();
    report
}

#[test]
fn a_log_that_is_piped_in_tells_what_the_file_tells() {
    let log = capture("1.85.0_A_default").log;
    let bare = arrived(&report_on(&log));
    for (name, bytes) in [("plain", log.clone()), ("from a pod", pods(&[&log])), ("compressed", gzip(&log))] {
        let mut following = Following::start(&["--format", "ndjson"]);
        following.write(&bytes);
        let (lines, status) = following.end();
        assert_eq!((arrived(&put_together(&lines)), status), (bare.clone(), Some(1)), "{name}");
    }
}

#[test]
fn an_incident_comes_while_the_pipe_is_open() {
    let log = capture("1.85.0_A_default").log;
    let whole = report_on(&log);
    let proven = whole["incidents"].as_array().unwrap().iter().find(|i| i["confidence"] == "proven" && i["outcome"] == "failed").unwrap();
    let last = usize::try_from(proven["evidence"].as_array().unwrap().last().unwrap()["line"].as_u64().unwrap()).unwrap();
    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let record = lines[last..].iter().position(|line| line.starts_with(b"\x1b[92m") || line.starts_with(b"INFO: ")).unwrap();
    let wrapped: Vec<u8> = lines[..last + record].iter().flat_map(|line| [b"litellm-1  | ", *line].concat()).collect();
    for (name, bytes) in [("plain", lines[..last + record].concat()), ("from compose", wrapped)] {
        let mut following = Following::start(&["--format", "ndjson"]);
        following.write(&bytes);
        let seen = std::iter::from_fn(|| Some(following.next())).find(|line| line["confidence"] == "proven").unwrap();
        assert_eq!(seen["type"], "incident", "{name}");
        let (lines, status) = following.end();
        assert_eq!((lines.last().unwrap()["complete"].as_bool(), status), (Some(true), Some(1)), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_is_the_normal_end() {
    let log = capture("1.85.0_A_default").log;
    for (signal, status, complete) in [("-INT", 1, true), ("-TERM", 143, false)] {
        let mut following = Following::start(&["--format", "ndjson"]);
        following.write(&log);
        let mut lines: Vec<Value> = (0..71).map(|_| following.next()).collect();
        Command::new("kill").args([signal, &following.child.id().to_string()]).status().unwrap();
        lines.extend(following.lines.by_ref().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap()));
        assert_eq!(following.child.wait().unwrap().code(), Some(status));
        let report = put_together(&lines);
        assert_eq!((&report["complete"], report["incidents"].as_array().unwrap().len()), (&Value::from(complete), 71), "{signal}");
    }
}

#[test]
fn what_cannot_be_followed_is_bad_usage() {
    for args in [["--follow", "proxy.log"], ["--follow", "--format=json"], ["--follow", "--since=2h"]] {
        let output = assert_cmd::Command::cargo_bin("streamfall").unwrap().args(args).write_stdin("").output().unwrap();
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{args:?}");
    }
}

#[test]
fn text_shows_each_incident_and_then_the_summary() {
    let output = assert_cmd::Command::cargo_bin("streamfall").unwrap().arg("--follow").write_stdin(capture("1.85.0_A_default").log).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (incidents, summary) = text.split_at(text.find("71 requests met").unwrap());
    assert!(incidents.matches("  because ").count() > 60);
    assert!(summary.contains("What to change"));
}
