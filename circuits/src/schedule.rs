//! When versions of a revocation list come, where that was settled beforehand.
//!
//! Every presentation that shows a licence not to be revoked shows the moment of the list. An issuer that could choose it
//! for each wallet would recognise the holder by it. On a schedule there are two to choose from: there is one moment for
//! each period, and wallets take this period's or the one before.

use serde::{Deserialize, Serialize};

use crate::decimal;
use crate::interval::MOMENT_SECONDS;

/// Longest period: a manifest has room for two and a quarter.
pub const MAX_SCHEDULE_SECONDS: u64 = 40 * 86_400;
/// Seconds by which clocks may differ.
const CLOCK_SKEW_SECONDS: u64 = 60;

/// One version for each period, whose moment is the period's first second. Periods are counted from
/// 1970-01-01T00:00:00Z, so that everybody who knows their length knows the moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Seconds", into = "Seconds")]
pub struct Schedule(u64);

/// As it stands in JSON: a decimal string.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Seconds(#[serde(with = "decimal")] u64);

impl Schedule {
    /// Every so many seconds: a whole number of minutes, at most [`MAX_SCHEDULE_SECONDS`].
    pub fn every(seconds: u64) -> Option<Self> {
        let fits = seconds.is_multiple_of(MOMENT_SECONDS) && (1..=MAX_SCHEDULE_SECONDS).contains(&seconds);
        fits.then_some(Self(seconds))
    }

    /// Its period in seconds.
    pub fn seconds(self) -> u64 {
        self.0
    }

    /// The moment of the version that is the current one at some time, both in seconds since 1970-01-01T00:00:00Z.
    pub fn moment(self, now: u64) -> u64 {
        now - now % self.0
    }

    /// The moment after which a version is no longer shown. It leaves room for one that never came: what was begun for a
    /// moment and not finished is not begun again for the same one.
    pub fn next(self, issued_at: u64) -> u64 {
        let late = (self.0 / 4).max(MOMENT_SECONDS).next_multiple_of(MOMENT_SECONDS);
        issued_at.saturating_add(2 * self.0 + late)
    }

    /// Whether a version with this moment, and this `next`, is one of the schedule's, whatever time it is.
    pub fn fits(self, issued_at: u64, next: u64) -> bool {
        issued_at.is_multiple_of(self.0) && next == self.next(issued_at)
    }

    /// Whether a version of this moment is one that a wallet takes now: that of this period, or of the one before.
    pub fn has(self, issued_at: u64, now: u64) -> bool {
        issued_at.is_multiple_of(self.0)
            && issued_at <= now.saturating_add(CLOCK_SKEW_SECONDS)
            && now < issued_at.saturating_add(2 * self.0)
    }
}

impl TryFrom<Seconds> for Schedule {
    type Error = &'static str;

    fn try_from(seconds: Seconds) -> Result<Self, &'static str> {
        Self::every(seconds.0).ok_or("expected a whole number of minutes, of 40 days at most")
    }
}

impl From<Schedule> for Seconds {
    fn from(schedule: Schedule) -> Self {
        Self(schedule.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn periods_are_whole_minutes_within_limits() {
        for seconds in [60, 3600, 86_400, MAX_SCHEDULE_SECONDS] {
            let schedule = Schedule::every(seconds).unwrap();
            let text = serde_json::to_string(&schedule).unwrap();
            assert_eq!(text, format!("\"{seconds}\""));
            assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
        }
        for seconds in [0, 1, 59, 61, MAX_SCHEDULE_SECONDS + 60, u64::MAX] {
            assert_eq!(Schedule::every(seconds), None);
            assert!(serde_json::from_str::<Schedule>(&format!("\"{seconds}\"")).is_err());
        }
        assert!(serde_json::from_str::<Schedule>("3600").is_err());
    }

    #[test]
    fn the_moment_of_this_period_and_of_the_one_before() {
        let hourly = Schedule::every(3600).unwrap();
        assert_eq!((hourly.moment(7200), hourly.moment(10_799)), (7200, 7200));
        assert!(hourly.has(7200, 7200) && hourly.has(7200, 7140) && hourly.has(7200, 14_399));
        assert!(!hourly.has(7200, 7139) && !hourly.has(7200, 14_400));
        assert!(!hourly.has(7260, 7300) && !hourly.has(7199, 7300));
        assert_eq!(hourly.next(7200), 7200 + 7200 + 900);
        assert!(hourly.fits(7200, 15_300) && !hourly.fits(7200, 15_360) && !hourly.fits(7260, 15_360));
    }

    proptest! {
        /// Whoever chooses a moment for one wallet has two to choose from, however long the lists that are shown may be old.
        #[test]
        fn there_are_two_moments_at_any_time(minutes in 2u64..5000, now in 0u64..1 << 40) {
            let schedule = Schedule::every(60 * minutes).unwrap();
            let this = schedule.moment(now);
            let around = (0..400u64).map(|i| this.saturating_sub(60 * 200) + 60 * i);
            let near: Vec<u64> = around.filter(|at| schedule.has(*at, now)).collect();
            prop_assert!(schedule.has(this, now) && near.contains(&this));
            let far = [this.checked_sub(schedule.seconds()), this.checked_sub(2 * schedule.seconds())];
            prop_assert!(far[0].is_none_or(|at| schedule.has(at, now)) && far[1].is_none_or(|at| !schedule.has(at, now)));
            let own = |at: &u64| *at == this || Some(*at) == far[0];
            let early = |at: &u64| *at == this + schedule.seconds() && now + 60 >= *at;
            prop_assert!(near.iter().all(|at| own(at) || early(at)));
        }
    }
}
