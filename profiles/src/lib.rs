//! Licence profiles: schemas, GB/T 36903 element names, code tables, validators and generated samples.
//!
//! A profile is one JSON file in `data/` and no code: it holds the [schema](glimpse_circuits::schema::Schema) that the
//! cryptography works on, and beside it the national type code, element names, checks, rules, status codes,
//! ready-made questions and what to put into samples. Checks and rules are named, and know no licence type.
//!
//! ```
//! let profile = glimpse_profiles::builtin_by_schema_id("cn.driving_licence").unwrap();
//! let persona = glimpse_profiles::sample::Persona::new(1);
//! let licence = profile.sample(&persona);
//! let values = profile.admit(&licence).unwrap();
//! assert_eq!(values.len(), profile.schema().attributes().len());
//! ```
//!
//! # Code tables
//! `data/tables/` holds what several profiles share: administrative divisions (GB/T 2260) at **prefecture level** and,
//! for the few profiles that need them, at **county level**, ethnic groups (GB/T 3304), sexes and levels of education. A table is a snapshot of the day it names, made from the public source it names; it is
//! not the standard, and codes withdrawn before or given after that day are not in it. As a schema's digest covers its
//! tables, a new snapshot makes a new schema version.
//!
//! # What is not verified
//! The texts of the GB/T standards were not at hand. Whatever could not be compared with a second source says so in
//! the file: `notes` of profiles and tables, `licence_type.note`, `status.note`.
//!
//! # Samples
//! Samples are generated. Names are made of "样例" and the sexagenary cycle, and numbers carry a county code that is not
//! given to any county, so that no sample is anybody's. All licences of a persona agree, those of its spouse and child
//! included.
//!
//! # A new profile
//! is one file in `data/` and no code; [`lint`] says what is wrong with it. See docs/profiles.md.

pub mod admit;
pub mod elements;
pub mod identifiers;
pub mod lint;
pub mod overrides;
pub mod profile;
pub mod quality;
pub mod question;
pub mod regions;
pub mod rules;
pub mod sample;
pub mod status;
mod strict;
pub mod tables;

use std::sync::LazyLock;

pub use admit::{Reason, Refusal, Refusals};
pub use overrides::{Admitted, Override, OverrideReason};
pub use profile::{Profile, ProfileError};

/// The files right in `data/`, listed when the crate is built.
const FILES: &[&str] = include!(concat!(env!("OUT_DIR"), "/profiles.rs"));

/// The profiles compiled into this crate, in the order of their files' names. That each file loads is a test of this
/// crate.
pub fn builtin() -> &'static [Profile] {
    static PROFILES: LazyLock<Vec<Profile>> =
        LazyLock::new(|| FILES.iter().filter_map(|text| Profile::from_json(text).ok()).collect());
    &PROFILES
}

/// The built-in profile whose schema has this id, such as `cn.driving_licence`.
pub fn builtin_by_schema_id(id: &str) -> Option<&'static Profile> {
    builtin().iter().find(|profile| profile.schema().id() == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_loads() {
        for text in FILES {
            Profile::from_json(text).unwrap();
        }
        assert_eq!(builtin().len(), FILES.len());
    }
}
