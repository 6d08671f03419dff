//! Authorization codes: good once, for a minute, for whoever asked.

use super::{
    secret::{Secret, SecretHash},
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
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) code_challenge: &'a str,
}

/// What comes with a code when it is exchanged.
#[derive(Clone, Copy)]
pub(crate) struct CodeProof<'a> {
    pub(crate) code: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) verifier: &'a str,
}

#[derive(sqlx::FromRow)]
struct StoredCode {
    account_id: String,
    client_id: String,
    redirect_uri: String,
    code_challenge: String,
    expires_at_ms: i64,
    used_at_ms: Option<i64>,
    family_id: Option<String>,
}

impl Codes {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, lifetime: Duration) -> Self {
        Self { db, clock, lifetime }
    }

    /// A new code.
    pub(crate) async fn issue(&self, grant: CodeGrant<'_>) -> Result<Secret, sqlx::Error> {
        let code = Secret::random("lmc_");
        sqlx::query(
            "INSERT INTO identity_authorization_codes \
             (hash, account_id, client_id, redirect_uri, code_challenge, expires_at_ms) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(code.hash().as_bytes())
        .bind(grant.account.as_str())
        .bind(grant.client_id)
        .bind(grant.redirect_uri)
        .bind(grant.code_challenge)
        .bind(self.clock.now_ms() + tokens::in_ms(self.lifetime))
        .execute(self.db.writer())
        .await?;
        Ok(code)
    }

    /// Exchanges a code for the first tokens of a new family; `None` if it is not good. Whatever comes of it, the code
    /// is used up: a wrong verifier means that it is in the wrong hands. A second use revokes what the first one made.
    pub(crate) async fn exchange(
        &self,
        proof: CodeProof<'_>,
        tokens: &Tokens,
    ) -> Result<Option<TokenPair>, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        let hash = SecretHash::of(proof.code);
        let mut transaction = self.db.transaction().await?;
        let stored: Option<StoredCode> = sqlx::query_as(
            "SELECT account_id, client_id, redirect_uri, code_challenge, expires_at_ms, used_at_ms, family_id \
             FROM identity_authorization_codes WHERE hash = $1",
        )
        .bind(hash.as_bytes())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(stored) = stored else { return Ok(None) };
        if stored.used_at_ms.is_some() {
            if let Some(family) = &stored.family_id {
                tokens::revoke_family(&mut transaction, family, now_ms).await?;
                tracing::warn!("an authorization code was used twice; its tokens are revoked");
            }
            transaction.commit().await?;
            return Ok(None);
        }
        let pair = if stored.accepts(&proof, now_ms) {
            Some(tokens.open_family(&mut transaction, &stored.account_id, proof.client_id).await?)
        } else {
            None
        };
        sqlx::query("UPDATE identity_authorization_codes SET used_at_ms = $1, family_id = $2 WHERE hash = $3")
            .bind(now_ms)
            .bind(pair.as_ref().map(|pair| pair.family.as_str()))
            .bind(hash.as_bytes())
            .execute(&mut *transaction)
            .await?;
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
