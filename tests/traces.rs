//! Traces and payloads: real captures held against their truth, alone and with their log, and what must not be counted,
//! passed or blamed. The forms that were not captured are in `trace_forms`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeSet;

use common::{capture, lines, ndjson, pretty, report_on, report_on_all, score, told, trace, visible};
use serde_json::{Value, json};

/// Name, and of rejections with an id in the trace: all, of a broken stream; with the log: all, right, failed group known.
const TABLE: [(&str, [usize; 2], [usize; 3]); 3] =
    [("1.85.0_E_otel_otlp", [38, 25], [57, 53, 37]), ("1.85.0_F_generic_api", [54, 40], [58, 58, 40]), ("1.85.7_G_langfuse", [54, 40], [58, 58, 40])];

#[test]
fn a_trace_alone_blames_the_right_side() {
    for (name, [ids, mid], _) in TABLE {
        let trace = trace(name);
        let truth = visible(&capture(name).truth, &trace);
        let score = score(&report_on(&trace), &truth);
        let exact = (truth.len(), score.found, score.duplicates, score.phantoms, score.right, score.mixed);
        assert_eq!(exact, (ids, ids, 0, 0, ids, 0), "{name}: {score:?}");
        assert_eq!((score.mid, score.kind, score.target), (mid, mid, mid), "{name}: {score:?}");
    }
}

#[test]
fn payloads_tell_without_prompts_or_call_ids() {
    let name = "1.85.0_F_generic_api";
    let bytes = trace(name);
    let truth = visible(&capture(name).truth, &bytes);
    let redacted = json!("redacted-by-litellm");
    // LiteLLM's redaction replaces the list by one message of its own, so that the role is no witness.
    let replaced = json!([{"role": "user", "content": "redacted-by-litellm"}]);
    for (lost, key, value) in
        [("prompts", "messages", &redacted), ("prompts, replaced", "messages", &replaced), ("call ids", "litellm_call_id", &Value::Null)]
    {
        let mut rows = lines(&bytes);
        for row in &mut rows {
            row[key] = value.clone();
        }
        let score = score(&report_on(&ndjson(&rows)), &truth);
        let exact = (score.found, score.duplicates, score.phantoms, score.right, score.wrong, score.mixed);
        assert_eq!(exact, (54, 0, 0, 54, 0, 0), "{lost}: {score:?}");
    }
}

#[test]
fn a_log_and_a_trace_are_one_report() {
    for (name, _, [ids, right, failed]) in TABLE {
        let capture = capture(name);
        let report = report_on_all(&[("proxy.log", &capture.log), ("trace", &trace(name))]);
        let score = score(&report, &capture.truth);
        let exact = (score.found, score.duplicates, score.phantoms, score.wrong, score.mixed);
        assert_eq!(exact, (ids, 0, 0, 0, 0), "{name}: {score:?}");
        assert!(score.right >= right && score.failed >= failed, "{name}: {score:?}");
        assert_eq!((score.kind, score.target), (score.mid, score.mid), "{name}: {score:?}");
        let renamed = report_on_all(&[("a trace", &trace(name)), ("the log", &capture.log)]);
        assert_eq!(told(&renamed), told(&report), "{name}: names of files change nothing");
        let rows: BTreeSet<u64> = capture.truth.values().map(|known| known.row).collect();
        assert!(score.incidents <= rows.len(), "{name}: {score:?}");
    }
}

#[test]
fn incidents_say_who_asked_and_when() {
    let report = report_on_all(&[("proxy.log", &capture("1.85.0_F_generic_api").log), ("trace", &trace("1.85.0_F_generic_api"))]);
    let incidents = report["incidents"].as_array().unwrap();
    let joined = incidents.iter().filter(|i| i["call_id"].is_string()).collect::<Vec<_>>();
    assert_eq!((incidents.len(), joined.len()), (36, 35));
    for incident in joined {
        let times: Vec<&str> = ["time", "end_time"].iter().map(|key| incident[key].as_str().unwrap()).collect();
        assert!(times[0] < times[1] && times.iter().all(|t| t.starts_with("2026-11-22T07:3") && t.ends_with('Z')), "{times:?}");
        assert_eq!((&incident["key"], &incident["user"]), (&json!("litellm_proxy_master_key"), &json!("default_user_id")));
        assert!(incident["trace_id"].is_string() && incident["route"].is_string());
    }
    assert_eq!(report["summary"]["by_key"], json!({"litellm_proxy_master_key": 35}));
    assert_eq!(report["summary"]["by_route"], json!({"chat": 34, "messages": 1}));
    assert_eq!(report["summary"]["by_outcome"], json!({"failed": 30, "recovered": 6, "unknown": 0}));
}

#[test]
fn what_is_not_understood_is_no_pass() {
    let payloads = trace("1.85.0_F_generic_api");
    let rows = lines(&payloads);
    let dump = "--\n-- PostgreSQL database dump\n--\nINSERT INTO public.\"LiteLLM_SpendLogs\" VALUES ('This model does not support assistant message prefill.');\n";
    let cases: [(&str, Vec<u8>); 5] = [
        ("an unknown key", ndjson(&rows.iter().map(|row| json!({"slp": row})).collect::<Vec<_>>())),
        ("an unknown document", pretty(&json!({"items": rows}))),
        ("text in an object", ndjson(&[json!({"x": "This model does not support assistant message prefill."})])),
        ("a dump of INSERTs", dump.into()),
        ("a table of another kind", b"a;b\n1;This model does not support assistant message prefill.\n".to_vec()),
    ];
    for (form, bytes) in cases {
        let report = report_on(&bytes);
        assert_eq!((&report["complete"], &report["summary"]["requests"]), (&json!(false), &json!(0)), "{form}");
        let said = report["problems"][0]["problem"].as_str().unwrap();
        assert!(said.starts_with("prints the prefill rejection"), "{form}: {said}");
    }
}

#[test]
fn a_document_that_is_cut_is_incomplete() {
    let rows = pretty(&json!(lines(&trace("1.85.0_F_generic_api"))));
    for (cut, found) in [(rows.len() / 2, true), (2_000, false), (rows.len() - 3, true)] {
        let report = report_on(&rows[..cut]);
        assert_eq!((&report["complete"], report["summary"]["requests"] != 0), (&json!(false), found), "{cut}");
        assert!(report["problems"][0]["problem"].as_str().unwrap().contains("the JSON is cut or damaged"), "{cut}");
    }
}

#[test]
fn the_same_content_twice_is_counted_once() {
    let log = capture("1.85.0_F_generic_api").log;
    let compressed = zstd::encode_all(log.as_slice(), 1).unwrap();
    let (once, twice) = (report_on(&log), report_on_all(&[("proxy.log", &log), ("proxy.log.zst", &compressed)]));
    assert_eq!(once["summary"], twice["summary"]);
    assert!(twice["problems"][0]["problem"].as_str().unwrap().contains("is counted once"));
}

#[test]
fn an_error_within_a_stream_tells_by_its_text_alone() {
    let body = r#"{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"This model does not support assistant message prefill. The conversation must end with a user message.\"},\"request_id\":\"req_1234\"}"#;
    let nested = "openai.APIError: litellm.MidStreamFallbackError: litellm.InternalServerError: AnthropicError - Overloaded. Received Model \
                  Group=a\nAvailable Model Group Fallbacks=['b']\nError doing the fallback: litellm.BadRequestError: AnthropicException - \
                  b'{\"message\":\"This model does not support assistant message prefill.\"},\"request_id\":\"req_1234\"}'\nmore\n";
    let cases = [
        (format!("x\ndata: {{\"error\": {{\"message\": \"litellm.BadRequestError: AnthropicException - {body}\"}}}}\n"), json!(["unknown", null, 2])),
        (format!("app started\n{nested}"), json!(["mid_stream_fallback", "a", 2])),
    ];
    for (text, expected) in cases {
        let report = report_on(text.as_bytes());
        assert_eq!(report["summary"]["requests"], 1, "{text}");
        let i = &report["incidents"][0];
        assert_eq!(json!([i["verdict"], i["stream_failure"]["model_group"], i["evidence"][0]["line"]]), expected, "{text}");
    }
}

#[test]
fn prompts_that_quote_the_sentence_are_no_rejections() {
    let sentence = "This model does not support assistant message prefill. The conversation must end with a user message.";
    let payload = |error: &str, class: &str| {
        json!({
            "id": "x", "litellm_call_id": "x", "call_type": "acompletion", "status": "failure", "model_group": "g", "startTime": 1.0, "error_str": error,
            "error_information": {"error_class": class, "traceback": ""}, "messages": [{"role": "user", "content": sentence}],
        })
    };
    let body = json!({"request_id": "abcd1234", "prompt": sentence, "response": "because", "error": null});
    let span = json!({"traceId": "t", "spanId": "s", "name": "litellm_request", "status": {"code": 2}, "attributes": [
        {"key": "error.message", "value": {"stringValue": "litellm.APIError: Overloaded"}}, {"key": "gen_ai.input.messages", "value": {"stringValue": sentence}}]});
    let quoting = [
        payload("litellm.APIError: Overloaded", "APIError"),
        payload(&format!("GuardrailRaisedException: blocked the prompt: {sentence}"), "GuardrailRaisedException"),
        payload(&format!("litellm.ContextWindowExceededError: AnthropicException - '{sentence}'"), "ContextWindowExceededError"),
        body,
        span,
    ];
    for row in quoting {
        assert_eq!(report_on(&ndjson(std::slice::from_ref(&row)))["summary"]["requests"], 0, "{row}");
    }
}

#[test]
fn an_error_that_echoes_another_requests_rejection_is_none_of_its_records() {
    let refused = r#"{"type":"error","error":{"message":"This model does not support assistant message prefill. The conversation must end with a user message."},"request_id":"req_AAAA1111"}"#;
    let row = |call: &str, class: &str, error: &str, last: &str, traceback: &str| {
        json!({
            "id": call, "litellm_call_id": call, "call_type": "acompletion", "status": "failure", "custom_llm_provider": "anthropic", "model_group": "opus",
            "startTime": 1.0, "endTime": 2.0, "error_str": error, "messages": [{"role": last, "content": "x"}],
            "error_information": {"error_class": class, "error_message": error, "traceback": traceback},
        })
    };
    let mut real = row("call-a", "BadRequestError", &format!("litellm.BadRequestError: AnthropicException - b'{refused}'"), "user", "");
    real["messages"] = json!("redacted-by-litellm");
    let alone = report_on(&ndjson(std::slice::from_ref(&real)));
    let too_long = format!("litellm.ContextWindowExceededError: AnthropicException - prompt is too long; it was: why do I get {refused}");
    let traceback = "Traceback (most recent call last):\n  File \"x.py\", line 3, in __anext__\n    raise x\nHTTPException: gone\n";
    let echoes = [
        row("call-b", "ContextWindowExceededError", &too_long, "user", ""),
        row("call-b", "ContextWindowExceededError", &too_long, "assistant", ""),
        row("call-b", "HTTPException", &format!("Upstream stream reset; body was {refused}"), "user", traceback),
    ];
    for echo in echoes {
        for rows in [[real.clone(), echo.clone()], [echo.clone(), real.clone()]] {
            let both = report_on(&ndjson(&rows));
            let told = |report: &Value| {
                let i = &report["incidents"][0];
                json!([report["summary"]["requests"], i["verdict"], i["because"], i["call_id"], i["evidence"].as_array().unwrap().len()])
            };
            assert_eq!(told(&both), told(&alone), "{echo}");
        }
    }
}

#[test]
fn requests_are_told_apart_whatever_ids_clients_reuse() {
    let named = |rows: Vec<Value>, path: &str| -> Vec<Value> {
        rows.into_iter()
            .map(|mut row| {
                *row.pointer_mut(path).unwrap() = "one trace for all".into();
                row
            })
            .collect()
    };
    let langfuse: Vec<Value> = lines(&trace("1.85.7_G_langfuse"))
        .into_iter()
        .flat_map(|line| line["batch"].as_array().unwrap().clone())
        .filter(|e| e["type"] == "generation-create")
        .collect();
    let payloads = lines(&trace("1.85.0_F_generic_api"));
    for (rows, path, expected) in [(langfuse, "/body/traceId", 34), (payloads, "/trace_id", 34)] {
        assert_eq!(report_on(&ndjson(&named(rows, path)))["summary"]["requests"], expected, "{path}");
    }
}

#[test]
fn metrics_say_when_the_log_saw_fewer() {
    let log = capture("1.85.0_E_otel_otlp").log;
    let metrics = |count: u64| {
        format!(
            "# HELP litellm_deployment_failed_fallbacks_total x\nlitellm_deployment_failed_fallbacks_total{{fallback_model=\"b\"}} 20.0\nlitellm_deployment_failed_fallbacks_total{{fallback_model=\"c\"}} {count}\n"
        )
    };
    for (count, expected) in [(10, None), (80, Some("counts 100 failed fallbacks, and the other inputs show 57 rejections"))] {
        let report = report_on_all(&[("metrics.txt", metrics(count).as_bytes()), ("proxy.log", &log)]);
        assert_eq!((&report["complete"], &report["inputs"][0]["shape"]), (&json!(true), &json!("prometheus")));
        let said =
            report["problems"].as_array().unwrap().iter().map(|p| p["problem"].as_str().unwrap()).find(|said| said.contains("failed fallbacks"));
        assert_eq!(said.map(|said| said.split(':').next().unwrap()), expected, "{count}");
    }
}
