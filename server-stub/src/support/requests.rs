//! Requests, as they are kept.

use crate::{
    clock::{Clock, DAY_MS},
    store::{Db, Row},
};
use service_api::{
    AccountId,
    account::{SupportCase, SupportRecord, SupportRequest, SupportTopic},
};
use sqlx::Row as _;
use std::sync::Arc;
use uuid::Uuid;

/// Requests of one account within a day: who has more to say writes a longer one.
const PER_DAY: i64 = 20;
/// Requests are forgotten after this long: what was not answered by then never will be.
const KEPT_MS: i64 = 400 * DAY_MS;
/// Letters of references: none that is mistaken for another when read out, none that makes words.
const LETTERS: [char; 20] =
    ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];
/// How often another reference is tried when one is taken: of 25 thousand million, that is hardly ever.
const TRIES: u32 = 4;
/// Requests in one answer.
const LATEST: i64 = 100;

/// The requests of all accounts.
#[derive(Clone, Debug)]
pub(crate) struct SupportRequests {
    db: Db,
    clock: Arc<dyn Clock>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Under this reference.
    As(String),
    TooMany,
}

impl SupportRequests {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// Keeps a request, unless the account has sent too many of late.
    pub(super) async fn keep(&self, account: &AccountId, request: &SupportRequest) -> Result<Kept, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        for _ in 0..TRIES {
            let reference = new_reference();
            let kept = sqlx::query(
                "INSERT INTO support_requests (reference, account_id, topic, message, diagnostics, sent_at_ms) \
                 SELECT $1, $2, $3, $4, $5, $6 WHERE \
                 (SELECT COUNT(*) FROM support_requests WHERE account_id = $2 AND sent_at_ms > $7) < $8 \
                 ON CONFLICT DO NOTHING",
            )
            .bind(&reference)
            .bind(account.as_str())
            .bind(request.topic.name())
            .bind(&request.message)
            .bind(request.diagnostics.as_deref())
            .bind(now_ms)
            .bind(now_ms - DAY_MS)
            .bind(PER_DAY)
            .execute(self.db.writer())
            .await?;
            if kept.rows_affected() == 1 {
                return Ok(Kept::As(reference));
            }
        }
        Ok(Kept::TooMany)
    }

    /// What an account asked for, the latest first.
    pub(crate) async fn of(&self, account: &AccountId) -> Result<Vec<SupportRecord>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT reference, topic, message, diagnostics, sent_at_ms FROM support_requests WHERE account_id = $1 \
             ORDER BY sent_at_ms DESC, reference",
        )
        .bind(account.as_str())
        .fetch_all(self.db.reader())
        .await?;
        rows.iter().map(record).collect()
    }

    /// What everybody asked for, the latest first.
    pub(super) async fn latest(&self) -> Result<Vec<SupportCase>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT reference, topic, message, diagnostics, sent_at_ms, account_id FROM support_requests \
             ORDER BY sent_at_ms DESC, reference LIMIT $1",
        )
        .bind(LATEST)
        .fetch_all(self.db.reader())
        .await?;
        rows.iter().map(|row| Ok(SupportCase { account: AccountId(row.try_get(5)?), record: record(row)? })).collect()
    }

    /// Forgets an account that is being erased.
    pub(crate) async fn forget(&self, account: &AccountId) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM support_requests WHERE account_id = $1")
            .bind(account.as_str())
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    /// Forgets what is too old to be answered.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM support_requests WHERE sent_at_ms < $1")
            .bind(self.clock.now_ms() - KEPT_MS)
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}

fn record(row: &Row) -> Result<SupportRecord, sqlx::Error> {
    let topic = match row.try_get::<String, _>(1)?.as_str() {
        "playback" => SupportTopic::Playback,
        "account" => SupportTopic::Account,
        // The column has a CHECK, so nothing else can be there.
        _ => SupportTopic::Feedback,
    };
    Ok(SupportRecord {
        reference: row.try_get(0)?,
        sent_at_ms: row.try_get(4)?,
        request: SupportRequest { topic, message: row.try_get(2)?, diagnostics: row.try_get(3)? },
    })
}

/// Eight letters in two groups.
fn new_reference() -> String {
    let mut bytes = Uuid::new_v4().into_bytes().into_iter();
    let mut group = || -> String {
        (0..4).filter_map(|_| bytes.next()).map(|byte| LETTERS[usize::from(byte) % LETTERS.len()]).collect()
    };
    format!("{}-{}", group(), group())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_can_be_read_out() {
        let reference = new_reference();
        assert_eq!(reference.len(), 9);
        assert!(reference.chars().all(|letter| letter == '-' || LETTERS.contains(&letter)), "{reference}");
        assert_ne!(reference, new_reference());
    }
}
