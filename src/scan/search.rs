//! Searches one chunk for needles and reads the records around them.

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

use super::chunk::Chunk;
use crate::fact::{Answer, Collector, Fact, Place};
use crate::knowledge::signature::{NEEDLES, REJECTION};
use crate::record::{self, Form};

/// How many bytes of a source's first chunk are looked at to tell its form.
const FORM_BYTES: usize = 256 << 10;
/// How many bytes of a source's first chunk are looked at to tell binary junk.
const BINARY_BYTES: usize = 8 << 10;

/// What one chunk holds.
#[derive(Debug, Default)]
pub struct ChunkFacts {
    /// Number of the chunk in its source.
    pub index: u64,
    /// Bytes of the chunk.
    pub bytes: u64,
    /// Line ends in the chunk.
    pub newlines: u64,
    /// How often the rejection's sentence is printed.
    pub mentions: u64,
    /// Facts, with lines and bytes counted from the chunk's start.
    pub facts: Vec<Fact>,
    /// Forms of record that were seen; not all records are looked at.
    pub forms: Vec<Form>,
    /// The access line that the chunk starts with.
    pub opens_with: Option<Answer>,
    /// Whether the last record that was read ends the chunk, so that what stands behind it is in the next one.
    pub ends_with_fact: bool,
}

/// The needles, made ready for search.
#[derive(Debug)]
pub struct Searcher {
    needles: Regex,
    rejection: Finder<'static>,
}

impl Searcher {
    /// A searcher for all needles of [`NEEDLES`].
    ///
    /// # Errors
    ///
    /// When the needles do not make a pattern, which a test rules out.
    pub fn new() -> Result<Searcher, regex::Error> {
        let pattern = NEEDLES.map(regex::escape).join("|");
        let needles = RegexBuilder::new(&pattern).unicode(false).build()?;
        Ok(Searcher { needles, rejection: Finder::new(REJECTION) })
    }

    /// Searches a chunk.
    #[must_use]
    pub fn search(&self, chunk: &Chunk) -> ChunkFacts {
        let bytes = chunk.bytes.as_slice();
        let mut collector = Collector::default();
        let (mut at, mut last) = (0, 0..0);
        while let Some(hit) = self.needles.find_at(bytes, at) {
            let start = record_start(bytes, at, hit.start());
            let end = record_end(bytes, hit.end());
            collector.read(&bytes[start..end], start, &bytes[end..]);
            (at, last) = (end, start..end);
        }
        let mut facts = ChunkFacts {
            index: chunk.index,
            bytes: bytes.len() as u64,
            newlines: memchr::memchr_iter(b'\n', bytes).count() as u64,
            mentions: if last.end > 0 { self.rejection.find_iter(bytes).count() as u64 } else { 0 },
            opens_with: record::access_line(bytes),
            ends_with_fact: last.end == bytes.len() && collector.found.last().is_some_and(|found| found.offset >= last.start),
            ..ChunkFacts::default()
        };
        facts.place(bytes, collector);
        if chunk.index == 0 {
            facts.add_forms(forms_at_start(bytes, false));
        }
        facts
    }
}

impl ChunkFacts {
    fn add_forms(&mut self, forms: Vec<Form>) {
        for form in forms {
            if !self.forms.contains(&form) {
                self.forms.push(form);
            }
        }
    }

    fn place(&mut self, bytes: &[u8], collector: Collector) {
        self.forms = collector.forms;
        let (mut line, mut counted) = (0, 0);
        for found in collector.found {
            line += memchr::memchr_iter(b'\n', &bytes[counted..found.offset]).count() as u64;
            counted = found.offset;
            let place = Place { source: 0, line, byte: found.offset as u64 };
            self.facts.push(found.at(place));
        }
    }
}

/// The forms of record at the start of a source; with `all`, in its whole first chunk.
#[must_use]
pub fn forms_at_start(bytes: &[u8], all: bool) -> Vec<Form> {
    let start = if all { bytes } else { &bytes[..bytes.len().min(FORM_BYTES)] };
    let mut forms = Vec::new();
    for line in start.split(|b| *b == b'\n') {
        if let Some(form) = record::starts_here(line)
            && !forms.contains(&form)
        {
            forms.push(form);
        }
    }
    forms
}

/// Whether the start of a source is no text.
#[must_use]
pub fn is_binary(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(BINARY_BYTES)];
    sample.contains(&0) || !looks_like_text(sample)
}

/// Whether most of the bytes are such as text has; a log in a foreign encoding or with a few broken bytes still is text.
fn looks_like_text(sample: &[u8]) -> bool {
    let odd = sample.iter().filter(|b| b.is_ascii_control() && !matches!(b, b'\n' | b'\r' | b'\t' | 0x0c | 0x1b)).count();
    let broken = String::from_utf8_lossy(sample).chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    (odd + broken) * 5 <= sample.len()
}

/// Where the record around `hit` starts: the nearest head at or before it, but not before `floor`.
fn record_start(bytes: &[u8], floor: usize, hit: usize) -> usize {
    let mut end = hit;
    loop {
        let line = memchr::memrchr(b'\n', &bytes[floor..end]).map_or(floor, |i| floor + i + 1);
        if line == floor || record::starts_here(&bytes[line..]).is_some() {
            return line;
        }
        end = line - 1;
    }
}

/// Where the record around a hit ends: at the next head behind it.
fn record_end(bytes: &[u8], hit: usize) -> usize {
    for newline in memchr::memchr_iter(b'\n', &bytes[hit..]) {
        let line = hit + newline + 1;
        if line >= bytes.len() || record::starts_here(&bytes[line..]).is_some() {
            return line;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_around_hits_are_read_and_placed() {
        let log = "INFO:     Started\nplain\n07:35:20 - LiteLLM Router:ERROR: router.py:1 - Fallback also failed: litellm.MidStreamFallbackError: \
                   x\nmore\nINFO:     1.2.3.4:5 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n07:35:21 - LiteLLM Router:INFO: router.py:2 - Successful \
                   fallback b/w models.\nINFO:     1.2.3.4:5 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n";
        let facts = Searcher::new().unwrap().search(&Chunk { index: 0, bytes: log.as_bytes().to_vec() });
        let seen: Vec<_> = facts.facts.iter().map(|f| (f.place.line, f.statement.name())).collect();
        assert_eq!(seen, [(2, "fallback_failed"), (5, "hop_opened")]);
        assert_eq!(facts.facts[1].answer, Some(Answer { chat: true, status: 200 }));
        assert_eq!(facts.newlines, 7);
        assert_eq!(facts.forms, [Form::Text, Form::Uvicorn]);
    }

    #[test]
    fn junk_is_told_from_text() {
        let cases: [(&[u8], bool); 5] = [
            (b"plain text\n", false),
            (b"caf\xe9 latin-1 \xfc text with a few odd bytes\n", false),
            (b"\x00\x01\x02", true),
            (&[0x9f, 0x88, 0xff, 0xfe, 0x81, 0x92], true),
            (b"", false),
        ];
        for (bytes, expected) in cases {
            assert_eq!(is_binary(bytes), expected, "{bytes:?}");
        }
    }
}
