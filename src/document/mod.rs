//! Takes documents apart into rows: exports and traces are often one JSON document of many gigabytes, pretty-printed ones have
//! no record border at a newline, and tables keep whole records in a cell.
//!
//! A row is one record, on one line, with the place at which it starts. Documents are streamed: memory is bounded by the
//! largest single record. What is a line of its own already needs none of this.

mod columns;
mod copy;
mod csv;
mod json;
mod lines;
mod otlp_proto;
mod splitter;
mod start;

use std::io::{self, Read};

use serde::{Deserialize, Serialize};

pub use json::{is_record, rows_of};
pub use start::Start;

use crate::record::{self, Lines};

/// How many bytes of a source's start tell how its records stand in it.
pub const START_BYTES: usize = 256 << 10;
/// The longest row that is kept in one piece: a provider takes requests of 32 MiB, and a payload repeats them.
const ROW_LIMIT: usize = 48 << 20;

/// How records stand in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// LiteLLM's log: records start at a head, and further lines belong to them.
    Log,
    /// Any other text.
    Text,
    /// One JSON record a line.
    JsonLines,
    /// JSON documents, pretty or of one line, that hold many records.
    Json,
    /// A table with a header line.
    Csv,
    /// A PostgreSQL dump with `COPY … FROM stdin` blocks.
    Copy,
    /// OTLP messages in protobuf, each behind its length: the collector's file exporter with `format: proto`.
    OtlpProto,
}

/// Where a row starts in its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RowPlace {
    /// Line, counted from 0.
    pub line: u64,
    /// Offset in bytes.
    pub byte: u64,
}

/// Gives the rows of a document, one after the other.
pub trait Rows {
    /// Appends the next row, without a newline, and tells where it starts; `None` at the end.
    ///
    /// # Errors
    ///
    /// The reader's error, after all rows before it have been given.
    fn next_row(&mut self, row: &mut Vec<u8>) -> io::Result<Option<RowPlace>>;

    /// Whether what was read says that it is one page of several.
    fn more_pages(&self) -> bool {
        false
    }
}

/// How the records of a source stand in it, told by its first [`START_BYTES`] bytes; `whole` if there are no more.
#[must_use]
pub fn layout(start: &[u8], whole: bool) -> Layout {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    // A table's first cell may be the log's line.
    if csv::starts(text) {
        return Layout::Csv;
    }
    if record::log_forms_in(start).next().is_some() {
        return Layout::Log;
    }
    if json::starts(text) {
        return if is_line_of_one_record(text, whole) { Layout::JsonLines } else { Layout::Json };
    }
    if otlp_proto::starts(start) {
        return Layout::OtlpProto;
    }
    if copy::starts(text) {
        return Layout::Copy;
    }
    Layout::Text
}

/// Whether the first line is one whole JSON object that holds no others as records.
fn is_line_of_one_record(text: &[u8], whole: bool) -> bool {
    let end = memchr::memchr(b'\n', text);
    let Some(line) = end.map(|end| &text[..end]).or(whole.then_some(text)) else { return false };
    let line = line.trim_ascii_end();
    line.starts_with(b"{") && line.ends_with(b"}") && rows_of(line).len() == 1 && rows_of(line)[0].1 == line
}

/// A source as its records are to be taken from it.
pub enum Opened<'r> {
    /// By lines.
    Lines(Box<dyn Read + 'r>, Lines),
    /// As a document's rows.
    Rows(Box<dyn Rows + 'r>),
}

/// The first rows of a source of which the start is at hand.
#[must_use]
pub fn first_rows(layout: Layout, start: &[u8], most: usize) -> Vec<Vec<u8>> {
    let mut rows = open_rows(layout, Box::new(start));
    let next = || {
        let mut row = Vec::new();
        rows.next_row(&mut row).ok().flatten().map(|_| row)
    };
    std::iter::from_fn(next).take(most).collect()
}

/// Opens a source of this layout as rows, lines among them.
#[must_use]
pub fn open_rows<'r>(layout: Layout, reader: Box<dyn Read + 'r>) -> Box<dyn Rows + 'r> {
    match layout {
        Layout::Log | Layout::Text | Layout::JsonLines => Box::new(lines::LineRows::new(reader)),
        Layout::Json => Box::new(json::JsonRows::new(reader)),
        Layout::Csv => Box::new(csv::CsvRows::new(reader)),
        Layout::Copy => Box::new(copy::CopyRows::new(reader)),
        Layout::OtlpProto => Box::new(otlp_proto::ProtoRows::new(reader)),
    }
}

/// What the lines of a source of this layout are, if its records are taken from it by lines.
#[must_use]
pub fn lines_of(layout: Layout) -> Option<Lines> {
    match layout {
        Layout::Log => Some(Lines::Log),
        Layout::Text => Some(Lines::Text),
        Layout::JsonLines => Some(Lines::Rows),
        Layout::Json | Layout::Csv | Layout::Copy | Layout::OtlpProto => None,
    }
}

/// Opens a source of this layout.
#[must_use]
pub fn open<'r>(layout: Layout, reader: Box<dyn Read + 'r>) -> Opened<'r> {
    match lines_of(layout) {
        Some(lines) => Opened::Lines(reader, lines),
        None => Opened::Rows(open_rows(layout, reader)),
    }
}
