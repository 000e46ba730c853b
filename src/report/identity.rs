//! Names of incidents: an id that is stable for the same evidence, and a fingerprint that incidents of one sort share.

use xxhash_rust::xxh3::xxh3_64;

use crate::link::Incident;

/// The fingerprint: verdict, failed group, kind, targets and route.
pub(super) fn fingerprint(incident: &Incident) -> String {
    let failure = incident.stream_failure.as_ref();
    let mut parts = vec![incident.verdict.name().to_owned()];
    parts.push(failure.and_then(|f| f.model_group.clone()).unwrap_or_default());
    parts.push(failure.map(|f| f.kind.name().to_owned()).unwrap_or_default());
    parts.push(incident.fallbacks.join("\u{1f}"));
    parts.push(incident.request.route.unwrap_or_default().to_owned());
    hash(&parts)
}

/// The id: the provider's request ids, or where there are none, what and when was refused and where it stands.
pub(super) fn id(incident: &Incident) -> String {
    let mut parts: Vec<String> = incident.rejections.iter().filter_map(|r| r.request_id.clone()).collect();
    parts.sort_unstable();
    if parts.is_empty() {
        parts.extend(incident.request.start.map(|t| t.to_string()));
        parts.extend(incident.rejections.iter().filter_map(|r| r.model_group.clone()));
        parts.push(incident.place.byte.to_string());
    }
    hash(&parts)
}

fn hash(parts: &[String]) -> String {
    format!("{:016x}", xxh3_64(parts.join("\u{1e}").as_bytes()))
}
