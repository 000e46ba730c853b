//! The comparison for people: what the change did, in one line, and then the counts that say so.

use std::io::{self, Write};

use anstyle::Style;

use crate::compare::{Change, Comparison, GroupState, Measure, Row};
use crate::output::Shown;
use crate::output::terminal::plain;
use crate::output::text::{CYAN, DIM, GREEN, Page, RED};
use crate::output::words::{headline, held_against, top};

/// Rows of a table, unless `--top` says otherwise.
const MOST_ROWS: usize = 10;

pub(super) fn write(comparison: &Comparison, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(shown);
    let (words, style) = (headline(comparison), style(comparison.change));
    page.wrapped(&words, "", style);
    page.wrapped(&held_against(comparison.measure), "  ", DIM);
    table(&mut page, "Totals", comparison, &comparison.totals);
    table(&mut page, "By failure kind (mid-stream)", comparison, &comparison.kinds);
    table(&mut page, "By model group that refused", comparison, &comparison.models);
    groups(&mut page, comparison);
    if !comparison.is_complete() {
        page.line("");
        page.wrapped("This comparison is incomplete: not everything could be read (see the messages on stderr).", "", RED);
    }
    out.write_all(page.text.as_bytes())
}

fn style(change: Change) -> Style {
    match change {
        Change::Worse => RED,
        Change::Same | Change::Nothing => CYAN,
        Change::Better | Change::Gone => GREEN,
    }
}

fn table(page: &mut Page<'_>, title: &str, comparison: &Comparison, rows: &[Row]) {
    let most = page.shown.top.unwrap_or(MOST_ROWS);
    if rows.is_empty() {
        return;
    }
    page.title(&top(title, rows.len(), most));
    let unit = short(comparison.measure);
    let header: Vec<String> = match unit {
        Some(unit) => vec![String::new(), "before".into(), "after".into(), format!("before / {unit}"), format!("after / {unit}")],
        None => vec![String::new(), "before".into(), "after".into()],
    };
    let cells = |row: &Row| {
        let (before, after) = comparison.measure.rates(row.before, row.after);
        let rates = unit.map(|_| vec![format!("{before:.2}"), format!("{after:.2}")]).unwrap_or_default();
        [plain(&row.name).into_owned(), row.before.to_string(), row.after.to_string()].into_iter().chain(rates).collect()
    };
    let numbers: Vec<usize> = (1..header.len()).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    page.table(&header, &numbers, rows.iter().take(most).map(cells).collect());
}

/// What rates are per, as the head of a column has it.
fn short(measure: Measure) -> Option<&'static str> {
    match measure {
        Measure::Thousand { .. } => Some("1,000"),
        Measure::Hour { .. } => Some("hour"),
        Measure::None => None,
    }
}

fn groups(page: &mut Page<'_>, comparison: &Comparison) {
    let most = page.shown.top.unwrap_or(MOST_ROWS);
    for state in GroupState::ALL {
        let title = match state {
            GroupState::New => "New",
            GroupState::Unchanged => "Still there",
            GroupState::Gone => "Gone",
        };
        let all: Vec<_> = comparison.groups.iter().filter(|group| group.state() == state).collect();
        if all.is_empty() {
            continue;
        }
        page.title(&top(title, all.len(), most));
        for group in all.iter().take(most) {
            let counts = match state {
                GroupState::New => group.after.to_string(),
                GroupState::Gone => group.before.to_string(),
                GroupState::Unchanged => format!("{} → {}", group.before, group.after),
            };
            page.wrapped(&plain(&group.what), &format!("  {counts:>9}  "), Style::new());
        }
    }
}
