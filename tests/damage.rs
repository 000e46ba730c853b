//! Damage never blames: logs arrive cut, filtered, with lines lost, moved or garbled, and that may only turn a verdict into
//! `unknown`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::ops::Range;

use common::{Dice, capture, report_on, report_on_all, score, trace};
use rayon::prelude::*;

/// Of each capture; `DAMAGE_VARIANTS=N` asks for more, `DAMAGE_VARIANTS=FROM..TO` for others.
const VARIANTS: u64 = 60;
const CAPTURES: [&str; 8] = [
    "1.77.7_A_default",
    "1.85.0_A_default",
    "1.85.0_B_debug",
    "1.85.0_C_info",
    "1.85.0_D_json_default",
    "1.85.7_X_clouds_default",
    "1.96.2_A_default",
    "1.109.1_D_json_default",
];

#[derive(Debug, Clone, Copy)]
enum Harm {
    Drop,
    Cut,
    Swap,
    Flip,
    Repeat,
    Move,
}

const HARMS: [Harm; 6] = [Harm::Drop, Harm::Cut, Harm::Swap, Harm::Flip, Harm::Repeat, Harm::Move];
const RATES: [usize; 4] = [2, 10, 20, 50];

fn variants() -> Range<u64> {
    let number = |text: &str| text.parse::<u64>().unwrap();
    match std::env::var("DAMAGE_VARIANTS") {
        Ok(asked) => asked.split_once("..").map_or_else(|| 0..number(&asked), |(from, to)| number(from)..number(to)),
        Err(_) => 0..VARIANTS,
    }
}

/// Variants by the capture's place that once turned a verdict: a line of one record had come to stand in another's message or chain, a
/// number of a line was garbled, or a rejection's end was cut off.
const ONCE_WRONG: [(usize, u64); 31] = [
    (0, 2134),
    (0, 2729),
    (0, 3550),
    (0, 4153),
    (0, 5750),
    (0, 6481),
    (0, 6824),
    (0, 6855),
    (1, 157),
    (1, 356),
    (1, 2229),
    (1, 3292),
    (1, 3988),
    (1, 4536),
    (1, 4631),
    (1, 5747),
    (1, 5844),
    (1, 5870),
    (1, 5960),
    (1, 7293),
    (1, 7497),
    (1, 8339),
    (3, 2694),
    (3, 4702),
    (6, 94),
    (6, 487),
    (6, 708),
    (6, 782),
    (6, 6481),
    (6, 6508),
    (6, 7248),
];

/// The log with some of its lines harmed, one way or in all ways.
fn damaged(log: &[u8], seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let way = HARMS.get(dice.below(HARMS.len() + 1)).copied();
    let rate = RATES[dice.below(RATES.len())];
    let mut out: Vec<Vec<u8>> = Vec::new();
    let mut lines = log.split(|b| *b == b'\n').map(<[u8]>::to_vec).peekable();
    while let Some(line) = lines.next() {
        if !dice.chance(rate) {
            out.push(line);
            continue;
        }
        match way.unwrap_or_else(|| HARMS[dice.below(HARMS.len())]) {
            Harm::Drop => {}
            Harm::Cut => out.push(line[..dice.below(line.len() + 1)].to_vec()),
            Harm::Swap => {
                out.extend(lines.next());
                out.push(line);
            }
            Harm::Flip => out.push(flipped(line, &mut dice)),
            Harm::Repeat => out.extend([line.clone(), line]),
            Harm::Move => {
                let back = dice.below(50).min(out.len());
                out.insert(out.len() - back, line);
            }
        }
    }
    out.join(&b'\n')
}

fn flipped(mut line: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    for _ in 0..=dice.below(3) {
        if !line.is_empty() {
            let at = dice.below(line.len());
            line[at] ^= 1 << dice.below(8);
        }
    }
    line
}

#[test]
fn damage_never_blames() {
    let variants = (0..CAPTURES.len()).flat_map(|number| variants().map(move |variant| (number, variant)));
    let variants: Vec<(usize, u64)> = variants.chain(ONCE_WRONG).collect();
    let captures = CAPTURES.map(capture);
    let judged: usize = variants
        .into_par_iter()
        .map(|(number, variant)| {
            let capture = &captures[number];
            let log = damaged(&capture.log, u64::try_from(number).unwrap() * 10_000 + variant);
            let score = score(&report_on(&log), &capture.truth);
            assert_eq!(score.wrong, 0, "{}, variant {variant}: {score:?}", capture.name);
            score.found
        })
        .sum();
    assert!(judged > 10_000, "only {judged} rejections were judged");
}

/// The log with whole records lost, as rate limits and filters lose them.
fn thinned(log: &[u8], per_mille: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut keep = true;
    let mut out = Vec::new();
    for line in log.split_inclusive(|b| *b == b'\n') {
        if streamfall::record::starts_here(line).is_some() {
            keep = !dice.chance(per_mille);
        }
        if keep {
            out.extend_from_slice(line);
        }
    }
    out
}

#[test]
fn lost_records_never_blame() {
    let captures = CAPTURES.map(capture);
    let variants: Vec<(usize, usize, u64)> = (0..CAPTURES.len())
        .flat_map(|number| [20, 50, 200, 400].into_iter().flat_map(move |rate| (0..6).map(move |seed| (number, rate, seed))))
        .collect();
    variants.into_par_iter().for_each(|(number, rate, seed)| {
        let capture = &captures[number];
        let score = score(&report_on(&thinned(&capture.log, rate, seed)), &capture.truth);
        assert_eq!(score.wrong, 0, "{}, {rate} per mille, seed {seed}: {score:?}", capture.name);
    });
}

/// The rows of a trace, one a line, so that harm to a line is harm to a row.
fn rows(trace: &[u8]) -> Vec<u8> {
    streamfall::document::rows_of(trace)
        .into_iter()
        .flat_map(|(_, mut row)| {
            row.push(b'\n');
            row
        })
        .collect()
}

/// Variants of traces by the capture's place that once turned a verdict: of a log beside them the hop was lost that a stream needed,
/// and another request's stood close by.
const TRACES_ONCE_WRONG: [(usize, u64); 3] = [(0, 70_085), (0, 70_493), (0, 72_149)];

#[test]
fn damaged_traces_never_blame() {
    let names = ["1.85.0_E_otel_otlp", "1.85.0_F_generic_api", "1.85.7_G_langfuse"];
    let captures = names.map(|name| (capture(name), rows(&trace(name))));
    let variants = (0..names.len()).flat_map(|number| variants().map(move |variant| (number, variant)));
    let variants: Vec<(usize, u64)> = variants.chain(TRACES_ONCE_WRONG).collect();
    let judged: usize = variants
        .into_par_iter()
        .map(|(number, variant)| {
            let (capture, rows) = &captures[number];
            let seed = 500_000 + u64::try_from(number).unwrap() * 10_000 + variant;
            let trace = damaged(rows, seed);
            // Alone, with the whole log, and with a log that lost records, too.
            let report = match variant % 3 {
                0 => report_on(&trace),
                1 => report_on_all(&[("proxy.log", &capture.log), ("trace", &trace)]),
                _ => report_on_all(&[("proxy.log", &thinned(&capture.log, 50, seed)), ("trace", &trace)]),
            };
            let score = score(&report, &capture.truth);
            assert_eq!(score.wrong, 0, "{}, variant {variant}: {score:?}", capture.name);
            score.found
        })
        .sum();
    assert!(judged > 5_000, "only {judged} rejections were judged");
}

#[test]
fn a_chain_whose_level_was_given_up_did_not_recover() {
    let log = capture("1.85.0_A_default").log;
    let id = "req_011CNjB75vN5f6ZHrr1K9rew";
    let outcome = |log: &[u8]| {
        let report = report_on(log);
        let found = report["incidents"].as_array().unwrap().iter().find(|incident| incident["rejections"].to_string().contains(id)).unwrap();
        found["outcome"].as_str().unwrap().to_owned()
    };
    // The records that end a chain are lost; the one of the level above its hops is not.
    let ends = ["allback also failed", "Exception occured", "_handle_llm_api"];
    let mut kept = (Vec::new(), true);
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        if streamfall::record::starts_here(line).is_some() {
            let head = String::from_utf8_lossy(&line[..line.len().min(400)]).into_owned();
            kept.1 = !ends.iter().any(|end| head.contains(end));
        }
        if kept.1 {
            kept.0.extend_from_slice(line);
        }
    }
    assert_eq!((outcome(&log).as_str(), outcome(&kept.0).as_str()), ("failed", "unknown"));
}
