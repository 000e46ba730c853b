//! Holds each hop against what a release does on a route, and against what the target's models do.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Asked;
use super::config::Deployment;
use super::edit::{self, Edit};
use super::graph::{Graph, Way};
use super::refusal::{self, Refusal, is_refused};
use super::source::Spot;
use crate::knowledge::continuation::{self, Conduct, Hop};
use crate::knowledge::model::{self, Prefill};
use crate::knowledge::route::Route;
use crate::knowledge::version::{Range, Version};

/// What will become of a pair. In this order, the last is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outlook {
    /// Nothing that could be refused is sent.
    Safe,
    /// It is not to be told.
    Unknown,
    /// It depends on which deployment gets it, or on what fails besides.
    MayBreak,
    /// Each continuation that is sent is refused.
    WillBreak,
}

impl Outlook {
    /// The name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Outlook::Safe => "safe",
            Outlook::Unknown => "unknown",
            Outlook::MayBreak => "may_break",
            Outlook::WillBreak => "will_break",
        }
    }
}

/// A deployment of a target.
#[derive(Debug, Clone)]
pub struct Served {
    /// The provider's model.
    pub model: String,
    /// What it does with a prefill.
    pub prefill: Prefill,
    /// Why, and where LiteLLM's own map says otherwise.
    pub reason: String,
    /// Where it is written.
    pub spot: Spot,
}

/// A pair on one route.
#[derive(Debug, Clone)]
pub struct OnRoute {
    /// The route.
    pub route: Route,
    /// What will become of it.
    pub outlook: Outlook,
    /// Why.
    pub reason: String,
    /// The releases on which it is so.
    pub versions: Vec<Range>,
}

/// A group whose stream breaks, and whom LiteLLM turns to.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The group whose stream breaks.
    pub failed: Rc<str>,
    /// The group that LiteLLM turns to; the same, for hops inside a group.
    pub target: Rc<str>,
    /// The fallbacks in between, whose own the target is.
    pub via: Vec<Rc<str>>,
    /// How the target is found.
    pub hop: Hop,
    /// Whether it stands in `default_fallbacks`.
    pub is_default: bool,
    /// The worst of the routes.
    pub outlook: Outlook,
    /// Its reason.
    pub reason: String,
    /// Each route that was asked for.
    pub routes: Vec<OnRoute>,
    /// Who serves the target.
    pub served: Vec<Served>,
    /// Where the hop is written.
    pub spot: Spot,
    /// The smallest change that ends it.
    pub edit: Option<Edit>,
}

/// What a judgement needs to know of a way.
pub(super) struct Case<'c> {
    pub(super) way: &'c Way,
    /// Who may get the partial answer.
    pub(super) deployments: &'c [Deployment],
    continuation: bool,
    /// Whether all streams of the group are such as were not continued where it was tried.
    is_doubtful: bool,
    /// Whether deployments of a higher order come before.
    is_behind_order: bool,
}

impl Served {
    fn of(deployment: &Deployment) -> Served {
        let claim = model::wrong_claim(&deployment.model).map(|claim| format!("; LiteLLM's cost map calls it capable, wrongly: {}", claim.releases));
        let reason = deployment.prefill.reason() + &claim.unwrap_or_default();
        Served { model: deployment.model.clone(), prefill: deployment.prefill, reason, spot: deployment.spot.clone() }
    }
}

/// All pairs of a group.
pub(super) fn pairs(graph: &mut Graph<'_>, failed: &str, asked: &Asked) -> Vec<Pair> {
    let ways = graph.ways(failed);
    let own = graph.serving(failed);
    let is_doubtful = !own.is_empty() && own.iter().all(|deployment| continuation::is_doubtful(deployment.provider()));
    let has_order = ways.iter().any(|way| way.hop == Hop::Order);
    let pair = |graph: &mut Graph<'_>, way: &Way| {
        let serving = graph.serving(&way.target);
        graph.spend(serving.len());
        let lowest = serving.iter().filter_map(|deployment| deployment.order).min();
        // By order, only those behind the first are turned to.
        let may_get = |deployment: &&Deployment| way.hop != Hop::Order || deployment.order > lowest;
        let deployments: Vec<Deployment> = serving.iter().filter(may_get).cloned().collect();
        let is_behind_order = has_order && way.hop == Hop::Fallback;
        let continuation = graph.config.continuation.is_some();
        judged(&Case { way, deployments: &deployments, continuation, is_doubtful, is_behind_order }, asked, graph.stand_in(way))
    };
    let mut pairs = Vec::new();
    for way in &ways {
        if graph.is_exhausted() {
            break;
        }
        pairs.push(pair(graph, way));
    }
    pairs
}

fn judged(case: &Case<'_>, asked: &Asked, stand_in: Option<&str>) -> Pair {
    let routes: Vec<OnRoute> = asked.routes().into_iter().map(|route| on_route(case, route, asked.version)).collect();
    let worst = routes.iter().rev().max_by_key(|on| on.outlook);
    let (outlook, reason) = worst.map_or((Outlook::Safe, String::new()), |on| (on.outlook, on.reason.clone()));
    let way = case.way;
    Pair {
        failed: way.failed.clone(),
        target: way.target.clone(),
        via: way.via.clone(),
        hop: way.hop,
        is_default: way.is_default,
        outlook,
        reason,
        routes,
        served: case.deployments.iter().map(Served::of).collect(),
        spot: way.spot.clone(),
        edit: edit::smallest(case, outlook, asked.version, stand_in),
    }
}

fn on_route(case: &Case<'_>, route: Route, version: Option<Version>) -> OnRoute {
    let mut starts: BTreeSet<Version> = continuation::changes(route, case.way.hop).collect();
    // Fail-over by order comes and goes on its own, and the list waits behind it.
    starts.extend(continuation::changes(route, Hop::Order).filter(|_| case.is_behind_order));
    starts.extend(case.way.since);
    starts.insert(Version(0, 0, 0));
    let told: Vec<(Version, Outlook, String)> =
        starts.iter().map(|start| (*start, at(case, route, *start))).map(|(start, (o, why))| (start, o, why)).collect();
    let asked = |version: Version| told.iter().rev().find(|(start, ..)| *start <= version);
    // Where all is well, what the models do says more than what a release does not.
    let sends = |version: &Version| matches!(continuation::at(route, case.way.hop, *version).conduct, Conduct::Prefills);
    let worst = || told.iter().rev().max_by_key(|(start, outlook, _)| (*outlook, sends(start)));
    let (outlook, reason) = version.map_or_else(worst, asked).map_or((Outlook::Safe, String::new()), |(_, outlook, why)| (*outlook, why.clone()));
    OnRoute { route, outlook, reason, versions: ranges(&told, outlook) }
}

/// The releases with an outlook, neighbours joined.
fn ranges(told: &[(Version, Outlook, String)], wanted: Outlook) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for (index, (from, outlook, _)) in told.iter().enumerate() {
        let until = told.get(index + 1).map(|(next, ..)| *next);
        match ranges.last_mut() {
            _ if *outlook != wanted => {}
            Some(range) if range.until == Some(*from) => range.until = until,
            _ => ranges.push(Range { from: *from, until }),
        }
    }
    ranges
}

/// What becomes of a hop on one release, and why.
fn at(case: &Case<'_>, route: Route, version: Version) -> (Outlook, String) {
    let row = continuation::at(route, case.way.hop, version);
    if let Some(since) = case.way.since.filter(|since| version < *since) {
        return (Outlook::Safe, format!("LiteLLM finds this list for this name from {since} on"));
    }
    let (outlook, why) = match row.conduct {
        Conduct::Harmless => return (Outlook::Safe, row.what.to_owned()),
        Conduct::IfAsked if !case.continuation => return (Outlook::Safe, row.what.to_owned()),
        Conduct::IfAsked => {
            let capable: Vec<Deployment> = case.deployments.iter().filter(|deployment| deployment.is_said_to_accept()).cloned().collect();
            if capable.is_empty() {
                let why =
                    format!("no deployment of `{}` is said to accept prefill (supports_assistant_prefill), so none is sent one", case.way.target);
                return (Outlook::Safe, why);
            }
            let (outlook, why) = by_models(case, &capable);
            (outlook, if outlook > Outlook::Safe { format!("{why}, but the config or its base model says that it does") } else { why })
        }
        Conduct::Prefills | Conduct::Unread => by_models(case, case.deployments),
    };
    let is_unread = row.conduct == Conduct::Unread;
    let is_behind = case.is_behind_order && continuation::at(route, Hop::Order, version).conduct != Conduct::Harmless;
    let doubts = [
        (is_unread, row.what),
        (case.is_doubtful, "broken Bedrock streams were not continued where it was tried (1.85.7)"),
        (!case.way.is_certain, "only if what comes before it fails, too"),
        (is_behind, "only if the deployments of the next order fail, too"),
    ];
    match doubts.iter().find(|(holds, _)| *holds) {
        Some((_, doubt)) if outlook > Outlook::MayBreak => (Outlook::MayBreak, format!("{why}; {doubt}")),
        _ => (outlook, why),
    }
}

/// What the target's models make of it, if it is sent.
fn by_models(case: &Case<'_>, deployments: &[Deployment]) -> (Outlook, String) {
    let refusal = is_refused(deployments);
    let why = refusal::reason(refusal, &case.way.target, deployments);
    let outlook = match refusal {
        Refusal::Always => Outlook::WillBreak,
        Refusal::Sometimes => Outlook::MayBreak,
        Refusal::Unknown => Outlook::Unknown,
        Refusal::Never => Outlook::Safe,
    };
    (outlook, why)
}
