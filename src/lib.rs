//! Tells what really failed behind LiteLLM's "assistant message prefill" 400, from logs and traces.
//!
//! The way of the data is the order of the modules: [`input`] → [`document`] → [`envelope`] → [`scan`] → [`record`] → [`fact`] → ([`wire`] →) [`stream`] → [`link`] →
//! [`report`] → [`output`], with [`knowledge`] beside them; [`analyze()`] goes it. `ARCHITECTURE.md` is the map.
mod analyze;
pub mod cli;
pub mod compare;
pub mod document;
pub mod envelope;
pub mod exit;
pub mod fact;
pub mod input;
pub mod knowledge;
pub mod link;
mod mask;
mod needle;
pub mod output;
pub mod preflight;
pub mod progress;
pub mod record;
pub mod report;
pub mod scan;
pub mod stop;
pub mod stream;
pub mod wire;
pub use analyze::{AnalyzeError, Findings, FollowError, LargeInput, Options, Progress, Show, analyze, follow, read};
pub use mask::Secrets;
