//! What facts tell besides incidents: versions, failures that are taken for this one, counters of metrics.
//!
//! It adds up, so that of facts that are let go on the way (an endless pipe) nothing is lost.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

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

/// What one fact tells, whatever stands before it.
#[derive(Default)]
struct Told<'f> {
    version: Option<&'f Name>,
    likely_version: Option<&'static str>,
    /// Whether it is of an incident.
    is_known: bool,
    neighbour: Option<&'static Neighbour>,
    ends_a_stream: bool,
}

impl<'f> Told<'f> {
    fn by(fact: &'f Fact, known: &HashSet<Place>) -> Told<'f> {
        let error = match &fact.statement {
            Statement::Call(call) => return Told { version: call.version.as_ref(), ..Told::default() },
            Statement::Error(error) => error,
            _ => return Told::default(),
        };
        let is_known = known.contains(&fact.place);
        let neighbour = if is_known { None } else { neighbour_of(error) };
        Told {
            version: error.attempt.as_ref().and_then(|attempt| attempt.version.as_ref()),
            likely_version: likely_version(error),
            is_known,
            neighbour,
            ends_a_stream: !is_known && neighbour.is_none() && ends_a_stream(error),
        }
    }
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
            self.add_fact(fact, &Told::by(fact, known));
        }
    }

    /// The same, of many facts, by the pool that this is called in.
    pub(crate) fn add_many(&mut self, facts: &[Fact], known: &HashSet<Place>) {
        let told: Vec<Told<'_>> = facts.par_iter().map(|fact| Told::by(fact, known)).collect();
        facts.iter().zip(&told).for_each(|(fact, told)| self.add_fact(fact, told));
    }

    fn add_fact(&mut self, fact: &Fact, told: &Told<'_>) {
        // Nearly all name the same one.
        if let Some(version) = told.version.filter(|version| !self.versions.contains(*version)) {
            self.versions.insert(version.clone());
        }
        if let Some(version) = told.likely_version {
            self.likely_versions.insert(version);
            self.releases.insert(fact.stream, version);
        }
        match &fact.statement {
            Statement::Error(error) if !told.is_known => self.add_error(fact, error, told),
            Statement::Counted(sample) => {
                let sum = self.counters.entry((fact.place.source, sample.counter)).or_default();
                *sum = sum.saturating_add(sample.value);
            }
            _ => {}
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

    fn add_error(&mut self, fact: &Fact, error: &ErrorRecord, told: &Told<'_>) {
        let shown = told.neighbour;
        let directly = self.last.as_ref().filter(|last| last.stream == fact.stream && last.end == fact.line);
        let same = directly.filter(|last| error.role == Role::StreamError || last.text == error.text).map(|last| last.neighbour);
        match (same, shown) {
            // The level above tells the same once more, so there was a fallback; or the proxy does, and says what it was.
            (Some(before), Some(now)) => {
                self.take_back(before);
                self.add_neighbour(if error.role == Role::StreamError { now } else { neighbour::OTHER_FAILURE }, fact.place);
            }
            (None, Some(now)) => self.add_neighbour(now, fact.place),
            (None, None) if told.ends_a_stream => {
                let row = NeighbourRow { neighbour: neighbour::NO_HOP_AFTER_CONTENT, count: 0, first: fact.place };
                self.ended.entry(fact.stream).or_insert(row).count += 1;
            }
            (_, None) => {}
        }
        self.last = shown.map(|neighbour| Last { stream: fact.stream, end: fact.line + fact.lines, text: error.text.clone(), neighbour });
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

/// The version that a record's place in LiteLLM's source tells.
fn likely_version(error: &ErrorRecord) -> Option<&'static str> {
    let (file, line) = error.origin.as_ref().filter(|_| error.role == Role::HopFailed && error.attempt.is_none())?;
    version::of_own_record(file, *line)
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
