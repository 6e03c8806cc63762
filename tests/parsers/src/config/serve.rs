//! The modules of `glimpse serve` that read its configuration, and what `serve --check-config` does with them.

#[path = "../../../../cli/src/serve/draft.rs"]
mod draft;
#[path = "../../../../cli/src/serve/keys.rs"]
mod keys;
// It names a file of tests, which are not for here.
#[rustfmt::skip]
#[path = "../../../../cli/src/serve/layers.rs"]
mod layers;
#[path = "../../../../cli/src/serve/report.rs"]
mod report;
#[path = "../../../../cli/src/serve/store.rs"]
mod store;
#[path = "../../../../cli/src/serve/value.rs"]
mod value;

use std::ffi::OsString;
use std::path::Path;

use clap::{Arg, ArgAction, Command};

use self::keys::KEYS;
use self::layers::Layers;
use self::value::Shape;

/// Everything that `serve --check-config` does: the names of the variables, and whether it holds.
pub(super) fn check(file: &Path, environment: impl Fn(&str) -> Option<OsString>) -> bool {
    let arguments = KEYS.iter().map(|key| {
        Arg::new(key.name).long(key.flag).action(match key.shape {
            Shape::One => ArgAction::Set,
            Shape::Switch => ArgAction::SetTrue,
            Shape::Many => ArgAction::Append,
        })
    });
    let flags = Command::new("serve").args(arguments).get_matches_from(["serve"]);
    let mut layers = Layers::gather(Some(file), environment, &flags);
    let _ = layers.configure();
    let shown = report::json(&layers);
    assert_eq!(shown["valid"], layers.problems.is_empty());
    assert!(!report::table(&layers).is_empty());
    layers.problems.iter().for_each(|problem| assert!(!problem.to_string().is_empty()));
    layers.problems.is_empty()
}

/// The names of all variables.
pub(super) fn variables() -> Vec<&'static str> {
    KEYS.iter().map(|key| key.variable).collect()
}
