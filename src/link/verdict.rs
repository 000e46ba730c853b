//! Whose fault an incident is.

use serde::Serialize;

use super::rules::{Confidence, Rule, Rules, Side};

/// Whose fault an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// LiteLLM's continuation of a broken stream was rejected.
    MidStreamFallback,
    /// The client sent the trailing assistant message.
    ClientPrefill,
    /// This input cannot tell.
    Unknown,
}

impl Verdict {
    /// All verdicts, in the order in which they are told.
    pub const ALL: [Verdict; 3] = [Verdict::MidStreamFallback, Verdict::ClientPrefill, Verdict::Unknown];

    /// The name in snake case, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::MidStreamFallback => "mid_stream_fallback",
            Verdict::ClientPrefill => "client_prefill",
            Verdict::Unknown => "unknown",
        }
    }
}

/// Verdict and confidence of a group from the rules that spoke; `joins` are those that brought its records together.
///
/// A request in which the client's own trailing assistant message *and* LiteLLM's continuation were seen in what was sent
/// is the client's: it must change whatever LiteLLM does. Any other contradiction means that records of two requests were
/// taken for one, or were damaged.
pub(super) fn judge(evidence: Rules, joins: Rules) -> (Verdict, Option<Confidence>, Rules) {
    let (mid, client) = (evidence.point_to(Side::MidStream), evidence.point_to(Side::Client));
    // What was sent, or the rows of the request itself, show the broken stream: a record of another request is neither.
    let shown = [Rule::ContinuationSent, Rule::StreamBrokeInRequest, Rule::AnswerHadBegun].into_iter().any(|rule| evidence.contains(rule));
    let sent = evidence.contains(Rule::ClientSentAssistant) && !evidence.contains(Rule::ClientSentNoAssistant);
    let met = shown && sent && evidence.iter().filter(|rule| rule.side() == Some(Side::Client)).all(|rule| rule == Rule::ClientSentAssistant);
    let verdict = match (mid, client) {
        (true, true) if met => Verdict::ClientPrefill,
        (true, false) => Verdict::MidStreamFallback,
        (false, true) => Verdict::ClientPrefill,
        (true, true) | (false, false) => Verdict::Unknown,
    };
    let mut because = evidence;
    because.add_all(joins);
    let judged = because.iter().filter(|rule| rule.side().is_some()).map(Rule::confidence).max();
    let joined = joins.iter().map(Rule::confidence).min();
    let confidence = match verdict {
        Verdict::Unknown => None,
        _ => judged.map(|c| joined.map_or(c, |j| c.min(j))),
    };
    (verdict, confidence, because)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradiction_means_unknown_except_where_both_truly_met() {
        let cases: [(&[Rule], Verdict); 9] = [
            (&[Rule::StreamBrokeInRequest, Rule::ClientSentAssistant], Verdict::ClientPrefill),
            (&[Rule::StreamFailureInRecord, Rule::ClientSentAssistant], Verdict::Unknown),
            (&[Rule::StreamBrokeInRequest, Rule::ClientSentNoAssistant, Rule::ClientSentAssistant], Verdict::Unknown),
            (&[Rule::StreamFailureInRecord], Verdict::MidStreamFallback),
            (&[Rule::CallWasNotStreaming], Verdict::ClientPrefill),
            (&[Rule::StreamFailureInRecord, Rule::CallWasNotStreaming], Verdict::Unknown),
            (&[Rule::ContinuationSent, Rule::ClientSentAssistant], Verdict::ClientPrefill),
            (&[Rule::ContinuationSent, Rule::ClientSentAssistant, Rule::FailedBeforeResponse], Verdict::Unknown),
            (&[], Verdict::Unknown),
        ];
        for (evidence, expected) in cases {
            assert_eq!(judge(evidence.iter().copied().collect(), Rules::default()).0, expected, "{evidence:?}");
        }
    }

    #[test]
    fn the_weakest_join_bounds_the_confidence() {
        let judged = |joins: &[Rule]| judge(Rules::from_iter([Rule::FallbackAlsoFailed]), joins.iter().copied().collect()).1;
        assert_eq!(judged(&[]), Some(Confidence::Proven));
        assert_eq!(judged(&[Rule::OnlyHopBefore]), Some(Confidence::Strong));
        assert_eq!(judged(&[Rule::OnlyHopBefore, Rule::NearestHopBefore]), Some(Confidence::Weak));
    }
}
