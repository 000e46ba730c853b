//! How far the reading is: bytes taken of each input, before decompression.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{LargeInput, Progress};
use crate::input::{Origin, Source};

/// An input of fewer bytes is read before anyone looks.
const LARGE: u64 = 64 << 20;
/// How many large inputs are shown at a time.
const MOST_SHOWN: usize = 4;

/// Bytes taken of each input.
pub(super) struct Advance {
    inputs: Vec<Input>,
    /// Bytes of all inputs, if stdin is not among them.
    total: Option<u64>,
}

struct Input {
    name: String,
    size: Option<u64>,
    read: Arc<AtomicU64>,
}

impl Advance {
    /// For these inputs; `sized`: whether anyone asks how large they are.
    pub(super) fn new(sources: &[Source], sized: bool) -> Advance {
        let input = |source: &Source| Input { name: source.name.clone(), size: sized.then(|| size_of(source)).flatten(), read: Arc::default() };
        let inputs: Vec<Input> = sources.iter().map(input).collect();
        let total = inputs.iter().map(|input| input.size).sum();
        Advance { inputs, total }
    }

    /// What counts the bytes of an input; a member's are its archive's.
    pub(super) fn of(&self, input: usize) -> Arc<AtomicU64> {
        self.inputs.get(input).map(|input| input.read.clone()).unwrap_or_default()
    }

    /// Takes back what was counted of an input: it is read again.
    pub(super) fn restart(&self, input: usize) {
        if let Some(input) = self.inputs.get(input) {
            input.read.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn progress(&self) -> Progress {
        let mut progress = Progress { read: 0, total: self.total, large: Vec::new() };
        for input in &self.inputs {
            let read = input.read.load(Ordering::Relaxed);
            progress.read += read;
            let size = input.size.filter(|size| *size >= LARGE && read > 0 && read < *size && progress.large.len() < MOST_SHOWN);
            progress.large.extend(size.map(|size| LargeInput { name: input.name.clone(), read, size }));
        }
        progress
    }
}

fn size_of(source: &Source) -> Option<u64> {
    match &source.origin {
        Origin::Stdin => None,
        Origin::Named(path) | Origin::Walked { path, .. } => path.metadata().ok().filter(std::fs::Metadata::is_file).map(|found| found.len()),
    }
}
