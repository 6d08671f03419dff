//! The session: an access token in memory, a refresh token in the store, and the one renewal at a time between them.
//!
//! Renewal is the delicate part, because refresh tokens rotate: each works once, and a second use makes the server end
//! the whole session. The rules that follow from it:
//! 1. One renewal at a time in this process (a mutex) and among processes that share the store (a file lock).
//! 2. The new refresh token is in the store before the new access token is used.
//! 3. A renewal runs in a task of its own: if the caller gives up, it still stores what the server has sent.
//! 4. The token is sent once, never repeated: no answer does not mean that it was not used.
//! 5. Calls that waited for a renewal share its outcome, also its failure.

use super::{
    ClientError, RefreshSecret, StoreError, StoredSession, TokenStore,
    http::Http,
    oauth::{OAuth, TokenError, Tokens},
    token_store::ProcessLock,
};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long before its end an access token is renewed: longer than one exchange may take.
const LEAD: Duration = Duration::from_secs(30);
/// At most this share of a token's life is lead, so that short-lived tokens are not renewed at every call.
const LEAD_SHARE: u32 = 5;

/// Shared by all clones of a client.
#[derive(Debug)]
pub(crate) struct Session {
    oauth: OAuth,
    store: Arc<dyn TokenStore>,
    current: Mutex<Option<Access>>,
    /// Held by whoever renews, signs in or signs out.
    gate: Arc<tokio::sync::Mutex<Gate>>,
}

/// What only the holder of the gate may touch.
#[derive(Debug, Default)]
struct Gate {
    /// A refresh token that could not be stored: used from memory until the store works again.
    unstored: Option<StoredSession>,
    /// The last failed renewal, for the calls that were waiting when it failed.
    last_failure: Option<(Instant, ClientError)>,
}

/// An access token.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Access {
    token: Arc<str>,
    renew_from: Instant,
}

impl Access {
    pub(crate) fn secret(&self) -> &str {
        &self.token
    }

    fn new(tokens: &Tokens, now: Instant) -> Self {
        let lead = LEAD.min(tokens.life / LEAD_SHARE);
        Self { token: tokens.access.as_str().into(), renew_from: now + (tokens.life - lead) }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("renew_from", &self.renew_from).finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn new(http: Http, store: Arc<dyn TokenStore>, client_id: &'static str) -> Self {
        Self { oauth: OAuth::new(http, client_id), store, current: Mutex::new(None), gate: Arc::default() }
    }

    pub(crate) fn oauth(&self) -> &OAuth {
        &self.oauth
    }

    /// An access token that should be accepted: the current one, or a new one if it is about to expire or is `refused`.
    pub(crate) async fn access(self: &Arc<Self>, refused: Option<&Access>) -> Result<Access, ClientError> {
        if let Some(access) = self.usable(refused) {
            return Ok(access);
        }
        let asked_at = Instant::now();
        let mut gate = Arc::clone(&self.gate).lock_owned().await;
        if let Some(access) = self.usable(refused) {
            return Ok(access);
        }
        if let Some((failed_at, error)) = &gate.last_failure
            && *failed_at >= asked_at
        {
            return Err(error.clone());
        }
        // A task of its own, which nobody can cancel: rule 3. It ends by itself, every step of it has a time-out.
        let session = Arc::clone(self);
        let renewal = tokio::spawn(async move {
            let outcome = session.renew(&mut gate).await;
            gate.last_failure = outcome.as_ref().err().map(|error| (Instant::now(), error.clone()));
            outcome
        });
        // The task can only be lost with the runtime itself.
        renewal.await.unwrap_or(Err(ClientError::SignedOut))
    }

    /// Takes over the tokens of a finished sign-in.
    pub(crate) async fn adopt(self: &Arc<Self>, tokens: Tokens) -> Result<(), ClientError> {
        let mut gate = Arc::clone(&self.gate).lock_owned().await;
        let session = Arc::clone(self);
        let adoption = tokio::spawn(async move {
            let _lock = session.process_lock().await;
            session.keep(&mut gate, tokens).await;
        });
        adoption.await.map_err(|_| ClientError::SignedOut)
    }

    /// Is there anything to restore?
    pub(crate) async fn is_kept(&self) -> Result<bool, ClientError> {
        let gate = self.gate.lock().await;
        Ok(self.load(&gate).await?.is_some())
    }

    /// Forgets the session on this device and then, as well as it goes, at the server.
    pub(crate) async fn end(self: &Arc<Self>) -> Result<(), ClientError> {
        let mut gate = Arc::clone(&self.gate).lock_owned().await;
        let session = Arc::clone(self);
        let end = tokio::spawn(async move {
            let lock = session.process_lock().await;
            let kept = session.load(&gate).await;
            *gate = Gate::default();
            session.set_current(None);
            let cleared = session.on_store(|store| store.clear()).await;
            drop(lock);
            drop(gate);
            match kept {
                Ok(Some(kept)) => {
                    if let Err(error) = session.oauth.revoke(&kept.refresh).await {
                        tracing::warn!(%error, "signed out here, but the service could not be told");
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "signed out here without reading the kept session"),
            }
            cleared.map_err(ClientError::from)
        });
        end.await.unwrap_or(Err(ClientError::SignedOut))
    }

    fn usable(&self, refused: Option<&Access>) -> Option<Access> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|access| Some(*access) != refused && Instant::now() < access.renew_from).cloned()
    }

    fn set_current(&self, access: Option<Access>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = access;
    }

    async fn renew(&self, gate: &mut Gate) -> Result<Access, ClientError> {
        let _lock = self.process_lock().await;
        let Some(kept) = self.load(gate).await? else {
            self.set_current(None);
            return Err(ClientError::SignedOut);
        };
        match self.oauth.refresh(&kept.refresh).await {
            Ok(mut tokens) => {
                tokens.refresh.get_or_insert(kept.refresh);
                tracing::debug!("session renewed");
                Ok(self.keep(gate, tokens).await)
            }
            Err(TokenError::InvalidGrant) => {
                tracing::info!("the service has ended the session");
                self.forget(gate).await;
                Err(ClientError::SignedOut)
            }
            // Not about this token: a client that is not registered any more, a server that changed its mind. Keep it.
            Err(TokenError::Refused(code)) => {
                tracing::warn!(%code, "renewal refused");
                Err(ClientError::SignedOut)
            }
            Err(TokenError::Client(error)) => Err(error),
        }
    }

    /// Stores first, uses then: rule 2.
    async fn keep(&self, gate: &mut Gate, tokens: Tokens) -> Access {
        let access = Access::new(&tokens, Instant::now());
        gate.unstored = None;
        if let Some(refresh) = tokens.refresh {
            self.store_refresh(gate, refresh).await;
        }
        gate.last_failure = None;
        self.set_current(Some(access.clone()));
        access
    }

    async fn store_refresh(&self, gate: &mut Gate, refresh: RefreshSecret) {
        let session = StoredSession::now(refresh);
        let copy = session.clone();
        if let Err(error) = self.on_store(move |store| store.save(&copy)).await {
            tracing::warn!(%error, "the session is kept in memory only");
            // What the store still holds is used up; using it after a restart would look like theft.
            if let Err(error) = self.on_store(|store| store.clear()).await {
                tracing::debug!(%error, "a used token stays in the store");
            }
            gate.unstored = Some(session);
        }
    }

    async fn forget(&self, gate: &mut Gate) {
        gate.unstored = None;
        self.set_current(None);
        if let Err(error) = self.on_store(|store| store.clear()).await {
            tracing::warn!(%error, "an ended session stays in the store");
        }
    }

    /// The kept session. Something that cannot be trusted counts as none, and is removed.
    async fn load(&self, gate: &Gate) -> Result<Option<StoredSession>, ClientError> {
        if let Some(session) = &gate.unstored {
            return Ok(Some(session.clone()));
        }
        match self.on_store(|store| store.load()).await {
            Ok(kept) => Ok(kept),
            Err(error @ StoreError::Corrupt(_)) => {
                tracing::warn!(%error, "treated as signed out");
                if let Err(error) = self.on_store(|store| store.clear()).await {
                    tracing::debug!(%error, "it could not be removed");
                }
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn process_lock(&self) -> Option<ProcessLock> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || store.lock()).await.unwrap_or_default()
    }

    async fn on_store<T: Send + 'static>(
        &self,
        action: impl FnOnce(&dyn TokenStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || action(&*store))
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable { store: "store", reason: "its code failed".to_owned() }))
    }
}
