//! Issuer and verifier over HTTP.
