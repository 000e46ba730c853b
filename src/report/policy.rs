//! What of a report makes CI fail: which verdicts, how many requests, and only what a former report does not have.
//!
//! A policy never changes what is reported; it decides the exit status, and what formats for CI call a failure.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::{Baseline, Report, ReportedIncident};
use crate::link::Verdict;

/// Which requests count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum FailOn {
    /// Any that met the rejection, whatever the verdict
    #[default]
    Any,
    /// Only those of verdict `mid_stream_fallback`
    MidStream,
    /// None
    Never,
}

/// How many requests are put up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Max {
    /// Of which verdict; `None` for all together.
    pub verdict: Option<Verdict>,
    /// How many.
    pub requests: u64,
}

/// How verdicts are typed.
const VERDICTS: [(&str, Verdict); 6] = [
    ("mid-stream", Verdict::MidStreamFallback),
    ("client", Verdict::ClientPrefill),
    ("unknown", Verdict::Unknown),
    ("mid_stream_fallback", Verdict::MidStreamFallback),
    ("client_prefill", Verdict::ClientPrefill),
    ("mid_stream", Verdict::MidStreamFallback),
];

impl FromStr for Max {
    type Err = String;

    fn from_str(text: &str) -> Result<Max, String> {
        const FORMS: &str = "give a number of requests (5), or one of a verdict (mid-stream=5, client=5, unknown=5)";
        let (verdict, number) = match text.split_once('=') {
            Some((name, number)) => {
                let known = VERDICTS.iter().find(|(typed, _)| *typed == name.trim());
                (Some(known.ok_or_else(|| FORMS.to_owned())?.1), number)
            }
            None => (None, text),
        };
        number.trim().parse().map(|requests| Max { verdict, requests }).map_err(|_| FORMS.to_owned())
    }
}

/// What makes CI fail.
#[derive(Debug, Default)]
pub struct Policy {
    /// Which requests count.
    pub fail_on: FailOn,
    /// How many are put up with.
    pub max: Vec<Max>,
    /// What is known already.
    pub baseline: Option<Baseline>,
}

/// What a policy says of a report.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement {
    /// Whether it forbids what was found.
    pub fails: bool,
    /// Requests that count.
    pub counted: u64,
    /// Requests that the baseline has, by fingerprint.
    pub known: u64,
    /// Fingerprints of the requests that count.
    pub fingerprints: BTreeSet<String>,
    /// Fingerprints of the requests that the baseline has.
    pub in_baseline: BTreeSet<String>,
    /// Whether there was a baseline.
    pub against_baseline: bool,
    /// Whether it is what is done unless anything else is asked for.
    pub is_usual: bool,
    /// Verdicts that are over their limits.
    pub over: BTreeSet<Verdict>,
    /// Why it fails, one sentence for each limit; empty if it does not.
    pub reasons: Vec<String>,
}

impl Policy {
    /// Judges a report.
    #[must_use]
    pub fn judge(&self, report: &Report) -> Judgement {
        let known = |reported: &&ReportedIncident| self.baseline.as_ref().is_some_and(|baseline| baseline.has(&reported.fingerprint));
        let counts = |reported: &&ReportedIncident| self.counts(reported.incident.verdict);
        let counted: Vec<&ReportedIncident> = report.incidents.iter().filter(counts).filter(|reported| !known(reported)).collect();
        let mut judgement = Judgement {
            counted: counted.len() as u64,
            known: report.incidents.iter().filter(known).count() as u64,
            fingerprints: fingerprints(counted.iter().copied()),
            in_baseline: fingerprints(report.incidents.iter().filter(known)),
            against_baseline: self.baseline.is_some(),
            is_usual: self.baseline.is_none() && self.max.is_empty() && self.fail_on == FailOn::Any,
            ..Judgement::default()
        };
        self.hold(&counted, &mut judgement);
        judgement.fails = !judgement.reasons.is_empty();
        judgement
    }

    /// Whether requests of a verdict count: a limit of its own says that they do.
    fn counts(&self, verdict: Verdict) -> bool {
        match self.fail_on {
            FailOn::Any => true,
            FailOn::MidStream => verdict == Verdict::MidStreamFallback || self.own(verdict).is_some(),
            FailOn::Never => false,
        }
    }

    /// A verdict's own limit.
    fn own(&self, verdict: Verdict) -> Option<u64> {
        self.max.iter().rev().find(|max| max.verdict == Some(verdict)).map(|max| max.requests)
    }

    /// A verdict with a limit of its own is held against that; all others together against the limit for all, which is 0 unless given.
    fn hold(&self, counted: &[&ReportedIncident], judgement: &mut Judgement) {
        let of = |verdict: Verdict| counted.iter().filter(|reported| reported.incident.verdict == verdict).count() as u64;
        let new = if self.baseline.is_some() { "new " } else { "" };
        let mut hold = |verdicts: &[Verdict], limit: u64, what: &str| {
            let count: u64 = verdicts.iter().copied().map(of).sum();
            let requests = if count == 1 { "request" } else { "requests" };
            if count > limit {
                judgement.reasons.push(format!("{count} {new}{requests}{what}, {limit} allowed"));
                judgement.over.extend(verdicts);
            }
        };
        let (limited, others): (Vec<Verdict>, Vec<Verdict>) = Verdict::ALL.into_iter().partition(|verdict| self.own(*verdict).is_some());
        for verdict in &limited {
            hold(&[*verdict], self.own(*verdict).unwrap_or_default(), &format!(" of verdict {}", verdict.name()));
        }
        let all = self.max.iter().rev().find(|max| max.verdict.is_none()).map_or(0, |max| max.requests);
        hold(&others, all, if limited.is_empty() { "" } else { " of other verdicts" });
    }
}

/// The fingerprints of incidents, each once.
fn fingerprints<'r>(incidents: impl Iterator<Item = &'r ReportedIncident>) -> BTreeSet<String> {
    let once: BTreeSet<&str> = incidents.map(|reported| &*reported.fingerprint).collect();
    once.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_as_typed() {
        let max = |verdict, requests| Ok(Max { verdict, requests });
        let cases = [
            ("5", max(None, 5)),
            ("mid-stream=5", max(Some(Verdict::MidStreamFallback), 5)),
            ("client=0", max(Some(Verdict::ClientPrefill), 0)),
            ("unknown = 7", max(Some(Verdict::Unknown), 7)),
        ];
        for (typed, expected) in cases {
            assert_eq!(typed.parse(), expected, "{typed}");
        }
        for wrong in ["", "-1", "many", "midstream=5", "mid-stream=", "=3"] {
            assert!(wrong.parse::<Max>().is_err(), "{wrong}");
        }
    }
}
