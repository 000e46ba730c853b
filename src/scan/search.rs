//! Searches one chunk for needles and reads the records around them.

use std::ops::Range;
use std::sync::Mutex;

use memchr::memmem::Finder;

use super::chunk::{Chunk, LineOrigin};
use super::edges::Edges;
use super::rare::Rare;
use crate::document::{self, RowPlace};
use crate::fact::{Collector, Fact, Found, Learnt, Place};
use crate::knowledge::signature::{NEEDLES, RARE_PARTS, REJECTION, ROW_NEEDLES, ROW_RARE_PARTS};
use crate::record::{self, Form, Lines};

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
    /// Access lines of requests to a model, if they are asked for.
    pub requests: u64,
    /// Facts, with lines and bytes counted from the chunk's start, or from the source's if the chunk is of a document's rows.
    pub facts: Vec<Fact>,
    /// Whether the chunk's lines do not stand in the source as they are.
    pub of_rows: bool,
    /// Which of the source's processes wrote it.
    pub stream: u32,
    /// Its place among the chunks of that process, where they do not come in their order.
    pub rank: Option<u64>,
    /// Rows that print the rejection's sentence and are of no known form.
    pub unread: u64,
    /// Forms of record that were seen; not all records are looked at.
    pub forms: Vec<Form>,
    /// Its ends.
    pub edges: Edges,
    /// Whether the last record that was read ends the chunk, so that what stands behind it is in the next one.
    pub ends_with_fact: bool,
}

/// What is gathered only if it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The records' own words, for reports that quote their evidence.
    pub quotes: bool,
    /// How many requests to a model there were.
    pub requests: bool,
}

/// What was read of a chunk.
struct RecordsRead {
    collector: Collector,
    /// The range of the last record.
    last: Range<usize>,
    /// How often the rejection's sentence stands in records.
    mentions: u64,
    /// How many rows were not understood: a log may hold rows that are no traces, so only of a file of rows each must be.
    unread: u64,
}

/// What each line of a facts file has but its headers.
const FACT: &str = "\"f\":{\"p\":[";
/// How many bytes of the rejection's sentence are searched for, its last: more are not compared at once, and cost a pass that is many times slower.
const SEARCHED: usize = 25;

/// The needles, made ready for search.
#[derive(Debug)]
pub struct Searcher {
    of_logs: Rare,
    of_rows: Rare,
    wanted: Wanted,
    rejection_end: Finder<'static>,
    fact: Finder<'static>,
    /// Of chunks that were searched; as many as were searched at once.
    learnt: Mutex<Vec<Learnt>>,
}

impl Searcher {
    /// A searcher for all needles of [`NEEDLES`] and [`ROW_NEEDLES`], that gathers what is wanted besides.
    ///
    /// # Errors
    ///
    /// When the needles do not make a pattern, which a test rules out.
    pub fn new(wanted: Wanted) -> Result<Searcher, regex::Error> {
        let of_logs = NEEDLES.into_iter().zip(RARE_PARTS);
        Ok(Searcher {
            of_logs: Rare::new(of_logs.clone())?,
            of_rows: Rare::new(of_logs.chain(ROW_NEEDLES.into_iter().zip(ROW_RARE_PARTS)))?,
            wanted,
            rejection_end: Finder::new(&REJECTION[REJECTION.len() - SEARCHED..]),
            fact: Finder::new(FACT),
            learnt: Mutex::default(),
        })
    }

    /// Searches a chunk.
    #[must_use]
    pub fn search(&self, chunk: &Chunk) -> ChunkFacts {
        let bytes = &*chunk.bytes;
        let learnt = self.learnt.lock().ok().and_then(|mut learnt| learnt.pop()).unwrap_or_default();
        let RecordsRead { collector, last, mentions, unread } = self.read(bytes, chunk.lines, learnt);
        let (mut found, forms, learnt) = collector.finish();
        found.sort_by_key(|found| found.offset);
        let mut facts = ChunkFacts {
            requests: if self.wanted.requests { record::requests_in(bytes) } else { 0 },
            mentions,
            ends_with_fact: last.end == bytes.len() && found.last().is_some_and(|found| found.offset >= last.start),
            unread,
            forms,
            ..ChunkFacts::default()
        };
        // Lines are counted once, from one fact to the next.
        let (lines, counted) = facts.place(bytes, found, chunk.origins.as_deref());
        let newlines = lines + newlines_in(&bytes[counted..]);
        if let Ok(mut all) = self.learnt.lock() {
            all.push(learnt);
        }
        ChunkFacts { edges: Edges::of(chunk, newlines), ..facts.of_chunk(chunk, newlines) }
    }

    /// How often the rejection's sentence stands in these bytes.
    fn mentions_in(&self, bytes: &[u8]) -> u64 {
        let before = &REJECTION.as_bytes()[..REJECTION.len() - SEARCHED];
        self.rejection_end.find_iter(bytes).filter(|at| bytes[..*at].ends_with(before)).count() as u64
    }

    /// Reads the records around the hits of the needles.
    fn read(&self, bytes: &[u8], lines: Lines, learnt: Learnt) -> RecordsRead {
        let mut collector = Collector::new(self.wanted.quotes, learnt);
        let (mut at, mut last, mut mentions, mut unread) = (0, 0..0, 0, 0);
        // The sentence is a needle: it stands in what is read, or nowhere.
        let mentions_in = |range: Range<usize>| self.mentions_in(&bytes[range]);
        let needles = if lines == Lines::Rows { &self.of_rows } else { &self.of_logs };
        while let Some(hit) = needles.find(bytes, at) {
            if let Some(end) = self.end_of_fact(bytes, hit.start, lines) {
                mentions += mentions_in(hit.start..end);
                unread += 1;
                (at, last) = (end, hit.start..end);
                continue;
            }
            let Around { range: Range { start, end }, newlines } = Around::of(bytes, at, hit, lines);
            mentions += mentions_in(start..end);
            if lines == Lines::Rows {
                collector.read_served(&bytes[at..start], at);
            }
            let record = &bytes[start..end];
            let before = collector.found.len();
            match lines.starts_here(record) {
                Some(Form::Row) if document::is_record(record) && collector.read_payload(record, start) => {
                    // A needle stood in a prompt: it is an attempt that did not fail.
                    if lines == Lines::Rows && collector.found.len() == before {
                        collector.read_served(record, start);
                    }
                }
                Some(Form::Row) => {
                    for (place, row) in document::rows_of(record) {
                        let known = collector.read_row(&row, start + place);
                        unread += u64::from(lines == Lines::Rows && !known && self.mentions_in(&row) > 0);
                    }
                }
                None if lines != Lines::Log => {
                    collector.read_text(record, start);
                    let silent = collector.found.len() == before && lines == Lines::Rows;
                    unread += u64::from(silent && self.mentions_in(record) > 0);
                }
                _ => collector.read(record, start, newlines, &bytes[end..]),
            }
            (at, last) = (end, start..end);
        }
        if lines == Lines::Rows {
            collector.read_served(&bytes[at..], at);
        }
        RecordsRead { collector, last, mentions, unread }
    }

    /// Where a line of a facts file ends, if the hit is in one: among a log's lines it is nobody's, and what it quotes is no record.
    fn end_of_fact(&self, bytes: &[u8], hit: usize, lines: Lines) -> Option<usize> {
        let start = memchr::memrchr(b'\n', &bytes[..hit]).map_or(0, |newline| newline + 1);
        if lines.starts_here(&bytes[start..]).is_some_and(|form| form != Form::Row) {
            return None;
        }
        let end = memchr::memchr(b'\n', &bytes[hit..]).map_or(bytes.len(), |newline| hit + newline + 1);
        self.fact.find(&bytes[start..end]).map(|_| end)
    }
}

impl ChunkFacts {
    /// What a chunk is that could not be searched: nothing of it is read.
    #[must_use]
    pub fn without_facts(chunk: &Chunk) -> ChunkFacts {
        ChunkFacts::default().of_chunk(chunk, newlines_in(&chunk.bytes))
    }

    fn of_chunk(self, chunk: &Chunk, newlines: u64) -> ChunkFacts {
        let (index, bytes, of_rows) = (chunk.index, chunk.bytes.len() as u64, chunk.origins.is_some());
        ChunkFacts { index, bytes, newlines, of_rows, stream: chunk.stream, rank: chunk.rank, ..self }
    }

    /// Gives facts their places; gives how many lines were counted, and up to where.
    fn place(&mut self, bytes: &[u8], found: Vec<Found>, origins: Option<&[LineOrigin]>) -> (u64, usize) {
        self.facts.reserve_exact(found.len());
        let (mut line, mut counted) = (0, 0);
        // Behind the last record whose lines are known: that many KB need not be counted again.
        let mut behind = (0, 0);
        for found in found {
            if (counted..=found.offset).contains(&behind.1) {
                (line, counted) = behind;
            }
            line += newlines_in(&bytes[counted..found.offset]);
            counted = found.offset;
            behind = found.end.map_or(behind, |end| (line + found.lines, end));
            let own = LineOrigin { place: RowPlace { line, byte: found.offset as u64 }, ..LineOrigin::default() };
            let of_line = |origins: &[LineOrigin]| usize::try_from(line).ok().and_then(|line| origins.get(line).copied());
            let origin = origins.map_or(Some(own), of_line).unwrap_or_default();
            let mut fact = found.at(Place { source: 0, line: origin.place.line, byte: origin.place.byte });
            fact.line = line;
            fact.output = origin.output;
            fact.time = fact.time.map(|time| origin.written.map_or(time, |written| time.completed_by(written)));
            self.facts.push(fact);
        }
        if behind.1 > counted { behind } else { (line, counted) }
    }
}

/// How many lines end in these bytes.
fn newlines_in(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
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

/// The record around a hit.
struct Around {
    range: Range<usize>,
    /// Line ends in it: they are met on the way to its borders, and need not be counted once more.
    newlines: u64,
}

impl Around {
    /// The record around a hit, but nothing before `floor`. Among rows it is a line, whatever it is.
    fn of(bytes: &[u8], floor: usize, hit: Range<usize>, lines: Lines) -> Around {
        let (start, before) = record_start(bytes, floor, hit.start, lines);
        let (end, behind) = record_end(bytes, hit.end, lines);
        Around { range: start..end, newlines: before + behind }
    }
}

/// Where the record around `hit` starts, the nearest head at or before it, but not before `floor`; and the line ends from there on.
fn record_start(bytes: &[u8], floor: usize, hit: usize, lines: Lines) -> (usize, u64) {
    let (mut end, mut newlines) = (hit, 0);
    loop {
        let line = memchr::memrchr(b'\n', &bytes[floor..end]).map_or(floor, |i| floor + i + 1);
        if line == floor || lines == Lines::Rows || lines.starts_here(&bytes[line..]).is_some() {
            return (line, newlines);
        }
        end = line - 1;
        newlines += 1;
    }
}

/// Where the record around a hit ends, at the next head behind it; and the line ends up to there.
fn record_end(bytes: &[u8], hit: usize, lines: Lines) -> (usize, u64) {
    let mut newlines = 0;
    for newline in memchr::memchr_iter(b'\n', &bytes[hit..]) {
        newlines += 1;
        let line = hit + newline + 1;
        if line >= bytes.len() || lines == Lines::Rows || lines.starts_here(&bytes[line..]).is_some() {
            return (line, newlines);
        }
    }
    (bytes.len(), newlines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_around_hits_are_read_and_placed() {
        let log = "INFO:     Started\nplain\n07:35:20 - LiteLLM Router:ERROR: router.py:1 - Fallback also failed: litellm.MidStreamFallbackError: \
                   x\nmore\nINFO:     1.2.3.4:5 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n07:35:21 - LiteLLM Router:INFO: router.py:2 - Successful \
                   fallback b/w models.\nINFO:     1.2.3.4:5 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n";
        let facts = Searcher::new(Wanted::default()).unwrap().search(&Chunk { bytes: log.as_bytes().to_vec().into(), ..Chunk::default() });
        let seen: Vec<_> = facts.facts.iter().map(|f| (f.place.line, f.statement.kind().name())).collect();
        assert_eq!(seen, [(2, "fallback_failed"), (5, "hop_opened")]);
        assert_eq!(facts.facts[1].answer, Some(crate::fact::Answer { chat: true, status: 200 }));
        assert_eq!(facts.newlines, 7);
        assert_eq!(facts.forms, [Form::Text]);
    }

    #[test]
    fn line_ends_are_counted_on_the_way_to_a_records_borders() {
        let head = "07:35:20 - LiteLLM:INFO: a.py:1 - ";
        for record in ["x", "x\n", "x\n\ny\n", "\nx\ny"] {
            for (before, behind) in [("", ""), ("plain\n", ""), ("plain\n\n", "INFO:     y\nz"), ("", "07:35:21 - LiteLLM:INFO: b\n\n")] {
                let own = if behind.is_empty() || record.ends_with('\n') { "" } else { "\n" };
                let text = format!("{before}{head}{record}{own}{behind}");
                let hit = text.find('x').unwrap();
                for (lines, floor) in [(Lines::Log, 0), (Lines::Text, before.len()), (Lines::Rows, 0)] {
                    let Around { range, newlines } = Around::of(text.as_bytes(), floor, hit..hit + 1, lines);
                    assert!(range.contains(&hit), "{text:?}");
                    assert_eq!(newlines, newlines_in(&text.as_bytes()[range]), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn records_about_callbacks_are_not_read() {
        let searcher = Searcher::new(Wanted::default()).unwrap();
        for (word, is_read) in [("callback", false), ("success_callbacks", false), ("Callback", false), ("fallback", true), ("Fallbacks", true)] {
            let log = format!("07:35:20 - LiteLLM:DEBUG: utils.py:1 - {word}\n");
            let facts = searcher.search(&Chunk { bytes: log.into_bytes().into(), ..Chunk::default() });
            assert_eq!(!facts.forms.is_empty(), is_read, "{word}");
        }
    }

    #[test]
    fn a_prompt_about_fallbacks_hides_no_attempt_that_was_served() {
        let row = |id: &str, prompt: &str| {
            format!(
                "{{\"id\": \"{id}\", \"call_type\": \"acompletion\", \"model_group\": \"g\", \"status\": \"success\", \"error_str\": null, \
                 \"messages\": \"{prompt}\", \"litellm_call_id\": \"{id}\"}}\n"
            )
        };
        let rows = row("one", "hello") + &row("two", "a fallback") + &row("three", "a callback") + &row("four", "MidStreamFallbackError");
        let chunk = Chunk { bytes: rows.into_bytes().into(), lines: Lines::Rows, ..Chunk::default() };
        let facts = Searcher::new(Wanted::default()).unwrap().search(&chunk).facts;
        assert_eq!(
            facts.iter().map(|fact| (fact.line, fact.statement.kind().name())).collect::<Vec<_>>(),
            [(0, "served"), (1, "served"), (2, "served"), (3, "served")]
        );
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
