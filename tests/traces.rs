//! Traces and payloads: real captures held against their truth, alone and with their log, and what must not be counted,
//! passed or blamed. The forms that were not captured are in `trace_forms`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeSet;

use common::{capture, lines, ndjson, pretty, report_on, report_on_all, score, told, trace, visible};
use serde_json::{Value, json};

/// Name, and of rejections with an id in the trace: all, of a broken stream; with the log: all, right, failed group known.
const TABLE: [(&str, [usize; 2], [usize; 3]); 3] =
    [("1.85.0_E_otel_otlp", [38, 25], [57, 47, 31]), ("1.85.0_F_generic_api", [54, 40], [58, 58, 40]), ("1.85.7_G_langfuse", [54, 40], [58, 58, 40])];

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

/// The first and the second hop of chains that recovered: of broken streams, and of a client's own prefill. Nothing in the log tells them apart.
const OF_STREAMS: [[&str; 2]; 4] = [
    ["req_011C6ZPbVYZRQMyd2AjjTjGx", "req_011CmhViYvocp7G4EMau4rsx"],
    ["req_011CCJYEQzJCbm7GVN2Ds8jg", "req_011C3MCFc5jor6BSPcaGJm15"],
    ["req_011C29inMCgTXMMg3ymwZnHU", "req_011CuZbnCfGQDvtnn2yuZLNp"],
    ["req_011CHtSohmjrjh9MMG5znamC", "req_011CvYeHQHEFrxnMv7K5qHnj"],
];
const OF_CLIENT: [&str; 2] = ["req_011CTfPEGvXnDzbPm99M3Z8m", "req_011CfbFthS72m8MBA19xSEox"];
/// The trace of the last of these streams, and that of the client.
const LAST_STREAM: &str = "919111a663eb1325a1e5142c88354e2a";
const CLIENT: &str = "20881149a1991c8042406d158a39ce2e";

/// The records of a log.
fn records(log: &[u8]) -> Vec<Vec<u8>> {
    let mut records: Vec<Vec<u8>> = vec![Vec::new()];
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        if streamfall::record::starts_here(line).is_some() {
            records.push(Vec::new());
        }
        records.last_mut().unwrap().extend_from_slice(line);
    }
    records
}

fn holds(record: &[u8], ids: [&str; 2]) -> bool {
    ids.iter().any(|id| memchr::memmem::find(record, id.as_bytes()).is_some())
}

/// The rows of requests that met a rejection or did not fail, and of the other requests that are named.
fn calm(trace: &[u8], others: &[&str]) -> Vec<u8> {
    let rows: Vec<Value> = streamfall::document::rows_of(trace).into_iter().map(|(_, row)| serde_json::from_slice(&row).unwrap()).collect();
    let of =
        |is: &dyn Fn(&Value) -> bool| -> BTreeSet<&str> { rows.iter().filter(|row| is(row)).map(|row| row["traceId"].as_str().unwrap()).collect() };
    let (met, failed) = (of(&|row| row.to_string().contains("assistant message prefill")), of(&|row| row["status"]["code"] == 2));
    let is_kept = |id: &str| met.contains(id) || !failed.contains(id) || others.contains(&id);
    let kept: Vec<Value> = rows.iter().filter(|row| is_kept(row["traceId"].as_str().unwrap())).cloned().collect();
    ndjson(&kept)
}

#[test]
fn a_hop_is_the_broken_streams_that_needs_it_where_it_can_be_no_others() {
    let (log, trace) = (capture("1.85.0_E_otel_otlp").log, trace("1.85.0_E_otel_otlp"));
    let own = OF_STREAMS[3];
    let without =
        |ids: &[[&str; 2]]| records(&log).into_iter().filter(|record| !ids.iter().any(|ids| holds(record, *ids))).collect::<Vec<_>>().concat();
    let others = [OF_STREAMS[0], OF_STREAMS[1], OF_STREAMS[2]];
    let verdict = |log: &[u8], named: &[&str]| {
        let report = report_on_all(&[("proxy.log", log), ("trace", &calm(&trace, named))]);
        let found = report["incidents"].as_array().unwrap().iter().find(|i| i["rejections"].to_string().contains(own[0])).unwrap().clone();
        found["verdict"].as_str().unwrap().to_owned()
    };
    let of_stream = without(&[others[0], others[1], others[2], OF_CLIENT]);
    let with_client = without(&others);
    assert_eq!(verdict(&of_stream, &[LAST_STREAM]), "mid_stream_fallback");
    assert_eq!(verdict(&with_client, &[LAST_STREAM]), "unknown", "two hops that can be the one");
    assert_eq!(verdict(&of_stream, &[LAST_STREAM, CLIENT]), "unknown", "another request that can have met it");
    assert_eq!(verdict(&of_stream, &[]), "unknown", "no stream that needs it");
}

#[test]
fn a_clients_hop_is_not_blamed_where_a_streams_own_is_lost_or_late() {
    let (capture, trace) = (capture("1.85.0_E_otel_otlp"), trace("1.85.0_E_otel_otlp"));
    let time = |record: &[u8]| {
        let text = String::from_utf8_lossy(record).into_owned();
        text.find(" - LiteLLM").map(|end| text[end - 8..end].to_owned())
    };
    let at = |record: &[u8], to: &str| String::from_utf8_lossy(record).replacen(&time(record).unwrap(), to, 1).into_bytes();
    let later = |time: &str| format!("{}{:02}", &time[..6], time[6..].parse::<u32>().unwrap() + 1);
    let records = records(&capture.log);
    let clients: Vec<&Vec<u8>> = records.iter().filter(|record| holds(record, OF_CLIENT)).collect();
    for own in OF_STREAMS {
        let first = records.iter().position(|record| holds(record, own)).unwrap();
        let then = time(&records[first]).unwrap();
        for is_lost in [true, false] {
            let (mut log, mut late): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
            for (number, record) in records.iter().enumerate() {
                if number == first {
                    log.extend(clients.iter().flat_map(|record| at(record, &then)));
                }
                if holds(record, own) && !is_lost {
                    late.extend(at(record, &later(&then)));
                } else if !holds(record, own) && !holds(record, OF_CLIENT) {
                    if time(record).is_some_and(|time| time > then) {
                        log.append(&mut late);
                    }
                    log.extend(record);
                }
            }
            let score = score(&report_on_all(&[("proxy.log", &log), ("trace", &trace)]), &capture.truth);
            assert_eq!(score.wrong, 0, "{own:?}, lost: {is_lost}: {score:?}");
        }
    }
}
