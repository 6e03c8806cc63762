//! Who runs a list of issuers.

use glimpse_circuits::text::Text;
use glimpse_issuer::DocumentSecretKey;
use glimpse_trust::list::{ListedIssuer, ListedKey, ListedRevocation, Roots, Validity};
use glimpse_trust::{TrustList, TrustListDocument};

use super::{NOW, Service};

/// How long keys are accepted, before and after now, and how long a list is good for.
pub const DAY: u64 = 86_400;

pub fn roots(seeds: &[u8]) -> Roots {
    let keys: Vec<_> = seeds.iter().map(|seed| root(*seed).public()).collect();
    Roots { threshold: keys.len().try_into().unwrap(), keys }
}

fn root(seed: u8) -> DocumentSecretKey {
    DocumentSecretKey::from_bytes(&[seed; 32])
}

/// What is on the list now.
#[derive(Clone)]
pub struct Domain {
    pub document: TrustListDocument,
}

impl Domain {
    /// A list that has this service's issuer as it is now, good for ten days, with the root of seed 1.
    pub fn of(service: &Service) -> Self {
        let document = TrustListDocument {
            version: 1,
            name: Text { zh_cn: "示范互认".into(), en: "Example domain".into() },
            issued_at: NOW - 100,
            expires_at: NOW + 10 * DAY,
            roots: roots(&[1]),
            issuers: vec![listed(service)],
        };
        Self { document }
    }

    /// Its envelope, signed by the roots of these seeds.
    pub fn signed(&self, seeds: &[u8]) -> String {
        let list = TrustList::try_from(self.document.clone()).unwrap();
        let envelope = seeds.iter().fold(list.to_envelope().unwrap(), |it, seed| root(*seed).sign(it));
        envelope.to_json().unwrap()
    }

    /// The next version, signed by the root of seed 1.
    pub fn next(&mut self, change: impl FnOnce(&mut TrustListDocument)) -> String {
        self.document.version += 1;
        change(&mut self.document);
        self.signed(&[1])
    }
}

/// A service's issuer as a list has it.
pub fn listed(service: &Service) -> ListedIssuer {
    let metadata = service.metadata();
    let issuer = &metadata.issuers[0];
    let manifests = metadata.manifest_keys.clone();
    let key = ListedKey {
        key: issuer.key,
        accepted: Validity { from: NOW - DAY, until: NOW + 100 * DAY },
        schemas: issuer.schemas.clone(),
        revocation: issuer.revocation.map(|key| ListedRevocation {
            key,
            manifests,
            schedule: metadata.schedule,
        }),
    };
    ListedIssuer {
        id: issuer.id.clone(),
        name: issuer.name.clone(),
        regions: vec!["370000".into()],
        uri: service.base.clone(),
        keys: vec![key],
    }
}

/// Another issuer, that the wallet has never met, with the same kinds of licences.
pub fn stranger(name: &str, seed: u64) -> ListedIssuer {
    let mut service = Service::new(seed, &format!("https://{name}.example"));
    service.id = name.into();
    service.name = Text { zh_cn: format!("机关{name}"), en: format!("Authority {name}") };
    listed(&service)
}
