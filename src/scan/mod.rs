//! The parallel line scanner: cuts a source into chunks at record boundaries, searches whole chunks for the few needles that
//! matter, and reads records only around hits.
//!
//! What holds no needle is never split into lines, let alone parsed. Chunks are cut by one reader per source and searched by
//! any number of workers; their results are put back in order, so the output does not depend on the number of threads.

mod chunk;
mod in_order;
mod search;

pub use chunk::{CHUNK_BYTES, Chunk, Chunker};
pub use in_order::InOrder;
pub use search::{ChunkFacts, Searcher, forms_at_start, is_binary};
