//! Where a request comes from when a proxy handed it on.
//!
//! Anybody can send `Forwarded` or `X-Forwarded-For`. Only what a trusted proxy has added says anything, and proxies add
//! at the end: so the entries are read from the right for as long as they are those of trusted proxies, and the first
//! that is not is the client. What stands to the left of it is what the client claims.

use std::net::{IpAddr, Ipv6Addr, SocketAddrV4};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use ipnet::IpNet;

/// The address that a request comes from. Where the proxies' entries do not say, or contradict each other, it is the
/// nearest address that is known: that of a proxy.
pub(super) fn origin(headers: &HeaderMap, peer: IpAddr, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let nearest_untrusted = |entries: Vec<Option<IpAddr>>| {
        let mut nearest = peer;
        for entry in entries.into_iter().rev() {
            let Some(address) = entry else { break };
            nearest = address;
            if !is_trusted(&address) {
                break;
            }
        }
        nearest
    };
    let forwarded = lines(headers, &FORWARDED).map(|value| nearest_untrusted(forwarded(&value)));
    let x_forwarded_for = lines(headers, &X_FORWARDED_FOR)
        .map(|value| nearest_untrusted(value.split(',').map(|entry| node(entry.trim())).collect()));
    match (forwarded, x_forwarded_for) {
        // A proxy that writes one of them may hand the other on as the client sent it.
        (Some(one), Some(other)) if one != other => peer,
        (Some(one), _) | (None, Some(one)) => one,
        (None, None) => peer,
    }
}

/// All lines of a header as one.
fn lines(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<_> = headers.get_all(name).map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// The `for` of each element (RFC 7239 section 4), `None` where it is missing, hidden or not sound.
fn forwarded(value: &str) -> Vec<Option<IpAddr>> {
    // Where quotes do not match, nothing says which of them are the proxy's.
    let Some(elements) = split(value, ',') else { return vec![None] };
    elements.into_iter().map(forwarded_for).collect()
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = split(element, ';')?;
    let mut found = pairs.into_iter().filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value.trim())
    });
    let (Some(only), None) = (found.next(), found.next()) else { return None };
    match only.strip_prefix('"') {
        // No address has a character that would have to be escaped.
        Some(quoted) => node(quoted.strip_suffix('"')?),
        None => node(only),
    }
}

/// An address with or without a port; IPv6 in brackets, or bare as `X-Forwarded-For` has it.
fn node(text: &str) -> Option<IpAddr> {
    let address = if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        let sound = port.is_empty() || port.strip_prefix(':').is_some_and(|port| !port.is_empty());
        IpAddr::V6(address.parse::<Ipv6Addr>().ok().filter(|_| sound)?)
    } else if let Ok(address) = text.parse::<IpAddr>() {
        address
    } else {
        IpAddr::V4(*text.parse::<SocketAddrV4>().ok()?.ip())
    };
    Some(address.to_canonical())
}

/// Splits outside of quoted strings. `None` if a quoted string does not end.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (position, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                parts.push(text.get(start..position)?);
                start = position + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..)?);
    (!quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    /// From a trusted 10.0.0.1, where 10.0.0.0/8 and fd00::/8 are trusted.
    fn origin_of(lines: &[(&HeaderName, &str)]) -> String {
        from("10.0.0.1", lines)
    }

    fn from(peer: &str, lines: &[(&HeaderName, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append((*name).clone(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        origin(&headers, peer.parse().unwrap(), &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        for name in [&X_FORWARDED_FOR, &FORWARDED] {
            let value = if *name == FORWARDED { "for=192.0.2.1" } else { "192.0.2.1" };
            assert_eq!(from("192.0.2.9", &[(name, value)]), "192.0.2.9");
            assert_eq!(from("11.0.0.1", &[(name, value)]), "11.0.0.1");
            assert_eq!(from("10.0.0.1", &[(name, value)]), "192.0.2.1");
            assert_eq!(from("::ffff:10.0.0.1", &[(name, value)]), "192.0.2.1");
        }
        assert_eq!(origin_of(&[]), "10.0.0.1");
    }

    #[test]
    fn what_the_client_claims_stands_to_the_left() {
        let x = |value: &str| origin_of(&[(&X_FORWARDED_FOR, value)]);
        assert_eq!(x("203.0.113.5, 192.0.2.1"), "192.0.2.1");
        assert_eq!(x("203.0.113.5, 192.0.2.1, 10.0.0.7,10.0.0.8"), "192.0.2.1");
        assert_eq!(x("10.0.0.6, 10.0.0.7"), "10.0.0.6");
        // A claim to be a proxy stands beyond the client's own address.
        assert_eq!(x("203.0.113.5, 10.0.0.9, 192.0.2.1"), "192.0.2.1");
        let lines = [(&X_FORWARDED_FOR, "203.0.113.5"), (&X_FORWARDED_FOR, "192.0.2.1")];
        assert_eq!(origin_of(&lines), "192.0.2.1");
        let f = |value: &str| origin_of(&[(&FORWARDED, value)]);
        assert_eq!(f("for=203.0.113.5, for=192.0.2.1;proto=https;by=10.0.0.1"), "192.0.2.1");
        assert_eq!(f("for=192.0.2.1, for=10.0.0.7"), "192.0.2.1");
        // Quotes that do not match hide what the proxy wrote, so nothing is taken from there.
        assert_eq!(f("for=\"203.0.113.5, for=192.0.2.1"), "10.0.0.1");
        assert_eq!(f("for=\"203.0.113.5, for=\\\"192.0.2.1\""), "10.0.0.1");
    }

    #[test]
    fn two_headers_that_contradict_each_other_say_nothing() {
        let both = |forwarded, x| origin_of(&[(&FORWARDED, forwarded), (&X_FORWARDED_FOR, x)]);
        assert_eq!(both("for=203.0.113.5", "192.0.2.1"), "10.0.0.1");
        assert_eq!(both("for=192.0.2.1", "203.0.113.5, 192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn spellings() {
        let x = |value: &str| origin_of(&[(&X_FORWARDED_FOR, value)]);
        assert_eq!(x("192.0.2.1:4711"), "192.0.2.1");
        assert_eq!(x("2001:db8::1"), "2001:db8::1");
        assert_eq!(x("[2001:db8::1]:4711"), "2001:db8::1");
        assert_eq!(x("2001:db8::1, fd00::2"), "2001:db8::1");
        assert_eq!(x("::ffff:192.0.2.1"), "192.0.2.1");
        let f = |value: &str| origin_of(&[(&FORWARDED, value)]);
        assert_eq!(f("For=\"[2001:db8::1]:4711\""), "2001:db8::1");
        assert_eq!(f("proto=https; FOR = \"192.0.2.1:_x\" "), "10.0.0.1");
        assert_eq!(f("proto=\"a,b;for=203.0.113.5\";for=192.0.2.1"), "192.0.2.1");
        for hidden in
            ["for=unknown", "for=_hidden", "for=", "proto=https", "", "for=192.0.2.1;for=203.0.113.5"]
        {
            assert_eq!(f(hidden), "10.0.0.1", "{hidden}");
            // Not even if the client claims something to the left of it.
            assert_eq!(f(&format!("for=203.0.113.5, {hidden}")), "10.0.0.1", "{hidden}");
        }
        for bad in ["unknown", "", "192.0.2", "[192.0.2.1]", "[2001:db8::1]x", "\u{ff}"] {
            assert_eq!(x(bad), "10.0.0.1", "{bad}");
        }
    }
}
