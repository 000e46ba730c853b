//! A span, whatever its exporter calls its parts, and what LiteLLM's OpenTelemetry logger puts into it.
//! Source: LiteLLM 1.77.7–1.104.9, its attributes by their old names (`llm.*`, `metadata.*`) and the newer (`litellm.*`, `gen_ai.*`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{About, Caller, Form, LastMessage, TraceRecord};
use crate::knowledge::route;
use crate::record::Time;

/// A span as all exporters have it.
#[derive(Debug, Default)]
pub(super) struct Span {
    pub(super) trace_id: String,
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) name: String,
    pub(super) start: Option<Time>,
    pub(super) end: Option<Time>,
    pub(super) attributes: BTreeMap<String, String>,
    /// Attributes of its `exception` events.
    pub(super) exceptions: Vec<BTreeMap<String, String>>,
    pub(super) failed: bool,
}

/// The span that stands for a client's request, and the one that tells how it failed.
const REQUEST: &str = "Received Proxy Server Request";
const FAILED: &str = "Failed Proxy Server Request";
/// The span of a request's first failure, or (≤1.80) of each attempt.
const ATTEMPT: &str = "litellm_request";

impl Span {
    /// What a span of LiteLLM's says of a failure; nothing if it is none of LiteLLM's, or did not fail.
    pub(super) fn record(self, form: Form) -> Vec<TraceRecord> {
        let get = |key: &str| self.attributes.get(key).filter(|value| !value.is_empty() && *value != "None").cloned();
        let about = match self.name.as_str() {
            REQUEST | FAILED => About::Request,
            ATTEMPT => About::Attempt,
            _ => return Vec::new(),
        };
        let exception = |key: &str| self.exceptions.iter().find_map(|e| e.get(key).filter(|v| !v.is_empty()).cloned());
        let error = get("error.message")
            .or_else(|| get("exception"))
            .or_else(|| get("litellm.provider.error.message"))
            .or_else(|| exception("exception.message"));
        if !self.failed && error.is_none() {
            return Vec::new();
        }
        let messages = get("gen_ai.input.messages").map_or_else(|| last_of_indexed(&self.attributes), |text| LastMessage::of(&Value::String(text)));
        let own = if self.name == REQUEST { Some(&self.id) } else { self.parent.as_ref() };
        let call_type = get("llm.request.type").or_else(|| get("gen_ai.operation.name")).unwrap_or_default();
        // `gen_ai.response.id` is the call id where the attempt failed.
        let call_id = get("litellm.call_id").or_else(|| get("gen_ai.response.id").filter(|_| about == About::Attempt && self.failed));
        vec![TraceRecord {
            call_id,
            request: own.map(|id| format!("{}/{id}", self.trace_id)),
            start: self.start,
            end: self.end,
            class: get("error.type").or_else(|| exception("exception.type")).map(|class| class.rsplit('.').next().unwrap_or_default().to_owned()),
            traceback: get("error.stack_trace").into_iter().chain(exception("exception.stacktrace")).collect::<Vec<_>>().join("\n"),
            route: route::of_call_type(&call_type).or_else(|| route::of_path(&get("metadata.user_api_key_request_route")?)),
            last_message: messages,
            model: get("litellm.provider.model").or_else(|| get("gen_ai.request.model")),
            model_group: get("litellm.model_group"),
            provider: get("gen_ai.system").or_else(|| get("gen_ai.provider.name")),
            caller: Caller::of(|key| get(&format!("metadata.{key}"))),
            version: get("litellm.version").or_else(|| get("metadata.litellm_api_version")),
            error: error.unwrap_or_default(),
            trace_id: Some(self.trace_id.clone()),
            ..TraceRecord::new(form, about)
        }]
    }
}

/// The last message where each has attributes of its own: `gen_ai.prompt.N.role` (≤1.80.11).
fn last_of_indexed(attributes: &BTreeMap<String, String>) -> LastMessage {
    let numbered = |key: &str, end: &str| key.strip_prefix("gen_ai.prompt.")?.strip_suffix(end)?.parse::<u32>().ok();
    let messages: BTreeMap<u32, Value> = attributes
        .iter()
        .filter_map(|(key, role)| {
            let number = numbered(key, ".role")?;
            let content = attributes.get(&format!("gen_ai.prompt.{number}.content"));
            Some((number, serde_json::json!({"role": role, "content": content})))
        })
        .collect();
    LastMessage::of(&Value::Array(messages.into_values().collect()))
}

/// A value of any type as text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
