//! What issuer and wallet do before a presentation: a licence is issued, and tokens are fetched for it, 64 at a time.

use std::cell::RefCell;
use std::sync::Arc;

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::issuance::IssuedCredential;
use glimpse_circuits::request::Nonce;
use glimpse_circuits::token::TokenCommitment;
use glimpse_fixtures::World;
use glimpse_issuer::{Issuance, TokenExchange, issue};
use glimpse_prover::{BlindedTokens, Credential, PendingIssuance, PendingTokens, Token};
use rand_chacha::ChaCha20Rng;

use crate::measure::Task;
use crate::subject::{Licences, Subject, TOKEN_BATCH};

/// An issuer and a wallet with a driving licence, which do one step at a time.
pub struct Desk {
    subject: Subject,
    rng: RefCell<ChaCha20Rng>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { subject: Subject::new(Licences::Driving), rng: RefCell::new(glimpse_fixtures::rng(11)) }
    }
}

impl Desk {
    fn credential(&self) -> &Credential {
        &self.subject.licences[0].1
    }

    /// The wallet asks for the licence.
    pub fn request(&self) -> PendingIssuance {
        let (Subject { world, wallet, .. }, rng) = (&self.subject, &mut *self.rng.borrow_mut());
        let schema = self.credential().schema();
        PendingIssuance::begin(&wallet.secret, world.issuer.public(), schema, &Nonce([1; 32]), rng)
    }

    /// The issuer checks the wallet's request and issues.
    pub fn issue(&self, pending: &PendingIssuance) -> IssuedCredential {
        let issuance = Issuance {
            schema: self.credential().schema(),
            values: self.credential().values().to_vec(),
            handle: 1,
            nonce: Nonce([1; 32]),
            request: Some(pending.request()),
            registered: None,
        };
        issue(&self.subject.world.issuer, issuance, &mut *self.rng.borrow_mut()).unwrap()
    }

    /// The wallet checks what was issued.
    pub fn accept(&self, pending: PendingIssuance, issued: IssuedCredential) -> Credential {
        let Subject { world: World { issuer, .. }, wallet, .. } = &self.subject;
        let schema = Arc::clone(self.credential().schema());
        pending.finish(&wallet.secret, issuer.public(), schema, issued).unwrap()
    }

    /// The wallet blinds its credential 64 times.
    pub fn begin_tokens(&self) -> PendingTokens {
        PendingTokens::begin(self.credential(), TOKEN_BATCH, &mut *self.rng.borrow_mut())
    }

    /// The issuer checks the pairs and commits.
    pub fn commit_tokens(&self, pending: &PendingTokens) -> (TokenExchange, Vec<TokenCommitment>) {
        let issuer = &self.subject.world.issuer;
        TokenExchange::commit(issuer, pending.pairs(), &mut *self.rng.borrow_mut()).unwrap()
    }

    /// The wallet blinds the commitments.
    pub fn challenge_tokens(
        &self,
        pending: PendingTokens,
        commitments: &[TokenCommitment],
    ) -> (BlindedTokens, Vec<Scalar>) {
        pending.challenge(commitments, &mut *self.rng.borrow_mut()).unwrap()
    }

    /// The issuer answers the challenges.
    pub fn respond_tokens(&self, exchange: TokenExchange, challenges: &[Scalar]) -> Vec<Scalar> {
        exchange.respond(&self.subject.world.issuer, challenges).unwrap()
    }

    /// Both halves of the issuer's answer, timed as one; the wallet's step between them is left out.
    pub fn answer_tokens(&self, pending: &PendingTokens) -> Vec<Scalar> {
        let (exchange, _) = self.commit_tokens(pending);
        // A response is two additions and a multiplication of scalars, whatever the challenge.
        self.respond_tokens(exchange, &[Scalar::ONE; TOKEN_BATCH])
    }

    /// The wallet's last step: it checks the responses and makes tokens of them.
    pub fn finish_tokens(&self, blinded: BlindedTokens, responses: &[Scalar]) -> Vec<Token> {
        blinded.finish(responses).unwrap()
    }

    /// Every step that is measured, per licence or per token.
    pub fn tasks(&self) -> Vec<Task<'_>> {
        let tokens = TOKEN_BATCH as u32;
        let committed = || {
            let pending = self.begin_tokens();
            let (exchange, commitments) = self.commit_tokens(&pending);
            (pending, exchange, commitments)
        };
        let answered = move || {
            let (pending, exchange, commitments) = committed();
            let (blinded, challenges) = self.challenge_tokens(pending, &commitments);
            (blinded, self.respond_tokens(exchange, &challenges))
        };
        vec![
            Task::new("wallet: ask for a licence", 1, || self.request()),
            Task::with_setup("issuer: issue a licence", 1, || self.request(), |pending| self.issue(&pending)),
            Task::with_setup(
                "wallet: accept a licence",
                1,
                || {
                    let pending = self.request();
                    let issued = self.issue(&pending);
                    (pending, issued)
                },
                |(pending, issued)| self.accept(pending, issued),
            ),
            Task::with_setup(
                "issuer: answer 64 tokens, per token",
                tokens,
                || self.begin_tokens(),
                |pending| self.answer_tokens(&pending),
            ),
            Task::new("wallet: blind 64 tokens, per token", tokens, || self.begin_tokens()),
            Task::with_setup(
                "wallet: blind 64 commitments, per token",
                tokens,
                committed,
                |(pending, _, commitments)| self.challenge_tokens(pending, &commitments),
            ),
            Task::with_setup(
                "wallet: check 64 tokens, per token",
                tokens,
                answered,
                |(blinded, responses)| self.finish_tokens(blinded, &responses),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_done() {
        let desk = Desk::default();
        for (_, timing) in desk.tasks().iter_mut().map(|task| (0, task.once())) {
            assert!(!timing.is_zero());
        }
    }
}
