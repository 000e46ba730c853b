//! What is said of a log, besides what is in it: advice for its release, failures that are taken for this one, its config.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::Path;
use std::process::Output;

use assert_cmd::cargo::cargo_bin_cmd;
use common::{capture, report_on};
use serde_json::Value;

fn run(args: &[&str], stdin: &[u8]) -> Output {
    cargo_bin_cmd!("streamfall").args(args).write_stdin(stdin.to_vec()).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

fn json(args: &[&str], stdin: &[u8]) -> Value {
    serde_json::from_slice(&run(&[&["--format", "json"], args].concat(), stdin).stdout).unwrap()
}

fn ids(report: &Value, of: &str) -> Vec<String> {
    report[of].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn count(report: &Value, neighbour: &str) -> Option<u64> {
    report["neighbours"].as_array().unwrap().iter().find(|row| row["id"] == neighbour)?["count"].as_u64()
}

/// The log names no release; line numbers tell it.
#[test]
fn advice_is_for_the_release_that_wrote_the_log() {
    let cases = [
        ("1.77.7_A_default", "upgrade_chat"),
        ("1.85.0_A_default", "upgrade_chat"),
        ("1.85.7_X_clouds_default", "upgrade_chat"),
        ("1.96.2_A_default", "upgrade_chat"),
        ("1.109.1_D_json_default", "fix_client"),
    ];
    for (name, first) in cases {
        let report = report_on(&capture(name).log);
        let advice = ids(&report, "advice");
        assert_eq!(advice[0], first, "{name}: {advice:?}");
        assert!(!advice.contains(&"misdeclared_deployment".to_owned()) && !advice.contains(&"not_this_proxy".to_owned()), "{name}: {advice:?}");
        // The most common failure has advice of its own, the 400 gone or not.
        let most = report["summary"]["by_kind"].as_object().unwrap().iter().max_by_key(|(_, n)| n.as_u64());
        assert!(most.is_none_or(|(kind, n)| n.as_u64() == Some(0) || advice.contains(&format!("failure_{kind}"))), "{name}: {advice:?}");
    }
}

#[test]
fn each_log_has_the_advice_for_its_own_release() {
    let (old, new) = (capture("1.85.0_A_default").log, capture("1.109.1_D_json_default").log);
    let report = common::report_on_all(&[("old.log", &old), ("new.log", &new)]);
    let mid = report["summary"]["by_verdict"]["mid_stream_fallback"].as_u64().unwrap();
    assert_eq!((&report["advice"][0]["id"], &report["advice"][0]["applies_to"]), (&"upgrade_chat".into(), &mid.into()));
    assert!(!ids(&report, "advice").contains(&"misdeclared_deployment".to_owned()));
    assert_eq!(count(&report, "no_hop_after_content"), Some(57));
}

#[test]
fn a_release_that_is_given_decides() {
    let log = capture("1.85.0_A_default").log;
    let cases =
        [("1.60.0", "before_mid_stream_fallback"), ("1.85.0", "upgrade_chat"), ("1.98.1", "not_this_proxy"), ("1.109.1", "misdeclared_deployment")];
    for (version, first) in cases {
        assert_eq!(ids(&json(&["--litellm-version", version], &log), "advice")[0], first, "{version}");
    }
    let steps = |version: &str| json(&["--litellm-version", version], &log)["advice"][0]["steps"].to_string();
    assert!(steps("1.96.2").contains("clients see the stream's own error") && !steps("1.85.0").contains("clients see the stream's own error"));
    assert!(steps("1.85.0").contains("`order`") && !steps("1.77.7").contains("`order`"));
    let contradicted = run(&["--litellm-version", "1.98.1"], &log);
    assert!(String::from_utf8_lossy(&contradicted.stderr).contains("the logs look like 1.85.0"));
    assert_eq!(run(&["--litellm-version", "latest"], &log).status.code(), Some(2));
}

#[test]
fn without_a_release_advice_says_for_which_it_holds() {
    let record = "07:35:20 - LiteLLM Router:ERROR: router.py:1 - Fallback also failed: litellm.MidStreamFallbackError: litellm.InternalServerError: \
                  AnthropicException - Overloaded. Received Model Group=a\nAvailable Model Group Fallbacks=['claude-3-5-sonnet']\nError doing the fallback: \
                  litellm.BadRequestError: AnthropicException - b'{\"message\":\"This model does not support assistant message prefill.\"},\"request_id\":\"req_1\"}'. \
                  Received Model Group=claude-3-5-sonnet\nAvailable Model Group Fallbacks=None\n";
    let report = json(&[], record.as_bytes());
    assert_eq!(ids(&report, "advice"), ["upgrade_chat", "failure_overloaded"]);
    assert!(report["advice"][0]["title"].as_str().unwrap().ends_with("(for LiteLLM 1.74.14–1.96.x)"));
    // By its name, the target accepts prefill.
    let problems = report["problems"].as_array().unwrap();
    let told = problems.iter().find(|problem| problem["source"] == "claude-3-5-sonnet").unwrap();
    assert!(told["problem"].as_str().unwrap().contains("though by its name it accepts one") && told["failure"] == false, "{told}");
}

#[test]
fn what_is_taken_for_it_is_counted_apart() {
    let (old, new) = (report_on(&capture("1.96.2_A_default").log), report_on(&capture("1.109.1_D_json_default").log));
    assert_eq!(count(&old, "no_fallback_configured"), Some(7));
    assert_eq!(count(&old, "no_hop_after_content"), None);
    for report in [&old, &new] {
        assert_eq!(count(report, "prompt_too_long"), Some(2));
        assert_eq!(count(report, "thinking_block_expected"), Some(1));
        assert_eq!(count(report, "trailing_whitespace"), Some(1));
    }
    // As many chat streams broke, and as many requests really had no fallback, as the captures' truth says.
    assert_eq!(count(&new, "no_hop_after_content"), Some(57));
    for (name, none, otherwise) in [("1.77.7_A_default", 4, 1), ("1.85.0_A_default", 8, 2)] {
        let report = report_on(&capture(name).log);
        assert_eq!((count(&report, "no_fallback_configured"), count(&report, "fallback_failed_otherwise")), (Some(none), Some(otherwise)), "{name}");
    }
    let only = json(&["--only", "prefill"], &capture("1.96.2_A_default").log);
    assert_eq!(only["neighbours"], Value::Array(Vec::new()));
    assert_eq!(only["summary"], old["summary"]);
}

#[test]
fn what_has_a_name_is_explained() {
    let list = String::from_utf8(run(&["explain"], b"").stdout).unwrap();
    for name in ["prefill", "overloaded", "no_hop_after_content"] {
        assert!(list.contains(name), "{list}");
        let output = run(&["explain", name], b"");
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&output.stdout).starts_with(name));
    }
    let wrong = run(&["explain", "overload"], b"");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("did you mean `overloaded`?"));
}

#[test]
fn what_was_seen_is_held_against_the_config() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs/proxy.yaml");
    let log = capture("1.85.0_A_default").log;
    let report = json(&["--config", &config.display().to_string()], &log);
    let pairs = report["config"]["pairs"].as_array().unwrap();
    assert!(pairs.len() >= 4 && pairs.iter().all(|pair| pair["expected"]["outlook"] == "will_break"), "{pairs:?}");
    let orphans = report["config"]["orphans"].as_array().unwrap();
    assert_eq!(orphans.len() as u64, report["summary"]["by_verdict"]["unknown"].as_u64().unwrap());
    assert_eq!(report["config"]["deployments"]["claude-opus-4-7"][0], "anthropic/claude-opus-4-7");
    // A config that is of another proxy has none of the pairs.
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("other.yaml");
    std::fs::write(&other, "model_list:\n- {model_name: a, litellm_params: {model: openai/b}}\n").unwrap();
    let report = json(&["--config", &other.display().to_string()], &log);
    assert!(report["config"]["pairs"].as_array().unwrap().iter().all(|pair| pair["expected"].is_null()));
    let missing = run(&["--config", "missing.yaml"], &log);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("missing.yaml"));
}
