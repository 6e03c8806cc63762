//! From an offer to a credential.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use curve25519_dalek::ristretto::CompressedRistretto;
use glimpse_api::{CredentialRequest, CredentialResponse, OfferDetails, OfferRedemption, paths};
use glimpse_circuits::issuance::IssuanceRequest;
use glimpse_circuits::schema::{Binding, Schema};
use glimpse_issuer::{Issuance, IssueError, issue};
use rand_core::{OsRng, RngCore};

use crate::access::WALLET;
use crate::error::{ApiError, ApiResult};
use crate::extract::StrictJson;
use crate::ids::Fingerprint;
use crate::issuer::IssuerRole;
use crate::lifecycle::IssuedCredential;
use crate::openapi::problems::{
    BODY, BUSY, HOLDER_REGISTERED, IMPOSSIBLE, INVALID, ISSUANCE_REFUSED, OFFER_UNKNOWN, OFFER_USED,
    Problems, RATE_LIMITED, SCHEMA_RETIRED, STORE,
};
use crate::openapi::tags;
use crate::rates::{Offers, Within};
use crate::store::licences::{LicenceRecord, LicenceUpdate};
use crate::store::{HolderRecord, IssuanceRecord, OpenOffer, RecordedIssuance, StoreError};

/// How often a handle that is given out already is replaced by another. With a million credentials under a key, one
/// draw in 4,000 meets such a handle.
const MAX_DRAWS: usize = 16;
/// Stands for a request that was left out where requests are told apart. No request has these bytes.
const NO_REQUEST: &[u8] = b"no request";

/// Says what an offer is for.
#[utoipa::path(
    post, path = paths::OFFERS_REDEEM, operation_id = "redeemOffer", tag = tags::ISSUER,
    request_body = OfferRedemption,
    responses(
        (status = OK, description = "Schema and key of the credential, and the nonce to bind the request to.",
            body = OfferDetails),
        Problems<{ BODY | RATE_LIMITED | OFFER_UNKNOWN | IMPOSSIBLE | SCHEMA_RETIRED | STORE }>,
    ),
)]
pub(crate) async fn redeem(
    role: Data<IssuerRole>,
    _within: Within<Offers>,
    body: StrictJson<OfferRedemption>,
) -> ApiResult {
    let offer = role.open_offer(Fingerprint::of(body.0.code.as_bytes())).await?;
    if offer.answer.is_none() {
        role.expect_good(&offer)?;
    }
    let schema = role.schema(&offer.licence)?.digest();
    let details =
        OfferDetails { schema, key: *role.key.public(), nonce: offer.nonce, expires_at: offer.expires_at };
    Ok(HttpResponse::Ok().json(details))
}

/// Issues the credential of an offer, or repeats the answer to the same request.
#[utoipa::path(
    post, path = paths::CREDENTIALS, operation_id = "issueCredential", tag = tags::ISSUER,
    request_body = CredentialRequest,
    responses(
        (status = OK, description = "The credential, to be checked by the wallet.", body = CredentialResponse),
        Problems<{ BODY | RATE_LIMITED | INVALID | OFFER_UNKNOWN | OFFER_USED | HOLDER_REGISTERED | ISSUANCE_REFUSED | SCHEMA_RETIRED
            | IMPOSSIBLE | BUSY | STORE }>,
    ),
)]
pub(crate) async fn credential(
    role: Data<IssuerRole>,
    _within: Within<Offers>,
    body: StrictJson<CredentialRequest>,
) -> ApiResult {
    let code = Fingerprint::of(body.0.code.as_bytes());
    let request = body.0.request.map(|blob| blob.0);
    let credential = role.credential(code, request.map(Arc::from)).await?;
    Ok(HttpResponse::Ok().json(CredentialResponse { credential: credential.into() }))
}

/// What issuing came to.
struct Issued {
    credential: Vec<u8>,
    holder: Option<HolderRecord>,
    update: LicenceUpdate,
}

impl IssuerRole {
    async fn open_offer(&self, code: Fingerprint) -> Result<OpenOffer, ApiError> {
        let key = self.key.public().encoded().to_bytes();
        let offer = self.shared.store.open_offer(code, key, self.shared.clock.now()).await?;
        offer.ok_or(ApiError::OfferUnknown)
    }

    /// Whether the licence of an offer may still be issued to the wallet that the offer was made for.
    fn expect_good(&self, offer: &OpenOffer) -> Result<(), ApiError> {
        if offer.wallet != offer.licence.standing.wallet {
            return Err(ApiError::OfferUnknown);
        }
        let key = *self.key.public();
        let issued = offer.licence.standing.clone().issue(IssuedCredential { key, handle: 0 });
        issued.map(drop).map_err(ApiError::Impossible)
    }

    /// The schema of a licence, if it is still issued.
    pub(super) fn schema(&self, licence: &LicenceRecord) -> Result<&Arc<Schema>, ApiError> {
        self.schemas.get(&licence.schema).ok_or(ApiError::SchemaRetired)
    }

    async fn credential(
        self: &Arc<Self>,
        code: Fingerprint,
        request: Option<Arc<[u8]>>,
    ) -> Result<Vec<u8>, ApiError> {
        let fingerprint = Fingerprint::of(request.as_deref().unwrap_or(NO_REQUEST));
        for _ in 0..MAX_DRAWS {
            let offer = self.open_offer(code).await?;
            if offer.wallet != offer.licence.standing.wallet {
                return Err(ApiError::OfferUnknown);
            }
            if let Some(answer) = offer.answer {
                return repeated(answer.is_to(&fingerprint), answer.credential.0);
            }
            self.expect_good(&offer)?;
            let (role, bytes) = (self.clone(), request.clone());
            let issued = self.workers.run(move || role.sign(&offer, bytes.as_deref())).await??;
            let record = IssuanceRecord {
                offer: code,
                request: fingerprint,
                key: self.key.public().encoded().to_bytes(),
                holder: issued.holder,
                credential: issued.credential.clone(),
                update: issued.update,
            };
            match self.shared.store.record_issuance(record, self.shared.clock.now()).await? {
                RecordedIssuance::Stored => return Ok(issued.credential),
                RecordedIssuance::Repeated(answer) => return Ok(answer.credential.0),
                RecordedIssuance::OfferUsed => return Err(ApiError::OfferUsed),
                RecordedIssuance::OfferUnknown => return Err(ApiError::OfferUnknown),
                RecordedIssuance::HolderRegistered => return Err(ApiError::HolderRegistered),
                RecordedIssuance::HandleTaken | RecordedIssuance::LicenceChanged => {}
            }
        }
        Err(ApiError::Busy)
    }

    /// Checks the request and signs. What comes of it counts only once it is recorded.
    fn sign(&self, offer: &OpenOffer, bytes: Option<&[u8]>) -> Result<Issued, ApiError> {
        let schema = self.schema(&offer.licence)?;
        let request = bytes.map(IssuanceRequest::from_bytes).transpose();
        let request = request.map_err(|error| ApiError::invalid("request", error))?;
        let handle = match schema.binding() {
            Binding::Holder => random_handle(),
            Binding::None => 0,
        };
        let issuance = Issuance {
            schema,
            values: offer.licence.values(schema)?,
            handle,
            nonce: offer.nonce,
            request: request.as_ref(),
            registered: offer.registered.map(CompressedRistretto),
        };
        let issued = issue(&self.key, issuance, &mut OsRng).map_err(refusal)?;
        let holder = request.map(|request| HolderRecord {
            reference: offer.licence.holder_reference(),
            handle,
            registration: request.registration.encoded.to_bytes(),
        });
        let mut licence = offer.licence.clone();
        let credential = IssuedCredential { key: *self.key.public(), handle };
        let act = licence.standing.issue(credential).map_err(ApiError::Impossible)?;
        let update = self.update(offer.id, &offer.licence, licence, act, WALLET);
        Ok(Issued { credential: issued.to_bytes(), holder, update })
    }
}

fn repeated(same_request: bool, credential: Vec<u8>) -> Result<Vec<u8>, ApiError> {
    if same_request { Ok(credential) } else { Err(ApiError::OfferUsed) }
}

/// Uniform, but for 0: that is the handle of credentials without a holder.
fn random_handle() -> u32 {
    loop {
        let handle = OsRng.next_u32();
        if handle != 0 {
            return handle;
        }
    }
}

fn refusal(error: IssueError) -> ApiError {
    match error {
        IssueError::SecondLinkSecret => ApiError::HolderRegistered,
        IssueError::Binding => {
            ApiError::invalid("request", "belongs to licences with a holder, and only to them")
        }
        IssueError::Proof | IssueError::Degenerate => ApiError::IssuanceRefused,
        IssueError::Licence(error) => {
            // Names the attribute, not its value.
            tracing::error!(%error, "a registered licence is no longer within its schema");
            StoreError::Record("licences").into()
        }
        // `IssueError` may grow: whatever it is, nothing was issued.
        _ => ApiError::IssuanceRefused,
    }
}
