//! What LiteLLM does when a stream breaks after its first content: by release, by route, and by who gets the continuation.
//!
//! Sources: LiteLLM 1.74.9–1.109.1, sources of 45 releases and runs of 19; the pull requests that the rows name. A change of
//! behaviour is a row; it holds until the next row of the same route and hop.

use super::route::Route;
use super::version::Version;

/// Whom LiteLLM turns to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hop {
    /// A group of the fallbacks.
    Fallback,
    /// Deployments of the same group with a higher `order`.
    Order,
    /// Another deployment of the same group (`enable_weighted_failover`).
    Weighted,
}

/// What LiteLLM does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    /// The stream ends there, or is continued without a trailing assistant message: nothing that a model could refuse.
    Harmless,
    /// The partial answer goes to the target as a trailing assistant message, whatever the target.
    Prefills,
    /// The same, but only with `enable_mid_stream_fallback_continuation`, and only to deployments said to take it.
    IfAsked,
    /// Not known: no release of the range was read.
    Unread,
}

/// One row: what is done from a release on.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    route: Route,
    hop: Hop,
    /// The first release of the row.
    pub from: Version,
    /// What is done.
    pub conduct: Conduct,
    /// The same in words, with where it comes from.
    pub what: &'static str,
}

const fn row(route: Route, hop: Hop, from: Version, conduct: Conduct, what: &'static str) -> Row {
    Row { route, hop, from, conduct, what }
}

const START: Version = Version(0, 0, 0);

use Conduct::{Harmless, IfAsked, Prefills, Unread};
use Hop::{Fallback, Order, Weighted};
use Route::{Chat, Messages, Responses};

/// All rows; those of one route and hop stand in the order of releases.
const ROWS: [Row; 30] = [
    row(Chat, Fallback, START, Harmless, "there is no mid-stream fallback yet (≤1.74.12, read)"),
    row(Chat, Fallback, Version(1, 74, 13), Unread, "1.74.13 was not read"),
    row(Chat, Fallback, Version(1, 74, 14), Prefills, "the partial answer is sent on as a prefill (#13149, #27967; run 1.77.7–1.96.2)"),
    row(Chat, Fallback, Version(1, 97, 0), Harmless, "a stream that broke after content is not continued (#34627; run 1.98.1–1.109.1)"),
    row(Chat, Fallback, Version(1, 109, 0), IfAsked, "continued only with enable_mid_stream_fallback_continuation (#41127; run 1.109.1)"),
    row(Chat, Order, START, Harmless, "there is no fail-over by order yet (read 1.82.6)"),
    row(Chat, Order, Version(1, 82, 7), Unread, "no release between 1.82.6 and 1.83.14 was read"),
    row(Chat, Order, Version(1, 83, 14), Prefills, "the partial answer goes to the deployments of the next order (run 1.88.6–1.94.3)"),
    row(Chat, Order, Version(1, 97, 0), Harmless, "a stream that broke after content is not continued (#34627)"),
    row(Chat, Order, Version(1, 109, 0), IfAsked, "continued only with enable_mid_stream_fallback_continuation (#41127)"),
    row(Chat, Weighted, START, Harmless, "there is no weighted fail-over yet (read 1.85.7)"),
    row(Chat, Weighted, Version(1, 85, 8), Unread, "no release between 1.85.7 and 1.86.7 was read"),
    row(Chat, Weighted, Version(1, 86, 7), Prefills, "the partial answer goes to another deployment of the group (read)"),
    row(Chat, Weighted, Version(1, 97, 0), Harmless, "a stream that broke after content is not continued (#34627)"),
    row(Chat, Weighted, Version(1, 109, 0), IfAsked, "continued only with enable_mid_stream_fallback_continuation (#41127)"),
    row(Responses, Fallback, START, Harmless, "a broken response is not continued (run ≤1.85.7)"),
    row(
        Responses,
        Fallback,
        Version(1, 87, 0),
        Prefills,
        "the partial answer is sent on as a trailing assistant message (#28215; run 1.88.6–1.92.2)",
    ),
    row(Responses, Fallback, Version(1, 93, 0), Harmless, "the hop is lost by a bug of the wrapper (run 1.94.3–1.102.4)"),
    row(
        Responses,
        Fallback,
        Version(1, 104, 0),
        Prefills,
        "the hop is repaired and sends a trailing assistant message again (run 1.104.9, 1.108.11)",
    ),
    row(Responses, Fallback, Version(1, 109, 0), Harmless, "continued by a user message (run 1.109.1)"),
    row(Responses, Order, START, Harmless, "a broken response is not continued (run ≤1.85.7)"),
    row(Responses, Order, Version(1, 87, 0), Unread, "fail-over by order was not read on this route"),
    row(Responses, Order, Version(1, 93, 0), Harmless, "the hop is lost by a bug of the wrapper (run 1.94.3–1.102.4)"),
    row(Responses, Order, Version(1, 104, 0), Unread, "fail-over by order was not read on this route"),
    row(Responses, Order, Version(1, 109, 0), Harmless, "continued by a user message (run 1.109.1)"),
    row(Responses, Weighted, START, Harmless, "a broken response is not continued (run ≤1.85.7)"),
    row(Responses, Weighted, Version(1, 87, 0), Unread, "weighted fail-over was not read on this route"),
    row(Responses, Weighted, Version(1, 93, 0), Harmless, "the hop is lost by a bug of the wrapper (run 1.94.3–1.102.4)"),
    row(Responses, Weighted, Version(1, 104, 0), Unread, "weighted fail-over was not read on this route"),
    row(Responses, Weighted, Version(1, 109, 0), Harmless, "continued by a user message (run 1.109.1)"),
];

/// `/v1/messages` never continues a text: no hop up to 1.99.x, and from 1.100.0 (#38153) only before the first content, with the
/// original messages (read and run, 1.92.2–1.109.1).
const ON_MESSAGES: Row = row(Messages, Fallback, START, Harmless, "this route never continues a text (run 1.92.2, 1.98.1; #38153)");

/// Providers whose broken streams were never continued where it was tried: error events become a 400 or 429 without a hop, cuts
/// and stalls end silently. Source: run of 1.85.7.
const NOT_CONTINUED: [&str; 1] = ["bedrock"];

/// The first release in which the name of the group behind an alias is looked up among the fallbacks, too. Source: read.
pub const LOOKS_BEHIND_ALIASES: Version = Version(1, 101, 0);
/// The first in which a bare name finds a key with a provider before it. Source: read 1.109.1 (#43062).
pub const LOOKS_UP_WITH_PROVIDER: Version = Version(1, 109, 1);
/// How many groups deep fallbacks follow each other, unless `max_fallbacks` says otherwise. Source: read.
pub const MAX_FALLBACKS: usize = 5;

/// What a release does.
#[must_use]
pub fn at(route: Route, hop: Hop, version: Version) -> &'static Row {
    rows(route, hop).take_while(|row| row.from <= version).last().unwrap_or(&ON_MESSAGES)
}

/// The releases with which something changes on a route.
pub fn changes(route: Route, hop: Hop) -> impl Iterator<Item = Version> {
    rows(route, hop).map(|row| row.from)
}

/// The release from which on a route no longer sends what may be refused, unless asked to; `None` if it never did.
#[must_use]
pub fn ended(route: Route, hop: Hop) -> Option<Version> {
    let all: Vec<&Row> = rows(route, hop).collect();
    let last = all.iter().rposition(|row| row.conduct == Conduct::Prefills)?;
    all.get(last + 1).map(|row| row.from)
}

/// Whether broken streams of a provider are not known to be continued.
#[must_use]
pub fn is_doubtful(provider: &str) -> bool {
    NOT_CONTINUED.contains(&provider)
}

fn rows(route: Route, hop: Hop) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.route == route && row.hop == hop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_order_and_start_at_the_start() {
        for route in [Chat, Responses] {
            for hop in [Fallback, Order, Weighted] {
                let all: Vec<Version> = changes(route, hop).collect();
                assert!(all.is_sorted() && all[0] == START, "{route:?} {hop:?} {all:?}");
            }
        }
    }

    #[test]
    fn what_each_release_that_was_run_does() {
        let cases = [
            (Version(1, 74, 12), Harmless, Harmless),
            (Version(1, 77, 7), Prefills, Harmless),
            (Version(1, 85, 0), Prefills, Harmless),
            (Version(1, 86, 9), Prefills, Harmless),
            (Version(1, 88, 6), Prefills, Prefills),
            (Version(1, 92, 2), Prefills, Prefills),
            (Version(1, 94, 3), Prefills, Harmless),
            (Version(1, 96, 2), Prefills, Harmless),
            (Version(1, 98, 1), Harmless, Harmless),
            (Version(1, 102, 4), Harmless, Harmless),
            (Version(1, 104, 9), Harmless, Prefills),
            (Version(1, 108, 11), Harmless, Prefills),
            (Version(1, 109, 1), IfAsked, Harmless),
            (Version(2, 0, 0), IfAsked, Harmless),
        ];
        for (version, chat, responses) in cases {
            let told = (at(Chat, Fallback, version).conduct, at(Responses, Fallback, version).conduct, at(Messages, Fallback, version).conduct);
            assert_eq!(told, (chat, responses, Harmless), "{version}");
        }
        assert_eq!((ended(Chat, Fallback), ended(Responses, Fallback)), (Some(Version(1, 97, 0)), Some(Version(1, 109, 0))));
        assert_eq!(ended(Messages, Fallback), None);
        let order = |version| at(Chat, Order, version).conduct;
        assert_eq!([order(Version(1, 82, 6)), order(Version(1, 83, 0)), order(Version(1, 85, 0))], [Harmless, Unread, Prefills]);
    }
}
