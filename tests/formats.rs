//! All formats of one run tell the same: how many requests, of which verdict, and how many of each fingerprint.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use common::lines;
use quick_junit::TestCaseStatus;
use regex::Regex;
use serde_json::Value;

const FORMATS: [&str; 9] = ["json", "ndjson", "csv", "html", "text", "markdown", "sarif", "junit", "github"];
const VERDICTS: [&str; 3] = ["mid_stream_fallback", "client_prefill", "unknown"];

/// What a format tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    requests: u64,
    /// Requests by verdict.
    verdicts: BTreeMap<String, u64>,
    /// Requests by fingerprint.
    sorts: BTreeMap<String, u64>,
}

impl Told {
    /// What incidents add up to, each given by its verdict and fingerprint.
    fn of_incidents<'i>(incidents: impl Iterator<Item = (&'i str, &'i str)>) -> Told {
        let mut told = Told { verdicts: VERDICTS.iter().map(|verdict| ((*verdict).to_owned(), 0)).collect(), ..Told::default() };
        for (verdict, fingerprint) in incidents {
            told.requests += 1;
            *told.verdicts.get_mut(verdict).unwrap() += 1;
            *told.sorts.entry(fingerprint.to_owned()).or_default() += 1;
        }
        told
    }

    /// Totals that a format prints, and the sorts in it.
    fn of_totals(total: &dyn Fn(&str) -> u64, sorts: impl Iterator<Item = (String, u64)>) -> Told {
        let mut told = Told { requests: total("requests"), ..Told::default() };
        told.verdicts = VERDICTS.iter().map(|verdict| ((*verdict).to_owned(), total(verdict))).collect();
        sorts.for_each(|(fingerprint, requests)| *told.sorts.entry(fingerprint).or_default() += requests);
        told
    }
}

fn verdict_and_fingerprint(incident: &Value) -> (&str, &str) {
    (incident["verdict"].as_str().unwrap(), incident["fingerprint"].as_str().unwrap())
}

fn json(text: &str) -> Told {
    let report: Value = serde_json::from_str(text).unwrap();
    let told = Told::of_incidents(report["incidents"].as_array().unwrap().iter().map(verdict_and_fingerprint));
    assert_eq!(report["summary"]["requests"], told.requests);
    for verdict in VERDICTS {
        assert_eq!(report["summary"]["by_verdict"][verdict], told.verdicts[verdict]);
    }
    told
}

fn ndjson(text: &str) -> Told {
    let rows = lines(text.as_bytes());
    let (summary, incidents) = rows.split_last().unwrap();
    let told = Told::of_incidents(incidents.iter().map(verdict_and_fingerprint));
    assert_eq!((&summary["type"], &summary["summary"]["requests"]), (&"summary".into(), &told.requests.into()));
    told
}

fn csv(text: &str) -> Told {
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let headers = table.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (verdict, fingerprint) = (column("verdict"), column("fingerprint"));
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    Told::of_incidents(rows.iter().map(|row| (&row[verdict], &row[fingerprint])))
}

fn html(text: &str) -> Told {
    let total = |name: &str| match name {
        "requests" => {
            Regex::new(r"<h1 id=.headline.><span class=.big.>\d+</span> of (\d+) requests? ").unwrap().captures(text).unwrap()[1].parse().unwrap()
        }
        verdict => {
            captured(&format!(r#"<span class="count">(?<requests>\d+)</span><p><span class="v [a-z]+">(?<sort>{verdict})<"#), text).next().unwrap().1
        }
    };
    let sorts = r#"<tr><td class="n">(?<requests>\d+)</td><td class="wide">.*?<code>(?<sort>[0-9a-f]{16})</code>"#;
    Told::of_totals(&total, captured(sorts, text))
}

fn text(text: &str) -> Told {
    let total = |name: &str| match name {
        "requests" => Regex::new(r"^(\d+) requests? met").unwrap().captures(text).unwrap()[1].parse().unwrap(),
        verdict => captured(&format!(r"(?m)^ *(?<requests>\d+)  (?<sort>{verdict}) "), text).next().unwrap().1,
    };
    Told::of_totals(&total, std::iter::empty())
}

fn sarif(text: &str) -> Told {
    let log: Value = serde_json::from_str(text).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let requests = |result: &Value| result["properties"]["requests"].as_u64().unwrap();
    for verdict in VERDICTS {
        let sum: u64 = results.iter().filter(|result| result["ruleId"] == verdict).map(requests).sum();
        assert_eq!(run["properties"][verdict], sum, "{verdict}");
    }
    let fingerprint = |result: &Value| result["partialFingerprints"]["streamfall/v1"].as_str().unwrap().to_owned();
    Told::of_totals(&|name| run["properties"][name].as_u64().unwrap(), results.iter().map(|result| (fingerprint(result), requests(result))))
}

fn junit(text: &str) -> Told {
    let document = quick_junit::Report::deserialize_from_str(text).unwrap();
    let suite = &document.test_suites[0];
    let total = |name: &str| suite.properties.iter().find(|property| property.name.as_str() == name).unwrap().value.as_str().parse().unwrap();
    let mut said = String::new();
    for case in &suite.test_cases {
        if let TestCaseStatus::NonSuccess { description: Some(description), .. } = &case.status {
            said.push_str(description);
            said.push('\n');
        }
        said.extend(case.system_out.as_ref().map(|text| format!("{}\n", text.as_str())));
    }
    Told::of_totals(&total, captured(r"(?m)^[a-z_]+ (?<sort>[0-9a-f]{16}): (?<requests>\d+) requests? ", &said))
}

fn markdown(text: &str) -> Told {
    let row = |verdict: &str| captured(&format!(r"(?m)^\| (?<requests>\d+) \| `(?<sort>{verdict})` \| "), text).next().unwrap().1;
    let total = |name: &str| match name {
        "requests" => Regex::new(r"^## (\d+) requests? met").unwrap().captures(text).unwrap()[1].parse().unwrap(),
        verdict => row(verdict),
    };
    Told::of_totals(&total, captured(r"\((?<requests>\d+) requests? with fingerprint `(?<sort>[0-9a-f]{16})`\)", text))
}

/// GitHub shows ten sorts: what the tenth says of the others is told as a sort of its own.
fn github(text: &str) -> Told {
    let total = |name: &str| match name {
        "requests" => Regex::new(r"(?m)^::notice title=streamfall::(\d+) requests? met").unwrap().captures(text).unwrap()[1].parse().unwrap(),
        verdict => captured(&format!(r"(?m)^ *(?<requests>\d+)  (?<sort>{verdict}) "), text).next().unwrap().1,
    };
    let shown = captured(r"(?m)^::error .*::(?<requests>\d+) requests? .* Fingerprint (?<sort>[0-9a-f]{16}),", text);
    let others = captured(r"\(and \d+ (?<sort>sort)s? more of (?<requests>\d+) requests?: ", text);
    Told::of_totals(&total, shown.chain(others))
}

fn captured(pattern: &str, text: &str) -> impl Iterator<Item = (String, u64)> {
    let found: Vec<(String, u64)> =
        Regex::new(pattern).unwrap().captures_iter(text).map(|found| (found["sort"].to_owned(), found["requests"].parse().unwrap())).collect();
    found.into_iter()
}

/// What is printed, and the exit status.
fn printed(format: &str, args: &[&str], stdin: &[u8]) -> (String, i32) {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("streamfall");
    let output = command.args(["--format", format]).args(args).write_stdin(stdin.to_vec()).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

/// What each format tells of one run over the same inputs.
fn told(inputs: &[String]) -> Vec<(&'static str, Told)> {
    let dir = tempfile::tempdir().unwrap();
    let file = |format: &str| dir.path().join(format);
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("streamfall"));
    command.args(FORMATS.map(|format| format!("--output={format}={}", file(format).display())));
    let output = command.args(["--top", "100000"]).args(inputs).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let readers: [fn(&str) -> Told; 9] = [json, ndjson, csv, html, text, markdown, sarif, junit, github];
    FORMATS.into_iter().zip(readers).map(|(format, read)| (format, read(&std::fs::read_to_string(file(format)).unwrap()))).collect()
}

#[test]
fn all_formats_tell_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = |path: &Path| path.display().to_string();
    let entries = std::fs::read_dir(root.join("sample-logs")).unwrap().map(|entry| entry.unwrap().path());
    let logs: Vec<String> = entries.filter(|path| path.extension().is_some_and(|end| end == "log")).map(|path| named(&path)).collect();
    for inputs in [logs, vec![named(&root.join("tests/captures"))]] {
        let mut all = told(&inputs);
        let (_, mut github) = all.pop().unwrap();
        let (_, first) = all.remove(0);
        assert!(first.requests > 20 && first.sorts.len() > 10, "{first:?}");
        for (format, mut told) in all {
            // The summary for people has no fingerprints.
            if format == "text" {
                told.sorts = first.sorts.clone();
            }
            assert_eq!(told, first, "{format}");
        }
        let others = github.sorts.remove("sort").unwrap();
        assert!(github.sorts.iter().all(|(sort, requests)| first.sorts[sort] == *requests));
        assert_eq!(others + github.sorts.values().sum::<u64>(), first.requests);
        assert_eq!((github.requests, &github.verdicts), (first.requests, &first.verdicts));
    }
}

/// How often each format for CI has each of its levels.
#[derive(Debug, PartialEq, Eq)]
struct Levels {
    status: i32,
    /// Of SARIF results: error, warning, note.
    sarif: [usize; 3],
    /// Of annotations: error, warning, notice, the run's own included.
    github: [usize; 3],
    /// Of test cases: failures, errors.
    junit: [usize; 2],
}

fn levels(args: &[&str]) -> Levels {
    let (sarif, status) = printed("sarif", args, b"");
    let (github, junit) = (printed("github", args, b"").0, printed("junit", args, b"").0);
    let log: Value = serde_json::from_str(&sarif).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let document = quick_junit::Report::deserialize_from_str(&junit).unwrap();
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], status != 2);
    Levels {
        status,
        sarif: ["error", "warning", "note"].map(|level| results.iter().filter(|result| result["level"] == level).count()),
        github: ["::error ", "::warning ", "::notice "].map(|level| github.lines().filter(|line| line.starts_with(level)).count()),
        junit: [document.failures, document.errors],
    }
}

/// The sample has ten sorts of one request each: six mid-stream, three of clients, one unknown.
#[test]
fn formats_for_ci_fail_as_the_exit_status_does() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/proxy-1.85.0-json.log").display().to_string();
    let dir = tempfile::tempdir().unwrap();
    let baseline = dir.path().join("baseline.json").display().to_string();
    let known = format!("--baseline={baseline}");
    let (report, _) = printed("json", &[&sample], b"");
    std::fs::write(&baseline, report).unwrap();
    let cases: [(&[&str], _, _, _, _); 6] = [
        (&[], 1, [9, 1, 0], [10, 0, 1], [1, 0]),
        (&["--fail-on=mid-stream"], 1, [6, 0, 4], [6, 4, 1], [1, 0]),
        (&["--fail-on=never"], 0, [0, 0, 10], [0, 10, 1], [0, 0]),
        (&["--max=10"], 0, [0, 0, 10], [0, 10, 1], [0, 0]),
        (&[&known], 0, [0, 0, 10], [0, 0, 10], [0, 0]),
        (&["missing.log"], 2, [9, 1, 0], [10, 0, 1], [1, 1]),
    ];
    for (args, status, sarif, github, junit) in cases {
        let all: Vec<&str> = args.iter().copied().chain([sample.as_str()]).collect();
        assert_eq!(levels(&all), Levels { status, sarif, github, junit }, "{args:?}");
    }
    let (sarif, _) = printed("sarif", &[&known, &sample], b"");
    assert_eq!(sarif.matches("\"baselineState\": \"unchanged\"").count(), 10);
}

#[test]
fn what_is_no_file_is_none_in_an_annotation() {
    let log = common::capture("1.77.7_A_default").log;
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    std::fs::write(path("proxy.log"), &log).unwrap();
    std::fs::write(path("dump.tar"), common::tar(&[("pod/proxy.log", log.as_slice())])).unwrap();
    for (args, stdin, is_file) in [(vec![path("proxy.log")], &b""[..], true), (vec![path("dump.tar")], b"", false), (vec![], &log, false)] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (github, _) = printed("github", &args, stdin);
        assert!(github.contains("::error ") && github.contains(",file=") == is_file, "{args:?}\n{github}");
    }
}
