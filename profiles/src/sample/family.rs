//! Whom a persona married, their child, and what follows from its age.
//!
//! Drawn from a stream of their own, and worked out when they are asked for: they follow the setters of [`Persona`],
//! and what was drawn before there were families stays the same.

use glimpse_circuits::date::Date;

use super::draw::{below, county, day, generated_name, later, rng, shift_years};
use super::persona::{Person, Persona, Sex};

/// Apart from those of the attributes, which are numbered from 1 (a schema has at most 31).
const FAMILY_STREAM: u64 = 1_000;
const COUNTY_STREAM: u64 = 1_001;

/// A couple with a child.
pub(super) struct Family {
    pub(super) spouse: Person,
    pub(super) married: Date,
    pub(super) divorced: Date,
    pub(super) child: Person,
    pub(super) child_issued: Date,
}

impl Persona {
    /// The persona's husband or wife, of about the same age, and their child.
    pub(super) fn family(&self) -> Family {
        let rng = &mut rng(self.seed(), FAMILY_STREAM);
        let own = &self.person;
        let spouse = Person {
            name: generated_name(rng),
            sex: own.sex.other(),
            sequence: below(rng, 500),
            birth_date: later(own.birth_date, below(rng, 1_000)),
        };
        let married = later(shift_years(own.birth_date, 22), below(rng, 700)).max(day(1980, 1, 1));
        let divorced = later(shift_years(married, 1), below(rng, 300));
        let child = Person {
            name: generated_name(rng),
            sex: if below(rng, 2) == 1 { Sex::Male } else { Sex::Female },
            sequence: below(rng, 500),
            birth_date: later(married, 270 + below(rng, 400)).max(day(1996, 1, 1)),
        };
        let child_issued = later(child.birth_date, 3 + below(rng, 20));
        Family { spouse, married, divorced, child, child_issued }
    }

    /// The county of residence.
    pub(super) fn county(&self) -> String {
        county(&mut rng(self.seed(), COUNTY_STREAM), self.region())
    }

    /// Of what is valid for ten years at most.
    pub(super) fn limited_until(&self) -> Date {
        self.valid_until.min(shift_years(self.valid_from, 10))
    }

    /// At 22, but not before there were degrees.
    pub(super) fn graduated(&self) -> Date {
        shift_years(self.birth_date(), 22).max(day(1981, 7, 1))
    }

    /// At 60, but not before cards were given.
    pub(super) fn senior_from(&self) -> Date {
        shift_years(self.birth_date(), 60).max(day(2000, 1, 1))
    }
}
