//! Records, one file per form: LiteLLM's log lines (text with traceback, JSON), and under `trace` what payload loggers, tracers
//! and databases write.
//!
//! A log record is its first line and all that belongs to it. Forms mix within one source (banners and plain lines between JSON
//! lines, access lines between text records, spans on stdout), so the form is told per record, never per file. A record is read
//! only when the scan found a needle in it.

mod ansi;
mod json;
mod marks;
mod metric;
mod own_keys;
pub(crate) mod python;
mod seam;
mod text;
mod time;
mod trace;
mod traceback;
pub(crate) mod value;
mod walk;

use std::borrow::Cow;

pub use marks::mark_in;
pub use metric::{Sample, samples_in};
pub use text::{Answer, access_line, requests_in};
pub use time::{DAY, Time};
pub use trace::{About, Caller, LastMessage, Served, TraceRecord, errors_in, read as read_row, read_payload, served};
pub use traceback::{Traceback, in_message as traceback_in_message};

use serde::{Deserialize, Serialize};

use crate::knowledge::signature::ROW_HEADS;
use crate::needle::Needles;

/// How a record was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `HH:MM:SS - LiteLLM Router:ERROR: file.py:1 - message`.
    Text,
    /// One JSON object per line with `message`, `level`, `timestamp`.
    Json,
    /// uvicorn's own lines.
    Uvicorn,
    /// LiteLLM's `StandardLoggingPayload`.
    Payload,
    /// A span in OTLP's JSON form.
    Otlp,
    /// A span as Jaeger's API gives it.
    Jaeger,
    /// A span as Zipkin's API gives it.
    Zipkin,
    /// A span of OpenTelemetry's console exporter.
    Console,
    /// A generation of Langfuse.
    Langfuse,
    /// A row of `LiteLLM_SpendLogs`.
    SpendLog,
    /// An error as a client saw it.
    ClientError,
    /// Counters in Prometheus' text form.
    Metrics,
    /// A JSON object whose form only its keys tell.
    Row,
}

impl Form {
    /// Whether it is a form of the proxy's own log.
    #[must_use]
    pub fn is_log(self) -> bool {
        matches!(self, Form::Text | Form::Json | Form::Uvicorn)
    }

    /// The name, as `inputs[].shape` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Form::Text => "litellm-text",
            Form::Json => "litellm-json",
            Form::Uvicorn => "uvicorn",
            Form::Payload => "litellm-payload",
            Form::Otlp => "otlp",
            Form::Jaeger => "jaeger",
            Form::Zipkin => "zipkin",
            Form::Console => "otel-console",
            Form::Langfuse => "langfuse",
            Form::SpendLog => "litellm-spend-logs",
            Form::ClientError => "client-error",
            Form::Metrics => "prometheus",
            Form::Row => "json",
        }
    }
}

/// What starts a record in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lines {
    /// A log: the heads of log records, and of the rows and spans that are told by their start.
    #[default]
    Log,
    /// Any other text: a client's or an application's, or metrics. Its lines speak for themselves; the heads are a log's.
    Text,
    /// Rows: each JSON object is one, on its line, and any other line stands for itself.
    Rows,
}

impl Lines {
    /// Whether a record starts at the beginning of this line.
    ///
    /// Needs no more than [`HEAD_BYTES`] bytes, which may reach into the next line.
    #[must_use]
    pub fn starts_here(self, line: &[u8]) -> Option<Form> {
        match *line.first()? {
            b'{' if json::is_head(line) && (self != Lines::Rows || json::has_level(line)) => Some(Form::Json),
            b'{' | b'[' if self == Lines::Rows || is_row_head(line) => Some(Form::Row),
            b'I' | b'W' | b'E' | b'D' | b'C' => text::is_uvicorn(line).then_some(Form::Uvicorn),
            b'0'..=b'9' | 0x1b | b'[' => text::is_head(line).then_some(Form::Text),
            _ => None,
        }
    }
}

/// Whether a JSON row or a span starts here, in a log: by its first key, and for rows with `id` by the second.
fn is_row_head(line: &[u8]) -> bool {
    let head = &line[..line.len().min(HEAD_BYTES)];
    ROW_HEADS.iter().any(|(first, second)| head.starts_with(first.as_bytes()) && memchr::memmem::find(head, second.as_bytes()).is_some())
}

/// What a head of each form of the log holds, and no other line often does.
static HEAD_MARKS: [(Form, Needles); 3] = [
    (Form::Text, Needles::new(&[" - LiteLLM"])),
    (Form::Json, Needles::new(&["{\"message\":"])),
    (Form::Uvicorn, Needles::new(&text::UVICORN_LEVELS)),
];

/// The forms of a log's records that start in these bytes. A JSON line counts only if it is LiteLLM's: it has a level.
pub fn log_forms_in(bytes: &[u8]) -> impl Iterator<Item = Form> {
    HEAD_MARKS.iter().filter(|(form, marks)| has_head(bytes, *form, marks)).map(|(form, _)| *form)
}

/// Whether a record of this form starts anywhere. Most lines have no mark, so lines are only looked for around those.
fn has_head(bytes: &[u8], form: Form, marks: &Needles) -> bool {
    let mut line_end = 0;
    marks.all_in(bytes).any(|at| {
        // Of a line with many marks, one says all.
        if at < line_end {
            return false;
        }
        let line = &bytes[memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1)..];
        line_end = at + memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
        starts_own(line) == Some(form)
    })
}

/// Whether a log record, or a row that is told by its start, begins with this line; a JSON line is LiteLLM's only with a level.
#[must_use]
pub fn starts_own(line: &[u8]) -> Option<Form> {
    Lines::Log.starts_here(line).filter(|form| *form != Form::Json || json::has_level(line))
}

/// All JSON values in a text, one behind the other; what is none ends it.
fn documents_in(text: &str) -> Vec<serde_json::Value> {
    serde_json::Deserializer::from_str(text).into_iter().map_while(Result::ok).collect()
}

/// One record, borrowed from the chunk that holds it.
#[derive(Debug)]
pub struct Record<'a> {
    /// Form, or `None` for a piece whose head is missing.
    pub form: Option<Form>,
    /// Local time as printed.
    pub time: Option<Time>,
    /// `ERROR`, `INFO`, `DEBUG` …; empty where the log does not say.
    pub level: Cow<'a, str>,
    /// Source file and line number that LiteLLM printed.
    pub origin: Option<(Cow<'a, str>, u32)>,
    /// The message, without its traceback and without colours.
    pub message: Cow<'a, str>,
    /// The traceback, where there is one.
    pub traceback: Option<Traceback<'a>>,
    /// Whether its structure is broken: something is missing, or something of another record stands in it.
    pub broken: bool,
    /// `litellm_call_id` of a JSON record (≥1.103.0).
    pub call_id: Option<String>,
}

/// Whether a log record, or a row that is told by its start, begins with this line.
#[must_use]
pub fn starts_here(line: &[u8]) -> Option<Form> {
    Lines::Log.starts_here(line)
}

/// How many bytes of a line tell whether a record starts there.
pub const HEAD_BYTES: usize = 160;

/// Whether the record that fills `bytes` says nothing that matters, as far as its first line tells that.
#[must_use]
pub fn says_nothing(bytes: &[u8]) -> bool {
    starts_here(bytes) == Some(Form::Text) && text::says_nothing(bytes)
}

/// Reads the record that fills `bytes`; gives its parts in order, each with its offset in `bytes`.
///
/// There is more than one part where the record holds text that cannot be its own (its neighbour's head was lost): the
/// rest are pieces without a head.
#[must_use]
pub fn read(bytes: &[u8]) -> Vec<(usize, Record<'_>)> {
    match starts_here(bytes) {
        Some(Form::Json) => json::read(bytes),
        Some(Form::Text) => text::read(bytes),
        Some(Form::Uvicorn) => {
            let line_end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |i| i + 1);
            piece(bytes, line_end)
        }
        _ => piece(bytes, 0),
    }
}

/// Bytes as a text; what is no UTF-8 is replaced.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    // The lossy conversion looks at each byte, and nearly all logs need none.
    simdutf8::basic::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The bytes from `at` on as a piece without a head; nothing if they are blank.
fn piece(bytes: &[u8], at: usize) -> Vec<(usize, Record<'_>)> {
    let rest = &bytes[at..];
    if rest.iter().all(u8::is_ascii_whitespace) {
        return Vec::new();
    }
    let text = ansi::strip(text_of(rest));
    let record =
        Record { form: None, time: None, level: Cow::Borrowed(""), origin: None, message: text, traceback: None, broken: true, call_id: None };
    vec![(at, record)]
}
