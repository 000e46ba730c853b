//! Makes incidents of groups: what was refused and in which order, what broke the stream, what became of the request.
//!
//! Nothing is said here that no record of the group says, but for what the printed fallback lists leave as the only reading.

use super::groups::Groups;
use super::incident::{Evidence, Incident, IncidentRejection, Outcome, StreamFailure};
use super::integrity;
use super::joined::{AtHand, Joined};
use super::node;
use super::order;
use super::rules::{Confidence, Rule, Rules, Side};
use super::summary::Summary;
use super::verdict::{self, Verdict};
use crate::fact::{About, ErrorRecord, ErrorText, Fact, FactKind, Name, Role};
use crate::knowledge::route::RESPONSES;

/// An incident as it is made of a group.
pub(super) struct Draft<'j, 'a> {
    pub(super) joined: &'j Joined<'a>,
    pub(super) groups: &'j Groups<'a>,
    pub(super) facts: AtHand<'j>,
    pub(super) summary: &'j Summary,
    pub(super) root: usize,
    ids_are_known: bool,
}

/// How long a provider may take to refuse a call.
const CALL_PATIENCE: u64 = 30_000_000;
/// How many facts are looked at for that time to pass; a log that writes more in it is taken to go on.
const MOST_LATER: usize = 5_000;

impl<'j, 'a> Draft<'j, 'a> {
    pub(super) fn new(joined: &'j Joined<'a>, facts: AtHand<'j>, root: usize) -> Option<Draft<'j, 'a>> {
        let summary = joined.groups.summaries().get(root)?;
        Some(Draft { joined, groups: &joined.groups, facts, summary, root, ids_are_known: joined.ids_are_known(summary) })
    }

    pub(super) fn incident(&self) -> Option<Incident> {
        let rejections = self.rejections();
        debug_assert!(!rejections.is_empty(), "what is an incident has a rejection");
        let outcome = self.outcome();
        let (verdict, confidence, because) = self.verdict(outcome);
        let first = self.facts.fact(*self.summary.nodes.first()?)?;
        let stream_failure = self.stream_failure(verdict, outcome, &rejections);
        Some(Incident {
            verdict,
            confidence,
            proven_by_record: verdict::judge(self.summary.evidence, Rules::default()).1 == Some(Confidence::Proven),
            because,
            request: self.request(),
            place: first.place,
            outcome,
            fallbacks: self.fallbacks(stream_failure.as_ref(), &rejections),
            stream_failure,
            rejections,
            evidence: self.evidence(),
        })
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = &'j Fact> {
        self.summary.nodes.iter().filter_map(|&n| self.facts.fact(n))
    }

    pub(super) fn errors(&self) -> impl Iterator<Item = &'j ErrorRecord> {
        self.summary.nodes.iter().filter_map(|&n| self.facts.error(n))
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &'j ErrorText> {
        self.errors().flat_map(ErrorRecord::texts)
    }

    /// The rules that joined its records.
    fn joins(&self) -> Rules {
        self.joined.joins.get(&self.root).copied().unwrap_or_default()
    }

    fn verdict(&self, outcome: Outcome) -> (Verdict, Option<Confidence>, Box<[&'static str]>) {
        let (mut verdict, mut confidence, rules) = verdict::judge(self.summary.evidence, self.joins());
        if self.summary.evidence.is_empty()
            && let Some(inferred) = self.joined.inferred.get(&self.root).copied().filter(|v| *v != Verdict::Unknown)
        {
            verdict = inferred;
            confidence = self.joins().iter().map(Rule::confidence).min().or(Some(Confidence::Strong));
        }
        let mut because: Vec<&str> = rules.iter().map(Rule::text).collect();
        if verdict == Verdict::Unknown {
            because.push(self.why_unknown(outcome));
        }
        (verdict, confidence, because.into())
    }

    fn why_unknown(&self, outcome: Outcome) -> &'static str {
        let evidence = self.summary.evidence;
        if evidence.point_to(Side::MidStream) && evidence.point_to(Side::Client) {
            "contradiction: records of this request point to both sides; they may be damaged, or of two requests. The original, unfiltered log would tell"
        } else if self.joined.contested.contains(&self.root) {
            "ambiguous_order: more than one open chain can have met this rejection, and they are not all of one verdict. LiteLLM's payloads of \
             that time would tell, and a log at INFO or DEBUG level"
        } else if outcome == Outcome::Recovered {
            "recovered_chain: a later target answered, and then LiteLLM logs the same for a broken stream as for a client's own prefill. LiteLLM's \
             payloads or a DEBUG log would tell, and traces or an INFO log may"
        } else {
            "incomplete: the records around this rejection that would tell are not in the input. The log from before and after it would"
        }
    }

    fn outcome(&self) -> Outcome {
        let told_to_client = |error: &ErrorRecord| error.attempt.as_ref().is_some_and(|attempt| attempt.about == About::Request);
        if self.summary.closing.is_some() || self.errors().any(told_to_client) {
            return Outcome::Failed;
        }
        let served = |&n: &usize| self.groups.nodes[n].kind == FactKind::Served;
        if self.summary.nodes.iter().any(served) {
            return Outcome::Recovered;
        }
        let Some(last) = order::open_hop(self.groups, self.summary) else { return Outcome::Unknown };
        let node = &self.groups.nodes[last];
        // The end of a failed chain follows within the window; without later records, it may just not be there yet.
        let ends = self.groups.goes_on_after(last, node.at + order::WINDOW);
        let lists = self.groups.lists.get(&node.stream);
        let goes_on = |target: &str| lists.is_some_and(|lists| lists.iter().flat_map(|l| l.iter()).any(|(_, list)| has_next(list, target)));
        let told = self.facts.error(last).is_some_and(|error| error.chain.is_some() || error.without_traceback);
        let goes_on = node.hop.as_deref().is_some_and(goes_on) && !self.may_be_refused_again(last);
        let recovered = ends && told && goes_on && integrity::intact_between(self.groups, last, last);
        if recovered && !self.joined.contested.contains(&self.root) { Outcome::Recovered } else { Outcome::Unknown }
    }

    /// DEBUG: whether the next target of the chain was called, and some later refusal of that target is not known to be another
    /// request's.
    fn may_be_refused_again(&self, last: usize) -> bool {
        let target = |n: usize| self.groups.nodes[n].sent()?.group.as_deref();
        let sent = self.summary.nodes.iter().copied().filter(|&n| n > last).filter_map(|n| Some((n, target(n)?)));
        sent.into_iter().any(|(sent, target)| {
            let at = self.groups.nodes[sent].at;
            let hops = self.joined.uncalled.on(self.groups.nodes[sent].stream, target);
            let next = hops.get(hops.partition_point(|&hop| hop <= sent)).copied();
            next.is_some_and(|hop| self.groups.nodes[sent + 1..=hop].iter().take(MOST_LATER).all(|n| n.at <= at + CALL_PATIENCE))
        })
    }

    fn rejections(&self) -> Box<[IncidentRejection]> {
        let mut all: Vec<IncidentRejection> = Vec::new();
        let mut without_id: Vec<IncidentRejection> = Vec::new();
        for error in self.errors() {
            let repeats = node::repeats(error.role);
            let mut here: Vec<IncidentRejection> = Vec::new();
            for seen in error.rejections() {
                if seen.request_id.is_none() && (repeats || (seen.rejection.cut && self.ids_are_known)) {
                    continue;
                }
                let found = IncidentRejection {
                    request_id: seen.request_id.cloned(),
                    model_group: seen.group.cloned().or_else(|| self.group_of_attempt(error)),
                    model: error.model.clone(),
                    provider: seen.rejection.provider,
                };
                if found.request_id.is_none() {
                    here.push(found);
                    continue;
                }
                match all.iter_mut().find(|known| known.request_id == found.request_id) {
                    Some(known) => known.add(found),
                    None => all.push(found),
                }
            }
            merge_without_id(&mut without_id, here);
        }
        all.extend(without_id);
        self.in_order_of_trial(&mut all);
        all.into()
    }

    /// The group of a refused attempt, as its row has it. On `/v1/responses` a row may name the group whose stream broke instead.
    fn group_of_attempt(&self, error: &ErrorRecord) -> Option<Name> {
        // A spend log's row is of the whole request, and names its last attempt's group.
        let attempt = error.attempt.as_ref().filter(|attempt| attempt.about == About::Attempt || error.role == Role::SpendLog)?;
        let trusted = attempt.route != Some(RESPONSES) || !self.summary.evidence.point_to(Side::MidStream);
        attempt.model_group.clone().filter(|_| trusted)
    }

    /// Puts rejections in the order in which their targets were tried. Hops that the record that ended the chain does not name
    /// came before those it names, and it names these from the outermost level inwards.
    fn in_order_of_trial(&self, rejections: &mut [IncidentRejection]) {
        let Some(closing) = self.summary.closing.and_then(|n| self.facts.error(n)) else { return };
        let named: Vec<Option<&str>> = closing.rejections().into_iter().map(|refused| refused.request_id.map(|id| &**id)).collect();
        rejections.sort_by_key(|r| r.request_id.as_deref().and_then(|id| named.iter().position(|n| *n == Some(id))).map_or(0, |at| at + 1));
    }

    fn fallbacks(&self, failure: Option<&StreamFailure>, rejections: &[IncidentRejection]) -> Box<[Name]> {
        // The record that ended the chain names the whole chain's list; records of inner levels name theirs.
        let closing = self.summary.closing.and_then(|n| self.facts.error(n));
        let texts = closing.into_iter().flat_map(ErrorRecord::texts).chain(self.texts());
        let printed = texts.filter_map(|text| text.levels.first()).filter(|level| level.error.rejection.is_none());
        let listed = printed.filter_map(|level| level.fallbacks.as_deref()).find(|list| !list.is_empty());
        let configured = || {
            let group = failure?.model_group.as_deref()?;
            let lists = self.groups.lists.get(&self.groups.log_stream(self.summary)?)?;
            lists.iter().find_map(|l| l.of(group))
        };
        let mut targets = listed.or_else(configured).unwrap_or_default().to_vec();
        // A target's own fallbacks are tried, too, and refuse by name.
        for group in rejections.iter().filter_map(|r| r.model_group.as_ref()) {
            if !targets.contains(group) && failure.is_some() {
                targets.push(group.clone());
            }
        }
        targets.into()
    }

    fn evidence(&self) -> Box<[Evidence]> {
        let evidence = |fact: &Fact| Evidence {
            place: fact.place,
            stream: fact.stream,
            output: fact.output,
            role: fact.statement.kind(),
            quote: fact.quote.clone(),
        };
        self.facts().map(evidence).collect()
    }
}

/// Whether a list has another target behind this one.
fn has_next(list: &[Name], target: &str) -> bool {
    list.iter().rev().skip(1).any(|t| **t == *target)
}

/// Adds the rejections without id of one more record: those of a group already known are printed again.
fn merge_without_id(known: &mut Vec<IncidentRejection>, here: Vec<IncidentRejection>) {
    for found in here {
        let same = known.iter_mut().find(|k| k.model_group == found.model_group || k.model_group.is_none() || found.model_group.is_none());
        match same {
            Some(rejection) => rejection.add(found),
            None => known.push(found),
        }
    }
}
