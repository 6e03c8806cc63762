//! The certificate of a TLS connection, as far as it says who somebody is.

use actix_web::HttpRequest;

use crate::tls::PeerCertificate;

/// The SHA-256 of the client's certificate, if it has shown one.
pub(crate) fn peer_certificate(request: &HttpRequest) -> Option<[u8; 32]> {
    request.conn_data::<PeerCertificate>().map(|certificate| certificate.0)
}
