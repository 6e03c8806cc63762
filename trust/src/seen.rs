//! What is kept of a manifest.

use glimpse_circuits::decimal;
use glimpse_circuits::interval::{ManifestDigest, Scope};
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::schema::SchemaDigest;
use serde::{Deserialize, Serialize};

/// A manifest without its buckets, of which there may be 2^16: all that is needed to hold the next one against it, and to
/// say what the version's intervals are good for. See [`Manifest::seen`](crate::Manifest::seen).
///
/// Whoever reads one back must have kept it where nobody else writes: nothing of it is checked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenManifest {
    /// Number of the version.
    #[serde(with = "decimal")]
    pub version: u64,
    /// When it was issued, in seconds since 1970-01-01T00:00:00Z.
    #[serde(with = "decimal")]
    pub issued_at: u64,
    /// When the next version is due at the latest, the same way.
    #[serde(with = "decimal")]
    pub next: u64,
    /// X: the key of the credentials that the list is about.
    pub issuer: IssuerPublicKey,
    /// Their schema.
    pub schema: SchemaDigest,
    /// W: the key that the intervals are under.
    pub revocation: IssuerPublicKey,
    /// Of the whole document, by which a second one of the same version is noticed.
    pub document: ManifestDigest,
}

impl SeenManifest {
    /// What the version's intervals are good for.
    pub fn scope(&self) -> Scope {
        let Self { revocation, issuer, schema, issued_at, .. } = *self;
        Scope { revocation, issuer, schema, issued_at }
    }

    /// Whether the next version is due, so that this one should no longer be shown.
    pub fn is_overdue(&self, now: u64) -> bool {
        now >= self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_small_and_reads_back() {
        let key = |text: &str| text.parse::<IssuerPublicKey>().unwrap();
        // Canonical encodings of points: multiples of the basepoint (RFC 9496 appendix A.1).
        let seen = SeenManifest {
            version: 3,
            issued_at: 6000,
            next: 9000,
            issuer: key("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"),
            schema: SchemaDigest([7; 32]),
            revocation: key("6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"),
            document: ManifestDigest([8; 32]),
        };
        let json = serde_json::to_string(&seen).unwrap();
        assert!(json.len() < 500, "{json}");
        assert_eq!(serde_json::from_str::<SeenManifest>(&json).unwrap(), seen);
        assert!(!seen.is_overdue(8999) && seen.is_overdue(9000));
        assert_eq!(seen.scope().issued_at, 6000);
        assert_eq!((seen.scope().issuer, seen.scope().revocation), (seen.issuer, seen.revocation));
    }
}
