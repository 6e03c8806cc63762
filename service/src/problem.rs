//! Problem details, and what of a request may be repeated in them.

use glimpse_api::Problem;

/// A problem of one of our kinds.
pub(crate) fn of(kind: &str, title: &str, status: u16) -> Problem {
    Problem {
        kind: format!("urn:glimpse:problem:{kind}"),
        title: title.to_owned(),
        status,
        detail: None,
        errors: Vec::new(),
    }
}

/// The path of a member as far as its parts look like names. A key that does not might be a value that slipped.
pub(crate) fn without_foreign_names(path: &str) -> String {
    let shown = |part: &str| {
        let name = part.split('[').next().unwrap_or_default();
        let sound = part.len() <= 64
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && part[name.len()..].bytes().all(|b| b.is_ascii_digit() || b == b'[' || b == b']');
        if sound { part.to_owned() } else { "?".to_owned() }
    };
    if path == "." { path.to_owned() } else { path.split('.').map(shown).collect::<Vec<_>>().join(".") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_repeated() {
        assert_eq!(without_foreign_names("."), ".");
        assert_eq!(without_foreign_names("statements[2].age.at_least"), "statements[2].age.at_least");
        assert_eq!(without_foreign_names("attributes.张三"), "attributes.?");
        assert_eq!(without_foreign_names("attributes.11010119900307867X"), "attributes.?");
        assert_eq!(without_foreign_names("a.1990-03-07"), "a.?");
    }
}
