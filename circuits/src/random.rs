//! How secret scalars are drawn. The randomness is the caller's: nothing here has a source of its own.

use curve25519_dalek::scalar::Scalar;
use merlin::TranscriptRng;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::transcript::transcript;

/// A generator over what it is used for, the secrets involved and the caller's generator.
///
/// A nonce or mask that repeats under two challenges gives away its secret, and so would a caller's generator that
/// repeats: a stuck one, or that of a virtual machine that was restored. This one repeats only if everything repeats
/// that it was made from, and is no weaker than the caller's.
pub fn hedged(
    label: &'static [u8],
    public: &[&[u8]],
    secrets: &[&Scalar],
    rng: &mut impl CryptoRngCore,
) -> TranscriptRng {
    let mut hash = transcript(label);
    for part in public {
        hash.append_message(b"for", part);
    }
    let mut builder = hash.build_rng();
    for secret in secrets {
        builder = builder.rekey_with_witness_bytes(b"secret", secret.as_bytes());
    }
    builder.finalize(rng)
}

/// A uniform scalar from 64 random bytes.
pub fn random_scalar(rng: &mut impl CryptoRngCore) -> Scalar {
    let mut bytes = Zeroizing::new([0u8; 64]);
    rng.fill_bytes(&mut *bytes);
    Scalar::from_bytes_mod_order_wide(&bytes)
}
