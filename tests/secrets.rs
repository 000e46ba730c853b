//! Nothing secret leaves: planted keys, tokens, passwords, addresses, prompts and answers, in all places from which text of an input is
//! printed, through every format and through facts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::planted::{NAMED, SHAPED, log, log_of, planted, record, rows};
use serde_json::Value;

const FORMATS: [&str; 9] = ["json", "ndjson", "csv", "html", "text", "markdown", "sarif", "junit", "github"];

/// A folder of inputs: the log, the trace, an archive and a folder whose names are secrets.
fn inputs(dir: &Path) -> Vec<PathBuf> {
    let put = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    };
    let named: Vec<(String, String)> =
        SHAPED.iter().enumerate().map(|(number, secret)| (format!("{secret}/{secret}.log"), record(4000 + number, "Overloaded"))).collect();
    let members: Vec<(&str, &[u8])> = named.iter().map(|(name, log)| (name.as_str(), log.as_bytes())).collect();
    let mut paths = vec![put("proxy.log", log().as_bytes()), put("trace.jsonl", &common::ndjson(&rows())), put("dump.zip", &common::zip(&members))];
    for (number, secret) in SHAPED.iter().enumerate() {
        paths.push(put(&format!("hosts/{secret}/proxy.log.{}", number + 1), record(5000 + number, "Overloaded").as_bytes()));
        // Something to say on stderr.
        paths.push(dir.join(format!("missing/{secret}.log")));
    }
    paths
}

fn run(args: &[String]) -> Output {
    assert_cmd::cargo::cargo_bin_cmd!("streamfall").args(args).output().unwrap()
}

/// All that a run over inputs prints and writes, by what printed it.
fn printed(inputs: &[PathBuf], facts: Option<&Path>, more: &[&str]) -> Vec<(String, String)> {
    let dir = tempfile::tempdir().unwrap();
    let mut args: Vec<String> = more.iter().map(|arg| (*arg).to_owned()).collect();
    args.extend(["--incidents", "--top=100000"].map(str::to_owned));
    args.extend(FORMATS.map(|format| format!("--output={format}={}", dir.path().join(format).display())));
    args.extend(facts.map(|facts| format!("--output=facts={}", facts.display())));
    args.extend(inputs.iter().map(|path| path.display().to_string()));
    let output = run(&args);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut all = vec![("incidents".to_owned(), text(&output.stdout)), ("stderr".to_owned(), text(&output.stderr))];
    all.extend(FORMATS.map(|format| (format.to_owned(), fs::read_to_string(dir.path().join(format)).unwrap())));
    all
}

/// A text as a reader has it, whatever its format escaped, and without the breaks of lines that a page has.
fn read(text: &str) -> String {
    let spelt = [
        ("\\\\", "\\"),
        ("\\\"", "\""),
        ("&amp;", "&"),
        ("&#38;", "&"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("%3A", ":"),
        ("%25", "%"),
        ("%40", "@"),
        ("%2F", "/"),
    ];
    let plain = spelt.iter().fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain));
    plain.lines().map(str::trim_start).collect()
}

/// Which secrets stand in texts.
fn leaks(texts: &[(String, String)]) -> Vec<String> {
    let secrets: Vec<&str> = SHAPED.iter().chain(&NAMED).copied().chain(["PLANTEDPROMPT", "merger"]).collect();
    let mut found = Vec::new();
    for (format, text) in texts {
        for text in [text, &read(text)] {
            let leaked = secrets.iter().filter_map(|secret| memchr::memmem::find(text.as_bytes(), secret.as_bytes()).map(|at| (secret, at)));
            found.extend(leaked.map(|(secret, at)| format!("{format}: {secret} in {:?}", around(text, at))));
        }
    }
    found
}

fn around(text: &str, at: usize) -> String {
    let before = text[..at].chars().rev().take(60).collect::<Vec<_>>();
    before.into_iter().rev().chain(text[at..].chars().take(60)).collect()
}

#[test]
fn nothing_planted_leaves_by_any_format() {
    let dir = tempfile::tempdir().unwrap();
    let inputs = inputs(dir.path());
    let facts = dir.path().join("facts.ndjson");
    let strip = |texts: Vec<(String, String)>| -> Vec<(String, String)> {
        // The folder is the test's own, and has no secret.
        texts.into_iter().map(|(name, text)| (name, text.replace(&dir.path().display().to_string(), ""))).collect()
    };
    let label = format!("--label={}", SHAPED[0]);
    let mut all = strip(printed(&inputs, Some(&facts), &[&label]));
    let requests: Value = serde_json::from_str(&all.iter().find(|(format, _)| format == "json").unwrap().1).unwrap();
    assert!(requests["summary"]["requests"].as_u64() >= u64::try_from(planted().len()).ok(), "{}", requests["summary"]["requests"]);
    all.push(("facts".to_owned(), fs::read_to_string(&facts).unwrap()));
    let of_facts = strip(printed(&[facts], None, &[]));
    all.extend(of_facts.into_iter().map(|(format, text)| (format!("facts to {format}"), text)));
    let found = leaks(&all);
    assert!(
        found.is_empty(),
        "{} leaks of {} planted errors:\n{}",
        found.len(),
        planted().len(),
        found.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
}

/// The test above can fail: what is shown is seen.
#[test]
fn secrets_are_shown_if_that_is_asked_for_and_prompts_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("proxy.log");
    // Markdown shows no more than a runner takes: each secret once.
    let mut seen = BTreeSet::new();
    fs::write(&path, log_of(planted().into_iter().filter(|(_, secret)| seen.insert(*secret)).collect())).unwrap();
    let all = printed(std::slice::from_ref(&path), None, &["--show-secrets"]);
    let of = |name: &str| all.iter().find(|(format, _)| format == name).unwrap().1.as_str();
    for format in ["json", "ndjson", "csv", "html", "markdown", "incidents"] {
        let text = [(format.to_owned(), of(format).to_owned())];
        for secret in SHAPED.iter().chain(&NAMED) {
            assert!(leaks(&text).iter().any(|leak| leak.contains(secret)), "{format} does not show {secret}");
        }
        assert!(!of(format).contains("PLANTEDPROMPT"), "{format}");
    }
    assert!(of("stderr").contains("warning: --show-secrets"));
    let fingerprints = |json: &str| {
        serde_json::from_str::<Value>(json).unwrap()["incidents"].as_array().unwrap().iter().map(|i| i["fingerprint"].to_string()).collect::<Vec<_>>()
    };
    let masked = printed(&[path], None, &[]);
    assert_eq!(fingerprints(of("json")), fingerprints(&masked.iter().find(|(format, _)| format == "json").unwrap().1));
}

#[test]
fn facts_and_baselines_never_hold_them() {
    for (args, says) in [
        (&["--format=facts"][..], "--show-secrets is not for facts"),
        (&["--output=facts=f.ndjson"], "--show-secrets is not for facts"),
        (&["--baseline=b.json", "--write-baseline"], "--show-secrets is not for a baseline"),
    ] {
        let output = run(&args.iter().copied().chain(["--show-secrets", "x.log"]).map(str::to_owned).collect::<Vec<_>>());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(says) && output.stdout.is_empty(), "{args:?}: {said}");
    }
}

/// Names in a config are masked as in logs, so that a pair that was seen is found in it.
#[test]
fn nor_by_the_names_in_a_config() {
    let dir = tempfile::tempdir().unwrap();
    let [folder, log] = [dir.path().join("jane.planted@example.com"), dir.path().join("proxy.log")];
    fs::create_dir(&folder).unwrap();
    let config = folder.join("config.yaml");
    let mut yaml = "model_list:\n".to_owned();
    for secret in SHAPED {
        writeln!(yaml, "- {{model_name: '{secret}', litellm_params: {{model: anthropic/claude-opus-4-7}}}}").unwrap();
        writeln!(yaml, "- {{model_name: 'a {secret}', litellm_params: {{model: 'openai/{secret}'}}}}").unwrap();
    }
    yaml += "litellm_settings:\n  fallbacks:\n";
    for secret in SHAPED {
        writeln!(yaml, "  - 'a {secret}': ['{secret}']").unwrap();
    }
    fs::write(&config, yaml).unwrap();
    let pair = |secret: &str| {
        let refused = format!("model_group=a {secret}. Fallbacks=[{{'a {secret}': ['{secret}']}}]");
        record(1, "Overloaded").replace("group-1", &format!("a {secret}")).replace("target-1", secret) + &refused
    };
    fs::write(&log, pair("sk-ant-api03-Zq7planted1234abcdXYZ-AA")).unwrap();
    let mut all = Vec::new();
    for format in ["text", "json", "markdown", "sarif", "github"] {
        let asked = [format!("--format={format}"), format!("--config={}", config.display()), log.display().to_string()];
        for args in [vec!["preflight".to_owned(), asked[0].clone(), config.display().to_string()], asked.to_vec()] {
            let output = run(&args);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&dir.path().display().to_string(), "");
            assert!(output.stdout.len() > 100, "{args:?}: {}", text(&output.stderr));
            all.push((args[..2].join(" "), text(&output.stdout) + &text(&output.stderr)));
        }
    }
    assert_eq!(leaks(&all), [""; 0]);
    for more in [None, Some("--show-secrets".to_owned())] {
        let args = ["--format=json".to_owned(), format!("--config={}", config.display()), log.display().to_string()];
        let check = &serde_json::from_slice::<Value>(&run(&args.into_iter().chain(more).collect::<Vec<_>>()).stdout).unwrap()["config"];
        let may_have_failed = check["orphans"][0]["may_have_failed"].as_array().unwrap();
        assert_eq!(may_have_failed.len(), 1, "{check}");
    }
}

/// A comparison, and what is said of a config with secrets in it.
#[test]
fn nor_by_the_other_jobs() {
    let dir = tempfile::tempdir().unwrap();
    let inputs = inputs(dir.path());
    let config = dir.path().join("config.yaml");
    let secret = SHAPED[0];
    let yaml = format!(
        "model_list:\n  - model_name: a\n    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_key: {secret}, api_base: 'https://u:hunter2Planted@10.217.33.41/'}}\n  \
         - model_name: b\n    litellm_params: {{model: anthropic/claude-opus-4-7, api_key: {secret}}}\nlitellm_settings: {{fallbacks: [{{a: [b]}}]}}\n\
         general_settings: {{master_key: {secret}, database_url: 'postgresql://x:hunter2Planted@db/x'}}\n"
    );
    fs::write(&config, yaml).unwrap();
    let name = |path: &Path| path.display().to_string();
    let mut all = Vec::new();
    for format in ["text", "json", "markdown"] {
        let args = ["compare".to_owned(), format!("--format={format}"), name(&inputs[0]), name(&inputs[2])];
        all.push((format!("compare {format}"), run(&args)));
    }
    for format in ["text", "json", "markdown", "sarif", "github"] {
        all.push((format!("preflight {format}"), run(&["preflight".to_owned(), format!("--format={format}"), name(&config)])));
        all.push((format!("config {format}"), run(&[format!("--format={format}"), format!("--config={}", name(&config)), name(&inputs[0])])));
    }
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let all: Vec<(String, String)> = all.into_iter().map(|(job, output)| (job, text(&output.stdout) + &text(&output.stderr))).collect();
    assert!(all.iter().all(|(_, text)| text.len() > 100), "{all:?}");
    assert_eq!(leaks(&all), [""; 0]);
}
