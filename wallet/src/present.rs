//! Answering a request: consent, a token spent on disk, and only then the presentation.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use glimpse_api::{Blob, Decision, PresentationSubmission};
use glimpse_circuits::presentation::smallest;
use glimpse_circuits::relation::{Relation, RelationInterval};
use glimpse_circuits::request::{CheckKind, RequestDigest};
use glimpse_prover::{Credential, Holding, Interval, Showing, Token, present};
use rand_core::CryptoRngCore;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::choose::fits;
use crate::client::ClientError;
use crate::display::clean_text;
use crate::error::WalletError;
use crate::file::FileError;
use crate::ledger::{LedgerEntry, LedgerOutcome, MAX_ENTRIES, asked_names};
use crate::review::{Choice, Review};
use crate::secret::SecretBytes;
use crate::tokens::BATCH;
use crate::wallet::Wallet;

/// The holder's consent to one review: this request, answered with these credentials, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    request: RequestDigest,
    credentials: Vec<String>,
}

impl Consent {
    /// To be called when the holder has seen [`Review::to_text`] and agreed; not before.
    pub fn given_to(review: &Review) -> Result<Self, WalletError> {
        if !review.can_answer() {
            return Err(WalletError::NotAnswerable);
        }
        let chosen = review.chosen().ok_or(WalletError::NothingChosen)?;
        Ok(Self { request: *review.request.digest(), credentials: ids(chosen) })
    }
}

/// What became of a presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the verifier said. If it is unknown, count what was to be shown as shown.
    pub outcome: LedgerOutcome,
    /// Why it was not accepted, or why it is unknown whether it was.
    pub detail: Option<String>,
    /// Whether the ledger has the outcome too. If not, it says "unknown" after the wallet is opened again.
    pub recorded: bool,
    /// How long making the presentation took, once tokens were in stock.
    pub proving: Duration,
}

impl Wallet {
    /// Answers a request as consented to.
    ///
    /// An error means that nothing was sent to the verifier, and nothing that it could tell from a holder who
    /// declined. Before the presentation leaves, the wallet is saved without the tokens it uses and with an entry in
    /// the ledger: whatever happens then, they are spent.
    pub fn present(
        &mut self,
        review: Review,
        consent: Consent,
        now: u64,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Outcome, WalletError> {
        let chosen = review.chosen().ok_or(WalletError::NothingChosen)?;
        if consent != Consent::given_to(&review)? {
            return Err(WalletError::ForeignConsent);
        }
        if now >= review.request.document().expires_at || self.answered(consent.request) {
            return Err(WalletError::NotAnswerable);
        }
        let response = review.response.clone().ok_or(WalletError::NotAnswerable)?;
        // Pins or the list of issuers may have changed since the review was made, or a key have ended.
        let registry = self.contents.registry(now)?;
        let relation =
            Relation::compile(review.request.clone(), &registry).map_err(|_| WalletError::NotAnswerable)?;
        let places = places(&ids(chosen), &review.checks(), &relation);
        self.check_issuers(&places, &relation)?;
        self.check_lists(&places, &relation, now)?;
        self.stock_up(&places, now, rng)?;

        let entry = entry(&review, &relation, &response, ids(chosen), now);
        let started = Instant::now();
        let bytes = self.prove(&relation, &places, rng)?;
        let proving = started.elapsed();
        self.update(|contents| {
            for place in places.iter().filter(|place| place.check == CheckKind::Token) {
                let stored = contents.stored_mut(&place.id).ok_or(FileError::Damaged)?;
                stored.tokens.pop().ok_or(FileError::Damaged)?;
                if place.asked.is_some() {
                    stored.list_tokens_mut().and_then(Vec::pop).ok_or(FileError::Damaged)?;
                }
            }
            contents.ledger.push(entry);
            let surplus = contents.ledger.len().saturating_sub(MAX_ENTRIES);
            contents.ledger.drain(..surplus);
            Ok(())
        })?;

        let submission = PresentationSubmission { presentation: Blob(bytes) };
        // So that a repetition is told apart from somebody else's copy.
        let mut key = Zeroizing::new([0u8; 16]);
        rng.fill_bytes(&mut *key);
        let key = Zeroizing::new(URL_SAFE_NO_PAD.encode(*key));
        let answer = self.client.post_raw(&response, &submission, Some(&key));
        let (outcome, detail) = judge(answer.as_ref().map(|body| body.as_slice()));
        let recorded = self.update(|contents| {
            if let Some(entry) = contents.ledger.last_mut() {
                entry.outcome = outcome;
            }
            Ok(())
        });
        Ok(Outcome { outcome, detail, recorded: recorded.is_ok(), proving })
    }

    fn answered(&self, request: RequestDigest) -> bool {
        let heard = |outcome| matches!(outcome, LedgerOutcome::Accepted | LedgerOutcome::Refused);
        self.contents.ledger.iter().any(|entry| entry.request == request && heard(entry.outcome))
    }

    /// Each credential is still of an issuer that is accepted: otherwise no tokens are fetched for it either.
    fn check_issuers(&self, places: &[Place], relation: &Relation) -> Result<(), WalletError> {
        for (place, requested) in places.iter().zip(relation.credentials()) {
            if !fits(requested, self.stored(&place.id)?) {
                return Err(WalletError::NotAnswerable);
            }
        }
        Ok(())
    }

    /// Time passed since the review, and lists may have been refreshed.
    fn check_lists(&self, places: &[Place], relation: &Relation, now: u64) -> Result<(), WalletError> {
        for (place, asked) in places.iter().filter_map(|place| Some((place, place.asked.as_ref()?))) {
            let stored = self.stored(&place.id)?;
            self.interval(stored, asked, relation, now).map_err(|_| WalletError::NotAnswerable)?;
        }
        Ok(())
    }

    /// Fetches tokens for every credential, and every interval, that has fewer than it needs. That is not best done now
    /// (see [`Wallet::fetch_tokens`]), and never for what there are tokens for.
    fn stock_up(
        &mut self,
        places: &[Place],
        now: u64,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(), WalletError> {
        for (i, Place { id, .. }) in places.iter().enumerate() {
            if places[..i].iter().any(|earlier| earlier.id == *id) {
                continue;
            }
            if self.stored(id)?.tokens.len() < needed(id, places) {
                self.fetch_tokens(id, BATCH, now, rng)?;
            }
            let stored = self.stored(id)?;
            if stored.list_tokens().len() < needed_for_list(id, places) {
                let interval = stored.list.as_ref().map(|list| list.interval()).transpose()?.flatten();
                let interval = interval.ok_or(WalletError::NotAnswerable)?;
                let issuer = self.contents.address_of(stored)?;
                self.stock_list_tokens(id, &issuer, &interval, rng)?;
            }
        }
        Ok(())
    }

    /// Makes the presentation with the newest tokens of each credential and interval. Nothing leaves.
    fn prove(
        &self,
        relation: &Relation,
        places: &[Place],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Vec<u8>, WalletError> {
        let secret = self.contents.link_secret()?;
        let mut held: Vec<(Credential, Option<Interval>)> = Vec::with_capacity(places.len());
        let mut showings = Vec::with_capacity(places.len());
        for (i, place) in places.iter().enumerate() {
            let stored = self.stored(&place.id)?;
            let earlier = &places[..i];
            let showing = place.showing(&stored.tokens, needed(&place.id, earlier))?;
            let (interval, list_showing) = match (&place.asked, &stored.list) {
                (Some(_), Some(list)) => {
                    let spent = needed_for_list(&place.id, earlier);
                    (list.interval()?, Some(place.showing(stored.list_tokens(), spent)?))
                }
                _ => (None, None),
            };
            held.push((self.contents.credential(stored)?, interval));
            showings.push((showing, list_showing));
        }
        let holdings = held.iter().zip(showings).map(|((credential, interval), (showing, list_showing))| {
            let holding = Holding::new(credential, showing);
            match (interval, list_showing) {
                (Some(interval), Some(showing)) => holding.with_interval(interval, showing),
                _ => holding,
            }
        });
        // Where the relying party would rather have few bytes, in the profile that takes fewer.
        Ok(present(&smallest(relation), &secret, holdings.collect(), rng)?.to_bytes())
    }
}

/// One place of a request, and the credential that answers there.
struct Place {
    id: String,
    check: CheckKind,
    /// What is asked of its revocation list, if anything is.
    asked: Option<RelationInterval>,
}

impl Place {
    /// How a signature with these tokens is shown here: with the newest but so many that are for other places.
    fn showing(&self, tokens: &[SecretBytes], earlier: usize) -> Result<Showing, WalletError> {
        match self.check {
            CheckKind::Keyed => Ok(Showing::Keyed),
            CheckKind::Token => {
                let bytes = tokens.iter().rev().nth(earlier).ok_or(FileError::Damaged)?;
                Ok(Showing::Token(Token::from_bytes(&bytes.0).map_err(|_| FileError::Damaged)?))
            }
        }
    }
}

fn places(ids: &[String], checks: &[CheckKind], relation: &Relation) -> Vec<Place> {
    let asked = |place| relation.intervals().iter().find(|asked| asked.credential == place).cloned();
    let places = ids.iter().zip(checks).enumerate();
    places.map(|(i, (id, check))| Place { id: id.clone(), check: *check, asked: asked(i) }).collect()
}

/// How many of a credential's tokens these places take.
fn needed(id: &str, places: &[Place]) -> usize {
    places.iter().filter(|place| place.id == id && place.check == CheckKind::Token).count()
}

/// How many of its interval's.
fn needed_for_list(id: &str, places: &[Place]) -> usize {
    let asked = places.iter().filter(|place| place.asked.is_some());
    asked.filter(|place| place.id == id && place.check == CheckKind::Token).count()
}

fn ids(choice: &Choice) -> Vec<String> {
    choice.credentials.iter().map(|credential| credential.id.clone()).collect()
}

fn entry(
    review: &Review,
    relation: &Relation,
    response: &Address,
    credentials: Vec<String>,
    now: u64,
) -> LedgerEntry {
    let document = review.request.document();
    let shown = review.chosen().map(|choice| choice.shown.iter().map(|shown| shown.title.clone()).collect());
    LedgerEntry {
        at: now,
        request: *review.request.digest(),
        audience: document.audience.clone(),
        audience_name: document.audience_name.clone(),
        origin: response.origin(),
        purpose: document.purpose.clone(),
        credentials,
        statements: relation.statements_in_words().iter().map(clean_text).collect(),
        disclosed: shown.unwrap_or_default(),
        asked: asked_names(&review.request),
        outcome: LedgerOutcome::Pending,
    }
}

/// What the verifier's answer means.
fn judge(answer: Result<&[u8], &ClientError>) -> (LedgerOutcome, Option<String>) {
    match answer {
        Ok(body) => match serde_json::from_slice::<Answer>(body).map(|answer| answer.decision) {
            Ok(Decision::Accepted) => (LedgerOutcome::Accepted, None),
            Ok(Decision::Refused) => (LedgerOutcome::Refused, None),
            Err(_) => (LedgerOutcome::Unknown, Some("the verifier's answer cannot be read".into())),
        },
        Err(ClientError::Problem(problem)) => {
            // "Closed" may mean that an earlier answer of ours arrived after all.
            let unclear = problem.status >= 500
                || matches!(problem.status, 408 | 425 | 429)
                || matches!(problem.kind.as_str(), "" | "request-closed");
            let outcome = if unclear { LedgerOutcome::Unknown } else { LedgerOutcome::Refused };
            (outcome, Some(problem.message.clone()))
        }
        Err(error) => (LedgerOutcome::Unknown, Some(error.to_string())),
    }
}

/// What a verifier answers to a presentation, whatever else it adds.
#[derive(Deserialize)]
struct Answer {
    decision: Decision,
}
