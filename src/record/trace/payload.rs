//! LiteLLM's `StandardLoggingPayload`: one object per attempt, from every logger that writes it (S3, GCS, Azure, generic API,
//! SQS, Datadog, custom callbacks). Source: LiteLLM 1.74–1.109.
//!
//! Its traps: a chat row of a broken stream names the *fallback's* model and group (≤1.96); `messages` are the client's own,
//! never LiteLLM's continuation; times are seconds since 1970.

use serde_json::Value;

use super::{About, Caller, Form, LastMessage, TraceRecord, messages};
use crate::knowledge::route;
use crate::needle::Needle;
use crate::record::Time;
use crate::record::value::{at, has, instant, object, text};

static CALL_ID: Needle = Needle::new("\"litellm_call_id");
static END_TIME: Needle = Needle::new("\"endTime");

/// Reads a payload of a failed attempt; those of successful ones say nothing of a failure.
pub(super) fn read(value: &Value) -> Option<Vec<TraceRecord>> {
    if !(has(value, &["call_type", "model_group"]) && (has(value, &["error_str"]) || has(value, &["error_information"]))) {
        return None;
    }
    if text(value, "status").as_deref() == Some("success") {
        return Some(Vec::new());
    }
    let metadata = object(value, "metadata");
    let information = object(value, "error_information");
    let call_type = text(value, "call_type").unwrap_or_default();
    let messages = at(value, "messages").unwrap_or(&Value::Null);
    let of_proxy = text(&metadata, "user_api_key_request_route").or_else(|| text(&metadata, "user_api_key_hash")).is_some();
    let (start, first) = (instant(value, "startTime"), instant(value, "completionStartTime"));
    let negative = at(value, "response_time").and_then(Value::as_f64).map(|seconds| seconds < 0.0);
    let begun_before = start.zip(first).map(|(start, first)| first.since_epoch() < start.since_epoch());
    Some(vec![TraceRecord {
        // Failed attempts of the proxy have the call id as `id`; the SDK's Router gives each attempt its own.
        call_id: text(value, "litellm_call_id").or_else(|| text(value, "id")),
        request: text(value, "trace_id").filter(|_| !of_proxy).map(|trace| messages::request_in(&trace, messages)),
        trace_id: text(value, "trace_id"),
        end: instant(value, "endTime"),
        answer_had_begun: negative.or(begun_before),
        error: text(value, "error_str").or_else(|| text(&information, "error_message")).unwrap_or_default(),
        class: text(&information, "error_class"),
        traceback: text(&information, "traceback").unwrap_or_default(),
        route: route::of_call_type(&call_type).or_else(|| route::of_path(&text(&metadata, "user_api_key_request_route")?)),
        last_message: LastMessage::of(messages),
        model: text(value, "model"),
        model_group: text(value, "model_group"),
        provider: text(value, "custom_llm_provider").or_else(|| text(&information, "llm_provider")),
        caller: Caller { end_user: text(value, "end_user"), ..Caller::of(|key| text(&metadata, key)) },
        version: text(&metadata, "litellm_api_version"),
        start,
        ..TraceRecord::new(Form::Payload, About::Attempt)
    }])
}

/// The call id of a row, without parsing it.
pub(super) fn call_id(row: &[u8]) -> Option<&str> {
    let at = CALL_ID.find(row)?;
    let rest = &row[at + "\"litellm_call_id".len()..];
    let start = rest.iter().position(|b| !matches!(b, b'\\' | b'"' | b':' | b' '))?;
    let length = rest[start..].iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')))?;
    std::str::from_utf8(&rest[start..start + length]).ok().filter(|id| !id.is_empty() && *id != "null")
}

/// When a row's attempt ended, without parsing it.
pub(super) fn end(row: &[u8]) -> Option<Time> {
    let rest = &row[END_TIME.find(row)? + "\"endTime".len()..];
    let start = rest.iter().position(u8::is_ascii_digit).filter(|start| *start < 8)?;
    let length = rest[start..].iter().position(|b| !(b.is_ascii_digit() || *b == b'.'))?;
    Time::of_seconds(std::str::from_utf8(&rest[start..start + length]).ok()?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_ids_are_found_without_parsing() {
        let cases: [(&[u8], Option<&str>); 3] = [
            (b"{\"id\": \"x\", \"litellm_call_id\": \"4db1d73a-52e6\"}", Some("4db1d73a-52e6")),
            (b"{\"litellm_call_id\":null}", None),
            (b"{\"message\": \"{\\\"litellm_call_id\\\": \\\"two\\\"}\"}", Some("two")),
        ];
        for (row, expected) in cases {
            assert_eq!(call_id(row), expected);
        }
    }
}
