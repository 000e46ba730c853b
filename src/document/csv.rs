//! Tables as CSV with a header line: spend logs, Langfuse's table export, log exporters' downloads. Cells hold whole multi-line
//! texts.
//!
//! A stray quote would make the rest of the file one cell. So a record ends where its quotes are balanced, and if that is not
//! within what a record may have, its first line is given as it stands and reading goes on behind it.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use csv_core::ReadRecordResult;

use super::{RowPlace, Rows, columns};
use crate::knowledge::container::TABLE_HEADERS;

/// The longest record that is kept in one piece; a cell of spreadsheets has at most 32 KiB, one of a database a few megabytes.
const ROW_LIMIT: usize = 16 << 20;

/// Whether a text starts with the header line of a known table.
pub(super) fn starts(text: &[u8]) -> bool {
    let line = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len())];
    if !line.contains(&b',') {
        return false;
    }
    let names = Cells::new().of(line);
    TABLE_HEADERS.iter().any(|header| header.iter().all(|name| names.iter().any(|cell| cell == name)))
}

/// Reads the cells of one record at a time.
struct Cells {
    reader: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Cells {
    fn new() -> Cells {
        Cells { reader: csv_core::Reader::new(), text: Vec::new(), ends: Vec::new() }
    }

    /// The cells of a record.
    fn of(&mut self, record: &[u8]) -> Vec<String> {
        self.reader.reset();
        // Unquoted, a record only gets shorter, and it has at most one cell more than commas.
        self.text.resize(record.len(), 0);
        self.ends.resize(memchr::memchr_iter(b',', record).count() + 2, 0);
        let (mut used, mut written, mut count) = (0, 0, 0);
        loop {
            let (result, read, wrote, ended) = self.reader.read_record(&record[used..], &mut self.text[written..], &mut self.ends[count..]);
            (used, written, count) = (used + read, written + wrote, count + ended);
            // With nothing left to read, the next call ends the last cell.
            if result != ReadRecordResult::InputEmpty {
                break;
            }
        }
        let ends = self.ends[..count].iter().map(|end| (*end).min(written));
        let cells = ends.scan(0, |start, end| Some(&self.text[std::mem::replace(start, end)..end]));
        cells.map(|cell| String::from_utf8_lossy(cell).trim_start_matches('\u{feff}').to_owned()).collect()
    }
}

/// The rows of a CSV file.
pub(super) struct CsvRows<R> {
    reader: BufReader<R>,
    names: Option<Vec<String>>,
    cells: Cells,
    /// What was read, and how much of it is used.
    buffer: Vec<u8>,
    used: usize,
    place: RowPlace,
    /// Whether a cell never ended.
    cut: bool,
}

impl<R: Read> CsvRows<R> {
    pub(super) fn new(reader: R) -> CsvRows<R> {
        let reader = BufReader::with_capacity(256 << 10, reader);
        CsvRows { reader, names: None, cells: Cells::new(), buffer: Vec::new(), used: 0, place: RowPlace::default(), cut: false }
    }

    /// The next record, or the first line of what never ends.
    fn next_record(&mut self) -> io::Result<Option<(RowPlace, Range<usize>)>> {
        // Only now and then, so that a line behind a stray quote does not move all lines behind it.
        if self.used == self.buffer.len() || self.used >= ROW_LIMIT {
            self.buffer.drain(..self.used);
            self.used = 0;
        }
        let start = self.used;
        let (mut searched, mut quoted) = (start, false);
        let balanced = loop {
            if let Some(end) = unquoted_newline(&self.buffer, searched, &mut quoted) {
                break Some(end);
            }
            searched = self.buffer.len();
            let room = ROW_LIMIT.saturating_sub(searched - start) as u64;
            if room == 0 || self.reader.by_ref().take(room).read_until(b'\n', &mut self.buffer)? == 0 {
                break (!quoted && room > 0).then_some(searched);
            }
        };
        if start == self.buffer.len() {
            return Ok(None);
        }
        self.cut |= balanced.is_none();
        let first_line = || memchr::memchr(b'\n', &self.buffer[start..]).map_or(self.buffer.len(), |at| start + at + 1);
        let end = balanced.unwrap_or_else(first_line);
        let place = self.place;
        self.used = end;
        self.place.byte += (end - start) as u64;
        self.place.line += memchr::memchr_iter(b'\n', &self.buffer[start..end]).count() as u64;
        Ok(Some((place, start..end)))
    }
}

/// Where a record ends: behind the first newline from `from` on that stands outside all quotes; `quoted` if `from` is within.
fn unquoted_newline(bytes: &[u8], from: usize, quoted: &mut bool) -> Option<usize> {
    for at in memchr::memchr2_iter(b'"', b'\n', &bytes[from..]) {
        if bytes[from + at] == b'"' {
            *quoted = !*quoted;
        } else if !*quoted {
            return Some(from + at + 1);
        }
    }
    None
}

impl<R: Read> Rows for CsvRows<R> {
    fn next_row(&mut self, row: &mut Vec<u8>) -> io::Result<Option<RowPlace>> {
        while let Some((place, record)) = self.next_record()? {
            let record = &self.buffer[record];
            let cells = self.cells.of(record);
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
        if std::mem::take(&mut self.cut) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a cell of the table never ends"));
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
        while let Ok(Some(place)) = rows.next_row(&mut row) {
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
