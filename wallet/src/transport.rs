//! One HTTP request and its answer.

use std::fmt;
use std::io::ErrorKind;
use std::thread;
use std::time::Duration;

use glimpse_api::IDEMPOTENCY_KEY;
use ureq::{Agent, Error};
use zeroize::Zeroizing;

/// A request to send.
pub struct HttpRequest<'a> {
    /// Where to.
    pub uri: &'a str,
    /// JSON to POST; a GET without it.
    pub body: Option<&'a [u8]>,
    /// By which the server recognises the same request when it comes again.
    pub idempotency_key: Option<&'a str>,
    /// Longest body of an answer that is read.
    pub max_response_bytes: u64,
}

impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Addresses of requests and offers are secrets of a kind.
        write!(f, "HttpRequest({} bytes)", self.body.map_or(0, <[u8]>::len))
    }
}

/// An answer, whatever its status.
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Media type, without parameters.
    pub content_type: Option<String>,
    /// Seconds after which the server says it is worth trying again.
    pub retry_after: Option<u64>,
    /// The body.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpResponse({}, {} bytes)", self.status, self.body.len())
    }
}

/// Sends requests. Follows no redirects and by itself sends nothing twice.
pub trait Transport: Send {
    /// Sends a request and waits for the answer.
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, TransportError>;

    /// Waits before a request is sent again. `false` if it is not to be sent again.
    fn wait(&self, time: Duration) -> bool {
        thread::sleep(time);
        true
    }
}

/// Why there is no answer. Unless nobody was reached, the request may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection.
    #[error("the server cannot be reached")]
    Unreachable,
    /// Not in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// The server's certificate is not in order.
    #[error("no secure connection to the server")]
    Tls,
    /// The answer is longer than anything that was asked for.
    #[error("the server's answer is too long")]
    TooLarge,
    /// The connection broke, or the answer is no HTTP.
    #[error("the connection to the server broke")]
    Broken,
}

/// HTTP/1.1 over TCP or TLS. Each request has a connection of its own: tokens fetched one after the other have nothing
/// in common, not even that. Proxies named in the environment are not used.
#[derive(Debug)]
pub struct HttpTransport {
    agent: Agent,
}

impl HttpTransport {
    /// Waits at most this long for a whole exchange, and a third of it for the connection.
    pub fn new(timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .proxy(None)
            .user_agent("glimpse-wallet")
            .accept("application/json, application/octet-stream, application/problem+json")
            .timeout_global(Some(timeout))
            .timeout_connect(Some(timeout / 3))
            .build();
        Self { agent: config.new_agent() }
    }
}

impl Default for HttpTransport {
    fn default() -> Self {
        Self::new(Duration::from_secs(30))
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, TransportError> {
        let answer = match request.body {
            None => self.agent.get(request.uri).call(),
            Some(body) => {
                let post = self.agent.post(request.uri).content_type("application/json");
                match request.idempotency_key {
                    Some(key) => post.header(IDEMPOTENCY_KEY, key).send(body),
                    None => post.send(body),
                }
            }
        };
        let mut answer = answer.map_err(cause)?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let body = answer.body_mut();
        let content_type = body.mime_type().map(str::to_owned);
        let body = body.with_config().limit(request.max_response_bytes).read_to_vec().map_err(cause)?;
        Ok(HttpResponse { status, content_type, retry_after, body: Zeroizing::new(body) })
    }
}

fn cause(error: Error) -> TransportError {
    match error {
        Error::HostNotFound | Error::ConnectionFailed => TransportError::Unreachable,
        Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                TransportError::Unreachable
            }
            ErrorKind::TimedOut => TransportError::Timeout,
            _ => TransportError::Broken,
        },
        Error::Timeout(_) => TransportError::Timeout,
        Error::Tls(_) | Error::Rustls(_) => TransportError::Tls,
        Error::BodyExceedsLimit(_) => TransportError::TooLarge,
        _ => TransportError::Broken,
    }
}
