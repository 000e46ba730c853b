//! Lines as rows, for sources in which something is put around each of them.

use std::io::{self, BufRead, BufReader, Read};

use super::{ROW_LIMIT, RowPlace, Rows};

/// The lines of a source.
pub(super) struct LineRows<R> {
    reader: BufReader<R>,
    place: RowPlace,
}

impl<R: Read> LineRows<R> {
    pub(super) fn new(reader: R) -> LineRows<R> {
        LineRows { reader: BufReader::with_capacity(256 << 10, reader), place: RowPlace::default() }
    }
}

impl<R: Read> Rows for LineRows<R> {
    fn next_row(&mut self, row: &mut Vec<u8>) -> io::Result<Option<RowPlace>> {
        let place = self.place;
        let before = row.len();
        let read = self.reader.by_ref().take(ROW_LIMIT as u64).read_until(b'\n', row)?;
        self.place.byte += read as u64;
        if row.ends_with(b"\n") && read > 0 {
            self.place.line += 1;
            row.truncate(row.len() - 1);
        }
        if row.len() > before && row.ends_with(b"\r") {
            row.truncate(row.len() - 1);
        }
        Ok((read > 0).then_some(place))
    }
}
