//! Moments as people write them.

/// Reads a moment: with its zone, or a day, which begins in China.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let day = text.len() == 10;
    let whole = if day { format!("{text}T00:00:00+08:00") } else { text.to_owned() };
    let moment =
        whole.parse::<jiff::Timestamp>().ok().and_then(|moment| u64::try_from(moment.as_second()).ok());
    moment.ok_or_else(|| "must be a day such as 2027-11-30, or a moment with its zone".to_owned())
}

/// As it is written in a table.
pub(crate) fn show(moment: u64) -> String {
    let moment_or_none =
        i64::try_from(moment).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
    moment_or_none.map_or_else(|| moment.to_string(), |moment| moment.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_in_china() {
        assert_eq!(parse("2026-11-22"), Ok(1_795_276_800));
        assert_eq!(parse("2026-11-21T16:00:00Z"), Ok(1_795_276_800));
        assert_eq!(show(1_795_276_800), "2026-11-21T16:00:00Z");
        assert_eq!(show(u64::MAX), u64::MAX.to_string());
        for bad in ["", "2026", "2026-13-01", "2026-11-22T00:00:00", "1969-01-01"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
