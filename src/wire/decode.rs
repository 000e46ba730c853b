//! Decodes the lines of facts files.
//!
//! A line that cannot be read ends its source, and the next header begins anew: what several runs wrote into one file is not lost with
//! the one that broke.

use std::collections::HashMap;
use std::io;

use rayon::prelude::*;

use super::held::Held;
use super::line::{Half, Header, Line, Source, Stream};
use super::tables::Tables;
use super::time::Shown;
use super::{GENERATOR, SCHEMA, SourceFacts, is_header};
use crate::input::Problem;
use crate::scan::{Edges, Piece, SourceFound, StreamFound};

/// What a facts file carries.
#[derive(Debug)]
pub enum Carried {
    /// A source.
    Source(Box<SourceFacts>),
    /// An input that gave none.
    Problem(Problem),
    /// The end of a run that told of so many sources.
    End(u64),
}

/// Why facts could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes did not come.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Another version.
    #[error("line {line} is of {schema}, written by {generator}, and this streamfall reads {SCHEMA}: let the same version write and link facts")]
    Version {
        /// The line.
        line: u64,
        /// What it says to be.
        schema: String,
        /// What wrote it.
        generator: String,
    },
    /// A line is no fact.
    #[error("line {line} is no fact ({reason}): write the facts again; logs go in files of their own")]
    Line {
        /// The line.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// What wrote it knows more than this does.
    #[error("line {line}, written by {generator}, is not understood by streamfall {} ({reason}): link with the version that wrote it, or a later one", env!("CARGO_PKG_VERSION"))]
    Newer {
        /// The line.
        line: u64,
        /// What is not understood.
        reason: String,
        /// What wrote it.
        generator: String,
    },
    /// Sources are missing.
    #[error("it ends at line {line}, before the run that wrote it had: write the facts again")]
    Unfinished {
        /// The line.
        line: u64,
    },
    /// The end is missing.
    #[error("it ends at line {line}, {missing} fact(s) of {source_name} early: write the facts again")]
    Ended {
        /// The line.
        line: u64,
        /// How many facts are missing.
        missing: u64,
        /// Of which source.
        source_name: String,
    },
}

/// How facts are taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// Whether the records' own words are wanted.
    pub(super) quotes: bool,
    /// Whether facts are held as they stand.
    pub(super) held: bool,
}

/// Decodes lines that follow each other.
pub(super) struct LineDecoder {
    taken: Taken,
    /// The last line.
    number: u64,
    /// What wrote the lines at hand, if that is another version.
    other: Option<String>,
    state: State,
    decoded: Vec<Result<Carried, ReadError>>,
}

/// What the next line may be.
enum State {
    /// A header.
    Outside,
    /// A fact of this source.
    Within(Box<Open>),
    /// Anything: what it is of could not be read, and that is said.
    Passing,
}

/// The source that is being read.
struct Open {
    source: SourceFacts,
    missing: u64,
    tables: Tables,
    /// Where each stream is, by number.
    streams: HashMap<u32, usize>,
}

impl LineDecoder {
    /// For lines behind so many others.
    pub(super) fn new(taken: Taken, number: u64) -> LineDecoder {
        LineDecoder { taken, number, other: None, state: State::Outside, decoded: Vec::new() }
    }

    /// The number of the last line.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// What was decoded.
    pub(super) fn take(&mut self) -> Vec<Result<Carried, ReadError>> {
        std::mem::take(&mut self.decoded)
    }

    /// Decodes lines. All cores read what stands in them, some lines ahead of the one that knows what was named before.
    pub(super) fn decode(&mut self, lines: &[u8]) {
        let mut windows = pieces(lines, WINDOW);
        let mut read = windows.next().map(read_lines);
        while let Some(lines) = read {
            (read, ()) = rayon::join(|| windows.next().map(read_lines), || lines.into_iter().flatten().for_each(|line| self.take_line(line)));
        }
    }

    fn take_line(&mut self, read: Read<'_>) {
        self.number += 1;
        let done = match read {
            Read::Header(line) => {
                self.close();
                self.header(line)
            }
            Read::Nothing => Ok(()),
            Read::Fact(line, fact) => self.fact(line, *fact).map_err(|reason| self.wrong(reason)),
        };
        if let Err(error) = done {
            self.fail(error);
        }
    }

    fn header(&mut self, line: &[u8]) -> Result<(), ReadError> {
        let version: Version = serde_json::from_slice(line).map_err(|error| ReadError::Line { line: self.number, reason: error.to_string() })?;
        if version.schema != SCHEMA {
            return Err(ReadError::Version { line: self.number, schema: version.schema, generator: version.generator });
        }
        self.other = Some(version.generator).filter(|generator| generator != GENERATOR);
        let header: Header<'_> = serde_json::from_slice(line).map_err(|error| self.wrong(error.to_string()))?;
        self.decoded.extend(header.problem.map(|problem| Ok(Carried::Problem(problem))));
        self.decoded.extend(header.end.map(|sources| Ok(Carried::End(sources))));
        if let Some(source) = header.source {
            let mut open = Open::of(source).map_err(|reason| self.wrong(reason))?;
            open.source.held = self.taken.held.then(|| Held::new(self.taken.quotes));
            self.state = State::Within(Box::new(open));
        }
        Ok(())
    }

    fn fact(&mut self, line: &[u8], fact: Result<Line<'_>, serde_json::Error>) -> Result<(), String> {
        match &mut self.state {
            State::Within(open) if open.missing == 0 => Err("its header tells of fewer".to_owned()),
            State::Within(open) => open.add(fact.map_err(|error| error.to_string())?, line, self.taken.quotes),
            State::Outside => Err("no header stands before it".to_owned()),
            State::Passing => Ok(()),
        }
    }

    /// What is wrong with the line at hand.
    fn wrong(&self, reason: String) -> ReadError {
        match self.other.clone() {
            Some(generator) => ReadError::Newer { line: self.number, reason, generator },
            None => ReadError::Line { line: self.number, reason },
        }
    }

    /// Gives what there is of the source at hand, and why there is no more.
    pub(super) fn fail(&mut self, error: ReadError) {
        if let State::Within(open) = std::mem::replace(&mut self.state, State::Passing) {
            self.decoded.push(Ok(open.ended()));
        }
        self.decoded.push(Err(error));
    }

    /// Gives the source at hand: its lines end.
    pub(super) fn close(&mut self) {
        if let State::Within(open) = std::mem::replace(&mut self.state, State::Outside) {
            let missing = open.missing;
            let ended = || ReadError::Ended { line: self.number, missing, source_name: open.source.name.clone() };
            let error = (missing > 0).then(ended);
            self.decoded.push(Ok(open.ended()));
            self.decoded.extend(error.map(Err));
        }
    }
}

/// A line, and what stands in it.
enum Read<'l> {
    Header(&'l [u8]),
    Nothing,
    Fact(&'l [u8], Box<Result<Line<'l>, serde_json::Error>>),
}

/// How many bytes of lines are read ahead, and how many of them by one core.
const WINDOW: usize = 1 << 20;
const PIECE: usize = 64 << 10;

/// Lines in pieces of about so many bytes.
fn pieces(mut lines: &[u8], size: usize) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let end = lines.get(size..).and_then(|behind| memchr::memchr(b'\n', behind)).map_or(lines.len(), |newline| size + newline + 1);
        let (piece, rest) = lines.split_at(end);
        lines = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

fn read_lines(window: &[u8]) -> Vec<Vec<Read<'_>>> {
    let pieces: Vec<&[u8]> = pieces(window, PIECE).collect();
    let read = |line| match line {
        line if is_header(line) => Read::Header(line),
        line if line.trim_ascii().is_empty() => Read::Nothing,
        line => Read::Fact(line, Box::new(serde_json::from_slice(line))),
    };
    pieces.into_par_iter().map(|piece| piece.split_inclusive(|byte| *byte == b'\n').map(read).collect()).collect()
}

/// What every version of a header has.
#[derive(serde::Deserialize)]
struct Version {
    schema: String,
    #[serde(default)]
    generator: String,
}

impl Open {
    fn of(head: Source) -> Result<Open, String> {
        let bits = |hash: &str| u128::from_str_radix(hash, 16).map_err(|error| format!("`{hash}` is no hash: {error}"));
        let short = |hash: &str| bits(hash).and_then(|hash| u64::try_from(hash).map_err(|error| error.to_string()));
        let mut source = SourceFacts {
            name: head.label.as_ref().map_or_else(|| head.path.clone(), |label| format!("{label}:{}", head.path)),
            run: short(&head.run)?,
            start: short(&head.start)?,
            whole: head.hash.as_deref().map(bits).transpose()?,
            bytes: head.bytes,
            label: head.label,
            looks: head.looks,
            problem: head.problem,
            foreign: head.foreign,
            missing: head.missing,
            ..SourceFacts::default()
        };
        (source.notes.lost, source.notes.more_pages) = (head.lost, head.more_pages);
        source.notes.processes = processes(&head.streams);
        let numbers: HashMap<u32, usize> = head.streams.iter().map(|stream| stream.number).zip(0..).collect();
        if numbers.len() < head.streams.len() {
            return Err("its header tells of a stream twice".to_owned());
        }
        let streams = head.streams.into_iter().map(stream).collect();
        source.found = SourceFound { streams, mentions: head.mentions, requests: head.requests, unread: head.unread, forms: head.forms };
        Ok(Open { source, missing: head.facts, tables: Tables::default(), streams: numbers })
    }

    /// What there is of it.
    fn ended(mut self) -> Carried {
        self.source.missing = self.source.missing.saturating_add(self.missing);
        if let Some(held) = &mut self.source.held {
            held.close(&mut self.tables);
        }
        Carried::Source(Box::new(self.source))
    }

    fn add(&mut self, line: Line<'_>, bytes: &[u8], quotes: bool) -> Result<(), String> {
        if let Some(held) = self.source.held.as_mut().filter(|held| held.ends_before(line.fact.stream, line.fact.place)) {
            held.end_section(&mut self.tables);
        }
        if let Some(held) = &mut self.source.held {
            held.pack(&line, bytes);
        }
        self.tables.afford(bytes.len());
        self.tables.add(line.strings, line.levels, line.lists, line.texts)?;
        let fact = self.tables.fact(line.fact, quotes)?;
        let stream = self.streams.get(&fact.stream).and_then(|index| self.source.found.streams.get_mut(*index));
        let stream = stream.ok_or("its header has no such stream")?;
        match &mut self.source.held {
            Some(held) => held.hold(&fact),
            None => stream.facts.push(fact),
        }
        self.missing -= 1;
        Ok(())
    }
}

/// The names of a source's processes, by number.
fn processes(streams: &[Stream]) -> Vec<String> {
    let last = streams.iter().map(|stream| stream.number).max().filter(|last| (*last as usize) < streams.len() * 2 + 64);
    let mut names = vec![String::new(); last.map_or(0, |last| last as usize + 1)];
    for stream in streams {
        if let Some(name) = names.get_mut(stream.number as usize) {
            name.clone_from(&stream.process);
        }
    }
    if names.iter().all(String::is_empty) { Vec::new() } else { names }
}

fn stream(head: Stream) -> StreamFound {
    let edges = Edges {
        opening: head.opening.map(piece),
        starts_with_head: head.starts_with_head,
        headed: head.headed,
        closing: head.closing.map(piece),
        opens_with: head.opens_with,
        first: head.first.map(|Shown(time)| time),
        last: head.last.map(|Shown(time)| time),
    };
    let marks = head.marks.into_iter().map(|(line, Shown(time))| (line, time)).collect();
    StreamFound { number: head.number, facts: Vec::new(), edges, lines: head.lines, marks }
}

fn piece(half: Half) -> Piece {
    Piece { bytes: half.text.into_bytes(), place: half.place, line: half.line, output: half.output }
}
