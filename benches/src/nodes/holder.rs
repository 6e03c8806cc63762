//! A wallet in memory: what it makes for nodes, and of what they answer.

use std::sync::Arc;

use glimpse_api::{
    Blob, CredentialResponse, Metadata, OfferDetails, TokenCommitResponse, TokenRespondResponse,
};
use glimpse_circuits::encoding::Reader;
use glimpse_circuits::issuance::IssuedCredential;
use glimpse_circuits::key::Registry;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::{CheckKind, Request};
use glimpse_circuits::token::TokenCommitment;
use glimpse_prover::{
    BlindedTokens, Credential, Holding, LinkSecret, PendingIssuance, PendingTokens, Showing, Token, present,
};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use super::Answer;

/// The licences of these holders.
pub const PROFILE: &str = "cn.driving_licence";

/// A holder of one link secret, with randomness of its own.
pub struct Holder {
    registry: Registry,
    secret: LinkSecret,
    rng: ChaCha20Rng,
}

impl Holder {
    /// A new holder who has read an issuer's metadata.
    pub fn new(metadata: &Answer, mut rng: ChaCha20Rng) -> Self {
        let metadata: Metadata = metadata.read();
        let mut registry = Registry::default();
        metadata.schemas.into_iter().for_each(|schema| registry.add_schema(Arc::new(schema)));
        metadata.issuers.into_iter().for_each(|issuer| registry.add_issuer(issuer));
        Self { registry, secret: LinkSecret::generate(&mut rng), rng }
    }

    /// What is sent for an offer: something else each time.
    pub fn ask(&mut self, code: &str, details: &OfferDetails) -> (PendingIssuance, Value) {
        let schema = self.registry.schema(&details.schema).unwrap();
        let pending =
            PendingIssuance::begin(&self.secret, &details.key, schema, &details.nonce, &mut self.rng);
        let request = Blob::from(pending.request().to_bytes().as_slice());
        (pending, json!({ "code": code, "request": request }))
    }

    /// The credential of an answer, with its revocation handle, if it holds.
    pub fn accept(
        &self,
        details: &OfferDetails,
        pending: PendingIssuance,
        answer: &Answer,
    ) -> Option<(Credential, u32)> {
        let answer: CredentialResponse = answer.read();
        let schema = self.registry.schema(&details.schema)?;
        let issued = IssuedCredential::from_bytes(schema, &answer.credential.0).ok()?;
        let handle = issued.handle;
        let credential = pending.finish(&self.secret, &details.key, schema.clone(), issued).ok()?;
        Some((credential, handle))
    }

    /// Opens a token exchange.
    pub fn begin_tokens(&mut self, credential: &Credential, count: usize) -> (PendingTokens, Value) {
        let pending = PendingTokens::begin(credential, count, &mut self.rng);
        let pairs: Vec<Blob> = pending.pairs().iter().map(|pair| pair.to_bytes().as_slice().into()).collect();
        let body = json!({ "key": credential.key(), "pairs": pairs });
        (pending, body)
    }

    /// Goes on with it: the exchange's name, and what is sent to end it.
    pub fn challenge(&mut self, pending: PendingTokens, answer: &Answer) -> (String, BlindedTokens, Value) {
        let answer: TokenCommitResponse = answer.read();
        let commitments: Vec<_> =
            answer.commitments.iter().map(|blob| TokenCommitment::from_bytes(&blob.0).unwrap()).collect();
        let (blinded, challenges) = pending.challenge(&commitments, &mut self.rng).unwrap();
        let challenges: Vec<Blob> = challenges.iter().map(|c| c.as_bytes().as_slice().into()).collect();
        (answer.exchange, blinded, json!({ "challenges": challenges }))
    }

    /// The tokens, if the answer holds.
    pub fn tokens(&self, blinded: BlindedTokens, answer: &Answer) -> Option<Vec<Token>> {
        let answer: TokenRespondResponse = answer.read();
        let responses: Vec<_> =
            answer.responses.iter().map(|blob| Reader::new(&blob.0).scalar().unwrap()).collect();
        blinded.finish(&responses).ok()
    }

    /// A presentation for a request as it was read: something else each time. Takes a token for a request that asks for
    /// one.
    pub fn present(&mut self, request: &[u8], credential: &Credential, token: Option<Token>) -> Value {
        let request = Request::from_json(std::str::from_utf8(request).unwrap()).unwrap();
        let relation = Relation::compile(Arc::new(request), &self.registry).unwrap();
        let showing = match relation.credentials()[0].check {
            CheckKind::Token => Showing::Token(token.unwrap()),
            CheckKind::Keyed => Showing::Keyed,
        };
        let holdings = vec![Holding::new(credential, showing)];
        let presentation = present(&relation, &self.secret, holdings, &mut self.rng).unwrap();
        json!({ "presentation": Blob::from(presentation.to_bytes().as_slice()) })
    }
}

/// Of age, checked with a token or with the issuer's key.
pub fn policy(check: CheckKind) -> Value {
    let purpose = json!({ "zh-CN": "租车", "en": "Car rental" });
    json!({ "inline": {
        "purpose": purpose,
        "licences": [{ "id": "licence", "schema": PROFILE, "check": check }],
        "statements": [{ "age": { "of": "licence.birth_date", "at_least": "18" } }],
    } })
}
