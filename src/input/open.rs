//! Opens a source and counts what is read of it.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use xxhash_rust::xxh3::Xxh3;

use super::compression::decompress;
use super::encoding::to_utf8;
use super::{Limits, Origin, Source};

/// How many bytes of a file are read to tell what it is.
const FIRST_BYTES: usize = 32 << 10;

/// Opens a source and gives its bytes, decompressed, and the file if they stand in it as they are. `read` grows with each byte taken from it, before decompression.
///
/// # Errors
///
/// The system's error, or a compression's header that is broken.
pub fn open(source: &Source, read: Arc<AtomicU64>, limits: Limits) -> io::Result<(Decoded<'static>, Option<Arc<File>>)> {
    let (Origin::Named(path) | Origin::Walked { path, .. }) = &source.origin else {
        widen_stdin();
        return Ok((decode(Box::new(Counted::new(io::stdin(), read)), limits)?, None));
    };
    let mut file = Arc::new(File::open(path)?);
    // What a file is, is told in many small steps: one read serves them all.
    let mut start = vec![0; FIRST_BYTES];
    let length = file.read(&mut start)?;
    start.truncate(length);
    let decoded = decode(Box::new(Counted::new(Cursor::new(start).chain(file.clone()), read)), limits)?;
    let is_file = decoded.as_it_stands && file.metadata().is_ok_and(|found| found.is_file());
    Ok((decoded, is_file.then_some(file)))
}

/// How much a pipe is to hold: each time that it runs full or empty, its writer or its reader has to wait. The system's own limit
/// for one pipe is the same.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1 << 20;

#[cfg(target_os = "linux")]
fn widen_stdin() {
    // What is no pipe, or may not be widened, is read as it is.
    let _ = rustix::pipe::fcntl_setpipe_size(io::stdin(), PIPE_BYTES);
}

#[cfg(not(target_os = "linux"))]
fn widen_stdin() {}

/// The bytes of a reader, once what was done to them is undone.
pub struct Decoded<'r> {
    /// Gives them.
    pub reader: Box<dyn Read + 'r>,
    /// Whether nothing was done to them.
    pub as_it_stands: bool,
}

/// The bytes of a reader without compression, and in UTF-8.
///
/// # Errors
///
/// The reader's, or a compression's header that is broken.
pub fn decode<'r>(reader: Box<dyn Read + 'r>, limits: Limits) -> io::Result<Decoded<'r>> {
    let raw = decompress(reader, limits)?;
    let text = to_utf8(raw.reader)?;
    Ok(Decoded { as_it_stands: raw.as_it_stands && text.as_it_stands, ..text })
}

/// The hash of a file's first `bytes` bytes.
///
/// # Errors
///
/// The system's; a source that is no file has none.
pub fn hash_of(source: &Source, bytes: u64) -> io::Result<u128> {
    let (Origin::Named(path) | Origin::Walked { path, .. }) = &source.origin else { return Err(io::ErrorKind::Unsupported.into()) };
    let mut hash = Xxh3::new();
    io::copy(&mut File::open(path)?.take(bytes), &mut hash)?;
    Ok(hash.digest128())
}

/// Opens a source again if it is a file that starts with `start`, so is not compressed: for what must be read from its end.
#[must_use]
pub fn reopen(source: &Source, start: &[u8]) -> Option<File> {
    let (Origin::Named(path) | Origin::Walked { path, .. }) = &source.origin else { return None };
    let mut file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|found| found.is_file()))?;
    let mut own = Vec::new();
    file.by_ref().take(start.len() as u64).read_to_end(&mut own).ok()?;
    file.rewind().ok()?;
    (own == start).then_some(file)
}

/// Counts what is read.
pub struct Counted<R> {
    raw: R,
    read: Arc<AtomicU64>,
}

/// Takes the hash of what is read: the same content under two names is told by it.
pub struct Hashed<R> {
    raw: R,
    hash: Arc<Mutex<Xxh3>>,
}

impl<R> Hashed<R> {
    /// Reads from `raw`; `hash` grows with each byte.
    #[must_use]
    pub fn new(raw: R, hash: Arc<Mutex<Xxh3>>) -> Hashed<R> {
        Hashed { raw, hash }
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.raw.read(buffer)?;
        if let Ok(mut hash) = self.hash.lock() {
            hash.update(&buffer[..count]);
        }
        Ok(count)
    }
}

impl<R> Counted<R> {
    /// Reads from `raw`; `read` grows with each byte.
    #[must_use]
    pub fn new(raw: R, read: Arc<AtomicU64>) -> Counted<R> {
        Counted { raw, read }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.raw.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
