//! The verifier folds the Bulletproof's equation into its own; the `bulletproofs` crate has a verifier too. They must say
//! the same of every proof, of every number and size of values.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::generators::generators;
use glimpse_circuits::range_proof::{RangeProof, bits, slots};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::NOW;
use glimpse_fixtures::cheat::{Cheat, Fork, RangeChange};
use glimpse_fixtures::open::{Shown, scalar};
use glimpse_fixtures::range_cheat::RangeCheat;
use glimpse_fixtures::reference::broken;
use glimpse_fixtures::schemas::{attribute, numbered, schema};
use glimpse_fixtures::stage::Stage;
use glimpse_fixtures::{Wallet, rng};
use glimpse_prover::{Holding, Showing, present};
use glimpse_verifier::Verifier;
use serde_json::{Value as Json, json};

/// The greatest value of every attribute, and by how much those of the licence are less.
const MAX: u64 = (1 << 63) - 1;
const LESS: u64 = 7;

/// Sixteen numbers.
fn numbers() -> Arc<Schema> {
    let kind = json!({"uint": {"min": "0", "max": MAX.to_string()}});
    let names = numbered("n", 16);
    schema(
        "test.numbers",
        "none",
        names.iter().map(|n| attribute(n, kind.clone(), true, "disclose")).collect(),
    )
}

/// A range of this width for each, with two ends or with one.
fn statements(widths: &[(u64, bool)]) -> Json {
    let all: Vec<Json> = widths
        .iter()
        .enumerate()
        .map(|(i, (width, both_ends))| {
            let hi = if *both_ends { MAX - 1 } else { MAX };
            let of = json!([{"attribute": format!("l.n{i}"), "coefficient": "1"}]);
            json!({"range": {"of": of, "lo": (hi - width).to_string(), "hi": hi.to_string()}})
        })
        .collect();
    json!(all)
}

/// The width of each range, and whether it has two ends.
type Widths = Vec<(u64, bool)>;

/// Every number of slots with every number of bits, at the edges of both.
fn shapes() -> Vec<(Widths, usize, usize)> {
    let mut shapes = Vec::new();
    for (width, bits) in
        [(16, 8), (255, 8), (256, 16), (65_535, 16), (65_536, 32), (1 << 32, 64), (MAX - 1, 64)]
    {
        shapes.push((vec![(width, false)], 1, bits));
        let width = width.min(MAX - 2);
        shapes.push((vec![(width, true)], 2, bits));
        shapes.push((vec![(width, true), (20, false)], 4, bits));
    }
    for (width, bits) in [(200, 8), (4_000, 16)] {
        shapes.push((vec![(width, false); 3], 4, bits));
        shapes.push((vec![(width, true); 3], 8, bits));
        shapes.push((vec![(20, false), (width, true), (30, true), (40, true), (50, true)], 16, bits));
    }
    shapes.push((vec![(99, true); 8], 16, 8));
    shapes.push((vec![(99, false); 16], 16, 8));
    shapes.push((vec![(70_000, false); 5], 8, 32));
    shapes.push(([(MAX - 2, true); 8].to_vec(), 16, 64));
    shapes
}

struct Shape {
    relation: Relation,
    shown: Shown,
    verifier: Verifier,
}

impl Shape {
    fn new(widths: &[(u64, bool)], (slots_wanted, bits_wanted): (usize, usize)) -> Self {
        let schema = numbers();
        let mut stage = Stage::new(1, std::slice::from_ref(&schema));
        let credential = stage.obtain(&schema, vec![Value::Uint(MAX - LESS); 16]);
        let relation = stage.compact(&[("l", &schema)], statements(widths), "keyed");
        assert_eq!((slots(relation.ranges()), bits(relation.ranges())), (slots_wanted, bits_wanted));
        assert!(
            relation.ranges().iter().zip(widths).all(|(r, (w, both))| r.width == *w && r.both_ends == *both)
        );
        let shown = stage.show(&relation, &[&credential]).remove(0);
        let verifier = stage.world.keyed_verifier();
        Self { relation, shown, verifier }
    }

    fn cheat(&self) -> Cheat<'_> {
        let mut cheat = Cheat::new(&self.relation, vec![self.shown.clone()]);
        cheat.range_blindings = Some((1..=cheat.ranges.len() as u64).map(Scalar::from).collect());
        cheat
    }

    /// Whether both accept it. Nothing but the range proof may be wrong.
    fn agreed(&self, cheat: Cheat<'_>, what: &str) -> bool {
        // Equal masks each time: a Bulletproof of one call fits into the next.
        let presentation = cheat.prove(&mut rng(77));
        let said = self.verifier.verify_compiled(&self.relation, &presentation.to_bytes(), NOW).is_ok();
        match &broken(&self.relation, &presentation)[..] {
            [] => assert!(said, "only the crate accepts {what}"),
            [ranges] if ranges == "ranges" => assert!(!said, "the crate refuses {what}"),
            other => panic!("{other:?}"),
        }
        said
    }
}

/// Every scalar and every point of a proof, changed.
fn changes(proof: &RangeProof) -> Vec<(String, RangeChange)> {
    let mut all: Vec<(String, RangeChange)> = Vec::new();
    let scalars: [fn(&mut RangeProof) -> &mut Scalar; 5] =
        [|p| &mut p.t_x, |p| &mut p.t_x_blinding, |p| &mut p.e_blinding, |p| &mut p.left, |p| &mut p.right];
    for (i, of) in scalars.into_iter().enumerate() {
        all.push((format!("scalar {i} + 1"), Box::new(move |p| *of(p) += Scalar::ONE)));
        all.push((format!("scalar {i} negated"), Box::new(move |p| *of(p) = -*of(p))));
        all.push((format!("scalar {i} = 0"), Box::new(move |p| *of(p) = Scalar::ZERO)));
    }
    for i in 0..4 + 2 * proof.rounds.len() {
        let of = move |p: &mut RangeProof, change: &dyn Fn(RistrettoPoint) -> RistrettoPoint| {
            let point = match i {
                0 => &mut p.a,
                1 => &mut p.s,
                2 => &mut p.t_1,
                3 => &mut p.t_2,
                i if i % 2 == 0 => &mut p.rounds[i / 2 - 2].0,
                i => &mut p.rounds[i / 2 - 2].1,
            };
            *point = change(point.point).into();
        };
        all.push((format!("point {i} + G"), Box::new(move |p| of(p, &|point| point + generators().g()))));
        all.push((format!("point {i} negated"), Box::new(move |p| of(p, &|point| -point))));
    }
    all.push(("a and b swapped".into(), Box::new(|p| std::mem::swap(&mut p.left, &mut p.right))));
    all.push(("A and S swapped".into(), Box::new(|p| std::mem::swap(&mut p.a, &mut p.s))));
    all.push(("T_1 and T_2 swapped".into(), Box::new(|p| std::mem::swap(&mut p.t_1, &mut p.t_2))));
    all.push(("rounds reversed".into(), Box::new(|p| p.rounds.reverse())));
    all.push((
        "L and R swapped".into(),
        Box::new(|p| {
            let (l, r) = p.rounds[0];
            p.rounds[0] = (r, l);
        }),
    ));
    all
}

/// Proofs of the shape that both accept, and the same with every part changed.
#[test]
fn changed_proofs_of_every_shape() {
    for (widths, slots, bits) in shapes() {
        let shape = Shape::new(&widths, (slots, bits));
        assert!(shape.agreed(shape.cheat(), "an honest proof"), "{slots} of {bits} bits");
        let honest = shape.cheat().prove(&mut rng(77)).digits.unwrap().ranges.unwrap().proof;
        let size = slots * bits;
        for (i, (what, change)) in changes(&honest).into_iter().enumerate() {
            if i % (size / 8).clamp(1, 9) != (slots + bits) % (size / 8).clamp(1, 9) {
                continue;
            }
            let mut cheat = shape.cheat();
            cheat.fork = Fork::Replay(Box::new(honest.clone()));
            cheat.range_change = Some(change);
            assert!(!shape.agreed(cheat, &what), "{what}: {slots} of {bits} bits");
        }
        let mut cheat = shape.cheat();
        cheat.fork = Fork::Replay(Box::new(honest));
        assert!(shape.agreed(cheat, "the proof unchanged"));
    }
}

/// Proofs made for a lie, not changed afterwards: every bit of every slot, and random openings.
#[test]
fn lying_proofs() {
    for (widths, slots, bits) in
        [(vec![(99, true)], 2, 8), (vec![(200, false), (20, true)], 4, 8), (vec![(999, false)], 1, 16)]
    {
        let shape = Shape::new(&widths, (slots, bits));
        let mut random = rng(5);
        for place in 0..slots * bits {
            for kind in 0..3 {
                let error = scalar(&mut random);
                let mut cheat = shape.cheat();
                cheat.range_lie = Some(Box::new(move |proof: &mut RangeCheat| match kind {
                    0 => {
                        proof.left[place] = Scalar::ONE - proof.left[place];
                        proof.right[place] = proof.left[place] - Scalar::ONE;
                    }
                    1 => proof.left[place] += error,
                    _ => proof.right[place] += error,
                }));
                assert!(!shape.agreed(cheat, &format!("lie {kind} at {place}")));
            }
        }
    }
}

/// What the wallet makes, with the crate, is accepted by both.
#[test]
fn the_wallets_proofs_of_every_shape() {
    let schema = numbers();
    for (widths, ..) in shapes() {
        let mut stage = Stage::new(2, std::slice::from_ref(&schema));
        let wallet: Wallet = stage.world.wallet();
        let credential = stage.world.obtain(&wallet, &schema, vec![Value::Uint(MAX - LESS); 16]);
        let relation = stage.compact(&[("l", &schema)], statements(&widths), "keyed");
        let holding = Holding::new(&credential, Showing::Keyed);
        let presentation = present(&relation, &wallet.secret, vec![holding], &mut rng(3)).unwrap();
        assert_eq!(broken(&relation, &presentation), Vec::<String>::new());
        let verifier = stage.world.keyed_verifier();
        verifier.verify_compiled(&relation, &presentation.to_bytes(), NOW).unwrap();
    }
}
