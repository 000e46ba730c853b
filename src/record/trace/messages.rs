//! The last of a request's messages: a payload keeps those that the client sent, so it tells who added the assistant's turn.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use crate::knowledge::signature::{CONTINUATIONS, REDACTED};

/// Whose the last message of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastMessage {
    /// Not kept, redacted, or cut.
    #[default]
    Unknown,
    /// Not the assistant's.
    Other,
    /// The assistant's: a prefill.
    Assistant,
    /// The assistant's, and LiteLLM's own text before it (SDK Router; a payload of the proxy has the original messages).
    Continuation,
}

impl LastMessage {
    /// The last of a list of messages. A text is a prompt as `/v1/responses` takes it, or was cut by a writer: it tells nothing.
    pub(super) fn of(messages: &Value) -> LastMessage {
        messages.as_array().map_or(LastMessage::Unknown, |list| of_list(list))
    }

    /// The last of a list of messages that a writer puts into a text (OpenTelemetry).
    pub(super) fn of_text(messages: &str) -> LastMessage {
        serde_json::from_str(messages).map_or(LastMessage::Unknown, |list: Value| LastMessage::of(&list))
    }
}

/// Instructions behind the last turn count as none: providers take them out of the conversation.
fn of_list(messages: &[Value]) -> LastMessage {
    let last = messages.iter().rfind(|message| !matches!(role(message), Some("system" | "developer"))).and_then(role);
    let Some(last) = last.filter(|_| !messages.iter().any(is_redacted)) else { return LastMessage::Unknown };
    match last {
        "assistant" if messages.iter().any(is_continuation) => LastMessage::Continuation,
        "assistant" | "model" => LastMessage::Assistant,
        _ => LastMessage::Other,
    }
}

/// What names a client request within a trace into which the client may put many: rows of one request agree in the client's
/// own messages, that is, in all before LiteLLM's continuation.
pub(super) fn request_in(trace: &str, messages: &Value) -> String {
    let list = messages.as_array().into_iter().flatten();
    let own: Vec<&Value> = list.take_while(|message| !is_continuation(message)).collect();
    let own = if own.is_empty() { messages.to_string() } else { json!(own).to_string() };
    format!("{trace}/{:016x}", xxh3_64(own.as_bytes()))
}

fn role(message: &Value) -> Option<&str> {
    message.get("role").and_then(Value::as_str)
}

fn is_continuation(message: &Value) -> bool {
    texts(message).any(|text| CONTINUATIONS.iter().any(|start| text.starts_with(start)))
}

fn is_redacted(message: &Value) -> bool {
    texts(message).any(|text| REDACTED.iter().any(|mark| text.contains(mark)))
}

/// The texts of a message: its content, or the parts of it.
fn texts(message: &Value) -> impl Iterator<Item = &str> {
    let content = message.get("content").or_else(|| message.get("parts"));
    let parts = content.and_then(Value::as_array).into_iter().flatten();
    let part_texts = parts.filter_map(|part| part.get("text").or_else(|| part.get("content")).and_then(Value::as_str));
    content.and_then(Value::as_str).into_iter().chain(part_texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_message_tells_who_added_it() {
        let added = CONTINUATIONS[0];
        let cases = [
            (json!([{"role": "user", "content": "x"}]), LastMessage::Other),
            (json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]), LastMessage::Assistant),
            (json!([{"role": "system", "content": added}, {"role": "assistant", "content": "y", "prefix": true}]), LastMessage::Continuation),
            (json!([{"role": "assistant", "parts": [{"type": "text", "content": "y"}]}]), LastMessage::Assistant),
            (json!([{"role": "assistant", "content": "y"}, {"role": "system", "content": "z"}]), LastMessage::Assistant),
            (json!([{"role": "user", "content": "redacted-by-litellm"}]), LastMessage::Unknown),
            (json!("[{\"role\": \"assistant\", \"content\": \"a prompt that is JSON\"}]"), LastMessage::Unknown),
            (json!([]), LastMessage::Unknown),
            (json!(null), LastMessage::Unknown),
        ];
        for (messages, expected) in cases {
            assert_eq!(LastMessage::of(&messages), expected, "{messages}");
        }
    }

    #[test]
    fn rows_of_one_request_agree() {
        let own = json!([{"role": "user", "content": "x"}]);
        let continued =
            json!([{"role": "user", "content": "x"}, {"role": "system", "content": CONTINUATIONS[0]}, {"role": "assistant", "content": "y"}]);
        assert_eq!(request_in("t", &own), request_in("t", &continued));
        assert_ne!(request_in("t", &own), request_in("t", &json!([{"role": "user", "content": "y"}])));
    }
}
