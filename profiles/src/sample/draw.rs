//! Drawing from a seed, and arithmetic with days.

use glimpse_circuits::date::Date;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use crate::regions;

const NAME_WORDS: [&str; 5] = ["样例", "示例", "虚构", "试样", "拟名"];
const STEMS: [&str; 10] = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"];
const BRANCHES: [&str; 12] = ["子", "丑", "寅", "卯", "辰", "巳", "午", "未", "申", "酉", "戌", "亥"];

/// The generator of one stream of a seed: what is drawn from one stream does not change another.
pub(super) fn rng(seed: u64, stream: u64) -> ChaCha20Rng {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// A number below `count`, or 0. The bias of the remainder does not matter here.
pub(super) fn below(rng: &mut ChaCha20Rng, count: u64) -> u64 {
    rng.next_u64() % count.max(1)
}

pub(super) fn pick<T: Copy>(rng: &mut ChaCha20Rng, choices: &[T]) -> Option<T> {
    let at = below(rng, choices.len() as u64);
    usize::try_from(at).ok().and_then(|at| choices.get(at)).copied()
}

pub(super) fn generated_name(rng: &mut ChaCha20Rng) -> String {
    let word = pick(rng, &NAME_WORDS).unwrap_or_default();
    // The cycle pairs only stems and branches of like parity: 60 names, not 120.
    let year = below(rng, 60) as usize;
    format!("{word}{}{}", STEMS[year % STEMS.len()], BRANCHES[year % BRANCHES.len()])
}

/// A region of the mainland, of the level that licences are issued on.
pub(super) fn region(rng: &mut ChaCha20Rng) -> String {
    let issues_licences = |code: &&str| !code.starts_with(['7', '8']) && !code.ends_with("9000");
    let codes: Vec<&str> =
        regions::prefectures().iter().map(|entry| entry.code.as_str()).filter(issues_licences).collect();
    pick(rng, &codes).unwrap_or_default().to_owned()
}

/// A county inside a region, from the table `gb2260-county`; the region itself where it has none.
pub(super) fn county(rng: &mut ChaCha20Rng, region: &str) -> String {
    let codes: Vec<&str> = regions::counties_of(region).map(|entry| entry.code.as_str()).collect();
    pick(rng, &codes).unwrap_or(region).to_owned()
}

pub(super) fn day(year: i16, month: i8, day: i8) -> Date {
    Date::from_calendar(year, month, day).unwrap_or(Date::MIN)
}

pub(super) fn later(date: Date, days: u64) -> Date {
    let sum = u64::from(date.days()).saturating_add(days);
    u32::try_from(sum).ok().and_then(Date::from_days).unwrap_or(Date::MAX)
}

/// The same day of another year, 28 February for a leap day that is missing there, kept within the calendar.
pub(super) fn shift_years(date: Date, years: i16) -> Date {
    let text = date.to_string();
    let number =
        |range| text.get(range).and_then(|digits: &str| digits.parse::<i16>().ok()).unwrap_or_default();
    let (year, month, of_month) = (number(0..4).saturating_add(years), number(5..7), number(8..10));
    let in_year = |of_month| Some((i8::try_from(month).ok()?, i8::try_from(of_month).ok()?));
    let moved = |of_month| in_year(of_month).and_then(|(m, d)| Date::from_calendar(year, m, d));
    moved(of_month).or_else(|| moved(28)).unwrap_or(if years < 0 { Date::MIN } else { Date::MAX })
}
