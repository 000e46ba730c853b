//! Times as they are printed: a proxy's log has local ones, without a zone and in the text form without a date; traces have
//! the instant itself.
//!
//! Nothing is invented here: a time of day stays one.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

const MICROS_A_SECOND: u64 = 1_000_000;
/// Microseconds of a day.
pub const DAY: u64 = 86_400 * MICROS_A_SECOND;

/// A time as an input prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Time {
    /// Year, month and day, where the input has them.
    pub date: Option<(u16, u8, u8)>,
    /// Microseconds since midnight.
    pub micros: u64,
    /// Whether the input has fractions of a second.
    pub fine: bool,
    /// Whether date and time of day are UTC; otherwise they are the proxy's local ones, whatever its zone.
    pub utc: bool,
}

impl Time {
    /// A time of day in whole seconds; `None` if it is none.
    #[must_use]
    pub fn of_day(hour: u32, minute: u32, second: u32) -> Option<Time> {
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let micros = u64::from(hour * 3600 + minute * 60 + second) * MICROS_A_SECOND;
        Some(Time { date: None, micros, fine: false, utc: false })
    }

    /// A local ISO time as JSON logs have it: `2026-11-22T07:36:15.560479`, the fraction may be missing.
    #[must_use]
    pub fn of_iso(text: &str) -> Option<Time> {
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
        let day = Time::of_day(number(11..13)?, number(14..16)?, number(17..19)?)?;
        let (year, month, date) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let fraction = text.get(19..).and_then(|f| f.strip_prefix('.')).unwrap_or("");
        let digits: String = fraction.chars().take_while(char::is_ascii_digit).chain("000000".chars()).take(6).collect();
        Some(Time {
            date: Some((u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(date).ok()?)),
            micros: day.micros + digits.parse::<u64>().ok()?,
            fine: !fraction.is_empty(),
            utc: false,
        })
    }

    /// A time as [`Time`] is shown.
    #[must_use]
    pub fn of_shown(text: &str) -> Option<Time> {
        let (text, utc) = text.strip_suffix('Z').map_or((text, false), |text| (text, true));
        let Some((date, time)) = text.split_once('T') else { return Time::of_shown_day(text).map(|time| Time { utc, ..time }) };
        let mut parts = date.splitn(3, '-').map(str::parse::<u16>);
        let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        Some(Time { date: Some((year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)), utc, ..Time::of_shown_day(time)? })
    }

    fn of_shown_day(text: &str) -> Option<Time> {
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
        let seconds = number(0..2)? * 3600 + number(3..5)? * 60 + number(6..8)?;
        let micros = match text.get(8..)? {
            "" => None,
            fraction => Some(fraction.strip_prefix('.').filter(|digits| digits.len() == 6)?.parse::<u64>().ok()?),
        };
        Some(Time { date: None, micros: seconds * MICROS_A_SECOND + micros.unwrap_or_default(), fine: micros.is_some(), utc: false })
    }

    /// An instant, by seconds since 1970 (a payload's `startTime`).
    #[must_use]
    pub fn of_seconds(seconds: f64) -> Option<Time> {
        const MOST: f64 = 1e11;
        if !(0.0..MOST).contains(&seconds) {
            return None;
        }
        #[allow(clippy::cast_possible_truncation, reason = "far inside the range of i64")]
        Time::of_micros((seconds * MICROS_A_SECOND as f64).round() as i64)
    }

    /// An instant, by microseconds since 1970.
    #[must_use]
    pub fn of_micros(micros: i64) -> Option<Time> {
        Some(Time::of_instant(Timestamp::from_microsecond(micros).ok()?))
    }

    /// An instant in ISO form with its zone.
    #[must_use]
    pub fn of_instant_text(text: &str) -> Option<Time> {
        Some(Time::of_instant(text.parse().ok()?))
    }

    /// An instant in ISO form, with a zone or without one where the writer is known to use UTC (`2026-11-22T07:44:51.384989Z`,
    /// `2026-11-22 07:44:51.384+00`).
    #[must_use]
    pub fn of_utc_text(text: &str) -> Option<Time> {
        let text = text.trim();
        if let Some(instant) = Time::of_instant_text(text) {
            return Some(instant);
        }
        let civil: DateTime = text.parse().ok()?;
        Some(Time::of_instant(civil.to_zoned(TimeZone::UTC).ok()?.timestamp()))
    }

    fn of_instant(instant: Timestamp) -> Time {
        let civil = TimeZone::UTC.to_datetime(instant);
        let part = |n: i8| u64::try_from(n).unwrap_or_default();
        let seconds = part(civil.hour()) * 3600 + part(civil.minute()) * 60 + part(civil.second());
        Time {
            date: Some((u16::try_from(civil.year()).unwrap_or_default(), civil.month().unsigned_abs(), civil.day().unsigned_abs())),
            micros: seconds * MICROS_A_SECOND + u64::try_from(civil.subsec_nanosecond() / 1000).unwrap_or_default(),
            fine: true,
            utc: true,
        }
    }

    /// A local time with the date and zone that an envelope's instant gives it: zones differ by quarters of an hour, and what is
    /// left of the difference is how long the line was on its way. A line that was on its way for minutes tells no zone.
    #[must_use]
    pub fn completed_by(self, written: Time) -> Time {
        const QUARTER: i64 = 900 * 1_000_000;
        const MOST_DELAY: i64 = 120 * 1_000_000;
        let micros = |time: Time| i64::try_from(time.since_epoch()).unwrap_or_default();
        if self.utc || !written.utc {
            return self;
        }
        let ahead = micros(self) - micros(written);
        let delay = (ahead + QUARTER / 2).rem_euclid(QUARTER) - QUARTER / 2;
        let instant = u64::try_from(micros(written) + delay).unwrap_or_default();
        if delay.abs() > MOST_DELAY {
            return self;
        }
        Time { date: Some(civil(instant / DAY)), micros: instant % DAY, fine: self.fine, utc: true }
    }

    /// A time of day on the day that is so many days after the first.
    #[must_use]
    pub fn days_after(self, first: Date, days: u64) -> Time {
        let ahead = jiff::Span::new().try_days(i64::try_from(days).unwrap_or(i64::MAX));
        let date = ahead.and_then(|ahead| first.checked_add(ahead)).unwrap_or(first);
        Time { date: Some((date.year().unsigned_abs(), date.month().unsigned_abs(), date.day().unsigned_abs())), ..self }
    }

    /// The instant of a local time with a date, in its zone.
    #[must_use]
    pub fn in_zone(self, zone: &TimeZone) -> Option<Time> {
        let (year, month, day) = self.date.filter(|_| !self.utc)?;
        let date = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        let civil = midnight.checked_add(jiff::SignedDuration::from_micros(i64::try_from(self.micros).ok()?)).ok()?;
        Some(Time { fine: self.fine, ..Time::of_instant(civil.to_zoned(zone.clone()).ok()?.timestamp()) })
    }

    /// The time without its date.
    #[must_use]
    pub fn of_day_only(self) -> Time {
        Time { date: None, ..self }
    }

    /// The time in whole seconds, for people: `2026-11-22 07:36:15`.
    #[must_use]
    pub fn to_seconds(self) -> String {
        Time { fine: false, utc: false, ..self }.to_string().replace('T', " ")
    }

    /// Microseconds on a line of time on which two records of one stream can be compared; days count from 0 where the log
    /// has no date.
    #[must_use]
    pub fn since_epoch(&self) -> u64 {
        self.date.map_or(0, days) * DAY + self.micros
    }

    /// The time in whole seconds at so many microseconds of [`Time::since_epoch`], of the sort of this one.
    #[must_use]
    pub fn moved_to(self, micros: u64) -> Time {
        Time { date: self.date.map(|_| civil(micros / DAY)), micros: micros % DAY / MICROS_A_SECOND * MICROS_A_SECOND, fine: false, utc: self.utc }
    }
}

/// Days since 0000-03-01 of a civil date (Howard Hinnant's `days_from_civil`).
fn days((year, month, day): (u16, u8, u8)) -> u64 {
    let (month, day) = (u64::from(month), u64::from(day));
    let year = u64::from(year) - u64::from(month <= 2 && year > 0);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.saturating_sub(1);
    year * 365 + year / 4 - year / 100 + year / 400 + of_year
}

/// The civil date of a day counted from 0000-03-01; the inverse of [`days`].
fn civil(day: u64) -> (u16, u8, u8) {
    let era = day / 146_097;
    let of_era = day % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (u16::try_from(year).unwrap_or_default(), u8::try_from(month).unwrap_or_default(), u8::try_from(date).unwrap_or_default())
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((year, month, day)) = self.date {
            write!(f, "{year:04}-{month:02}-{day:02}T")?;
        }
        let seconds = self.micros / MICROS_A_SECOND;
        write!(f, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if self.fine {
            write!(f, ".{:06}", self.micros % MICROS_A_SECOND)?;
        }
        if self.utc { f.write_str("Z") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_printed() {
        let cases = [
            ("2026-11-22T07:36:15.560479", "2026-11-22T07:36:15.560479"),
            ("2026-11-22T07:36:15", "2026-11-22T07:36:15"),
            ("2026-11-22T07:36:15.5", "2026-11-22T07:36:15.500000"),
        ];
        for (text, expected) in cases {
            assert_eq!(Time::of_iso(text).map(|t| t.to_string()).as_deref(), Some(expected));
        }
        for shown in ["2026-11-22T07:36:15.560479Z", "2026-11-22T07:36:15", "07:36:15.000001", "07:36:15Z"] {
            assert_eq!(Time::of_shown(shown).map(|t| t.to_string()).as_deref(), Some(shown));
        }
        for bad in ["", "2026-11-22", "2026-11-22T99:00:00", "x\u{e9}2026-11-22T07:36:15"] {
            assert_eq!(Time::of_iso(bad), None, "{bad}");
        }
    }

    #[test]
    fn instants_are_utc() {
        let expected = Some("2026-11-22T07:38:51.397142Z".to_owned());
        let shown = |time: Option<Time>| time.map(|t| t.to_string());
        assert_eq!(shown(Time::of_seconds(1_795_333_131.397_142)), expected);
        assert_eq!(shown(Time::of_micros(1_795_333_131_397_142)), expected);
        for text in
            ["2026-11-22T07:38:51.397142Z", "2026-11-22 07:38:51.397142+00:00", "2026-11-22T08:38:51.397142+01:00", "2026-11-22 07:38:51.397142"]
        {
            assert_eq!(shown(Time::of_utc_text(text)), expected, "{text}");
        }
        assert_eq!((Time::of_seconds(-1.0), Time::of_seconds(f64::NAN), Time::of_utc_text("yesterday")), (None, None, None));
    }

    #[test]
    fn an_envelope_gives_date_and_zone() {
        let cases = [
            ("2026-11-22T07:48:21.997668Z", Time::of_day(7, 48, 21), "2026-11-22T07:48:21Z"),
            ("2026-11-22T23:48:25.997668Z", Time::of_day(0, 48, 21), "2026-11-22T23:48:21Z"),
            ("2026-11-22T00:00:01Z", Time::of_day(23, 59, 58), "2026-11-21T23:59:58Z"),
            ("2026-11-22T02:18:21Z", Time::of_day(7, 48, 20), "2026-11-22T02:18:20Z"),
            ("2026-11-22T07:53:21Z", Time::of_day(7, 48, 21), "07:48:21"),
            ("2026-11-22T06:48:22.1Z", Time::of_iso("2026-11-22T07:48:21.997668"), "2026-11-22T06:48:21.997668Z"),
        ];
        for (written, own, expected) in cases {
            assert_eq!(own.unwrap().completed_by(Time::of_instant_text(written).unwrap()).to_string(), expected, "{written}");
        }
    }

    #[test]
    fn days_follow_the_calendar() {
        let next = [((2026, 2, 28), (2026, 3, 1)), ((2024, 2, 28), (2024, 2, 29)), ((2025, 12, 31), (2026, 1, 1))];
        for (day, following) in next {
            assert_eq!(days(day) + 1, days(following));
            assert_eq!((civil(days(day)), civil(days(following))), (day, following));
        }
    }
}
