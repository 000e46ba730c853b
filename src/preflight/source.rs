//! A config and the files that it includes, as LiteLLM puts them together: a list is added to the list of the same key, any other
//! value takes its place. Paths of includes are relative to the folder of the config, also in included files.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::config::Note;
use super::error::{ConfigError, Wrong};
use super::yaml::{self, Node};
use crate::mask::Secrets;

/// Bytes of one file, and how many files. Both are far beyond any config.
const MOST_BYTES: u64 = 16 << 20;
const MOST_FILES: usize = 256;
/// Keys of which a LiteLLM config has at least one.
const SECTIONS: [&str; 6] = ["model_list", "litellm_settings", "router_settings", "general_settings", "environment_variables", "include"];

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A value with the file that it stands in.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) file: Arc<str>,
    pub(super) node: Rc<Node>,
}

impl Value {
    pub(super) fn spot(&self) -> Spot {
        Spot { file: self.file.clone(), line: self.node.line }
    }

    pub(super) fn get(&self, key: &str) -> Option<Value> {
        self.node.get(key).map(|node| self.of(node))
    }

    pub(super) fn of(&self, node: &Rc<Node>) -> Value {
        Value { file: self.file.clone(), node: node.clone() }
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.node.get(key).and_then(|node| node.text())
    }

    pub(super) fn wrong(&self, what: String) -> ConfigError {
        Wrong { line: self.node.line, what }.of(&self.file)
    }

    /// What is said of a value that is not what it should be.
    pub(super) fn expected(&self, what: &str) -> ConfigError {
        self.wrong(format!("expected {what}, found {}", self.node.kind()))
    }
}

/// All files together, by their top-level keys.
pub(super) struct Source {
    secrets: Secrets,
    pub(super) files: Vec<Arc<str>>,
    single: BTreeMap<String, Value>,
    lists: BTreeMap<String, Vec<Value>>,
    pub(super) notes: Vec<Note>,
}

impl Source {
    pub(super) fn read(path: &Path, secrets: Secrets) -> Result<Source, ConfigError> {
        let is_stdin = path.as_os_str() == "-";
        let name = if is_stdin { "<stdin>".to_owned() } else { path.display().to_string() };
        let bytes = if is_stdin { all(io::stdin().lock()) } else { File::open(path).and_then(all) };
        let bytes = bytes.map_err(|why| ConfigError::Unreadable { path: secrets.in_path(&name).as_ref().into(), why })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Source::of(&name, bytes, folder, secrets)
    }

    pub(super) fn of(name: &str, bytes: Vec<u8>, folder: &Path, secrets: Secrets) -> Result<Source, ConfigError> {
        let mut source = Source { secrets, files: Vec::new(), single: BTreeMap::new(), lists: BTreeMap::new(), notes: Vec::new() };
        let mut waiting = source.take(name, bytes)?;
        let mut seen = vec![Path::new(name).components().collect::<PathBuf>()];
        while let Some((value, path)) = waiting.pop_front() {
            // `./a.yaml` and `a.yaml` are one file.
            let path: PathBuf = folder.join(path).components().collect();
            let name = path.display().to_string();
            let shown = secrets.in_path(&name);
            if seen.contains(&path) {
                source.notes.push(Note::new(value.spot(), format!("`{shown}` is included already; it counts once here")));
                continue;
            }
            if seen.len() >= MOST_FILES {
                return Err(value.wrong(format!("more than {MOST_FILES} included files")));
            }
            let unreadable = |why| ConfigError::Include { by: value.file.to_string(), line: value.node.line, path: shown.as_ref().into(), why };
            let bytes = regular(&path).map_err(unreadable)?;
            waiting.extend(source.take(&name, bytes)?);
            seen.push(path);
        }
        source.is_config(&secrets.in_path(name))?;
        Ok(source)
    }

    /// Takes a file in, and gives what it includes.
    fn take(&mut self, name: &str, bytes: Vec<u8>) -> Result<VecDeque<(Value, String)>, ConfigError> {
        let file: Arc<str> = self.secrets.in_path(name).into();
        self.files.push(file.clone());
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + memchr::memchr_iter(b'\n', before).count();
            Wrong { line, what: "this is not UTF-8, which LiteLLM expects; save the file as UTF-8".to_owned() }.of(&file)
        })?;
        let Some(node) = yaml::read(&text, self.secrets).map_err(|wrong| wrong.of(&file))? else { return Ok(VecDeque::new()) };
        let root = Value { file, node };
        let map = root.node.map().ok_or_else(|| root.expected("a LiteLLM config, which is a map with `model_list`"))?;
        let mut includes = VecDeque::new();
        for (key, node) in map.entries() {
            match key.text() {
                Some("include") => includes.extend(included(&root.of(node))?),
                Some(key) => self.put(key, &root.of(node)),
                None => {}
            }
        }
        Ok(includes)
    }

    fn put(&mut self, key: &str, value: &Value) {
        if let Some(items) = value.node.list() {
            self.single.remove(key);
            self.lists.entry(key.to_owned()).or_default().extend(items.iter().map(|item| value.of(item)));
            return;
        }
        let before = self.lists.remove(key).and_then(|items| items.first().cloned()).or_else(|| self.single.remove(key));
        if let Some(before) = before.filter(|before| !before.node.is_null()) {
            let text = format!("`{key}` of this file takes the place of all that {} has under it", before.file);
            self.notes.push(Note::new(value.spot(), text));
        }
        self.single.insert(key.to_owned(), value.clone());
    }

    /// A top-level value that is no list, unless it is nothing.
    pub(super) fn section(&self, key: &str) -> Option<&Value> {
        self.single.get(key).filter(|value| !value.node.is_null())
    }

    /// The items of a top-level list.
    pub(super) fn items(&self, key: &str) -> Result<&[Value], ConfigError> {
        match (self.lists.get(key), self.section(key)) {
            (Some(items), _) => Ok(items),
            (None, Some(value)) => Err(value.expected(&format!("a list under `{key}`"))),
            (None, None) => Ok(&[]),
        }
    }

    fn is_config(&self, name: &str) -> Result<(), ConfigError> {
        if SECTIONS.iter().any(|key| self.single.contains_key(*key) || self.lists.contains_key(*key)) || self.files.len() > 1 {
            return Ok(());
        }
        let what = if self.single.contains_key("kind") && self.single.contains_key("data") {
            "this is a Kubernetes object, with the config as a text in it; take it out first: yq '.data[\"config.yaml\"]' FILE | streamfall preflight -".to_owned()
        } else if self.single.is_empty() && self.lists.is_empty() {
            "this is empty; give the file that the proxy gets with --config".to_owned()
        } else {
            format!("this is no LiteLLM config: it has none of {}; give the file that the proxy gets with --config", SECTIONS.join(", "))
        };
        Err(Wrong { line: 1, what }.of(name))
    }
}

/// The paths under `include`.
fn included(value: &Value) -> Result<Vec<(Value, String)>, ConfigError> {
    let items = value.node.list().ok_or_else(|| value.expected("a list of files under `include`"))?;
    let path = |item: &Rc<Node>| {
        let path = item.own().map(str::to_owned);
        path.map(|path| (value.of(item), path)).ok_or_else(|| value.of(item).expected("the path of a file"))
    };
    items.iter().map(path).collect()
}

/// An included file. What is none (a pipe, a device) may never end.
fn regular(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    all(File::open(path)?)
}

fn all(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {} MiB, as no config is", MOST_BYTES >> 20));
    if bytes.len() as u64 > MOST_BYTES { Err(too_large()) } else { Ok(bytes) }
}
