//! The last of a request's messages: a payload keeps those that the client sent, so it tells who added the assistant's turn.

use serde_json::Value;

use crate::knowledge::signature::{CONTINUATIONS, REDACTED};

/// Whose the last message of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
    /// The last of a list of messages, which may be written as JSON text. Any other text is a prompt as `/v1/responses`
    /// takes it, or was cut by a writer: it tells nothing.
    pub(super) fn of(messages: &Value) -> LastMessage {
        match messages {
            Value::Array(list) => of_list(list),
            Value::String(text) if text.starts_with('[') => {
                serde_json::from_str(text).map_or(LastMessage::Unknown, |list: Vec<Value>| of_list(&list))
            }
            _ => LastMessage::Unknown,
        }
    }
}

fn of_list(messages: &[Value]) -> LastMessage {
    let Some(last) = messages.last().filter(|_| !messages.iter().any(is_redacted)) else { return LastMessage::Unknown };
    match last.get("role").and_then(Value::as_str) {
        Some("assistant") if messages.iter().any(|m| texts(m).any(|text| CONTINUATIONS.iter().any(|c| text.starts_with(c)))) => {
            LastMessage::Continuation
        }
        Some("assistant" | "model") => LastMessage::Assistant,
        Some(_) => LastMessage::Other,
        None => LastMessage::Unknown,
    }
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
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_message_tells_who_added_it() {
        let added = CONTINUATIONS[0];
        let cases = [
            (json!([{"role": "user", "content": "x"}]), LastMessage::Other),
            (json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]), LastMessage::Assistant),
            (json!([{"role": "system", "content": added}, {"role": "assistant", "content": "y", "prefix": true}]), LastMessage::Continuation),
            (json!("[{\"role\": \"assistant\", \"parts\": [{\"type\": \"text\", \"content\": \"y\"}]}]"), LastMessage::Assistant),
            (json!([{"role": "user", "content": "redacted-by-litellm"}]), LastMessage::Unknown),
            (json!("a prompt"), LastMessage::Unknown),
            (json!("[{'role': 'user', 'content': 'cut"), LastMessage::Unknown),
            (json!([]), LastMessage::Unknown),
            (json!(null), LastMessage::Unknown),
        ];
        for (messages, expected) in cases {
            assert_eq!(LastMessage::of(&messages), expected, "{messages}");
        }
    }
}
