//! Snapshots of every output format over the same few reports: a real capture, nothing at all, and hostile text.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::PathBuf;

use common::capture;
use streamfall::output::{Format, Shown, text};
use streamfall::report::{GroupBy, Report};
use streamfall::scan::Wanted;
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

fn printed(log: &[u8], print: &dyn Fn(&Report, &mut Vec<u8>)) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("proxy.log");
    std::fs::write(&path, log).unwrap();
    let report = analyze(&[path], Options { wanted: Wanted { quotes: true, ..Wanted::default() }, ..Options::default() }).unwrap();
    let mut out = Vec::new();
    print(&report, &mut out);
    String::from_utf8(out).unwrap().replace(&format!("{}/", dir.path().display()), "").replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// A page without its style and script, which are files of their own.
fn without_inlined(page: &str) -> String {
    ["style", "script"].iter().fold(page.to_owned(), |page, name| {
        let (start, end) = (page.find(&format!("<{name}>")).unwrap(), page.rfind(&format!("</{name}>")).unwrap());
        format!("{}{}", &page[..start], &page[end + name.len() + 3..])
    })
}

/// What of each report is printed, with the format's name and what is asked for.
fn prints() -> Vec<(&'static str, Format, Shown)> {
    let shown = Shown::default;
    vec![
        ("text", Format::Text, shown()),
        ("text-incidents", Format::Text, Shown { incidents: true, ..shown() }),
        ("json", Format::Json, shown()),
        ("ndjson", Format::Ndjson, shown()),
        ("csv", Format::Csv, shown()),
        ("html", Format::Html, Shown { group_by: Some(GroupBy::Kind), ..shown() }),
        ("markdown", Format::Markdown, Shown { group_by: Some(GroupBy::Model), ..shown() }),
        ("github", Format::Github, shown()),
        ("junit", Format::Junit, shown()),
        ("sarif", Format::Sarif, shown()),
    ]
}

#[test]
fn every_format() {
    for (name, log) in reports() {
        for (print, format, shown) in prints() {
            let text = printed(&log, &|report, out| format.write(report, &shown, out).unwrap());
            let text = if format == Format::Html { without_inlined(&text) } else { text };
            insta::assert_snapshot!(format!("{print}-{name}"), text);
        }
    }
}

#[test]
fn text_in_colour_and_wide() {
    let (_, log) = reports().remove(0);
    let shown = Shown { look: text::Look { width: 120, colour: true }, ..Shown::default() };
    insta::assert_snapshot!("text-colour-wide", printed(&log, &|report, out| text::write(report, &shown, out).unwrap()));
}

#[test]
fn requests_by_hour_and_one_incident() {
    let (_, log) = reports().remove(0);
    let shown = Shown { group_by: Some(GroupBy::Hour), top: Some(1), ..Shown::default() };
    insta::assert_snapshot!("text-by-hour", printed(&log, &|report, out| text::write(report, &shown, out).unwrap()));
    let one = |report: &Report, out: &mut Vec<u8>| {
        let id = report.clearest(1)[0].id[..6].to_owned();
        text::write(report, &Shown { incident: Some(id), ..Shown::default() }, out).unwrap();
    };
    insta::assert_snapshot!("text-one-incident", printed(&log, &one));
}

#[test]
fn the_summary_fits_one_screen() {
    for name in ["1.77.7_A_default", "1.85.0_A_default", "1.85.0_B_debug", "1.85.0_D_json_default", "1.85.7_X_clouds_default", "1.96.2_A_default"] {
        let text = printed(&capture(name).log, &|report, out| text::write(report, &Shown::default(), out).unwrap());
        assert!(text.lines().count() <= 40, "{name}: {} lines\n{text}", text.lines().count());
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{name}\n{text}");
    }
}
