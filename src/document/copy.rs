//! `pg_dump`: the rows of a `COPY public."LiteLLM_SpendLogs" (…) FROM stdin;` block, each a line of values between tabs, with
//! backslash escapes and `\N` for `NULL`. All other tables are passed over,
//! but for lines that print the rejection: nothing can be made of them, and that must be said.

use std::io::{self, BufRead, BufReader, Read};

use super::{ROW_LIMIT, RowPlace, Rows, columns};
use crate::knowledge::container::DUMPED_TABLE;
use crate::knowledge::signature::REJECTION;

/// Whether a text is a dump's, or starts with such a block.
pub(super) fn starts(text: &[u8]) -> bool {
    let dump = text.starts_with(b"--") && memchr::memmem::find(text, b"PostgreSQL database dump").is_some();
    dump || block(text.split(|b| *b == b'\n').next().unwrap_or_default()).is_some()
}

/// The column names of a block's first line.
fn block(line: &[u8]) -> Option<Vec<String>> {
    let line = std::str::from_utf8(line).ok()?.trim_end();
    let (table, rest) = line.strip_prefix("COPY ")?.split_once(" (")?;
    let names = rest.strip_suffix(") FROM stdin;")?;
    table.contains(DUMPED_TABLE).then(|| names.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect())
}

/// The rows of the known tables of a dump.
pub(super) struct CopyRows<R> {
    reader: BufReader<R>,
    names: Option<Vec<String>>,
    line: Vec<u8>,
    place: RowPlace,
}

impl<R: Read> CopyRows<R> {
    pub(super) fn new(reader: R) -> CopyRows<R> {
        CopyRows { reader: BufReader::with_capacity(256 << 10, reader), names: None, line: Vec::new(), place: RowPlace::default() }
    }

    /// Reads a line, or as much of it as a row may have.
    fn read_line(&mut self) -> io::Result<Option<RowPlace>> {
        let place = self.place;
        self.line.clear();
        let read = self.reader.by_ref().take(ROW_LIMIT as u64).read_until(b'\n', &mut self.line)?;
        self.place.byte += read as u64;
        self.place.line += u64::from(self.line.ends_with(b"\n"));
        Ok((read > 0).then_some(place))
    }
}

impl<R: Read> Rows for CopyRows<R> {
    fn next_row(&mut self, row: &mut Vec<u8>) -> io::Result<Option<RowPlace>> {
        while let Some(place) = self.read_line()? {
            let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
            if self.names.is_none() && memchr::memmem::find(line, REJECTION.as_bytes()).is_some() {
                row.extend_from_slice(line);
                return Ok(Some(place));
            }
            match &self.names {
                None => self.names = block(line),
                Some(_) if line == b"\\." => self.names = None,
                Some(names) => {
                    columns::append(row, names.iter().cloned().zip(line.split(|b| *b == b'\t').map(value)));
                    return Ok(Some(place));
                }
            }
        }
        if self.names.take().is_some() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the dump ends within a table"));
        }
        Ok(None)
    }
}

/// A value without its escapes; `None` for `\N`.
fn value(cell: &[u8]) -> Option<String> {
    if cell == b"\\N" {
        return None;
    }
    let text = String::from_utf8_lossy(cell);
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => plain.push('\n'),
            ('\\', Some('t')) => plain.push('\t'),
            ('\\', Some('r')) => plain.push('\r'),
            ('\\', Some(other)) => plain.push(other),
            (c, _) => plain.push(c),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_known_table_is_read() {
        let dump = "--\n-- PostgreSQL database dump\n--\nCOPY public.\"Other\" (a) FROM stdin;\nx\n\\.\nCOPY public.\"LiteLLM_SpendLogs\" (request_id, \
                    status, metadata, \"user\") FROM stdin;\nr1\tfailure\t{\"a\": \"x\\\\ny\"}\t\\N\n\\.\nSELECT 1;\n";
        assert!(starts(dump.as_bytes()));
        let mut rows = CopyRows::new(dump.as_bytes());
        let mut row = Vec::new();
        assert_eq!(rows.next_row(&mut row).unwrap().map(|p| p.line), Some(7));
        let found: serde_json::Value = serde_json::from_slice(&row).unwrap();
        assert_eq!(found, serde_json::json!({"request_id": "r1", "status": "failure", "metadata": "{\"a\": \"x\\ny\"}"}));
        assert_eq!(rows.next_row(&mut row).unwrap(), None);
    }
}
