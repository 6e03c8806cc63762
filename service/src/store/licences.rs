//! Licences as they are kept, and what may be done to several of them at once.

use std::fmt::Debug;

use glimpse_api::{Blob, LicenceEvent, Stage};
use glimpse_circuits::attribute::Value;
use glimpse_circuits::decimal;
use glimpse_circuits::encoding::{Reader, value_length, write_value};
use glimpse_circuits::lacks;
use glimpse_circuits::schema::{Schema, SchemaDigest};
use glimpse_profiles::Override;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::ids::{Fingerprint, Id};
use crate::lifecycle::Standing;

// What licences say, and their handles.
lacks!(LicenceRecord: Debug);
lacks!(LicenceUpdate: Debug);
lacks!(ListedHandle: Debug);

/// A registered licence. Holds attributes.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LicenceRecord {
    /// Its schema.
    pub(crate) schema: SchemaDigest,
    /// The authority's reference for the holder.
    pub(crate) holder: String,
    /// The values in schema order, as `write_value` writes them.
    values: Blob,
    /// When it was registered.
    registered_at: u64,
    /// Counts its corrections, from 1.
    #[serde(with = "decimal")]
    pub(crate) version: u32,
    /// The version before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) corrects: Option<Id>,
    /// Checks that were set aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) overrides: Vec<Override>,
    /// Where it stands.
    pub(crate) standing: Standing,
}

impl LicenceRecord {
    /// A licence with these checked values, of which some checks were set aside.
    pub(crate) fn new(
        schema: &Schema,
        holder: String,
        values: &[Value],
        overrides: Vec<Override>,
        registered_at: u64,
    ) -> Self {
        let mut bytes = Vec::with_capacity(values.iter().map(value_length).sum());
        values.iter().for_each(|value| write_value(&mut bytes, value));
        Self {
            schema: schema.digest(),
            holder,
            values: bytes.into(),
            registered_at,
            version: 1,
            corrects: None,
            overrides,
            standing: Standing::new(),
        }
    }

    /// Its values, as many as the schema has attributes.
    pub(crate) fn values(&self, schema: &Schema) -> Result<Vec<Value>, StoreError> {
        let damaged = |_| StoreError::Record("licences");
        let mut reader = Reader::new(&self.values.0);
        let values = schema.attributes().iter().map(|_| reader.value()).collect::<Result<_, _>>();
        reader.finish().map_err(damaged)?;
        values.map_err(damaged)
    }

    /// Fingerprint of the authority's reference for its holder.
    pub(crate) fn holder_reference(&self) -> Fingerprint {
        Fingerprint::of(self.holder.as_bytes())
    }

    /// Where it stands in the catalogue.
    pub(crate) fn place(&self) -> Place {
        Place { schema: self.schema, stage: self.standing.stage(), version: self.version }
    }
}

/// Where a licence stands in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// Its schema.
    pub(crate) schema: SchemaDigest,
    /// Its stage.
    pub(crate) stage: Stage,
    /// Its version.
    pub(crate) version: u32,
}

/// A revocation handle, and the list that it is left out of while it is withheld.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListedHandle {
    /// The list.
    pub(crate) list: ListId,
    /// The handle.
    pub(crate) handle: u32,
}

/// A revocation list: about the credentials under one issuer key with one schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ListId {
    /// The issuer key.
    pub(crate) key: [u8; 32],
    /// The schema.
    pub(crate) schema: SchemaDigest,
}

/// A licence as it is to be from now on.
#[derive(Clone)]
pub(crate) struct LicenceUpdate {
    /// Which one.
    pub(crate) id: Id,
    /// The revision that was looked at, with its place in the catalogue. None for a new licence.
    pub(crate) from: Option<(u64, Place)>,
    /// What it is from now on. Its standing names the change, so that the same update made again is known again.
    pub(crate) licence: LicenceRecord,
    /// What happened.
    pub(crate) event: LicenceEvent,
    /// Handles that versions of lists leave out from now on.
    pub(crate) withhold: Vec<ListedHandle>,
    /// Handles that they do not leave out any longer.
    pub(crate) restore: Vec<ListedHandle>,
}

/// What became of updates that are made together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Updated {
    /// They were made, now or when the same ones were made before.
    Done,
    /// One of the licences changed meanwhile: none of them was made.
    Changed,
}

/// The licences of one holder go over to another wallet.
pub(crate) struct HolderUpdate {
    /// The issuer key under which the link secret is forgotten.
    pub(crate) key: [u8; 32],
    /// Fingerprint of the authority's reference for the holder.
    pub(crate) holder: Fingerprint,
    /// How many licences the holder was found to have, whether they change or not.
    pub(crate) licences: usize,
    /// What changes.
    pub(crate) updates: Vec<LicenceUpdate>,
}
