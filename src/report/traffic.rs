//! How much went on at all, of which the incidents are a part: what counts before and after a change are held against.

use super::InputRead;
use crate::stream::StreamEnd;

/// How much went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests to a model that access lines show; `None` if they show none, or were not asked for.
    pub requests: Option<u64>,
    /// From the first time in the inputs to the last, in seconds, where they have any that stand on one line of time.
    pub seconds: Option<u64>,
}

/// A second, in microseconds.
const SECOND: u64 = 1_000_000;

impl Traffic {
    /// What the inputs show; `begins` and `ends` are the first and last times of the streams, by stream.
    pub(crate) fn of(inputs: &[InputRead], begins: &[StreamEnd], ends: &[StreamEnd]) -> Traffic {
        let requests: u64 = inputs.iter().fold(0, |all, input| all.saturating_add(input.requests));
        let spans = || begins.iter().zip(ends).filter_map(|(begin, end)| Some(((*begin)?, (*end)?)));
        // Instants of all streams stand on one line; of local times, each stream has its own, and the longest was watched longest.
        let instants = || spans().filter(|((begin, _), (end, _))| begin.utc && end.utc);
        let of_instants = instants().map(|((_, from), _)| from).min().zip(instants().map(|(_, (_, to))| to).max());
        let longest = spans().map(|((_, from), (_, to))| to.saturating_sub(from)).max();
        let micros = of_instants.map(|(from, to)| to.saturating_sub(from)).or(longest);
        Traffic {
            requests: Some(requests).filter(|requests| *requests > 0),
            seconds: micros.map(|micros| micros / SECOND).filter(|seconds| *seconds > 0),
        }
    }
}
