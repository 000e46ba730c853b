//! Joins hops of one fallback list by order and time, within one stream.
//!
//! The targets of a list are tried one after the other, so a hop on a target needs a hop on the target before it, shortly
//! before. Where only one record can be that hop, the two are one request; a record so taken is no candidate for others,
//! which may force the next pair. What stays ambiguous is joined only where one candidate is far nearer than all others,
//! and gets a verdict without a join where every chain that it can belong to has the same one.
//!
//! "The nearest" never decides alone: it was right in 235 of 237 ambiguous cases, and wrong is wrong.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use super::groups::Groups;
use super::integrity;
use super::node::Tried;
use super::rules::{Rule, Rules, Side};
use super::summary::Summary;
use super::verdict::{self, Verdict};
use crate::disjoint::Sets;

const SECOND: u64 = 1_000_000;
/// How long before a hop the hop before it may stand. Half a second made one wrong join that two seconds did not.
pub(super) const WINDOW: u64 = 2 * SECOND;
/// How much older the runner-up must be for the nearest to be clearly so, and how many times as far.
const CLEAR_GAP: u64 = 3 * SECOND / 10;
const CLEAR_FACTOR: u64 = 4;
/// How many facts away others must be for the record directly before to count.
const DIRECT_GAP: usize = 10;
/// How many hops on one target are looked at for one need; more are a storm in which order tells nothing.
const MOST_CANDIDATES: usize = 64;
/// More rounds than any fallback list is long; each round joins all that is sure in it.
const ROUNDS: usize = 50;
/// After fewer joins the way to a group's representative is still short.
const WORTH_FLATTENING: usize = 1_000;

/// A chain that lacks the hop before its first known one.
#[derive(Debug)]
struct Need {
    group: usize,
    /// The first known hop, or the record that ended the chain.
    before: usize,
    /// Hops that can be the missing one, nearest first.
    candidates: Vec<usize>,
    /// Whether the record that ended the chain is there.
    ended: bool,
    /// Whether a record nearby is damaged: then the missing hop may be one that was lost.
    damaged: bool,
}

/// The hops after which their chains may go on, by node: what is asked of each hop again and again.
struct OpenHops(Vec<bool>);

impl OpenHops {
    fn of(groups: &Groups<'_>) -> OpenHops {
        let mut open = OpenHops(vec![false; groups.nodes.len()]);
        open.tell(groups, groups.roots());
        open
    }

    /// Tells anew of these groups.
    fn tell(&mut self, groups: &Groups<'_>, roots: impl IntoIterator<Item = usize>) {
        for summary in roots.into_iter().filter_map(|root| groups.summaries().get(root)) {
            summary.nodes.iter().for_each(|&node| self.0[node] = false);
            if let Some(hop) = open_hop(groups, summary).filter(|_| summary.closing.is_none()) {
                self.0[hop] = true;
            }
        }
    }
}

/// Joins what order admits.
pub(super) fn join(groups: &mut Groups<'_>) {
    let mut open = OpenHops::of(groups);
    let mut needs = needs(groups, &open, groups.roots());
    let mut is_joined = vec![false; groups.nodes.len()];
    for _ in 0..ROUNDS {
        let mut joined = join_forced(groups, &needs);
        if joined.is_empty() {
            joined = join_nearest(groups, &needs);
        }
        if joined.is_empty() {
            break;
        }
        if joined.len() >= WORTH_FLATTENING {
            groups.flatten();
        }
        let joined: Vec<usize> = joined.into_iter().map(|node| groups.root(node)).collect();
        open.tell(groups, joined.iter().copied());
        for &root in &joined {
            is_joined[root] = true;
        }
        needs = needs_behind(groups, &open, needs, &joined, &is_joined);
        for &root in &joined {
            is_joined[root] = false;
        }
    }
    agree(groups, &needs);
}

/// What is needed once some groups were joined, told by their representatives. Joins take candidates away and never add any: who needs
/// nothing now will need nothing, and who needs none of these needs what it needed before.
fn needs_behind(groups: &Groups<'_>, open: &OpenHops, needs: Vec<Need>, joined: &[usize], is_joined: &[bool]) -> Vec<Need> {
    let of_joined = joined.iter().filter_map(|&root| groups.summaries().get(root)).flat_map(|summary| &summary.nodes);
    let mut moved: Vec<usize> = of_joined.copied().collect();
    moved.sort_unstable();
    let is_joined = |node: usize| is_joined[groups.root(node)];
    // Most needs are far from what was joined.
    let is_near = |need: &Need| {
        let [nearest, .., farthest] = need.candidates[..] else { return true };
        moved.get(moved.partition_point(|&node| node < farthest)).is_some_and(|&node| node <= nearest)
    };
    let is_stale = |need: &Need| is_joined(need.group) || (is_near(need) && need.candidates.iter().any(|&hop| is_joined(hop)));
    let (stale, mut needs): (Vec<Need>, Vec<Need>) = needs.into_par_iter().partition(is_stale);
    let mut roots: Vec<usize> = stale.iter().map(|need| groups.root(need.group)).collect();
    roots.sort_unstable();
    roots.dedup();
    needs.extend(self::needs(groups, open, roots));
    needs.sort_by_key(|need| need.group);
    needs
}

/// Hops that some unfinished chain may need: whether their request went on is not known.
pub(super) fn contested(groups: &Groups<'_>) -> HashSet<usize> {
    let needs = needs(groups, &OpenHops::of(groups), groups.roots());
    needs.into_iter().flat_map(|need| need.candidates).map(|hop| groups.root(hop)).collect()
}

/// What these groups need, in their order.
fn needs(groups: &Groups<'_>, open: &OpenHops, roots: Vec<usize>) -> Vec<Need> {
    roots.into_par_iter().filter_map(|root| need(groups, open, root, groups.summaries().get(root)?)).collect()
}

fn need(groups: &Groups<'_>, open: &OpenHops, root: usize, summary: &Summary) -> Option<Need> {
    let (before, target) = missing_hop(groups, summary)?;
    let at_hand = groups.hops.on(groups.nodes[before].stream, target);
    let candidates = candidates(groups, open, at_hand, (root, summary), before);
    let farthest = candidates.last().map(|&candidate| candidate.min(before))?;
    let damaged = !integrity::intact_between(groups, farthest, before);
    Some(Need { group: root, before, candidates, ended: summary.closing.is_some(), damaged })
}

/// The first known hop of a chain, or its end, and the target before it in the list.
fn missing_hop<'g>(groups: &'g Groups<'_>, summary: &Summary) -> Option<(usize, &'g str)> {
    let hop = |target: &str| summary.nodes.iter().copied().find(|&n| groups.nodes[n].hop.as_deref() == Some(target));
    // Records of inner levels name lists, too; the chain's own list stands in the record that ended it.
    let Some(Tried { targets, last }) = summary.nodes.iter().find_map(|&n| groups.nodes[n].list.as_deref()) else {
        return missing_by_lists(groups, summary);
    };
    // From the last target back: the first one whose hop is not there is missed.
    let mut before = hop(&targets[*last]).or(summary.closing)?;
    for target in targets[..*last].iter().rev() {
        match hop(target) {
            Some(node) => before = node,
            None => return Some((before, target)),
        }
    }
    None
}

/// For a chain without an end: the target before its first hop, where all lists that hold it agree.
fn missing_by_lists<'g>(groups: &'g Groups<'_>, summary: &Summary) -> Option<(usize, &'g str)> {
    if summary.closing.is_some() {
        return None;
    }
    let first = summary.nodes.iter().copied().find(|&n| groups.nodes[n].hop.is_some())?;
    let target = groups.nodes[first].hop.as_deref()?;
    let mut before: Option<&str> = None;
    for (_, list) in groups.lists.get(&groups.nodes[first].stream)?.iter().flat_map(|lists| lists.iter()) {
        let Some(at) = list.iter().position(|t| **t == *target) else { continue };
        let earlier = &**list[..at].last()?;
        match before {
            None => before = Some(earlier),
            Some(known) if known == earlier => {}
            Some(_) => return None,
        }
    }
    before.map(|target| (first, target))
}

fn candidates(groups: &Groups<'_>, open: &OpenHops, hops: &[usize], (root, own): (usize, &Summary), before: usize) -> Vec<usize> {
    let end = hops.partition_point(|&hop| hop < before);
    let nearby = hops[..end].iter().rev().copied().take_while(|&hop| near(groups, hop, before)).take(MOST_CANDIDATES);
    let may_be = |hop: &usize| {
        let other = groups.root(*hop);
        other != root && groups.summaries().get(other).is_some_and(|summary| may_be_one(own, summary))
    };
    nearby.filter(|&hop| open.0[hop]).filter(may_be).collect()
}

/// The hop after which a chain may go on: its last one, unless a level above it was given up since.
pub(super) fn open_hop(groups: &Groups<'_>, summary: &Summary) -> Option<usize> {
    let of_router = |n: &usize| groups.nodes[*n].hop.is_some() || groups.nodes[*n].level_up;
    summary.nodes.iter().copied().filter(of_router).max().filter(|&last| groups.nodes[last].hop.is_some())
}

fn near(groups: &Groups<'_>, hop: usize, before: usize) -> bool {
    let (a, b) = (&groups.nodes[hop], &groups.nodes[before]);
    a.stream == b.stream && a.at.abs_diff(b.at) <= WINDOW
}

/// Whether nothing speaks against two groups being one request.
fn may_be_one(a: &Summary, b: &Summary) -> bool {
    let opposed = |x: &Summary, y: &Summary| x.evidence.point_to(Side::MidStream) && y.evidence.point_to(Side::Client);
    let streams_differ = (a.streamed.0 && b.streamed.1) || (a.streamed.1 && b.streamed.0);
    !opposed(a, b) && !opposed(b, a) && !streams_differ
}

/// Joins each need that has one candidate, unless another need has only the same one; gives what it joined.
fn join_forced(groups: &mut Groups<'_>, needs: &[Need]) -> Vec<usize> {
    let claims = count(groups, needs.iter().filter(|need| need.candidates.len() == 1).map(|need| need.candidates[0]));
    let mut joined = Vec::new();
    for need in needs {
        if let [only] = need.candidates[..]
            && !need.damaged
            && claims[only] == 1
            && surely_near(groups, only, need.before)
        {
            groups.join(need.group, only, Rule::OnlyHopBefore);
            joined.push(need.group);
        }
    }
    joined
}

/// How often each hop stands among these, by node.
fn count(groups: &Groups<'_>, hops: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut counts = vec![0; groups.nodes.len()];
    hops.for_each(|hop| counts[hop] += 1);
    counts
}

/// Whether a lone candidate is near enough to be taken: in a log that lost the true one, a stranger would be alone, too.
fn surely_near(groups: &Groups<'_>, hop: usize, before: usize) -> bool {
    let (a, b) = (&groups.nodes[hop], &groups.nodes[before]);
    !(a.fine && b.fine) || a.at.abs_diff(b.at) <= SECOND
}

/// Joins needs whose nearest candidate is clearly so, or stands directly before them; gives what it joined.
fn join_nearest(groups: &mut Groups<'_>, needs: &[Need]) -> Vec<usize> {
    let wanted = count(groups, needs.iter().filter_map(|need| need.candidates.first().copied()));
    let mut joined = Vec::new();
    for need in needs.iter().filter(|need| !need.damaged) {
        let [first, second, ..] = need.candidates[..] else { continue };
        // A candidate that another chain needs just as much is no one's by nearness.
        if wanted[first] == 1
            && let Some(rule) = nearness(groups, need, first, second)
        {
            groups.join(need.group, first, rule);
            joined.push(need.group);
        }
    }
    joined
}

/// The rule by which the nearest of several candidates is the one, if it is.
fn nearness(groups: &Groups<'_>, need: &Need, first: usize, second: usize) -> Option<Rule> {
    let distance = |hop: usize| groups.nodes[hop].at.abs_diff(groups.nodes[need.before].at);
    let gap = if groups.nodes[need.before].fine { CLEAR_GAP } else { WINDOW };
    if distance(second) >= distance(first) + gap && distance(second) >= CLEAR_FACTOR * distance(first) {
        return Some(Rule::NearestHopBefore);
    }
    // For chains that recovered, the record directly before was wrong in 3 of 28 cases.
    (need.ended && need.before - first == 1 && first - second >= DIRECT_GAP).then_some(Rule::HopDirectlyBefore)
}

/// Gives a verdict to hops that must each belong to one of as many chains, where all these chains have the same verdict.
fn agree(groups: &mut Groups<'_>, needs: &[Need]) {
    let mut agreed = Vec::new();
    for (chains, mut hops) in components(needs) {
        if chains.len() != hops.len() || chains.iter().any(|&i| needs[i].damaged) {
            continue;
        }
        let of = |i: &usize| groups.summaries().get(needs[*i].group).map(|summary| verdict::judge(summary.evidence, Rules::default()).0);
        let verdicts: HashSet<Verdict> = chains.iter().filter_map(of).collect();
        let [verdict] = verdicts.into_iter().collect::<Vec<_>>()[..] else { continue };
        hops.sort_unstable();
        agreed.extend(hops.into_iter().map(|hop| (groups.root(hop), verdict)));
    }
    for (root, verdict) in agreed {
        groups.apply(root, Rule::AllChainsAgree);
        groups.inherited.push((root, verdict));
    }
}

/// Needs that share candidates, with all candidates of theirs.
fn components(needs: &[Need]) -> impl Iterator<Item = (Vec<usize>, Vec<usize>)> {
    let mut sets = Sets::of(needs.len());
    let mut first: HashMap<usize, usize> = HashMap::new();
    for (index, need) in needs.iter().enumerate() {
        for &hop in &need.candidates {
            sets.unite(*first.entry(hop).or_insert(index), index);
        }
    }
    let mut all: BTreeMap<usize, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for index in 0..needs.len() {
        all.entry(sets.root(index)).or_default().0.push(index);
    }
    for (hop, index) in first {
        all.entry(sets.root(index)).or_default().1.push(hop);
    }
    all.into_values()
}
