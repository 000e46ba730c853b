//! Failures of streams and fallbacks that are taken for the prefill rejection, and are not.

/// One such failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name.
    pub id: &'static str,
    /// What it is.
    pub title: &'static str,
}

/// A stream broke and its group has no fallback: `Fallback also failed … Available Model Group Fallbacks=None`.
pub const NO_FALLBACK: Neighbour = Neighbour { id: "no_fallback_configured", title: "a stream broke, its group has no fallback" };
/// A stream broke, its fallbacks were tried, and they failed for other reasons.
pub const OTHER_FAILURE: Neighbour = Neighbour { id: "fallback_failed_otherwise", title: "a stream broke, the fallback failed otherwise" };
