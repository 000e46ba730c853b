//! Real captures with their truth, and how a report is held against it.
//!
//! A capture is a folder under `tests/captures`: the log of one run of a real LiteLLM proxy in front of a provider that failed
//! on purpose, and what is true of each rejection in it.

#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "each test binary uses its part")]

mod packed;
pub mod planted;
pub mod spans;

#[allow(unused_imports, reason = "each test binary uses its part")]
pub use packed::{gzip, pods, seven_zip, tar, zip};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use streamfall::{Options, analyze, output};

/// What is true of one rejection.
#[derive(Debug, Clone)]
pub struct Truth {
    pub row: u64,
    pub verdict: String,
    /// The client sent a prefill *and* a stream broke: both verdicts can be defended.
    pub both: bool,
    pub failed: Vec<String>,
    pub kind: Vec<String>,
    pub target: Vec<String>,
}

/// A capture: its log and the truth by request id.
#[derive(Debug, Clone)]
pub struct Capture {
    pub name: String,
    pub log: Vec<u8>,
    pub truth: BTreeMap<String, Truth>,
    pub without_id: usize,
}

/// How a report compares with the truth. Counts are over rejections with a request id.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Score {
    pub found: usize,
    pub duplicates: usize,
    pub phantoms: usize,
    pub right: usize,
    pub abstained: usize,
    pub wrong: usize,
    pub mid: usize,
    pub failed: usize,
    pub kind: usize,
    pub target: usize,
    pub incidents: usize,
    pub mixed: usize,
    pub without_id: usize,
}

pub fn captures_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures")
}

pub fn capture(name: &str) -> Capture {
    let dir = captures_dir().join(name);
    let log = zstd::decode_all(std::fs::File::open(dir.join("proxy.log.zst")).unwrap()).unwrap();
    let (mut truth, mut without_id) = (BTreeMap::new(), 0);
    for line in std::fs::read_to_string(dir.join("truth.jsonl")).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        if let Some(count) = row.get("without_id") {
            without_id = usize::try_from(count.as_u64().unwrap()).unwrap();
            continue;
        }
        let list = |key: &str| row[key].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect();
        let known = Truth {
            row: row["row"].as_u64().unwrap(),
            verdict: row["verdict"].as_str().unwrap().to_owned(),
            both: row["both"].as_bool().unwrap(),
            failed: list("failed"),
            kind: list("kind"),
            target: list("target"),
        };
        truth.insert(row["request_id"].as_str().unwrap().to_owned(), known);
    }
    Capture { name: name.to_owned(), log, truth, without_id }
}

/// The trace of a capture that has one.
pub fn trace(name: &str) -> Vec<u8> {
    zstd::decode_all(std::fs::File::open(captures_dir().join(name).join("trace.zst")).unwrap()).unwrap()
}

/// The truth of those rejections whose id is in these bytes.
pub fn visible(truth: &BTreeMap<String, Truth>, bytes: &[u8]) -> BTreeMap<String, Truth> {
    truth.iter().filter(|(id, _)| memchr::memmem::find(bytes, id.as_bytes()).is_some()).map(|(id, known)| (id.clone(), known.clone())).collect()
}

/// The report on several sources, as JSON; each has the name it is given.
pub fn report_on_all(sources: &[(&str, &[u8])]) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = sources
        .iter()
        .map(|(name, bytes)| (dir.path().join(name), bytes))
        .map(|(path, bytes)| std::fs::write(&path, bytes).map(|()| path).unwrap())
        .collect();
    report_of(&paths)
}

/// The report on a log, as JSON.
pub fn report_on(log: &[u8]) -> Value {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), log).unwrap();
    report_of(&[file.path().to_owned()])
}

/// The report on paths, as JSON.
pub fn report_of(paths: &[PathBuf]) -> Value {
    let report = analyze(paths, Options { threads: 2, ..Options::default() }).unwrap();
    let mut json = Vec::new();
    output::Format::Json.write(&report, &output::Shown::default(), &mut json).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// What two forms of the same records must agree on: per incident its verdict, failed group, kind, call and rejections.
pub fn told(report: &Value) -> Vec<Value> {
    let rejections =
        |i: &Value| i["rejections"].as_array().unwrap().iter().map(|r| (r["request_id"].clone(), r["model_group"].clone())).collect::<Vec<_>>();
    let one = |i: &Value| {
        let failure = &i["stream_failure"];
        json!([i["verdict"], failure["model_group"], failure["kind"], i["call_id"], i["time"], i["fallbacks"], rejections(i)])
    };
    let mut all: Vec<Value> = report["incidents"].as_array().unwrap().iter().map(one).collect();
    all.sort_by_key(Value::to_string);
    all
}

/// The values of JSON lines.
pub fn lines(bytes: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Rows as JSON lines.
pub fn ndjson(rows: &[Value]) -> Vec<u8> {
    rows.iter().flat_map(|row| [row.to_string(), "\n".to_owned()]).collect::<String>().into_bytes()
}

/// A value over many lines.
pub fn pretty(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap()
}

/// What forms without times agree on: verdict, failed group, kind, targets and rejections, by the rejections' ids.
pub fn blamed(report: &Value) -> BTreeMap<String, Value> {
    let keyed = |i: &Value| {
        let ids: Vec<&str> = i["rejections"].as_array().unwrap().iter().map(|r| r["request_id"].as_str().unwrap()).collect();
        let failure = &i["stream_failure"];
        (ids.join(" "), json!([i["verdict"], failure["model_group"], failure["kind"], i["outcome"]]))
    };
    report["incidents"].as_array().unwrap().iter().map(keyed).collect()
}

/// What does not depend on how a log arrives: all of an incident but its places and times.
pub fn arrived(report: &Value) -> Vec<Value> {
    let one = |i: &Value| {
        let roles: Vec<&Value> = i["evidence"].as_array().unwrap().iter().map(|e| &e["role"]).collect();
        json!([i["verdict"], i["confidence"], i["because"], i["route"], i["outcome"], i["stream_failure"], i["fallbacks"], i["rejections"], roles])
    };
    let mut all: Vec<Value> = report["incidents"].as_array().unwrap().iter().map(one).collect();
    all.sort_by_key(Value::to_string);
    all.push(json!([report["summary"]["rejections"], report["summary"]["mentions"], report["complete"]]));
    all
}

pub fn score(report: &Value, truth: &BTreeMap<String, Truth>) -> Score {
    let mut score = Score::default();
    let mut seen = BTreeSet::new();
    for incident in report["incidents"].as_array().unwrap() {
        let mut rows = BTreeSet::new();
        for rejection in incident["rejections"].as_array().unwrap() {
            let Some(id) = rejection["request_id"].as_str() else {
                score.without_id += 1;
                continue;
            };
            let Some(known) = truth.get(id) else {
                score.phantoms += 1;
                continue;
            };
            rows.insert(known.row);
            if !seen.insert(id) {
                score.duplicates += 1;
                continue;
            }
            score.found += 1;
            score.judge(incident, rejection, known);
        }
        score.incidents += usize::from(!rows.is_empty());
        score.mixed += usize::from(rows.len() > 1);
    }
    score
}

impl Score {
    fn judge(&mut self, incident: &Value, rejection: &Value, known: &Truth) {
        let verdict = incident["verdict"].as_str().unwrap();
        match verdict {
            v if v == known.verdict || (known.both && v == "client_prefill") => self.right += 1,
            "unknown" => self.abstained += 1,
            _ => self.wrong += 1,
        }
        if verdict == "mid_stream_fallback" && known.verdict == verdict {
            let has = |value: &Value, list: &[String]| value.as_str().is_some_and(|v| list.iter().any(|k| k == v));
            self.mid += 1;
            self.failed += usize::from(has(&incident["stream_failure"]["model_group"], &known.failed));
            self.kind += usize::from(has(&incident["stream_failure"]["kind"], &known.kind));
            self.target += usize::from(has(&rejection["model_group"], &known.target));
        }
    }
}

/// A small random generator with a seed: the same variants in every run.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from((self.next() >> 11) % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    /// Whether something happens that happens `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: usize) -> bool {
        self.below(1000) < per_mille
    }
}
