//! Two ways to say whether a presentation holds, and a third.

use glimpse_circuits::presentation::{Presentation, in_profile_of};
use glimpse_fixtures::NOW;
use glimpse_fixtures::mutant::{Mutant, Stock};
use glimpse_verifier::{Item, Verdict, VerificationFailure};

use crate::bytes::Bytes;
use crate::scene::{stock, verifier};
use crate::seeds::Seeds;

/// Most presentations of a batch.
const MOST: usize = 9;
/// Most bytes changed in one.
const CHANGES: usize = 8;

/// A batch of mutants, of sound presentations with some bytes set, and of presentations for other requests.
pub(crate) fn batches(input: &[u8]) {
    let mut input = Bytes::new(input);
    let count = 1 + input.below(MOST);
    let mutants: Vec<Mutant<'_>> = (0..count).map(|_| draw(&mut input, stock())).collect();
    let items: Vec<Item<'_>> = mutants.iter().map(Mutant::item).collect();
    let together = verifier().verify_batch(&items, NOW).unwrap();
    assert_eq!(together.len(), mutants.len());
    for (mutant, said) in mutants.iter().zip(&together) {
        let alone = verifier().verify_compiled(&mutant.asked.relation, &mutant.bytes, NOW);
        assert!(same(&alone, said), "{}: alone {alone:?}, in a batch {said:?}", mutant.kind.name());
        assert_eq!(said.is_ok(), mutant.is_answer(), "{}: {said:?}", mutant.kind.name());
        let relation = in_profile_of(&mutant.asked.relation, &mutant.bytes);
        assert_eq!(
            stock().broken(mutant).is_some_and(|broken| broken.is_empty()),
            said.is_ok(),
            "the reference disagrees on: {}",
            mutant.kind.name()
        );
        assert!(said.is_err() || Presentation::from_bytes(&relation, &mutant.bytes).is_ok());
    }
}

fn draw<'a>(input: &mut Bytes<'_>, stock: &'a Stock) -> Mutant<'a> {
    let which = input.byte();
    let mut mutant = stock.mutant(which.into(), u64::from(u16::from_le_bytes(input.array())));
    if which.is_multiple_of(2) {
        return mutant;
    }
    let asked = input.pick(&stock.asked);
    let mut bytes = input.pick(&asked.answers).bytes.clone();
    for _ in 0..input.below(CHANGES + 1) {
        let at = input.below(bytes.len());
        bytes[at] = input.byte();
    }
    mutant.asked = asked;
    mutant.bytes = bytes;
    mutant
}

fn same(one: &Result<Verdict, VerificationFailure>, other: &Result<Verdict, VerificationFailure>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            let shown = |verdict: &Verdict| -> Vec<_> {
                verdict.disclosed.iter().map(|d| (d.of.clone(), d.also.clone(), d.value.clone())).collect()
            };
            one.request == other.request && shown(one) == shown(other) && one.statements == other.statements
        }
        (Err(one), Err(other)) => one == other,
        _ => false,
    }
}

/// Some batches of every kind of mutant.
pub(crate) fn seeds(seeds: &mut Seeds) {
    for number in 0..64u16 {
        let mut bytes = vec![(number % 9) as u8];
        for item in 0..9u16 {
            let [low, high] = (number * 9 + item).to_le_bytes();
            bytes.extend([(item % 4) as u8, low, high, item as u8, 0, (item % 3) as u8, low, 1, high]);
        }
        seeds.add(bytes);
    }
}
