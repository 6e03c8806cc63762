//! Credentials that were issued by the book: the valid issuances, and what the valid presentations show.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::issuance::{IssuanceRequest, IssuedCredential, credential_point};
use glimpse_circuits::presentation::TokenProof;
use glimpse_circuits::request::Nonce;
use glimpse_circuits::schema::Binding;
use glimpse_circuits::token::token_challenge;
use glimpse_fixtures::open::{OpenCredential, Shown, scalar};
use glimpse_fixtures::schemas::{all_types_values, date, second_values, unbound_values};
use glimpse_issuer::{Issuance, issue};
use glimpse_profiles::builtin_by_schema_id;
use glimpse_profiles::sample::Persona;
use glimpse_prover::{Credential, PendingIssuance, Token};
use rand_core::RngCore;

use crate::scene::{FIRST, SECOND, STRANGER, Scene, link_secret, rng};

/// One issuance with everything that both sides know of it.
pub(crate) struct Holding {
    pub(crate) name: String,
    pub(crate) key: &'static str,
    pub(crate) schema: String,
    pub(crate) wallet: &'static str,
    pub(crate) nonce: Nonce,
    pub(crate) request: Option<IssuanceRequest>,
    /// t.
    pub(crate) blinding: Option<Scalar>,
    pub(crate) issued: IssuedCredential,
    /// C.
    pub(crate) point: RistrettoPoint,
    /// As the product's prover holds it.
    pub(crate) credential: Credential,
    /// As a cheating prover holds it.
    pub(crate) open: OpenCredential,
}

/// All holdings in the order of the file.
pub(crate) fn all(scene: &Scene) -> Vec<Holding> {
    let licence = |id: &str, birth: &str| {
        let profile = builtin_by_schema_id(id).unwrap();
        let persona = Persona::new(7).with_birth_date(birth.parse().unwrap());
        let persona = persona.with_region("310000").with_classes(&["C1", "D"]).with_capital(1_000_000);
        let persona = persona.with_valid_until("2030-05-01".parse().unwrap());
        profile.admit(&profile.sample(&persona)).unwrap()
    };
    let mut others = second_values();
    others[1] = date("1990-05-18");
    others[3] = Value::Code("广州".into());
    let mut optional = all_types_values();
    (optional[8], optional[9]) = (Value::Text("caf\u{e9} 😀".into()), date("2026-11-22"));
    (optional[10], optional[14]) = (Value::Absent, Value::Flags(0b10));
    let mut least = all_types_values();
    (least[1], least[2], least[3], least[4]) =
        (date("1900-01-01"), date("1900-01-01"), Value::Uint(0), Value::Uint(10));
    (least[5], least[13]) = (Value::Flags(0), Value::Uint(0));
    let mut most = all_types_values();
    (most[1], most[2], most[3], most[4]) =
        (date("2099-12-31"), date("9999-12-31"), Value::Uint((1 << 63) - 1), Value::Uint(20));
    (most[0], most[5], most[13]) = (Value::Text("文".repeat(64)), Value::Flags(0b11_1111), Value::Uint(1000));
    let short_of = |values: &[Value]| [3, 4, 1, 2, 7, 6, 5].map(|i: usize| values[i].clone()).to_vec();
    let (short, short_least, short_most) = (short_of(&all_types_values()), short_of(&least), short_of(&most));
    let mut narrow_values = vec![Value::Uint(5), Value::Uint(5), Value::Flags(0b01)];
    narrow_values.extend(["张三", "张三"].map(|text| Value::Text(text.into())));
    let (all_types, second, unbound) = ("test.all", "test.second", "test.unbound");
    let (driving, card, firm) = ("cn.driving_licence", "cn.resident_identity_card", "cn.business_licence");
    let of = |name: &str, key, schema: &str, wallet, values| {
        Holding::new(scene, name, key, schema, wallet, values)
    };
    vec![
        of("all types", FIRST, all_types, "one", all_types_values()),
        of("second", FIRST, second, "one", second_values()),
        of("unbound", FIRST, unbound, "one", unbound_values()),
        of("driving licence", FIRST, driving, "one", licence(driving, "1990-05-17")),
        of("driving licence of an elder", FIRST, driving, "one", licence(driving, "1960-11-22")),
        of("identity card", SECOND, card, "one", licence(card, "2008-02-29")),
        of("identity card of an elder", FIRST, card, "one", licence(card, "1966-11-22")),
        of("identity card of a child", FIRST, card, "one", licence(card, "2008-11-23")),
        of("business licence", FIRST, firm, "one", licence(firm, "1990-05-17")),
        of("all types of the second key", SECOND, all_types, "one", all_types_values()),
        of("all types of another wallet", FIRST, all_types, "two", all_types_values()),
        of("second of another wallet", FIRST, second, "two", second_values()),
        of("second with other values", FIRST, second, "one", others),
        of("all types with other optional values", FIRST, all_types, "one", optional),
        of("all types at the least values", FIRST, all_types, "one", least),
        of("all types at the greatest values", SECOND, all_types, "one", most),
        of("unbound with a holder", FIRST, "test.unbound with a holder", "one", unbound_values()),
        of("unbound of the second key", SECOND, unbound, "one", unbound_values()),
        of("short", FIRST, "test.short", "one", short),
        of("short at the least values", FIRST, "test.short", "one", short_least),
        of("short at the greatest values", SECOND, "test.short", "one", short_most),
        of("narrow", FIRST, "test.narrow", "one", narrow_values),
        of("all types of a stranger", STRANGER, all_types, "one", all_types_values()),
    ]
}

/// The holding of a name.
pub(crate) fn find<'a>(holdings: &'a [Holding], name: &str) -> &'a Holding {
    holdings.iter().find(|holding| holding.name == name).unwrap_or_else(|| panic!("no holding {name}"))
}

impl Holding {
    fn new(
        scene: &Scene,
        name: &str,
        key: &'static str,
        schema_name: &str,
        wallet: &'static str,
        values: Vec<Value>,
    ) -> Self {
        let rng = &mut rng(&format!("issuance {name}"));
        let (s, secret) = link_secret(wallet);
        let (issuer, schema) = (scene.key(key), scene.schema(schema_name).clone());
        let mut nonce = Nonce([0u8; 32]);
        rng.fill_bytes(&mut nonce.0);
        let bound = schema.binding() == Binding::Holder;
        let pending = bound.then(|| PendingIssuance::begin(&secret, issuer.public(), &schema, &nonce, rng));
        let handle = if bound { rng.next_u32() } else { 0 };
        let request = pending.as_ref().map(|pending| pending.request().clone());
        let issuance =
            Issuance { schema: &schema, values, handle, nonce, request: request.as_ref(), registered: None };
        let issued = issue(issuer, issuance, rng).unwrap();
        let blinding = pending.as_ref().map(|pending| {
            let t: [u8; 32] = pending.to_bytes()[..32].try_into().unwrap();
            Scalar::from_canonical_bytes(t).unwrap()
        });
        let public = *issuer.public();
        let credential = match pending {
            Some(pending) => pending.finish(&secret, &public, schema.clone(), issued.clone()),
            None => Credential::accept_unbound(schema.clone(), &public, issued.clone()),
        };
        let blinded = request.as_ref().map_or(RistrettoPoint::default(), |request| request.blinded.point);
        let attributes: Vec<Scalar> = issued.values.iter().map(Value::to_scalar).collect();
        let point = credential_point(&public.domain(&schema.digest()), &blinded, handle, &attributes);
        let mut slots = match blinding {
            Some(t) => vec![s, t, Scalar::from(handle)],
            None => vec![Scalar::ZERO; 3],
        };
        slots.extend(attributes);
        let open = OpenCredential {
            key: public,
            a: issued.a.point,
            e: *issued.e,
            signed: point - issued.a.point * *issued.e,
            slots,
            values: issued.values.clone(),
        };
        Self {
            name: name.to_owned(),
            key,
            schema: schema_name.to_owned(),
            wallet,
            nonce,
            request,
            blinding,
            issued,
            point,
            credential: credential.unwrap(),
            open,
        }
    }

    /// A token, made with both sides' randomness at hand.
    pub(crate) fn token(&self, scene: &Scene, rng: &mut impl RngCore) -> OpenToken {
        OpenToken::draw(&self.open, &scene.x(self.key), rng)
    }

    /// A token as the product's prover keeps it.
    pub(crate) fn sealed_token(&self, scene: &Scene, rng: &mut impl RngCore) -> Token {
        self.token(scene, rng).sealed(&self.open)
    }

    /// Blinded for a cheating prover: index `index` of the accepted issuers, with a token or keyed.
    pub(crate) fn shown(&self, scene: &Scene, index: u8, keyed: bool, rng: &mut impl RngCore) -> Shown {
        Shown { index, ..self.token(scene, rng).shown(&self.open, keyed) }
    }
}

fn draw(rng: &mut impl RngCore) -> Scalar {
    let mut bytes = [0u8; 64];
    rng.fill_bytes(&mut bytes);
    Scalar::from_bytes_mod_order_wide(&bytes)
}

/// One token and all that went before it: docs/protocol.md, section 5, line by line.
pub(crate) struct OpenToken {
    pub(crate) drawn: [Scalar; 5],
    pub(crate) pair: [EncodedPoint; 2],
    pub(crate) commitment: [EncodedPoint; 2],
    /// c_t + γ.
    pub(crate) challenge: Scalar,
    /// z'.
    pub(crate) response: Scalar,
    pub(crate) r: Scalar,
    pub(crate) a_bar: EncodedPoint,
    pub(crate) b_bar: EncodedPoint,
    pub(crate) proof: TokenProof,
    pub(crate) ct: Scalar,
}

impl OpenToken {
    /// For a credential, or an interval, under the key with this secret.
    pub(crate) fn draw(of: &OpenCredential, x: &Scalar, rng: &mut impl RngCore) -> Self {
        Self::new(of, x, std::array::from_fn(|_| draw(rng)))
    }

    /// As the product's prover keeps it.
    pub(crate) fn sealed(&self, of: &OpenCredential) -> Token {
        Token::from_bytes(&self.to_bytes(of)).unwrap()
    }

    /// What it is for, blinded for a cheating prover: of the first of the accepted issuers, with the token or keyed.
    pub(crate) fn shown(&self, of: &OpenCredential, keyed: bool) -> Shown {
        Shown {
            index: 0,
            rho: self.r.invert(),
            epsilon: self.r.invert() * of.e,
            a_bar: self.a_bar,
            b_bar: self.b_bar,
            token: (!keyed).then(|| self.proof.clone()),
            slots: of.slots.clone(),
            values: of.values.clone(),
        }
    }

    fn new(credential: &OpenCredential, x: &Scalar, drawn: [Scalar; 5]) -> Self {
        let [r1, k, alpha, beta, gamma] = drawn;
        let pair = [credential.a * r1, credential.signed * r1].map(EncodedPoint::from);
        let commitment = [RistrettoPoint::mul_base(&k), pair[0].point * k].map(EncodedPoint::from);
        let a_bar = EncodedPoint::from(pair[0].point * alpha);
        let b_bar = EncodedPoint::from(pair[1].point * alpha);
        let big_r1 = commitment[0].point + RistrettoPoint::mul_base(&beta) + credential.key.point() * gamma;
        let big_r2 = commitment[1].point * alpha + a_bar.point * beta + b_bar.point * gamma;
        let (big_r1, big_r2) = (EncodedPoint::from(big_r1), EncodedPoint::from(big_r2));
        let ct = token_challenge(
            &credential.key,
            &a_bar.encoded,
            &b_bar.encoded,
            &big_r1.encoded,
            &big_r2.encoded,
        );
        let challenge = ct + gamma;
        let response = k + challenge * x;
        let proof = TokenProof { r1: big_r1, r2: big_r2, response: response + beta };
        Self { drawn, pair, commitment, challenge, response, r: alpha * r1, a_bar, b_bar, proof, ct }
    }

    /// r, Ā, B̄, R_1, R_2, z_t and A: how a wallet keeps it.
    fn to_bytes(&self, credential: &OpenCredential) -> Vec<u8> {
        let mut bytes = self.r.to_bytes().to_vec();
        for point in [&self.a_bar, &self.b_bar, &self.proof.r1, &self.proof.r2] {
            bytes.extend(point.encoded.to_bytes());
        }
        bytes.extend(self.proof.response.to_bytes());
        bytes.extend(credential.a.compress().to_bytes());
        bytes
    }
}

/// A scalar drawn for a name.
pub(crate) fn named_scalar(name: &str) -> Scalar {
    scalar(&mut rng(name))
}
