//! Administrative divisions (GB/T 2260) of the two shared tables, and how one level lies in the other.
//!
//! What is not in the snapshots is not known here, although it may have been a region once: see the tables' notes.

use glimpse_circuits::attribute::Code;

use crate::tables;

/// The table of prefectures and of municipalities, which have none.
const PREFECTURES: &str = "gb2260-prefecture";
/// The table of counties.
const COUNTIES: &str = "gb2260-county";

/// All divisions of prefecture level, in the order of their codes.
pub fn prefectures() -> &'static [Code] {
    tables::table(PREFECTURES).map(|table| table.entries.as_slice()).unwrap_or_default()
}

/// All divisions of county level, in the order of their codes.
pub fn counties() -> &'static [Code] {
    tables::table(COUNTIES).map(|table| table.entries.as_slice()).unwrap_or_default()
}

/// The division of this code, of either level.
pub fn known(code: &str) -> Option<&'static Code> {
    prefectures().iter().chain(counties()).find(|entry| entry.code == code)
}

/// The prefecture that a county belongs to, or the municipality; the collective entry of its province where a county
/// belongs to none. `None` if the county is not known.
pub fn prefecture_of(county: &str) -> Option<&'static Code> {
    let entry = counties().iter().find(|entry| entry.code == county)?;
    let above = |digits: usize| {
        let code = format!("{:0<6}", entry.code.get(..digits)?);
        prefectures().iter().find(|prefecture| prefecture.code == code)
    };
    above(4).or_else(|| above(2))
}

/// The counties of a prefecture or municipality, in the order of their codes; none if it is not known.
pub fn counties_of(prefecture: &str) -> impl Iterator<Item = &'static Code> {
    let known = prefectures().iter().find(|entry| entry.code == prefecture);
    let inside = known.and_then(|entry| entry.code.strip_suffix("0000").or_else(|| entry.code.get(..4)));
    counties().iter().filter(move |entry| inside.is_some_and(|inside| entry.code.starts_with(inside)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_county_is_one_of_its_prefecture() {
        for county in counties() {
            let above = prefecture_of(&county.code).unwrap();
            assert!(county.code.starts_with(above.code.trim_end_matches('0')), "{}", county.code);
            assert!(known(&county.code).is_some());
        }
        let inside: usize = prefectures().iter().map(|above| counties_of(&above.code).count()).sum();
        assert_eq!(inside, counties().len());
        assert!(prefectures().iter().all(|above| counties_of(&above.code).next().is_some()));
        for county in counties().iter().step_by(97) {
            let above = prefecture_of(&county.code).unwrap();
            assert!(counties_of(&above.code).any(|one| one == county), "{}", county.code);
        }
    }

    #[test]
    fn levels_are_what_they_are() {
        let above = |code: &str| prefecture_of(code).map(|entry| entry.code.as_str());
        assert_eq!(above("110101"), Some("110000"));
        assert_eq!(above("500231"), Some("500000"));
        assert_eq!(above("130102"), Some("130100"));
        assert_eq!(above("419001"), Some("419000"));
        assert_eq!(above("441900"), Some("441900"));
        assert_eq!(above("710000"), Some("710000"));
        assert_eq!((above("130199"), above("13"), above("广州")), (None, None, None));
        assert_eq!(known("310115").unwrap().title.zh_cn, "上海市浦东新区");
        assert_eq!(known("310000").unwrap().title.zh_cn, "上海市");
        assert!(known("000000").is_none() && counties_of("130199").next().is_none());
    }
}
