//! What of a LiteLLM config matters to streams that break: deployments, aliases, fallbacks, and a few switches.
//!
//! Only what LiteLLM itself would stumble over is an error; unknown keys are left alone. `os.environ/NAME` stays as it stands: the
//! environment here is not the proxy's.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::error::ConfigError;
use super::fallbacks::{self, ANY, Fallbacks};
use super::source::{Source, Spot, Value};
use super::wildcard;
use crate::knowledge::continuation::MAX_FALLBACKS;
use crate::knowledge::model::{self, Prefill, Why};
use crate::mask::Secrets;

/// Deployments in one config: an alias may name one many times.
const MOST_DEPLOYMENTS: usize = 50_000;

/// What is worth saying of a config besides its pairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub spot: Spot,
    /// What.
    pub text: String,
    /// Whether it is something that decides, and that could not be read here.
    pub is_unread: bool,
}

impl Note {
    pub(super) fn new(spot: Spot, text: String) -> Note {
        Note { spot, text, is_unread: false }
    }

    /// Of a value that stands in the environment, if it does.
    pub(super) fn of_environment(value: &Value, key: &str) -> Option<Note> {
        let is_there = value.node.text().is_some_and(|text| text.starts_with("os.environ/"));
        let text = format!("`{key}` stands in the environment, which is not read: put its value here to have it checked");
        is_there.then(|| Note { spot: value.spot(), text, is_unread: true })
    }
}

/// One entry of `model_list`.
#[derive(Debug, Clone)]
pub(super) struct Deployment {
    pub(super) model: String,
    base_model: Option<String>,
    /// What it does with a prefill.
    pub(super) prefill: Prefill,
    pub(super) order: Option<i64>,
    /// What `supports_assistant_prefill` says.
    pub(super) declared: Option<(bool, Spot)>,
    /// Whether it answers in streams: an embedding does not.
    pub(super) streams: bool,
    pub(super) spot: Spot,
}

impl Deployment {
    /// Whether LiteLLM takes it for capable: what the config says, or else its map, which knows the base model's name.
    pub(super) fn is_said_to_accept(&self) -> bool {
        let known = self.base_model.as_deref().unwrap_or(&self.model);
        self.declared.as_ref().map_or_else(|| matches!(model::prefill(known), Prefill::Accepts(_)), |(says, _)| *says)
    }

    pub(super) fn provider(&self) -> &str {
        self.model.split_once('/').map_or("", |(provider, _)| provider)
    }
}

/// What a model does with a prefill. The base model says what a name does not, as with Azure's deployments and Bedrock's ARNs.
fn prefill(model: &str, base_model: Option<&str>) -> Prefill {
    match (model::prefill(model), base_model) {
        (Prefill::Unknown(Why::NoName | Why::NoVersion | Why::Environment), Some(base)) => model::prefill(base),
        (told, _) => told,
    }
}

/// A LiteLLM config, with what it includes.
#[derive(Debug)]
pub struct Config {
    /// The file, as it was named.
    pub name: String,
    /// All files that were read, the config first.
    pub files: Vec<Arc<str>>,
    /// What is worth saying of it.
    pub notes: Vec<Note>,
    pub(super) deployments: Vec<Deployment>,
    /// Group names in the order of the file.
    pub(super) groups: Vec<String>,
    members: HashMap<String, Vec<usize>>,
    ids: HashMap<String, usize>,
    /// Names of groups that serve more names than their own.
    patterns: Vec<String>,
    /// Aliases in the order of the file.
    pub(super) aliases: Vec<String>,
    behind: HashMap<String, String>,
    pub(super) fallbacks: Fallbacks,
    pub(super) max_fallbacks: usize,
    /// `enable_mid_stream_fallback_continuation`, where it is on.
    pub(super) continuation: Option<Spot>,
    /// `enable_weighted_failover`, where it is on and works.
    pub(super) weighted: Option<Spot>,
}

impl Config {
    /// Reads a config; `-` is stdin. Secrets in it are masked, or shown, as in a report, so that both call a group the same.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or LiteLLM could not use it either.
    pub fn read(path: &Path, secrets: Secrets) -> Result<Config, ConfigError> {
        Config::of(&Source::read(path, secrets)?)
    }

    /// Reads the bytes of a config that is called `name` and stands in `folder`.
    ///
    /// # Errors
    ///
    /// As with [`Config::read`].
    pub fn of_bytes(name: &str, bytes: Vec<u8>, folder: &Path) -> Result<Config, ConfigError> {
        Config::of(&Source::of(name, bytes, folder, Secrets::Masked)?)
    }

    fn of(source: &Source) -> Result<Config, ConfigError> {
        let mut config = Config {
            name: source.files.first().map(ToString::to_string).unwrap_or_default(),
            files: source.files.clone(),
            notes: source.notes.clone(),
            deployments: Vec::new(),
            groups: Vec::new(),
            members: HashMap::new(),
            ids: HashMap::new(),
            patterns: Vec::new(),
            aliases: Vec::new(),
            behind: HashMap::new(),
            fallbacks: Fallbacks::default(),
            max_fallbacks: MAX_FALLBACKS,
            continuation: None,
            weighted: None,
        };
        let models = source.items("model_list")?;
        if let Some(beyond) = models.get(MOST_DEPLOYMENTS) {
            return Err(beyond.wrong(format!("more than {MOST_DEPLOYMENTS} deployments; no config has that many")));
        }
        models.iter().try_for_each(|item| config.add(item))?;
        for key in fallbacks::SETTINGS {
            if let Ok([first, ..]) = source.items(key) {
                return Err(first.wrong(format!("expected a map under `{key}`, found a list")));
            }
        }
        config.fallbacks = fallbacks::read(source, &mut config.notes)?;
        if let Some(router) = source.section("router_settings") {
            config.router(router)?;
        }
        config.note_unserved();
        if let Some(database) = source.section("general_settings").and_then(|general| general.get("store_model_in_db")).filter(|on| on.node.is_true())
        {
            let text = "models and fallbacks are kept in the database, too (store_model_in_db): this file is not all there is".to_owned();
            config.notes.push(Note::new(database.spot(), text));
        }
        Ok(config)
    }

    fn add(&mut self, item: &Value) -> Result<(), ConfigError> {
        if item.node.map().is_none() {
            return Err(item.expected("a deployment, which is a map with `model_name` and `litellm_params`"));
        }
        let group =
            item.text("model_name").ok_or_else(|| item.wrong("this deployment has no `model_name`; give the name that clients use".into()))?;
        let params = item.get("litellm_params").ok_or_else(|| item.wrong(format!("`{group}` has no `litellm_params`; give them, with `model`")))?;
        let model = params.get("model").filter(|model| model.node.text().is_some());
        let model = model.ok_or_else(|| params.wrong(format!("`{group}` has no `litellm_params.model`; give the provider's model")))?;
        let info = item.get("model_info");
        let info_text = |key| info.as_ref().and_then(|info| info.text(key)).map(str::to_owned);
        let declared = info.as_ref().and_then(|info| info.get("supports_assistant_prefill")).map(|value| (value.node.is_true(), value.spot()));
        let deciding = [info.as_ref().and_then(|info| info.get("supports_assistant_prefill")), params.get("order")];
        for (value, key) in deciding.into_iter().zip(["supports_assistant_prefill", "order"]) {
            self.notes.extend(value.and_then(|value| Note::of_environment(&value, key)));
        }
        let name = model.node.text().unwrap_or_default().to_owned();
        let base_model = info_text("base_model").or_else(|| params.text("base_model").map(str::to_owned));
        let deployment = Deployment {
            prefill: prefill(&name, base_model.as_deref()),
            model: name,
            base_model,
            order: params.text("order").and_then(|order| order.parse().ok()),
            declared,
            streams: info_text("mode").is_none_or(|mode| matches!(mode.as_str(), "chat" | "completion" | "responses")),
            spot: model.spot(),
        };
        let at = self.deployments.len();
        if let Some(id) = info_text("id") {
            self.ids.insert(id, at);
        }
        let members = self.members.entry(group.to_owned()).or_default();
        if members.is_empty() {
            self.groups.push(group.to_owned());
            if group.contains('*') {
                self.patterns.push(group.to_owned());
            }
        }
        members.push(at);
        self.deployments.push(deployment);
        Ok(())
    }

    fn router(&mut self, router: &Value) -> Result<(), ConfigError> {
        for key in ["enable_mid_stream_fallback_continuation", "enable_weighted_failover", "max_fallbacks"] {
            self.notes.extend(router.get(key).and_then(|value| Note::of_environment(&value, key)));
        }
        let on = |key: &str| router.get(key).filter(|value| value.node.is_true()).map(|value| value.spot());
        self.continuation = on("enable_mid_stream_fallback_continuation");
        let shuffles = router.text("routing_strategy").is_none_or(|strategy| strategy == "simple-shuffle");
        self.weighted = on("enable_weighted_failover").filter(|_| shuffles);
        if let Some(max) = router.text("max_fallbacks").and_then(|max| max.parse().ok()) {
            self.max_fallbacks = max;
        }
        let Some(aliases) = router.get("model_group_alias") else { return Ok(()) };
        let map = aliases.node.map().ok_or_else(|| aliases.expected("a map of aliases to groups under `model_group_alias`"))?;
        for (alias, group) in map.entries() {
            let behind = group.text().or_else(|| group.get("model").and_then(|model| model.text()));
            let behind = behind.ok_or_else(|| aliases.of(group).expected("the group behind the alias"))?;
            let alias = alias.text().unwrap_or_default().to_owned();
            self.behind.insert(alias.clone(), behind.to_owned());
            self.aliases.push(alias);
        }
        Ok(())
    }

    /// The group behind an alias.
    pub(super) fn behind(&self, name: &str) -> Option<&str> {
        self.behind.get(name).map(String::as_str)
    }

    /// What the fallbacks name that this config does not serve.
    fn note_unserved(&mut self) {
        let lists = self.fallbacks.lists.iter().filter(|list| list.key != ANY);
        let unserved: Vec<Note> = lists.filter_map(|list| Some(Note::new(list.spot.clone(), self.unserved(&list.key)?))).collect();
        self.notes.extend(unserved);
    }

    fn unserved(&self, key: &str) -> Option<String> {
        if key.contains('*') {
            return Some(format!("`{key}` serves no request: keys of `fallbacks` are names, and only `*` alone stands for any"));
        }
        let is_unserved = self.serving(key).is_empty();
        is_unserved.then(|| format!("no deployment of this config is called `{key}`: it may come from the database, or be misspelt"))
    }

    /// The deployments that serve a name: a group's, an alias's, the one with that id, or those of the wildcard that fits best.
    pub(super) fn serving(&self, name: &str) -> Vec<Deployment> {
        let name = self.behind(name).unwrap_or(name);
        let all = |members: &[usize]| members.iter().map(|at| self.deployments[*at].clone()).collect();
        if let Some(members) = self.members.get(name) {
            return all(members);
        }
        if let Some(at) = self.ids.get(name) {
            return all(&[*at]);
        }
        let fitting = self.patterns.iter().filter_map(|group| Some((group, wildcard::part(group, name)?)));
        let Some((group, part)) = fitting.max_by_key(|(group, _)| group.len()) else { return Vec::new() };
        let concrete = |at: &usize| {
            let pattern = &self.deployments[*at];
            let model = pattern.model.replacen('*', part, 1);
            Deployment { prefill: prefill(&model, pattern.base_model.as_deref()), model, ..pattern.clone() }
        };
        self.members[group].iter().map(concrete).collect()
    }
}
