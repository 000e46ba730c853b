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
#[derive(Debug)]
pub(super) struct Print {
    /// The group that refused.
    group: Option<Name>,
    /// The ids of the record's other rejections.
    ids: Box<[Name]>,
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

#[derive(Debug)]
struct Open {
    node: usize,
    group: Option<Name>,
    ids: Vec<Name>,
    stage: Stage,
}

/// Joins the records of each rejection that has no id.
pub(super) fn join(groups: &mut Groups<'_>) {
    let mut open: Vec<Open> = Vec::new();
    for index in 0..groups.nodes.len() {
        let Some(print) = groups.nodes[index].idless() else { continue };
        let (group, stage, ids) = (print.group.clone(), print.stage, print.ids.clone());
        let (stream, at) = (groups.nodes[index].stream, groups.nodes[index].at);
        open.retain(|o| groups.nodes[o.node].stream == stream && groups.nodes[o.node].at.abs_diff(at) <= WINDOW);
        let fits = |o: &Open| {
            let same_group = o.group == group || (stage == Stage::Closed && (o.group.is_none() || group.is_none()));
            let same_request = o.ids.is_empty() || ids.is_empty() || o.ids.iter().any(|id| ids.contains(id));
            o.stage < stage && same_group && same_request
        };
        if open.len() > MOST_OPEN {
            open.remove(0);
        }
        // The level above comes directly before the end of a chain; a hop that was refused outright has none.
        let best = open.iter().enumerate().filter(|(_, o)| fits(o)).max_by_key(|(_, o)| (o.stage, o.node)).map(|(i, _)| i);
        match best.filter(|_| stage != Stage::Hop) {
            Some(i) => {
                groups.union(open[i].node, index);
                if stage == Stage::Closed {
                    open.remove(i);
                } else {
                    open[i].stage = stage;
                    open[i].node = index;
                    open[i].ids.extend(ids);
                }
            }
            None if stage != Stage::Closed => open.push(Open { node: index, group, ids: ids.into(), stage }),
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
