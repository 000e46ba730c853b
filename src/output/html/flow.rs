//! The ways of the requests as a picture: what failed first, by what, who refused, and what became of them. Widths are requests.
//!
//! Four columns of nodes, and ribbons between neighbours. A ribbon has the colour of its verdict, and so have the nodes of the first
//! two columns, which are of one verdict each.

use std::collections::BTreeMap;

use super::{counted, grouped, named, tone};
use crate::link::{Outcome, Verdict};
use crate::report::{Report, Way};

/// What a request came from where no stream broke, and where that is not known.
pub(super) const FROM_CLIENT: &str = "the client";
pub(super) const NOT_TOLD: &str = "not to be told";
/// Nodes of a column; what is left are "others".
const MOST_NODES: usize = 7;
/// Columns of nodes.
const COLUMNS: usize = 4;
/// The width of a node; the picture is 1000 wide.
const NODE: f64 = 10.0;
/// Where the columns begin; the labels of the last stand left of it.
const LEFT: [f64; COLUMNS] = [0.0, 290.0, 570.0, 990.0];
/// What the columns are.
pub(super) const HEADS: [&str; COLUMNS] = ["What failed first", "By what", "First refused by", "For the client"];
/// What each node has at least, for its label, and what is free below it.
const SLOT: f64 = 20.0;
const FREE: f64 = 12.0;
/// What all requests together are high.
const BODY: f64 = 210.0;
/// What of a ribbon is seen at least.
const LEAST: f64 = 1.0;
/// Characters of a label.
const MOST_CHARS: usize = 30;

/// The picture, and the rows that it shows.
pub(super) struct Flow<'r> {
    pub(super) ways: Vec<Way<'r>>,
    pub(super) nodes: Vec<Node>,
    pub(super) ribbons: Vec<Ribbon>,
    pub(super) height: f64,
}

/// A node.
pub(super) struct Node {
    pub(super) tone: &'static str,
    pub(super) label: String,
    pub(super) title: String,
    pub(super) requests: String,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) height: f64,
    /// Whether its label stands left of it.
    pub(super) is_last: bool,
}

impl Node {
    /// Where its label stands: in its middle, or beside its upper edge where it is high.
    pub(super) fn label_y(&self) -> f64 {
        const BASELINE: f64 = 4.5;
        self.y + self.height.min(2.0 * SLOT) / 2.0 + BASELINE
    }
}

/// What goes from a node to one of the next column.
pub(super) struct Ribbon {
    pub(super) tone: &'static str,
    pub(super) path: String,
    pub(super) title: String,
}

/// What a node is of: its verdict, if it is of one, whether it stands for what is left, and its name. In the order in which equals stand.
type Name = (Option<Verdict>, bool, String);

/// The nodes of a column by name, each with its index and requests, in the order in which they stand.
type Placed = Vec<(Name, u64)>;

impl<'r> Flow<'r> {
    pub(super) fn of(report: &'r Report) -> Option<Flow<'r>> {
        let ways = report.ways();
        let total: u64 = ways.iter().map(|way| way.requests).sum();
        if total == 0 {
            return None;
        }
        let columns: [Placed; COLUMNS] = std::array::from_fn(|column| placed(&ways, column));
        let scale = BODY / total as f64;
        let mut nodes: Vec<Vec<Node>> = columns.iter().enumerate().map(|(column, placed)| drawn(column, placed, scale)).collect();
        let height = nodes.iter().map(|column| low(column)).fold(0.0, f64::max);
        for column in &mut nodes {
            centre(column, height);
        }
        let ribbons = (1..COLUMNS).flat_map(|to| ribbons(&ways, &columns, &nodes, to, scale)).collect();
        Some(Flow { nodes: nodes.into_iter().flatten().collect(), ribbons, ways, height })
    }

    /// The words above the columns, and where they stand.
    pub(super) fn heads() -> impl Iterator<Item = (&'static str, f64)> {
        HEADS.into_iter().zip(LEFT)
    }
}

/// What a way is called in a column.
pub(super) fn name(way: &Way<'_>, column: usize) -> Name {
    let (verdict, name) = match (column, way.verdict) {
        (0, Verdict::MidStreamFallback) => (Some(way.verdict), named(way.failed_group)),
        (0, Verdict::ClientPrefill) => (Some(way.verdict), FROM_CLIENT),
        (1, Verdict::MidStreamFallback) => (Some(way.verdict), way.kind.map_or("unknown", crate::knowledge::failure::Kind::name)),
        (1, Verdict::ClientPrefill) => (Some(way.verdict), "its own prefill"),
        (0 | 1, Verdict::Unknown) => (Some(way.verdict), NOT_TOLD),
        (2, _) => (None, named(way.refused_by)),
        _ => (None, ended(way.outcome)),
    };
    (verdict, false, name.to_owned())
}

fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Failed => "failed",
        Outcome::Recovered => "recovered",
        Outcome::Unknown => "ended unseen",
    }
}

/// The nodes of a column: by verdict, the largest first, the others last.
fn placed(ways: &[Way<'_>], column: usize) -> Placed {
    let mut counts: BTreeMap<Name, u64> = BTreeMap::new();
    for way in ways {
        *counts.entry(name(way, column)).or_default() += way.requests;
    }
    let mut nodes: Placed = counts.into_iter().collect();
    // Only mid-stream fallbacks, and who refused, are of many names.
    nodes.sort_by_key(|((verdict, ..), n)| (is_single(*verdict), std::cmp::Reverse(*n)));
    let (single, mut many): (Placed, Placed) = nodes.into_iter().partition(|((verdict, ..), _)| is_single(*verdict));
    let room = MOST_NODES - single.len();
    if many.len() > room {
        let rest = many.split_off(room - 1);
        let verdict = rest.first().and_then(|((verdict, ..), _)| *verdict);
        many.push(((verdict, true, format!("{} others", rest.len())), rest.iter().map(|(_, n)| n).sum()));
    }
    many.into_iter().chain(single).collect()
}

/// Whether a verdict has but one node in a column.
fn is_single(verdict: Option<Verdict>) -> bool {
    matches!(verdict, Some(Verdict::ClientPrefill | Verdict::Unknown))
}

fn drawn(column: usize, placed: &Placed, scale: f64) -> Vec<Node> {
    let mut y = 0.0;
    let node = |((verdict, _, name), n): &(Name, u64)| {
        let height = (*n as f64 * scale).max(LEAST);
        let node = Node {
            tone: verdict.map_or("plain", tone),
            label: short(name),
            title: format!("{name}: {}", counted(*n, "request")),
            requests: grouped(*n),
            x: LEFT[column],
            y,
            height,
            is_last: column + 1 == COLUMNS,
        };
        y += height.max(SLOT) + FREE;
        node
    };
    placed.iter().map(node).collect()
}

/// Where a column ends.
fn low(nodes: &[Node]) -> f64 {
    nodes.last().map_or(0.0, |last| last.y + last.height.max(SLOT))
}

/// Moves a column to the middle of the picture.
fn centre(nodes: &mut [Node], height: f64) {
    let down = (height - low(nodes)) / 2.0;
    for node in nodes {
        node.y += down;
    }
}

fn short(name: &str) -> String {
    match name.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// The ribbons that end in a column. At each node those that go up stand above those that go down, so that they cross least.
fn ribbons(ways: &[Way<'_>], columns: &[Placed; COLUMNS], nodes: &[Vec<Node>], to: usize, scale: f64) -> Vec<Ribbon> {
    let from = to - 1;
    let index: [BTreeMap<&Name, usize>; 2] = [from, to].map(|column| columns[column].iter().zip(0..).map(|((name, _), at)| (name, at)).collect());
    let place = |side: usize, way: &Way<'_>| {
        let column = [from, to][side];
        index[side].get(&name(way, column)).copied().or_else(|| columns[column].iter().position(|((_, is_rest, _), _)| *is_rest)).unwrap_or_default()
    };
    let mut links: BTreeMap<(usize, usize, Verdict), u64> = BTreeMap::new();
    for way in ways {
        *links.entry((place(0, way), place(1, way), way.verdict)).or_default() += way.requests;
    }
    let mut left = vec![0.0; columns[from].len()];
    let mut right = vec![0.0; columns[to].len()];
    // In the order of what they come from: what they go to then fills from above as well.
    let ribbon = |((a, b, verdict), n): ((usize, usize, Verdict), u64)| {
        let height = n as f64 * scale;
        let (start, end) = (&nodes[from][a], &nodes[to][b]);
        let path = path(start.x + NODE, start.y + left[a], end.x, end.y + right[b], height.max(LEAST));
        left[a] += height;
        right[b] += height;
        Ribbon { tone: tone(verdict), path, title: format!("{} → {}: {}", columns[from][a].0.2, columns[to][b].0.2, counted(n, "request")) }
    };
    links.into_iter().map(ribbon).collect()
}

/// A ribbon from one upper edge to another.
fn path(x0: f64, y0: f64, x1: f64, y1: f64, height: f64) -> String {
    let middle = f64::midpoint(x0, x1);
    let (low0, low1) = (y0 + height, y1 + height);
    format!(
        "M{x0:.1} {y0:.1}C{middle:.1} {y0:.1} {middle:.1} {y1:.1} {x1:.1} {y1:.1}V{low1:.1}C{middle:.1} {low1:.1} {middle:.1} {low0:.1} {x0:.1} {low0:.1}Z"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_ones_are_others_and_no_request_is_lost() {
        let groups: Vec<String> = (0..12).map(|n| format!("group-{n:02}")).collect();
        let way = |verdict, failed_group, requests| {
            let kind = Some(crate::knowledge::failure::Kind::Overloaded);
            Way { verdict, failed_group, kind, refused_by: None, outcome: Outcome::Failed, requests }
        };
        let mut ways: Vec<Way<'_>> = groups.iter().zip(1..).map(|(group, n)| way(Verdict::MidStreamFallback, Some(group.as_str()), n)).collect();
        ways.push(way(Verdict::ClientPrefill, None, 500));
        let column = placed(&ways, 0);
        let names: Vec<&str> = column.iter().map(|((.., name), _)| name.as_str()).collect();
        assert_eq!(names, ["group-11", "group-10", "group-09", "group-08", "group-07", "7 others", FROM_CLIENT]);
        assert_eq!(column.iter().map(|(_, n)| n).sum::<u64>(), ways.iter().map(|way| way.requests).sum::<u64>());
    }
}
