//! The part of time that a report is on (`--since`, `--until`).
//!
//! A request is in the window if any part of it is. What has no date or no zone cannot be held against an instant: it is kept, and
//! counted.

use std::collections::HashMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp};

use crate::fact::Fact;
use crate::link::Incident;
use crate::record::Time;
use crate::stream::StreamEnd;

/// One end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// So many microseconds before the last time seen.
    Back(u64),
    /// An instant.
    At(Timestamp),
    /// A time in the zone of the user's clock, or in the one that is given.
    Local(DateTime),
    /// A whole day there.
    Day(jiff::civil::Date),
}

/// What a bound is given as.
const FORMS: &str = "give a time back from the last one seen (2h, 3d), a date (2026-11-22), a date and time (2026-11-22T07:30), or an instant \
                     (2026-11-22T07:30:00Z)";

impl std::str::FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Bound, String> {
        if let Ok(instant) = text.parse() {
            return Ok(Bound::At(instant));
        }
        if let Ok(day) = text.parse::<jiff::civil::Date>()
            && !text.contains([':', ' ', 'T'])
        {
            return Ok(Bound::Day(day));
        }
        if let Ok(local) = text.parse() {
            return Ok(Bound::Local(local));
        }
        if text.contains(':') {
            return Err(FORMS.to_owned());
        }
        let span: Span = text.parse().map_err(|_| FORMS.to_owned())?;
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| FORMS.to_owned())?;
        u64::try_from(length.as_micros()).map(Bound::Back).map_err(|_| FORMS.to_owned())
    }
}

/// The part of time that is asked for.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// From when on.
    pub since: Option<Bound>,
    /// Until when.
    pub until: Option<Bound>,
    /// The zone of local bounds; without one, the user's own.
    pub zone: Option<TimeZone>,
}

/// What a window did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Windowed {
    /// Requests that are not in it.
    pub left_out: u64,
    /// Requests of which it cannot be told; they are kept.
    pub unplaced: u64,
}

/// The last times seen: of instants over all, of local times in each stream.
#[derive(Debug, Default)]
struct LastSeen {
    instant: u64,
    local: HashMap<u32, u64>,
}

/// A stretch on a line of time: that of instants, or a stream's own.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    stream: Option<u32>,
    from: u64,
    to: u64,
}

impl Window {
    /// Whether it lets go of nothing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Lets go of what is outside. `ends` are the last times of the streams, by stream.
    pub(crate) fn apply(&self, incidents: &mut Vec<Box<Incident>>, facts: &mut Vec<Fact>, ends: &[StreamEnd]) -> Windowed {
        let mut done = Windowed::default();
        if self.is_open() {
            return done;
        }
        let (places, last) = placed(facts, ends, incidents);
        let mut places = places.into_iter();
        facts.retain(|_| places.next().flatten().is_none_or(|place| self.holds(place, &last) != Some(false)));
        incidents.retain(|incident| match stretch_of(incident).and_then(|stretch| self.holds(stretch, &last)) {
            Some(true) => true,
            Some(false) => {
                done.left_out += 1;
                false
            }
            None => {
                done.unplaced += 1;
                true
            }
        });
        done
    }

    /// Whether any of a stretch is in the window; `None` if that cannot be told.
    fn holds(&self, stretch: Stretch, last: &LastSeen) -> Option<bool> {
        let micros = |bound: &Bound, is_end: bool| match bound {
            Bound::Back(back) => {
                let end = stretch.stream.map_or(Some(last.instant), |stream| last.local.get(&stream).copied())?;
                Some(end.saturating_sub(*back))
            }
            Bound::At(instant) => stretch.stream.is_none().then(|| on_line(*instant)).flatten(),
            Bound::Local(local) => stretch.stream.is_none().then(|| self.instant(*local)).flatten(),
            Bound::Day(day) => {
                let day = if is_end { day.tomorrow().ok()? } else { *day };
                let start = stretch.stream.is_none().then(|| self.instant(day.to_datetime(jiff::civil::Time::midnight()))).flatten()?;
                Some(if is_end { start - 1 } else { start })
            }
        };
        let since = self.since.as_ref().map(|bound| micros(bound, false).map(|since| stretch.to >= since));
        let until = self.until.as_ref().map(|bound| micros(bound, true).map(|until| stretch.from <= until));
        match (since, until) {
            (Some(Some(false)), _) | (_, Some(Some(false))) => Some(false),
            (Some(None), _) | (_, Some(None)) => None,
            _ => Some(true),
        }
    }

    fn instant(&self, local: DateTime) -> Option<u64> {
        let zone = self.zone.clone().unwrap_or_else(TimeZone::system);
        on_line(local.to_zoned(zone).ok()?.timestamp())
    }
}

/// An instant on the line on which all times are compared.
fn on_line(instant: Timestamp) -> Option<u64> {
    Time::of_micros(instant.as_microsecond()).map(|time| time.since_epoch())
}

/// Where an incident lies, if any of its records has a time.
fn stretch_of(incident: &Incident) -> Option<Stretch> {
    let is_instant = incident.request.start?.utc;
    let stream = incident.evidence.first().map(|evidence| evidence.stream).filter(|_| !is_instant);
    Some(Stretch { stream, from: incident.request.span.0, to: incident.request.span.1 })
}

/// Where each fact lies, and the last times seen.
fn placed(facts: &[Fact], ends: &[StreamEnd], incidents: &[Box<Incident>]) -> (Vec<Option<Stretch>>, LastSeen) {
    let mut last = LastSeen::default();
    let mut place = |stream: u32, time: Time, at: u64| {
        let end = if time.utc { &mut last.instant } else { last.local.entry(stream).or_default() };
        *end = at.max(*end);
        Stretch { stream: (!time.utc).then_some(stream), from: at, to: at }
    };
    let places = facts.iter().map(|fact| Some(place(fact.stream, fact.time?, fact.at()?))).collect();
    for (stream, end) in (0..).zip(ends) {
        if let Some((time, at)) = end {
            place(stream, *time, *at);
        }
    }
    for stretch in incidents.iter().filter_map(|incident| stretch_of(incident)).filter(|stretch| stretch.stream.is_none()) {
        last.instant = last.instant.max(stretch.to);
    }
    (places, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_as_they_are_typed() {
        let cases = [
            ("2h", Ok(Bound::Back(7_200_000_000))),
            ("1d", Ok(Bound::Back(86_400_000_000))),
            ("1h 30m", Ok(Bound::Back(5_400_000_000))),
            ("2026-11-22", Ok(Bound::Day(jiff::civil::date(2026, 11, 22)))),
            ("2026-11-22T07:30", Ok(Bound::Local(jiff::civil::date(2026, 11, 22).at(7, 30, 0, 0)))),
            ("2026-11-22 07:30:15", Ok(Bound::Local(jiff::civil::date(2026, 11, 22).at(7, 30, 15, 0)))),
            ("1970-01-01T00:00:01Z", Ok(Bound::At(Timestamp::from_second(1).unwrap()))),
            ("yesterday", Err(FORMS.to_owned())),
            ("-2h", Err(FORMS.to_owned())),
            ("07:43:10", Err(FORMS.to_owned())),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Bound>(), expected, "{text}");
        }
    }

    #[test]
    fn a_stretch_is_in_if_any_of_it_is() {
        let at = |text: &str| Time::of_instant_text(text).unwrap().since_epoch();
        let instants = |from: &str, to: &str| Stretch { stream: None, from: at(from), to: at(to) };
        let last = LastSeen { instant: at("2026-11-22T12:00:00Z"), local: HashMap::from([(0, 40_000_000_000)]) };
        let one = instants("2026-11-22T10:00:00Z", "2026-11-22T10:00:09Z");
        let local = Stretch { stream: Some(0), from: 39_000_000_000, to: 39_000_000_000 };
        let cases = [
            ("2h", "", one, Some(true)),
            ("1h", "", one, Some(false)),
            ("", "2026-11-22T10:00:05Z", one, Some(true)),
            ("", "2026-11-22T09:59:59Z", one, Some(false)),
            ("2026-11-22", "2026-11-22", one, Some(true)),
            ("2026-11-23", "", one, Some(false)),
            ("", "2026-11-21", one, Some(false)),
            ("2026-11-22T11:00", "", one, Some(true)),
            ("20m", "", local, Some(true)),
            ("10m", "", local, Some(false)),
            ("2026-11-22", "", local, None),
            ("10m", "2026-11-22", local, Some(false)),
        ];
        for (since, until, stretch, expected) in cases {
            let bound = |text: &str| text.parse().ok();
            let zone = TimeZone::get("Europe/Berlin").ok();
            let window = Window { since: bound(since), until: bound(until), zone };
            assert_eq!(window.holds(stretch, &last), expected, "{since} {until}");
        }
    }
}
