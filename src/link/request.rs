//! The client request behind an incident: its ids, who asked, when, on which route.
//!
//! Times of traces are instants and exact; those of a log are local and, in text logs, have no date. Where an incident has
//! both, the instants count.

use super::assemble::Draft;
use crate::fact::{Attempt, Caller, Name, Statement};
use crate::record::Time;

/// What the records of an incident say of the client's request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// LiteLLM's call id.
    pub call_id: Option<Name>,
    /// The trace's id.
    pub trace_id: Option<Name>,
    /// `chat`, `responses` or `messages`.
    pub route: Option<&'static str>,
    /// Who asked.
    pub caller: Caller,
    /// What the client asked for.
    pub requested_model: Option<Name>,
    /// LiteLLM's version.
    pub version: Option<Name>,
    /// First time seen.
    pub start: Option<Time>,
    /// Last time seen.
    pub end: Option<Time>,
    /// First and last time on one line of time: microseconds, midnights of a log counted.
    pub span: (u64, u64),
}

impl Draft<'_, '_> {
    /// The request of its group.
    pub(super) fn request(&self) -> Request {
        let attempts: Vec<&Attempt> = self.errors().filter_map(|error| error.attempt.as_deref()).collect();
        let text = |get: fn(&Attempt) -> &Option<Name>| attempts.iter().find_map(|attempt| get(attempt).clone());
        let served = self.facts().filter_map(|fact| match &fact.statement {
            Statement::Served(served) => served.end,
            _ => None,
        });
        let (start, end, span) = instants(&attempts, &served.collect::<Vec<_>>()).unwrap_or_else(|| self.local_times());
        Request {
            call_id: self.call_id(),
            trace_id: text(|a| &a.trace_id),
            route: attempts.iter().find_map(|attempt| attempt.route).or_else(|| self.route()),
            caller: Caller {
                key: text(|a| &a.caller.key),
                team: text(|a| &a.caller.team),
                user: text(|a| &a.caller.user),
                end_user: text(|a| &a.caller.end_user),
                user_agent: text(|a| &a.caller.user_agent),
            },
            requested_model: text(|a| &a.requested_model),
            version: text(|a| &a.version),
            start,
            end: end.filter(|end| start.is_some_and(|start| start != *end)),
            span,
        }
    }

    fn local_times(&self) -> Times {
        let at = |n: usize| self.groups.nodes[n].at;
        let timed = || self.summary.nodes.iter().filter_map(|&n| Some((at(n), self.facts.fact(n)?.time?)));
        let (first, last) = (timed().min_by_key(|(at, _)| *at), timed().max_by_key(|(at, _)| *at));
        let all = || self.summary.nodes.iter().map(|&n| at(n));
        (first.map(|(_, time)| time), last.map(|(_, time)| time), (all().min().unwrap_or_default(), all().max().unwrap_or_default()))
    }

    fn call_id(&self) -> Option<Name> {
        self.facts().find_map(|fact| match &fact.statement {
            Statement::Error(error) => error.call_id.clone(),
            Statement::Call(call) => Some(call.call_id.clone()),
            _ => None,
        })
    }
}

type Times = (Option<Time>, Option<Time>, (u64, u64));

/// First and last instant of the attempts, if they have any; `served` is when those that did not fail ended.
fn instants(attempts: &[&Attempt], served: &[Time]) -> Option<Times> {
    let all = || attempts.iter().flat_map(|attempt| [attempt.start, attempt.end]).flatten().chain(served.iter().copied());
    let (first, last) = (all().min_by_key(Time::since_epoch)?, all().max_by_key(Time::since_epoch)?);
    Some((Some(first), Some(last), (first.since_epoch(), last.since_epoch())))
}
