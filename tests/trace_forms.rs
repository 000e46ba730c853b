//! Every form of a trace but those that were captured, built from what the captures hold: each must tell the same as the
//! capture it was built from.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::format_collect, reason = "short texts, and shorter to read")]

mod common;

use common::spans::{Request, console, jaeger, requests, spans, tempo, zipkin};
use common::{blamed, capture, lines, ndjson, pretty, report_on, report_on_all, told, trace};
use serde_json::{Value, json};

#[test]
fn a_payload_is_the_same_in_every_envelope() {
    let name = "1.85.0_F_generic_api";
    let expected = told(&report_on(&trace(name)));
    assert_eq!(expected.len(), 34);
    let rows = lines(&trace(name));
    let wrapped = |wrap: &dyn Fn(&Value) -> Value| rows.iter().map(wrap).collect::<Vec<Value>>();
    let datadog = wrapped(
        &|row| json!({"ddsource": "litellm", "ddtags": "env:x", "hostname": "h", "message": row.to_string(), "service": "litellm", "status": "info"}),
    );
    let sqs = json!({"Messages": wrapped(&|row| json!({"MessageId": "m", "ReceiptHandle": "r", "Body": row.to_string()}))});
    let callback = wrapped(&|row| json!({"model": "m", "standard_logging_object": row}));
    let forms: [(&str, Vec<u8>); 9] = [
        ("array", serde_json::to_vec(&rows).unwrap()),
        ("pretty array", pretty(&json!(rows))),
        ("arrays, one per POST", rows.chunks(7).map(|posted| format!("{}\n", json!(posted))).collect::<String>().into_bytes()),
        ("objects without newlines", rows.iter().map(Value::to_string).collect::<String>().into_bytes()),
        ("pretty objects", rows.iter().flat_map(pretty).collect()),
        ("Datadog's logger", serde_json::to_vec(&datadog).unwrap()),
        ("Datadog's logger, lines", ndjson(&datadog)),
        ("SQS", pretty(&sqs)),
        ("a custom callback", ndjson(&callback)),
    ];
    for (form, bytes) in forms {
        assert_eq!(told(&report_on(&bytes)), expected, "{form}");
    }
    let names: Vec<String> = (0..rows.len()).map(|n| format!("{n:04}_object")).collect();
    let objects: Vec<Vec<u8>> = rows.iter().map(|row| row.to_string().into_bytes()).collect();
    let sources: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(objects.iter().map(Vec::as_slice)).collect();
    assert_eq!(told(&report_on_all(&sources)), expected, "an object a file");
}

#[test]
fn spans_are_the_same_in_every_exporters_form() {
    let otlp = trace("1.85.0_E_otel_otlp");
    let expected = told(&report_on(&otlp));
    assert_eq!(expected.len(), 28);
    let spans = spans();
    let document =
        json!({"resourceSpans": lines(&otlp).iter().flat_map(|line| line["resourceSpans"].as_array().unwrap().clone()).collect::<Vec<_>>()});
    let forms: [(&str, Vec<u8>); 8] = [
        ("OTLP, one document", serde_json::to_vec(&document).unwrap()),
        ("OTLP, pretty", pretty(&document)),
        ("Jaeger", serde_json::to_vec(&jaeger(&spans)).unwrap()),
        ("Jaeger, pretty", pretty(&jaeger(&spans))),
        ("Zipkin", serde_json::to_vec(&zipkin(&spans)).unwrap()),
        ("Zipkin, traces", serde_json::to_vec(&json!([zipkin(&spans)])).unwrap()),
        ("Tempo", serde_json::to_vec(&tempo(&spans)).unwrap()),
        ("console", spans.iter().map(console).collect::<String>().into_bytes()),
    ];
    for (form, bytes) in forms {
        assert_eq!(told(&report_on(&bytes)), expected, "{form}");
    }
}

fn spend_rows() -> Vec<Value> {
    let row = |r: &Request| {
        let information = json!({"error_code": "400", "error_class": "BadRequestError", "error_message": r.error, "traceback": ""});
        json!({
            "request_id": r.call_id, "call_type": "acompletion", "api_key": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b", "spend": 0.0,
            "startTime": r.start, "endTime": r.end, "model": "x", "model_group": "y", "user": "", "team_id": "team-7", "end_user": "", "messages": {},
            "metadata": {"status": "failure", "user_api_key_alias": "prod-app", "error_information": information},
            "proxy_server_request": {"model": "asked-for", "messages": r.messages}, "status": "failure",
        })
    };
    requests().iter().map(row).collect()
}

/// A row's cells as texts, as a table has them.
fn cells(row: &Value) -> Vec<String> {
    row.as_object().unwrap().values().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect()
}

#[test]
fn spend_logs_are_the_same_from_api_table_and_dump() {
    let otlp = blamed(&report_on(&trace("1.85.0_E_otel_otlp")));
    let rows = spend_rows();
    let names: Vec<&str> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(&names).unwrap();
    for row in &rows {
        csv.write_record(cells(row)).unwrap();
    }
    let escaped = |cell: &String| cell.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
    let copied: String = rows.iter().map(|row| cells(row).iter().map(escaped).collect::<Vec<_>>().join("\t") + "\n").collect();
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let dump = format!(
        "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n\nCOPY public.\"LiteLLM_SpendLogs\" ({}) FROM stdin;\n{copied}\\.\n\n",
        quoted.join(", ")
    );
    let texts: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut row = row.clone();
            row["metadata"] = row["metadata"].to_string().into();
            row
        })
        .collect();
    let forms: [(&str, Vec<u8>); 5] = [
        ("API, array", pretty(&json!(rows))),
        ("API, pages", serde_json::to_vec(&json!({"data": rows, "total": rows.len(), "page": 1})).unwrap()),
        ("API, metadata as text", ndjson(&texts)),
        ("CSV", csv.into_inner().unwrap()),
        ("pg_dump", dump.into_bytes()),
    ];
    for (form, bytes) in forms {
        let report = report_on(&bytes);
        assert_eq!(report["summary"]["requests"], rows.len(), "{form}");
        assert_eq!(report["summary"]["by_team"], json!({"team-7": rows.len()}), "{form}");
        assert_eq!(report["summary"]["by_key"], json!({"prod-app": rows.len()}), "{form}");
        assert!(report["incidents"].as_array().unwrap().iter().all(|i| i["requested_model"] == "asked-for" && i["call_id"].is_string()), "{form}");
        for (ids, told) in blamed(&report) {
            assert_eq!(Some(&told), otlp.get(&ids), "{form}");
        }
    }
}

/// Python's repr of a text.
fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace(quote, &format!("\\{quote}"));
    format!("{quote}{escaped}{quote}")
}

#[test]
fn what_clients_saw_tells_the_same() {
    let otlp = blamed(&report_on(&trace("1.85.0_E_otel_otlp")));
    let (broken, refused): (Vec<Request>, Vec<Request>) =
        requests().into_iter().partition(|request| request.error.starts_with("litellm.MidStreamFallbackError"));
    // A client's own prefill beside a broken stream is not to be seen in the error.
    let ends_with_user = |request: &Request| request.messages.as_array().unwrap().last().unwrap()["role"] == "user";
    let broken: Vec<Request> = broken.into_iter().filter(ends_with_user).collect();
    // A provider's bare body may be an upstream answer to a proxy.
    let refused: Vec<Request> = refused.into_iter().filter(|request| request.error.starts_with("litellm.")).collect();
    assert!(broken.len() > 10 && refused.len() > 3);
    let frames: String = broken
        .iter()
        .map(|r| {
            format!(
                "data: {{\"choices\":[{{\"delta\":{{\"content\":\"x\"}}}}]}}\n\ndata: {}\n\n",
                json!({"error": {"message": r.error, "type": null, "param": null, "code": "503"}})
            )
        })
        .collect();
    let bodies: String = broken.iter().map(|r| json!({"error": {"message": r.error, "type": null, "code": "503"}}).to_string() + "\n").collect();
    let logged = |r: &Request| {
        format!("2026-03-04 20:23:03,565 ERROR app: Error code: 400 - {{'error': {{'message': {}, 'type': None, 'code': '400'}}}}\n", repr(&r.error))
    };
    let application: String = format!("2026-03-04 20:23:03,000 INFO app: started\n{}", refused.iter().map(logged).collect::<String>());
    for (form, text, count) in [("frames", frames, broken.len()), ("bodies", bodies, broken.len()), ("repr", application, refused.len())] {
        let told = blamed(&report_on(text.as_bytes()));
        assert_eq!(told.len(), count, "{form}");
        for (ids, told) in told {
            assert_eq!(Some(&told), otlp.get(&ids), "{form}");
        }
    }
}

#[test]
fn langfuse_export_and_spans_on_stdout_are_read() {
    let ingestion = trace("1.85.7_G_langfuse");
    let expected = blamed(&report_on(&ingestion));
    let generations =
        lines(&ingestion).into_iter().flat_map(|line| line["batch"].as_array().unwrap().clone()).filter(|event| event["type"] == "generation-create");
    let bodies: Vec<Value> = generations.map(|event| event["body"].clone()).collect();
    let snake = |body: &Value| {
        let renamed = [
            ("traceId", "trace_id"),
            ("statusMessage", "status_message"),
            ("startTime", "start_time"),
            ("endTime", "end_time"),
            ("completionStartTime", "completion_start_time"),
        ];
        let rename = |key: &str| renamed.iter().find(|(camel, _)| *camel == key).map_or(key, |(_, snake)| snake).to_owned();
        let mut row: serde_json::Map<String, Value> = body.as_object().unwrap().iter().map(|(key, value)| (rename(key), value.clone())).collect();
        row.entry("status_message").or_insert(Value::Null);
        Value::Object(row)
    };
    let blobs: Vec<Value> = bodies.iter().map(snake).collect();
    for (form, bytes) in
        [("API", pretty(&json!({"data": bodies, "meta": {"page": 1}}))), ("export", serde_json::to_vec(&bodies).unwrap()), ("blobs", ndjson(&blobs))]
    {
        assert_eq!(blamed(&report_on(&bytes)), expected, "{form}");
    }
    // Spans that the console exporter writes between the log's records do not tear them, and join them.
    let log = String::from_utf8(capture("1.85.0_E_otel_otlp").log).unwrap();
    let alone = blamed(&report_on(log.as_bytes()));
    let mut spans = spans().into_iter();
    let mut mixed = String::new();
    for line in log.split_inclusive('\n') {
        if line.contains(" - LiteLLM")
            && let Some(span) = spans.next()
        {
            mixed.push_str(&console(&span));
        }
        mixed.push_str(line);
    }
    spans.for_each(|span| mixed.push_str(&console(&span)));
    let report = report_on(mixed.as_bytes());
    assert_eq!(report["inputs"][0]["shape"], "mixed");
    let told = blamed(&report);
    assert_eq!(told.keys().collect::<Vec<_>>(), alone.keys().collect::<Vec<_>>());
    assert!(told.iter().all(|(ids, told)| alone[ids] == *told || alone[ids][0] == "unknown"), "{told:#?}");
    assert!(report["incidents"].as_array().unwrap().iter().filter(|i| i["trace_id"].is_string()).count() >= 20);
}
