//! The stream that broke before the fallback: which group failed, and of what.
//!
//! A payload's row of it names the fallback's group, so the group comes from the log's texts or the printed lists alone.

use std::sync::Arc;

use super::assemble::Draft;
use super::incident::{IncidentRejection, Outcome, StreamFailure};
use super::rules::Rule;
use super::verdict::Verdict;
use crate::fact::{FallbackLists, Name, OneError, Statement};
use crate::knowledge::failure::{self, Kind};
use crate::mask;

impl<'j> Draft<'j, '_> {
    /// The broken stream: what failed from the error texts, which group from the record that names it or, for a chain that
    /// recovered, from the only list that has these targets.
    pub(super) fn stream_failure(&self, verdict: Verdict, outcome: Outcome, rejections: &[IncidentRejection]) -> Option<StreamFailure> {
        let broken = || self.texts().filter(|text| text.mid_stream).filter_map(|text| text.levels.first());
        let earlier = self.earlier_failure();
        let seen = self.summary.evidence.contains(Rule::StreamBrokeInRequest) || broken().next().is_some() || earlier.is_some();
        if !seen && verdict != Verdict::MidStreamFallback {
            return None;
        }
        let read = || self.errors().find(|e| e.attempt.as_ref().is_some_and(|a| a.broke_stream)).and_then(|e| Some(&e.text.levels.first()?.error));
        let error: Option<&OneError> = broken().map(|level| &level.error).next().or(earlier.map(|(_, error)| error)).or_else(read);
        let own_group = |level: &&crate::fact::ErrorLevel| level.fallbacks.is_some() && level.error.rejection.is_none();
        let named = broken().filter(own_group).find_map(|level| level.group.clone());
        let ordered = || {
            self.texts()
                .filter(|_| error.is_none())
                .filter_map(|t| t.levels.first())
                .find(|l| l.fallbacks.as_ref().is_some_and(|targets| targets.is_empty()))
        };
        let model_group = named
            .or_else(|| earlier.and_then(|(group, _)| group.map(Name::from)))
            .or_else(|| ordered().and_then(|level| level.group.clone()))
            .or_else(|| self.group_by_lists(outcome, rejections));
        // A prompt that is echoed may speak of anything; and facts do not hold it.
        let message = error.and_then(|e| e.message.as_deref()).map(mask::withheld).unwrap_or_default();
        let kind = error.map_or(Kind::Unknown, |e| failure::kind(e.class.as_deref(), &message));
        Some(StreamFailure {
            model_group,
            model: None,
            provider: error.and_then(|e| e.provider),
            kind,
            category: failure::category(kind, &message),
            class: error.and_then(|e| e.class.clone()),
            status: error.and_then(|e| e.class.as_deref()).and_then(failure::status),
            message: error.and_then(|e| e.message.clone()),
        })
    }

    /// DEBUG: the broken stream among the earlier errors of this request's own calls.
    fn earlier_failure(&self) -> Option<(Option<&'j str>, &'j OneError)> {
        self.facts().find_map(|fact| {
            let Statement::Call(call) = &fact.statement else { return None };
            let own = call.earlier_own().find(|earlier| earlier.text.mid_stream)?;
            Some((own.group.as_deref(), &own.text.levels.first()?.error))
        })
    }

    /// The only configured group whose list has the refused targets in this order; for a chain that recovered, with one more
    /// target to recover on.
    fn group_by_lists(&self, outcome: Outcome, rejections: &[IncidentRejection]) -> Option<Name> {
        let refused: Vec<&str> = rejections.iter().filter_map(|r| r.model_group.as_deref()).collect();
        if refused.is_empty() || refused.len() != rejections.len() {
            return None;
        }
        let spare = usize::from(outcome == Outcome::Recovered);
        let fits = |targets: &[Name]| targets.len() >= refused.len() + spare && targets.iter().zip(&refused).all(|(a, b)| **a == **b);
        let lists: &Vec<Arc<FallbackLists>> = self.groups.lists.get(&self.groups.log_stream(self.summary)?)?;
        let mut fitting: Vec<&str> =
            lists.iter().flat_map(|l| l.iter()).filter(|(group, targets)| *group != "*" && fits(targets)).map(|(group, _)| group).collect();
        fitting.sort_unstable();
        fitting.dedup();
        match fitting[..] {
            [only] => Some(only.into()),
            _ => None,
        }
    }
}
