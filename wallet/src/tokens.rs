//! The stock of helper tokens.

use glimpse_api::{
    Blob, TokenCommitRequest, TokenCommitResponse, TokenRespondRequest, TokenRespondResponse, paths,
};
use glimpse_circuits::encoding::Reader;
use glimpse_circuits::token::{TOKEN_BATCH_SIZES, TokenCommitment};
use glimpse_prover::{PendingTokens, Signed, Token};
use rand_core::CryptoRngCore;

use crate::address::Address;
use crate::client::ClientError;
use crate::error::WalletError;
use crate::file::FileError;
use crate::secret::SecretBytes;
use crate::wallet::Wallet;

/// Tokens fetched when there are too few.
pub(crate) const BATCH: usize = 16;

/// How often an exchange that the issuer dropped is started again.
const ATTEMPTS: usize = 3;

/// Longest name of an exchange.
const MAX_EXCHANGE_NAME: usize = 128;

impl Wallet {
    /// Fetches tokens for a credential, 4, 16 or 64 at once, and says how many there are then.
    ///
    /// Best done when nothing is about to be presented: an issuer that sees a fetch right before a presentation may
    /// guess that they belong together, though the token itself does not tell. With a list of issuers, only of a key that is
    /// accepted at this moment.
    pub fn fetch_tokens(
        &mut self,
        id: &str,
        batch: usize,
        now: u64,
        rng: &mut impl CryptoRngCore,
    ) -> Result<usize, WalletError> {
        if !TOKEN_BATCH_SIZES.contains(&batch) {
            return Err(WalletError::BatchSize);
        }
        let stored = self.stored(id)?;
        let address = self.contents.address_of(stored)?;
        if self.contents.list_in_force(now)?.is_some() {
            self.contents.issuer_at(&address.to_string(), &stored.issuer.key, now)?;
        }
        let credential = self.contents.credential(stored)?;
        let tokens = self.exchange_tokens(&address, &credential, batch, rng)?;
        self.update(|contents| {
            let stored = contents.stored_mut(id).ok_or(FileError::Damaged)?;
            stored.tokens.extend(tokens.iter().map(|token| SecretBytes(token.to_bytes())));
            Ok(stored.tokens.len())
        })
    }

    /// Throws all tokens away, of credentials and of their intervals, and says how many there were: after a backup was
    /// restored, spent ones may be among them.
    pub fn drop_tokens(&mut self) -> Result<usize, WalletError> {
        self.update(|contents| {
            let drained = contents.credentials.iter_mut().map(|stored| {
                let of_list = stored.list_tokens_mut().map_or(0, |tokens| tokens.drain(..).count());
                stored.tokens.drain(..).count() + of_list
            });
            Ok(drained.sum())
        })
    }

    /// Tokens for a credential or an interval, which are nowhere yet but in memory.
    pub(crate) fn exchange_tokens(
        &self,
        issuer: &Address,
        of: &impl Signed,
        batch: usize,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Vec<Token>, WalletError> {
        for _ in 0..ATTEMPTS {
            match self.exchange_once(issuer, of, batch, rng) {
                // The issuer was started again, or that of its nodes is gone: new pairs, from the start.
                Err(WalletError::Client(error)) if error.problem_kind() == Some("exchange-unknown") => {}
                result => return result,
            }
        }
        Err(WalletError::ExchangeDropped(ATTEMPTS))
    }

    fn exchange_once(
        &self,
        issuer: &Address,
        of: &impl Signed,
        batch: usize,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Vec<Token>, WalletError> {
        let pending = PendingTokens::begin(of, batch, rng);
        let pairs = pending.pairs().iter().map(|pair| Blob(pair.to_bytes().to_vec())).collect();
        let opening = TokenCommitRequest { key: *of.signature().key(), pairs };
        let opened: TokenCommitResponse = self.client.post(&issuer.join(paths::TOKENS), &opening)?;
        let named = (1..=MAX_EXCHANGE_NAME).contains(&opened.exchange.len())
            && opened.exchange.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !named {
            return Err(unreadable("the exchange's name").into());
        }
        let commitments: Result<Vec<TokenCommitment>, _> =
            opened.commitments.iter().map(|bytes| TokenCommitment::from_bytes(&bytes.0)).collect();
        let commitments = commitments.map_err(|_| unreadable("a commitment"))?;

        let (blinded, challenges) = pending.challenge(&commitments, rng)?;
        let challenges = challenges.iter().map(|challenge| Blob(challenge.as_bytes().to_vec())).collect();
        let address = issuer.join(&paths::TOKEN_EXCHANGE.replace("{exchange}", &opened.exchange));
        let answered: TokenRespondResponse =
            self.client.post(&address, &TokenRespondRequest { challenges })?;
        let responses: Result<Vec<_>, _> = answered
            .responses
            .iter()
            .map(|bytes| {
                let mut reader = Reader::new(&bytes.0);
                let response = reader.scalar()?;
                reader.finish().map(|()| response)
            })
            .collect();
        Ok(blinded.finish(&responses.map_err(|_| unreadable("a response"))?)?)
    }
}

fn unreadable(what: &str) -> ClientError {
    ClientError::Answer(format!("{what} is malformed"))
}
