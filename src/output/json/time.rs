//! Times as the contract has them.

use crate::record::Time;

/// The contract's time: RFC 3339 where the instant is known, `HH:MM:SS` where the log has no date. A date without a zone is
/// neither, so it stands in the `_local` field alone.
pub(super) fn contract_time(time: Option<Time>) -> Option<String> {
    time.filter(|t| t.utc || t.date.is_none()).map(|t| t.to_string())
}

pub(super) fn local_time(time: Option<Time>) -> Option<String> {
    time.filter(|t| !t.utc).map(|t| t.to_string())
}
