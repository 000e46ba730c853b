//! What was read of all sources, and what is to be said of each.

mod twins;

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use xxhash_rust::xxh3::xxh3_64;

use super::event::Event;
use super::parts;
use crate::fact::Fact;
use crate::input::{Inputs, Origin, Problem, ProblemKind, Source};
use crate::record::{self, Form};
use crate::report::{InputRead, InputsRead};
use crate::scan::{InOrder, Piece, StreamFound, Wanted};
use crate::stream::{self, Completion, Part, Streams};
use crate::wire::{self, Section, SourceFacts};

/// What was read of all sources.
pub(super) struct Gathered {
    pub(super) sources: Vec<SourceRead>,
    /// Sources that facts files carry, until all are read.
    carried: Vec<SourceFacts>,
    /// What facts files say of inputs that gave none.
    problems: Vec<Problem>,
    wanted: Wanted,
    pub(super) stopped: bool,
}

/// What was read of one source.
pub(super) struct SourceRead {
    read: SourceFacts,
    /// Its index while it was read; a source that a facts file carries has none.
    number: Option<usize>,
    /// The folder or archive in which it was found: there it is passed over if it is no log.
    within: Option<Within>,
    /// What has been found so far, while it is read, and how many chunks it has, once that is known.
    reading: Option<Box<InOrder>>,
    chunks: Option<u64>,
    holds: Option<Holds>,
}

/// What an input holds that is no source itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Members of an archive.
    Members,
    /// Facts of sources.
    Facts,
}

/// What holds sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Within {
    Folder(usize),
    Archive(usize),
}

impl SourceRead {
    fn new(name: String, label: Option<&String>, number: usize, within: Option<Within>) -> SourceRead {
        let read = SourceFacts { name, label: label.cloned(), ..SourceFacts::default() };
        SourceRead { read, number: Some(number), within, reading: None, chunks: None, holds: None }
    }

    /// Whether it is a source that was read, and a log or taken for one.
    fn counts(&self) -> bool {
        self.holds.is_none() && self.read.foreign.is_none()
    }

    /// What is wrong with it; `stated` if it gave facts.
    fn problem(&self, stated: bool) -> Option<ProblemKind> {
        if self.counts() { problem_of(&self.read, stated) } else { self.read.problem.clone() }
    }

    /// Keeps in little what was found of a source that is read to its end; `all` if it never will be.
    fn close(&mut self, all: bool) {
        if let Some(reading) = self.reading.take_if(|reading| all || self.chunks == Some(reading.chunks())) {
            let found = &mut self.read.found;
            let forms = std::mem::take(&mut found.forms);
            *found = reading.finish();
            found.forms.extend(forms);
            found.forms.sort_unstable();
            found.forms.dedup();
        }
    }
}

impl Gathered {
    pub(super) fn new(inputs: &Inputs, label: Option<&String>, wanted: Wanted) -> Gathered {
        let sources = inputs.sources.iter().enumerate().map(|(number, source)| {
            let within = match source.origin {
                Origin::Walked { folder, .. } => Some(Within::Folder(folder)),
                Origin::Stdin | Origin::Named(_) => None,
            };
            SourceRead::new(source.name.clone(), label, number, within)
        });
        Gathered { sources: sources.collect(), carried: Vec::new(), problems: Vec::new(), wanted, stopped: false }
    }

    /// Takes what the reader or a worker says; `false` when all is read.
    pub(super) fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Chunk(index, facts) => {
                let source = &mut self.sources[index];
                source.reading.get_or_insert_with(|| Box::new(InOrder::new(index))).add(*facts);
                source.close(false);
            }
            Event::Ended(source, chunks) => {
                self.sources[source].chunks = Some(chunks);
                self.sources[source].close(false);
            }
            Event::Failed(source, problem) => self.sources[source].read.problem = Some(problem),
            Event::Foreign(source, quotes) => self.sources[source].read.foreign = Some(quotes),
            Event::Forms(source, forms) if forms.iter().any(|form| form.is_log()) => self.sources[source].read.found.forms = forms,
            Event::Forms(source, forms) => self.sources[source].read.looks = forms,
            Event::Notes(source, notes) => self.sources[source].read.notes = notes,
            Event::Read(source, bytes, content) => {
                let read = &mut self.sources[source].read;
                (read.bytes, read.start, read.whole) = (bytes, content.start, content.whole);
            }
            Event::Archive(source) => self.sources[source].holds = Some(Holds::Members),
            Event::Member(archive, name) => {
                let SourceFacts { name: within, label, .. } = &self.sources[archive].read;
                let member = SourceRead::new(format!("{within}!/{name}"), label.as_ref(), self.sources.len(), Some(Within::Archive(archive)));
                self.sources.push(member);
            }
            Event::Facts(source) => self.sources[source].holds = Some(Holds::Facts),
            Event::Carried(source, carried) => self.take_carried(source, *carried),
            Event::Missing(problem) => self.problems.push(problem),
            Event::Finished => return false,
        }
        true
    }

    /// Takes a source of a facts file, under the label of this run.
    fn take_carried(&mut self, file: usize, mut carried: SourceFacts) {
        if let Some(label) = &self.sources[file].read.label {
            carried.name = format!("{label}:{}", carried.name);
            carried.label = Some(carried.label.map_or_else(|| label.clone(), |own| format!("{label}:{own}")));
        }
        if !self.wanted.requests {
            carried.found.requests = 0;
        }
        self.carried.push(carried);
    }

    /// Puts all sources in the order of their names, whichever facts file carries them. Nothing more can be taken then.
    pub(super) fn settle(&mut self) {
        self.sources.iter_mut().for_each(|source| source.close(true));
        let carried = std::mem::take(&mut self.carried).into_iter();
        self.sources.extend(carried.map(|read| SourceRead { read, number: None, within: None, reading: None, chunks: None, holds: None }));
        let place = |source: &SourceRead| (source.read.run, source.read.whole, source.number);
        self.sources.sort_by(|a, b| a.read.name.cmp(&b.read.name).then_with(|| place(a).cmp(&place(b))));
        self.problems.sort_by_cached_key(Problem::to_string);
        self.problems.dedup();
    }

    /// Writes all that was found as facts.
    pub(super) fn write_facts(&mut self, inputs: &Inputs, out: &mut dyn Write) -> io::Result<()> {
        self.name_run(&inputs.sources);
        for problem in self.problems_of(inputs) {
            wire::write_problem(&problem, out)?;
        }
        let mut written = 0;
        for source in self.sources.iter().filter(|source| source.holds.is_none()) {
            let matters = source.read.foreign.is_none() || source.read.found.streams.iter().any(|stream| stream.edges.opening.is_some());
            if matters {
                wire::write_source(&source.read, out)?;
                written += 1;
            }
        }
        // What is wrong with what holds sources is said of none of them.
        for source in self.sources.iter().filter(|source| source.holds.is_some()) {
            if let Some(kind) = source.read.problem.clone() {
                wire::write_problem(&Problem { input: source.read.name.clone(), kind }, out)?;
            }
        }
        wire::write_end(written, out)
    }

    /// Gives the sources of this run its name: a hash of what it read.
    fn name_run(&mut self, files: &[Source]) {
        let mut read = String::new();
        for index in 0..self.sources.len() {
            if self.sources[index].number.is_some() {
                self.sources[index].read.whole = self.whole_hash(index, files);
                let SourceFacts { name, bytes, whole, .. } = &self.sources[index].read;
                read.extend([name, "\n", &bytes.to_string(), " ", &format!("{whole:?}"), "\n"]);
            }
        }
        let run = xxh3_64(read.as_bytes());
        self.sources.iter_mut().filter(|source| source.number.is_some()).for_each(|source| source.read.run = run);
    }

    /// What has been found since this was last asked, by source; `all` if there will be no more.
    pub(super) fn take_new(&mut self, all: bool) -> Vec<(usize, Vec<Fact>)> {
        if all {
            self.sources.iter_mut().for_each(|source| source.close(true));
        }
        let new = |source: &mut SourceRead| match &mut source.reading {
            Some(reading) => reading.take_new(),
            None => source.read.found.streams.iter_mut().flat_map(|stream| std::mem::take(&mut stream.facts)).collect(),
        };
        self.sources.iter_mut().enumerate().map(|(index, source)| (index, new(source))).collect()
    }

    /// The name of a process of a source, where an envelope names it.
    pub(super) fn process(&self, source: usize, number: u32) -> String {
        self.sources[source].read.notes.processes.get(number as usize).cloned().unwrap_or_default()
    }

    /// The names of the sources, by index.
    pub(super) fn names(&self) -> Vec<String> {
        self.sources.iter().map(|source| source.read.name.clone()).collect()
    }

    /// All facts, with the parts of each process put together.
    pub(super) fn take_streams(&mut self, completion: &Completion) -> Streams {
        for SourceRead { read, .. } in &mut self.sources {
            let Some(held) = read.held.take() else { continue };
            let numbers: HashMap<u32, usize> = read.found.streams.iter().map(|stream| stream.number).zip(0..).collect();
            for fact in held.sections().iter().flat_map(Section::unfold) {
                if let Some(stream) = numbers.get(&fact.stream).and_then(|index| read.found.streams.get_mut(*index)) {
                    stream.facts.push(fact);
                }
            }
        }
        let mut streams = stream::join(self.take_stream_parts(), completion);
        self.go_on(&streams.continued);
        // What is no log after all states nothing.
        streams.facts.retain(|fact| self.sources.get(fact.place.source as usize).is_some_and(|source| source.read.foreign.is_none()));
        streams
    }

    /// Whether streams can be linked apart: facts files carry all of them, no row of a trace is there, and nothing that is no log.
    pub(super) fn can_be_parted(&self) -> bool {
        let held = |source: &SourceRead| source.read.held.as_ref().is_none_or(|held| !held.has_rows()) && source.read.foreign.is_none();
        let is_row = |half: &Option<Piece>| half.as_ref().is_some_and(|half| record::starts_here(&half.bytes) == Some(Form::Row));
        let has_more = |stream: &StreamFound| !stream.facts.is_empty() || is_row(&stream.edges.opening) || is_row(&stream.edges.closing);
        let has_more = |source: &SourceRead| source.read.found.streams.iter().any(has_more);
        self.sources.iter().all(|source| held(source) && !has_more(source)) && self.sources.iter().any(|source| source.read.held.is_some())
    }

    /// All streams, in parts that can be linked apart.
    pub(super) fn take_parts(&mut self) -> Vec<parts::Part> {
        let chains = stream::chains(self.take_stream_parts());
        let held = self.sources.iter_mut().enumerate().filter_map(|(index, source)| Some((index, source.read.held.take()?)));
        parts::parts(chains, held.collect())
    }

    fn take_stream_parts(&mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        for (index, SourceRead { read, .. }) in self.sources.iter_mut().enumerate() {
            for found in std::mem::take(&mut read.found.streams) {
                let process = read.notes.processes.get(found.number as usize).cloned().unwrap_or_default();
                parts.push(Part { source: index, name: read.name.clone(), run: read.run, process, found });
            }
        }
        parts
    }

    /// Takes sources for logs that go on with another's record.
    pub(super) fn go_on(&mut self, continued: &HashSet<usize>) {
        for &index in continued {
            let read = &mut self.sources[index].read;
            read.foreign = None;
            read.looks = vec![Form::Text];
        }
    }

    /// What the report says of its inputs, problems with paths included.
    pub(super) fn into_inputs(self, inputs: &Inputs, stated: &HashSet<usize>) -> InputsRead {
        let mut problems = self.problems_of(inputs);
        let mut read = Vec::new();
        for (index, mut source) in self.sources.into_iter().enumerate() {
            source.close(true);
            let problem = source.problem(stated.contains(&index));
            problems.extend(problem.clone().map(|kind| Problem { input: source.read.name.clone(), kind }));
            if source.counts() {
                let SourceFacts { name, bytes, found, looks, .. } = source.read;
                let mut forms = if found.forms.is_empty() && bytes > 0 { looks } else { found.forms };
                forms.sort_unstable();
                read.push(InputRead { index, name, forms, bytes, mentions: found.mentions, requests: found.requests, problem });
            }
        }
        InputsRead { read, problems, stopped: self.stopped }
    }

    /// What is to be said of the inputs before their facts are linked.
    pub(super) fn problems(&self, inputs: &Inputs) -> Vec<Problem> {
        let of_sources = self.sources.iter().filter_map(|source| {
            let held = source.read.held.as_ref().is_some_and(|held| !held.is_empty());
            let stated = held || source.read.found.streams.iter().any(|stream| !stream.facts.is_empty());
            Some(Problem { input: source.read.name.clone(), kind: source.problem(stated)? })
        });
        self.problems_of(inputs).into_iter().chain(of_sources).collect()
    }

    /// What is to be said of paths, and of what is in folders and archives.
    fn problems_of(&self, inputs: &Inputs) -> Vec<Problem> {
        let mut problems = [inputs.problems.as_slice(), &self.problems].concat();
        for (folder, name) in inputs.folders.iter().enumerate() {
            problems.extend(self.passed_over(Within::Folder(folder)).map(|kind| Problem { input: name.clone(), kind }));
        }
        for source in self.sources.iter().filter(|source| source.holds == Some(Holds::Members)) {
            let kind = source.number.and_then(|number| self.passed_over(Within::Archive(number)));
            problems.extend(kind.map(|kind| Problem { input: source.read.name.clone(), kind }));
        }
        if self.stopped {
            problems.push(Problem { input: "reading".into(), kind: ProblemKind::Stopped });
        }
        problems
    }

    /// What is to be said of a folder or archive: that nothing in it is a log, or that some of it is none.
    fn passed_over(&self, within: Within) -> Option<ProblemKind> {
        let found = || self.sources.iter().filter(|source| source.within == Some(within));
        let foreign = || found().filter_map(|source| Some((&source.read.name, source.read.foreign?)));
        let quoting = foreign().filter(|(_, quotes)| *quotes).map(|(name, _)| name.clone()).collect();
        match (found().count(), foreign().count()) {
            (all, none) if all == none => Some(ProblemKind::NoLogInFolder),
            (_, 0) => None,
            (_, count) => Some(ProblemKind::PassedOver { count, quoting }),
        }
    }
}

/// What is wrong with a source that was read; `stated` if it gave facts.
fn problem_of(source: &SourceFacts, stated: bool) -> Option<ProblemKind> {
    let found = &source.found;
    let unknown = found.forms.is_empty() && source.bytes > 0 && source.looks.is_empty();
    let seen = || match (found.unread, found.mentions) {
        (unread @ 1.., _) => Some(ProblemKind::NotUnderstood(unread)),
        (0, 0) if unknown => Some(ProblemKind::NoRecords),
        (0, mentions @ 1..) if unknown && !stated => Some(ProblemKind::NotUnderstood(mentions)),
        _ if source.notes.lost > 0 => Some(ProblemKind::LostText(source.notes.lost)),
        _ if source.notes.more_pages => Some(ProblemKind::OnePage),
        _ => None,
    };
    source.problem.clone().or_else(seen)
}
