//! `--config`: what a log shows, held against what the proxy's config leads to.
//!
//! A pair that was seen and is not in the file comes from elsewhere (the database, a key, a team, a request), or the file is not the one
//! that the proxy had. What the file leads to narrows where a rejection without a verdict may have come from; it never decides one, for a
//! file cannot show everything.

use std::collections::{BTreeMap, BTreeSet};

use super::{Report, ReportedIncident};
use crate::knowledge::route::Route;
use crate::link::{Incident, Verdict};
use crate::preflight::{Asked, Config, ConfigError, Outlook, Pair, Preflight, observed};

/// What a log shows, held against a config.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Check {
    /// The config, as it was named.
    pub config: String,
    /// Pairs that were seen, most requests first.
    pub pairs: Vec<CheckedPair>,
    /// Requests without a verdict, with the groups from which the config leads to the ones that refused.
    pub orphans: Vec<Orphan>,
    /// The provider models of the groups that refused, as the config has them.
    pub deployments: BTreeMap<String, Vec<String>>,
}

/// A pair that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedPair {
    /// The group whose stream broke.
    pub failed: String,
    /// The group that refused.
    pub target: String,
    /// Requests.
    pub requests: u64,
    /// What the config leads one to expect; `None` if it does not have the pair.
    pub expected: Option<Expected>,
}

/// What a config leads one to expect of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The prediction.
    pub outlook: Outlook,
    /// Why.
    pub reason: String,
    /// The file that has the pair.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
}

/// A request without a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// The incident's id.
    pub id: String,
    /// The groups from which the config leads to all that refused it; none speaks for the client, or for a fallback that is not in the file.
    pub may_have_failed: Vec<String>,
}

/// The routes on which requests were seen: those on which a prefill can be LiteLLM's, if none was.
fn routes(report: &Report) -> Vec<Route> {
    let seen = report.incidents.iter().filter_map(|reported| reported.incident.request.route).collect::<BTreeSet<_>>();
    Route::ALL.into_iter().filter(|route| seen.contains(route.name())).collect()
}

impl Check {
    /// Holds a report against a config.
    ///
    /// # Errors
    ///
    /// When there is more to follow than in any config.
    pub fn of(report: &Report, config: &Config, asked: &Asked) -> Result<Check, ConfigError> {
        let asked = &Asked { routes: if asked.routes.is_empty() { routes(report) } else { asked.routes.clone() }, ..asked.clone() };
        let incidents = || report.incidents.iter().map(|reported| &*reported.incident);
        let seen = seen(incidents());
        let names: Vec<(&str, &str)> = seen.keys().copied().collect();
        let mut pairs: Vec<CheckedPair> = observed(config, asked, &names)?
            .into_iter()
            .map(|observed| CheckedPair {
                requests: seen.get(&(observed.failed.as_str(), observed.target.as_str())).copied().unwrap_or_default(),
                expected: observed.pair.as_ref().map(Expected::of),
                failed: observed.failed,
                target: observed.target,
            })
            .collect();
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.requests));
        let all = Preflight::new(config, asked.clone())?.pairs;
        let orphan = |reported: &ReportedIncident| Orphan { id: reported.id.clone(), may_have_failed: sources(&all, &reported.incident) };
        let unknown = report.incidents.iter().filter(|reported| reported.incident.verdict == Verdict::Unknown);
        let refused: BTreeSet<&str> = incidents().flat_map(|incident| &incident.rejections).filter_map(|r| r.model_group.as_deref()).collect();
        let served =
            |group: &str| all.iter().find(|pair| *pair.target == *group).map(|pair| pair.served.iter().map(|served| served.model.clone()).collect());
        Ok(Check {
            config: config.name.clone(),
            pairs,
            orphans: unknown.map(orphan).collect(),
            deployments: refused.into_iter().filter_map(|group| Some((group.to_owned(), served(group)?))).collect(),
        })
    }

    /// Requests of pairs that the config does not have, or says to be safe.
    #[must_use]
    pub fn surprising(&self) -> u64 {
        let surprises = |pair: &&CheckedPair| pair.expected.as_ref().is_none_or(|expected| expected.outlook == Outlook::Safe);
        self.pairs.iter().filter(surprises).map(|pair| pair.requests).sum()
    }
}

impl Expected {
    fn of(pair: &Pair) -> Expected {
        Expected { outlook: pair.outlook, reason: pair.reason.clone(), file: pair.spot.file.to_string(), line: pair.spot.line }
    }

    /// The prediction in words.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.outlook {
            Outlook::WillBreak => "will break",
            Outlook::MayBreak => "may break",
            Outlook::Safe => "is safe",
            Outlook::Unknown => "cannot be told",
        }
    }
}

/// The pairs of failed group and refusing target, with their requests.
fn seen<'i>(incidents: impl Iterator<Item = &'i Incident>) -> BTreeMap<(&'i str, &'i str), u64> {
    let mut seen: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for incident in incidents.filter(|incident| incident.verdict == Verdict::MidStreamFallback) {
        let Some(failed) = incident.stream_failure.as_ref().and_then(|failure| failure.model_group.as_deref()) else { continue };
        let targets: BTreeSet<&str> = incident.rejections.iter().filter_map(|rejection| rejection.model_group.as_deref()).collect();
        for target in targets {
            *seen.entry((failed, target)).or_default() += 1;
        }
    }
    seen
}

/// The groups from which the config leads to all groups that refused a request.
fn sources(pairs: &[Pair], incident: &Incident) -> Vec<String> {
    let targets: BTreeSet<&str> = incident.rejections.iter().filter_map(|rejection| rejection.model_group.as_deref()).collect();
    let leading = |target: &str| pairs.iter().filter(|pair| *pair.target == *target).map(|pair| pair.failed.to_string()).collect::<BTreeSet<_>>();
    let mut all = targets.into_iter().map(leading);
    let first = all.next().unwrap_or_default();
    all.fold(first, |common, sources| common.intersection(&sources).cloned().collect()).into_iter().collect()
}
