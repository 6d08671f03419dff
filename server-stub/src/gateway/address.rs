//! Addresses and the networks that they belong to.

use std::net::{IpAddr, Ipv6Addr};

/// Who an address stands for: one IPv4 address, and of IPv6 a whole /64, because who pays for one address of it has
/// 2^64.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        v4 => v4,
    }
}

/// Does the network hold the address? An IPv4 address in IPv6's clothes is an IPv4 address.
pub(crate) fn contains((network, bits): (IpAddr, u8), address: IpAddr) -> bool {
    let shift = |width: u32| width.saturating_sub(bits.into());
    match (network.to_canonical(), address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (network.to_bits() ^ address.to_bits()).checked_shr(shift(32)).unwrap_or(0) == 0
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            (network.to_bits() ^ address.to_bits()).checked_shr(shift(128)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let table = [
            ("10.0.0.0", 8, "10.1.2.3", true),
            ("10.0.0.0", 8, "11.1.2.3", false),
            ("0.0.0.0", 0, "1.2.3.4", true),
            ("1.2.3.4", 32, "1.2.3.5", false),
            ("10.0.0.0", 8, "::ffff:10.1.2.3", true),
            ("2001:db8::", 32, "2001:db8:1::1", true),
            ("2001:db8::", 32, "2001:db9::1", false),
            ("::", 0, "1.2.3.4", false),
        ];
        for (network, bits, address, expected) in table {
            assert_eq!(
                contains((network.parse().unwrap(), bits), address.parse().unwrap()),
                expected,
                "{network} {address}"
            );
        }
    }

    #[test]
    fn a_household_is_one_network() {
        let of = |text: &str| network_of(text.parse().unwrap()).to_string();
        assert_eq!((of("2001:db8::1"), of("::ffff:192.0.2.7")), ("2001:db8::".into(), "192.0.2.7".into()));
        assert_eq!(of("2001:db8:0:0:ffff::1"), of("2001:db8::"));
        assert_ne!(of("2001:db8:0:1::"), of("2001:db8::"));
    }
}
