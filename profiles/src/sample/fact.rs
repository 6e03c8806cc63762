//! What attributes can carry in samples.

use glimpse_circuits::date::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::family::Family;
use super::persona::{Person, Persona, Sex};
use crate::rules::Check;

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
    /// County of residence (table `gb2260-county`), inside the region.
    County,
    /// Last day of validity of what always has an end: at most ten years after the first.
    LimitedUntil,
    /// 9999-12-31: no end.
    NoEnd,
    /// A number printed on a document.
    Serial,
    /// An empty list of flags.
    NoFlags,
    /// An office that is not the police: for civil affairs, housing, social security …
    Office,
    /// A university.
    School,
    /// A hospital.
    Hospital,
    /// Name of the husband or wife.
    SpouseName,
    /// Citizen number of the husband or wife.
    SpouseCitizenId,
    /// Day of the marriage.
    Married,
    /// Day of the divorce.
    Divorced,
    /// Name of the mother of the couple's child: the persona or the spouse.
    MotherName,
    /// Her citizen number.
    MotherCitizenId,
    /// Name of the father.
    FatherName,
    /// His citizen number.
    FatherCitizenId,
    /// Name of the couple's child.
    ChildName,
    /// Sex of the child, as [`Fact::Sex`].
    ChildSex,
    /// Date of birth of the child, from 1996 on.
    ChildBirthDate,
    /// Day on which the child's birth certificate was issued.
    ChildIssued,
    /// Day of graduation, from 1981 on.
    Graduated,
    /// The sixtieth birthday, or the first day of 2000.
    SeniorFrom,
    /// Number plate.
    Plate,
    /// Vehicle identification number. Its check digit is not computed.
    Vin,
    /// Real-estate unit number.
    RealEstateUnit,
}

impl Fact {
    /// The fact that passes a check.
    pub(super) fn checked_by(check: Check) -> Self {
        match check {
            Check::CitizenId => Self::CitizenId,
            Check::Uscc => Self::Uscc,
            Check::LicenceIdentifier => Self::LicenceIdentifier,
        }
    }
}

impl Persona {
    /// A fact as licence input writes it.
    pub(super) fn value(&self, fact: Fact) -> Value {
        let (place, family) = (|| self.place(), || self.family());
        match fact {
            Fact::PersonName => self.name().into(),
            Fact::CitizenId => self.citizen_id().into(),
            Fact::Sex => self.person.sex_code().into(),
            Fact::BirthDate => self.birth_date().to_string().into(),
            Fact::Region => self.region().into(),
            Fact::Address => format!("{}样例路{}号", place(), self.person.sequence + 1).into(),
            Fact::Authority => format!("{}公安局（样例）", place()).into(),
            Fact::FirstIssue => self.first_issue.to_string().into(),
            Fact::ValidFrom => self.valid_from.to_string().into(),
            Fact::ValidUntil => self.valid_until.to_string().into(),
            Fact::DrivingClasses => self.classes.clone().into(),
            Fact::Uscc => self.uscc().into(),
            Fact::CompanyName => format!("{}{}企业（虚构）", place(), self.company).into(),
            Fact::Capital => self.capital.to_string().into(),
            Fact::Established => self.established.to_string().into(),
            Fact::Scope => "样例商品的虚构销售；样例技术服务".into(),
            Fact::LicenceIdentifier => self.licence_identifier().into(),
            Fact::County => self.county().into(),
            Fact::LimitedUntil => self.limited_until().to_string().into(),
            Fact::NoEnd => Date::MAX.to_string().into(),
            Fact::Serial => format!("YL{:010}", self.person.sequence).into(),
            Fact::NoFlags => Value::Array(Vec::new()),
            Fact::Office => format!("{}政务服务机构（样例）", place()).into(),
            Fact::School => format!("{}样例大学（虚构）", place()).into(),
            Fact::Hospital => format!("{}样例医院（虚构）", place()).into(),
            Fact::SpouseName => family().spouse.name.into(),
            Fact::SpouseCitizenId => self.number_of(&family().spouse).into(),
            Fact::Married => family().married.to_string().into(),
            Fact::Divorced => family().divorced.to_string().into(),
            Fact::MotherName => self.parent(Sex::Female, &family()).name.as_str().into(),
            Fact::MotherCitizenId => self.number_of(self.parent(Sex::Female, &family())).into(),
            Fact::FatherName => self.parent(Sex::Male, &family()).name.as_str().into(),
            Fact::FatherCitizenId => self.number_of(self.parent(Sex::Male, &family())).into(),
            Fact::ChildName => family().child.name.into(),
            Fact::ChildSex => family().child.sex_code().into(),
            Fact::ChildBirthDate => family().child.birth_date.to_string().into(),
            Fact::ChildIssued => family().child_issued.to_string().into(),
            Fact::Graduated => self.graduated().to_string().into(),
            Fact::SeniorFrom => self.senior_from().to_string().into(),
            Fact::Plate => format!("样A{:05}", self.person.sequence).into(),
            Fact::Vin => format!("LSAMPLE{:010}", self.person.sequence).into(),
            Fact::RealEstateUnit => {
                format!("{}001001GB{:05}F00010001", self.no_county(), self.person.sequence).into()
            }
        }
    }

    /// The mother or the father of the couple's child.
    fn parent<'a>(&'a self, sex: Sex, family: &'a Family) -> &'a Person {
        if self.person.sex == sex { &self.person } else { &family.spouse }
    }
}
