//! An incident: one client request that met at least one rejection, with all that its records say.

use serde::Serialize;

use super::request::Request;
use super::rules::Confidence;
use super::verdict::Verdict;
use crate::fact::{FactKind, Name, Output, Place};
use crate::knowledge::failure::{Category, Kind};

/// One client request that met at least one rejection.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub struct Incident {
    /// Whose fault it is.
    pub verdict: Verdict,
    /// How sure the verdict is; `None` with [`Verdict::Unknown`].
    pub confidence: Option<Confidence>,
    /// Whether a record of the incident proves the verdict, whatever was joined to it.
    pub proven_by_record: bool,
    /// The rules that spoke, and for `unknown` why none decides.
    pub because: Box<[&'static str]>,
    /// The client's request.
    pub request: Request,
    /// Place of the first record.
    pub place: Place,
    /// What became of the request for the client.
    pub outcome: Outcome,
    /// What broke the stream.
    pub stream_failure: Option<StreamFailure>,
    /// The targets tried or configured, in order.
    pub fallbacks: Box<[Name]>,
    /// The rejections, in order.
    pub rejections: Box<[IncidentRejection]>,
    /// The records it was made from.
    pub evidence: Box<[Evidence]>,
}

/// What became of a request for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The client got an error.
    Failed,
    /// A later target answered.
    Recovered,
    /// The input does not say.
    Unknown,
}

/// The failure that broke the stream before the fallback.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFailure {
    /// The group whose stream failed.
    pub model_group: Option<Name>,
    /// Its provider model.
    pub model: Option<Name>,
    /// LiteLLM's provider name.
    pub provider: Option<&'static str>,
    /// What kind of failure.
    pub kind: Kind,
    /// Where to look first.
    pub category: Option<Category>,
    /// LiteLLM's exception class.
    pub class: Option<Name>,
    /// The status that the class stands for.
    pub status: Option<u16>,
    /// The provider's words.
    pub message: Option<Name>,
}

/// One rejection.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentRejection {
    /// The provider's request id.
    pub request_id: Option<Name>,
    /// The group that refused.
    pub model_group: Option<Name>,
    /// Its provider model.
    pub model: Option<Name>,
    /// LiteLLM's provider name.
    pub provider: Option<&'static str>,
}

/// One record of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Where it stands.
    pub place: Place,
    /// Which stream it is of.
    pub stream: u32,
    /// To which output of its process it was written, where an envelope says so.
    pub output: Output,
    /// What sort of record it is.
    pub role: FactKind,
    /// The record's own words, if quotes were asked for.
    pub quote: Option<Box<str>>,
}

impl Incident {
    /// Where it stands among all incidents: by the time of its first record, then by its place.
    #[must_use]
    pub fn order(&self) -> (u64, Place) {
        (self.request.span.0, self.place)
    }
}

impl Outcome {
    /// The name in snake case, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Failed => "failed",
            Outcome::Recovered => "recovered",
            Outcome::Unknown => "unknown",
        }
    }
}

impl IncidentRejection {
    /// Who refused, by the best name that is known.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.model_group.as_deref().or(self.model.as_deref()).or(self.provider)
    }

    /// Takes over what another print of the same rejection knows.
    pub(super) fn add(&mut self, other: IncidentRejection) {
        self.model_group = self.model_group.take().or(other.model_group);
        self.model = self.model.take().or(other.model);
        self.provider = self.provider.or(other.provider);
    }
}
