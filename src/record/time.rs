//! Times as LiteLLM prints them: local, never with a zone, in the text form without a date.
//!
//! Nothing is invented here: a time of day stays one.

use std::fmt;

const MICROS_A_SECOND: u64 = 1_000_000;
/// Microseconds of a day.
pub const DAY: u64 = 86_400 * MICROS_A_SECOND;

/// A local time as LiteLLM prints it: never with a zone, in the text form without a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocalTime {
    /// Year, month and day, where the log has them.
    pub date: Option<(u16, u8, u8)>,
    /// Microseconds since midnight.
    pub micros: u64,
    /// Whether the log has fractions of a second.
    pub fine: bool,
}

impl LocalTime {
    /// A time of day in whole seconds; `None` if it is none.
    #[must_use]
    pub fn of_day(hour: u32, minute: u32, second: u32) -> Option<LocalTime> {
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let micros = u64::from(hour * 3600 + minute * 60 + second) * MICROS_A_SECOND;
        Some(LocalTime { date: None, micros, fine: false })
    }

    /// A local ISO time as JSON logs have it: `2026-11-22T07:36:15.560479`, the fraction may be missing.
    #[must_use]
    pub fn of_iso(text: &str) -> Option<LocalTime> {
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
        let day = LocalTime::of_day(number(11..13)?, number(14..16)?, number(17..19)?)?;
        let (year, month, date) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let fraction = text.get(19..).and_then(|f| f.strip_prefix('.')).unwrap_or("");
        let digits: String = fraction.chars().take_while(char::is_ascii_digit).chain("000000".chars()).take(6).collect();
        Some(LocalTime {
            date: Some((u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(date).ok()?)),
            micros: day.micros + digits.parse::<u64>().ok()?,
            fine: !fraction.is_empty(),
        })
    }

    /// The time without its date.
    #[must_use]
    pub fn of_day_only(self) -> LocalTime {
        LocalTime { date: None, ..self }
    }

    /// The time in whole seconds, for people: `2026-11-22 07:36:15`.
    #[must_use]
    pub fn to_seconds(self) -> String {
        LocalTime { fine: false, ..self }.to_string().replace('T', " ")
    }

    /// Microseconds on a line of time on which two records of one stream can be compared; days count from 0 where the log
    /// has no date.
    #[must_use]
    pub fn since_epoch(&self) -> u64 {
        self.date.map_or(0, days) * DAY + self.micros
    }
}

/// Days since 0000-03-01 of a civil date (Howard Hinnant's `days_from_civil`).
fn days((year, month, day): (u16, u8, u8)) -> u64 {
    let (month, day) = (u64::from(month), u64::from(day));
    let year = u64::from(year) - u64::from(month <= 2 && year > 0);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.saturating_sub(1);
    year * 365 + year / 4 - year / 100 + year / 400 + of_year
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((year, month, day)) = self.date {
            write!(f, "{year:04}-{month:02}-{day:02}T")?;
        }
        let seconds = self.micros / MICROS_A_SECOND;
        write!(f, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if self.fine {
            write!(f, ".{:06}", self.micros % MICROS_A_SECOND)?;
        }
        Ok(())
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
            assert_eq!(LocalTime::of_iso(text).map(|t| t.to_string()).as_deref(), Some(expected));
        }
        for bad in ["", "2026-11-22", "2026-11-22T99:00:00", "x\u{e9}2026-11-22T07:36:15"] {
            assert_eq!(LocalTime::of_iso(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_follow_the_calendar() {
        let next = [((2026, 2, 28), (2026, 3, 1)), ((2024, 2, 28), (2024, 2, 29)), ((2025, 12, 31), (2026, 1, 1))];
        for (day, following) in next {
            assert_eq!(days(day) + 1, days(following));
        }
    }
}
