//! Jaeger's query API (`/api/traces`) and its UI's download: `tags` and `logs` as lists of typed fields, times in microseconds.

use std::collections::BTreeMap;

use serde_json::Value;

use super::span::{Span, plain};
use super::{Form, TraceRecord};
use crate::record::Time;
use crate::record::value::{at, has, text};

/// What a span of this form says.
pub(super) fn read(value: &Value) -> Option<Vec<TraceRecord>> {
    span(value).map(|span| span.record(Form::Jaeger))
}

/// The span, if the object is one.
pub(super) fn span(value: &Value) -> Option<Span> {
    if !has(value, &["traceID", "spanID", "operationName"]) {
        return None;
    }
    let start = at(value, "startTime").and_then(Value::as_i64);
    let duration = at(value, "duration").and_then(Value::as_i64).unwrap_or_default();
    let attributes = fields(at(value, "tags"));
    let references = at(value, "references").and_then(Value::as_array).into_iter().flatten();
    let logs = at(value, "logs").and_then(Value::as_array).into_iter().flatten().map(|log| fields(log.get("fields")));
    let failed =
        attributes.get("otel.status_code").is_some_and(|code| code == "ERROR") || attributes.get("error").is_some_and(|error| error == "true");
    Some(Span {
        trace_id: text(value, "traceID").unwrap_or_default(),
        id: text(value, "spanID").unwrap_or_default(),
        parent: references.filter(|r| text(r, "refType").as_deref() == Some("CHILD_OF")).find_map(|r| text(r, "spanID")),
        name: text(value, "operationName").unwrap_or_default(),
        start: start.and_then(Time::of_micros),
        end: start.and_then(|start| Time::of_micros(start.saturating_add(duration))),
        exceptions: logs.filter(|log| log.get("event").is_some_and(|event| event == "exception")).collect(),
        attributes,
        failed,
    })
}

fn fields(list: Option<&Value>) -> BTreeMap<String, String> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(|field| Some((text(field, "key")?, plain(field.get("value")?)))).collect()
}
