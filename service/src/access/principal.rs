//! Somebody who has a right here.

use std::fmt;
use std::sync::Arc;

use glimpse_circuits::text::Text;
use secrecy::ExposeSecret;

use super::{Key, Registration};
use crate::config::ApiToken;

/// What events call whoever did something with a holder's wallet: no principal is called so.
pub(crate) const WALLET: &str = "wallet";

/// What a principal is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The issuer's administrator: registers licences and makes offers.
    Issuer,
    /// A relying party: asks for what it is registered for.
    RelyingParty(Arc<Registration>),
    /// An auditor: reads who may ask for what and who did, and never what came of it.
    Auditor,
}

impl Role {
    /// As it is written in access files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::RelyingParty(_) => "relying_party",
            Self::Auditor => "auditor",
        }
    }
}

/// Somebody who has a right here, and by what it is recognised: any of its keys or certificates.
#[derive(Clone, PartialEq, Eq)]
pub struct Principal {
    /// `[a-z][a-z0-9_-]{0,63}`. What a relying party keeps here is kept under it.
    pub id: String,
    /// What people call it; a relying party's stands in its requests.
    pub name: Option<Text>,
    /// Its role.
    pub role: Role,
    /// Its bearer keys.
    pub keys: Vec<Key>,
    /// SHA-256 of its TLS client certificates.
    pub certificates: Vec<[u8; 32]>,
}

impl Principal {
    /// Somebody who is recognised by nothing yet.
    pub fn new(id: impl Into<String>, role: Role) -> Self {
        Self { id: id.into(), name: None, role, keys: Vec::new(), certificates: Vec::new() }
    }

    /// A relying party that may ask for what it is registered for.
    pub fn relying_party(id: impl Into<String>, may_ask: Registration) -> Self {
        Self::new(id, Role::RelyingParty(Arc::new(may_ask)))
    }

    /// The one administrator of a service that is told one token: `administrator`.
    pub fn sole_administrator(token: &ApiToken) -> Self {
        Self::new("administrator", Role::Issuer).with_key(Key::of(token.0.expose_secret()))
    }

    /// The one relying party of a service that is told one token: `relying-party`, which may ask for anything.
    pub fn sole_relying_party(token: &ApiToken) -> Self {
        Self::relying_party("relying-party", Registration::anything())
            .with_key(Key::of(token.0.expose_secret()))
    }

    /// The same with another key.
    pub fn with_key(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }

    /// The same under a name.
    pub fn with_name(mut self, name: Text) -> Self {
        self.name = Some(name);
        self
    }
}

/// Who it is, and nothing it is recognised by.
impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.id, self.role.name())
    }
}
