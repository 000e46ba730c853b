//! Reads facts files.
//!
//! A header begins anew, whatever stands before it. So what stands between headers is decoded by all cores, and given in its order.

use std::io::{self, BufRead, Read};

use rayon::prelude::*;

use super::decode::{Carried, LineDecoder, ReadError, Taken};
use super::is_header;

/// The longest line: a header may name thousands of processes.
const MOST_LINE: u64 = 256 << 20;
/// How many bytes are decoded at once: some sources of thousands of failing requests.
const BATCH: usize = 16 << 20;

/// PowerShell writes it before UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the lines of a facts file.
pub struct Reader<R> {
    lines: R,
    number: u64,
    ended: bool,
}

/// Decodes a facts file, batch by batch.
pub struct Decoder {
    taken: Taken,
    /// Of the source that the last batch ended in.
    open: LineDecoder,
    /// How many sources were told of by the run at hand, until its end.
    told: Option<u64>,
}

/// Lines that follow each other.
pub struct Batch {
    parts: Vec<Part>,
    /// How they end, if nothing follows.
    end: Option<io::Result<()>>,
}

/// Lines of one source; of the first, they may be its last ones.
struct Part {
    lines: Vec<u8>,
    /// How many stand before.
    before: u64,
}

impl<R: BufRead> Reader<R> {
    /// Reads lines.
    pub fn new(lines: R) -> Reader<R> {
        Reader { lines, number: 0, ended: false }
    }

    /// Reads on; `None` at the end.
    pub fn read_batch(&mut self) -> Option<Batch> {
        if self.ended {
            return None;
        }
        let mut parts = vec![Part { lines: Vec::new(), before: self.number }];
        let (mut line, mut size, mut end) = (Vec::new(), 0, None);
        while size < BATCH && end.is_none() {
            line.clear();
            match (&mut self.lines).take(MOST_LINE).read_until(b'\n', &mut line) {
                Ok(0) => end = Some(Ok(())),
                Ok(_) => {}
                Err(error) => end = Some(Err(error)),
            }
            if self.number == 0 && line.starts_with(BYTE_ORDER_MARK) {
                line.drain(..BYTE_ORDER_MARK.len());
            }
            if is_header(&line) {
                parts.push(Part { lines: Vec::new(), before: self.number });
            }
            if let Some(part) = parts.last_mut() {
                part.lines.extend_from_slice(&line);
            }
            size += line.len();
            self.number += u64::from(!line.is_empty());
        }
        self.ended = end.is_some();
        Some(Batch { parts, end })
    }
}

impl Decoder {
    /// `quotes`: whether the records' own words are wanted; `held`: whether facts are held as they stand, once it is sure that they can
    /// be read.
    #[must_use]
    pub fn new(quotes: bool, held: bool) -> Decoder {
        let taken = Taken { quotes, held };
        Decoder { taken, open: LineDecoder::new(taken, 0), told: None }
    }

    /// Decodes what was read next.
    pub fn decode(&mut self, Batch { parts, end }: Batch) -> Vec<Result<Carried, ReadError>> {
        let last = parts.len() - 1;
        let mut decoders: Vec<LineDecoder> = parts.iter().map(|part| LineDecoder::new(self.taken, part.before)).collect();
        std::mem::swap(&mut decoders[0], &mut self.open);
        let decode = |(index, (decoder, part)): (usize, (&mut LineDecoder, Part))| {
            decoder.decode(&part.lines);
            if index < last {
                decoder.close();
            }
            decoder.take()
        };
        let decoded = decoders.par_iter_mut().zip(parts).with_max_len(1).enumerate().map(decode);
        let mut decoded: Vec<_> = decoded.collect::<Vec<_>>().into_iter().flatten().collect();
        std::mem::swap(&mut decoders[last], &mut self.open);
        match &end {
            Some(Ok(())) => self.open.close(),
            Some(Err(error)) => self.open.fail(io::Error::new(error.kind(), error.to_string()).into()),
            None => {}
        }
        decoded.extend(self.open.take());
        self.hold_runs(decoded, end.is_some())
    }

    /// Holds what was decoded against what the ends of runs tell; `ended`: nothing follows.
    fn hold_runs(&mut self, decoded: Vec<Result<Carried, ReadError>>, ended: bool) -> Vec<Result<Carried, ReadError>> {
        let mut held = Vec::with_capacity(decoded.len());
        for carried in decoded {
            match carried {
                Ok(Carried::End(sources)) => {
                    let told = self.told.take().unwrap_or(0);
                    held.extend((told != sources).then(|| Err(ReadError::Unfinished { line: self.open.number() })));
                    continue;
                }
                Ok(Carried::Source(_)) => self.told = Some(self.told.unwrap_or(0) + 1),
                Ok(Carried::Problem(_)) => self.told = self.told.or(Some(0)),
                Err(_) => {}
            }
            held.push(carried);
        }
        if ended && self.told.take().is_some() {
            held.push(Err(ReadError::Unfinished { line: self.open.number() }));
        }
        held
    }
}
