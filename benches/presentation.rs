//! Proving and verifying one presentation, beside a bare 16-bit range proof of the `bulletproofs` crate.
#![allow(missing_docs, clippy::unwrap_used)]

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use glimpse_benches::{Case, age_and_region, age_over_18};
use glimpse_circuits::request::CheckKind;
use glimpse_fixtures::NOW;
use glimpse_prover::{Holding, Showing, present};
use merlin::Transcript;

fn presentations(c: &mut Criterion) {
    for (name, statements) in
        [("age_over_18", age_over_18()), ("age_over_18_region_in_100", age_and_region(100))]
    {
        let mut case = Case::driving_licence(statements);
        let bytes = case.present();
        eprintln!("{name}: {} bytes", bytes.len());
        let Case { world, wallet, credential, request, relation } = &mut case;
        assert_eq!(relation.credentials()[0].check, CheckKind::Token);

        // The token was fetched earlier: a wallet has a stock of them.
        let mut tokens: Vec<_> = (0..64).map(|_| world.token(credential).to_bytes()).collect();
        let mut rng = glimpse_fixtures::rng(9);
        c.bench_function(&format!("prove/{name}"), |b| {
            b.iter_batched(
                || {
                    let bytes = tokens.pop().unwrap_or_else(|| world.token(credential).to_bytes());
                    glimpse_prover::Token::from_bytes(&bytes).unwrap()
                },
                |token| {
                    let holding = Holding { credential, showing: Showing::Token(token) };
                    present(relation, &wallet.secret, vec![holding], &mut rng).unwrap().to_bytes()
                },
                BatchSize::SmallInput,
            );
        });

        let verifier = world.verifier();
        verifier.verify(request, &bytes, NOW).unwrap();
        // From the request and bytes to the verdict: the relation is compiled anew each time.
        c.bench_function(&format!("verify/{name}"), |b| {
            b.iter(|| verifier.verify(request, &bytes, NOW).unwrap())
        });
        c.bench_function(&format!("verify_compiled/{name}"), |b| {
            b.iter(|| verifier.verify_compiled(relation, &bytes, NOW).unwrap());
        });
    }
}

fn baseline(c: &mut Criterion) {
    let (pedersen, gens) = (PedersenGens::default(), BulletproofGens::new(16, 1));
    let blinding = Default::default();
    let prove =
        || RangeProof::prove_single(&gens, &pedersen, &mut Transcript::new(b"bench"), 39_000, &blinding, 16);
    c.bench_function("prove/bulletproofs_16", |b| b.iter(|| prove().unwrap()));
    let (proof, commitment) = prove().unwrap();
    // As a relying party receives it: bytes.
    let (proof, commitment) = (proof.to_bytes(), commitment);
    c.bench_function("verify/bulletproofs_16", |b| {
        b.iter(|| {
            let proof = RangeProof::from_bytes(&proof).unwrap();
            proof.verify_single(&gens, &pedersen, &mut Transcript::new(b"bench"), &commitment, 16).unwrap();
        });
    });
}

criterion_group!(benches, presentations, baseline);
criterion_main!(benches);
