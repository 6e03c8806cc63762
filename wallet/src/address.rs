//! Addresses of issuers and verifiers.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use ureq::http::Uri;

/// An absolute http or https address without user name, in one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    scheme: &'static str,
    host: String,
    port: u16,
    /// Path and query; empty for `/`.
    rest: String,
}

impl Address {
    /// Reads an address.
    pub(crate) fn parse(text: &str) -> Result<Self, AddressError> {
        // A fragment is no part of what is asked for, and would be dropped silently.
        if text.len() > 2048 || text.contains('#') {
            return Err(AddressError::Form);
        }
        let (scheme, default_port) = match text.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => ("https", 443),
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => ("http", 80),
            _ => return Err(AddressError::Scheme),
        };
        let uri: Uri = text.parse().map_err(|_| AddressError::Form)?;
        let authority = uri.authority().ok_or(AddressError::Form)?;
        if authority.as_str().contains('@') {
            return Err(AddressError::UserName);
        }
        let host = authority.host().to_ascii_lowercase();
        let port = match authority.as_str().get(authority.host().len()..) {
            None | Some("") => default_port,
            Some(_) => authority.port_u16().filter(|port| *port != 0).ok_or(AddressError::Form)?,
        };
        if host.is_empty() {
            return Err(AddressError::Form);
        }
        let rest = uri.path_and_query().map(|rest| rest.as_str()).filter(|rest| *rest != "/");
        Ok(Self { scheme, host, port, rest: rest.unwrap_or_default().to_owned() })
    }

    /// Reads the address under which an issuer's paths lie: without query, and without a slash at the end.
    pub(crate) fn parse_base(text: &str) -> Result<Self, AddressError> {
        let mut address = Self::parse(text)?;
        if address.rest.contains('?') {
            return Err(AddressError::Form);
        }
        address.rest.truncate(address.rest.trim_end_matches('/').len());
        Ok(address)
    }

    /// The address of a path under a base.
    pub(crate) fn join(&self, path: &str) -> Self {
        Self { rest: format!("{}{path}", self.rest), ..self.clone() }
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        match (self.scheme, self.port) {
            ("https", 443) | ("http", 80) => format!("{}://{}", self.scheme, self.host),
            _ => format!("{}://{}:{}", self.scheme, self.host, self.port),
        }
    }

    /// Whether others on the way can read and alter what is sent.
    pub(crate) fn is_open(&self) -> bool {
        self.scheme == "http" && !self.is_loopback()
    }

    fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost"
            || bare.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || bare.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.rest)
    }
}

/// Why an address is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not an absolute address.
    #[error("expected an address such as https://issuer.example")]
    Form,
    /// Neither http nor https.
    #[error("the address must begin with https:// or http://")]
    Scheme,
    /// `user@host`: made to look like another host.
    #[error("the address contains a user name")]
    UserName,
    /// Unencrypted, and not on this machine.
    #[error("the address is not encrypted: only https is used, except on this machine itself")]
    Open,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        let shown = |text| Address::parse(text).map(|address| address.to_string());
        assert_eq!(shown("HTTPS://Issuer.EXAMPLE:443/"), Ok("https://issuer.example".into()));
        assert_eq!(shown("http://[::1]:8080/a?b=c"), Ok("http://[::1]:8080/a?b=c".into()));
        assert_eq!(shown("http://a:80/x"), Ok("http://a/x".into()));
        for (text, error) in [
            ("ftp://a/", AddressError::Scheme),
            ("file:///etc/passwd", AddressError::Scheme),
            ("a.example", AddressError::Scheme),
            ("/issuer", AddressError::Scheme),
            ("https://good.example@evil.example/", AddressError::UserName),
            ("https://a:99999/", AddressError::Form),
            ("https://a:0/", AddressError::Form),
            ("https://a:/", AddressError::Form),
            ("https://a/#b", AddressError::Form),
            ("https://a b/", AddressError::Form),
            ("https://验证.example/", AddressError::Form),
            ("", AddressError::Scheme),
        ] {
            assert_eq!(Address::parse(text), Err(error), "{text}");
        }
        assert_eq!(Address::parse_base("https://a/x/?q"), Err(AddressError::Form));
        assert_eq!(Address::parse_base("https://a/x//").unwrap().join("/y").to_string(), "https://a/x/y");
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for (text, open) in [
            ("http://127.0.0.1:1/", false),
            ("http://127.9.9.9/", false),
            ("http://localhost/", false),
            ("http://[::1]/", false),
            ("https://far.example/", false),
            ("http://far.example/", true),
            ("http://localhost.evil.example/", true),
            ("http://10.0.0.1/", true),
            ("http://127.0.0.1.evil.example/", true),
        ] {
            assert_eq!(Address::parse(text).unwrap().is_open(), open, "{text}");
        }
    }
}
