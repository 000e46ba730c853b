//! Predictions for a pull request or a job's summary: a table of what breaks, with lines and the smallest changes.

use std::borrow::Cow;
use std::io::{self, Write};

use super::words::{MOST_ROWS, OUTLOOKS, extrapolated, headline, upgrade, way, when};
use crate::output::Shown;
use crate::output::terminal::plain;
use crate::preflight::{BLIND_SPOTS, Outlook, Pair, Preflight};

pub(super) fn write(preflight: &Preflight, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Preflight of {}\n", safe(&preflight.config))?;
    writeln!(out, "**{}**", safe(&headline(preflight)))?;
    for (outlook, title) in OUTLOOKS {
        table(preflight, outlook, title, shown.top.unwrap_or(MOST_ROWS), out)?;
    }
    if let Some(upgrade) = upgrade(preflight) {
        writeln!(out, "\n{}", safe(&upgrade))?;
    }
    if !preflight.notes.is_empty() {
        writeln!(out, "\n### Seen in the config\n")?;
        preflight.notes.iter().try_for_each(|note| writeln!(out, "- {}: {}", safe(&note.spot.to_string()), safe(&note.text)))?;
    }
    writeln!(out, "\n### What the config does not show\n")?;
    BLIND_SPOTS
        .iter()
        .copied()
        .map(Cow::Borrowed)
        .chain(extrapolated(preflight).map(Cow::Owned))
        .try_for_each(|text| writeln!(out, "- {}", safe(&text)))
}

fn table(preflight: &Preflight, outlook: Outlook, title: &str, most: usize, out: &mut dyn Write) -> io::Result<()> {
    let of = || preflight.pairs.iter().filter(|pair| pair.outlook == outlook);
    let all = of().count();
    if all == 0 {
        return Ok(());
    }
    let shown = if all > most { format!("{most} of {all}") } else { all.to_string() };
    writeln!(out, "\n### {title} ({shown})\n")?;
    writeln!(out, "| Failing group → target | Where | Why | When | Smallest change |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    of().take(most).try_for_each(|pair| row(pair, out))
}

fn row(pair: &Pair, out: &mut dyn Write) -> io::Result<()> {
    let edit = pair.edit.as_ref().map(|edit| format!("{}: {}", edit.spot, edit.what)).unwrap_or_default();
    let cells = [way(pair), pair.spot.to_string(), pair.reason.clone(), when(pair), edit];
    writeln!(out, "| {} |", cells.iter().map(|cell| safe(cell)).collect::<Vec<_>>().join(" | "))
}

/// Text that stays text: what Markdown or HTML would take for its own is escaped, and names do not become mentions or links.
fn safe(text: &str) -> String {
    let text = plain(text);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '@' => safe.push_str("&#64;"),
            '\\' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '|' | '~' | '!' | '`' | '$' => safe.extend(['\\', c]),
            ':' => safe.push_str("&#58;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn text_stays_text() {
        let cases = [
            ("claude-opus-4-7", "claude-opus-4-7"),
            ("a|b", "a\\|b"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("[x](http://y)", "\\[x\\]\\(http&#58;//y\\)"),
            ("@team", "&#64;team"),
            ("a\nb", "a\\\\nb"),
        ];
        for (given, expected) in cases {
            assert_eq!(safe(given), expected);
        }
    }
}
