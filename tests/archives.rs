//! Archives are read in place: members tell what the files would, bombs end, and nothing is written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::io::{Cursor, Write};

use common::{capture, report_on, report_on_all};
use serde_json::{Value, json};

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // The builder refuses names that climb out of the archive; an attacker's does not.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// All but places, which name the member.
fn told(report: &Value) -> Value {
    let mut report = report.clone();
    for incident in report["incidents"].as_array_mut().unwrap() {
        incident["evidence"].as_array_mut().unwrap().iter_mut().for_each(|e| e["source"] = Value::Null);
    }
    json!([report["summary"], report["incidents"]])
}

#[test]
fn a_member_tells_what_the_file_would() {
    let log = capture("1.85.0_A_default").log;
    let bare = told(&report_on(&log));
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let cases: [(&str, Vec<u8>, &str); 6] = [
        ("tar", tar(&[("dump/proxy.log", &log)]), "dump/proxy.log"),
        ("tar.gz of a gz", gzip(&tar(&[("notes.md", b"# notes\n"), ("proxy.log.gz", &gzip(&log))])), "proxy.log.gz"),
        ("tar.zst", zstd(&tar(&[("proxy.log", &log)])), "proxy.log"),
        ("zip", zip(&[("proxy.log", &log), ("empty.log", b"")]), "proxy.log"),
        ("zip with a gz", zip(&[("a/proxy.log.gz", &gzip(&log))]), "a/proxy.log.gz"),
        ("zip in a tar.gz", gzip(&tar(&[("inner.zip", &zip(&[("proxy.log", &log)]))])), "inner.zip!/proxy.log"),
    ];
    for (name, archive, member) in cases {
        let report = report_on_all(&[("dump", &archive)]);
        assert_eq!(told(&report), bare, "{name}");
        let source = report["incidents"][0]["evidence"][0]["source"].as_str().unwrap();
        assert!(source.ends_with(&format!("dump!/{member}")), "{name}: {source}");
        assert_eq!(report["complete"], true, "{name}");
    }
}

#[test]
fn many_members_are_one_report() {
    let (text, other) = (capture("1.85.0_A_default").log, capture("1.85.0_D_json_default").log);
    let apart = report_on_all(&[("a.log", &text), ("b.log", &other)]);
    let together = report_on_all(&[("dump.tar", &tar(&[("a.log", &text), ("b.log", &other), ("c.png", b"\x89PNG\0\0")]))]);
    assert_eq!(told(&together), told(&apart));
    assert!(together["problems"][0]["problem"].as_str().unwrap().starts_with("1 file(s) in it are neither logs nor traces"));
}

#[test]
fn what_is_wrong_with_an_archive_is_said() {
    let log = capture("1.85.0_A_default").log;
    let deep = (0..50).fold(tar(&[("proxy.log", &log)]), |inner, _| tar(&[("inner.tar", &inner)]));
    let names: Vec<String> = (0..100_001).map(|n| format!("{n}.txt")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    let whole = tar(&[("a.log", &log), ("b.log", &log)]);
    let cases: [(&str, Vec<u8>, &str); 5] = [
        ("no log in it", tar(&[("notes.md", b"# notes\n")]), "holds no LiteLLM log"),
        ("tar in tar", deep, "raise --max-depth"),
        ("many members", zip(&many), "raise --max-members"),
        ("cut", whole[..whole.len() / 2].to_vec(), "could not be read to its end"),
        ("a zip without its end", zip(&[("a.log", &log)])[..1000].to_vec(), "could not be read to its end"),
    ];
    for (name, archive, says) in cases {
        let report = report_on_all(&[("dump", &archive)]);
        assert_eq!(report["complete"], false, "{name}");
        let problems: Vec<&str> = report["problems"].as_array().unwrap().iter().map(|p| p["problem"].as_str().unwrap()).collect();
        assert!(problems.iter().any(|problem| problem.contains(says)), "{name}: {problems:?}");
    }
}

#[test]
fn names_of_members_are_only_names() {
    let log = capture("1.85.0_A_default").log;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("dump.tar");
    std::fs::write(&path, tar(&[("../../etc/x", &log), ("/etc/\u{1b}[31mred", b"INFO:     Started\n")])).unwrap();
    let output = assert_cmd::Command::cargo_bin("streamfall").unwrap().args(["--incidents"]).arg(&path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("dump.tar!/../../etc/x:") && !text.contains('\u{1b}'), "{text}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}
