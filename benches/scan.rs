//! `cargo bench --bench scan`: the parts where the time goes, each alone, for whoever changes one of them.
//!
//! `cargo bench --bench table` tells whether streamfall is fast; this tells which part became faster or slower. Inputs are the
//! sample logs, copied in memory, the ids new in every copy as in the table. No file is read while the clock runs but by
//! `analyze`, which goes the whole way. `link` and `analyze` use all cores, as a run does; all else is one thread.

#[allow(dead_code, reason = "it is the table's, which has more kinds of slots")]
#[path = "table/template.rs"]
mod template;

use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use criterion::{Criterion, Throughput};
use streamfall::document::{Layout, Start};
use streamfall::fact::Fact;
use streamfall::input::Buffer;
use streamfall::record::{self, Lines};
use streamfall::scan::{self, CHUNK_BYTES, Chunk, InOrder, Searcher, Wanted};
use streamfall::stream::{self, Completion, Part};
use streamfall::{Options, link};

use template::{Slot, Template, Values};

/// A file of `sample-logs`, and how often it is copied.
#[derive(Clone, Copy)]
struct Sample {
    name: &'static str,
    file: &'static str,
    copies: u32,
}

const CLEAN: Sample = Sample { name: "clean", file: "proxy-1.85.0-clean.log", copies: 550 };
const TEXT: Sample = Sample { name: "text", file: "proxy-1.85.0-text.log", copies: 7 };
const JSON: Sample = Sample { name: "json", file: "proxy-1.85.0-json.log", copies: 11 };
const DEBUG: Sample = Sample { name: "debug", file: "debug/proxy-1.85.0-debug.log.zst", copies: 2 };
const PAYLOADS: Sample = Sample { name: "payloads", file: "joined/payloads.ndjson", copies: 13 };
/// The log of the same requests as [`PAYLOADS`]: as many copies, so that each row still has its record.
const PROXY: Sample = Sample { name: "proxy", file: "joined/proxy.log", ..PAYLOADS };

/// What is cut and searched, some 4 MiB each.
const SAMPLES: [Sample; 5] = [CLEAN, TEXT, JSON, DEBUG, PAYLOADS];

/// Reads a record; gives how much it says.
type Read = fn(&[u8]) -> usize;

/// What reads the records of a sample: of a row there is a full reading, a quick one, and one for rows without a failure.
const READERS: [(&str, Sample, Read); 5] = [
    ("text", TEXT, |record| black_box(record::read(record)).len()),
    ("json", JSON, |record| black_box(record::read(record)).len()),
    ("row", PAYLOADS, |row| black_box(record::read_row(row)).map_or(0, |read| read.len())),
    ("payload", PAYLOADS, |row| black_box(record::read_payload(row)).map_or(0, |read| read.len())),
    ("served", PAYLOADS, |row| black_box(record::served(row)).iter().count()),
];

/// Logs whose facts are linked: a log alone, and one with the trace of its requests.
const LINKED: [(&str, &[Sample]); 2] = [("text", &[TEXT]), ("joined", &[PROXY, PAYLOADS])];

/// What is analyzed as a file, 16 MiB each: large enough that all workers read it.
const ANALYZED: [Sample; 2] = [Sample { copies: 4 * CLEAN.copies, ..CLEAN }, Sample { copies: 4 * TEXT.copies, ..TEXT }];

/// A log in memory.
struct Source {
    name: &'static str,
    bytes: Vec<u8>,
    layout: Layout,
}

impl Source {
    fn new(name: &'static str, bytes: Vec<u8>) -> Self {
        let layout = Start::of(bytes.as_slice()).layout;
        Self { name, bytes, layout }
    }

    fn of(sample: Sample) -> anyhow::Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs").join(sample.file);
        let cannot = || format!("cannot read the sample {}", path.display());
        let mut text = std::fs::read(&path).with_context(cannot)?;
        if path.extension().is_some_and(|end| end == "zst") {
            text = zstd::decode_all(text.as_slice()).with_context(cannot)?;
        }
        let (template, mut bytes) = (Template::new(&text, &[Slot::Id])?, Vec::new());
        for number in 0..sample.copies {
            template.write(&mut bytes, Values { number, second: 0, peer: 0 })?;
        }
        Ok(Self::new(sample.name, bytes))
    }

    /// The payloads as one JSON document, which only a parser can cut.
    fn document() -> anyhow::Result<Self> {
        let rows = Self::of(PAYLOADS)?.bytes;
        let rows: Vec<&[u8]> = rows.trim_ascii_end().split(|byte| *byte == b'\n').collect();
        Ok(Self::new("document", [b"[".as_slice(), &rows.join(b",\n".as_slice()), b"]\n"].concat()))
    }

    fn all() -> anyhow::Result<Vec<Self>> {
        SAMPLES.into_iter().map(Self::of).chain([Self::document()]).collect()
    }

    fn throughput(&self) -> Throughput {
        Throughput::Bytes(self.bytes.len() as u64)
    }

    /// Cuts it into chunks; `with` takes each, and gives a buffer for the next.
    fn cut(&self, mut buffer: Buffer, mut with: impl FnMut(Chunk) -> Buffer) -> io::Result<Buffer> {
        let mut chunks = scan::chunks(self.layout, Box::new(self.bytes.as_slice()), CHUNK_BYTES);
        while let Some(chunk) = chunks.next_chunk(&mut buffer)? {
            buffer = with(chunk);
        }
        Ok(buffer)
    }

    fn chunks(&self) -> io::Result<Vec<Chunk>> {
        let mut chunks = Vec::new();
        self.cut(Buffer::default(), |chunk| {
            chunks.push(chunk);
            Buffer::default()
        })?;
        Ok(chunks)
    }
}

fn main() -> anyhow::Result<()> {
    let (short, shorter) = (Duration::from_secs(2), Duration::from_millis(500));
    let criterion = Criterion::default().without_plots().sample_size(20).measurement_time(short).warm_up_time(shorter);
    let mut criterion = criterion.configure_from_args();
    for part in [cut, search, read, link, analyze] {
        part(&mut criterion)?;
    }
    criterion.final_summary();
    Ok(())
}

/// Cuts a log into chunks, of which the buffers go round as in a run.
fn cut(criterion: &mut Criterion) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("cut");
    for source in Source::all()? {
        group.throughput(source.throughput());
        let mut buffer = Some(Buffer::default());
        group.bench_function(source.name, |bencher| {
            bencher.iter(|| buffer = source.cut(buffer.take().unwrap_or_default(), |chunk| black_box(chunk).bytes).ok());
        });
        ensure!(buffer.is_some(), "{} cannot be cut", source.name);
    }
    group.finish();
    Ok(())
}

/// Searches chunks and reads the records around hits.
fn search(criterion: &mut Criterion) -> anyhow::Result<()> {
    let searcher = Searcher::new(Wanted::default())?;
    let mut group = criterion.benchmark_group("search");
    for source in Source::all()? {
        let chunks = source.chunks()?;
        group.throughput(source.throughput());
        group.bench_function(source.name, |bencher| {
            bencher.iter(|| chunks.iter().map(|chunk| black_box(searcher.search(chunk)).facts.len()).sum::<usize>());
        });
    }
    group.finish();
    Ok(())
}

/// Reads records, one by one.
fn read(criterion: &mut Criterion) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("read");
    for (name, sample, read) in READERS {
        let chunks = Source::of(sample)?.chunks()?;
        let records: Vec<&[u8]> = chunks.iter().flat_map(|chunk| records(&chunk.bytes, chunk.lines)).collect();
        ensure!(records.iter().any(|record| read(record) > 0), "{name}: the records say nothing");
        group.throughput(Throughput::Bytes(records.iter().map(|record| record.len() as u64).sum()));
        group.bench_function(name, |bencher| bencher.iter(|| records.iter().map(|record| read(record)).sum::<usize>()));
    }
    group.finish();
    Ok(())
}

/// The records of a chunk without those that are passed over, since their head tells that they say nothing.
fn records(bytes: &[u8], lines: Lines) -> Vec<&[u8]> {
    let ends = memchr::memchr_iter(b'\n', bytes).map(|newline| newline + 1);
    let starts = std::iter::once(0).chain(ends).filter(|start| lines.starts_here(&bytes[*start..]).is_some());
    let borders: Vec<usize> = starts.chain([bytes.len()]).collect();
    let records = borders.windows(2).map(|border| &bytes[border[0]..border[1]]);
    records.filter(|record| !record::says_nothing(record)).collect()
}

/// Links the facts of logs to incidents.
fn link(criterion: &mut Criterion) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("link");
    for (name, samples) in LINKED {
        let facts = facts(samples)?;
        ensure!(!link::link(&facts).is_empty(), "{name}: there are no incidents");
        group.throughput(Throughput::Elements(facts.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| link::link(&facts)));
    }
    group.finish();
    Ok(())
}

/// All facts of logs, each put together as in a run.
fn facts(samples: &[Sample]) -> anyhow::Result<Vec<Fact>> {
    let searcher = Searcher::new(Wanted::default())?;
    let mut parts = Vec::new();
    for (index, sample) in samples.iter().enumerate() {
        let mut order = InOrder::new(index);
        for chunk in Source::of(*sample)?.chunks()? {
            order.add(searcher.search(&chunk));
        }
        let part = |found| Part { source: index, name: sample.file.to_owned(), run: 0, process: String::new(), found };
        parts.extend(order.finish().streams.into_iter().map(part));
    }
    Ok(stream::join(parts, &Completion::default()).facts)
}

/// Goes the whole way from a file to its report.
fn analyze(criterion: &mut Criterion) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("analyze");
    for source in ANALYZED.map(Source::of) {
        let source = source?;
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(&source.bytes)?;
        let path = [file.path().to_owned()];
        ensure!(streamfall::analyze(&path, Options::default())?.complete, "{} was not read to its end", source.name);
        group.throughput(source.throughput());
        group.bench_function(source.name, |bencher| bencher.iter(|| streamfall::analyze(&path, Options::default())));
    }
    group.finish();
    Ok(())
}
