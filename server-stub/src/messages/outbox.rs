//! Messages that are committed and not yet in the log.

use super::{MAX_BODY, Message, MessageError, is_topic};
use crate::{
    clock::{Clock, DAY_MS},
    store::{Database, Db, StoreError, Transaction},
};
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

/// How long a message may come again, and so how long is remembered what was handled: longer than the log keeps it.
const REMEMBERED_MS: i64 = 14 * DAY_MS;

/// The messages of this database that wait for the relay.
#[derive(Clone, Debug)]
pub struct Outbox {
    pub(super) db: Db,
    clock: Arc<dyn Clock>,
    pub(super) written: Arc<Notify>,
}

impl Outbox {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock, written: Arc::default() }
    }

    /// Opens the outbox of a database on its own, for tools and tests.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn open(database: &Database, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Ok(Self::new(Db::open(database).await?, clock))
    }

    /// Writes a message as part of `transaction`: it is sent if and only if that commits. Call [`Outbox::wake`] after
    /// the commit, or it waits for the relay's next look.
    pub(crate) async fn add(
        &self,
        transaction: &mut Transaction,
        topic: &str,
        key: &str,
        body: &serde_json::Value,
    ) -> Result<String, MessageError> {
        let body = body.to_string();
        if !is_topic(topic) || key.len() > 200 || body.len() > MAX_BODY {
            return Err(MessageError::Invalid);
        }
        let id = Uuid::now_v7().to_string();
        sqlx::query(
            "INSERT INTO messages_outbox (message_id, topic, ordering_key, body, created_at_ms) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&id)
        .bind(topic)
        .bind(key)
        .bind(body)
        .bind(self.clock.now_ms())
        .execute(&mut **transaction)
        .await?;
        Ok(id)
    }

    /// Writes one message in a transaction of its own; returns its id.
    ///
    /// # Errors
    /// [`MessageError::Invalid`], [`MessageError::Store`]
    pub async fn send(&self, topic: &str, key: &str, body: &serde_json::Value) -> Result<String, MessageError> {
        let mut transaction = self.db.transaction().await?;
        let id = self.add(&mut transaction, topic, key, body).await?;
        transaction.commit().await?;
        self.wake();
        Ok(id)
    }

    /// Something was committed.
    pub fn wake(&self) {
        self.written.notify_one();
    }

    /// Is it the first time that `consumer` handles this message? Says yes once, however many ask at the same time.
    ///
    /// # Errors
    /// [`MessageError::Store`]
    pub async fn is_first_time(&self, consumer: &str, message: &Message) -> Result<bool, MessageError> {
        let mut transaction = self.db.transaction().await?;
        let first = self.mark(&mut transaction, consumer, message).await?;
        transaction.commit().await?;
        Ok(first)
    }

    /// The same as part of the transaction in which the message takes effect.
    pub(crate) async fn mark(
        &self,
        transaction: &mut Transaction,
        consumer: &str,
        message: &Message,
    ) -> Result<bool, sqlx::Error> {
        let marked = sqlx::query(
            "INSERT INTO messages_handled (consumer, message_id, handled_at_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (consumer, message_id) DO NOTHING",
        )
        .bind(consumer)
        .bind(&message.id)
        .bind(self.clock.now_ms())
        .execute(&mut **transaction)
        .await?;
        Ok(marked.rows_affected() == 1)
    }

    /// Messages that wait, in all.
    ///
    /// # Errors
    /// [`MessageError::Store`]
    pub async fn waiting(&self) -> Result<u64, MessageError> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM messages_outbox").fetch_one(self.db.reader()).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The oldest messages, with their numbers.
    pub(super) async fn oldest(&self, limit: i64) -> Result<Vec<(i64, Message)>, sqlx::Error> {
        let rows: Vec<(i64, String, String, String, String)> = sqlx::query_as(
            "SELECT id, message_id, topic, ordering_key, body FROM messages_outbox ORDER BY id LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.into_iter().map(|(number, id, topic, key, body)| (number, Message { id, topic, key, body })).collect())
    }

    /// These are in the log.
    pub(super) async fn remove(&self, numbers: &[i64]) -> Result<(), sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        for number in numbers {
            sqlx::query("DELETE FROM messages_outbox WHERE id = $1").bind(number).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    /// Forgets what was handled so long ago that it cannot come again.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM messages_handled WHERE handled_at_ms < $1")
            .bind(self.clock.now_ms() - REMEMBERED_MS)
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}
