//! The whole way of the data: inputs → records → facts → incidents → report.
//!
//! Readers open sources and hand out their chunks or pieces, workers search them, and the calling thread puts the results back in
//! order. Buffers are few, so a fast reader waits for slow workers and memory stays bounded. The calling thread never blocks on a
//! read: a stop request is seen even while a pipe is silent.

mod advance;
mod event;
mod follow;
mod gathered;
mod mailbox;
mod parts;
mod reader;
mod round;
mod source;

pub use follow::{FollowError, Show, follow};

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::input::{self, Inputs, Limits, Problem, Selection};
use crate::link;
use crate::mask::Secrets;
use crate::report::{Names, Noticed, Report, Traffic, Window, Windowed};
use crate::scan::{Searcher, Wanted};
use crate::stream::{Completion, Streams};
use advance::Advance;
use event::Event;
use gathered::Gathered;
use mailbox::Mailbox;
use parts::Linked;
use reader::Reader;
use round::Workers;

/// How the analysis is run.
#[derive(Default)]
pub struct Options<'a> {
    /// Which files of folders and archives are read.
    pub selection: Selection,
    /// Put before the names of all sources: tells the same path of two hosts apart.
    pub label: Option<String>,
    /// Date and zone of times that have none.
    pub completion: Completion,
    /// The part of time that is reported on.
    pub window: Window,
    /// Whether secrets of the inputs are masked in the report. Facts are masked in any case.
    pub secrets: Secrets,
    /// What is gathered besides.
    pub wanted: Wanted,
    /// Whether facts will be written: they tell what each source holds by its hash.
    pub facts: bool,
    /// Worker threads; 0 for one per core.
    pub threads: usize,
    /// How far an input may go.
    pub limits: Limits,
    /// Asked now and then, at least ten times a second: `true` ends the reading.
    pub stop: Option<&'a dyn Fn() -> bool>,
    /// Asked as often where stdin is followed: `true` is taken for its end.
    pub end: Option<&'a dyn Fn() -> bool>,
    /// Told how far the reading is, as often.
    pub progress: Option<&'a mut dyn FnMut(Progress)>,
}

/// How far the reading is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read so far, before decompression.
    pub read: u64,
    /// Bytes of all files, if stdin is not among them.
    pub total: Option<u64>,
    /// Large files that are being read.
    pub large: Vec<LargeInput>,
}

/// How far the reading of a large file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LargeInput {
    /// Its name.
    pub name: String,
    /// Bytes read so far, before decompression.
    pub read: u64,
    /// Its bytes.
    pub size: u64,
}

/// Why an analysis could not start.
#[non_exhaustive]
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
    Ok(read(paths, options)?.report())
}

/// Reads the paths (none, or `-`: stdin).
///
/// # Errors
///
/// Only if the machinery cannot be started; problems with inputs are in what is found.
pub fn read(paths: &[PathBuf], mut options: Options<'_>) -> Result<Findings, AnalyzeError> {
    let inputs = labelled(paths, &mut options);
    let pool = workers(&options)?;
    let mut gathered = read_all(&inputs, &mut options, &pool)?;
    gathered.settle();
    Ok(Findings { inputs, gathered, pool, completion: options.completion, window: options.window, label: options.label, secrets: options.secrets })
}

/// What was read of all inputs, before it is linked.
pub struct Findings {
    inputs: Inputs,
    gathered: Gathered,
    pool: Arc<ThreadPool>,
    completion: Completion,
    window: Window,
    label: Option<String>,
    secrets: Secrets,
}

impl Findings {
    /// What could not be read, and what was noticed so far.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        self.gathered.problems(&self.inputs).into_iter().map(|problem| self.secrets.in_problem(problem)).collect()
    }

    /// Whether the reading was stopped before its end.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.gathered.stopped
    }

    /// Writes them as a facts file, which another run can read and link.
    ///
    /// # Errors
    ///
    /// What the writer gives.
    pub fn write_facts(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.gathered.write_facts(&self.inputs, out)
    }

    /// Links them and reports on them.
    #[must_use]
    pub fn report(self) -> Report {
        let Findings { inputs, gathered: mut read, pool, completion, window, label, secrets } = self;
        read.drop_twins(&inputs.sources);
        let (linked, windowed) = if window.is_open() && read.can_be_parted() {
            let parts = read.take_parts();
            let linked = in_pool(&pool, || parts::link(parts, &completion));
            read.go_on(&linked.continued);
            (linked, Windowed::default())
        } else {
            link_whole(&mut read, &completion, &window, &pool)
        };
        let Linked { incidents, noticed, processes, begins, ends, stated, .. } = linked;
        let names = Names { sources: read.names(), processes, label };
        let inputs = read.into_inputs(&inputs, &stated);
        let mut report = in_pool(&pool, || Report::new(incidents, noticed, names, windowed, inputs, secrets));
        report.traffic = Traffic::of(&report.inputs, &begins, &ends);
        report
    }
}

/// Runs something in the pool while the caller's thread does nothing: as a worker of another pool it would take up other work while it
/// waits, call upon call, until its stack ends.
fn in_pool<R: Send>(pool: &ThreadPool, run: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| scope.spawn(|| pool.install(run)).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}

/// Links all facts at once.
fn link_whole(read: &mut Gathered, completion: &Completion, window: &Window, pool: &ThreadPool) -> (Linked, Windowed) {
    let Streams { mut facts, processes, begins, ends, continued } = read.take_streams(completion);
    let stated = facts.chunk_by(|one, next| one.place.source == next.place.source).map(|of_source| of_source[0].place.source as usize).collect();
    let mut incidents = in_pool(pool, || link::link(&facts));
    let windowed = window.apply(&mut incidents, &mut facts, &ends);
    let mut noticed = Noticed::default();
    let of_incidents = incidents.iter().flat_map(|incident| &incident.evidence);
    let known = of_incidents.filter(|evidence| Noticed::asks_for(evidence.role)).map(|evidence| evidence.place).collect();
    if facts.len() < FEW_FACTS {
        noticed.add(&facts, &known);
    } else {
        in_pool(pool, || noticed.add_many(&facts, &known));
    }
    // It takes as long as to print the report.
    pool.spawn(move || drop(facts));
    (Linked { incidents, noticed, processes, begins, ends, stated, continued }, windowed)
}

/// The sources that the paths name, by their names in the report.
fn labelled(paths: &[PathBuf], options: &mut Options<'_>) -> Inputs {
    let mut inputs = input::find(paths, &options.selection);
    if let Some(label) = &options.label {
        inputs.sources.iter_mut().for_each(|source| source.name = format!("{label}:{}", source.name));
    }
    inputs
}

/// More threads than any machine here has cores.
const MOST_THREADS: usize = 256;
/// Fewer facts are looked at by one thread: to wake others takes longer.
const FEW_FACTS: usize = 8192;
const TICK: Duration = Duration::from_millis(100);

fn workers(options: &Options<'_>) -> Result<Arc<ThreadPool>, AnalyzeError> {
    Ok(Arc::new(ThreadPoolBuilder::new().num_threads(options.threads.min(MOST_THREADS)).build()?))
}

fn read_all(inputs: &Inputs, options: &mut Options<'_>, pool: &Arc<ThreadPool>) -> Result<Gathered, AnalyzeError> {
    let mut run = Run::start(inputs, options, pool, false)?;
    let mut gathered = Gathered::new(inputs, options.label.as_ref(), options.wanted);
    let mut last_tick = Instant::now();
    loop {
        match run.next_event(&mut gathered, TICK) {
            Some(true) => {}
            Some(false) => break,
            None => {
                gathered.stopped = true;
                break;
            }
        }
        if last_tick.elapsed() >= TICK {
            last_tick = Instant::now();
            if let Some(progress) = &mut options.progress {
                progress(run.progress());
            }
            if options.stop.is_some_and(|stop| stop()) {
                gathered.stopped = true;
                break;
            }
        }
    }
    run.stop();
    Ok(gathered)
}

/// Readers and their workers, on their way.
struct Run {
    mailbox: Arc<Mailbox>,
    advance: Arc<Advance>,
    stopping: Arc<AtomicBool>,
    live: Option<Arc<AtomicBool>>,
    /// Chunks that the workers were given, and those whose facts have come back.
    given: Arc<AtomicU64>,
    searched: u64,
}

impl Run {
    /// Starts to read; `live` if stdin may not end.
    fn start(inputs: &Inputs, options: &mut Options<'_>, pool: &Arc<ThreadPool>, live: bool) -> Result<Run, AnalyzeError> {
        let searcher = Arc::new(Searcher::new(options.wanted)?);
        let mailbox = Arc::new(Mailbox::default());
        let live = live.then(Arc::default);
        let given = Arc::new(AtomicU64::new(0));
        let stopping = Arc::new(AtomicBool::new(false));
        let advance = Arc::new(Advance::new(&inputs.sources, options.progress.is_some()));
        let reader = Reader {
            sources: inputs.sources.clone(),
            workers: Workers { pool: pool.clone(), searcher, mailbox: mailbox.clone(), given: given.clone(), advance: advance.clone() },
            stopping: stopping.clone(),
            limits: options.limits,
            selection: std::mem::take(&mut options.selection),
            live: live.clone(),
            quotes: options.wanted.quotes,
            hashes: options.facts,
        };
        // Not joined: a read from a silent pipe may never return.
        std::thread::spawn(move || reader.run());
        Ok(Run { mailbox, advance, stopping, live, given, searched: 0 })
    }

    /// Waits for the next event; `Some(false)` when all is read, `None` if the reader died: what it had not read is missing.
    fn next_event(&mut self, gathered: &mut Gathered, patience: Duration) -> Option<bool> {
        let mut goes_on = true;
        for event in self.mailbox.hear(patience)? {
            self.searched += u64::from(matches!(event, Event::Chunk(..)));
            goes_on &= gathered.take(event);
        }
        Some(goes_on)
    }

    /// Whether chunks are with the workers.
    fn is_searching(&self) -> bool {
        self.given.load(Ordering::Relaxed) != self.searched
    }

    /// Whether all that has come of a source that does not end has been read and searched.
    fn is_caught_up(&self) -> bool {
        self.live.as_ref().is_some_and(|read| read.load(Ordering::Relaxed)) && !self.is_searching()
    }

    fn progress(&self) -> Progress {
        self.advance.progress()
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.mailbox.desert();
    }
}
