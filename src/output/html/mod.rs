//! `--format html`: a page for browsers, in one file that loads nothing and needs no script to be read.
//!
//! Templates say where things stand, the files beside them what stands there. All text goes through [`Escaped`], which a template
//! cannot forget: it is the escaper of every `.html` file here (`askama.toml`). Pictures are drawn by hand, and each stands as a table
//! beside itself.

mod flow;
mod incidents;
mod summary;
mod timeline;

use std::borrow::Borrow;
use std::fmt;
use std::io::{self, Write};

use askama::Template;
use askama::filters::{Escaper, Html};

use super::terminal::plain;
use super::words::{self, NOT_NAMED};
use super::{Shown, marks};
use crate::fact::Name;
use crate::link::Verdict;
use crate::report::{Breakdown, Group, Report, ReportedIncident};

/// Rows of a table, unless `--top` says otherwise.
const MOST_ROWS: usize = 100;
/// Incidents that are unfolded, unless `--top` says otherwise.
const MOST_UNFOLDED: usize = 200;
/// Incidents that have a row, unless `--top` says otherwise.
const MOST_LISTED: usize = 2000;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

/// Writes the page.
///
/// # Errors
///
/// What the writer gives.
pub(super) fn write(report: &Report, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
    Page::of(report, shown).write_into(out)
}

/// How text gets into the page: escaped for HTML, and what would change how the text around it is read spelt out.
#[derive(Clone, Copy)]
pub(crate) struct Escaped;

impl Escaper for Escaped {
    fn write_escaped_str<W: fmt::Write>(&self, out: W, text: &str) -> fmt::Result {
        Html.write_escaped_str(out, &plain(text))
    }
}

/// All that the templates show.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'r> {
    report: &'r Report,
    most_rows: usize,
    groups: Vec<Group<'r>>,
    breakdown: Option<Breakdown>,
    timeline: Option<timeline::Plot>,
    flow: Option<flow::Flow<'r>>,
    /// The incidents that have a row, in the order of the page; as many of the first as `unfolded` says stand there in full.
    listed: Vec<&'r ReportedIncident>,
    unfolded: usize,
    /// The rank of each by its place.
    place_orders: Vec<usize>,
}

impl<'r> Page<'r> {
    fn of(report: &'r Report, shown: &Shown) -> Page<'r> {
        let groups = report.groups();
        let listed = incidents::clearest_first(report, &groups, shown.top.unwrap_or(MOST_LISTED));
        Page {
            report,
            most_rows: shown.top.unwrap_or(MOST_ROWS),
            place_orders: incidents::place_orders(&listed),
            listed,
            unfolded: shown.top.unwrap_or(MOST_UNFOLDED),
            breakdown: shown.group_by.map(|by| report.breakdown(by)),
            timeline: timeline::Plot::of(report),
            flow: flow::Flow::of(report),
            groups,
        }
    }

    /// The sections there are, for the way to them.
    fn sections(&self) -> Vec<(&'static str, &'static str)> {
        let any = self.report.summary.requests > 0;
        let all = [
            ("time", "When", self.timeline.is_some()),
            ("flow", "Flow", self.flow.is_some()),
            ("advice", "What to change", any),
            ("failures", "Failures", !self.report.failures.is_empty()),
            ("models", "Who refused", any),
            ("groups", "Fingerprints", any),
            ("by", "Breakdown", any && self.breakdown.is_some()),
            ("incidents", "Incidents", any),
            ("neighbours", "Not counted", !self.report.neighbours.is_empty()),
            ("inputs", "Inputs", true),
        ];
        all.into_iter().filter(|(.., is_there)| *is_there).map(|(id, title, _)| (id, title)).collect()
    }

    /// What is said of rows that are not shown.
    fn left_out(&self, rows: usize) -> Option<String> {
        let more = rows.checked_sub(self.most_rows).filter(|more| *more > 0)?;
        Some(format!("{} more rows are left out; --format json has all, --top N shows more.", grouped(more as u64)))
    }
}

/// The class that gives a verdict its colour, in pictures and tables alike.
fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::MidStreamFallback => "mid",
        Verdict::ClientPrefill => "client",
        Verdict::Unknown => "unknown",
    }
}

/// A name, or what stands for one that the input does not give.
fn named(name: Option<&str>) -> &str {
    name.unwrap_or(NOT_NAMED)
}

/// What may be missing in a table.
fn or_dash(text: Option<&str>) -> &str {
    text.unwrap_or("–")
}

/// Names one after the other.
fn all_of(names: &[Name]) -> String {
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}

/// Whether a count says that there is nothing.
fn is_zero(n: impl Borrow<u64>) -> bool {
    *n.borrow() == 0
}

/// Text in parts, and whether each is code: what stands between backticks.
fn coded(text: &str) -> impl Iterator<Item = (bool, &str)> {
    text.split('`').enumerate().map(|(index, part)| (index % 2 == 1, part))
}

/// So many of something, the thousands apart.
fn counted(n: impl Borrow<u64>, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n.borrow()), if *n.borrow() == 1 { "" } else { "s" })
}

/// How often, the thousands apart.
fn times(n: impl Borrow<u64>) -> String {
    if *n.borrow() == 1 { "once".to_owned() } else { format!("{} times", grouped(n)) }
}

/// A count with its thousands apart.
fn grouped(n: impl Borrow<u64>) -> String {
    let digits = n.borrow().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (n, expected) in [(0_u64, "0"), (999, "999"), (1000, "1,000"), (32_000, "32,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), expected);
        }
    }

    #[test]
    fn no_text_is_markup_or_turns_what_is_around_it() {
        let cases = [
            ("claude-opus-4-7", "claude-opus-4-7"),
            ("<script>alert('x')</script>", "&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;"),
            ("\" onload=\"x", "&#34; onload=&#34;x"),
            ("a\u{202e}b\u{1b}[31m", "a\\u{202e}b\\u{1b}[31m"),
        ];
        for (text, expected) in cases {
            let mut escaped = String::new();
            Escaped.write_escaped_str(&mut escaped, text).unwrap();
            assert_eq!(escaped, expected);
        }
    }
}
