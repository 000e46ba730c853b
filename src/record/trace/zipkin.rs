//! Zipkin v2: `tags` as an object of texts, events as annotations whose text is JSON, times in microseconds.

use std::collections::BTreeMap;

use serde_json::Value;

use super::span::{Span, plain};
use super::{Form, TraceRecord};
use crate::knowledge::span;
use crate::record::Time;
use crate::record::value::{at, has, object, text};

/// What a span of this form says.
pub(super) fn read(value: &Value) -> Option<Vec<TraceRecord>> {
    span(value).map(|span| span.record(Form::Zipkin))
}

/// The span, if the object is one.
pub(super) fn span(value: &Value) -> Option<Span> {
    if !has(value, &["traceId", "id", "name", "tags"]) {
        return None;
    }
    let start = at(value, "timestamp").and_then(Value::as_i64);
    let duration = at(value, "duration").and_then(Value::as_i64).unwrap_or_default();
    let attributes = tags(at(value, "tags").unwrap_or(&Value::Null));
    let annotations = at(value, "annotations").and_then(Value::as_array).into_iter().flatten();
    let failed = attributes.contains_key("error") || attributes.get("otel.status_code").is_some_and(|code| code == "ERROR");
    Some(Span {
        trace_id: text(value, "traceId").unwrap_or_default(),
        id: text(value, "id").unwrap_or_default(),
        parent: text(value, "parentId"),
        name: name(&text(value, "name").unwrap_or_default()),
        start: start.and_then(Time::of_micros),
        end: start.and_then(|start| Time::of_micros(start.saturating_add(duration))),
        exceptions: annotations.filter_map(exception).collect(),
        attributes,
        failed,
    })
}

/// Zipkin's own exporters write span names in lower case.
fn name(name: &str) -> String {
    [span::REQUEST, span::FAILED].into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name).to_owned()
}

fn tags(value: &Value) -> BTreeMap<String, String> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), plain(value))).collect()
}

/// An annotation as OpenTelemetry's exporters write an event: `{"exception": {"exception.message": …}}` or `exception: {…}`.
fn exception(annotation: &Value) -> Option<BTreeMap<String, String>> {
    let text = text(annotation, "value")?;
    let body = text.strip_prefix("exception:").or_else(|| text.strip_prefix("\"exception\":")).unwrap_or(&text);
    let parsed: Value = serde_json::from_str(body.trim()).ok()?;
    let inner = object(&parsed, "exception");
    Some(tags(if inner.is_object() { &inner } else { &parsed })).filter(|tags| tags.keys().any(|key| key.starts_with("exception.")))
}
