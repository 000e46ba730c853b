//! Prints a report: one file per format, all from the same report.

pub mod json;
