//! Predictions for people: how many pairs break, each with its line and the smallest change, then what helps all of them.

use std::io::{self, Write};

use anstyle::Style;

use super::words::{MOST_ROWS, OUTLOOKS, extrapolated, headline, upgrade, way, when};
use crate::output::Shown;
use crate::output::terminal::plain;
use crate::output::text::{CYAN, DIM, GREEN, Page, RED, YELLOW};
use crate::preflight::{BLIND_SPOTS, Outlook, Pair, Preflight};

pub(super) fn write(preflight: &Preflight, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(shown);
    let worst = preflight.pairs.iter().map(|pair| pair.outlook).max().unwrap_or(Outlook::Safe);
    page.wrapped(&headline(preflight), "", style(worst));
    if preflight.files.len() > 1 {
        let files: Vec<_> = preflight.files.iter().map(|file| plain(file).into_owned()).collect();
        page.wrapped(&format!("read {}", files.join(", ")), "  ", DIM);
    }
    for (outlook, title) in OUTLOOKS {
        pairs(&mut page, preflight, outlook, title);
    }
    if let Some(upgrade) = upgrade(preflight) {
        page.title("What ends all of them");
        page.wrapped(&upgrade, "  ", Style::new());
    }
    if !preflight.notes.is_empty() {
        page.title("Seen in the config");
        for note in &preflight.notes {
            page.wrapped(&plain(&format!("{}: {}", note.spot, note.text)), "  ", Style::new());
        }
    }
    page.title("What the config does not show");
    for blind in BLIND_SPOTS {
        page.wrapped(blind, "  ", DIM);
    }
    if let Some(extrapolated) = extrapolated(preflight) {
        page.wrapped(&extrapolated, "  ", DIM);
    }
    if preflight.asked.version.is_none() && worst >= Outlook::MayBreak {
        page.line("");
        page.line("Add --litellm-version to check one release, --route if not all are used.");
    }
    out.write_all(page.text.as_bytes())
}

fn style(outlook: Outlook) -> Style {
    match outlook {
        Outlook::WillBreak => RED,
        Outlook::MayBreak => YELLOW,
        Outlook::Unknown => CYAN,
        Outlook::Safe => GREEN,
    }
}

fn pairs(page: &mut Page<'_>, preflight: &Preflight, outlook: Outlook, title: &str) {
    let of = || preflight.pairs.iter().filter(|pair| pair.outlook == outlook);
    let (all, most) = (of().count(), page.shown.top.unwrap_or(MOST_ROWS));
    if all == 0 {
        return;
    }
    page.title(&if all > most { format!("{title} ({most} of {all})") } else { format!("{title} ({all})") });
    for pair in of().take(most) {
        one(page, pair);
    }
}

fn one(page: &mut Page<'_>, pair: &Pair) {
    page.wrapped(&plain(&way(pair)), "  ", style(pair.outlook));
    if pair.outlook == Outlook::Safe {
        return page.wrapped(&plain(&pair.reason), "      ", DIM);
    }
    page.wrapped(&plain(&format!("{}: {}", pair.spot, pair.reason)), "      ", Style::new());
    page.wrapped(&when(pair), "      ", DIM);
    // A fallback's own fallback is a pair of its own, and its line is changed once.
    match pair.edit.as_ref().filter(|_| pair.via.is_empty()) {
        Some(edit) if edit.spot == pair.spot => page.wrapped(&plain(&edit.what), "      → ", Style::new()),
        Some(edit) => page.wrapped(&plain(&format!("{}: {}", edit.spot, edit.what)), "      → ", Style::new()),
        None => {}
    }
}
