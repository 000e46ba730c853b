//! Takes compression off, told by the first bytes and never by the name: gzip, zstd, xz, bzip2, lz4, of any number of members or
//! frames, and one within the other.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Limits;

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
            [0x04, 0x22, 0x4d, 0x18, ..] => Codec::Lz4,
            _ => return None,
        })
    }

    fn decoder<'r>(self, reader: Box<dyn Read + 'r>) -> io::Result<Box<dyn Read + 'r>> {
        Ok(match self {
            Codec::Gzip => Box::new(flate2::read::MultiGzDecoder::new(reader)),
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
            Codec::Lz4 => Box::new(Lz4Frames { decoder: Some(lz4_flex::frame::FrameDecoder::new(BufReader::new(reader))) }),
        })
    }
}

/// The decompressed bytes of a reader; as they are if they are not compressed.
///
/// # Errors
///
/// The reader's, or a compression's header that is broken.
pub fn decompress<'r>(mut reader: Box<dyn Read + 'r>, limits: Limits) -> io::Result<Box<dyn Read + 'r>> {
    for _ in 0..MOST_LAYERS {
        let mut start = Vec::new();
        reader.by_ref().take(MAGIC_BYTES).read_to_end(&mut start)?;
        let codec = Codec::of(&start);
        reader = Box::new(Cursor::new(start).chain(reader));
        let Some(codec) = codec else { break };
        let taken = Arc::new(AtomicU64::new(0));
        let decoder = codec.decoder(Box::new(Taken { reader, taken: taken.clone() }))?;
        reader = Box::new(Expanding { reader: decoder, taken, given: 0, most: limits.expansion });
    }
    Ok(reader)
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
    most: u64,
}

impl Read for Expanding<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.given += count as u64;
        if self.given > FREE_BYTES && self.given / self.taken.load(Ordering::Relaxed).max(1) > self.most {
            return Err(io::Error::other(format!("it expands more than {}-fold; if it is no bomb, raise --max-expansion", self.most)));
        }
        Ok(count)
    }
}

/// lz4 frames, one behind the other: the crate's decoder stops after the first.
struct Lz4Frames<R: Read> {
    decoder: Option<lz4_flex::frame::FrameDecoder<BufReader<R>>>,
}

impl<R: Read> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let mut rest = self.decoder.take().map(lz4_flex::frame::FrameDecoder::into_inner);
            let more = rest.as_mut().map(io::BufRead::fill_buf).transpose()?.is_some_and(|bytes| !bytes.is_empty());
            self.decoder = rest.filter(|_| more).map(lz4_flex::frame::FrameDecoder::new);
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        decompress(Box::new(Cursor::new(bytes)), Limits::default())?.read_to_end(&mut out).map(|_| out)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

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
        let mut reader = decompress(Box::new(bomb.as_slice()), Limits::default()).unwrap();
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
