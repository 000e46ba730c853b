//! Tables as CSV with a header line: spend logs and Langfuse's table export. Cells hold whole multi-line texts.

use std::io::{self, Read};

use super::{RowPlace, Rows, columns};
use crate::knowledge::container::TABLE_HEADERS;

/// Whether a text starts with the header line of a known table.
pub(super) fn starts(text: &[u8]) -> bool {
    let line = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len())];
    let names: Vec<&[u8]> = line.split(|b| *b == b',').map(|name| name.trim_ascii().trim_ascii_end()).map(unquoted).collect();
    TABLE_HEADERS.iter().any(|header| header.iter().all(|name| names.contains(&name.as_bytes())))
}

fn unquoted(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name)
}

/// The rows of a CSV file.
pub(super) struct CsvRows<R> {
    reader: csv::Reader<R>,
    names: Option<Vec<String>>,
    record: csv::ByteRecord,
}

impl<R: Read> CsvRows<R> {
    pub(super) fn new(reader: R) -> CsvRows<R> {
        CsvRows { reader: csv::ReaderBuilder::new().flexible(true).from_reader(reader), names: None, record: csv::ByteRecord::new() }
    }
}

fn text(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}

impl<R: Read> Rows for CsvRows<R> {
    fn next_row(&mut self, row: &mut Vec<u8>) -> io::Result<Option<RowPlace>> {
        if self.names.is_none() {
            self.names = Some(self.reader.byte_headers()?.iter().map(|name| text(name.trim_ascii())).collect());
        }
        if !self.reader.read_byte_record(&mut self.record)? {
            return Ok(None);
        }
        let names = self.names.iter().flatten().cloned();
        columns::append(row, names.zip(&self.record).map(|(name, cell)| (name, (!cell.is_empty()).then(|| text(cell)))));
        let place = self.record.position().map(|at| RowPlace { line: at.line().saturating_sub(1), byte: at.byte() });
        Ok(Some(place.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_many_lines() {
        let table = "request_id,call_type,status,metadata\nr1,acompletion,failure,\"{\"\"a\"\": \"\"x\ny\"\"}\"\nr2,acompletion,success,\n";
        assert!(starts(table.as_bytes()));
        let mut rows = CsvRows::new(table.as_bytes());
        let mut found = Vec::new();
        let mut row = Vec::new();
        while let Some(place) = rows.next_row(&mut row).unwrap() {
            found.push((place.line, String::from_utf8(std::mem::take(&mut row)).unwrap()));
        }
        let expected = [
            (1, r#"{"request_id":"r1","call_type":"acompletion","status":"failure","metadata":"{\"a\": \"x\ny\"}"}"#.replace('\n', "\\n")),
            (3, r#"{"request_id":"r2","call_type":"acompletion","status":"success"}"#.to_owned()),
        ];
        let parsed =
            |rows: &[(u64, String)]| rows.iter().map(|(l, r)| (*l, serde_json::from_str::<serde_json::Value>(r).unwrap())).collect::<Vec<_>>();
        assert_eq!(parsed(&found), parsed(&expected));
    }
}
