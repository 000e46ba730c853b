//! The whole way of the data: inputs → records → facts → incidents → report.
//!
//! One thread reads and cuts, a pool searches the chunks, and the calling thread puts the results back in order. Buffers go
//! round in a fixed number, so a fast reader waits for slow workers and memory stays bounded. The calling thread never
//! blocks on a read: a stop request is seen even while a pipe is silent.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use xxhash_rust::xxh3::Xxh3;

use crate::document::Start;
use crate::envelope;
use crate::fact::Fact;
use crate::input::{self, Inputs, Limits, Origin, Problem, ProblemKind, Source};
use crate::knowledge::signature::REJECTION;
use crate::link;
use crate::record::Form;
use crate::report::{InputRead, Report};
use crate::scan::{self, Chunk, ChunkFacts, InOrder, Searcher};

/// How the analysis is run. None of it changes the report.
#[derive(Default)]
pub struct Options<'a> {
    /// Worker threads; 0 for one per core.
    pub threads: usize,
    /// How far an input may go.
    pub limits: Limits,
    /// Asked now and then, at least ten times a second: `true` ends the reading.
    pub stop: Option<&'a dyn Fn() -> bool>,
    /// Told how far the reading is, as often.
    pub progress: Option<&'a mut dyn FnMut(Progress)>,
}

/// How far the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read so far, before decompression.
    pub read: u64,
    /// Bytes of all files, if stdin is not among them.
    pub total: Option<u64>,
}

/// Why an analysis could not start.
#[derive(Debug, thiserror::Error)]
pub enum AnalyzeError {
    /// The worker threads could not be started.
    #[error("cannot start worker threads: {0}; try a smaller --threads")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The needles make no pattern.
    #[error("cannot prepare the search: {0}; this is a fault of streamfall, please report it")]
    Search(#[from] regex::Error),
}

/// Reads the paths (none, or `-`: stdin) and reports on them.
///
/// # Errors
///
/// Only if the machinery cannot be started; problems with inputs are in the report.
pub fn analyze(paths: &[PathBuf], options: Options<'_>) -> Result<Report, AnalyzeError> {
    let inputs = input::find(paths);
    let mut read = read_all(&inputs, options)?;
    read.drop_twins(&inputs);
    let (facts, processes) = read.take_facts();
    let stated: HashSet<usize> = facts.iter().map(|fact| fact.place.source as usize).collect();
    let incidents = link::link(&facts);
    let names = inputs.sources.iter().map(|s| s.name.clone()).collect();
    let names = crate::report::Names { sources: names, processes };
    Ok(Report::new(incidents, &facts, names, read.into_inputs(inputs, &stated)))
}

/// What was read of all sources.
struct Read {
    sources: Vec<SourceRead>,
    stopped: bool,
}

/// What was read of one source.
struct SourceRead {
    found: InOrder,
    /// What its start looks like, if it is no log.
    looks: Vec<Form>,
    processes: Vec<String>,
    bytes: u64,
    hash: u128,
    problem: Option<ProblemKind>,
    /// Whether it is no log, and then whether it prints the sentence.
    foreign: Option<bool>,
}

enum Event {
    Chunk(usize, Box<ChunkFacts>),
    Failed(usize, ProblemKind),
    /// A walked file that is no log, and whether it prints the sentence.
    Foreign(usize, bool),
    /// Forms seen at a source's start.
    Forms(usize, Vec<Form>),
    /// The processes that a source is of, by stream.
    Processes(usize, Vec<String>),
    /// How many bytes a source gave, and their hash.
    Read(usize, u64, u128),
    Finished,
}

/// More threads than any machine here has cores.
const MOST_THREADS: usize = 256;
const TICK: Duration = Duration::from_millis(100);

fn read_all(inputs: &Inputs, mut options: Options<'_>) -> Result<Read, AnalyzeError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads.min(MOST_THREADS)).build()?;
    let searcher = Arc::new(Searcher::new()?);
    let (events, inbox) = mpsc::channel();
    let taken = Arc::new(AtomicU64::new(0));
    let stopping = Arc::new(AtomicBool::new(false));
    let total = total_bytes(&inputs.sources);
    let reader =
        Reader { sources: inputs.sources.clone(), pool, searcher, events, taken: taken.clone(), stopping: stopping.clone(), limits: options.limits };
    // Not joined: a read from a silent pipe may never return.
    std::thread::spawn(move || reader.run());
    let new =
        |index| SourceRead { found: InOrder::new(index), looks: Vec::new(), processes: Vec::new(), bytes: 0, hash: 0, problem: None, foreign: None };
    let mut sources: Vec<SourceRead> = (0..inputs.sources.len()).map(new).collect();
    let stopped = collect(&inbox, &mut sources, || {
        if let Some(progress) = &mut options.progress {
            progress(Progress { read: taken.load(Ordering::Relaxed), total });
        }
        options.stop.is_some_and(|stop| stop())
    });
    stopping.store(true, Ordering::Relaxed);
    Ok(Read { sources, stopped })
}

/// Takes events until all is read or a stop is asked for; gives whether it was stopped.
fn collect(inbox: &Receiver<Event>, sources: &mut [SourceRead], mut tick: impl FnMut() -> bool) -> bool {
    let mut last_tick = std::time::Instant::now();
    loop {
        match inbox.recv_timeout(TICK) {
            Ok(Event::Chunk(source, facts)) => sources[source].found.add(*facts),
            Ok(Event::Failed(source, problem)) => sources[source].problem = Some(problem),
            Ok(Event::Foreign(source, quotes)) => sources[source].foreign = Some(quotes),
            Ok(Event::Forms(source, forms)) if forms.iter().any(|form| form.is_log()) => sources[source].found.add_forms(forms),
            Ok(Event::Forms(source, forms)) => sources[source].looks = forms,
            Ok(Event::Processes(source, names)) => sources[source].processes = names,
            Ok(Event::Read(source, bytes, hash)) => (sources[source].bytes, sources[source].hash) = (bytes, hash),
            Ok(Event::Finished) => return false,
            // The reader died: what it had not read is missing.
            Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if last_tick.elapsed() >= TICK {
            last_tick = std::time::Instant::now();
            if tick() {
                return true;
            }
        }
    }
}

fn total_bytes(sources: &[Source]) -> Option<u64> {
    sources
        .iter()
        .map(|source| match &source.origin {
            Origin::Stdin => None,
            Origin::Named(path) | Origin::Walked { path, .. } => path.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len()),
        })
        .sum()
}

/// Reads sources one after the other and hands their chunks to the pool.
struct Reader {
    sources: Vec<Source>,
    pool: rayon::ThreadPool,
    searcher: Arc<Searcher>,
    events: Sender<Event>,
    taken: Arc<AtomicU64>,
    stopping: Arc<AtomicBool>,
    limits: Limits,
}

impl Reader {
    fn run(&self) {
        let buffers = self.pool.current_num_threads() + 2;
        let (give_back, empty) = mpsc::channel();
        for _ in 0..buffers {
            let _ = give_back.send(Vec::new());
        }
        for source in 0..self.sources.len() {
            if let Err(problem) = self.read(source, &empty, &give_back) {
                let _ = self.events.send(Event::Failed(source, problem));
            }
        }
        // All buffers back: all chunks are searched.
        for _ in 0..buffers {
            let _ = empty.recv();
        }
        let _ = self.events.send(Event::Finished);
    }

    fn read(&self, index: usize, empty: &Receiver<Vec<u8>>, give_back: &Sender<Vec<u8>>) -> Result<(), ProblemKind> {
        let source = &self.sources[index];
        let opened = input::open(source, self.taken.clone(), self.limits).map_err(|error| ProblemKind::Unreadable(error.to_string()))?;
        let bytes = Arc::new(AtomicU64::new(0));
        let hash = Arc::new(Mutex::new(Xxh3::new()));
        let opened = input::Hashed::new(input::Counted::new(opened, bytes.clone()), hash.clone());
        let result = self.read_open(index, opened, &bytes, empty, give_back);
        // One source cannot stand twice.
        let hash = hash.lock().map_or(0, |hash| hash.digest128());
        let _ = self.events.send(Event::Read(index, bytes.load(Ordering::Relaxed), hash));
        result
    }

    fn read_open(
        &self,
        index: usize,
        opened: input::Hashed<input::Counted>,
        bytes: &AtomicU64,
        empty: &Receiver<Vec<u8>>,
        give_back: &Sender<Vec<u8>>,
    ) -> Result<(), ProblemKind> {
        let walked = matches!(self.sources[index].origin, Origin::Walked { .. });
        let start = Start::of(opened);
        let around = envelope::around(start.layout, &start.bytes);
        if start.forms.is_empty() && around.is_none() && walked {
            let quotes = memchr::memmem::find(&start.bytes, REJECTION.as_bytes()).is_some();
            let _ = self.events.send(Event::Foreign(index, quotes));
            return Ok(());
        }
        if start.forms.is_empty() && around.is_none() && scan::is_binary(&start.bytes) {
            return Err(ProblemKind::Binary);
        }
        let is_empty = start.bytes.is_empty();
        let _ = self.events.send(Event::Forms(index, start.forms.clone()));
        let layout = start.layout;
        let mut chunks = match around {
            Some(lines) => scan::unwrapped_chunks(layout, lines, Box::new(start.whole()), scan::CHUNK_BYTES),
            None => scan::chunks(layout, Box::new(start.whole()), scan::CHUNK_BYTES),
        };
        while !self.stopping.load(Ordering::Relaxed) {
            let Ok(buffer) = empty.recv() else { return Ok(()) };
            let ended = match chunks.next_chunk(buffer) {
                Ok(Some(chunk)) => {
                    self.search(index, chunk, give_back);
                    continue;
                }
                Ok(None) if is_empty => Err(ProblemKind::Empty),
                Ok(None) => Ok(()),
                Err(error) => Err(ProblemKind::Broken { reason: error.to_string(), bytes: bytes.load(Ordering::Relaxed) }),
            };
            let _ = give_back.send(Vec::new());
            let _ = self.events.send(Event::Processes(index, chunks.processes()));
            return ended;
        }
        Ok(())
    }

    fn search(&self, source: usize, chunk: Chunk, give_back: &Sender<Vec<u8>>) {
        let (searcher, events, give_back) = (self.searcher.clone(), self.events.clone(), give_back.clone());
        self.pool.spawn(move || {
            // A fault in one place must not cost the rest of the report.
            let facts = catch_unwind(AssertUnwindSafe(|| searcher.search(&chunk))).unwrap_or_else(|_| {
                let _ = events.send(Event::Failed(source, ProblemKind::Fault));
                ChunkFacts::unread(&chunk)
            });
            let _ = events.send(Event::Chunk(source, Box::new(facts)));
            let _ = give_back.send(chunk.bytes);
        });
    }
}

impl Read {
    /// Forgets what stands in the input a second time: a log and its compressed copy, the same file by two paths.
    fn drop_twins(&mut self, inputs: &Inputs) {
        let mut seen: HashMap<(u64, u128), usize> = HashMap::new();
        for (index, source) in self.sources.iter_mut().enumerate().filter(|(_, source)| source.bytes > 0) {
            let first = *seen.entry((source.bytes, source.hash)).or_insert(index);
            if first != index && source.problem.is_none() {
                source.found = InOrder::new(index);
                source.problem = Some(ProblemKind::Twin(inputs.sources[first].name.clone()));
            }
        }
    }

    /// All facts, with streams numbered over all sources, and the names of the processes by stream.
    fn take_facts(&mut self) -> (Vec<Fact>, Vec<String>) {
        let (mut facts, mut processes) = (Vec::new(), Vec::new());
        for source in &mut self.sources {
            let first = u32::try_from(processes.len()).unwrap_or(u32::MAX);
            let mut own = source.found.take_facts();
            let streams = own.iter().map(|fact| fact.stream as usize + 1).max().unwrap_or(0).max(source.processes.len()).max(1);
            for fact in &mut own {
                fact.stream = fact.stream.saturating_add(first);
            }
            facts.append(&mut own);
            processes.append(&mut source.processes);
            processes.resize(first as usize + streams, String::new());
        }
        (facts, processes)
    }

    /// What the report says of its inputs, problems with paths included.
    fn into_inputs(self, inputs: Inputs, stated: &HashSet<usize>) -> crate::report::InputsRead {
        let mut problems = inputs.problems;
        for (folder, name) in inputs.folders.iter().enumerate() {
            let in_folder = |s: &&Source| matches!(s.origin, Origin::Walked { folder: f, .. } if f == folder);
            let found = || inputs.sources.iter().zip(&self.sources).filter(|(source, _)| in_folder(source));
            let foreign: Vec<(&Source, bool)> = found().filter_map(|(source, read)| Some((source, read.foreign?))).collect();
            let quoting = foreign.iter().filter(|(_, quotes)| *quotes).map(|(source, _)| source.name.clone()).collect();
            let kind = match (found().count(), foreign.len()) {
                (all, none) if all == none => ProblemKind::NoLogInFolder,
                (_, 0) => continue,
                (_, count) => ProblemKind::PassedOver { count, quoting },
            };
            problems.push(Problem { input: name.clone(), kind });
        }
        if self.stopped {
            problems.push(Problem { input: "reading".into(), kind: ProblemKind::Stopped });
        }
        let mut read = Vec::new();
        for (index, (source, SourceRead { mut found, looks, bytes, mut problem, foreign, .. })) in
            inputs.sources.into_iter().zip(self.sources).enumerate()
        {
            if foreign.is_some() {
                continue;
            }
            found.forms.sort_unstable();
            let silent = found.forms.is_empty() && bytes > 0;
            problem = problem.or(match (found.unread, found.mentions) {
                (unread @ 1.., _) => Some(ProblemKind::NotUnderstood(unread)),
                (0, 0) if silent && looks.is_empty() => Some(ProblemKind::NoRecords),
                (0, mentions @ 1..) if silent && looks.is_empty() && !stated.contains(&index) => Some(ProblemKind::NotUnderstood(mentions)),
                _ => None,
            });
            if silent {
                found.forms = looks;
            }
            problems.extend(problem.clone().map(|kind| Problem { input: source.name.clone(), kind }));
            read.push(InputRead { index, name: source.name, forms: found.forms, bytes, mentions: found.mentions, problem });
        }
        crate::report::InputsRead { read, problems, stopped: self.stopped }
    }
}
