//! Turns UTF-16 into UTF-8, told by its byte order mark: a log that went through PowerShell's `>` is UTF-16.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use encoding_rs_io::DecodeReaderBytes;

use super::Decoded;

/// How many bytes must agree with the mark.
const SAMPLE_BYTES: u64 = 64;
/// More zeros than any hole has: a device, or a pipe that gives nothing else, would be read for ever.
const MOST_ZEROS: u64 = 16 << 30;
const MARKS: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// The same text in UTF-8; bytes without the mark as they are.
///
/// # Errors
///
/// The reader's.
pub(super) fn to_utf8<'r>(mut reader: Box<dyn Read + 'r>) -> io::Result<Decoded<'r>> {
    let mut start = Vec::new();
    reader.by_ref().take(SAMPLE_BYTES).read_to_end(&mut start)?;
    // Junk may begin so, too; a log's letters leave every other byte empty.
    let zeros = memchr::memchr_iter(0, &start).count();
    let marked = MARKS.iter().any(|mark| start.starts_with(mark)) && zeros * 4 >= start.len();
    if !start.is_empty() && zeros == start.len() {
        let reader = Box::new(BehindZeros { reader: Some(BufReader::with_capacity(256 << 10, reader)), left: MOST_ZEROS });
        return Ok(Decoded { reader, as_it_stands: false });
    }
    let whole = Cursor::new(start).chain(reader);
    let reader: Box<dyn Read + 'r> = if marked { Box::new(DecodeReaderBytes::new(whole)) } else { Box::new(whole) };
    Ok(Decoded { reader, as_it_stands: !marked })
}

/// What stands behind zeros: a log that was cut to nothing while its writer went on at its old place (`copytruncate`).
struct BehindZeros<R> {
    reader: Option<BufReader<R>>,
    /// How many zeros may still come.
    left: u64,
}

impl<R: Read> Read for BehindZeros<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(reader) = &mut self.reader else { return Ok(0) };
        loop {
            let bytes = reader.fill_buf()?;
            let zeros = zeros_before(bytes);
            if zeros == 0 || bytes.is_empty() {
                return reader.read(buffer);
            }
            reader.consume(zeros);
            self.left = self.left.saturating_sub(zeros as u64);
            if self.left == 0 {
                self.reader = None;
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "it begins with 16 GiB of zeros: if a log stands behind them, give what follows",
                ));
            }
        }
    }
}

/// How many zeros bytes begin with.
fn zeros_before(bytes: &[u8]) -> usize {
    // By blocks, which compare as vectors.
    let blocks = bytes.chunks_exact(64).take_while(|block| block.iter().fold(0, |all, byte| all | byte) == 0).count() * 64;
    blocks + bytes[blocks..].iter().take_while(|byte| **byte == 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_without_end_end() {
        let mut reader = BehindZeros { reader: Some(BufReader::new(io::repeat(0))), left: 1 << 20 };
        assert!(reader.read(&mut [0; 10]).is_err());
        assert_eq!(reader.read(&mut [0; 10]).unwrap(), 0);
    }

    #[test]
    fn the_mark_decides() {
        let utf16 = |swap: bool, text: &str| -> Vec<u8> {
            text.encode_utf16().flat_map(|unit| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let cases = [
            (utf16(false, "\u{feff}größe\n"), "größe\n"),
            (utf16(true, "\u{feff}größe\n"), "größe\n"),
            (b"plain".to_vec(), "plain"),
            (b"\xff\xfeplain".to_vec(), "\u{fffd}\u{fffd}plain"),
            (b"x".to_vec(), "x"),
            ([vec![0; 100_000], b"behind a hole".to_vec()].concat(), "behind a hole"),
            (vec![0; 100_000], ""),
            (Vec::new(), ""),
        ];
        for (bytes, expected) in cases {
            let mut text = Vec::new();
            to_utf8(Box::new(bytes.as_slice())).unwrap().reader.read_to_end(&mut text).unwrap();
            assert_eq!(String::from_utf8_lossy(&text), expected);
        }
    }
}
