//! Takes off what a container runtime, a shipper or an exporter put around a log's lines: one file per origin.
//!
//! A line or row is peeled from the outside in, until nothing known is around it. What it was wrapped in names the process that
//! wrote it and the instant at which it was written; the log itself knows neither. Forms are told by content, each line for itself.

mod azure;
mod cloudwatch;
mod compose;
mod datadog;
mod docker;
mod elastic;
mod fluent;
mod gcp;
mod journald;
mod kubernetes;
mod loki;
mod object;
mod otlp_logs;
mod pasted;
mod splunk;
mod syslog;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::{self, Layout};
use crate::record::{self, Form, Lines, Time};
use pasted::Pasted;

/// One line of a log, or a piece of one, without what was around it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry<'a> {
    /// The text; an exporter may have put a whole record of many lines into one entry.
    pub text: Cow<'a, [u8]>,
    /// What names the process that wrote it: pod and container, service, unit, host; as far as the envelope does.
    pub process: String,
    /// Which of its outputs.
    pub output: Output,
    /// When it was written.
    pub written: Option<Time>,
    /// Whether the line goes on in the next entry of the same output.
    pub partial: bool,
    /// Whether the exporter left the text out.
    pub lost: bool,
}

/// An output of a process. Their lines interleave, and never join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Not said, or both in one.
    #[default]
    Both,
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Output {
    /// Its name, where it is one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Output::Both => None,
            Output::Out => Some("stdout"),
            Output::Err => Some("stderr"),
        }
    }

    fn of(name: &str) -> Output {
        match name {
            "stdout" => Output::Out,
            "stderr" => Output::Err,
            _ => Output::Both,
        }
    }
}

type LineEnvelope = for<'a> fn(&'a [u8]) -> Option<Entry<'a>>;
type ObjectEnvelope = fn(&Value) -> Option<Entry<'static>>;

/// What is put before a line. The narrower form comes first.
const LINES: [LineEnvelope; 9] = [
    kubernetes::cri,
    kubernetes::prefix,
    cloudwatch::tail,
    journald::short,
    syslog::rfc5424,
    syslog::rfc3164,
    fluent::fluentd,
    docker::timestamps,
    compose::prefix,
];

/// Objects that lines are put into.
const OBJECTS: [ObjectEnvelope; 11] = [
    docker::json_file,
    journald::json,
    loki::entry,
    cloudwatch::event,
    gcp::entry,
    datadog::entry,
    elastic::entry,
    azure::row,
    splunk::result,
    otlp_logs::record,
    fluent::object,
];

/// How many envelopes may be around one line.
const MOST_LAYERS: usize = 4;

/// Peels a line or row; `None` if nothing known is around it.
#[must_use]
pub fn peel(unit: &[u8]) -> Option<Entry<'_>> {
    let mut entry = layer(unit)?;
    for _ in 1..MOST_LAYERS {
        let inner = match &entry.text {
            Cow::Borrowed(text) => layer(text),
            Cow::Owned(text) => layer(text).map(Entry::into_owned),
        };
        let Some(inner) = inner else { break };
        entry = entry.around(inner);
    }
    Some(entry)
}

fn layer(unit: &[u8]) -> Option<Entry<'_>> {
    if record::starts_own(unit).is_some() {
        return None;
    }
    if unit.first() == Some(&b'{') {
        let value: Value = serde_json::from_slice(unit).ok()?;
        return OBJECTS.iter().find_map(|object| object(&value));
    }
    LINES.iter().find_map(|line| line(unit))
}

impl<'a> Entry<'a> {
    /// The entry with a text of its own.
    #[must_use]
    pub fn into_owned(self) -> Entry<'static> {
        Entry { text: Cow::Owned(self.text.into_owned()), ..self }
    }

    /// This envelope with another one in it: the inner one is nearer to the process.
    fn around(self, inner: Entry<'a>) -> Entry<'a> {
        let process = match (self.process.is_empty(), inner.process.is_empty()) {
            (_, true) => self.process,
            (true, _) => inner.process,
            _ => format!("{}/{}", self.process, inner.process),
        };
        Entry {
            text: inner.text,
            process,
            output: if inner.output == Output::Both { self.output } else { inner.output },
            written: inner.written.or(self.written),
            partial: inner.partial || self.partial,
            lost: inner.lost || self.lost,
        }
    }
}

/// How many of a source's first lines or rows are peeled to tell whether something is around them.
const MOST_SAMPLES: usize = 400;

/// What is around the lines of a source.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// What the lines are: a LiteLLM log's, or any text's.
    pub lines: Lines,
    /// Forms of record seen within.
    pub forms: Vec<Form>,
    /// What people and unknown tools did to them.
    pasted: Option<Pasted>,
}

impl Around {
    /// A line or row without what is around it; `None` if nothing is.
    #[must_use]
    pub fn peel<'a>(&mut self, unit: &'a [u8]) -> Option<Entry<'a>> {
        let Some(pasted) = &mut self.pasted else { return peel(unit) };
        let entry = pasted.restore(unit);
        let inner = peel(&entry.text).map(Entry::into_owned);
        Some(match inner {
            Some(inner) => entry.around(inner),
            None => entry,
        })
    }
}

/// Whether something is put around the lines of a source, by its start: most of them can be peeled, and LiteLLM is in it; or they
/// were pasted. A part of a log may hold nothing but the middle of a record.
#[must_use]
pub fn around(layout: Layout, start: &[u8], part: bool) -> Option<Around> {
    let known = lines_within(layout, start, part).map(|(lines, forms)| Around { lines, forms, pasted: None });
    // Of a log whose heads stand at the start of lines, little can have been done to the lines.
    let by_lines = match layout {
        Layout::Log => Pasted::leaves_marks(start),
        Layout::Text | Layout::JsonLines => true,
        _ => false,
    };
    let pasted = || Pasted::learn(start).map(|(pasted, forms)| Around { lines: Lines::Log, forms, pasted: Some(pasted) });
    // What is known may be but the first half of what stands before a line.
    match known {
        Some(Around { lines: Lines::Log, .. }) => known,
        _ if by_lines => pasted().or(known),
        _ => known,
    }
}

fn lines_within(layout: Layout, start: &[u8], part: bool) -> Option<(Lines, Vec<Form>)> {
    let units: Vec<Vec<u8>> = match layout {
        Layout::Log | Layout::Copy | Layout::OtlpProto => return None,
        Layout::Text | Layout::JsonLines => start.split(|b| *b == b'\n').take(MOST_SAMPLES).map(<[u8]>::to_vec).collect(),
        Layout::Json => document::rows_of(start).into_iter().take(MOST_SAMPLES).map(|(_, row)| row).collect(),
        Layout::Csv => document::first_rows(layout, start, MOST_SAMPLES),
    };
    let units: Vec<&Vec<u8>> = units.iter().filter(|unit| !unit.trim_ascii().is_empty()).collect();
    let entries: Vec<Entry<'_>> = units.iter().filter_map(|unit| peel(unit)).collect();
    let most = entries.len() * 2 > units.len();
    let mut forms: Vec<Form> = entries.iter().filter_map(|entry| record::starts_own(&entry.text)).filter(|form| form.is_log()).collect();
    forms.sort_unstable();
    forms.dedup();
    let named = || memchr::memmem::find(&start.to_ascii_lowercase(), b"litellm").is_some();
    match (most, forms.is_empty()) {
        (true, false) => Some((Lines::Log, forms)),
        (true, true) if part => Some((Lines::Log, forms)),
        (true, true) if named() => Some((Lines::Text, forms)),
        _ => None,
    }
}

/// The token at the start of a line, up to a blank, and what follows the blank.
fn token(line: &[u8]) -> Option<(&str, &[u8])> {
    let end = memchr::memchr(b' ', line).unwrap_or(line.len());
    let token = std::str::from_utf8(&line[..end]).ok().filter(|token| !token.is_empty())?;
    Some((token, line.get(end + 1..).unwrap_or_default()))
}

/// A token that is an instant with its zone: `2026-11-22T07:48:21.997668245Z`.
fn instant(token: &str) -> Option<Time> {
    let dated = token.len() >= 20 && token.as_bytes()[4] == b'-' && token.as_bytes()[10] == b'T';
    if dated { Time::of_instant_text(token) } else { None }
}
