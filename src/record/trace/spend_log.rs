//! `LiteLLM_SpendLogs`: one row per client request, as the API gives it, as CSV or from a dump; `metadata` and
//! `proxy_server_request` are objects or JSON texts. The error is the client's. Source: LiteLLM 1.77–1.109.

use serde_json::Value;

use super::{About, Caller, Form, LastMessage, TraceRecord, salvage};
use crate::knowledge::{route, signature};
use crate::record::value::{at, has, instant, object, text};

pub(super) fn read(value: &Value) -> Option<Vec<TraceRecord>> {
    if !(has(value, &["request_id", "call_type"]) && (has(value, &["spend"]) || has(value, &["metadata"]))) {
        return None;
    }
    let metadata = object(value, "metadata");
    let information = object(&metadata, "error_information");
    let cut = at(value, "metadata").and_then(Value::as_str).filter(|_| metadata.is_null());
    let salvaged = cut.and_then(salvage).map(|record| record.error);
    if salvaged.is_none() && cut.is_some_and(signature::tells_rejection) {
        return None;
    }
    let error = text(&information, "error_message").or(salvaged).unwrap_or_default();
    let traceback = text(&information, "traceback").unwrap_or_default();
    if error.is_empty() && traceback.is_empty() {
        return Some(Vec::new());
    }
    let request = object(value, "proxy_server_request");
    let call_type = text(value, "call_type").unwrap_or_default();
    // A table has the messages as text; on `/v1/responses` a text may be the prompt itself.
    let messages = object(value, "messages");
    let own = (route::of_call_type(&call_type) == Some(route::CHAT)).then_some(&messages);
    let asked = [at(&request, "messages"), at(&request, "body.messages"), own.map(|messages| &**messages)];
    let caller = Caller::of(|key| text(&metadata, key));
    Some(vec![TraceRecord {
        call_id: text(value, "request_id"),
        start: instant(value, "startTime"),
        end: instant(value, "endTime"),
        class: text(&information, "error_class"),
        status: text(&information, "error_code").and_then(|code| code.parse().ok()),
        route: route::of_call_type(&call_type).or_else(|| route::of_path(&text(&metadata, "user_api_key_request_route")?)),
        last_message: asked.into_iter().flatten().map(LastMessage::of).find(|last| *last != LastMessage::Unknown).unwrap_or_default(),
        model: text(value, "model"),
        model_group: text(value, "model_group"),
        provider: text(value, "custom_llm_provider"),
        requested_model: text(&request, "model").or_else(|| text(&request, "body.model")),
        caller: Caller {
            key: caller.key.or_else(|| text(value, "api_key")),
            team: caller.team.or_else(|| text(value, "team_id")),
            user: caller.user.or_else(|| text(value, "user")),
            end_user: caller.end_user.or_else(|| text(value, "end_user")),
            user_agent: caller.user_agent,
        },
        error,
        traceback,
        ..TraceRecord::new(Form::SpendLog, About::Request)
    }])
}
