//! From a grant to keys. Every format of licence comes through here, so that each is decided and written down alike.

use super::{audit::Entry, key_store::SealedKey};
use crate::{
    app::App,
    clock::HOUR_MS,
    entitlement::{Allowance, Step, StoredGrant},
    gateway::{ApiError, Principal},
    ingest::ContentKey,
};
use axum::http::{HeaderMap, StatusCode};
use service_api::{AccountId, GrantId, problem::ProblemCode};
use std::net::IpAddr;

/// Header in which a client may name its message, so that the same one is not answered twice.
pub(crate) const NONCE: &str = "lumen-nonce";
/// How long a message is remembered.
const NONCE_MS: i64 = HOUR_MS;
/// Shortest and longest name of a message: short ones could collide by chance.
const NONCE_LENGTH: std::ops::RangeInclusive<usize> = 16..=64;

/// What the log says of who has asked by a grant of another account.
const FOREIGN: &str = "foreign";

/// Who asks for keys.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) account: AccountId,
    pub(crate) address: IpAddr,
    /// Given by whoever sent the request; seen only once.
    pub(crate) nonce: Option<String>,
    /// Keys that an authorization token allows; none means that there is no such token.
    pub(crate) only: Option<Vec<[u8; 16]>>,
}

impl Asker {
    pub(crate) fn new(who: Principal, headers: &HeaderMap) -> Result<Self, ApiError> {
        Ok(Self { account: who.account, address: who.address, nonce: nonce(headers)?, only: None })
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) grant: StoredGrant,
    pub(crate) allowance: Allowance,
    pub(crate) keys: Vec<ContentKey>,
}

impl App {
    /// The keys among `kids` that the asker may have, or why there are none. Written down before it is answered.
    pub(crate) async fn issue(
        &self,
        asker: &Asker,
        grant_id: &GrantId,
        kids: &[[u8; 16]],
        keep: bool,
    ) -> Result<Issued, ApiError> {
        let grant = self.entitlement.grants.find(grant_id).await?;
        let is_own = grant.as_ref().is_some_and(|grant| grant.account == asker.account);
        let outcome = match &grant {
            Some(grant) if is_own => self.decide_and_open(asker, grant, kids, keep).await,
            // Somebody else's is not told from one that does not exist, except here.
            _ => Err(ApiError::not_own("grant", &asker.account)),
        };
        let code = outcome.as_ref().err().map(|error| error.code());
        let outcome_text = match code {
            None => if keep { "kept" } else { "granted" }.to_owned(),
            Some(_) if grant.is_some() && !is_own => FOREIGN.to_owned(),
            Some(code) => code_text(code),
        };
        let entry = Entry { account: &asker.account, grant_id, grant: grant.as_ref(), outcome: &outcome_text };
        self.audit.record(entry).await?;
        outcome
    }

    async fn decide_and_open(
        &self,
        asker: &Asker,
        grant: &StoredGrant,
        kids: &[[u8; 16]],
        keep: bool,
    ) -> Result<Issued, ApiError> {
        let allowance = self.authorise_for(grant, asker.address, Step::Check, keep).await?;
        let sealed = self.keys.keys_of(&grant.title).await.map_err(|error| ApiError::internal(&error))?;
        let may_have = |key: &&SealedKey| {
            kids.contains(&key.kid)
                && key.quality <= allowance.quality
                && asker.only.as_ref().is_none_or(|only| only.contains(&key.kid))
        };
        let allowed: Vec<&SealedKey> = sealed.iter().filter(may_have).collect();
        if allowed.is_empty() {
            let title = "A key was asked for that does not belong to the title";
            return Err(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::UnknownKey, title));
        }
        if let Some(nonce) = &asker.nonce
            && !self.is_first(asker.account.as_str(), nonce).await?
        {
            return Err(replayed());
        }
        let keys = allowed.into_iter().map(|key| self.keys.unseal(key)).collect::<Result<_, _>>();
        let keys = keys.map_err(|error| ApiError::internal(&error))?;
        Ok(Issued { grant: grant.clone(), allowance, keys })
    }

    /// Is the message new? Whoever asks first, on whichever instance, is told so.
    pub(crate) async fn is_first(&self, subject: &str, nonce: &str) -> Result<bool, sqlx::Error> {
        sqlx::query(
            "INSERT INTO licence_nonces (subject, nonce, expires_at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(subject)
        .bind(nonce)
        .bind(self.clock.now_ms() + NONCE_MS)
        .execute(self.db.writer())
        .await
        .map(|done| done.rows_affected() == 1)
    }

    /// Forgets messages that would be too old anyway.
    pub(crate) async fn sweep_nonces(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM licence_nonces WHERE expires_at_ms < $1")
            .bind(self.clock.now_ms())
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}

pub(crate) fn replayed() -> ApiError {
    ApiError::new(StatusCode::CONFLICT, ProblemCode::Replayed, "This message was answered before")
        .detail("Send a new one with another nonce")
}

fn nonce(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(NONCE) else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| NONCE_LENGTH.contains(&text.len()));
    text.map(|text| Some(text.to_owned()))
        .ok_or_else(|| ApiError::invalid("Lumen-Nonce must be 16 to 64 visible ASCII characters"))
}

/// The code as it travels.
fn code_text(code: ProblemCode) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_the_codes_of_the_wire() {
        assert_eq!(code_text(ProblemCode::GrantExpired), "grant-expired");
    }
}
