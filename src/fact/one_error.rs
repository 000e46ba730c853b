//! One error without what is nested in it: its class, who is to blame for it in LiteLLM's words, and whether it is the prefill
//! rejection.
//!
//! What is read here stands in nearly every record of a failing proxy, so it is taken apart by hand and not by patterns.

use super::quote;
use super::texts::{Name, Texts};
use crate::knowledge::provider::{self, Provider};
use crate::knowledge::signature;
use crate::needle::Needle;

/// How far behind the sentence the end of its body is looked for.
const BODY_REACH: usize = 400;
/// How much of an error's message is kept.
const MESSAGE_CHARS: usize = 300;

static ORIGINAL: Needle = Needle::new("Original exception: ");
static CHUNK: Needle = Needle::new("Received chunk:");
static REQUEST_ID: Needle = Needle::new("request_id");

/// One error without what is nested in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OneError {
    /// LiteLLM's class, without module.
    pub class: Option<Name>,
    /// LiteLLM's provider name.
    pub provider: Option<&'static str>,
    /// What follows the provider word, its first line, at most 300 characters; of an error that nothing was tried before. What a rejection
    /// says is known.
    pub message: Option<Name>,
    /// The prefill rejection, if it is one.
    pub rejection: Option<Rejection>,
}

/// A prefill rejection as one text shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rejection {
    /// Whether its text was cut off before the id that its provider gives: it may be one more print of another.
    pub cut: bool,
    /// LiteLLM's provider name.
    pub provider: Option<&'static str>,
    /// Whether the refused call was streaming, where the body's wrapping tells.
    pub streaming: Option<bool>,
}

/// Whether an error's words are kept: only the first error of a text can be what broke a stream, and texts are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    Always,
    UnlessRejected,
    Never,
}

impl OneError {
    /// Reads one error, and the provider's request id in it: `litellm.InternalServerError: AnthropicException - Overloaded`.
    pub(super) fn read(text: &str, quote: Quote, texts: &mut Texts) -> (OneError, Option<Name>) {
        let text = ORIGINAL.before(text).trim();
        // A malformed chunk is quoted here (1.77.7): what the model said in it is no error.
        let text = CHUNK.before(text).trim();
        let (class, after_class) = class(text).map_or((None, text), |(class, rest)| (Some(class), rest));
        let (provider, message) = after_provider(after_class);
        let rejection = Rejection::find(text);
        let any_id = || REQUEST_ID.all_in(text.as_bytes()).find_map(|at| id_behind(&text[at..])).map(|(id, _)| id);
        let request_id = rejection.map_or_else(any_id, |(_, id)| id).map(|id| texts.name(id));
        let rejection = rejection.map(|(rejection, _)| rejection);
        // What a malformed chunk held, and where it was parsed, are the prompt's and Python's; the first line is the error.
        let quoted = quote == Quote::Always || (quote == Quote::UnlessRejected && rejection.is_none());
        let message = quoted.then(|| quote::cut(message.trim().lines().next().unwrap_or_default().trim_end_matches(','), MESSAGE_CHARS));
        let error = OneError {
            class: class.map(|name| texts.name(name)),
            provider: rejection.and_then(|r| r.provider).or(provider.map(|p| p.name)),
            message: message.filter(|message| !message.is_empty()).map(|message| texts.name(message)),
            rejection,
        };
        (error, request_id)
    }
}

fn first_characters(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// The class that a text starts with, without its module, and what follows.
fn class(text: &str) -> Option<(&str, &str)> {
    let name = text.strip_prefix("litellm.").unwrap_or(text);
    let name = name.strip_prefix("exceptions.").unwrap_or(name);
    let length = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    let rest = name[length..].strip_prefix(": ")?;
    (length > 1 && name.as_bytes()[0].is_ascii_uppercase()).then_some((&name[..length], rest))
}

/// The provider word and what follows the last one: `APIConnectionError: OpenAIException - The engine …`.
///
/// Only words at the start are LiteLLM's; a provider's own text may speak of errors, too.
fn after_provider(text: &str) -> (Option<&'static Provider>, &str) {
    let (mut provider, mut rest) = (None, text);
    loop {
        let length = rest.bytes().take_while(|b| is_of_word(*b)).count();
        let Some((word, behind)) = provider_word(&rest[..length], &rest[length..]) else { return (provider, rest) };
        provider = provider::by_word(word).or(provider);
        rest = behind;
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// The provider of `AnthropicException`, if what follows it is what LiteLLM writes there: ` - `, `: `, ` BadRequestError - `; and
/// what stands behind that.
fn provider_word<'t>(word: &'t str, behind: &'t str) -> Option<(&'t str, &'t str)> {
    let name = word.strip_suffix("Exception").or_else(|| word.strip_suffix("Error")).filter(|name| !name.is_empty())?;
    let behind = behind.strip_prefix(" BadRequestError").unwrap_or(behind);
    let ended = || behind.strip_prefix(" -").filter(|rest| rest.is_empty());
    let rest = behind.strip_prefix(" - ").or_else(|| behind.strip_prefix(": ")).or_else(ended)?;
    Some((name, rest))
}

/// The provider words of a text, each with what stands behind it.
fn provider_words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let ends = memchr::memchr2_iter(b' ', b':', text.as_bytes());
    ends.filter_map(|end| {
        let length = text.as_bytes()[..end].iter().rev().take_while(|b| is_of_word(**b)).count();
        provider_word(&text[end - length..end], &text[end..])
    })
}

/// The id of `request_id": "req_…"`, in any quotes, escaped as often as may be, and what follows it.
fn id_behind(text: &str) -> Option<(&str, &str)> {
    let quote = |text: &str| -> Option<usize> {
        let slashes = text.bytes().take_while(|b| *b == b'\\').count();
        (slashes <= 6 && matches!(text.as_bytes().get(slashes), Some(b'"' | b'\''))).then_some(slashes + 1)
    };
    let rest = text.strip_prefix("request_id")?;
    let rest = rest[quote(rest)?..].trim_start_matches(' ').strip_prefix(':')?.trim_start_matches(' ');
    let rest = &rest[quote(rest)?..];
    let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count();
    (4..=80).contains(&length).then_some(())?;
    quote(&rest[length..]).map(|_| rest.split_at(length))
}

/// The ids that may be a call's, each with where it stands; none stands in another.
pub(super) fn ids_in(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = 0;
    REQUEST_ID.all_in(text.as_bytes()).filter_map(move |at| {
        let (id, behind) = id_behind(&text[at..]).filter(|_| at >= end)?;
        end = text.len() - behind.len();
        Some((end - id.len(), id))
    })
}

impl Rejection {
    /// The first prefill rejection of a text, with the provider's request id.
    pub(super) fn find(text: &str) -> Option<(Rejection, Option<&str>)> {
        signature::rejections_in(text).first().map(|at| Rejection::at(text, *at))
    }

    fn at(text: &str, at: usize) -> (Rejection, Option<&str>) {
        const BEFORE: usize = 240;
        let mut from = at.saturating_sub(BEFORE);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let (before, behind) = (&text[from..at], &text[at..]);
        let mut provider = None;
        let mut body = None;
        for (word, rest) in provider_words(before) {
            provider = provider::by_word(word).or(provider);
            body = Some(rest);
        }
        let streaming = body.filter(|_| provider.is_some_and(|p| p.marks_streaming)).and_then(|body| {
            let marked = body.starts_with("b'{") || body.starts_with("b\\'{") || body.starts_with("b\"{");
            (marked || body.starts_with('{')).then_some(marked)
        });
        let request_id = Rejection::id_in(behind);
        let line = first_characters(&behind[..memchr::memchr(b'\n', behind.as_bytes()).unwrap_or(behind.len())], BODY_REACH);
        let braces = |text: &str, brace: u8| memchr::memchr_iter(brace, text.as_bytes()).count();
        let is_closed = body.is_some_and(|body| braces(body, b'}') + braces(line, b'}') >= braces(body, b'{'));
        let in_body = body.is_some_and(|body| body.contains('{'));
        let cut = request_id.is_none() && in_body && !is_closed && provider.is_some_and(|p| p.names_requests);
        // `{…}` closed by a quote has lost its `b'` on the way: no sign of a call that was not streaming.
        let closed_as_stream = request_id.is_some_and(|(_, after)| after.starts_with("\"}'"));
        let streaming = if closed_as_stream { streaming.filter(|s| *s) } else { streaming };
        (Rejection { cut, provider: provider.map(|p| p.name), streaming }, request_id.map(|(id, _)| id))
    }

    /// The id of the body that the sentence, with which `behind` starts, stands in, and what follows it.
    fn id_in(behind: &str) -> Option<(&str, &str)> {
        const REACH: usize = 240;
        let end = memchr::memchr2(b'\n', b'{', behind.as_bytes()).unwrap_or(behind.len());
        let near = |at: &usize| *at <= end && (*at <= REACH || behind[..*at].chars().count() <= REACH);
        REQUEST_ID.all_in(behind.as_bytes()).take_while(near).find_map(|at| id_behind(&behind[at..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"type":"error","error":{"type":"invalid_request_error","message":"This model does not support assistant message prefill. The conversation must end with a user message."},"request_id":"ID"}"#;

    fn body(id: &str) -> String {
        BODY.replace("ID", id)
    }

    #[test]
    fn who_refused_and_how() {
        let cases = [
            (format!("litellm.BadRequestError: AnthropicException - {}", body("req_abcd")), Some("req_abcd"), Some("anthropic"), Some(false)),
            (format!("litellm.BadRequestError: Azure_aiException - b'{}'", body("req_abcd")), Some("req_abcd"), Some("azure_ai"), Some(true)),
            (format!("litellm.BadRequestError: Vertex_aiException BadRequestError - b'{}'", body("req_vrtx_a")), Some("req_vrtx_a"), Some("vertex_ai"), Some(true)),
            (
                r#"litellm.BadRequestError: BedrockException - {"message":"The model returned the following errors: This model does not support assistant message prefill. The conversation must end with a user message."}"#.to_owned(),
                None,
                Some("bedrock"),
                None,
            ),
            ("litellm.BadRequestError: OpenAIException - This model does not support assistant message prefill.".to_owned(), None, Some("openai"), None),
            (body("req_bare"), Some("req_bare"), None, None),
            ("litellm.BadRequestError: AnthropicException - Prefilling assistant messages is not supported for this model.".to_owned(), None, Some("anthropic"), None),
            (format!("litellm.BadRequestError: AnthropicException - {}'", body("req_flip")), Some("req_flip"), Some("anthropic"), None),
        ];
        for (text, id, provider, streaming) in cases {
            let (found, found_id) = Rejection::find(&text).unwrap();
            assert_eq!((found_id, found.provider, found.streaming), (id, provider, streaming), "{text}");
        }
    }

    #[test]
    fn a_body_that_ends_before_its_id_is_cut() {
        let whole = format!("litellm.BadRequestError: AnthropicException - b'{}'", body("req_abcd"));
        let end = |part: &str| whole.find(part).unwrap();
        let without_id = whole.replace(r#","request_id":"req_abcd""#, "");
        let cases = [(&whole[..], false), (&whole[..end("request_id")], true), (&whole[..end("req_")], true), (&without_id, false)];
        for (text, cut) in cases {
            assert_eq!(Rejection::find(text).unwrap().0.cut, cut, "{text}");
        }
    }
}
