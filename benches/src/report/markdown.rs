//! The part of a document that the report writes.

use std::fmt;

/// The line before the part.
pub const BEGIN: &str = "<!-- report: begin -->";
/// The line after the part.
pub const END: &str = "<!-- report: end -->";

/// The document with everything between its two marks replaced.
pub fn replace(document: &str, part: &str) -> Result<String, MarkerError> {
    let (before, rest) = document.split_once(BEGIN).ok_or(MarkerError)?;
    let (_, after) = rest.split_once(END).ok_or(MarkerError)?;
    if after.contains(BEGIN) || after.contains(END) {
        return Err(MarkerError);
    }
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", part.trim()))
}

/// The document does not have each mark once, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkerError;

impl fmt::Display for MarkerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "needs one line {BEGIN} and after it one line {END}")
    }
}

impl std::error::Error for MarkerError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{made_up, to_markdown};

    #[test]
    fn twice_is_once() {
        let part = to_markdown(&made_up::report());
        let document = format!("# Title\n\n{BEGIN}\nold\n{END}\n\nAfter.\n");
        let once = replace(&document, &part).unwrap();
        assert_eq!(replace(&once, &part).unwrap(), once);
        assert!(once.starts_with("# Title\n\n") && once.ends_with("\n\nAfter.\n") && !once.contains("old"));
        assert!(once.contains("age_over_18"));
    }

    #[test]
    fn marks_must_be_there() {
        for document in ["", BEGIN, END, &format!("{END}{BEGIN}"), &format!("{BEGIN}{END}{BEGIN}{END}")] {
            assert_eq!(replace(document, "x"), Err(MarkerError), "{document}");
        }
    }
}
