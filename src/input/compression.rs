//! Takes compression off, told by the first bytes and never by the name: gzip, zstd, xz, bzip2, lz4, of any number of members or
//! frames, and one within the other.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Decoded, Limits};

/// How many bytes tell a compression.
const MAGIC_BYTES: u64 = 6;
/// zstd's longest window: `zstd --long=31` writes it.
const ZSTD_WINDOW_LOG: u32 = 31;
/// xz's decoder may take this much memory: its highest preset needs 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;
/// How many compressions may be one within the other.
const MOST_LAYERS: usize = 4;
/// How much may come out before its ratio to what went in is looked at.
const FREE_BYTES: u64 = 1 << 30;
/// How many compressed bytes are read at a time.
const RAW_BYTES: usize = 64 << 10;

/// The compressions that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codec {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
    Lz4,
}

impl Codec {
    fn of(start: &[u8]) -> Option<Codec> {
        Some(match start {
            [0x1f, 0x8b, ..] => Codec::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Codec::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Codec::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Codec::Bzip2,
            [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => Codec::Lz4,
            _ => return None,
        })
    }

    fn decoder<'r>(self, reader: Box<dyn Read + 'r>) -> io::Result<Box<dyn Read + 'r>> {
        Ok(match self {
            Codec::Gzip => Box::new(Frames::<flate2::bufread::GzDecoder<Raw<'r>>>::new(reader)),
            Codec::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(reader)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(decoder)
            }
            Codec::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)?;
                Box::new(liblzma::read::XzDecoder::new_stream(reader, stream))
            }
            Codec::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(reader)),
            Codec::Lz4 => Box::new(Frames::<lz4_flex::frame::FrameDecoder<Raw<'r>>>::new(reader)),
        })
    }
}

/// The decompressed bytes of a reader; as they are if they are not compressed.
///
/// # Errors
///
/// The reader's, or a compression's header that is broken.
pub(super) fn decompress<'r>(mut reader: Box<dyn Read + 'r>, limits: Limits) -> io::Result<Decoded<'r>> {
    let mut as_it_stands = true;
    for _ in 0..MOST_LAYERS {
        let mut start = Vec::new();
        reader.by_ref().take(MAGIC_BYTES).read_to_end(&mut start)?;
        let codec = Codec::of(&start);
        reader = Box::new(Cursor::new(start).chain(reader));
        let Some(codec) = codec else { break };
        as_it_stands = false;
        let taken = Arc::new(AtomicU64::new(0));
        let decoder = codec.decoder(Box::new(Taken { reader, taken: taken.clone() }))?;
        reader = Box::new(Expanding { reader: decoder, taken, given: 0, limits });
    }
    Ok(Decoded { reader, as_it_stands })
}

/// Whether so much may come out of so much.
///
/// # Errors
///
/// What to do if it is meant.
pub(super) fn check_expansion(given: u64, taken: u64, limits: Limits) -> io::Result<()> {
    let most = limits.expansion;
    if given > FREE_BYTES && given / taken.max(1) > most {
        return Err(io::Error::new(
            io::ErrorKind::QuotaExceeded,
            format!("it expands more than {most}-fold; if it is no bomb, raise --max-expansion"),
        ));
    }
    Ok(())
}

/// A reader of something that `compressed` bytes were expanded to, within the limits.
pub(super) fn expanding<'r>(reader: Box<dyn Read + 'r>, compressed: u64, limits: Limits) -> Box<dyn Read + 'r> {
    Box::new(Expanding { reader, taken: Arc::new(AtomicU64::new(compressed)), given: 0, limits })
}

/// Counts what a decoder takes.
struct Taken<'r> {
    reader: Box<dyn Read + 'r>,
    taken: Arc<AtomicU64>,
}

impl Read for Taken<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Ends what expands beyond any log: a bomb would cost its reader hours.
struct Expanding<'r> {
    reader: Box<dyn Read + 'r>,
    taken: Arc<AtomicU64>,
    given: u64,
    limits: Limits,
}

impl Read for Expanding<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.given += count as u64;
        check_expansion(self.given, self.taken.load(Ordering::Relaxed), self.limits).map(|()| count)
    }
}

type Raw<'r> = BufReader<Box<dyn Read + 'r>>;

/// A decoder that stops behind one member or frame.
trait OneFrame<'r>: Read {
    fn open(raw: Raw<'r>) -> Self;
    fn rest(self) -> Raw<'r>;
}

impl<'r> OneFrame<'r> for flate2::bufread::GzDecoder<Raw<'r>> {
    fn open(raw: Raw<'r>) -> Self {
        flate2::bufread::GzDecoder::new(raw)
    }

    fn rest(self) -> Raw<'r> {
        self.into_inner()
    }
}

impl<'r> OneFrame<'r> for lz4_flex::frame::FrameDecoder<Raw<'r>> {
    fn open(raw: Raw<'r>) -> Self {
        lz4_flex::frame::FrameDecoder::new(raw)
    }

    fn rest(self) -> Raw<'r> {
        self.into_inner()
    }
}

/// Members or frames, one behind the other, with zeros between and behind them: tapes and block devices pad so.
struct Frames<D> {
    decoder: Option<D>,
}

impl<D> Frames<D> {
    fn new<'r>(reader: Box<dyn Read + 'r>) -> Frames<D>
    where
        D: OneFrame<'r>,
    {
        Frames { decoder: Some(D::open(BufReader::with_capacity(RAW_BYTES, reader))) }
    }
}

impl<'r, D: OneFrame<'r>> Read for Frames<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some(mut rest) = self.decoder.take().map(D::rest) else { break };
            self.decoder = skip_padding(&mut rest)?.then(|| D::open(rest));
        }
        Ok(0)
    }
}

/// Skips zeros; tells whether anything follows them.
fn skip_padding(raw: &mut Raw<'_>) -> io::Result<bool> {
    loop {
        let bytes = raw.fill_buf()?;
        let (zeros, all) = (bytes.iter().take_while(|byte| **byte == 0).count(), bytes.len());
        raw.consume(zeros);
        if zeros < all || all == 0 {
            return Ok(all > 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        decompress(Box::new(Cursor::new(bytes)), Limits::default())?.reader.read_to_end(&mut out).map(|_| out)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// As `lz4 -l` writes it: magic, length of a block, and a block of one literal run.
    const LEGACY_LZ4: &[u8] = b"\x02\x21\x4c\x18\x07\0\0\0\x60legacy";

    #[test]
    fn magic_bytes_decide() {
        let zstd = zstd::encode_all(&b"text"[..], 1).unwrap();
        let lz4 = |text: &[u8]| {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        };
        let xz = |text: &[u8]| {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        };
        let bzip2 = |text: &[u8]| {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        };
        let cases = [
            ([lz4(b"two "), lz4(b"frames")].concat(), b"two frames".to_vec()),
            ([xz(b"two "), xz(b"streams")].concat(), b"two streams".to_vec()),
            ([bzip2(b"two "), bzip2(b"streams")].concat(), b"two streams".to_vec()),
            (xz(&gzip(&zstd)), b"text".to_vec()),
            (b"plain".to_vec(), b"plain".to_vec()),
            (Vec::new(), Vec::new()),
            (b"\x1f".to_vec(), b"\x1f".to_vec()),
            (gzip(b"text"), b"text".to_vec()),
            ([gzip(b"two "), gzip(b"members")].concat(), b"two members".to_vec()),
            ([gzip(b"two "), vec![0; 1000], gzip(b"padded"), vec![0; 100_000]].concat(), b"two padded".to_vec()),
            (LEGACY_LZ4.to_vec(), b"legacy".to_vec()),
            (zstd.clone(), b"text".to_vec()),
            ([zstd.clone(), zstd].concat(), b"texttext".to_vec()),
        ];
        for (bytes, expected) in cases {
            assert_eq!(read(bytes).unwrap(), expected);
        }
    }

    #[test]
    fn a_bomb_is_ended() {
        let bomb = zstd::encode_all(io::repeat(0).take(2 * FREE_BYTES), 1).unwrap();
        let mut reader = decompress(Box::new(bomb.as_slice()), Limits::default()).unwrap().reader;
        let error = io::copy(&mut reader, &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains("--max-expansion"), "{error}");
    }

    #[test]
    fn a_truncated_stream_is_an_error() {
        let mut bytes = gzip(b"some text that is long enough to be cut");
        bytes.truncate(bytes.len() - 6);
        assert!(read(bytes).is_err());
    }
}
