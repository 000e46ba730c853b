//! The OpenTelemetry SDK's console exporter for Python: one pretty-printed object per span on stdout, among the log's lines.

use std::collections::BTreeMap;

use serde_json::Value;

use super::span::{Span, plain};
use super::{Form, TraceRecord};
use crate::record::Time;
use crate::record::value::{at, has, text};

/// What a span of this form says.
pub(super) fn read(value: &Value) -> Option<Vec<TraceRecord>> {
    span(value).map(|span| span.record(Form::Console))
}

/// The span, if the object is one.
pub(super) fn span(value: &Value) -> Option<Span> {
    if !has(value, &["name", "context", "start_time"]) {
        return None;
    }
    let id = |path: &str| text(value, path).map(|id| id.trim_start_matches("0x").to_owned());
    let time = |key: &str| Time::of_utc_text(&text(value, key)?);
    let events = at(value, "events").and_then(Value::as_array).into_iter().flatten();
    Some(Span {
        trace_id: id("context.trace_id").unwrap_or_default(),
        id: id("context.span_id").unwrap_or_default(),
        parent: id("parent_id"),
        name: text(value, "name").unwrap_or_default(),
        start: time("start_time"),
        end: time("end_time"),
        attributes: attributes(value),
        exceptions: events.filter(|event| text(event, "name").as_deref() == Some("exception")).map(attributes).collect(),
        failed: text(value, "status.status_code").as_deref() == Some("ERROR"),
    })
}

fn attributes(value: &Value) -> BTreeMap<String, String> {
    at(value, "attributes").and_then(Value::as_object).into_iter().flatten().map(|(key, value)| (key.clone(), plain(value))).collect()
}
