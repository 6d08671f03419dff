//! The chain of the entries, and whether it holds.

use crate::store::{MasterKey, SubKey};
use sqlx::AnyConnection;
use subtle::ConstantTimeEq;

/// Entries that are checked at a time.
const PAGE: i64 = 1_000;

pub(super) const HEAD: &str =
    "SELECT base, base_chain, last, last_chain, tag FROM licence_audit_head WHERE name = 'head'";
const ENTRIES: &str = "SELECT id, at_ms, account_id, grant_id, title_id, outcome, chain FROM licence_audit \
    WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3";

/// What is wrong with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Tampered {
    #[error("entry {0} was changed")]
    Changed(i64),
    #[error("entry {0} is missing")]
    Missing(i64),
    #[error("the head of the log was changed, or the log belongs to another master key")]
    Head,
}

#[derive(Debug)]
pub(super) struct Record {
    pub(super) at_ms: i64,
    pub(super) account: String,
    pub(super) grant: String,
    pub(super) title: Option<String>,
    pub(super) outcome: String,
}

/// The key that the entries are chained with.
#[derive(Clone, Debug)]
pub(super) struct ChainKey(SubKey);

#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Head {
    pub(super) base: i64,
    pub(super) base_chain: Vec<u8>,
    pub(super) last: i64,
    pub(super) last_chain: Vec<u8>,
    tag: Vec<u8>,
}

#[derive(sqlx::FromRow)]
pub(super) struct StoredEntry {
    id: i64,
    at_ms: i64,
    account_id: String,
    grant_id: String,
    title_id: Option<String>,
    outcome: String,
    chain: Option<Vec<u8>>,
}

impl ChainKey {
    pub(super) fn of(master_key: &MasterKey) -> Self {
        Self(master_key.derive("licence: audit"))
    }

    pub(super) fn link(&self, before: &[u8], id: i64, record: &Record) -> [u8; 32] {
        self.0.authenticate(&[
            b"entry",
            before,
            &id.to_be_bytes(),
            &record.at_ms.to_be_bytes(),
            record.account.as_bytes(),
            record.grant.as_bytes(),
            &[u8::from(record.title.is_some())],
            record.title.as_deref().unwrap_or_default().as_bytes(),
            record.outcome.as_bytes(),
        ])
    }

    pub(super) fn tag(&self, base: i64, base_chain: &[u8], last: i64, last_chain: &[u8]) -> [u8; 32] {
        self.0.authenticate(&[b"head", &base.to_be_bytes(), base_chain, &last.to_be_bytes(), last_chain])
    }

    pub(super) fn is_good(&self, head: &Head) -> bool {
        let tag = self.tag(head.base, &head.base_chain, head.last, &head.last_chain);
        bool::from(tag.as_slice().ct_eq(&head.tag))
    }
}

impl StoredEntry {
    pub(super) fn into_parts(self) -> (i64, Vec<u8>, Record) {
        let record = Record {
            at_ms: self.at_ms,
            account: self.account_id,
            grant: self.grant_id,
            title: self.title_id,
            outcome: self.outcome,
        };
        (self.id, self.chain.unwrap_or_default(), record)
    }
}

/// Does everything between the two ends of the log hold together?
pub(super) async fn check(
    connection: &mut AnyConnection,
    key: &ChainKey,
    head: &Head,
) -> Result<Result<(), Tampered>, sqlx::Error> {
    if !key.is_good(head) {
        return Ok(Err(Tampered::Head));
    }
    let (mut at, mut chain) = (head.base, head.base_chain.clone());
    while at < head.last {
        let page = page(connection, at, head.last).await?;
        if page.is_empty() {
            return Ok(Err(Tampered::Missing(at + 1)));
        }
        for entry in page {
            let (id, stored, record) = entry.into_parts();
            if id != at + 1 {
                return Ok(Err(Tampered::Missing(at + 1)));
            }
            if !bool::from(key.link(&chain, id, &record).as_slice().ct_eq(&stored)) {
                return Ok(Err(Tampered::Changed(id)));
            }
            (at, chain) = (id, stored);
        }
    }
    Ok(if chain == head.last_chain { Ok(()) } else { Err(Tampered::Changed(head.last)) })
}

/// The next entries after one, up to the last.
pub(super) async fn page(
    connection: &mut AnyConnection,
    after: i64,
    last: i64,
) -> Result<Vec<StoredEntry>, sqlx::Error> {
    sqlx::query_as(ENTRIES).bind(after).bind(last).bind(PAGE).fetch_all(connection).await
}
