//! Somebody who holds real credentials and lies: the prover library with an HTTP client, and no wallet that would
//! refuse.

use std::sync::Arc;

use glimpse_api::{
    Blob, CredentialRequest, CredentialResponse, OfferCreated, OfferDetails, OfferRedemption,
    PresentationSubmission, TokenCommitRequest, TokenCommitResponse, TokenRespondRequest,
    TokenRespondResponse, paths,
};
use glimpse_circuits::issuance::IssuedCredential;
use glimpse_circuits::key::Registry;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Request;
use glimpse_circuits::token::{TOKEN_BATCH_SIZES, TokenCommitment};
use glimpse_prover::{
    Credential, Holding, LinkSecret, PendingIssuance, PendingTokens, Showing, Token, present,
};
use rand_core::OsRng;
use serde_json::Value;

use crate::demo::world::DemoResult;
use crate::http::{Client, HttpError};

/// A link secret, a service to talk to, and what that service publishes.
pub(crate) struct Crook {
    secret: LinkSecret,
    client: Client,
    registry: Registry,
}

impl Crook {
    /// A crook at the service of this address.
    pub(crate) fn new(base_url: &str, registry: Registry) -> Self {
        Self { secret: LinkSecret::generate(&mut OsRng), client: Client::new(base_url, None), registry }
    }

    /// Obtains a credential by the book.
    pub(crate) fn obtain(&self, offer: &OfferCreated) -> DemoResult<Credential> {
        let code = offer.code.clone();
        let details: OfferDetails =
            self.client.post(paths::OFFERS_REDEEM, &OfferRedemption { code: code.clone() })?;
        let schema = self.registry.schema(&details.schema).ok_or("unknown schema")?.clone();
        let pending = PendingIssuance::begin(&self.secret, &details.key, &schema, &details.nonce, &mut OsRng);
        let request = Some(Blob(pending.request().to_bytes().to_vec()));
        let answer: CredentialResponse =
            self.client.post(paths::CREDENTIALS, &CredentialRequest { code, request })?;
        let issued = IssuedCredential::from_bytes(&schema, &answer.credential.0)?;
        Ok(pending.finish(&self.secret, &details.key, schema, issued)?)
    }

    /// Fetches tokens by the book.
    pub(crate) fn tokens(&self, credential: &Credential) -> DemoResult<Vec<Token>> {
        let pending = PendingTokens::begin(credential, TOKEN_BATCH_SIZES[0], &mut OsRng);
        let pairs = pending.pairs().iter().map(|pair| Blob(pair.to_bytes().to_vec())).collect();
        let opened: TokenCommitResponse =
            self.client.post(paths::TOKENS, &TokenCommitRequest { key: *credential.key(), pairs })?;
        let commitments: Vec<TokenCommitment> = opened
            .commitments
            .iter()
            .map(|blob| TokenCommitment::from_bytes(&blob.0))
            .collect::<Result<_, _>>()?;
        let (blinded, challenges) = pending.challenge(&commitments, &mut OsRng)?;
        let challenges = challenges.iter().map(|scalar| Blob(scalar.to_bytes().to_vec())).collect();
        let path = paths::TOKEN_EXCHANGE.replace("{exchange}", &opened.exchange);
        let answer: TokenRespondResponse = self.client.post(&path, &TokenRespondRequest { challenges })?;
        let mut responses = Vec::new();
        for blob in &answer.responses {
            responses.push(glimpse_circuits::encoding::Reader::new(&blob.0).scalar()?);
        }
        Ok(blinded.finish(&responses)?)
    }

    /// Asks for tokens for a pair of points that belongs to no credential.
    pub(crate) fn tokens_for_nothing(
        &self,
        credential: &Credential,
    ) -> Result<TokenCommitResponse, HttpError> {
        let pending = PendingTokens::begin(credential, TOKEN_BATCH_SIZES[0], &mut OsRng);
        let mut pairs: Vec<Blob> =
            pending.pairs().iter().map(|pair| Blob(pair.to_bytes().to_vec())).collect();
        // P' of one pair with Q' of another.
        let (first, second) = (pairs[0].0[..32].to_vec(), pairs[1].0[32..].to_vec());
        pairs[0] = Blob([first, second].concat());
        self.client.post(paths::TOKENS, &TokenCommitRequest { key: *credential.key(), pairs })
    }

    /// Proves whatever request it is given, if the credentials allow it.
    pub(crate) fn prove(&self, request: &Request, credentials: &[&Credential]) -> DemoResult<Vec<u8>> {
        let relation = Relation::compile(Arc::new(request.clone()), &self.registry)?;
        let mut holdings = Vec::new();
        for credential in credentials {
            let token = self.tokens(credential)?.pop().ok_or("no token")?;
            holdings.push(Holding::new(credential, Showing::Token(token)));
        }
        Ok(present(&relation, &self.secret, holdings, &mut OsRng)?.to_bytes())
    }

    /// Submits bytes to a request.
    pub(crate) fn submit(&self, response_uri: &str, presentation: Vec<u8>) -> Result<Value, HttpError> {
        self.client.post(response_uri, &PresentationSubmission { presentation: Blob(presentation) })
    }
}
