//! Each statement in terms of digits and residuals.

use std::collections::{BTreeMap, BTreeSet};

use curve25519_dalek::scalar::Scalar;

use crate::attribute::{Kind, Value, ValueError};
use crate::date::Date;
use crate::interval::MAX_SPAN;
use crate::request::{AttributeRef, Day, Interval, MAX_SET, MAX_TERMS, Statement, Term};
use crate::schema::{Attribute, Grade};
use crate::text::nfc;

use super::build::{Handle, Names, Resolved};
use super::hints::Hint;
use super::integer::{self, Combination, scalar};
use super::knowledge::{self, Knowledge};
use super::statement::Reason;
use super::{Digit, Factor, Linear, Profile, Range, Residual, Source};

/// In the compact profile, ranges below this width keep their digits: they are at most four, of which one is derived,
/// and a Bulletproof would need a commitment alone that is as long as one.
const NARROW: u64 = 16;

/// Most intervals of one statement.
const MAX_INTERVALS: usize = 512;

pub(super) struct Lowering<'a> {
    names: &'a Names<'a>,
    sources: BTreeMap<usize, Source>,
    handles: Vec<Handle>,
    today: Date,
    profile: Profile,
    pub(super) digits: Vec<Digit>,
    pub(super) free_digits: usize,
    pub(super) residuals: Vec<Residual>,
    pub(super) ranges: Vec<Range>,
    pub(super) hints: Vec<Hint>,
    pub(super) knowledge: BTreeMap<usize, Knowledge>,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(
        names: &'a Names<'a>,
        sources: BTreeMap<usize, Source>,
        handles: Vec<Handle>,
        today: Date,
        profile: Profile,
    ) -> Self {
        Self {
            names,
            sources,
            handles,
            today,
            profile,
            digits: Vec::new(),
            free_digits: 0,
            residuals: Vec::new(),
            ranges: Vec::new(),
            hints: Vec::new(),
            knowledge: BTreeMap::new(),
        }
    }

    pub(super) fn statement(&mut self, statement: &Statement) -> Result<(), Reason> {
        match statement {
            // Both are settled by the layout: disclosed values are public, equal ones share a response.
            Statement::Disclose { .. } | Statement::Equal { .. } => Ok(()),
            Statement::Range { of, lo, hi } => self.range(of, *lo, *hi),
            Statement::Age { of, at_least, below } => {
                let (from, to) = self.age_bounds(*at_least, *below)?;
                self.date(of, from, to)
            }
            Statement::Date { of, from, to } => {
                let day = |bound: &Day| match bound {
                    Day::Today => self.today,
                    Day::Fixed(day) => *day,
                };
                if from.is_none() && to.is_none() {
                    return Err(Reason::NoBound);
                }
                let (from, to) = (from.as_ref().map_or(Date::MIN, day), to.as_ref().map_or(Date::MAX, day));
                self.date(of, from, to)
            }
            Statement::Equals { of, value } => self.equals(of, value),
            Statement::Member { of, values } => self.member(of, values),
            Statement::NotMember { of, values } => self.not_member(of, values),
            Statement::Intervals { of, intervals } => self.intervals(of, intervals),
            Statement::Flags { of, all, none, any } => self.flags(of, all, none, any),
            Statement::NotRevoked { credential, .. } => self.not_revoked(credential),
        }
    }

    /// 0 ≤ handle − first and 0 ≤ last − handle.
    ///
    /// Handles and ends are numbers of 32 bits, because issuers sign no others; so the differences are integers, and by
    /// digits it is enough to look as far as issuers let an interval reach.
    fn not_revoked(&mut self, credential: &str) -> Result<(), Reason> {
        let unknown = || Reason::UnknownCredential(credential.to_owned());
        let handle = self.handles.iter().find(|handle| handle.is_of(credential)).ok_or_else(unknown)?;
        let (value, first, last) = (handle.value, handle.first, handle.last);
        for (above, below) in [(value, first), (last, value)] {
            let difference = Linear::of(above).plus(below, -Scalar::ONE);
            if self.is_by_bulletproof(MAX_SPAN) {
                self.ranges.push(Range { value: difference, width: MAX_SPAN, both_ends: false });
            } else {
                self.at_most_width(difference, MAX_SPAN);
            }
        }
        Ok(())
    }

    fn range(&mut self, of: &[Term], lo: i128, hi: i128) -> Result<(), Reason> {
        let (combination, classes) = self.combination(of)?;
        let (offset, width, reachable) = combination.within(lo, hi)?;
        self.note(of, &classes, [reachable]);
        if !self.is_by_bulletproof(width) {
            self.at_most_width(offset, width);
        } else if hi >= combination.max {
            // The schemas' bounds see to the other end: no credential is beyond it.
            self.ranges.push(Range { value: offset, width, both_ends: false });
        } else if lo <= combination.min {
            let value = offset.times(&-Scalar::ONE).minus(-i128::from(width));
            self.ranges.push(Range { value, width, both_ends: false });
        } else {
            self.ranges.push(Range { value: offset, width, both_ends: true });
        }
        Ok(())
    }

    /// "At least n years" and "fewer than n years" as the days of birth that make them true.
    fn age_bounds(&self, at_least: Option<u16>, below: Option<u16>) -> Result<(Date, Date), Reason> {
        if at_least.is_none() && below.is_none() {
            return Err(Reason::NoBound);
        }
        let latest = |years| self.today.latest_birth_for_age(years).ok_or(Reason::Empty);
        let to = at_least.map_or(Ok(Date::MAX), latest)?;
        let from = match below {
            Some(years) => Date::from_days(latest(years)?.days() + 1).ok_or(Reason::Empty)?,
            None => Date::MIN,
        };
        Ok((from, to))
    }

    fn date(&mut self, of: &AttributeRef, from: Date, to: Date) -> Result<(), Reason> {
        let resolved = self.names.resolve(of)?;
        if !matches!(resolved.attribute.kind, Kind::Date { .. }) {
            return Err(Reason::WrongType { name: of.to_string(), expected: "date" });
        }
        self.range(&[Term { attribute: of.clone(), coefficient: 1 }], from.days().into(), to.days().into())
    }

    fn equals(&mut self, of: &AttributeRef, value: &str) -> Result<(), Reason> {
        let resolved = self.names.resolve(of)?;
        let element = element(resolved, of, value)?;
        self.note_set(resolved, &[element])?;
        let mut difference = Linear::of(self.source(resolved.class));
        difference.constant -= element;
        self.residuals.push(Residual::Zero(difference));
        Ok(())
    }

    fn member(&mut self, of: &AttributeRef, values: &[String]) -> Result<(), Reason> {
        let resolved = self.names.resolve(of)?;
        if values.len() > MAX_SET {
            return Err(Reason::TooLong(MAX_SET));
        }
        let set = elements(resolved, of, values)?;
        self.member_of(resolved, set)
    }

    fn not_member(&mut self, of: &AttributeRef, values: &[String]) -> Result<(), Reason> {
        let resolved = self.names.resolve(of)?;
        let Kind::Code { table: Some(table) } = &resolved.attribute.kind else {
            return Err(Reason::NoTable(of.to_string()));
        };
        if values.is_empty() {
            return Err(Reason::Empty);
        }
        if values.len() > MAX_SET {
            return Err(Reason::TooLong(MAX_SET));
        }
        let excluded: BTreeSet<[u8; 32]> =
            elements(resolved, of, values)?.iter().map(Scalar::to_bytes).collect();
        if excluded.len() != values.len() {
            return Err(Reason::Repeated);
        }
        let mut set: Vec<Scalar> =
            table.iter().map(|entry| Value::Code(entry.code.clone()).to_scalar()).collect();
        set.retain(|scalar| !excluded.contains(scalar.as_bytes()));
        self.member_of(resolved, set)
    }

    /// Two one-hot rows of about √N digits each select one of N elements (Groth and Kohlweiss 2015).
    fn member_of(&mut self, resolved: Resolved<'_>, mut set: Vec<Scalar>) -> Result<(), Reason> {
        let distinct: BTreeSet<[u8; 32]> = set.iter().map(|scalar| scalar.to_bytes()).collect();
        if distinct.len() != set.len() {
            return Err(Reason::Repeated);
        }
        let Some(&last) = set.last() else { return Err(Reason::Empty) };
        self.note_set(resolved, &set)?;
        let columns = ceil_sqrt(set.len());
        let rows = set.len().div_ceil(columns);
        set.resize(rows * columns, last);
        let value = Linear::of(self.source(resolved.class));
        let outer = self.one_hot_row(rows);
        let inner = self.one_hot_row(columns);
        self.hints.push(Hint::Place {
            value: value.clone(),
            set: set.clone(),
            outer: outer.clone(),
            inner: inner.clone(),
        });
        self.residuals.push(Residual::Member { outer, inner, set, value });
        Ok(())
    }

    fn intervals(&mut self, of: &[Term], intervals: &[Interval]) -> Result<(), Reason> {
        let (combination, classes) = self.combination(of)?;
        if intervals.is_empty() {
            return Err(Reason::Empty);
        }
        if intervals.len() > MAX_INTERVALS {
            return Err(Reason::TooLong(MAX_INTERVALS));
        }
        // Intervals and parts of intervals that no value can reach only cost digits.
        let mut reachable = Vec::new();
        for Interval { lo, hi } in intervals {
            if lo > hi {
                return Err(Reason::Empty);
            }
            let (lo, hi) = ((*lo).max(combination.min), (*hi).min(combination.max));
            if lo <= hi {
                reachable.push((lo, hi, integer::width(lo, hi)?));
            }
        }
        if reachable.is_empty() {
            return Err(Reason::Empty);
        }
        self.note(of, &classes, reachable.iter().map(|(lo, hi, _)| (*lo, *hi)));

        let row = self.one_hot_row(reachable.len());
        self.hints.push(Hint::Interval {
            value: combination.linear.clone(),
            intervals: reachable.iter().map(|(lo, _, width)| (scalar(*lo), *width)).collect(),
            row: row.clone(),
        });
        let mut above = combination.linear.clone();
        let mut below = combination.linear.times(&-Scalar::ONE);
        for ((lo, hi, _), factor) in reachable.iter().zip(&row) {
            add_factor(&mut above, factor, scalar(-lo));
            add_factor(&mut below, factor, scalar(*hi));
        }
        let widest = reachable.iter().map(|(.., width)| *width).max().unwrap_or_default();
        let all_as_wide = reachable.iter().all(|(.., width)| *width == widest);
        if self.is_by_bulletproof(widest) {
            self.ranges.push(Range { value: above, width: widest, both_ends: all_as_wide });
            if !all_as_wide {
                self.ranges.push(Range { value: below, width: widest, both_ends: false });
            }
            return Ok(());
        }
        self.at_most_width(above, widest);
        // Where all intervals are as wide, value − lo ≤ width says hi − value ≥ 0 already.
        if !all_as_wide {
            self.at_most_width(below, widest);
        }
        Ok(())
    }

    fn flags(
        &mut self,
        of: &AttributeRef,
        all: &[String],
        none: &[String],
        any: &[String],
    ) -> Result<(), Reason> {
        let resolved = self.names.resolve(of)?;
        let Kind::Flags { flags } = &resolved.attribute.kind else {
            return Err(Reason::WrongType { name: of.to_string(), expected: "set of flags" });
        };
        if !resolved.attribute.required {
            return Err(Reason::Optional(of.to_string()));
        }
        let mask =
            |codes: &[String]| match resolved.attribute.kind.parse_flags(codes).map_err(Reason::Value)? {
                Value::Flags(mask) => Ok(mask),
                _ => Err(Reason::Empty),
            };
        let (all, none, any) = (mask(all)?, mask(none)?, mask(any)?);
        if all | none | any == 0 {
            return Err(Reason::NoBound);
        }
        if all & none != 0 || (all | none) & any != 0 {
            return Err(Reason::Repeated);
        }
        self.known(resolved.class).flags(all, none, any);

        let free: Vec<u32> = (0..flags.len() as u32).filter(|bit| (all | none) & (1 << bit) == 0).collect();
        let value = Linear::of(self.source(resolved.class));
        let bits = self.expand(value, all, &free);
        if any != 0 {
            let wanted: Vec<Factor> = bits
                .iter()
                .filter(|(bit, _)| any & (1 << bit) != 0)
                .map(|(_, k)| Factor::Digit(*k))
                .collect();
            let row = self.one_hot_row(wanted.len());
            self.hints.push(Hint::FirstSet { flags: wanted.clone(), row: row.clone() });
            self.residuals.push(Residual::Selected { pairs: row.into_iter().zip(wanted).collect() });
        }
        Ok(())
    }

    /// value = fixed + Σ 2^bit·digit over the free bits. Returns the digit of each.
    fn expand(&mut self, value: Linear, fixed: u32, free: &[u32]) -> Vec<(u32, usize)> {
        let mut rest = value.clone();
        rest.constant -= Scalar::from(fixed);
        let Some((&lowest, others)) = free.split_first() else {
            self.residuals.push(Residual::Zero(rest));
            return Vec::new();
        };
        let mut bits = Vec::with_capacity(free.len());
        for &bit in others {
            let digit = self.free_digit();
            rest = rest.plus(Source::Digit(digit), -Scalar::from(1u64 << bit));
            bits.push((bit, digit));
        }
        self.hints.push(Hint::Bits { value, bits: bits.clone() });
        let inverse = (0..lowest).fold(Scalar::ONE, |power, _| power.div_by_2());
        bits.push((lowest, self.derived_digit(rest.times(&inverse))));
        bits
    }

    /// Whether a range of this width is shown by a Bulletproof and not by digits.
    fn is_by_bulletproof(&self, width: u64) -> bool {
        self.profile == Profile::Compact && width >= NARROW
    }

    /// 0 ≤ offset ≤ width.
    fn at_most_width(&mut self, offset: Linear, width: u64) {
        let weights = integer::weights(width);
        let Some((_, sent)) = weights.split_last() else {
            self.residuals.push(Residual::Zero(offset));
            return;
        };
        let mut rest = offset.clone();
        let mut digits = Vec::with_capacity(sent.len());
        for &weight in sent {
            let digit = self.free_digit();
            rest = rest.plus(Source::Digit(digit), -Scalar::from(weight));
            digits.push(digit);
        }
        self.hints.push(Hint::Weights { value: offset, weights: sent.to_vec(), digits });
        self.derived_digit(rest);
    }

    /// Digits of which exactly one is 1: the first follows from the others. A row of one is the number 1.
    fn one_hot_row(&mut self, length: usize) -> Vec<Factor> {
        if length == 1 {
            return vec![Factor::One];
        }
        let others: Vec<usize> = (1..length).map(|_| self.free_digit()).collect();
        let mut first = Linear { constant: Scalar::ONE, terms: Vec::new() };
        for digit in &others {
            first = first.plus(Source::Digit(*digit), -Scalar::ONE);
        }
        let first = self.derived_digit(first);
        std::iter::once(first).chain(others).map(Factor::Digit).collect()
    }

    fn free_digit(&mut self) -> usize {
        self.digits.push(Digit::Free(self.free_digits));
        self.free_digits += 1;
        self.digits.len() - 1
    }

    fn derived_digit(&mut self, linear: Linear) -> usize {
        self.digits.push(Digit::Derived(linear));
        self.digits.len() - 1
    }

    fn combination(&mut self, of: &[Term]) -> Result<(Combination, Vec<usize>), Reason> {
        if of.is_empty() {
            return Err(Reason::Empty);
        }
        if of.len() > MAX_TERMS {
            return Err(Reason::TooLong(MAX_TERMS));
        }
        let mut combination = Combination::empty();
        let mut classes = Vec::with_capacity(of.len());
        for term in of {
            let resolved = self.names.resolve(&term.attribute)?;
            if classes.contains(&resolved.class) {
                return Err(Reason::Repeated);
            }
            combination.add(
                &term.attribute,
                resolved.attribute,
                self.source(resolved.class),
                term.coefficient,
            )?;
            classes.push(resolved.class);
        }
        Ok((combination, classes))
    }

    /// Keeps what it says about each attribute that a combination lies in one of these intervals.
    fn note(&mut self, of: &[Term], classes: &[usize], intervals: impl IntoIterator<Item = (i128, i128)>) {
        let intervals = knowledge::union(intervals);
        if let ([term], [class]) = (of, classes) {
            let divided = intervals.iter().map(|interval| divide(*interval, term.coefficient));
            self.known(*class).within(divided.collect::<Vec<_>>());
            return;
        }
        // Whoever knows the other attributes is left with the multiples of the coefficient: in each interval so many, or
        // one more where the others happen to lie right. An interval is never empty, so one is left in all.
        for class in classes {
            let size = self.joint_coefficient(of, classes, *class);
            let count: u128 = intervals.iter().map(|(lo, hi)| (hi.abs_diff(*lo) + 1) / size).sum();
            self.known(*class).at_most(count.max(1));
        }
    }

    /// The greatest size that the coefficients of a combination can add up to where one value stands in several of its
    /// terms, because one credential answers for several.
    fn joint_coefficient(&self, of: &[Term], classes: &[usize], class: usize) -> u128 {
        let one = self.names.may_be_one(class);
        let of_one = of.iter().zip(classes).filter(|(_, class)| one.contains(class));
        let (mut positive, mut negative) = (0, 0);
        for (Term { coefficient, .. }, _) in of_one {
            let sum = if *coefficient > 0 { &mut positive } else { &mut negative };
            *sum += u128::from(coefficient.unsigned_abs());
        }
        positive.max(negative)
    }

    /// The same for a set of values.
    ///
    /// Hidden text without a table is refused, also where it is only equal to the attribute that is asked about.
    fn note_set(&mut self, resolved: Resolved<'_>, set: &[Scalar]) -> Result<(), Reason> {
        let is_integer = matches!(resolved.attribute.kind, Kind::Date { .. } | Kind::Uint { .. });
        let hidden_text = |attribute: &Attribute| {
            attribute.grade == Grade::Predicate && !is_integer && attribute.kind.table().is_none()
        };
        let mut members = self.names.members(resolved.class);
        if let Some((credential, _, attribute)) = members.find(|(.., attribute)| hidden_text(attribute)) {
            return Err(Reason::FreeText(self.names.reference(credential, attribute).to_string()));
        }
        let integers = if is_integer { set.iter().map(integer::small).collect() } else { Vec::new() };
        self.known(resolved.class).one_of(set.iter().map(Scalar::to_bytes).collect(), integers);
        Ok(())
    }

    fn source(&self, class: usize) -> Source {
        // Every class has a source: the layout visited every attribute.
        self.sources.get(&class).copied().unwrap_or(Source::Hidden(usize::MAX))
    }

    fn known(&mut self, class: usize) -> &mut Knowledge {
        self.knowledge.entry(class).or_insert_with(|| self.names.declared(class))
    }
}

/// The multiples of a coefficient in an interval, as multiples.
fn divide((lo, hi): (i128, i128), coefficient: i64) -> (i128, i128) {
    let size = i128::from(coefficient).abs();
    let (lo, hi) = if coefficient > 0 { (lo, hi) } else { (-hi, -lo) };
    (-(-lo).div_euclid(size), hi.div_euclid(size))
}

/// The scalar of a value written in a request.
fn element(resolved: Resolved<'_>, of: &AttributeRef, value: &str) -> Result<Scalar, Reason> {
    if matches!(resolved.attribute.kind, Kind::Flags { .. }) {
        return Err(Reason::WrongType { name: of.to_string(), expected: "single value" });
    }
    resolved.attribute.kind.parse(value).map(|value| value.to_scalar()).map_err(Reason::Value)
}

/// The scalars of a list of values: the table is indexed once instead of searched for each.
fn elements(resolved: Resolved<'_>, of: &AttributeRef, values: &[String]) -> Result<Vec<Scalar>, Reason> {
    let Kind::Code { table: Some(table) } = &resolved.attribute.kind else {
        return values.iter().map(|value| element(resolved, of, value)).collect();
    };
    let known: BTreeSet<&str> = table.iter().map(|entry| entry.code.as_str()).collect();
    let scalar_of = |value: &String| {
        let code = nfc(value);
        if known.contains(code.as_str()) {
            Ok(Value::Code(code).to_scalar())
        } else {
            Err(Reason::Value(ValueError::NotInTable))
        }
    };
    values.iter().map(scalar_of).collect()
}

fn add_factor(linear: &mut Linear, factor: &Factor, coefficient: Scalar) {
    match factor {
        Factor::One => linear.constant += coefficient,
        Factor::Digit(k) => linear.terms.push((Source::Digit(*k), coefficient)),
    }
}

fn ceil_sqrt(n: usize) -> usize {
    let root = n.isqrt();
    if root * root == n { root } else { root + 1 }
}
