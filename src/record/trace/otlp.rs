//! OTLP's JSON form, as the collector's file exporter and Tempo write it. Ids are hex, or base64 where a generic protobuf
//! printer wrote them.

use std::collections::BTreeMap;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;

use super::span::{Span, plain};
use super::{Form, TraceRecord};
use crate::record::Time;
use crate::record::value::{at, has, text};

/// What a span of this form says.
pub(super) fn read(value: &Value) -> Option<Vec<TraceRecord>> {
    span(value).map(|span| span.record(Form::Otlp))
}

/// The span, if the object is one.
pub(super) fn span(value: &Value) -> Option<Span> {
    if !has(value, &["traceId", "spanId", "name"]) {
        return None;
    }
    let nanos = |key: &str| Time::of_micros(text(value, key)?.parse::<i64>().ok()? / 1000);
    let code = at(value, "status.code").map(plain).unwrap_or_default();
    let events = at(value, "events").and_then(Value::as_array).into_iter().flatten();
    Some(Span {
        trace_id: id(value, "traceId").unwrap_or_default(),
        id: id(value, "spanId").unwrap_or_default(),
        parent: id(value, "parentSpanId"),
        name: text(value, "name").unwrap_or_default(),
        start: nanos("startTimeUnixNano"),
        end: nanos("endTimeUnixNano"),
        attributes: attributes(value),
        exceptions: events.filter(|event| text(event, "name").as_deref() == Some("exception")).map(attributes).collect(),
        failed: matches!(code.as_str(), "2" | "STATUS_CODE_ERROR"),
    })
}

fn attributes(value: &Value) -> BTreeMap<String, String> {
    let list = at(value, "attributes").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|pair| Some((text(pair, "key")?, pair.get("value")?.as_object()?.values().next().map(plain)?))).collect()
}

/// An id in hex. 16 or 8 bytes are 32 or 16 hex digits, or 24 or 12 characters of base64.
fn id(value: &Value, key: &str) -> Option<String> {
    let text = text(value, key)?;
    let bytes = if matches!(text.len(), 24 | 12) { BASE64.decode(text.as_bytes()).ok() } else { None };
    Some(bytes.map_or_else(|| text.to_ascii_lowercase(), |bytes| HEXLOWER.encode(&bytes)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_one_whatever_their_writing() {
        for written in ["df6628eceee6e1b2acd928b6ebf6abfb", "DF6628ECEEE6E1B2ACD928B6EBF6ABFB", "32Yo7O7m4bKs2Si26/ar+w=="] {
            assert_eq!(id(&json!({"traceId": written}), "traceId").as_deref(), Some("df6628eceee6e1b2acd928b6ebf6abfb"));
        }
    }
}
