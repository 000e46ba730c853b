//! Traces, payloads and databases: real captures held against their truth, alone and with their log, and every other form
//! built from what those captures hold.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::format_collect, reason = "short texts, and shorter to read")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{capture, report_on, report_on_all, score, trace, visible};
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

/// What two forms of the same records must agree on: per incident its verdict, failed group, kind, call and rejections.
fn told(report: &Value) -> Vec<Value> {
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

fn lines(bytes: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ndjson(rows: &[Value]) -> Vec<u8> {
    rows.iter().map(|row| format!("{row}\n")).collect::<String>().into_bytes()
}

fn pretty(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap()
}

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

/// A span of an OTLP file, with its attributes as a map.
struct Span {
    json: Value,
    attributes: BTreeMap<String, Value>,
    events: Vec<(String, BTreeMap<String, Value>)>,
}

impl Span {
    fn text(&self, key: &str) -> String {
        self.json[key].as_str().unwrap_or_default().to_owned()
    }

    fn nanos(&self, key: &str) -> u64 {
        self.text(key).parse().unwrap()
    }

    fn failed(&self) -> bool {
        self.json["status"]["code"] == 2
    }

    fn iso(&self, key: &str) -> String {
        let nanos = self.nanos(key);
        let second = format!("{:02}:{:02}:{:02}", nanos / 3_600_000_000_000 % 24, nanos / 60_000_000_000 % 60, nanos / 1_000_000_000 % 60);
        format!("2026-11-22T{second}.{:06}Z", nanos / 1_000 % 1_000_000)
    }
}

fn attributes(value: &Value) -> BTreeMap<String, Value> {
    let list = value["attributes"].as_array().into_iter().flatten();
    list.map(|pair| (pair["key"].as_str().unwrap().to_owned(), pair["value"].as_object().unwrap().values().next().cloned().unwrap_or_default()))
        .collect()
}

fn spans() -> Vec<Span> {
    let mut found = Vec::new();
    for line in lines(&trace("1.85.0_E_otel_otlp")) {
        for span in line["resourceSpans"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|r| r["scopeSpans"].as_array().unwrap())
            .flat_map(|s| s["spans"].as_array().unwrap())
        {
            let events = span["events"].as_array().into_iter().flatten().map(|e| (e["name"].as_str().unwrap().to_owned(), attributes(e))).collect();
            found.push(Span { json: span.clone(), attributes: attributes(span), events });
        }
    }
    found
}

fn fields(map: &BTreeMap<String, Value>) -> Vec<Value> {
    map.iter().map(|(key, value)| json!({"key": key, "type": "string", "value": value})).collect()
}

fn jaeger(spans: &[Span]) -> Value {
    let one = |span: &Span| {
        let mut tags = fields(&span.attributes);
        if span.failed() {
            tags.extend([
                json!({"key": "otel.status_code", "type": "string", "value": "ERROR"}),
                json!({"key": "error", "type": "bool", "value": true}),
            ]);
        }
        let logs: Vec<Value> = span
            .events
            .iter()
            .map(|(name, map)| {
                let fields: Vec<Value> = std::iter::once(json!({"key": "event", "value": name})).chain(fields(map)).collect();
                json!({"timestamp": 1, "fields": fields})
            })
            .collect();
        let start = span.nanos("startTimeUnixNano") / 1000;
        let parent: Vec<Value> = span.json["parentSpanId"]
            .as_str()
            .map(|id| json!({"refType": "CHILD_OF", "traceID": span.text("traceId"), "spanID": id}))
            .into_iter()
            .collect();
        json!({"traceID": span.text("traceId"), "spanID": span.text("spanId"), "operationName": span.text("name"), "references": parent, "startTime": start,
               "duration": span.nanos("endTimeUnixNano") / 1000 - start, "tags": tags, "logs": logs, "processID": "p1"})
    };
    let mut traces: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for span in spans {
        traces.entry(span.text("traceId")).or_default().push(one(span));
    }
    let data: Vec<Value> = traces
        .into_iter()
        .map(|(id, spans)| json!({"traceID": id, "spans": spans, "processes": {"p1": {"serviceName": "litellm"}}, "warnings": null}))
        .collect();
    json!({"data": data, "total": 0, "limit": 0, "offset": 0, "errors": null})
}

fn zipkin(spans: &[Span]) -> Value {
    let one = |span: &Span| {
        let mut tags: BTreeMap<String, String> =
            span.attributes.iter().map(|(k, v)| (k.clone(), v.as_str().map_or_else(|| v.to_string(), str::to_owned))).collect();
        if span.failed() {
            tags.insert("otel.status_code".into(), "ERROR".into());
            tags.insert("error".into(), String::new());
        }
        let start = span.nanos("startTimeUnixNano") / 1000;
        let annotations: Vec<Value> =
            span.events.iter().map(|(name, map)| json!({"timestamp": start, "value": json!({name: map}).to_string()})).collect();
        json!({"traceId": span.text("traceId"), "id": span.text("spanId"), "parentId": span.json["parentSpanId"], "name": span.text("name").to_lowercase(), "timestamp": start,
               "duration": span.nanos("endTimeUnixNano") / 1000 - start, "localEndpoint": {"serviceName": "litellm"}, "tags": tags, "annotations": annotations})
    };
    Value::Array(spans.iter().map(one).collect())
}

/// Tempo's API: ids in base64.
fn tempo(spans: &[Span]) -> Value {
    let base64 = |hex: &str| data_encoding::BASE64.encode(&data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap());
    let one = |span: &Span| {
        let mut json = span.json.clone();
        for key in ["traceId", "spanId", "parentSpanId"] {
            if let Some(id) = span.json[key].as_str().filter(|id| !id.is_empty()) {
                json[key] = base64(id).into();
            }
        }
        if span.failed() {
            json["status"]["code"] = "STATUS_CODE_ERROR".into();
        }
        json
    };
    json!({"batches": [{"resource": {"attributes": []}, "instrumentationLibrarySpans": [{"spans": spans.iter().map(one).collect::<Vec<_>>()}]}]})
}

/// The Python SDK's console exporter: one object after the other, over many lines.
fn console(span: &Span) -> String {
    let events: Vec<Value> = span.events.iter().map(|(name, map)| json!({"name": name, "timestamp": "x", "attributes": map})).collect();
    let context = json!({"trace_id": format!("0x{}", span.text("traceId")), "span_id": format!("0x{}", span.text("spanId")), "trace_state": "[]"});
    let parts = [
        ("name", json!(span.text("name"))),
        ("context", context),
        ("kind", json!("SpanKind.INTERNAL")),
        ("parent_id", json!(span.json["parentSpanId"].as_str().map(|id| format!("0x{id}")))),
        ("start_time", json!(span.iso("startTimeUnixNano"))),
        ("end_time", json!(span.iso("endTimeUnixNano"))),
        ("status", json!({"status_code": if span.failed() { "ERROR" } else { "OK" }})),
        ("attributes", json!(span.attributes)),
        ("events", json!(events)),
    ];
    let parts: Vec<String> = parts.iter().map(|(key, value)| format!("    \"{key}\": {value}")).collect();
    format!("{{\n{}\n}}\n", parts.join(",\n"))
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

/// A client's request as the proxy's failure span and its sibling tell it.
struct Request {
    call_id: Value,
    error: String,
    messages: Value,
    start: String,
    end: String,
}

/// The requests that failed for their clients with a rejection in the error.
fn requests() -> Vec<Request> {
    let spans = spans();
    let failed = spans.iter().filter(|span| span.text("name") == "Failed Proxy Server Request");
    let with_sibling = failed.filter_map(|span| {
        let sibling = spans.iter().find(|s| s.text("name") == "litellm_request" && s.json["parentSpanId"] == span.json["parentSpanId"])?;
        let asked: Vec<Value> = serde_json::from_str(sibling.attributes.get("gen_ai.input.messages")?.as_str()?).unwrap();
        let messages = asked.iter().map(|m| json!({"role": m["role"], "content": m["parts"][0]["content"]})).collect();
        let error = span.attributes["exception"].as_str()?.to_owned();
        let times = (sibling.iso("startTimeUnixNano"), span.iso("endTimeUnixNano"));
        Some(Request { call_id: sibling.attributes["litellm.call_id"].clone(), error, messages, start: times.0, end: times.1 })
    });
    with_sibling.filter(|request| request.error.contains("does not support assistant message prefill")).collect()
}

/// What forms without times agree on: verdict, failed group, kind, targets and rejections, by the rejections' ids.
fn blamed(report: &Value) -> BTreeMap<String, Value> {
    let keyed = |i: &Value| {
        let ids: Vec<&str> = i["rejections"].as_array().unwrap().iter().map(|r| r["request_id"].as_str().unwrap()).collect();
        let failure = &i["stream_failure"];
        (ids.join(" "), json!([i["verdict"], failure["model_group"], failure["kind"], i["outcome"]]))
    };
    report["incidents"].as_array().unwrap().iter().map(keyed).collect()
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
