//! The start of a source: enough of it to tell what it is, before any of it is used.

use std::io::{self, Cursor, Read};

use super::{Layout, START_BYTES, layout, rows_of};
use crate::input::Buffer;
use crate::record::{self, Form};

/// How many bytes are read at first where no more memory is at hand: most members of an archive are small.
const FIRST_BYTES: usize = 16 << 10;

/// The start of a source, and its rest.
pub struct Start<R> {
    /// The first [`START_BYTES`] bytes, or all there are: other forms may follow a proxy's own lines.
    pub bytes: Buffer,
    /// How records stand in it.
    pub layout: Layout,
    /// Forms of record seen in it.
    pub forms: Vec<Form>,
    /// Whether more may come of it: the source does not end, and was silent.
    pub is_silent: bool,
    /// Whether its bytes are all there are.
    pub is_whole: bool,
    rest: Rest<R>,
}

impl<R: Read> Start<R> {
    /// Reads the start of a source. An error that ends it early is given when its bytes have been.
    pub fn of(reader: R) -> Start<R> {
        Start::read_into(Buffer::default(), reader)
    }

    /// Reads the start of a source into memory that is at hand.
    pub fn read_into(mut bytes: Buffer, reader: R) -> Start<R> {
        bytes.clear();
        let rest = Rest { failure: None, reader };
        let mut start = Start { bytes, layout: Layout::Text, forms: Vec::new(), is_silent: false, is_whole: false, rest };
        start.read_on();
        start
    }

    /// Reads what has come of the start since, of a source that was silent.
    pub fn read_on(&mut self) {
        let before = self.bytes.len();
        let failure = self.fill().err();
        self.is_silent = failure.as_ref().is_some_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        self.rest.failure = failure.filter(|_| !self.is_silent);
        self.is_whole = self.bytes.len() < START_BYTES && !self.is_silent;
        if before == 0 || self.bytes.len() > before {
            self.layout = layout(&self.bytes, self.is_whole);
            self.forms = forms(&self.bytes, self.layout);
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        while self.bytes.len() < START_BYTES {
            let missing = START_BYTES - self.bytes.len();
            let room = missing.min(self.bytes.ready().max(self.bytes.len()).max(FIRST_BYTES));
            match self.rest.reader.read(self.bytes.room(room)) {
                Ok(0) => break,
                Ok(read) => self.bytes.filled(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The whole source.
    pub fn whole(self) -> impl Read {
        let (bytes, rest) = self.split();
        Cursor::new(bytes).chain(rest)
    }

    /// The start's bytes, and what gives those behind them.
    pub fn split(self) -> (Buffer, impl Read) {
        (self.bytes, self.rest)
    }
}

/// What the start of a source holds, each form once.
fn forms(bytes: &[u8], layout: Layout) -> Vec<Form> {
    let mut forms: Vec<Form> = match layout {
        Layout::Log => record::log_forms_in(bytes).collect(),
        Layout::OtlpProto => vec![Form::Otlp],
        Layout::Text if !record::samples_in(bytes).is_empty() => vec![Form::Metrics],
        Layout::Text => record::errors_in(bytes).into_iter().map(|(_, error)| error.form).collect(),
        Layout::JsonLines | Layout::Json | Layout::Csv | Layout::Copy => {
            let read = rows_of(bytes).into_iter().filter_map(|(_, row)| record::read_row(&row)).flatten().map(|record| record.form).next();
            record::mark_in(bytes).or(read).into_iter().collect()
        }
    };
    forms.sort_unstable();
    forms.dedup();
    forms
}

struct Rest<R> {
    failure: Option<io::Error>,
    reader: R,
}

impl<R: Read> Read for Rest<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.failure.take().map_or_else(|| self.reader.read(buffer), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives so many bytes at once, and fails behind the last.
    struct Failing<'a>(&'a [u8], usize);

    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len()).min(self.0.len());
            if count == 0 {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn nothing_is_lost_of_a_source_that_fails_wherever_it_does() {
        let log = "07:35:20 - LiteLLM:INFO: a.py:1 - x\n".repeat(10_000);
        for length in [0, 1, FIRST_BYTES, START_BYTES - 1, START_BYTES, START_BYTES + 1, log.len()] {
            for at_once in [7, 4096, log.len()] {
                let used = Buffer::from(b"of another source".to_vec());
                let start = Start::read_into(used, Failing(&log.as_bytes()[..length], at_once));
                assert_eq!(start.bytes.len(), length.min(START_BYTES), "{length}");
                let (mut all, mut whole) = (Vec::new(), start.whole());
                assert_eq!(whole.read_to_end(&mut all).map_err(|error| error.kind()), Err(io::ErrorKind::ConnectionReset), "{length}");
                assert!(all == log.as_bytes()[..length], "{length} bytes, {at_once} at once");
            }
        }
    }
}
