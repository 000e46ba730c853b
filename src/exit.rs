//! Exit statuses: the same whatever the format.

use std::process::ExitCode;

use streamfall::compare::Comparison;
use streamfall::preflight::{Outlook, Preflight};
use streamfall::report::Report;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing was found that the policy forbids.
    Clean,
    /// Something was found that the policy forbids: unless it says otherwise, any request that met the rejection.
    Found,
    /// The job could not be done in full; beats [`Exit::Found`].
    Incomplete,
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Exit {
    /// The status of a report; a signal that stopped the reading beats all else. Without a policy, anything found counts.
    #[must_use]
    pub(crate) fn of(report: &Report, signal: Option<Exit>) -> Exit {
        let fails = report.judgement.as_ref().map_or(report.summary.requests > 0, |judgement| judgement.fails);
        match signal {
            Some(signal) => signal,
            None if !report.complete => Exit::Incomplete,
            None if fails => Exit::Found,
            None => Exit::Clean,
        }
    }

    /// The status of a comparison: [`Exit::Found`] if it got worse.
    #[must_use]
    pub(crate) fn of_comparison(comparison: &Comparison, signal: Option<Exit>) -> Exit {
        match signal {
            Some(signal) => signal,
            None if !comparison.is_complete() => Exit::Incomplete,
            None if comparison.is_worse => Exit::Found,
            None => Exit::Clean,
        }
    }

    /// The status of a preflight: [`Exit::Found`] if a pair will break.
    #[must_use]
    pub(crate) fn of_preflight(preflight: &Preflight) -> Exit {
        match preflight.count(Outlook::WillBreak) {
            _ if !preflight.is_complete() => Exit::Incomplete,
            0 => Exit::Clean,
            _ => Exit::Found,
        }
    }

    /// The status where facts were printed: whoever links them judges what was found.
    #[must_use]
    pub(crate) fn of_facts(self) -> Exit {
        if self == Exit::Found { Exit::Clean } else { self }
    }

    /// The number.
    #[must_use]
    pub(crate) fn status(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Found => 1,
            Exit::Incomplete => 2,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.status())
    }
}
