//! Slows down guessing, by account and by address, without locking the owner out.

use super::limits::network_of;
use crate::clock::SECOND_MS;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// Failures that cost nothing: everybody mistypes.
const FREE_PER_ACCOUNT: u32 = 5;
/// A whole household, or an office, may share an address.
const FREE_PER_ADDRESS: u32 = 20;
/// Longest wait for one account. An attacker can keep the owner waiting this long and no longer; at this rate he tries
/// 1 440 passwords a day.
const MAX_WAIT_PER_ACCOUNT_MS: i64 = 60 * SECOND_MS;
/// Longest wait for one address.
const MAX_WAIT_PER_ADDRESS_MS: i64 = 300 * SECOND_MS;
/// Failures are forgotten after this long without another.
const MEMORY_MS: i64 = 30 * 60 * SECOND_MS;
/// Entries kept: about a megabyte. Beyond, the one that failed longest ago is forgotten.
const CAPACITY: usize = 10_000;

/// Failed sign-ins of late.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<Key, Failures>>);

/// Who is trying, and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt<'a> {
    /// As typed; known accounts and unknown ones are treated alike.
    pub(crate) email: &'a str,
    pub(crate) address: IpAddr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// A hash, so that memory holds no addresses of people.
    Account([u8; 16]),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last_ms: i64,
}

impl Throttle {
    /// Milliseconds that the attempt must wait; zero if it may be made now.
    pub(crate) fn wait_ms(&self, attempt: Attempt<'_>, now_ms: i64) -> i64 {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        attempt.keys().iter().filter_map(|key| Some(key.wait_ms(entries.get(key)?, now_ms))).max().unwrap_or(0)
    }

    /// The password was wrong.
    pub(crate) fn failed(&self, attempt: Attempt<'_>, now_ms: i64) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in attempt.keys() {
            if entries.len() >= CAPACITY && !entries.contains_key(&key) {
                make_room(&mut entries, now_ms);
            }
            let entry = entries.entry(key).or_insert(Failures { count: 0, last_ms: now_ms });
            let is_stale = now_ms - entry.last_ms > MEMORY_MS;
            *entry = Failures { count: if is_stale { 1 } else { entry.count.saturating_add(1) }, last_ms: now_ms };
        }
    }

    /// The password was right: the owner is back, and the account's failures were his or no longer matter. Those of
    /// the address stay, or an attacker would sign in to his own account in between.
    pub(crate) fn succeeded(&self, attempt: Attempt<'_>) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.remove(&attempt.keys()[0]);
    }
}

impl Attempt<'_> {
    fn keys(self) -> [Key; 2] {
        let digest = Sha256::digest(self.email.trim().to_lowercase().as_bytes());
        let account: [u8; 16] = digest[..16].try_into().expect("SHA-256 has 32 bytes");
        [Key::Account(account), Key::Address(network_of(self.address))]
    }
}

impl Key {
    fn wait_ms(&self, failures: &Failures, now_ms: i64) -> i64 {
        if now_ms - failures.last_ms > MEMORY_MS {
            return 0;
        }
        let (free, longest) = match self {
            Self::Account(_) => (FREE_PER_ACCOUNT, MAX_WAIT_PER_ACCOUNT_MS),
            Self::Address(_) => (FREE_PER_ADDRESS, MAX_WAIT_PER_ADDRESS_MS),
        };
        let Some(beyond) = failures.count.checked_sub(free) else { return 0 };
        // 1 s, 2 s, 4 s ... 20 doublings are beyond every limit and do not overflow.
        let wait = (SECOND_MS << beyond.min(20)).min(longest);
        (failures.last_ms + wait - now_ms).max(0)
    }
}

fn make_room(entries: &mut HashMap<Key, Failures>, now_ms: i64) {
    entries.retain(|_, failures| now_ms - failures.last_ms <= MEMORY_MS);
    if entries.len() >= CAPACITY
        && let Some(oldest) = entries.iter().min_by_key(|(_, failures)| failures.last_ms).map(|(key, _)| *key)
    {
        entries.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn wait_doubles_after_the_free_tries_and_has_a_limit() {
        let throttle = Throttle::default();
        let attempt = Attempt { email: "Mia@lumen.example ", address: HERE };
        let mut waits = Vec::new();
        for _ in 0..14 {
            throttle.failed(attempt, 0);
            waits.push(throttle.wait_ms(attempt, 0) / SECOND_MS);
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        let same = Attempt { email: "mia@lumen.example", address: HERE };
        assert_eq!(throttle.wait_ms(same, 59_000), SECOND_MS, "case and spaces make no difference");
        assert_eq!(throttle.wait_ms(same, 60_000), 0);
        throttle.succeeded(same);
        assert_eq!(throttle.wait_ms(same, 0), 0);
    }

    #[test]
    fn address_is_slowed_across_accounts_even_after_a_success() {
        let throttle = Throttle::default();
        for number in 0..FREE_PER_ADDRESS {
            throttle.failed(Attempt { email: &format!("{number}@lumen.example"), address: HERE }, 0);
        }
        let own = Attempt { email: "own@lumen.example", address: HERE };
        assert_eq!(throttle.wait_ms(own, 0), SECOND_MS);
        throttle.succeeded(own);
        assert_eq!(throttle.wait_ms(own, 0), SECOND_MS);
    }

    #[test]
    fn addresses_of_one_network_count_as_one() {
        let low = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 0, 0, 0, 1));
        let high = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 9, 9, 9, 9));
        assert_eq!(network_of(low), network_of(high));
        assert_eq!(network_of(IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped())), HERE);
    }

    #[test]
    fn memory_is_bounded_and_forgets_the_oldest() {
        let throttle = Throttle::default();
        for number in 0..CAPACITY as i64 + 50 {
            throttle.failed(Attempt { email: &number.to_string(), address: HERE }, number);
        }
        let entries = throttle.0.lock().unwrap();
        assert!(entries.len() <= CAPACITY);
        let key = |email| Attempt { email, address: HERE }.keys()[0];
        assert!(!entries.contains_key(&key("0")) && entries.contains_key(&key("10049")));
    }
}
