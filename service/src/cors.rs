//! Pages that may call what wallets call.

use actix_cors::{Cors, CorsError};
use actix_web::http::Uri;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use actix_web::middleware::Condition;
use glimpse_api::IDEMPOTENCY_KEY;

use crate::config::ConfigError;
use crate::envelope::REQUEST_ID;
use crate::trace::TRACEPARENT;

/// For how many seconds a browser may keep what it was told.
const MAX_AGE: usize = 3600;

/// Lets pages of these origins in, without credentials. With none of them, nothing changes.
pub(crate) fn open_to(origins: &[String]) -> Condition<Cors> {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST"])
        .allowed_headers([CONTENT_TYPE, TRACEPARENT, HeaderName::from_static(IDEMPOTENCY_KEY)])
        .expose_headers([REQUEST_ID, RETRY_AFTER])
        .max_age(MAX_AGE);
    let cors = origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin));
    Condition::new(!origins.is_empty(), cors)
}

/// Whether an error is a refusal of the above.
pub(crate) fn is_refusal(error: &actix_web::Error) -> bool {
    error.as_error::<CorsError>().is_some()
}

/// Exactly as browsers write them: scheme, host, and a port that is not the scheme's own.
pub(crate) fn check_origins(origins: &[String]) -> Result<(), ConfigError> {
    let reason =
        "must be written as browsers do: https://wallet.example or http://localhost:3000, in lower case";
    let refused = ConfigError::Member { member: "CORS origins", reason };
    origins.iter().all(|origin| is_origin(origin)).then_some(()).ok_or(refused)
}

fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else { return false };
    let own_port = if scheme == "https" { 443 } else { 80 };
    let written = match uri.port_u16() {
        Some(port) if port != own_port => format!("{scheme}://{host}:{port}"),
        Some(_) => return false,
        None => format!("{scheme}://{host}"),
    };
    matches!(scheme, "http" | "https")
        && !host.contains('*')
        && !host.bytes().any(|b| b.is_ascii_uppercase())
        && written == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_as_browsers_write_them() {
        for good in ["https://wallet.example", "http://localhost:3000", "https://[::1]:8443"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "*",
            "null",
            "",
            "wallet.example",
            "https://wallet.example/",
            "https://wallet.example:443",
            "http://wallet.example:80",
            "https://Wallet.example",
            "HTTPS://wallet.example",
            "https://*.example",
            "https://a@wallet.example",
            "https://wallet.example?x",
            "ftp://wallet.example",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
