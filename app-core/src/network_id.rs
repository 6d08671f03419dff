//! A name for the network that this machine is on, without saying which one it is.
//!
//! The router of the default route is the same router tomorrow: its interface and hardware address, hashed, are the
//! name. Linux tells both in two small files. Where they cannot be read every network has the same name, and what was
//! learnt on one counts for all. The name is kept in a private file and never logged.

use sha2::{Digest, Sha256};
use std::{fs::File, io::Read, path::Path};

/// Where nothing is known of the network.
const ANY: &str = "default";
/// Largest table read: a machine with a thousand routes or neighbours still fits.
const LIMIT: u64 = 128 << 10;
/// Flags of a route: it is up, and leads through a router.
const UP_AND_GATEWAY: u32 = 3;

/// The network now.
pub(crate) fn current() -> String {
    let (routes, neighbours) = (table("/proc/net/route"), table("/proc/net/arp"));
    routes
        .zip(neighbours)
        .and_then(|(routes, neighbours)| named(&routes, &neighbours))
        .unwrap_or_else(|| ANY.to_owned())
}

fn table(path: &str) -> Option<String> {
    let mut text = String::new();
    File::open(Path::new(path)).ok()?.take(LIMIT).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The name by the tables of routes and of neighbours.
fn named(routes: &str, neighbours: &str) -> Option<String> {
    let (interface, gateway) = default_route(routes)?;
    let hardware = neighbours.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [address, _, _, hardware, .., device] = fields[..] else { return None };
        let known = address == gateway && device == interface && hardware != "00:00:00:00:00:00";
        known.then(|| hardware.to_ascii_lowercase())
    })?;
    let digest = Sha256::digest(format!("{interface} {hardware}"));
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Interface and router of the default route with the least metric.
fn default_route(routes: &str) -> Option<(String, String)> {
    let read = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [interface, destination, gateway, flags, _, _, metric, mask, ..] = fields[..] else { return None };
        let number = |text: &str| u32::from_str_radix(text, 16).ok();
        let default = number(destination)? == 0 && number(mask)? == 0;
        let usable = number(flags)? & UP_AND_GATEWAY == UP_AND_GATEWAY;
        // The table has addresses in the byte order of the machine.
        let [a, b, c, d] = number(gateway)?.to_ne_bytes();
        (default && usable).then(|| (metric.parse::<u32>().ok(), interface.to_owned(), format!("{a}.{b}.{c}.{d}")))
    };
    let routes = routes.lines().skip(1).filter_map(read).filter_map(|(metric, i, g)| Some((metric?, i, g)));
    routes.min_by_key(|(metric, ..)| *metric).map(|(_, interface, gateway)| (interface, gateway))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0100000A\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
";
    const NEIGHBOURS: &str = "\
IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         AA:bb:cc:dd:ee:ff     *        eth0
10.0.0.1         0x1         0x2         11:22:33:44:55:66     *        wlan0
";

    #[test]
    #[cfg(target_endian = "little")]
    fn the_router_of_the_preferred_default_route_is_the_network() {
        assert_eq!(default_route(ROUTES), Some(("eth0".into(), "192.168.1.1".into())));
        let name = named(ROUTES, NEIGHBOURS).unwrap();
        assert_eq!(name.len(), 64);
        assert!(!name.contains("aa:bb"));
        assert_eq!(named(ROUTES, &NEIGHBOURS.replace("AA", "aa")), Some(name.clone()));
        assert_ne!(named(&ROUTES.replace("600", "50"), NEIGHBOURS), Some(name), "another network");
    }

    #[test]
    fn without_a_router_that_answers_there_is_no_name() {
        let unknown = NEIGHBOURS.replace("AA:bb:cc:dd:ee:ff", "00:00:00:00:00:00");
        assert_eq!(named(ROUTES, &unknown), None);
        for (routes, neighbours) in
            [("", ""), (ROUTES, ""), ("a b c\n\n1 2 3 4 5 6 7 8\n", NEIGHBOURS), ("x\n\u{fffd}", "y")]
        {
            assert_eq!(named(routes, neighbours), None);
        }
        assert!(!current().is_empty());
    }
}
