//! What to change, by what was found.
//!
//! Sources: LiteLLM 1.74.14–1.109.1, read and run; BerriAI/litellm#27967, #34627, #19077, #41127, #31067. Never advised,
//! because it does not help: `disable_fallbacks` before 1.104.0 (ignored mid-stream), `supports_assistant_prefill` before 1.109.0
//! (not read), `drop_params`, retries and cooldowns.

use super::failure::Category;

/// One piece of advice.
#[derive(Debug, PartialEq, Eq)]
pub struct Advice {
    /// Its name.
    pub id: &'static str,
    /// What it is about, in a sentence.
    pub title: &'static str,
    /// What to do, the smallest step first.
    pub steps: &'static [&'static str],
    /// Where it comes from.
    pub reference: &'static str,
    /// When it is given.
    pub when: When,
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
    /// Stream failures of a category.
    Failure(Category),
}

/// All advice, most important first.
pub const ADVICE: [Advice; 9] = [
    Advice {
        id: "upgrade_chat",
        title: "Upgrade LiteLLM to 1.97.0 or later (1.109.0 if /v1/responses is used)",
        steps: &[
            "Until then, fall back to Claude 4.5 or older, which accepts prefill, or remove the rejecting target from the fallbacks of the failing group.",
            "Upgrade. From 1.97.0 a stream that breaks after its first content is not continued elsewhere: the client gets the real stream error and must retry.",
            "Do not count on `disable_fallbacks`: it is ignored mid-stream before 1.104.0.",
        ],
        reference: "BerriAI/litellm#27967",
        when: When::MidStream,
    },
    Advice {
        id: "upgrade_responses",
        title: "Upgrade LiteLLM to 1.109.0 or later (/v1/responses; 1.97.0 repairs chat only)",
        steps: &[
            "Until then: remove the rejecting target from the failing group's fallbacks.",
            "Upgrade. From 1.109.0 a broken response is continued with a user message.",
        ],
        reference: "BerriAI/litellm#27967",
        when: When::MidStreamResponses,
    },
    Advice {
        id: "fix_client",
        title: "Fix the client: its conversations end with an assistant message",
        steps: &[
            "End the messages with a user message for Claude 4.6 and later, or call a model that accepts prefill (Claude 4.5 or older).",
            "Upgrading LiteLLM does not help here.",
        ],
        reference: "BerriAI/litellm#27967",
        when: When::Client,
    },
    Advice {
        id: "tell_apart",
        title: "Not to be told from this input: see each incident's reason",
        steps: &[
            "Add what the reason of each incident asks for: the log from before and after it, LiteLLM's own payloads or traces of the same time (they are joined with the log), or a log at INFO or DEBUG level.",
        ],
        reference: "BerriAI/litellm#27967",
        when: When::Unknown,
    },
    Advice {
        id: "failure_model_provider",
        title: "The provider's streams broke: that stays when the 400 is gone",
        steps: &[
            "See the failure table for group and kind; check the provider's status, and spread load or raise the stream timeout where it is a timeout.",
        ],
        reference: "BerriAI/litellm#31067",
        when: When::Failure(Category::ModelProvider),
    },
    Advice {
        id: "failure_quota_rate",
        title: "A rate limit or quota broke the streams: that stays, too",
        steps: &["Raise the limit with the provider, or spread the load over more deployments. LiteLLM may show it as a 500."],
        reference: "BerriAI/litellm#22218",
        when: When::Failure(Category::QuotaRate),
    },
    Advice {
        id: "failure_account_auth",
        title: "A key or permission broke the streams",
        steps: &["Check the deployment's key and what it may do."],
        reference: "BerriAI/litellm#27967",
        when: When::Failure(Category::AccountAuth),
    },
    Advice {
        id: "failure_local_runtime",
        title: "Connections failed on the proxy's own host",
        steps: &["Check name resolution, TLS and the network of the proxy's host."],
        reference: "BerriAI/litellm#27967",
        when: When::Failure(Category::LocalRuntime),
    },
    Advice {
        id: "failure_deployment_config",
        title: "The request did not fit the deployment",
        steps: &["Check the deployment's configuration and the size of the requests."],
        reference: "BerriAI/litellm#27967",
        when: When::Failure(Category::DeploymentConfig),
    },
];
