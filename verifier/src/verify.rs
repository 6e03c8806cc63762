//! From a request and some bytes to a decision.

use std::sync::Arc;

use glimpse_circuits::encoding::DecodeError;
use glimpse_circuits::key::{KeyedCheck, Registry};
use glimpse_circuits::presentation::Presentation;
use glimpse_circuits::relation::{Compiler, Relation, RelationError};
use glimpse_circuits::request::{AttributeRef, CheckKind, Request};

use crate::claim::{Claim, Opened};
use crate::sum::which_hold;
use crate::verdict::{DisclosedValue, Verdict, VerifiedCredential};
use crate::weights::Seed;

/// Most presentations in one multiplication. More would hardly be faster and would take more memory.
const CHUNK: usize = 1024;

/// Seconds by which a request's moment of issue may lie ahead of the verifier's clock.
const CLOCK_SKEW_SECONDS: u64 = 60;

/// A relying party's verifier: who it is, and which schemas and issuers it accepts.
///
/// It checks that a presentation answers a request. That the request is one of its own and was not answered before is
/// for its caller to see to, who keeps the nonces.
pub struct Verifier {
    audience: String,
    compiler: Compiler,
    keyed: Vec<Arc<dyn KeyedCheck>>,
}

impl Verifier {
    /// A verifier that answers to `audience` and knows the schemas and issuers of `registry`.
    pub fn new(audience: impl Into<String>, registry: Registry) -> Self {
        Self { audience: audience.into(), compiler: Compiler::new(registry), keyed: Vec::new() }
    }

    /// Lets it check keyed presentations under one more issuer key.
    pub fn with_keyed_check(mut self, check: Arc<dyn KeyedCheck>) -> Self {
        self.keyed.push(check);
        self
    }

    /// The schemas and issuers it accepts.
    pub fn registry(&self) -> &Registry {
        self.compiler.registry()
    }

    /// Who it answers to.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Checks the bytes of a presentation against a request, at a moment in seconds since 1970-01-01T00:00:00Z.
    ///
    /// There is a verdict only if every statement of the request holds, the request is for this verifier and has not
    /// expired; any doubt is a failure.
    pub fn verify(
        &self,
        request: &Arc<Request>,
        presentation: &[u8],
        now: u64,
    ) -> Result<Verdict, VerificationFailure> {
        self.check_request(request, now)?;
        self.verify_compiled(&self.relation(request)?, presentation, now)
    }

    /// The relation of a request: cheap if one that asks the same was compiled not long ago.
    pub fn relation(&self, request: &Arc<Request>) -> Result<Relation, VerificationFailure> {
        Ok(self.compiler.compile(request.clone()).map_err(Cause::Request)?)
    }

    /// The same for a relation that was compiled before, from a request whose audience and times are checked here too.
    ///
    /// The relation must be from [`relation`](Self::relation), or have been compiled with this verifier's
    /// [`registry`](Self::registry): which schemas and issuers are accepted was settled then.
    pub fn verify_compiled(
        &self,
        relation: &Relation,
        presentation: &[u8],
        now: u64,
    ) -> Result<Verdict, VerificationFailure> {
        let alone = [Item { relation, presentation }];
        self.verify_chunk(&alone, now).pop().unwrap_or(Err(Cause::Proof.into()))
    }

    /// Checks several presentations at once: each gets what [`verify_compiled`](Self::verify_compiled) would say of it
    /// alone, in order, at a fraction of the cost.
    ///
    /// Requests, issuers and kinds of check may differ. Presentations that do not hold are found by splitting and cost
    /// the others nothing but time: at most as many multiplications as there are presentations.
    pub fn verify_batch(
        &self,
        items: &[Item<'_>],
        now: u64,
    ) -> Result<Vec<Result<Verdict, VerificationFailure>>, EmptyBatch> {
        if items.is_empty() {
            return Err(EmptyBatch);
        }
        Ok(items.chunks(CHUNK).flat_map(|chunk| self.verify_chunk(chunk, now)).collect())
    }

    fn verify_chunk(&self, items: &[Item<'_>], now: u64) -> Vec<Result<Verdict, VerificationFailure>> {
        let opened: Vec<Result<Opened, Cause>> =
            items.iter().map(|item| self.open(item.relation, item.presentation, now)).collect();
        let readable = || opened.iter().filter_map(|opened| opened.as_ref().ok());
        let seed = Seed::new(readable().map(|opened| &opened.digest));
        let claims: Vec<Claim> =
            readable().enumerate().map(|(place, opened)| opened.claim(&mut seed.weights(place))).collect();
        let mut hold = which_hold(&claims).into_iter();
        let decide = |(item, opened): (&Item<'_>, Result<Opened, Cause>)| {
            let opened = opened?;
            if hold.next() != Some(true) {
                return Err(Cause::Proof.into());
            }
            // Last: an issuer's secret answers nobody who has no proof.
            self.check_keyed(item.relation, &opened)?;
            verdict(item.relation, opened.presentation).ok_or(Cause::Proof.into())
        };
        items.iter().zip(opened).map(decide).collect()
    }

    fn open(&self, relation: &Relation, bytes: &[u8], now: u64) -> Result<Opened, Cause> {
        self.check_request(relation.request(), now)?;
        let opened = Opened::read(relation, bytes).map_err(Cause::Decode)?;
        check_lists(relation, &opened.presentation.lists, now)?;
        Ok(opened)
    }

    fn check_request(&self, request: &Request, now: u64) -> Result<(), Cause> {
        let document = request.document();
        if document.audience != self.audience {
            Err(Cause::Audience)
        } else if now >= document.expires_at {
            Err(Cause::Expired)
        } else if now.saturating_add(CLOCK_SKEW_SECONDS) < document.issued_at {
            Err(Cause::NotYetValid)
        } else {
            Ok(())
        }
    }

    /// B̄ = x·Ā for every credential that the request has checked by key, and the same for their intervals.
    fn check_keyed(&self, relation: &Relation, opened: &Opened) -> Result<(), Cause> {
        let parts = opened.presentation.commitments.iter().zip(&opened.keys);
        for (signature, (commitment, (key, _))) in relation.signatures().zip(parts) {
            if signature.check != CheckKind::Keyed {
                continue;
            }
            let check = self.keyed.iter().find(|check| check.key() == key).ok_or(Cause::NoIssuerSecret)?;
            if !check.holds(&commitment.a_bar.point, &commitment.b_bar.point) {
                return Err(Cause::Proof);
            }
        }
        Ok(())
    }
}

/// Each list is recent enough for the request, and none is from the future.
fn check_lists(relation: &Relation, lists: &[u64], now: u64) -> Result<(), Cause> {
    for (interval, issued_at) in relation.intervals().iter().zip(lists) {
        if *issued_at > now.saturating_add(CLOCK_SKEW_SECONDS) {
            return Err(Cause::FutureList);
        }
        if issued_at.saturating_add(interval.max_age) < relation.request().document().issued_at {
            return Err(Cause::StaleList);
        }
    }
    Ok(())
}

/// `None` only for an issuer that is not known, which reading the presentation ruled out.
fn verdict(relation: &Relation, presentation: Presentation) -> Option<Verdict> {
    let mut credentials = Vec::with_capacity(relation.credentials().len());
    for (i, (credential, index)) in relation.credentials().iter().zip(&presentation.issuers).enumerate() {
        let mut intervals = relation.intervals().iter().zip(&presentation.lists);
        credentials.push(VerifiedCredential {
            id: credential.id.clone(),
            schema: credential.schema.clone(),
            issuer: credential.accepted.get(usize::from(*index))?.issuer.clone()?,
            check: credential.check,
            not_revoked_at: intervals.find(|(interval, _)| interval.credential == i).map(|(_, at)| *at),
        });
    }
    let reference = |&(credential, position): &(usize, usize)| {
        let credential = &relation.credentials()[credential];
        let attribute = credential.schema.attributes()[position].name.clone();
        AttributeRef { credential: credential.id.clone(), attribute }
    };
    let disclosed =
        relation.disclosed().iter().zip(presentation.disclosed).filter_map(|(disclosed, value)| {
            let (first, others) = disclosed.attributes.split_first()?;
            Some(DisclosedValue { of: reference(first), also: others.iter().map(reference).collect(), value })
        });
    Some(Verdict {
        request: *relation.request().digest(),
        credentials,
        disclosed: disclosed.collect(),
        statements: relation.statements_in_words().clone(),
    })
}

/// One presentation of a batch.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// What was asked, compiled with the verifier's registry.
    pub relation: &'a Relation,
    /// The answer.
    pub presentation: &'a [u8],
}

/// A batch of no presentations: nothing was checked, so there is nothing to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the batch is empty")]
pub struct EmptyBatch;

/// The presentation was not accepted. Outward there is nothing more to say: a reason would be an oracle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the presentation was not accepted")]
pub struct VerificationFailure {
    cause: Cause,
}

impl VerificationFailure {
    /// Why, for counting and for the relying party's own eyes.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }
}

impl From<Cause> for VerificationFailure {
    fn from(cause: Cause) -> Self {
        Self { cause }
    }
}

/// Why a presentation was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The request is for somebody else.
    #[error("the request is for another audience")]
    Audience,
    /// The request is no longer answered.
    #[error("the request has expired")]
    Expired,
    /// The request is from the future.
    #[error("the request was issued in the future")]
    NotYetValid,
    /// The request names an unknown schema or issuer key, or asks what a schema does not allow.
    #[error("the request cannot be verified here: {0}")]
    Request(RelationError),
    /// The bytes are not those of a presentation for this request.
    #[error("malformed presentation: {0}")]
    Decode(DecodeError),
    /// A keyed presentation, and no secret of that issuer here.
    #[error("keyed presentations of this issuer cannot be checked here")]
    NoIssuerSecret,
    /// A revocation list that is older than the request allows.
    #[error("the revocation list is too old for this request")]
    StaleList,
    /// A revocation list from the future.
    #[error("the revocation list was issued in the future")]
    FutureList,
    /// An equation does not hold.
    #[error("the proof does not hold")]
    Proof,
}
