//! Writes facts.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;
use std::io::{self, Write};
use std::sync::Arc;

use super::error::{Attempt, Chain, Error, Level, Lists, Refusal, Text};
use super::line::{Call, Fact, Half, Header, Line, Served, Source, Statement, Stream};
use super::time::Shown;
use super::{GENERATOR, SCHEMA, SourceFacts, halves};
use crate::escape::escaped;
use crate::fact::{self, ErrorLevel, ErrorRecord, ErrorText, FallbackLists, UpstreamCall};
use crate::input::Problem;
use crate::mask::Secrets;
use crate::scan::{Piece, StreamFound};

/// Stands in a quote for an id, which is told beside it: quotes that differ in nothing else are one.
pub(super) const GAP: char = '\u{fffc}';

/// Writes what is to be said of an input that gave no source.
///
/// # Errors
///
/// What the writer gives.
pub fn write_problem(problem: &Problem, out: &mut dyn Write) -> io::Result<()> {
    write_line(&Header { problem: Some(Secrets::Masked.in_problem(problem.clone())), ..header() }, out)
}

/// Writes what was found of a source.
///
/// # Errors
///
/// What the writer gives.
pub fn write_source(source: &SourceFacts, out: &mut dyn Write) -> io::Result<()> {
    write_line(&Header { source: Some(head(source)), ..header() }, out)?;
    let mut tables = Tables::default();
    for fact in source.found.streams.iter().flat_map(|stream| &stream.facts) {
        let fact = tables.fact(fact);
        let (strings, levels, lists, texts) = (tables.strings.take(), tables.levels.take(), tables.lists.take(), tables.texts.take());
        let strings = strings.iter().map(|text| Cow::Borrowed(&**text)).collect();
        write_line(&Line { strings, levels, lists, texts, fact }, out)?;
    }
    Ok(())
}

/// Writes that this is all: of what ends without, a part is missing.
///
/// # Errors
///
/// What the writer gives.
pub fn write_end(sources: u64, out: &mut dyn Write) -> io::Result<()> {
    write_line(&Header { end: Some(sources), ..header() }, out)
}

fn write_line(line: &impl serde::Serialize, out: &mut dyn Write) -> io::Result<()> {
    let line = serde_json::to_string(line)?;
    // Nearly all lines are plain.
    let is_plain = line.bytes().all(|byte| byte < 0x7f);
    let line = if is_plain { Cow::Borrowed(line.as_str()) } else { escaped(&line) };
    out.write_all(line.as_bytes())?;
    out.write_all(b"\n")
}

fn header<'h>() -> Header<'h> {
    Header { schema: SCHEMA.into(), generator: GENERATOR.into(), problem: None, source: None, end: None }
}

fn head(source: &SourceFacts) -> Source {
    let found = &source.found;
    let own = source.label.as_ref().and_then(|label| source.name.strip_prefix(label.as_str())?.strip_prefix(':'));
    let process = |stream: &StreamFound| {
        source.notes.processes.get(stream.number as usize).map(|name| Secrets::Masked.in_name(name).into_owned()).unwrap_or_default()
    };
    Source {
        path: Secrets::Masked.in_path(own.unwrap_or(&source.name)).into_owned(),
        label: source.label.as_ref().map(|label| Secrets::Masked.in_name(label).into_owned()),
        bytes: source.bytes,
        hash: source.whole.map(|hash| format!("{hash:032x}")),
        start: format!("{:016x}", source.start),
        run: format!("{:016x}", source.run),
        forms: found.forms.clone(),
        looks: source.looks.clone(),
        mentions: found.mentions,
        requests: found.requests,
        unread: found.unread,
        lost: source.notes.lost,
        more_pages: source.notes.more_pages,
        problem: source.problem.clone().map(|kind| Secrets::Masked.in_problem_kind(kind)),
        foreign: source.foreign,
        streams: found.streams.iter().map(|stream| stream_head(stream, process(stream))).collect(),
        facts: found.streams.iter().map(|stream| stream.facts.len() as u64).sum(),
        missing: source.missing,
    }
}

fn stream_head(stream: &StreamFound, process: String) -> Stream {
    let edges = &stream.edges;
    Stream {
        number: stream.number,
        process,
        lines: stream.lines,
        first: edges.first.map(Shown),
        last: edges.last.map(Shown),
        headed: edges.headed,
        starts_with_head: edges.starts_with_head,
        opens_with: edges.opens_with,
        opening: edges.opening.as_ref().map(|piece| half(piece, halves::opening(&piece.bytes))),
        closing: edges.closing.as_ref().and_then(|piece| Some(half(piece, halves::closing(&piece.bytes)?))),
        marks: stream.marks.iter().map(|(line, time)| (*line, Shown(*time))).collect(),
    }
}

fn half(piece: &Piece, text: String) -> Half {
    Half { text, place: piece.place, line: piece.line, output: piece.output }
}

/// What was named so far, each by its number.
#[derive(Default)]
struct Tables {
    /// Names as the input has them.
    names: HashMap<Box<str>, u32>,
    strings: Table<Arc<str>>,
    levels: Table<Level>,
    lists: Table<Lists>,
    texts: Table<Text>,
    /// Texts that facts share, by their address.
    shared: HashMap<*const ErrorText, u32>,
}

/// Values by number, and those that no line has told yet.
struct Table<T> {
    numbers: HashMap<T, u32>,
    new: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { numbers: HashMap::new(), new: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Table<T> {
    fn number(&mut self, value: T) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        if let Some(known) = self.numbers.get(&value) {
            return *known;
        }
        self.new.push(value.clone());
        self.numbers.insert(value, next);
        next
    }

    fn take(&mut self) -> Vec<T> {
        std::mem::take(&mut self.new)
    }
}

impl Tables {
    /// A name; in one that a client or an operator gave, there may be a secret.
    fn name(&mut self, name: &str) -> u32 {
        if let Some(known) = self.names.get(name) {
            return *known;
        }
        let number = self.masked(&Secrets::Masked.in_name(name));
        self.names.insert(name.into(), number);
        number
    }

    /// Text that is masked.
    fn masked(&mut self, text: &str) -> u32 {
        match self.strings.numbers.get(text) {
            Some(known) => *known,
            None => self.strings.number(text.into()),
        }
    }

    fn maybe(&mut self, name: Option<&str>) -> Option<u32> {
        name.map(|name| self.name(name))
    }

    /// A provider's words, in which a prompt may be, too.
    fn words(&mut self, words: Option<&str>) -> Option<u32> {
        words.map(|words| self.masked(&Secrets::Masked.in_text(words)))
    }

    fn fact(&mut self, fact: &fact::Fact) -> Fact {
        let statement = self.statement(&fact.statement);
        Fact {
            place: (fact.place.line, fact.place.byte),
            stream: fact.stream,
            line: Some(fact.line).filter(|line| line + 1 != fact.place.line),
            lines: Some(fact.lines).filter(|lines| *lines != 1),
            output: fact.output,
            answer: fact.answer,
            time: fact.time.map(Shown),
            quote: fact.quote.as_deref().map(|quote| self.quote(quote, &fact.statement)).unwrap_or_default(),
            statement,
        }
    }

    fn quote(&mut self, quote: &str, statement: &fact::Statement) -> Vec<u32> {
        let masked = Secrets::Masked.in_text(quote);
        let mut ids: Vec<&str> = match statement {
            fact::Statement::Error(error) => error.rejections().into_iter().filter_map(|refused| refused.request_id.map(|id| &**id)).collect(),
            _ => Vec::new(),
        };
        ids.retain(|id| !id.is_empty());
        if masked.contains(GAP) {
            ids.clear();
        }
        let (mut told, mut gaps, mut rest) = (String::with_capacity(masked.len()), Vec::new(), &*masked);
        while let Some((at, id)) = ids.iter().filter_map(|id| Some((rest.find(id)?, *id))).min() {
            told.push_str(&rest[..at]);
            told.push(GAP);
            gaps.push(self.name(id));
            rest = &rest[at + id.len()..];
        }
        told.push_str(rest);
        std::iter::once(self.masked(&told)).chain(gaps).collect()
    }

    fn statement(&mut self, statement: &fact::Statement) -> Statement {
        match statement {
            fact::Statement::Error(error) => Statement::Error(Box::new(self.error(error))),
            fact::Statement::HopTried => Statement::HopTried,
            fact::Statement::NoHop => Statement::NoHop,
            fact::Statement::HopStarted { group } => Statement::HopStarted(self.name(group)),
            fact::Statement::HopOpened => Statement::HopOpened,
            fact::Statement::Call(call) => Statement::UpstreamCall(Box::new(self.call(call))),
            fact::Statement::Served(served) => Statement::Served(Served {
                call_id: self.maybe(served.call_id.as_deref()),
                request: self.maybe(served.request.as_deref()),
                model: self.maybe(served.model.as_deref()),
                end: served.end.map(Shown),
            }),
            fact::Statement::Counted(sample) => Statement::Counted(*sample),
        }
    }

    fn call(&mut self, call: &UpstreamCall) -> Call {
        let mut earlier = Vec::with_capacity(call.earlier.len());
        for error in &call.earlier {
            earlier.push((self.name(&error.call_id), self.text(&error.text), self.maybe(error.group.as_deref())));
        }
        Call {
            call_id: self.name(&call.call_id),
            group: self.maybe(call.group.as_deref()),
            model: self.maybe(call.model.as_deref()),
            version: self.maybe(call.version.as_deref()),
            ends_with_assistant: call.ends_with_assistant,
            continuation: call.continuation,
            asks_to_be_continued: call.asks_to_be_continued,
            earlier,
        }
    }

    fn error(&mut self, error: &ErrorRecord) -> Error {
        Error {
            role: error.role,
            text: self.text(&error.text),
            chain: error.chain.as_ref().map(|chain| Chain {
                texts: chain.texts.iter().map(|text| self.text(text)).collect(),
                no_stream_traces: chain.no_stream_traces,
                nested: chain.nested,
                route: self.maybe(chain.route),
            }),
            damaged: !error.whole,
            without_traceback: error.without_traceback,
            origin: error.origin.as_ref().map(|(file, line)| (self.name(file), *line)),
            call_id: self.maybe(error.call_id.as_deref()),
            model: self.maybe(error.model.as_deref()),
            attempt: error.attempt.as_ref().map(|attempt| Box::new(self.attempt(attempt))),
        }
    }

    fn attempt(&mut self, attempt: &fact::Attempt) -> Attempt {
        let caller = &attempt.caller;
        let caller = [&caller.key, &caller.team, &caller.user, &caller.end_user, &caller.user_agent].map(|field| self.maybe(field.as_deref()));
        Attempt {
            form: attempt.form,
            about: attempt.about,
            trace_id: self.maybe(attempt.trace_id.as_deref()),
            request: self.maybe(attempt.request.as_deref()),
            start: attempt.start.map(Shown),
            end: attempt.end.map(Shown),
            answer_had_begun: attempt.answer_had_begun,
            broke_stream: attempt.broke_stream,
            refused_outright: attempt.refused_outright,
            last_message: attempt.last_message,
            route: self.maybe(attempt.route),
            model_group: self.maybe(attempt.model_group.as_deref()),
            requested_model: self.maybe(attempt.requested_model.as_deref()),
            caller,
            version: self.maybe(attempt.version.as_deref()),
        }
    }

    fn text(&mut self, text: &Arc<ErrorText>) -> u32 {
        if let Some(known) = self.shared.get(&Arc::as_ptr(text)) {
            return *known;
        }
        let written = Text {
            mid_stream: text.mid_stream,
            levels: text.levels.iter().map(|level| self.level(level)).collect(),
            configured: text.configured.as_ref().map(|lists| self.lists(lists)),
            neighbour: self.maybe(text.neighbour.map(|neighbour| neighbour.id)),
        };
        let number = self.texts.number(written);
        self.shared.insert(Arc::as_ptr(text), number);
        number
    }

    fn level(&mut self, level: &ErrorLevel) -> (u32, Option<u32>) {
        let error = &level.error;
        let written = Level {
            class: self.maybe(error.class.as_deref()),
            provider: self.maybe(error.provider),
            message: self.words(error.message.as_deref()),
            rejection: error.rejection.map(|rejection| Refusal {
                cut: rejection.cut,
                provider: self.maybe(rejection.provider),
                streaming: rejection.streaming,
            }),
            group: self.maybe(level.group.as_deref()),
            fallbacks: level.fallbacks.as_ref().map(|targets| targets.iter().map(|target| self.name(target)).collect()),
        };
        (self.levels.number(written), self.maybe(level.request_id.as_deref()))
    }

    fn lists(&mut self, lists: &FallbackLists) -> u32 {
        let written = lists.iter().map(|(group, targets)| (self.name(group), targets.iter().map(|target| self.name(target)).collect())).collect();
        self.lists.number(written)
    }
}
