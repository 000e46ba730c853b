//! The time of a stream: local times without a date lie on one line by their order, and what the user says of date and zone
//! completes them.

use std::collections::VecDeque;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::fact::Fact;
use crate::record::{DAY, Time};

/// Counts the midnights of a stream: a step back of more than half a day is one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    last: u64,
    days: u32,
}

impl Clock {
    /// How many midnights have passed before a time.
    pub fn days(&mut self, time: Time) -> u32 {
        if time.date.is_some() {
            return self.days;
        }
        let at = time.since_epoch();
        // Threads write out of order: just behind midnight, one may still be before it.
        if at > self.last + DAY / 2 && self.days > 0 {
            return self.days - 1;
        }
        self.days += u32::from(at + DAY / 2 < self.last);
        self.last = at;
        self.days
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
    /// Completes the time of the next fact of a stream.
    pub(crate) fn complete_fact(&self, fact: &mut Fact, clock: &mut Clock) {
        if let Some(time) = &mut fact.time {
            fact.days = clock.days(*time);
            *time = self.completed(*time, fact.days);
        }
    }

    /// A time with the date that so many midnights make of it, in UTC where the zone is known.
    pub(super) fn completed(&self, time: Time, days: u32) -> Time {
        let time = match self.date {
            Some(first) if time.date.is_none() => time.days_after(first, u64::from(days)),
            _ => time,
        };
        self.zone.as_ref().and_then(|zone| time.in_zone(zone)).unwrap_or(time)
    }
}

/// Completes the times of one stream's facts as they come by.
#[derive(Debug)]
pub(super) struct Completing<'c> {
    completion: &'c Completion,
    clock: Clock,
}

impl<'c> Completing<'c> {
    pub(super) fn new(completion: &'c Completion) -> Completing<'c> {
        Completing { completion, clock: Clock::default() }
    }

    /// Completes the facts that follow. `marks` are times that stand between them, by line; those that came by are taken away.
    pub(super) fn complete(&mut self, facts: &mut [Fact], marks: &mut VecDeque<(u64, Time)>) {
        for fact in facts {
            while let Some((_, time)) = marks.pop_front_if(|(line, _)| *line <= fact.line) {
                self.clock.days(time);
            }
            self.completion.complete_fact(fact, &mut self.clock);
        }
    }

    /// Gives the clock as it stands behind all facts and the marks that are left.
    pub(super) fn finish(mut self, marks: VecDeque<(u64, Time)>) -> Clock {
        for (_, time) in marks {
            self.clock.days(time);
        }
        self.clock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_day(hour: u32, minute: u32) -> Time {
        Time::of_day(hour, minute, 0).unwrap()
    }

    #[test]
    fn date_and_zone_make_instants() {
        let zone = |name: &str| TimeZone::get(name).ok();
        let iso = |text: &str| Time::of_iso(text).unwrap();
        let date = Some(jiff::civil::date(2026, 11, 22));
        let cases = [
            (date, None, vec![of_day(23, 30), of_day(0, 30)], ["2026-11-22T23:30:00", "2026-11-23T00:30:00"]),
            (date, zone("Europe/Berlin"), vec![of_day(23, 30), of_day(0, 30)], ["2026-11-22T22:30:00Z", "2026-11-22T23:30:00Z"]),
            (None, zone("America/New_York"), vec![of_day(7, 30), iso("2026-11-22T07:36:15.5")], ["07:30:00", "2026-11-22T12:36:15.500000Z"]),
            (None, None, vec![of_day(7, 30), of_day(8, 30)], ["07:30:00", "08:30:00"]),
        ];
        for (date, zone, times, expected) in cases {
            let (completion, mut clock) = (Completion { date, zone }, Clock::default());
            let shown: Vec<String> = times.into_iter().map(|time| completion.completed(time, clock.days(time)).to_string()).collect();
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn midnights_are_counted_once() {
        let cases = [
            (vec![of_day(22, 0), of_day(2, 0), of_day(10, 0)], vec![0, 1, 1]),
            (vec![of_day(23, 59), of_day(0, 2)], vec![0, 1]),
            (vec![of_day(23, 50), of_day(0, 1), of_day(23, 59), of_day(0, 2)], vec![0, 1, 0, 1]),
        ];
        for (times, expected) in cases {
            let mut clock = Clock::default();
            assert_eq!(times.into_iter().map(|time| clock.days(time)).collect::<Vec<_>>(), expected);
        }
    }
}
