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

use std::ops::Deref;
use std::sync::Arc;

use super::fallback_lists::FallbackLists;
use super::one_error::{OneError, Quote, Rejection};
use super::texts::{Name, Texts};
use crate::knowledge::neighbour::{self, Neighbour};
use crate::needle::Needle;

/// A nested error text, level by level.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorText {
    /// Whether it starts with `MidStreamFallbackError`: the first level's error broke a stream.
    pub mid_stream: bool,
    /// Outermost first.
    pub levels: Box<[ErrorLevel]>,
    /// The Router's fallback configuration, where the text prints it.
    pub configured: Option<Arc<FallbackLists>>,
    /// What it is if it is no rejection, but taken for one.
    pub neighbour: Option<&'static Neighbour>,
}

/// One level, and the id of the call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorLevel {
    /// What it says but for the id: the same in thousands of texts.
    pub words: Arc<LevelWords>,
    /// The provider's request id; Bedrock and most gateways have none.
    pub request_id: Option<Name>,
}

impl Deref for ErrorLevel {
    type Target = LevelWords;

    fn deref(&self) -> &LevelWords {
        &self.words
    }
}

/// What a level says: an error, the group it came from, and where that group falls back to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LevelWords {
    /// The error.
    pub error: OneError,
    /// The model group that met it, where the text says so.
    pub group: Option<Name>,
    /// The group's fallback targets as printed; `None` where the text has no such list.
    pub fallbacks: Option<Arc<[Name]>>,
}

/// How many levels are read. LiteLLM stops after five fallbacks; a text with more is no log of its own.
const MOST_LEVELS: usize = 64;

static RECEIVED: Needle = Needle::new("Received Model Group=");
static FAILED_GROUP: Needle = Needle::new("LiteLLM: model group '");
static NO_FALLBACK: Needle = Needle::new("No fallback model group found for ");
static FALLBACKS: Needle = Needle::new(". Fallbacks=");
static FAILED_ABOVE: Needle = Needle::new("' failed with the error above");
static ESCAPED_END: Needle = Needle::new("\\n");
static FLAT_END: Needle = Needle::new(" / Available");
static ALSO_FAILED: Needle = Needle::new(" also failed: ");

impl ErrorText {
    /// Reads a text that starts where the error starts.
    pub(super) fn read(text: &str, texts: &mut Texts) -> ErrorText {
        let mut read = ErrorText::read_levels(text, texts);
        if read.rejections().next().is_none() {
            read.neighbour = neighbour::of_text(text);
        }
        read
    }

    fn read_levels(text: &str, texts: &mut Texts) -> ErrorText {
        let (mid_stream, mut rest) = strip_mid_stream(text.trim_start());
        let mut read = Reading { mid_stream, ..Reading::default() };
        while read.levels.len() < MOST_LEVELS
            && let Some(mark) = LevelMark::first_in(rest)
        {
            if let Some(own) = mark.own_lines() {
                rest = own;
                break;
            }
            let (group, fallbacks, next) = if mark.is_new { new_level(mark.behind, texts) } else { old_level(mark.behind, texts) };
            read.push(mark.error, Some(group), fallbacks, texts);
            match next {
                Some(next) => rest = next,
                None => return read.done(),
            }
        }
        read.push(rest, None, None, texts);
        read.done()
    }

    /// The rejections in it, outermost first, each once. The level of each comes with it.
    pub fn rejections(&self) -> impl Iterator<Item = (&ErrorLevel, Rejection)> {
        let refused = self.levels.iter().enumerate().filter_map(|(at, level)| Some((at, level, level.error.rejection?)));
        refused.filter(|(at, level, _)| !self.levels[..*at].iter().any(|outer| outer.refuses_as(level))).map(|(_, level, found)| (level, found))
    }

    /// The provider's ids of its errors.
    pub fn request_ids(&self) -> impl Iterator<Item = &Name> {
        self.levels.iter().filter_map(|level| level.request_id.as_ref())
    }
}

/// A text of which some levels are read.
#[derive(Default)]
struct Reading {
    mid_stream: bool,
    levels: Vec<ErrorLevel>,
    configured: Option<Arc<FallbackLists>>,
}

impl Reading {
    fn done(self) -> ErrorText {
        ErrorText { mid_stream: self.mid_stream, levels: self.levels.into(), configured: self.configured, neighbour: None }
    }

    fn push(&mut self, error: &str, group: Option<Name>, fallbacks: Option<Arc<[Name]>>, texts: &mut Texts) {
        let mut error = error;
        let mut own_group = group;
        if let Some((before, name, printed)) = no_fallback(error) {
            let name = name.rsplit(" -> ").next().unwrap_or(name);
            own_group.get_or_insert_with(|| texts.name(name));
            if self.configured.is_none() {
                self.configured = texts.configured(printed);
            }
            error = before;
        }
        if own_group.is_none() {
            own_group = self.named_above();
        }
        let quote = match (self.levels.is_empty(), self.mid_stream) {
            (false, _) => Quote::Never,
            (true, false) => Quote::UnlessRejected,
            (true, true) => Quote::Always,
        };
        let (error, request_id) = OneError::read(error, quote, texts);
        let words = texts.level(LevelWords { error, group: own_group, fallbacks });
        self.levels.push(ErrorLevel { words, request_id });
    }

    /// The only target of the level above: what failed below it can be no other group.
    fn named_above(&self) -> Option<Name> {
        match self.levels.last()?.fallbacks.as_deref()? {
            [only] => Some(only.clone()),
            _ => None,
        }
    }
}

impl LevelWords {
    /// All names and words in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let own = [&self.error.class, &self.error.message, &self.group].into_iter().flatten();
        own.chain(self.fallbacks.iter().flat_map(|targets| targets.iter())).map(|name| &**name)
    }
}

impl ErrorLevel {
    /// Whether another level prints the same rejection.
    fn refuses_as(&self, other: &ErrorLevel) -> bool {
        let refused = self.error.rejection.is_some() && other.error.rejection.is_some();
        refused && self.request_id == other.request_id && (self.request_id.is_some() || self.group == other.group)
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

/// What ends a level's error.
struct LevelMark<'t> {
    error: &'t str,
    behind: &'t str,
    /// Whether it is of the form since 1.104.
    is_new: bool,
}

impl<'t> LevelMark<'t> {
    fn first_in(text: &'t str) -> Option<LevelMark<'t>> {
        let old = RECEIVED.split(text);
        let new = FAILED_GROUP.split(text).filter(|(error, _)| old.is_none_or(|(before, _)| error.len() < before.len()));
        match (new, old) {
            (Some((error, behind)), _) => Some(LevelMark { error, behind, is_new: true }),
            (None, Some((error, behind))) => Some(LevelMark { error: error.strip_suffix(". ").unwrap_or(error), behind, is_new: false }),
            (None, None) => None,
        }
    }

    /// The error's own lines, where lines of another record came in between it and the mark: what a level goes on with, or anything
    /// behind a rejection with its id, which LiteLLM writes on one line with the mark.
    fn own_lines(&self) -> Option<&'t str> {
        const LATER: [&str; 2] = ["\nError doing the fallback: ", "\nAvailable Model Group Fallbacks="];
        let end = self.error.find('\n').filter(|_| !self.is_new)?;
        let refused = |line: &str| Rejection::find(line).is_some_and(|(_, id)| id.is_some());
        let (line, behind) = self.error.split_at(end);
        if !behind.trim().is_empty() && refused(line) {
            return Some(line);
        }
        LATER.iter().filter_map(|later| behind.find(later)).min().map(|at| &self.error[..end + at])
    }
}

/// What stands before `No fallback model group found for …=P. Fallbacks=`, the name, and what is printed behind.
///
/// A text may hold the first words thousands of times: what stands behind all of them is looked for once.
fn no_fallback(error: &str) -> Option<(&str, &str, &str)> {
    const WORDS: [&str; 2] = ["original model_group=", "lookup_groups="];
    let (mut newline, mut printed) = (0, 0);
    for at in NO_FALLBACK.all_in(error.as_bytes()) {
        let behind = at + "No fallback model group found for ".len();
        let Some(words) = WORDS.iter().find(|words| error[behind..].starts_with(**words)) else { continue };
        let start = behind + words.len();
        if newline < start {
            newline = memchr::memchr(b'\n', &error.as_bytes()[start..]).map_or(error.len(), |end| start + end);
        }
        if printed < start {
            printed = start + FALLBACKS.find(&error[start..])?;
        }
        if start < printed && printed < newline {
            return Some((&error[..at], &error[start..printed], &error[printed + ". Fallbacks=".len()..]));
        }
    }
    None
}

type Level<'t> = (Name, Option<Arc<[Name]>>, Option<&'t str>);

/// `P\nAvailable Model Group Fallbacks=[…]\nError doing the fallback: …`; newlines may have become ` / `.
fn old_level<'t>(text: &'t str, texts: &mut Texts) -> Level<'t> {
    const AVAILABLE: &str = "Available Model Group Fallbacks=";
    const NEXT: &str = "Error doing the fallback: ";
    let line = &text[..memchr::memchr(b'\n', text.as_bytes()).unwrap_or(text.len())];
    let end = [&ESCAPED_END, &FLAT_END].into_iter().filter_map(|stop| stop.find(line)).min().unwrap_or(line.len());
    let group = texts.name(text[..end].trim());
    let rest = text[end..].trim_start_matches(['\n', '\r', ' ', '/']);
    let Some(listed) = rest.strip_prefix(AVAILABLE) else { return (group, None, None) };
    let (fallbacks, used) = texts.targets(listed).unwrap_or_else(|| (Arc::default(), listed.find('\n').unwrap_or(listed.len())));
    let rest = listed[used..].trim_start_matches(['\n', '\r', ' ', '/']);
    (group, Some(fallbacks), rest.strip_prefix(NEXT))
}

/// `P' failed with the error above. Fallback to T1, T2 also failed: …`
fn new_level<'t>(text: &'t str, texts: &mut Texts) -> Level<'t> {
    let Some((group, rest)) = FAILED_ABOVE.split(text) else { return (texts.name(""), None, None) };
    let group = texts.name(group);
    let Some(hops) = rest.strip_prefix(". Fallback to ") else { return (group, Some(Arc::default()), None) };
    match ALSO_FAILED.split(hops) {
        Some((targets, next)) => (group, Some(targets.split(", ").map(|name| texts.name(name)).collect()), Some(next)),
        None => (group, None, None),
    }
}

/// Whether a text speaks of a broken stream at its start (head of a record, exception of a chain).
#[must_use]
pub(super) fn is_mid_stream(text: &str) -> bool {
    strip_mid_stream(text.trim_start()).0
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"type":"error","error":{"type":"invalid_request_error","message":"This model does not support assistant message prefill. The conversation must end with a user message."},"request_id":"ID"}"#;

    fn body(id: &str) -> String {
        BODY.replace("ID", id)
    }

    fn read(text: &str) -> ErrorText {
        ErrorText::read(text, &mut Texts::default())
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
        let parsed = read(&text);
        assert!(parsed.mid_stream);
        let first = &parsed.levels[0];
        assert_eq!(first.group.as_deref(), Some("claude-sonnet-4-6"));
        assert_eq!(first.fallbacks.as_deref(), Some(["claude-opus-4-7".into()].as_slice()));
        assert_eq!(first.error.class.as_deref(), Some("InternalServerError"));
        assert_eq!(first.error.provider, Some("anthropic"));
        assert_eq!(first.error.message.as_deref(), Some("Internal server error. Handle with `litellm.InternalServerError`."));
        let rejections: Vec<_> = parsed.rejections().collect();
        assert_eq!(rejections.len(), 1);
        assert_eq!(rejections[0].0.group.as_deref(), Some("claude-opus-4-7"));
        assert_eq!(rejections[0].0.request_id.as_deref(), Some("req_011C4LHegTP5carjhuWw55qe"));
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
        let parsed = read(&text);
        assert_eq!(parsed.levels[0].group.as_deref(), Some("p-over"));
        assert_eq!(parsed.levels[0].error.message.as_deref(), Some("Overloaded"));
        assert_eq!(parsed.levels[1].group.as_deref(), Some("fb46"));
    }

    #[test]
    fn lines_of_another_record_are_no_level() {
        let own = format!("litellm.BadRequestError: AnthropicException - b'{}'", body("req_own1"));
        let level = "Received Model Group=p\nAvailable Model Group Fallbacks=None\nError doing the fallback: litellm.Timeout: x";
        let cases = [
            (format!("{own}. {level}"), 2),
            (format!("{own}\nmodel=q. {level}"), 1),
            (format!("litellm.Timeout: x\ny. {level}"), 2),
            (format!("litellm.Timeout: x\nError doing the fallback: y. {level}"), 1),
        ];
        for (text, levels) in cases {
            assert_eq!(read(&text).levels.len(), levels, "{text}");
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
            assert_eq!(read(text).mid_stream, expected, "{text}");
        }
    }
}
