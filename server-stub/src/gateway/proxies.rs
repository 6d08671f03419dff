//! Who asks, where proxies stand in front.

use super::address::contains;
use axum::http::HeaderMap;
use std::{net::IpAddr, str::FromStr};

/// Proxies whose word on addresses is taken: everybody else's forwarding fields are decoration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<Network>);

/// A network in CIDR notation, such as `10.0.0.0/8`; an address alone is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpAddr, u8);

/// Marks a request that came through a proxy of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proxied;

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no network; write 10.0.0.0/8 or an address");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits <= most { Ok(Self(address, bits)) } else { Err(wrong()) }
    }
}

impl Network {
    /// As a network of IPv6, where IPv4 addresses are mapped ones: there is one kind then.
    pub(crate) fn mapped(self) -> (u128, u8) {
        let Self(address, bits) = self;
        let bits = if address.is_ipv4() { bits + 96 } else { bits };
        (mapped(address) & mask(bits), bits)
    }
}

/// An address as one of IPv6.
pub(crate) fn mapped(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The bits of an address that a network of this length is known by.
pub(crate) fn mask(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

impl Proxies {
    pub(crate) fn new(networks: &[Network]) -> Self {
        Self(networks.to_vec())
    }

    /// Is this one of ours?
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.0.iter().any(|Network(address, bits)| contains((*address, *bits), peer))
    }
}

/// The client's address: from the nearest proxy backwards, the first that is not one of ours.
pub(crate) fn client_address(proxies: &Proxies, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !proxies.trusts(peer) {
        return peer;
    }
    let mut nearest = peer;
    for hop in hops(headers).into_iter().rev() {
        // What cannot be read was not written by a proxy of ours; what stands before it was not either.
        let Some(address) = hop else { break };
        nearest = address;
        if !proxies.trusts(address) {
            break;
        }
    }
    nearest
}

/// The addresses on the way, nearest last. `Forwarded` (RFC 7239) counts where the older field is not there: nearly all
/// proxies write that one, and pass on what a client wrote into the other.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines =
        |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
    let (forwarded, older) = (lines("forwarded"), lines("x-forwarded-for"));
    if older.is_empty() && !forwarded.is_empty() {
        let parts = forwarded.split(',').map(|element| {
            let node = element.split(';').find_map(|pair| {
                let (name, value) = pair.trim().split_once('=')?;
                name.eq_ignore_ascii_case("for").then(|| value.trim_matches('"'))
            })?;
            node_address(node)
        });
        return parts.collect();
    }
    if older.is_empty() { Vec::new() } else { older.split(',').map(|part| node_address(part.trim())).collect() }
}

/// `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]`, `[2001:db8::1]:80`, `2001:db8::1`.
fn node_address(node: &str) -> Option<IpAddr> {
    let host = match node.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None if node.matches(':').count() == 1 => node.split_once(':')?.0,
        None => node,
    };
    host.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l04_only_the_word_of_our_own_proxies_is_taken() {
        let ours = Proxies::new(&["10.0.0.0/8".parse().unwrap()]);
        let table = [
            ("10.0.0.1", "x-forwarded-for", "1.2.3.4", "1.2.3.4"),
            ("10.0.0.1", "x-forwarded-for", "9.9.9.9, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
            // What the viewer wrote himself stands before what our proxy wrote.
            ("10.0.0.1", "x-forwarded-for", "9.9.9.9, 1.2.3.4", "1.2.3.4"),
            ("10.0.0.1", "x-forwarded-for", "nonsense", "10.0.0.1"),
            ("10.0.0.1", "x-forwarded-for", "1.2.3.4, nonsense", "10.0.0.1"),
            ("10.0.0.1", "forwarded", "for=9.9.9.9, for=\"[2001:db8::1]:80\";proto=https", "2001:db8::1"),
            ("10.0.0.1", "forwarded", "for=unknown", "10.0.0.1"),
            ("10.0.0.1", "x-other", "1.2.3.4", "10.0.0.1"),
            ("5.5.5.5", "x-forwarded-for", "1.2.3.4", "5.5.5.5"),
            ("5.5.5.5", "forwarded", "for=1.2.3.4", "5.5.5.5"),
        ];
        for (peer, name, value, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            let found = client_address(&ours, peer.parse().unwrap(), &headers);
            assert_eq!(found.to_string(), expected, "{peer} {name}: {value}");
        }
    }

    #[test]
    fn l04_a_field_that_the_proxy_does_not_write_is_not_preferred() {
        let ours = Proxies::new(&["10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        headers.insert("forwarded", "for=9.9.9.9".parse().unwrap());
        headers.insert("x-forwarded-for", "1.2.3.4".parse().unwrap());
        let found = client_address(&ours, "10.0.0.1".parse().unwrap(), &headers);
        assert_eq!(found.to_string(), "1.2.3.4");
    }

    #[test]
    fn networks_are_read_strictly() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "x/8", "::/129", "10.0.0.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        assert_eq!("::1".parse::<Network>(), Ok(Network("::1".parse().unwrap(), 128)));
    }
}
