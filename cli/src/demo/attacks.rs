//! What must be refused, tried for real: every attack below talks HTTP to the running service.

use glimpse_api::{Blob, OfferCreated, RequestCreated, RequestCreation, StatelessVerification, paths};
use glimpse_circuits::request::{Request, RequestDocument};
use glimpse_prover::Credential;
use serde::Serialize;
use serde_json::Value;

use crate::demo::crook::Crook;
use crate::demo::policies::{self, BUSINESS_LICENCE, DRIVING_LICENCE, IDENTITY_CARD};
use crate::demo::world::{self, DemoResult, Service};
use crate::http::HttpError;

/// How a service answers to a presentation that does not prove what was asked: always the same.
const NOT_ACCEPTED: &str = "presentation-refused";

/// An attack and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Attack {
    /// What was tried.
    pub(crate) attack: &'static str,
    /// `refused`; `failed` if it was accepted, or refused for another reason than it should have been.
    pub(crate) verdict: &'static str,
    /// Who refused it and why, as far as that is said.
    pub(crate) reason: String,
}

/// Somebody with honest credentials and bad intentions, an accomplice, and the services they try.
struct Scene<'a> {
    service: &'a Service,
    elsewhere: &'a Service,
    rogue: &'a Service,
    minor: Crook,
    minors_card: Credential,
    adult: Crook,
    adults_card: Credential,
    adults_company: Credential,
}

/// Runs every attack. `elsewhere` is another relying party, `rogue` an issuer that nobody trusts.
pub(crate) fn run(service: &Service, elsewhere: &Service, rogue: &Service) -> DemoResult<Vec<Attack>> {
    let today = glimpse_circuits::date::Date::in_china_at(service.now());
    let (minor, adult) = (world::minor(today)?, world::outsider()?);
    let enter = || -> DemoResult<Crook> { Ok(Crook::new(service.url(), service.registry()?)) };
    let (young, old) = (enter()?, enter()?);
    let scene = Scene {
        service,
        elsewhere,
        rogue,
        minors_card: young.obtain(&service.offer(IDENTITY_CARD, "minor", &minor)?)?,
        minor: young,
        adults_card: old.obtain(&service.offer(IDENTITY_CARD, "outsider", &adult)?)?,
        adults_company: old.obtain(&service.offer(BUSINESS_LICENCE, "outsider", &adult)?)?,
        adult: old,
    };
    Ok(vec![
        scene.under_age()?,
        scene.altered_bit()?,
        scene.replay()?,
        scene.wrong_audience()?,
        scene.expired()?,
        scene.unknown_issuer_key()?,
        scene.mixed_in()?,
        scene.out_of_set()?,
        scene.softened_request()?,
        scene.forged_token()?,
        scene.offer_twice()?,
    ])
}

impl Scene<'_> {
    /// Somebody of 17 proves "at least 16" and hands it in for "at least 18". An honest prover finds no proof of the
    /// latter at all.
    fn under_age(&self) -> DemoResult<Attack> {
        let target = self.create(self.service, policies::age_over(18)?)?;
        if self.minor.prove(&target, &[&self.minors_card]).is_ok() {
            return Ok(attack("under_age", Err("accepted by the prover".into())));
        }
        let easier = self.create(self.service, policies::age_over(16)?)?;
        let proof = self.minor.prove(&easier, &[&self.minors_card])?;
        Ok(self.hand_in("under_age", &self.minor, &target, proof))
    }

    /// One bit of a valid presentation is flipped.
    fn altered_bit(&self) -> DemoResult<Attack> {
        let request = self.create(self.service, policies::age_over(18)?)?;
        let mut proof = self.adult.prove(&request, &[&self.adults_card])?;
        let middle = proof.len() / 2;
        proof[middle] ^= 1;
        Ok(self.hand_in("altered_proof_bit", &self.adult, &request, proof))
    }

    /// An accepted presentation is handed in again.
    fn replay(&self) -> DemoResult<Attack> {
        let request = self.create(self.service, policies::age_over(18)?)?;
        let proof = self.adult.prove(&request, &[&self.adults_card])?;
        self.adult.submit(&request.document().response_uri, proof.clone())?;
        Ok(attack(
            "replay",
            refused_as("request-closed", self.adult.submit(&request.document().response_uri, proof)),
        ))
    }

    /// A presentation made for one relying party is handed to another, request and all.
    fn wrong_audience(&self) -> DemoResult<Attack> {
        let request = self.create(self.service, policies::age_over(18)?)?;
        let proof = self.adult.prove(&request, &[&self.adults_card])?;
        let body = StatelessVerification { request, presentation: Blob(proof) };
        let answer = self.elsewhere.relying_party.post::<Value>(paths::VERIFY, &body);
        let names_audience = |error: &HttpError| error.fields().any(|field| field == "request.audience");
        let answer = match answer {
            Err(error) if error.kind() == Some("invalid") && !names_audience(&error) => {
                Err(error.to_string())
            }
            answer => {
                refused_as("invalid", answer).map(|_| "request.audience is not this verifier's".to_owned())
            }
        };
        Ok(attack("wrong_audience", answer))
    }

    /// A presentation is handed in after its request has expired.
    fn expired(&self) -> DemoResult<Attack> {
        let request = self.create(self.elsewhere, policies::age_over(18)?)?;
        let crook = Crook::new(self.elsewhere.url(), self.elsewhere.registry()?);
        let offer = self.elsewhere.offer(IDENTITY_CARD, "outsider", &world::outsider()?)?;
        let proof = crook.prove(&request, &[&crook.obtain(&offer)?])?;
        self.elsewhere.advance(request.document().expires_at - request.document().issued_at + 1);
        Ok(attack(
            "expired_request",
            refused_as("request-expired", crook.submit(&request.document().response_uri, proof)),
        ))
    }

    /// A credential of an issuer that is not trusted, over a request rewritten to accept that issuer.
    fn unknown_issuer_key(&self) -> DemoResult<Attack> {
        let request = self.create(self.service, policies::age_over(18)?)?;
        let crook = Crook::new(self.rogue.url(), self.rogue.registry()?);
        let credential = crook.obtain(&self.rogue.offer(IDENTITY_CARD, "anyone", &world::outsider()?)?)?;
        let mut document = RequestDocument::from(request.clone());
        document.credentials[0].issuers = vec![*credential.key()];
        let proof = crook.prove(&Request::try_from(document)?, &[&credential])?;
        Ok(self.hand_in("unknown_issuer_key", &self.adult, &request, proof))
    }

    /// Two licences of two people, shown as one person's.
    fn mixed_in(&self) -> DemoResult<Attack> {
        let mut policy = policies::one_person()?;
        // Without the equality the statements alone would fit these two.
        policy
            .statements
            .retain(|statement| !matches!(statement, glimpse_circuits::request::Statement::Equal { .. }));
        let request = self.create(self.service, policy)?;
        let friend = Crook::new(self.service.url(), self.service.registry()?);
        let driver = world::adult()?;
        let licence = friend.obtain(&self.service.offer(DRIVING_LICENCE, "friend", &driver)?)?;
        let proof = self.adult.prove(&request, &[&self.adults_card, &licence])?;
        Ok(self.hand_in("somebody_elses_credential", &self.adult, &request, proof))
    }

    /// A company from outside proves membership of a set that has its region, and hands it in for one that has not.
    fn out_of_set(&self) -> DemoResult<Attack> {
        let delta = policies::delta()?;
        let target = self.create(self.service, policies::region_and_capital(&delta)?)?;
        let mut widened = delta;
        widened.push("370100".to_owned());
        let easier = self.create(self.service, policies::region_and_capital(&widened)?)?;
        let proof = self.adult.prove(&easier, &[&self.adults_company])?;
        Ok(self.hand_in("out_of_set_value", &self.adult, &target, proof))
    }

    /// The request is rewritten on its way to the wallet: another purpose, everything else the same.
    fn softened_request(&self) -> DemoResult<Attack> {
        let request = self.create(self.service, policies::age_over(18)?)?;
        let mut document = RequestDocument::from(request.clone());
        document.purpose = world::text("抽奖", "A raffle");
        let proof = self.adult.prove(&Request::try_from(document)?, &[&self.adults_card])?;
        Ok(self.hand_in("altered_request", &self.adult, &request, proof))
    }

    /// Helper tokens for a pair of points that no credential has.
    fn forged_token(&self) -> DemoResult<Attack> {
        Ok(attack(
            "token_for_a_false_pair",
            refused_as("invalid", self.adult.tokens_for_nothing(&self.adults_card)),
        ))
    }

    /// An offer that was used is used by another wallet.
    fn offer_twice(&self) -> DemoResult<Attack> {
        let offer: OfferCreated = self.service.offer(DRIVING_LICENCE, "outsider", &world::outsider()?)?;
        self.adult.obtain(&offer)?;
        let thief = Crook::new(self.service.url(), self.service.registry()?);
        let answer = match thief.obtain(&offer) {
            Ok(_) => Ok(()),
            Err(error) => Err(*error.downcast::<HttpError>()?),
        };
        Ok(attack("offer_used_twice", refused_as("offer-used", answer)))
    }

    /// Creates a request at a service and fetches it as a wallet does.
    fn create(&self, service: &Service, policy: glimpse_api::Policy) -> DemoResult<Request> {
        let created: RequestCreated =
            service.relying_party.post(paths::REQUESTS, &RequestCreation::Inline(policy))?;
        Ok(service.relying_party.get(&created.request_uri)?)
    }

    fn hand_in(&self, name: &'static str, crook: &Crook, request: &Request, proof: Vec<u8>) -> Attack {
        attack(name, refused_as(NOT_ACCEPTED, crook.submit(&request.document().response_uri, proof)))
    }
}

/// The reason, if it was refused for that one. Accepted, refused for another reason or not answered is an error: an
/// attack that fails for the wrong reason shows nothing.
fn refused_as<T>(expected: &str, answer: Result<T, HttpError>) -> Result<String, String> {
    match answer {
        Ok(_) => Err("the service accepted it".into()),
        Err(error) if error.kind() == Some(expected) => Ok(expected.to_owned()),
        Err(error) => Err(format!("refused, but not as {expected}: {error}")),
    }
}

fn attack(name: &'static str, outcome: Result<String, String>) -> Attack {
    match outcome {
        Ok(reason) => Attack { attack: name, verdict: "refused", reason },
        Err(reason) => Attack { attack: name, verdict: "failed", reason },
    }
}
