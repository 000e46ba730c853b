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
mod node;
mod order;
mod request;
mod routes;
mod rules;
mod spans;
mod summary;
mod traced;
mod verdict;

pub use incident::{Evidence, Incident, IncidentRejection, Outcome, StreamFailure};
pub use request::Request;
pub use rules::{Confidence, Rule};
pub use verdict::Verdict;

use crate::fact::Fact;
use groups::Groups;

/// Joins all facts into incidents, in the order of their first record: time first seen, then stream, then place.
///
/// `facts` may come from several sources; each source is a stream of its own, and its facts are in its order.
#[must_use]
pub fn link(facts: &[Fact]) -> Vec<Box<Incident>> {
    let mut groups = Groups::new(facts);
    groups.join_ids();
    groups.flatten();
    groups.summarise();
    spans::judge(&mut groups);
    idless::join(&mut groups);
    groups.flatten();
    groups.lossy_before = integrity::lossy_before(&groups);
    calls::join(&mut groups);
    order::join(&mut groups);
    traced::join(&mut groups);
    let inferred = hops::infer(&mut groups);
    assemble::incidents(&groups, &inferred)
}
