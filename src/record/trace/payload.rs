//! LiteLLM's `StandardLoggingPayload`: one object per attempt, from every logger that writes it (S3, GCS, Azure, generic API,
//! SQS, Datadog, custom callbacks). Source: LiteLLM 1.74–1.109.
//!
//! Its traps: a chat row of a broken stream names the *fallback's* model and group (≤1.96); `messages` are the client's own,
//! never LiteLLM's continuation; times are seconds since 1970.

use serde::Deserialize;
use serde_json::Value;

use super::field::{Field, Fields, Nested};
use super::{About, Caller, Form, LastMessage, TraceRecord, messages};
use crate::knowledge::route;
use crate::needle::Needle;
use crate::record::{Time, walk};

static CALL_ID: Needle = Needle::new("\"litellm_call_id");
static END_TIME: Needle = Needle::new("\"endTime");

/// What is read of a payload: a small part, and of most values nothing is built.
#[derive(Debug, Default, PartialEq, Deserialize)]
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

#[derive(Debug, Default, PartialEq, Deserialize)]
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

#[derive(Debug, Default, PartialEq, Deserialize)]
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
    let walked = std::str::from_utf8(row).ok().and_then(Payload::walk);
    walked.or_else(|| serde_json::from_slice::<Payload<'_>>(row).ok())?.records()
}

impl<'a> Payload<'a> {
    /// The payload that fills a row; `None` where the parser must decide.
    fn walk(row: &'a str) -> Option<Payload<'a>> {
        let (mut payload, mut has_messages) = (Payload::default(), false);
        let behind = walk::fields(row, |key, value| match key {
            "error_information" => payload.error_information.walk(value),
            "metadata" => payload.metadata.walk(value),
            // A key that stands twice.
            "messages" if std::mem::replace(&mut has_messages, true) => None,
            "messages" => {
                let behind = walk::past(value)?;
                payload.messages = serde_json::from_str(&value[..value.len() - behind.len()]).ok()?;
                Some(behind)
            }
            _ => Fields::walk(&mut payload, key, value),
        })?;
        walk::blank_off(behind).is_empty().then_some(payload)
    }
}

impl<'a> Fields<'a> for Payload<'a> {
    fn field(&mut self, key: &str) -> Option<&mut Field<'a>> {
        Some(match key {
            "call_type" => &mut self.call_type,
            "completionStartTime" => &mut self.completionStartTime,
            "custom_llm_provider" => &mut self.custom_llm_provider,
            "endTime" => &mut self.endTime,
            "end_user" => &mut self.end_user,
            "error_str" => &mut self.error_str,
            "id" => &mut self.id,
            "litellm_call_id" => &mut self.litellm_call_id,
            "model" => &mut self.model,
            "model_group" => &mut self.model_group,
            "response_time" => &mut self.response_time,
            "startTime" => &mut self.startTime,
            "status" => &mut self.status,
            "trace_id" => &mut self.trace_id,
            _ => return None,
        })
    }
}

impl<'a> Fields<'a> for Information<'a> {
    fn field(&mut self, key: &str) -> Option<&mut Field<'a>> {
        Some(match key {
            "error_class" => &mut self.error_class,
            "error_message" => &mut self.error_message,
            "llm_provider" => &mut self.llm_provider,
            "traceback" => &mut self.traceback,
            _ => return None,
        })
    }
}

impl<'a> Fields<'a> for Metadata<'a> {
    fn field(&mut self, key: &str) -> Option<&mut Field<'a>> {
        Some(match key {
            "user_agent" => &mut self.user_agent,
            "litellm_api_version" => &mut self.litellm_api_version,
            "user_api_key_alias" => &mut self.user_api_key_alias,
            "user_api_key_hash" => &mut self.user_api_key_hash,
            "user_api_key_request_route" => &mut self.user_api_key_request_route,
            "user_api_key_team_alias" => &mut self.user_api_key_team_alias,
            "user_api_key_team_id" => &mut self.user_api_key_team_id,
            "user_api_key_user_id" => &mut self.user_api_key_user_id,
            _ => return None,
        })
    }
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

    const ROW: &str = r#"{"id": "i", "litellm_call_id": "l", "trace_id": "t", "call_type": "acompletion", "status": "failure", "response_time": -1.5,
        "model": "m\"\n", "model_group": "g", "n": [1, {"id": 2}], "messages": [{"role": "user", "content": "x"}], "error_str": "e", "startTime": 1.25, "endTime": 2,
        "error_information": {"error_class": "C", "error_message": "m", "llm_provider": "p", "traceback": "T\n", "more": {}}, "end_user": "", "completionStartTime": "2026",
        "metadata": {"user_api_key_hash": "h", "user_agent": null, "litellm_api_version": "1", "other": [true], "user_api_key_alias": "a", "user_api_key_team_id": "i",
        "user_api_key_request_route": "r", "user_api_key_team_alias": "b", "user_api_key_user_id": "u"}, "custom_llm_provider": "a"}"#;

    #[test]
    fn the_parser_says_the_same_as_the_walk() {
        const OTHERS: &[u8] = b"\"\\{}[]:,0-e tnu\x01";
        let mut walked = 0;
        // Each byte is changed, doubled or taken out.
        for step in 0..ROW.len() * OTHERS.len() {
            let (mut bytes, at, other) = (ROW.as_bytes().to_vec(), step % ROW.len(), OTHERS[step / ROW.len()]);
            match step % 3 {
                0 => bytes[at] = other,
                1 => bytes.insert(at, other),
                _ => drop(bytes.remove(at)),
            }
            let Ok(harmed) = String::from_utf8(bytes) else { continue };
            let payload = Payload::walk(&harmed);
            walked += usize::from(payload.is_some());
            assert!(payload.is_none() || payload == serde_json::from_str(&harmed).ok(), "{harmed}");
        }
        assert!(walked > 1000, "{walked}");
        let whole = Payload::walk(ROW);
        assert_eq!(whole, serde_json::from_str(ROW).ok());
        // No field that is read was forgotten.
        assert!(!format!("{whole:?}").contains("Absent"), "{whole:?}");
        for key in ["\"id\"", "\"messages\"", "\"metadata\""] {
            assert_eq!(Payload::walk(&ROW.replacen('{', &format!("{{{key}: null, "), 1)), None, "twice: {key}");
        }
    }

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
