//! What can go wrong with a Redis, and what helps.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError};

/// Why Redis did not do something. Says nothing of what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub(crate) enum RedisFault {
    /// No connection, or it broke.
    #[error("cannot be reached")]
    Unreachable,
    /// No answer.
    #[error("did not answer in time")]
    TimedOut,
    /// A replica: there was a fail-over, or the address is wrong.
    #[error("is a replica and does not take writes")]
    ReadOnly,
    /// Started a moment ago, or cut off from its master.
    #[error("is not ready yet")]
    NotReady,
    /// `maxmemory` is reached.
    #[error("has no memory left: raise maxmemory")]
    Full,
    /// It cannot write its file.
    #[error("takes no writes since it cannot save them to its disk")]
    Unsaved,
    /// Too few replicas have it, or are connected.
    #[error("has too few replicas that keep up")]
    NotReplicated,
    /// TLS does not come about.
    #[error("shows no certificate that is trusted for its address, or has no TLS")]
    Certificate,
    /// Wrong or missing credentials, or an access control list that forbids a command.
    #[error("refuses the user, the password or the command")]
    Denied,
    /// Slots without a server, or a cluster that the configuration does not know to be one.
    #[error("is a cluster that is not whole, or is not configured as one")]
    Cluster,
    /// Sentinels know no such master.
    #[error("has no master that its sentinels know")]
    NoMaster,
    /// Something else that it says.
    #[error("refused a command")]
    Refused,
    /// An answer of another kind than expected.
    #[error("gave an answer that makes no sense")]
    Answer,
}

/// What is to be done about a fault.
pub(super) struct Reaction {
    pub(super) fault: RedisFault,
    /// The connection is of no more use.
    pub(super) reconnect: bool,
    /// On a new connection it may work, and do no harm if it was done before.
    pub(super) again: bool,
}

impl Reaction {
    pub(super) fn to(error: &RedisError) -> Self {
        use RedisFault::*;
        let of = |fault, reconnect, again| Self { fault, reconnect, again };
        if let Some((code, detail)) = said(error) {
            return match code.as_str() {
                "READONLY" => of(ReadOnly, true, true),
                // Up to version 6 Redis says so of scripts.
                "ERR" if detail.contains("-READONLY ") => of(ReadOnly, true, true),
                "LOADING" | "MASTERDOWN" => of(NotReady, true, false),
                "OOM" => of(Full, false, false),
                "ERR" if detail.contains("-OOM ") => of(Full, false, false),
                "MISCONF" => of(Unsaved, false, false),
                "NOREPLICAS" => of(NotReplicated, false, false),
                "NOAUTH" | "WRONGPASS" => of(Denied, true, false),
                "NOPERM" => of(Denied, false, false),
                "CLUSTERDOWN" | "TRYAGAIN" | "MOVED" | "ASK" | "CROSSSLOT" => of(Cluster, false, false),
                "WRONGTYPE" => of(Answer, false, false),
                _ => of(Refused, false, false),
            };
        }
        if is_about_tls(error) {
            return of(Certificate, true, false);
        }
        match error.kind() {
            // It may still be done. Whoever asked asks again when there is time.
            ErrorKind::Io if error.is_timeout() => of(TimedOut, true, false),
            ErrorKind::AuthenticationFailed => of(Denied, true, false),
            ErrorKind::MasterNameNotFoundBySentinel => of(NoMaster, true, false),
            ErrorKind::UnexpectedReturnType | ErrorKind::Client | ErrorKind::InvalidClientConfig => {
                of(Answer, false, false)
            }
            _ => of(Unreachable, true, true),
        }
    }
}

/// Whether a connection failed for what TLS demands of it.
fn is_about_tls(error: &RedisError) -> bool {
    // What the crate holds is shared, and that is how it shows it.
    let shared = error.source().and_then(|source| source.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let Some(cause) = shared else { return false };
    let within = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || within.is_some_and(|within| within.is::<rustls::Error>())
}

/// Code and detail of an error that the server sent.
pub(super) fn said(error: &RedisError) -> Option<(String, String)> {
    let errors = error.clone().into_server_errors()?;
    let (_, first) = errors.first()?;
    Some((first.code().to_owned(), first.details().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says() {
        for (line, fault, reconnect, again) in [
            ("-READONLY You can't write against a read only replica.", RedisFault::ReadOnly, true, true),
            ("-ERR Error running script: @user_script: 3: -READONLY You", RedisFault::ReadOnly, true, true),
            ("-LOADING Redis is loading the dataset in memory", RedisFault::NotReady, true, false),
            ("-MASTERDOWN Link with MASTER is down", RedisFault::NotReady, true, false),
            ("-OOM command not allowed when used memory > 'maxmemory'.", RedisFault::Full, false, false),
            ("-ERR Error running script: @user_script: 3: -OOM command", RedisFault::Full, false, false),
            ("-MISCONF Redis is configured to save RDB snapshots", RedisFault::Unsaved, false, false),
            ("-NOREPLICAS Not enough good replicas to write.", RedisFault::NotReplicated, false, false),
            ("-NOAUTH Authentication required.", RedisFault::Denied, true, false),
            ("-NOPERM this user has no permissions", RedisFault::Denied, false, false),
            ("-CLUSTERDOWN The cluster is down", RedisFault::Cluster, false, false),
            ("-MOVED 1 127.0.0.1:1", RedisFault::Cluster, false, false),
            ("-ERR unknown command", RedisFault::Refused, false, false),
        ] {
            let value = redis::parse_redis_value(format!("{line}\r\n").as_bytes()).unwrap();
            let error = value.extract_error().unwrap_err();
            let reaction = Reaction::to(&error);
            assert_eq!(
                (reaction.fault, reaction.reconnect, reaction.again),
                (fault, reconnect, again),
                "{line}"
            );
        }
    }

    #[test]
    fn what_happens_to_connections() {
        let reaction = |kind: io::ErrorKind| Reaction::to(&io::Error::from(kind).into());
        assert!(!reaction(io::ErrorKind::TimedOut).again);
        assert_eq!(reaction(io::ErrorKind::TimedOut).fault, RedisFault::TimedOut);
        for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe] {
            assert!(reaction(kind).again && reaction(kind).reconnect);
        }
    }
}
