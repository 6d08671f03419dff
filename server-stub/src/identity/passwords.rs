//! Password hashes, computed a few at a time.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Hashes computed at a time. Each takes 19 MiB and about 30 ms of one core: a flood of sign-ins must leave cores and
/// memory for those who are watching.
const SLOTS: usize = 2;

/// Hashes waiting for a slot, on top of those being computed: about two seconds of work. Beyond, the honest answer is
/// to come back later.
const WAITING: usize = 64;

/// Longest password that is looked at, in bytes. Longer ones are wrong without being hashed in full.
const MAX_BYTES: usize = 1_024;

/// A hash with our parameters that no password has. Checked when the account does not exist, so that the answer takes
/// as long as for one that does.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGxpdmVzIGhlcmU$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Too many sign-ins at once.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum HashRefused {
    #[error("too many passwords are being checked")]
    Busy,
    #[error("the password cannot be hashed")]
    Failed,
}

/// Argon2id with the crate's defaults, which are OWASP's: 19 MiB, two passes, one lane.
#[derive(Debug)]
pub(crate) struct Passwords {
    slots: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { slots: Arc::new(Semaphore::new(SLOTS)), queue: Arc::new(Semaphore::new(SLOTS + WAITING)) }
    }

    /// The PHC string to store.
    pub(crate) async fn hash(&self, password: String) -> Result<String, HashRefused> {
        self.run(move || {
            let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|_| HashRefused::Failed)?;
            Ok(hash.to_string())
        })
        .await?
    }

    /// Is it the password? Takes the same time with and without a stored hash.
    pub(crate) async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, HashRefused> {
        self.run(move || {
            let is_known = stored.is_some();
            let stored = stored.unwrap_or_else(|| NOBODYS.to_owned());
            let is_plausible = password.len() <= MAX_BYTES;
            let password = if is_plausible { password.as_bytes() } else { b"" };
            let is_right = PasswordHash::new(&stored)
                .is_ok_and(|stored| Argon2::default().verify_password(password, &stored).is_ok());
            is_right && is_known && is_plausible
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashRefused> {
        let queued = self.queue.clone().try_acquire_owned().map_err(|_| HashRefused::Busy)?;
        let slot = self.slots.clone().acquire_owned().await.map_err(|_| HashRefused::Busy)?;
        // The permits go with the work: a request that is given up must not free the slot of a hash that still runs.
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop((slot, queued));
            result
        })
        .await
        .map_err(|_| HashRefused::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hash_is_argon2id_with_owasp_parameters_and_verifies() {
        let passwords = Passwords::new();
        let stored = passwords.hash("correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.verify("correct horse".into(), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse".into(), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("x".repeat(MAX_BYTES + 1), Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn unknown_account_costs_a_hash_and_is_wrong() {
        // A malformed stand-in would be answered at once and give the account away.
        assert!(PasswordHash::new(NOBODYS).is_ok());
        assert!(!Passwords::new().verify(String::new(), None).await.unwrap());
    }

    #[tokio::test]
    async fn flood_is_refused_instead_of_queued_without_end() {
        let passwords = Passwords::new();
        let all = passwords.queue.clone().acquire_many_owned((SLOTS + WAITING) as u32).await.unwrap();
        assert!(matches!(passwords.verify("x".into(), None).await, Err(HashRefused::Busy)));
        drop(all);
        assert!(passwords.verify("x".into(), None).await.is_ok());
    }
}
