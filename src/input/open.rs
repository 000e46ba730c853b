//! Opens a source and counts what is read of it.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use xxhash_rust::xxh3::Xxh3;

use super::compression::decompress;
use super::encoding::to_utf8;
use super::{Limits, Origin, Source};

/// Opens a source and gives its bytes, decompressed. `read` grows with each byte taken from it, before decompression.
///
/// # Errors
///
/// The system's error, or a compression's header that is broken.
pub fn open(source: &Source, read: Arc<AtomicU64>, limits: Limits) -> io::Result<Box<dyn Read>> {
    let raw: Box<dyn Read> = match &source.origin {
        Origin::Stdin => Box::new(io::stdin()),
        Origin::Named(path) | Origin::Walked { path, .. } => Box::new(File::open(path)?),
    };
    decode(Box::new(Counted::new(raw, read)), limits)
}

/// The bytes of a reader without compression, and in UTF-8.
///
/// # Errors
///
/// The reader's, or a compression's header that is broken.
pub fn decode<'r>(reader: Box<dyn Read + 'r>, limits: Limits) -> io::Result<Box<dyn Read + 'r>> {
    to_utf8(decompress(reader, limits)?)
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
