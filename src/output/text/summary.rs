//! The summary: totals, what failed first, who refused, what to change.

use anstyle::Style;

use super::page::{BOLD, CYAN, DIM, Page, RED, YELLOW};
use crate::fact::Name;
use crate::input::ProblemKind;
use crate::link::Verdict;
use crate::output::terminal::plain;
use crate::output::words::{self, NOT_IN_CONFIG, NOT_NAMED, counted, meaning, size, stretch, targets, times, top};
use crate::report::{Expected, FailureRow, GroupBy, ModelRow, NeighbourRow, Report, Timeline};

/// Failed groups and models listed in the summary, unless `--top` says otherwise.
const MOST_ROWS: usize = 4;
/// Other failures listed in the summary, unless `--top` says otherwise.
const MOST_NEIGHBOURS: usize = 2;
/// Kinds of failure that the summary has advice for: the most common.
const MOST_KINDS: usize = 1;
/// Keys and teams listed in the summary.
const MOST_CALLERS: usize = 3;
/// Steps of the sparkline.
const MOST_STEPS: usize = 40;
/// Kinds of failure that have a bar of their own.
const MOST_BARS: usize = 3;
/// Columns of the longest bar.
const LONGEST_BAR: u64 = 30;
/// From little to much.
const SPARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Page<'_> {
    pub(super) fn summary(&mut self, report: &Report) {
        self.headline(report);
        self.failures(report);
        self.models(report);
        if let Some(by) = self.shown.group_by {
            self.breakdown(report, by);
        }
        self.check(report);
        self.advice(report);
        self.judgement(report);
    }

    fn most_rows(&self) -> usize {
        self.shown.top.unwrap_or(MOST_ROWS)
    }

    pub(super) fn nothing(&mut self, report: &Report) {
        let inputs = report.inputs.len();
        let bytes: u64 = report.inputs.iter().map(|i| i.bytes).sum();
        self.line(&format!("No request met the prefill rejection ({}, {} read).", counted(inputs as u64, "input"), size(bytes)));
        self.window(report);
        if let Some(said) = words::mentioned(report) {
            self.line(&said);
        }
        self.neighbours(report);
    }

    /// Says what a window left out.
    fn window(&mut self, report: &Report) {
        if let Some(said) = words::left_out(report) {
            self.line(&format!("  {said}"));
        }
    }

    fn headline(&mut self, report: &Report) {
        let s = &report.summary;
        let first = format!("{} met the prefill rejection", counted(s.requests, "request"));
        let first = self.styled(&first, BOLD);
        self.line(&format!("{first} ({}, printed {})", counted(s.rejections, "rejection"), times(s.mentions)));
        self.line("");
        let verdicts = [(Verdict::MidStreamFallback, RED), (Verdict::ClientPrefill, YELLOW), (Verdict::Unknown, CYAN)];
        for (verdict, style) in verdicts {
            let count = report.with_verdict(verdict);
            let name = self.styled(&format!("{:<19}", verdict.name()), if count > 0 { style } else { DIM });
            let why = if verdict == Verdict::Unknown { "; --incidents says why" } else { "" };
            self.line(&format!("{count:>7}  {name}  {}{why}", meaning(verdict)));
        }
        self.line("");
        self.line(&format!("  {}", words::outcomes(report)));
        self.wrapped(&plain(&words::seen(report)), "  ", Style::new());
        self.over_time(report);
        self.window(report);
        self.callers(report);
    }

    fn failures(&mut self, report: &Report) {
        let groups = by_group(&report.failures);
        if groups.is_empty() {
            return;
        }
        let most = self.most_rows();
        self.title(&top("What really failed first, and where LiteLLM sent it", groups.len(), most));
        let rows = groups
            .iter()
            .take(most)
            .map(|row| vec![row.requests.to_string(), plain(row.group).into_owned(), mostly(&row.kinds), plain(&targets(&row.targets)).into_owned()]);
        self.table(&["requests", "failed group", "by", "sent to"], &[0], rows.collect());
        let mut kinds: Vec<(&str, u64)> = report.summary.by_kind.iter().map(|(kind, n)| (kind.name(), *n)).collect();
        kinds.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        self.bars(&kinds);
        if groups.iter().all(|row| row.group == NOT_NAMED) {
            self.wrapped("Payloads name the fallback, not the group that failed: give the proxy's log along with them.", "  ", DIM);
        }
    }

    /// A bar for each kind of failure.
    fn bars(&mut self, kinds: &[(&str, u64)]) {
        let (named, others) = kinds.split_at(kinds.len().min(MOST_BARS));
        let others: u64 = others.iter().map(|(_, n)| n).sum();
        let rows: Vec<(&str, u64)> = named.iter().copied().chain((others > 0).then_some(("others", others))).collect();
        let most = rows.iter().map(|(_, n)| *n).max().unwrap_or(1).max(1);
        for (kind, n) in rows {
            let length = usize::try_from((n * LONGEST_BAR).div_ceil(most)).unwrap_or_default();
            let bar = self.styled(&"█".repeat(length), RED);
            self.line(&format!("{n:>9}  {kind:<18}  {bar}"));
        }
    }

    /// When it happened: a sparkline.
    fn over_time(&mut self, report: &Report) {
        let Some(timeline) = report.timeline(MOST_STEPS).filter(|timeline| timeline.steps.len() > 1) else { return };
        let most = timeline.steps.iter().map(crate::report::Step::requests).max().unwrap_or_default();
        let line = self.styled(&sparkline(&timeline, most), RED);
        let unplaced = if timeline.unplaced > 0 { format!("; {} elsewhere", timeline.unplaced) } else { String::new() };
        self.line(&format!("  {line}  {} a step, at most {most}{unplaced}", stretch(timeline.step)));
    }

    /// The pairs that were seen, held against the config.
    fn check(&mut self, report: &Report) {
        let Some(check) = &report.check else { return };
        let most = self.most_rows();
        self.title(&top(&format!("Against {}", plain(&check.config)), check.pairs.len(), most));
        let place = |e: &Expected| if e.file == check.config { format!("line {}", e.line) } else { format!("{}:{}", e.file, e.line) };
        let rows = check.pairs.iter().take(most).map(|pair| {
            let expected = pair.expected.as_ref().map_or_else(|| NOT_IN_CONFIG.to_owned(), |e| format!("{} ({})", e.words(), place(e)));
            vec![pair.requests.to_string(), plain(&pair.failed).into_owned(), plain(&pair.target).into_owned(), plain(&expected).into_owned()]
        });
        if check.pairs.is_empty() {
            self.wrapped("No request that LiteLLM continued elsewhere names the group that failed.", "  ", DIM);
        } else {
            self.table(&["requests", "failed group", "refused by", "the config says"], &[0], rows.collect());
        }
        if let Some(words) = words::orphans(check) {
            self.wrapped(&plain(&words), "  ", DIM);
        }
    }

    fn breakdown(&mut self, report: &Report, by: GroupBy) {
        let breakdown = report.breakdown(by);
        let most = self.shown.top.unwrap_or(usize::MAX);
        self.title(&top(&format!("By {}", by.name()), breakdown.rows.len(), most));
        let rows = breakdown.rows.iter().take(most).map(|row| {
            let name = plain(row.name.as_deref().unwrap_or(NOT_NAMED)).into_owned();
            let [requests, counts @ ..] = [row.requests, row.mid_stream_fallback, row.client_prefill, row.unknown, row.failed].map(|n| n.to_string());
            [requests, name].into_iter().chain(counts).collect()
        });
        self.table(&["requests", by.name(), "mid-stream", "client", "unknown", "failed"], &[0, 2, 3, 4, 5], rows.collect());
    }

    /// What the policy says, where there is more to it than that anything was found.
    fn judgement(&mut self, report: &Report) {
        let Some(words) = words::judged(report) else { return };
        let style = if report.judgement.as_ref().is_some_and(|judgement| judgement.fails) { RED } else { DIM };
        self.line("");
        self.wrapped(&words, "", style);
    }

    /// Whom to tell: the keys and teams whose requests were hit, where the input names them.
    fn callers(&mut self, report: &Report) {
        for (what, counts) in [("keys", &report.summary.by_key), ("teams", &report.summary.by_team)] {
            if counts.is_empty() {
                continue;
            }
            self.wrapped(&plain(&words::foremost(counts, MOST_CALLERS)), &format!("  {what}: "), Style::new());
        }
    }

    fn models(&mut self, report: &Report) {
        let most = self.most_rows();
        self.title(&top("Who refused", report.models.len(), most));
        let name = |m: &ModelRow| plain(m.model_group.as_deref().or(m.model.as_deref()).unwrap_or(NOT_NAMED)).into_owned();
        let rows = report.models.iter().take(most).map(|m| {
            let counts = [m.requests, m.mid_stream_fallback, m.client_prefill, m.unknown].map(|n| n.to_string());
            let [requests, counts @ ..] = counts;
            [requests, name(m), m.provider.unwrap_or("-").to_owned()].into_iter().chain(counts).collect()
        });
        self.table(&["requests", "model group", "provider", "mid-stream", "client", "unknown"], &[0, 3, 4, 5], rows.collect());
        for problem in report.problems.iter().filter(|problem| matches!(problem.kind, ProblemKind::Contradicts(_))) {
            self.wrapped(&plain(&problem.to_string()), "  ", YELLOW);
        }
        self.neighbours(report);
    }

    /// What is taken for the rejection and is not, a line each.
    fn all_neighbours(&mut self, report: &Report) {
        for row in &report.neighbours {
            let known = row.neighbour;
            let fixed = known.fixed.map(|version| format!("; no more since LiteLLM {version}")).unwrap_or_default();
            let place = place(report, row);
            self.wrapped(&format!("Not counted: {} × {}: {} ({place}){fixed}.", row.count, known.id, known.title), "  ", DIM);
        }
    }

    /// What is taken for the rejection and is not: the most common in words, the others by their names.
    fn neighbours(&mut self, report: &Report) {
        if self.shown.incidents {
            return self.all_neighbours(report);
        }
        let Some((first, others)) = report.neighbours.split_first() else { return };
        let place = place(report, first);
        let most = self.shown.top.unwrap_or(MOST_NEIGHBOURS);
        let named = others.iter().take(most).map(|row| format!("{} {}", row.neighbour.id, row.count));
        let more = (others.len() > most).then(|| format!("+{} more", others.len() - most));
        let others: Vec<String> = named.chain(more).collect();
        let others = if others.is_empty() { ".".to_owned() } else { format!("; {} (see streamfall explain).", others.join(", ")) };
        self.wrapped(&format!("Not counted: {} × {} ({place}){others}", first.count, first.neighbour.title), "  ", DIM);
    }

    fn advice(&mut self, report: &Report) {
        self.title("What to change");
        let most = if self.shown.incidents { usize::MAX } else { MOST_KINDS };
        let mut kinds = 0;
        for (number, given) in report.advice.iter().enumerate() {
            kinds += usize::from(given.id.starts_with("failure_"));
            if kinds > most {
                break;
            }
            self.wrapped(&given.title, &format!("{:>5}  ", given.applies_to), Style::new());
            let shown = if self.shown.incidents { given.steps.len() } else { usize::from(number == 0) };
            for step in given.steps.iter().take(shown) {
                self.wrapped(step, "       - ", Style::new());
            }
        }
    }
}

/// Where a neighbour stands first; of one input alone, the line says it.
fn place(report: &Report, row: &NeighbourRow) -> String {
    let line = row.first.line;
    if report.inputs.len() == 1 { format!("line {line}") } else { format!("{}:{line}", plain(report.source(row.first))) }
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

/// A character for each step; what is not nothing is seen.
fn sparkline(timeline: &Timeline, most: u64) -> String {
    let highest = SPARKS.len() as u64 - 1;
    let spark = |requests: u64| match requests {
        0 => ' ',
        _ => SPARKS[usize::try_from((requests * highest).div_ceil(most.max(1))).unwrap_or_default().min(SPARKS.len() - 1)],
    };
    timeline.steps.iter().map(|step| spark(step.requests())).collect()
}
