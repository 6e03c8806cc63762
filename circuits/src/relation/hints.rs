//! How an honest prover finds the digits. Nothing here is trusted: what it computes is checked by the relation like
//! anything else. All of it runs in time that depends on the relation alone.

use curve25519_dalek::scalar::Scalar;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater, ConstantTimeLess};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Digit, Factor, Linear, Polynomial, Relation};
use crate::labels;
use crate::transcript::{TranscriptProtocol, transcript};

/// How the digits of one predicate follow from the values.
#[derive(Clone, Debug)]
pub(crate) enum Hint {
    /// value = Σ weight·digit, greedily. The last weight's digit is derived.
    Weights { value: Linear, weights: Vec<u64>, digits: Vec<usize> },
    /// The bits of a mask.
    Bits { value: Linear, bits: Vec<(u32, usize)> },
    /// The place of a value in a set of outer × inner.
    Place { value: Linear, set: Vec<Scalar>, outer: Vec<Factor>, inner: Vec<Factor> },
    /// The first interval, given by its lower end and its width, that holds the value.
    Interval { value: Linear, intervals: Vec<(Scalar, u64)>, row: Vec<Factor> },
    /// The first flag that is set, given where its bit comes from.
    FirstSet { flags: Vec<Factor>, row: Vec<Factor> },
}

/// The statement is not true of the values given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the statement is not true of these credentials")]
pub struct AssignError;

/// The values of the free digits and of the ranges. Zeroized on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Assignment {
    /// 0 or 1 each, in the order of their generators.
    pub free: Vec<Scalar>,
    /// The integers that the ranges of the compact profile are about.
    pub ranges: Vec<u64>,
}

impl Relation {
    /// Finds digits for the hidden and the disclosed scalars, and fails if the relation does not hold for them.
    ///
    /// # Panics
    /// If there are fewer values than the relation asks for.
    pub fn assign(&self, hidden: &[Scalar], disclosed: &[Scalar]) -> Result<Assignment, AssignError> {
        assert!(hidden.len() == self.plan.hidden && disclosed.len() == self.plan.disclosed.len());
        let mut digits = vec![Scalar::ZERO; self.plan.digits.len()];
        for hint in &self.plan.hints {
            // Derived digits of earlier predicates may be referred to, so they are brought up to date first.
            self.derive(hidden, disclosed, &mut digits);
            hint.assign(hidden, disclosed, &mut digits);
        }
        let mut free = vec![Scalar::ZERO; self.plan.free_digits];
        for (digit, value) in self.plan.digits.iter().zip(&digits) {
            if let Digit::Free(index) = digit {
                free[*index] = *value;
            }
        }
        // What the hints before left behind may be out of date.
        self.derive(hidden, disclosed, &mut digits);
        let mut ranges = Vec::with_capacity(self.plan.ranges.len());
        let mut in_range = Choice::from(1);
        for range in &self.plan.ranges {
            let mut value = range.value.evaluate(&Scalar::ONE, hidden, disclosed, &digits);
            in_range &= is_u64(&value) & !low_u64(&value).ct_gt(&range.width);
            ranges.push(low_u64(&value));
            value.zeroize();
        }
        digits.zeroize();
        let assignment = Assignment { free, ranges };
        let holds = bool::from(in_range) && self.holds(hidden, disclosed, &assignment);
        if holds { Ok(assignment) } else { Err(AssignError) }
    }

    fn derive(&self, hidden: &[Scalar], disclosed: &[Scalar], digits: &mut [Scalar]) {
        for k in 0..self.plan.digits.len() {
            if let Digit::Derived(linear) = &self.plan.digits[k] {
                digits[k] = linear.evaluate(&Scalar::ONE, hidden, disclosed, digits);
            }
        }
    }

    fn holds(&self, hidden: &[Scalar], disclosed: &[Scalar], assignment: &Assignment) -> bool {
        let response = |value: &Scalar| Polynomial::response(Scalar::ZERO, *value);
        let hidden: Vec<_> = hidden.iter().map(response).collect();
        let free: Vec<_> = assignment.free.iter().map(response).collect();
        // Any y that no value was chosen to fit; the values are the caller's own.
        let mut hash = transcript(labels::RELATION);
        hash.append_message(b"self-check", &self.plan.digest);
        let y = hash.challenge_scalar(b"y");
        let sum = self.evaluate(&Polynomial::challenge(), &hidden, disclosed, &free, &y);
        sum.quadratic.ct_eq(&Scalar::ZERO).into()
    }
}

impl Hint {
    fn assign(&self, hidden: &[Scalar], disclosed: &[Scalar], digits: &mut [Scalar]) {
        let at_one =
            |linear: &Linear, digits: &[Scalar]| linear.evaluate(&Scalar::ONE, hidden, disclosed, digits);
        match self {
            Self::Weights { value, weights, digits: places } => {
                let mut rest = low_u64(&at_one(value, digits));
                for (weight, place) in weights.iter().zip(places) {
                    let takes = !rest.ct_lt(weight);
                    rest = u64::conditional_select(&rest, &rest.wrapping_sub(*weight), takes);
                    digits[*place] = bit(takes);
                }
            }
            Self::Bits { value, bits } => {
                let mask = low_u64(&at_one(value, digits));
                for (position, place) in bits {
                    digits[*place] = Scalar::from((mask >> position) & 1);
                }
            }
            Self::Place { value, set, outer, inner } => {
                let value = at_one(value, digits);
                let mut found = Choice::from(0);
                let (mut row, mut column) = (0u64, 0u64);
                for (place, element) in set.iter().enumerate() {
                    let here = element.ct_eq(&value) & !found;
                    row.conditional_assign(&((place / inner.len()) as u64), here);
                    column.conditional_assign(&((place % inner.len()) as u64), here);
                    found |= here;
                }
                one_hot(outer, row, digits);
                one_hot(inner, column, digits);
            }
            Self::Interval { value, intervals, row } => {
                let value = at_one(value, digits);
                let mut found = Choice::from(0);
                let mut place = 0u64;
                for (i, (lo, width)) in intervals.iter().enumerate() {
                    let offset = value - lo;
                    let here = is_u64(&offset) & !low_u64(&offset).ct_gt(width) & !found;
                    place.conditional_assign(&(i as u64), here);
                    found |= here;
                }
                one_hot(row, place, digits);
            }
            Self::FirstSet { flags, row } => {
                let mut found = Choice::from(0);
                let mut place = 0u64;
                for (i, flag) in flags.iter().enumerate() {
                    let set = match flag {
                        Factor::One => Choice::from(1),
                        Factor::Digit(k) => digits[*k].ct_eq(&Scalar::ONE),
                    };
                    place.conditional_assign(&(i as u64), set & !found);
                    found |= set;
                }
                one_hot(row, place, digits);
            }
        }
    }
}

fn one_hot(row: &[Factor], place: u64, digits: &mut [Scalar]) {
    for (i, factor) in row.iter().enumerate() {
        if let Factor::Digit(k) = factor {
            digits[*k] = bit((i as u64).ct_eq(&place));
        }
    }
}

fn bit(choice: Choice) -> Scalar {
    Scalar::conditional_select(&Scalar::ZERO, &Scalar::ONE, choice)
}

fn low_u64(scalar: &Scalar) -> u64 {
    let mut low = [0u8; 8];
    low.copy_from_slice(&scalar.as_bytes()[..8]);
    u64::from_le_bytes(low)
}

fn is_u64(scalar: &Scalar) -> Choice {
    scalar.as_bytes()[8..].ct_eq(&[0u8; 24])
}
