//! A span, whatever its exporter calls its parts, and what LiteLLM's OpenTelemetry logger puts into it.
//! Names of spans and attributes: [`crate::knowledge::span`].

use std::collections::BTreeMap;

use serde_json::Value;

use super::{About, Caller, Form, LastMessage, Served, TraceRecord};
use crate::knowledge::{route, span};
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

impl Span {
    /// What a span of LiteLLM's says of a failure; nothing if it is none of LiteLLM's, or did not fail.
    pub(super) fn record(self, form: Form) -> Vec<TraceRecord> {
        let about = match self.name.as_str() {
            span::REQUEST | span::FAILED => About::Request,
            span::ATTEMPT => About::Attempt,
            // The second logger names spans by operation and model.
            _ if self.get(&span::CALL_ID).is_some() && self.get(&span::MODEL).is_some() => About::Attempt,
            _ => return Vec::new(),
        };
        let error = self.get(&span::ERROR).or_else(|| self.of_exception("exception.message"));
        if !self.failed && error.is_none() {
            return Vec::new();
        }
        let class = self.get(&span::CLASS).or_else(|| self.of_exception("exception.type"));
        let call_type = self.get(&span::CALL_TYPE).unwrap_or_default();
        let own = if self.name == span::REQUEST { Some(&self.id) } else { self.parent.as_ref() };
        vec![TraceRecord {
            call_id: self.get(&span::CALL_ID).or_else(|| self.get(&span::FAILED_CALL_ID).filter(|_| about == About::Attempt && self.failed)),
            request: own.map(|id| format!("{}/{id}", self.trace_id)),
            start: self.start,
            end: self.end,
            class: class.map(|class| class.rsplit('.').next().unwrap_or_default().to_owned()),
            traceback: self.get(&span::STACK_TRACE).into_iter().chain(self.of_exception("exception.stacktrace")).collect::<Vec<_>>().join("\n"),
            route: route::of_call_type(&call_type).or_else(|| route::of_path(&self.get(&span::PATH)?)),
            last_message: self.last_message(),
            model: self.get(&span::MODEL),
            model_group: self.get(&span::MODEL_GROUP),
            provider: self.get(&span::PROVIDER),
            caller: Caller {
                key: self.get(&span::KEY),
                team: self.get(&span::TEAM),
                user: self.get(&span::USER),
                end_user: self.get(&span::END_USER),
                user_agent: self.get(&span::USER_AGENT),
            },
            version: self.get(&span::VERSION),
            error: error.unwrap_or_default(),
            trace_id: Some(self.trace_id.clone()),
            ..TraceRecord::new(form, about)
        }]
    }

    /// What a span of an attempt that did not fail says.
    pub(super) fn served(self) -> Option<Served> {
        if self.failed || self.name != span::ATTEMPT {
            return None;
        }
        let request = format!("{}/{}", self.trace_id, self.parent.as_ref()?);
        Some(Served { call_id: self.get(&span::CALL_ID), request: Some(request), model: self.get(&span::MODEL), end: self.end })
    }

    /// The first of these attributes that says something.
    fn get(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| self.attributes.get(*key).filter(|value| !value.is_empty() && *value != "None").cloned())
    }

    fn of_exception(&self, key: &str) -> Option<String> {
        self.exceptions.iter().find_map(|exception| exception.get(key).filter(|value| !value.is_empty()).cloned())
    }

    fn last_message(&self) -> LastMessage {
        match self.get(&span::MESSAGES) {
            Some(text) => LastMessage::of_text(&text),
            None => last_of_indexed(&self.attributes),
        }
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
