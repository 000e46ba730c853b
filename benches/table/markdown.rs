//! Prints tables and their numbers: Markdown that reads well unrendered, too.

/// A table: the first column to the left, numbers to the right.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count(), 3]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let cells = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rules: Vec<String> = widths.iter().enumerate().map(|(column, width)| rule(*width, column > 0)).collect();
    let texts = |cells: &[String]| line(cells.iter().map(String::as_str).collect());
    let body: String = rows.iter().map(|row| texts(row)).collect();
    line(head.to_vec()) + &texts(&rules) + &body
}

fn rule(width: usize, right: bool) -> String {
    if right { "-".repeat(width - 1) + ":" } else { "-".repeat(width) }
}

/// What stands where nothing was measured.
pub(crate) const NONE: &str = "-";

pub(crate) fn seconds(seconds: f64) -> String {
    if seconds < 0.1 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.3} s") }
}

pub(crate) fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or(NONE.into(), |ratio| format!("{ratio:.2}"))
}

pub(crate) fn memory(kib: Option<u64>) -> String {
    kib.map_or(NONE.into(), |kib| format!("{:.1} MiB", kib as f64 / 1024.0))
}
