//! How much a request's statements together say about one attribute.
//!
//! A range of one day is a disclosure in disguise, and so are two ranges that overlap in one day. Attributes may
//! declare how many values must stay possible; this counts how many do: exactly for intervals and sets of one attribute,
//! from below for several lists of flags, and for combinations of several attributes as many as remain wherever the
//! others lie, which are taken to be known. It does not see what several combinations say together, nor that a
//! combination may reach over the end of an attribute's bounds, nor which of the values are plausible.

use std::collections::BTreeSet;

use crate::attribute::{Kind, Value};

/// What a verifier will know of one value.
#[derive(Clone, Debug)]
pub(super) struct Knowledge {
    /// The integers that are possible: sorted intervals, both ends included, that do not touch. None for strings.
    integers: Option<Vec<(i128, i128)>>,
    /// The strings that are possible, as encoded scalars. All, if none.
    strings: Option<BTreeSet<[u8; 32]>>,
    /// Flags that can be set, that cannot, and sets of which one is.
    flags: Option<Flags>,
    /// A bound from combinations.
    count: u128,
}

#[derive(Clone, Debug)]
struct Flags {
    all: u32,
    set: u32,
    clear: u32,
    any: Vec<u32>,
}

impl Knowledge {
    /// What the schema says.
    pub(super) fn of(kind: &Kind) -> Self {
        let mut known = Self::nothing();
        match kind {
            Kind::Date { .. } | Kind::Uint { .. } => {
                known.integers = kind.bounds().map(|(lo, hi)| vec![(lo.into(), hi.into())]);
            }
            Kind::Flags { .. } => {
                let mask = kind.bounds().and_then(|(_, mask)| u32::try_from(mask).ok()).unwrap_or(u32::MAX);
                known.flags = Some(Flags { all: mask, set: 0, clear: 0, any: Vec::new() });
            }
            // Counted, not hashed: only few requests need to know which.
            Kind::Code { table: Some(table) } => known.count = table.len() as u128,
            Kind::Code { table: None } | Kind::Text { .. } => {}
        }
        known
    }

    /// Nothing at all.
    pub(super) fn nothing() -> Self {
        Self { integers: None, strings: None, flags: None, count: u128::MAX }
    }

    /// What the schemas of equal attributes say together.
    pub(super) fn of_all<'a>(mut kinds: impl Iterator<Item = &'a Kind>) -> Option<Self> {
        let first = kinds.next()?;
        let mut known = Self::of(first);
        for kind in kinds.filter(|kind| *kind != first) {
            known.and(&Self::of(kind));
            for table in [first, kind].into_iter().filter_map(Kind::table) {
                let scalars =
                    table.iter().map(|entry| Value::Code(entry.code.clone()).to_scalar().to_bytes());
                known.one_of(scalars.collect(), Vec::new());
            }
        }
        Some(known)
    }

    /// The value lies in one of these intervals, given in any order.
    pub(super) fn within(&mut self, intervals: impl IntoIterator<Item = (i128, i128)>) {
        if let Some(known) = &self.integers {
            self.integers = Some(intersection(known, &union(intervals)));
        }
    }

    /// The value is one of these, given as encoded scalars and, for integers, as themselves.
    pub(super) fn one_of(&mut self, set: BTreeSet<[u8; 32]>, integers: Vec<i128>) {
        if self.integers.is_some() {
            self.within(integers.into_iter().map(|value| (value, value)));
        } else {
            self.strings = Some(match self.strings.take() {
                Some(known) => known.intersection(&set).copied().collect(),
                None => set,
            });
        }
    }

    /// A combination leaves so many values, at most.
    pub(super) fn at_most(&mut self, count: u128) {
        self.count = self.count.min(count);
    }

    /// These flags are set, these are not, and at least one of these is (0 for no such statement).
    pub(super) fn flags(&mut self, set: u32, clear: u32, any: u32) {
        let Some(flags) = &mut self.flags else { return };
        flags.set |= set;
        flags.clear |= clear;
        if any != 0 {
            flags.any.push(any);
        }
        flags.settle();
    }

    /// What is known of two values that are equal, or that one holder may answer with the same credential.
    pub(super) fn and(&mut self, other: &Self) {
        if let Some(integers) = &other.integers {
            self.within(integers.iter().copied());
        }
        if let Some(strings) = &other.strings {
            self.one_of(strings.clone(), Vec::new());
        }
        if let (Some(flags), Some(others)) = (&mut self.flags, &other.flags) {
            flags.all &= others.all;
            flags.set |= others.set;
            flags.clear |= others.clear;
            flags.any.extend(&others.any);
            flags.settle();
        }
        self.at_most(other.count);
    }

    /// How many values remain possible, at most; 2^128 − 1 stands for no limit.
    pub(super) fn choices(&self) -> u128 {
        let integers = self.integers.as_ref().map_or(u128::MAX, |intervals| {
            intervals
                .iter()
                .fold(0u128, |sum, (lo, hi)| sum.saturating_add(hi.abs_diff(*lo).saturating_add(1)))
        });
        let strings = self.strings.as_ref().map_or(u128::MAX, |set| set.len() as u128);
        let flags = self.flags.as_ref().map_or(u128::MAX, Flags::choices);
        integers.min(strings).min(flags).min(self.count)
    }
}

impl Flags {
    /// A set of which all but one cannot be set settles that one; what cannot be set leaves the other sets.
    fn settle(&mut self) {
        loop {
            let before = self.set;
            self.any.iter_mut().for_each(|any| *any &= !self.clear);
            for any in &self.any {
                if any.count_ones() == 1 {
                    self.set |= any;
                }
            }
            if self.set == before {
                break;
            }
        }
        let set = self.set;
        self.any.retain(|any| any & set == 0);
    }

    /// 2^unknown, less for every set of which one must be set the masks that leave all of it clear: at least so many,
    /// for some masks leave several sets clear. Of sets of two and more every mask remains in which at most one flag is
    /// clear.
    fn choices(&self) -> u128 {
        if self.set & self.clear != 0 || self.any.contains(&0) {
            return 0;
        }
        let unknown = (self.all & !self.set & !self.clear).count_ones();
        let mut needed: Vec<u32> = Vec::new();
        for &any in &self.any {
            // What one set says another need not say again.
            if !needed.iter().any(|smaller| smaller & any == *smaller) {
                needed.retain(|larger| larger & any != any);
                needed.push(any);
            }
        }
        let ruled_out = needed.iter().map(|any| 1u128 << unknown.saturating_sub(any.count_ones())).sum();
        (1u128 << unknown).saturating_sub(ruled_out).max(u128::from(unknown) + 1)
    }
}

/// Sorted intervals that do not touch and hold the same integers.
pub(super) fn union(intervals: impl IntoIterator<Item = (i128, i128)>) -> Vec<(i128, i128)> {
    let mut sorted: Vec<(i128, i128)> = intervals.into_iter().filter(|(lo, hi)| lo <= hi).collect();
    sorted.sort_unstable();
    let mut merged: Vec<(i128, i128)> = Vec::with_capacity(sorted.len());
    for (lo, hi) in sorted {
        match merged.last_mut() {
            Some(last) if lo <= last.1.saturating_add(1) => last.1 = last.1.max(hi),
            _ => merged.push((lo, hi)),
        }
    }
    merged
}

fn intersection(left: &[(i128, i128)], right: &[(i128, i128)]) -> Vec<(i128, i128)> {
    let (mut i, mut j) = (0, 0);
    let mut common = Vec::new();
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        let (lo, hi) = (a.0.max(b.0), a.1.min(b.1));
        if lo <= hi {
            common.push((lo, hi));
        }
        if a.1 < b.1 { i += 1 } else { j += 1 }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers() -> Knowledge {
        Knowledge::of(&Kind::Uint { min: 0, max: 1000 })
    }

    #[test]
    fn integers_are_counted_exactly() {
        let mut known = numbers();
        assert_eq!(known.choices(), 1001);
        known.within([(5, 10), (8, 12), (900, 2000)]);
        assert_eq!(known.choices(), 8 + 101);
        known.one_of(BTreeSet::from([[0; 32]]), vec![5, 13, 950]);
        assert_eq!(known.choices(), 2);
        known.within([(0, 5)]);
        assert_eq!(known.choices(), 1);
    }

    #[test]
    fn flags_settle_each_other() {
        let flags = || Knowledge {
            flags: Some(Flags { all: 0b1111, set: 0, clear: 0, any: Vec::new() }),
            ..Knowledge::nothing()
        };
        let mut known = flags();
        known.flags(0, 0, 0b0011);
        assert_eq!(known.choices(), 12);
        // One of the two cannot be: the other is.
        known.flags(0, 0b0101, 0);
        assert_eq!(known.choices(), 2);
        // Of any two of four at least one: all, or all but one.
        let mut pairs = flags();
        for (i, j) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            pairs.flags(0, 0, 1 << i | 1 << j);
        }
        assert_eq!(pairs.choices(), 5);
        // Once more, and in other words.
        let mut twice = flags();
        for any in [0b0011, 0b0011, 0b0111, 0b0011] {
            twice.flags(0, 0, any);
        }
        assert_eq!(twice.choices(), 12);
        let mut impossible = flags();
        impossible.flags(0, 0b0011, 0b0011);
        assert_eq!(impossible.choices(), 0);
    }

    proptest! {
        #[test]
        fn sets_of_intervals_are_sets(
            left in proptest::collection::vec((0i128..60, 0i128..60), 0..6),
            right in proptest::collection::vec((0i128..60, 0i128..60), 0..6),
        ) {
            let has = |set: &[(i128, i128)], value: i128| set.iter().any(|(lo, hi)| (*lo..=*hi).contains(&value));
            let (a, b) = (union(left.clone()), union(right.clone()));
            let both = intersection(&a, &b);
            for value in 0..60 {
                prop_assert_eq!(has(&a, value), has(&left, value));
                prop_assert_eq!(has(&both, value), has(&left, value) && has(&right, value));
            }
            prop_assert!(a.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }
}
