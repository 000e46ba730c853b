//! Failures of streams and fallbacks that are taken for the prefill rejection, and are not.
//!
//! Each is counted apart and never mixed into the main counts. Sources: LiteLLM 1.74.15–1.109.1 in live runs and in their sources, and
//! the GitHub threads that are named.

use super::version::Version;
use crate::needle::Needles;

/// One such failure.
#[derive(Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name.
    pub id: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What it is, and what to do about it.
    pub what: &'static str,
    /// Since when it is no more; `None` where it is not a fault that a release can mend.
    pub fixed: Option<&'static str>,
    /// Where that comes from.
    pub reference: &'static str,
    /// Texts by which an error is told to be it; none where something else tells it, or where no log can.
    pub signs: &'static [&'static str],
}

/// A stream broke and its group has no fallback: `Fallback also failed … Available Model Group Fallbacks=None`.
pub const NO_FALLBACK: &Neighbour = &NEIGHBOURS[0];
/// A stream broke, its fallbacks were tried, and they failed for other reasons.
pub const OTHER_FAILURE: &Neighbour = &NEIGHBOURS[1];
/// A stream broke after its first content, and LiteLLM ≥1.97.0 did not continue it.
pub const NO_HOP_AFTER_CONTENT: &Neighbour = &NEIGHBOURS[2];

/// The release from which chat streams are not continued after their first content (BerriAI/litellm#34627).
pub const ENDS_STREAMS: Version = Version(1, 97, 0);

/// All of them.
pub static NEIGHBOURS: [Neighbour; 18] = [
    Neighbour {
        id: "no_fallback_configured",
        title: "a stream broke, its group has no fallback",
        what: "LiteLLM wanted to continue a broken stream and found no fallback for its group (`Available Model Group Fallbacks=None`). No prefill was \
               sent. The client got the stream's own error; a fallback that accepts prefill, or a retry in the client, would have helped.",
        fixed: None,
        reference: "BerriAI/litellm#27967",
        signs: &[],
    },
    Neighbour {
        id: "fallback_failed_otherwise",
        title: "a stream broke, the fallback failed otherwise",
        what: "LiteLLM continued a broken stream on a fallback, and that failed for a reason of its own: see its error in the log.",
        fixed: None,
        reference: "BerriAI/litellm#27967",
        signs: &[],
    },
    Neighbour {
        id: "no_hop_after_content",
        title: "a stream broke after its first content, and was not continued",
        what: "From 1.97.0 LiteLLM does not continue a chat stream that has sent anything: the client gets the stream's own error and must retry. That \
               is by design. From 1.109.0 `router_settings.enable_mid_stream_fallback_continuation: true` continues it, on deployments that declare \
               `supports_assistant_prefill`.",
        fixed: None,
        reference: "BerriAI/litellm#40404",
        signs: &[],
    },
    Neighbour {
        id: "rate_limit_shown_as_503",
        title: "a rate limit in mid-stream, shown as 503",
        what: "The provider's 429 was wrapped into `ServiceUnavailableError`: it is a rate limit, no outage.",
        fixed: Some("1.82.0"),
        reference: "BerriAI/litellm#22218",
        signs: &["ServiceUnavailableError: litellm.MidStreamFallbackError: litellm.RateLimitError"],
    },
    Neighbour {
        id: "no_deployments_available",
        title: "no deployment of the group was available",
        what: "All deployments of the group cool down after failures, or, from 1.109.0 with the continuation switched on, none of them declares \
               `supports_assistant_prefill`. No request was sent.",
        fixed: None,
        reference: "BerriAI/litellm#41127",
        signs: &["No deployments available for selected model"],
    },
    Neighbour {
        id: "non_numeric_status",
        title: "an error code that is no number broke LiteLLM's own handling",
        what: "A provider's error code such as `tool_use_failed` was read as a number: the ValueError hides the provider's error.",
        fixed: None,
        reference: "BerriAI/litellm#26913",
        signs: &["invalid literal for int() with base 10: 'litellm_error'", "invalid literal for int() with base 10: 'tool_use_failed'"],
    },
    Neighbour {
        id: "thinking_block_expected",
        title: "a conversation with thinking must begin its last assistant turn with a thinking block",
        what: "Anthropic's 400 for an assistant message without its thinking block. The client dropped the block, or switched models within a conversation; \
               it also follows from a continuation on a model that accepts prefill.",
        fixed: None,
        reference: "Aider-AI/aider#3820",
        signs: &["Expected `thinking` or `redacted_thinking`, but found"],
    },
    Neighbour {
        id: "trailing_whitespace",
        title: "a prefill that ends with a blank",
        what: "Anthropic's 400 for a last assistant message that ends with whitespace: the model accepts prefill, but not this one. The client must trim it.",
        fixed: None,
        reference: "tailcallhq/forgecode#1872",
        signs: &["final assistant content cannot end with trailing whitespace"],
    },
    Neighbour {
        id: "mistral_last_role",
        title: "Mistral's own rule for the last message",
        what: "Mistral takes a last assistant message only with `prefix: true`. The client sent one without it.",
        fixed: None,
        reference: "huggingface/smolagents#757",
        signs: &["Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant"],
    },
    Neighbour {
        id: "deepseek_last_message",
        title: "DeepSeek's own rule for the last message",
        what: "DeepSeek's reasoner takes a last assistant message only in its prefix mode. The client sent one without it.",
        fixed: None,
        reference: "olimorris/codecompanion.nvim#760",
        signs: &["The last message of deepseek-reasoner must be a user message"],
    },
    Neighbour {
        id: "gemini_model_turn",
        title: "Gemini's own rule for the last turn",
        what: "Gemini refuses a conversation that ends with the model's turn. The client sent one, or a continuation did.",
        fixed: None,
        reference: "BerriAI/litellm#38652",
        signs: &["Requests ending with a model turn are not supported"],
    },
    Neighbour {
        id: "prefill_with_tools_or_format",
        title: "a prefill together with tools or an output format",
        what: "Anthropic's 400 for a last assistant message in a request that has tools or an output format, on models that else accept prefill.",
        fixed: None,
        reference: "collmbo#12",
        signs: &["message in the final position, which would pre-fill the"],
    },
    Neighbour {
        id: "prompt_too_long",
        title: "a prompt that is too long",
        what: "The conversation does not fit the model's context. A context-window fallback helps (`context_window_fallbacks`).",
        fixed: None,
        reference: "BerriAI/litellm#27967",
        signs: &["prompt is too long"],
    },
    Neighbour {
        id: "max_tokens_required",
        title: "a request without max_tokens",
        what: "Anthropic's 400 for a request that does not say how much may be answered. It has nothing to do with prefill.",
        fixed: None,
        reference: "BerriAI/litellm#27967",
        signs: &["max_tokens: Field required"],
    },
    Neighbour {
        id: "rate_limit_not_continued",
        title: "a rate limit in mid-stream was not continued",
        what: "In 1.82.0 alone a 429 in mid-stream ended the request without a fallback.",
        fixed: Some("1.82.1"),
        reference: "BerriAI/litellm#22296",
        signs: &[],
    },
    Neighbour {
        id: "disable_fallbacks_ignored",
        title: "`disable_fallbacks` was ignored in mid-stream",
        what: "A request with `disable_fallbacks: true` was continued elsewhere all the same: before 1.104.0 it counts only before the first content. Logs \
               at default level do not show the flag.",
        fixed: Some("1.104.0"),
        reference: "BerriAI/litellm#19077",
        signs: &[],
    },
    Neighbour {
        id: "silent_truncation",
        title: "an answer that ends early, and no record of it",
        what: "A cut connection was swallowed (before 1.94, on the default transport), or a malformed chunk of Anthropic's stream skipped (1.80.11–1.100.5): the client sees a short answer that \
               ends normally. Nothing is logged, so nothing can be found.",
        fixed: Some("1.109.1"),
        reference: "BerriAI/litellm#27967",
        signs: &[],
    },
    Neighbour {
        id: "tools_answered_in_prose",
        title: "a request with tools was answered in prose",
        what: "The continuation's prompt asks for text: a stream that broke before a tool call goes on without it. Nothing is logged.",
        fixed: Some("1.97.0"),
        reference: "BerriAI/litellm#31067",
        signs: &[],
    },
];

/// All signs; a test holds them against the table.
static SIGNS: Needles = Needles::new(&[
    "ServiceUnavailableError: litellm.MidStreamFallbackError: litellm.RateLimitError",
    "No deployments available for selected model",
    "invalid literal for int() with base 10: 'litellm_error'",
    "invalid literal for int() with base 10: 'tool_use_failed'",
    "Expected `thinking` or `redacted_thinking`, but found",
    "final assistant content cannot end with trailing whitespace",
    "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant",
    "The last message of deepseek-reasoner must be a user message",
    "Requests ending with a model turn are not supported",
    "message in the final position, which would pre-fill the",
    "prompt is too long",
    "max_tokens: Field required",
]);

/// The failure that an error's text is told to be by a sign.
#[must_use]
pub fn of_text(text: &str) -> Option<&'static Neighbour> {
    let at = SIGNS.find(text)?;
    NEIGHBOURS.iter().find(|neighbour| neighbour.signs.iter().any(|sign| text[at..].starts_with(sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sign_tells_its_failure() {
        for neighbour in &NEIGHBOURS {
            for sign in neighbour.signs {
                assert_eq!(of_text(&format!("litellm.BadRequestError: x {sign} y")), Some(neighbour), "{sign}");
            }
        }
        assert_eq!(of_text("This model does not support assistant message prefill."), None);
    }

    #[test]
    fn names_are_unique_and_known() {
        let names: std::collections::BTreeSet<&str> = NEIGHBOURS.iter().map(|neighbour| neighbour.id).collect();
        assert_eq!(names.len(), NEIGHBOURS.len());
        assert_eq!(
            (NO_FALLBACK.id, OTHER_FAILURE.id, NO_HOP_AFTER_CONTENT.id),
            ("no_fallback_configured", "fallback_failed_otherwise", "no_hop_after_content")
        );
    }
}
