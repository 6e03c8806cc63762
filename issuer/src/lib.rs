//! Issuer keys, blind issuance and helper tokens: the only crate that holds an issuer secret.
