//! What one record proves by itself.

use std::collections::{HashMap, HashSet};

use super::node::Node;
use super::rules::{Rule, Rules};
use crate::fact::{About, Attempt, Chain, ErrorRecord, ErrorText, Fact, LastMessage, Role, Statement};
use crate::knowledge::route;
use crate::knowledge::version::{self, Continues};

/// How many streams must have broken without a fallback.
const ENOUGH_ENDED: usize = 3;

/// Streams in which broken streams ended without a fallback, again and again, and never with one: LiteLLM
/// ≥1.109 was not asked there to continue them.
pub(super) fn unasked(nodes: &[Node]) -> HashSet<u32> {
    let mut ended: HashMap<u32, usize> = HashMap::new();
    let mut continued: HashSet<u32> = HashSet::new();
    for node in nodes {
        match node.role() {
            Some(Role::StreamError) if !node.mid_stream => *ended.entry(node.stream).or_default() += 1,
            Some(Role::FallbackFailed | Role::ResponsesFallbackFailed) => {
                continued.insert(node.stream);
            }
            _ => {}
        }
    }
    ended.into_iter().filter(|(stream, count)| *count >= ENOUGH_ENDED && !continued.contains(stream)).map(|(stream, _)| stream).collect()
}

/// The rules that speak for a fact, whatever else there is; and those that speak besides if its stream is [`unasked`].
pub(super) fn of(fact: &Fact) -> (Rules, Rules) {
    let (mut rules, mut if_unasked) = (Rules::default(), Rules::default());
    match &fact.statement {
        Statement::Error(error) => of_error(error, &mut rules, &mut if_unasked),
        Statement::Call(call) if call.continuation => rules.add(Rule::ContinuationSent),
        // A last message that asks to be continued may be LiteLLM's (1.109.0 with the flag) or the client's: no evidence.
        Statement::Call(call) if call.ends_with_assistant && !call.asks_to_be_continued && call.earlier_own().next().is_none() => {
            rules.add(Rule::ClientSentAssistant);
        }
        _ => {}
    }
    (rules, if_unasked)
}

fn of_error(error: &ErrorRecord, rules: &mut Rules, if_unasked: &mut Rules) {
    if let Some(attempt) = &error.attempt {
        of_attempt(error, attempt, rules);
    }
    let text_rejected = error.text.rejections().next().is_some();
    match error.role {
        Role::FallbackFailed if text_rejected => rules.add(Rule::FallbackAlsoFailed),
        Role::ResponsesFallbackFailed if text_rejected => rules.add(Rule::ResponsesFallbackAlsoFailed),
        Role::MessagesError if text_rejected => rules.add(Rule::MessagesRoute),
        Role::RequestError if !error.text.mid_stream && !chain_breaks(error) => rules.add(Rule::FailedBeforeResponse),
        _ => {}
    }
    if breaks_stream(error) {
        rules.add(Rule::StreamFailureInRecord);
    }
    if error.text.rejections().any(|(_, r)| r.streaming == Some(false)) {
        rules.add(Rule::CallWasNotStreaming);
    }
    if error.role == Role::HopFailed {
        of_hop(error, rules, if_unasked);
    }
}

/// What the row of an attempt or request says besides its error. Its messages are the client's own, so the last one tells who
/// added the assistant's turn; `/v1/messages` is never continued.
fn of_attempt(error: &ErrorRecord, attempt: &Attempt, rules: &mut Rules) {
    let rejected = error.is_rejected();
    let messages = attempt.route == Some(route::MESSAGES);
    // The row that tells a broken stream is of the request itself, whatever else is joined to it.
    if attempt.broke_stream || error.texts().any(|text| text.mid_stream) {
        rules.add(Rule::StreamBrokeInRequest);
    }
    if messages && rejected {
        rules.add(Rule::MessagesRoute);
    }
    if attempt.refused_outright && rejected && !error.texts().any(|text| text.mid_stream) {
        rules.add(Rule::FailedBeforeResponse);
    }
    match attempt.last_message {
        LastMessage::Assistant => rules.add(Rule::ClientSentAssistant),
        LastMessage::Continuation => rules.add(Rule::ContinuationSent),
        LastMessage::Other if !messages => rules.add(Rule::ClientSentNoAssistant),
        LastMessage::Other | LastMessage::Unknown => {}
    }
    let refused_by_bedrock = error.text.rejections().any(|(_, r)| r.provider == Some("bedrock"));
    match attempt.answer_had_begun.filter(|_| rejected && attempt.about == About::Attempt && !messages) {
        Some(true) => rules.add(Rule::AnswerHadBegun),
        // Bedrock's `invoke` route is called lazily: its times tell nothing.
        Some(false) if attempt.last_message == LastMessage::Unknown && !refused_by_bedrock => rules.add(Rule::AnswerHadNotBegun),
        _ => {}
    }
}

/// Whether the record says that a stream broke before the rejection. In a fragment, only one text that holds both counts.
fn breaks_stream(error: &ErrorRecord) -> bool {
    let both = |text: &ErrorText| text.mid_stream && text.rejections().next().is_some();
    match error.role {
        Role::Fragment => error.texts().any(both),
        Role::StreamError | Role::HopFailed | Role::FallbackFailed | Role::ResponsesFallbackFailed | Role::Payload | Role::Span | Role::SpendLog => {
            error.texts().any(|text| text.mid_stream)
        }
        _ => error.text.mid_stream,
    }
}

fn chain_breaks(error: &ErrorRecord) -> bool {
    error.chain.as_ref().is_some_and(|chain| chain.texts.iter().any(|text| text.mid_stream))
}

/// Whether the rejection of the message is in the chain, as its last exception: else the two are of different records.
fn ends_in(chain: &Chain, error: &ErrorRecord) -> bool {
    let ids = |text: &ErrorText| text.rejections().map(|(level, _)| level.request_id.clone()).collect::<Vec<_>>();
    chain.texts.last().is_some_and(|last| ids(last) == ids(&error.text))
}

fn of_hop(error: &ErrorRecord, rules: &mut Rules, if_unasked: &mut Rules) {
    let Some((file, line)) = &error.origin else { return };
    if version::keeps_exception_chain(file, *line) {
        let silent = error.whole && error.chain.as_ref().is_some_and(|chain| chain.no_stream_traces && ends_in(chain, error));
        if silent && error.text.levels.len() == 1 {
            rules.add(Rule::ChainWithoutStreamFailure);
        }
    } else if error.whole && error.without_traceback {
        match version::continues_streams(file, *line) {
            Continues::Never => rules.add(Rule::NoContinuationInRelease),
            Continues::IfAsked => if_unasked.add(Rule::NoContinuationInRelease),
            Continues::Perhaps => {}
        }
    }
}
