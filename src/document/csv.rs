//! Tables as CSV with a header line: spend logs, Langfuse's table export, log exporters' downloads. Cells hold whole multi-line
//! texts.
//!
//! A stray quote would make the rest of the file one cell. So a record ends where its quotes are balanced, and if that is not
//! within what a record may have, its first line is given as it stands and reading goes on behind it.

use std::io::{self, BufRead, BufReader, Read};

use super::{RowPlace, Rows, columns};
use crate::knowledge::container::TABLE_HEADERS;

/// The longest record that is kept in one piece; a cell of spreadsheets has at most 32 KiB, one of a database a few megabytes.
const ROW_LIMIT: usize = 16 << 20;

/// Whether a text starts with the header line of a known table.
pub(super) fn starts(text: &[u8]) -> bool {
    let line = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len())];
    let names = cells(line);
    TABLE_HEADERS.iter().any(|header| header.iter().all(|name| names.iter().any(|cell| cell == name)))
}

/// The cells of one record.
fn cells(record: &[u8]) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(record);
    let mut row = csv::ByteRecord::new();
    match reader.read_byte_record(&mut row) {
        Ok(true) => row.iter().map(|cell| String::from_utf8_lossy(cell).trim_start_matches('\u{feff}').to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// The rows of a CSV file.
pub(super) struct CsvRows<R> {
    reader: BufReader<R>,
    names: Option<Vec<String>>,
    /// Lines that were read and not used.
    waiting: Vec<u8>,
    place: RowPlace,
}

impl<R: Read> CsvRows<R> {
    pub(super) fn new(reader: R) -> CsvRows<R> {
        CsvRows { reader: BufReader::with_capacity(256 << 10, reader), names: None, waiting: Vec::new(), place: RowPlace::default() }
    }

    /// The next record, or the first line of what never ends.
    fn next_record(&mut self) -> io::Result<Option<(RowPlace, Vec<u8>)>> {
        let (mut end, mut searched, mut quotes) = (None, 0, 0);
        while end.is_none() {
            for at in memchr::memchr2_iter(b'"', b'\n', &self.waiting[searched..]) {
                match self.waiting[searched + at] {
                    b'"' => quotes += 1,
                    _ if quotes % 2 == 0 => {
                        end = Some(searched + at + 1);
                        break;
                    }
                    _ => {}
                }
            }
            searched = self.waiting.len();
            if end.is_some() || searched >= ROW_LIMIT {
                break;
            }
            let room = (ROW_LIMIT - searched) as u64;
            if self.reader.by_ref().take(room).read_until(b'\n', &mut self.waiting)? == 0 {
                break;
            }
        }
        if self.waiting.is_empty() {
            return Ok(None);
        }
        let balanced = end.or((quotes % 2 == 0 && searched < ROW_LIMIT).then_some(searched));
        let end = balanced.or_else(|| memchr::memchr(b'\n', &self.waiting).map(|at| at + 1)).unwrap_or(searched);
        let rest = self.waiting.split_off(end);
        let record = std::mem::replace(&mut self.waiting, rest);
        let place = self.place;
        self.place.byte += record.len() as u64;
        self.place.line += memchr::memchr_iter(b'\n', &record).count() as u64;
        Ok(Some((place, record)))
    }
}

impl<R: Read> Rows for CsvRows<R> {
    fn next_row(&mut self, row: &mut Vec<u8>) -> io::Result<Option<RowPlace>> {
        while let Some((place, record)) = self.next_record()? {
            let cells = cells(&record);
            match &self.names {
                None => self.names = Some(cells.iter().map(|name| name.trim().to_owned()).collect()),
                Some(names) if cells.len() == names.len() => {
                    columns::append(row, names.iter().cloned().zip(cells).map(|(name, cell)| (name, Some(cell).filter(|cell| !cell.is_empty()))));
                    return Ok(Some(place));
                }
                Some(_) => {
                    row.extend(record.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
                    return Ok(Some(place));
                }
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(table: &str) -> Vec<(u64, String)> {
        let mut rows = CsvRows::new(table.as_bytes());
        let (mut found, mut row) = (Vec::new(), Vec::new());
        while let Some(place) = rows.next_row(&mut row).unwrap() {
            found.push((place.line, String::from_utf8(std::mem::take(&mut row)).unwrap()));
        }
        found
    }

    #[test]
    fn cells_hold_many_lines() {
        let table = "request_id,call_type,status,metadata\nr1,acompletion,failure,\"{\"\"a\"\": \"\"x\ny\"\"}\"\nr2,acompletion,success,";
        assert!(starts(table.as_bytes()));
        let expected = [
            (1, serde_json::json!({"request_id": "r1", "call_type": "acompletion", "status": "failure", "metadata": "{\"a\": \"x\ny\"}"})),
            (3, serde_json::json!({"request_id": "r2", "call_type": "acompletion", "status": "success"})),
        ];
        let parsed: Vec<_> = rows(table).iter().map(|(line, row)| (*line, serde_json::from_str::<serde_json::Value>(row).unwrap())).collect();
        assert_eq!(parsed, expected);
    }

    #[test]
    fn a_stray_quote_costs_its_line_alone() {
        let found = rows("a,b\n1,\"x\n2,y\n3,z\n");
        assert_eq!(found, [(1, r#"{"a":"1","b":"x\n"}"#.to_owned()), (2, r#"{"a":"2","b":"y"}"#.to_owned()), (3, r#"{"a":"3","b":"z"}"#.to_owned())]);
    }
}
