//! Requests and their answers.

use std::time::Duration;

use actix_web::http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::error::ApiError;

/// How requests were answered.
pub(crate) struct HttpMetrics {
    time: Family<Labels, Histogram, fn() -> Histogram>,
    refused: Family<Refused, Counter>,
    replays: Family<Replay, Counter>,
}

/// A request that was answered.
pub(crate) struct Answered<'a> {
    /// The pattern of its route, if it has one.
    pub(crate) route: Option<&'a str>,
    /// One of a few.
    pub(crate) method: &'static str,
    pub(crate) status: StatusCode,
    /// What was wrong, if anything.
    pub(crate) error: Option<&'a ApiError>,
    pub(crate) taken: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    /// Only patterns: there are as many as routes.
    route: String,
    method: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Replay {
    of: &'static str,
}

impl HttpMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        // 0.5 ms to 16 s.
        let times: fn() -> Histogram = || Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        let metrics = Self {
            time: Family::new_with_constructor(times),
            refused: Family::default(),
            replays: Family::default(),
        };
        let help = "From a request's head to its answer, by route, method and class of status";
        registry.register_with_unit("request_time", help, Unit::Seconds, metrics.time.clone());
        let help = "Requests not answered with what they ask for, by the problem's type";
        registry.register("refused", help, metrics.refused.clone());
        let help = "Answers to requests that were answered before, and uses of offers that were used before";
        registry.register("replays_refused", help, metrics.replays.clone());
        // There from the start, so that a rate can be taken of the first.
        for of in [ApiError::RequestClosed, ApiError::OfferUsed] {
            drop(metrics.replays.get_or_create(&Replay { of: of.code() }));
        }
        metrics
    }

    /// A request was answered.
    pub(crate) fn answered(&self, answered: &Answered<'_>) {
        let Answered { route, method, status, error, taken } = *answered;
        let labels = Labels { route: route.unwrap_or("unknown").to_owned(), method, status: class(status) };
        self.time.get_or_create(&labels).observe(taken.as_secs_f64());
        let Some(error) = error else { return };
        self.refused.get_or_create(&Refused { reason: error.code() }).inc();
        if matches!(error, ApiError::RequestClosed | ApiError::OfferUsed) {
            self.replays.get_or_create(&Replay { of: error.code() }).inc();
        }
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
