//! What one record proves by itself.

use super::rules::Rule;
use crate::fact::{ErrorRecord, Fact, Role, Statement};
use crate::knowledge::version;

/// The rules that speak for a fact, whatever else there is.
pub(super) fn of(fact: &Fact) -> Vec<Rule> {
    let mut rules = Vec::new();
    match &fact.statement {
        Statement::Error(error) => of_error(error, &mut rules),
        Statement::Call(call) if call.continuation => rules.push(Rule::ContinuationSent),
        // A last message that asks to be continued may be LiteLLM's (1.109.0 with the flag) or the client's: no evidence.
        Statement::Call(call) if call.ends_with_assistant && !call.asks_to_be_continued && call.earlier_own().next().is_none() => {
            rules.push(Rule::ClientSentAssistant);
        }
        _ => {}
    }
    rules
}

fn of_error(error: &ErrorRecord, rules: &mut Vec<Rule>) {
    let text_rejected = error.text.rejections().next().is_some();
    match error.role {
        Role::FallbackFailed if text_rejected => rules.push(Rule::FallbackAlsoFailed),
        Role::ResponsesFallbackFailed if text_rejected => rules.push(Rule::ResponsesFallbackAlsoFailed),
        Role::MessagesError if text_rejected => rules.push(Rule::MessagesRoute),
        Role::RequestError if !error.text.mid_stream && !chain_breaks(error) => rules.push(Rule::FailedBeforeResponse),
        _ => {}
    }
    if breaks_stream(error) {
        rules.push(Rule::StreamFailureInRecord);
    }
    if error.text.rejections().any(|(_, r)| r.streaming == Some(false)) {
        rules.push(Rule::CallWasNotStreaming);
    }
    if error.role == Role::HopFailed {
        of_hop(error, rules);
    }
}

/// Whether the record says that a stream broke before the rejection. In a fragment, only one text that holds both counts.
fn breaks_stream(error: &ErrorRecord) -> bool {
    let both = |text: &crate::fact::ErrorText| text.mid_stream && text.rejections().next().is_some();
    match error.role {
        Role::Fragment => error.texts().any(both),
        Role::StreamError | Role::HopFailed | Role::FallbackFailed | Role::ResponsesFallbackFailed => error.texts().any(|text| text.mid_stream),
        _ => error.text.mid_stream,
    }
}

fn chain_breaks(error: &ErrorRecord) -> bool {
    error.chain.as_ref().is_some_and(|chain| chain.texts.iter().any(|text| text.mid_stream))
}

fn of_hop(error: &ErrorRecord, rules: &mut Vec<Rule>) {
    let Some((file, line)) = &error.origin else { return };
    if version::keeps_exception_chain(file, *line) {
        let silent = error.whole && error.chain.as_ref().is_some_and(|chain| chain.regular && chain.no_stream_traces);
        if silent && error.text.levels.len() == 1 {
            rules.push(Rule::ChainWithoutStreamFailure);
        }
    } else if error.whole && error.without_traceback && version::sends_no_continuation(file, *line) {
        rules.push(Rule::NoContinuationInRelease);
    }
}
