//! Prints a report: one file per format, all from the same report.

pub mod json;
pub mod ndjson;
mod terminal;
pub mod text;

use std::io;

pub use terminal::{colour_wanted, plain, width};

/// A closed pipe downstream (`| head`) is no error.
///
/// # Errors
///
/// Any other error of the writer.
pub fn unless_closed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
