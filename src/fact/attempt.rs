//! What a trace, payload or database says of one attempt or request besides its error.

use std::borrow::Cow;
use std::sync::Arc;

use super::error_record::{Asked, Chain, ErrorRecord, Role};
use super::error_text::ErrorText;
use super::one_error::Rejection;
use super::texts::Texts;
use crate::knowledge::provider;
use crate::knowledge::signature::{self, ECHOING_CLASSES, STREAM_CLASSES};
use crate::record::{About, Caller, Form, LastMessage, Time, TraceRecord, Traceback};

/// What the row of an attempt or request says besides its error.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The form it was read from.
    pub form: Form,
    /// What it is about.
    pub about: About,
    /// The trace it belongs to; a client may put many requests into one.
    pub trace_id: Option<String>,
    /// What names the client request within its writer's own ids.
    pub request: Option<String>,
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
    pub model_group: Option<String>,
    /// What the client asked for.
    pub requested_model: Option<String>,
    /// Who asked.
    pub caller: Caller,
    /// LiteLLM's version.
    pub version: Option<String>,
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
        let attempt = Attempt {
            broke_stream: !rejected && breaks_stream(&row),
            refused_outright: row.status.is_some() && row.form == Form::ClientError || shows_no_stream(&row, chain.as_ref()),
            form: row.form,
            about: row.about,
            trace_id: row.trace_id,
            request: row.request,
            start: row.start,
            end: row.end,
            answer_had_begun: row.answer_had_begun,
            last_message: row.last_message,
            route: row.route,
            model_group: row.model_group,
            requested_model: row.requested_model,
            caller: row.caller,
            version: row.version,
        };
        ErrorRecord {
            role,
            text,
            chain,
            whole: row.about != About::Part,
            without_traceback: false,
            origin: None,
            call_id: row.call_id,
            model: row.model,
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
    for level in &mut text.levels {
        level.error.rejection = level.error.rejection.take().filter(|_| !echoes).map(|rejection| Rejection {
            provider: rejection.provider.or(known),
            streaming: rejection.streaming.filter(|_| !within_stream),
            ..rejection
        });
    }
    if let Some(first) = text.levels.first_mut().filter(|level| level.error.class.is_none()) {
        first.error.class = row.class.as_deref().map(|class| texts.name(class));
        first.error.provider = first.error.provider.or_else(|| provider::by_class(row.class.as_deref()?));
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
