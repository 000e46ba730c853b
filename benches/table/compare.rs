//! The first table: streamfall and the other tools, row by row.

use std::path::Path;

use crate::inputs::Inputs;
use crate::markdown;
use crate::measure::{Runs, in_turn};
use crate::rows::{Row, Target};
use crate::tools::Tools;

/// The table, for each row the other tool's name beside its time.
pub(crate) fn table(rows: &[&Row], inputs: &Inputs, tools: &Tools, runs: u32) -> anyhow::Result<String> {
    let cells = rows.iter().map(|row| cells(row, inputs, tools, runs)).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(markdown::table(&["input", "streamfall", "other", "ratio", "target", "peak memory"], &cells))
}

fn cells(row: &Row, inputs: &Inputs, tools: &Tools, runs: u32) -> anyhow::Result<Vec<String>> {
    let path = inputs.ready(&row.input)?;
    eprintln!("measuring {}", row.name);
    let ours = row.streamfall(&path, &[]);
    let measured = in_turn(&ours, row.other(&path, tools)?.as_ref(), runs)?;
    let other = measured.other().map_or("not installed".into(), markdown::seconds);
    Ok(vec![
        if row.piped { format!("{} on stdin", row.input.name) } else { row.name.into() },
        markdown::seconds(measured.ours()),
        format!("{}: {other}", row.other.label),
        compared(row.target, &measured),
        target(row.target, &measured, &path),
        markdown::memory(ours.peak()?),
    ])
}

/// The ratio, or what there is more: of two processes that do nothing, a ratio says nothing.
fn compared(target: Target, measured: &Runs) -> String {
    match (target, measured.extra()) {
        (Target::Extra(_), Some(extra)) => format!("{:+.1} ms", extra * 1e3),
        _ => markdown::ratio(measured.ratio()),
    }
}

fn target(target: Target, measured: &Runs, path: &Path) -> String {
    let bytes = path.metadata().map_or(0, |found| found.len());
    let pace = measured.ours() / (bytes as f64 / f64::from(1 << 30));
    let met = match target.met(measured.ratio(), measured.extra(), pace) {
        None => "",
        Some(true) => ": met",
        Some(false) => ": missed",
    };
    target.text() + met
}
