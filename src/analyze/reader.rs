//! The readers: threads that open sources, hand their chunks to the workers, and say what they found.
//!
//! As many files are read side by side as there are workers. Archives come after all files, one by one: their members get their
//! numbers as they are found. So does what is no file, as stdin: it may be one.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::event::Event;
use super::round::{Round, Workers};
use super::source::SourceReader;
use crate::input::{Limits, Origin, Selection, Source};
use crate::scan;

/// A chunk of fewer bytes is searched by its reader: where it is alone, and where others read beside it.
const SMALL_ALONE: usize = 64 << 10;
const SMALL_BESIDE: usize = scan::CHUNK_BYTES / 4 * 3;

/// Reads all sources.
pub(super) struct Reader {
    pub(super) sources: Vec<Source>,
    pub(super) workers: Workers,
    pub(super) stopping: Arc<AtomicBool>,
    pub(super) limits: Limits,
    pub(super) selection: Selection,
    /// If stdin may not end, and is read in pieces, as they come: whether all that came has been read.
    pub(super) live: Option<Arc<AtomicBool>>,
    /// Whether the records' own words are wanted.
    pub(super) quotes: bool,
    /// Whether the hash of each source is wanted, which is only to be had by who reads it in its order.
    pub(super) hashes: bool,
}

impl Reader {
    pub(super) fn run(&self) {
        let files = self.sources.len();
        let readers = files.min(self.workers.pool.current_num_threads());
        let (next, last) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        if readers > 1 {
            std::thread::scope(|scope| {
                for _ in 0..readers {
                    scope.spawn(|| self.read_files(readers, SMALL_BESIDE, &next, &last));
                }
            });
        } else {
            self.read_files(1, SMALL_ALONE, &next, &last);
        }
        let mut last = last.into_inner().unwrap_or_default();
        last.sort_unstable();
        let reader = SourceReader::new(self, Round::new(&self.workers, 1, SMALL_ALONE), None);
        for index in last {
            reader.read_source(index);
        }
        reader.finish();
        self.workers.say(Event::Finished);
    }

    /// Reads files, each as its turn comes; leaves archives and stdin for `last`.
    fn read_files(&self, readers: usize, small: usize, next: &AtomicUsize, last: &Mutex<Vec<usize>>) {
        let reader = SourceReader::new(self, Round::new(&self.workers, readers, small), Some(last));
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(source) = self.sources.get(index) else { break };
            // What is no file can be opened but once, and may be an archive.
            if is_file(source) {
                reader.read_source(index);
            } else {
                reader.leave(index);
            }
        }
        reader.finish();
    }
}

fn is_file(source: &Source) -> bool {
    match &source.origin {
        Origin::Stdin => false,
        // A folder's listing has told.
        Origin::Walked { .. } => true,
        Origin::Named(path) => path.metadata().is_ok_and(|found| found.is_file()),
    }
}
