//! Opens a source and counts what is read of it.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::compression::decompress;
use super::{Origin, Source};

/// Opens a source and gives its bytes, decompressed. `read` grows with each byte taken from it, before decompression.
///
/// # Errors
///
/// The system's error, or a compression's header that is broken.
pub fn open(source: &Source, read: Arc<AtomicU64>) -> io::Result<Box<dyn Read + Send>> {
    let raw: Box<dyn Read + Send> = match &source.origin {
        Origin::Stdin => Box::new(io::stdin()),
        Origin::Named(path) | Origin::Walked { path, .. } => Box::new(File::open(path)?),
    };
    decompress(Box::new(Counted::new(raw, read)))
}

/// Counts what is read.
pub struct Counted {
    raw: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Counted {
    /// Reads from `raw`; `read` grows with each byte.
    #[must_use]
    pub fn new(raw: Box<dyn Read + Send>, read: Arc<AtomicU64>) -> Counted {
        Counted { raw, read }
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.raw.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
