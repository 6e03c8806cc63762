//! What can be wrong with a store.

use std::io;

use super::redis::RedisFault;

/// Why an operation did not happen. Names tables and files, never what is in them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Another process has it.
    #[error("another process has the store open")]
    InUse,
    /// It was written by another version of this program.
    #[error("the store has layout {found}, which this program does not know")]
    Version {
        /// The layout found.
        found: u64,
    },
    /// A record cannot be read or written.
    #[error("a record of table {0} is damaged")]
    Record(&'static str),
    /// The operation ended without a result.
    #[error("an operation of the store was interrupted")]
    Interrupted,
    /// The file or the file system.
    #[error("the store's file: {0}")]
    File(#[from] io::Error),
    /// The database.
    #[error("the store's database: {0}")]
    Database(Box<redb::Error>),
    /// The Redis.
    #[error("Redis {0}")]
    Redis(#[from] RedisFault),
    /// Nothing is left of what was there at the start.
    #[error("the store lost everything, or is not the one that was there at the start")]
    Emptied,
}

impl StoreError {
    /// What metrics and the log's rate limit call it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::InUse => "in_use",
            Self::Version { .. } => "version",
            Self::Record(_) => "damaged",
            Self::Interrupted => "interrupted",
            Self::File(_) => "file",
            Self::Database(_) => "database",
            Self::Emptied => "emptied",
            Self::Redis(fault) => match fault {
                RedisFault::Unreachable => "unreachable",
                RedisFault::TimedOut => "timed_out",
                RedisFault::ReadOnly => "read_only",
                RedisFault::NotReady => "not_ready",
                RedisFault::Full => "full",
                RedisFault::Unsaved => "unsaved",
                RedisFault::NotReplicated => "not_replicated",
                RedisFault::Certificate => "certificate",
                RedisFault::Denied => "denied",
                RedisFault::Cluster => "cluster",
                RedisFault::NoMaster => "no_master",
                RedisFault::Refused => "refused",
                RedisFault::Answer => "answer",
            },
        }
    }
}

impl From<redb::DatabaseError> for StoreError {
    fn from(error: redb::DatabaseError) -> Self {
        match error {
            redb::DatabaseError::DatabaseAlreadyOpen => Self::InUse,
            error => Self::Database(Box::new(error.into())),
        }
    }
}

/// The database has an error type for each of its operations.
macro_rules! from_database {
    ($($error:ty),*) => {
        $(impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                Self::Database(Box::new(error.into()))
            }
        })*
    };
}

from_database!(
    redb::StorageError,
    redb::TableError,
    redb::TransactionError,
    redb::CommitError,
    redb::SetDurabilityError
);
