//! How often one address, or one session, may ask: token buckets, as many as fit into a bounded table.

use super::address::network_of;
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Buckets that are remembered. When all places are taken the fullest go: who has not asked for long loses nothing.
const MAX_BUCKETS: usize = 16_384;

/// How fast and how far ahead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests per second in the long run.
    pub per_second: f64,
    /// Requests at once after a pause.
    pub burst: u32,
}

/// Whose bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    Address(IpAddr),
    /// A hash of the bearer token, keyed anew at each start.
    Session(u64),
}

/// What the bucket says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) is_allowed: bool,
    pub(crate) limit: u32,
    /// Requests that are left now.
    pub(crate) remaining: u32,
    /// Seconds until there is one more (if none is left), or until all are back.
    pub(crate) reset_s: u32,
}

/// The buckets of a server.
#[derive(Debug)]
pub(crate) struct RateLimits {
    address: Rate,
    session: Rate,
    buckets: Mutex<HashMap<Who, Bucket>>,
    hasher: RandomState,
    started: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at_s: f64,
}

impl RateLimits {
    pub(crate) fn new(address: Rate, session: Rate) -> Self {
        Self { address, session, buckets: Mutex::default(), hasher: RandomState::new(), started: Instant::now() }
    }

    /// Counts a request against its address and, if it carries a token, against that. The stricter verdict is given.
    pub(crate) fn count(&self, address: IpAddr, token: Option<&str>) -> Verdict {
        let now_s = self.started.elapsed().as_secs_f64();
        self.count_at(address, token, now_s)
    }

    fn count_at(&self, address: IpAddr, token: Option<&str>, now_s: f64) -> Verdict {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() + 2 > MAX_BUCKETS {
            self.make_room(&mut buckets, now_s);
        }
        let by_address = take(&mut buckets, Who::Address(network_of(address)), self.address, now_s);
        let Some(token) = token else { return by_address };
        let by_session = take(&mut buckets, Who::Session(self.hasher.hash_one(token)), self.session, now_s);
        let is_stricter = (by_session.is_allowed, by_session.remaining) < (by_address.is_allowed, by_address.remaining);
        if is_stricter { by_session } else { by_address }
    }

    fn rate_of(&self, who: &Who) -> Rate {
        if matches!(who, Who::Address(_)) { self.address } else { self.session }
    }

    /// Full buckets are what an unknown client has anyway. If all are in use, the fuller half goes.
    fn make_room(&self, buckets: &mut HashMap<Who, Bucket>, now_s: f64) {
        let share = |who: &Who, bucket: &Bucket| {
            let rate = self.rate_of(who);
            (bucket.tokens + (now_s - bucket.at_s) * rate.per_second) / f64::from(rate.burst)
        };
        buckets.retain(|who, bucket| share(who, bucket) < 1.0);
        if buckets.len() + 2 > MAX_BUCKETS {
            let mut shares: Vec<(f64, Who)> = buckets.iter().map(|(who, bucket)| (share(who, bucket), *who)).collect();
            let half = shares.len() / 2;
            shares.select_nth_unstable_by(half, |one, other| one.0.total_cmp(&other.0));
            for (_, who) in &shares[half..] {
                buckets.remove(who);
            }
        }
    }
}

fn take(buckets: &mut HashMap<Who, Bucket>, who: Who, rate: Rate, now_s: f64) -> Verdict {
    let burst = f64::from(rate.burst);
    let bucket = buckets.entry(who).or_insert(Bucket { tokens: burst, at_s: now_s });
    bucket.tokens = (bucket.tokens + (now_s - bucket.at_s) * rate.per_second).min(burst);
    bucket.at_s = now_s;
    let is_allowed = bucket.tokens >= 1.0;
    if is_allowed {
        bucket.tokens -= 1.0;
    }
    let missing = if bucket.tokens < 1.0 { 1.0 - bucket.tokens } else { burst - bucket.tokens };
    Verdict {
        is_allowed,
        limit: rate.burst,
        remaining: bucket.tokens as u32,
        reset_s: (missing / rate.per_second).ceil().max(1.0) as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> RateLimits {
        RateLimits::new(Rate { per_second: 2.0, burst: 4 }, Rate { per_second: 1.0, burst: 2 })
    }

    #[test]
    fn bursts_are_allowed_and_refill() {
        let limits = limits();
        let ask = |now_s| limits.count_at([1, 2, 3, 4].into(), None, now_s);
        for remaining in (0..4).rev() {
            let verdict = ask(0.0);
            assert_eq!((verdict.is_allowed, verdict.limit, verdict.remaining), (true, 4, remaining));
        }
        assert!(!ask(0.0).is_allowed);
        assert_eq!(ask(0.0).reset_s, 1);
        assert!(!ask(0.4).is_allowed && ask(0.5).is_allowed && !ask(0.6).is_allowed);
        assert!(limits.count_at([1, 2, 3, 5].into(), None, 0.6).is_allowed, "another address");
    }

    #[test]
    fn a_session_is_counted_wherever_it_asks_from() {
        let limits = limits();
        let ask = |last| limits.count_at([1, 2, 3, last].into(), Some("token"), 0.0).is_allowed;
        assert!(ask(1) && ask(2) && !ask(3));
        assert!(limits.count_at([1, 2, 3, 1].into(), Some("other"), 0.0).is_allowed);
    }

    #[test]
    fn memory_is_bounded_and_the_greedy_are_not_forgotten() {
        let limits = limits();
        let greedy: IpAddr = [9, 9, 9, 9].into();
        for _ in 0..10 {
            limits.count_at(greedy, None, 0.0);
        }
        for number in 0..50_000_u32 {
            limits.count_at(IpAddr::V4(number.into()), None, 0.0);
            assert!(limits.buckets.lock().unwrap().len() <= MAX_BUCKETS);
        }
        assert!(!limits.count_at(greedy, None, 0.0).is_allowed);
    }
}
