//! Words that all formats share: what a count, a size, a chain is called.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::compare::{Change, Comparison, Measure};
use crate::fact::Name;
use crate::link::{Incident, Outcome, Request, Verdict};
use crate::record::Time;
use crate::report::{Check, Group, Report};

pub(super) use crate::report::NOT_NAMED;

/// What a config says of a pair that it does not have.
pub(super) const NOT_IN_CONFIG: &str = "not in it: from the database, a key, a team or a request, or it is another file";

/// One step of what happened to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChainStep {
    /// What happened.
    pub(super) text: String,
    /// What sort of step it is.
    pub(super) sort: StepSort,
}

/// Sorts of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepSort {
    /// A stream broke.
    Failure,
    /// LiteLLM turned to another group, or the client sent what it sent.
    Sent,
    /// A rejection.
    Rejection,
    /// What became of the request.
    End,
}

/// What a verdict means, for those who read it the first time.
pub(super) fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::MidStreamFallback => "LiteLLM continued a broken stream elsewhere",
        Verdict::ClientPrefill => "the client sent a trailing assistant message",
        Verdict::Unknown => "this input cannot tell",
    }
}

/// What happened to a request, step by step: the failure, the hops, the rejections, the end.
pub(super) fn chain(incident: &Incident) -> Vec<ChainStep> {
    let step = |sort, text: String| ChainStep { text, sort };
    let mut steps = Vec::new();
    if incident.verdict == Verdict::ClientPrefill {
        steps.push(step(StepSort::Sent, "the client sent a conversation that ends with an assistant message".to_owned()));
    }
    if let Some(failure) = &incident.stream_failure {
        let group = failure.model_group.as_deref().unwrap_or("a group that is not named");
        let class = failure.class.as_deref().map(|class| format!(", {class}")).unwrap_or_default();
        let words = failure.message.as_deref().map(|words| format!(": {words}")).unwrap_or_default();
        steps.push(step(StepSort::Failure, format!("{group} broke the stream ({}{class}){words}", failure.kind.name())));
    }
    for rejection in &incident.rejections {
        let name = rejection.name().unwrap_or(NOT_NAMED);
        if incident.verdict == Verdict::MidStreamFallback {
            steps.push(step(StepSort::Sent, format!("LiteLLM sent the partial answer to {name} as a prefill")));
        }
        steps.push(step(StepSort::Rejection, format!("{name} refused it with 400 ({})", rejection.request_id.as_deref().unwrap_or("no request id"))));
    }
    steps.push(step(StepSort::End, format!("for the client the request {}", ended(incident.outcome))));
    steps
}

/// What became of a request, as the end of a sentence.
fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Failed => "failed",
        Outcome::Recovered => "was answered by a later fallback",
        Outcome::Unknown => "ended unseen",
    }
}

/// What became of all requests, in one line.
pub(super) fn outcomes(report: &Report) -> String {
    outcomes_of([Outcome::Failed, Outcome::Recovered, Outcome::Unknown].map(|outcome| report.with_outcome(outcome)))
}

/// What became of the requests of a sort.
pub(super) fn outcomes_in(group: &Group<'_>) -> String {
    outcomes_of([group.failed, group.recovered, group.requests - group.failed - group.recovered])
}

fn outcomes_of(counts: [u64; 3]) -> String {
    const WORDS: [&str; 3] = ["failed for the client", "recovered on a later fallback", "ended unseen"];
    let some = counts.into_iter().zip(WORDS).filter(|(n, _)| *n > 0);
    some.map(|(n, words)| format!("{n} {words}")).collect::<Vec<_>>().join(", ")
}

/// Where LiteLLM sent requests: the first target, and how many others.
pub(super) fn targets(targets: &[Name]) -> String {
    let (first, others) = targets.split_first().map_or(("-", 0), |(first, rest)| (&**first, rest.len()));
    if others > 0 { format!("{first} +{others}") } else { first.to_owned() }
}

/// What a change did, in one sentence.
pub(super) fn headline(comparison: &Comparison) -> String {
    let row = |name: &str| comparison.totals.iter().find(|row| row.name == name).map_or((0, 0), |row| (row.before, row.after));
    let (before, after) = row("requests");
    let (mid, mid_after) = row(Verdict::MidStreamFallback.name());
    let what = match comparison.change {
        Change::Nothing => return "No request met the prefill rejection, before or after.".to_owned(),
        Change::Gone => "It is gone",
        Change::Better => "It got better",
        Change::Same => "Nothing changed",
        Change::Worse => "It got worse",
    };
    let per = comparison.measure.unit().map(|unit| {
        let (before, after) = comparison.measure.rates(before, after);
        format!(" ({before:.2} → {after:.2} per {unit})")
    });
    format!("{what}: {before} → {after} requests met the prefill rejection{}, of them mid-stream {mid} → {mid_after}.", per.unwrap_or_default())
}

/// What a comparison's counts are held against.
pub(super) fn held_against(measure: Measure) -> String {
    match measure {
        Measure::Thousand { before, after } => format!("held against {} before and {after} after", counted(before, "request")),
        Measure::Hour { before, after } => format!("held against {} before and {} after", stretch(before), stretch(after)),
        Measure::None => "Counts are compared: the inputs do not show how many requests there were, nor how long was watched, or only a part of the time was asked for.".to_owned(),
    }
}

/// From which groups a config leads to those that refused requests without a verdict.
pub(super) fn orphans(check: &Check) -> Option<String> {
    let led = check.orphans.iter().filter(|orphan| !orphan.may_have_failed.is_empty());
    let groups: BTreeSet<&str> = led.clone().flat_map(|orphan| &orphan.may_have_failed).map(String::as_str).collect();
    let (led, all) = (led.count(), check.orphans.len());
    let named = if groups.is_empty() { String::new() } else { format!(" ({})", groups.into_iter().collect::<Vec<_>>().join(", ")) };
    let others = if led < all { "; to the others, no fallback in it does" } else { "" };
    (all > 0).then(|| {
        format!("Of {} without a verdict, {led} may come from a group that the config leads from{named}{others}.", counted(all as u64, "request"))
    })
}

/// That the sentence is printed, of a report without a request; what a window left out is why it may be.
pub(super) fn mentioned(report: &Report) -> Option<String> {
    let mentions = report.summary.mentions;
    let is_nowhere = mentions > 0 && report.windowed.left_out == 0;
    is_nowhere.then(|| format!("Its sentence is printed {}, but in no error record.", times(mentions)))
}

/// What `--since` and `--until` left out.
pub(super) fn left_out(report: &Report) -> Option<String> {
    let left_out = report.windowed.left_out;
    (left_out > 0).then(|| format!("{} outside of --since and --until left out", counted(left_out, "request")))
}

/// When, and which LiteLLM.
pub(super) fn seen(report: &Report) -> String {
    let mut text = when(report);
    if let Some(versions) = versions(report) {
        let _ = write!(text, "; LiteLLM {versions}");
    }
    text
}

/// When.
pub(super) fn when(report: &Report) -> String {
    let zone = |time: Time| if time.utc { "UTC" } else { "local time" };
    match (report.summary.first_seen, report.summary.last_seen) {
        (Some(first), Some(last)) if first.to_seconds() == last.to_seconds() => format!("at {}, {}", first.to_seconds(), zone(first)),
        (Some(first), Some(last)) if first.date == last.date => {
            format!("{} to {}, {}", first.to_seconds(), last.of_day_only().to_seconds(), zone(first))
        }
        (Some(first), Some(last)) if first.date.is_some() => format!("{} to {}, {}", first.to_seconds(), last.to_seconds(), zone(first)),
        (Some(_), Some(_)) => "in logs of which some have no dates".to_owned(),
        _ => "the log does not say when".to_owned(),
    }
}

/// Which LiteLLM, if the input tells.
pub(super) fn versions(report: &Report) -> Option<String> {
    let s = &report.summary;
    match (s.litellm_versions.is_empty(), s.likely_versions.is_empty()) {
        (false, _) => Some(s.litellm_versions.join(", ")),
        (true, false) => Some(format!("{} (likely)", s.likely_versions.join(", "))),
        (true, true) => None,
    }
}

/// What the policy says, where there is more to it than that anything was found.
pub(super) fn judged(report: &Report) -> Option<String> {
    let judgement = report.judgement.as_ref().filter(|judgement| !judgement.is_usual && report.summary.requests > 0)?;
    let known = if judgement.against_baseline { format!("; {} known from the baseline", judgement.known) } else { String::new() };
    if judgement.fails {
        return Some(format!("The policy forbids this: {}{known}", judgement.reasons.join("; ")));
    }
    let requests = counted(report.summary.requests, "request");
    Some(format!("The policy allows this: {} of the {requests} count{known}", judgement.counted))
}

/// Names by their counts: `prod 7, test 2, +3 more`.
pub(super) fn foremost(counts: &[(String, u64)], most: usize) -> String {
    let mut sorted: Vec<&(String, u64)> = counts.iter().collect();
    sorted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let named = sorted.iter().take(most).map(|(name, n)| format!("{name} {n}"));
    let more = (sorted.len() > most).then(|| format!("+{} more", sorted.len() - most));
    named.chain(more).collect::<Vec<_>>().join(", ")
}

/// `key prod-app, team core, call 27c2aa72-…`: what a trace knows of the request.
pub(super) fn caller(request: &Request) -> String {
    let caller = &request.caller;
    let known = [
        ("key", &caller.key),
        ("team", &caller.team),
        ("user", &caller.user),
        ("end user", &caller.end_user),
        ("agent", &caller.user_agent),
        ("call", &request.call_id),
    ];
    let known: Vec<String> = known.iter().filter_map(|(what, value)| Some(format!("{what} {}", value.as_ref()?))).collect();
    known.join(", ")
}

/// A title that says when not all rows are shown.
pub(super) fn top(title: &str, rows: usize, most: usize) -> String {
    if rows > most { format!("{title} (top {most} of {rows})") } else { title.to_owned() }
}

/// As much of a text as a reader needs to know it again: names and words from logs can have any length.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// `1 request`, `2 requests`.
pub(super) fn counted(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// `once`, `2 times`.
pub(super) fn times(n: u64) -> String {
    match n {
        1 => "once".to_owned(),
        _ => format!("{n} times"),
    }
}

/// A size in bytes, for people.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// A stretch of time in the largest unit that fits: `30 s`, `5 min`, `1 h`, `1 d`.
pub(super) fn stretch(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit) && seconds >= *unit).unwrap_or((1, "s"));
    format!("{} {name}", seconds / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_sizes_as_people_say_them() {
        assert_eq!((counted(1, "request"), counted(2, "request")), ("1 request".to_owned(), "2 requests".to_owned()));
        assert_eq!((times(1), times(3)), ("once".to_owned(), "3 times".to_owned()));
        assert_eq!((size(12), size(2048), size(3 << 30)), ("12 bytes".to_owned(), "2.0 KiB".to_owned(), "3.0 GiB".to_owned()));
        assert_eq!(
            (stretch(1), stretch(90), stretch(300), stretch(7200)),
            ("1 s".to_owned(), "90 s".to_owned(), "5 min".to_owned(), "2 h".to_owned())
        );
    }
}
