//! Answering a request: consent, a token spent on disk, and only then the presentation.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use glimpse_api::{Blob, Decision, PresentationSubmission};
use glimpse_circuits::presentation::smallest;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::{CheckKind, RequestDigest};
use glimpse_prover::{Credential, Holding, Showing, Token, present};
use rand_core::CryptoRngCore;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::client::ClientError;
use crate::display::clean_text;
use crate::error::WalletError;
use crate::file::FileError;
use crate::ledger::{LedgerEntry, LedgerOutcome, MAX_ENTRIES, asked_names};
use crate::review::{Choice, Review};
use crate::wallet::Wallet;

/// Tokens fetched when a credential has too few.
const BATCH: usize = 16;

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
        // Pins may have changed since the review was made.
        let relation = Relation::compile(review.request.clone(), &self.registry())
            .map_err(|_| WalletError::NotAnswerable)?;
        let ids = ids(chosen);
        self.stock_up(&ids, &review.checks(), rng)?;

        let entry = entry(&review, &relation, &response, ids.clone(), now);
        let started = Instant::now();
        let bytes = self.prove(&relation, &ids, &review.checks(), rng)?;
        let proving = started.elapsed();
        self.update(|contents| {
            for (id, check) in ids.iter().zip(review.checks()) {
                if check == CheckKind::Token {
                    contents
                        .stored_mut(id)
                        .and_then(|stored| stored.tokens.pop())
                        .ok_or(FileError::Damaged)?;
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

    /// Fetches tokens for every credential that has fewer than it needs.
    fn stock_up(
        &mut self,
        ids: &[String],
        checks: &[CheckKind],
        rng: &mut impl CryptoRngCore,
    ) -> Result<(), WalletError> {
        for (i, id) in ids.iter().enumerate() {
            if ids[..i].contains(id) {
                continue;
            }
            let unknown = || WalletError::UnknownCredential(id.clone());
            let stock = self.contents.stored(id).ok_or_else(unknown)?.tokens.len();
            if stock < needed(id, ids, checks) {
                self.fetch_tokens(id, BATCH, rng)?;
            }
        }
        Ok(())
    }

    /// Makes the presentation with the newest tokens of each credential. Nothing leaves.
    fn prove(
        &self,
        relation: &Relation,
        ids: &[String],
        checks: &[CheckKind],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Vec<u8>, WalletError> {
        let secret = self.contents.link_secret()?;
        let mut credentials: Vec<Credential> = Vec::with_capacity(ids.len());
        let mut showings = Vec::with_capacity(ids.len());
        for (i, (id, check)) in ids.iter().zip(checks).enumerate() {
            let stored =
                self.contents.stored(id).ok_or_else(|| WalletError::UnknownCredential(id.clone()))?;
            credentials.push(self.contents.credential(stored)?);
            showings.push(match check {
                CheckKind::Keyed => Showing::Keyed,
                CheckKind::Token => {
                    let earlier = needed(id, &ids[..i], checks);
                    let bytes = stored.tokens.iter().rev().nth(earlier).ok_or(FileError::Damaged)?;
                    Showing::Token(Token::from_bytes(&bytes.0).map_err(|_| FileError::Damaged)?)
                }
            });
        }
        let holdings = credentials.iter().zip(showings);
        let holdings = holdings.map(|(credential, showing)| Holding::new(credential, showing)).collect();
        // Where the relying party would rather have few bytes, in the profile that takes fewer.
        Ok(present(&smallest(relation), &secret, holdings, rng)?.to_bytes())
    }
}

fn ids(choice: &Choice) -> Vec<String> {
    choice.credentials.iter().map(|credential| credential.id.clone()).collect()
}

fn needed(id: &String, ids: &[String], checks: &[CheckKind]) -> usize {
    ids.iter().zip(checks).filter(|(other, check)| *other == id && **check == CheckKind::Token).count()
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
