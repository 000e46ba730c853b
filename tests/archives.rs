//! Archives are read in place: members tell what the files would, bombs end, and nothing is written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{capture, gzip, report_of, report_on, report_on_all, seven_zip, tar, zip};
use serde_json::{Value, json};

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
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(String::from_utf8_lossy(&log).encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("7z", seven_zip(&[("logs/proxy.log", &log), ("notes.md", b"# notes\n")]), "logs/proxy.log"),
        ("7z in a zip", zip(&[("a.7z", &seven_zip(&[("proxy.log", &log)]))]), "a.7z!/proxy.log"),
        ("UTF-16", zip(&[("proxy.log", &utf16)]), "proxy.log"),
        ("gzip with zeros behind it", zip(&[("proxy.log.gz", &[gzip(&log), vec![0; 4096]].concat())]), "proxy.log.gz"),
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
fn a_zip_that_is_a_file_needs_no_memory() {
    let log = capture("1.85.0_A_default").log;
    let dir = tempfile::tempdir().unwrap();
    let with = |name: &str, bytes: &[u8]| {
        std::fs::write(dir.path().join(name), bytes).unwrap();
        let output = assert_cmd::Command::cargo_bin("streamfall").unwrap().args(["--max-memory", "0"]).arg(dir.path().join(name)).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(with("dump.zip", &zip(&[("proxy.log", &log)])), (Some(1), String::new()));
    let (status, says) = with("dump.zip.gz", &gzip(&zip(&[("proxy.log", &log)])));
    assert!(status == Some(2) && says.contains("raise --max-memory"), "{says}");
}

#[test]
fn a_sparse_file_is_read_with_its_holes() {
    // As `tar --sparse` writes it: the header lists where the data stands in the file.
    let log = capture("1.85.0_A_default").log;
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.as_mut_bytes()[..9].copy_from_slice(b"proxy.log");
    header.set_size(log.len() as u64);
    header.set_mode(0o644);
    let octal = |number: usize| format!("{number:011o}\0").into_bytes();
    header.as_mut_bytes()[386..398].copy_from_slice(&octal(0));
    header.as_mut_bytes()[398..410].copy_from_slice(&octal(log.len()));
    header.as_mut_bytes()[483..495].copy_from_slice(&octal(log.len()));
    header.set_cksum();
    let mut archive = header.as_bytes().to_vec();
    archive.extend_from_slice(&log);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    assert_eq!(told(&report_on_all(&[("dump.tar", &archive)])), told(&report_on(&log)));
}

#[test]
fn globs_choose_members_and_files() {
    let (text, other) = (capture("1.85.0_A_default").log, capture("1.85.0_D_json_default").log);
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("old")).unwrap();
    std::fs::write(dir.path().join("a.log"), &text).unwrap();
    std::fs::write(dir.path().join("old/b.log"), &other).unwrap();
    std::fs::write(dir.path().join("c.tar"), tar(&[("d.log", &text), ("old/e.log", &other)])).unwrap();
    let sources = |args: &[&str]| -> Vec<String> {
        let output =
            assert_cmd::Command::cargo_bin("streamfall").unwrap().args(["--format", "json"]).args(args).current_dir(dir.path()).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["inputs"].as_array().unwrap().iter().map(|input| input["source"].as_str().unwrap().to_owned()).collect()
    };
    let cases: [(&[&str], &[&str]); 5] = [
        (&[".", "--include", "a.log"], &["./a.log"]),
        (&[".", "--exclude", "old/", "--exclude", "d.*"], &["./a.log"]),
        (&["c.tar", "--include", "*.tar", "--include", "old/*"], &["c.tar!/old/e.log"]),
        (&["*.log"], &["./a.log"]),
        (&["ol*", "c.*"], &["./old/b.log", "./c.tar!/d.log"]),
    ];
    for (args, expected) in cases {
        let found = sources(args);
        assert!(expected.iter().all(|name| found.iter().any(|source| source == name)), "{args:?}: {found:?}");
    }
    let none = assert_cmd::Command::cargo_bin("streamfall").unwrap().arg("*.nothing").current_dir(dir.path()).output().unwrap();
    assert_eq!(none.status.code(), Some(2));
    assert!(report_of(&[dir.path().join("a.log")])["complete"].as_bool().unwrap());
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
