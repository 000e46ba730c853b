//! The grammar of LiteLLM's nested error texts.
//!
//! Each level of fallback wraps the one below it:
//!
//! ```text
//! ≤1.103  <error>. Received Model Group=P
//!         Available Model Group Fallbacks=['T1', 'T2'] | None
//!         Error doing the fallback: <next level>
//! ≥1.104  <error>\n\nLiteLLM: model group 'P' failed with the error above. Fallback to T1, T2 also failed: <next level>
//! ```
//!
//! with `No fallback model group found for original model_group=P. Fallbacks=[…]` (1.101–1.103 `for lookup_groups=A -> B`)
//! glued to the error, `Original exception: …` behind it, and up to 1.81 `litellm.ServiceUnavailableError: ` before
//! `litellm.MidStreamFallbackError: `. Source: LiteLLM 1.74.15–1.109.1.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::fallback_lists::FallbackLists;
use crate::knowledge::provider::{self, Provider};
use crate::knowledge::signature::{self, MID_STREAM};
use crate::record::python;

/// A nested error text, level by level.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorText {
    /// Whether it starts with `MidStreamFallbackError`: the first level's error broke a stream.
    pub mid_stream: bool,
    /// Outermost first.
    pub levels: Vec<ErrorLevel>,
    /// The Router's fallback configuration, where the text prints it.
    pub configured: Option<FallbackLists>,
}

/// One level: an error, the group it came from, and where that group falls back to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorLevel {
    /// The error.
    pub error: OneError,
    /// The model group that met it, where the text says so.
    pub group: Option<String>,
    /// The group's fallback targets as printed; `None` where the text has no such list.
    pub fallbacks: Option<Vec<String>>,
}

/// One error without what is nested in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OneError {
    /// LiteLLM's class, without module.
    pub class: Option<String>,
    /// LiteLLM's provider name.
    pub provider: Option<&'static str>,
    /// What follows the provider word, its first line, at most 300 characters.
    pub message: String,
    /// The prefill rejection, if it is one.
    pub rejection: Option<Rejection>,
    /// The provider's request id of another error.
    pub other_id: Option<String>,
}

/// A prefill rejection as one text shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Rejection {
    /// The provider's request id; Bedrock and most gateways have none.
    pub request_id: Option<String>,
    /// Whether its text was cut off before the id that its provider gives: it may be one more print of another.
    pub cut: bool,
    /// LiteLLM's provider name.
    pub provider: Option<&'static str>,
    /// Whether the refused call was streaming, where the body's wrapping tells.
    pub streaming: Option<bool>,
}

/// How many levels are read. LiteLLM stops after five fallbacks; a text with more is no log of its own.
const MOST_LEVELS: usize = 64;
/// How far behind the sentence the end of its body is looked for.
const BODY_REACH: usize = 400;
/// How much of an error's message is kept.
pub(super) const MESSAGE_CHARS: usize = 300;

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

pattern!(LEVEL, r"Received Model Group=|LiteLLM: model group '");
pattern!(NO_FALLBACK, r"No fallback model group found for (?:original model_group|lookup_groups)=(.+?)\. Fallbacks=");
pattern!(REQUEST_ID, r#"^[^\n{]{0,240}?request_id\\{0,6}["'] *: *\\{0,6}["']([A-Za-z0-9_-]{4,80})\\{0,6}["']"#);
pattern!(ANY_REQUEST_ID, r#"request_id\\{0,6}["'] *: *\\{0,6}["']([A-Za-z0-9_-]{4,80})\\{0,6}["']"#);
pattern!(CLASS, r"^(?:litellm\.)?(?:exceptions\.)?([A-Z][A-Za-z]+): ");
pattern!(PROVIDER, r"([A-Za-z_]+?)(?:Exception|Error)(?: BadRequestError)?(?: -(?: |$)|: )");

fn find(pattern: &LazyLock<Option<Regex>>, text: &str) -> Option<Range<usize>> {
    pattern.as_ref()?.find(text).map(|m| m.range())
}

fn capture<'t>(pattern: &LazyLock<Option<Regex>>, text: &'t str) -> Option<(&'t str, Range<usize>)> {
    let captures = pattern.as_ref()?.captures(text)?;
    Some((captures.get(1)?.as_str(), captures.get(0)?.range()))
}

impl ErrorText {
    /// Reads a text that starts where the error starts.
    #[must_use]
    pub fn parse(text: &str) -> ErrorText {
        let (mid_stream, text) = strip_mid_stream(text.trim_start());
        let mut parsed = ErrorText { mid_stream, ..ErrorText::default() };
        let mut rest = text;
        while parsed.levels.len() < MOST_LEVELS
            && let Some(mark) = find(&LEVEL, rest)
        {
            let new_style = rest[mark.clone()].ends_with('\'');
            let error = &rest[..mark.start];
            let error = if new_style { error } else { error.strip_suffix(". ").unwrap_or(error) };
            let (group, fallbacks, next) = if new_style { new_level(&rest[mark.end..]) } else { old_level(&rest[mark.end..]) };
            parsed.push(error, Some(group), fallbacks);
            match next {
                Some(next) => rest = next,
                None => return parsed,
            }
        }
        parsed.push(rest, None, None);
        parsed
    }

    fn push(&mut self, error: &str, group: Option<String>, fallbacks: Option<Vec<String>>) {
        let mut error = error;
        let mut own_group = group;
        if let Some((name, range)) = capture(&NO_FALLBACK, error) {
            let name = name.rsplit(" -> ").next().unwrap_or(name);
            own_group.get_or_insert_with(|| name.to_owned());
            if self.configured.is_none() {
                self.configured = FallbackLists::parse(&error[range.end..]);
            }
            error = &error[..range.start];
        }
        if own_group.is_none() {
            own_group = self.named_above();
        }
        self.levels.push(ErrorLevel { error: OneError::parse(error), group: own_group, fallbacks });
    }

    /// The only target of the level above: what failed below it can be no other group.
    fn named_above(&self) -> Option<String> {
        match self.levels.last()?.fallbacks.as_deref()? {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    /// The rejections in it, outermost first, each once. The level of each comes with it.
    pub fn rejections(&self) -> impl Iterator<Item = (&ErrorLevel, &Rejection)> {
        let mut seen: Vec<(&Option<String>, &Option<String>)> = Vec::new();
        self.levels.iter().filter_map(move |level| {
            let rejection = level.error.rejection.as_ref()?;
            let key = (&rejection.request_id, if rejection.request_id.is_some() { &None } else { &level.group });
            if seen.contains(&key) {
                return None;
            }
            seen.push(key);
            Some((level, rejection))
        })
    }
}

/// Takes the wrapper of a broken stream off.
fn strip_mid_stream(text: &str) -> (bool, &str) {
    for prefix in ["", "litellm.exceptions.MidStreamFallbackError: ", "litellm.MidStreamFallbackError: "] {
        let Some(rest) = text.strip_prefix(prefix) else { continue };
        for wrapper in ["litellm.MidStreamFallbackError: ", "litellm.ServiceUnavailableError: litellm.MidStreamFallbackError: "] {
            if let Some(cause) = rest.strip_prefix(wrapper) {
                return (true, cause);
            }
        }
        if !prefix.is_empty() {
            return (true, rest);
        }
    }
    (false, text)
}

/// `P\nAvailable Model Group Fallbacks=[…]\nError doing the fallback: …`; newlines may have become ` / `.
fn old_level(text: &str) -> (String, Option<Vec<String>>, Option<&str>) {
    const AVAILABLE: &str = "Available Model Group Fallbacks=";
    const NEXT: &str = "Error doing the fallback: ";
    let end = ["\n", "\\n", " / Available"].iter().filter_map(|stop| text.find(stop)).min().unwrap_or(text.len());
    let group = text[..end].trim().to_owned();
    let rest = text[end..].trim_start_matches(['\n', '\r', ' ', '/']);
    let Some(listed) = rest.strip_prefix(AVAILABLE) else { return (group, None, None) };
    let (fallbacks, used) = match python::literal(listed) {
        Some((list @ python::Literal::List(_), used)) => (python::group_names(list), used),
        _ => (Vec::new(), listed.find('\n').unwrap_or(listed.len())),
    };
    let rest = listed[used..].trim_start_matches(['\n', '\r', ' ', '/']);
    (group, Some(fallbacks), rest.strip_prefix(NEXT))
}

/// `P' failed with the error above. Fallback to T1, T2 also failed: …`
fn new_level(text: &str) -> (String, Option<Vec<String>>, Option<&str>) {
    let Some((group, rest)) = text.split_once("' failed with the error above") else { return (String::new(), None, None) };
    let group = group.to_owned();
    let Some(hops) = rest.strip_prefix(". Fallback to ") else { return (group, Some(Vec::new()), None) };
    match hops.split_once(" also failed: ") {
        Some((targets, next)) => (group, Some(targets.split(", ").map(str::to_owned).collect()), Some(next)),
        None => (group, None, None),
    }
}

impl OneError {
    /// Reads one error: `litellm.InternalServerError: AnthropicException - Overloaded`.
    fn parse(text: &str) -> OneError {
        let text = text.split("Original exception: ").next().unwrap_or(text).trim();
        // A malformed chunk is quoted here (1.77.7): what the model said in it is no error.
        let text = text.split("Received chunk:").next().unwrap_or(text).trim();
        let class = capture(&CLASS, text);
        let after_class = class.as_ref().map_or(text, |(_, range)| &text[range.end..]);
        let (provider, message) = after_provider(after_class);
        let rejection = Rejection::find(text);
        let other_id = if rejection.is_none() { capture(&ANY_REQUEST_ID, text).map(|(id, _)| id.to_owned()) } else { None };
        OneError {
            class: class.map(|(name, _)| name.to_owned()),
            provider: rejection.as_ref().and_then(|r| r.provider).or(provider.map(|p| p.name)),
            // What a malformed chunk held, and where it was parsed, are the prompt's and Python's; the first line is the error.
            message: message.trim().lines().next().unwrap_or_default().trim_end_matches(',').chars().take(MESSAGE_CHARS).collect(),
            rejection,
            other_id,
        }
    }
}

/// The provider word and what follows the last one: `APIConnectionError: OpenAIException - The engine …`.
fn after_provider(text: &str) -> (Option<&'static Provider>, &str) {
    let (mut provider, mut rest) = (None, text);
    while let Some((word, range)) = capture(&PROVIDER, rest) {
        // Only words at the start are LiteLLM's; a provider's own text may speak of errors, too.
        if range.start > 0 {
            break;
        }
        provider = provider::by_word(word).or(provider);
        rest = &rest[range.end..];
    }
    (provider, rest)
}

impl Rejection {
    /// The first prefill rejection of a text.
    #[must_use]
    pub fn find(text: &str) -> Option<Rejection> {
        signature::rejections_in(text).into_iter().find_map(|at| Rejection::at(text, at))
    }

    fn at(text: &str, at: usize) -> Option<Rejection> {
        const BEFORE: usize = 240;
        let mut from = at.saturating_sub(BEFORE);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let before = &text[from..at];
        let mut provider = None;
        let mut body = None;
        for found in PROVIDER.as_ref()?.captures_iter(before) {
            let (Some(word), Some(whole)) = (found.get(1), found.get(0)) else { continue };
            provider = provider::by_word(word.as_str()).or(provider);
            body = Some(&before[whole.end()..]);
        }
        let streaming = body.filter(|_| provider.is_some_and(|p| p.marks_streaming)).and_then(|body| {
            let marked = body.starts_with("b'{") || body.starts_with("b\\'{") || body.starts_with("b\"{");
            (marked || body.starts_with('{')).then_some(marked)
        });
        let request_id = capture(&REQUEST_ID, &text[at..]).map(|(id, _)| id.to_owned());
        let behind: String = text[at..].chars().take(BODY_REACH).take_while(|c| *c != '\n').collect();
        let is_closed = behind.contains("\"}") || behind.contains("'}");
        let in_body = body.is_some_and(|body| body.contains('{'));
        let cut = request_id.is_none() && in_body && !is_closed && provider.is_some_and(|p| p.names_requests);
        // `{…}` closed by a quote has lost its `b'` on the way: no sign of a call that was not streaming.
        let closed_as_stream = request_id.as_deref().is_some_and(|id| text[at..].split_once(id).is_some_and(|(_, after)| after.starts_with("\"}'")));
        Some(Rejection {
            request_id,
            cut,
            provider: provider.map(|p| p.name),
            streaming: if closed_as_stream { streaming.filter(|s| *s) } else { streaming },
        })
    }
}

/// Whether a text speaks of a broken stream at its start (head of a record, exception of a chain).
#[must_use]
pub(super) fn is_mid_stream(text: &str) -> bool {
    text.contains(MID_STREAM) && strip_mid_stream(text.trim_start()).0
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"type":"error","error":{"type":"invalid_request_error","message":"This model does not support assistant message prefill. The conversation must end with a user message."},"request_id":"ID"}"#;

    fn body(id: &str) -> String {
        BODY.replace("ID", id)
    }

    #[test]
    fn all_patterns_compile() {
        for pattern in [&LEVEL, &NO_FALLBACK, &REQUEST_ID, &ANY_REQUEST_ID, &CLASS, &PROVIDER] {
            assert!(pattern.is_some());
        }
    }

    #[test]
    fn a_flat_chain_of_1_85() {
        let text = format!(
            "litellm.MidStreamFallbackError: litellm.InternalServerError: AnthropicException - Internal server error. Handle with \
             `litellm.InternalServerError`.. Received Model Group=claude-sonnet-4-6\nAvailable Model Group Fallbacks=['claude-opus-4-7']\nError doing \
             the fallback: litellm.BadRequestError: AnthropicException - b'{0}'No fallback model group found for original \
             model_group=claude-opus-4-7. Fallbacks=[{{'a': ['b']}}]. Received Model Group=claude-opus-4-7\nAvailable Model Group Fallbacks=None\nError \
             doing the fallback: litellm.BadRequestError: AnthropicException - b'{0}'No fallback model group found for original \
             model_group=claude-opus-4-7. Fallbacks=[{{'a': ['b']}}] LiteLLM Retried: 1 times",
            body("req_011C4LHegTP5carjhuWw55qe")
        );
        let parsed = ErrorText::parse(&text);
        assert!(parsed.mid_stream);
        let first = &parsed.levels[0];
        assert_eq!(first.group.as_deref(), Some("claude-sonnet-4-6"));
        assert_eq!(first.fallbacks.as_deref(), Some(["claude-opus-4-7".to_owned()].as_slice()));
        assert_eq!(first.error.class.as_deref(), Some("InternalServerError"));
        assert_eq!(first.error.provider, Some("anthropic"));
        assert_eq!(first.error.message, "Internal server error. Handle with `litellm.InternalServerError`.");
        let rejections: Vec<_> = parsed.rejections().collect();
        assert_eq!(rejections.len(), 1);
        assert_eq!(rejections[0].0.group.as_deref(), Some("claude-opus-4-7"));
        assert_eq!(rejections[0].1.request_id.as_deref(), Some("req_011C4LHegTP5carjhuWw55qe"));
        assert_eq!(rejections[0].1.streaming, Some(true));
        assert!(parsed.configured.is_some());
    }

    #[test]
    fn the_form_of_1_104() {
        let text = format!(
            "litellm.MidStreamFallbackError: litellm.InternalServerError: AnthropicError - Overloaded\n\nLiteLLM: model group 'p-over' failed with \
             the error above. Fallback to fb46 also failed: litellm.BadRequestError: AnthropicException - b'{}' Original exception: x",
            body("req_1234")
        );
        let parsed = ErrorText::parse(&text);
        assert_eq!(parsed.levels[0].group.as_deref(), Some("p-over"));
        assert_eq!(parsed.levels[0].error.message, "Overloaded");
        assert_eq!(parsed.levels[1].group.as_deref(), Some("fb46"));
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
            let found = Rejection::find(&text).unwrap();
            assert_eq!((found.request_id.as_deref(), found.provider, found.streaming), (id, provider, streaming), "{text}");
        }
    }

    #[test]
    fn mid_stream_only_at_the_start() {
        let cases = [
            ("litellm.MidStreamFallbackError: x", true),
            ("litellm.ServiceUnavailableError: litellm.MidStreamFallbackError: x", true),
            ("litellm.exceptions.MidStreamFallbackError: litellm.MidStreamFallbackError: x", true),
            ("litellm.BadRequestError: the text litellm.MidStreamFallbackError: x", false),
        ];
        for (text, expected) in cases {
            assert_eq!(ErrorText::parse(text).mid_stream, expected, "{text}");
        }
    }
}
