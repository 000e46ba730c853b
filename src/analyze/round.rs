//! The buffers that go round between whoever reads and the workers that search what was read.
//!
//! They go round in a fixed number, so a fast reader waits for slow workers and memory stays bounded.

use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use super::advance::Advance;
use super::event::Event;
use super::mailbox::Mailbox;
use crate::input::{Buffer, ProblemKind};
use crate::mask;
use crate::scan::{Chunk, ChunkFacts, FileCuts, FilePiece, Searcher};

/// What searches chunks.
#[derive(Clone)]
pub(super) struct Workers {
    pub(super) pool: Arc<rayon::ThreadPool>,
    pub(super) searcher: Arc<Searcher>,
    pub(super) mailbox: Arc<Mailbox>,
    /// How many chunks have been given to the workers.
    pub(super) given: Arc<AtomicU64>,
    /// How many bytes have been taken of each input.
    pub(super) advance: Arc<Advance>,
}

/// What was searched of a file, by one worker or by all.
#[derive(Default)]
pub(super) struct FileSearched {
    pub(super) chunks: u64,
    pub(super) bytes: u64,
    /// Why it could not be read to its end: where that was first, and the system's words.
    pub(super) failure: Option<(u64, io::Error)>,
}

impl FileSearched {
    fn add(&mut self, other: FileSearched) {
        self.chunks += other.chunks;
        self.bytes += other.bytes;
        self.fail(other.failure);
    }

    /// Keeps the failure that comes first in the file, whoever met it first.
    fn fail(&mut self, failure: Option<(u64, io::Error)>) {
        let failures = self.failure.take().into_iter().chain(failure);
        self.failure = failures.min_by_key(|(at, _)| *at);
    }
}

/// One reader's buffers.
pub(super) struct Round {
    workers: Workers,
    empty: Receiver<Buffer>,
    give_back: Sender<Buffer>,
    buffers: usize,
    /// Where chunks of the source at hand go, if there are threads for them.
    hands: RefCell<Option<Sender<(usize, Chunk)>>>,
    /// A chunk of fewer bytes is searched at once: to wake a worker takes longer.
    small: usize,
}

impl Round {
    /// For one of so many readers.
    pub(super) fn new(workers: &Workers, readers: usize, small: usize) -> Round {
        let buffers = workers.pool.current_num_threads().div_ceil(readers) + 2;
        let (give_back, empty) = mpsc::channel();
        for _ in 0..buffers {
            let _ = give_back.send(Buffer::default());
        }
        Round { workers: workers.clone(), empty, give_back, buffers, hands: RefCell::default(), small }
    }

    /// A buffer, when one is free.
    pub(super) fn buffer(&self) -> Buffer {
        // A sender is at hand, so this waits at most for a worker.
        self.empty.recv().unwrap_or_default()
    }

    /// Gives back a buffer that was not used.
    pub(super) fn give_back(&self, buffer: Buffer) {
        let _ = self.give_back.send(buffer.kept());
    }

    /// Counts the bytes that are taken of an input.
    pub(super) fn taken(&self, input: usize) -> Arc<AtomicU64> {
        self.workers.advance.of(input)
    }

    /// Takes back what was counted of an input: it is read again.
    pub(super) fn restart(&self, input: usize) {
        self.workers.advance.restart(input);
    }

    /// Has a file read and searched by all workers, each of which takes the next piece when it is done with its last.
    pub(super) fn search_file(&self, source: usize, cuts: FileCuts, stopping: &Arc<AtomicBool>) -> FileSearched {
        let (cuts, searched) = (Arc::new(Mutex::new(cuts)), Arc::new(Mutex::new(FileSearched::default())));
        // Its start has been read to tell what it is.
        self.restart(source);
        let (done, all_done) = mpsc::channel::<()>();
        for _ in 0..self.workers.pool.current_num_threads() {
            let (workers, cuts, searched, done, stopping) = (self.workers.clone(), cuts.clone(), searched.clone(), done.clone(), stopping.clone());
            self.workers.pool.spawn(move || {
                let next =
                    || if stopping.load(Ordering::Relaxed) { Ok(None) } else { cuts.lock().unwrap_or_else(PoisonError::into_inner).next_piece() };
                let own = workers.search_pieces(source, next);
                searched.lock().unwrap_or_else(PoisonError::into_inner).add(own);
                drop(done);
            });
        }
        drop(done);
        // Nothing is sent: it ends when the last worker does.
        let _ = all_done.recv();
        std::mem::take(&mut *searched.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has a chunk searched: by another thread if that is worth it, and by new ones where none is at hand.
    pub(super) fn search(&self, source: usize, chunk: Chunk) {
        self.workers.given.fetch_add(1, Ordering::Relaxed);
        if chunk.bytes.len() < self.small {
            self.give_back(self.workers.search_and_say(source, chunk));
            return;
        }
        let mut hands = self.hands.borrow_mut();
        let chunk = match hands.get_or_insert_with(|| self.hands()).send((source, chunk)) {
            Ok(()) => return,
            Err(unsent) => unsent.0.1,
        };
        // No thread could be started: the system allows no more.
        self.give_back(self.workers.search_and_say(source, chunk));
    }

    /// Threads that search what they are handed, no more than there are buffers for; they end when nothing is handed to them any more.
    fn hands(&self) -> Sender<(usize, Chunk)> {
        let (hands, handed) = mpsc::channel();
        let handed = Arc::new(Mutex::new(handed));
        for _ in 0..self.workers.pool.current_num_threads().min(self.buffers - 1) {
            let (workers, give_back, handed) = (self.workers.clone(), self.give_back.clone(), handed.clone());
            let search = move || {
                let next = || handed.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
                while let Some((source, chunk)) = next() {
                    let _ = give_back.send(workers.search_and_say(source, chunk).kept());
                }
            };
            if std::thread::Builder::new().spawn(search).is_err() {
                break;
            }
        }
        hands
    }

    /// Lets go of the threads that search, when a source is read.
    pub(super) fn rest(&self) {
        self.hands.take();
    }

    /// Waits until all chunks are searched: then all buffers are back.
    pub(super) fn finish(&self) {
        for _ in 0..self.buffers {
            let _ = self.empty.recv();
        }
    }
}

impl Workers {
    pub(super) fn say(&self, event: Event) {
        self.mailbox.say(event);
    }

    /// Reads and searches pieces of a file, as long as there are any.
    fn search_pieces(&self, source: usize, next: impl Fn() -> io::Result<Option<FilePiece>>) -> FileSearched {
        let (mut buffer, mut searched) = (Buffer::default(), FileSearched::default());
        let taken = self.advance.of(source);
        loop {
            let piece = match next() {
                Ok(Some(piece)) => piece,
                Ok(None) => return searched,
                Err(error) => {
                    searched.fail(Some((u64::MAX, error)));
                    return searched;
                }
            };
            self.given.fetch_add(1, Ordering::Relaxed);
            let (chunk, failure) = piece.read(buffer);
            let bytes = chunk.bytes.len() as u64;
            taken.fetch_add(bytes, Ordering::Relaxed);
            searched.fail(failure.map(|error| (piece.start() + bytes, error)));
            (searched.chunks, searched.bytes) = (searched.chunks + 1, searched.bytes + bytes);
            buffer = self.search_and_say(source, chunk);
        }
    }

    /// Searches a chunk and says what it holds; gives its buffer back.
    fn search_and_say(&self, source: usize, chunk: Chunk) -> Buffer {
        // A fault in one place must not cost the rest of the report.
        let facts = catch_unwind(AssertUnwindSafe(|| self.searcher.search(&chunk))).unwrap_or_else(|_| {
            self.say(Event::Failed(source, ProblemKind::Fault));
            ChunkFacts::without_facts(&chunk)
        });
        let is_printed = facts.mentions > 0;
        self.say(Event::Chunk(source, Box::new(facts)));
        if is_printed {
            mask::make_ready();
        }
        chunk.bytes
    }
}
