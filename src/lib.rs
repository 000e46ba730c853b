//! streamfall.
mod analyze;
pub mod fact;
pub mod input;
pub mod knowledge;
pub mod link;
pub mod output;
pub mod record;
pub mod report;
pub mod scan;
pub use analyze::{AnalyzeError, Options, Progress, analyze};
