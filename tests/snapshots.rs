//! Snapshots of every output format over the same few reports: a real capture, nothing at all, and hostile text.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::PathBuf;

use common::capture;
use streamfall::output::{json, ndjson, text};
use streamfall::{Options, analyze};

const HOSTILE: &str = "07:35:20 - LiteLLM Router:ERROR: router.py:5867 - Fallback also failed: litellm.MidStreamFallbackError: \
    litellm.AuthenticationError: AnthropicException - invalid x-api-key sk-ant-api03-secretsecret from 10.1.2.3 \u{1b}]0;owned\u{7}<script>. Received Model \
    Group=evil\u{202e}group\nAvailable Model Group Fallbacks=['=cmd()', '::error::x']\nError doing the fallback: litellm.BadRequestError: BedrockException - \
    {\"message\":\"This model does not support assistant message prefill.\"}\n";

/// Each report with its name; sources are named `proxy.log`.
fn reports() -> Vec<(&'static str, Vec<u8>)> {
    let mut log = capture("1.85.7_X_clouds_default").log;
    log.truncate(log.windows(14).position(|w| w == b"07:39:56 - Lit").unwrap());
    vec![("capture", log), ("empty", Vec::new()), ("hostile", HOSTILE.as_bytes().to_vec())]
}

fn printed(log: &[u8], print: &dyn Fn(&streamfall::report::Report, &mut Vec<u8>)) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("proxy.log");
    std::fs::write(&path, log).unwrap();
    let report = analyze(&[path], Options::default()).unwrap();
    let mut out = Vec::new();
    print(&report, &mut out);
    String::from_utf8(out).unwrap().replace(&format!("{}/", dir.path().display()), "").replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn text() {
    for (name, log) in reports() {
        let look = |incidents: bool| text::Look { width: 80, colour: false, incidents };
        insta::assert_snapshot!(format!("text-{name}"), printed(&log, &|report, out| text::write(report, &look(false), out).unwrap()));
        insta::assert_snapshot!(format!("text-incidents-{name}"), printed(&log, &|report, out| text::write(report, &look(true), out).unwrap()));
    }
}

#[test]
fn text_in_colour_and_wide() {
    let (_, log) = reports().remove(0);
    let look = text::Look { width: 120, colour: true, incidents: false };
    insta::assert_snapshot!("text-colour-wide", printed(&log, &|report, out| text::write(report, &look, out).unwrap()));
}

#[test]
fn json() {
    for (name, log) in reports() {
        insta::assert_snapshot!(format!("json-{name}"), printed(&log, &|report, out| json::write(report, out).unwrap()));
    }
}

#[test]
fn ndjson() {
    for (name, log) in reports() {
        insta::assert_snapshot!(format!("ndjson-{name}"), printed(&log, &|report, out| ndjson::write(report, out).unwrap()));
    }
}

#[test]
fn the_summary_fits_one_screen() {
    for name in ["1.77.7_A_default", "1.85.0_A_default", "1.85.0_B_debug", "1.85.0_D_json_default", "1.85.7_X_clouds_default", "1.96.2_A_default"] {
        let look = text::Look { width: 80, colour: false, incidents: false };
        let text = printed(&capture(name).log, &|report, out| text::write(report, &look, out).unwrap());
        assert!(text.lines().count() <= 40, "{name}: {} lines\n{text}", text.lines().count());
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{name}\n{text}");
    }
}
