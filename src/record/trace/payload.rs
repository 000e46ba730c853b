//! LiteLLM's `StandardLoggingPayload`: one object per attempt, from every logger that writes it (S3, GCS, Azure, generic API,
//! SQS, Datadog, custom callbacks). Source: LiteLLM 1.74–1.109.
//!
//! Its traps: a chat row of a broken stream names the *fallback's* model and group (≤1.96); `messages` are the client's own,
//! never LiteLLM's continuation; times are seconds since 1970.

use serde::Deserialize;
use serde_json::Value;

use super::field::{Field, Nested};
use super::{About, Caller, Form, LastMessage, TraceRecord, messages};
use crate::knowledge::route;
use crate::needle::Needle;
use crate::record::Time;

static CALL_ID: Needle = Needle::new("\"litellm_call_id");
static END_TIME: Needle = Needle::new("\"endTime");

/// What is read of a payload: a small part, and of most values nothing is built.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(non_snake_case, reason = "the payload's own names")]
struct Payload<'a> {
    #[serde(borrow)]
    call_type: Field<'a>,
    #[serde(borrow)]
    completionStartTime: Field<'a>,
    #[serde(borrow)]
    custom_llm_provider: Field<'a>,
    #[serde(borrow)]
    endTime: Field<'a>,
    #[serde(borrow)]
    end_user: Field<'a>,
    #[serde(borrow)]
    error_information: Nested<Information<'a>>,
    #[serde(borrow)]
    error_str: Field<'a>,
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    litellm_call_id: Field<'a>,
    messages: Value,
    #[serde(borrow)]
    metadata: Nested<Metadata<'a>>,
    #[serde(borrow)]
    model: Field<'a>,
    #[serde(borrow)]
    model_group: Field<'a>,
    #[serde(borrow)]
    response_time: Field<'a>,
    #[serde(borrow)]
    startTime: Field<'a>,
    #[serde(borrow)]
    status: Field<'a>,
    #[serde(borrow)]
    trace_id: Field<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Information<'a> {
    #[serde(borrow)]
    error_class: Field<'a>,
    #[serde(borrow)]
    error_message: Field<'a>,
    #[serde(borrow)]
    llm_provider: Field<'a>,
    #[serde(borrow)]
    traceback: Field<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow)]
    user_agent: Field<'a>,
    #[serde(borrow)]
    litellm_api_version: Field<'a>,
    #[serde(borrow)]
    user_api_key_alias: Field<'a>,
    #[serde(borrow)]
    user_api_key_hash: Field<'a>,
    #[serde(borrow)]
    user_api_key_request_route: Field<'a>,
    #[serde(borrow)]
    user_api_key_team_alias: Field<'a>,
    #[serde(borrow)]
    user_api_key_team_id: Field<'a>,
    #[serde(borrow)]
    user_api_key_user_id: Field<'a>,
}

/// Reads a payload of a failed attempt; those of successful ones say nothing of a failure.
pub(super) fn read(value: &Value) -> Option<Vec<TraceRecord>> {
    value.is_object().then(|| Payload::deserialize(value).ok())??.records()
}

/// The same, of a row that is one JSON object and nothing else.
pub(super) fn read_row(row: &[u8]) -> Option<Vec<TraceRecord>> {
    // A list would be taken for a payload's values in their order.
    if !row.starts_with(b"{") {
        return None;
    }
    // To look at all bytes once is faster than at each text, and what is no UTF-8 may stand where nothing is read.
    let payload: Payload<'_> = match std::str::from_utf8(row) {
        Ok(row) => serde_json::from_str(row).ok()?,
        Err(_) => serde_json::from_slice(row).ok()?,
    };
    payload.records()
}

impl Payload<'_> {
    /// `None` if it is none.
    fn records(&self) -> Option<Vec<TraceRecord>> {
        let is_payload = self.call_type.is_there() && self.model_group.is_there() && (self.error_str.is_there() || self.error_information.is_there);
        if !is_payload || self.status.text().as_deref() == Some("success") {
            return is_payload.then(Vec::new);
        }
        let (metadata, information) = (&self.metadata.fields, &self.error_information.fields);
        let request_route = metadata.user_api_key_request_route.text();
        let of_proxy = request_route.is_some() || metadata.user_api_key_hash.text().is_some();
        let (start, first) = (self.startTime.instant(), self.completionStartTime.instant());
        let negative = self.response_time.number().map(|seconds| seconds < 0.0);
        let begun_before = start.zip(first).map(|(start, first)| first.since_epoch() < start.since_epoch());
        Some(vec![TraceRecord {
            // Failed attempts of the proxy have the call id as `id`; the SDK's Router gives each attempt its own.
            call_id: self.litellm_call_id.text().or_else(|| self.id.text()),
            request: self.trace_id.text().filter(|_| !of_proxy).map(|trace| messages::request_in(&trace, &self.messages)),
            trace_id: self.trace_id.text(),
            end: self.endTime.instant(),
            answer_had_begun: negative.or(begun_before),
            error: self.error_str.text().or_else(|| information.error_message.text()).unwrap_or_default(),
            class: information.error_class.text(),
            traceback: information.traceback.text().unwrap_or_default(),
            route: route::of_call_type(&self.call_type.text().unwrap_or_default()).or_else(|| route::of_path(&request_route?)),
            last_message: LastMessage::of(&self.messages),
            model: self.model.text(),
            model_group: self.model_group.text(),
            provider: self.custom_llm_provider.text().or_else(|| information.llm_provider.text()),
            caller: metadata.caller(self.end_user.text()),
            version: metadata.litellm_api_version.text(),
            start,
            ..TraceRecord::new(Form::Payload, About::Attempt)
        }])
    }
}

impl Metadata<'_> {
    fn caller(&self, end_user: Option<String>) -> Caller {
        Caller {
            key: self.user_api_key_alias.text().or_else(|| self.user_api_key_hash.text()),
            team: self.user_api_key_team_alias.text().or_else(|| self.user_api_key_team_id.text()),
            user: self.user_api_key_user_id.text(),
            end_user,
            user_agent: self.user_agent.text(),
        }
    }
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
