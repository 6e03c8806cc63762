//! Civil dates as integers, and the one place where an age becomes a date.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

/// Seconds between China Standard Time and UTC. The country has one zone and no daylight saving time.
const CHINA_STANDARD_TIME_SECONDS: u64 = 8 * 3600;
/// 1970-01-01 in days since 0001-01-01.
const UNIX_EPOCH_DAYS: u64 = 719_162;

/// A day of the proleptic Gregorian calendar, counted from 0001-01-01 (day 0) to 9999-12-31 (day 3,652,058).
///
/// 9999-12-31 stands for "no end" (长期).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u32);

impl Date {
    /// 0001-01-01.
    pub const MIN: Self = Self(0);
    /// 9999-12-31, which stands for "no end" (长期).
    pub const MAX: Self = Self(3_652_058);

    /// The date with this number of days since 0001-01-01, if the calendar reaches that far.
    pub fn from_days(days: u32) -> Option<Self> {
        (days <= Self::MAX.0).then_some(Self(days))
    }

    /// The date of a year, a month (1–12) and a day (1–31), if there is such a day.
    pub fn from_calendar(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().and_then(Self::from_civil)
    }

    /// Days since 0001-01-01.
    pub fn days(self) -> u32 {
        self.0
    }

    /// The civil date in China (UTC+8) at a moment given in seconds since 1970-01-01T00:00:00Z; the last
    /// representable day for moments beyond it.
    pub fn in_china_at(unix_seconds: u64) -> Self {
        let days = unix_seconds.saturating_add(CHINA_STANDARD_TIME_SECONDS) / 86_400 + UNIX_EPOCH_DAYS;
        u32::try_from(days).ok().and_then(Self::from_days).unwrap_or(Self::MAX)
    }

    /// The last date of birth of somebody who is `years` old on this day; `None` if that lies before year 1.
    ///
    /// Rule: an age is reached on the anniversary of the birth, and where the month of the anniversary lacks that
    /// day, on the month's last day (PRC Civil Code art. 202: 没有对应日的，月末日为期间的最后一日). Born on
    /// 29 February 2008, one is 18 on 28 February 2026. The stricter count of criminal law, from the day after
    /// the birthday, is not used.
    pub fn latest_birth_for_age(self, years: u16) -> Option<Self> {
        let today = self.civil();
        let year = today.year().checked_sub(i16::try_from(years).ok()?)?;
        if year < 1 {
            return None;
        }
        // On 28 February of a common year, those born on 29 February reach their age as well.
        let last_of_february = today.month() == 2 && today.day() == 28 && !today.in_leap_year();
        if let (true, Some(leap_day)) = (last_of_february, Self::from_calendar(year, 2, 29)) {
            return Some(leap_day);
        }
        // On 29 February with a common birth year, 28 February is the latest birth.
        Self::from_calendar(year, today.month(), today.day()).or_else(|| Self::from_calendar(year, 2, 28))
    }

    fn civil(self) -> civil::Date {
        // `self.0` is at most `MAX`, so the sum is a date of years 1 to 9999.
        civil::date(1, 1, 1).saturating_add(jiff::Span::new().days(i64::from(self.0)))
    }

    fn from_civil(date: civil::Date) -> Option<Self> {
        let span = date.since((jiff::Unit::Day, civil::date(1, 1, 1))).ok()?;
        u32::try_from(span.get_days()).ok().and_then(Self::from_days)
    }
}

impl Zeroize for Date {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.civil();
        write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }
}

/// Written as a date is; whether one is shown at all is decided where it is held.
impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a day written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a day of the calendar written YYYY-MM-DD")]
pub struct DateError;

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes
                .iter()
                .enumerate()
                .all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
        if !shaped {
            return Err(DateError);
        }
        let part = |range: std::ops::Range<usize>| text[range].parse::<i16>().map_err(|_| DateError);
        let month = i8::try_from(part(5..7)?).map_err(|_| DateError)?;
        let day = i8::try_from(part(8..10)?).map_err(|_| DateError)?;
        Self::from_calendar(part(0..4)?, month, day).ok_or(DateError)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn known_days() {
        assert_eq!(date("0001-01-01"), Date::MIN);
        assert_eq!(date("9999-12-31"), Date::MAX);
        assert_eq!(u64::from(date("1970-01-01").days()), UNIX_EPOCH_DAYS);
        assert_eq!(Date::from_days(Date::MAX.days() + 1), None);
    }

    #[test]
    fn only_real_days_in_one_spelling() {
        for text in [
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-1-01",
            "20240101",
            "0000-01-01",
            " 2024-01-01",
            "２０２４-01-01",
            "+024-01-01",
            "",
        ] {
            assert_eq!(text.parse::<Date>(), Err(DateError), "{text}");
        }
    }

    #[test]
    fn the_day_changes_at_midnight_in_china() {
        // 2026-11-21T15:59:59Z and one second later.
        assert_eq!(Date::in_china_at(1_795_276_799), date("2026-11-21"));
        assert_eq!(Date::in_china_at(1_795_276_800), date("2026-11-22"));
        assert_eq!(Date::in_china_at(u64::MAX), Date::MAX);
    }

    #[test]
    fn leap_day_births_follow_article_202() {
        let cases = [
            ("2026-02-27", 18, "2008-02-27"),
            ("2026-02-28", 18, "2008-02-29"),
            ("2026-03-01", 18, "2008-03-01"),
            ("2028-02-28", 18, "2010-02-28"),
            ("2028-02-29", 18, "2010-02-28"),
            ("2028-02-28", 20, "2008-02-28"),
            ("2028-02-29", 20, "2008-02-29"),
            ("2026-11-22", 0, "2026-11-22"),
        ];
        for (day, years, expected) in cases {
            assert_eq!(date(day).latest_birth_for_age(years), Some(date(expected)), "{years} on {day}");
        }
        assert_eq!(date("0018-05-01").latest_birth_for_age(18), None);
        assert_eq!(date("2026-05-01").latest_birth_for_age(u16::MAX), None);
    }

    proptest! {
        #[test]
        fn text_round_trips(days in 0..=Date::MAX.days()) {
            let day = Date::from_days(days).unwrap();
            prop_assert_eq!(day.to_string().parse::<Date>().unwrap(), day);
        }

        /// Independent statement of the rule: the anniversary, moved to the month's end where it is missing.
        #[test]
        fn cutoff_is_the_last_birth_whose_anniversary_has_come(days in 40_000..=Date::MAX.days(), years in 0u16..100) {
            let today = Date::from_days(days).unwrap();
            let reached = |birth: Date| {
                birth.civil().checked_add(jiff::Span::new().years(i64::from(years))).is_ok_and(|day| day <= today.civil())
            };
            let cutoff = today.latest_birth_for_age(years).unwrap();
            prop_assert!(reached(cutoff));
            if let Some(next) = Date::from_days(cutoff.days() + 1) {
                prop_assert!(!reached(next));
            }
        }
    }
}
