//! Takes compression off, told by the first bytes and never by the name.

use std::io::{self, Cursor, Read};

/// How many bytes tell a compression.
const MAGIC_BYTES: u64 = 4;
/// zstd's longest window: `zstd --long=31` writes it.
const ZSTD_WINDOW_LOG: u32 = 31;

/// The decompressed bytes of a reader; as they are if they are not compressed.
pub(super) fn decompress(mut reader: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut start = Vec::new();
    reader.by_ref().take(MAGIC_BYTES).read_to_end(&mut start)?;
    let is_gzip = start.starts_with(&[0x1f, 0x8b]);
    let is_zstd = start == [0x28, 0xb5, 0x2f, 0xfd] || matches!(start[..], [0x50..=0x5f, 0x2a, 0x4d, 0x18]);
    let whole = Cursor::new(start).chain(reader);
    if is_gzip {
        return Ok(Box::new(flate2::read::MultiGzDecoder::new(whole)));
    }
    if is_zstd {
        let mut decoder = zstd::stream::read::Decoder::new(whole)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG)?;
        return Ok(Box::new(decoder));
    }
    Ok(Box::new(whole))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        decompress(Box::new(Cursor::new(bytes)))?.read_to_end(&mut out).map(|_| out)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn magic_bytes_decide() {
        let zstd = zstd::encode_all(&b"text"[..], 1).unwrap();
        let cases = [
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
    fn a_truncated_stream_is_an_error() {
        let mut bytes = gzip(b"some text that is long enough to be cut");
        bytes.truncate(bytes.len() - 6);
        assert!(read(bytes).is_err());
    }
}
