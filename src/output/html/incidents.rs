//! The incidents: which are shown, in what order, and what of each.

use std::collections::HashSet;

use super::flow::{FROM_CLIENT, NOT_TOLD};
use super::marks::{MarkSort, marks};
use super::{Page, grouped, named, plain, words};
use crate::link::{Confidence, Evidence, Incident, Verdict};
use crate::output::words::StepSort;
use crate::report::{Group, Report, ReportedIncident};

/// A part of a quoted line: plain, or pointed at.
pub(super) struct Part {
    pub(super) text: String,
    pub(super) mark: Option<MarkSort>,
}

/// The clearest incident of each group, the most common first; then all others in the order of the report, as far as they go.
pub(super) fn clearest_first<'r>(report: &'r Report, groups: &[Group<'r>], most: usize) -> Vec<&'r ReportedIncident> {
    let clearest: Vec<&ReportedIncident> = groups.iter().take(most).map(|group| group.clearest).collect();
    let first: HashSet<&str> = clearest.iter().map(|reported| reported.id.as_str()).collect();
    let others = report.incidents.iter().filter(|reported| !first.contains(reported.id.as_str()));
    clearest.iter().copied().chain(others).take(most).collect()
}

impl Page<'_> {
    pub(super) fn unfolded(&self) -> impl Iterator<Item = &ReportedIncident> {
        self.listed.iter().copied().take(self.unfolded)
    }

    /// The rank of a listed incident by its place.
    pub(super) fn place_order(&self, listed: usize) -> usize {
        self.place_orders.get(listed).copied().unwrap_or_default()
    }

    /// Whether an incident stands on the page in full, by its place among those that are listed.
    pub(super) fn is_unfolded(&self, index: usize) -> bool {
        index < self.unfolded
    }

    /// Whether the incident of a group stands on the page in full: those come first, in the order of the groups.
    pub(super) fn has_example(&self, group: usize) -> bool {
        self.is_unfolded(group) && group < self.listed.len()
    }

    /// How many incidents are listed, and where the others are.
    pub(super) fn incidents_shown(&self) -> String {
        let (all, listed) = (self.report.incidents.len(), self.listed.len());
        let unfolded = self.unfolded.min(listed);
        let order = "The clearest incident of each fingerprint stands first, then the others in the order of their first record.";
        if unfolded == all {
            return order.to_owned();
        }
        let counts = match all - listed {
            0 => format!("All {} have a row, the first {unfolded} stand below in full.", grouped(all as u64)),
            out => {
                let [listed, all, out] = [listed, all, out].map(|n| grouped(n as u64));
                format!("{listed} of {all} have a row, the first {unfolded} stand below in full; {out} are left out.")
            }
        };
        format!("{order} {counts} --format json has all with all they say; --top N shows more.")
    }

    /// Where a record stands.
    pub(super) fn place(&self, evidence: &Evidence) -> String {
        format!("{}:{}", self.report.source(evidence.place), evidence.place.line)
    }

    /// Where an incident's first record stands, as short as the inputs allow.
    pub(super) fn short_place(&self, incident: &Incident) -> String {
        match incident.evidence.first() {
            Some(first) if self.report.inputs.len() == 1 => format!("line {}", first.place.line),
            Some(first) => self.place(first),
            None => String::new(),
        }
    }

    /// Which process wrote a record, and to which of its outputs.
    pub(super) fn written_by(&self, evidence: &Evidence) -> String {
        let output = evidence.output.name().map(|name| format!("({name})"));
        self.report.process(evidence.stream).map(str::to_owned).into_iter().chain(output).collect::<Vec<_>>().join(" ")
    }
}

/// What is known of a request, each with its name.
pub(super) fn known(reported: &ReportedIncident) -> Vec<(&'static str, String)> {
    let (incident, request) = (&reported.incident, &reported.incident.request);
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let all = [
        ("from", words::caller(request)),
        ("asked for", text(request.requested_model.as_deref())),
        ("route", text(request.route)),
        ("fallbacks", incident.fallbacks.join(", ")),
        ("LiteLLM", text(request.version.as_deref())),
        ("trace", text(request.trace_id.as_deref())),
        ("until", request.end.map(|time| time.to_string()).unwrap_or_default()),
        ("fingerprint", reported.fingerprint.as_ref().to_owned()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// The rank of each incident by its place: inputs in their order, then lines.
pub(super) fn place_orders(listed: &[&ReportedIncident]) -> Vec<usize> {
    let place = |at: &usize| listed[*at].incident.evidence.first().map(|first| first.place);
    let mut order: Vec<usize> = (0..listed.len()).collect();
    order.sort_by_key(place);
    let mut ranks = vec![0; listed.len()];
    for (rank, at) in order.into_iter().enumerate() {
        ranks[at] = rank;
    }
    ranks
}

/// How sure the verdict is.
pub(super) fn sure(incident: &Incident) -> &'static str {
    incident.confidence.map_or("–", Confidence::name)
}

/// The group whose stream broke, as far as it is told.
pub(super) fn failed_group(incident: &Incident) -> Option<&str> {
    incident.stream_failure.as_ref().and_then(|failure| failure.model_group.as_deref())
}

/// What a request came from, in the words of the flow.
pub(super) fn from(incident: &Incident) -> &str {
    match incident.verdict {
        Verdict::MidStreamFallback => named(failed_group(incident)),
        Verdict::ClientPrefill => FROM_CLIENT,
        Verdict::Unknown => NOT_TOLD,
    }
}

/// By what it broke.
pub(super) fn kind(incident: &Incident) -> Option<&'static str> {
    incident.stream_failure.as_ref().map(|failure| failure.kind.name())
}

/// The first that refused.
pub(super) fn refused_by(incident: &Incident) -> Option<&str> {
    incident.rejections.first().and_then(|first| first.model_group.as_deref().or(first.model.as_deref()))
}

/// The class of a step of the chain.
pub(super) fn step_class(sort: StepSort) -> &'static str {
    match sort {
        StepSort::Failure => "broke",
        StepSort::Sent => "sent",
        StepSort::Rejection => "refused",
        StepSort::End => "end",
    }
}

/// The records of an incident, each with the lines of its quote in parts. What was quoted before is not quoted again: LiteLLM prints
/// the same error several times.
pub(super) fn quoted(incident: &Incident) -> impl Iterator<Item = (&Evidence, Vec<Vec<Part>>)> {
    let mut known: HashSet<&str> = HashSet::new();
    incident.evidence.iter().map(move |evidence| {
        let quote = evidence.quote.as_deref().filter(|quote| known.insert(quote)).unwrap_or_default();
        (evidence, quote.lines().map(|line| parts(incident, &plain(line))).collect())
    })
}

fn parts(incident: &Incident, line: &str) -> Vec<Part> {
    let mut marks = marks(incident, line);
    marks.sort_by_key(|mark| mark.span.start);
    let (mut parts, mut at) = (Vec::new(), 0);
    let part = |range: std::ops::Range<usize>, mark| Part { text: line[range].to_owned(), mark };
    for mark in marks {
        // The rejection may stand inside of what the provider said.
        if mark.span.start < at {
            continue;
        }
        parts.push(part(at..mark.span.start, None));
        at = mark.span.end;
        parts.push(part(mark.span, Some(mark.sort)));
    }
    parts.push(part(at..line.len(), None));
    parts.retain(|part| !part.text.is_empty());
    parts
}
