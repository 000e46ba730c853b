//! What facts tell besides incidents: versions, failures that are taken for this one, counters of metrics.
//!
//! It adds up, so that of facts that are let go on the way (an endless pipe) nothing is lost.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::NeighbourRow;
use crate::fact::{ErrorRecord, Fact, Place, Role, Statement};
use crate::knowledge::metric::Counter;
use crate::knowledge::neighbour::{self, Neighbour};
use crate::knowledge::version;

/// The records that end a chain whose stream broke, or a request.
const ENDS: [Role; 5] = [Role::FallbackFailed, Role::ResponsesFallbackFailed, Role::StreamError, Role::RequestError, Role::MessagesError];

/// What facts tell besides incidents.
#[derive(Debug, Clone, Default)]
pub struct Noticed {
    /// Versions that the inputs name.
    pub(super) versions: BTreeSet<String>,
    /// Versions that the places of LiteLLM's records tell.
    pub(super) likely_versions: BTreeSet<String>,
    /// Failures that are taken for this one.
    pub(super) neighbours: Vec<NeighbourRow>,
    /// Streams that broke and were not continued: by design in some releases.
    pub(super) ended: Option<NeighbourRow>,
    /// Sums of counters, by source and what they count.
    pub(super) counters: BTreeMap<(u32, Counter), u64>,
}

impl Noticed {
    /// Whether the places of an incident's records of this role must be known: others are no neighbours anyway. A piece of a record has
    /// the record's place.
    #[must_use]
    pub fn asks_for(role: &str) -> bool {
        ENDS.iter().chain([&Role::Fragment]).any(|asked| asked.name() == role)
    }

    /// Adds what facts tell; records of incidents, whose places are `known`, are no neighbours.
    pub fn add<'f>(&mut self, facts: impl IntoIterator<Item = &'f Fact>, known: &HashSet<Place>) {
        for fact in facts {
            match &fact.statement {
                Statement::Call(call) => self.versions.extend(call.version.clone()),
                Statement::Error(error) => {
                    self.add_version(error);
                    if let Some(neighbour) = neighbour_of(error).filter(|_| !known.contains(&fact.place)) {
                        self.add_neighbour(neighbour, fact.place);
                    } else if ends_a_stream(error) && !known.contains(&fact.place) {
                        self.ended.get_or_insert(NeighbourRow { neighbour: neighbour::NO_HOP_AFTER_CONTENT, count: 0, first: fact.place }).count += 1;
                    }
                }
                Statement::Counted(sample) => {
                    let sum = self.counters.entry((fact.place.source, sample.counter)).or_default();
                    *sum = sum.saturating_add(sample.value);
                }
                _ => {}
            }
        }
    }

    fn add_version(&mut self, error: &ErrorRecord) {
        if let Some(attempt) = &error.attempt {
            self.versions.extend(attempt.version.clone());
        } else if let (Role::HopFailed, Some((file, line))) = (error.role, &error.origin)
            && let Some(version) = version::of_own_record(file, *line).filter(|version| !self.likely_versions.contains(*version))
        {
            self.likely_versions.insert(version.to_owned());
        }
    }

    fn add_neighbour(&mut self, neighbour: &'static Neighbour, place: Place) {
        match self.neighbours.iter_mut().find(|row| row.neighbour == neighbour) {
            Some(row) => row.count += 1,
            None => self.neighbours.push(NeighbourRow { neighbour, count: 1, first: place }),
        }
    }
}

/// Whether a record tells that a stream broke, and of no fallback.
fn ends_a_stream(error: &ErrorRecord) -> bool {
    error.role == Role::StreamError && error.rejections().is_empty() && !error.texts().any(|text| text.mid_stream)
}

/// The neighbour that a record shows: the end of a chain, or of a request, without any rejection.
fn neighbour_of(error: &ErrorRecord) -> Option<&'static Neighbour> {
    if !error.rejections().is_empty() {
        return None;
    }
    let no_targets = error.text.levels.first().is_some_and(|level| level.fallbacks.as_ref().is_some_and(|targets| targets.is_empty()));
    match error.role {
        Role::FallbackFailed | Role::ResponsesFallbackFailed if error.text.mid_stream && no_targets => Some(neighbour::NO_FALLBACK),
        Role::FallbackFailed | Role::ResponsesFallbackFailed if error.text.mid_stream => Some(neighbour::OTHER_FAILURE),
        // What the client got: the Router's records of the same request say it before, once for each attempt.
        Role::StreamError | Role::RequestError | Role::MessagesError => error.text.neighbour,
        _ => None,
    }
}
