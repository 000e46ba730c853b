//! The rows of the table: which input, against which tool, and how fast streamfall is to be.
//!
//! The tools are what people would take instead: counting lines with the sentence, counting lines at all, a query.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Context;

use crate::inputs::{Content, Input, Packing};
use crate::measure::{Feed, Job};
use crate::samples::{DEBUG, JSON, PAYLOADS, TEXT};
use crate::tools::Tools;

/// One row.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) input: Input,
    /// Whether the input comes through a pipe.
    pub(crate) piped: bool,
    pub(crate) other: Other,
    pub(crate) target: Target,
}

/// The other tool's command line; `{}` is the input's path.
pub(crate) struct Other {
    pub(crate) label: &'static str,
    tool: &'static str,
    /// A program that the tool calls.
    helper: Option<&'static str>,
    args: &'static [&'static str],
}

/// How much time streamfall may take.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// So many times as much as the other tool.
    Ratio(f64),
    /// So many times as much, or so many seconds for a GiB.
    RatioOrPace(f64, f64),
    /// So many milliseconds more.
    Extra(f64),
}

const SENTENCE: &str = "does not support assistant message prefill";
const RG: Other = Other { label: "rg", tool: "rg", helper: None, args: &["--no-config", "-c", "-F", SENTENCE, "{}"] };
const RG_PIPED: Other = Other { label: "cat, rg", tool: "rg", helper: Some("cat"), args: &["--no-config", "-c", "-F", SENTENCE, "-"] };
/// All files, as streamfall reads all.
const RG_FOLDER: Other = Other { label: "rg", tool: "rg", helper: None, args: &["--no-config", "-uu", "-c", "-F", SENTENCE, "{}"] };
const RG_GZIP: Other = Other { label: "rg -z", tool: "rg", helper: Some("gzip"), args: &["--no-config", "-z", "-c", "-F", SENTENCE, "{}"] };
const RG_ZSTD: Other = Other { label: "rg -z", tool: "rg", helper: Some("zstd"), args: &["--no-config", "-z", "-c", "-F", SENTENCE, "{}"] };
const WC: Other = Other { label: "wc -l", tool: "wc", helper: None, args: &["-l", "{}"] };
const QUERY: &str = "select model, count(*) from read_ndjson_auto('{}') where status = 'failure' group by 1";
const DUCKDB: Other = Other { label: "duckdb", tool: "duckdb", helper: None, args: &[QUERY] };

const SPARSE: Input = plain("sparse.log", Content::Everyday { fails: true });

/// All rows, in the order of the table.
pub(crate) const ROWS: [Row; 11] = [
    row(plain("clean.log", Content::Everyday { fails: false }), RG, Target::Ratio(0.9)),
    row(SPARSE, RG, Target::Ratio(1.0)),
    Row { name: "stdin", input: SPARSE, piped: true, other: RG_PIPED, target: Target::Ratio(0.6) },
    row(plain("dense.log", Content::Copies(TEXT)), WC, Target::RatioOrPace(8.0, 1.0)),
    row(plain("dense.jsonl", Content::Copies(JSON)), WC, Target::RatioOrPace(8.0, 1.0)),
    row(plain("debug.log", Content::Copies(DEBUG)), RG, Target::Ratio(4.0)),
    row(plain("slp.ndjson", Content::Copies(PAYLOADS)), DUCKDB, Target::Ratio(0.5)),
    row(Input { name: "sparse.log.gz", packing: Packing::Gzip, ..SPARSE }, RG_GZIP, Target::Ratio(0.35)),
    row(Input { name: "sparse.log.zst", packing: Packing::Zstd, ..SPARSE }, RG_ZSTD, Target::Ratio(0.7)),
    row(plain("files", Content::Folder), RG_FOLDER, Target::Ratio(1.0)),
    row(plain("empty", Content::Nothing), RG, Target::Extra(5.0)),
];

const fn plain(name: &'static str, content: Content) -> Input {
    Input { name, content, packing: Packing::Plain }
}

const fn row(input: Input, other: Other, target: Target) -> Row {
    Row { name: input.name, input, piped: false, other, target }
}

impl Row {
    /// streamfall on the row's input.
    pub(crate) fn streamfall(&self, path: &Path, options: &[&str]) -> Job {
        let mut args: Vec<OsString> = options.iter().map(OsString::from).collect();
        args.push(if self.piped { "-".into() } else { path.into() });
        Job { program: env!("CARGO_BIN_EXE_streamfall").into(), args, feed: self.feed(path) }
    }

    /// The other tool on the row's input, if it is installed.
    pub(crate) fn other(&self, path: &Path, tools: &Tools) -> anyhow::Result<Option<Job>> {
        let missing = self.other.helper.is_some_and(|helper| tools.command(helper).is_none());
        let Some((program, first)) = tools.command(self.other.tool).filter(|_| !missing).and_then(<[_]>::split_first) else { return Ok(None) };
        let name = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
        let args = self.other.args.iter().map(|arg| match arg.split_once("'{}'") {
            Some((before, after)) => format!("{before}'{}'{after}", name.replace('\'', "''")),
            None => arg.replace("{}", name),
        });
        let args = first.iter().map(OsString::from).chain(args.map(OsString::from)).collect();
        Ok(Some(Job { program: program.into(), args, feed: self.feed(path) }))
    }

    fn feed(&self, path: &Path) -> Feed {
        if self.piped { Feed::Cat(path.into()) } else { Feed::Nothing }
    }
}

impl Target {
    pub(crate) fn text(self) -> String {
        match self {
            Self::Ratio(most) => format!("≤ {most:?}"),
            Self::RatioOrPace(most, pace) => format!("≤ {most:?}, or ≤ {pace:?} s per GiB"),
            Self::Extra(most) => format!("≤ {most} ms more"),
        }
    }

    /// Whether it was met, given the medians of the ratio, of the difference in seconds, and of the seconds for a GiB; nothing
    /// where what it speaks of was not measured.
    pub(crate) fn met(self, ratio: Option<f64>, extra: Option<f64>, pace: f64) -> Option<bool> {
        match self {
            Self::Ratio(most) => ratio.map(|ratio| ratio <= most),
            Self::RatioOrPace(_, seconds) if pace <= seconds => Some(true),
            Self::RatioOrPace(most, _) => ratio.map(|ratio| ratio <= most),
            Self::Extra(most) => extra.map(|extra| extra * 1e3 <= most),
        }
    }
}
