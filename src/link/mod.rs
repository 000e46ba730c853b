//! Joins facts into incidents: one client request each, with its verdict.
//!
//! Rules are ranked. What the records prove comes first: the same provider request id, the same call id, texts nested in one
//! record. Only what is left is joined by order and time, within one stream, and only where the order admits one reading;
//! the nearest candidate alone never decides. Evidence that contradicts itself means `unknown`, whichever rule spoke first,
//! and a rule that rests on something being absent holds only for a record known to be whole.

mod assemble;
mod broken_stream;
mod calls;
mod evidence;
mod groups;
mod hops;
mod idless;
mod incident;
mod integrity;
mod joined;
mod node;
mod order;
mod outline;
mod request;
mod routes;
mod rules;
mod spans;
mod summary;
mod traced;
mod verdict;

pub use incident::{Evidence, Incident, IncidentRejection, Outcome, StreamFailure};
pub use joined::Joined;
pub use outline::Outline;
pub use request::Request;
pub use rules::{Confidence, Rule};
pub use verdict::Verdict;

use rayon::prelude::*;

use crate::fact::Fact;

/// Puts incidents in order, as [`Joined`] gives them. Pieces of one record have one place: what stands first in the facts comes first.
#[must_use]
pub fn in_order(mut incidents: Vec<(usize, Box<Incident>)>) -> Vec<Box<Incident>> {
    incidents.par_sort_unstable_by_key(|(first, incident)| (incident.order(), *first));
    incidents.into_iter().map(|(_, incident)| incident).collect()
}

/// Joins all facts into incidents, in the order of their first record: time first seen, then stream, then place.
///
/// `facts` may come from several sources; each source is a stream of its own, and its facts are in its order.
#[must_use]
pub fn link(facts: &[Fact]) -> Vec<Box<Incident>> {
    let mut outline = Outline::of(facts.len());
    outline.add(facts);
    let mut joined = outline.join(facts);
    let incidents = joined.assemble(facts);
    // Nodes are many, and each owns names.
    rayon::join(|| in_order(incidents), || drop(joined)).0
}
