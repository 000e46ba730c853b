//! YAML as a tree whose nodes know their lines.
//!
//! Built from the events of `saphyr-parser`: it is maintained, gives lines, and hands out an alias as an alias. So an alias becomes
//! a second reference to the same node, never a copy, and what a file of nested aliases would expand to is never held. Crates that
//! read into serde's model expand aliases before one can count them, and know lines only of errors.
//!
//! Read as PyYAML reads it, which is what LiteLLM uses: `<<` merges, the last of equal keys counts, one document a file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::error::Wrong;
use crate::mask::Secrets;

/// Nodes in one file, merged entries among them. The largest configs that are known have some ten thousand.
const MOST_NODES: usize = 1_000_000;
/// How deep nodes may be one in the other. LiteLLM's own keys need eight.
const MOST_LEVELS: usize = 64;

/// Words for true, as YAML 1.1 has them.
const TRUE: [&str; 3] = ["true", "yes", "on"];
/// Words for nothing.
const NULL: [&str; 3] = ["", "~", "null"];

/// A value and where it starts.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    levels: usize,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Scalar { text: String, own: Option<String>, is_plain: bool },
    List(Vec<Rc<Node>>),
    Map(Map),
}

/// Entries as they stand, and where each key is.
#[derive(Debug, Default)]
pub(super) struct Map {
    entries: Vec<(Rc<Node>, Rc<Node>)>,
    index: HashMap<String, usize>,
}

impl Node {
    /// The text of a scalar, as it may be seen; `None` for anything else and for nothing.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, is_plain, .. } if !(*is_plain && is_null(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of a scalar as the file has it: for what is opened by it.
    pub(super) fn own(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { own: Some(own), .. } => Some(own),
            _ => self.text(),
        }
    }

    pub(super) fn list(&self) -> Option<&[Rc<Node>]> {
        if let Kind::List(items) = &self.kind { Some(items) } else { None }
    }

    pub(super) fn map(&self) -> Option<&Map> {
        if let Kind::Map(map) = &self.kind { Some(map) } else { None }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, is_plain: true, .. } if is_null(text))
    }

    pub(super) fn is_true(&self) -> bool {
        self.text().is_some_and(|text| TRUE.contains(&text.to_ascii_lowercase().as_str()))
    }

    /// The value of a key, unless it is nothing.
    pub(super) fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.map()?.get(key)
    }

    /// What it is, for those who expected something else.
    pub(super) fn kind(&self) -> &'static str {
        match &self.kind {
            _ if self.is_null() => "nothing",
            Kind::Scalar { .. } => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}

impl Map {
    pub(super) fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.index.get(key).map(|at| &self.entries[*at].1).filter(|value| !value.is_null())
    }

    pub(super) fn entries(&self) -> &[(Rc<Node>, Rc<Node>)] {
        &self.entries
    }

    fn put(&mut self, key: Rc<Node>, value: Rc<Node>) {
        let name = key.text().unwrap_or_default().to_owned();
        if let Some(at) = self.index.get(&name) {
            self.entries[*at] = (key, value);
            return;
        }
        self.index.insert(name, self.entries.len());
        self.entries.push((key, value));
    }

    fn put_new(&mut self, key: &Rc<Node>, value: &Rc<Node>) {
        if key.text().is_some_and(|name| !self.index.contains_key(name)) {
            self.put(key.clone(), value.clone());
        }
    }
}

fn is_null(text: &str) -> bool {
    NULL.contains(&text.to_ascii_lowercase().as_str())
}

/// Reads a file's text; `None` if there is nothing in it. Secrets in it are masked here, before anything is named by them: so groups are
/// called what a report calls them.
pub(super) fn read(text: &str, secrets: Secrets) -> Result<Option<Rc<Node>>, Wrong> {
    let mut tree = Tree { secrets, ..Tree::default() };
    for event in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
        let (event, span) = event.map_err(|error| Wrong { line: error.marker().line(), what: no_yaml(error.info()) })?;
        tree.take(event, span)?;
    }
    Ok(tree.root)
}

fn no_yaml(why: &str) -> String {
    format!("this is no YAML: {why}. If it is a template, render it first and give the result")
}

/// A list or map that has not ended yet.
struct Open {
    line: usize,
    anchor: usize,
    is_map: bool,
    items: Vec<Rc<Node>>,
}

#[derive(Default)]
struct Tree {
    secrets: Secrets,
    root: Option<Rc<Node>>,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    nodes: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Wrong> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let masked = match self.secrets.in_name(&text) {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(masked) => Some(masked),
                };
                let (text, own) = masked.map_or_else(|| (text.to_string(), None), |masked| (masked, Some(text.to_string())));
                let kind = Kind::Scalar { text, own, is_plain: style == ScalarStyle::Plain };
                self.add(Node { line, levels: 1, kind }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.start(line, anchor, false),
            Event::MappingStart(anchor, _) => self.start(line, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node = node.ok_or_else(|| Wrong { line, what: "an alias that stands inside of what it names; write it out".to_owned() })?;
                self.count(line, 1)?;
                self.place(node, line)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(Wrong { line, what: "a second document starts here, and LiteLLM reads one a file; give one document".to_owned() })
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, line: usize, anchor: usize, is_map: bool) -> Result<(), Wrong> {
        if self.open.len() >= MOST_LEVELS {
            return Err(too_deep(line));
        }
        self.open.push(Open { line, anchor, is_map, items: Vec::new() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Wrong> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let levels = 1 + open.items.iter().map(|item| item.levels).max().unwrap_or(0);
        if levels > MOST_LEVELS {
            return Err(too_deep(open.line));
        }
        let kind = if open.is_map { Kind::Map(self.merged(open.line, &open.items)?) } else { Kind::List(open.items) };
        self.add(Node { line: open.line, levels, kind }, open.anchor)
    }

    /// The entries of a map, with those that `<<` brings in where the map has none of its own.
    fn merged(&mut self, line: usize, items: &[Rc<Node>]) -> Result<Map, Wrong> {
        let mut map = Map::default();
        let pairs = || items.chunks_exact(2).map(|pair| (&pair[0], &pair[1]));
        let is_merge = |key: &Node| matches!(&key.kind, Kind::Scalar { text, is_plain: true, .. } if text == "<<");
        pairs().filter(|(key, _)| !is_merge(key)).for_each(|(key, value)| map.put(key.clone(), value.clone()));
        for (_, value) in pairs().filter(|(key, _)| is_merge(key)) {
            for from in value.list().unwrap_or(std::slice::from_ref(value)).iter().filter_map(|node| node.map()) {
                self.count(line, from.entries.len())?;
                from.entries.iter().for_each(|(key, value)| map.put_new(key, value));
            }
        }
        Ok(map)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Wrong> {
        self.count(node.line, 1)?;
        let (line, node) = (node.line, Rc::new(node));
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node, line)
    }

    fn place(&mut self, node: Rc<Node>, line: usize) -> Result<(), Wrong> {
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None if self.root.is_none() => self.root = Some(node),
            None => return Err(Wrong { line, what: "more than one document; LiteLLM reads one a file".to_owned() }),
        }
        Ok(())
    }

    fn count(&mut self, line: usize, more: usize) -> Result<(), Wrong> {
        self.nodes += more;
        let what = || format!("this file holds more than {MOST_NODES} values; a LiteLLM config has some thousands");
        if self.nodes > MOST_NODES { Err(Wrong { line, what: what() }) } else { Ok(()) }
    }
}

fn too_deep(line: usize) -> Wrong {
    Wrong { line, what: format!("more than {MOST_LEVELS} lists and maps one in the other; a LiteLLM config needs eight") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Rc<Node> {
        read(text, Secrets::Masked).unwrap().unwrap()
    }

    #[test]
    fn merges_and_aliases_as_in_pyyaml() {
        let node = root("base: &b {a: 1, b: 2}\nown:\n  <<: *b\n  b: 3\nlist:\n  <<: [*b, {c: 4}]\ntwice: 1\ntwice: 2\nalias: *b\n");
        let text = |map: &str, key: &str| node.get(map).and_then(|map| map.get(key)).and_then(|node| node.text()).map(str::to_owned);
        assert_eq!((text("own", "a"), text("own", "b")), (Some("1".into()), Some("3".into())));
        assert_eq!((text("list", "c"), text("alias", "b")), (Some("4".into()), Some("2".into())));
        assert_eq!(node.get("twice").and_then(|node| node.text()), Some("2"));
        assert_eq!(node.get("own").map(|node| node.line), Some(3));
    }

    #[test]
    fn scalars_as_in_yaml_1_1() {
        let node = root("a: yes\nb: 'yes'\nc: ~\nd: ''\ne: null\nf: On\n");
        let of = |key| node.map().unwrap().entries().iter().find(|(k, _)| k.text() == Some(key)).unwrap().1.clone();
        assert!(of("a").is_true() && of("f").is_true() && !of("c").is_true());
        assert!(of("c").is_null() && of("e").is_null() && !of("d").is_null());
        assert!(node.get("c").is_none());
    }

    #[test]
    fn bombs_end_early_and_say_where() {
        let laughs = (1..60).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
            let inside = vec![format!("*a{}", n - 1); 9].join(", ");
            text + &format!("a{n}: &a{n} [{inside}]\n")
        });
        assert!(read(&laughs, Secrets::Masked).is_ok(), "a node is never copied");
        let deep_aliases = (1..80).fold("a0: &a0 [x]\n".to_owned(), |text, n| text + &format!("a{n}: &a{n} [*a{}]\n", n - 1));
        let wide = format!("a: &a {{{}}}\n", (0..5000).map(|n| format!("k{n}: 1")).collect::<Vec<_>>().join(", "));
        let merges = wide + &(0..500).map(|n| format!("m{n}: {{<<: *a}}\n")).collect::<Vec<_>>().concat();
        let cases = [
            (deep_aliases, "more than 64"),
            ("[".repeat(100_000), "recursion limit exceeded"),
            ("- ".repeat(100_000), "more than 64"),
            ((0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<Vec<_>>().concat(), "more than 64"),
            (merges, "more than 1000000 values"),
            ("- x\n".repeat(1_000_001), "more than 1000000 values"),
            ("a: &a [*a]".to_owned(), "inside of what it names"),
            ("a: 1\n---\nb: 2\n".to_owned(), "second document"),
            ("a: {{ .Values.x }}: b\n  c".to_owned(), "render it first"),
        ];
        for (text, says) in cases {
            let what = read(&text, Secrets::Masked).unwrap_err().what;
            assert!(what.contains(says), "{what}");
        }
    }
}
