//! An error as LiteLLM logged it: which record it is, its nested text, and what its exception chain adds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::attempt::Attempt;
use super::error_text::{self, ErrorText};
use super::one_error::{OneError, Rejection};
use super::texts::{Name, Texts};
use crate::knowledge::signature::{self, HeadKind};
use crate::knowledge::{route, version};
use crate::needle::Needle;
use crate::record::{self, Record, Traceback};

/// Which of LiteLLM's error records it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The Router's record of one hop's error, or of the level above it.
    HopFailed,
    /// `Fallback also failed`: chat, only after a broken stream.
    FallbackFailed,
    /// `Responses streaming fallback also failed`.
    ResponsesFallbackFailed,
    /// The proxy's record of an error after the response had begun.
    StreamError,
    /// The proxy's record of an error before the response had begun.
    RequestError,
    /// The same on `/v1/messages` (up to 1.102.x).
    MessagesError,
    /// Router INFO: one call failed.
    CallFailed,
    /// Proxy DEBUG: the error once more.
    ErrorLogged,
    /// Another WARNING or ERROR record that holds a rejection.
    OtherError,
    /// A payload row of one attempt.
    Payload,
    /// A span.
    Span,
    /// A generation of Langfuse.
    Generation,
    /// A row of the spend logs.
    SpendLog,
    /// An error as a client saw it.
    ClientError,
    /// A piece of a record whose head is missing.
    Fragment,
}

impl Role {
    /// The name in snake case, as evidence carries it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::HopFailed => "hop_failed",
            Role::FallbackFailed => "fallback_failed",
            Role::ResponsesFallbackFailed => "responses_fallback_failed",
            Role::StreamError => "stream_error",
            Role::RequestError => "request_error",
            Role::MessagesError => "messages_error",
            Role::CallFailed => "call_failed",
            Role::ErrorLogged => "error_logged",
            Role::OtherError => "other_error",
            Role::Payload => "payload",
            Role::Span => "span",
            Role::Generation => "generation",
            Role::SpendLog => "spend_log",
            Role::ClientError => "client_error",
            Role::Fragment => "fragment",
        }
    }

    /// Whether LiteLLM writes a traceback behind this record's message.
    fn has_traceback(self) -> bool {
        matches!(self, Role::HopFailed | Role::StreamError | Role::RequestError | Role::MessagesError | Role::OtherError)
    }

    pub(super) fn of_head(kind: HeadKind) -> Option<Role> {
        Some(match kind {
            HeadKind::HopFailed => Role::HopFailed,
            HeadKind::FallbackFailed => Role::FallbackFailed,
            HeadKind::ResponsesFallbackFailed => Role::ResponsesFallbackFailed,
            HeadKind::StreamError => Role::StreamError,
            HeadKind::RequestError => Role::RequestError,
            HeadKind::MessagesError => Role::MessagesError,
            HeadKind::ErrorLogged => Role::ErrorLogged,
            HeadKind::HopTried | HeadKind::NoHop | HeadKind::HopStarted | HeadKind::HopOpened | HeadKind::Call => return None,
        })
    }
}

/// An error that LiteLLM logged.
#[derive(Debug, Clone)]
pub struct ErrorRecord {
    /// Which record it is.
    pub role: Role,
    /// The nested error text of the message; of a fragment, its only text.
    pub text: Arc<ErrorText>,
    /// What the exception chain of the traceback says.
    pub chain: Option<Chain>,
    /// Whether nothing is missing as far as the record's structure tells. Only then may its silence count.
    pub whole: bool,
    /// Whether `Debug Information:` follows the message directly: LiteLLM ≥1.97 writes no traceback there.
    pub without_traceback: bool,
    /// The source file and line that wrote it.
    pub origin: Option<(Name, u32)>,
    /// `litellm_call_id`, where the record has it (≥1.103.0).
    pub call_id: Option<Name>,
    /// The provider model of the failed call (INFO, traces).
    pub model: Option<Name>,
    /// What a trace's row says besides.
    pub attempt: Option<Box<Attempt>>,
}

/// What a record's exception chain says.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    /// The texts of the exceptions that speak of a broken stream or of a provider's answer, oldest first, each once.
    pub texts: Vec<Arc<ErrorText>>,
    /// Whether nothing in it hints at a broken stream, frames included; `false` where its release or writer does not keep whole chains.
    pub no_stream_traces: bool,
    /// Whether an error's text in it holds a traceback of its own (1.77.7).
    pub nested: bool,
    /// Route, told by the frames of the proxy's endpoint.
    pub route: Option<&'static str>,
}

/// A rejection in a record.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'r> {
    /// The group that refused, where a text names it.
    pub group: Option<&'r Name>,
    /// The provider's request id.
    pub request_id: Option<&'r Name>,
    /// What is told of it besides.
    pub rejection: Rejection,
}

impl Refused<'_> {
    /// Whether its provider gives none an id: one that was cut off before it has one.
    #[must_use]
    pub fn is_idless(&self) -> bool {
        self.request_id.is_none() && !self.rejection.cut
    }
}

/// What is asked of a traceback's frames: to look through them takes long, and most records cannot have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Whether anything hints at a broken stream: only whole chains can show that nothing does.
    pub(super) traces: bool,
    /// Which endpoint of the proxy is in it: only the endpoint's own records have it.
    pub(super) route: bool,
}

/// How many exceptions of a chain are kept; LiteLLM's have about ten.
const MOST_TEXTS: usize = 64;

static REQUEST_ID: Needle = Needle::new("request_id");
static DEBUG_INFORMATION: Needle = Needle::new("\nDebug Information:");

impl Chain {
    pub(super) fn of(traceback: &Traceback<'_>, asked: Asked, known: &mut Texts) -> Chain {
        let telling = |text: &&str| error_text::is_mid_stream(text) || REQUEST_ID.is_in(text) || signature::tells_rejection(text);
        let mut texts: Vec<Arc<ErrorText>> = Vec::new();
        for text in traceback.exceptions().filter(telling).map(|text| known.read(text)) {
            if texts.len() < MOST_TEXTS && !texts.contains(&text) {
                texts.push(text);
            }
        }
        Chain {
            texts,
            no_stream_traces: asked.traces && !signature::traces_stream(traceback.text()),
            nested: traceback.nested,
            route: if asked.route { route::of_frames(traceback.text()) } else { None },
        }
    }
}

/// The error texts in a piece without a head: those that stand at the start of a line, as an exception's do. What a prompt
/// or a document quotes stands elsewhere.
fn error_texts(piece: &str) -> Vec<&str> {
    let (mut texts, mut open, mut at) = (Vec::new(), None, 0);
    for line in piece.split_inclusive('\n') {
        let begin = at;
        at += line.len();
        let starts = ["litellm.", "openai.", "Error doing the fallback: litellm."].iter().any(|start| line.starts_with(start));
        let ends = line.trim().is_empty() || line.starts_with([' ', '\t', '{']);
        match open {
            None if starts => open = Some(begin),
            // Two that stand behind one another are of two records.
            Some(start) if line.starts_with("litellm.") || line.starts_with("openai.") => {
                texts.push(&piece[start..begin]);
                open = Some(begin);
            }
            Some(start) if ends => {
                texts.push(&piece[start..begin]);
                open = None;
            }
            _ => {}
        }
    }
    texts.extend(open.map(|start| &piece[start..]));
    texts.into_iter().map(|t| t.strip_prefix("Error doing the fallback: ").unwrap_or(t)).filter(|t| signature::tells_rejection(t)).collect()
}

impl ErrorRecord {
    /// The error record of a record whose head says what it is; `text` is the message behind that head.
    pub(super) fn new(role: Role, record: &Record<'_>, text: &str, texts: &mut Texts) -> ErrorRecord {
        let (call_id, text) = take_call_id(text);
        let message = DEBUG_INFORMATION.before(&text[..text.len().saturating_sub(record.message.len() - ErrorRecord::own_part(record))]);
        let frames = record.traceback.as_ref().map_or("", Traceback::text);
        let keeps_chain = |file: &str, line: u32| version::keeps_exception_chain(file, line) && version::is_of_frames(line, frames);
        let asked = Asked {
            traces: record.origin.as_ref().is_some_and(|(file, line)| keeps_chain(file, *line)),
            // A broken record may have another's frames.
            route: record.broken || matches!(role, Role::RequestError | Role::MessagesError | Role::OtherError),
        };
        let without_traceback = message.len() < text.len() && record.traceback.is_none();
        ErrorRecord {
            role,
            text: texts.read(message),
            chain: record.traceback.as_ref().map(|traceback| Chain::of(traceback, asked, texts)),
            whole: !record.broken && record.traceback.as_ref().is_none_or(|t| !t.shortened),
            without_traceback,
            origin: record.origin.as_ref().map(|(file, line)| (texts.name(file), *line)),
            call_id: call_id.or(record.call_id.as_deref()).map(|id| texts.name(id)),
            model: None,
            attempt: None,
        }
    }

    /// How much of a record's message is surely its own: in a broken record, what a traceback's line begins may be another's.
    pub(super) fn own_part(record: &Record<'_>) -> usize {
        let foreign = if record.broken { record::traceback_in_message(&record.message) } else { None };
        foreign.unwrap_or(record.message.len())
    }

    /// The error texts with a rejection in a piece whose head is missing, each for itself: the piece may hold what is left
    /// of two records.
    pub(super) fn of_piece(text: &str, texts: &mut Texts) -> Vec<ErrorRecord> {
        error_texts(text).into_iter().map(|text| ErrorRecord::fragment(texts.read(text))).collect()
    }

    fn fragment(text: Arc<ErrorText>) -> ErrorRecord {
        let (chain, origin, call_id, model, attempt) = (None, None, None, None, None);
        ErrorRecord { role: Role::Fragment, text, chain, whole: false, without_traceback: false, origin, call_id, model, attempt }
    }

    /// Takes the texts of a chain that may be another record's: the record is broken, or of a kind that has none.
    pub(super) fn take_foreign_chain(&mut self, broken: bool) -> Vec<ErrorRecord> {
        let foreign = broken || self.chain_is_of_another() || (!self.role.has_traceback() && self.chain.as_ref().is_some_and(|chain| !chain.nested));
        self.whole &= !foreign || self.chain.is_none();
        match self.chain.take_if(|_| foreign) {
            Some(chain) => chain.texts.into_iter().filter(|text| text.rejections().next().is_some()).map(ErrorRecord::fragment).collect(),
            None => Vec::new(),
        }
    }

    /// Whether message and chain name errors of two requests: lines between two records were lost, or came in between.
    fn chain_is_of_another(&self) -> bool {
        let Some(chain) = &self.chain else { return false };
        let own = |id: &Name| self.text.request_ids().any(|own| own == id);
        // Causes come first, and what the message says last.
        let last = chain.texts.iter().rev().find(|text| text.request_ids().next().is_some());
        let Some(last) = last.filter(|_| self.text.request_ids().next().is_some()) else { return false };
        // From 1.83 the record of one hop chains nothing but that hop's own errors, of which only others than a rejection are retried.
        let of_one_hop = self.role == Role::HopFailed && self.text.levels.len() == 1;
        let alone = of_one_hop && self.origin.as_ref().is_some_and(|(file, line)| !version::keeps_exception_chain(file, *line));
        let mut refused = chain.texts.iter().flat_map(|text| text.rejections()).filter_map(|(level, _)| level.request_id.as_ref());
        !last.request_ids().any(own) || (alone && !refused.all(own))
    }

    /// All texts of the record: the message, then the exceptions of its chain.
    pub fn texts(&self) -> impl Iterator<Item = &ErrorText> {
        std::iter::once(&self.text).chain(self.chain.iter().flat_map(|chain| &chain.texts)).map(|text| &**text)
    }

    /// Whether there is any rejection in it.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.texts().any(|text| text.rejections().next().is_some())
    }

    /// All rejections, each once.
    #[must_use]
    pub fn rejections(&self) -> Vec<Refused<'_>> {
        let mut found: Vec<Refused<'_>> = Vec::new();
        for (level, rejection) in self.texts().flat_map(ErrorText::rejections) {
            let (group, request_id) = (level.group.as_ref(), level.request_id.as_ref());
            match found.iter_mut().find(|known| known.request_id == request_id) {
                Some(known) if request_id.is_some() || known.group.is_none() || group.is_none() => known.group = known.group.or(group),
                Some(known) if known.group == group => {}
                _ => found.push(Refused { group, request_id, rejection }),
            }
        }
        found
    }

    /// The error that broke the stream, where the record says that one did.
    #[must_use]
    pub fn stream_failure(&self) -> Option<&OneError> {
        self.texts().find(|text| text.mid_stream).and_then(|text| text.levels.first()).map(|level| &level.error)
    }
}

/// Takes `litellm_call_id=<uuid> - ` off the start (≥1.103.0).
fn take_call_id(text: &str) -> (Option<&str>, &str) {
    let split = text.strip_prefix("litellm_call_id=").and_then(|rest| rest.split_once(" - "));
    match split {
        Some((id, rest)) if !id.is_empty() && id.len() <= 80 => (Some(id), rest),
        _ => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_with_another_ids_is_another_records() {
        let text = |id: &str| {
            Texts::default().read(&format!(
                "litellm.BadRequestError: AnthropicException - b'{{\"message\":\"This model does not support assistant message prefill.\"}},\"request_id\":\"{id}\"}}'"
            ))
        };
        let record = |line: u32, chained: &[&str]| {
            let chain = Chain { texts: chained.iter().map(|id| text(id)).collect(), ..Chain::default() };
            ErrorRecord {
                role: Role::HopFailed,
                chain: Some(chain),
                origin: Some(("router.py".into(), line)),
                ..ErrorRecord::fragment(text("req_own1"))
            }
        };
        let cases: [(u32, &[&str], bool); 6] = [
            (5867, &["req_own1"], false),
            (5867, &["req_other"], true),
            (5867, &["req_own1", "req_other"], true),
            (3843, &["req_first", "req_own1"], false),
            (3843, &["req_other"], true),
            (3843, &["req_own1", "req_other"], true),
        ];
        for (line, chained, expected) in cases {
            assert_eq!(record(line, chained).chain_is_of_another(), expected, "{line}, {chained:?}");
        }
    }

    #[test]
    fn a_piece_counts_only_where_an_exception_would_stand() {
        let sentence = "This model does not support assistant message prefill.";
        let cases = [
            (format!("litellm.exceptions.BadRequestError: litellm.BadRequestError: AnthropicException - {sentence}\n"), 1),
            (format!("  File \"a.py\", line 1\nlitellm.BadRequestError: {sentence}\n\nmore"), 1),
            (format!("litellm.BadRequestError: {sentence}\nlitellm.BadRequestError: {sentence}"), 2),
            (format!("Why do I get litellm.BadRequestError: {sentence}"), 0),
            (format!("    litellm.BadRequestError: {sentence}"), 0),
        ];
        for (text, expected) in cases {
            assert_eq!(error_texts(&text).len(), expected, "{text}");
        }
    }
}
