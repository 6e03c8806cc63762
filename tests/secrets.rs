//! What types that hold secrets cannot do, and what is not to be seen of those that can be printed.
//!
//! Types that nobody outside can name are held to the same beside their declarations, with the same macro.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::{Debug, Display};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use glimpse_api::{
    Blob, CredentialRequest, CredentialResponse, Disclosed, LicenceRegistration, OfferCreated,
    OfferRedemption, PresentationSubmission, RegisteredLicence, RequestCreated, StatelessVerification,
    TokenCommitRequest, TokenCommitResponse, TokenRespondRequest, TokenRespondResponse,
};
use glimpse_circuits::attribute::Value;
use glimpse_circuits::issuance::IssuedCredential;
use glimpse_circuits::lacks;
use glimpse_circuits::relation::{Assignment, Polynomial};
use glimpse_circuits::request::Nonce;
use glimpse_fixtures::schemas::{all_types, all_types_values};
use glimpse_fixtures::{NOW, World, rng};
use glimpse_issuer::{
    DocumentSecretKey, IntervalSigner, Issuance, IssuerSecretKey, TokenExchange, TokenExchanges, issue,
};
use glimpse_prover::{
    BlindedTokens, Credential, Holding, Interval, LinkSecret, PendingIssuance, PendingTokens, Showing,
    SignatureParts, Token, present,
};
use glimpse_service::{ApiToken, Key};
use glimpse_wallet::{HttpRequest, HttpResponse, KdfParams, Passphrase, SecretWords, Wallet};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use zeroize::Zeroizing;

// The issuer: a second k for one exchange gives away x, so there is nothing to make a copy of it with.
lacks!(IssuerSecretKey: Clone, Copy, Display, PartialEq, Serialize, DeserializeOwned);
lacks!(TokenExchange: Clone, Copy, Display, Serialize, DeserializeOwned);
lacks!(TokenExchanges: Clone, Serialize, DeserializeOwned);
lacks!(Issuance<'static>: Debug, Clone, Serialize);
lacks!(IssuedCredential: Display, Copy, Serialize, DeserializeOwned);

lacks!(DocumentSecretKey: Clone, Copy, Display, PartialEq, Serialize, DeserializeOwned);
lacks!(IntervalSigner<'static>: Debug, Clone, Serialize);

// The holder: whoever shows a token twice can be recognised.
lacks!(LinkSecret: Clone, Copy, Display, PartialEq, Serialize, DeserializeOwned);
lacks!(Credential: Clone, Display, Serialize, DeserializeOwned);
lacks!(PendingIssuance: Clone, Display, Serialize, DeserializeOwned);
lacks!(PendingTokens: Debug, Clone, Serialize, DeserializeOwned);
lacks!(BlindedTokens: Debug, Clone, Serialize, DeserializeOwned);
lacks!(Token: Clone, Copy, Display, Serialize, DeserializeOwned);
lacks!(Interval: Clone, Copy, Display, Serialize, DeserializeOwned);
lacks!(SignatureParts<'static>: Debug, Display, Serialize);
lacks!(Showing: Clone, Display, Serialize);
lacks!(Holding<'static>: Debug, Clone, Serialize);

// What a proof is made of.
lacks!(Value: Copy, Display, Serialize, DeserializeOwned);
lacks!(Assignment: Debug, Copy, Serialize, DeserializeOwned);
lacks!(Polynomial: Debug, Copy, Serialize, DeserializeOwned);

// The wallet.
lacks!(Passphrase: Copy, Display, PartialEq, Serialize, DeserializeOwned);
lacks!(SecretWords: Copy, Display, Serialize, DeserializeOwned);
lacks!(Wallet: Clone, Display, Serialize);

// The service.
lacks!(ApiToken: Copy, Display, PartialEq, Serialize, DeserializeOwned);
lacks!(Key: Copy, Display, Serialize, DeserializeOwned);

// What goes over the wire can be written as JSON, and is not for logs.
lacks!(LicenceRegistration: Debug, Display);
lacks!(RegisteredLicence: Debug, Display);
lacks!(OfferCreated: Debug, Display);
lacks!(OfferRedemption: Debug, Display);
lacks!(CredentialRequest: Debug, Display);
lacks!(CredentialResponse: Debug, Display);
lacks!(TokenCommitRequest: Debug, Display);
lacks!(TokenCommitResponse: Debug, Display);
lacks!(TokenRespondRequest: Debug, Display);
lacks!(TokenRespondResponse: Debug, Display);
lacks!(RequestCreated: Debug, Display);
lacks!(PresentationSubmission: Debug, Display);
lacks!(StatelessVerification: Debug, Display);
lacks!(Disclosed: Display);

/// What must not be printed, in every spelling that a derived `Debug` or a careless message has.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    fn text(&mut self, text: &str) {
        self.0.extend([text.to_owned(), hex::encode(text)]);
        self.bytes(text.as_bytes());
    }

    /// The beginning is enough to be recognised by.
    fn bytes(&mut self, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(8)];
        let list = |separator: &str| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(separator);
        self.0.extend([hex::encode(bytes), hex::encode_upper(bytes), list(", "), list(",\n")]);
        self.0.push(URL_SAFE_NO_PAD.encode(&bytes[..bytes.len() / 3 * 3]));
    }

    #[track_caller]
    fn are_not_in(&self, printed: &impl Debug) {
        for text in [format!("{printed:?}"), format!("{printed:#?}")] {
            // Lists of the long form stand on lines of their own.
            let joined: String = text.split('\n').map(str::trim).collect::<Vec<_>>().join("\n");
            let found = self.0.iter().find(|secret| text.contains(*secret) || joined.contains(*secret));
            assert!(found.is_none(), "{found:?} in {text}");
        }
    }
}

#[test]
fn nothing_printed_has_a_secret() {
    let schema = all_types();
    let mut world = World::new(1, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let key = *world.issuer.public();
    let mut rng = rng(2);
    let mut secrets = Secrets::default();
    secrets.bytes(&*world.issuer.to_bytes());
    secrets.bytes(&*wallet.secret.to_bytes());
    secrets.are_not_in(&world.issuer);
    secrets.are_not_in(&wallet.secret);

    let nonce = Nonce([7; 32]);
    let pending = PendingIssuance::begin(&wallet.secret, &key, &schema, &nonce, &mut rng);
    secrets.bytes(&pending.to_bytes());
    pending.request().to_bytes().chunks(32).for_each(|part| secrets.bytes(part));
    secrets.are_not_in(&pending);
    secrets.are_not_in(pending.request());

    let (values, handle) = (all_types_values(), 0x1234_5678);
    let texts = values.iter().filter_map(|value| match value {
        Value::Text(text) | Value::Code(text) => Some(text),
        _ => None,
    });
    texts.filter(|text| text.len() > 3).for_each(|text| secrets.text(text));
    secrets.0.extend(["1000000".into(), handle.to_string(), "1990-05-17".into()]);
    secrets.are_not_in(&values);
    let request = Some(pending.request());
    let issuance = Issuance { schema: &schema, values, handle, nonce, request, registered: None };
    let issued = issue(&world.issuer, issuance, &mut rng).unwrap();
    secrets.bytes(issued.a.encoded.as_bytes());
    secrets.bytes(issued.e.as_bytes());
    secrets.are_not_in(&issued);
    let credential = pending.finish(&wallet.secret, &key, schema.clone(), issued).unwrap();
    secrets.are_not_in(&credential);

    let document_key = DocumentSecretKey::generate(&mut rng);
    secrets.bytes(&*document_key.to_bytes());
    secrets.are_not_in(&document_key);
    let (scope, bucket) = world.list(&credential, NOW, &[handle - 9, handle + 9]);
    secrets.0.extend([(handle - 8).to_string(), (handle + 8).to_string()]);
    let interval = Interval::find(&credential, scope, &bucket).unwrap();
    interval.to_bytes()[8..].chunks(32).for_each(|part| secrets.bytes(part));
    secrets.are_not_in(&interval);
    secrets.are_not_in(&bucket);

    let pending = PendingTokens::begin(&credential, 4, &mut rng);
    pending.pairs().iter().for_each(|pair| secrets.bytes(&pair.to_bytes()));
    secrets.are_not_in(&pending.pairs());
    let (exchange, commitments) = TokenExchange::commit(&world.issuer, pending.pairs(), &mut rng).unwrap();
    commitments.iter().for_each(|commitment| secrets.bytes(&commitment.to_bytes()));
    secrets.are_not_in(&commitments);
    secrets.are_not_in(&exchange);
    let mut open = TokenExchanges::new(1, 1);
    let (blinded, challenges) = pending.challenge(&commitments, &mut rng).unwrap();
    challenges.iter().for_each(|challenge| secrets.bytes(challenge.as_bytes()));
    let id = open.insert(exchange, 0, &mut rng).unwrap();
    secrets.bytes(&id.0);
    secrets.are_not_in(&open);
    let responses = open.take(&id, 0).unwrap().respond(&world.issuer, &challenges).unwrap();
    let mut tokens = blinded.finish(&responses).unwrap();
    tokens.iter().for_each(|token| token.to_bytes().chunks(32).for_each(|part| secrets.bytes(part)));
    secrets.are_not_in(&tokens);

    let statements = json!([
        {"disclose": {"of": "l.name"}},
        {"range": {"of": [{"attribute": "l.amount", "coefficient": "1"}], "lo": "5", "hi": "9000000"}},
        {"member": {"of": "l.region", "values": ["r1", "r7"]}},
    ]);
    let request = world.request_for_small(&[("l", schema.as_ref())], statements, "token");
    let fast = world.relation(&request);
    for relation in [fast.compact().unwrap(), fast] {
        let showing = Showing::Token(tokens.pop().unwrap());
        secrets.are_not_in(&showing);
        let holding = Holding::new(&credential, showing);
        let presentation = present(&relation, &wallet.secret, vec![holding], &mut rng).unwrap();
        let mut shown = Secrets::default();
        let bytes = presentation.to_bytes();
        // After version, profile, issuer and the name that is disclosed: points and scalars.
        let start = bytes.len() % 32;
        bytes[start..].chunks(32).for_each(|part| shown.bytes(part));
        shown.0.extend(secrets.0.iter().cloned());
        shown.are_not_in(&presentation);
        let digits = presentation.digits.as_ref().unwrap();
        shown.are_not_in(&(&presentation.commitments, &presentation.credential_responses, digits));
        shown.are_not_in(&(&digits.committed, &digits.ranges));
        shown.are_not_in(&digits.ranges.as_ref().map(|part| &part.proof));
        shown.are_not_in(&Blob::from(bytes.as_slice()));
        let verdict = world.verifier().verify_compiled(&relation, &bytes, NOW).unwrap();
        shown.are_not_in(&verdict);
        shown.are_not_in(&verdict.disclosed);
    }
}

#[test]
fn nothing_printed_of_keys_and_wallets() {
    let mut secrets = Secrets::default();
    let (text, passphrase) = ("a-bearer-key-of-this-test", "correct horse");
    secrets.text(text);
    secrets.text(passphrase);
    let key = Key::of(text);
    secrets.bytes(&key.sha256);
    secrets.are_not_in(&key);
    secrets.are_not_in(&ApiToken::new(text).unwrap());
    let principal = glimpse_service::Principal::new("p", glimpse_service::Role::Issuer).with_key(key);
    secrets.are_not_in(&principal);
    secrets.are_not_in(&glimpse_service::Access::new([principal]).unwrap());
    let passphrase = Passphrase::new(passphrase);
    secrets.are_not_in(&passphrase);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wallet");
    secrets.are_not_in(&Wallet::create(&path, &passphrase, KdfParams::FOR_TESTS, &mut rng(3)).unwrap());
}

#[test]
fn nothing_printed_of_what_is_sent_and_answered() {
    let mut secrets = Secrets::default();
    let code = "an-offer-code-of-this-test";
    secrets.text(code);
    let uri = format!("https://issuer.example/offers/{code}");
    let body = Some(code.as_bytes());
    let request = HttpRequest { uri: &uri, body, idempotency_key: Some(code), max_response_bytes: 1 << 16 };
    secrets.are_not_in(&request);
    let body = Zeroizing::new(code.as_bytes().to_vec());
    secrets.are_not_in(&HttpResponse { status: 200, content_type: None, retry_after: None, body });
    let disclosed = json!({"of": "card.name", "value": code});
    let disclosed: Disclosed = serde_json::from_value(disclosed).unwrap();
    secrets.are_not_in(&disclosed);
}

/// The search finds what a derived `Debug` would show.
#[test]
fn what_is_printed_is_found() {
    #[derive(Debug)]
    #[allow(dead_code)]
    struct Careless {
        bytes: [u8; 32],
        text: &'static str,
    }
    let careless = Careless { bytes: [200; 32], text: "a name" };
    let mut secrets = [Secrets::default(), Secrets::default(), Secrets::default()];
    secrets[0].bytes(&[200; 32]);
    secrets[1].text("a name");
    secrets[2].bytes(b"\xc8\xc8\xc8");
    for secrets in secrets {
        let result = std::panic::catch_unwind(|| secrets.are_not_in(&careless));
        assert!(result.is_err(), "{:?}", secrets.0);
    }
}
