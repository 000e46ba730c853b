//! The whole way of the data: inputs → records → facts → incidents → report.
//!
//! One thread reads and cuts, a pool searches the chunks, and the calling thread puts the results back in order. Buffers go
//! round in a fixed number, so a fast reader waits for slow workers and memory stays bounded. The calling thread never
//! blocks on a read: a stop request is seen even while a pipe is silent.

mod gathered;
mod reader;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::input::{self, Inputs, Limits, Origin, Selection, Source};
use crate::link;
use crate::report::{Names, Report, Window};
use crate::scan::Searcher;
use crate::stream::Completion;
use gathered::Gathered;
use reader::{Event, Reader};

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
pub fn analyze(paths: &[PathBuf], mut options: Options<'_>) -> Result<Report, AnalyzeError> {
    let mut inputs = input::find(paths, &options.selection);
    if let Some(label) = &options.label {
        inputs.sources.iter_mut().for_each(|source| source.name = format!("{label}:{}", source.name));
    }
    let (completion, window) = (std::mem::take(&mut options.completion), std::mem::take(&mut options.window));
    let mut read = read_all(&inputs, options)?;
    read.drop_twins();
    let mut streams = read.take_streams(&completion);
    let stated: HashSet<usize> = streams.facts.iter().map(|fact| fact.place.source as usize).collect();
    let mut incidents = link::link(&streams.facts);
    let windowed = window.apply(&mut incidents, &mut streams.facts, &streams.ends);
    let names = Names { sources: read.names(), processes: streams.processes };
    Ok(Report::new(incidents, &streams.facts, names, windowed, read.into_inputs(inputs, &stated)))
}

/// More threads than any machine here has cores.
const MOST_THREADS: usize = 256;
const TICK: Duration = Duration::from_millis(100);

fn read_all(inputs: &Inputs, mut options: Options<'_>) -> Result<Gathered, AnalyzeError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads.min(MOST_THREADS)).build()?;
    let searcher = Arc::new(Searcher::new()?);
    let (events, inbox) = mpsc::channel();
    let taken = Arc::new(AtomicU64::new(0));
    let stopping = Arc::new(AtomicBool::new(false));
    let total = total_bytes(&inputs.sources);
    let reader = Reader {
        sources: inputs.sources.clone(),
        pool,
        searcher,
        events,
        taken: taken.clone(),
        stopping: stopping.clone(),
        limits: options.limits,
        selection: std::mem::take(&mut options.selection),
    };
    // Not joined: a read from a silent pipe may never return.
    std::thread::spawn(move || reader.run());
    let mut gathered = Gathered::new(inputs);
    gathered.stopped = collect(&inbox, &mut gathered, || {
        if let Some(progress) = &mut options.progress {
            progress(Progress { read: taken.load(Ordering::Relaxed), total });
        }
        options.stop.is_some_and(|stop| stop())
    });
    stopping.store(true, Ordering::Relaxed);
    Ok(gathered)
}

/// Takes events until all is read or a stop is asked for; gives whether it was stopped.
fn collect(inbox: &Receiver<Event>, gathered: &mut Gathered, mut tick: impl FnMut() -> bool) -> bool {
    let mut last_tick = std::time::Instant::now();
    loop {
        match inbox.recv_timeout(TICK) {
            Ok(event) => {
                if !gathered.take(event) {
                    return false;
                }
            }
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
