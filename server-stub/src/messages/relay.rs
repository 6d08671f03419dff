//! From the outbox to the log.

use super::{Message, MessageError, MessageLog, Outbox};
use crate::{
    clock::{Clock, SystemClock},
    shared::{LeaseRequest, LeaseStore, SqlShared},
};
use futures_util::{StreamExt, stream};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use uuid::Uuid;

/// Messages that are taken at a time.
const BATCH: i64 = 256;

/// Keys whose messages are on their way at a time.
const SIDE_BY_SIDE: usize = 64;

/// How long the relay waits for something new, if nobody wakes it: what another instance has written.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Pause after a failure; it doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long an instance may be silent before another one relays in its place.
const LEASE: Duration = Duration::from_secs(15);
const LEASE_NAME: &str = "messages.relay";

/// Carries messages. Of all instances that share a database one relays at a time: order needs a single hand. Should the
/// lease change hands while a message is on its way, that message comes twice, with one id.
#[derive(Debug)]
pub struct Relay {
    outbox: Outbox,
    log: Arc<dyn MessageLog>,
    leases: SqlShared,
    /// Who this is, for the lease.
    holder: String,
}

impl Relay {
    /// From `outbox` to `log`.
    pub fn new(outbox: Outbox, log: Arc<dyn MessageLog>) -> Self {
        let leases = SqlShared::new(outbox.db.clone());
        Self { outbox, log, leases, holder: Uuid::now_v7().to_string() }
    }

    /// Relays. Never ends; may be dropped at any time.
    pub async fn run(&self) {
        let mut pause = PAUSE;
        loop {
            match self.step().await {
                Ok(true) => pause = PAUSE,
                Ok(false) => {
                    pause = PAUSE;
                    let _ = tokio::time::timeout(LOOK_EVERY, self.outbox.written.notified()).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "messages wait in the outbox");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Gives the lease up, so that another instance need not wait for its end.
    pub async fn release(&self) {
        if let Err(error) = self.leases.release(LEASE_NAME, &self.holder).await {
            tracing::debug!(%error, "the relay's lease is left to expire");
        }
    }

    /// One batch; says whether there was anything to do.
    async fn step(&self) -> Result<bool, MessageError> {
        // Without the lease, which is a write: an idle server leaves its disk alone.
        if self.outbox.oldest(1).await?.is_empty() {
            return Ok(false);
        }
        let request = LeaseRequest {
            name: LEASE_NAME,
            holder: &self.holder,
            slots: 1,
            lifetime: LEASE,
            // Real time, whatever clock the services have: the lease is between processes.
            now_ms: SystemClock.now_ms(),
        };
        let held = self.leases.acquire(request).await.map_err(|error| MessageError::Unavailable(Box::new(error)))?;
        if held.is_none() {
            return Ok(false);
        }
        // Read under the lease: what was there before it may have been sent by another instance.
        let batch = self.outbox.oldest(BATCH).await?;
        let mut by_key: BTreeMap<String, Vec<(i64, Message)>> = BTreeMap::new();
        for (number, message) in batch {
            by_key.entry(message.key.clone()).or_default().push((number, message));
        }
        let sent = stream::iter(by_key.into_values().map(|messages| self.send_in_order(messages)));
        let outcomes: Vec<_> = sent.buffer_unordered(SIDE_BY_SIDE).collect().await;
        let numbers: Vec<i64> = outcomes.iter().flat_map(|(numbers, _)| numbers).copied().collect();
        self.outbox.remove(&numbers).await?;
        match outcomes.into_iter().find_map(|(_, failure)| failure) {
            Some(failure) => Err(failure),
            None => Ok(true),
        }
    }

    /// Sends the messages of one key; stops at the first that cannot be sent. Returns those that were.
    async fn send_in_order(&self, messages: Vec<(i64, Message)>) -> (Vec<i64>, Option<MessageError>) {
        let mut sent = Vec::with_capacity(messages.len());
        for (number, message) in messages {
            match self.log.publish(&message).await {
                Ok(()) => sent.push(number),
                Err(error) => return (sent, Some(error)),
            }
        }
        (sent, None)
    }
}
