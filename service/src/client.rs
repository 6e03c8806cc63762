//! For whom something is done, as far as fair shares and rates go.

mod forwarded;

use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::error::ApiError;
use crate::ids::Fingerprint;
use crate::shared::Shared;

/// One party that gets one share. Kept in memory only, and not printed by `Debug`: it may say who somebody is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// A principal, wherever it sends from; by the fingerprint of its id.
    Principal(Fingerprint),
    /// Whoever has an address, or a network that is one subscriber's.
    Network(IpAddr),
}

impl Client {
    /// Whoever sent a request: the principal, once it is known which, or else whoever holds the address that it comes
    /// from. Those whose address is not known share one share.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        if let Some(known) = request.extensions().get::<Self>() {
            return *known;
        }
        let peer = request.peer_addr().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.ip());
        let origin = request
            .app_data::<Data<Shared>>()
            .map_or(peer, |shared| forwarded::origin(request.headers(), peer, &shared.trusted_proxies));
        let client = Self::at(origin);
        request.extensions_mut().insert(client);
        client
    }

    /// From now on the request is this principal's.
    pub(crate) fn is_principal(request: &HttpRequest, id: &str) {
        request.extensions_mut().insert(Self::Principal(Fingerprint::of(id.as_bytes())));
    }

    /// Whoever sends from this address. One subscriber has all addresses of an IPv6 /64, so they count as one.
    pub(crate) fn at(address: IpAddr) -> Self {
        Self::Network(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from(network))
            }
            address => address,
        })
    }

    /// What is counted of it in one respect. Says neither id nor address.
    pub(crate) fn bucket(&self, class: &str) -> Fingerprint {
        let of = |kind: &str, bytes: &[u8]| {
            Fingerprint::of_parts(&[b"rate", class.as_bytes(), kind.as_bytes(), bytes])
        };
        match self {
            Self::Principal(id) => of("principal", &id.0),
            Self::Network(IpAddr::V4(address)) => of("network", &address.octets()),
            Self::Network(IpAddr::V6(address)) => of("network", &address.octets()),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client(..)")
    }
}

impl FromRequest for Client {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subscriber_is_one_client() {
        let at = |text: &str| Client::at(text.parse().unwrap());
        assert_eq!(at("2001:db8:0:1::1"), at("2001:db8:0:1:ffff::2"));
        assert_ne!(at("2001:db8:0:1::1"), at("2001:db8:0:2::1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
        assert_eq!(at("192.0.2.1"), at("::ffff:192.0.2.1"));
        assert_eq!(format!("{:?}", at("192.0.2.1")), "Client(..)");
    }

    #[test]
    fn one_bucket_for_each_client_and_class() {
        let (address, id) = (Client::at([192, 0, 2, 1].into()), Client::Principal(Fingerprint::of(b"a")));
        assert_eq!(address.bucket("tokens"), address.bucket("tokens"));
        assert_ne!(address.bucket("tokens"), address.bucket("offers"));
        assert_ne!(address.bucket("tokens"), id.bucket("tokens"));
        assert_ne!(address.bucket("tokens"), Client::at([192, 0, 2, 2].into()).bucket("tokens"));
    }
}
