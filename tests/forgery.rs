//! Credentials that are not the prover's, not of this schema, not of one holder, or not credentials at all.
//!
//! attacks.md, Soundness 6 and 7, and 12 for a single presentation: errors of two equations that cancel.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::{DecodeError, EncodedPoint};
use glimpse_circuits::generators::generators;
use glimpse_circuits::issuance::credential_point;
use glimpse_circuits::presentation::{Presentation, TokenProof};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::token::token_challenge;
use glimpse_fixtures::NOW;
use glimpse_fixtures::cheat::Cheat;
use glimpse_fixtures::open::{OpenCredential, Shown, fetch_token, point, scalar};
use glimpse_fixtures::schemas::{
    all_types, all_types_values, second, second_values, unbound, unbound_values, unbound_with_a_holder,
};
use glimpse_fixtures::stage::{Setting, Stage};
use glimpse_issuer::IssuerSecretKey;
use glimpse_verifier::Cause;
use serde_json::json;

/// Whatever is shown together must have one holder.
#[test]
fn credentials_of_two_holders_are_refused() {
    let (first, other) = (all_types(), second());
    let mut stage = Stage::new(1, &[first.clone(), other.clone()]);
    let mine = stage.obtain(&first, all_types_values());
    let my_other = stage.obtain(&other, second_values());
    let stranger = scalar(&mut stage.rng);
    let theirs =
        OpenCredential::obtain(&stage.world.issuer, stranger, &other, second_values(), &mut stage.rng);
    for check in ["token", "keyed"] {
        let relation = stage.relation_with(&[("a", &first), ("b", &other)], json!([]), check);
        let shown = stage.show(&relation, &[&mine, &my_other]);
        stage.accepted(Cheat::new(&relation, shown));
        let shown = stage.show(&relation, &[&mine, &theirs]);
        stage.refused(Cheat::new(&relation, shown), &["credential 1"], "the first one's link secret");
        let shown = stage.show(&relation, &[&mine, &theirs]);
        let mut cheat = Cheat::new(&relation, shown);
        cheat.hidden[0] = stranger;
        stage.refused(cheat, &["credential 0"], "the second one's link secret");
        let shown = stage.show(&relation, &[&mine, &theirs]);
        let mut cheat = Cheat::new(&relation, shown);
        cheat.hidden[0] = mine.slots[0] + stranger;
        stage.refused(cheat, &["credential 0", "credential 1"], "a mixed link secret");
    }
}

/// attacks.md 7: two slots may be filled by one credential. A request that wants two people cannot say so.
#[test]
fn two_slots_may_be_filled_by_one_credential() {
    let schema = all_types();
    let mut stage = Stage::new(2, std::slice::from_ref(&schema));
    let mine = stage.obtain(&schema, all_types_values());
    let statements =
        json!([{"equal": {"left": "a.name", "right": "b.name"}}, {"disclose": {"of": "b.city"}}]);
    for check in ["token", "keyed"] {
        let relation = stage.relation_with(&[("a", &schema), ("b", &schema)], statements.clone(), check);
        let shown = stage.show(&relation, &[&mine, &mine]);
        stage.accepted(Cheat::new(&relation, shown));
    }
}

/// attacks.md 4: attributes said to be equal that are not, inside one credential and across two.
#[test]
fn unequal_attributes_are_refused() {
    let (first, other) = (all_types(), second());
    let mut stage = Stage::new(3, &[first.clone(), other.clone()]);
    let a = stage.obtain(&first, all_types_values());
    let mut values = second_values();
    values[1] = Value::Date("1990-05-18".parse().unwrap());
    values[3] = Value::Code("广州".into());
    let b = stage.obtain(&other, values);
    let town = |left: &str, right: &str| json!([{"equal": {"left": left, "right": right}}]);
    for (statements, broken) in [
        (town("a.birth", "b.born"), "credential 1"),
        (town("b.born", "a.birth"), "credential 1"),
        (town("a.city", "b.town"), "credential 1"),
        (town("a.name", "a.serial"), "credential 0"),
        (town("a.birth", "a.stamp"), "credential 0"),
    ] {
        let relation = stage.relation(&[("a", &first), ("b", &other)], statements);
        let shown = stage.show(&relation, &[&a, &b]);
        stage.refused(Cheat::new(&relation, shown), &[broken], "unequal attributes");
    }
    // Disclosed for both, true of one.
    let mut statements = town("a.city", "b.town");
    statements.as_array_mut().unwrap().push(json!({"disclose": {"of": "b.town"}}));
    let relation = stage.relation(&[("a", &first), ("b", &other)], statements);
    for (value, broken) in [("上海", "credential 1"), ("广州", "credential 0")] {
        let shown = stage.show(&relation, &[&a, &b]);
        let mut cheat = Cheat::new(&relation, shown);
        cheat.disclosed[0] = Value::Code(value.into());
        stage.refused(cheat, &[broken], "disclosed for two, true of one");
    }
}

/// attacks.md 7: everything disclosed, with and without a holder, and then something else disclosed.
#[test]
fn everything_disclosed() {
    let free = unbound();
    let mut setting = Setting::of(4, free.clone(), unbound_values());
    let of = |names: &[&str]| -> Vec<_> {
        names.iter().map(|name| json!({"disclose": {"of": format!("l.{name}")}})).collect()
    };
    let statements = json!(of(&["title", "since", "count"]));
    let relation = setting.relation(statements.clone());
    assert_eq!(relation.hidden(), 0);
    let cheat = setting.cheat(&relation);
    setting.stage.accepted(cheat);
    for (i, value) in ["other".into(), "2001-02-04".into(), "43".to_owned()].iter().enumerate() {
        let mut cheat = setting.cheat(&relation);
        cheat.disclosed[i] = free.attributes()[i].kind.parse(value).unwrap();
        setting.stage.refused(cheat, &["credential 0"], value);
    }
    let mut setting = Setting::of(5, unbound_with_a_holder(), unbound_values());
    let relation = setting.relation(statements);
    assert_eq!(relation.hidden(), 3);
    let cheat = setting.cheat(&relation);
    setting.stage.accepted(cheat);
    for i in 0..3 {
        let mut cheat = setting.cheat(&relation);
        cheat.hidden[i] += Scalar::ONE;
        setting.stage.refused(cheat, &["credential 0"], "another link secret, blinding or handle");
    }
}

/// A false response in one equation and its opposite in another: only random weights tell.
#[test]
fn errors_of_two_equations_do_not_cancel() {
    let mut setting = Setting::new(6);
    let h = generators().h();
    let range = json!([{"range": {"of": [{"attribute": "l.amount", "coefficient": "1"}], "lo": "2000000", "hi": "2000900"}}]);
    let relation = setting.relation(range);
    let mut cheat = setting.cheat(&relation);
    cheat.claim(0, "amount", &Value::Uint(2_000_001));
    // The credential equation is off by −c·1,000,001·H, the digit equation by as much the other way.
    cheat.extra_digits = -(h[3 + 3] * Scalar::from(1_000_001u64));
    setting.stage.refused(cheat, &["credential 0", "digits"], "credential against digits");

    let (first, other) = (all_types(), second());
    let mut stage = Stage::new(7, &[first.clone(), other.clone()]);
    let a = stage.obtain(&first, all_types_values());
    let b = stage.obtain(&other, second_values());
    // Masks that cancel between two credential equations.
    let relation = stage.relation_with(&[("a", &first), ("b", &other)], json!([]), "keyed");
    let shown = stage.show(&relation, &[&a, &b]);
    let mut cheat = Cheat::new(&relation, shown);
    let error = point(&mut stage.rng).point;
    cheat.extra_masks = vec![error, -error];
    stage.refused(cheat, &["credential 0", "credential 1"], "two masks that cancel");
}

/// With equal weights the two equations of a token would be one Schnorr proof of log (X + B̄) to the base G + Ā, and
/// that can be had for a pair of one's own making: a forgery of any credential, without the issuer.
#[test]
fn the_two_equations_of_a_token_do_not_merge() {
    let schema = unbound();
    let mut stage = Stage::new(12, std::slice::from_ref(&schema));
    let relation = stage.relation(&[("l", &schema)], json!([{"disclose": {"of": "l.count"}}]));
    let key = relation.credentials()[0].accepted[0].key;
    let values = [Value::Text("nobody".into()), unbound_values()[1].clone(), Value::Uint(9999)];
    let attributes: Vec<Scalar> = values.iter().map(Value::to_scalar).collect();
    let c = credential_point(
        &relation.credentials()[0].accepted[0].domain,
        &RistrettoPoint::default(),
        0,
        &attributes,
    );
    let [rho, epsilon, y, k] = std::array::from_fn(|_| scalar(&mut stage.rng));
    let a_bar = (c - RistrettoPoint::mul_base(&(rho * y)) + key.point() * rho) * (epsilon + rho * y).invert();
    let sum = RistrettoPoint::mul_base(&Scalar::ONE) + a_bar;
    let b_bar = sum * y - key.point();
    let r1 = point(&mut stage.rng);
    let (a_bar, b_bar, r2): (EncodedPoint, EncodedPoint, EncodedPoint) =
        (a_bar.into(), b_bar.into(), (sum * k - r1.point).into());
    let ct = token_challenge(&key, &a_bar.encoded, &b_bar.encoded, &r1.encoded, &r2.encoded);
    let response = k + ct * y;
    assert_eq!(sum * response, r1.point + r2.point + (key.point() + b_bar.point) * ct);
    let mut slots = vec![Scalar::ZERO; 3];
    slots.extend(attributes);
    let token = Some(TokenProof { r1, r2, response });
    let shown = Shown { index: 0, rho, epsilon, a_bar, b_bar, token, slots, values: values.to_vec() };
    stage.refused(Cheat::new(&relation, vec![shown]), &["token 0"], "a token in sum");
}

/// A credential of somebody's own making: Ā and B̄ that satisfy the credential equation, whatever it says.
fn made_up(relation: &Relation, values: &[Value], rho: Scalar, stage: &mut Stage) -> Shown {
    let requested = &relation.credentials()[0];
    let (s, t) = (stage.secret, scalar(&mut stage.rng));
    let attributes: Vec<Scalar> = values.iter().map(Value::to_scalar).collect();
    let h = generators().h();
    let c = credential_point(&requested.accepted[0].domain, &(h[0] * s + h[1] * t), 5, &attributes);
    // ρ·B̄ + ε·Ā = C
    let (epsilon, b_bar) = (scalar(&mut stage.rng), point(&mut stage.rng).point);
    let a_bar = (c - b_bar * rho) * epsilon.invert();
    let mut slots = vec![s, t, Scalar::from(5u8)];
    slots.extend(attributes);
    Shown {
        index: 0,
        rho,
        epsilon,
        a_bar: a_bar.into(),
        b_bar: b_bar.into(),
        token: None,
        slots,
        values: values.to_vec(),
    }
}

/// A token proof that was simulated for a guessed challenge.
fn simulated_token(relation: &Relation, shown: &Shown, stage: &mut Stage) -> TokenProof {
    let key = &relation.credentials()[0].accepted[0].key;
    let (z, guess) = (scalar(&mut stage.rng), scalar(&mut stage.rng));
    TokenProof {
        r1: (RistrettoPoint::mul_base(&z) - key.point() * guess).into(),
        r2: (shown.a_bar.point * z - shown.b_bar.point * guess).into(),
        response: z,
    }
}

/// attacks.md 6 and 7: ρ = 0, and pairs with B̄ ≠ x·Ā: the credential equation can always be satisfied, the check of
/// the pair is what stands between that and a forgery.
#[test]
fn pairs_that_the_issuer_never_made_are_refused() {
    let schema = all_types();
    let mut stage = Stage::new(8, std::slice::from_ref(&schema));
    let x: Scalar = Scalar::from_canonical_bytes(*stage.world.issuer.to_bytes()).unwrap();
    let mine = stage.obtain(&schema, all_types_values());
    let mut forged_values = all_types_values();
    forged_values[3] = Value::Uint(77_777_777);
    let statements = json!([{"disclose": {"of": "l.amount"}}, {"age": {"of": "l.birth", "at_least": "18"}}]);
    let any_rho = scalar(&mut stage.rng);
    for rho in [Scalar::ZERO, Scalar::ONE, any_rho] {
        let relation = stage.relation_with(&[("l", &schema)], statements.clone(), "keyed");
        let shown = made_up(&relation, &forged_values, rho, &mut stage);
        // All public equations hold, and the issuer's own key finds it out.
        stage.refused(Cheat::new(&relation, vec![shown.clone()]), &[], "a made-up pair, keyed");

        let relation = stage.relation(&[("l", &schema)], statements.clone());
        let mut shown = made_up(&relation, &forged_values, rho, &mut stage);
        shown.token = Some(simulated_token(&relation, &shown, &mut stage));
        stage.refused(Cheat::new(&relation, vec![shown.clone()]), &["token 0"], "a simulated token");
        let (_, a_bar, b_bar, token) =
            fetch_token(&mine.a, &mine.signed, &stage.world.issuer, &mut stage.rng);
        shown.token = Some(token.clone());
        stage.refused(Cheat::new(&relation, vec![shown.clone()]), &["token 0"], "a token of another pair");
        (shown.a_bar, shown.b_bar) = (a_bar, b_bar);
        stage.refused(Cheat::new(&relation, vec![shown]), &["credential 0"], "another pair with its token");
    }
    // With x itself even ρ = 0 would be accepted: the pair check is the only thing that refuses it above.
    let relation = stage.relation_with(&[("l", &schema)], statements.clone(), "keyed");
    let mut shown = made_up(&relation, &forged_values, Scalar::ZERO, &mut stage);
    shown.b_bar = (shown.a_bar.point * x).into();
    stage.accepted(Cheat::new(&relation, vec![shown]));
}

/// attacks.md 6: (R_1, R_2, z) fitted to a challenge, for a pair that is false.
#[test]
fn token_parts_cannot_be_fitted_to_their_challenge() {
    let schema = unbound();
    let mut stage = Stage::new(9, std::slice::from_ref(&schema));
    let relation = stage.relation(&[("l", &schema)], json!([]));
    let key = relation.credentials()[0].accepted[0].key;
    let mut shown = made_up(&relation, &unbound_values(), Scalar::ONE, &mut stage);
    let token = simulated_token(&relation, &shown, &mut stage);
    let ct = |shown: &Shown, token: &TokenProof| {
        let [a, b] = [&shown.a_bar.encoded, &shown.b_bar.encoded];
        token_challenge(&key, a, b, &token.r1.encoded, &token.r2.encoded)
    };
    let c = ct(&shown, &token);
    let (z, a, b) = (token.response, shown.a_bar.point, shown.b_bar.point);
    let mut fitted = token.clone();
    fitted.r1 = (RistrettoPoint::mul_base(&z) - key.point() * c).into();
    fitted.r2 = (a * z - b * c).into();
    let half = [
        TokenProof { r1: fitted.r1, ..token.clone() },
        TokenProof { r2: fitted.r2, ..token.clone() },
        fitted,
    ];
    for token in half {
        assert_ne!(ct(&shown, &token), c);
        shown.token = Some(token);
        let presentation = Cheat::new(&relation, vec![shown.clone()]).prove(&mut stage.rng);
        let broken = glimpse_fixtures::reference::broken(&relation, &presentation);
        assert!(broken.contains(&"token 0".to_owned()), "{broken:?}");
        stage.refused_as_sent(
            &relation,
            &presentation,
            &broken.iter().map(String::as_str).collect::<Vec<_>>(),
            "fitted",
        );
    }
}

/// attacks.md 7: Ā = 0, which the issuer's own key would find in order, is no pair.
#[test]
fn the_identity_is_no_pair() {
    let mut setting = Setting::new(10);
    for check in ["token", "keyed"] {
        let relation = setting.stage.relation_with(&[("l", &setting.schema)], json!([]), check);
        let zero = EncodedPoint::from(RistrettoPoint::default());
        let cheat = setting.cheat(&relation);
        let mut presentation = cheat.prove(&mut setting.stage.rng);
        (presentation.commitments[0].a_bar, presentation.commitments[0].b_bar) = (zero, zero);
        let bytes = presentation.to_bytes();
        assert_eq!(Presentation::from_bytes(&relation, &bytes), Err(DecodeError::Identity));
        let verifier = setting.stage.world.keyed_verifier();
        let failure = verifier.verify_compiled(&relation, &bytes, NOW + 1).unwrap_err();
        assert_eq!(failure.cause(), &Cause::Decode(DecodeError::Identity));
    }
}

/// attacks.md 7: d ties a credential to one key and one schema, and with the schema to whether it has a holder.
#[test]
fn credentials_of_another_schema_or_key_are_refused() {
    let schemas = [unbound(), unbound_with_a_holder()];
    let mut stage = Stage::new(11, &schemas);
    for (i, schema) in schemas.iter().enumerate() {
        let credential = stage.obtain(schema, unbound_values());
        for (k, shown_as) in schemas.iter().enumerate() {
            for check in ["token", "keyed"] {
                let relation = stage.relation_with(&[("l", shown_as)], json!([]), check);
                let shown = stage.show(&relation, &[&credential]);
                let cheat = Cheat::new(&relation, shown);
                if i == k {
                    stage.accepted(cheat);
                } else {
                    stage.refused(cheat, &["credential 0"], "bound as unbound, or the reverse");
                }
            }
        }
    }
    // The same licence of the other issuer, shown as the first one's.
    let schema: &Arc<_> = &schemas[1];
    let copy = IssuerSecretKey::from_bytes(&stage.world.other_issuer.to_bytes()).unwrap();
    let theirs = OpenCredential::obtain(&copy, stage.secret, schema, unbound_values(), &mut stage.rng);
    let relation = stage.relation(&[("l", schema)], json!([]));
    let mut shown = theirs.show(&relation, 0, &copy, &mut stage.rng);
    assert_eq!(shown.index, 1);
    stage.accepted(Cheat::new(&relation, vec![shown.clone()]));
    shown.index = 0;
    stage.refused(Cheat::new(&relation, vec![shown]), &["credential 0", "token 0"], "another issuer's");
}
