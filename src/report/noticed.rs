//! What facts tell besides incidents: versions, failures that are taken for this one, counters of metrics.
//!
//! It adds up, so that of facts that are let go on the way (an endless pipe) nothing is lost.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::NeighbourRow;
use crate::fact::{ErrorRecord, ErrorText, Fact, FactKind, Name, Place, Role, Statement};
use crate::knowledge::metric::Counter;
use crate::knowledge::neighbour::{self, Neighbour};
use crate::knowledge::version;

/// The records that end a chain whose stream broke, or a request.
const ENDS: [Role; 5] = [Role::FallbackFailed, Role::ResponsesFallbackFailed, Role::StreamError, Role::RequestError, Role::MessagesError];

/// What facts tell besides incidents.
#[derive(Debug, Clone, Default)]
pub struct Noticed {
    /// Versions that the inputs name.
    pub(super) versions: BTreeSet<Name>,
    /// Versions that the places of LiteLLM's records tell.
    pub(super) likely_versions: BTreeSet<&'static str>,
    /// Failures that are taken for this one.
    pub(super) neighbours: Vec<NeighbourRow>,
    /// Streams that broke and were not continued, by the log's stream: by design in some releases.
    pub(super) ended: BTreeMap<u32, NeighbourRow>,
    /// The release that each stream of a log shows by its line numbers.
    pub(super) releases: BTreeMap<u32, &'static str>,
    /// The last neighbour, and where its record ends: what stands directly behind it may be of the same request.
    last: Option<Last>,
    /// Sums of counters, by source and what they count.
    pub(super) counters: BTreeMap<(u32, Counter), u64>,
}

/// A record that shows a neighbour.
#[derive(Debug, Clone)]
struct Last {
    stream: u32,
    end: u64,
    text: Arc<ErrorText>,
    neighbour: &'static Neighbour,
}

impl Noticed {
    /// Whether the places of an incident's records of this role must be known: others are no neighbours anyway. A piece of a record has
    /// the record's place.
    #[must_use]
    pub fn asks_for(role: FactKind) -> bool {
        matches!(role, FactKind::Error(role) if role == Role::Fragment || ENDS.contains(&role))
    }

    /// Adds what facts tell; records of incidents, whose places are `known`, are no neighbours.
    pub fn add<'f>(&mut self, facts: impl IntoIterator<Item = &'f Fact>, known: &HashSet<Place>) {
        for fact in facts {
            match &fact.statement {
                Statement::Call(call) => self.versions.extend(call.version.clone()),
                Statement::Error(error) => {
                    self.add_version(fact.stream, error);
                    if !known.contains(&fact.place) {
                        self.add_error(fact, error);
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

    /// Takes in what the facts of the streams behind these tell.
    pub(crate) fn merge(&mut self, later: Noticed) {
        self.versions.extend(later.versions);
        self.likely_versions.extend(later.likely_versions);
        self.ended.extend(later.ended);
        self.releases.extend(later.releases);
        for row in later.neighbours {
            match self.neighbours.iter_mut().find(|known| known.neighbour == row.neighbour) {
                Some(known) => known.count += row.count,
                None => self.neighbours.push(row),
            }
        }
        for (counter, value) in later.counters {
            let sum = self.counters.entry(counter).or_default();
            *sum = sum.saturating_add(value);
        }
    }

    fn add_error(&mut self, fact: &Fact, error: &ErrorRecord) {
        let shown = neighbour_of(error);
        let directly = self.last.as_ref().filter(|last| last.stream == fact.stream && last.end == fact.line);
        let same = directly.filter(|last| error.role == Role::StreamError || last.text == error.text).map(|last| last.neighbour);
        match (same, shown) {
            // The level above tells the same once more, so there was a fallback; or the proxy does, and says what it was.
            (Some(before), Some(now)) => {
                self.take_back(before);
                self.add_neighbour(if error.role == Role::StreamError { now } else { neighbour::OTHER_FAILURE }, fact.place);
            }
            (None, Some(now)) => self.add_neighbour(now, fact.place),
            (None, None) if ends_a_stream(error) => {
                let row = NeighbourRow { neighbour: neighbour::NO_HOP_AFTER_CONTENT, count: 0, first: fact.place };
                self.ended.entry(fact.stream).or_insert(row).count += 1;
            }
            (_, None) => {}
        }
        self.last = shown.map(|neighbour| Last { stream: fact.stream, end: fact.line + fact.lines, text: error.text.clone(), neighbour });
    }

    fn add_version(&mut self, stream: u32, error: &ErrorRecord) {
        if let Some(attempt) = &error.attempt {
            self.versions.extend(attempt.version.clone());
        } else if let (Role::HopFailed, Some((file, line))) = (error.role, &error.origin)
            && let Some(version) = version::of_own_record(file, *line)
        {
            self.likely_versions.insert(version);
            self.releases.insert(stream, version);
        }
    }

    fn add_neighbour(&mut self, neighbour: &'static Neighbour, place: Place) {
        match self.neighbours.iter_mut().find(|row| row.neighbour == neighbour) {
            Some(row) => row.count += 1,
            None => self.neighbours.push(NeighbourRow { neighbour, count: 1, first: place }),
        }
    }

    fn take_back(&mut self, neighbour: &'static Neighbour) {
        if let Some(row) = self.neighbours.iter_mut().find(|row| row.neighbour == neighbour) {
            row.count -= 1;
        }
        self.neighbours.retain(|row| row.count > 0);
    }
}

/// Whether a record tells that a chat stream broke, and of no fallback; its traceback may speak of one that LiteLLM only thought of.
/// The records of other routes come from another file.
fn ends_a_stream(error: &ErrorRecord) -> bool {
    let is_chat = error.origin.as_ref().is_some_and(|(file, _)| &**file == "proxy_server.py");
    error.role == Role::StreamError && is_chat && !error.is_rejected() && !error.text.mid_stream
}

/// Whether a chain had but one target.
fn has_one_hop(error: &ErrorRecord) -> bool {
    let targets = error.text.levels.first().and_then(|level| level.fallbacks.as_ref()).map_or(0, |targets| targets.len());
    targets <= 1 && error.text.levels.len() <= 2
}

/// The neighbour that a record shows: the end of a chain, or of a request, without any rejection.
fn neighbour_of(error: &ErrorRecord) -> Option<&'static Neighbour> {
    if error.is_rejected() {
        return None;
    }
    let no_targets = error.text.levels.first().is_some_and(|level| level.fallbacks.as_ref().is_some_and(|targets| targets.is_empty()));
    match error.role {
        Role::FallbackFailed | Role::ResponsesFallbackFailed if error.text.mid_stream && no_targets => Some(neighbour::NO_FALLBACK),
        // Of several hops, one may have met the rejection, and is an incident.
        Role::FallbackFailed | Role::ResponsesFallbackFailed if error.text.mid_stream && has_one_hop(error) => Some(neighbour::OTHER_FAILURE),
        // What the client got: the Router's records of the same request say it before, once for each attempt.
        Role::StreamError | Role::RequestError | Role::MessagesError => error.text.neighbour,
        _ => None,
    }
}
