//! The fallback lists of a config, as LiteLLM takes them up: which of them counts, and what a group finds in it.
//!
//! Source: LiteLLM 1.77.7, 1.85.0, 1.96.2 and 1.109.1, read. A list of `router_settings` that is not empty wins over that of
//! `litellm_settings`; the two are never merged. `default_fallbacks` is added as `*`. Keys are names, not globs.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::config::Note;
use super::error::ConfigError;
use super::source::{Source, Spot, Value};
use super::yaml::Node;
use crate::knowledge::continuation::LOOKS_UP_WITH_PROVIDER;
use crate::knowledge::version::Version;

/// Targets in all lists together: an alias may name a list many times.
const MOST_TARGETS: usize = 20_000;
/// Where lists may stand; the first wins.
pub(super) const SETTINGS: [&str; 2] = ["router_settings", "litellm_settings"];
/// Lists for one class of error each, which a stream that broke is not.
const OF_OTHER_ERRORS: [&str; 2] = ["context_window_fallbacks", "content_policy_fallbacks"];
/// The key that any group finds that has none of its own.
pub(super) const ANY: &str = "*";

/// A group that LiteLLM turns to, and where that is written.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) spot: Spot,
}

/// The targets of one key.
#[derive(Debug)]
pub(super) struct List {
    pub(super) key: String,
    pub(super) spot: Spot,
    /// Each name once, where it stands first.
    pub(super) targets: Vec<Target>,
    pub(super) names: HashSet<String>,
    pub(super) is_default: bool,
}

impl List {
    fn new(key: &str, spot: Spot, mut targets: Vec<Target>, is_default: bool) -> List {
        let mut names = HashSet::new();
        targets.retain(|target| names.insert(target.name.clone()));
        List { key: key.to_owned(), spot, targets, names, is_default }
    }
}

/// All lists that count.
#[derive(Debug, Default)]
pub(super) struct Fallbacks {
    pub(super) lists: Vec<List>,
    by_key: HashMap<String, usize>,
    /// By what stands behind a provider in a key.
    by_bare_key: HashMap<String, usize>,
}

impl Fallbacks {
    /// What a group finds, and from which release on, if not in all.
    pub(super) fn of(&self, group: &str) -> Option<(&List, Option<Version>)> {
        let exact = self.by_key.get(group).or_else(|| self.by_key.get(group.split_once('/')?.1));
        match (exact, self.by_bare_key.get(group)) {
            (Some(at), _) => Some((&self.lists[*at], None)),
            (None, Some(at)) => Some((&self.lists[*at], Some(LOOKS_UP_WITH_PROVIDER))),
            (None, None) => None,
        }
    }

    /// What any group finds.
    pub(super) fn of_any(&self) -> Option<&List> {
        self.with_key(ANY)
    }

    /// The list of a key.
    pub(super) fn with_key(&self, key: &str) -> Option<&List> {
        self.by_key.get(key).map(|at| &self.lists[*at])
    }

    fn add(&mut self, list: List) {
        let at = self.lists.len();
        // Of equal keys the first counts.
        self.by_key.entry(list.key.clone()).or_insert(at);
        if let Some((_, bare)) = list.key.split_once('/') {
            self.by_bare_key.entry(bare.to_owned()).or_insert(at);
        }
        self.lists.push(list);
    }
}

/// Reads the lists that count, and notes what does not.
pub(super) fn read(source: &Source, notes: &mut Vec<Note>) -> Result<Fallbacks, ConfigError> {
    let mut reading = Reading { fallbacks: Fallbacks::default(), targets: 0, notes };
    for key in OF_OTHER_ERRORS {
        for value in SETTINGS.iter().filter_map(|section| source.section(section)?.get(key)) {
            reading.note(&value, format!("`{key}` serve errors of their own, not streams that break: they are left out"));
        }
    }
    if let Some(list) = reading.chosen(source, "fallbacks") {
        reading.lists(&list)?;
    }
    if let Some(value) = reading.chosen(source, "default_fallbacks") {
        let targets = reading.targets(&value)?;
        reading.fallbacks.add(List::new(ANY, value.spot(), targets, true));
    }
    Ok(reading.fallbacks)
}

struct Reading<'n> {
    fallbacks: Fallbacks,
    targets: usize,
    notes: &'n mut Vec<Note>,
}

impl Reading<'_> {
    fn note(&mut self, value: &Value, text: String) {
        self.notes.push(Note::new(value.spot(), text));
    }

    /// The list of the section that wins.
    fn chosen(&mut self, source: &Source, key: &str) -> Option<Value> {
        let is_empty = |value: &Value| value.node.list().is_some_and(<[_]>::is_empty);
        let found = SETTINGS.iter().filter_map(|section| source.section(section)?.get(key)).filter(|value| !is_empty(value));
        let found: Vec<Value> = found.collect();
        if let [first, second] = found.as_slice() {
            let text = format!("these `{key}` do not count: those of router_settings ({}) win whole, and the two are never merged", first.spot());
            self.note(second, text);
        }
        let first = found.into_iter().next()?;
        match Note::of_environment(&first, key) {
            Some(note) => {
                self.notes.push(note);
                None
            }
            None => Some(first),
        }
    }

    fn lists(&mut self, value: &Value) -> Result<(), ConfigError> {
        let items = value.node.list().ok_or_else(|| value.expected("a list of maps with one group each under `fallbacks`, as in `- a: [b, c]`"))?;
        for item in items {
            let item = value.of(item);
            let map = item.node.map().ok_or_else(|| item.expected("a map with one group and its list, as in `a: [b, c]`"))?;
            if map.entries().len() > 1 {
                self.note(&item, "LiteLLM does not start with this: a map of `fallbacks` has one key; put a `-` before each".to_owned());
            }
            for (key, targets) in map.entries() {
                let group = key.text().ok_or_else(|| item.of(key).expected("the name of a group"))?;
                let targets = self.targets(&item.of(targets))?;
                self.fallbacks.add(List::new(group, item.of(key).spot(), targets, false));
            }
        }
        Ok(())
    }

    fn targets(&mut self, value: &Value) -> Result<Vec<Target>, ConfigError> {
        if value.node.is_null() {
            return Ok(Vec::new());
        }
        let items = value.node.list().ok_or_else(|| value.expected("a list of groups to fall back to, as in `[b, c]`"))?;
        self.targets += items.len();
        if self.targets > MOST_TARGETS {
            return Err(value.wrong(format!("more than {MOST_TARGETS} fallback targets; no config has that many")));
        }
        let mut targets = Vec::new();
        for item in items {
            targets.extend(self.target(value, item)?);
        }
        Ok(targets)
    }

    /// A name, or a map that overrides the request, in which `model` is the name.
    fn target(&mut self, list: &Value, item: &Rc<Node>) -> Result<Option<Target>, ConfigError> {
        let item_value = list.of(item);
        if let Some(name) = item.text().or_else(|| item.get("model").and_then(|model| model.text())) {
            return Ok(Some(Target { name: name.to_owned(), spot: item_value.spot() }));
        }
        if item.map().is_none() {
            return Err(item_value.expected("the name of a group, or a map with `model`"));
        }
        self.note(&item_value, "this fallback names no `model`: it is left out".to_owned());
        Ok(None)
    }
}
