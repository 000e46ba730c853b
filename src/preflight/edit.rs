//! The smallest change to the config that ends a pair.

use super::config::Deployment;
use super::predict::{Case, Outlook};
use super::refusal::{Refusal, is_refused, rejects};
use super::source::Spot;
use crate::knowledge::continuation::{self, Conduct, Hop};
use crate::knowledge::route::Route;
use crate::knowledge::version::Version;

/// A change at a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub spot: Spot,
    /// What to do there.
    pub what: String,
}

/// The change for a pair that breaks. `stand_in`: a group that accepts a prefill and could be put there instead.
pub(super) fn smallest(case: &Case<'_>, outlook: Outlook, version: Option<Version>, stand_in: Option<&str>) -> Option<Edit> {
    if outlook < Outlook::MayBreak {
        return None;
    }
    let (way, deployments) = (case.way, case.deployments);
    if let Some(edit) = version.and_then(|version| declaration(way.hop, deployments, version)) {
        return Some(edit);
    }
    let refusing = || deployments.iter().find(|deployment| rejects(deployment));
    match way.hop {
        Hop::Weighted => Some(Edit { spot: way.spot.clone(), what: "turn `enable_weighted_failover` off".to_owned() }),
        Hop::Order => refusing().map(|deployment| {
            let what = format!("take `{}` out of `{}`, or its `order` away", deployment.model, way.target);
            Edit { spot: deployment.spot.clone(), what }
        }),
        Hop::Fallback if is_refused(deployments) == Refusal::Sometimes => refusing().map(|deployment| {
            let more = deployments.iter().filter(|deployment| rejects(deployment)).count() - 1;
            let others = if more > 0 { format!(" and {more} more that reject") } else { String::new() };
            let what = format!("take `{}`{others} out of `{}`, or that group out of the fallbacks ({})", deployment.model, way.target, way.spot);
            Edit { spot: deployment.spot.clone(), what }
        }),
        Hop::Fallback => {
            let list = if way.is_default { "`default_fallbacks`".to_owned() } else { format!("the fallbacks of `{}`", way.key) };
            let instead = stand_in.map(|group| format!(", or put `{group}` there, which accepts it")).unwrap_or_default();
            Some(Edit { spot: way.spot.clone(), what: format!("take `{}` out of {list}{instead}", way.target) })
        }
    }
}

/// Where LiteLLM asks what a deployment is said to accept, saying the truth is enough.
fn declaration(hop: Hop, deployments: &[Deployment], version: Version) -> Option<Edit> {
    if continuation::at(Route::Chat, hop, version).conduct != Conduct::IfAsked {
        return None;
    }
    let deployment = deployments.iter().find(|deployment| rejects(deployment) && deployment.is_said_to_accept())?;
    let spot = deployment.declared.as_ref().map_or(&deployment.spot, |(_, spot)| spot);
    let what = format!("say `supports_assistant_prefill: false` of `{}`: it rejects prefill", deployment.model);
    Some(Edit { spot: spot.clone(), what })
}
