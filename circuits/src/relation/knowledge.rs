//! How much a request's statements together say about one attribute.
//!
//! A range of one day is a disclosure in disguise, and so are two ranges that overlap in one day. Attributes may
//! declare how many values must stay possible; this counts an upper bound of how many do.

use std::collections::BTreeSet;

/// What a verifier will know of one value, from statements on it alone.
#[derive(Clone, Debug)]
pub(super) struct Knowledge {
    lo: i128,
    hi: i128,
    set: Option<BTreeSet<[u8; 32]>>,
    count: u128,
    unknown_flags: u32,
    asked: bool,
}

impl Knowledge {
    /// Knows the declared bounds of an integer, or that there are 2^`flags` masks.
    pub(super) fn new() -> Self {
        Self {
            lo: i128::MIN,
            hi: i128::MAX,
            set: None,
            count: u128::MAX,
            unknown_flags: u32::MAX,
            asked: false,
        }
    }

    /// The schema bounds the value.
    pub(super) fn declared(&mut self, lo: i128, hi: i128) {
        self.lo = self.lo.max(lo);
        self.hi = self.hi.min(hi);
    }

    /// A statement puts the value between two bounds.
    pub(super) fn between(&mut self, lo: i128, hi: i128) {
        self.asked = true;
        self.declared(lo, hi);
    }

    /// A statement leaves so many values.
    pub(super) fn at_most(&mut self, count: u128) {
        self.asked = true;
        self.count = self.count.min(count);
    }

    /// A statement puts the value into a set of encoded scalars.
    pub(super) fn one_of(&mut self, set: BTreeSet<[u8; 32]>) {
        self.asked = true;
        self.set = Some(match self.set.take() {
            Some(earlier) => earlier.intersection(&set).copied().collect(),
            None => set,
        });
    }

    /// A statement settles some of the flags (a mask).
    pub(super) fn flags(&mut self, settled: u32) {
        self.asked = true;
        self.unknown_flags &= !settled;
    }

    /// How many values remain possible, at most; `None` if no statement is about the value.
    pub(super) fn choices(&self, flag_mask: Option<u32>) -> Option<u128> {
        if !self.asked {
            return None;
        }
        let between = self
            .hi
            .checked_sub(self.lo)
            .map_or(u128::MAX, |width| u128::try_from(width).map_or(0, |w| w + 1));
        let listed = self.set.as_ref().map_or(u128::MAX, |set| set.len() as u128);
        let masks = flag_mask.map_or(u128::MAX, |mask| 1u128 << (mask & self.unknown_flags).count_ones());
        Some(between.min(listed).min(self.count).min(masks))
    }
}
