//! `--format text`: what an operator reads at 3 a.m.
//!
//! In this order: how many requests, whose fault, what became of them; what really failed first and where it was sent; counts
//! per model; what to change; how to see one incident. The summary fits one screen of 80 × 40.

mod incidents;

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::terminal::plain;
use crate::fact::Name;
use crate::link::{Outcome, Verdict};
use crate::record::Time;
use crate::report::{FailureRow, ModelRow, Report};

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Columns.
    pub width: u16,
    /// Whether to colour.
    pub colour: bool,
    /// Whether to list each incident.
    pub incidents: bool,
}

/// Failed groups and models listed in the summary.
const MOST_ROWS: usize = 5;
/// Keys and teams listed in the summary.
const MOST_CALLERS: usize = 3;
/// What stands for a group that the log does not name.
const NOT_NAMED: &str = "(not named)";
const BOLD: Style = Style::new().bold();
const RED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))).bold();
const YELLOW: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))).bold();
const CYAN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan))).bold();
const DIM: Style = Style::new().dimmed();

/// Writes the summary, and each incident if asked for.
///
/// # Errors
///
/// What the writer gives.
pub fn write(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { look, text: String::new() };
    if report.summary.requests == 0 {
        page.nothing(report);
    } else {
        page.headline(report);
        page.failures(report);
        page.models(report);
        page.advice(report);
        if look.incidents {
            page.incidents(report);
        } else {
            page.line("Add --incidents to see each request with its evidence (file:line) and all steps.");
        }
    }
    if !report.complete {
        page.line("");
        page.wrapped("This report is incomplete: not everything could be read (see the messages on stderr).", "", RED);
    }
    out.write_all(page.text.as_bytes())
}

/// Writes the report's incidents alone, each with its evidence.
///
/// # Errors
///
/// What the writer gives.
pub fn write_incidents(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { look, text: String::new() };
    for incident in &report.incidents {
        page.incident(report, incident);
    }
    out.write_all(page.text.as_bytes())
}

struct Page<'a> {
    look: &'a Look,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn styled(&self, text: &str, style: Style) -> String {
        if self.look.colour && style != Style::new() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn title(&mut self, title: &str) {
        let title = self.styled(title, BOLD);
        self.line("");
        self.line(&title);
    }

    /// Prints words in lines of the page's width; lines behind the first are indented as far as `lead` is long.
    fn wrapped(&mut self, words: &str, lead: &str, style: Style) {
        let indent = lead.chars().count();
        let room = usize::from(self.look.width).saturating_sub(indent).max(20);
        let mut lead = lead.to_owned();
        let mut current = String::new();
        for word in words.split(' ') {
            if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > room {
                let styled = self.styled(&current, style);
                self.line(&format!("{lead}{styled}"));
                lead = " ".repeat(indent);
                current.clear();
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        let styled = self.styled(&current, style);
        self.line(&format!("{lead}{styled}"));
    }

    fn table(&mut self, header: &[&str], numbers: &[usize], rows: Vec<Vec<String>>) {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(self.look.width - 1);
        table.set_header(header.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>());
        table.add_rows(rows);
        for column in 0..header.len() {
            if let Some(column_style) = table.column_mut(column) {
                column_style.set_padding((1, 1));
                if numbers.contains(&column) {
                    column_style.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        for (index, line) in table.lines().enumerate() {
            let line = if index == 0 { self.styled(line.trim_end(), DIM) } else { line };
            self.line(&format!(" {line}"));
        }
    }

    fn nothing(&mut self, report: &Report) {
        let inputs = report.inputs.len();
        let bytes: u64 = report.inputs.iter().map(|i| i.bytes).sum();
        self.line(&format!("No request met the prefill rejection ({}, {} read).", counted(inputs as u64, "input"), size(bytes)));
        self.window(report);
        if report.summary.mentions > 0 {
            let said = format!("Its sentence is printed {}, but in no error record.", times(report.summary.mentions));
            self.line(&said);
        }
        self.neighbours(report);
    }

    /// Says what a window left out.
    fn window(&mut self, report: &Report) {
        if report.windowed.left_out > 0 {
            self.line(&format!("  {} outside of --since and --until left out", counted(report.windowed.left_out, "request")));
        }
    }

    fn headline(&mut self, report: &Report) {
        let s = &report.summary;
        let first = format!("{} met the prefill rejection", counted(s.requests, "request"));
        let first = self.styled(&first, BOLD);
        self.line(&format!("{first} ({}, printed {})", counted(s.rejections, "rejection"), times(s.mentions)));
        self.line("");
        let verdicts = [
            (Verdict::MidStreamFallback, RED, "LiteLLM continued a broken stream elsewhere"),
            (Verdict::ClientPrefill, YELLOW, "the client sent a trailing assistant message"),
            (Verdict::Unknown, CYAN, "this input cannot tell; --incidents says why"),
        ];
        for (verdict, style, meaning) in verdicts {
            let count = report.with_verdict(verdict);
            let name = self.styled(&format!("{:<19}", verdict.name()), if count > 0 { style } else { DIM });
            self.line(&format!("{count:>7}  {name}  {meaning}"));
        }
        self.line("");
        let ended =
            [(Outcome::Failed, "failed for the client"), (Outcome::Recovered, "recovered on a later fallback"), (Outcome::Unknown, "ended unseen")];
        let ended: Vec<String> = ended
            .iter()
            .map(|(o, words)| (report.with_outcome(*o), words))
            .filter(|(n, _)| *n > 0)
            .map(|(n, words)| format!("{n} {words}"))
            .collect();
        self.line(&format!("  {}", ended.join(", ")));
        self.wrapped(&seen(report), "  ", Style::new());
        self.window(report);
        self.callers(report);
    }

    fn failures(&mut self, report: &Report) {
        let groups = by_group(&report.failures);
        if groups.is_empty() {
            return;
        }
        self.title(&top("What really failed first, and where LiteLLM sent it", groups.len()));
        let rows = groups.iter().take(MOST_ROWS).map(|row| {
            let (first, others) = row.targets.split_first().map_or(("-", 0), |(first, rest)| (&**first, rest.len()));
            let more = if others > 0 { format!(" +{others}") } else { String::new() };
            vec![row.requests.to_string(), plain(row.group).into_owned(), mostly(&row.kinds), format!("{}{more}", plain(first))]
        });
        self.table(&["requests", "failed group", "by", "sent to"], &[0], rows.collect());
        let mut kinds: Vec<(&str, u64)> = report.summary.by_kind.iter().map(|(kind, n)| (kind.name(), *n)).collect();
        kinds.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let kinds: Vec<String> = kinds.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
        self.wrapped(&kinds.join(", "), "  in all: ", DIM);
        if groups.iter().all(|row| row.group == NOT_NAMED) {
            self.wrapped("Payloads name the fallback, not the group that failed: give the proxy's log along with them.", "  ", DIM);
        }
    }

    /// Whom to tell: the keys and teams whose requests were hit, where the input names them.
    fn callers(&mut self, report: &Report) {
        for (what, counts) in [("keys", &report.summary.by_key), ("teams", &report.summary.by_team)] {
            if counts.is_empty() {
                continue;
            }
            let mut most: Vec<&(String, u64)> = counts.iter().collect();
            most.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
            let named = most.iter().take(MOST_CALLERS).map(|(name, n)| format!("{} {n}", plain(name)));
            let more = (most.len() > MOST_CALLERS).then(|| format!("+{} more", most.len() - MOST_CALLERS));
            self.wrapped(&named.chain(more).collect::<Vec<_>>().join(", "), &format!("  {what}: "), Style::new());
        }
    }

    fn models(&mut self, report: &Report) {
        self.title(&top("Who refused", report.models.len()));
        let name = |m: &ModelRow| plain(m.model_group.as_deref().or(m.model.as_deref()).unwrap_or(NOT_NAMED)).into_owned();
        let rows = report.models.iter().take(MOST_ROWS).map(|m| {
            let counts = [m.requests, m.mid_stream_fallback, m.client_prefill, m.unknown].map(|n| n.to_string());
            let [requests, counts @ ..] = counts;
            [requests, name(m), m.provider.unwrap_or("-").to_owned()].into_iter().chain(counts).collect()
        });
        self.table(&["requests", "model group", "provider", "mid-stream", "client", "unknown"], &[0, 3, 4, 5], rows.collect());
        self.neighbours(report);
    }

    fn neighbours(&mut self, report: &Report) {
        for row in &report.neighbours {
            let place = if report.inputs.len() == 1 {
                format!("line {}", row.first.line)
            } else {
                format!("{}:{}", plain(report.source(row.first)), row.first.line)
            };
            self.wrapped(&format!("Not counted: {} × {} ({place}).", row.count, row.title), "  ", DIM);
        }
    }

    fn advice(&mut self, report: &Report) {
        self.title("What to change");
        for (number, given) in report.advice.iter().enumerate() {
            self.wrapped(given.advice.title, &format!("{:>5}  ", given.applies_to), Style::new());
            let shown = if self.look.incidents { given.advice.steps.len() } else { usize::from(number == 0) };
            for step in given.advice.steps.iter().take(shown) {
                self.wrapped(step, "       - ", Style::new());
            }
        }
    }
}

/// The failures of one group.
struct GroupRow<'a> {
    group: &'a str,
    requests: u64,
    kinds: Vec<(&'static str, u64)>,
    targets: Vec<Name>,
}

/// Rows of one group together, in the order in which each group comes first.
fn by_group(failures: &[FailureRow]) -> Vec<GroupRow<'_>> {
    let mut rows: Vec<GroupRow<'_>> = Vec::new();
    for failure in failures {
        let group = failure.model_group.as_deref().unwrap_or(NOT_NAMED);
        let index = rows.iter().position(|row| row.group == group).unwrap_or(rows.len());
        if index == rows.len() {
            rows.push(GroupRow { group, requests: 0, kinds: Vec::new(), targets: Vec::new() });
        }
        let row = &mut rows[index];
        row.requests += failure.requests;
        row.kinds.push((failure.kind.name(), failure.requests));
        for target in &failure.targets {
            if !row.targets.contains(target) {
                row.targets.push(target.clone());
            }
        }
    }
    rows.sort_by_key(|row| (std::cmp::Reverse(row.requests), row.group == NOT_NAMED));
    rows
}

/// The most common kind of a group, and how many requests had others.
fn mostly(kinds: &[(&'static str, u64)]) -> String {
    let rest: u64 = kinds.iter().skip(1).map(|(_, n)| n).sum();
    let first = kinds.first().map(|(kind, n)| format!("{kind} {n}")).unwrap_or_default();
    if rest > 0 { format!("{first}, others {rest}") } else { first }
}

/// A title that says when not all rows are shown.
fn top(title: &str, rows: usize) -> String {
    if rows > MOST_ROWS { format!("{title} (top {MOST_ROWS} of {rows})") } else { title.to_owned() }
}

/// When, and which LiteLLM.
fn seen(report: &Report) -> String {
    let s = &report.summary;
    let zone = |time: Time| if time.utc { "UTC" } else { "local time" };
    let mut text = match (s.first_seen, s.last_seen) {
        (Some(first), Some(last)) if first.to_seconds() == last.to_seconds() => format!("at {}, {}", first.to_seconds(), zone(first)),
        (Some(first), Some(last)) if first.date == last.date => {
            format!("{} to {}, {}", first.to_seconds(), last.of_day_only().to_seconds(), zone(first))
        }
        (Some(first), Some(last)) if first.date.is_some() => format!("{} to {}, {}", first.to_seconds(), last.to_seconds(), zone(first)),
        (Some(_), Some(_)) => "in logs of which some have no dates".to_owned(),
        _ => "the log does not say when".to_owned(),
    };
    if !s.litellm_versions.is_empty() {
        let _ = write!(text, "; LiteLLM {}", s.litellm_versions.join(", "));
    } else if !s.likely_versions.is_empty() {
        let _ = write!(text, "; LiteLLM {} (by its line numbers)", s.likely_versions.join(", "));
    }
    plain(&text).into_owned()
}

fn counted(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn times(n: u64) -> String {
    match n {
        1 => "once".to_owned(),
        _ => format!("{n} times"),
    }
}

fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}
