//! Generated licences: a persona's facts, put where a profile says they belong.
//!
//! Everything is drawn from a seed, the same on every machine. Names are made of words such as 样例 (sample) and the
//! sexagenary cycle, and numbers carry county code 99, which no county has: a sample is never somebody's licence.

use glimpse_circuits::attribute::Kind;
use glimpse_circuits::date::Date;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::identifiers::{citizen_id_check, licence_identifier_check, organisation_code_check, uscc_check};
use crate::profile::Profile;
use crate::rules::Check;
use crate::tables;

const NAME_WORDS: [&str; 5] = ["样例", "示例", "虚构", "试样", "拟名"];
const STEMS: [&str; 10] = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"];
const BRANCHES: [&str; 12] = ["子", "丑", "寅", "卯", "辰", "巳", "午", "未", "申", "酉", "戌", "亥"];
const CLASS_SETS: [&[&str]; 8] =
    [&["C1"], &["C1"], &["C2"], &["C1", "D"], &["A1", "A2"], &["B2", "E"], &["C1", "C6"], &["C5"]];
const CAPITALS: [u64; 6] = [100_000, 500_000, 1_000_000, 5_000_000, 10_000_000, 1_000_000_000];

impl Profile {
    /// The licence of this kind that a persona holds, as input for [`Profile::admit`].
    ///
    /// Attributes for which the profile names neither a fact nor a check are drawn by their type, within bounds and
    /// tables. Optional attributes are given too.
    pub fn sample(&self, persona: &Persona) -> Map<String, Value> {
        let mut licence = Map::new();
        for (i, (attribute, info)) in (1..).zip(self.schema().attributes().iter().zip(self.attributes())) {
            let fact = info.sample.or(info.check.map(Fact::checked_by));
            let value = match fact {
                Some(fact) => persona.value(fact),
                None => drawn(&attribute.kind, &mut rng(persona.seed, i)),
            };
            licence.insert(attribute.name.clone(), value);
        }
        licence
    }
}

/// A fact about a persona that an attribute can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Name of the person.
    PersonName,
    /// Citizen number with a right check character.
    CitizenId,
    /// 1 male, 2 female (GB/T 2261.1).
    Sex,
    /// Date of birth.
    BirthDate,
    /// Prefecture-level division (table `gb2260-prefecture`).
    Region,
    /// Postal address.
    Address,
    /// The office that issues the person's licences.
    Authority,
    /// Day of the first driving licence.
    FirstIssue,
    /// First day of validity.
    ValidFrom,
    /// Last day of validity; 9999-12-31 for no end.
    ValidUntil,
    /// List of vehicle classes.
    DrivingClasses,
    /// Unified social credit code of the person's company, with right check characters.
    Uscc,
    /// Name of the company.
    CompanyName,
    /// Registered capital in yuan.
    Capital,
    /// Day the company was established.
    Established,
    /// Scope of business.
    Scope,
    /// An electronic licence identifier with right check characters, of which the company stands for the authorities.
    LicenceIdentifier,
}

impl Fact {
    /// The fact that passes a check.
    fn checked_by(check: Check) -> Self {
        match check {
            Check::CitizenId => Self::CitizenId,
            Check::Uscc => Self::Uscc,
            Check::LicenceIdentifier => Self::LicenceIdentifier,
        }
    }
}

/// Sex as in citizen numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Odd sequence numbers, code 1.
    Male,
    /// Even sequence numbers, code 2.
    Female,
}

/// A generated person with a company: what all licences drawn from it agree on.
///
/// Setters keep the days of a persona in order (birth, first issue and start of validity, end); the last one set wins.
/// What a schema does not allow, such as an unknown region, is refused when the sample is admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    seed: u64,
    name: String,
    male: bool,
    /// Pairs of neighbours differ in sex alone.
    sequence: u64,
    birth_date: Date,
    region: String,
    first_issue: Date,
    valid_from: Date,
    valid_until: Date,
    classes: Vec<String>,
    organisation: String,
    company: String,
    capital: u64,
    established: Date,
}

impl Persona {
    /// An adult born 1950–1999 with a licence valid at least until 2030.
    pub fn new(seed: u64) -> Self {
        let rng = &mut rng(seed, 0);
        let name = generated_name(rng);
        let male = below(rng, 2) == 1;
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
            name,
            male,
            sequence,
            birth_date,
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
        name.clone_into(&mut self.name);
        self
    }

    /// With another sex; the citizen number follows.
    #[must_use]
    pub fn with_sex(mut self, sex: Sex) -> Self {
        self.male = sex == Sex::Male;
        self
    }

    /// With another date of birth; the citizen number follows.
    #[must_use]
    pub fn with_birth_date(mut self, birth_date: Date) -> Self {
        self.birth_date = birth_date;
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
        self.valid_from = self.valid_from.min(shift_years(last, -10)).max(later(self.birth_date, 1));
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
        &self.name
    }

    /// The date of birth.
    pub fn birth_date(&self) -> Date {
        self.birth_date
    }

    /// The region's code.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The citizen number, the same on all licences of the persona.
    pub fn citizen_id(&self) -> String {
        let birth = self.birth_date.to_string().replace('-', "");
        let sequence = 2 * self.sequence + u64::from(self.male);
        let body = format!("{}{birth}{sequence:03}", self.county());
        with_check(body, citizen_id_check)
    }

    /// The unified social credit code of the persona's company.
    pub fn uscc(&self) -> String {
        let organisation = with_check(self.organisation.clone(), organisation_code_check);
        with_check(format!("91{}{organisation}", self.county()), uscc_check)
    }

    /// A GB/T 36904 identifier that names the persona's company as defining and issuing authority.
    pub fn licence_identifier(&self) -> String {
        let (authority, serial) = (self.uscc(), format!("{:010}", self.sequence));
        let joined = format!("{authority}001{authority}{serial}001");
        let check = licence_identifier_check(&joined).map(String::from).unwrap_or_default();
        format!("1.2.156.3005.2.{authority}001.{authority}.{serial}.001.{check}")
    }

    fn value(&self, fact: Fact) -> Value {
        let place = tables::table("gb2260-prefecture")
            .and_then(|table| table.entries.iter().find(|entry| entry.code == self.region))
            .map_or("", |entry| entry.title.zh_cn.as_str());
        match fact {
            Fact::PersonName => self.name.clone().into(),
            Fact::CitizenId => self.citizen_id().into(),
            Fact::Sex => (if self.male { "1" } else { "2" }).into(),
            Fact::BirthDate => self.birth_date.to_string().into(),
            Fact::Region => self.region.clone().into(),
            Fact::Address => format!("{place}样例路{}号", self.sequence + 1).into(),
            Fact::Authority => format!("{place}公安局（样例）").into(),
            Fact::FirstIssue => self.first_issue.to_string().into(),
            Fact::ValidFrom => self.valid_from.to_string().into(),
            Fact::ValidUntil => self.valid_until.to_string().into(),
            Fact::DrivingClasses => self.classes.clone().into(),
            Fact::Uscc => self.uscc().into(),
            Fact::CompanyName => format!("{place}{}企业（虚构）", self.company).into(),
            Fact::Capital => self.capital.to_string().into(),
            Fact::Established => self.established.to_string().into(),
            Fact::Scope => "样例商品的虚构销售；样例技术服务".into(),
            Fact::LicenceIdentifier => self.licence_identifier().into(),
        }
    }

    /// The region with county code 99, which is not given to any county.
    fn county(&self) -> String {
        let prefix = self.region.get(..4).unwrap_or_default();
        if prefix.ends_with("00") { format!("{}0199", &prefix[..2]) } else { format!("{prefix}99") }
    }
}

fn with_check<E>(body: String, check: impl Fn(&str) -> Result<char, E>) -> String {
    // A region that is no code leaves the number without a check character: it is then refused on admission.
    let check = check(&body).ok();
    body.chars().chain(check).collect()
}

/// Any value that a type allows.
fn drawn(kind: &Kind, rng: &mut ChaCha20Rng) -> Value {
    match kind {
        Kind::Date { min, max } => {
            later(*min, below(rng, u64::from(max.days() - min.days()) + 1)).to_string().into()
        }
        Kind::Uint { min, max } => (min + below(rng, max - min + 1)).to_string().into(),
        Kind::Flags { flags } => {
            let first = below(rng, flags.len() as u64);
            let chosen = (0..).zip(flags).filter(|(i, _)| *i == first || below(rng, 4) == 0);
            chosen.map(|(_, flag)| Value::from(flag.code.as_str())).collect()
        }
        Kind::Code { table: Some(table) } => {
            pick(rng, &table.iter().map(|entry| entry.code.as_str()).collect::<Vec<_>>()).into()
        }
        Kind::Code { table: None } => generated_name(rng).into(),
        Kind::Text { max_chars } => {
            generated_name(rng).chars().take(*max_chars as usize).collect::<String>().into()
        }
    }
}

fn rng(seed: u64, stream: u64) -> ChaCha20Rng {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// A number below `count`, or 0. The bias of the remainder does not matter here.
fn below(rng: &mut ChaCha20Rng, count: u64) -> u64 {
    rng.next_u64() % count.max(1)
}

fn pick<T: Copy>(rng: &mut ChaCha20Rng, choices: &[T]) -> Option<T> {
    let at = below(rng, choices.len() as u64);
    usize::try_from(at).ok().and_then(|at| choices.get(at)).copied()
}

fn generated_name(rng: &mut ChaCha20Rng) -> String {
    let word = pick(rng, &NAME_WORDS).unwrap_or_default();
    // The cycle pairs only stems and branches of like parity: 60 names, not 120.
    let year = below(rng, 60) as usize;
    format!("{word}{}{}", STEMS[year % STEMS.len()], BRANCHES[year % BRANCHES.len()])
}

/// A region of the mainland, of the level that licences are issued on.
fn region(rng: &mut ChaCha20Rng) -> String {
    let issues_licences = |code: &&str| !code.starts_with(['7', '8']) && !code.ends_with("9000");
    let entries =
        tables::table("gb2260-prefecture").map(|table| table.entries.as_slice()).unwrap_or_default();
    let codes: Vec<&str> = entries.iter().map(|entry| entry.code.as_str()).filter(issues_licences).collect();
    pick(rng, &codes).unwrap_or_default().to_owned()
}

fn day(year: i16, month: i8, day: i8) -> Date {
    Date::from_calendar(year, month, day).unwrap_or(Date::MIN)
}

fn later(date: Date, days: u64) -> Date {
    let sum = u64::from(date.days()).saturating_add(days);
    u32::try_from(sum).ok().and_then(Date::from_days).unwrap_or(Date::MAX)
}

/// The same day of another year, 28 February for a leap day that is missing there, kept within the calendar.
fn shift_years(date: Date, years: i16) -> Date {
    let text = date.to_string();
    let number =
        |range| text.get(range).and_then(|digits: &str| digits.parse::<i16>().ok()).unwrap_or_default();
    let (year, month, of_month) = (number(0..4).saturating_add(years), number(5..7), number(8..10));
    let in_year = |of_month| Some((i8::try_from(month).ok()?, i8::try_from(of_month).ok()?));
    let moved = |of_month| in_year(of_month).and_then(|(m, d)| Date::from_calendar(year, m, d));
    moved(of_month).or_else(|| moved(28)).unwrap_or(if years < 0 { Date::MIN } else { Date::MAX })
}
