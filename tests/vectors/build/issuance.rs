//! Issuances: what wallet and issuer accept of each other, and what they do not.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::issuance::{IssuanceRequest, IssuedCredential};
use glimpse_circuits::request::Nonce;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::open::issuance_request;
use glimpse_fixtures::schemas::date;
use glimpse_issuer::{Issuance as Issue, issue};

use super::alter::{not_canonical_point, plus_order};
use super::basics::written;
use crate::format::{InvalidIssuance, Issuance, ValidIssuance};
use crate::holdings::{Holding, find, named_scalar};
use crate::scene::{Scene, link_secret, rng};

pub(crate) fn issuance(scene: &Scene, holdings: &[Holding]) -> Issuance {
    let mut invalid = requests(scene, holdings);
    invalid.extend(answers(scene, holdings));
    Issuance { valid: holdings.iter().map(valid).collect(), invalid }
}

fn valid(holding: &Holding) -> ValidIssuance {
    let bound = holding.request.is_some();
    ValidIssuance {
        name: holding.name.clone(),
        key: holding.key.to_owned(),
        schema: holding.schema.clone(),
        nonce: holding.nonce.to_string(),
        link_secret: bound.then(|| hex::encode(link_secret(holding.wallet).0.as_bytes())),
        blinding: holding.blinding.map(|t| hex::encode(t.as_bytes())),
        request: holding.request.as_ref().map(|request| hex::encode(request.to_bytes())),
        registration: holding
            .request
            .as_ref()
            .map(|request| hex::encode(request.registration.encoded.as_bytes())),
        issued: hex::encode(holding.issued.to_bytes()),
        values: holding.issued.values.iter().map(written).collect(),
        credential_point: hex::encode(holding.point.compress().as_bytes()),
    }
}

/// The stage that refuses, and why.
type Reason = (&'static str, &'static str);

/// An issuance with nothing wrong about it yet.
fn of(holding: &Holding, name: &str, message: &str, (stage, reason): Reason) -> InvalidIssuance {
    let valid = valid(holding);
    let answer = message == "issued";
    InvalidIssuance {
        name: name.to_owned(),
        message: message.to_owned(),
        key: valid.key,
        schema: valid.schema,
        nonce: valid.nonce,
        link_secret: valid.link_secret.filter(|_| answer),
        blinding: valid.blinding.filter(|_| answer),
        request: valid.request.filter(|_| !answer),
        registered: None,
        issued: answer.then_some(valid.issued),
        stage: stage.to_owned(),
        reason: reason.to_owned(),
    }
}

/// What an issuer refuses.
fn requests(scene: &Scene, holdings: &[Holding]) -> Vec<InvalidIssuance> {
    let holding = find(holdings, "all types");
    let request = holding.request.clone().unwrap();
    let mut all = Vec::new();
    let mut with = |name: &str, reason: Reason, change: &mut dyn FnMut(&mut InvalidIssuance)| {
        let mut vector = of(holding, name, "request", reason);
        change(&mut vector);
        all.push(vector);
    };
    let nonce = find(holdings, "second").nonce.to_string();
    with("request under another nonce", ("proof", "the proof is for another nonce"), &mut |v| {
        v.nonce = nonce.clone()
    });
    with("request to another key", ("proof", "the proof is for another key"), &mut |v| {
        v.key = "second".into()
    });
    with("request for another schema", ("proof", "the proof is for another schema"), &mut |v| {
        v.schema = "test.second".into()
    });
    let unbound = find(holdings, "unbound");
    let nonce = unbound.nonce;
    let [s, t, n] = ["s", "t", "n"].map(|name| named_scalar(&format!("issuance {name}")));
    let schema = scene.schema(&holding.schema);
    let proof = |schema: &Schema, nonce: &Nonce, secrets: [Scalar; 3]| {
        let rng = &mut rng("issuance request of other secrets");
        hex::encode(issuance_request(scene.public(holding.key), schema, nonce, secrets, rng).to_bytes())
    };
    with("request without a holder", ("binding", "the schema has no holder"), &mut |v| {
        v.schema.clone_from(&unbound.schema);
        v.nonce = nonce.to_string();
        v.request = Some(proof(scene.schema(&unbound.schema), &nonce, [s, t, s]));
    });
    let zero = Scalar::ZERO;
    for (name, secrets, reason) in [
        ("request with another secret in N", [s, t, n], ("proof", "s in U is not s in N")),
        ("request with the secret's negative in N", [s, t, -s], ("proof", "s in U is not s in N")),
        ("request with N = 0", [zero, t, zero], ("decode", "N is the identity; the proof holds")),
        (
            "request with U = N = 0",
            [zero, zero, zero],
            ("decode", "U and N are the identity; the proof holds"),
        ),
    ] {
        with(name, reason, &mut |v| v.request = Some(proof(schema, &holding.nonce, secrets)));
    }
    let identity = EncodedPoint::from(RistrettoPoint::default());
    type Change = fn(&mut IssuanceRequest);
    let changes: [(&str, Change); 6] = [
        ("U", |r| add_base(&mut r.blinded)),
        ("N", |r| add_base(&mut r.registration)),
        ("T_U", |r| add_base(&mut r.blinded_masks)),
        ("T_N", |r| add_base(&mut r.registration_mask)),
        ("z_s", |r| r.link_secret += Scalar::ONE),
        ("z_t", |r| r.blinding += Scalar::ONE),
    ];
    for (part, change) in changes {
        let mut altered = request.clone();
        change(&mut altered);
        let bytes = hex::encode(altered.to_bytes());
        with(&format!("request with another {part}"), ("proof", "one part was altered"), &mut |v| {
            v.request = Some(bytes.clone())
        });
    }
    let mut without = request.clone();
    without.blinded = identity;
    with("request with U = 0", ("decode", "U is the identity"), &mut |v| {
        v.request = Some(hex::encode(without.to_bytes()))
    });
    let bytes = request.to_bytes();
    with("request of 191 bytes", ("decode", "too short"), &mut |v| {
        v.request = Some(hex::encode(&bytes[..191]))
    });
    with("request of 193 bytes", ("decode", "too long"), &mut |v| {
        v.request = Some(hex::encode([&bytes[..], &[0]].concat()))
    });
    for (part, name) in [(0, "U"), (3, "T_N"), (4, "z_s"), (5, "z_t")] {
        let mut bytes = bytes;
        let place: &mut [u8; 32] = (&mut bytes[32 * part..32 * part + 32]).try_into().unwrap();
        *place = if part < 4 { not_canonical_point(place) } else { plus_order(place) };
        with(
            &format!("request with {name} not canonical"),
            ("decode", "not in its one spelling"),
            &mut |v| {
                v.request = Some(hex::encode(bytes));
            },
        );
    }
    let registered = find(holdings, "all types of another wallet").request.as_ref().unwrap().registration;
    with(
        "request of a person with another wallet",
        ("registration", "the person is registered with another N"),
        &mut |v| {
            v.registered = Some(hex::encode(registered.encoded.as_bytes()));
        },
    );
    all
}

fn add_base(point: &mut EncodedPoint) {
    *point = (point.point + RistrettoPoint::mul_base(&Scalar::ONE)).into();
}

/// What a wallet refuses.
fn answers(scene: &Scene, holdings: &[Holding]) -> Vec<InvalidIssuance> {
    let holding = find(holdings, "all types");
    let mut all = Vec::new();
    let mut with =
        |holding: &Holding, name: &str, reason: Reason, change: &mut dyn FnMut(&mut InvalidIssuance)| {
            let mut vector = of(holding, name, "issued", reason);
            change(&mut vector);
            all.push(vector);
        };
    let other = find(holdings, "all types of another wallet");
    with(holding, "answer under another key", ("proof", "the key proof is for another key"), &mut |v| {
        v.key = "second".into()
    });
    let strangers = find(holdings, "all types of a stranger");
    with(strangers, "answer of a stranger", ("proof", "a flawless key proof under another key"), &mut |v| {
        v.key = "first".into()
    });
    let unbound = find(holdings, "unbound");
    with(unbound, "answer with another schema", ("proof", "the key proof is for another schema"), &mut |v| {
        v.schema = "test.unbound 2".into();
    });
    let secret = hex::encode(link_secret(other.wallet).0.as_bytes());
    with(holding, "answer for another link secret", ("proof", "C is for another U"), &mut |v| {
        v.link_secret = Some(secret.clone())
    });
    let t = other.blinding.map(|t| hex::encode(t.as_bytes()));
    with(holding, "answer for another blinding", ("proof", "C is for another U"), &mut |v| {
        v.blinding.clone_from(&t)
    });
    with(holding, "answer of another wallet's issuance", ("proof", "another credential"), &mut |v| {
        v.issued = Some(hex::encode(other.issued.to_bytes()));
    });
    type Change = fn(&mut IssuedCredential);
    let changes: [(&str, Reason, Change); 16] = [
        ("another A", ("proof", "one part was altered"), |i| i.a = (i.a.point + i.a.point).into()),
        ("A = 0", ("decode", "A is the identity"), |i| i.a = RistrettoPoint::default().into()),
        ("another e", ("proof", "one part was altered"), |i| *i.e += Scalar::ONE),
        ("e = 0", ("proof", "one part was altered"), |i| *i.e = Scalar::ZERO),
        ("another handle", ("proof", "one part was altered"), |i| i.handle ^= 1),
        ("another challenge", ("proof", "one part was altered"), |i| i.proof_challenge += Scalar::ONE),
        ("another response", ("proof", "one part was altered"), |i| i.proof_response += Scalar::ONE),
        ("another name", ("proof", "an attribute was altered"), |i| i.values[0] = Value::Text("李四".into())),
        ("another day", ("proof", "an attribute was altered"), |i| i.values[1] = date("1990-05-16")),
        ("another number", ("proof", "an attribute was altered"), |i| i.values[3] = Value::Uint(1_000_001)),
        ("an absent value that is there", ("proof", "an attribute was altered"), |i| {
            i.values[8] = Value::Text("x".into())
        }),
        ("a value that is absent", ("proof", "an attribute was altered"), |i| i.values[13] = Value::Absent),
        ("a number out of bounds", ("values", "the schema does not allow the value"), |i| {
            i.values[4] = Value::Uint(21)
        }),
        ("an absent required value", ("values", "the schema does not allow the value"), |i| {
            i.values[0] = Value::Absent
        }),
        ("a value too few", ("decode", "too short"), |i| drop(i.values.pop())),
        ("a value too many", ("decode", "too long"), |i| i.values.push(Value::Absent)),
    ];
    for (name, reason, change) in changes {
        let mut issued = holding.issued.clone();
        change(&mut issued);
        let bytes = hex::encode(issued.to_bytes());
        with(holding, &format!("answer with {name}"), reason, &mut |v| v.issued = Some(bytes.clone()));
    }
    let bytes = holding.issued.to_bytes();
    for (at, name, point) in [(0, "A", true), (32, "e", false), (68, "c'", false), (100, "z", false)] {
        let mut bytes = bytes.clone();
        let place: &mut [u8; 32] = (&mut bytes[at..at + 32]).try_into().unwrap();
        *place = if point { not_canonical_point(place) } else { plus_order(place) };
        with(
            holding,
            &format!("answer with {name} not canonical"),
            ("decode", "not in its one spelling"),
            &mut |v| {
                v.issued = Some(hex::encode(&bytes));
            },
        );
    }
    let mut handle = unbound.issued.clone();
    handle.handle = 1;
    with(
        unbound,
        "answer without a holder, with a handle",
        ("binding", "there is no handle without a holder"),
        &mut |v| {
            v.issued = Some(hex::encode(handle.to_bytes()));
        },
    );
    let mut count = unbound.issued.clone();
    count.values[2] = Value::Uint(43);
    with(
        unbound,
        "answer without a holder, another number",
        ("proof", "an attribute was altered"),
        &mut |v| {
            v.issued = Some(hex::encode(count.to_bytes()));
        },
    );
    // C with U = 0 and a handle of 0 under the schema that has a holder: whoever has it could show it.
    let bound = find(holdings, "unbound with a holder");
    let free = scene.schema("test.unbound");
    let values = unbound.issued.values.clone();
    let issuance =
        Issue { schema: free, values, handle: 0, nonce: bound.nonce, request: None, registered: None };
    let issued = issue(scene.key(bound.key), issuance, &mut rng("issuance without a holder")).unwrap();
    with(
        bound,
        "answer without a holder where there is one",
        ("proof", "C is for U = 0 and another schema"),
        &mut |v| {
            v.issued = Some(hex::encode(issued.to_bytes()));
        },
    );
    all
}
