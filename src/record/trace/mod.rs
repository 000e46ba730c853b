//! Records of traces, payload logs and databases, one file per form: JSON objects that say of one attempt or one client request
//! what the text log does not (call id, trace id, caller, exact times, the request's last role).
//!
//! Forms are told by the keys of the object, wherever it stands and whatever is around it. What they say is brought to one
//! shape, [`TraceRecord`]; what it means is decided later.

mod client_error;
mod console;
mod field;
mod jaeger;
mod langfuse;
mod messages;
mod otlp;
mod payload;
mod span;
mod spend_log;
mod zipkin;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use client_error::errors_in;
pub use messages::LastMessage;

use super::{Form, Time, value};
use crate::knowledge::{signature, span as span_names};
use crate::needle::Needle;

/// An attempt that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// LiteLLM's call id.
    pub call_id: Option<String>,
    /// What names the client request within its writer's own ids.
    pub request: Option<String>,
    /// The provider model that answered.
    pub model: Option<String>,
    /// When its answer ended.
    pub end: Option<Time>,
}

/// What one record of a trace says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceRecord {
    /// The form it was read from.
    pub form: Form,
    /// What it is about.
    pub about: About,
    /// LiteLLM's call id: one per client request.
    pub call_id: Option<String>,
    /// The trace it belongs to, as its writer names it; a client may put many requests into one.
    pub trace_id: Option<String>,
    /// What names the client request within its writer's own ids: the request's span, or the trace where a trace is a request.
    pub request: Option<String>,
    /// When it began.
    pub start: Option<Time>,
    /// When it ended.
    pub end: Option<Time>,
    /// Whether the client's answer had begun before this attempt did (a payload's `completionStartTime < startTime`, that is, a
    /// negative `response_time`); `None` where it does not say.
    pub answer_had_begun: Option<bool>,
    /// The error, as its writer prints it; empty if there was none.
    pub error: String,
    /// The error's class.
    pub class: Option<String>,
    /// The error's traceback; empty where there is none.
    pub traceback: String,
    /// HTTP status of the answer, where the record is about what the client got.
    pub status: Option<u16>,
    /// `chat`, `responses`, `messages`.
    pub route: Option<&'static str>,
    /// The last of the messages that the request came with.
    pub last_message: LastMessage,
    /// The deployment's provider model.
    pub model: Option<String>,
    /// The group of the attempt.
    pub model_group: Option<String>,
    /// LiteLLM's provider name.
    pub provider: Option<String>,
    /// What the client asked for.
    pub requested_model: Option<String>,
    /// Who asked.
    pub caller: Caller,
    /// LiteLLM's version.
    pub version: Option<String>,
}

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// One call to a deployment.
    Attempt,
    /// A client's request as a whole: its error is what the client got.
    Request,
    /// What is left of a record that was cut: nothing is known of it but its error.
    Part,
}

/// Who asked, by hash, alias or id; never by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller<T = String> {
    /// The key's alias, or else its hash.
    pub key: Option<T>,
    /// The team's alias, or else its id.
    pub team: Option<T>,
    /// The user of the key.
    pub user: Option<T>,
    /// The end user that the request names.
    pub end_user: Option<T>,
    /// What the client calls itself.
    pub user_agent: Option<T>,
}

impl<T> Default for Caller<T> {
    fn default() -> Caller<T> {
        Caller { key: None, team: None, user: None, end_user: None, user_agent: None }
    }
}

impl TraceRecord {
    fn new(form: Form, about: About) -> TraceRecord {
        TraceRecord {
            form,
            about,
            call_id: None,
            trace_id: None,
            request: None,
            start: None,
            end: None,
            answer_had_begun: None,
            error: String::new(),
            class: None,
            traceback: String::new(),
            status: None,
            route: None,
            last_message: LastMessage::Unknown,
            model: None,
            model_group: None,
            provider: None,
            requested_model: None,
            caller: Caller::default(),
            version: None,
        }
    }
}

impl Caller {
    /// The caller by LiteLLM's `user_api_key_…` metadata, which all of its loggers write.
    fn of(get: impl Fn(&str) -> Option<String>) -> Caller {
        Caller {
            key: get("user_api_key_alias").or_else(|| get("user_api_key_hash")),
            team: get("user_api_key_team_alias").or_else(|| get("user_api_key_team_id")),
            user: get("user_api_key_user_id"),
            end_user: get("user_api_key_end_user_id"),
            user_agent: get("user_agent"),
        }
    }
}

/// `None` if an object is of another form, nothing if it is of this form and says nothing of a failure.
type Reader = fn(&Value) -> Option<Vec<TraceRecord>>;

/// Readers by form: each says whether an object is of its form, and reads it.
const READERS: [Reader; 8] =
    [payload::read, otlp::read, jaeger::read, console::read, zipkin::read, langfuse::read, spend_log::read, client_error::read];

/// How deep payloads are put into strings of other objects (SQS in SNS, …).
const MOST_WRAPS: usize = 4;

/// The records of one row: `None` if it is of no known form, empty if it is and says nothing that matters.
#[must_use]
pub fn read(row: &[u8]) -> Option<Vec<TraceRecord>> {
    if let Ok(value) = serde_json::from_slice(row) {
        return read_value(&value, MOST_WRAPS);
    }
    let text = String::from_utf8_lossy(row);
    // Python writes what is no JSON: half surrogates, NaN.
    if let Ok(value) = serde_json::from_str(&value::repaired(&text)) {
        return read_value(&value, MOST_WRAPS);
    }
    salvage(&text).map(|record| vec![record])
}

/// The records of a row that is a payload and nothing else, as most rows are; `None` if it is not.
#[must_use]
pub fn read_payload(row: &[u8]) -> Option<Vec<TraceRecord>> {
    payload::read_row(row)
}

fn read_value(value: &Value, wraps: usize) -> Option<Vec<TraceRecord>> {
    if let Some(records) = READERS.iter().find_map(|reader| reader(value)) {
        return Some(records);
    }
    let wraps = wraps.checked_sub(1)?;
    signature::PAYLOAD_WRAPS.iter().find_map(|key| match value::at(value, key)? {
        Value::String(text) if text.contains('{') => {
            let read: Vec<Vec<TraceRecord>> = super::documents_in(text).iter().filter_map(|value| read_value(value, wraps)).collect();
            (!read.is_empty()).then(|| read.into_iter().flatten().collect())
        }
        object @ Value::Object(_) => read_value(object, wraps),
        _ => None,
    })
}

static ATTEMPT: Needle = Needle::new(span_names::ATTEMPT);

/// What a row says that no needle of a failure was found in: nothing is parsed but spans of attempts.
#[must_use]
pub fn served(row: &[u8]) -> Option<Served> {
    if let Some(call_id) = payload::call_id(row) {
        return Some(Served { call_id: Some(call_id.to_owned()), request: None, model: None, end: payload::end(row) });
    }
    ATTEMPT.find(row)?;
    let value: Value = serde_json::from_slice(row).ok()?;
    otlp::span(&value).or_else(|| jaeger::span(&value)).or_else(|| zipkin::span(&value))?.served()
}

/// What may stand between a field for errors and its text: what OTLP and Jaeger put there, or nothing.
const ERROR_VALUES: [&str; 5] =
    [", \"value\": {\"stringValue\"", ",\"value\":{\"stringValue\"", ", \"type\": \"string\", \"value\"", ",\"type\":\"string\",\"value\"", ""];

/// The error of a text that is no whole JSON: cut or damaged. Only what stands in a field for errors counts, never a prompt.
fn salvage(row: &str) -> Option<TraceRecord> {
    signature::rejections_in(row).into_iter().find_map(|at| {
        let start = signature::ERROR_KEYS.iter().filter_map(|key| Some(row[..at].rfind(key)? + key.len())).max()?;
        let text = ERROR_VALUES.iter().find_map(|lead| row[start..].trim_start_matches([' ', '\n']).strip_prefix(lead))?;
        let text = text.trim_start_matches([':', ' ', '\n']).strip_prefix('"').filter(|text| row.len() - text.len() <= at)?;
        // The field that was found must reach as far as the sentence.
        let error = value::lenient_string(text);
        signature::tells_rejection(&error).then(|| TraceRecord { error, ..TraceRecord::new(Form::Row, About::Part) })
    })
}
