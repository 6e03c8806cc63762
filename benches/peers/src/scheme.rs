//! What every row of the comparison does, and the checks that it does it.

use std::panic::{self, AssertUnwindSafe};

use glimpse_circuits::date::Date;

/// Attributes of the credential, all of them hidden.
pub const ATTRIBUTES: usize = 12;
/// Which attribute is the birth date.
pub const BIRTH: usize = 2;
/// What a presentation is for: the verifier's fresh bytes, the same in every row.
pub const NONCE: &[u8; 32] = b"glimpse-peers: one request, 32 B";

/// A day as the number that is certified: days of the calendar.
pub fn day(text: &str) -> u32 {
    text.parse::<Date>().map(Date::days).unwrap_or_else(|_| panic!("{text} is no day"))
}

/// The days of the statement: born in `first..=last`.
#[derive(Clone, Copy)]
pub struct Days {
    /// The earliest day there is.
    pub first: u32,
    /// The latest birth date of the age that is asked for.
    pub last: u32,
}

impl Days {
    /// At least 18 on 2026-11-22, the day of Glimpse's fixtures.
    pub fn over_18() -> Self {
        Self { first: day("1900-01-01"), last: day("2008-11-22") }
    }

    /// At least 10 on that day.
    pub fn over_10() -> Self {
        Self { first: day("1900-01-01"), last: day("2016-11-22") }
    }
}

/// Birth date of the holder who may.
pub fn adult() -> u32 {
    day("1990-05-17")
}

/// Birth date of somebody who is 14.
pub fn minor() -> u32 {
    day("2012-05-17")
}

/// Who can verify.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// Anybody who has the issuer's public key.
    Public,
    /// Who has the issuer's secret key.
    Keyed,
}

/// What a row is about.
#[derive(Clone)]
pub struct About {
    /// Its name in tables and in JSON.
    pub name: &'static str,
    /// The crate whose version is shown.
    pub package: &'static str,
    /// What is proven.
    pub statement: &'static str,
    /// Who can verify.
    pub verification: Verification,
    /// The curve, or the group on it.
    pub curve: &'static str,
    /// Keys and parameters, compressed, that the prover must have fetched; not what hashing a label gives.
    pub setup_prover_bytes: usize,
    /// The same for the verifier, with its secret key if it has one.
    pub setup_verifier_bytes: usize,
}

/// Something to measure: one statement, one prover, one verifier.
pub trait Scheme {
    /// What it is.
    fn about(&self) -> &About;

    /// Makes ready what a wallet has before it is asked; not timed.
    fn stock(&self) {}

    /// Presents, from the credential in memory to bytes.
    fn prove(&self) -> Vec<u8>;

    /// Checks a presentation, from bytes to the answer.
    fn verify(&self, proof: &[u8]) -> bool;

    /// Presentations of what is not true, which must be refused. `None`: the prover already refused to make it.
    fn false_proofs(&self) -> Vec<(&'static str, Option<Vec<u8>>)>;

    /// `size` presentations and how they are checked at once, if the library has a batch.
    fn batch(&self, _size: usize) -> Option<Batch<'_>> {
        None
    }
}

/// How a batch is checked: all or nothing.
pub type VerifyBatch<'a> = Box<dyn Fn(&[Vec<u8>]) -> bool + 'a>;

/// Presentations to check at once.
pub struct Batch<'a> {
    /// Different presentations, all valid.
    pub proofs: Vec<Vec<u8>>,
    /// Are all of them valid?
    pub verify: VerifyBatch<'a>,
}

/// Panics unless valid presentations are accepted, and false or altered ones refused.
pub fn check(scheme: &dyn Scheme) {
    let name = scheme.about().name;
    scheme.stock();
    let proof = scheme.prove();
    assert!(scheme.verify(&proof), "{name}: a valid proof must be accepted");
    scheme.stock();
    assert!(scheme.prove() != proof, "{name}: proofs are randomised");

    let lies = scheme.false_proofs();
    assert!(lies.iter().any(|(_, proof)| proof.is_some()), "{name}: no false proof to refuse");
    for (lie, proof) in lies {
        assert!(proof.is_none_or(|proof| refused(scheme, &proof)), "{name}: {lie} must be refused");
    }
    // Spread over the whole proof, so that each of its parts counts.
    for (at, altered) in altered(&proof, 24) {
        assert!(refused(scheme, &altered), "{name}: accepted with byte {at} of {} altered", proof.len());
    }
}

/// A panic is a refusal too, if a poor one: it says so.
fn refused(scheme: &dyn Scheme, proof: &[u8]) -> bool {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|panic| eprintln!("refused by a panic: {panic}")));
    let accepted = panic::catch_unwind(AssertUnwindSafe(|| scheme.verify(proof)));
    panic::set_hook(hook);
    !accepted.unwrap_or(false)
}

/// The same for a batch: one altered presentation spoils it.
pub fn check_batch(name: &str, batch: &Batch<'_>) {
    assert!((batch.verify)(&batch.proofs), "{name}: a valid batch must be accepted");
    let mut proofs = batch.proofs.clone();
    let last = proofs.len() - 1;
    proofs[last] = altered(&proofs[last], 2).swap_remove(1).1;
    assert!(!(batch.verify)(&proofs), "{name}: a batch with an altered proof must be refused");
}

/// Copies of a proof with one bit flipped, at `count` places from the first byte to the last but one.
fn altered(proof: &[u8], count: usize) -> Vec<(usize, Vec<u8>)> {
    let flip = |i: usize| {
        let at = i * (proof.len() - 1) / count;
        let mut altered = proof.to_vec();
        altered[at] ^= 1;
        (at, altered)
    };
    (0..count).map(flip).collect()
}
