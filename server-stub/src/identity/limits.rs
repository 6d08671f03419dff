//! How often something may be tried. Kept in memory: what an instance forgets at a restart is worth less than a write
//! for every request. Guesses of device codes are counted by all instances together, where there are several.

use crate::{
    clock::SECOND_MS,
    shared::{Rate, RateStore, Verdict},
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

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
/// Requests that apps without a secret may push per address and minute: each is a row of some kilobytes for ten minutes.
const PUSHES_PER_ADDRESS: u32 = 30;
/// Addresses remembered: about a megabyte.
const CAPACITY: usize = 10_000;

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<Counters>);

#[derive(Debug, Default)]
struct Counters {
    windows: HashMap<Key, Window>,
    /// Not among the others: whoever makes them be forgotten must not make this one be.
    any_code: Window,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Code(IpAddr),
    Device(IpAddr),
    Mail(IpAddr),
    Challenge(IpAddr),
    Push(IpAddr),
}

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    since_ms: i64,
    count: u32,
}

/// A device code that is being tried. It counts as a wrong one until it is [given back](Limits::code_was_right): what is
/// counted only afterwards does not stop who tries many at once.
#[derive(Debug)]
#[must_use]
pub(crate) struct CodeTry {
    address: IpAddr,
    /// When the windows began that it is counted in.
    by_address_ms: i64,
    by_all_ms: i64,
    is_shared: bool,
}

impl Limits {
    /// May somebody at this address try a device code? Counts it as a wrong one.
    pub(crate) async fn try_code(
        &self,
        shared: Option<&dyn RateStore>,
        address: IpAddr,
        now_ms: i64,
    ) -> Option<CodeTry> {
        let address = network_of(address);
        let mut tried = self.try_code_here(address, now_ms)?;
        let Some(shared) = shared else { return Some(tried) };
        let [by_address, by_all] = code_rates(address);
        for (name, rate) in [&by_address, &by_all] {
            match shared.take(name, *rate, now_ms).await {
                Ok(Verdict::Allowed) => tried.is_shared = true,
                Ok(Verdict::Wait(_)) => return None,
                // A store that is away must not lock everybody out; the counts of each instance still hold.
                Err(error) => tracing::warn!(%error, "device codes are not limited across instances"),
            }
        }
        Some(tried)
    }

    fn try_code_here(&self, address: IpAddr, now_ms: i64) -> Option<CodeTry> {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counters.any_code.renew(MINUTE_MS, now_ms);
        if counters.any_code.count >= CODES_FROM_EVERYWHERE {
            return None;
        }
        let by_address_ms = counters.count(Key::Code(address), now_ms)?;
        counters.any_code.count += 1;
        Some(CodeTry { address, by_address_ms, by_all_ms: counters.any_code.since_ms, is_shared: false })
    }

    /// The code was right, so it does not count.
    pub(crate) async fn code_was_right(&self, shared: Option<&dyn RateStore>, tried: CodeTry) {
        {
            let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            counters.any_code.give_back(tried.by_all_ms);
            if let Some(window) = counters.windows.get_mut(&Key::Code(tried.address)) {
                window.give_back(tried.by_address_ms);
            }
        }
        let Some(shared) = shared.filter(|_| tried.is_shared) else { return };
        for (name, rate) in code_rates(tried.address) {
            if let Err(error) = shared.give_back(&name, rate).await {
                tracing::warn!(%error, "a right device code counts as a wrong one");
            }
        }
    }

    /// May a device begin a sign-in? Counts it.
    pub(crate) fn may_begin_device(&self, address: IpAddr, now_ms: i64) -> bool {
        self.may(Key::Device(network_of(address)), now_ms)
    }

    /// May this address cause another mail? Counts it.
    pub(crate) fn may_cause_mail(&self, address: IpAddr, now_ms: i64) -> bool {
        self.may(Key::Mail(network_of(address)), now_ms)
    }

    /// May this address ask for another passkey challenge? Counts it.
    pub(crate) fn may_ask_challenge(&self, address: IpAddr, now_ms: i64) -> bool {
        self.may(Key::Challenge(network_of(address)), now_ms)
    }

    /// May an app at this address that cannot prove which one it is push another request? Counts it.
    pub(crate) fn may_push(&self, address: IpAddr, now_ms: i64) -> bool {
        self.may(Key::Push(network_of(address)), now_ms)
    }

    fn may(&self, key: Key, now_ms: i64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).count(key, now_ms).is_some()
    }
}

impl Counters {
    /// Counts one, unless there were as many as there may be. Says when its window began.
    fn count(&mut self, key: Key, now_ms: i64) -> Option<i64> {
        if self.windows.len() >= CAPACITY && !self.windows.contains_key(&key) {
            self.make_room(now_ms);
        }
        let window = self.windows.entry(key).or_insert(Window { since_ms: now_ms, count: 0 });
        window.renew(key.length_ms(), now_ms);
        if window.count >= key.limit() {
            return None;
        }
        window.count += 1;
        Some(window.since_ms)
    }

    /// Windows that are over go. If all are open, those go that are the farthest from their limit: who asks from many
    /// addresses must not make his own guesses be forgotten.
    fn make_room(&mut self, now_ms: i64) {
        self.windows.retain(|key, window| now_ms - window.since_ms < key.length_ms());
        if self.windows.len() >= CAPACITY {
            let left = |(key, window): (&Key, &Window)| (window.count * 1_000 / key.limit(), *key);
            let mut used: Vec<(u32, Key)> = self.windows.iter().map(left).collect();
            let half = used.len() / 2;
            used.select_nth_unstable_by(half, |one, other| other.0.cmp(&one.0));
            for (_, key) in &used[half..] {
                self.windows.remove(key);
            }
        }
    }
}

impl Key {
    fn limit(self) -> u32 {
        match self {
            Self::Code(_) => CODES_PER_ADDRESS,
            Self::Device(_) => DEVICES_PER_ADDRESS,
            Self::Mail(_) => MAILS_PER_ADDRESS,
            Self::Challenge(_) => CHALLENGES_PER_ADDRESS,
            Self::Push(_) => PUSHES_PER_ADDRESS,
        }
    }

    fn length_ms(self) -> i64 {
        if matches!(self, Self::Mail(_)) { 60 * MINUTE_MS } else { MINUTE_MS }
    }
}

impl Window {
    fn renew(&mut self, length_ms: i64, now_ms: i64) {
        if now_ms - self.since_ms >= length_ms {
            *self = Self { since_ms: now_ms, count: 0 };
        }
    }

    /// A later window has not counted it.
    fn give_back(&mut self, since_ms: i64) {
        if self.since_ms == since_ms {
            self.count = self.count.saturating_sub(1);
        }
    }
}

/// The same limits for all instances together, evenly over the minute after the first few.
fn code_rates(address: IpAddr) -> [(String, Rate); 2] {
    let per_minute = |burst: u32| Rate { burst, every: Duration::from_secs(60) / burst };
    [
        (format!("device code {address}"), per_minute(CODES_PER_ADDRESS)),
        ("device code".to_owned(), per_minute(CODES_FROM_EVERYWHERE)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn at(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
    }

    fn network(number: u128) -> IpAddr {
        IpAddr::V6(Ipv6Addr::from(number << 64))
    }

    #[tokio::test]
    async fn wrong_codes_are_limited_by_address_and_altogether() {
        let limits = Limits::default();
        for last in 1..=4 {
            for _ in 0..5 {
                assert!(limits.try_code(None, at(last), 0).await.is_some());
            }
            assert!(limits.try_code(None, at(last), 0).await.is_none());
        }
        assert!(limits.try_code(None, at(9), 59_999).await.is_none(), "twenty altogether");
        assert!(limits.try_code(None, at(9), 60_000).await.is_some());
    }

    #[tokio::test]
    async fn right_codes_cost_nothing_and_pay_for_no_wrong_ones() {
        let limits = Limits::default();
        for _ in 0..50 {
            let tried = limits.try_code(None, at(1), 0).await.unwrap();
            limits.code_was_right(None, tried).await;
        }
        // One that takes longer than its window is not given back to the next.
        let slow = limits.try_code(None, at(1), 0).await.unwrap();
        for _ in 0..5 {
            assert!(limits.try_code(None, at(1), 60_000).await.is_some());
        }
        limits.code_was_right(None, slow).await;
        assert!(limits.try_code(None, at(1), 60_000).await.is_none());
    }

    #[tokio::test]
    async fn memory_is_bounded_and_guesses_are_not_forgotten() {
        let limits = Limits::default();
        for last in 1..=4 {
            for _ in 0..5 {
                assert!(limits.try_code(None, at(last), 0).await.is_some());
            }
        }
        for number in 0..=3 * CAPACITY as u128 {
            assert!(limits.may_begin_device(network(number), 0));
            assert!(limits.0.lock().unwrap().windows.len() <= CAPACITY);
        }
        assert!(limits.try_code(None, at(1), 0).await.is_none());
        assert!(limits.try_code(None, network(1 << 60), 0).await.is_none(), "nor the count of all");
    }
}
