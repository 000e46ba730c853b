//! `streamfall preflight`: which pairs of a LiteLLM config (a group whose stream breaks, a group that is sent the partial answer)
//! will meet the prefill rejection, on which releases and routes, and what is the smallest change.
//!
//! `source` puts the files together, `config` and `fallbacks` read what matters, `graph` follows the hops, `predict` holds them
//! against what is known of models and releases. A prediction is about the file: what a config cannot show is in [`BLIND_SPOTS`].

mod config;
mod edit;
mod error;
mod fallbacks;
mod graph;
mod predict;
mod refusal;
mod source;
mod wildcard;
mod yaml;

pub use config::{Config, Note};
pub use edit::Edit;
pub use error::ConfigError;
pub use predict::{OnRoute, Outlook, Pair, Served};
pub use source::Spot;

use std::collections::BTreeMap;
use std::sync::Arc;

use graph::Graph;

use crate::knowledge::continuation::{self, Hop};
use crate::knowledge::route::Route;
use crate::knowledge::version::Version;

/// Pairs of one config. The largest that are known have some hundreds.
const MOST_PAIRS: usize = 20_000;

/// What a config file cannot show. Source: LiteLLM 1.77.7–1.109.1, read.
pub const BLIND_SPOTS: [&str; 4] = [
    "Fallbacks and models in the database (POST /fallback, the UI): they override the file.",
    "Router settings of a key or a team.",
    "Fallbacks in a request's body: used mid-stream only with enable_mid_stream_fallback_continuation (1.109.0 and later).",
    "Clients that send a trailing assistant message themselves: they meet the same rejection on every release.",
];

/// What is asked of a config.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The release that it is for; none asks for all.
    pub version: Option<Version>,
    /// The routes that are used; none asks for all.
    pub routes: Vec<Route>,
}

impl Asked {
    /// The routes, in their own order.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        Route::ALL.into_iter().filter(|route| self.routes.is_empty() || self.routes.contains(route)).collect()
    }
}

/// What is predicted of a config.
#[derive(Debug)]
pub struct Preflight {
    /// The config, as it was named.
    pub config: String,
    /// All files that were read.
    pub files: Vec<Arc<str>>,
    /// What was asked.
    pub asked: Asked,
    /// All pairs, in the order of the file.
    pub pairs: Vec<Pair>,
    /// What is worth saying of the config besides.
    pub notes: Vec<Note>,
    /// The routes on which a newer release ends what breaks, and that release.
    pub upgrades: Vec<(Route, Version)>,
}

/// What is predicted of a pair that was seen in a log.
#[derive(Debug)]
pub struct Observed {
    /// The group whose stream broke.
    pub failed: String,
    /// The group that was turned to.
    pub target: String,
    /// The prediction; `None` if the config does not have the pair, which is then from elsewhere.
    pub pair: Option<Pair>,
}

impl Preflight {
    /// Predicts all pairs of a config.
    ///
    /// # Errors
    ///
    /// When there are more pairs than any config has.
    pub fn new(config: &Config, asked: Asked) -> Result<Preflight, ConfigError> {
        let mut graph = Graph::new(config);
        let mut pairs = Vec::new();
        for root in graph.roots() {
            pairs.extend(predict::pairs(&mut graph, root, &asked));
            if pairs.len() > MOST_PAIRS || graph.is_exhausted() {
                return Err(ConfigError::TooLarge(config.name.clone()));
            }
        }
        let upgrades = upgrades(&pairs, &asked);
        Ok(Preflight { config: config.name.clone(), files: config.files.clone(), asked, pairs, notes: config.notes.clone(), upgrades })
    }

    /// Whether all that decides could be read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.notes.iter().any(|note| note.is_unread)
    }

    /// How many pairs have an outlook.
    #[must_use]
    pub fn count(&self, outlook: Outlook) -> usize {
        self.pairs.iter().filter(|pair| pair.outlook == outlook).count()
    }
}

/// Predicts pairs that were seen, as `(failed group, target)`: groups behind wildcards, aliases and chains of fallbacks are found.
///
/// # Errors
///
/// When there is more to follow than in any config.
pub fn observed(config: &Config, asked: &Asked, seen: &[(&str, &str)]) -> Result<Vec<Observed>, ConfigError> {
    let mut graph = Graph::new(config);
    let mut known: BTreeMap<&str, Vec<Pair>> = BTreeMap::new();
    let mut all = Vec::new();
    for &(failed, target) in seen {
        let pairs = known.entry(failed).or_insert_with(|| predict::pairs(&mut graph, failed, asked));
        let pair = pairs.iter().filter(|pair| *pair.target == *target).max_by_key(|pair| pair.outlook).cloned();
        all.push(Observed { failed: failed.to_owned(), target: target.to_owned(), pair });
    }
    if graph.is_exhausted() { Err(ConfigError::TooLarge(config.name.clone())) } else { Ok(all) }
}

/// On which routes upgrading helps. A pair that breaks because a deployment is said to be capable breaks on the newest, too.
fn upgrades(pairs: &[Pair], asked: &Asked) -> Vec<(Route, Version)> {
    // A pair that breaks on the newest release, too, is not ended by it.
    let stays = |on: &OnRoute| on.outlook >= Outlook::MayBreak && on.versions.iter().any(|range| range.until.is_none());
    let breaks = |route: Route, test: &dyn Fn(&OnRoute) -> bool| pairs.iter().flat_map(|pair| &pair.routes).any(|on| on.route == route && test(on));
    let ends = |route: &Route| breaks(*route, &|on| on.outlook >= Outlook::MayBreak) && !breaks(*route, &stays);
    let is_ahead = |version: &Version| asked.version.is_none_or(|now| now < *version);
    let all = asked.routes().into_iter().filter(ends).filter_map(|route| Some((route, continuation::ended(route, Hop::Fallback)?)));
    all.filter(|(_, version)| is_ahead(version)).collect()
}
