//! The person behind samples.

use glimpse_circuits::date::Date;

use super::draw::{below, day, generated_name, later, pick, region, rng, shift_years};
use crate::identifiers::{LicenceIdentifier, citizen_id_check, organisation_code_check, uscc_check};
use crate::regions;

const CLASS_SETS: [&[&str]; 8] =
    [&["C1"], &["C1"], &["C2"], &["C1", "D"], &["A1", "A2"], &["B2", "E"], &["C1", "C6"], &["C5"]];
const CAPITALS: [u64; 6] = [100_000, 500_000, 1_000_000, 5_000_000, 10_000_000, 1_000_000_000];

/// Sex as in citizen numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Odd sequence numbers, code 1.
    Male,
    /// Even sequence numbers, code 2.
    Female,
}

impl Sex {
    /// The other one.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Male => Self::Female,
            Self::Female => Self::Male,
        }
    }
}

/// Who can have a citizen number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) sex: Sex,
    /// Pairs of neighbours differ in sex alone.
    pub(super) sequence: u64,
    pub(super) birth_date: Date,
}

impl Person {
    /// 1 male, 2 female (GB/T 2261.1).
    pub(super) fn sex_code(&self) -> &'static str {
        match self.sex {
            Sex::Male => "1",
            Sex::Female => "2",
        }
    }
}

/// A generated person with a company: what all licences drawn from it agree on.
///
/// Setters keep the days of a persona in order (birth, first issue and start of validity, end); the last one set wins.
/// What a schema does not allow, such as an unknown region, is refused when the sample is admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    seed: u64,
    pub(super) person: Person,
    region: String,
    pub(super) first_issue: Date,
    pub(super) valid_from: Date,
    pub(super) valid_until: Date,
    pub(super) classes: Vec<String>,
    organisation: String,
    pub(super) company: String,
    pub(super) capital: u64,
    pub(super) established: Date,
}

impl Persona {
    /// An adult born 1950–1999 with a licence valid at least until 2030.
    pub fn new(seed: u64) -> Self {
        let rng = &mut rng(seed, 0);
        let name = generated_name(rng);
        let sex = if below(rng, 2) == 1 { Sex::Male } else { Sex::Female };
        let sequence = below(rng, 500);
        let birth_date = later(day(1950, 1, 1), below(rng, 18_262));
        let region = region(rng);
        let first_issue = later(shift_years(birth_date, 18), below(rng, 730));
        let valid_from = later(day(2020, 1, 1), below(rng, 2_190));
        let valid_until = if below(rng, 8) == 0 { Date::MAX } else { shift_years(valid_from, 10) };
        let classes =
            pick(rng, &CLASS_SETS).unwrap_or(&["C1"]).iter().map(|class| (*class).to_owned()).collect();
        let organisation =
            (0..8).filter_map(|_| pick(rng, b"0123456789ABCDEFGHJKLMNPQRTUWXY").map(char::from)).collect();
        let company = generated_name(rng);
        let capital = pick(rng, &CAPITALS).unwrap_or(1) * (1 + below(rng, 9));
        let established = later(day(1995, 1, 1), below(rng, 10_000));
        Self {
            seed,
            person: Person { name, sex, sequence, birth_date },
            region,
            first_issue,
            valid_from,
            valid_until,
            classes,
            organisation,
            company,
            capital,
            established,
        }
    }

    /// With another name.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.person.name);
        self
    }

    /// With another sex; the citizen number follows.
    #[must_use]
    pub fn with_sex(mut self, sex: Sex) -> Self {
        self.person.sex = sex;
        self
    }

    /// With another date of birth; the citizen number follows.
    #[must_use]
    pub fn with_birth_date(mut self, birth_date: Date) -> Self {
        self.person.birth_date = birth_date;
        self.first_issue = shift_years(birth_date, 18).min(self.valid_from).max(later(birth_date, 1));
        self.valid_from = self.valid_from.max(self.first_issue);
        self.valid_until = self.valid_until.max(self.valid_from);
        self
    }

    /// With another region, a code of the table `gb2260-prefecture`; numbers and addresses follow.
    #[must_use]
    pub fn with_region(mut self, code: &str) -> Self {
        code.clone_into(&mut self.region);
        self
    }

    /// With other vehicle classes.
    #[must_use]
    pub fn with_classes(mut self, classes: &[&str]) -> Self {
        self.classes = classes.iter().map(|class| (*class).to_owned()).collect();
        self
    }

    /// With another last day of validity; a term that would begin too late for it begins ten years before.
    #[must_use]
    pub fn with_valid_until(mut self, last: Date) -> Self {
        self.valid_until = last;
        self.valid_from = self.valid_from.min(shift_years(last, -10)).max(later(self.person.birth_date, 1));
        self.first_issue = self.first_issue.min(self.valid_from);
        self.established = self.established.min(self.valid_from);
        self
    }

    /// With another registered capital, in yuan.
    #[must_use]
    pub fn with_capital(mut self, yuan: u64) -> Self {
        self.capital = yuan;
        self
    }

    /// With another day of the company's establishment.
    #[must_use]
    pub fn with_established(mut self, established: Date) -> Self {
        self.established = established;
        self.valid_until = self.valid_until.max(established);
        self
    }

    /// The generated name.
    pub fn name(&self) -> &str {
        &self.person.name
    }

    /// The date of birth.
    pub fn birth_date(&self) -> Date {
        self.person.birth_date
    }

    /// The region's code.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The citizen number, the same on all licences of the persona.
    pub fn citizen_id(&self) -> String {
        self.number_of(&self.person)
    }

    /// The unified social credit code of the persona's company.
    pub fn uscc(&self) -> String {
        let organisation = with_check(self.organisation.clone(), organisation_code_check);
        with_check(format!("91{}{organisation}", self.no_county()), uscc_check)
    }

    /// A GB/T 36904 identifier that names the persona's company as defining and issuing authority.
    pub fn licence_identifier(&self) -> String {
        let (authority, serial) = (self.uscc(), format!("{:010}", self.person.sequence));
        let identifier = LicenceIdentifier::issue(&format!("{authority}001"), &authority, &serial, 1);
        // As with numbers: where the region is no code there is none.
        identifier.map(|identifier| identifier.to_string()).unwrap_or_default()
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The citizen number of the persona or of somebody in its family.
    pub(super) fn number_of(&self, person: &Person) -> String {
        let birth = person.birth_date.to_string().replace('-', "");
        let sequence = 2 * person.sequence + u64::from(person.sex == Sex::Male);
        with_check(format!("{}{birth}{sequence:03}", self.no_county()), citizen_id_check)
    }

    /// The Chinese name of the region.
    pub(super) fn place(&self) -> &'static str {
        regions::known(&self.region).map_or("", |entry| entry.title.zh_cn.as_str())
    }

    /// The region with county code 99, which is not given to any county.
    pub(super) fn no_county(&self) -> String {
        let prefix = self.region.get(..4).unwrap_or_default();
        if prefix.ends_with("00") { format!("{}0199", &prefix[..2]) } else { format!("{prefix}99") }
    }
}

fn with_check<E>(body: String, check: impl Fn(&str) -> Result<char, E>) -> String {
    // A region that is no code leaves the number without a check character: it is then refused on admission.
    let check = check(&body).ok();
    body.chars().chain(check).collect()
}
