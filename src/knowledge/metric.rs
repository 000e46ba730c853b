//! LiteLLM's Prometheus counters that bound how many rejections there were. Source: LiteLLM's `integrations/prometheus.py`.

use serde::{Deserialize, Serialize};

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// Fallbacks that failed, for whatever reason.
    FailedFallbacks,
    /// Answers 400 of deployments, prefill and others.
    Answers400,
}

/// Name, a label that must be there, and what it counts.
pub const COUNTERS: [(&str, &str, Counter); 2] = [
    ("litellm_deployment_failed_fallbacks", "", Counter::FailedFallbacks),
    ("litellm_deployment_failure_responses", "exception_status=\"400\"", Counter::Answers400),
];

impl Counter {
    /// What it counts, for a person.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Counter::FailedFallbacks => "failed fallbacks",
            Counter::Answers400 => "answers 400 of deployments",
        }
    }
}
