//! What was read of all sources, and what is to be said of each.

use std::collections::{HashMap, HashSet};

use super::event::{Content, Event};
use crate::fact::Fact;
use crate::input::{self, Inputs, Origin, Problem, ProblemKind, Source};
use crate::record::Form;
use crate::report::{InputRead, InputsRead};
use crate::scan::{InOrder, Notes, SourceFound};
use crate::stream::{self, Completion, Part, Streams};

/// What was read of all sources.
pub(super) struct Gathered {
    pub(super) sources: Vec<SourceRead>,
    pub(super) stopped: bool,
}

/// What was read of one source: a file, stdin, or a member of an archive.
pub(super) struct SourceRead {
    name: String,
    /// The folder or archive in which it was found: there it is passed over if it is no log.
    within: Option<Within>,
    /// What has been found so far, while it is read, and how many chunks it has, once that is known.
    reading: Option<Box<InOrder>>,
    chunks: Option<u64>,
    found: SourceFound,
    /// What its start looks like, if it is no log.
    looks: Vec<Form>,
    notes: Notes,
    bytes: u64,
    content: Content,
    problem: Option<ProblemKind>,
    /// Whether it is no log, and then whether it prints the sentence.
    foreign: Option<bool>,
    /// Whether it is an archive: then its members are read, not it.
    archive: bool,
}

/// What holds sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Within {
    Folder(usize),
    Archive(usize),
}

impl SourceRead {
    fn new(name: String, within: Option<Within>) -> SourceRead {
        SourceRead {
            name,
            within,
            reading: None,
            chunks: None,
            found: SourceFound::default(),
            looks: Vec::new(),
            notes: Notes::default(),
            bytes: 0,
            content: Content::default(),
            problem: None,
            foreign: None,
            archive: false,
        }
    }

    /// Keeps in little what was found of a source that is read to its end; `all` if it never will be.
    fn close(&mut self, all: bool) {
        if let Some(reading) = self.reading.take_if(|reading| all || self.chunks == Some(reading.chunks())) {
            let forms = std::mem::take(&mut self.found.forms);
            self.found = reading.finish();
            self.found.forms.extend(forms);
            self.found.forms.sort_unstable();
            self.found.forms.dedup();
        }
    }
}

impl Gathered {
    pub(super) fn new(inputs: &Inputs) -> Gathered {
        let sources = inputs.sources.iter().map(|source| {
            let within = match source.origin {
                Origin::Walked { folder, .. } => Some(Within::Folder(folder)),
                Origin::Stdin | Origin::Named(_) => None,
            };
            SourceRead::new(source.name.clone(), within)
        });
        Gathered { sources: sources.collect(), stopped: false }
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
            Event::Failed(source, problem) => self.sources[source].problem = Some(problem),
            Event::Foreign(source, quotes) => self.sources[source].foreign = Some(quotes),
            Event::Forms(source, forms) if forms.iter().any(|form| form.is_log()) => self.sources[source].found.forms = forms,
            Event::Forms(source, forms) => self.sources[source].looks = forms,
            Event::Notes(source, notes) => self.sources[source].notes = notes,
            Event::Read(source, bytes, content) => (self.sources[source].bytes, self.sources[source].content) = (bytes, content),
            Event::Archive(source) => self.sources[source].archive = true,
            Event::Member(archive, name) => {
                let name = format!("{}!/{name}", self.sources[archive].name);
                self.sources.push(SourceRead::new(name, Some(Within::Archive(archive))));
            }
            Event::Finished => return false,
        }
        true
    }

    /// What has been found since this was last asked, by source; `all` if there will be no more.
    pub(super) fn take_new(&mut self, all: bool) -> Vec<(usize, Vec<Fact>)> {
        if all {
            self.sources.iter_mut().for_each(|source| source.close(true));
        }
        let new = |source: &mut SourceRead| match &mut source.reading {
            Some(reading) => reading.take_new(),
            None => source.found.streams.iter_mut().flat_map(|stream| std::mem::take(&mut stream.facts)).collect(),
        };
        self.sources.iter_mut().enumerate().map(|(index, source)| (index, new(source))).collect()
    }

    /// The name of a process of a source, where an envelope names it.
    pub(super) fn process(&self, source: usize, number: u32) -> String {
        self.sources[source].notes.processes.get(number as usize).cloned().unwrap_or_default()
    }

    /// The names of the sources, by index.
    pub(super) fn names(&self) -> Vec<String> {
        self.sources.iter().map(|source| source.name.clone()).collect()
    }

    /// Forgets what stands in the input a second time: a log and its compressed copy, the same file by two paths. `files` are the
    /// sources that were named or found.
    pub(super) fn drop_twins(&mut self, files: &[Source]) {
        self.sources.iter_mut().for_each(|source| source.close(true));
        // What was stopped is not read again to be compared.
        if self.stopped {
            return;
        }
        let mut alike: HashMap<(u64, u64), Vec<usize>> = HashMap::new();
        for (index, source) in self.sources.iter().enumerate() {
            if source.bytes > 0 && !source.archive && source.foreign.is_none() && source.problem.is_none() {
                alike.entry((source.bytes, source.content.start)).or_default().push(index);
            }
        }
        for alike in alike.into_values().filter(|alike| alike.len() > 1) {
            let mut seen: HashMap<u128, usize> = HashMap::new();
            for index in alike {
                let Some(hash) = self.whole_hash(index, files) else { continue };
                let first = *seen.entry(hash).or_insert(index);
                if first != index && !self.are_neighbours(first, index) {
                    let name = self.sources[first].name.clone();
                    self.sources[index].found = SourceFound::default();
                    self.sources[index].problem = Some(ProblemKind::Twin(name));
                }
            }
        }
    }

    fn whole_hash(&self, index: usize, files: &[Source]) -> Option<u128> {
        let source = &self.sources[index];
        source.content.whole.or_else(|| input::hash_of(files.get(index)?, source.bytes).ok())
    }

    /// Whether two sources are small parts of one log, of which some may well be the same: a few lines of a traceback.
    fn are_neighbours(&self, one: usize, other: usize) -> bool {
        const SMALL: u64 = 64 << 10;
        let headed = self.sources[one].found.streams.iter().any(|stream| stream.edges.headed);
        let (neighbours, split) = stream::are_neighbours(&self.sources[one].name, &self.sources[other].name);
        self.sources[one].bytes < SMALL && neighbours && (split || !headed)
    }

    /// All facts, with the parts of each process put together.
    pub(super) fn take_streams(&mut self, completion: &Completion) -> Streams {
        let mut parts = Vec::new();
        for (index, source) in self.sources.iter_mut().enumerate() {
            for found in std::mem::take(&mut source.found.streams) {
                let process = source.notes.processes.get(found.number as usize).cloned().unwrap_or_default();
                parts.push(Part { source: index, name: source.name.clone(), process, found });
            }
        }
        let mut streams = stream::join(parts, completion);
        for &index in &streams.continued {
            let source = &mut self.sources[index];
            source.foreign = None;
            source.looks = vec![Form::Text];
        }
        // What is no log after all states nothing.
        streams.facts.retain(|fact| self.sources.get(fact.place.source as usize).is_some_and(|source| source.foreign.is_none()));
        streams
    }

    /// What the report says of its inputs, problems with paths included.
    pub(super) fn into_inputs(self, inputs: Inputs, stated: &HashSet<usize>) -> InputsRead {
        let mut problems = inputs.problems;
        for (folder, name) in inputs.folders.iter().enumerate() {
            problems.extend(self.passed_over(Within::Folder(folder)).map(|kind| Problem { input: name.clone(), kind }));
        }
        for (index, source) in self.sources.iter().enumerate().filter(|(_, source)| source.archive) {
            problems.extend(self.passed_over(Within::Archive(index)).map(|kind| Problem { input: source.name.clone(), kind }));
        }
        if self.stopped {
            problems.push(Problem { input: "reading".into(), kind: ProblemKind::Stopped });
        }
        let mut read = Vec::new();
        for (index, mut source) in self.sources.into_iter().enumerate() {
            source.close(true);
            if source.foreign.is_none() && !source.archive {
                source.judge(stated.contains(&index));
            }
            problems.extend(source.problem.clone().map(|kind| Problem { input: source.name.clone(), kind }));
            if source.foreign.is_none() && !source.archive {
                let (forms, mentions, requests) = (source.found.forms, source.found.mentions, source.found.requests);
                read.push(InputRead { index, name: source.name, forms, bytes: source.bytes, mentions, requests, problem: source.problem });
            }
        }
        InputsRead { read, problems, stopped: self.stopped }
    }

    /// What is to be said of a folder or archive: that nothing in it is a log, or that some of it is none.
    fn passed_over(&self, within: Within) -> Option<ProblemKind> {
        let found = || self.sources.iter().filter(|source| source.within == Some(within));
        let foreign = || found().filter_map(|source| Some((&source.name, source.foreign?)));
        let quoting = foreign().filter(|(_, quotes)| *quotes).map(|(name, _)| name.clone()).collect();
        match (found().count(), foreign().count()) {
            (all, none) if all == none => Some(ProblemKind::NoLogInFolder),
            (_, 0) => None,
            (_, count) => Some(ProblemKind::PassedOver { count, quoting }),
        }
    }
}

impl SourceRead {
    /// Finds what is wrong with a source that was read; `stated` if it gave facts.
    fn judge(&mut self, stated: bool) {
        self.found.forms.sort_unstable();
        let silent = self.found.forms.is_empty() && self.bytes > 0;
        let unknown = silent && self.looks.is_empty();
        let seen = match (self.found.unread, self.found.mentions) {
            (unread @ 1.., _) => Some(ProblemKind::NotUnderstood(unread)),
            (0, 0) if unknown => Some(ProblemKind::NoRecords),
            (0, mentions @ 1..) if unknown && !stated => Some(ProblemKind::NotUnderstood(mentions)),
            _ if self.notes.lost > 0 => Some(ProblemKind::LostText(self.notes.lost)),
            _ if self.notes.more_pages => Some(ProblemKind::OnePage),
            _ => None,
        };
        self.problem = self.problem.take().or(seen);
        if silent {
            self.found.forms = std::mem::take(&mut self.looks);
        }
    }
}
