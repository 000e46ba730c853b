//! One log, however it arrives: the same counts, verdicts, groups, kinds and request ids.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use common::{arrived, capture, captures_dir, gzip, pods, tar, zip};
use serde_json::Value;

fn report(args: &[&str], stdin: Vec<u8>) -> Value {
    let output = Command::cargo_bin("streamfall").unwrap().args(["--format", "json"]).args(args).write_stdin(stdin).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A log in as many files, each a few lines, wherever that cuts its records.
fn cut(log: &[u8], files: usize) -> Vec<Vec<u8>> {
    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    lines.chunks(lines.len().div_ceil(files)).map(<[_]>::concat).collect()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).unwrap();
}

#[test]
fn one_log_tells_the_same_however_it_arrives() {
    for name in ["1.85.0_A_default", "1.85.0_C_info", "1.85.0_D_json_default"] {
        let log = capture(name).log;
        let bare = arrived(&report(&[], log.clone()));
        let dir = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        write(dir.path(), "dump.tar.gz", &gzip(&tar(&[("logs/proxy.log", &log), ("notes.md", b"# notes\n")])));
        write(dir.path(), "dump.zip", &zip(&[("logs/proxy.log.gz", &gzip(&log))]));
        let rotated = folder("rotated");
        for (number, part) in cut(&log, 7).iter().rev().enumerate() {
            match number {
                0 => write(&rotated, "proxy.log", part),
                1 => write(&rotated, "proxy.log.1", part),
                _ => write(&rotated, &format!("proxy.log.{number}.gz"), &gzip(part)),
            }
        }
        let members: Vec<(String, Vec<u8>)> = cut(&log, 5)
            .into_iter()
            .rev()
            .enumerate()
            .map(|(n, part)| (format!("0.log.{}", if n == 0 { String::new() } else { n.to_string() }), part))
            .collect();
        let members: Vec<(&str, &[u8])> = members.iter().map(|(name, part)| (name.trim_end_matches('.'), part.as_slice())).collect();
        write(dir.path(), "rotated.tar", &tar(&members));
        let small = folder("small");
        cut(&log, 1000).iter().enumerate().for_each(|(number, part)| write(&small, &format!("{number:06}"), part));
        let cases = ["dump.tar.gz", "dump.zip", "rotated", "rotated.tar", "small"];
        for case in cases {
            assert_eq!(arrived(&report(&[dir.path().join(case).to_str().unwrap()], Vec::new())), bare, "{name}, {case}");
        }
        assert_eq!(arrived(&report(&["-"], gzip(&log))), bare, "{name}, compressed on stdin");
        let (one, both) = (pods(&[&log]), pods(&[&log, b"INFO:     Started\n07:35:20 - LiteLLM:INFO: utils.py:1 - x\n"]));
        assert_eq!(arrived(&report(&[], one)), bare, "{name}, from a pod");
        assert_eq!(arrived(&report(&[], both)), bare, "{name}, between another pod's lines");
    }
}

/// A file that is large enough is read by all workers at once, each piece for itself.
#[test]
fn a_large_file_tells_what_the_pipe_tells_on_any_number_of_threads() {
    const LARGE: usize = 5 << 20;
    let dir = tempfile::tempdir().unwrap();
    for (name, file) in [("1.85.0_A_default", "proxy.log.zst"), ("1.85.0_D_json_default", "proxy.log.zst"), ("1.85.0_F_generic_api", "trace.zst")] {
        let one = zstd::decode_all(fs::File::open(captures_dir().join(name).join(file)).unwrap()).unwrap();
        // Each copy is of other requests.
        let copy = |number: usize| String::from_utf8_lossy(&one).replace("req_011C", &format!("req_{number:03}C"));
        let log = (0..=LARGE / one.len()).map(copy).collect::<String>().into_bytes();
        write(dir.path(), name, &log);
        let path = dir.path().join(name).display().to_string();
        let of_threads = |threads: &str| report(&["--threads", threads, &path], Vec::new());
        let of_one = of_threads("1");
        assert!(of_one == of_threads("2") && of_one == of_threads("5"), "{name}");
        assert_eq!(arrived(&of_one), arrived(&report(&[], log)), "{name}");
    }
}

/// What is no file can be opened but once, and its start tells only then that it is an archive.
#[cfg(unix)]
#[test]
fn an_archive_through_a_named_pipe_is_read() {
    let log = capture("1.85.0_A_default").log;
    let bare = arrived(&report(&[], log.clone()));
    let dir = tempfile::tempdir().unwrap();
    let archive = tar(&[("logs/proxy.log", &log)]);
    for (name, bytes) in [("plain", log), ("packed", gzip(&archive)), ("archive", archive)] {
        let path = dir.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let writer = std::thread::spawn({
            let path = path.clone();
            move || fs::write(path, bytes).unwrap()
        });
        assert_eq!(arrived(&report(&[path.to_str().unwrap()], Vec::new())), bare, "{name}");
        writer.join().unwrap();
    }
}

#[test]
fn a_rotated_set_of_a_container_is_one_stream() {
    let log = capture("1.85.0_A_default").log;
    let bare = arrived(&report(&[], log.clone()));
    let dir = tempfile::tempdir().unwrap();
    let wrapped = pods(&[&log]);
    for (number, part) in cut(&wrapped, 9).iter().rev().enumerate() {
        write(dir.path(), &format!("page-{}.txt", 20 - number), part);
    }
    assert_eq!(arrived(&report(&[dir.path().to_str().unwrap()], Vec::new())), bare, "pages of an export, by their instants");
}

/// Found by the fuzzer: the row was read together with what the next file began with, and was neither.
#[test]
fn a_row_that_a_rotation_left_last_goes_on_nowhere() {
    let row = "{\"id\": \"x\", \"litellm_call_id\": \"u\", \"trace_id\": \"t\", \"call_type\": \"acompletion\", \"status\": \"failure\", \"model_group\": \"g\", \
         \"error_str\": \"litellm.BadRequestError: AnthropicException - This model does not support assistant message prefill.\"}\n";
    let head = "07:35:20 - LiteLLM Router:INFO: router.py:2521 - litellm.acompletion(model=m) 200 OK\n";
    let rest = "Traceback (most recent call last):\n  File \"/app/litellm/router.py\", line 1, in f\n    raise e\nlitellm.exceptions.Timeout: x\n";
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "proxy.log.1", format!("{head}{row}").as_bytes());
    write(dir.path(), "proxy.log", rest.as_bytes());
    let told = report(&[dir.path().to_str().unwrap()], Vec::new());
    assert_eq!(told["summary"]["requests"], 1);
}

#[test]
fn instances_that_wrote_at_the_same_time_stay_apart() {
    let log = capture("1.85.0_A_default").log;
    let dir = tempfile::tempdir().unwrap();
    let other = String::from_utf8_lossy(&log).replace("req_011C", "req_022C").into_bytes();
    write(dir.path(), "proxy.1.log", &log);
    write(dir.path(), "proxy.2.log", &other);
    let apart = [arrived(&report(&[], log)), arrived(&report(&[], other))];
    let together = arrived(&report(&[dir.path().to_str().unwrap()], Vec::new()));
    let incidents = |told: &[Value]| told[..told.len() - 1].to_vec();
    assert!(apart.iter().flat_map(|told| incidents(told)).all(|incident| together.contains(&incident)));
}
