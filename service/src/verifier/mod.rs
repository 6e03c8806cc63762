//! The verifier's role: who it answers to, what it accepts, and who does the work.

pub(crate) mod checks;
mod compose;
mod known;
pub(crate) mod policies;
pub(crate) mod presentations;
mod report;
pub(crate) mod requests;
pub(crate) mod stateless;

use std::io;
use std::sync::Arc;

use glimpse_circuits::key::{Issuer, Registry};
use glimpse_circuits::request::Request;
use glimpse_circuits::text::Text;
use glimpse_issuer::IssuerSecretKey;
use glimpse_verifier::{Verdict, VerificationFailure};

use self::checks::{Check, Judge, Pool};
use self::known::Issuers;
use self::report::cause_code;
use crate::client::Client;
use crate::config::VerifierConfig;
use crate::error::ApiError;
use crate::extract::RelyingParty;
use crate::issuer::builtin_schemas;
use crate::shared::Shared;
use crate::workers::Workers;

/// The verifier of all relying parties.
pub(crate) struct VerifierRole {
    pub(crate) shared: Arc<Shared>,
    issuers: Arc<Issuers>,
    audience_name: Text,
    request_lifetime: u64,
    result_lifetime: u64,
    /// For presentations.
    checks: Pool<Judge>,
    /// For policies.
    workers: Workers,
}

impl VerifierRole {
    /// The role, which knows the service's own issuer if there is one and can check its keyed presentations. Fails if
    /// there are no threads to check with.
    pub(crate) fn new(
        shared: Arc<Shared>,
        config: VerifierConfig,
        own: Option<(Issuer, Vec<Arc<IssuerSecretKey>>)>,
    ) -> io::Result<Self> {
        // Otherwise the first wallet waits for it.
        glimpse_verifier::prepare();
        let mut registry = Registry::default();
        builtin_schemas().for_each(|schema| registry.add_schema(schema));
        config.schemas.into_iter().for_each(|schema| registry.add_schema(Arc::new(schema)));
        config.trusted_issuers.into_iter().for_each(|issuer| registry.add_issuer(issuer));
        let (issuer, keys) = own.unzip();
        let keyed = issuer.as_ref().map(|issuer| issuer.key);
        issuer.into_iter().for_each(|issuer| registry.add_issuer(issuer));

        let audience = config.audience.unwrap_or_else(|| shared.public_uri.clone());
        let (list, now) = (shared.trust_list.clone(), shared.clock.now());
        let issuers = Arc::new(Issuers::new(audience, registry, keyed, keys.unwrap_or_default(), list, now));
        let limits = &shared.limits;
        let judge = Judge { issuers: issuers.clone(), clock: shared.clock.clone() };
        let metrics = shared.metrics.checks.clone();
        Ok(Self {
            checks: Pool::start(judge, limits.proof_workers, limits.proof_queue, metrics)?,
            workers: Workers::new(limits.proof_workers, limits.proof_queue),
            issuers,
            audience_name: config.audience_name,
            request_lifetime: config.request_lifetime,
            result_lifetime: config.result_lifetime,
            shared,
        })
    }

    /// Fails if the queue has no place for a presentation of this client.
    pub(crate) fn expect_room(&self, client: Client) -> Result<(), ApiError> {
        if self.checks.has_room(client) { Ok(()) } else { Err(ApiError::Busy) }
    }

    /// What is to be said of a presentation, once its turn has come.
    async fn check(
        &self,
        client: Client,
        request: Arc<Request>,
        presentation: Vec<u8>,
    ) -> Result<Result<Verdict, VerificationFailure>, ApiError> {
        let verified = self.checks.check(client, Check { request, presentation }).await?;
        let cause = verified.as_ref().map_or_else(|failure| cause_code(failure.cause()), |_| "accepted");
        self.shared.metrics.verdicts.given(cause);
        Ok(verified)
    }

    /// Lets no more presentations in, and returns when those that wait have their answers. Blocks.
    pub(crate) fn finish(&self) {
        self.checks.stop();
    }

    /// What a relying party is called in its requests.
    fn name_of<'a>(&'a self, relying_party: &'a RelyingParty) -> &'a Text {
        relying_party.name().unwrap_or(&self.audience_name)
    }
}
