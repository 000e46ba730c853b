//! The hops that LiteLLM makes when a stream of a group breaks, in its order: to the next `order` or another deployment of the
//! group, to the group's fallbacks one after the other, and after each of these to its own fallbacks.
//!
//! A hop is *certain* if all before it must fail. A target that is reached in two ways is one pair: the direct way counts.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::config::{Config, Deployment};
use super::fallbacks::List;
use super::refusal::{Refusal, is_refused};
use super::source::Spot;
use crate::knowledge::continuation::{Hop, LOOKS_BEHIND_ALIASES};
use crate::knowledge::model::Prefill;
use crate::knowledge::version::Version;

/// How deep fallbacks of fallbacks are followed, whatever `max_fallbacks` says.
const MOST_LEVELS: usize = 64;

/// Targets and deployments looked at for one config: groups of many that all fall back to groups of many.
const MOST_STEPS: usize = 2_000_000;
/// Groups among which one is looked for that could take a target's place.
const MOST_STAND_INS: usize = 64;

/// One way from a group whose stream broke to a target.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) failed: Rc<str>,
    pub(super) target: Rc<str>,
    /// The fallbacks in between, whose own the target is.
    pub(super) via: Vec<Rc<str>>,
    pub(super) hop: Hop,
    /// The key of the list that the target stands in.
    pub(super) key: Rc<str>,
    pub(super) is_default: bool,
    pub(super) is_certain: bool,
    /// The release from which on there is this hop, if not from the first.
    pub(super) since: Option<Version>,
    pub(super) spot: Spot,
}

/// All hops of a config, and who serves each name.
pub(super) struct Graph<'c> {
    pub(super) config: &'c Config,
    serving: HashMap<String, (Rc<[Deployment]>, Refusal)>,
    /// Groups that accept a prefill: those of Claude first, and of these, those that lead nowhere else.
    stand_ins: Vec<&'c str>,
    /// What was looked at.
    steps: usize,
}

/// A walk from one group.
struct Walk {
    failed: Rc<str>,
    /// What the group's own lists name.
    direct: HashSet<String>,
    /// What was reached.
    seen: HashSet<String>,
    ways: Vec<Way>,
}

impl<'c> Graph<'c> {
    pub(super) fn new(config: &'c Config) -> Graph<'c> {
        let is_claude = |name: &str| config.serving(name).iter().any(|deployment| matches!(deployment.prefill, Prefill::Accepts(_)));
        let fit = |name: &&str| !name.contains('*') && is_refused(&config.serving(name)) == Refusal::Never;
        let mut stand_ins: Vec<&str> = config.groups.iter().map(String::as_str).filter(fit).collect();
        stand_ins.sort_by_cached_key(|name| (!is_claude(name), config.fallbacks.of(name).is_some()));
        stand_ins.truncate(MOST_STAND_INS);
        Graph { config, serving: HashMap::new(), stand_ins, steps: 0 }
    }

    /// The groups whose streams may break: those of `model_list`, aliases, and what else the fallbacks name.
    pub(super) fn roots(&self) -> Vec<&'c str> {
        let config = self.config;
        let keys = config.fallbacks.lists.iter().map(|list| list.key.as_str()).filter(|key| !key.contains('*'));
        let all = config.groups.iter().map(String::as_str).chain(config.aliases.iter().map(String::as_str)).chain(keys);
        let mut seen = HashSet::new();
        all.filter(|name| seen.insert(*name)).collect()
    }

    /// The deployments that serve a name.
    pub(super) fn serving(&mut self, name: &str) -> Rc<[Deployment]> {
        self.served(name).0
    }

    fn refuses(&mut self, name: &str) -> bool {
        self.served(name).1 == Refusal::Always
    }

    fn served(&mut self, name: &str) -> (Rc<[Deployment]>, Refusal) {
        if let Some(found) = self.serving.get(name) {
            return found.clone();
        }
        let found: Rc<[Deployment]> = if self.is_exhausted() { Rc::default() } else { self.config.serving(name).into() };
        self.spend(found.len());
        let served = (found.clone(), is_refused(&found));
        self.serving.insert(name.to_owned(), served.clone());
        served
    }

    /// Counts what was looked at.
    pub(super) fn spend(&mut self, steps: usize) {
        self.steps += steps;
    }

    /// Whether there is more to look at than in any config: what was found is not all.
    pub(super) fn is_exhausted(&self) -> bool {
        self.steps > MOST_STEPS
    }

    /// All ways from a group.
    pub(super) fn ways(&mut self, failed: &str) -> Vec<Way> {
        let own = self.serving(failed);
        if !own.is_empty() && own.iter().all(|deployment| !deployment.streams) {
            return Vec::new();
        }
        let mut walk = Walk { failed: failed.into(), direct: HashSet::new(), seen: HashSet::new(), ways: Vec::new() };
        walk.ways.extend(self.inside(failed, &own));
        // What the group's list names itself is reached from there, whatever leads to it besides.
        walk.direct = self.lists(failed).iter().flat_map(|(list, _)| &list.targets).map(|target| target.name.clone()).collect();
        self.follow(&mut walk, failed, &mut Vec::new(), true);
        walk.ways
    }

    /// A group that accepts a prefill and could take the place of a way's target.
    pub(super) fn stand_in(&self, way: &Way) -> Option<&'c str> {
        let list = self.config.fallbacks.with_key(&way.key);
        let fits = |name: &&&str| *way.failed != ***name && *way.key != ***name && !list.is_some_and(|list| list.names.contains(**name));
        self.stand_ins.iter().find(fits).copied()
    }

    /// Hops inside the group: to the deployments of the next order, or to any other.
    fn inside(&self, failed: &str, own: &[Deployment]) -> Vec<Way> {
        let orders: HashSet<i64> = own.iter().filter_map(|deployment| deployment.order).collect();
        let first = orders.iter().min();
        let next = own.iter().find(|deployment| orders.len() > 1 && deployment.order.as_ref() > first);
        let weighted = self.config.weighted.as_ref().filter(|_| own.len() > 1);
        let way = |hop, spot: &Spot| Way {
            failed: failed.into(),
            target: failed.into(),
            via: Vec::new(),
            hop,
            key: failed.into(),
            is_default: false,
            is_certain: true,
            since: None,
            spot: spot.clone(),
        };
        let order = next.map(|deployment| way(Hop::Order, &deployment.spot));
        order.into_iter().chain(weighted.map(|spot| way(Hop::Weighted, spot))).collect()
    }

    /// The lists that a group finds. An alias finds that of the group behind it only from some release on, and until then the default.
    fn lists(&self, group: &str) -> Vec<(&'c List, Option<Version>)> {
        let fallbacks = &self.config.fallbacks;
        if let Some(own) = fallbacks.of(group) {
            return vec![own];
        }
        let behind = self.config.behind(group).and_then(|behind| fallbacks.of(behind)).map(|(list, _)| (list, Some(LOOKS_BEHIND_ALIASES)));
        fallbacks.of_any().map(|list| (list, None)).into_iter().chain(behind).collect()
    }

    /// Follows the fallbacks of a group that is left, and tells whether all of them must fail.
    fn follow(&mut self, walk: &mut Walk, left: &str, via: &mut Vec<Rc<str>>, certain: bool) -> bool {
        let mut certain = certain;
        if via.len() >= self.config.max_fallbacks.min(MOST_LEVELS) {
            return certain;
        }
        for (list, since) in self.lists(left) {
            self.spend(list.targets.len());
            if self.is_exhausted() {
                return false;
            }
            for target in list.targets.iter().filter(|target| target.name != left) {
                let is_elsewhere = !via.is_empty() && (target.name == *walk.failed || walk.direct.contains(&target.name));
                if is_elsewhere || !walk.seen.insert(target.name.clone()) {
                    certain = certain && self.refuses(&target.name);
                    continue;
                }
                let name: Rc<str> = target.name.as_str().into();
                walk.ways.push(Way {
                    failed: walk.failed.clone(),
                    target: name.clone(),
                    via: via.clone(),
                    hop: Hop::Fallback,
                    key: list.key.as_str().into(),
                    is_default: list.is_default,
                    is_certain: certain,
                    since,
                    spot: target.spot.clone(),
                });
                let refuses = self.refuses(&target.name);
                via.push(name);
                certain = self.follow(walk, &target.name, via, certain && refuses);
                via.pop();
            }
        }
        certain
    }
}
