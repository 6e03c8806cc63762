//! The relation's expressions, evaluated once over numbers (the verifier's responses) and once over polynomials in
//! the challenge (the prover's masks and values): the same code, so the two cannot drift apart.

use curve25519_dalek::scalar::Scalar;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{Digit, Factor, Linear, Relation, Residual, Source};

/// What a response can be: a number, or a polynomial in the challenge of degree at most 2.
pub trait Response: Clone {
    /// 0.
    fn zero() -> Self;
    /// self + other.
    fn add(&mut self, other: &Self);
    /// self − other.
    fn subtract(&mut self, other: &Self);
    /// self·factor.
    fn scale(&mut self, factor: &Scalar);
    /// self·other. Both are linear in the challenge.
    fn product(&self, other: &Self) -> Self;
    /// Σ response·factor, of responses that are linear in the challenge.
    fn dot<'a>(pairs: impl Iterator<Item = (&'a Self, &'a Scalar)> + Clone) -> Self
    where
        Self: 'a;
}

impl Response for Scalar {
    fn zero() -> Self {
        Scalar::ZERO
    }

    fn add(&mut self, other: &Self) {
        *self += other;
    }

    fn subtract(&mut self, other: &Self) {
        *self -= other;
    }

    fn scale(&mut self, factor: &Scalar) {
        *self *= factor;
    }

    fn product(&self, other: &Self) -> Self {
        self * other
    }

    fn dot<'a>(pairs: impl Iterator<Item = (&'a Self, &'a Scalar)> + Clone) -> Self {
        dot(pairs)
    }
}

/// constant + linear·c + quadratic·c². Zeroized on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Polynomial {
    /// Coefficient of c⁰: the mask.
    pub constant: Scalar,
    /// Coefficient of c¹: the value.
    pub linear: Scalar,
    /// Coefficient of c².
    pub quadratic: Scalar,
}

impl Polynomial {
    /// mask + c·value.
    pub fn response(mask: Scalar, value: Scalar) -> Self {
        Self { constant: mask, linear: value, quadratic: Scalar::ZERO }
    }

    /// The challenge c itself.
    pub fn challenge() -> Self {
        Self::response(Scalar::ZERO, Scalar::ONE)
    }
}

impl Response for Polynomial {
    fn zero() -> Self {
        Self::response(Scalar::ZERO, Scalar::ZERO)
    }

    fn add(&mut self, other: &Self) {
        self.constant += other.constant;
        self.linear += other.linear;
        self.quadratic += other.quadratic;
    }

    fn subtract(&mut self, other: &Self) {
        self.constant -= other.constant;
        self.linear -= other.linear;
        self.quadratic -= other.quadratic;
    }

    fn scale(&mut self, factor: &Scalar) {
        self.constant *= factor;
        self.linear *= factor;
        self.quadratic *= factor;
    }

    fn product(&self, other: &Self) -> Self {
        Self {
            constant: self.constant * other.constant,
            linear: self.constant * other.linear + self.linear * other.constant,
            quadratic: self.linear * other.linear,
        }
    }

    fn dot<'a>(pairs: impl Iterator<Item = (&'a Self, &'a Scalar)> + Clone) -> Self {
        let constant = dot(pairs.clone().map(|(response, factor)| (&response.constant, factor)));
        let linear = dot(pairs.map(|(response, factor)| (&response.linear, factor)));
        Self::response(constant, linear)
    }
}

/// Σ a·b, reduced once for many products and not once for each: most of what a large set costs.
///
/// Takes time that depends on the number of products alone.
fn dot<'a>(pairs: impl Iterator<Item = (&'a Scalar, &'a Scalar)>) -> Scalar {
    /// So many products of numbers below 2^253 have a sum below 2^512.
    const BEFORE_REDUCTION: usize = 64;
    let mut total = Scalar::ZERO;
    let mut sum = [0u64; 8];
    let mut products = 0;
    for (a, b) in pairs {
        add_product(&mut sum, &limbs(a), &limbs(b));
        products += 1;
        if products == BEFORE_REDUCTION {
            total += reduced(&mut sum);
            products = 0;
        }
    }
    total + reduced(&mut sum)
}

/// sum + a·b, little-endian. The caller sees to it that it fits.
fn add_product(sum: &mut [u64; 8], a: &[u64; 4], b: &[u64; 4]) {
    for (i, a) in a.iter().enumerate() {
        let mut carry = 0;
        for (j, b) in b.iter().enumerate() {
            let limb = u128::from(*a) * u128::from(*b) + u128::from(sum[i + j]) + u128::from(carry);
            sum[i + j] = limb as u64;
            carry = (limb >> 64) as u64;
        }
        for limb in &mut sum[i + 4..] {
            let (next, overflow) = limb.overflowing_add(carry);
            *limb = next;
            carry = u64::from(overflow);
        }
    }
}

fn limbs(scalar: &Scalar) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(scalar.as_bytes().as_chunks().0) {
        *limb = u64::from_le_bytes(*bytes);
    }
    limbs
}

/// The sum modulo the group order. Leaves 0 behind: it may have been secret.
fn reduced(sum: &mut [u64; 8]) -> Scalar {
    let mut bytes = Zeroizing::new([0u8; 64]);
    for (bytes, limb) in bytes.as_chunks_mut().0.iter_mut().zip(sum.iter()) {
        *bytes = limb.to_le_bytes();
    }
    sum.zeroize();
    Scalar::from_bytes_mod_order_wide(&bytes)
}

impl Linear {
    /// The expression's response, given the challenge and the responses it refers to.
    pub(super) fn evaluate<R: Response>(
        &self,
        challenge: &R,
        hidden: &[R],
        disclosed: &[Scalar],
        digits: &[R],
    ) -> R {
        let mut constant = self.constant;
        for (source, coefficient) in &self.terms {
            if let Source::Disclosed(i) = source {
                constant += disclosed[*i] * coefficient;
            }
        }
        let terms = self.terms.iter().filter_map(|(source, coefficient)| match *source {
            Source::Hidden(i) => Some((&hidden[i], coefficient)),
            Source::Disclosed(_) => None,
            Source::Digit(k) => Some((&digits[k], coefficient)),
        });
        R::dot(std::iter::once((challenge, &constant)).chain(terms))
    }
}

impl Relation {
    /// Σ y^(k+1)·f_k·(c − f_k) + Σ y^(n+1+p)·residual_p over all n digits and all residuals.
    ///
    /// `hidden` and `free` are the responses of the hidden values and of the committed digits, `disclosed` the
    /// disclosed scalars. In a true statement the c² coefficient is 0 for every y; in a false one it is a non-zero
    /// polynomial in y whose coefficients were fixed before y was drawn.
    ///
    /// # Panics
    /// If there are fewer responses than [`Relation::hidden`], [`Relation::disclosed`] and
    /// [`Relation::free_digits`] say.
    pub fn evaluate<R: Response>(
        &self,
        challenge: &R,
        hidden: &[R],
        disclosed: &[Scalar],
        free: &[R],
        y: &Scalar,
    ) -> R {
        assert!(
            hidden.len() == self.plan.hidden
                && disclosed.len() == self.plan.disclosed.len()
                && free.len() == self.plan.free_digits
        );
        let digits = self.digit_responses(challenge, hidden, disclosed, free);
        // By Horner's rule, from the last to the first: the powers of y cost nothing of their own.
        let mut sum = R::zero();
        for residual in self.plan.residuals.iter().rev() {
            sum.add(&residual.evaluate(challenge, hidden, disclosed, &digits));
            sum.scale(y);
        }
        for digit in digits.iter().rev() {
            let mut complement = challenge.clone();
            complement.subtract(digit);
            sum.add(&digit.product(&complement));
            sum.scale(y);
        }
        sum
    }

    /// Σ y^(k+1)·value_k over all ranges of the compact profile: linear in the challenge, like each value.
    ///
    /// # Panics
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_ranges<R: Response>(
        &self,
        challenge: &R,
        hidden: &[R],
        disclosed: &[Scalar],
        free: &[R],
        y: &Scalar,
    ) -> R {
        let digits = self.digit_responses(challenge, hidden, disclosed, free);
        let mut sum = R::zero();
        for range in self.plan.ranges.iter().rev() {
            sum.add(&range.value.evaluate(challenge, hidden, disclosed, &digits));
            sum.scale(y);
        }
        sum
    }

    /// The responses of all digits: the free ones as given, the derived ones computed.
    pub(super) fn digit_responses<R: Response>(
        &self,
        challenge: &R,
        hidden: &[R],
        disclosed: &[Scalar],
        free: &[R],
    ) -> Vec<R> {
        let mut digits = Vec::with_capacity(self.plan.digits.len());
        for digit in &self.plan.digits {
            let response = match digit {
                Digit::Free(index) => free[*index].clone(),
                Digit::Derived(linear) => linear.evaluate(challenge, hidden, disclosed, &digits),
            };
            digits.push(response);
        }
        digits
    }
}

impl Residual {
    fn evaluate<R: Response>(&self, challenge: &R, hidden: &[R], disclosed: &[Scalar], digits: &[R]) -> R {
        let factor = |factor: &Factor| match factor {
            Factor::One => challenge.clone(),
            Factor::Digit(k) => digits[*k].clone(),
        };
        match self {
            Self::Zero(linear) => challenge.product(&linear.evaluate(challenge, hidden, disclosed, digits)),
            Self::Member { outer, inner, set, value } => {
                let inner: Vec<R> = inner.iter().map(factor).collect();
                let mut sum = R::zero();
                for (selector, row) in outer.iter().zip(set.chunks_exact(inner.len())) {
                    let selected = R::dot(inner.iter().zip(row));
                    sum.add(&factor(selector).product(&selected));
                }
                let value = value.evaluate(challenge, hidden, disclosed, digits);
                sum.subtract(&challenge.product(&value));
                sum
            }
            Self::Selected { pairs } => {
                let mut sum = R::zero();
                for (left, right) in pairs {
                    sum.add(&factor(left).product(&factor(right)));
                }
                sum.subtract(&challenge.product(challenge));
                sum
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_scalar() -> impl Strategy<Value = Scalar> {
        prop_oneof![
            8 => any::<[u8; 32]>().prop_map(Scalar::from_bytes_mod_order),
            1 => Just(-Scalar::ONE),
            1 => any::<u64>().prop_map(Scalar::from),
            1 => Just(Scalar::ZERO),
        ]
    }

    proptest! {
        #[test]
        fn dot_is_the_sum_of_products(pairs in proptest::collection::vec((any_scalar(), any_scalar()), 0..200)) {
            let expected: Scalar = pairs.iter().map(|(a, b)| a * b).sum();
            prop_assert_eq!(dot(pairs.iter().map(|(a, b)| (a, b))), expected);
        }
    }

    /// The largest numbers there are, on both sides of each reduction.
    #[test]
    fn dot_does_not_overflow() {
        let greatest = -Scalar::ONE;
        for count in [1u64, 2, 63, 64, 65, 127, 128, 129, 4096] {
            let pairs = vec![(greatest, greatest); count as usize];
            assert_eq!(dot(pairs.iter().map(|(a, b)| (a, b))), Scalar::from(count), "{count}");
        }
    }
}
