//! Incidents of one sort, by their fingerprint: what CI annotations, SARIF results and baselines speak of.

use std::collections::{BTreeMap, HashMap};

use super::{NOT_NAMED, Report, ReportedIncident};
use crate::fact::Name;
use crate::knowledge::failure::{Category, Kind};
use crate::link::{IncidentRejection, Outcome, Verdict};

/// Incidents of one verdict, failed group, kind, targets and route.
#[derive(Debug, Clone, Copy)]
pub struct Group<'r> {
    /// Its clearest incident.
    pub clearest: &'r ReportedIncident,
    /// Incidents of it.
    pub requests: u64,
    /// Those that failed for the client.
    pub failed: u64,
    /// Those that a later target answered.
    pub recovered: u64,
}

impl<'r> Group<'r> {
    /// The fingerprint that its incidents share.
    #[must_use]
    pub fn fingerprint(&self) -> &'r str {
        &self.clearest.fingerprint
    }

    /// Whose fault they are.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.clearest.incident.verdict
    }

    /// The group whose stream broke.
    #[must_use]
    pub fn failed_group(&self) -> Option<&'r str> {
        self.clearest.incident.stream_failure.as_ref().and_then(|failure| failure.model_group.as_deref())
    }

    /// By what it broke.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.clearest.incident.stream_failure.as_ref().map(|failure| failure.kind)
    }

    /// Where to look first.
    #[must_use]
    pub fn category(&self) -> Option<Category> {
        self.clearest.incident.stream_failure.as_ref().and_then(|failure| failure.category)
    }

    /// Where LiteLLM sent the requests.
    #[must_use]
    pub fn targets(&self) -> &'r [Name] {
        &self.clearest.incident.fallbacks
    }

    /// What its incidents have in common, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut refused: Vec<&str> = Vec::new();
        for name in self.clearest.incident.rejections.iter().filter_map(IncidentRejection::name) {
            if !refused.contains(&name) {
                refused.push(name);
            }
        }
        let refused = if refused.is_empty() { NOT_NAMED.to_owned() } else { refused.join(", ") };
        match self.verdict() {
            Verdict::MidStreamFallback => {
                let failed = self.failed_group().unwrap_or("a group that is not named");
                let kind = self.kind().map_or("unknown", Kind::name);
                format!("{failed} broke the stream ({kind}), LiteLLM continued it on {refused}, which refuses prefill")
            }
            Verdict::ClientPrefill => format!("the client sent a trailing assistant message, which {refused} refuses"),
            Verdict::Unknown => format!("{refused} refused a prefill, and this input cannot tell who sent it"),
        }
    }

    /// On which route.
    #[must_use]
    pub fn route(&self) -> Option<&'static str> {
        self.clearest.incident.request.route
    }
}

impl Report {
    /// The incidents by fingerprint, most requests first.
    #[must_use]
    pub fn groups(&self) -> Vec<Group<'_>> {
        groups_of(&self.incidents)
    }

    /// The same for each input that has any, by its index: an incident belongs to the input of its first evidence.
    #[must_use]
    pub fn groups_by_input(&self) -> BTreeMap<usize, Vec<Group<'_>>> {
        let mut by_input: BTreeMap<usize, Vec<&ReportedIncident>> = BTreeMap::new();
        for reported in &self.incidents {
            let place = reported.incident.evidence.first().map_or(reported.incident.place, |evidence| evidence.place);
            by_input.entry(place.source as usize).or_default().push(reported);
        }
        by_input.into_iter().map(|(input, incidents)| (input, groups_of(incidents))).collect()
    }

    /// The incident whose id begins with `id`; why there is none, if there is not exactly one.
    ///
    /// # Errors
    ///
    /// A sentence for whoever asked.
    pub fn incident(&self, id: &str) -> Result<&ReportedIncident, String> {
        let exact = self.incidents.iter().find(|reported| reported.id == id);
        let mut all = self.incidents.iter().filter(|reported| !id.is_empty() && reported.id.starts_with(id));
        match (exact, all.next(), all.count()) {
            (Some(only), ..) | (None, Some(only), 0) => Ok(only),
            (None, None, _) => Err(format!("no incident has an id that begins with `{id}`; --incidents lists all with their ids")),
            (None, Some(_), more) => Err(format!("{} incidents have an id that begins with `{id}`: give more of it", more + 1)),
        }
    }

    /// The incidents that show best what happened: one of each sort as far as they go, the most common sorts first.
    #[must_use]
    pub fn clearest(&self, most: usize) -> Vec<&ReportedIncident> {
        self.groups().into_iter().take(most).map(|group| group.clearest).collect()
    }
}

fn groups_of<'r>(incidents: impl IntoIterator<Item = &'r ReportedIncident>) -> Vec<Group<'r>> {
    let mut groups: Vec<Group<'r>> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for reported in incidents {
        let at = *known.entry(&reported.fingerprint).or_insert_with(|| {
            groups.push(Group { clearest: reported, requests: 0, failed: 0, recovered: 0 });
            groups.len() - 1
        });
        let group = &mut groups[at];
        group.requests += 1;
        group.failed += u64::from(reported.incident.outcome == Outcome::Failed);
        group.recovered += u64::from(reported.incident.outcome == Outcome::Recovered);
        if clarity(reported) > clarity(group.clearest) {
            group.clearest = reported;
        }
    }
    groups.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.fingerprint().cmp(b.fingerprint())));
    groups
}

/// How well an incident shows what happened: how sure its verdict is, and how much of the chain it names.
fn clarity(reported: &ReportedIncident) -> impl Ord {
    let incident = &reported.incident;
    let named = incident.stream_failure.as_ref().map_or(0, |f| usize::from(f.model_group.is_some()) + usize::from(f.message.is_some()));
    let refused = incident.rejections.iter().filter(|r| r.model_group.is_some() && r.request_id.is_some()).count().min(1);
    (incident.confidence, named + refused)
}
