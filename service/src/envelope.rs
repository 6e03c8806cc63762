//! What surrounds every request: its id, its time limit, its line in the log, the headers of its answer; and that a
//! panic is answered like any other fault.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use futures_util::FutureExt;

use crate::cors;
use crate::error::ApiError;
use crate::ids::Id;
use crate::metrics::Answered;
use crate::shared::Shared;
use crate::trace::TraceContext;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The middleware. Neither path nor query nor body is logged: codes and references are worth something.
pub(crate) async fn envelope(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let shared = request.app_data::<Data<Shared>>().cloned();
    // Looking it up takes as long as the routing itself.
    let route = request.match_pattern();
    let method = known_method(request.method());
    let span = Span::of(&request);
    let started = Instant::now();
    let answer = surround(&span, request, next).await;
    let taken = started.elapsed();

    let (status, error) = match &answer {
        Ok(response) => (response.status(), response.response().error()),
        Err(error) => (error.status_code(), Some(&error.error)),
    };
    let error = error.and_then(|error| error.as_error::<ApiError>());
    if let Some(shared) = shared {
        shared.metrics.http.answered(&Answered { route: route.as_deref(), method, status, error, taken });
    }
    let elapsed_us = u64::try_from(taken.as_micros()).unwrap_or(u64::MAX);
    let (problem, route) = (error.map_or("", ApiError::code), route.as_deref().unwrap_or("none"));
    let Span { id, trace } = &span;
    tracing::info!(
        request_id = %id, trace_id = trace.trace_id(), span_id = trace.span_id(), method, route,
        status = status.as_u16(), problem, elapsed_us, "answered"
    );
    answer.map_err(Error::from)
}

/// The same for those who ask every few seconds: neither counted nor, unless something is wrong, logged.
pub(crate) async fn quiet_envelope(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let span = Span::of(&request);
    let answer = surround(&span, request, next).await;
    let error = match &answer {
        Ok(response) => response.response().error(),
        Err(error) => Some(&error.error),
    };
    if let Some(problem) = error.and_then(|error| error.as_error::<ApiError>()).map(ApiError::code) {
        tracing::info!(request_id = %span.id, problem, "answered the operator");
    }
    answer.map_err(Error::from)
}

/// How one request is recognised. The id is ours: what a client calls its request is nothing to rely on.
struct Span {
    id: String,
    trace: TraceContext,
}

impl Span {
    fn of(request: &ServiceRequest) -> Self {
        Self { id: Id::random().text(), trace: TraceContext::of(request.headers()) }
    }
}

async fn surround<B: MessageBody>(
    span: &Span,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Identified> {
    let shared = request.app_data::<Data<Shared>>().cloned();
    let limit = shared.as_ref().map_or(Duration::MAX, |shared| shared.limits.request_timeout);
    request.extensions_mut().insert(span.trace);

    let answer = AssertUnwindSafe(tokio::time::timeout(limit, next.call(request))).catch_unwind().await;
    let answer = match answer {
        Ok(Ok(Ok(answer))) if answer.response().error().is_some_and(cors::is_refusal) => {
            Err(ApiError::Origin.into())
        }
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(ApiError::Timeout.into()),
        Err(_) => Err(ApiError::Internal.into()),
    };
    // Whoever keeps this connection is to make the next one somewhere else.
    let last = shared.is_some_and(|shared| shared.drain.has_begun());
    match answer {
        Ok(mut response) => {
            add_headers(response.headers_mut(), &span.id);
            if last {
                response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
            }
            Ok(response)
        }
        Err(error) => Err(Identified { error, id: span.id.clone(), last }),
    }
}

fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn add_headers(headers: &mut HeaderMap, id: &str) {
    // Only `caching` says anything else.
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// An error whose answer is made further out, where the request is no longer at hand.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
struct Identified {
    error: Error,
    id: String,
    /// Whether the connection ends with this.
    last: bool,
}

impl ResponseError for Identified {
    fn status_code(&self) -> actix_web::http::StatusCode {
        self.error.as_response_error().status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.error.error_response();
        add_headers(response.headers_mut(), &self.id);
        if self.last {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::App;
    use actix_web::body::to_bytes;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::web;
    use glimpse_api::{PROBLEM_CONTENT_TYPE, Problem};

    use super::*;
    use crate::config::{Clock, Limits};
    use crate::store::RedbStore;

    #[actix_web::test]
    async fn handlers_find_the_trace_that_goes_on() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let handler =
            async |context: web::ReqData<TraceContext>| -> String { context.into_inner().to_string() };
        let app = App::new().route("/", web::get().to(handler)).wrap(from_fn(envelope));
        let app = init_service(app).await;
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        let request = TestRequest::get().insert_header(("traceparent", parent.as_str())).to_request();
        let answer = try_call_service(&app, request).await.unwrap();
        let child = to_bytes(answer.into_body()).await.ok().unwrap();
        assert!(child.starts_with(format!("00-{trace}-").as_bytes()) && child.ends_with(b"-01"));
        assert_ne!(child, parent.as_bytes());
    }

    #[actix_web::test]
    async fn panics_and_delays_are_answered_like_other_faults() {
        let directory = tempfile::tempdir().unwrap();
        let limits = Limits { request_timeout: Duration::from_millis(50), ..Limits::default() };
        let store = Arc::new(RedbStore::open(directory.path()).unwrap());
        let shared = Shared::of_tests(store, Clock::system(), limits);
        let slow = async || {
            tokio::time::sleep(Duration::from_secs(60)).await;
            "never"
        };
        let app = App::new()
            .app_data(Data::new(shared))
            .route("/panic", web::get().to(async || -> &'static str { panic!("on purpose") }))
            .route("/slow", web::get().to(slow))
            .wrap(from_fn(envelope));
        let app = init_service(app).await;
        for (path, status, kind) in [("/panic", 500, "internal"), ("/slow", 503, "timeout")] {
            let request = TestRequest::get().uri(path).to_request();
            let error = try_call_service(&app, request).await.err().unwrap();
            let answer = error.error_response();
            assert_eq!(answer.status(), status);
            assert_eq!(answer.headers().get("content-type").unwrap(), PROBLEM_CONTENT_TYPE);
            assert_eq!(answer.headers().get("cache-control").unwrap(), "no-store");
            assert_eq!(answer.headers().get("x-request-id").unwrap().len(), 32);
            let body = to_bytes(answer.into_body()).await.unwrap();
            let problem: Problem = serde_json::from_slice(&body).unwrap();
            assert_eq!(problem.kind, format!("urn:glimpse:problem:{kind}"));
        }
    }
}
