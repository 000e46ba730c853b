//! What the inputs are made of: the files of `sample-logs`, and the parts of them that are used alone.
//!
//! Nothing but the repository is needed, so that anyone can make the same bytes.

use std::path::Path;

use anyhow::{Context, ensure};
use memchr::memmem::find;
use regex::bytes::Regex;

use crate::template::{Slot, Template};

/// Access lines of requests that went well.
const CLEAN: &str = "proxy-1.85.0-clean.log";
pub(crate) const TEXT: &str = "proxy-1.85.0-text.log";
pub(crate) const JSON: &str = "proxy-1.85.0-json.log";
pub(crate) const DEBUG: &str = "debug/proxy-1.85.0-debug.log.zst";
pub(crate) const PAYLOADS: &str = "joined/payloads.ndjson";

/// Where a record begins.
const HEAD: &str = r"(?m)^(?:(?:\x1b\[\d+m)?\d\d:\d\d:\d\d - LiteLLM|INFO:  )";

/// By this a request is told whose stream broke and whose fallback was refused.
const REFUSED: &[u8] = b"Fallback also failed: litellm.MidStreamFallbackError";

/// Everyday records of the debug-level sample, by what their lines hold: the info level writes them, too.
const INFO: [&[u8]; 2] = [b":INFO\x1b[0m: router.py:2490 - ", b" SESSION REUSE: "];

/// The sample logs, read and unpacked.
pub(crate) struct Samples {
    files: [(&'static str, Vec<u8>); 5],
}

impl Samples {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let mut files = [CLEAN, TEXT, JSON, DEBUG, PAYLOADS].map(|name| (name, Vec::new()));
        for (name, bytes) in &mut files {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs").join(*name);
            let cannot = || format!("cannot read the sample {}", path.display());
            *bytes = std::fs::read(&path).with_context(cannot)?;
            if path.extension().is_some_and(|end| end == "zst") {
                *bytes = zstd::decode_all(bytes.as_slice()).with_context(cannot)?;
            }
        }
        Ok(Self { files })
    }

    /// Tells samples from those of another day.
    pub(crate) fn hash(&self) -> u64 {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        self.files.iter().for_each(|(_, bytes)| hash.update(bytes));
        hash.digest()
    }

    fn file(&self, name: &str) -> &[u8] {
        self.files.iter().find(|(known, _)| *known == name).map_or(&[], |(_, bytes)| bytes)
    }

    /// A whole sample, its ids new in each copy.
    pub(crate) fn whole(&self, name: &str) -> anyhow::Result<Template> {
        Template::new(self.file(name), &[Slot::Id])
    }

    /// All records of one request whose stream broke and whose fallback was refused.
    pub(crate) fn failing_request(&self) -> anyhow::Result<Template> {
        let text = self.file(TEXT);
        let heads: Vec<usize> = Regex::new(HEAD)?.find_iter(text).map(|head| head.start()).chain([text.len()]).collect();
        let records: Vec<&[u8]> = heads.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect();
        let refused = records.iter().find(|record| find(record, REFUSED).is_some()).context("no failing request in the text sample")?;
        let id = Regex::new("req_[A-Za-z0-9]+")?.find(refused).context("the failing request of the text sample has no id")?;
        let own: Vec<&[u8]> = records.iter().copied().filter(|record| find(record, id.as_bytes()).is_some()).collect();
        Template::new(&own.concat(), &[Slot::Id, Slot::Clock])
    }

    /// Access lines, each with a peer of its own.
    pub(crate) fn access_lines(&self) -> anyhow::Result<Vec<Template>> {
        lines(self.file(CLEAN), |line| line.starts_with(b"INFO: ") && find(line, b" HTTP/1.1\" ").is_some())
    }

    /// Lines of the info level, as a list for each kind.
    pub(crate) fn info_lines(&self) -> anyhow::Result<Vec<Vec<Template>>> {
        INFO.iter().map(|part| lines(self.file(DEBUG), |line| find(line, part).is_some())).collect()
    }
}

fn lines(text: &[u8], wanted: impl Fn(&[u8]) -> bool) -> anyhow::Result<Vec<Template>> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| wanted(line));
    let lines = lines.map(|line| Template::new(line, &[Slot::Clock, Slot::Peer])).collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!lines.is_empty(), "a sample has none of the everyday lines");
    Ok(lines)
}
