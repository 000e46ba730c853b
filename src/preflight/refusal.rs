//! Whether a group refuses a prefill, told from its deployments.

use super::config::Deployment;
use crate::knowledge::model::{Prefill, Why};

/// What a group does with a prefill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Whoever gets it first refuses.
    Always,
    /// Some do.
    Sometimes,
    /// None does.
    Never,
    /// There is nobody, or it is not to be told.
    Unknown,
}

/// Whether a deployment refuses.
pub(super) fn rejects(deployment: &Deployment) -> bool {
    matches!(deployment.prefill, Prefill::Rejects(_))
}

/// What a group does. Where deployments have an `order`, those of the lowest come first.
pub(super) fn is_refused(deployments: &[Deployment]) -> Refusal {
    let lowest = deployments.iter().filter_map(|deployment| deployment.order).min();
    let first = |deployment: &&Deployment| lowest.is_none() || deployment.order == lowest;
    let is_unknown = |deployment: &Deployment| matches!(deployment.prefill, Prefill::Unknown(why) if why != Why::NotClaude);
    match deployments {
        [] => Refusal::Unknown,
        all if all.iter().filter(first).all(rejects) => Refusal::Always,
        all if all.iter().any(rejects) => Refusal::Sometimes,
        all if all.iter().any(is_unknown) => Refusal::Unknown,
        _ => Refusal::Never,
    }
}

/// Why, as a sentence without its end.
pub(super) fn reason(refusal: Refusal, target: &str, deployments: &[Deployment]) -> String {
    let refusing = deployments.iter().filter(|deployment| rejects(deployment)).count();
    let of = |deployment: &Deployment| format!("`{}`: {}", deployment.model, deployment.prefill.reason());
    let told = |wanted: fn(&Prefill) -> bool| deployments.iter().find(|deployment| wanted(&deployment.prefill)).map(of).unwrap_or_default();
    match refusal {
        Refusal::Always => told(|prefill| matches!(prefill, Prefill::Rejects(_))),
        Refusal::Sometimes => format!("{refusing} of the {} deployments of `{target}` reject prefill", deployments.len()),
        Refusal::Unknown if deployments.is_empty() => {
            format!("no deployment of this config serves `{target}`: it may come from the database, or not be there at all")
        }
        Refusal::Unknown => told(|prefill| matches!(prefill, Prefill::Unknown(why) if *why != Why::NotClaude)),
        Refusal::Never => format!("no deployment of `{target}` rejects prefill"),
    }
}
