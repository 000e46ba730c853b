//! The route of an incident, where a record tells it.

use super::assemble::Draft;
use crate::fact::Role;

impl Draft<'_, '_> {
    /// Route of the group: `chat`, `responses` or `messages`.
    pub(super) fn route(&self) -> Option<&'static str> {
        let by_role = self.errors().find_map(|error| match error.role {
            Role::ResponsesFallbackFailed => Some("responses"),
            Role::FallbackFailed => Some("chat"),
            Role::MessagesError => Some("messages"),
            _ => None,
        });
        by_role.or_else(|| self.errors().find_map(|error| error.chain.as_ref()?.route))
    }
}
