//! What each kind of stream failure is, how LiteLLM shows it, and what helps against it: the 400 goes away with an upgrade, this stays.
//!
//! Sources: stream failures provoked on LiteLLM 1.77.7–1.109.1, and the threads that are named.

use super::failure::Kind;

/// What is known of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Which.
    pub kind: Kind,
    /// What it is, in a few words.
    pub title: &'static str,
    /// How LiteLLM shows it, which may mislead.
    pub shown: &'static str,
    /// What helps, the smallest step first.
    pub steps: &'static [&'static str],
    /// Where it comes from.
    pub reference: &'static str,
}

/// All kinds.
pub const KINDS: [About; 11] = [
    About {
        kind: Kind::Overloaded,
        title: "the provider was overloaded",
        shown: "LiteLLM shows it as InternalServerError (Anthropic) or APIConnectionError (OpenAI), never as 529.",
        steps: &[
            "Look at the provider's status page for that time.",
            "Spread the load: a second deployment or region in the failing group.",
            "Let clients retry: an overload in mid-stream is not retried once text was sent.",
        ],
        reference: "BerriAI/litellm#31067",
    },
    About {
        kind: Kind::RateLimit,
        title: "a rate limit of requests or tokens",
        shown: "In mid-stream LiteLLM shows Anthropic's as InternalServerError with code 500, and before 1.82.0 any as 503.",
        steps: &[
            "Raise the limit with the provider, or lower the load of the key that uses most.",
            "Spread the load over more deployments of the group.",
        ],
        reference: "BerriAI/litellm#22218",
    },
    About {
        kind: Kind::Timeout,
        title: "nothing came for too long",
        shown: "LiteLLM shows it as APIConnectionError (`Timeout on reading data from socket`), or, on the httpx transport, with no text at all: an empty \
                `AnthropicException - ` is a read timeout. 1.109.1, and OpenAI's up to 1.80.11, show `litellm.Timeout` with 408.",
        steps: &[
            "Compare the deployment's `stream_timeout` (or `timeout`) with how long the model thinks before it speaks.",
            "Raise it for that group alone.",
        ],
        reference: "BerriAI/litellm#27967",
    },
    About {
        kind: Kind::Connection,
        title: "the connection was cut, reset or never made",
        shown: "`TransferEncodingError: 400` is a cut connection: the 400 in it is no HTTP status. Before 1.94, on the default transport, a cut ended the stream normally, without a record.",
        steps: &[
            "Look for what ends connections between proxy and provider: load balancers, NAT, egress proxies and their idle timeouts.",
            "Where the text says `refused`, `resolve` or `certificate`, it never left the proxy's host: check its network, DNS and CA bundle.",
        ],
        reference: "BerriAI/litellm#27967",
    },
    About {
        kind: Kind::MalformedResponse,
        title: "the provider sent something that is no valid event",
        shown: "LiteLLM shows Python's JSON error (`Unterminated string …`); 1.80.11–1.100.5 skip such a chunk of Anthropic's silently, 1.109.1 says `Stream ended before a finish_reason was received`.",
        steps: &["Look for a gateway between proxy and provider that cuts or rewrites chunks.", "Report it to the provider with the request id."],
        reference: "BerriAI/litellm#27967",
    },
    About {
        kind: Kind::ServerError,
        title: "the provider failed without saying more",
        shown: "LiteLLM shows it as InternalServerError or APIConnectionError.",
        steps: &[
            "Look at the provider's status page for that time, and ask it with the request id.",
            "Add a deployment at another provider or region to the group.",
        ],
        reference: "BerriAI/litellm#31067",
    },
    About {
        kind: Kind::Auth,
        title: "the key is wrong, or may not do this",
        shown: "AuthenticationError or PermissionDeniedError.",
        steps: &["Check the deployment's key, and whether it may use this model.", "Look for a key that was rotated at that time."],
        reference: "BerriAI/litellm#27967",
    },
    About {
        kind: Kind::Quota,
        title: "the account's money or quota is spent",
        shown: "RateLimitError or BadRequestError; the text says it.",
        steps: &["Check the account's billing and spending limits with the provider."],
        reference: "BerriAI/litellm#27967",
    },
    About {
        kind: Kind::ContextWindow,
        title: "the request is longer than the model's context",
        shown: "ContextWindowExceededError, or BadRequestError (`prompt is too long`).",
        steps: &["Set `context_window_fallbacks` to a model with a larger context, or shorten the conversation."],
        reference: "BerriAI/litellm#27967",
    },
    About {
        kind: Kind::BadRequest,
        title: "the provider refused the request for another reason",
        shown: "BadRequestError; the text says why.",
        steps: &["Read the provider's words: the request or the deployment's configuration does not fit the model."],
        reference: "BerriAI/litellm#27967",
    },
    About {
        kind: Kind::Unknown,
        title: "the text is none that is known",
        shown: "See the message of the incident.",
        steps: &["Read the message, and report it to streamfall's authors: a kind is a row of a table."],
        reference: "BerriAI/litellm#27967",
    },
];

/// What is known of a kind.
#[must_use]
pub fn about(kind: Kind) -> &'static About {
    // A test holds the table against all kinds.
    KINDS.iter().find(|about| about.kind == kind).unwrap_or(&KINDS[KINDS.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_row() {
        for kind in Kind::ALL {
            assert_eq!(about(kind).kind, kind);
        }
    }
}
