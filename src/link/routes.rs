//! The route of an incident, where a record tells it.

use super::groups::Groups;
use super::summary::Summary;
use crate::fact::Role;

/// Route of the group: `chat`, `responses` or `messages`.
pub(super) fn of(groups: &Groups<'_>, summary: &Summary) -> Option<&'static str> {
    let errors = || summary.nodes.iter().filter_map(|&n| groups.nodes[n].error());
    let by_role = errors().find_map(|error| match error.role {
        Role::ResponsesFallbackFailed => Some("responses"),
        Role::FallbackFailed => Some("chat"),
        Role::MessagesError => Some("messages"),
        _ => None,
    });
    by_role.or_else(|| errors().find_map(|error| error.chain.as_ref()?.route))
}
