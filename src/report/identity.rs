//! Names of incidents: an id that is stable for the same evidence, and a fingerprint that incidents of one sort share.

use xxhash_rust::xxh3::xxh3_64;

use crate::link::Incident;

/// Id and fingerprint, as numbers.
pub(super) fn of(incident: &Incident) -> (u64, u64) {
    (id(incident), fingerprint(incident))
}

/// The fingerprint: verdict, failed group, kind, targets and route.
fn fingerprint(incident: &Incident) -> u64 {
    let failure = incident.stream_failure.as_ref();
    let group = failure.and_then(|f| f.model_group.as_deref()).unwrap_or_default();
    let targets = incident.fallbacks.join("\u{1f}");
    hash(&[incident.verdict.name(), group, failure.map_or("", |f| f.kind.name()), &targets, incident.request.route.unwrap_or_default()])
}

/// The id: the provider's request ids, or where there are none, what and when was refused and where it stands.
fn id(incident: &Incident) -> u64 {
    let mut ids: Vec<&str> = incident.rejections.iter().filter_map(|r| r.request_id.as_deref()).collect();
    ids.sort_unstable();
    if !ids.is_empty() {
        return hash(&ids);
    }
    let (start, byte) = (incident.request.start.map(|t| t.to_string()), incident.place.byte.to_string());
    let groups = incident.rejections.iter().filter_map(|r| r.model_group.as_deref());
    hash(&start.as_deref().into_iter().chain(groups).chain([byte.as_str()]).collect::<Vec<_>>())
}

fn hash(parts: &[&str]) -> u64 {
    xxh3_64(parts.join("\u{1e}").as_bytes())
}
