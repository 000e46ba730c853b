//! streamfall.
mod analyze;
pub mod cli;
pub mod document;
pub mod envelope;
pub mod exit;
pub mod fact;
pub mod input;
pub mod knowledge;
pub mod link;
pub mod output;
pub mod progress;
pub mod record;
pub mod report;
pub mod scan;
pub mod stop;
pub use analyze::{AnalyzeError, Options, Progress, analyze};
