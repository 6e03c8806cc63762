//! The public generators, independent of any schema, request or issuer.

use std::sync::OnceLock;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::ristretto::RistrettoPoint;

use crate::labels;
use crate::transcript::{TranscriptProtocol, transcript};

/// Generators H: link secret, blinding, handle, and one for each attribute.
pub const H_COUNT: usize = 34;
/// Generators D: the most free digits of one presentation.
pub const D_COUNT: usize = 1024;

/// H_0: the holder's link secret.
pub const H_LINK_SECRET: usize = 0;
/// H_1: the blinding of one credential.
pub const H_BLINDING: usize = 1;
/// H_2: the revocation handle of one credential.
pub const H_HANDLE: usize = 2;
/// H_3 and on: the attributes in schema order.
pub const H_ATTRIBUTES: usize = 3;

/// Position of G in [`Generators::all`].
pub const INDEX_G: usize = 0;
/// Position of P in [`Generators::all`].
pub const INDEX_P: usize = 1;
/// Position of Q in [`Generators::all`].
pub const INDEX_Q: usize = 2;
/// Position of K in [`Generators::all`].
pub const INDEX_K: usize = 3;
/// Position of M in [`Generators::all`].
pub const INDEX_M: usize = 4;
/// Position of H_0 in [`Generators::all`].
pub const INDEX_H: usize = 5;
/// Position of D_0 in [`Generators::all`].
pub const INDEX_D: usize = INDEX_H + H_COUNT;

/// All generators. Nobody knows a linear relation between any of them: G is the basepoint of ristretto255, every
/// other one is hashed to the group from its own name.
pub struct Generators {
    all: Vec<RistrettoPoint>,
}

/// The one set of generators there is.
pub fn generators() -> &'static Generators {
    static GENERATORS: OnceLock<Generators> = OnceLock::new();
    GENERATORS.get_or_init(Generators::derive)
}

impl Generators {
    fn derive() -> Self {
        let mut all = vec![RISTRETTO_BASEPOINT_POINT];
        all.extend([b"P", b"Q", b"K", b"M"].map(|name| hash_to_group(name, 0)));
        all.extend((0u32..H_COUNT as u32).map(|i| hash_to_group(b"H", i)));
        all.extend((0u32..D_COUNT as u32).map(|k| hash_to_group(b"D", k)));
        Self { all }
    }

    /// Every generator, in the order of the `INDEX_*` constants.
    pub fn all(&self) -> &[RistrettoPoint] {
        &self.all
    }

    /// The basepoint: of issuer keys, and of the values of range proofs.
    pub fn g(&self) -> &RistrettoPoint {
        &self.all[INDEX_G]
    }

    /// Constant term of the credential equation.
    pub fn p(&self) -> &RistrettoPoint {
        &self.all[INDEX_P]
    }

    /// Domain term of the credential equation.
    pub fn q(&self) -> &RistrettoPoint {
        &self.all[INDEX_Q]
    }

    /// Blinding of the digit commitments, and of the values of range proofs.
    pub fn k(&self) -> &RistrettoPoint {
        &self.all[INDEX_K]
    }

    /// The combined residual.
    pub fn m(&self) -> &RistrettoPoint {
        &self.all[INDEX_M]
    }

    /// H_0 … H_33.
    pub fn h(&self) -> &[RistrettoPoint] {
        &self.all[INDEX_H..INDEX_D]
    }

    /// D_0 … D_1023.
    pub fn d(&self) -> &[RistrettoPoint] {
        &self.all[INDEX_D..]
    }
}

fn hash_to_group(name: &'static [u8], index: u32) -> RistrettoPoint {
    let mut hash = transcript(labels::GENERATOR);
    hash.append_message(b"suite", labels::SUITE);
    hash.append_message(b"name", name);
    hash.append_message(b"index", &index.to_le_bytes());
    hash.challenge_point(b"point")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Recorded bytes: they must never change within a version.
    #[test]
    fn pinned() {
        let generators = generators();
        let encode = |point: &RistrettoPoint| hex::encode(point.compress().as_bytes());
        let mut digest = transcript(b"generator pin");
        for point in generators.all() {
            digest.append_point(b"point", &point.compress());
        }
        assert_eq!(
            encode(generators.p()),
            "90bb789de67d09fc92f29a0c0a9b0d550aa9a3fe7bac06820bccb751ce786c3b"
        );
        assert_eq!(
            encode(&generators.h()[0]),
            "ae2cbd720854cf28b74648b1327aee69bae0a80a5a84cb46356672eeb8a9da70"
        );
        assert_eq!(
            encode(&generators.d()[1023]),
            "5c30ef83fc5abb9c0661f6e61ede81cb194d540807cc95dfcf622abf59c4a246"
        );
        assert_eq!(
            hex::encode(digest.challenge_array(b"digest")),
            "abc267d62f3d6fcbe2758c5d6ae79bd097bfd22d72d4df5dab2ea249b6ee3f25"
        );
    }

    #[test]
    fn all_different() {
        let distinct: HashSet<_> =
            generators().all().iter().map(|point| point.compress().to_bytes()).collect();
        assert_eq!(distinct.len(), INDEX_D + D_COUNT);
        assert!(!distinct.contains(&[0u8; 32]));
    }
}
