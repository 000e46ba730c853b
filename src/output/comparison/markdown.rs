//! The comparison for a job summary, a pull request or a post-mortem.

use std::io::{self, Write};

use crate::compare::{Comparison, Row};
use crate::output::Shown;
use crate::output::markdown::{Page, code};
use crate::output::words::{counted, headline, held_against};

/// Rows of a table, unless `--top` says otherwise.
const MOST_ROWS: usize = 20;

pub(super) fn write(comparison: &Comparison, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let most = shown.top.unwrap_or(MOST_ROWS);
    let mut page = Page::default();
    page.paragraph(&format!("## {}", headline(comparison)));
    page.paragraph(&held_against(comparison.measure));
    table(&mut page, "Totals", comparison, &comparison.totals, most);
    table(&mut page, "By failure kind (mid-stream)", comparison, &comparison.kinds, most);
    table(&mut page, "By model group that refused", comparison, &comparison.models, most);
    if !comparison.groups.is_empty() {
        page.paragraph("### What is new, still there, and gone");
        let row = |group: &crate::compare::GroupChange| {
            [group.state().name().to_owned(), group.before.to_string(), group.after.to_string(), code(&group.what), code(&group.fingerprint)]
        };
        page.table(["", "before", "after", "what happened", "fingerprint"], &[1, 2], comparison.groups.iter().take(most).map(row));
        more(&mut page, comparison.groups.len(), most);
    }
    if !comparison.is_complete() {
        page.paragraph("**This comparison is incomplete: not everything could be read.**");
    }
    out.write_all(page.text.trim_end().as_bytes())?;
    writeln!(out)
}

fn table(page: &mut Page, title: &str, comparison: &Comparison, rows: &[Row], most: usize) {
    if rows.is_empty() {
        return;
    }
    page.paragraph(&format!("### {title}"));
    let shown = rows.iter().take(most);
    match comparison.measure.unit() {
        Some(unit) => {
            let row = |row: &Row| {
                let (before, after) = comparison.measure.rates(row.before, row.after);
                [code(&row.name), row.before.to_string(), row.after.to_string(), format!("{before:.2}"), format!("{after:.2}")]
            };
            let (before, after) = (format!("before / {unit}"), format!("after / {unit}"));
            page.table(["", "before", "after", &before, &after], &[1, 2, 3, 4], shown.map(row));
        }
        None => page.table(["", "before", "after"], &[1, 2], shown.map(|row| [code(&row.name), row.before.to_string(), row.after.to_string()])),
    }
    more(page, rows.len(), most);
}

fn more(page: &mut Page, rows: usize, most: usize) {
    if rows > most {
        page.paragraph(&format!("{} left out (`--top`).", counted((rows - most) as u64, "row")));
    }
}
