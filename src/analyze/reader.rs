//! The reader thread: opens sources one after the other, members of archives among them, and hands their chunks to the pool.

use std::cell::{Cell, RefCell};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex};

use xxhash_rust::xxh3::Xxh3;

use crate::document::{Layout, Start};
use crate::envelope;
use crate::input::{self, Archive, ArchiveBytes, Limits, Live, Origin, ProblemKind, Selection, Source};
use crate::knowledge::signature::REJECTION;
use crate::record::{Form, Lines};
use crate::scan::{self, Chunk, ChunkFacts, Notes, Searcher};
use crate::stream;

/// A chunk of fewer bytes is searched at once: to wake a worker takes longer.
const SMALL_BYTES: usize = 64 << 10;

/// What the reader and the workers say; sources by index.
pub(super) enum Event {
    Chunk(usize, Box<ChunkFacts>),
    Failed(usize, ProblemKind),
    /// A file within a folder or archive that is no log, and whether it prints the sentence.
    Foreign(usize, bool),
    /// Forms seen at a source's start.
    Forms(usize, Vec<Form>),
    /// How many chunks a source has: it is read.
    Ended(usize, u64),
    /// What was noticed of a source.
    Notes(usize, Notes),
    /// How many bytes a source gave, and their hash.
    Read(usize, u64, u128),
    /// A source is an archive.
    Archive(usize),
    /// A member of an archive: it is a source, too, and gets the next index.
    Member(usize, String),
    Finished,
}

/// Reads all sources.
pub(super) struct Reader {
    pub(super) sources: Vec<Source>,
    pub(super) pool: rayon::ThreadPool,
    pub(super) searcher: Arc<Searcher>,
    pub(super) events: SyncSender<Event>,
    pub(super) taken: Arc<AtomicU64>,
    pub(super) stopping: Arc<AtomicBool>,
    pub(super) limits: Limits,
    pub(super) selection: Selection,
    /// If stdin may not end, and is read in pieces, as they come: whether all that came has been read.
    pub(super) live: Option<Arc<AtomicBool>>,
    /// How many chunks have been given to the workers.
    pub(super) given: Arc<AtomicU64>,
}

/// The buffers that go round, and what is told of a source as it is read.
struct Round {
    empty: Receiver<Vec<u8>>,
    give_back: Sender<Vec<u8>>,
    /// The index of the next member.
    next: Cell<usize>,
    members: Cell<u64>,
    /// Whether a live source is waited for.
    patience: RefCell<Arc<AtomicBool>>,
}

/// A source on its way.
struct Opened<'r> {
    index: usize,
    reader: Box<dyn Read + 'r>,
    /// Whether it was found in a folder or an archive.
    inner: bool,
    /// Whether its name says that it is a part of a log.
    part: bool,
    /// How many archives it is in.
    depth: usize,
}

impl Reader {
    pub(super) fn run(&self) {
        let buffers = self.pool.current_num_threads() + 2;
        let (give_back, empty) = mpsc::channel();
        for _ in 0..buffers {
            let _ = give_back.send(Vec::new());
        }
        let round = Round { empty, give_back, next: Cell::new(self.sources.len()), members: Cell::new(0), patience: RefCell::default() };
        for (index, source) in self.sources.iter().enumerate() {
            let inner = matches!(source.origin, Origin::Walked { .. });
            match self.open(source, &round) {
                Ok(reader) => self.read(Opened { index, reader, inner, part: stream::is_part(&source.name), depth: 0 }, &round),
                Err(error) => self.say(Event::Failed(index, ProblemKind::Unreadable(error.to_string()))),
            }
        }
        // All buffers back: all chunks are searched.
        for _ in 0..buffers {
            let _ = round.empty.recv();
        }
        self.say(Event::Finished);
    }

    fn open(&self, source: &Source, round: &Round) -> std::io::Result<Box<dyn Read>> {
        let Some(caught_up) = self.live.clone() else {
            return input::open(source, self.taken.clone(), self.limits);
        };
        let (source, taken, limits) = (source.clone(), self.taken.clone(), self.limits);
        let live = Live::new(move || input::open(&source, taken, limits), caught_up);
        *round.patience.borrow_mut() = live.patience();
        Ok(Box::new(live))
    }

    /// Reads the start of a source; of one that does not end, as much as tells what it is.
    fn start<R: Read>(&self, reader: R, depth: usize, round: &Round) -> Start<R> {
        let mut start = Start::of(reader);
        let told = |start: &Start<R>| match envelope::around(start.layout, &start.bytes, false) {
            Some(around) => around.lines == Lines::Log,
            None => matches!(start.layout, Layout::Log | Layout::JsonLines) && !start.forms.is_empty(),
        };
        while start.is_silent && !told(&start) && !self.stopping.load(Ordering::Relaxed) {
            start.read_on();
        }
        let in_pieces = matches!(start.layout, Layout::Log | Layout::Text | Layout::JsonLines) && Archive::of(&start.bytes).is_none();
        if depth == 0 {
            round.patience.borrow().store(!in_pieces, Ordering::Relaxed);
        }
        start
    }

    fn say(&self, event: Event) {
        // Nobody listens any more when the run was stopped.
        let _ = self.events.send(event);
    }

    fn read(&self, opened: Opened<'_>, round: &Round) {
        let bytes = Arc::new(AtomicU64::new(0));
        let hash = Arc::new(Mutex::new(Xxh3::new()));
        let Opened { index, reader, inner, part, depth } = opened;
        let reader = Box::new(input::Hashed::new(input::Counted::new(reader, bytes.clone()), hash.clone()));
        let result = self.read_open(Opened { index, reader, inner, part, depth }, &bytes, round);
        // One source cannot stand twice.
        let hash = hash.lock().map_or(0, |hash| hash.digest128());
        self.say(Event::Read(index, bytes.load(Ordering::Relaxed), hash));
        if let Err(problem) = result {
            self.say(Event::Failed(index, problem));
        }
    }

    fn read_open(&self, opened: Opened<'_>, bytes: &AtomicU64, round: &Round) -> Result<(), ProblemKind> {
        let Opened { index, reader, inner, part, depth } = opened;
        let start = self.start(reader, depth, round);
        if let Some(archive) = Archive::of(&start.bytes) {
            let broken = |error: std::io::Error| broken(&error, bytes);
            self.say(Event::Archive(index));
            let file = self.sources.get(index).filter(|_| archive.needs_seeking()).and_then(|source| input::reopen(source, &start.bytes));
            let bytes = file.map_or_else(|| ArchiveBytes::Stream(Box::new(start.whole())), ArchiveBytes::File);
            return self.read_members(index, archive, bytes, depth, round).map_err(broken);
        }
        let around = envelope::around(start.layout, &start.bytes, part);
        let is_log = !start.forms.is_empty() || around.as_ref().is_some_and(|around| around.lines == Lines::Text || !around.forms.is_empty());
        if !is_log && inner {
            let quotes = memchr::memmem::find(&start.bytes, REJECTION.as_bytes()).is_some();
            self.say(Event::Foreign(index, quotes));
            // A small part of a log may hold nothing but the middle of a record.
            let may_be_middle = start.layout == Layout::Text || around.is_some();
            if !(part && start.is_whole() && may_be_middle && !scan::is_binary(&start.bytes)) {
                return Ok(());
            }
        }
        if start.forms.is_empty() && around.is_none() && scan::is_binary(&start.bytes) {
            return Err(ProblemKind::Binary);
        }
        let is_empty = start.bytes.is_empty();
        let forms = around.as_ref().map_or(&start.forms, |around| &around.forms);
        self.say(Event::Forms(index, forms.clone()));
        let layout = start.layout;
        let mut chunks = match around {
            Some(around) => scan::unwrapped_chunks(layout, around, Box::new(start.whole()), scan::CHUNK_BYTES),
            None => scan::chunks(layout, Box::new(start.whole()), scan::CHUNK_BYTES),
        };
        let mut given = 0;
        while !self.stopping.load(Ordering::Relaxed) {
            let Ok(buffer) = round.empty.recv() else { return Ok(()) };
            let ended = match chunks.next_chunk(buffer) {
                Ok(Some(chunk)) => {
                    if self.live.is_some() {
                        self.say(Event::Notes(index, chunks.notes()));
                        self.say(Event::Read(index, bytes.load(Ordering::Relaxed), 0));
                    }
                    self.search(index, chunk, round);
                    given += 1;
                    continue;
                }
                Ok(None) if is_empty => Err(ProblemKind::Empty),
                Ok(None) => Ok(()),
                Err(error) => Err(broken(&error, bytes)),
            };
            let _ = round.give_back.send(Vec::new());
            self.say(Event::Notes(index, chunks.notes()));
            self.say(Event::Ended(index, given));
            return ended;
        }
        Ok(())
    }

    /// Reads the members of an archive, each as a source of its own.
    fn read_members(&self, archive: usize, kind: Archive, bytes: ArchiveBytes<'_>, depth: usize, round: &Round) -> std::io::Result<()> {
        if depth >= self.limits.depth {
            return Err(std::io::Error::new(
                std::io::ErrorKind::QuotaExceeded,
                format!("it is {depth} archives deep; if that is meant, raise --max-depth"),
            ));
        }
        let limits = self.limits;
        kind.for_each_member(bytes, limits, &mut |name, member| {
            if self.stopping.load(Ordering::Relaxed) {
                return Ok(false);
            }
            if !self.selection.takes(Path::new(name.trim_start_matches("./"))) {
                return Ok(true);
            }
            if round.members.replace(round.members.get() + 1) >= limits.members {
                return Err(std::io::Error::new(
                    std::io::ErrorKind::QuotaExceeded,
                    format!("archives hold more than {} members; if that is meant, raise --max-members", limits.members),
                ));
            }
            let index = round.next.replace(round.next.get() + 1);
            let part = stream::is_part(&name);
            self.say(Event::Member(archive, name));
            match input::decode(member, limits) {
                Ok(reader) => self.read(Opened { index, reader, inner: true, part, depth: depth + 1 }, round),
                Err(error) => self.say(Event::Failed(index, ProblemKind::Unreadable(error.to_string()))),
            }
            Ok(true)
        })
    }

    fn search(&self, source: usize, chunk: Chunk, round: &Round) {
        self.given.fetch_add(1, Ordering::Relaxed);
        let (searcher, events, give_back) = (self.searcher.clone(), self.events.clone(), round.give_back.clone());
        let is_small = chunk.bytes.len() < SMALL_BYTES;
        let search = move || {
            // A fault in one place must not cost the rest of the report.
            let facts = catch_unwind(AssertUnwindSafe(|| searcher.search(&chunk))).unwrap_or_else(|_| {
                let _ = events.send(Event::Failed(source, ProblemKind::Fault));
                ChunkFacts::without_facts(&chunk)
            });
            let _ = events.send(Event::Chunk(source, Box::new(facts)));
            let _ = give_back.send(chunk.bytes);
        };
        if is_small {
            search();
        } else {
            self.pool.spawn(search);
        }
    }
}

/// What ended a source early: a limit and a form that is not known have words of their own.
fn broken(error: &std::io::Error, bytes: &AtomicU64) -> ProblemKind {
    match error.kind() {
        std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::Unsupported => ProblemKind::Refused(error.to_string()),
        _ => ProblemKind::Broken { reason: error.to_string(), bytes: bytes.load(Ordering::Relaxed) },
    }
}
