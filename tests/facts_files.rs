//! Facts files as inputs of the real binary: versions, damage, twins, names, and what is said of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::cargo::cargo_bin_cmd;
use boon::{Compiler, Schemas};
use common::{capture, gzip, trace};
use serde_json::Value;

const SCHEMA: &str = include_str!("../schema/streamfall.facts.v1.json");

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs").join(name)
}

/// Runs the binary in a folder.
fn run(dir: &Path, args: &[&str], stdin: &[u8]) -> Output {
    cargo_bin_cmd!("streamfall").current_dir(dir).args(args).write_stdin(stdin.to_vec()).output().unwrap()
}

fn facts(dir: &Path, args: &[&str]) -> Vec<u8> {
    run(dir, &[&["--format", "facts"], args].concat(), b"").stdout
}

/// Status, requests, and what is said of inputs.
fn told(dir: &Path, args: &[&str], stdin: &[u8]) -> (i32, u64, String) {
    let output = run(dir, &[&["--format", "json"], args].concat(), stdin);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), report["summary"]["requests"].as_u64().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// A folder with a log, and its facts beside it.
fn folder() -> (tempfile::TempDir, u64, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(sample("proxy-1.85.0-text.log"), dir.path().join("proxy.log")).unwrap();
    let (_, requests, _) = told(dir.path(), &["proxy.log"], b"");
    let facts = facts(dir.path(), &["proxy.log"]);
    std::fs::write(dir.path().join("proxy.facts"), &facts).unwrap();
    assert!(requests > 10, "{requests}");
    (dir, requests, facts)
}

/// A source's header with another value of a key.
fn with(header: &str, key: &str, value: &str) -> String {
    let told: Value = serde_json::from_str(header).unwrap();
    header.replacen(&format!("\"{key}\":{}", told["source"][key]), &format!("\"{key}\":{value}"), 1)
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8(bytes.to_vec()).unwrap().replacen(from, to, 1).into_bytes()
}

#[test]
fn each_line_is_valid_under_the_schema() {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("facts.json", serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let index = compiler.compile("facts.json", &mut schemas).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let names = ["1.77.7_A_default", "1.85.0_B_debug", "1.85.0_D_json_default", "1.85.0_F_generic_api", "1.85.0_E_otel_otlp", "1.85.7_G_langfuse"];
    for name in names {
        let log = capture(name).log;
        std::fs::write(dir.path().join(format!("{name}.log")), &log[log.len() / 3..]).unwrap();
        if common::captures_dir().join(name).join("trace.jsonl.zst").exists() {
            std::fs::write(dir.path().join(format!("{name}.jsonl")), trace(name)).unwrap();
        }
    }
    std::fs::write(dir.path().join("metrics.prom"), "litellm_deployment_failed_fallbacks_total 3\n").unwrap();
    std::fs::write(
        dir.path().join("metrics.txt"),
        "# TYPE litellm_deployment_failed_fallbacks counter\nlitellm_deployment_failed_fallbacks_total 3\n",
    )
    .unwrap();
    let lines = facts(dir.path(), &[".", "metrics.txt", "missing.log"]);
    let lines: Vec<Value> =
        lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| serde_json::from_slice(line).unwrap()).collect();
    assert!(lines.len() > 500, "{}", lines.len());
    for line in &lines {
        if let Err(error) = schemas.validate(line, index) {
            panic!("{line}: {error:#}");
        }
    }
}

#[test]
fn what_is_wrong_with_facts_is_said_and_the_rest_is_used() {
    let (dir, requests, facts) = folder();
    let half = facts[..facts.len() / 2].to_vec();
    let text = String::from_utf8(facts.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without_header = lines[1..].join("\n").into_bytes();
    let mut log_between = lines.clone();
    log_between.insert(9, "07:35:20 - LiteLLM Proxy:INFO: x.py:1 - a log's line");
    let broken_then_whole = [&half[..], b"\n", &facts].concat();
    // Facts; the status, whether all requests are there, what is said.
    let end = lines.len() - 1;
    let behind_a_log = [std::fs::read(sample("proxy-1.85.0-clean.log")).unwrap(), facts.clone()].concat();
    let prefixed: Vec<String> = lines.iter().map(|line| format!("2026-11-22T07:36:15Z {line}")).collect();
    let unknown_here = replaced(&replaced(&facts, "streamfall 0.1.0", "streamfall 0.9.0"), "\"forms\":[\"text\"", "\"forms\":[\"tablets\"");
    let (before, streams) = lines[0].split_once("\"streams\":[").unwrap();
    let (stream, behind) = streams.split_once("],\"facts\":").unwrap();
    let header_of_two = format!("{before}\"streams\":[{stream},{stream}],\"facts\":{behind}");
    let stream_twice = [&header_of_two, "\n", &lines[1..].join("\n")].concat().into_bytes();
    let cases: [(&str, Vec<u8>, i32, bool, &str); 15] = [
        ("whole", facts.clone(), 1, true, ""),
        ("gzip", gzip(&facts), 1, true, ""),
        ("another version", replaced(&facts, "facts/1", "facts/9"), 2, false, "line 1 is of streamfall.facts/9, written by streamfall 0.1.0"),
        ("cut", half.clone(), 2, false, "write the facts again"),
        ("cut at a line", lines[..40].join("\n").into_bytes(), 2, false, "fact(s) of proxy.log early"),
        ("cut before its last line", lines[..end].join("\n").into_bytes(), 2, true, "before the run that wrote it had"),
        ("its last line alone", lines[end].as_bytes().to_vec(), 2, false, "before the run that wrote it had"),
        ("behind a byte order mark", [b"\xef\xbb\xbf", &facts[..]].concat(), 1, true, ""),
        ("behind a log", behind_a_log, 2, false, "in no form of record or wrapping that is known here"),
        ("behind other words", prefixed.join("\n").into_bytes(), 2, false, "in no form of record or wrapping that is known here"),
        ("of a version that knows more", unknown_here, 2, false, "written by streamfall 0.9.0, is not understood by streamfall 0.1.0"),
        ("a stream twice", stream_twice, 2, false, "its header tells of a stream twice"),
        ("no header", without_header, 2, false, "in no form of record or wrapping that is known here"),
        ("a log's line between", log_between.join("\n").into_bytes(), 2, false, "line 10 is no fact"),
        ("a run that broke, and another", broken_then_whole, 2, true, "is no fact"),
    ];
    for (name, bytes, status, all, said) in cases {
        let found = told(dir.path(), &["-"], &bytes);
        assert_eq!(found.0, status, "{name}: {found:?}");
        assert_eq!(found.1 == requests, all, "{name}: {found:?} of {requests}");
        assert!(found.2.contains(said), "{name}: {found:?}");
    }
}

#[test]
fn what_stands_first_in_the_facts_comes_first() {
    let rejection = |id: &str, string: u32, text: u32| {
        let lists = if text == 0 { r#""l":[{"c":0,"r":{"p":1}}],"# } else { "" };
        let strings = if text == 0 { format!(r#""BadRequestError","anthropic","{id}""#) } else { format!("\"{id}\"") };
        format!(
            "{{\"s\":[{strings}],{lists}\"t\":[{{\"l\":[[0,{string}]]}}],\"f\":{{\"p\":[5,100],\"w\":\"07:35:19\",\"is\":{{\"error\":{{\"r\":\"fragment\",\"t\":{text},\"d\":true}}}}}}}}"
        )
    };
    let (dir, _, facts) = folder();
    let header = with(std::str::from_utf8(&facts).unwrap().lines().next().unwrap(), "facts", "2");
    let end = r#"{"schema":"streamfall.facts/1","generator":"streamfall 0.1.0","end":1}"#;
    let lines = [header, rejection("req_b", 2, 0), rejection("req_a", 3, 1), end.to_owned()].join("\n");
    let report: Value = serde_json::from_slice(&run(dir.path(), &["--format", "json", "-"], lines.as_bytes()).stdout).unwrap();
    let ids: Vec<&Value> = report["incidents"].as_array().unwrap().iter().map(|incident| &incident["rejections"][0]["request_id"]).collect();
    assert_eq!(ids, ["req_b", "req_a"]);
}

#[test]
fn what_came_before_a_pipe_fell_silent_is_reported_when_it_is_stopped() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let (_dir, requests, facts) = folder();
    let text = String::from_utf8(facts).unwrap();
    let (header, rest) = text.split_once('\n').unwrap();
    let rest = rest.rsplit_once("{\"schema\"").unwrap().0;
    let source = |number: usize| {
        let header = with(&with(header, "hash", &format!("\"{number:032x}\"")), "start", &format!("\"{number:016x}\""));
        format!("{header}\n{}", rest.replace("req_", &format!("req_{number}_")))
    };
    // More than is decoded at once.
    let sources: String = (0..(20 << 20) / text.len()).map(source).collect();
    // A slow machine has not read it at first.
    let found = [1, 5, 25].into_iter().any(|patience| {
        let binary = assert_cmd::cargo::cargo_bin!("streamfall");
        let mut child =
            Command::new(binary).args(["--format", "json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(sources.as_bytes()).unwrap();
        std::thread::sleep(std::time::Duration::from_secs(patience));
        Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap();
        let report: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
        report["summary"]["requests"].as_u64().unwrap() > 100 * requests
    });
    assert!(found);
}

#[test]
fn facts_are_compared_as_logs_are_and_not_followed() {
    let (dir, _, facts) = folder();
    std::fs::copy(sample("proxy-1.85.0-json.log"), dir.path().join("after.log")).unwrap();
    std::fs::write(dir.path().join("after.facts"), self::facts(dir.path(), &["after.log"])).unwrap();
    let compared = |after: &str| run(dir.path(), &["compare", "proxy.log", after, "--format", "json"], b"").stdout;
    assert_eq!(compared("after.facts"), compared("after.log"));
    let followed = run(dir.path(), &["--follow"], &facts);
    let stderr = String::from_utf8_lossy(&followed.stderr).into_owned();
    assert!(followed.status.code() == Some(2) && stderr.contains("give them without --follow"), "{:?} {stderr}", followed.status);
}

#[test]
fn the_same_twice_counts_once() {
    let (dir, requests, facts) = folder();
    std::fs::write(dir.path().join("both.facts"), [&facts[..], &facts].concat()).unwrap();
    std::fs::write(dir.path().join("copy.log"), std::fs::read(dir.path().join("proxy.log")).unwrap()).unwrap();
    let cases: [&[&str]; 5] = [&["proxy.facts", "proxy.log"], &["both.facts"], &["proxy.facts", "both.facts"], &["proxy.facts", "copy.log"], &["."]];
    for paths in cases {
        let (status, found, said) = told(dir.path(), paths, b"");
        assert_eq!((status, found), (1, requests), "{paths:?}");
        assert!(said.contains("and is counted once"), "{paths:?}: {said}");
    }
}

#[test]
fn logs_of_the_same_name_from_two_hosts_are_two() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (capture("1.77.7_A_default").log, capture("1.96.2_A_default").log);
    // Each host has a rotated log, cut in a record; taken for one log, the halves would not join.
    for (host, log) in [("a", &one), ("b", &other)] {
        let folder = dir.path().join(host);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("proxy.log.1"), &log[..log.len() / 2]).unwrap();
        std::fs::write(folder.join("proxy.log"), &log[log.len() / 2..]).unwrap();
        std::fs::write(dir.path().join(format!("{host}.facts")), facts(&folder, &["proxy.log", "proxy.log.1"])).unwrap();
    }
    let alone = |host: &str| told(&dir.path().join(host), &["."], b"").1;
    let (status, together, said) = told(dir.path(), &["a.facts", "b.facts"], b"");
    assert_eq!((status, together), (1, alone("a") + alone("b")));
    // Nothing but a label would tell that they are two hosts.
    assert!(said.contains("proxy.log: stands in the facts of 2 runs") && said.contains("--label"), "{said}");
}

#[test]
fn of_a_log_that_grew_the_later_state_counts() {
    let dir = tempfile::tempdir().unwrap();
    let log = std::fs::read(sample("proxy-1.85.0-text.log")).unwrap();
    let at = |bytes: usize, facts_name: &str| {
        std::fs::write(dir.path().join("proxy.log"), &log[..bytes]).unwrap();
        std::fs::write(dir.path().join(facts_name), facts(dir.path(), &["proxy.log"])).unwrap();
    };
    at(log.len() / 2, "monday.facts");
    at(log.len(), "tuesday.facts");
    let whole = told(dir.path(), &["proxy.log"], b"").1;
    for paths in [["monday.facts", "tuesday.facts"], ["tuesday.facts", "monday.facts"], ["monday.facts", "proxy.log"]] {
        let (status, requests, said) = told(dir.path(), &paths, b"");
        assert_eq!((status, requests), (1, whole), "{paths:?}");
        assert!(said.contains("as it was before, and is counted once"), "{paths:?}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn facts_of_a_run_that_was_stopped_say_so() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let (dir, _, _) = folder();
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let binary = assert_cmd::cargo::cargo_bin!("streamfall");
        let args = ["--format", "facts"];
        let mut child = Command::new(binary).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // More than the buffers hold: when it is written, reading has begun.
        stdin.write_all(&b"INFO:     127.0.0.1:5 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n".repeat(60_000)).unwrap();
        Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(status) && stderr.contains("stopped by a signal"), "{:?} {stderr}", output.status);
        let (linked, _, said) = told(dir.path(), &["-"], &output.stdout);
        assert!(linked == 2 && said.contains("stopped by a signal"), "{linked}: {said}");
    }
}

#[test]
fn strings_that_are_named_again_and_again_do_not_fill_the_memory() {
    let (dir, _, facts) = folder();
    let header = String::from_utf8(facts).unwrap().lines().next().unwrap().to_owned();
    let header = regex::Regex::new("\"facts\":[0-9]+").unwrap().replace(&header, "\"facts\":100000").into_owned();
    let fact = |strings: &str| format!("{{{strings}\"f\":{{\"p\":[1,0],\"is\":{{\"served\":{{\"i\":0,\"r\":0,\"m\":0}}}}}}}}");
    let first = fact(&format!("\"s\":[\"{}\"],", "x".repeat(100_000)));
    let bomb = [vec![header, first], vec![fact(""); 99_999]].concat().join("\n");
    let (status, _, said) = told(dir.path(), &["-"], bomb.as_bytes());
    assert!(status == 2 && said.contains("it names long strings again and again"), "{status}: {said}");
}

#[test]
fn a_label_goes_with_the_facts() {
    let (dir, requests, _) = folder();
    std::fs::write(dir.path().join("web.facts"), facts(dir.path(), &["--label", "web", "proxy.log"])).unwrap();
    std::fs::write(dir.path().join("again.facts"), facts(dir.path(), &["--label", "eu", "web.facts"])).unwrap();
    let names = |args: &[&str]| {
        let report: Value = serde_json::from_slice(&run(dir.path(), &[&["--format", "json"], args].concat(), b"").stdout).unwrap();
        assert_eq!(report["summary"]["requests"], requests);
        report["inputs"][0]["source"].as_str().unwrap().to_owned()
    };
    let cases: [(&[&str], &str); 4] = [
        (&["web.facts"], "web:proxy.log"),
        (&["again.facts"], "eu:web:proxy.log"),
        (&["--label", "eu", "proxy.facts"], "eu:proxy.log"),
        (&["--label", "web", "proxy.log"], "web:proxy.log"),
    ];
    for (args, name) in cases {
        assert_eq!(names(args), name, "{args:?}");
    }
}

#[test]
fn facts_of_a_log_with_nothing_in_it_are_a_few_hundred_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let clean = std::fs::read(sample("proxy-1.85.0-clean.log")).unwrap();
    std::fs::write(dir.path().join("clean.log"), clean.repeat(40)).unwrap();
    let facts = facts(dir.path(), &["clean.log"]);
    assert!(facts.len() < 700, "{}: {}", facts.len(), String::from_utf8_lossy(&facts));
}

#[test]
fn facts_are_of_all_that_was_read() {
    let (dir, _, _) = folder();
    let cases: [(&[&str], &str); 5] = [
        (&["--since", "2026-01-01T00:00:00Z"], "--since is for the run that links facts"),
        (&["--until", "2026-01-01T00:00:00Z"], "--until is for the run that links facts"),
        (&["--date", "2026-01-01"], "--date is for the run that links facts"),
        (&["--timezone", "+02:00"], "--timezone is for the run that links facts"),
        (&["--follow"], "--follow"),
    ];
    for (options, said) in cases {
        let output = run(dir.path(), &[&["--format", "facts"], options, &["proxy.log"]].concat(), b"");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && output.stdout.is_empty() && stderr.contains(said), "{options:?}: {:?} {stderr}", output.status);
    }
}
