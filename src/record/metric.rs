//! Prometheus text: the counters of LiteLLM that totals can be held against. They count since the process started, and not prefill
//! alone, so they bound what a log can have seen and never replace it.

use serde::{Deserialize, Serialize};

use crate::knowledge::metric::{COUNTERS, Counter};

/// A counter's value in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Which counter.
    pub counter: Counter,
    /// Its value.
    pub value: u64,
}

/// The samples of known counters in a text, each with its line's offset.
#[must_use]
pub fn samples_in(text: &[u8]) -> Vec<(usize, Sample)> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b"litellm_") {
            found.extend(std::str::from_utf8(line).ok().and_then(sample).map(|sample| (at, sample)));
        }
        at += line.len();
    }
    found
}

/// `name{label="value",…} 12.0`, with a timestamp perhaps.
fn sample(line: &str) -> Option<Sample> {
    let (series, values) = line.rsplit_once('}')?;
    let (name, labels) = series.split_once('{')?;
    let fits = |row: &&(&str, &str, Counter)| name.strip_suffix("_total").unwrap_or(name) == row.0 && labels.contains(row.1);
    let (_, _, counter) = COUNTERS.iter().find(fits)?;
    let value: f64 = values.split_ascii_whitespace().next()?.parse().ok()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, and a counter is whole and positive")]
    Some(Sample { counter: *counter, value: value as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_counters_are_read() {
        let cases = [
            (
                "litellm_deployment_failed_fallbacks_total{requested_model=\"a\",fallback_model=\"b\",exception_status=\"500\"} 12.0\n",
                Some((Counter::FailedFallbacks, 12)),
            ),
            (
                "litellm_deployment_failure_responses_total{exception_class=\"x}y\",exception_status=\"400\"} 3 1795333131\n",
                Some((Counter::Answers400, 3)),
            ),
            ("litellm_deployment_failure_responses_total{exception_status=\"500\"} 3\n", None),
            ("litellm_deployment_failed_fallbacks_created{requested_model=\"a\"} 1.79e9\n", None),
            ("# HELP litellm_deployment_failed_fallbacks_total x\n", None),
            ("litellm_deployment_failed_fallbacks_total{} NaN\n", Some((Counter::FailedFallbacks, 0))),
        ];
        for (line, expected) in cases {
            assert_eq!(samples_in(line.as_bytes()).first().map(|(_, s)| (s.counter, s.value)), expected, "{line}");
        }
    }
}
