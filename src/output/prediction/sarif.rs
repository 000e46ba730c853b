//! SARIF 2.1.0 for code scanning: a result a pair that will or may break, or that is not to be told; safe ones are no results.

use std::io::{self, Write};

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::json::hop;
use super::words::{sentence, way};
use crate::escape::escaped;
use crate::output::sarif::uri;
use crate::output::terminal::plain;
use crate::preflight::{Outlook, Pair, Preflight, Spot};

/// Deployments named with a result: a group may have thousands.
const MOST_RELATED: usize = 20;

/// A rule's id, level and text.
struct Rule {
    outlook: Outlook,
    level: &'static str,
    text: &'static str,
}

const RULES: [Rule; 3] = [
    Rule {
        outlook: Outlook::WillBreak,
        level: "error",
        text: "The target of a fallback rejects the partial answer that LiteLLM sends when a stream breaks",
    },
    Rule {
        outlook: Outlook::MayBreak,
        level: "warning",
        text: "The target of a fallback may reject the partial answer that LiteLLM sends when a stream breaks",
    },
    Rule {
        outlook: Outlook::Unknown,
        level: "note",
        text: "It is not to be told whether the target of a fallback rejects the partial answer that LiteLLM sends when a stream breaks",
    },
];

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<ResultOut>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    information_uri: &'static str,
    rules: Vec<RuleOut>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleOut {
    id: &'static str,
    short_description: Message,
    default_configuration: Level,
}

#[derive(Serialize)]
struct Level {
    level: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultOut {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: Fingerprints,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "streamfall/v1")]
    pair: String,
}

pub(super) fn write(preflight: &Preflight, out: &mut dyn Write) -> io::Result<()> {
    let driver = Driver {
        name: "streamfall",
        version: env!("CARGO_PKG_VERSION"),
        information_uri: "https://github.com/BerriAI/litellm/issues/27967",
        rules: RULES.iter().map(RuleOut::of).collect(),
    };
    let results = preflight.pairs.iter().filter_map(result).collect();
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results };
    let log = Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] };
    writeln!(out, "{}", escaped(&serde_json::to_string_pretty(&log)?))
}

impl RuleOut {
    fn of(rule: &Rule) -> RuleOut {
        let short_description = Message { text: rule.text.to_owned() };
        RuleOut { id: rule.outlook.name(), short_description, default_configuration: Level { level: rule.level } }
    }
}

fn result(pair: &Pair) -> Option<ResultOut> {
    let (rule_index, rule) = RULES.iter().enumerate().find(|(_, rule)| rule.outlook == pair.outlook)?;
    let edit = pair.edit.as_ref().map(|edit| format!(". {}: {}", edit.spot, edit.what)).unwrap_or_default();
    let related = pair.served.iter().take(MOST_RELATED).enumerate().map(|(id, served)| {
        let said = format!("{}: {}", served.model, served.reason);
        Location { id: Some(id), physical_location: Physical::of(&served.spot), message: Some(message(&said)) }
    });
    Some(ResultOut {
        rule_id: rule.outlook.name(),
        rule_index,
        level: rule.level,
        message: message(&format!("{}{edit}", sentence(pair))),
        locations: [Location { id: None, physical_location: Physical::of(&pair.spot), message: None }],
        related_locations: related.collect(),
        partial_fingerprints: Fingerprints { pair: fingerprint(pair) },
    })
}

/// What stays the same when lines move.
fn fingerprint(pair: &Pair) -> String {
    format!("{:016x}", xxh3_64(format!("{}\0{}\0{}", pair.outlook.name(), hop(pair), way(pair)).as_bytes()))
}

/// A message is Markdown-like plain text in which `[` would start a link.
fn message(text: &str) -> Message {
    Message { text: plain(text).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]") }
}

impl Physical {
    fn of(spot: &Spot) -> Physical {
        Physical { artifact_location: Artifact { uri: uri(&spot.file) }, region: Region { start_line: spot.line.max(1) } }
    }
}
