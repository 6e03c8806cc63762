//! What is asked of a node, in bytes that can be sent again to another.

use std::net::SocketAddr;
use std::time::Duration;

use glimpse_api::IDEMPOTENCY_KEY;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A request that is the same each time it is sent.
#[derive(Clone)]
pub struct Call {
    method: &'static str,
    path: String,
    token: Option<&'static str>,
    key: Option<String>,
    body: Option<Vec<u8>>,
}

impl Call {
    /// Reads something.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), token: None, key: None, body: None }
    }

    /// Posts JSON, or an empty body in the place of null.
    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        Self { method: "POST", path: path.into(), token: None, key: None, body: Some(body) }
    }

    /// With a bearer token.
    #[must_use]
    pub fn by(self, token: &'static str) -> Self {
        Self { token: Some(token), ..self }
    }

    /// With an idempotency key.
    #[must_use]
    pub fn keyed(self, key: String) -> Self {
        Self { key: Some(key), ..self }
    }

    /// As it goes over a connection.
    pub fn to_http(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: localhost\r\n", self.method, self.path);
        for (name, value) in self.headers() {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = &self.body {
            head += &format!("content-length: {}\r\n", body.len());
        }
        [head.as_bytes(), b"\r\n", self.body.as_deref().unwrap_or_default()].concat()
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        headers.extend(self.token.map(|token| ("authorization", format!("Bearer {token}"))));
        headers.extend(self.key.clone().map(|key| (IDEMPOTENCY_KEY, key)));
        if self.body.as_ref().is_some_and(|body| !body.is_empty()) {
            headers.push(("content-type", "application/json".to_owned()));
        }
        headers
    }
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A wire type.
    pub fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Sends to nodes on this machine.
pub struct Client(ureq::Agent);

impl Client {
    /// Keeps connections, and waits so long for an answer.
    pub fn new(timeout: Duration) -> Self {
        Self::with(timeout, 8)
    }

    /// With a connection for each request: none that a node has closed meanwhile.
    pub fn without_pool(timeout: Duration) -> Self {
        Self::with(timeout, 0)
    }

    fn with(timeout: Duration, idle: usize) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_idle_connections(idle)
            .timeout_global(Some(timeout))
            .build();
        Self(config.into())
    }

    /// The answer, if there was one.
    pub fn send(&self, to: SocketAddr, call: &Call) -> Option<Answer> {
        assert!(to.ip().is_loopback(), "this is for this machine only");
        let uri = format!("http://{to}{}", call.path);
        let mut request = ureq::http::Request::builder().method(call.method).uri(uri);
        for (name, value) in call.headers() {
            request = request.header(name, value);
        }
        let sent = match &call.body {
            Some(body) => self.0.run(request.body(body.as_slice()).ok()?),
            None => self.0.run(request.body(()).ok()?),
        };
        let mut answer = sent.ok()?;
        let status = answer.status().as_u16();
        Some(Answer { status, body: answer.body_mut().read_to_vec().ok()? })
    }
}
