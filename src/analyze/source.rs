//! Reads one source: tells what it is by its start, and takes it apart into chunks.
//!
//! A large file that is a log as it stands is only cut here, and read by the workers.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::event::{Content, Event};
use super::reader::Reader;
use super::round::Round;
use crate::document::{self, Layout, Start};
use crate::envelope::{self, Around};
use crate::input::{self, Archive, ArchiveBytes, Buffer, Decoded, Live, Origin, ProblemKind};
use crate::knowledge::signature::REJECTION;
use crate::record::Lines;
use crate::scan::{self, Chunker, Chunks, FileCuts};
use crate::stream;
use crate::wire::{self, Batch, Carried};

/// A file of fewer bytes is not worth being read by many.
const LARGE_FILE: u64 = 4 << 20;
/// How many bytes of a source's start tell it from most others of its length.
pub(super) const START_HASHED: usize = 32 << 10;
/// How many bytes of a facts file are read at once.
const FACTS_BUFFER: usize = 256 << 10;

/// Reads sources, one after the other.
pub(super) struct SourceReader<'r> {
    reader: &'r Reader,
    round: Round,
    /// Where archives are left for later, if they are.
    later: Option<&'r Mutex<Vec<usize>>>,
    /// The index of the next member.
    next: Cell<usize>,
    members: Cell<u64>,
    /// Memory for a source's start.
    spare: Cell<Buffer>,
    /// Whether a live source is waited for.
    patience: RefCell<Arc<AtomicBool>>,
}

/// A source on its way.
struct Opened<'o> {
    index: usize,
    reader: Box<dyn Read + 'o>,
    /// The file, if it is read as it stands.
    file: Option<Arc<File>>,
    /// Whether it was found in a folder or an archive.
    inner: bool,
    /// Whether its name says that it is a part of a log.
    part: bool,
    /// How many archives it is in.
    depth: usize,
}

impl<'r> SourceReader<'r> {
    pub(super) fn new(reader: &'r Reader, round: Round, later: Option<&'r Mutex<Vec<usize>>>) -> SourceReader<'r> {
        let next = Cell::new(reader.sources.len());
        SourceReader { reader, round, later, next, members: Cell::new(0), spare: Cell::default(), patience: RefCell::default() }
    }

    /// Waits until all chunks are searched.
    pub(super) fn finish(&self) {
        self.round.finish();
    }

    /// Leaves a source for later.
    pub(super) fn leave(&self, index: usize) {
        self.round.restart(index);
        if let Some(mut later) = self.later.and_then(|later| later.lock().ok()) {
            later.push(index);
        }
    }

    /// Reads a source. A fault in it must not cost the others.
    pub(super) fn read_source(&self, index: usize) {
        if catch_unwind(AssertUnwindSafe(|| self.read_it(index))).is_err() {
            self.round.rest();
            self.say(Event::Failed(index, ProblemKind::Fault));
        }
    }

    fn read_it(&self, index: usize) {
        let source = &self.reader.sources[index];
        let inner = matches!(source.origin, Origin::Walked { .. });
        match self.open(index) {
            Ok((Decoded { reader, .. }, file)) => self.read(Opened { index, reader, file, inner, part: stream::is_part(&source.name), depth: 0 }),
            Err(error) => self.say(Event::Failed(index, ProblemKind::of_opening(&error))),
        }
    }

    fn open(&self, index: usize) -> io::Result<(Decoded<'static>, Option<Arc<File>>)> {
        let (source, taken, limits) = (self.reader.sources[index].clone(), self.round.taken(index), self.reader.limits);
        let Some(caught_up) = self.reader.live.clone() else {
            return input::open(&source, taken, limits);
        };
        let live = Live::new(move || input::open(&source, taken, limits).map(|(decoded, _)| decoded.reader), caught_up);
        *self.patience.borrow_mut() = live.patience();
        Ok((Decoded { reader: Box::new(live), as_it_stands: false }, None))
    }

    /// Reads the start of a source; of one that does not end, as much as tells what it is.
    fn start<R: Read>(&self, reader: R, depth: usize) -> Start<R> {
        let mut start = Start::read_into(self.spare.take(), reader);
        let told = |start: &Start<R>| match envelope::around(start.layout, &start.bytes, false) {
            Some(around) => around.lines == Lines::Log,
            None => matches!(start.layout, Layout::Log | Layout::JsonLines) && !start.forms.is_empty(),
        };
        while start.is_silent && !told(&start) && !self.stopped() {
            start.read_on();
        }
        let in_pieces = matches!(start.layout, Layout::Log | Layout::Text | Layout::JsonLines) && Archive::of(&start.bytes).is_none();
        if depth == 0 {
            self.patience.borrow().store(!in_pieces, Ordering::Relaxed);
        }
        start
    }

    fn say(&self, event: Event) {
        self.reader.workers.say(event);
    }

    fn stopped(&self) -> bool {
        self.reader.stopping.load(Ordering::Relaxed)
    }

    fn read(&self, opened: Opened<'_>) {
        let Opened { index, reader, file, inner, part, depth } = opened;
        let file = file.filter(|_| !self.reader.hashes);
        let bytes = Arc::new(AtomicU64::new(0));
        // One source alone has no twin, and a file can be read again.
        let hashed = self.reader.hashes || (file.is_none() && (depth > 0 || self.reader.sources.len() > 1));
        let hash = hashed.then(|| Arc::new(Mutex::new(Xxh3::new())));
        let counted = input::Counted::new(reader, bytes.clone());
        let reader: Box<dyn Read + '_> = match &hash {
            Some(hash) => Box::new(input::Hashed::new(counted, hash.clone())),
            None => Box::new(counted),
        };
        let start = self.start(reader, depth);
        if wire::is_facts(&start.bytes) {
            if self.reader.live.is_some() {
                let advice = "it holds facts, which are linked when all are there; give them without --follow";
                return self.say(Event::Failed(index, ProblemKind::Refused(advice.to_owned())));
            }
            return self.read_facts(index, start);
        }
        let archive = Archive::of(&start.bytes);
        if archive.is_some() && depth == 0 && self.later.is_some() {
            return self.leave(index);
        }
        let start_hash = xxh3_64(&start.bytes[..start.bytes.len().min(START_HASHED)]);
        let result = match archive {
            Some(archive) => self.read_archive(index, archive, start, depth).map_err(|error| broken(&error, &bytes)),
            None => self.read_log(index, start, (inner, part), &bytes, file),
        };
        let whole = hash.and_then(|hash| hash.lock().map(|hash| hash.digest128()).ok());
        self.say(Event::Read(index, bytes.load(Ordering::Relaxed), Content { start: start_hash, whole }));
        if let Err(problem) = result {
            self.say(Event::Failed(index, problem));
        }
    }

    fn read_log<R: Read>(
        &self,
        index: usize,
        start: Start<R>,
        (inner, part): (bool, bool),
        bytes: &AtomicU64,
        file: Option<Arc<File>>,
    ) -> Result<(), ProblemKind> {
        let around = envelope::around(start.layout, &start.bytes, part);
        let is_log = !start.forms.is_empty() || around.as_ref().is_some_and(|around| around.lines == Lines::Text || !around.forms.is_empty());
        if !is_log && inner {
            let quotes = memchr::memmem::find(&start.bytes, REJECTION.as_bytes()).is_some();
            self.say(Event::Foreign(index, quotes));
            // A small part of a log may hold nothing but the middle of a record.
            let may_be_middle = start.layout == Layout::Text || around.is_some();
            if !(part && start.is_whole && may_be_middle && !scan::is_binary(&start.bytes)) {
                self.spare.set(start.split().0);
                return Ok(());
            }
        }
        if start.forms.is_empty() && around.is_none() && scan::is_binary(&start.bytes) {
            return Err(ProblemKind::Binary);
        }
        if start.bytes.is_empty() {
            self.say(Event::Forms(index, Vec::new()));
            return Err(ProblemKind::Empty);
        }
        let forms = around.as_ref().map_or(&start.forms, |around| &around.forms);
        self.say(Event::Forms(index, forms.clone()));
        match (start.layout, around, file.filter(|file| is_large(file))) {
            (Layout::Log, None, Some(file)) => self.search_file(index, FileCuts::new(file, Lines::Log), bytes),
            (Layout::JsonLines, None, Some(file)) => self.search_file(index, FileCuts::new(file, Lines::Rows), bytes),
            (layout, around, _) => match document::lines_of(layout).filter(|_| around.is_none()) {
                Some(lines) => {
                    // What was read of it goes round as its first chunk.
                    let (begun, rest) = start.split();
                    self.spare.set(self.round.buffer());
                    self.read_chunks(index, Box::new(Chunker::behind_start(rest, lines)), begun, bytes)
                }
                None => self.read_chunks(index, chunks(layout, around, start), self.round.buffer(), bytes),
            },
        }
    }

    /// Reads the sources that a facts file carries.
    fn read_facts<R: Read>(&self, index: usize, start: Start<R>) {
        self.say(Event::Facts(index));
        // What is written again, or linked as it comes, is not linked in parts.
        let held = !self.reader.hashes && self.reader.live.is_none();
        let mut reader = wire::Reader::new(BufReader::with_capacity(FACTS_BUFFER, start.whole()));
        let mut decoder = wire::Decoder::new(self.reader.quotes, held);
        let workers = &self.reader.workers;
        let failure = std::thread::scope(|scope| {
            // What follows is read while the last batch is decoded; what is decoded is said even if the next read takes for ever.
            let (batches, given) = sync_channel::<Batch>(0);
            let decoding = scope.spawn(move || {
                let mut failure = None;
                for carried in given.into_iter().flat_map(|batch| workers.pool.install(|| decoder.decode(batch))) {
                    match carried {
                        Ok(Carried::Source(source)) => workers.say(Event::Carried(index, source)),
                        Ok(Carried::Problem(problem)) => workers.say(Event::Missing(problem)),
                        Ok(Carried::End(_)) => {}
                        Err(error) => {
                            failure.get_or_insert(error);
                        }
                    }
                }
                failure
            });
            while let Some(batch) = reader.read_batch().filter(|_| !self.stopped()) {
                if batches.send(batch).is_err() {
                    break;
                }
            }
            drop(batches);
            decoding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        if let Some(error) = failure {
            self.say(Event::Failed(index, ProblemKind::Refused(error.to_string())));
        }
    }

    /// Has the workers read a file that is a log as it stands.
    fn search_file(&self, index: usize, cuts: FileCuts, bytes: &AtomicU64) -> Result<(), ProblemKind> {
        let searched = self.round.search_file(index, cuts, &self.reader.stopping);
        bytes.store(searched.bytes, Ordering::Relaxed);
        self.say(Event::Ended(index, searched.chunks));
        searched.failure.map_or(Ok(()), |(_, error)| Err(broken(&error, bytes)))
    }

    fn read_chunks(&self, index: usize, mut chunks: Box<dyn Chunks + '_>, mut buffer: Buffer, bytes: &AtomicU64) -> Result<(), ProblemKind> {
        let mut given = 0;
        let ended = loop {
            if self.stopped() {
                break Ok(());
            }
            // The buffer must come back, whatever happens.
            let next = catch_unwind(AssertUnwindSafe(|| chunks.next_chunk(&mut buffer)));
            match next.unwrap_or_else(|_| Err(io::Error::other(ProblemKind::Fault.to_string()))) {
                Ok(Some(chunk)) => {
                    if self.reader.live.is_some() {
                        self.say(Event::Notes(index, chunks.notes()));
                        self.say(Event::Read(index, bytes.load(Ordering::Relaxed), Content::default()));
                    }
                    self.round.search(index, chunk);
                    buffer = self.round.buffer();
                    given += 1;
                    continue;
                }
                Ok(None) => {}
                Err(error) => break Err(broken(&error, bytes)),
            }
            break Ok(());
        };
        self.round.give_back(buffer);
        self.round.rest();
        self.say(Event::Notes(index, chunks.notes()));
        self.say(Event::Ended(index, given));
        ended
    }

    fn read_archive<R: Read>(&self, index: usize, archive: Archive, start: Start<R>, depth: usize) -> io::Result<()> {
        self.say(Event::Archive(index));
        let file = self.reader.sources.get(index).filter(|_| archive.needs_seeking()).and_then(|source| input::reopen(source, &start.bytes));
        let bytes = file.map_or_else(|| ArchiveBytes::Stream(Box::new(start.whole())), ArchiveBytes::File);
        self.read_members(index, archive, bytes, depth)
    }

    /// Reads the members of an archive, each as a source of its own.
    fn read_members(&self, archive: usize, kind: Archive, bytes: ArchiveBytes<'_>, depth: usize) -> io::Result<()> {
        let limits = self.reader.limits;
        let too_many = |what: String, option: &str| io::Error::new(io::ErrorKind::QuotaExceeded, format!("{what}; if that is meant, raise {option}"));
        if depth >= limits.depth {
            return Err(too_many(format!("it is {depth} archives deep"), "--max-depth"));
        }
        kind.for_each_member(bytes, limits, &mut |name, member| {
            if self.stopped() {
                return Ok(false);
            }
            if !self.reader.selection.takes(Path::new(name.trim_start_matches("./"))) {
                return Ok(true);
            }
            if self.members.replace(self.members.get() + 1) >= limits.members {
                return Err(too_many(format!("archives hold more than {} members", limits.members), "--max-members"));
            }
            let index = self.next.replace(self.next.get() + 1);
            let part = stream::is_part(&name);
            self.say(Event::Member(archive, name));
            match input::decode(member, limits) {
                Ok(Decoded { reader, .. }) => self.read(Opened { index, reader, file: None, inner: true, part, depth: depth + 1 }),
                Err(error) => self.say(Event::Failed(index, ProblemKind::of_opening(&error))),
            }
            Ok(true)
        })
    }
}

fn is_large(file: &File) -> bool {
    file.metadata().is_ok_and(|found| found.len() >= LARGE_FILE)
}

fn chunks<'c, R: Read + 'c>(layout: Layout, around: Option<Around>, start: Start<R>) -> Box<dyn Chunks + 'c> {
    match around {
        Some(around) => scan::unwrapped_chunks(layout, around, Box::new(start.whole()), scan::CHUNK_BYTES),
        None => scan::chunks(layout, Box::new(start.whole()), scan::CHUNK_BYTES),
    }
}

/// What ended a source early: a limit and a form that is not known have words of their own.
fn broken(error: &io::Error, bytes: &AtomicU64) -> ProblemKind {
    match error.kind() {
        io::ErrorKind::QuotaExceeded | io::ErrorKind::Unsupported => ProblemKind::Refused(error.to_string()),
        _ => ProblemKind::Broken { reason: error.to_string(), bytes: bytes.load(Ordering::Relaxed) },
    }
}
