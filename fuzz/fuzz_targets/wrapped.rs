//! A log within what runtimes and exporters put around its lines; the first byte says which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use streamfall_fuzz::{Files, report};

const TIME: &str = "2026-11-22T07:35:20.123456789Z";

/// What is put around a line: it, and its number.
type Wrap = fn(&str, usize) -> String;

const WRAPS: [Wrap; 16] = [
    |line, _| line.to_owned(),
    |line, _| json!({"log": format!("{line}\n"), "stream": "stderr", "time": TIME}).to_string(),
    |line, _| format!("{TIME} stderr F {line}"),
    |line, number| format!("{TIME} stdout {} {line}", if number % 3 == 0 { 'P' } else { 'F' }),
    |line, number| format!("litellm-{}  | {line}", number % 2),
    |line, number| format!("[pod/litellm-7c9d8f6b5d-x2k4{}/litellm] {TIME} {line}", number % 3),
    |line, number| json!({"MESSAGE": line, "__REALTIME_TIMESTAMP": (1_795_000_000_000_000_u64 + number as u64).to_string(), "_PID": "7"}).to_string(),
    |line, _| format!("Nov 22 07:35:20 host litellm[7]: {line}"),
    |line, _| format!("<134>1 {TIME} host litellm 7 - - {line}"),
    |line, number| {
        json!({"timestamp": (1_795_000_000_000_000_000_u64 + number as u64).to_string(), "line": line, "labels": {"pod": "a"}}).to_string()
    },
    |line, number| json!({"textPayload": line, "timestamp": TIME, "insertId": number.to_string()}).to_string(),
    |line, number| json!({"timestamp": 1_795_000_000_000_u64 + number as u64, "message": line, "logStreamName": "a"}).to_string(),
    |line, _| json!({"@timestamp": TIME, "message": line, "stream": "stderr"}).to_string(),
    |line, number| json!({"version": "1.1", "host": "h", "short_message": line, "timestamp": 1_795_000_000.0 + number as f64}).to_string(),
    |line, _| json!({"body": {"stringValue": line}, "timeUnixNano": "1795000000000000000"}).to_string(),
    |line, number| format!("{}:> {line}", number + 1),
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, log)) = bytes.split_first() else { return };
    let log = String::from_utf8_lossy(log);
    let (outer, inner) = (WRAPS[*choice as usize % 16], WRAPS[*choice as usize / 16]);
    let lines: Vec<String> = log.lines().enumerate().map(|(number, line)| outer(&inner(line, number), number)).collect();
    let mut text = lines.join("\n");
    text.push('\n');
    report(&Files::new(&[("wrapped.log", text.as_bytes())]).paths, *choice);
});
