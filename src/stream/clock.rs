//! The time of a stream: local times without a date lie on one line by their order, and what the user says of date and zone
//! completes them.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::fact::Fact;
use crate::record::{DAY, Time};

/// Puts a stream's local times onto one line: a step back of more than half a day is midnight.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    last: u64,
    days: u64,
}

impl Clock {
    /// Microseconds on the line; what has no time has that of what stands before it.
    pub fn at(&mut self, time: Option<Time>) -> u64 {
        let Some(time) = time else { return self.last };
        let mut at = time.since_epoch() + self.days * DAY;
        if time.date.is_none() && at + DAY / 2 < self.last {
            self.days += 1;
            at += DAY;
        }
        self.last = at;
        at
    }
}

/// What a user says of the times of logs.
#[derive(Debug, Clone, Default)]
pub struct Completion {
    /// The date on which each log without dates begins.
    pub date: Option<Date>,
    /// The zone of the proxies' clocks.
    pub zone: Option<TimeZone>,
}

impl Completion {
    /// Completes the times of a stream's facts; gives the clock as it stands behind them.
    pub(super) fn complete(&self, facts: &mut [Fact]) -> Clock {
        let mut clock = Clock::default();
        for fact in facts {
            fact.time = fact.time.map(|time| self.completed(time, &mut clock));
        }
        clock
    }

    /// A time with the date that the clock has come to, in UTC where the zone is known.
    pub(crate) fn completed(&self, time: Time, clock: &mut Clock) -> Time {
        let time = match self.date {
            Some(first) if time.date.is_none() => time.days_after(first, clock.at(Some(time)) / DAY),
            _ => time,
        };
        self.zone.as_ref().and_then(|zone| time.in_zone(zone)).unwrap_or(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_and_zone_make_instants() {
        let zone = |name: &str| TimeZone::get(name).ok();
        let of_day = |hour| Time::of_day(hour, 30, 0).unwrap();
        let iso = |text: &str| Time::of_iso(text).unwrap();
        let date = Some(jiff::civil::date(2026, 11, 22));
        let cases = [
            (date, None, vec![of_day(23), of_day(0)], ["2026-11-22T23:30:00", "2026-11-23T00:30:00"]),
            (date, zone("Europe/Berlin"), vec![of_day(23), of_day(0)], ["2026-11-22T22:30:00Z", "2026-11-22T23:30:00Z"]),
            (None, zone("America/New_York"), vec![of_day(7), iso("2026-11-22T07:36:15.5")], ["07:30:00", "2026-11-22T12:36:15.500000Z"]),
            (None, None, vec![of_day(7), of_day(8)], ["07:30:00", "08:30:00"]),
        ];
        for (date, zone, times, expected) in cases {
            let (completion, mut clock) = (Completion { date, zone }, Clock::default());
            let shown: Vec<String> = times.into_iter().map(|time| completion.completed(time, &mut clock).to_string()).collect();
            assert_eq!(shown, expected);
        }
    }
}
