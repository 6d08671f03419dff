//! Authorization codes: good once, for a minute, for whoever asked.

use super::{
    super::{
        grant::Grant,
        secret::{Secret, SecretHash},
        sessions,
    },
    tokens::{self, TokenPair, Tokens},
};
use crate::{
    clock::{Clock, DAY_MS},
    store::Db,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use service_api::AccountId;
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The codes of the service.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    db: Db,
    clock: Arc<dyn Clock>,
    lifetime: Duration,
}

/// What a code stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodeGrant<'a> {
    pub(crate) account: &'a AccountId,
    /// The browser session that it comes of.
    pub(crate) session: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) code_challenge: &'a str,
    pub(crate) details: &'a Grant,
}

/// What comes with a code when it is exchanged.
#[derive(Clone, Copy)]
pub(crate) struct CodeProof<'a> {
    pub(crate) code: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) is_first_party: bool,
    pub(crate) redirect_uri: &'a str,
    pub(crate) verifier: &'a str,
    /// Thumbprint of the key that was proved, if one was.
    pub(crate) dpop_jkt: Option<&'a str>,
}

#[derive(sqlx::FromRow)]
struct StoredCode {
    account_id: String,
    client_id: String,
    redirect_uri: String,
    code_challenge: String,
    expires_at_ms: i64,
    details: String,
}

impl Codes {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, lifetime: Duration) -> Self {
        Self { db, clock, lifetime }
    }

    /// A new code; `None` if the session has ended meanwhile.
    pub(crate) async fn issue(&self, grant: CodeGrant<'_>) -> Result<Option<Secret>, sqlx::Error> {
        let code = Secret::random("lmc_");
        let now_ms = self.clock.now_ms();
        let mut transaction = self.db.transaction().await?;
        if !sessions::hold(&mut transaction, grant.session, now_ms).await? {
            return Ok(None);
        }
        sqlx::query(
            "INSERT INTO identity_authorization_codes \
             (hash, account_id, client_id, redirect_uri, code_challenge, expires_at_ms, details) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(code.hash().as_bytes())
        .bind(grant.account.as_str())
        .bind(grant.client_id)
        .bind(grant.redirect_uri)
        .bind(grant.code_challenge)
        .bind(now_ms + tokens::in_ms(self.lifetime))
        .bind(grant.details.to_text())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Some(code))
    }

    /// Exchanges a code for the first tokens of a new family; `None` if it is not good. Whatever comes of it, the code
    /// is used up: a wrong verifier means that it is in the wrong hands. A second use revokes what the first one made.
    ///
    /// Who comes first is decided by one conditional statement; what it reads besides does not change any more.
    pub(crate) async fn exchange(
        &self,
        proof: CodeProof<'_>,
        tokens: &Tokens,
    ) -> Result<Option<TokenPair>, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        let hash = SecretHash::of(proof.code);
        let mut transaction = self.db.transaction().await?;
        let is_first = sqlx::query(
            "UPDATE identity_authorization_codes SET used_at_ms = $1 WHERE hash = $2 AND used_at_ms IS NULL",
        )
        .bind(now_ms)
        .bind(hash.as_bytes())
        .execute(&mut *transaction)
        .await?
        .rows_affected()
            == 1;
        if !is_first {
            let family: Option<Option<String>> =
                sqlx::query_scalar("SELECT family_id FROM identity_authorization_codes WHERE hash = $1")
                    .bind(hash.as_bytes())
                    .fetch_optional(&mut *transaction)
                    .await?;
            if let Some(Some(family)) = family {
                tokens::revoke_family(&mut transaction, &family, now_ms).await?;
                tracing::warn!("an authorization code was used twice; its tokens are revoked");
            }
            transaction.commit().await?;
            return Ok(None);
        }
        let stored: StoredCode = sqlx::query_as(
            "SELECT account_id, client_id, redirect_uri, code_challenge, expires_at_ms, details \
             FROM identity_authorization_codes WHERE hash = $1",
        )
        .bind(hash.as_bytes())
        .fetch_one(&mut *transaction)
        .await?;
        let mut details = Grant::from_text(&stored.details);
        let is_key_right = details.dpop_jkt.as_deref().is_none_or(|bound| proof.dpop_jkt == Some(bound));
        let mut pair = None;
        if is_key_right && stored.accepts(&proof, now_ms) {
            details.dpop_jkt = proof.dpop_jkt.map(str::to_owned);
            let family = Uuid::now_v7().to_string();
            let opening = tokens::Opening {
                family: &family,
                account: &stored.account_id,
                client_id: proof.client_id,
                is_first_party: proof.is_first_party,
                details: &details,
            };
            pair = Some(tokens.open_family(&mut transaction, opening).await?);
            sqlx::query("UPDATE identity_authorization_codes SET family_id = $1 WHERE hash = $2")
                .bind(&family)
                .bind(hash.as_bytes())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(pair)
    }

    /// Forgets codes a day after they expired: until then a replay is still recognised.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM identity_authorization_codes WHERE expires_at_ms < $1")
            .bind(self.clock.now_ms() - DAY_MS)
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}

impl StoredCode {
    fn accepts(&self, proof: &CodeProof<'_>, now_ms: i64) -> bool {
        now_ms < self.expires_at_ms
            && self.client_id == proof.client_id
            && self.redirect_uri == proof.redirect_uri
            && is_verifier(proof.verifier)
            && proves(proof.verifier, &self.code_challenge)
    }
}

/// RFC 7636, 4.1.
fn is_verifier(verifier: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_unreserved)
}

/// RFC 7636, 4.6, for S256.
fn proves(verifier: &str, challenge: &str) -> bool {
    let computed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    computed.as_bytes().ct_eq(challenge.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    #[test]
    fn verifier_of_the_standard_proves_its_challenge() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(is_verifier(verifier));
        assert!(proves(verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert!(!proves(verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN"));
        assert!(!proves(verifier, ""));
    }

    #[test]
    fn verifier_has_a_length_and_an_alphabet() {
        assert!(is_verifier(&"a".repeat(43)) && is_verifier(&"~".repeat(128)));
        assert!(!is_verifier(&"a".repeat(42)) && !is_verifier(&"a".repeat(129)));
        assert!(!is_verifier(&format!("{}+", "a".repeat(43))));
    }
}
