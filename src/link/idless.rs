//! Joins the records of rejections that have no provider request id (Bedrock, most gateways).
//!
//! Each such rejection is printed by the hop's own record, by the record of the level above, by the record that ends the chain
//! and by the proxy's. Their texts are the same for every request, so they are matched in order: each record takes the most
//! recent open chain to the same group that has come as far as the record needs. Requests that cross in the same instant may
//! swap records; their number stays right. Records whose other rejections have different ids are never joined.

use super::groups::Groups;
use crate::fact::{ErrorRecord, Name, Refused, Role};

const WINDOW: u64 = 2_000_000;
/// Chains that are kept open at a time; more are a storm in which order tells nothing.
const MOST_OPEN: usize = 5_000;

/// How far a chain's records have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Hop,
    LevelUp,
    FallbackFailed,
    Closed,
}

/// One record's print of a rejection without an id.
#[derive(Debug, Clone)]
pub(super) struct Print {
    /// The group that refused.
    group: Option<Name>,
    /// The ids of the record's other rejections.
    ids: Vec<Name>,
    stage: Stage,
}

impl Print {
    /// What a record prints whose innermost rejection has no id.
    pub(super) fn of(error: &ErrorRecord, rejections: &[Refused<'_>]) -> Option<Print> {
        let group = rejections.last()?.group.cloned();
        let ids = rejections.iter().filter_map(|refused| refused.request_id.cloned()).collect();
        Some(Print { group, ids, stage: stage(error)? })
    }
}

/// A chain of which more records may come, with all that they have printed.
#[derive(Debug)]
struct Open {
    node: usize,
    printed: Print,
}

impl Open {
    /// Whether a record may be of this chain.
    fn may_go_on_with(&self, print: &Print) -> bool {
        let Print { group, ids, stage } = &self.printed;
        let same_group = *group == print.group || (print.stage == Stage::Closed && (group.is_none() || print.group.is_none()));
        let same_request = ids.is_empty() || print.ids.is_empty() || ids.iter().any(|id| print.ids.contains(id));
        *stage < print.stage && same_group && same_request
    }
}

/// Joins the records of each rejection that has no id.
pub(super) fn join(groups: &mut Groups<'_>) {
    let mut open: Vec<Open> = Vec::new();
    for index in 0..groups.nodes.len() {
        let node = &groups.nodes[index];
        let Some(print) = node.idless().cloned() else { continue };
        let (stream, at) = (node.stream, node.at);
        open.retain(|o| groups.nodes[o.node].stream == stream && groups.nodes[o.node].at.abs_diff(at) <= WINDOW);
        if open.len() > MOST_OPEN {
            open.remove(0);
        }
        // The level above comes directly before the end of a chain; a hop that was refused outright has none.
        let fitting = open.iter().enumerate().filter(|(_, o)| o.may_go_on_with(&print));
        let best = fitting.max_by_key(|(_, o)| (o.printed.stage, o.node)).map(|(i, _)| i);
        match best.filter(|_| print.stage != Stage::Hop) {
            Some(i) => {
                groups.union(open[i].node, index);
                if print.stage == Stage::Closed {
                    open.remove(i);
                } else {
                    open[i].node = index;
                    open[i].printed.stage = print.stage;
                    open[i].printed.ids.extend(print.ids);
                }
            }
            None if print.stage != Stage::Closed => open.push(Open { node: index, printed: print }),
            None => {}
        }
    }
}

fn stage(error: &ErrorRecord) -> Option<Stage> {
    Some(match error.role {
        Role::HopFailed if error.text.levels.len() == 1 => Stage::Hop,
        Role::HopFailed => Stage::LevelUp,
        Role::FallbackFailed | Role::ResponsesFallbackFailed => Stage::FallbackFailed,
        Role::StreamError | Role::RequestError | Role::MessagesError => Stage::Closed,
        _ => return None,
    })
}
