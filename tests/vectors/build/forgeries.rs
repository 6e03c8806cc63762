//! Credentials and tokens that are not what they are shown as, and proofs put together from parts of others.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::generators::generators;
use glimpse_circuits::issuance::credential_point;
use glimpse_circuits::presentation::{Presentation, TokenProof};
use glimpse_circuits::token::token_challenge;
use glimpse_fixtures::cheat::Fork;
use glimpse_fixtures::range_cheat::RangeCheat;
use serde_json::json;

use super::ask::{Ask, disclose, equal, member, range};
use super::book::{Book, Refused};
use super::lies::Liar;
use crate::holdings::named_scalar;
use crate::scene::{FIRST, Scene};

pub(crate) fn all(book: &mut Book) {
    holders(book);
    credentials(book);
    tokens(book);
    made_up(book);
    exchanged(book);
    digits(book);
    bulletproofs(book);
}

/// Two wallets, and attributes that are not equal.
fn holders(book: &mut Book) {
    let both = [("a", "test.all"), ("b", "test.second")];
    for check in ["token", "keyed"] {
        let name = format!("credentials of two wallets, {check}");
        let ask = Ask::new(&name, &both, json!([]));
        let ask = if check == "keyed" { ask.keyed() } else { ask };
        for holdings in [["all types", "second of another wallet"], ["all types of another wallet", "second"]]
        {
            let ask = Ask { name: format!("{name}: {}", holdings[1]), ..ask.clone() };
            Liar::new(book, &ask, &holdings).refused("one link secret for both", |_| {});
        }
    }
    let mut unequal = |name: &str, statements| {
        let ask = Ask::new(&format!("unequal {name}"), &both, statements).keyed();
        let mut liar = Liar::new(book, &ask, &["all types", "second with other values"]);
        liar.refused("shown with the value of the first", |_| {});
    };
    unequal("dates", json!([equal("a.birth", "b.born")]));
    unequal("codes", json!([equal("b.town", "a.city")]));
    unequal("codes, disclosed", json!([equal("b.town", "a.city"), disclose("b.town")]));
}

/// Of another key, another schema, another binding.
fn credentials(book: &mut Book) {
    let mut shown = |name: &str, schema: &str, issuers: &[&'static str], holding: &'static str| {
        for check in ["token", "keyed"] {
            let ask = Ask::new(&format!("{name}, {check}"), &[("l", schema)], json!([])).issuers(issuers);
            let ask = if check == "keyed" { ask.keyed() } else { ask };
            Liar::new(book, &ask, &[holding]).refused("shown as what is asked for", |_| {});
        }
    };
    let both: [&'static str; 2] = ["first", "second"];
    shown(
        "a credential without a holder as one with a holder",
        "test.unbound with a holder",
        &both,
        "unbound",
    );
    shown(
        "a credential with a holder as one without a holder",
        "test.unbound",
        &both,
        "unbound with a holder",
    );
    shown(
        "a credential of the second key as one of the first",
        "test.all",
        &[FIRST],
        "all types of the second key",
    );
    shown("a credential of a stranger as one of the first key", "test.all", &both, "all types of a stranger");
    let ask = Ask::new(
        "everything disclosed, one thing otherwise",
        &[("l", "test.unbound")],
        json!([disclose("l.title"), disclose("l.since"), disclose("l.count"),]),
    );
    Liar::new(book, &ask, &["unbound"])
        .refused("a greater number", |cheat| cheat.disclosed[2] = Value::Uint(43));
}

fn g() -> RistrettoPoint {
    RistrettoPoint::mul_base(&Scalar::ONE)
}

/// Tokens of other pairs and other keys.
fn tokens(book: &mut Book) {
    let ask = Ask::l("a token that is another's", json!([disclose("l.city")]));
    let theirs = book.holding("all types of the second key");
    let mut rng = crate::scene::rng("a token to be passed on");
    let foreign = theirs.shown(&book.scene, 1, false, &mut rng);
    let another = book.holding("all types").shown(&book.scene, 0, false, &mut rng);
    let mut liar = Liar::new(book, &ask, &["all types"]);
    let token = foreign.token.clone();
    liar.refused("a token of another key", |cheat| cheat.shown[0].token = token);
    let token = another.token.clone();
    liar.refused("a token of another pair of the same credential", |cheat| cheat.shown[0].token = token);
    liar.refused("the pair and the token of another key", |cheat| {
        (cheat.shown[0].a_bar, cheat.shown[0].b_bar) = (foreign.a_bar, foreign.b_bar);
        cheat.shown[0].token = foreign.token;
    });
    liar.refused("B̄ + Ā for B̄, with ρ and ε to fit", |cheat| {
        let shown = &mut cheat.shown[0];
        shown.b_bar = (shown.b_bar.point + shown.a_bar.point).into();
        shown.epsilon -= shown.rho;
    });
}

/// Ā and B̄ that satisfy the credential equation for values that nobody signed.
fn made_up(book: &mut Book) {
    let statements = json!([disclose("l.count")]);
    let forged =
        vec![Value::Text("nobody".into()), Value::Date("2001-02-03".parse().unwrap()), Value::Uint(9999)];
    for (name, rho) in [("any ρ", named_scalar("a forged ρ")), ("ρ = 0", Scalar::ZERO)] {
        let point = forged_point(&book.scene, &forged);
        let (epsilon, b_bar) = (named_scalar("a forged ε"), g() * named_scalar("a forged B"));
        let a_bar = (point - b_bar * rho) * epsilon.invert();
        let (a_bar, b_bar) = (EncodedPoint::from(a_bar), EncodedPoint::from(b_bar));
        let slots: Vec<Scalar> =
            [Scalar::ZERO; 3].into_iter().chain(forged.iter().map(Value::to_scalar)).collect();
        let key = *book.scene.public(FIRST);
        let (z, guess) = (named_scalar("a forged z"), named_scalar("a forged c"));
        let token = TokenProof {
            r1: (RistrettoPoint::mul_base(&z) - key.point() * guess).into(),
            r2: (a_bar.point * z - b_bar.point * guess).into(),
            response: z,
        };
        for check in ["keyed", "token"] {
            let ask = Ask::new(
                &format!("a made-up credential with {name}, {check}"),
                &[("l", "test.unbound")],
                statements.clone(),
            );
            let ask = if check == "keyed" { ask.keyed() } else { ask };
            Liar::new(book, &ask, &["unbound"]).refused("Ā and B̄ of nobody's", |cheat| {
                let shown = &mut cheat.shown[0];
                (shown.rho, shown.epsilon, shown.a_bar, shown.b_bar) = (rho, epsilon, a_bar, b_bar);
                (shown.slots, shown.values) = (slots.clone(), forged.clone());
                shown.token = (check == "token").then(|| token.clone());
                cheat.disclosed = vec![forged[2].clone()];
                cheat.hidden = slots[3..5].to_vec();
            });
        }
    }
    in_sum(book, &forged);
}

/// C of values that were not signed.
fn forged_point(scene: &Scene, values: &[Value]) -> RistrettoPoint {
    let attributes: Vec<Scalar> = values.iter().map(Value::to_scalar).collect();
    let domain = scene.public(FIRST).domain(&scene.schema("test.unbound").digest());
    credential_point(&domain, &RistrettoPoint::default(), 0, &attributes)
}

/// A token whose two equations hold in sum: whoever adds them unweighted is taken in.
fn in_sum(book: &mut Book, forged: &[Value]) {
    let key = *book.scene.public(FIRST);
    let point = forged_point(&book.scene, forged);
    let [rho, epsilon, y, k] = ["ρ", "ε", "y", "k"].map(|name| named_scalar(&format!("in sum {name}")));
    let a_bar = (point - g() * (rho * y) + key.point() * rho) * (epsilon + rho * y).invert();
    let sum = g() + a_bar;
    let b_bar = sum * y - key.point();
    let r1 = g() * named_scalar("in sum R");
    let (a_bar, b_bar, r1, r2): (EncodedPoint, EncodedPoint, EncodedPoint, EncodedPoint) =
        (a_bar.into(), b_bar.into(), r1.into(), (sum * k - r1).into());
    let ct = token_challenge(&key, &a_bar.encoded, &b_bar.encoded, &r1.encoded, &r2.encoded);
    let token = TokenProof { r1, r2, response: k + ct * y };
    let ask = Ask::new(
        "a made-up credential with a token in sum",
        &[("l", "test.unbound")],
        json!([disclose("l.count")]),
    );
    let slots: Vec<Scalar> =
        [Scalar::ZERO; 3].into_iter().chain(forged.iter().map(Value::to_scalar)).collect();
    Liar::new(book, &ask, &["unbound"]).refused("the two equations of the token hold in sum", |cheat| {
        let shown = &mut cheat.shown[0];
        (shown.rho, shown.epsilon, shown.a_bar, shown.b_bar) = (rho, epsilon, a_bar, b_bar);
        shown.token = Some(token);
        cheat.disclosed = vec![forged[2].clone()];
        cheat.hidden = slots[3..5].to_vec();
    });
}

/// Parts of one presentation in the place of another's.
fn exchanged(book: &mut Book) {
    let two = [("a", "test.all"), ("b", "test.all")];
    let ask =
        Ask::new("two licences of one schema", &two, json!([disclose("a.city"), range("b.level", 12, 17)]));
    let mut liar = Liar::new(book, &ask, &["all types", "all types of the second key"]);
    liar.refused_as_sent("commitments exchanged", |_| {}, |presentation| presentation.commitments.swap(0, 1));
    liar.refused_as_sent(
        "commitments, responses and issuers exchanged",
        |_| {},
        |presentation| {
            presentation.commitments.swap(0, 1);
            presentation.credential_responses.swap(0, 1);
            presentation.issuers.swap(0, 1);
        },
    );
    liar.refused_as_sent("issuers exchanged", |_| {}, |presentation| presentation.issuers.swap(0, 1));
    liar.refused("errors of two credentials that cancel", |cheat| cheat.extra_masks = vec![g(), -g()]);
    let mut part = |name: &str, change: &dyn Fn(&mut Presentation, Presentation)| {
        let (made, other) = (book.made("range hi = lo + 1, at lo"), book.made("range hi = lo + 1, at hi"));
        let mut presentation = Presentation::from_bytes(&made.relation, &made.bytes).unwrap();
        change(&mut presentation, Presentation::from_bytes(&other.relation, &other.bytes).unwrap());
        book.refused(Refused {
            name: format!("{}: {name}", made.request),
            request: &made.request,
            audience: None,
            now: made.now,
            bytes: presentation.to_bytes(),
            stage: "proof",
            reason: "a part is from another presentation",
        });
    };
    part("another's credential", &|own, other| {
        own.commitments = other.commitments;
        own.credential_responses = other.credential_responses;
        own.responses = other.responses;
    });
    part("another's digits", &|own, other| own.digits = other.digits);
    part("another's token", &|own, other| own.commitments[0].token = other.commitments[0].token.clone());
}

/// E_1, E_0 and τ that are off.
fn digits(book: &mut Book) {
    let statements = json!([range("l.amount", 999_990, 1_000_020), member("l.city", &["x", "上海", "y"])]);
    let ask = Ask::short("digits of a true statement", statements).keyed();
    let mut liar = Liar::new(book, &ask, &["short"]);
    for (name, point) in
        [("D_0", generators().d()[0]), ("K", *generators().k()), ("M", *generators().m()), ("G", g())]
    {
        liar.refused(&format!("{name} added to E_1"), |cheat| cheat.extra_digits = point);
        liar.refused(&format!("{name} added to E_0"), |cheat| cheat.extra_digit_masks = point);
    }
    liar.refused("τ more by 1", |cheat| cheat.extra_tau = Scalar::ONE);
    liar.refused("a digit turned over", |cheat| cheat.free[0] = Scalar::ONE - cheat.free[0]);
    liar.refused("T off by G", |cheat| cheat.extra_masks = vec![g()]);
}

/// Bulletproofs of other openings, and of other transcripts.
fn bulletproofs(book: &mut Book) {
    let statements = json!([range("l.amount", 999_990, 1_000_020)]);
    let ask = Ask::short("a Bulletproof of a true statement", statements.clone()).keyed().small();
    let other = book.request(&Ask { name: "another request for a Bulletproof".into(), ..ask.clone() });
    let other = other.compact().unwrap();
    let mut liar = Liar::new(book, &ask, &["short"]);
    for (name, point) in [("G", g()), ("K", *generators().k()), ("D_0", generators().d()[0])] {
        liar.refused(&format!("{name} added to V"), |cheat| cheat.extra_commitments[0] = point);
    }
    liar.refused("a bit turned over", |cheat| {
        cheat.range_lie = Some(Box::new(|proof: &mut RangeCheat| {
            proof.left[0] = Scalar::ONE - proof.left[0];
            proof.right[0] = proof.left[0] - Scalar::ONE;
        }));
    });
    liar.refused("another blinding", |cheat| {
        cheat.range_lie = Some(Box::new(|proof: &mut RangeCheat| proof.blindings[0] += Scalar::ONE));
    });
    liar.refused("another t(x)", |cheat| {
        cheat.range_lie = Some(Box::new(|proof: &mut RangeCheat| proof.extra_t_x = Scalar::ONE));
    });
    liar.refused("another blinding of A + x·S", |cheat| {
        cheat.range_lie = Some(Box::new(|proof: &mut RangeCheat| proof.extra_e_blinding = Scalar::ONE));
    });
    liar.refused("made without the credentials", |cheat| cheat.fork = Fork::WithoutCredentials);
    let name = "made for another request";
    let rng = &mut crate::scene::rng(&format!("lie {}: {name}", liar.request));
    // The prover's own closure cannot borrow the other relation for longer than the first: proven here.
    let shown = liar.book.holding("short").shown(&liar.book.scene, 0, true, rng);
    let relation = liar.relation.clone();
    let mut cheat = glimpse_fixtures::cheat::Cheat::new(&relation, vec![shown]);
    cheat.fork = Fork::Of(&other);
    let bytes = cheat.prove(rng).to_bytes();
    let now = relation.request().document().issued_at + 1;
    let (request, name) = (liar.request.clone(), format!("{}: {name}", liar.request));
    book.refused(Refused {
        name,
        request: &request,
        audience: None,
        now,
        bytes,
        stage: "proof",
        reason: "made for another request",
    });
}
