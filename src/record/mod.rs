//! LiteLLM's own log records, one file per form: the text line with its traceback, and the JSON line.
//!
//! A record is its first line and all that belongs to it. Forms mix within one log (banners and plain lines between JSON
//! lines, access lines between text records), so the form is told per record, never per file. A record is read only when
//! the scan found a needle in it.

mod ansi;
mod json;
mod seam;
mod text;
mod time;
mod traceback;

use std::borrow::Cow;

pub use text::{Answer, access_line};
pub use time::{DAY, LocalTime};
pub use traceback::Traceback;

/// How a record was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `HH:MM:SS - LiteLLM Router:ERROR: file.py:1 - message`.
    Text,
    /// One JSON object per line with `message`, `level`, `timestamp`.
    Json,
    /// uvicorn's own lines.
    Uvicorn,
}

/// One record, borrowed from the chunk that holds it.
#[derive(Debug)]
pub struct Record<'a> {
    /// Form, or `None` for a piece whose head is missing.
    pub form: Option<Form>,
    /// Local time as printed.
    pub time: Option<LocalTime>,
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

/// Whether a record starts at the beginning of this line.
///
/// Needs no more than [`HEAD_BYTES`] bytes of the line.
#[must_use]
pub fn starts_here(line: &[u8]) -> Option<Form> {
    match *line.first()? {
        b'{' => json::is_head(line).then_some(Form::Json),
        b'I' | b'W' | b'E' | b'D' | b'C' => text::is_uvicorn(line).then_some(Form::Uvicorn),
        b'0'..=b'9' | 0x1b | b'[' => text::is_head(line).then_some(Form::Text),
        _ => None,
    }
}

/// How many bytes of a line [`starts_here`] looks at.
pub const HEAD_BYTES: usize = 64;

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
        None => piece(bytes, 0),
    }
}

/// The bytes from `at` on as a piece without a head; nothing if they are blank.
fn piece(bytes: &[u8], at: usize) -> Vec<(usize, Record<'_>)> {
    let rest = &bytes[at..];
    if rest.iter().all(u8::is_ascii_whitespace) {
        return Vec::new();
    }
    let text = ansi::strip(String::from_utf8_lossy(rest));
    let record =
        Record { form: None, time: None, level: Cow::Borrowed(""), origin: None, message: text, traceback: None, broken: true, call_id: None };
    vec![(at, record)]
}
