//! What several instances of the server must agree on while it lasts: who holds a slot, who has asked too often.
//!
//! Two nouns, each with an implementation in the database ([`SqlShared`]) and one in a server of the Redis protocol
//! ([`RedisShared`]); both pass `tests/contracts/shared.rs`. A **lease** ([`LeaseStore`]) is a slot that is held for a
//! while. A **rate** ([`RateStore`]) is how often something may happen.
//!
//! What must survive a power cut stays in the database: Redis writes its log once a second unless told otherwise. A rate
//! may be lost with no harm but a few more tries; therefore it is where Redis helps.

mod redis_store;
mod sql;

pub use redis_store::{RedisConfig, RedisShared};
pub use sql::SqlShared;

use async_trait::async_trait;
use std::{fmt, time::Duration};

/// Most slots that a lease can have.
pub const MAX_SLOTS: u32 = 64;

/// Why a lease or a rate is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SharedError {
    /// The store cannot be reached, or does not answer in time.
    #[error("the shared store does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The settings of the store make no sense.
    #[error("the settings of the shared store cannot be used: {0}")]
    Settings(&'static str),
}

/// Somebody wants a slot, or wants to keep the one that he has.
#[derive(Clone, Copy, Debug)]
pub struct LeaseRequest<'a> {
    /// What the slots are of, such as the streams of one account.
    pub name: &'a str,
    /// Who; one holder has at most one slot of a name.
    pub holder: &'a str,
    /// How many slots there are; up to [`MAX_SLOTS`].
    pub slots: u32,
    /// How long it lasts without being asked for again.
    pub lifetime: Duration,
    /// Now, in milliseconds since 1970.
    pub now_ms: i64,
}

/// A slot that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Rises with every new holder of the name, so that a write of an earlier holder can be told and refused.
    pub fence: i64,
    /// When it ends unless it is renewed, in milliseconds since 1970. It has ended when this moment is reached.
    pub expires_at_ms: i64,
}

/// Hands out slots. Called from any task and by any number of instances at a time: there are never more holders than
/// slots.
#[async_trait]
pub trait LeaseStore: fmt::Debug + Send + Sync {
    /// Takes a slot, or renews the one that the holder has; `None` when all are held.
    async fn acquire(&self, request: LeaseRequest<'_>) -> Result<Option<Lease>, SharedError>;

    /// Gives the slot back; one that is not held is no error.
    async fn release(&self, name: &str, holder: &str) -> Result<(), SharedError>;
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At once, after a rest. At least 1.
    pub burst: u32,
    /// Between two, on the long run. At least a millisecond.
    pub every: Duration,
}

/// Whether something may happen now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may, and is counted.
    Allowed,
    /// It may not, and is not counted; after this long it may.
    Wait(Duration),
}

/// Counts what happens. Called from any task and by any number of instances at a time.
#[async_trait]
pub trait RateStore: fmt::Debug + Send + Sync {
    /// Counts one use of `name`, if its rate allows it. `now_ms` is milliseconds since 1970.
    async fn take(&self, name: &str, rate: Rate, now_ms: i64) -> Result<Verdict, SharedError>;

    /// Takes one use that was [allowed](Verdict::Allowed) back, as if it had not been. One that has been forgotten since
    /// is no error.
    async fn give_back(&self, name: &str, rate: Rate) -> Result<(), SharedError>;
}

impl Rate {
    /// Milliseconds between two.
    fn step_ms(self) -> i64 {
        i64::try_from(self.every.as_millis()).unwrap_or(i64::MAX / 1_000_000).max(1)
    }

    /// How far the even pace may be ahead of now for one more use.
    fn slack_ms(self) -> i64 {
        self.step_ms().saturating_mul(i64::from(self.burst.max(1)) - 1)
    }
}

fn wait_ms(ms: i64) -> Verdict {
    Verdict::Wait(Duration::from_millis(u64::try_from(ms.max(1)).unwrap_or(1)))
}

fn lifetime_ms(lifetime: Duration) -> i64 {
    i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX / 4).max(1)
}
