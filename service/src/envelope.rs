//! What surrounds every request: its id, its time limit, its line in the log, the headers of its answer; and that a
//! panic is answered like any other fault.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};
use futures_util::FutureExt;

use crate::error::ApiError;
use crate::ids::Id;
use crate::shared::Shared;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The middleware. Neither path nor query nor body is logged: codes and references are worth something.
pub(crate) async fn envelope(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = Id::random().text();
    let started = Instant::now();
    let method = known_method(request.method());
    // Looking it up takes as long as the routing itself.
    let logged = tracing::enabled!(tracing::Level::INFO);
    let route = if logged { request.match_pattern() } else { None };
    let limit = request.app_data::<Data<Shared>>().map_or(Duration::MAX, |s| s.limits.request_timeout);

    let answer = AssertUnwindSafe(tokio::time::timeout(limit, next.call(request))).catch_unwind().await;
    let answer = match answer {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(ApiError::Timeout.into()),
        Err(_) => Err(ApiError::Internal.into()),
    };

    let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (status, error) = match &answer {
        Ok(response) => (response.status(), response.response().error()),
        Err(error) => (error.as_response_error().status_code(), Some(error)),
    };
    let problem = error.and_then(|error| error.as_error::<ApiError>()).map_or("", ApiError::code);
    let route = route.as_deref().unwrap_or("none");
    tracing::info!(request_id = %id, method, route, status = status.as_u16(), problem, elapsed_us, "answered");
    match answer {
        Ok(mut response) => {
            add_headers(response.headers_mut(), &id);
            Ok(response)
        }
        Err(error) => Err(Identified { error, id }.into()),
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
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
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
}

impl ResponseError for Identified {
    fn status_code(&self) -> actix_web::http::StatusCode {
        self.error.as_response_error().status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.error.error_response();
        add_headers(response.headers_mut(), &self.id);
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
    use crate::access::Access;
    use crate::config::{Clock, Limits};
    use crate::metrics::Metrics;
    use crate::store::{Buckets, RedbStore};

    #[actix_web::test]
    async fn panics_and_delays_are_answered_like_other_faults() {
        let directory = tempfile::tempdir().unwrap();
        let limits = Limits { request_timeout: Duration::from_millis(50), ..Limits::default() };
        let store = Arc::new(RedbStore::open(directory.path()).unwrap());
        let shared = Shared {
            store,
            clock: Clock::system(),
            access: Access::default(),
            trusted_proxies: Vec::new(),
            public_uri: String::new(),
            limits,
            metrics: Metrics::new(),
            own_buckets: Buckets::new(),
        };
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
