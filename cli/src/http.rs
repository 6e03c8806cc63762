//! A plain JSON client for the service's administrator and relying-party interfaces.

use std::fmt;
use std::time::Duration;

use glimpse_api::{IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// A service, and who is asking.
pub(crate) struct Client {
    agent: ureq::Agent,
    base_url: String,
    bearer: Option<String>,
}

impl Client {
    /// A client of the service at `base_url`, with a bearer token where the interface asks for one.
    pub(crate) fn new(base_url: &str, bearer: Option<String>) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        Self { agent, base_url: base_url.trim_end_matches('/').to_owned(), bearer }
    }

    /// Sends JSON with POST and reads JSON.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, HttpError> {
        let request = self.agent.post(self.url(path)).header("authorization", self.authorization());
        read(request.send_json(body).map_err(HttpError::transport)?)
    }

    /// Sends JSON with POST under an idempotency key; reads JSON, and whether that was done before.
    pub(crate) fn post_once<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        key: &str,
    ) -> Result<(T, bool), HttpError> {
        let request = self.agent.post(self.url(path)).header("authorization", self.authorization());
        let request = request.header(IDEMPOTENCY_KEY, key);
        let answer = check(request.send_json(body).map_err(HttpError::transport)?)?;
        let again = answer.headers().get(IDEMPOTENT_REPLAYED).is_some_and(|value| value == "true");
        Ok((read(answer)?, again))
    }

    /// Names something that is sent to a path of this service by whoever this is, and says nothing of it to others.
    pub(crate) fn fingerprint(&self, path: &str, body: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [self.authorization().as_bytes(), self.url(path).as_bytes(), body] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// Sends JSON with PUT and reads nothing.
    pub(crate) fn put(&self, path: &str, body: &impl Serialize) -> Result<(), HttpError> {
        let request = self.agent.put(self.url(path)).header("authorization", self.authorization());
        check(request.send_json(body).map_err(HttpError::transport)?).map(|_| ())
    }

    /// Sends JSON with PUT and reads JSON.
    pub(crate) fn put_for<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, HttpError> {
        let request = self.agent.put(self.url(path)).header("authorization", self.authorization());
        read(request.send_json(body).map_err(HttpError::transport)?)
    }

    /// Reads JSON with GET.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, HttpError> {
        let request = self.agent.get(self.url(path)).header("authorization", self.authorization());
        read(request.call().map_err(HttpError::transport)?)
    }

    /// `path` may be a whole address too.
    fn url(&self, path: &str) -> String {
        if path.starts_with('/') { format!("{}{path}", self.base_url) } else { path.to_owned() }
    }

    fn authorization(&self) -> String {
        self.bearer.as_ref().map(|token| format!("Bearer {token}")).unwrap_or_default()
    }
}

fn read<T: DeserializeOwned>(response: Response) -> Result<T, HttpError> {
    check(response)?.body_mut().read_json().map_err(HttpError::transport)
}

type Response = ureq::http::Response<ureq::Body>;

fn check(mut response: Response) -> Result<Response, HttpError> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    match response.body_mut().read_json::<Problem>() {
        Ok(problem) => Err(HttpError::Problem(Box::new(problem))),
        Err(_) => Err(HttpError::Status(status)),
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum HttpError {
    /// The service said what is wrong.
    Problem(Box<Problem>),
    /// The service said only that something is.
    Status(u16),
    /// The service was not reached, or not understood.
    Transport(String),
}

impl HttpError {
    fn transport(error: ureq::Error) -> Self {
        Self::Transport(error.to_string())
    }

    /// The members at fault, as far as the service named them.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        let problem = match self {
            Self::Problem(problem) => Some(problem),
            Self::Status(_) | Self::Transport(_) => None,
        };
        problem.into_iter().flat_map(|problem| problem.errors.iter().map(|error| error.field.as_str()))
    }

    /// Whether the same may be answered otherwise in a moment.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Problem(problem) => matches!(problem.status, 408 | 429 | 503),
            Self::Status(status) => matches!(status, 408 | 429 | 502..=504),
            Self::Transport(_) => true,
        }
    }

    /// Whether it is certain that nothing was done.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Problem(problem) if (400..500).contains(&problem.status))
    }

    /// Whether the service has looked whether the step was taken before, and says now why it is not taken.
    pub(crate) fn is_of_the_step(&self) -> bool {
        matches!(self, Self::Problem(problem) if matches!(problem.status, 404 | 409 | 422))
    }

    /// The last part of the problem's type: `request-closed` and the like.
    pub(crate) fn kind(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => problem.kind.rsplit(':').next(),
            Self::Status(_) | Self::Transport(_) => None,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => {
                write!(f, "{}", problem.title)?;
                if let Some(detail) = &problem.detail {
                    write!(f, ": {detail}")?;
                }
                for error in &problem.errors {
                    write!(f, "\n  {}: {}", error.field, error.reason)?;
                }
                Ok(())
            }
            Self::Status(status) => write!(f, "the service answered with status {status}"),
            Self::Transport(reason) => write!(f, "the service cannot be reached: {reason}"),
        }
    }
}

impl std::error::Error for HttpError {}
