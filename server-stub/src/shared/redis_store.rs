//! Leases and rates in a server of the Redis protocol. Each decision is one script, which the server runs alone.

use super::{Lease, LeaseRequest, LeaseStore, MAX_SLOTS, Rate, RateStore, SharedError, Verdict, lifetime_ms, wait_ms};
use async_trait::async_trait;
use redis::{
    Client, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use std::{fmt, time::Duration};

/// How long an answer may take: a rate limit must not be slower than what it protects.
const TIMEOUT: Duration = Duration::from_millis(500);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a key outlives its content, for instances whose clocks differ.
const SLACK_MS: i64 = 60_000;

/// KEYS: holders by expiry, fences by holder, last fence. ARGV: holder, slots, expiry, now, life of the keys.
const ACQUIRE: &str = "
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[4])
local fence = redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('HGET', KEYS[2], ARGV[1])
if not fence then
    if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return false end
    if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('DEL', KEYS[2]) end
    fence = redis.call('INCR', KEYS[3])
    redis.call('HSET', KEYS[2], ARGV[1], fence)
end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return tonumber(fence)";

/// KEYS: holders, fences. ARGV: holder.
const RELEASE: &str = "
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])";

/// KEYS: due. ARGV: now, step, latest. Returns how much too early it is; 0 for allowed.
const TAKE: &str = "
local now, step, latest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local due = tonumber(redis.call('GET', KEYS[1]) or 0)
if due > latest then return due - latest end
if due < now then due = now end
due = due + step
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', string.format('%.0f', due - now + tonumber(ARGV[4])))
return 0";

/// KEYS: due. ARGV: step. The key goes no later than it would have gone.
const GIVE_BACK: &str = "
local due = redis.call('GET', KEYS[1])
if due then redis.call('SET', KEYS[1], string.format('%.0f', tonumber(due) - tonumber(ARGV[1])), 'KEEPTTL') end
return 0";

/// Where the server is. `Debug` does not show the address: it may hold a password.
#[derive(Clone)]
pub struct RedisConfig {
    /// `redis://user:password@host:port/number`, or `rediss://` with TLS.
    pub address: String,
    /// In front of every key, so that one server can be shared.
    pub prefix: String,
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Leases and rates in Redis, Valkey, or what else speaks their protocol. Keeps one connection, and makes it again when
/// it breaks.
#[derive(Clone)]
pub struct RedisShared {
    connection: ConnectionManager,
    prefix: String,
}

impl fmt::Debug for RedisShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisShared").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl RedisShared {
    /// Connects.
    ///
    /// # Errors
    /// [`SharedError`]
    pub async fn connect(config: &RedisConfig) -> Result<Self, SharedError> {
        let client = Client::open(config.address.as_str())
            .map_err(|_| SharedError::Settings("the address must be redis://host:port or rediss://host:port"))?;
        let manager = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_number_of_retries(1);
        let connection = ConnectionManager::new_with_config(client, manager).await.map_err(unavailable)?;
        Ok(Self { connection, prefix: config.prefix.clone() })
    }

    /// Does it answer?
    ///
    /// # Errors
    /// [`SharedError::Unavailable`]
    pub async fn check(&self) -> Result<(), SharedError> {
        let answer: String = redis::cmd("PING").query_async(&mut self.connection.clone()).await.map_err(unavailable)?;
        if answer == "PONG" { Ok(()) } else { Err(SharedError::Settings("it does not speak the Redis protocol")) }
    }

    /// The braces make a cluster keep the keys of one name together.
    fn key(&self, kind: &str, name: &str) -> String {
        format!("{}:{kind}:{{{name}}}", self.prefix)
    }
}

#[async_trait]
impl LeaseStore for RedisShared {
    async fn acquire(&self, request: LeaseRequest<'_>) -> Result<Option<Lease>, SharedError> {
        let LeaseRequest { name, holder, slots, lifetime, now_ms } = request;
        let expires_at_ms = now_ms.saturating_add(lifetime_ms(lifetime));
        let fence: Option<i64> = Script::new(ACQUIRE)
            .key(self.key("holders", name))
            .key(self.key("fences", name))
            .key(self.key("fence", name))
            .arg(holder)
            .arg(slots.min(MAX_SLOTS))
            .arg(expires_at_ms)
            .arg(now_ms)
            .arg(lifetime_ms(lifetime).saturating_add(SLACK_MS))
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(unavailable)?;
        Ok(fence.map(|fence| Lease { fence, expires_at_ms }))
    }

    async fn release(&self, name: &str, holder: &str) -> Result<(), SharedError> {
        let _removed: i64 = Script::new(RELEASE)
            .key(self.key("holders", name))
            .key(self.key("fences", name))
            .arg(holder)
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(unavailable)?;
        Ok(())
    }
}

#[async_trait]
impl RateStore for RedisShared {
    async fn take(&self, name: &str, rate: Rate, now_ms: i64) -> Result<Verdict, SharedError> {
        let early_ms: i64 = Script::new(TAKE)
            .key(self.key("rate", name))
            .arg(now_ms)
            .arg(rate.step_ms())
            .arg(now_ms.saturating_add(rate.slack_ms()))
            .arg(SLACK_MS)
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(unavailable)?;
        Ok(if early_ms == 0 { Verdict::Allowed } else { wait_ms(early_ms) })
    }

    async fn give_back(&self, name: &str, rate: Rate) -> Result<(), SharedError> {
        let _done: i64 = Script::new(GIVE_BACK)
            .key(self.key("rate", name))
            .arg(rate.step_ms())
            .invoke_async(&mut self.connection.clone())
            .await
            .map_err(unavailable)?;
        Ok(())
    }
}

fn unavailable(error: redis::RedisError) -> SharedError {
    SharedError::Unavailable(Box::new(error))
}
