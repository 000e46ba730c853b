//! Whether a part of a log is as it was written.
//!
//! A rule that rests on a record being *absent* (no other hop, no failed call, no other open call) is worth nothing where
//! records were lost. Lines do not get lost alone: a log that lost a head line lost lines of tracebacks nearby, too, and those
//! leave records whose structure is broken.

use super::groups::{Groups, Node};
use crate::fact::Statement;

/// How many facts around a place must be whole.
const NEIGHBOURS: usize = 8;
/// How many lines other threads may write between two records that belong together; at DEBUG they write many.
const NOTE_LINES: u64 = 40;
/// How many pairs of lines must have been seen to hold.
const ENOUGH_PAIRS: usize = 20;

/// Whether all error records between two facts, and some around them, are whole.
pub(super) fn intact_between(groups: &Groups<'_>, first: usize, last: usize) -> bool {
    let from = first.saturating_sub(NEIGHBOURS);
    let to = (last + NEIGHBOURS + 1).min(groups.nodes.len());
    groups.damaged_before[from] == groups.damaged_before[to]
}

/// Whether all error records of a stream are whole.
fn intact_stream(groups: &Groups<'_>, stream: u32) -> bool {
    groups.nodes.iter().filter(|n| n.stream() == stream).all(|n| n.error().is_none_or(|error| error.whole))
}

/// Whether a stream at INFO or DEBUG level stands as one worker wrote it: nothing is awaited between `Trying to fallback b/w
/// models` and what comes of it, so only another process, a lost line or one out of order can come between them.
pub(super) fn one_worker(groups: &Groups<'_>, stream: u32) -> bool {
    let nodes: Vec<&Node<'_>> = groups.nodes.iter().filter(|n| n.stream() == stream).collect();
    let mut pairs = 0;
    for pair in nodes.windows(2).filter(|pair| matches!(pair[0].fact.statement, Statement::HopTried)) {
        let gap = pair[1].place().line.saturating_sub(pair[0].place().line + pair[0].fact.lines);
        if !matches!(pair[1].fact.statement, Statement::HopStarted { .. } | Statement::NoHop) || gap > NOTE_LINES {
            return false;
        }
        pairs += 1;
    }
    pairs >= ENOUGH_PAIRS && intact_stream(groups, stream)
}
