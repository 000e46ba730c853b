//! `--since`, `--until`, `--date`, `--timezone` and `--label`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use assert_cmd::Command;
use common::{arrived, capture, pods};
use serde_json::{Value, json};

fn report(args: &str, log: &[u8]) -> Value {
    let output =
        Command::cargo_bin("streamfall").unwrap().args(["--format", "json"]).args(args.split_whitespace()).write_stdin(log).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{args}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_window_leaves_out_what_is_outside_and_keeps_what_cannot_be_placed() {
    let (text, wrapped) = (capture("1.85.0_A_default").log, pods(&[&capture("1.85.0_A_default").log]));
    let all = report("", &text)["summary"]["requests"].as_u64().unwrap();
    // Arguments, the log, and: some are left out, some cannot be placed.
    let cases: [(&str, &[u8], bool, bool); 11] = [
        ("--since 2s", &text, true, false),
        ("--since 1h", &text, false, false),
        ("--until 2s", &text, true, false),
        ("--since 2026-11-22", &text, false, true),
        ("--since 2026-11-22 --date 2026-11-22", &text, false, true),
        ("--since 2026-11-22 --date 2026-11-21 --timezone UTC", &text, true, false),
        ("--until 2026-11-22 --date 2026-11-22 --timezone UTC", &text, false, false),
        ("--since 2026-11-22T07:35:24 --date 2026-11-22 --timezone +01:00", &text, true, false),
        ("--since 2026-11-22T05:35:24Z", &wrapped, true, false),
        ("--since 2026-11-23 --timezone UTC", &wrapped, true, false),
        ("--since 2s", &wrapped, true, false),
    ];
    for (args, log, left_out, unplaced) in cases {
        let report = report(args, log);
        let window = &report["window"];
        let number = |key: &str| window[key].as_u64().unwrap();
        assert_eq!((number("left_out") > 0, number("unplaced") > 0), (left_out, unplaced), "{args}: {window}");
        assert_eq!(report["summary"]["requests"].as_u64().unwrap() + number("left_out"), all, "{args}");
    }
}

#[test]
fn date_and_zone_change_times_and_nothing_else() {
    for name in ["1.85.0_A_default", "1.85.0_D_json_default", "1.85.0_C_info"] {
        let log = capture(name).log;
        let (bare, dated) = (report("", &log), report("--date 2026-11-22 --timezone Europe/Berlin", &log));
        assert_eq!(arrived(&dated), arrived(&bare), "{name}");
        assert!(dated["summary"]["first_seen"].as_str().unwrap().starts_with("2026-11-22T06:"), "{name}");
        assert_eq!(dated["summary"]["first_seen_local"], Value::Null);
    }
}

#[test]
fn a_label_stands_before_each_source() {
    let report = report("--label web-1", &capture("1.85.0_A_default").log);
    assert_eq!(
        (&report["inputs"][0]["source"], &report["incidents"][0]["evidence"][0]["source"]),
        (&json!("web-1:<stdin>"), &json!("web-1:<stdin>"))
    );
}

#[test]
fn what_is_no_time_is_bad_usage() {
    for args in [["--since", "yesterday"], ["--date", "today"], ["--timezone", "Nowhere"], ["--include", "{"]] {
        let output = Command::cargo_bin("streamfall").unwrap().args(args).write_stdin("x").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}
