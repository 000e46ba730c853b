//! Langfuse: LiteLLM's ingestion events, and generations as Langfuse's API, JSON export and tables give them. LiteLLM writes one
//! generation per attempt. A trace is one client request, unless the client names its traces itself: then the messages tell requests apart.
//! Source: LiteLLM 1.85.7; the export's keys from Langfuse's API reference.

use serde_json::Value;

use super::{About, Caller, Form, LastMessage, TraceRecord, messages};
use crate::knowledge::route;
use crate::record::value::{at, has, instant, object, text};

pub(super) fn read(value: &Value) -> Option<Vec<TraceRecord>> {
    if has(value, &["type", "body"]) {
        let kind = text(value, "type")?;
        if !(kind.ends_with("-create") || kind.ends_with("-update")) {
            return None;
        }
        let observed = !(kind.starts_with("trace") || kind.starts_with("score"));
        return Some(if observed { generation(&value["body"]) } else { Vec::new() });
    }
    let exported = (has(value, &["traceId"]) && has(value, &["statusMessage"])) || (has(value, &["trace_id"]) && has(value, &["status_message"]));
    exported.then(|| generation(value))
}

fn generation(body: &Value) -> Vec<TraceRecord> {
    let either = |camel: &str, snake: &str| text(body, camel).or_else(|| text(body, snake));
    let time = |camel: &str, snake: &str| instant(body, camel).or_else(|| instant(body, snake));
    let level = text(body, "level").unwrap_or_default();
    let Some(error) = either("statusMessage", "status_message").filter(|_| level != "DEFAULT" && level != "DEBUG") else { return Vec::new() };
    let Some(trace) = either("traceId", "trace_id") else { return Vec::new() };
    let metadata = object(body, "metadata");
    let input = object(body, "input");
    let messages = at(&input, "messages").unwrap_or(&input);
    let (start, first) = (time("startTime", "start_time"), time("completionStartTime", "completion_start_time"));
    let call_type = text(body, "name").unwrap_or_default();
    vec![TraceRecord {
        request: Some(messages::request_in(&trace, messages)),
        trace_id: Some(trace),
        call_id: text(&metadata, "litellm_call_id"),
        end: time("endTime", "end_time"),
        answer_had_begun: start.zip(first).map(|(start, first)| first.since_epoch() < start.since_epoch()),
        error,
        route: route::of_call_type(call_type.trim_start_matches("litellm-"))
            .or_else(|| route::of_path(&text(&metadata, "user_api_key_request_route")?)),
        last_message: LastMessage::of(messages),
        model: text(&metadata, "deployment").or_else(|| text(body, "model")),
        model_group: text(&metadata, "model_group"),
        caller: Caller::of(|key| text(&metadata, key)),
        version: text(&metadata, "litellm_api_version"),
        start,
        ..TraceRecord::new(Form::Langfuse, About::Attempt)
    }]
}
