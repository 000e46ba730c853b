//! Lines as rows, for sources in which something is put around each of them.

use std::io::{self, BufRead, BufReader, Read};

use super::{ROW_LIMIT, RowPlace, Rows};

/// The lines of a source.
pub(super) struct LineRows<R> {
    reader: BufReader<R>,
    /// The start of a line whose end has not come yet.
    begun: Vec<u8>,
    place: RowPlace,
}

impl<R: Read> LineRows<R> {
    pub(super) fn new(reader: R) -> LineRows<R> {
        LineRows { reader: BufReader::with_capacity(256 << 10, reader), begun: Vec::new(), place: RowPlace::default() }
    }
}

impl<R: Read> Rows for LineRows<R> {
    fn next_row(&mut self, row: &mut Vec<u8>) -> io::Result<Option<RowPlace>> {
        let mut line = std::mem::take(&mut self.begun);
        let missing = ROW_LIMIT.saturating_sub(line.len()) as u64;
        if let Err(error) = self.reader.by_ref().take(missing).read_until(b'\n', &mut line) {
            self.begun = line;
            return Err(error);
        }
        let place = self.place;
        self.place.byte += line.len() as u64;
        self.place.line += u64::from(line.ends_with(b"\n"));
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        row.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
        Ok((!line.is_empty()).then_some(place))
    }
}
