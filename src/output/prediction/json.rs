//! Predictions for scripts: `streamfall.preflight/1`, described by `schema/streamfall.preflight.v1.json`.

use std::io::{self, Write};

use serde::Serialize;

use super::words::OUTLOOKS;
use crate::escape::escaped;
use crate::knowledge::continuation::Hop;
use crate::knowledge::version::{LAST_READ, Version};
use crate::preflight::{BLIND_SPOTS, Edit, Note, OnRoute, Pair, Preflight, Served, Spot};

/// Name and version of the contract.
pub const SCHEMA: &str = "streamfall.preflight/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    generator: Generator,
    complete: bool,
    config: &'a str,
    files: Vec<&'a str>,
    litellm_version: Option<String>,
    /// Whether the version is newer than what was read.
    extrapolated: bool,
    routes: Vec<&'static str>,
    by_verdict: Counts,
    pairs: Vec<PairOut<'a>>,
    upgrades: Vec<UpgradeOut>,
    notes: Vec<NoteOut<'a>>,
    not_in_config: [&'static str; BLIND_SPOTS.len()],
}

#[derive(Serialize)]
struct Generator {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Counts {
    will_break: usize,
    may_break: usize,
    unknown: usize,
    safe: usize,
}

#[derive(Serialize)]
struct PairOut<'a> {
    failed: &'a str,
    target: &'a str,
    via: Vec<&'a str>,
    /// `fallback`, `default_fallback`, `order` or `weighted`.
    hop: &'static str,
    verdict: &'static str,
    reason: &'a str,
    file: &'a str,
    line: usize,
    routes: Vec<RouteOut<'a>>,
    deployments: Vec<DeploymentOut<'a>>,
    edit: Option<NoteOut<'a>>,
}

#[derive(Serialize)]
struct RouteOut<'a> {
    route: &'static str,
    verdict: &'static str,
    reason: &'a str,
    versions: Vec<RangeOut>,
}

/// `before` is the first release that is no more among them; null where there is none.
#[derive(Serialize)]
struct RangeOut {
    text: String,
    from: Option<String>,
    before: Option<String>,
}

#[derive(Serialize)]
struct DeploymentOut<'a> {
    model: &'a str,
    prefill: &'static str,
    reason: &'a str,
    file: &'a str,
    line: usize,
}

#[derive(Serialize)]
struct UpgradeOut {
    route: &'static str,
    version: String,
}

/// Something to say of a line.
#[derive(Serialize)]
struct NoteOut<'a> {
    file: &'a str,
    line: usize,
    text: &'a str,
}

pub(super) fn write(preflight: &Preflight, out: &mut dyn Write) -> io::Result<()> {
    let [will_break, may_break, unknown, safe] = OUTLOOKS.map(|(outlook, _)| preflight.count(outlook));
    let asked = &preflight.asked;
    let document = Document {
        schema: SCHEMA,
        generator: Generator { name: "streamfall", version: env!("CARGO_PKG_VERSION") },
        complete: preflight.is_complete(),
        config: &preflight.config,
        files: preflight.files.iter().map(|file| &**file).collect(),
        litellm_version: asked.version.map(|version| version.to_string()),
        extrapolated: asked.version.is_some_and(|version| version > LAST_READ),
        routes: asked.routes().into_iter().map(crate::knowledge::route::Route::name).collect(),
        by_verdict: Counts { will_break, may_break, unknown, safe },
        pairs: preflight.pairs.iter().map(PairOut::of).collect(),
        upgrades: preflight.upgrades.iter().map(|(route, version)| UpgradeOut { route: route.name(), version: version.to_string() }).collect(),
        notes: preflight.notes.iter().map(|Note { spot, text, .. }| NoteOut::of(spot, text)).collect(),
        not_in_config: BLIND_SPOTS,
    };
    writeln!(out, "{}", escaped(&serde_json::to_string_pretty(&document)?))
}

/// The name of a hop.
pub(super) fn hop(pair: &Pair) -> &'static str {
    match pair.hop {
        Hop::Fallback if pair.is_default => "default_fallback",
        Hop::Fallback => "fallback",
        Hop::Order => "order",
        Hop::Weighted => "weighted",
    }
}

impl<'a> PairOut<'a> {
    fn of(pair: &'a Pair) -> PairOut<'a> {
        PairOut {
            failed: &pair.failed,
            target: &pair.target,
            via: pair.via.iter().map(|name| &**name).collect(),
            hop: hop(pair),
            verdict: pair.outlook.name(),
            reason: &pair.reason,
            file: &pair.spot.file,
            line: pair.spot.line,
            routes: pair.routes.iter().map(RouteOut::of).collect(),
            deployments: pair.served.iter().map(DeploymentOut::of).collect(),
            edit: pair.edit.as_ref().map(|Edit { spot, what }| NoteOut::of(spot, what)),
        }
    }
}

impl<'a> RouteOut<'a> {
    fn of(on: &'a OnRoute) -> RouteOut<'a> {
        let range = |range: &crate::knowledge::version::Range| RangeOut {
            text: range.to_string(),
            from: Some(range.from).filter(|from| *from > Version(0, 0, 0)).map(|from| from.to_string()),
            before: range.until.map(|until| until.to_string()),
        };
        RouteOut { route: on.route.name(), verdict: on.outlook.name(), reason: &on.reason, versions: on.versions.iter().map(range).collect() }
    }
}

impl<'a> DeploymentOut<'a> {
    fn of(served: &'a Served) -> DeploymentOut<'a> {
        DeploymentOut {
            model: &served.model,
            prefill: served.prefill.name(),
            reason: &served.reason,
            file: &served.spot.file,
            line: served.spot.line,
        }
    }
}

impl<'a> NoteOut<'a> {
    fn of(spot: &'a Spot, text: &'a str) -> NoteOut<'a> {
        NoteOut { file: &spot.file, line: spot.line, text }
    }
}
