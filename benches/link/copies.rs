//! Facts of a real log, copied: other ids, lines and times, all else as it was found.
//!
//! The last six characters of each id are the copy's number, as in the logs of the other benchmarks: copies with the same ids would be
//! the same requests, printed again.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use streamfall::fact::{ErrorText, Fact, Name, Statement};
use streamfall::record::Time;
use streamfall::scan::{SourceFound, StreamFound};
use streamfall::wire::{self, Carried, SourceFacts};
use streamfall::{Options, scan};

/// How many characters of an id are its copy's.
const OWN: usize = 6;
/// Microseconds.
const SECOND: u64 = 1_000_000;

/// What a facts file is made of.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// How many sources the incidents stand in, each the log of one process.
    pub(crate) sources: u64,
    /// How long it takes until all is written, in seconds; as long as it took in the sample, if nothing else is said.
    pub(crate) seconds: Option<u64>,
}

/// The facts of the sample.
pub(crate) struct Sample {
    stream: StreamFound,
    source: SourceFacts,
    incidents: u64,
    begin: Time,
    /// Microseconds from its first record until a copy may follow.
    span: u64,
}

impl Sample {
    pub(crate) fn read() -> anyhow::Result<Sample> {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/sample-logs/proxy-1.85.0-text.log"));
        let options = || Options { wanted: scan::Wanted { quotes: true, requests: true }, facts: true, ..Options::default() };
        let incidents = streamfall::analyze(std::slice::from_ref(&path), options())?.summary.requests;
        let mut written = Vec::new();
        streamfall::read(std::slice::from_ref(&path), options())?.write_facts(&mut written)?;
        let batch = wire::Reader::new(written.as_slice()).read_batch();
        let carried = batch.and_then(|batch| wire::Decoder::new(true, false).decode(batch).pop());
        let Some(Ok(Carried::Source(source))) = carried else { bail!("cannot read the facts of {}", path.display()) };
        let mut source = *source;
        let stream = source.found.streams.pop().context("the sample has no stream")?;
        let (begin, end) = stream.edges.first.zip(stream.edges.last).context("the sample has no times")?;
        ensure!(incidents > 0, "the sample has no incidents");
        Ok(Sample { span: end.since_epoch() - begin.since_epoch() + 10 * SECOND, stream, source, incidents, begin })
    }

    /// Writes a facts file of at least so many incidents; gives how many it has, and how many facts.
    pub(crate) fn write(&self, shape: Shape, incidents: u64, out: &mut dyn Write) -> io::Result<(u64, u64)> {
        let copies = incidents.div_ceil(self.incidents * shape.sources).max(1);
        let step = shape.seconds.map_or(self.span, |seconds| seconds * SECOND / copies);
        for source in 0..shape.sources {
            wire::write_source(&self.source(source, copies, step), out)?;
        }
        wire::write_end(shape.sources, out)?;
        let all = copies * shape.sources;
        Ok((all * self.incidents, all * self.stream.facts.len() as u64))
    }

    /// One process's log: so many copies, one behind the other.
    fn source(&self, number: u64, copies: u64, step: u64) -> SourceFacts {
        let mut stream = StreamFound { lines: self.stream.lines * copies, ..StreamFound::default() };
        stream.edges.headed = true;
        for copy in 0..copies {
            let mut own = Own { number: number * copies + copy, texts: HashMap::new() };
            for fact in &self.stream.facts {
                let mut fact = own.fact(fact);
                fact.place.line += copy * self.stream.lines;
                fact.place.byte += copy * self.source.bytes;
                fact.line += copy * self.stream.lines;
                fact.time = fact.time.map(|time| self.moved(time, copy * step, step));
                stream.facts.push(fact);
            }
            stream.marks.push((copy * self.stream.lines, self.moved(self.begin, copy * step, step)));
        }
        (stream.edges.first, stream.edges.last) = ends(&stream.facts);
        let found = SourceFound { streams: vec![stream], mentions: self.source.found.mentions * copies, ..SourceFound::default() };
        SourceFacts {
            name: format!("pod-{number:03}/proxy.log"),
            run: 1,
            bytes: self.source.bytes * copies,
            start: number,
            whole: Some(u128::from(number)),
            found: SourceFound { forms: self.source.found.forms.clone(), ..found },
            ..SourceFacts::default()
        }
    }

    /// A time of the sample in the copy that begins so much later, and has so long.
    fn moved(&self, time: Time, later: u64, step: u64) -> Time {
        let begin = self.begin.since_epoch();
        let within = (time.since_epoch() - begin) * step.min(self.span) / self.span;
        time.moved_to(begin + later + within)
    }
}

fn ends(facts: &[Fact]) -> (Option<Time>, Option<Time>) {
    (facts.iter().find_map(|fact| fact.time), facts.iter().rev().find_map(|fact| fact.time))
}

/// What is a copy's own.
struct Own {
    number: u64,
    /// Texts that facts share, by their address in the sample.
    texts: HashMap<*const ErrorText, Arc<ErrorText>>,
}

impl Own {
    fn id(&self, id: &str) -> Name {
        let kept = id.len().saturating_sub(OWN);
        format!("{}{:06x}", id.get(..kept).unwrap_or_default(), self.number).into()
    }

    fn fact(&mut self, fact: &Fact) -> Fact {
        let mut fact = fact.clone();
        let Statement::Error(error) = &mut fact.statement else { return fact };
        for refused in error.rejections() {
            if let (Some(quote), Some(id)) = (&mut fact.quote, refused.request_id) {
                *quote = quote.replace(&**id, &self.id(id)).into();
            }
        }
        error.text = self.text(&error.text);
        if let Some(chain) = &mut error.chain {
            chain.texts = chain.texts.iter().map(|text| self.text(text)).collect();
        }
        error.call_id = error.call_id.as_deref().map(|id| self.id(id));
        fact
    }

    fn text(&mut self, text: &Arc<ErrorText>) -> Arc<ErrorText> {
        if let Some(known) = self.texts.get(&Arc::as_ptr(text)) {
            return known.clone();
        }
        let mut own = ErrorText::clone(text);
        for level in &mut own.levels {
            level.request_id = level.request_id.as_deref().map(|id| self.id(id));
        }
        self.texts.entry(Arc::as_ptr(text)).or_insert(Arc::new(own)).clone()
    }
}
