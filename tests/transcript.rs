//! What the challenges are drawn from: whatever is sent or agreed on changes them, and none of it may change unnoticed
//! within a version.
//!
//! attacks.md, Soundness 9.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;
use std::sync::Arc;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::generators::{D_COUNT, H_COUNT, INDEX_D, generators};
use glimpse_circuits::issuance::{IssuanceRequest, issuance_proof_challenge};
use glimpse_circuits::key::{Issuer, IssuerPublicKey, Registry};
use glimpse_circuits::labels;
use glimpse_circuits::presentation::{CredentialCommitment, Rounds, TokenProof};
use glimpse_circuits::range_proof::{MAX_BITS, MAX_SLOTS, range_generators};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::{Nonce, Request};
use glimpse_circuits::schema::SchemaDigest;
use glimpse_circuits::text::Text;
use glimpse_circuits::token::token_challenge;
use glimpse_circuits::transcript::{TranscriptProtocol, transcript};
use glimpse_fixtures::schemas::{all_types, second};
use glimpse_fixtures::{AUDIENCE, NOW};
use serde_json::{Value as Json, json};

fn point(n: u64) -> EncodedPoint {
    RistrettoPoint::mul_base(&Scalar::from(n)).into()
}

fn key(n: u64) -> IssuerPublicKey {
    IssuerPublicKey::from_point(point(n).point).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn request() -> Json {
    json!({
        "version": "1",
        "audience": AUDIENCE,
        "audience_name": {"zh-CN": "验证方", "en": "Verifier"},
        "purpose": {"zh-CN": "测试", "en": "Test"},
        "response_uri": "https://verifier.example/responses",
        "nonce": "07".repeat(32),
        "issued_at": NOW.to_string(),
        "expires_at": (NOW + 300).to_string(),
        "credentials": [
            {"id": "a", "schema": all_types().digest(), "issuers": [key(2), key(3)], "check": "token"},
            {"id": "b", "schema": second().digest(), "issuers": [key(2), key(3)], "check": "keyed"},
        ],
        "statements": [
            {"disclose": {"of": "a.city"}},
            {"disclose": {"of": "b.points"}},
            {"age": {"of": "a.birth", "at_least": "18"}},
            {"member": {"of": "a.region", "values": ["r1", "r2", "r3", "r4", "r5"]}},
            {"flags": {"of": "b.bits", "all": ["b3"], "any": ["b1", "b2"]}},
            {"range": {"of": [{"attribute": "a.amount", "coefficient": "2"}, {"attribute": "a.level", "coefficient": "-1"}],
                "lo": "5", "hi": "900"}},
        ],
    })
}

fn compile(request: &Json) -> Relation {
    let mut registry = Registry::default();
    let schemas = [all_types(), second()];
    for n in 2..5 {
        let name = Text { zh_cn: "i".into(), en: "i".into() };
        let schemas = schemas.iter().map(|schema| schema.digest()).collect();
        registry.add_issuer(Issuer { id: format!("i{n}"), name, key: key(n), schemas, revocation: None });
    }
    schemas.into_iter().for_each(|schema| registry.add_schema(schema));
    let request = Request::from_json(&request.to_string()).unwrap();
    Relation::compile(Arc::new(request), &registry).unwrap()
}

/// Everything that goes into the challenges of one presentation.
#[derive(Clone)]
struct Inputs {
    request: Json,
    issuers: Vec<u8>,
    disclosed: Vec<Value>,
    commitments: Vec<CredentialCommitment>,
    e1: EncodedPoint,
    e0: EncodedPoint,
    tau: Scalar,
}

impl Inputs {
    fn new() -> Self {
        let token = Some(TokenProof { r1: point(13), r2: point(14), response: Scalar::from(15u8) });
        let commitment = |n: u64, token| CredentialCommitment {
            a_bar: point(n),
            b_bar: point(n + 1),
            masks: point(n + 2),
            token,
        };
        Self {
            request: request(),
            issuers: vec![0, 1],
            disclosed: vec![Value::Code("上海".into()), Value::Uint(500)],
            commitments: vec![commitment(10, token), commitment(20, None)],
            e1: point(30),
            e0: point(31),
            tau: Scalar::from(32u8),
        }
    }

    fn challenges(&self) -> (Scalar, Scalar) {
        self.challenges_of(&compile(&self.request))
    }

    fn challenges_of(&self, relation: &Relation) -> (Scalar, Scalar) {
        let mut rounds = Rounds::new(relation, &self.issuers, &self.disclosed, &[]);
        self.commitments.iter().for_each(|commitment| rounds.credential(commitment));
        let y = rounds.weight(Some(&self.e1));
        rounds.masks(&self.e0, Some(&self.tau));
        (y, rounds.challenge().0)
    }
}

type Change = Box<dyn Fn(&mut Inputs)>;

fn json_change(path: &'static str, value: Json) -> Change {
    Box::new(move |inputs| {
        let place = inputs.request.pointer_mut(path).unwrap();
        assert_ne!(*place, value);
        *place = value.clone();
    })
}

/// Every single change gives another c, and another y unless it is sent after y.
#[test]
fn everything_absorbed_changes_the_challenges() {
    let mut changes: Vec<(&str, Change)> = vec![
        ("issuer of a", Box::new(|i| i.issuers[0] = 1)),
        ("issuer of b", Box::new(|i| i.issuers[1] = 0)),
        ("first value", Box::new(|i| i.disclosed[0] = Value::Code("上".into()))),
        ("second value", Box::new(|i| i.disclosed[1] = Value::Uint(501))),
        ("type of a value with the same scalar", Box::new(|i| i.disclosed[1] = Value::Flags(500))),
        ("text for code", Box::new(|i| i.disclosed[0] = Value::Text("上海".into()))),
        ("absent", Box::new(|i| i.disclosed[0] = Value::Absent)),
        ("A of a", Box::new(|i| i.commitments[0].a_bar = point(99))),
        ("B of a", Box::new(|i| i.commitments[0].b_bar = point(99))),
        ("T of a", Box::new(|i| i.commitments[0].masks = point(99))),
        ("A of b", Box::new(|i| i.commitments[1].a_bar = point(99))),
        ("B of b", Box::new(|i| i.commitments[1].b_bar = point(99))),
        ("T of b", Box::new(|i| i.commitments[1].masks = point(99))),
        ("R1", Box::new(|i| i.commitments[0].token.as_mut().unwrap().r1 = point(99))),
        ("R2", Box::new(|i| i.commitments[0].token.as_mut().unwrap().r2 = point(99))),
        ("zt", Box::new(|i| i.commitments[0].token.as_mut().unwrap().response += Scalar::ONE)),
        ("no token", Box::new(|i| i.commitments[0].token = None)),
        ("a second token", Box::new(|i| i.commitments[1].token = i.commitments[0].token.clone())),
        ("order", Box::new(|i| i.commitments.swap(0, 1))),
        ("one less", Box::new(|i| i.commitments.truncate(1))),
        ("E1", Box::new(|i| i.e1 = point(99))),
        ("E0", Box::new(|i| i.e0 = point(99))),
        ("tau", Box::new(|i| i.tau += Scalar::ONE)),
        ("E0 and E1", Box::new(|i| std::mem::swap(&mut i.e0, &mut i.e1))),
    ];
    for (path, value) in [
        ("/audience", json!("https://verifier.exampl")),
        ("/audience_name/zh-CN", json!("x")),
        ("/audience_name/en", json!("x")),
        ("/purpose/zh-CN", json!("x")),
        ("/purpose/en", json!("x")),
        ("/response_uri", json!("x")),
        ("/nonce", json!("08".repeat(32))),
        ("/issued_at", json!((NOW - 1).to_string())),
        ("/expires_at", json!((NOW + 301).to_string())),
        ("/credentials/0/issuers", json!([key(2), key(4)])),
        ("/credentials/0/issuers", json!([key(2), key(3), key(4)])),
        ("/credentials/0/issuers", json!([key(4), key(3)])),
        ("/credentials/0/check", json!("keyed")),
        ("/credentials/1/check", json!("token")),
        ("/statements/0/disclose/of", json!("a.name")),
        ("/statements/2/age/at_least", json!("19")),
        ("/statements/3/member/values/4", json!("r6")),
        ("/statements/3/member/values", json!(["r2", "r1", "r3", "r4", "r5"])),
        ("/statements/4/flags/all/0", json!("b4")),
        ("/statements/4/flags/any", json!(["b1"])),
        ("/statements/5/range/lo", json!("6")),
        ("/statements/5/range/hi", json!("901")),
        ("/statements/5/range/of/0/coefficient", json!("3")),
    ] {
        changes.push((path, json_change(path, value)));
    }
    let base = Inputs::new();
    let (y, c) = base.challenges();
    assert_eq!(base.challenges(), (y, c));
    let mut seen = HashSet::from([c.to_bytes()]);
    for (name, change) in changes {
        let mut inputs = base.clone();
        change(&mut inputs);
        let (other_y, other_c) = inputs.challenges();
        assert!(seen.insert(other_c.to_bytes()), "{name} is not in c");
        assert_eq!(other_y == y, ["E0", "tau"].contains(&name), "{name} and y");
    }
}

/// What is lowered has a digest of its own, apart from the request's: every part of it counts.
#[test]
fn every_part_of_a_relation_is_in_its_digest() {
    let digest = |statements: Json| {
        let mut request = request();
        request["statements"] = statements;
        *compile(&request).digest()
    };
    let term = |coefficient: &str| json!([{"attribute": "a.amount", "coefficient": coefficient}]);
    let range = |of: Json, lo: &str, hi: &str| json!([{"range": {"of": of, "lo": lo, "hi": hi}}]);
    let intervals = |list: &[(u32, u32)]| {
        let list: Vec<Json> =
            list.iter().map(|(lo, hi)| json!({"lo": lo.to_string(), "hi": hi.to_string()})).collect();
        json!([{"intervals": {"of": term("1"), "intervals": list}}])
    };
    let member = |values: &[&str]| json!([{"member": {"of": "a.city", "values": values}}]);
    let all = [
        json!([]),
        json!([{"disclose": {"of": "a.city"}}]),
        json!([{"disclose": {"of": "a.name"}}]),
        json!([{"equal": {"left": "a.city", "right": "b.town"}}]),
        json!([{"equals": {"of": "a.city", "value": "x"}}]),
        json!([{"equals": {"of": "a.city", "value": "y"}}]),
        range(term("1"), "1", "100"),
        range(term("2"), "1", "100"),
        range(term("1"), "2", "100"),
        range(term("1"), "1", "101"),
        range(term("-1"), "-100", "-1"),
        range(json!([{"attribute": "b.points", "coefficient": "1"}]), "1", "100"),
        range(term("1"), "5", "5"),
        range(term("1"), "6", "6"),
        member(&["x", "y", "z"]),
        member(&["y", "x", "z"]),
        member(&["x", "y", "z", "w"]),
        member(&["x", "y", "w"]),
        member(&["x", "y"]),
        intervals(&[(1, 2), (5, 6)]),
        intervals(&[(5, 6), (1, 2)]),
        intervals(&[(1, 2), (5, 7)]),
        intervals(&[(1, 3), (5, 7)]),
        json!([{"flags": {"of": "a.classes", "all": ["A1"]}}]),
        json!([{"flags": {"of": "a.classes", "none": ["A1"]}}]),
        json!([{"flags": {"of": "a.classes", "all": ["A2"]}}]),
        json!([{"flags": {"of": "a.classes", "any": ["A1", "A2"]}}]),
        json!([{"flags": {"of": "a.classes", "any": ["A1", "B1"]}}]),
    ];
    let distinct: HashSet<[u8; 32]> = all.iter().map(|statements| digest(statements.clone())).collect();
    assert_eq!(distinct.len(), all.len());
    assert_eq!(digest(all[6].clone()), digest(all[6].clone()));
}

/// The compact profile has a digest of its own, and every part of a range is in it.
#[test]
fn every_part_of_a_range_is_in_the_digest() {
    let amount = |coefficient: &str, lo: &str, hi: &str| {
        let of = json!([{"attribute": "a.amount", "coefficient": coefficient}]);
        json!({"range": {"of": of, "lo": lo, "hi": hi}})
    };
    let points =
        json!({"range": {"of": [{"attribute": "b.points", "coefficient": "1"}], "lo": "1", "hi": "100"}});
    let max = ((1u64 << 63) - 1).to_string();
    let mut seen = HashSet::new();
    for statements in [
        json!([amount("1", "1", "100")]),
        json!([amount("1", "2", "101")]),
        json!([amount("1", "1", "101")]),
        json!([amount("2", "1", "100")]),
        json!([amount("-1", "-100", "-1")]),
        json!([amount("1", "1", &max)]),
        json!([amount("1", "2", &max)]),
        json!([amount("1", "0", "100")]),
        json!([amount("1", "1", "100"), points]),
        json!([points, amount("1", "1", "100")]),
        json!([points]),
        json!([points, points]),
        json!([amount("1", "1", "100"), {"member": {"of": "a.city", "values": ["x", "y"]}}]),
    ] {
        let mut request = request();
        (request["statements"], request["prefer"]) = (statements.clone(), json!("small"));
        let fast = compile(&request);
        let compact = fast.compact().unwrap();
        assert_eq!(compact.compact().unwrap().digest(), compact.digest());
        assert!(seen.insert(*fast.digest()) && seen.insert(*compact.digest()), "{statements}");
    }
    // Two ranges that differ in nothing but that one end is not proven.
    let compact = |statement: Json| {
        let mut request = request();
        (request["statements"], request["prefer"]) = (json!([statement]), json!("small"));
        compile(&request).compact().unwrap()
    };
    let of = json!([{"attribute": "a.amount", "coefficient": "1"}]);
    let one = compact(amount("1", "1", &max));
    let both = compact(json!({"intervals": {"of": of, "intervals": [{"lo": "1", "hi": max}]}}));
    assert_eq!(
        (&one.ranges()[0].value, one.ranges()[0].width),
        (&both.ranges()[0].value, both.ranges()[0].width)
    );
    assert!(!one.ranges()[0].both_ends && both.ranges()[0].both_ends && one.digest() != both.digest());
}

/// A request for small answers is another request, and the profile is in the challenges.
#[test]
fn profiles_have_challenges_of_their_own() {
    let mut inputs = Inputs::new();
    let plain = inputs.challenges();
    inputs.request["prefer"] = json!("small");
    let fast = inputs.challenges();
    let compact = inputs.challenges_of(&compile(&inputs.request).compact().unwrap());
    assert!(plain != fast && fast != compact && plain != compact);
    assert!(plain.0 != fast.0 && fast.0 != compact.0);
}

/// The challenges of the other proofs: tokens and both proofs of an issuance.
#[test]
fn every_input_of_the_other_challenges_counts() {
    let mut seen = HashSet::new();
    let p: Vec<EncodedPoint> = (40..50).map(point).collect();
    // One number more than there are inputs: nothing is changed then.
    for changed in 0..=5 {
        let at = |i: usize| if changed == i { &p[9].encoded } else { &p[i].encoded };
        let key = if changed == 4 { key(3) } else { key(2) };
        assert!(seen.insert(token_challenge(&key, at(0), at(1), at(2), at(3)).to_bytes()), "token {changed}");
    }
    let digests = [all_types().digest(), second().digest()];
    for changed in 0..=7 {
        let at = |i: usize| if changed == i { &p[9] } else { &p[i] };
        let schema = &digests[usize::from(changed == 4)];
        let key = if changed == 5 { key(3) } else { key(2) };
        let nonce = Nonce([u8::from(changed == 6); 32]);
        let c = IssuanceRequest::challenge(&key, schema, &nonce, [at(0), at(1), at(2), at(3)]);
        assert!(seen.insert(c.to_bytes()), "issuance request {changed}");
    }
    for changed in 0..=6 {
        let at = |i: usize| if changed == i { &p[9].encoded } else { &p[i].encoded };
        let schema = &digests[usize::from(changed == 4)];
        let key = if changed == 5 { key(3) } else { key(2) };
        let c = issuance_proof_challenge(&key, schema, at(0), at(1), [at(2), at(3)]);
        assert!(seen.insert(c.to_bytes()), "issuance answer {changed}");
    }
    // d and the base of registrations: one for each key, d for each schema as well.
    let domains: HashSet<[u8; 32]> =
        [(2, 0), (2, 1), (3, 0), (3, 1)].map(|(k, s)| key(k).domain(&digests[s]).to_bytes()).into();
    assert_eq!(domains.len(), 4);
    assert_ne!(key(2).registration_base(), key(3).registration_base());
}

#[test]
fn labels_are_distinct() {
    let all = [
        labels::GENERATOR,
        labels::REGISTRATION_BASE,
        labels::STRING_ATTRIBUTE,
        labels::ABSENT_ATTRIBUTE,
        labels::SCHEMA,
        labels::DOMAIN,
        labels::REQUEST,
        labels::RELATION,
        labels::ISSUANCE_REQUEST,
        labels::ISSUANCE_DLEQ,
        labels::TOKEN,
        labels::PRESENTATION,
        labels::SUITE,
    ];
    let private = [
        labels::BATCH,
        labels::ISSUANCE_RANDOMNESS,
        labels::TOKEN_RANDOMNESS,
        labels::WALLET_RANDOMNESS,
        // Suite `transcript_lists` has these in letters.
        labels::INTERVAL_DOMAIN,
        labels::INTERVAL_BUCKET,
        labels::INTERVAL_RANDOMNESS,
    ];
    let distinct: HashSet<&[u8]> = all.into_iter().chain(private).collect();
    assert_eq!(distinct.len(), all.len() + private.len());
    let mut digest = transcript(b"pin of the labels");
    all.iter().for_each(|label| digest.append_message(b"label", label));
    assert_eq!(
        hex(&digest.challenge_array(b"digest")),
        "2ef17ef597f0c9e7ae6f2a83a958d92a5600c4074ad58eac7424ae93e872d0b9"
    );
    assert_eq!((labels::VERSION, labels::PROFILE_FAST, labels::PROFILE_COMPACT), (1, 0, 1));
}

/// Recorded values. If one of these changes, all proofs and credentials in the world are worthless: it takes a new
/// version, not a new number here.
#[test]
fn pinned() {
    let all = generators().all();
    assert_eq!(all.len(), INDEX_D + D_COUNT);
    assert_eq!((H_COUNT, D_COUNT), (34, 1024));
    let mut digest = transcript(b"pin of the generators");
    all.iter().for_each(|point| digest.append_point(b"point", &point.compress()));
    assert_eq!(
        hex(&digest.challenge_array(b"digest")),
        "68dd5895f6c6b2cd20aabdc0d3fc9f8464cd79301f7a2a050f649288e97164ac"
    );

    let ranges = range_generators();
    assert_eq!(ranges.len(), 2 * MAX_BITS * MAX_SLOTS);
    let mut digest = transcript(b"pin of the generators");
    ranges.iter().for_each(|point| digest.append_point(b"point", &point.compress()));
    assert_eq!(
        hex(&digest.challenge_array(b"digest")),
        "2da15ade27cd7d845c8e9eb84bad560c8f25dad336bfc69ade37d3823a1ed877"
    );

    let schema = SchemaDigest([9; 32]);
    assert_eq!(
        hex(key(2).domain(&schema).as_bytes()),
        "0fe10a94f5d2a365a8c013137e4d065fdd887e1bc0028dcc26915ab4be8d890a"
    );
    assert_eq!(
        hex(key(2).registration_base().compress().as_bytes()),
        "0a2aac3b6796fda61bdd43c53333d38d6c20d673efba35e02f04524c727b0823"
    );
    assert_eq!(
        hex(Value::Absent.to_scalar().as_bytes()),
        "3eff806b7989418551e2f3abadc9448f474cd88f2c2b8f60a1ea6d95ded9bf08"
    );
    assert_eq!(
        hex(Value::Text("张三".into()).to_scalar().as_bytes()),
        "1194bbe4d10544323e9314d78e8ac21556f59cc1a22cd1ee4f739732654ee409"
    );
    let [a, b, r1, r2] = [40, 41, 42, 43].map(|n| point(n).encoded);
    assert_eq!(
        hex(token_challenge(&key(2), &a, &b, &r1, &r2).as_bytes()),
        "f193cb7174b09ef761ba9bf8b306e22dd3e58b1609392dc8dbd59615b18df008"
    );
    let proof = issuance_proof_challenge(&key(2), &schema, &a, &b, [&r1, &r2]);
    assert_eq!(hex(proof.as_bytes()), "caf31a591352a2b179b6c7aefb6b3bcd850379801146e868998ff5fe61cf7203");
    let [p, q, r, s] = [40, 41, 42, 43].map(point);
    let asked = IssuanceRequest::challenge(&key(2), &schema, &Nonce([7; 32]), [&p, &q, &r, &s]);
    assert_eq!(hex(asked.as_bytes()), "fcf3f6481642e642b24559e0e81fe568e74e5ce1961a274fb69f3421c438e00a");

    let inputs = Inputs::new();
    let relation = compile(&inputs.request);
    assert_eq!(
        all_types().digest().to_string(),
        "5a46cd98e1918f1a68fa190038f763832d78040df2a53ac298e88f561ba17385"
    );
    assert_eq!(
        relation.request().digest().to_string(),
        "70db86a62c6f92dfb1cbe7dd589f2ea1d02ff3053c53a2c166fb60969cb1b6df"
    );
    assert_eq!(hex(relation.digest()), "041dd03bc28de8edd75147558693788c5988b9324dbe65c886c77dd06b9798d4");
    let (y, c) = inputs.challenges();
    assert_eq!(hex(y.as_bytes()), "5528ccc9d434657930e67ef35816ce1efe90bf009e47eab6120f93c025906d04");
    assert_eq!(hex(c.as_bytes()), "d83a4a91e8b529c984535943114440e77bfd3864e64f04de377977fbf5b88303");

    // The compact profile of the same request.
    let mut inputs = inputs;
    inputs.request["prefer"] = json!("small");
    let compact = compile(&inputs.request).compact().unwrap();
    assert_eq!(hex(compact.digest()), "b1f9ff6c917d276dcac8da5371e46cb5e1fff6c1d787dcded97a48bd9d4346a1");
    let (mut rounds, v) =
        (Rounds::new(&compact, &inputs.issuers, &inputs.disclosed, &[]), [point(50), point(51)]);
    assert_eq!(compact.ranges().len(), v.len());
    let mut fork = rounds.ranges(&v);
    assert_eq!(
        hex(&fork.challenge_array(b"pin")),
        "edcfe274e176888468f0bb486339b27452e05ad9d2201073965956bd82fa819e"
    );
    let y = rounds.weight(Some(&inputs.e1));
    assert_eq!(hex(y.as_bytes()), "2321bb248d8e7c2a3cfdf32591a53d7b96972506d3ad1b63e769af155ca5ab0d");
}
