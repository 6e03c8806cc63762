//! Integer combinations of attributes.

use curve25519_dalek::scalar::Scalar;

use crate::attribute::Kind;
use crate::request::AttributeRef;
use crate::schema::Attribute;

use super::statement::Reason;
use super::{Linear, Source};

/// Greatest size of a combination's value.
const LIMIT: u128 = 1 << 126;

/// An integer combination with the least and the greatest value it can take.
#[derive(Clone, Debug)]
pub(super) struct Combination {
    pub(super) linear: Linear,
    pub(super) min: i128,
    pub(super) max: i128,
}

impl Combination {
    /// The combination without terms.
    pub(super) fn empty() -> Self {
        Self { linear: Linear::default(), min: 0, max: 0 }
    }

    /// Adds coefficient·attribute. The attribute must be required, a date or a number.
    ///
    /// All sums stay within 2^126 in size, far below the group order: no combination wraps around.
    pub(super) fn add(
        &mut self,
        of: &AttributeRef,
        attribute: &Attribute,
        source: Source,
        coefficient: i64,
    ) -> Result<(), Reason> {
        let bounds = match attribute.kind {
            Kind::Date { .. } | Kind::Uint { .. } => attribute.kind.bounds(),
            Kind::Flags { .. } | Kind::Code { .. } | Kind::Text { .. } => None,
        };
        let Some((least, greatest)) = bounds else {
            return Err(Reason::WrongType { name: of.to_string(), expected: "date or number" });
        };
        if !attribute.required {
            return Err(Reason::Optional(of.to_string()));
        }
        if coefficient == 0 || coefficient == i64::MIN {
            return Err(Reason::Overflow);
        }
        let factor = i128::from(coefficient);
        let ends = [factor * i128::from(least), factor * i128::from(greatest)];
        let within_limit = |sum: &i128| sum.unsigned_abs() <= LIMIT;
        self.min = self.min.checked_add(ends[0].min(ends[1])).filter(within_limit).ok_or(Reason::Overflow)?;
        self.max = self.max.checked_add(ends[0].max(ends[1])).filter(within_limit).ok_or(Reason::Overflow)?;
        self.linear.terms.push((source, scalar(factor)));
        Ok(())
    }

    /// value − lo, and hi − lo, after cutting the bounds down to what the combination can be at all.
    pub(super) fn within(&self, lo: i128, hi: i128) -> Result<(Linear, u64, (i128, i128)), Reason> {
        let (lo, hi) = (lo.max(self.min), hi.min(self.max));
        if lo > hi {
            return Err(Reason::Empty);
        }
        Ok((self.linear.minus(lo), width(lo, hi)?, (lo, hi)))
    }
}

/// hi − lo, if below 2^63.
pub(super) fn width(lo: i128, hi: i128) -> Result<u64, Reason> {
    hi.checked_sub(lo)
        .and_then(|width| u64::try_from(width).ok())
        .filter(|width| *width < 1 << 63)
        .ok_or(Reason::Overflow)
}

/// Weights that cover 0 to `width` exactly: repeatedly half, rounded up, of what remains (Lipmaa, Asokan and Niemi
/// 2002). There are as many as `width` has bits; the last is 1.
pub(super) fn weights(width: u64) -> Vec<u64> {
    let mut rest = width;
    let mut weights = Vec::new();
    while rest > 0 {
        let weight = rest.div_ceil(2);
        weights.push(weight);
        rest -= weight;
    }
    weights
}

/// The scalar of a signed integer.
pub(super) fn scalar(value: i128) -> Scalar {
    let size = Scalar::from(value.unsigned_abs());
    if value < 0 { -size } else { size }
}

/// The integer that the scalar of a date or a number stands for.
pub(super) fn small(scalar: &Scalar) -> i128 {
    scalar.as_bytes()[..8].iter().rev().fold(0, |value, byte| value << 8 | i128::from(*byte))
}

impl Linear {
    /// The expression of one response.
    pub(super) fn of(source: Source) -> Self {
        Self { constant: Scalar::ZERO, terms: vec![(source, Scalar::ONE)] }
    }

    /// self − value.
    pub(super) fn minus(&self, value: i128) -> Self {
        let mut difference = self.clone();
        difference.constant -= scalar(value);
        difference
    }

    /// factor·self.
    pub(super) fn times(mut self, factor: &Scalar) -> Self {
        self.constant *= factor;
        self.terms.iter_mut().for_each(|(_, coefficient)| *coefficient *= factor);
        self
    }

    /// self + coefficient·source.
    pub(super) fn plus(mut self, source: Source, coefficient: Scalar) -> Self {
        self.terms.push((source, coefficient));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn weights_cover_exactly(width in 1u64..5_000) {
            let weights = weights(width);
            prop_assert_eq!(weights.len() as u32, u64::BITS - width.leading_zeros());
            prop_assert_eq!(*weights.last().unwrap(), 1);
            let mut reachable = vec![false; width as usize + 1];
            reachable[0] = true;
            for weight in weights {
                for sum in (weight as usize..=width as usize).rev() {
                    reachable[sum] |= reachable[sum - weight as usize];
                }
            }
            prop_assert!(reachable.into_iter().all(|reached| reached));
        }

        #[test]
        fn weights_sum_to_width(width in 0u64..1 << 63) {
            prop_assert_eq!(weights(width).into_iter().map(u128::from).sum::<u128>(), u128::from(width));
        }
    }

    #[test]
    fn widths_stay_below_2_to_the_63() {
        assert_eq!(width(-5, (1 << 63) - 6), Ok((1 << 63) - 1));
        assert_eq!(width(-5, (1 << 63) - 5), Err(Reason::Overflow));
        assert_eq!(width(i128::MIN, i128::MAX), Err(Reason::Overflow));
        assert_eq!(width(1, 0), Err(Reason::Overflow));
    }
}
