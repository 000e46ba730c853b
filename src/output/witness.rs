//! Which record of an incident shows a step of its chain: formats that point at lines need one place for each.
//!
//! Quotes decide nothing here, so what is pointed at does not depend on which other formats are written in the same run.

use super::words::StepSort;
use crate::fact::{FactKind, Place, Role};
use crate::link::{Incident, Verdict};

/// Records that tell of the broken stream and of what LiteLLM did then, the plainest first.
const BROKEN: [Role; 8] = [
    Role::FallbackFailed,
    Role::ResponsesFallbackFailed,
    Role::StreamError,
    Role::Payload,
    Role::SpendLog,
    Role::Span,
    Role::Generation,
    Role::ClientError,
];
/// Records of a rejection itself.
const REFUSED: [Role; 8] =
    [Role::HopFailed, Role::CallFailed, Role::RequestError, Role::MessagesError, Role::Payload, Role::SpendLog, Role::Span, Role::ClientError];
/// Records of what the client got.
const ENDED: [Role; 4] = [Role::StreamError, Role::RequestError, Role::MessagesError, Role::ClientError];

/// Where a step is shown.
pub(super) fn of(incident: &Incident, sort: StepSort) -> Place {
    let roles: &[Role] = match sort {
        StepSort::Failure => &BROKEN,
        StepSort::Sent if incident.verdict == Verdict::MidStreamFallback => &BROKEN,
        StepSort::Sent | StepSort::Rejection => &REFUSED,
        StepSort::End => &ENDED,
    };
    let record = roles.iter().find_map(|role| incident.evidence.iter().find(|evidence| evidence.role == FactKind::Error(*role)));
    record.or(incident.evidence.first()).map_or(incident.place, |evidence| evidence.place)
}

/// Where most of the incident is shown: the broken stream if LiteLLM went on from there, else the rejection.
pub(super) fn clearest(incident: &Incident) -> Place {
    of(incident, if incident.verdict == Verdict::MidStreamFallback { StepSort::Failure } else { StepSort::Rejection })
}
