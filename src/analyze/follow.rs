//! `--follow`: an endless pipe. Each incident is given as soon as it is settled, and never revised.
//!
//! What is linked is a window that moves on: the facts of the last minute. An incident is settled when nothing more of it can be
//! expected: for a proven one a moment after its last record, for an inferred one when its window has closed.

use std::collections::{HashMap, HashSet};
use std::io;
use std::time::{Duration, Instant};

use super::gathered::Gathered;
use super::{AnalyzeError, Options, Run};
use rayon::ThreadPoolBuilder;

use crate::fact::{Fact, Name, Place};
use crate::link::{self, Incident, Outcome};
use crate::report::{InputsRead, Names, Noticed, Report, Windowed};
use crate::stream::{Clock, Completion};

/// How long after its last record a proven incident is settled that was told to the client. With the silences of the reader it stays below a second.
const PROVEN: Duration = Duration::from_millis(250);
/// How long after its last record any other is: rules by order look two seconds back, and a text log's seconds are whole ones.
const INFERRED: Duration = Duration::from_millis(3_500);
/// How far the log's own time must have gone on behind it instead, in microseconds: a log may be piped in faster than it was written.
const LOG_TIME: u64 = 5_000_000;
/// How long facts are kept, and how far the log's own time goes on meanwhile.
const KEPT: Duration = Duration::from_mins(1);
const KEPT_LOG_TIME: u64 = 60_000_000;
/// How many facts are kept at most; half of them go if there are more.
const MOST_FACTS: usize = 40_000;

/// How often what is settled is asked for.
const TICK: Duration = Duration::from_millis(50);

/// Shows one settled incident, as a report on nothing else.
pub type Show<'s> = dyn FnMut(&Report) -> io::Result<()> + 's;

/// Reads stdin for as long as it lasts, or until a stop is asked for, and shows each incident as it is settled; then reports on all.
///
/// # Errors
///
/// If the machinery cannot be started, or `show` fails.
pub fn follow(options: Options<'_>, show: &mut Show<'_>) -> Result<Report, FollowError> {
    let (completion, mut options) = (options.completion.clone(), options);
    let inputs = super::labelled(&[], &mut options);
    let workers = super::workers(&options)?;
    let mut run = Run::start(&inputs, &mut options, &workers, true)?;
    // Workers wait until what they found is taken, so who takes it may not wait for them.
    let linker = ThreadPoolBuilder::new().num_threads(1).build().map_err(AnalyzeError::from)?;
    let mut gathered = Gathered::new(&inputs, None, options.wanted);
    let mut feed = Feed { completion, ..Feed::default() };
    let (mut follower, mut shown) = (Follower::default(), Vec::new());
    let mut next = Instant::now();
    loop {
        let goes_on = run.next_event(&mut gathered, TICK);
        gathered.stopped |= goes_on.is_none() || options.stop.is_some_and(|stop| stop());
        let ends = gathered.stopped || goes_on == Some(false) || options.end.is_some_and(|end| end());
        if ends {
            // What has been read counts.
            run.stop();
            while run.is_searching() && run.next_event(&mut gathered, TICK).is_some() {}
        }
        if ends || Instant::now() >= next {
            follower.add(feed.take_new(&mut gathered, ends), Instant::now());
            follower.caught_up = run.is_caught_up();
            for incident in linker.install(|| follower.settle(Instant::now(), ends)) {
                let (noticed, names, of) = (Noticed::default(), feed.names(&gathered), vec![incident.clone()]);
                show(&linker.install(|| Report::new(of, noticed, names, Windowed::default(), InputsRead::default(), options.secrets)))?;
                shown.push(incident);
            }
            // Linking takes at most half of the time.
            next = Instant::now() + TICK.max(next.elapsed());
        }
        if let Some(progress) = &mut options.progress {
            progress(run.progress());
        }
        if ends {
            break;
        }
    }
    run.stop();
    shown.sort_by_key(|incident| incident.order());
    let names = feed.names(&gathered);
    let read = gathered.into_inputs(&inputs, &feed.stated);
    Ok(linker.install(|| Report::new(shown, follower.into_noticed(), names, Windowed::default(), read, options.secrets)))
}

/// Why following ended early.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// It could not start.
    #[error(transparent)]
    Analyze(#[from] AnalyzeError),
    /// Nobody takes what is shown.
    #[error("cannot write to stdout: {0}")]
    Show(#[from] io::Error),
}

/// Gives the facts that came, with streams numbered over all sources and times completed.
#[derive(Debug, Default)]
struct Feed {
    completion: Completion,
    /// Numbers of streams, and their clocks, by source and number in it.
    streams: HashMap<(usize, u32), (u32, Clock)>,
    /// Sources that gave facts.
    stated: HashSet<usize>,
}

impl Feed {
    /// What came since; `ends` if there will be no more.
    fn take_new(&mut self, gathered: &mut Gathered, ends: bool) -> Vec<Fact> {
        let mut all = Vec::new();
        for (source, facts) in gathered.take_new(ends) {
            self.stated.extend((!facts.is_empty()).then_some(source));
            for mut fact in facts {
                let next = u32::try_from(self.streams.len()).unwrap_or(u32::MAX);
                let (number, clock) = self.streams.entry((source, fact.stream)).or_insert((next, Clock::default()));
                fact.stream = *number;
                self.completion.complete_fact(&mut fact, clock);
                all.push(fact);
            }
        }
        all
    }

    fn names(&self, gathered: &Gathered) -> Names {
        let mut processes = vec![String::new(); self.streams.len()];
        for ((source, number), (stream, _)) in &self.streams {
            processes[*stream as usize] = gathered.process(*source, *number);
        }
        Names { sources: gathered.names(), processes, label: None }
    }
}

/// Facts of an endless pipe, and which of their incidents have been given.
#[derive(Debug, Default)]
pub(super) struct Follower {
    facts: Vec<Fact>,
    arrived: HashMap<Place, Instant>,
    /// In which order facts came, and how many have.
    order: HashMap<Place, u64>,
    taken: u64,
    /// The newest time of each stream, on its own line.
    newest: HashMap<u32, u64>,
    /// Records and rejections of incidents that have been given.
    given: HashSet<Place>,
    given_ids: HashSet<Name>,
    /// What facts told that are kept no more.
    noticed: Noticed,
    /// Whether all that came has been read: else the clock tells nothing of what may still come.
    caught_up: bool,
    /// Whether anything may be settled that was not the last time.
    pending: bool,
}

impl Follower {
    /// Takes new facts.
    pub(super) fn add(&mut self, facts: Vec<Fact>, now: Instant) {
        self.pending |= !facts.is_empty();
        for fact in facts {
            self.arrived.insert(fact.place, now);
            if let Some(at) = fact.at() {
                let newest = self.newest.entry(fact.stream).or_default();
                *newest = at.max(*newest);
            }
            self.taken += 1;
            self.order.insert(fact.place, self.taken);
            self.facts.push(fact);
        }
        // Stable: within a stream, facts keep their order.
        self.facts.sort_by_key(|fact| fact.stream);
    }

    /// The incidents that are settled by now, or all that there are.
    pub(super) fn settle(&mut self, now: Instant, all: bool) -> Vec<Box<Incident>> {
        if !self.pending {
            return Vec::new();
        }
        self.pending = false;
        let leaving: HashSet<Place> = self.facts.iter().filter(|fact| self.leaves(fact, now)).map(|fact| fact.place).collect();
        let mut settled = Vec::new();
        for incident in link::link(&self.facts) {
            let known = self.is_known(&incident);
            let leaves = incident.evidence.iter().any(|evidence| leaving.contains(&evidence.place));
            if known || all || leaves || self.is_settled(&incident, now) {
                self.given.extend(incident.evidence.iter().map(|evidence| evidence.place));
                self.given_ids.extend(incident.rejections.iter().filter_map(|rejection| rejection.request_id.clone()));
                settled.extend((!known).then_some(incident));
            } else {
                self.pending = true;
            }
        }
        self.let_go(&leaving);
        settled
    }

    /// What all facts told besides incidents.
    pub(super) fn into_noticed(mut self) -> Noticed {
        self.noticed.add(&self.facts, &self.given);
        self.noticed
    }

    /// Whether an incident, or a part of it, has been given.
    fn is_known(&self, incident: &Incident) -> bool {
        incident.evidence.iter().any(|evidence| self.given.contains(&evidence.place))
            || incident.rejections.iter().filter_map(|rejection| rejection.request_id.as_ref()).any(|id| self.given_ids.contains(id))
    }

    fn is_settled(&self, incident: &Incident, now: Instant) -> bool {
        let last = incident.evidence.iter().filter_map(|evidence| self.arrived.get(&evidence.place)).max();
        let silent = last.map_or(Duration::MAX, |last| now.saturating_duration_since(*last));
        // A chain whose end was not told to the client may go on.
        let enough = if incident.proven_by_record && incident.outcome == Outcome::Failed { PROVEN } else { INFERRED };
        (self.caught_up && silent >= enough) || self.has_gone_on(incident)
    }

    /// Whether the log's own time has gone far beyond an incident.
    fn has_gone_on(&self, incident: &Incident) -> bool {
        let newest = incident.evidence.last().and_then(|evidence| self.newest.get(&evidence.stream));
        incident.request.start.is_some() && newest.is_some_and(|newest| newest.saturating_sub(incident.request.span.1) > LOG_TIME)
    }

    /// Whether a fact is kept no longer: it is old, or there are too many.
    fn leaves(&self, fact: &Fact, now: Instant) -> bool {
        let arrived = self.arrived.get(&fact.place).copied().unwrap_or(now);
        let newest = self.newest.get(&fact.stream).copied().unwrap_or_default();
        let gone_on = fact.at().is_some_and(|at| newest.saturating_sub(at) > KEPT_LOG_TIME);
        let too_many = self.facts.len() > MOST_FACTS && self.order.get(&fact.place).is_some_and(|order| order + MOST_FACTS as u64 / 2 <= self.taken);
        gone_on || too_many || now.saturating_duration_since(arrived) > KEPT
    }

    /// Lets go of facts that no incident can need any more.
    fn let_go(&mut self, leaving: &HashSet<Place>) {
        let (old, kept): (Vec<Fact>, Vec<Fact>) = std::mem::take(&mut self.facts).into_iter().partition(|fact| leaving.contains(&fact.place));
        self.noticed.add(&old, &self.given);
        for fact in &old {
            self.arrived.remove(&fact.place);
            self.order.remove(&fact.place);
            self.given.remove(&fact.place);
        }
        self.facts = kept;
    }
}
