//! Slows down guessing, by account and by address, without locking the owner out.
//!
//! A try is counted before the password is looked at, and given back when it was right: what is counted only afterwards
//! does not stop who tries many at once. Browsers in which the account's owner has signed in before have a count of
//! their own, so that nobody else's guesses keep him waiting.

use super::limits::network_of;
use crate::clock::SECOND_MS;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Failures that cost nothing: everybody mistypes.
const FREE_PER_ACCOUNT: u32 = 5;
/// A whole household, or an office, may share an address.
const FREE_PER_ADDRESS: u32 = 20;
/// Longest wait for one account. An attacker can keep the owner waiting this long in a browser that is new to him, and
/// no longer; at this rate he tries 1 440 passwords a day.
const MAX_WAIT_PER_ACCOUNT_MS: i64 = 60 * SECOND_MS;
/// Longest wait for one address.
const MAX_WAIT_PER_ADDRESS_MS: i64 = 300 * SECOND_MS;
/// Failures are forgotten after this long without another.
const MEMORY_MS: i64 = 30 * 60 * SECOND_MS;
/// Entries kept: about a megabyte.
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
    /// The number of a browser that is known to be the owner's; then nothing else counts.
    pub(crate) known: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// A hash, so that memory holds no addresses of people.
    Account([u8; 16]),
    Address(IpAddr),
    Known([u8; 16]),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last_ms: i64,
}

impl Throttle {
    /// Begins an attempt and counts it as failed. If it may not be made now, it is not counted; the error is how many
    /// milliseconds it must wait.
    pub(crate) fn begin(&self, attempt: Attempt<'_>, now_ms: i64) -> Result<(), i64> {
        let mut entries = self.entries();
        let keys = attempt.keys();
        let waits = keys.iter().filter_map(|key| Some(key.wait_ms(entries.get(key)?, now_ms)));
        match waits.max().unwrap_or(0) {
            0 => {}
            wait_ms => return Err(wait_ms),
        }
        for key in keys {
            if entries.len() >= CAPACITY && !entries.contains_key(&key) {
                make_room(&mut entries, now_ms);
            }
            let entry = entries.entry(key).or_insert(Failures { count: 0, last_ms: now_ms });
            let is_stale = now_ms - entry.last_ms > MEMORY_MS;
            *entry = Failures { count: if is_stale { 1 } else { entry.count.saturating_add(1) }, last_ms: now_ms };
        }
        Ok(())
    }

    /// The password was right: the owner is back, and the account's failures were his or no longer matter. Those of
    /// the address stay, or an attacker would sign in to his own account in between.
    pub(crate) fn succeeded(&self, attempt: Attempt<'_>) {
        let mut entries = self.entries();
        for key in attempt.keys() {
            match key {
                Key::Account(_) | Key::Known(_) => {
                    entries.remove(&key);
                }
                Key::Address(_) => give_back(&mut entries, key),
            }
        }
    }

    /// Nothing was tried after all.
    pub(crate) fn undone(&self, attempt: Attempt<'_>) {
        let mut entries = self.entries();
        for key in attempt.keys() {
            give_back(&mut entries, key);
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    fn keys(self) -> Vec<Key> {
        match self.known {
            Some(known) => vec![Key::Known(digest(known))],
            None => {
                vec![Key::Account(digest(&self.email.trim().to_lowercase())), Key::Address(network_of(self.address))]
            }
        }
    }
}

impl Key {
    fn wait_ms(&self, failures: &Failures, now_ms: i64) -> i64 {
        if now_ms - failures.last_ms > MEMORY_MS {
            return 0;
        }
        let (free, longest) = match self {
            Self::Account(_) | Self::Known(_) => (FREE_PER_ACCOUNT, MAX_WAIT_PER_ACCOUNT_MS),
            Self::Address(_) => (FREE_PER_ADDRESS, MAX_WAIT_PER_ADDRESS_MS),
        };
        let Some(beyond) = failures.count.checked_sub(free) else { return 0 };
        // 1 s, 2 s, 4 s ... 20 doublings are beyond every limit and do not overflow.
        let wait = (SECOND_MS << beyond.min(20)).min(longest);
        (failures.last_ms + wait - now_ms).max(0)
    }
}

fn digest(text: &str) -> [u8; 16] {
    Sha256::digest(text.as_bytes())[..16].try_into().expect("SHA-256 has 32 bytes")
}

fn give_back(entries: &mut HashMap<Key, Failures>, key: Key) {
    if let Some(failures) = entries.get_mut(&key) {
        failures.count = failures.count.saturating_sub(1);
        if failures.count == 0 {
            entries.remove(&key);
        }
    }
}

/// What is too old goes. If nothing is, the half that failed least goes, and of those alike the older: who fails once
/// at many accounts must not make his many guesses at one be forgotten.
fn make_room(entries: &mut HashMap<Key, Failures>, now_ms: i64) {
    entries.retain(|_, failures| now_ms - failures.last_ms <= MEMORY_MS);
    if entries.len() >= CAPACITY {
        let mut all: Vec<(u32, i64, Key)> =
            entries.iter().map(|(key, failures)| (failures.count, failures.last_ms, *key)).collect();
        let half = all.len() / 2;
        all.select_nth_unstable_by_key(half, |&(count, last_ms, _)| (count, last_ms));
        for (_, _, key) in &all[..half] {
            entries.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn stranger(email: &str) -> Attempt<'_> {
        Attempt { email, address: HERE, known: None }
    }

    /// Fails, however long it has to wait before; says how long that was, in seconds.
    fn fail(throttle: &Throttle, attempt: Attempt<'_>, now_ms: &mut i64) -> i64 {
        let wait_ms = throttle.begin(attempt, *now_ms).err().unwrap_or(0);
        *now_ms += wait_ms;
        if wait_ms > 0 {
            throttle.begin(attempt, *now_ms).unwrap();
        }
        wait_ms / SECOND_MS
    }

    #[test]
    fn wait_doubles_after_the_free_tries_and_has_a_limit() {
        let throttle = Throttle::default();
        let attempt = stranger("Mia@lumen.example ");
        let mut now_ms = 0;
        let waits: Vec<i64> = (0..15).map(|_| fail(&throttle, attempt, &mut now_ms)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        let same = stranger("mia@lumen.example");
        assert_eq!(throttle.begin(same, now_ms + 59_000), Err(SECOND_MS), "case and spaces make no difference");
        assert_eq!(throttle.begin(same, now_ms + 60_000), Ok(()));
        throttle.succeeded(same);
        assert_eq!(throttle.begin(same, now_ms + 60_000), Ok(()));
    }

    #[test]
    fn tries_at_once_are_counted_before_their_outcome_is_known() {
        let throttle = Throttle::default();
        let begun = (0..66).filter(|_| throttle.begin(stranger("mia@lumen.example"), 0).is_ok()).count();
        assert_eq!(begun, 5);
    }

    #[test]
    fn what_was_not_tried_is_given_back() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            throttle.begin(stranger("mia@lumen.example"), 0).unwrap();
            throttle.undone(stranger("mia@lumen.example"));
        }
        assert!(throttle.entries().is_empty());
    }

    #[test]
    fn address_is_slowed_across_accounts_even_after_a_success() {
        let throttle = Throttle::default();
        let own = stranger("own@lumen.example");
        throttle.begin(own, 0).unwrap();
        for number in 0..FREE_PER_ADDRESS {
            let _ = throttle.begin(stranger(&format!("{number}@lumen.example")), 0);
        }
        throttle.succeeded(own);
        assert_eq!(throttle.begin(own, 0), Ok(()));
        assert_eq!(throttle.begin(own, 0), Err(SECOND_MS));
    }

    #[test]
    fn known_browser_waits_for_its_own_failures_only() {
        let throttle = Throttle::default();
        for _ in 0..30 {
            let _ = throttle.begin(stranger("mia@lumen.example"), 0);
        }
        let owner = Attempt { known: Some("browser"), ..stranger("mia@lumen.example") };
        for _ in 0..FREE_PER_ACCOUNT {
            assert_eq!(throttle.begin(owner, 0), Ok(()));
        }
        assert_eq!(throttle.begin(owner, 0), Err(SECOND_MS), "whoever has stolen it gets no more than that");
        throttle.succeeded(owner);
        assert_eq!(throttle.begin(owner, 0), Ok(()));
        assert!(throttle.begin(stranger("mia@lumen.example"), 0).is_err(), "the others still wait");
    }

    #[test]
    fn addresses_of_one_network_count_as_one() {
        let low = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 0, 0, 0, 1));
        let high = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 9, 9, 9, 9));
        assert_eq!(network_of(low), network_of(high));
        assert_eq!(network_of(IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped())), HERE);
    }

    #[test]
    fn memory_is_bounded_and_forgets_who_failed_once_before_who_guesses() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.begin(stranger("mia@lumen.example"), 0).unwrap();
        }
        for number in 0..2 * CAPACITY as u128 {
            let address = IpAddr::V6(Ipv6Addr::from(number << 64));
            throttle.begin(Attempt { address, ..stranger(&number.to_string()) }, 1).unwrap();
            assert!(throttle.entries().len() <= CAPACITY);
        }
        assert_eq!(throttle.begin(stranger("mia@lumen.example"), 1), Err(999));
    }
}
