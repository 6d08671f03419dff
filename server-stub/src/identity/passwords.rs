//! Password hashes, computed a few at a time.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Hashes waiting for a slot, per slot: about a second of work. Beyond, the honest answer is to come back later.
const WAITING_PER_SLOT: usize = 32;

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

/// What a hash costs. The default is what OWASP recommends: 19 MiB, two passes, one lane; about 27 ms of one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2 }
    }
}

/// Argon2id. As many hashes are computed at a time as there are cores: each takes 19 MiB, and a flood of sign-ins must
/// leave memory for those who are watching.
#[derive(Debug)]
pub(crate) struct Passwords {
    cost: PasswordCost,
    slots: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost) -> Self {
        let slots = std::thread::available_parallelism().map_or(2, usize::from);
        let queue = slots * (1 + WAITING_PER_SLOT);
        Self { cost, slots: Arc::new(Semaphore::new(slots)), queue: Arc::new(Semaphore::new(queue)) }
    }

    /// Was the hash made more cheaply than hashes are made now?
    pub(crate) fn is_cheap(&self, stored: &str) -> bool {
        let Ok(stored) = PasswordHash::new(stored) else { return false };
        let of = |name: &str| stored.params.get_decimal(name).unwrap_or(0);
        of("m") < self.cost.memory_kib || of("t") < self.cost.passes
    }

    /// The PHC string to store.
    pub(crate) async fn hash(&self, password: String) -> Result<String, HashRefused> {
        let argon2 = self.argon2()?;
        self.run(move || {
            let hash = argon2.hash_password(password.as_bytes()).map_err(|_| HashRefused::Failed)?;
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

    fn argon2(&self) -> Result<Argon2<'static>, HashRefused> {
        let params = Params::new(self.cost.memory_kib, self.cost.passes, 1, None).map_err(|_| HashRefused::Failed)?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
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
        let passwords = Passwords::new(PasswordCost::default());
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
        assert!(!Passwords::new(PasswordCost::default()).verify(String::new(), None).await.unwrap());
    }

    #[tokio::test]
    async fn flood_is_refused_instead_of_queued_without_end() {
        let passwords = Passwords::new(PasswordCost::default());
        let places = passwords.queue.available_permits() as u32;
        let all = passwords.queue.clone().acquire_many_owned(places).await.unwrap();
        assert!(matches!(passwords.verify("x".into(), None).await, Err(HashRefused::Busy)));
        drop(all);
        assert!(passwords.verify("x".into(), None).await.is_ok());
    }
}
