//! What a trace, payload or database says of one attempt or request besides its error.

use std::borrow::Cow;
use std::sync::Arc;

use super::error_record::{Asked, Chain, ErrorRecord, Role};
use super::error_text::{ErrorText, LevelWords};
use super::one_error::Rejection;
use super::texts::{Name, Texts};
use crate::knowledge::provider;
use crate::knowledge::signature::{self, ECHOING_CLASSES, STREAM_CLASSES};
use crate::record::{self, About, Form, LastMessage, Time, TraceRecord, Traceback};

/// Who asked, by hash, alias or id; never by key.
pub type Caller = record::Caller<Name>;

/// What the row of an attempt or request says besides its error.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The form it was read from.
    pub form: Form,
    /// What it is about.
    pub about: About,
    /// The trace it belongs to; a client may put many requests into one.
    pub trace_id: Option<Name>,
    /// What names the client request within its writer's own ids.
    pub request: Option<Name>,
    /// When it began.
    pub start: Option<Time>,
    /// When it ended.
    pub end: Option<Time>,
    /// Whether the client's answer had begun before this attempt did.
    pub answer_had_begun: Option<bool>,
    /// Whether its error broke a stream that was being read.
    pub broke_stream: bool,
    /// Whether the proxy answered the client with an error, before any stream: the row shows it by a status, or by a whole
    /// traceback of the endpoint in which nothing was streamed.
    pub refused_outright: bool,
    /// Whose the last of the client's messages is.
    pub last_message: LastMessage,
    /// `chat`, `responses`, `messages`.
    pub route: Option<&'static str>,
    /// The group of the attempt.
    pub model_group: Option<Name>,
    /// What the client asked for.
    pub requested_model: Option<Name>,
    /// Who asked.
    pub caller: Caller,
    /// LiteLLM's version.
    pub version: Option<Name>,
}

/// What a stack trace's own frames are preceded by, where a writer leaves it out.
const TRACEBACK_START: &str = "Traceback (most recent call last):\n";

impl ErrorRecord {
    /// The error record of a row, with what the row says besides.
    pub(super) fn of_row(row: TraceRecord, texts: &mut Texts) -> ErrorRecord {
        let text = error_text(&row, texts);
        // What a payload says of its route is asked first, and only a request's own row is asked for what it does not show.
        let whole = row.form == Form::SpendLog;
        let chain = chain(&row.traceback, Asked { traces: whole, route: whole || row.route.is_none() }, texts);
        let rejected = text.rejections().next().is_some();
        let role = role(&row);
        let mut name = |name: Option<String>| name.map(|name| texts.name(&name));
        let attempt = Attempt {
            broke_stream: !rejected && breaks_stream(&row),
            refused_outright: row.status.is_some() && row.form == Form::ClientError || shows_no_stream(&row, chain.as_ref()),
            form: row.form,
            about: row.about,
            trace_id: name(row.trace_id),
            request: name(row.request),
            start: row.start,
            end: row.end,
            answer_had_begun: row.answer_had_begun,
            last_message: row.last_message,
            route: row.route,
            model_group: name(row.model_group),
            requested_model: name(row.requested_model),
            caller: Caller {
                key: name(row.caller.key),
                team: name(row.caller.team),
                user: name(row.caller.user),
                end_user: name(row.caller.end_user),
                user_agent: name(row.caller.user_agent),
            },
            version: name(row.version),
        };
        ErrorRecord {
            role,
            text,
            chain,
            whole: row.about != About::Part,
            without_traceback: false,
            origin: None,
            call_id: name(row.call_id),
            model: name(row.model),
            attempt: (row.about != About::Part).then(|| Box::new(attempt)),
        }
    }
}

/// The error's text, with what the row knows better: who refused, and of which class it is.
fn error_text(row: &TraceRecord, texts: &mut Texts) -> Arc<ErrorText> {
    let mut text = ErrorText::clone(&texts.read(&row.error));
    let echoes = row.class.as_deref().is_some_and(|class| ECHOING_CLASSES.contains(&class));
    // A client sees the same text within a stream: how the body is printed tells nothing there.
    let within_stream = row.form == Form::ClientError && row.status.is_none();
    let known = row.provider.as_deref().and_then(provider::by_name).map(|p| p.name);
    for (at, level) in text.levels.iter_mut().enumerate() {
        let mut words = LevelWords::clone(&level.words);
        if echoes && words.error.rejection.is_some() {
            // What is quoted is another request's, and so is its id.
            level.request_id = None;
        }
        words.error.rejection = words.error.rejection.filter(|_| !echoes).map(|rejection| Rejection {
            provider: rejection.provider.or(known),
            streaming: rejection.streaming.filter(|_| !within_stream),
            ..rejection
        });
        if at == 0 && words.error.class.is_none() {
            words.error.class = row.class.as_deref().map(|class| texts.name(class));
            words.error.provider = words.error.provider.or_else(|| provider::by_class(row.class.as_deref()?));
        }
        level.words = texts.level(words);
    }
    Arc::new(text)
}

fn role(row: &TraceRecord) -> Role {
    match (row.about, row.form) {
        (About::Part, _) => Role::Fragment,
        (_, Form::Payload) => Role::Payload,
        (_, Form::Langfuse) => Role::Generation,
        (_, Form::SpendLog) => Role::SpendLog,
        (_, Form::ClientError) => Role::ClientError,
        _ => Role::Span,
    }
}

fn chain(traceback: &str, asked: Asked, texts: &mut Texts) -> Option<Chain> {
    if traceback.is_empty() {
        return None;
    }
    let headed = traceback.starts_with(TRACEBACK_START.trim_end());
    let text: Cow<'_, str> = if headed { traceback.into() } else { format!("{TRACEBACK_START}{traceback}").into() };
    Some(Chain::of(&Traceback::of(text), asked, texts))
}

/// Whether the error broke a stream: it is the provider's own, in words that LiteLLM has not wrapped yet, and was met while the
/// stream was read. What fails before the first chunk is wrapped (`litellm.…Error: …`).
fn breaks_stream(row: &TraceRecord) -> bool {
    let raw = !row.error.is_empty() && !row.error.starts_with("litellm.");
    let read = row.traceback.is_empty() && row.form == Form::Langfuse
        || signature::traces_stream(&row.traceback)
        || row.class.as_deref().is_some_and(|class| STREAM_CLASSES.contains(&class));
    let of_logger = !matches!(row.form, Form::SpendLog | Form::ClientError);
    of_logger && raw && read
}

/// Whether a request's traceback is whole, comes from the proxy's endpoint, and shows no stream.
fn shows_no_stream(row: &TraceRecord, chain: Option<&Chain>) -> bool {
    let whole = !row.traceback.contains(signature::SHORTENED);
    row.form == Form::SpendLog && whole && chain.is_some_and(|chain| chain.no_stream_traces && chain.route.is_some())
}
