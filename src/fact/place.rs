//! Where a record was seen.

/// The place of a record's first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// Index of the source in the run.
    pub source: u32,
    /// Line number, counted from 1.
    pub line: u64,
    /// Offset in bytes from the source's start (after decompression).
    pub byte: u64,
}
