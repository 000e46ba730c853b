//! What of a record's own words is pointed at: the words that broke the stream, and the rejection.

use std::ops::Range;

use super::terminal::plain;
use crate::knowledge::signature::REJECTION;
use crate::link::Incident;

/// A part of a quote that is pointed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Its bytes in the line.
    pub(super) span: Range<usize>,
    /// What it is.
    pub(super) sort: MarkSort,
}

/// What is pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkSort {
    /// The provider's words when the stream broke.
    Failure,
    /// The rejection's sentence.
    Rejection,
}

impl MarkSort {
    /// What a reader is told of it.
    pub(super) fn label(self) -> &'static str {
        match self {
            MarkSort::Failure => "what broke the stream",
            MarkSort::Rejection => "the rejection",
        }
    }
}

/// What of a line, as `plain` spells it, is to be pointed at.
pub(super) fn marks(incident: &Incident, line: &str) -> Vec<Mark> {
    let find = |text: &str| memchr::memmem::find(line.as_bytes(), text.as_bytes()).map(|at| at..at + text.len());
    let failure = incident.stream_failure.as_ref().and_then(|failure| failure.message.as_deref()).filter(|message| !message.is_empty());
    let failure = failure.and_then(|message| find(&plain(message)));
    let failure = failure.map(|span| Mark { span, sort: MarkSort::Failure });
    let refusal = find(REJECTION).map(|span| Mark { span, sort: MarkSort::Rejection });
    failure.into_iter().chain(refusal).collect()
}
