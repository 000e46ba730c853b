//! The second and third table: what more input and more threads cost.
//!
//! Time is to grow with the input and no faster, memory hardly at all. Both sizes run in turn, as two tools do.

use crate::inputs::{Content, Inputs};
use crate::markdown;
use crate::measure::{Feed, in_turn};
use crate::rows::Row;

/// How much larger the larger inputs are.
pub(crate) const TIMES: u32 = 4;

/// How often a file goes through one pipe.
const REPEATED: u32 = 10;

/// Numbers of threads, each with the one it is compared with, and the inputs on which.
const THREADS: [(&str, &str); 2] = [("4", "2"), ("1", "2")];
const THREADED: [&str; 2] = ["sparse.log", "dense.log"];

/// Each row at its size and at a multiple of it. The larger inputs are removed when they are done with: together they would
/// fill a disk.
pub(crate) fn sizes(rows: &[&Row], small: &Inputs, large: &Inputs, runs: u32) -> anyhow::Result<String> {
    let rows: Vec<&Row> = rows.iter().copied().filter(|row| !matches!(row.input.content, Content::Nothing)).collect();
    let mut cells = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let (base, grown) = (small.ready(&row.input)?, large.ready(&row.input)?);
        eprintln!("measuring {} at {TIMES} × its size", row.name);
        let (base, grown) = (row.streamfall(&base, &[]), row.streamfall(&grown, &[]));
        let measured = in_turn(&grown, Some(&base), runs)?;
        cells.push(vec![
            row.name.into(),
            measured.other().map_or(markdown::NONE.into(), markdown::seconds),
            markdown::seconds(measured.ours()),
            markdown::ratio(measured.ratio()),
            markdown::memory(base.peak()?),
            markdown::memory(grown.peak()?),
        ]);
        if rows.get(index + 1).is_none_or(|next| next.input.name != row.input.name) {
            large.remove(&row.input)?;
        }
    }
    let grown = format!("{TIMES} ×");
    Ok(markdown::table(&["input", "1 ×", &grown, "ratio", "peak at 1 ×", &format!("peak at {grown}")], &cells))
}

/// Other numbers of threads, and a pipe that brings a file many times over.
pub(crate) fn threads_and_pipe(rows: &[&Row], inputs: &Inputs, runs: u32) -> anyhow::Result<String> {
    let mut cells = Vec::new();
    for row in rows.iter().filter(|row| THREADED.contains(&row.name)) {
        let path = inputs.ready(&row.input)?;
        for (threads, base) in THREADS {
            eprintln!("measuring {} with {threads} and {base} threads", row.name);
            let (ours, other) = (row.streamfall(&path, &["--threads", threads]), row.streamfall(&path, &["--threads", base]));
            let measured = in_turn(&ours, Some(&other), runs)?;
            cells.push(vec![
                format!("{}, --threads {threads} / {base}", row.name),
                measured.other().map_or(markdown::NONE.into(), markdown::seconds),
                markdown::seconds(measured.ours()),
                markdown::ratio(measured.ratio()),
                markdown::memory(other.peak()?),
                markdown::memory(ours.peak()?),
            ]);
        }
    }
    for row in rows.iter().filter(|row| row.piped) {
        cells.push(repeated(row, inputs)?);
    }
    Ok(markdown::table(&["what", "base", "compared", "ratio", "peak of base", "peak of compared"], &cells))
}

fn repeated(row: &Row, inputs: &Inputs) -> anyhow::Result<Vec<String>> {
    let path = inputs.ready(&row.input)?;
    eprintln!("measuring {REPEATED} × {} through one pipe", row.input.name);
    let of = |times| {
        let mut job = row.streamfall(&path, &[]);
        job.feed = Feed::Repeated(path.clone(), times);
        job
    };
    let (base, many) = (of(1), of(REPEATED));
    let measured = in_turn(&many, Some(&base), 1)?;
    Ok(vec![
        format!("{} through a pipe, {REPEATED} × / 1 ×", row.input.name),
        measured.other().map_or(markdown::NONE.into(), markdown::seconds),
        markdown::seconds(measured.ours()),
        markdown::ratio(measured.ratio()),
        markdown::memory(base.peak()?),
        markdown::memory(many.peak()?),
    ])
}
