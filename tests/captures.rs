//! Real captures, held against their truth: what is found, whom it blames, and what it names.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Score, capture, report_on, score};

/// Name, rejections with an id, how many must be judged right, most incidents.
const TABLE: [(&str, usize, usize, usize); 11] = [
    ("1.77.7_A_default", 57, 57, 35),
    ("1.85.0_A_default", 115, 95, 78),
    ("1.85.0_B_debug", 58, 57, 40),
    ("1.85.0_C_info", 58, 54, 40),
    ("1.85.0_D_json_default", 57, 47, 39),
    ("1.85.0_E_otel_otlp", 57, 47, 39),
    ("1.85.0_F_generic_api", 58, 48, 40),
    ("1.85.7_G_langfuse", 58, 48, 40),
    ("1.85.7_X_clouds_default", 33, 33, 28),
    ("1.96.2_A_default", 75, 63, 51),
    ("1.109.1_D_json_default", 10, 10, 9),
];

#[test]
fn every_rejection_is_found_once_and_nobody_is_blamed_wrongly() {
    for (name, ids, right, incidents) in TABLE {
        let capture = capture(name);
        let score = score(&report_on(&capture.log), &capture.truth);
        let exact = (score.found, score.duplicates, score.phantoms, score.wrong, score.mixed, score.without_id);
        assert_eq!(exact, (ids, 0, 0, 0, 0, capture.without_id), "{name}: {score:?}");
        assert!(score.right >= right, "{name}: {score:?}");
        assert!(score.incidents <= incidents, "{name}: {score:?}");
    }
}

#[test]
fn failed_group_kind_and_target_are_named() {
    let mut all = Score::default();
    for (name, ..) in TABLE {
        let capture = capture(name);
        let score = score(&report_on(&capture.log), &capture.truth);
        assert_eq!(score.target, score.mid, "{name}: {score:?}");
        all.mid += score.mid;
        all.failed += score.failed;
        all.kind += score.kind;
    }
    assert!(all.failed * 100 >= all.mid * 99, "{all:?}");
    assert!(all.kind * 100 >= all.mid * 96, "{all:?}");
}

#[test]
fn seventy_one_requests_where_grep_says_999() {
    let capture = capture("1.85.0_A_default");
    let report = report_on(&capture.log);
    assert_eq!(report["summary"]["mentions"], 999);
    let requests = report["summary"]["requests"].as_u64().unwrap();
    assert!((71..=78).contains(&requests), "{requests}");
}

#[test]
fn a_sentence_quoted_in_a_prompt_is_no_rejection() {
    let quoted = "07:35:20 - LiteLLM Proxy:DEBUG: a.py:1 - receiving data: {'messages': [{'role': 'user', 'content': 'Why do I get: \
                  litellm.BadRequestError: AnthropicException - {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"This \
                  model does not support assistant message prefill. The conversation must end with a user message.\"},\"request_id\":\"req_quoted1\"}'}]}\n";
    let report = report_on(quoted.as_bytes());
    assert_eq!((&report["summary"]["requests"], &report["summary"]["mentions"]), (&0.into(), &1.into()));
}

#[test]
fn only_what_recovered_is_called_recovered() {
    // Requests that the client saw end well, of those that the log can tell.
    for (name, recovered) in [("1.77.7_A_default", 6), ("1.85.0_A_default", 12), ("1.85.0_B_debug", 5), ("1.85.0_C_info", 5), ("1.96.2_A_default", 7)]
    {
        let report = report_on(&capture(name).log);
        assert_eq!(report["summary"]["by_outcome"]["recovered"], recovered, "{name}");
    }
}
