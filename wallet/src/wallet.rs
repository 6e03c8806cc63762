//! The wallet itself: opening, pinning, looking into it.

use std::fmt;
use std::path::Path;

use glimpse_api::{Metadata, paths};
use glimpse_circuits::schema::{Grade, SchemaDigest};
use glimpse_circuits::text::Text;
use glimpse_circuits::words;
use glimpse_prover::LinkSecret;
use rand_core::CryptoRngCore;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::client::{Client, MAX_METADATA_BYTES};
use crate::contents::{Contents, Pin, StoredCredential};
use crate::display::{clean, clean_text};
use crate::error::WalletError;
use crate::file::KdfParams;
use crate::ledger::{LedgerEntry, LedgerOutcome};
use crate::listing::{self, Listing};
use crate::pins::{self, ChangedIssuer, PinnedIssuer, Pinning};
use crate::secret::Passphrase;
use crate::standing::Standing;
use crate::store::Store;
use crate::transport::{HttpTransport, Transport};
use crate::trust_list::ListUpdate;

/// An open wallet. Its file is locked until it is dropped; every change is on disk before a method returns.
///
/// # Backups
/// The file may be copied while the wallet is closed, and a copy opens with the same passphrase. But a copy still has
/// the tokens that were spent since it was made, and whoever shows a token twice makes the two presentations linkable,
/// which nothing in the file can notice: it cannot know that it is a copy. After restoring one, call
/// [`Wallet::drop_tokens`] before anything else. [`Wallet::saves`] says which of two files is the later one. What the
/// wallet obtained after the copy was made is lost with it; the issuer will not issue it again from the same offer.
pub struct Wallet {
    store: Store,
    pub(crate) contents: Contents,
    pub(crate) client: Client,
    /// See [`Wallet::take_fetched_list`].
    pub(crate) fetched_list: Option<Result<ListUpdate, WalletError>>,
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wallet({:?})", self.store.path())
    }
}

impl Wallet {
    /// Makes a new wallet with a link secret of its own. Nothing is overwritten.
    pub fn create(
        path: &Path,
        passphrase: &Passphrase,
        params: KdfParams,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, WalletError> {
        let contents = Contents::new(&LinkSecret::generate(rng));
        let store = Store::create(path, passphrase, params, &contents)?;
        Ok(Self::with(store, contents))
    }

    /// Opens a wallet. If that fails, the file is left as it is.
    pub fn open(path: &Path, passphrase: &Passphrase) -> Result<Self, WalletError> {
        let (store, mut contents) = Store::open(path, passphrase)?;
        // A process ended between sending and hearing: nobody knows.
        for entry in &mut contents.ledger {
            if entry.outcome == LedgerOutcome::Pending {
                entry.outcome = LedgerOutcome::Unknown;
            }
        }
        Ok(Self::with(store, contents))
    }

    fn with(store: Store, contents: Contents) -> Self {
        let transport = Box::new(HttpTransport::default());
        let client = Client { transport, allow_insecure: false };
        Self { store, contents, client, fetched_list: None }
    }

    /// Sends through another transport than [`HttpTransport`] with its defaults.
    pub fn with_transport(mut self, transport: Box<dyn Transport>) -> Self {
        self.client.transport = transport;
        self
    }

    /// Allows plain http to other machines, where everybody on the way can read offers and answers. For test networks.
    pub fn allow_insecure(mut self, allow: bool) -> Self {
        self.client.allow_insecure = allow;
        self
    }

    /// How often the wallet was saved: the later of two copies has the greater number.
    pub fn saves(&self) -> u64 {
        self.contents.saves
    }

    /// Pins what an issuer publishes, if nothing is pinned for its address; compares, if something is. With a list of
    /// issuers, what is not on it is refused, and what is on it is taken.
    pub fn pin_issuer(&mut self, uri: &str, now: u64) -> Result<Pinning, WalletError> {
        let address = Address::parse_base(uri)?;
        let list = self.contents.list_in_force(now)?;
        // Whoever is not on the list is not even asked.
        list.map_or(Ok(()), |list| listing::expect_at(list, &address))?;
        let metadata: Metadata = self.client.get(&address.join(paths::METADATA), MAX_METADATA_BYTES)?;
        pins::check(&metadata)?;
        list.map_or(Ok(()), |list| listing::check(list, &address, &metadata))?;
        let (uri, by_list) = (address.to_string(), list.is_some());
        let Some(pin) = self.contents.issuers.get(&uri) else {
            return self.pin(address, metadata, now).map(Pinning::Pinned);
        };
        let schemas: Vec<_> = pin.schemas.iter().filter_map(|digest| self.contents.schema(digest)).collect();
        let changes = pins::changes(pin, &schemas, &metadata);
        if changes.is_empty() {
            Ok(Pinning::Unchanged(self.pinned(&uri, pin)))
        } else if by_list {
            Ok(Pinning::Noticed(self.pin(address, metadata, now)?, changes))
        } else {
            Ok(Pinning::Changed(pins::changed(uri, metadata, changes)))
        }
    }

    /// Takes what changed in place of what was pinned: exactly what the holder was shown. What a list of issuers does not
    /// have cannot be taken this way either.
    pub fn repin(&mut self, changed: ChangedIssuer, now: u64) -> Result<PinnedIssuer, WalletError> {
        let address = Address::parse_base(&changed.uri)?;
        if let Some(list) = self.contents.list_in_force(now)? {
            listing::check(list, &address, &changed.metadata)?;
        }
        self.pin(address, changed.metadata, now)
    }

    fn pin(&mut self, address: Address, metadata: Metadata, now: u64) -> Result<PinnedIssuer, WalletError> {
        let uri = address.to_string();
        let by_list = self.contents.trust.is_some();
        if !by_list {
            pins::check_conflicts(&uri, &metadata, &self.contents.issuers)?;
        }
        let schemas: Vec<SchemaDigest> = metadata.schemas.iter().map(|schema| schema.digest()).collect();
        let (issuers, manifest_keys) = (metadata.issuers.clone(), metadata.manifest_keys.clone());
        let pin = Pin { pinned_at: now, issuers, schemas, manifest_keys, schedule: metadata.schedule };
        self.update(|contents| {
            if by_list {
                // The list decides whose a key is: what was pinned otherwise is not to come back when it is given up.
                contents.issuers.retain(|other, pin| *other == uri || !pins::conflicts(pin, &metadata));
            }
            contents.issuers.insert(uri.clone(), pin.clone());
            contents.keep_schemas(&metadata.schemas);
            Ok(())
        })?;
        Ok(self.pinned(&uri, &pin))
    }

    /// The pinned issuers. With a list of issuers, whether they count is what that says.
    pub fn issuers(&self) -> Vec<PinnedIssuer> {
        self.contents.issuers.iter().map(|(uri, pin)| self.pinned(uri, pin)).collect()
    }

    fn pinned(&self, uri: &str, pin: &Pin) -> PinnedIssuer {
        let schemas = pin.schemas.iter().filter_map(|digest| self.contents.schema(digest)).cloned();
        PinnedIssuer {
            uri: uri.to_owned(),
            pinned_at: pin.pinned_at,
            issuers: pin.issuers.clone(),
            schemas: schemas.collect(),
            manifest_keys: pin.manifest_keys.clone(),
            schedule: pin.schedule,
        }
    }

    /// The credentials, without their values.
    pub fn list(&self) -> Vec<CredentialSummary> {
        self.contents.credentials.iter().map(|stored| self.summary(stored)).collect()
    }

    pub(crate) fn summary(&self, stored: &StoredCredential) -> CredentialSummary {
        let unknown = || Text { zh_cn: "未知".into(), en: "unknown".into() };
        let schema = self.contents.schema(&stored.schema);
        let (issuer, issuer_uri) = self.contents.named(stored);
        CredentialSummary {
            id: stored.id.clone(),
            schema: schema.map(ToString::to_string).unwrap_or_default(),
            title: schema.map_or_else(unknown, |schema| clean_text(schema.title())),
            issuer: clean_text(&issuer),
            issuer_uri,
            obtained_at: stored.obtained_at,
            tokens: stored.tokens.len(),
            standing: self.contents.standing(stored),
            list_tokens: stored.list_tokens().len(),
            usable: self.contents.is_known(stored),
            listing: self.contents.listing(stored),
        }
    }

    /// What a credential says, for its holder's own eyes.
    pub fn show(&self, id: &str) -> Result<Vec<AttributeView>, WalletError> {
        let stored = self.stored(id)?;
        let credential = self.contents.credential(stored)?;
        let attributes = credential.schema().attributes().iter().zip(credential.values());
        let views = attributes.map(|(attribute, value)| {
            let value = words::value(attribute, value);
            AttributeView {
                name: attribute.name.clone(),
                title: clean_text(&attribute.title),
                grade: attribute.grade,
                value: SecretWords::new(value),
            }
        });
        Ok(views.collect())
    }

    /// Deletes a credential with its tokens. The issuer may not issue it again.
    pub fn forget(&mut self, id: &str) -> Result<(), WalletError> {
        self.stored(id)?;
        self.update(|contents| {
            contents.credentials.retain(|stored| stored.id != id);
            contents.keep_schemas(&[]);
            Ok(())
        })
    }

    pub(crate) fn stored(&self, id: &str) -> Result<&StoredCredential, WalletError> {
        self.contents.stored(id).ok_or_else(|| WalletError::UnknownCredential(clean(id)))
    }

    /// What was shown to whom, oldest first.
    pub fn ledger(&self) -> &[LedgerEntry] {
        &self.contents.ledger
    }

    /// Changes the contents: nothing is in force before it is on disk.
    pub(crate) fn update<R>(
        &mut self,
        change: impl FnOnce(&mut Contents) -> Result<R, WalletError>,
    ) -> Result<R, WalletError> {
        let mut contents = self.contents.clone();
        let result = change(&mut contents)?;
        contents.saves += 1;
        self.store.save(&contents)?;
        self.contents = contents;
        Ok(result)
    }
}

/// A credential without its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CredentialSummary {
    /// Its id in this wallet.
    pub id: String,
    /// Id and version of its schema.
    pub schema: String,
    /// What the licence is called.
    pub title: Text,
    /// Who issued it: as the list of issuers calls it, if it has it, and otherwise as it was called then.
    pub issuer: Text,
    /// Where it is found, by the same.
    pub issuer_uri: String,
    /// When, in seconds since 1970-01-01T00:00:00Z.
    pub obtained_at: u64,
    /// Unspent tokens.
    pub tokens: usize,
    /// What its revocation list says of it, as far as the wallet knows.
    pub standing: Standing,
    /// Unspent tokens to show that with.
    pub list_tokens: usize,
    /// Whether its key and schema are pinned at present, or listed; no request is answered with it otherwise.
    pub usable: bool,
    /// What the list of issuers says of it, if the wallet goes by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing: Option<Listing>,
}

/// An attribute of a credential with its value.
#[derive(Clone, Debug)]
pub struct AttributeView {
    /// Its name in requests.
    pub name: String,
    /// What people call it.
    pub title: Text,
    /// What may leave the wallet of it.
    pub grade: Grade,
    /// Its value as people write it.
    pub value: SecretWords,
}

/// A value as people write it. Wiped on drop, not printed by `Debug`, cleaned of what could rewrite a terminal.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretWords {
    zh_cn: Zeroizing<String>,
    en: Zeroizing<String>,
}

impl SecretWords {
    pub(crate) fn new(text: Text) -> Self {
        let [given_zh, given_en] = [Zeroizing::new(text.zh_cn), Zeroizing::new(text.en)];
        Self { zh_cn: Zeroizing::new(clean(&given_zh)), en: Zeroizing::new(clean(&given_en)) }
    }

    /// The value in one language.
    pub fn get(&self, language: glimpse_circuits::text::Language) -> &str {
        match language {
            glimpse_circuits::text::Language::Chinese => &self.zh_cn,
            glimpse_circuits::text::Language::English => &self.en,
        }
    }
}

impl fmt::Debug for SecretWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretWords(..)")
    }
}
