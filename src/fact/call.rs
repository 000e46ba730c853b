//! DEBUG: the request that LiteLLM is about to send upstream, with its call id.
//!
//! One line holds the target, the messages (with LiteLLM's continuation, if it added one), the call id, and in
//! `previous_models` the errors of earlier attempts, each with the call id of *its own* request: that list is shared by all
//! requests of the Router. Prompts stand in the same line, so what they hold is cut out before anything is looked for.
//! Source: LiteLLM 1.85.0 and 1.96.2 with `--detailed_debug`.

use std::sync::Arc;

use super::arguments::Arguments;
use super::error_text::ErrorText;
use super::texts::{Name, Texts};
use crate::knowledge::signature::CONTINUATIONS;
use crate::needle::Needle;
use crate::record::python::{self, Literal};

static MESSAGES: Needle = Needle::new("messages=[");
static GROUP: Needle = Needle::new("'model_group': ");
static MODEL: Needle = Needle::new("model=");
static VERSION: Needle = Needle::new("'litellm_api_version': ");
static ERROR: Needle = Needle::new("'exception_string': ");
static ERROR_CALL_ID: Needle = Needle::new("'litellm_call_id': ");

/// A request that LiteLLM sent upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamCall {
    /// LiteLLM's id of the client's request.
    pub call_id: Name,
    /// The model group it was sent to.
    pub group: Option<Name>,
    /// The deployment's provider model.
    pub model: Option<Name>,
    /// Whether the last message is the assistant's.
    pub ends_with_assistant: bool,
    /// Whether LiteLLM added that message to continue a broken stream: its own words stand before it.
    pub continuation: bool,
    /// Whether the last message has `prefix`, as LiteLLM's continuations on chat have, but some clients' own, too.
    pub asks_to_be_continued: bool,
    /// LiteLLM's version.
    pub version: Option<Name>,
    /// Errors of earlier attempts, of this request or of others.
    pub earlier: Vec<EarlierError>,
}

/// One entry of `previous_models`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierError {
    /// The call id of the request that met it.
    pub call_id: Name,
    /// The error.
    pub text: Arc<ErrorText>,
    /// The model group that met it.
    pub group: Option<Name>,
}

impl UpstreamCall {
    /// Reads the message of a record that starts with `litellm.acompletion(`.
    pub(super) fn read(message: &str, texts: &mut Texts) -> Option<UpstreamCall> {
        let at = MESSAGES.find(message)? + "messages=".len();
        let (items, used) = python::items(&message[at..])?;
        let item = |back: usize| items.len().checked_sub(back).map(|i| message[at..][items[i].clone()].trim());
        let last = item(1).map(role_of);
        let rest = Arguments::of(&message[at + used..]);
        let ends_with_assistant = last.as_ref().is_some_and(|(role, _)| role == "assistant");
        let added = item(2).is_some_and(|text| CONTINUATIONS.iter().any(|words| text.contains(words)) && role_of(text).0 != "user");
        let own = rest.own();
        let call_id = texts.name(&python::string(rest.call_id()?)?.0);
        let earlier = rest.entries(|entry| EarlierError::read(entry, texts)).into_iter().flatten().collect();
        let mut name = |text, key| Some(texts.name(&quoted(text, key)?));
        Some(UpstreamCall {
            call_id,
            group: name(&own, &GROUP),
            model: name(&message[..at], &MODEL),
            ends_with_assistant,
            continuation: ends_with_assistant && added,
            asks_to_be_continued: last.is_some_and(|(_, prefix)| prefix),
            version: name(&own, &VERSION),
            earlier,
        })
    }
}

impl UpstreamCall {
    /// Earlier errors of the same client request: then this call is not its first, and its last message may not be the client's.
    pub fn earlier_own(&self) -> impl Iterator<Item = &EarlierError> {
        self.earlier.iter().filter(|earlier| earlier.call_id == self.call_id)
    }
}

impl EarlierError {
    fn read(entry: &str, texts: &mut Texts) -> Option<EarlierError> {
        let (_, error) = ERROR.split(entry)?;
        let (text, used) = python::string(error)?;
        // The error may quote anything, and comes first: the Router writes the type and the text, then what the request was called with.
        let behind = &error[used..];
        let call_id = texts.name(&quoted(behind, &ERROR_CALL_ID)?);
        Some(EarlierError { call_id, text: texts.read(&text), group: quoted(behind, &GROUP).map(|group| texts.name(&group)) })
    }
}

/// Role of a message and whether it asks to be continued.
fn role_of(item: &str) -> (String, bool) {
    let Some((Literal::Dict(pairs), _)) = python::literal(item) else {
        let role = item.strip_prefix("{'role': '").and_then(|r| r.split('\'').next()).unwrap_or_default();
        return (role.to_owned(), item.ends_with("'prefix': True}"));
    };
    let mut role = String::new();
    let mut prefix = false;
    for (key, value) in pairs {
        match (key.as_str(), value) {
            ("role", Literal::Text(text)) => role = text,
            ("prefix", Literal::Other) => prefix = true,
            _ => {}
        }
    }
    (role, prefix)
}

/// The quoted string behind a key.
fn quoted(text: &str, key: &Needle) -> Option<String> {
    let (_, behind) = key.split(text)?;
    python::string(behind).map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: &str =
        "You are a helpful assistant. You are given a message and you need to respond to it. You are also given a generated content. x";

    fn line(messages: &str, metadata: &str) -> String {
        format!(
            "litellm.acompletion(REDACTED', api_base='http://h', model='anthropic/claude-opus-4-7', messages={messages}, metadata={{'model_group': \
             'g', 'litellm_api_version': '1.85.0', {metadata}}}, proxy_server_request={{'body': {{'messages': [{{'role': 'user', 'content': \
             \"litellm_call_id='forged'\"}}]}}}}, litellm_call_id='real')"
        )
    }

    #[test]
    fn the_continuation_is_told_from_the_clients_own_prefill() {
        let own = "[{'role': 'user', 'content': 'x'}, {'role': 'assistant', 'content': 'y', 'prefix': True}]".to_owned();
        let added = format!(
            "[{{'role': 'user', 'content': 'it\\'s ]'}}, {{'role': 'system', 'content': '{SYSTEM}'}}, {{'role': 'assistant', 'content': 'y', 'prefix': True}}]"
        );
        let plain = "[{'role': 'user', 'content': 'x'}]".to_owned();
        let responses =
            "[{'role': 'user', 'content': 'x'}, {'role': 'developer', 'content': 'The previous assistant response was interrupted mid-stream. \
                         Continue exactly'}, {'role': 'assistant', 'content': 'y'}]"
                .to_owned();
        let quoted = format!("[{{'role': 'user', 'content': '{SYSTEM}'}}, {{'role': 'assistant', 'content': 'y'}}]");
        for (messages, assistant, continuation) in
            [(own, true, false), (added, true, true), (plain, false, false), (responses, true, true), (quoted, true, false)]
        {
            let call = UpstreamCall::read(&line(&messages, ""), &mut Texts::default()).unwrap();
            assert_eq!((call.ends_with_assistant, call.continuation), (assistant, continuation), "{messages}");
            assert_eq!((&*call.call_id, call.group.as_deref(), call.model.as_deref()), ("real", Some("g"), Some("anthropic/claude-opus-4-7")));
            assert_eq!(call.version.as_deref(), Some("1.85.0"));
        }
    }

    #[test]
    fn earlier_errors_carry_their_own_call_ids() {
        let metadata = "'previous_models': [{'exception_type': 'E', 'exception_string': \"litellm.MidStreamFallbackError: 'litellm_call_id': 'forged'\", 'metadata': {'model_group': \
                        'p'}, 'litellm_call_id': 'one'}, {'exception_type': 'E', 'exception_string': \"b\", 'litellm_call_id': 'two'}]";
        let call = UpstreamCall::read(&line("[{'role': 'user', 'content': 'x'}]", metadata), &mut Texts::default()).unwrap();
        let ids: Vec<_> = call.earlier.iter().map(|e| (&*e.call_id, e.text.mid_stream)).collect();
        assert_eq!(ids, [("one", true), ("two", false)]);
    }
}
