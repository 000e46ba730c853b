//! What to change, by what was found and by the release that did it.
//!
//! Each piece of advice, and each of its steps, says for which releases it holds: what helps on one does nothing on another. Steps stand
//! in the order in which they should be taken, one change at a time, the smallest first, and end with how to see that it helped.
//! Sources: LiteLLM 1.74.14–1.109.1, read and run; BerriAI/litellm#27967, #34627, #19077, #41127, #31067, #36267, #30242.

use super::version::{Range, Version};

/// One piece of advice.
#[derive(Debug, PartialEq, Eq)]
pub struct Advice {
    /// Its name.
    pub id: &'static str,
    /// What it is about, in a sentence.
    pub title: &'static str,
    /// What to do, the smallest step first.
    pub steps: &'static [Step],
    /// Where it comes from.
    pub reference: &'static str,
    /// When it is given.
    pub when: When,
    /// For which releases it holds; empty for all.
    pub holds: &'static [Range],
}

/// One step.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// What to do, or what not to.
    pub text: &'static str,
    /// For which of the advice's releases it holds; empty for all.
    pub holds: &'static [Range],
}

/// When a piece of advice is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Mid-stream fallbacks on chat, or where the route is not known.
    MidStream,
    /// Mid-stream fallbacks on `/v1/responses`.
    MidStreamResponses,
    /// Clients that send a prefill.
    Client,
    /// Requests without a verdict.
    Unknown,
}

const fn step(text: &'static str) -> Step {
    Step { text, holds: &[] }
}

const fn of(text: &'static str, holds: &'static [Range]) -> Step {
    Step { text, holds }
}

/// Chat streams are continued by a prefill (#13149 to #34627).
const CHAT_PREFILLS: [Range; 1] = [Range::new(Version(1, 74, 14), Version(1, 97, 0))];
/// Chat streams are not continued after content (#34627), or only if asked to (#41127).
const CHAT_ENDS: [Range; 1] = [Range::new(Version(1, 97, 0), Version(1, 109, 0))];
const CHAT_IF_ASKED: [Range; 1] = [Range::from(Version(1, 109, 0))];
/// `/v1/responses` is continued by a prefill (#28215), but for a time in which the hop got lost.
const RESPONSES_PREFILL: [Range; 2] = [Range::new(Version(1, 87, 0), Version(1, 93, 0)), Range::new(Version(1, 104, 0), Version(1, 109, 0))];
const RESPONSES_REPAIRED: [Range; 1] = [Range::new(Version(1, 104, 0), Version(1, 109, 0))];
const RESPONSES_EARLY: [Range; 1] = [Range::new(Version(1, 87, 0), Version(1, 93, 0))];
/// Deployments of one group are tried in the order of `litellm_params.order`.
const BY_ORDER: [Range; 1] = [Range::new(Version(1, 83, 14), Version(1, 97, 0))];
/// The client gets the stream's own error, not the rejection (#31298).
const HIDDEN_FROM_CLIENT: [Range; 1] = [Range::new(Version(1, 91, 0), Version(1, 97, 0))];

const VERIFY: Step = step("Verify: run the same load again, and `streamfall compare BEFORE AFTER`.");
const REMOVE_PAIR: &str = "First, without an upgrade: let the failing group fall back to a model that accepts prefill (Claude 4.5 or older), or take \
                           the rejecting target out of its fallbacks.";

/// All advice, most important first.
pub const ADVICE: [Advice; 8] = [
    Advice {
        id: "upgrade_chat",
        title: "Upgrade LiteLLM to 1.97.0 or later (1.109.0 if /v1/responses is used)",
        steps: &[
            step(REMOVE_PAIR),
            of(
                "Where the group's deployments have an `order`, take the rejecting ones out of it, too: that hop reaches the client as a bare 400.",
                &BY_ORDER,
            ),
            step(
                "Then upgrade. From 1.97.0 a stream that breaks after its first content is not continued elsewhere: the client gets the real stream error and must retry.",
            ),
            of(
                "Until then clients see the stream's own error, not the 400: the rejection costs a call and time, and stands in the log alone.",
                &HIDDEN_FROM_CLIENT,
            ),
            step(
                "These do not help: `disable_fallbacks` (ignored mid-stream before 1.104.0), `supports_assistant_prefill` (not read before 1.109.0), `drop_params`, retries and \
                 cooldowns; `disable_mid_stream_continuation` was in no release.",
            ),
            VERIFY,
        ],
        reference: "BerriAI/litellm#27967",
        when: When::MidStream,
        holds: &CHAT_PREFILLS,
    },
    Advice {
        id: "before_mid_stream_fallback",
        title: "This release continues no streams yet: look for another proxy",
        steps: &[
            step(
                "Ask which proxy wrote these records: another one behind this one, or a worker of another release (1.74.14–1.96.x on chat). 1.74.13 was not read.",
            ),
            VERIFY,
        ],
        reference: "BerriAI/litellm#13149",
        when: When::MidStream,
        holds: &[Range::new(Version(0, 0, 0), Version(1, 74, 14))],
    },
    Advice {
        id: "not_this_proxy",
        title: "LiteLLM 1.97.0 to 1.108 does not continue chat streams: look for an older proxy, or for /v1/responses",
        steps: &[
            step("Ask which proxy wrote these records: another one behind this one, or a worker that was not upgraded."),
            step("Look at the route: on /v1/responses 1.104.0 to 1.108 still sends a prefill; 1.109.0 ends it."),
            VERIFY,
        ],
        reference: "BerriAI/litellm#34627",
        when: When::MidStream,
        holds: &CHAT_ENDS,
    },
    Advice {
        id: "misdeclared_deployment",
        title: "A deployment declares `supports_assistant_prefill: true` and refuses it",
        steps: &[
            step(
                "Set `model_info.supports_assistant_prefill: false` on the deployments that refuse: Claude 4.6 and later do, whatever a cost map says.",
            ),
            step(
                "Or switch `router_settings.enable_mid_stream_fallback_continuation` off: then the client gets the stream's own error and must retry.",
            ),
            VERIFY,
        ],
        reference: "BerriAI/litellm#41127",
        when: When::MidStream,
        holds: &CHAT_IF_ASKED,
    },
    Advice {
        id: "upgrade_responses",
        title: "Upgrade LiteLLM to 1.109.0 or later (/v1/responses; 1.97.0 repairs chat only)",
        steps: &[
            step(REMOVE_PAIR),
            of("Or send `disable_fallbacks: true` with the request: from 1.104.0 it counts in mid-stream, too (read, not run).", &RESPONSES_REPAIRED),
            of(
                "1.93.0 to 1.103 are no end point: they lose the hop, the client gets a MidStreamFallbackError, and 1.104.0 sends the prefill again.",
                &RESPONSES_EARLY,
            ),
            step("Then upgrade. From 1.109.0 a broken response is continued with a user message, which every model takes."),
            VERIFY,
        ],
        reference: "BerriAI/litellm#27967",
        when: When::MidStreamResponses,
        holds: &RESPONSES_PREFILL,
    },
    Advice {
        id: "other_release_responses",
        title: "This release sends no prefill on /v1/responses: look for another proxy",
        steps: &[
            step("Ask which proxy wrote these records: another one behind this one, or a worker of another release (1.87–1.92, 1.104–1.108)."),
            VERIFY,
        ],
        reference: "BerriAI/litellm#27967",
        when: When::MidStreamResponses,
        holds: &[Range::new(Version(0, 0, 0), Version(1, 87, 0)), Range::new(Version(1, 93, 0), Version(1, 104, 0)), Range::from(Version(1, 109, 0))],
    },
    Advice {
        id: "fix_client",
        title: "Fix the client: its conversations end with an assistant message",
        steps: &[
            step("End the messages with a user message for Claude 4.6 and later, or call a model that accepts prefill (Claude 4.5 or older)."),
            step("Which client: by key, team and user agent, where payloads or traces are given along with the log."),
            step("Upgrading LiteLLM does not help here, whatever the release."),
            VERIFY,
        ],
        reference: "BerriAI/litellm#27967",
        when: When::Client,
        holds: &[],
    },
    Advice {
        id: "tell_apart",
        title: "Not to be told from this input: see each incident's reason",
        steps: &[step(
            "Add what the reason of each incident asks for: the log from before and after it, LiteLLM's own payloads or traces of the same time (they are joined with the log), or a log at INFO or DEBUG level.",
        )],
        reference: "BerriAI/litellm#27967",
        when: When::Unknown,
        holds: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// For each release and route, the one piece of advice that holds.
    #[test]
    fn each_release_has_its_advice() {
        let cases = [
            (Version(1, 60, 0), "before_mid_stream_fallback", "other_release_responses"),
            (Version(1, 77, 7), "upgrade_chat", "other_release_responses"),
            (Version(1, 85, 0), "upgrade_chat", "other_release_responses"),
            (Version(1, 88, 6), "upgrade_chat", "upgrade_responses"),
            (Version(1, 94, 3), "upgrade_chat", "other_release_responses"),
            (Version(1, 96, 2), "upgrade_chat", "other_release_responses"),
            (Version(1, 98, 1), "not_this_proxy", "other_release_responses"),
            (Version(1, 104, 9), "not_this_proxy", "upgrade_responses"),
            (Version(1, 108, 11), "not_this_proxy", "upgrade_responses"),
            (Version(1, 109, 1), "misdeclared_deployment", "other_release_responses"),
        ];
        for (version, chat, responses) in cases {
            let told = |when: When| {
                let fitting = ADVICE.iter().filter(|advice| advice.when == when && Range::any_holds(advice.holds, version));
                fitting.map(|advice| advice.id).collect::<Vec<_>>()
            };
            assert_eq!((told(When::MidStream), told(When::MidStreamResponses)), (vec![chat], vec![responses]), "{version}");
        }
    }

    /// At each release in which anything changes, advice to upgrade stands where a release sends a prefill, and only there.
    #[test]
    fn advice_agrees_with_what_each_release_does() {
        use crate::knowledge::continuation::{self, Conduct, Hop};
        use crate::knowledge::route::Route;
        for (route, when, upgrade) in
            [(Route::Chat, When::MidStream, "upgrade_chat"), (Route::Responses, When::MidStreamResponses, "upgrade_responses")]
        {
            for version in continuation::changes(route, Hop::Fallback) {
                let prefills = continuation::at(route, Hop::Fallback, version).conduct == Conduct::Prefills;
                let told: Vec<&str> =
                    ADVICE.iter().filter(|advice| advice.when == when && Range::any_holds(advice.holds, version)).map(|advice| advice.id).collect();
                assert_eq!(told == [upgrade], prefills, "{version} {route:?}: {told:?}");
            }
        }
    }
}
