//! Whether a part of a log is as it was written.
//!
//! A rule that rests on a record being *absent* (no other hop, no failed call, no other open call) is worth nothing where
//! records were lost. Lines do not get lost alone: a log that lost a head line lost lines of tracebacks nearby, too, and those
//! leave records whose structure is broken.

use super::groups::Groups;

/// How many facts around a place must be whole.
const NEIGHBOURS: usize = 8;

/// Whether all error records between two facts of a stream, and some around them, are whole.
pub(super) fn intact_between(groups: &Groups<'_>, first: usize, last: usize) -> bool {
    let stream = groups.nodes[first].stream();
    let from = first.saturating_sub(NEIGHBOURS);
    let to = (last + NEIGHBOURS + 1).min(groups.nodes.len());
    groups.nodes[from..to].iter().filter(|n| n.stream() == stream).all(|n| n.error().is_none_or(|error| error.whole))
}

/// Whether all error records of a stream are whole.
pub(super) fn intact_stream(groups: &Groups<'_>, stream: u32) -> bool {
    groups.nodes.iter().filter(|n| n.stream() == stream).all(|n| n.error().is_none_or(|error| error.whole))
}
