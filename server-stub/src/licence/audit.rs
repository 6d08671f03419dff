//! Who asked for keys, and what became of it.
//!
//! Each entry carries an HMAC over itself and the one before, and the head of the log one over its two ends: whoever
//! edits, deletes or cuts off entries without the key is found out, with the place. Entries are written in groups, by
//! one task, so that many licences share one sync of the disk. Nothing is written behind a head that is not good: it
//! would be good from then on.

mod chain;
mod reseal;

pub(crate) use chain::Tampered;
pub(super) use reseal::{Resealed, reseal};

use crate::{
    clock::{Clock, DAY_MS},
    entitlement::StoredGrant,
    store::{Db, MasterKey},
};
use chain::{ChainKey, HEAD, Head, Record};
use service_api::{AccountId, GrantId};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Entries are kept as long as viewing history may be needed to settle a dispute.
const RETENTION_MS: i64 = 400 * DAY_MS;
/// Entries that wait to be written; more requests wait for room.
const QUEUE: usize = 1_024;
/// Entries in one transaction.
const GROUP: usize = 256;
/// Tries against other instances that write at the same time.
const TRIES: usize = 50;
/// The list of licence decisions. Only requests of signed-in accounts are in it: strangers must not be able to fill the
/// disk.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    log: Log,
    queue: mpsc::Sender<Waiting>,
}

/// One decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) grant_id: &'a GrantId,
    /// Absent if there is no such grant.
    pub(crate) grant: Option<&'a StoredGrant>,
    /// `granted`, `kept`, `foreign`, or the code of the problem that was answered.
    pub(crate) outcome: &'a str,
}

#[derive(Debug)]
struct Waiting {
    record: Record,
    written: oneshot::Sender<bool>,
}

#[derive(Clone, Debug)]
struct Log {
    db: Db,
    clock: Arc<dyn Clock>,
    key: ChainKey,
}

impl Audit {
    /// Opens the log and starts the task that writes it. The task ends with the last clone.
    pub(crate) async fn open(db: Db, clock: Arc<dyn Clock>, master_key: &MasterKey) -> Result<Self, sqlx::Error> {
        let log = Log { db, clock, key: ChainKey::of(master_key) };
        log.begin().await?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write_all(log.clone(), waiting));
        Ok(Self { log, queue })
    }

    /// Writes the decision down before it is answered.
    pub(crate) async fn record(&self, entry: Entry<'_>) -> Result<(), sqlx::Error> {
        let record = Record {
            at_ms: self.log.clock.now_ms(),
            account: entry.account.0.clone(),
            grant: entry.grant_id.0.clone(),
            title: entry.grant.map(|grant| grant.title.0.clone()),
            outcome: entry.outcome.to_owned(),
        };
        let (written, answer) = oneshot::channel();
        let failed = || sqlx::Error::Io(std::io::Error::other("the audit log cannot be written"));
        self.queue.send(Waiting { record, written }).await.map_err(|_| failed())?;
        if answer.await.unwrap_or(false) { Ok(()) } else { Err(failed()) }
    }

    /// Checks the whole log; returns how many entries there are.
    pub(crate) async fn verify(&self) -> Result<Result<u64, Tampered>, sqlx::Error> {
        self.log.verify().await
    }

    /// Forgets what is too old to be of use.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        self.log.forget_before(self.log.clock.now_ms() - RETENTION_MS).await
    }
}

/// Takes whatever waits and writes it at once; while it is written, the next group gathers.
async fn write_all(log: Log, mut waiting: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP);
    while waiting.recv_many(&mut group, GROUP).await > 0 {
        let (records, waiters): (Vec<_>, Vec<_>) =
            group.drain(..).map(|waiting| (waiting.record, waiting.written)).unzip();
        let outcome = log.append(&records).await;
        if let Err(error) = &outcome {
            tracing::error!(%error, "the audit log cannot be written");
        }
        for waiter in waiters {
            // Whoever gave up waiting is answered by nobody; the entry stands.
            let _ = waiter.send(outcome.is_ok());
        }
    }
}

impl Log {
    /// The head, made on the first start. Entries of before have no chain; it begins after them.
    async fn begin(&self) -> Result<(), sqlx::Error> {
        let last: Option<i64> =
            sqlx::query_scalar("SELECT MAX(id) FROM licence_audit").fetch_one(self.db.reader()).await?;
        let start = last.unwrap_or(0);
        let chain = [0; 32];
        sqlx::query(
            "INSERT INTO licence_audit_head (name, base, base_chain, last, last_chain, tag) \
             VALUES ('head', $1, $2, $1, $2, $3) ON CONFLICT (name) DO NOTHING",
        )
        .bind(start)
        .bind(chain.as_slice())
        .bind(self.key.tag(start, &chain, start, &chain).as_slice())
        .execute(self.db.writer())
        .await
        .map(drop)
    }

    async fn append(&self, records: &[Record]) -> Result<(), sqlx::Error> {
        for _ in 0..TRIES {
            match self.try_append(records).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                // Another instance has written an entry of the same number.
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {}
                Err(error) => return Err(error),
            }
        }
        Err(sqlx::Error::Io(std::io::Error::other("other instances kept writing")))
    }

    /// Writes behind the head as it is; false if another instance has moved it.
    async fn try_append(&self, records: &[Record]) -> Result<bool, sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        let head: Head = sqlx::query_as(HEAD).fetch_one(&mut *transaction).await?;
        if !self.key.is_good(&head) {
            return Err(sqlx::Error::Io(std::io::Error::other(Tampered::Head)));
        }
        let (mut last, mut chain) = (head.last, head.last_chain.clone());
        for record in records {
            last += 1;
            chain = self.key.link(&chain, last, record).to_vec();
            sqlx::query(
                "INSERT INTO licence_audit (id, at_ms, account_id, grant_id, title_id, outcome, chain) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(last)
            .bind(record.at_ms)
            .bind(&record.account)
            .bind(&record.grant)
            .bind(record.title.as_deref())
            .bind(&record.outcome)
            .bind(chain.as_slice())
            .execute(&mut *transaction)
            .await?;
        }
        let moved = sqlx::query(
            "UPDATE licence_audit_head SET last = $1, last_chain = $2, tag = $3 WHERE name = 'head' AND last = $4",
        )
        .bind(last)
        .bind(chain.as_slice())
        .bind(self.key.tag(head.base, &head.base_chain, last, &chain).as_slice())
        .bind(head.last)
        .execute(&mut *transaction)
        .await?;
        if moved.rows_affected() != 1 {
            return Ok(false);
        }
        transaction.commit().await.map(|()| true)
    }

    async fn verify(&self) -> Result<Result<u64, Tampered>, sqlx::Error> {
        let head: Head = sqlx::query_as(HEAD).fetch_one(self.db.reader()).await?;
        let checked = chain::check(&mut *self.db.reader().acquire().await?, &self.key, &head).await?;
        Ok(checked.map(|()| u64::try_from(head.last - head.base).unwrap_or(0)))
    }

    async fn forget_before(&self, before_ms: i64) -> Result<(), sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        let head: Head = sqlx::query_as(HEAD).fetch_one(&mut *transaction).await?;
        if !self.key.is_good(&head) {
            return Err(sqlx::Error::Io(std::io::Error::other(Tampered::Head)));
        }
        // The first that stays decides, so that what is left begins without a gap.
        let stays: Option<i64> = sqlx::query_scalar("SELECT MIN(id) FROM licence_audit WHERE at_ms >= $1 AND id > $2")
            .bind(before_ms)
            .bind(head.base)
            .fetch_one(&mut *transaction)
            .await?;
        let base = stays.map_or(head.last, |id| id - 1);
        let chain: Option<Option<Vec<u8>>> = sqlx::query_scalar("SELECT chain FROM licence_audit WHERE id = $1")
            .bind(base)
            .fetch_optional(&mut *transaction)
            .await?;
        // What stands before the chain, of a log that was once found broken, is evidence for as long as anything else.
        sqlx::query("DELETE FROM licence_audit WHERE id <= $1 AND at_ms < $2")
            .bind(base)
            .bind(before_ms)
            .execute(&mut *transaction)
            .await?;
        if let Some(Some(chain)) = chain.filter(|_| base > head.base) {
            let moved = sqlx::query(
                "UPDATE licence_audit_head SET base = $1, base_chain = $2, tag = $3 WHERE name = 'head' AND last = $4",
            )
            .bind(base)
            .bind(chain.as_slice())
            .bind(self.key.tag(base, &chain, head.last, &head.last_chain).as_slice())
            .bind(head.last)
            .execute(&mut *transaction)
            .await?;
            if moved.rows_affected() != 1 {
                // An entry was written meanwhile. There is time until the next round.
                return Ok(());
            }
        }
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests;
