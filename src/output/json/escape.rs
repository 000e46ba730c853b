//! Control and direction-changing characters of a document's strings as `\\u` escapes: it may be shown on a terminal.

use std::io::{self, Write};

use crate::escape::escaped;

/// How much of a document waits until it is written.
const WAITING: usize = 64 << 10;

/// Escapes what is written, line by line: a document of a million incidents is never there as a whole.
pub(super) struct Escaping<'w> {
    out: &'w mut dyn Write,
    waiting: Vec<u8>,
}

impl<'w> Escaping<'w> {
    pub(super) fn new(out: &'w mut dyn Write) -> Escaping<'w> {
        Escaping { out, waiting: Vec::new() }
    }

    fn write_on(&mut self, end: usize) -> io::Result<()> {
        self.out.write_all(escaped(&String::from_utf8_lossy(&self.waiting[..end])).as_bytes())?;
        self.waiting.drain(..end);
        Ok(())
    }
}

impl Write for Escaping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        // A line ends no character in its middle.
        if self.waiting.len() >= WAITING
            && let Some(newline) = memchr::memrchr(b'\n', &self.waiting)
        {
            self.write_on(newline + 1)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_on(self.waiting.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_pieces_is_escaped_as_a_whole() {
        let line = "\"a\u{9b}b\u{202e}ä€\",\n";
        let document = line.repeat(20_000);
        let mut written = Vec::new();
        let mut escaping = Escaping::new(&mut written);
        document.as_bytes().chunks(7).for_each(|piece| escaping.write_all(piece).unwrap());
        escaping.flush().unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "\"a\\u009bb\\u202eä€\",\n".repeat(20_000));
    }
}
