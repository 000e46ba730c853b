//! LiteLLM's `StandardLoggingPayload`: one object per attempt, from every logger that writes it (S3, GCS, Azure, generic API,
//! SQS, Datadog, custom callbacks). Source: LiteLLM 1.74–1.109.
//!
//! Its traps: a chat row of a broken stream names the *fallback's* model and group (≤1.96); `messages` are the client's own,
//! never LiteLLM's continuation; times are seconds since 1970.

use serde_json::Value;

use super::json::{at, has, instant, object, text};
use super::{About, Caller, Form, LastMessage, TraceRecord};
use crate::knowledge::route;

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
    let of_proxy = text(&metadata, "user_api_key_request_route").or_else(|| text(&metadata, "user_api_key_hash")).is_some();
    let (start, first) = (instant(value, "startTime"), instant(value, "completionStartTime"));
    let negative = at(value, "response_time").and_then(Value::as_f64).map(|seconds| seconds < 0.0);
    let begun_before = start.zip(first).map(|(start, first)| first.since_epoch() < start.since_epoch());
    Some(vec![TraceRecord {
        // Failed attempts of the proxy have the call id as `id`; the SDK's Router gives each attempt its own.
        call_id: text(value, "litellm_call_id").or_else(|| text(value, "id")),
        request: text(value, "trace_id").filter(|_| !of_proxy),
        trace_id: text(value, "trace_id"),
        end: instant(value, "endTime"),
        answer_had_begun: negative.or(begun_before),
        error: text(value, "error_str").or_else(|| text(&information, "error_message")).unwrap_or_default(),
        class: text(&information, "error_class"),
        traceback: text(&information, "traceback").unwrap_or_default(),
        route: route::of_call_type(&call_type).or_else(|| route::of_path(&text(&metadata, "user_api_key_request_route")?)),
        last_message: LastMessage::of(at(value, "messages").unwrap_or(&Value::Null)),
        model: text(value, "model"),
        model_group: text(value, "model_group"),
        provider: text(value, "custom_llm_provider").or_else(|| text(&information, "llm_provider")),
        caller: Caller { end_user: text(value, "end_user"), ..Caller::of(|key| text(&metadata, key)) },
        version: text(&metadata, "litellm_api_version"),
        start,
        ..TraceRecord::new(Form::Payload, About::Attempt)
    }])
}

/// The call ids in rows that are not parsed, each with the offset of its line.
pub fn calls_in(rows: &[u8]) -> impl Iterator<Item = (usize, &str)> {
    const KEY: &[u8] = b"\"litellm_call_id";
    memchr::memmem::find_iter(rows, KEY).filter_map(|at| {
        let rest = rows[at + KEY.len()..].trim_ascii_start();
        let start = rest.iter().position(|b| !matches!(b, b'\\' | b'"' | b':' | b' '))?;
        let length = rest[start..].iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')))?;
        let line = memchr::memrchr(b'\n', &rows[..at]).map_or(0, |newline| newline + 1);
        Some((line, std::str::from_utf8(&rest[start..start + length]).ok().filter(|id| !id.is_empty())?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_ids_are_found_without_parsing() {
        let rows = b"{\"id\": \"x\", \"litellm_call_id\": \"4db1d73a-52e6\"}\n{\"litellm_call_id\":null}\n{\"message\": \"{\\\"litellm_call_id\\\": \\\"two\\\"}\"}\n";
        let second = rows.iter().position(|b| *b == b'\n').unwrap() + 1;
        assert_eq!(calls_in(rows).collect::<Vec<_>>(), [(0, "4db1d73a-52e6"), (second, "null"), (second + 25, "two")]);
    }
}
