//! The relation's expressions, evaluated once over numbers (the verifier's responses) and once over polynomials in
//! the challenge (the prover's masks and values): the same code, so the two cannot drift apart.

use curve25519_dalek::scalar::Scalar;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Digit, Factor, Linear, Relation, Residual, Source};

/// What a response can be: a number, or a polynomial in the challenge of degree at most 2.
pub trait Response: Clone {
    /// 0.
    fn zero() -> Self;
    /// self + other·factor.
    fn add_scaled(&mut self, other: &Self, factor: &Scalar);
    /// self + other.
    fn add(&mut self, other: &Self);
    /// self − other.
    fn subtract(&mut self, other: &Self);
    /// self·factor.
    fn scale(&mut self, factor: &Scalar);
    /// self·other. Both are linear in the challenge.
    fn product(&self, other: &Self) -> Self;
}

impl Response for Scalar {
    fn zero() -> Self {
        Scalar::ZERO
    }

    fn add_scaled(&mut self, other: &Self, factor: &Scalar) {
        *self += other * factor;
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

    fn add_scaled(&mut self, other: &Self, factor: &Scalar) {
        self.constant += other.constant * factor;
        self.linear += other.linear * factor;
        self.quadratic += other.quadratic * factor;
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
        let mut sum = R::zero();
        sum.add_scaled(challenge, &self.constant);
        for (source, coefficient) in &self.terms {
            match *source {
                Source::Hidden(i) => sum.add_scaled(&hidden[i], coefficient),
                Source::Disclosed(i) => sum.add_scaled(challenge, &(disclosed[i] * coefficient)),
                Source::Digit(k) => sum.add_scaled(&digits[k], coefficient),
            }
        }
        sum
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
                    let mut selected = R::zero();
                    for (element, response) in row.iter().zip(&inner) {
                        selected.add_scaled(response, element);
                    }
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
