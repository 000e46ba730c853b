//! The real binary: exit statuses, streams, and bad input.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;

const SENTENCE: &str = "This model does not support assistant message prefill. The conversation must end with a user message.";

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs")
}

fn sample(name: &str) -> String {
    samples().join(name).display().to_string()
}

/// A record of a client's own prefill that failed before its response.
fn found() -> String {
    format!(
        "07:35:20 - LiteLLM Proxy:ERROR: proxy_server.py:1 - litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - \
         litellm.BadRequestError: AnthropicException - {{\"type\":\"error\",\"error\":{{\"type\":\"invalid_request_error\",\"message\":\"{SENTENCE}\"}},\
         \"request_id\":\"req_011Cli\"}}. Received Model Group=claude-opus-4-7\nAvailable Model Group Fallbacks=None\n"
    )
}

fn clean() -> &'static str {
    "INFO:     127.0.0.1:5 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n"
}

fn run(args: &[&str], stdin: &[u8]) -> Output {
    let mut command = cargo_bin_cmd!("streamfall");
    command.args(args).env_remove("NO_COLOR").write_stdin(stdin.to_vec()).output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn stdin_decides_the_status() {
    let cut = {
        let mut bytes = gzip(found().repeat(50).as_bytes());
        bytes.truncate(bytes.len() - 9);
        bytes
    };
    let cases: [(&str, Vec<u8>, i32, &str); 11] = [
        ("clean", clean().into(), 0, ""),
        ("found", found().into_bytes(), 1, ""),
        ("empty", Vec::new(), 0, "is empty"),
        ("gzip", gzip(found().as_bytes()), 1, ""),
        ("zstd", zstd::encode_all(found().as_bytes(), 1).unwrap(), 1, ""),
        ("truncated gzip", cut, 2, "could not be read to its end"),
        ("binary junk", vec![0, 159, 146, 150, 0, 1, 2, 3], 2, "binary data"),
        ("invalid UTF-8", [b"\xff\xfe\xfa some text \n".as_slice(), found().as_bytes()].concat(), 1, ""),
        ("no record at all", b"just words\n".to_vec(), 0, "holds no LiteLLM record"),
        ("an unknown form", format!("{{\"log\": \"{SENTENCE}\"}}\n").into_bytes(), 2, "no form of record or wrapping that is known"),
        (
            "a traceback without a head",
            format!("litellm.exceptions.BadRequestError: litellm.BadRequestError: BedrockException - {SENTENCE}\n").into_bytes(),
            1,
            "",
        ),
    ];
    for (name, bytes, expected, says) in cases {
        for format in ["text", "json"] {
            let output = run(&["--format", format], &bytes);
            assert_eq!(status(&output), expected, "{name}, {format}: {}", stderr(&output));
            assert!(stderr(&output).contains(says), "{name}: {}", stderr(&output));
            if format == "json" {
                assert_eq!(json(&output)["complete"], expected != 2, "{name}");
            }
        }
    }
}

#[test]
fn paths_decide_the_status() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    std::fs::create_dir(dir.path().join("no-logs")).unwrap();
    std::fs::write(dir.path().join("no-logs/notes.txt"), "words\n").unwrap();
    std::fs::create_dir(dir.path().join("logs")).unwrap();
    std::fs::write(dir.path().join("logs/proxy.log"), found()).unwrap();
    std::fs::write(dir.path().join("logs/notes.md"), format!("words about {SENTENCE}\n")).unwrap();
    std::fs::write(dir.path().join("logs/junk.bin"), [0_u8, 1, 2, 3]).unwrap();
    std::fs::write(dir.path().join("empty.log"), "").unwrap();
    std::fs::write(dir.path().join("clean.log"), clean()).unwrap();
    std::fs::write(dir.path().join("junk.bin"), [0_u8, 159, 146, 150]).unwrap();
    let cases: [(&[String], i32, &str); 9] = [
        (&[at("clean.log")], 0, ""),
        (&[at("empty.log")], 0, "is empty"),
        (&[at("logs")], 1, "2 file(s) in it are neither logs nor traces"),
        (&[at("no-logs")], 2, "holds no LiteLLM log"),
        (&[at("missing.log")], 2, "no such file or folder"),
        (&[at("missing.log"), at("logs")], 2, "no such file or folder"),
        (&[at("junk.bin"), at("clean.log")], 2, "binary data"),
        (&[at("clean.log"), at("logs")], 1, ""),
        (&["--no-such-option".to_owned()], 2, "unexpected argument"),
    ];
    for (args, expected, says) in cases {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = run(&args, b"");
        assert_eq!(status(&output), expected, "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn what_was_read_is_reported_all_the_same() {
    let output = run(&["--format", "json", "missing.log", &sample("proxy-1.85.0-text.log")], b"");
    let report = json(&output);
    assert_eq!(status(&output), 2);
    assert_eq!(report["complete"], false);
    assert!(report["summary"]["requests"].as_u64().unwrap() > 0);
    assert_eq!(report["problems"][0]["source"], "missing.log");
}

#[test]
fn a_sample_folder_counts_the_logs_and_nothing_else() {
    let whole = json(&run(&["--format", "json", &samples().display().to_string()], b""));
    let files = ["proxy-1.85.0-text.log", "proxy-1.85.0-json.log", "proxy-1.85.0-clean.log", "joined", "debug"].map(sample);
    let args: Vec<&str> = ["--format", "json"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let apart = json(&run(&args, b""));
    assert_eq!(whole["summary"], apart["summary"]);
    assert_eq!(whole["incidents"], apart["incidents"]);
}

#[test]
fn the_order_of_paths_and_the_number_of_threads_change_nothing() {
    let (text, other) = (sample("proxy-1.85.0-text.log"), sample("proxy-1.85.0-json.log"));
    let first = run(&["--format", "json", "--threads", "1", &text, &other], b"").stdout;
    for args in [["--threads", "2", &text, &other], ["--threads", "4", &other, &text], ["--threads", "100000", &other, &text]] {
        let args: Vec<&str> = ["--format", "json"].into_iter().chain(args).collect();
        assert!(run(&args, b"").stdout == first, "{args:?}");
    }
}

#[test]
fn a_file_and_a_pipe_give_the_same() {
    let log = std::fs::read(sample("proxy-1.85.0-text.log")).unwrap();
    let file = run(&["--incidents", &sample("proxy-1.85.0-text.log")], b"").stdout;
    let pipe = run(&["--incidents"], &log).stdout;
    let file = String::from_utf8(file).unwrap().replace(&sample("proxy-1.85.0-text.log"), "<stdin>");
    assert_eq!(file, String::from_utf8(pipe).unwrap());
}

#[test]
fn an_endless_line_is_read_and_judged_by_what_it_holds() {
    let mut log = vec![b'x'; 100 << 20];
    let at = log.len() / 2;
    log[at..at + SENTENCE.len()].copy_from_slice(SENTENCE.as_bytes());
    log.push(b'\n');
    log.extend_from_slice(found().as_bytes());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("endless.log");
    std::fs::write(&path, log).unwrap();
    let output = run(&["--format", "json", &path.display().to_string()], b"");
    assert_eq!(status(&output), 1, "{}", stderr(&output));
    assert_eq!((&json(&output)["summary"]["requests"], &json(&output)["summary"]["mentions"]), (&1.into(), &2.into()));
}

#[test]
fn a_pipe_that_closes_early_is_no_error() {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("streamfall"))
        .args(["--format", "json", &sample("proxy-1.85.0-text.log")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(1), ""));
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_reading_and_the_report_so_far_is_printed() {
    for (signal, expected) in [("INT", 130), ("TERM", 143)] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("streamfall"))
            .args(["--format", "json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // More than the buffers of pipe and reader hold: when it is written, reading has begun.
        stdin.write_all(found().repeat(20_000).as_bytes()).unwrap();
        Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        assert_eq!(output.status.code(), Some(expected), "{}", stderr(&output));
        let report = json(&output);
        assert_eq!((&report["complete"], &report["summary"]["requests"]), (&false.into(), &1.into()));
        assert!(stderr(&output).contains("stopped by a signal"), "{}", stderr(&output));
    }
}

#[test]
fn a_log_that_is_being_written_to_is_read_as_far_as_it_goes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("growing.log");
    std::fs::write(&path, found()).unwrap();
    let writer = {
        let path = path.clone();
        std::thread::spawn(move || {
            let started = Instant::now();
            let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
            while started.elapsed() < Duration::from_millis(300) {
                file.write_all(clean().as_bytes()).unwrap();
            }
        })
    };
    let output = run(&["--format", "json", &path.display().to_string()], b"");
    writer.join().unwrap();
    assert_eq!((status(&output), &json(&output)["complete"]), (1, &true.into()));
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_named() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("loop.log");
    symlink(&path, &path).unwrap();
    let output = run(&[&path.display().to_string()], b"");
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).contains("loop.log") && stderr(&output).contains("cannot be opened"), "{}", stderr(&output));
}

#[test]
fn colour_and_progress_stay_off_in_a_pipe() {
    let path = sample("proxy-1.85.0-text.log");
    let plain = run(&[&path], b"");
    assert!(!plain.stdout.contains(&0x1b) && plain.stderr.is_empty(), "{}", stderr(&plain));
    let coloured = run(&["--color", "always", &path], b"");
    assert!(coloured.stdout.contains(&0x1b));
}

#[test]
fn names_from_a_log_never_reach_a_terminal_raw() {
    let log = found().replace("claude-opus-4-7", "evil\x1b]0;title\x07group\u{202e}");
    for args in [&["--incidents"][..], &["--incidents", "--color", "never"], &[]] {
        let output = run(args, log.as_bytes());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("evil") && !text.contains('\x1b') && !text.contains('\u{202e}') && !text.contains('\x07'), "{text:?}");
    }
}

#[test]
fn completions_and_man_page_are_printed() {
    for (args, has) in
        [(&["man"][..], ".TH streamfall"), (&["completions", "bash"], "_streamfall"), (&["completions", "fish"], "complete -c streamfall")]
    {
        let output = run(args, b"");
        assert_eq!(status(&output), 0);
        assert!(String::from_utf8_lossy(&output.stdout).contains(has), "{args:?}");
    }
}

#[test]
fn progress_is_silent_unless_asked_for_and_then_says_how_far_it_is() {
    for (when, speaks) in [("auto", false), ("never", false), ("always", true)] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("streamfall"))
            .args(["--progress", when])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(clean().as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(1_500));
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert_eq!(stderr(&output).contains(" read"), speaks, "{when}: {}", stderr(&output));
    }
}

#[cfg(unix)]
#[test]
fn a_folder_is_read_through_links_and_a_named_file_stays_named() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    std::fs::create_dir(dir.path().join("logs")).unwrap();
    std::fs::write(dir.path().join("real.txt"), found()).unwrap();
    std::os::unix::fs::symlink(dir.path().join("real.txt"), dir.path().join("logs/linked.log")).unwrap();
    assert_eq!(status(&run(&[&at("logs")], b"")), 1);
    std::fs::write(dir.path().join("logs/junk.bin"), [0_u8, 159, 146, 150]).unwrap();
    for args in [[at("logs"), at("logs/junk.bin")], [at("logs/junk.bin"), at("logs")]] {
        let output = run(&[&args[0], &args[1]], b"");
        assert_eq!(status(&output), 2, "{args:?}: {}", stderr(&output));
    }
    let wrapped = format!("{{\"log\": \"{SENTENCE}\"}}\n");
    std::fs::write(dir.path().join("logs/wrapped.json"), wrapped).unwrap();
    let output = run(&[&at("logs")], b"");
    assert!(stderr(&output).contains("wrapped.json"), "{}", stderr(&output));
}

#[test]
fn secrets_are_masked_in_every_format() {
    let log = found().replace("litellm.BadRequestError: AnthropicException - {", "litellm.MidStreamFallbackError: litellm.AuthenticationError: AnthropicException - \
        Bearer abcdefgh12345678 sk-ant-api03-secretsecret 10.9.8.7. Received Model Group=p\nAvailable Model Group Fallbacks=['t']\nError doing the fallback: \
        litellm.BadRequestError: AnthropicException - {").replace("_handle_llm_api_exception", "async_data_generator");
    for args in [&["--format", "json"][..], &["--incidents"], &[]] {
        let text = String::from_utf8(run(args, log.as_bytes()).stdout).unwrap();
        for secret in ["abcdefgh12345678", "secretsecret", "10.9.8.7"] {
            assert!(!text.contains(secret), "{args:?}: {text}");
        }
    }
}

#[test]
fn json_shows_no_control_or_bidi_character_raw() {
    let log = found().replace("claude-opus-4-7", "evil\u{9b}31m\u{202e}");
    let output = run(&["--format", "json"], log.as_bytes());
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(!text.contains(['\u{9b}', '\u{202e}']));
    assert_eq!(json(&output)["models"][0]["model_group"], "evil\u{9b}31m\u{202e}");
}
