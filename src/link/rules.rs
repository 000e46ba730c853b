//! The rules by which facts are joined and judged, with what each is worth.
//!
//! Measured on 60 captures of 12 LiteLLM releases and on captures merged onto one clock.

use serde::Serialize;

/// How sure a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Inferred from order, with room for doubt.
    Weak,
    /// Inferred from order that admits one reading.
    Strong,
    /// The evidence admits one reading.
    Proven,
}

impl Confidence {
    /// The name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Weak => "weak",
            Confidence::Strong => "strong",
            Confidence::Proven => "proven",
        }
    }
}

/// Which side a rule points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// LiteLLM's continuation of a broken stream.
    MidStream,
    /// The client's own trailing assistant message.
    Client,
}

/// A rule that spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// `MidStreamFallbackError` at the start of the record's error or of an exception of its chain.
    StreamFailureInRecord,
    /// `Fallback also failed` holds the rejection: only the mid-stream path of chat writes it.
    FallbackAlsoFailed,
    /// The same on `/v1/responses`.
    ResponsesFallbackAlsoFailed,
    /// DEBUG: LiteLLM's continuation is in the request it sent.
    ContinuationSent,
    /// The body is not wrapped in `b'…'`: the refused call was not streaming.
    CallWasNotStreaming,
    /// The proxy failed the request before its response began, and names no broken stream.
    FailedBeforeResponse,
    /// `/v1/messages` never continues a stream.
    MessagesRoute,
    /// ≤1.82 keeps the exception chain, and there is no broken stream in it.
    ChainWithoutStreamFailure,
    /// ≥1.97 sends no continuation on chat.
    NoContinuationInRelease,
    /// DEBUG: the client's own messages end with the assistant's.
    ClientSentAssistant,
    /// Traces: a stream of the same request broke while it was read.
    StreamBrokeInRequest,
    /// Traces: the client's messages do not end with the assistant's, so LiteLLM added that one.
    ClientSentNoAssistant,
    /// Traces: the client's answer had begun before the refused attempt did (negative `response_time`).
    AnswerHadBegun,
    /// Traces: the client's answer had not begun before the refused attempt did.
    AnswerHadNotBegun,
    /// Traces: the request's span and its failure are there, and no stream broke in it.
    NoStreamFailureInTrace,
    /// Order: the hop before it in the fallback list can be no other.
    OnlyHopBefore,
    /// Order: the hop before it, clearly nearer than any other.
    NearestHopBefore,
    /// Order: the record directly before it, others far away.
    HopDirectlyBefore,
    /// Order: as many hops as chains that need one, all of one verdict.
    AllChainsAgree,
    /// DEBUG: the only call that can have met it.
    OnlyOpenCall,
    /// DEBUG: all calls that can have met it were of one kind.
    AllOpenCallsAgree,
    /// Log and trace: the broken stream that needs this hop, at this time, and no other.
    BrokenStreamNeedsHop,
    /// INFO: the response began only after the fallback had answered.
    AnsweredAfterFallback,
    /// INFO: the response had begun before a fallback answered, so a stream had broken.
    AnsweredBeforeFallback,
    /// DEBUG: the request sent directly behind it, to the next target.
    NextHopCall,
}

/// All rules, in their order.
const ALL: [Rule; 25] = [
    Rule::StreamFailureInRecord,
    Rule::FallbackAlsoFailed,
    Rule::ResponsesFallbackAlsoFailed,
    Rule::ContinuationSent,
    Rule::CallWasNotStreaming,
    Rule::FailedBeforeResponse,
    Rule::MessagesRoute,
    Rule::ChainWithoutStreamFailure,
    Rule::NoContinuationInRelease,
    Rule::ClientSentAssistant,
    Rule::StreamBrokeInRequest,
    Rule::ClientSentNoAssistant,
    Rule::AnswerHadBegun,
    Rule::AnswerHadNotBegun,
    Rule::NoStreamFailureInTrace,
    Rule::OnlyHopBefore,
    Rule::NearestHopBefore,
    Rule::HopDirectlyBefore,
    Rule::AllChainsAgree,
    Rule::OnlyOpenCall,
    Rule::AllOpenCallsAgree,
    Rule::BrokenStreamNeedsHop,
    Rule::AnsweredAfterFallback,
    Rule::AnsweredBeforeFallback,
    Rule::NextHopCall,
];

/// A set of rules: as many spoke as there are facts, and most facts have one or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rules(u32);

impl Rules {
    pub(super) fn add(&mut self, rule: Rule) {
        self.0 |= 1 << rule as u32;
    }

    pub(super) fn add_all(&mut self, other: Rules) {
        self.0 |= other.0;
    }

    pub(super) fn contains(self, rule: Rule) -> bool {
        self.0 & 1 << rule as u32 != 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The rules in it, in their order.
    pub(super) fn iter(self) -> impl Iterator<Item = Rule> {
        ALL.into_iter().filter(move |rule| self.contains(*rule))
    }

    /// Whether any of them points to this side.
    pub(super) fn point_to(self, side: Side) -> bool {
        self.iter().any(|rule| rule.side() == Some(side))
    }
}

impl FromIterator<Rule> for Rules {
    fn from_iter<I: IntoIterator<Item = Rule>>(rules: I) -> Rules {
        let mut set = Rules::default();
        rules.into_iter().for_each(|rule| set.add(rule));
        set
    }
}

impl Rule {
    /// What the rule is worth.
    #[must_use]
    pub fn confidence(self) -> Confidence {
        match self {
            Rule::NearestHopBefore | Rule::HopDirectlyBefore => Confidence::Weak,
            Rule::OnlyHopBefore
            | Rule::AllChainsAgree
            | Rule::OnlyOpenCall
            | Rule::AllOpenCallsAgree
            | Rule::AnsweredAfterFallback
            | Rule::AnsweredBeforeFallback
            | Rule::NextHopCall
            | Rule::BrokenStreamNeedsHop
            | Rule::AnswerHadNotBegun
            | Rule::NoStreamFailureInTrace
            | Rule::NoContinuationInRelease => Confidence::Strong,
            _ => Confidence::Proven,
        }
    }

    /// The side it points to, for rules that judge by themselves.
    #[must_use]
    pub fn side(self) -> Option<Side> {
        match self {
            Rule::StreamFailureInRecord
            | Rule::FallbackAlsoFailed
            | Rule::ResponsesFallbackAlsoFailed
            | Rule::ContinuationSent
            | Rule::StreamBrokeInRequest
            | Rule::ClientSentNoAssistant
            | Rule::AnswerHadBegun
            | Rule::AnsweredBeforeFallback => Some(Side::MidStream),
            Rule::CallWasNotStreaming
            | Rule::FailedBeforeResponse
            | Rule::MessagesRoute
            | Rule::ChainWithoutStreamFailure
            | Rule::NoContinuationInRelease
            | Rule::ClientSentAssistant
            | Rule::AnswerHadNotBegun
            | Rule::NoStreamFailureInTrace
            | Rule::AnsweredAfterFallback => Some(Side::Client),
            Rule::OnlyHopBefore
            | Rule::NearestHopBefore
            | Rule::HopDirectlyBefore
            | Rule::AllChainsAgree
            | Rule::OnlyOpenCall
            | Rule::BrokenStreamNeedsHop
            | Rule::NextHopCall
            | Rule::AllOpenCallsAgree => None,
        }
    }

    /// What the rule says, for a person.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Rule::StreamFailureInRecord => {
                "stream_failure_in_record: the record that holds the rejection says that a stream broke first (MidStreamFallbackError)"
            }
            Rule::FallbackAlsoFailed => {
                "fallback_also_failed: LiteLLM writes `Fallback also failed` only after a broken stream, and the rejection is in it"
            }
            Rule::ResponsesFallbackAlsoFailed => {
                "responses_fallback_also_failed: LiteLLM writes `Responses streaming fallback also failed` only after a broken stream, and the rejection is in it"
            }
            Rule::ContinuationSent => "continuation_sent: the request that LiteLLM sent ends with its own continuation of a broken stream",
            Rule::CallWasNotStreaming => {
                "call_was_not_streaming: the provider's answer is printed as a plain body, so the refused call was no stream"
            }
            Rule::FailedBeforeResponse => {
                "failed_before_response: the proxy refused the request before its response began, and names no broken stream"
            }
            Rule::MessagesRoute => "messages_route: /v1/messages never continues a broken stream",
            Rule::ChainWithoutStreamFailure => "chain_without_stream_failure: this release logs the whole exception chain, and no stream broke in it",
            Rule::NoContinuationInRelease => "no_continuation_in_release: this release sends no continuation on chat (fixed in 1.97.0)",
            Rule::ClientSentAssistant => "client_sent_assistant: the client's own messages end with an assistant message",
            Rule::StreamBrokeInRequest => "stream_broke_in_request: a stream of the same request broke while it was read",
            Rule::ClientSentNoAssistant => {
                "client_sent_no_assistant: the client's own messages do not end with an assistant message, so LiteLLM added the one that was refused"
            }
            Rule::AnswerHadBegun => "answer_had_begun: the client's answer had begun before the refused attempt did, so a stream had broken",
            Rule::AnswerHadNotBegun => {
                "answer_had_not_begun: the client's answer had not begun before the refused attempt did, so no stream had broken"
            }
            Rule::NoStreamFailureInTrace => "no_stream_failure_in_trace: the trace has the request and its failure, and no stream broke in it",
            Rule::OnlyHopBefore => "only_hop_before: no other record can be the hop before it in the fallback list",
            Rule::NearestHopBefore => "nearest_hop_before: the hop before it in the fallback list, clearly nearer than any other",
            Rule::HopDirectlyBefore => "hop_directly_before: the record directly before it is the hop before it in the fallback list",
            Rule::AllChainsAgree => "all_chains_agree: every chain that it can belong to has this verdict, and each needs one such hop",
            Rule::OnlyOpenCall => "only_open_call: only one request to this deployment was open that can have been refused",
            Rule::AllOpenCallsAgree => "all_open_calls_agree: all requests to this deployment that can have been refused were of this kind",
            Rule::AnsweredAfterFallback => "answered_after_fallback: the response began only when a fallback had answered, so no stream had broken",
            Rule::AnsweredBeforeFallback => "answered_before_fallback: the response had begun before a fallback answered, so a stream had broken",
            Rule::BrokenStreamNeedsHop => {
                "broken_stream_needs_hop: the trace has a stream that broke just before, which needs a hop to this target; no other record can be that hop, and no other request can have met it"
            }
            Rule::NextHopCall => "next_hop_call: the request that LiteLLM sent directly behind it, to the next target, is the same client's",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_its_place_in_a_set() {
        for (at, rule) in ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, at);
            assert_eq!(Rules::from_iter([rule]).iter().collect::<Vec<_>>(), [rule]);
        }
    }
}
