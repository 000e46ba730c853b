//! How a sort of incident stands with the policy: formats for CI call an error what makes the run fail, and nothing else.

use super::{Group, Report};

/// How a sort of incident stands with the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It counts, and its verdict is over its limit.
    Forbidden,
    /// It does not count, or its verdict is within its limit.
    Allowed,
    /// The baseline has it.
    Known,
}

impl Report {
    /// How incidents of this sort stand with the policy; without one, all are forbidden.
    #[must_use]
    pub fn standing(&self, group: &Group<'_>) -> Standing {
        let Some(judgement) = &self.judgement else { return Standing::Forbidden };
        let fingerprint = group.fingerprint();
        match judgement.over.contains(&group.verdict()) && judgement.fingerprints.contains(fingerprint) {
            _ if judgement.in_baseline.contains(fingerprint) => Standing::Known,
            true => Standing::Forbidden,
            false => Standing::Allowed,
        }
    }
}
