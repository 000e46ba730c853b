//! Under load nothing turns wrong: captures merged onto one clock, as if one proxy had written them all.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeMap;

use common::{Dice, Truth, capture, report_on, score};

const MERGES: [&[&str]; 8] = [
    &["1.85.0_A_default", "1.85.0_E_otel_otlp"],
    &["1.85.0_E_otel_otlp", "1.85.0_F_generic_api", "1.85.7_G_langfuse"],
    &["1.85.0_C_info", "1.85.0_F_generic_api"],
    &["1.77.7_A_default", "1.85.0_A_default"],
    &["1.85.0_D_json_default", "1.109.1_D_json_default"],
    &["1.96.2_A_default", "1.85.7_X_clouds_default"],
    &["1.85.0_B_debug", "1.85.0_C_info"],
    &["1.77.7_A_default", "1.85.0_A_default", "1.85.0_E_otel_otlp", "1.85.0_F_generic_api", "1.85.7_G_langfuse", "1.96.2_A_default"],
];
const SHUFFLES: u64 = 3;

/// A record with the second of the day in which it was written.
struct Timed {
    second: u64,
    text: Vec<u8>,
}

fn two_digits(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text.get(..2)?).ok()?.parse().ok()
}

/// Where the time of day stands in a record's first line.
fn clock_at(line: &[u8]) -> Option<usize> {
    let in_json = line.starts_with(b"{\"message\"").then(|| memchr::memmem::find(line, b"\"timestamp\": \"").map(|at| at + 25)).flatten();
    in_json.or_else(|| {
        let colour = if line.starts_with(b"\x1b[92m") { 5 } else { 0 };
        (line.get(colour + 8..colour + 18) == Some(b" - LiteLLM")).then_some(colour)
    })
}

fn second_of(line: &[u8]) -> Option<u64> {
    let at = clock_at(line)?;
    Some(two_digits(&line[at..])? * 3600 + two_digits(&line[at + 3..])? * 60 + two_digits(&line[at + 6..])?)
}

fn records(log: &[u8]) -> Vec<Timed> {
    let mut records: Vec<Timed> = Vec::new();
    for line in log.split_inclusive(|b| *b == b'\n') {
        let last = records.last().map(|r| r.second);
        match second_of(line) {
            Some(second) => records.push(Timed { second, text: line.to_vec() }),
            None if line.starts_with(b"INFO:     ") || last.is_none() => {
                records.push(Timed { second: last.unwrap_or_default(), text: line.to_vec() });
            }
            None => records.last_mut().unwrap().text.extend_from_slice(line),
        }
    }
    let first = records.iter().map(|r| r.second).find(|s| *s > 0).unwrap();
    for record in &mut records {
        record.second = record.second.max(first) - first;
    }
    records
}

/// The record's text with its clock set.
fn set_clock(record: &Timed, second: u64) -> Vec<u8> {
    let mut text = record.text.clone();
    if let Some(at) = clock_at(&text) {
        let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        text[at..at + 8].copy_from_slice(clock.as_bytes());
    }
    text
}

/// Shuffles the records of several logs into each other: all start within three seconds, each keeps its own order.
fn merged(logs: &[Vec<u8>], seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut all: Vec<(u64, usize, usize, usize, Vec<u8>)> = Vec::new();
    for (which, log) in logs.iter().enumerate() {
        let offset = 36_000 + u64::try_from(dice.below(4)).unwrap();
        let (mut second, mut within) = (0, 0);
        for (number, record) in records(log).iter().enumerate() {
            if record.second + offset > second {
                (second, within) = (record.second + offset, 0);
            }
            within += dice.below(100);
            all.push((second, within, which, number, set_clock(record, second)));
        }
    }
    all.sort();
    all.into_iter().flat_map(|(.., text)| text).collect()
}

#[test]
fn merged_captures_keep_their_verdicts_apart() {
    for (number, names) in (0_u64..).zip(MERGES) {
        let captures: Vec<_> = names.iter().map(|name| capture(name)).collect();
        let logs: Vec<Vec<u8>> = captures.iter().map(|c| c.log.clone()).collect();
        let mut truth: BTreeMap<String, Truth> = BTreeMap::new();
        for (which, capture) in (0_u64..).zip(&captures) {
            truth.extend(capture.truth.iter().map(|(id, t)| (id.clone(), Truth { row: t.row + which * 10_000, ..t.clone() })));
        }
        for shuffle in 0..SHUFFLES {
            let score = score(&report_on(&merged(&logs, number * 100 + shuffle)), &truth);
            assert_eq!((score.found, score.wrong, score.mixed), (truth.len(), 0, 0), "{names:?}, shuffle {shuffle}: {score:?}");
            assert!(score.right * 10 >= score.found * 6, "{names:?}: {score:?}");
        }
    }
}
