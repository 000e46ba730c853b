//! The spans of the OTLP capture, written again in every other exporter's form, and the clients' requests they tell of.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{lines, trace};

/// A span of an OTLP file, with its attributes as a map.
pub struct Span {
    pub json: Value,
    pub attributes: BTreeMap<String, Value>,
    pub events: Vec<(String, BTreeMap<String, Value>)>,
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

pub fn attributes(value: &Value) -> BTreeMap<String, Value> {
    let list = value["attributes"].as_array().into_iter().flatten();
    list.map(|pair| (pair["key"].as_str().unwrap().to_owned(), pair["value"].as_object().unwrap().values().next().cloned().unwrap_or_default()))
        .collect()
}

pub fn spans() -> Vec<Span> {
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

pub fn fields(map: &BTreeMap<String, Value>) -> Vec<Value> {
    map.iter().map(|(key, value)| json!({"key": key, "type": "string", "value": value})).collect()
}

pub fn jaeger(spans: &[Span]) -> Value {
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

pub fn zipkin(spans: &[Span]) -> Value {
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
pub fn tempo(spans: &[Span]) -> Value {
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
pub fn console(span: &Span) -> String {
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

/// A client's request as the proxy's failure span and its sibling tell it.
pub struct Request {
    pub call_id: Value,
    pub error: String,
    pub messages: Value,
    pub start: String,
    pub end: String,
}

/// The requests that failed for their clients with a rejection in the error.
pub fn requests() -> Vec<Request> {
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
