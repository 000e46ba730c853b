//! Words that all formats of predictions share.

use crate::knowledge::continuation::Hop;
use crate::knowledge::route::Route;
use crate::knowledge::version::LAST_READ;
use crate::output::words::counted;
use crate::preflight::{Outlook, Pair, Preflight};

/// Outlooks from the worst on, with what they are called.
pub(super) const OUTLOOKS: [(Outlook, &str); 4] =
    [(Outlook::WillBreak, "Will break"), (Outlook::MayBreak, "May break"), (Outlook::Unknown, "Not to be told"), (Outlook::Safe, "Safe")];

/// Rows of an outlook, unless `--top` says otherwise.
pub(super) const MOST_ROWS: usize = 10;

/// What is predicted, in a sentence, and whether all could be read.
pub(super) fn headline(preflight: &Preflight) -> String {
    let unread = if preflight.is_complete() { "" } else { " But not all that decides could be read: see below." };
    format!("{}{unread}", predicted(preflight))
}

fn predicted(preflight: &Preflight) -> String {
    let count = |outlook| preflight.count(outlook);
    let (will, may, unknown) = (count(Outlook::WillBreak), count(Outlook::MayBreak), count(Outlook::Unknown));
    let on = |any: &str| preflight.asked.version.map_or_else(|| any.to_owned(), |version| format!("LiteLLM {version}"));
    let (some, none) = (on("some release of LiteLLM"), on("any release of LiteLLM"));
    let all = counted(preflight.pairs.len() as u64, "pair");
    let beside = |count: usize, what: &str| if count > 0 { format!(", {count} {what}") } else { String::new() };
    match (preflight.pairs.len(), will, may) {
        (0, ..) => "This config has no fallbacks that a broken stream could be sent to.".to_owned(),
        (_, 0, 0) => format!("None of {all} of a failing group and its fallback will break on {none}{}.", beside(unknown, "not to be told")),
        (_, 0, may) => format!("Of {all} of a failing group and its fallback, {may} may break on {some}{}.", beside(unknown, "not to be told")),
        (_, will, may) => {
            let more = [beside(may, "may"), beside(unknown, "not to be told")].concat();
            format!("Of {all} of a failing group and its fallback, {will} will break on {some}{more}.")
        }
    }
}

/// The way from the failing group to the target.
pub(super) fn way(pair: &Pair) -> String {
    let names: Vec<&str> = [&pair.failed].into_iter().chain(&pair.via).chain([&pair.target]).map(|name| &**name).collect();
    let inside = match pair.hop {
        Hop::Fallback => "",
        Hop::Order => " (next order)",
        Hop::Weighted => " (another deployment)",
    };
    format!("{}{inside}", names.join(" → "))
}

/// The routes and releases on which a pair has its outlook.
pub(super) fn when(pair: &Pair) -> String {
    let routes = pair.routes.iter().filter(|on| on.outlook == pair.outlook);
    let told: Vec<String> = routes
        .map(|on| {
            let versions: Vec<String> = on.versions.iter().map(ToString::to_string).collect();
            format!("{} on LiteLLM {}", on.route.name(), versions.join(", "))
        })
        .collect();
    told.join("; ")
}

/// What a pair means, in one sentence.
pub(super) fn sentence(pair: &Pair) -> String {
    let what = match pair.outlook {
        Outlook::WillBreak => "will be refused",
        Outlook::MayBreak => "may be refused",
        Outlook::Unknown => "may or may not be refused",
        Outlook::Safe => "is not refused",
    };
    format!("When a stream of `{}` breaks, the continuation sent to `{}` {what}: {} ({})", pair.failed, pair.target, pair.reason, when(pair))
}

/// Which release ends it, and what changes then.
pub(super) fn upgrade(preflight: &Preflight) -> Option<String> {
    if preflight.upgrades.is_empty() {
        return None;
    }
    let name = |route: Route| if route == Route::Responses { "/v1/responses" } else { "chat" };
    let routes: Vec<String> = preflight.upgrades.iter().map(|(route, version)| format!("to {version} or later for {}", name(*route))).collect();
    Some(format!(
        "Upgrade LiteLLM {}: on chat a stream that breaks after its first content is then not continued elsewhere, and the client gets the \
         stream's own error and must retry; a response is continued by a user message.",
        routes.join(", ")
    ))
}

/// That a release is newer than all that were read.
pub(super) fn extrapolated(preflight: &Preflight) -> Option<String> {
    let version = preflight.asked.version.filter(|version| *version > LAST_READ)?;
    Some(format!("LiteLLM {version} is newer than {LAST_READ}, the newest that was read: this supposes that it does the same."))
}
