//! The log under the key of another master key: checked under the one, chained anew under the other.

use super::chain::{self, ChainKey, HEAD, Head, Tampered};
use crate::store::{MasterKey, Transaction};

/// What became of a log under another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::licence) enum Resealed {
    /// So many entries are in the chain.
    Chained(u64),
    /// It was broken before.
    Broken(Tampered),
}

/// Chains the log anew. One that is broken stays as it is: with `restart`, a new chain begins behind its last entry;
/// without, the transaction must not be committed.
pub(in crate::licence) async fn reseal(
    transaction: &mut Transaction,
    from: &MasterKey,
    to: &MasterKey,
    restart: bool,
) -> Result<Resealed, sqlx::Error> {
    let (from, to) = (ChainKey::of(from), ChainKey::of(to));
    // Without a head there was never a server that wrote one.
    let Some(head) = sqlx::query_as(HEAD).fetch_optional(&mut **transaction).await? else {
        return Ok(Resealed::Chained(0));
    };
    // Looked through before anything is changed: a log that is kept as it is must be whole.
    match chain::check(transaction, &from, &head).await? {
        Ok(()) => chain_anew(transaction, &to, &head).await,
        Err(_) if restart => begin_behind(transaction, &to).await,
        Err(tampered) => Ok(Resealed::Broken(tampered)),
    }
}

async fn chain_anew(transaction: &mut Transaction, key: &ChainKey, head: &Head) -> Result<Resealed, sqlx::Error> {
    let (mut at, mut chain) = (head.base, head.base_chain.clone());
    while at < head.last {
        let page = chain::page(transaction, at, head.last).await?;
        if page.is_empty() {
            // The look-through has seen it a moment ago.
            return Ok(Resealed::Broken(Tampered::Missing(at + 1)));
        }
        for entry in page {
            let (id, _, record) = entry.into_parts();
            chain = key.link(&chain, id, &record).to_vec();
            sqlx::query("UPDATE licence_audit SET chain = $1 WHERE id = $2")
                .bind(chain.as_slice())
                .bind(id)
                .execute(&mut **transaction)
                .await?;
            at = id;
        }
    }
    write_head(transaction, key, (head.base, &head.base_chain), (head.last, &chain)).await?;
    Ok(Resealed::Chained(u64::try_from(head.last - head.base).unwrap_or(0)))
}

async fn begin_behind(transaction: &mut Transaction, key: &ChainKey) -> Result<Resealed, sqlx::Error> {
    let last: Option<i64> =
        sqlx::query_scalar("SELECT MAX(id) FROM licence_audit").fetch_one(&mut **transaction).await?;
    let (start, chain) = (last.unwrap_or(0), [0; 32]);
    write_head(transaction, key, (start, &chain), (start, &chain)).await?;
    Ok(Resealed::Chained(0))
}

async fn write_head(
    transaction: &mut Transaction,
    key: &ChainKey,
    (base, base_chain): (i64, &[u8]),
    (last, last_chain): (i64, &[u8]),
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE licence_audit_head SET base = $1, base_chain = $2, last = $3, last_chain = $4, tag = $5 \
         WHERE name = 'head'",
    )
    .bind(base)
    .bind(base_chain)
    .bind(last)
    .bind(last_chain)
    .bind(key.tag(base, base_chain, last, last_chain).as_slice())
    .execute(&mut **transaction)
    .await
    .map(drop)
}
