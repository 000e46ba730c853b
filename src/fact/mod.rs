//! The typed statements that records make: small, owning their data, carrying where they were seen.
//!
//! Facts are all that the link step sees. They say what a record says, never what it may mean: which side is to blame is
//! decided later, over all facts.

mod arguments;
mod attempt;
mod call;
mod collect;
mod error_record;
mod error_text;
mod fallback_lists;
mod ids;
mod one_error;
mod place;
mod quote;
mod shape;
mod texts;

pub use crate::envelope::Output;
pub use crate::record::Answer;
pub use crate::record::{About, Form, LastMessage, Sample, Served};
pub use attempt::{Attempt, Caller};
pub use call::{EarlierError, UpstreamCall};
pub use collect::{Collector, Found};
pub use error_record::{Chain, ErrorRecord, Refused, Role};
pub use error_text::{ErrorLevel, ErrorText, LevelWords};
pub use fallback_lists::FallbackLists;
pub use one_error::{OneError, Rejection};
pub use place::Place;
pub use texts::{Learnt, Name};

use crate::record::{DAY, Time};

/// One statement and where it was seen.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Where the record starts.
    pub place: Place,
    /// Which stream it is of: what one process wrote, in its order.
    pub stream: u32,
    /// To which output of its process it was written, where an envelope says so.
    pub output: Output,
    /// The record's first line in its stream, without what is around it in the source: lines of one stream are one behind the other.
    pub line: u64,
    /// How many lines the record has.
    pub lines: u64,
    /// The access line that stands directly behind the record.
    pub answer: Option<Answer>,
    /// When it was written, as the log says.
    pub time: Option<Time>,
    /// How many midnights have passed in its stream, as far as times without a date tell.
    pub days: u32,
    /// What it says.
    pub statement: Statement,
    /// The record's own words as far as the error goes, if quotes are asked for.
    pub quote: Option<Box<str>>,
}

impl Fact {
    /// Microseconds on its stream's line of time; midnights count where there are no dates.
    #[must_use]
    pub fn at(&self) -> Option<u64> {
        let time = self.time?;
        let days = if time.date.is_none() { u64::from(self.days) } else { 0 };
        Some(time.since_epoch() + days * DAY)
    }

    /// The error that was logged, if it tells of one.
    #[must_use]
    pub fn error(&self) -> Option<&ErrorRecord> {
        match &self.statement {
            Statement::Error(error) => Some(error),
            _ => None,
        }
    }

    /// Whether it only matters beside a rejection or a broken stream of the same request: of what fails otherwise, and of what goes
    /// well, a trace is full.
    #[must_use]
    pub fn is_lesser(&self) -> bool {
        match &self.statement {
            Statement::Served(_) => true,
            Statement::Error(error) => error.attempt.as_ref().is_some_and(|attempt| !attempt.broke_stream) && !error.is_rejected(),
            _ => false,
        }
    }

    /// What names the request of a trace's row.
    pub fn request_names(&self) -> impl Iterator<Item = &str> {
        let (call_id, request) = match &self.statement {
            Statement::Served(served) => (served.call_id.as_deref(), served.request.as_deref()),
            Statement::Error(error) => (error.call_id.as_deref(), error.attempt.as_ref().and_then(|attempt| attempt.request.as_deref())),
            _ => (None, None),
        };
        call_id.into_iter().chain(request)
    }
}

/// Adds facts to others; where there are none yet, they stay where they are.
pub fn append(all: &mut Vec<Fact>, mut more: Vec<Fact>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.append(&mut more);
    }
}

/// What a record says.
#[derive(Debug, Clone)]
pub enum Statement {
    /// An error that LiteLLM logged.
    Error(Box<ErrorRecord>),
    /// Router INFO: a call failed for good, or a stream broke; fallbacks are looked for.
    HopTried,
    /// Router INFO: there are none.
    NoHop,
    /// Router INFO: a hop to this group begins.
    HopStarted {
        /// The fallback group.
        group: String,
    },
    /// Router INFO: a hop's stream was opened.
    HopOpened,
    /// DEBUG: a request that LiteLLM sent upstream.
    Call(Box<UpstreamCall>),
    /// Traces: an attempt that did not fail.
    Served(Box<Served>),
    /// Prometheus: a counter's value.
    Counted(Sample),
}

/// What sort of statement a fact is, as evidence carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactKind {
    /// [`Statement::Error`], of this record.
    Error(Role),
    /// [`Statement::HopTried`].
    HopTried,
    /// [`Statement::NoHop`].
    NoHop,
    /// [`Statement::HopStarted`].
    HopStarted,
    /// [`Statement::HopOpened`].
    HopOpened,
    /// [`Statement::Call`].
    Call,
    /// [`Statement::Served`].
    Served,
    /// [`Statement::Counted`].
    Counted,
}

impl Statement {
    /// What sort of statement it is.
    #[must_use]
    pub fn kind(&self) -> FactKind {
        match self {
            Statement::Error(error) => FactKind::Error(error.role),
            Statement::HopTried => FactKind::HopTried,
            Statement::NoHop => FactKind::NoHop,
            Statement::HopStarted { .. } => FactKind::HopStarted,
            Statement::HopOpened => FactKind::HopOpened,
            Statement::Call(_) => FactKind::Call,
            Statement::Served(_) => FactKind::Served,
            Statement::Counted(_) => FactKind::Counted,
        }
    }
}

impl FactKind {
    /// The name in snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FactKind::Error(role) => role.name(),
            FactKind::HopTried => "hop_tried",
            FactKind::NoHop => "no_hop",
            FactKind::HopStarted => "hop_started",
            FactKind::HopOpened => "hop_opened",
            FactKind::Call => "upstream_call",
            FactKind::Served => "served",
            FactKind::Counted => "counted",
        }
    }
}
