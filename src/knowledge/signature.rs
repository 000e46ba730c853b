//! The strings by which streamfall finds what matters in a log.
//!
//! Needles hold no quote, no backslash and no newline, so that they are found whatever escaping is around them.

use crate::needle::Needles;

/// The part of the rejection's sentence that every provider and wrapping keeps: `This model does not support assistant
/// message prefill. The conversation must end with a user message.` (Anthropic, since Claude 4.6; BerriAI/litellm#27967).
pub const REJECTION: &str = "does not support assistant message prefill";

/// All wordings of the rejection: Anthropic's earlier ones are still seen behind gateways.
const REJECTIONS: [&str; 3] = [REJECTION, "Prefilling assistant messages is not supported", "Prefilling assistant messages is no longer supported"];

static WORDINGS: Needles = Needles::new(&REJECTIONS);

/// Where a text holds a rejection, in order.
#[must_use]
pub fn rejections_in(text: &str) -> Vec<usize> {
    WORDINGS.all_in(text.as_bytes()).collect()
}

/// Whether a text holds a rejection.
#[must_use]
pub fn tells_rejection(text: &str) -> bool {
    WORDINGS.find(text).is_some()
}

/// Needles of the chunk search. A record that holds none of them says nothing about a rejection, a stream failure or a
/// fallback, and is never parsed.
///
/// `Fallback` and `fallback` stand for all of `MidStreamFallbackError`, `Fallback also failed`, `…trying to do fallbacks`, `Trying to
/// fallback b/w models` and `Successful fallback b/w models`: the fewer the needles, the faster the search. `callback` stands in
/// thousands of DEBUG records, so that they are two.
pub const NEEDLES: [&str; 8] = [
    REJECTION,
    "refilling assistant messages is no",
    "Fallback",
    "fallback",
    "Exception occured - ",
    "Falling back to model_group",
    " Exception litellm.",
    "litellm_call_id='",
];

/// The part of each needle that is searched for in a log, and how many bytes of the needle stand before it: hardly anything else holds
/// it, as `lit` of `litellm_call_id='` stands on most lines. Where one is found, the needle decides.
///
/// The shortest has three bytes: that many of each the vectorised search then compares, and more cost a third of its speed.
pub const RARE_PARTS: [(&str, usize); 8] =
    [("efi", 37), ("efi", 1), ("Fallback", 0), ("fallback", 0), ("occured - ", 10), ("k to model_group", 11), ("n litellm.", 9), ("l_id='", 11)];

/// Needles of the search in rows: those by which a record of a log is found there, and what a failed attempt's or request's row
/// has in any case. A needle may begin with a quote: escaping only ever puts backslashes before it. The `allback` of `callback` is none.
pub const ROW_NEEDLES: [&str; 9] = [
    REJECTION,
    "refilling assistant messages is no",
    "allback",
    "\"failure",
    "\"ERROR",
    "\"STATUS_CODE_ERROR",
    "\"code\": 2",
    "\"code\":2",
    "Failed Proxy Server Request",
];

/// The rare part of each of these, as [`RARE_PARTS`] are of the others. With more than ten in all, the search of them takes twice as long.
pub const ROW_RARE_PARTS: [(&str, usize); 9] =
    [("efi", 37), ("efi", 1), ("llb", 1), ("failure", 1), ("ERROR", 1), ("ERROR", 13), ("code\":", 1), ("code\":", 1), ("xy Server Request", 10)];

/// How rows and spans start that may stand among the lines of a log: the first key, and another that follows soon.
/// Sources: LiteLLM's payload loggers, the OpenTelemetry collector, Langfuse's ingestion API, the console exporter (indent 4).
pub const ROW_HEADS: [(&str, &str); 11] = [
    ("{\"id\":", "\"litellm_call_id\":"),
    ("{\"id\":", "\"trace_id\":"),
    ("{\"resourceSpans\":", ""),
    ("{\"batch\":", "\"type\":"),
    ("{\"ddsource\":", ""),
    ("[{\"ddsource\":", ""),
    ("{\"standard_logging_object\":", ""),
    ("{\"request_id\":", "\"call_type\":"),
    ("{\n    \"name\":", "\"context\":"),
    ("{\"error\":", "\"message\":"),
    ("[{\"id\":", "\"trace_id\":"),
];

/// Keys under which a payload is put into another object, as an object or as a text: a custom callback's `kwargs`, Datadog's
/// log API, SQS, SNS.
pub const PAYLOAD_WRAPS: [&str; 7] = ["standard_logging_object", "kwargs", "message", "Body", "body", "Message", "payload"];

/// Keys, with quotes, whose text is an error: there alone a row that is cut may be believed.
pub const ERROR_KEYS: [&str; 7] =
    ["\"error_str\"", "\"error_message\"", "\"statusMessage\"", "\"status_message\"", "\"error.message\"", "\"exception\"", "\"exception.message\""];

/// How the further lines of a nested error start (≤1.103.x).
pub const NESTED_LINES: [&str; 2] = ["Available Model Group Fallbacks=", "Error doing the fallback: "];

/// Classes of errors that may echo a prompt, and are no rejection whatever they quote.
pub const ECHOING_CLASSES: [&str; 6] = [
    "ContextWindowExceededError",
    "ContentPolicyViolationError",
    "GuardrailRaisedException",
    "BlockedPiiEntityError",
    "RejectedRequestError",
    "HTTPException",
];

/// What stands in place of messages that are not kept. Source: LiteLLM `turn_off_message_logging`.
pub const REDACTED: [&str; 1] = ["redacted-by-litellm"];

/// LiteLLM's exception for a stream that broke after its start (since 1.74.14, BerriAI/litellm#13149).
pub const MID_STREAM: &str = "MidStreamFallbackError";

/// Words that betray a broken stream somewhere in a record, whatever was cut or flipped around them: a rule that rests on
/// the *absence* of a stream failure holds only if none of them is there.
const STREAM_TRACES: [&str; 6] =
    ["MidStream", "StreamFallback", "FallbackError", "stream_with_fallbacks", "_handle_stream_fallback_error", "__anext__"];

static TRACES: Needles = Needles::new(&STREAM_TRACES);

/// Whether a text holds any of `STREAM_TRACES`.
#[must_use]
pub fn traces_stream(text: &str) -> bool {
    TRACES.find(text).is_some()
}

/// Classes of transport errors that a payload's traceback does not show to be a stream's: `httpx` raises it outside the frames
/// above. Source: LiteLLM 1.85.0 with `DISABLE_AIOHTTP_TRANSPORT=True`.
pub const STREAM_CLASSES: [&str; 1] = ["RemoteProtocolError"];

/// What LiteLLM writes in place of the middle of a text that it shortens: logs (≥1.99.4) and database.
pub const SHORTENED: &str = "litellm_truncated";

/// How the messages start that LiteLLM puts before the partial answer: chat, 1.74.14–1.96.x (system message), and
/// `/v1/responses`, 1.87.0–1.108.x (developer message). From 1.109.0 chat has none.
pub const CONTINUATIONS: [&str; 2] = [
    "You are a helpful assistant. You are given a message and you need to respond to it. You are also given a generated content.",
    "The previous assistant response was interrupted mid-stream.",
];

/// The marks by which a record is recognised: the text its message starts with, and what such a record is.
/// Source: LiteLLM 1.74.15–1.109.1, live runs.
pub const MESSAGE_HEADS: [(&str, HeadKind); 13] = [
    ("litellm.router.py::async_function_with_fallbacks() - Error occurred while trying to do fallbacks - ", HeadKind::HopFailed),
    ("Fallback also failed: ", HeadKind::FallbackFailed),
    ("Responses streaming fallback also failed: ", HeadKind::ResponsesFallbackFailed),
    ("litellm.proxy.proxy_server.async_data_generator(): Exception occured - ", HeadKind::StreamError),
    ("litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - ", HeadKind::RequestError),
    ("litellm.proxy.proxy_server.anthropic_response(): Exception occured - ", HeadKind::MessagesError),
    ("An error occurred: ", HeadKind::ErrorLogged),
    ("Trying to fallback b/w models", HeadKind::HopTried),
    ("No fallback model group found for ", HeadKind::NoHop),
    ("Falling back to model_group = ", HeadKind::HopStarted),
    ("Successful fallback b/w models.", HeadKind::HopOpened),
    ("litellm.acompletion(", HeadKind::Call),
    ("ageneric_api_call_with_fallbacks(", HeadKind::Call),
];

/// What a record is, by the start of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadKind {
    /// Router ERROR: the error of one hop, or of the level above it.
    HopFailed,
    /// Router ERROR on the chat route, written only after a broken stream.
    FallbackFailed,
    /// The same on `/v1/responses` (since 1.87.0).
    ResponsesFallbackFailed,
    /// Proxy ERROR: an error after the response had begun.
    StreamError,
    /// Proxy ERROR: an error before the response had begun.
    RequestError,
    /// Proxy ERROR on `/v1/messages` (up to 1.102.x).
    MessagesError,
    /// Proxy DEBUG: the error once more.
    ErrorLogged,
    /// Router INFO: a call failed for good, or a stream broke; fallbacks are looked for.
    HopTried,
    /// Router INFO: there are none.
    NoHop,
    /// Router INFO: a hop begins.
    HopStarted,
    /// Router INFO: a hop's stream was opened.
    HopOpened,
    /// Router INFO (`litellm.acompletion(model=…) Exception …`, on messages and responses `ageneric_api_call_with_fallbacks`)
    /// or DEBUG (`litellm.acompletion(…, messages=[…], …)`).
    Call,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_needle_holds_its_rare_part() {
        for (needle, (part, at)) in NEEDLES.iter().zip(RARE_PARTS).chain(ROW_NEEDLES.iter().zip(ROW_RARE_PARTS)) {
            assert_eq!(needle.find(part), Some(at), "{needle}");
        }
    }
}
