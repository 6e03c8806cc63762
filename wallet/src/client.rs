//! Typed calls over a transport.

use std::time::Duration;

use glimpse_api::{PROBLEM_CONTENT_TYPE, Problem};
use glimpse_circuits::json;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::address::{Address, AddressError};
use crate::display::clean_foreign;
use crate::transport::{HttpRequest, HttpResponse, Transport, TransportError};

/// Issuer metadata with its code tables.
pub(crate) const MAX_METADATA_BYTES: u64 = 4 * 1024 * 1024;
/// Requests with their sets.
pub(crate) const MAX_REQUEST_BYTES: u64 = 1024 * 1024;
/// A bucket of a revocation list: 65,536 intervals take 4.7 MB, and an honest bucket is shared by some 4,096 holders.
pub(crate) const MAX_BUCKET_BYTES: u64 = 5 * 1024 * 1024;
/// Credentials, tokens, decisions and problems.
pub(crate) const MAX_ANSWER_BYTES: u64 = 256 * 1024;

/// How long the wallet waits before it repeats a request that was not answered, or with 429 or 503: first, second,
/// third time. Every request of the interface may be repeated.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1)];
/// Longest wait that a server may ask for. One that asks for more is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

const PROBLEM_PREFIX: &str = "urn:glimpse:problem:";
/// Most members of a problem that are repeated.
const MAX_PROBLEM_ERRORS: usize = 5;

pub(crate) struct Client {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) allow_insecure: bool,
}

impl Client {
    /// Whether an address is one that may be talked to.
    pub(crate) fn permits(&self, address: &Address) -> Result<(), AddressError> {
        if address.is_open() && !self.allow_insecure { Err(AddressError::Open) } else { Ok(()) }
    }

    /// GETs a text.
    pub(crate) fn get_text(&self, address: &Address, limit: u64) -> Result<Zeroizing<String>, ClientError> {
        let body = self.send(address, None, None, limit)?;
        std::str::from_utf8(&body).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| not_utf8())
    }

    /// GETs bytes.
    pub(crate) fn get_bytes(&self, address: &Address, limit: u64) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        self.send(address, None, None, limit)
    }

    /// GETs a value.
    pub(crate) fn get<T: DeserializeOwned>(&self, address: &Address, limit: u64) -> Result<T, ClientError> {
        read(&self.send(address, None, None, limit)?)
    }

    /// POSTs a value for another.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        address: &Address,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        read(&self.post_raw(address, body, None)?)
    }

    /// POSTs a value; whatever a success answers is for the caller to read. By the key, if there is one, the server
    /// knows a repetition.
    pub(crate) fn post_raw(
        &self,
        address: &Address,
        body: &impl Serialize,
        idempotency_key: Option<&str>,
    ) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        let body = serde_json::to_vec(body).map_err(|_| ClientError::Answer("cannot be written".into()))?;
        self.send(address, Some(Zeroizing::new(body)), idempotency_key, MAX_ANSWER_BYTES)
    }

    fn send(
        &self,
        address: &Address,
        body: Option<Zeroizing<Vec<u8>>>,
        idempotency_key: Option<&str>,
        limit: u64,
    ) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        self.permits(address)?;
        let uri = Zeroizing::new(address.to_string());
        let body = body.as_ref().map(|body| body.as_slice());
        let answer =
            self.persist(&HttpRequest { uri: &uri, body, idempotency_key, max_response_bytes: limit })?;
        // Whatever the transport: no longer body, no status but success goes further.
        match answer.status {
            200..=299 if answer.body.len() as u64 <= limit => Ok(answer.body),
            200..=299 => Err(TransportError::TooLarge.into()),
            300..=399 => Err(ClientError::Redirect),
            _ => Err(failure(&answer)),
        }
    }
}

impl Client {
    /// Sends a request, and sends it again where the next attempt may do better: another node answers, perhaps.
    fn persist(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let answer = self.transport.send(request);
            let Some(wanted) = wanted_pause(&answer) else { return answer };
            match pauses.next().map(|pause| pause.max(wanted)) {
                Some(pause) if pause <= LONGEST_PAUSE && self.transport.wait(pause) => {}
                _ => return answer,
            }
        }
    }
}

/// How long the server wants one to wait, if it is any use at all. Whoever did not answer in time has had his time.
fn wanted_pause(answer: &Result<HttpResponse, TransportError>) -> Option<Duration> {
    match answer {
        Ok(answer) if matches!(answer.status, 429 | 502..=504) => {
            Some(Duration::from_secs(answer.retry_after.unwrap_or_default()))
        }
        Err(TransportError::Unreachable | TransportError::Broken) => Some(Duration::ZERO),
        Ok(_) | Err(TransportError::Timeout | TransportError::Tls | TransportError::TooLarge) => None,
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    let text = std::str::from_utf8(body).map_err(|_| not_utf8())?;
    json::from_str(text).map_err(|error| ClientError::Answer(clean_foreign(&error.to_string())))
}

fn not_utf8() -> ClientError {
    ClientError::Answer("not a text".into())
}

/// What a status other than success says, if it is a problem of ours.
fn failure(answer: &HttpResponse) -> ClientError {
    let is_problem = answer.content_type.as_deref() == Some(PROBLEM_CONTENT_TYPE);
    match serde_json::from_slice::<Problem>(&answer.body) {
        Ok(problem) if is_problem => ClientError::Problem(ServerProblem::new(answer.status, &problem)),
        _ => ClientError::Status(answer.status),
    }
}

/// A problem that a server reported. Its texts are the server's, cleaned of what could rewrite the terminal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ServerProblem {
    /// HTTP status.
    pub status: u16,
    /// Last part of the problem's type, such as `offer-used`; empty for types of others.
    pub kind: String,
    /// What the server says.
    pub message: String,
}

impl ServerProblem {
    fn new(status: u16, problem: &Problem) -> Self {
        let kind = problem.kind.strip_prefix(PROBLEM_PREFIX).unwrap_or_default();
        let mut message = clean_foreign(&problem.title);
        if let Some(detail) = &problem.detail {
            message.push_str(&format!(": {}", clean_foreign(detail)));
        }
        for error in problem.errors.iter().take(MAX_PROBLEM_ERRORS) {
            message.push_str(&format!("; {} {}", clean_foreign(&error.field), clean_foreign(&error.reason)));
        }
        Self { status, kind: clean_foreign(kind), message }
    }
}

/// Why a call to a server came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is not used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// There is no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The server refused, and said why.
    #[error("the server answered: {0}")]
    Problem(ServerProblem),
    /// The server refused, and did not say why.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The server sent the wallet elsewhere.
    #[error("the server wants to redirect elsewhere, which the wallet does not follow")]
    Redirect,
    /// The answer is not what it should be.
    #[error("the server's answer cannot be read: {0}")]
    Answer(String),
}

impl ClientError {
    /// The status the server refused with, if it did.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Problem(problem) => Some(problem.status),
            Self::Status(status) => Some(*status),
            _ => None,
        }
    }

    /// The kind of problem the server reported, if it did.
    pub(crate) fn problem_kind(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => Some(&problem.kind),
            _ => None,
        }
    }
}
