//! Turns the records of one chunk into facts.

use super::call::UpstreamCall;
use super::error_record::{ErrorRecord, Role};
use super::one_error::Rejection;
use super::quote;
use super::texts::{Learnt, Texts};
use super::{Place, Statement};
use crate::knowledge::signature::{self, HeadKind, MESSAGE_HEADS};
use crate::needle::Needle;
use crate::record::{self, Answer, Form, Record, Time, TraceRecord, python};

static BAD_REQUEST: Needle = Needle::new("litellm.BadRequestError: ");

/// A statement found in a record, before the source's place is known.
#[derive(Debug)]
pub struct Found {
    /// Offset of the record in the chunk.
    pub offset: usize,
    /// Lines of the record.
    pub lines: u64,
    /// Where these lines end in the chunk, if they were counted.
    pub end: Option<usize>,
    /// The access line directly behind it.
    pub answer: Option<Answer>,
    /// Time of the record.
    pub time: Option<Time>,
    /// What it says.
    pub statement: Statement,
    /// Its own words, if quotes are asked for.
    pub quote: Option<Box<str>>,
}

impl Found {
    /// The fact, at its place in the source.
    #[must_use]
    pub fn at(self, place: Place) -> super::Fact {
        super::Fact {
            place,
            stream: 0,
            output: super::Output::Both,
            line: place.line,
            lines: self.lines,
            answer: self.answer,
            time: self.time,
            days: 0,
            statement: self.statement,
            quote: self.quote,
        }
    }
}

/// Reads records into statements.
#[derive(Debug, Default)]
pub struct Collector {
    /// What was found, in the order of the chunk.
    pub found: Vec<Found>,
    /// The forms of the records that were read.
    pub forms: Vec<Form>,
    quotes: bool,
    texts: Texts,
}

impl Collector {
    /// A collector that goes on with what others have `learnt`; `quotes`: whether facts are to hold their records' own words.
    #[must_use]
    pub fn new(quotes: bool, learnt: Learnt) -> Collector {
        Collector { quotes, texts: Texts::knowing(learnt), ..Collector::default() }
    }

    /// What was found and of which forms, and what was learnt for the next chunk.
    #[must_use]
    pub fn finish(self) -> (Vec<Found>, Vec<Form>, Learnt) {
        (self.found, self.forms, self.texts.learnt())
    }

    /// Reads the row that fills `bytes` and starts at `offset` of the chunk; gives whether it is of a known form.
    pub fn read_row(&mut self, bytes: &[u8], offset: usize) -> bool {
        self.add_rows(record::read_row(bytes), offset)
    }

    /// Reads the row that fills `bytes` and starts at `offset` of the chunk if it is a payload; gives whether it is.
    pub fn read_payload(&mut self, bytes: &[u8], offset: usize) -> bool {
        self.add_rows(record::read_payload(bytes), offset)
    }

    fn add_rows(&mut self, rows: Option<Vec<TraceRecord>>, offset: usize) -> bool {
        let known = rows.is_some();
        for row in rows.into_iter().flatten() {
            self.add_form(row.form);
            let time = row.start.or(row.end);
            let quote = self.quote_of_row(&row);
            let statement = Statement::Error(Box::new(ErrorRecord::of_row(row, &mut self.texts)));
            self.found.push(Found { offset, lines: 1, end: None, answer: None, time, statement, quote });
        }
        known
    }

    /// Reads rows that no needle was found in, which fill `bytes` and start at `offset`: attempts that did not fail.
    pub fn read_served(&mut self, bytes: &[u8], offset: usize) {
        let mut at = 0;
        while at < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |newline| at + newline + 1);
            if let Some(served) = record::served(&bytes[at..end]) {
                self.found.push(Found {
                    offset: offset + at,
                    lines: 1,
                    end: None,
                    answer: None,
                    time: None,
                    statement: Statement::Served(Box::new(served)),
                    quote: None,
                });
            }
            at = end;
        }
    }

    /// Reads text that is no proxy's log and starts at `offset`: errors that a client or an application logged, and counters, each
    /// on its line.
    pub fn read_text(&mut self, text: &[u8], offset: usize) {
        for (at, row) in record::errors_in(text) {
            self.add_form(row.form);
            let quote = self.quote_of_row(&row);
            let statement = Statement::Error(Box::new(ErrorRecord::of_row(row, &mut self.texts)));
            self.found.push(Found { offset: offset + at, lines: 1, end: None, answer: None, time: None, statement, quote });
        }
        for (at, sample) in record::samples_in(text) {
            self.add_form(Form::Metrics);
            self.found.push(Found {
                offset: offset + at,
                lines: 1,
                end: None,
                answer: None,
                time: None,
                statement: Statement::Counted(sample),
                quote: None,
            });
        }
    }

    fn quote_of_row(&self, row: &TraceRecord) -> Option<Box<str>> {
        if self.quotes { quote::of(&row.error) } else { None }
    }

    fn add_form(&mut self, form: Form) {
        if !self.forms.contains(&form) {
            self.forms.push(form);
        }
    }

    /// Reads the record that fills `bytes`, with so many `newlines` in them, and starts at `offset` of the chunk; `behind` is what
    /// follows it.
    pub fn read(&mut self, bytes: &[u8], offset: usize, newlines: u64, behind: &[u8]) {
        if record::says_nothing(bytes) {
            return self.add_form(Form::Text);
        }
        let parts = record::read(bytes);
        let ends: Vec<usize> = parts.iter().skip(1).map(|(at, _)| *at).chain([bytes.len()]).collect();
        let lines_of = |part: &[u8]| if part.len() == bytes.len() { newlines } else { memchr::memchr_iter(b'\n', part).count() as u64 };
        for ((at, record), end) in parts.into_iter().zip(ends) {
            record.form.into_iter().for_each(|form| self.add_form(form));
            let lines = lines_of(&bytes[at..end]);
            let answer = if end == bytes.len() { record::access_line(behind) } else { None };
            for statement in statements(&record, &mut self.texts) {
                let is_error = matches!(statement, Statement::Error(_));
                let quote = if self.quotes && is_error { quote::of(&record.message) } else { None };
                self.found.push(Found { offset: offset + at, lines, end: Some(offset + end), answer, time: record.time, statement, quote });
            }
        }
    }
}

/// What a record says; a broken record gives the texts of its exception chain apart.
fn statements(record: &Record<'_>, texts: &mut Texts) -> Vec<Statement> {
    if record.form.is_none() {
        return fragments(ErrorRecord::of_piece(&record.message, texts));
    }
    let Some(mut statement) = statement(record, texts) else { return Vec::new() };
    let mut broken = match &mut statement {
        Statement::Error(error) => error.take_foreign_chain(record.broken),
        _ => Vec::new(),
    };
    if matches!(statement, Statement::Error(_)) {
        broken.extend(ErrorRecord::of_piece(&record.message[ErrorRecord::own_part(record)..], texts));
    }
    std::iter::once(statement).chain(fragments(broken)).collect()
}

fn fragments(errors: Vec<ErrorRecord>) -> Vec<Statement> {
    errors.into_iter().map(|error| Statement::Error(Box::new(error))).collect()
}

fn statement(record: &Record<'_>, texts: &mut Texts) -> Option<Statement> {
    let message = record.message.trim_start();
    for (head, kind) in MESSAGE_HEADS {
        let Some(text) = message.strip_prefix(head) else { continue };
        return match kind {
            HeadKind::HopTried => Some(Statement::HopTried),
            HeadKind::NoHop => Some(Statement::NoHop),
            HeadKind::HopStarted => Some(Statement::HopStarted { group: hop_group(text) }),
            HeadKind::HopOpened => Some(Statement::HopOpened),
            HeadKind::Call => call(record, message, text, texts),
            _ => Role::of_head(kind).map(|role| Statement::Error(Box::new(ErrorRecord::new(role, record, text, texts)))),
        };
    }
    other_error(record, message, texts)
}

/// `T`, or `{'model': 'G', '_target_order': 2}` for a hop inside a group.
fn hop_group(text: &str) -> String {
    let text = text.trim();
    let literal = python::literal(text).and_then(|(target, _)| python::group_name(target));
    literal.unwrap_or_else(|| text.to_owned())
}

/// A failed call (INFO) or a request (DEBUG).
fn call(record: &Record<'_>, message: &str, arguments: &str, texts: &mut Texts) -> Option<Statement> {
    let Some(rest) = arguments.strip_prefix("model=") else {
        return UpstreamCall::read(message, texts).map(|call| Statement::Call(Box::new(call)));
    };
    let (model, error) = rest.split_once(") Exception ")?;
    let mut failed = ErrorRecord::new(Role::CallFailed, record, error, texts);
    // `ageneric_api_call_with_fallbacks` names the group here, and `None` stands for no deployment at all.
    failed.model = (message.starts_with("litellm.acompletion(") && model != "None").then(|| texts.name(model));
    Some(Statement::Error(Box::new(failed)))
}

/// Another WARNING or ERROR record with a rejection in it; at lower levels, text that quotes one is common.
fn other_error(record: &Record<'_>, message: &str, texts: &mut Texts) -> Option<Statement> {
    if !matches!(record.level.as_ref(), "ERROR" | "WARNING" | "CRITICAL") || !signature::tells_rejection(message) {
        return None;
    }
    let named = BAD_REQUEST.find(message);
    let at = named.unwrap_or(0);
    let (rejection, _) = Rejection::find(&message[at..])?;
    // Without LiteLLM's class before it, a provider's word must be: a message may quote.
    named.or(rejection.provider.map(|_| 0))?;
    Some(Statement::Error(Box::new(ErrorRecord::new(Role::OtherError, record, &message[at..], texts))))
}
