//! How often something may be tried. Kept in memory: what an instance forgets at a restart is worth less than a write
//! for every request.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use crate::clock::SECOND_MS;
pub(crate) use crate::gateway::address::network_of;

const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Wrong device codes per address and minute. Of 25,600,000,000 codes, five a minute find one that is open in years.
const CODES_PER_ADDRESS: u32 = 5;
/// Wrong device codes from everywhere, per minute.
const CODES_FROM_EVERYWHERE: u32 = 20;
/// Devices that may begin to sign in per address and minute.
const DEVICES_PER_ADDRESS: u32 = 30;
/// Mails that one address may cause per hour.
const MAILS_PER_ADDRESS: u32 = 20;
/// Passkey challenges that one address may ask for per minute: each is a row until it expires.
const CHALLENGES_PER_ADDRESS: u32 = 60;
/// Addresses remembered: about a megabyte.
const CAPACITY: usize = 10_000;

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    windows: Mutex<HashMap<Key, Window>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Code(IpAddr),
    AnyCode,
    Device(IpAddr),
    Mail(IpAddr),
    Challenge(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Window {
    since_ms: i64,
    count: u32,
}

impl Limits {
    /// May somebody at this address try a device code?
    pub(crate) fn may_try_code(&self, address: IpAddr, now_ms: i64) -> bool {
        let address = network_of(address);
        self.count(Key::Code(address), MINUTE_MS, now_ms) < CODES_PER_ADDRESS
            && self.count(Key::AnyCode, MINUTE_MS, now_ms) < CODES_FROM_EVERYWHERE
    }

    /// The code was wrong.
    pub(crate) fn wrong_code(&self, address: IpAddr, now_ms: i64) {
        self.add(Key::Code(network_of(address)), MINUTE_MS, now_ms);
        self.add(Key::AnyCode, MINUTE_MS, now_ms);
    }

    /// May a device begin a sign-in? Counts it.
    pub(crate) fn may_begin_device(&self, address: IpAddr, now_ms: i64) -> bool {
        self.add(Key::Device(network_of(address)), MINUTE_MS, now_ms) <= DEVICES_PER_ADDRESS
    }

    /// May this address cause another mail? Counts it.
    pub(crate) fn may_cause_mail(&self, address: IpAddr, now_ms: i64) -> bool {
        self.add(Key::Mail(network_of(address)), 60 * MINUTE_MS, now_ms) <= MAILS_PER_ADDRESS
    }

    /// May this address ask for another passkey challenge? Counts it.
    pub(crate) fn may_ask_challenge(&self, address: IpAddr, now_ms: i64) -> bool {
        self.add(Key::Challenge(network_of(address)), MINUTE_MS, now_ms) <= CHALLENGES_PER_ADDRESS
    }

    fn count(&self, key: Key, length_ms: i64, now_ms: i64) -> u32 {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.get(&key).filter(|window| now_ms - window.since_ms < length_ms).map_or(0, |window| window.count)
    }

    fn add(&self, key: Key, length_ms: i64, now_ms: i64) -> u32 {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= CAPACITY && !windows.contains_key(&key) {
            windows.retain(|_, window| now_ms - window.since_ms < 60 * MINUTE_MS);
            if windows.len() >= CAPACITY {
                windows.clear();
            }
        }
        let window = windows.entry(key).or_insert(Window { since_ms: now_ms, count: 0 });
        if now_ms - window.since_ms >= length_ms {
            *window = Window { since_ms: now_ms, count: 0 };
        }
        window.count = window.count.saturating_add(1);
        window.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn wrong_codes_are_limited_by_address_and_altogether() {
        let limits = Limits::default();
        let at = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
        for last in 1..=4 {
            for _ in 0..5 {
                assert!(limits.may_try_code(at(last), 0));
                limits.wrong_code(at(last), 0);
            }
            assert!(!limits.may_try_code(at(last), 0));
        }
        assert!(!limits.may_try_code(at(9), 59_999), "twenty altogether");
        assert!(limits.may_try_code(at(9), 60_000));
    }

    #[test]
    fn memory_is_bounded() {
        let limits = Limits::default();
        for number in 0..=u128::try_from(CAPACITY).unwrap() + 5 {
            let address = IpAddr::V6(Ipv6Addr::from(number << 64));
            assert!(limits.may_begin_device(address, 0));
        }
        assert!(limits.windows.lock().unwrap().len() <= CAPACITY);
    }
}
