//! Stores around stores.

use super::{BlobError, BlobInfo, BlobKey, BlobStore, Put};
use async_trait::async_trait;
use axum::body::Bytes;
use std::{
    fmt,
    future::Future,
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How often a store was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that store or remove.
    pub writes: u64,
    /// Calls that describe, read or list.
    pub reads: u64,
    /// Bytes that were read.
    pub bytes_read: u64,
    /// Calls that failed, a missing object included.
    pub failures: u64,
}

/// Counts what passes through.
#[derive(Debug)]
pub struct Counting<S> {
    inner: S,
    writes: AtomicU64,
    reads: AtomicU64,
    bytes_read: AtomicU64,
    failures: AtomicU64,
}

impl<S> Counting<S> {
    /// Around `inner`.
    pub fn new(inner: S) -> Self {
        let zero = AtomicU64::default;
        Self { inner, writes: zero(), reads: zero(), bytes_read: zero(), failures: zero() }
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            writes: read(&self.writes),
            reads: read(&self.reads),
            bytes_read: read(&self.bytes_read),
            failures: read(&self.failures),
        }
    }

    fn count<T>(&self, kind: &AtomicU64, outcome: Result<T, BlobError>) -> Result<T, BlobError> {
        kind.fetch_add(1, Ordering::Relaxed);
        if outcome.is_err() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }
}

#[async_trait]
impl<S: BlobStore> BlobStore for Counting<S> {
    async fn put(&self, key: &BlobKey, content: Bytes) -> Result<Put, BlobError> {
        self.count(&self.writes, self.inner.put(key, content).await)
    }

    async fn replace(&self, key: &BlobKey, content: Bytes) -> Result<(), BlobError> {
        self.count(&self.writes, self.inner.replace(key, content).await)
    }

    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<Put, BlobError> {
        self.count(&self.writes, self.inner.put_file(key, file).await)
    }

    async fn info(&self, key: &BlobKey) -> Result<BlobInfo, BlobError> {
        self.count(&self.reads, self.inner.info(key).await)
    }

    async fn read(&self, key: &BlobKey, range: Range<u64>) -> Result<Bytes, BlobError> {
        let bytes = self.count(&self.reads, self.inner.read(key, range).await)?;
        self.bytes_read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes)
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.count(&self.writes, self.inner.delete(key).await)
    }

    async fn list(&self, folder: &BlobKey, after: Option<&BlobKey>, limit: usize) -> Result<Vec<BlobKey>, BlobError> {
        self.count(&self.reads, self.inner.list(folder, after, limit).await)
    }
}

/// How long and how often a store is tried.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Longest single try. Files may take `file_timeout`.
    pub timeout: Duration,
    /// Longest try of [`BlobStore::put_file`], whose length has no bound.
    pub file_timeout: Duration,
    /// Tries, the first included.
    pub tries: u32,
    /// Pause after the first try; it doubles with each further one.
    pub pause: Duration,
}

impl Default for Patience {
    /// A viewer with a buffer of ten seconds does not notice four tries.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            file_timeout: Duration::from_secs(600),
            tries: 4,
            pause: Duration::from_millis(100),
        }
    }
}

/// Gives up a try that takes too long, and tries again what may succeed in a moment.
///
/// A write that is repeated may have happened the first time: then [`BlobStore::put`] says [`Put::Present`], although
/// the object came from here. Whoever needs to know who stored an object gives each its own key.
#[derive(Debug)]
pub struct Patient<S> {
    inner: S,
    patience: Patience,
}

impl<S> Patient<S> {
    /// Around `inner`.
    pub fn new(inner: S, patience: Patience) -> Self {
        Self { inner, patience }
    }

    async fn try_for<T, F>(&self, timeout: Duration, mut operation: impl FnMut() -> F) -> Result<T, BlobError>
    where
        F: Future<Output = Result<T, BlobError>> + Send,
    {
        let mut pause = self.patience.pause;
        for tried in 1.. {
            let outcome = match tokio::time::timeout(timeout, operation()).await {
                Ok(outcome) => outcome,
                Err(elapsed) => Err(BlobError::Unavailable(Box::new(elapsed))),
            };
            match outcome {
                Err(error) if error.is_worth_repeating() && tried < self.patience.tries => {
                    tracing::debug!(%error, tried, "an object store is asked again");
                }
                outcome => return outcome,
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        unreachable!("the last try returns")
    }

    async fn patiently<T, F>(&self, operation: impl FnMut() -> F) -> Result<T, BlobError>
    where
        F: Future<Output = Result<T, BlobError>> + Send,
    {
        self.try_for(self.patience.timeout, operation).await
    }
}

#[async_trait]
impl<S: BlobStore> BlobStore for Patient<S> {
    async fn put(&self, key: &BlobKey, content: Bytes) -> Result<Put, BlobError> {
        self.patiently(|| self.inner.put(key, content.clone())).await
    }

    async fn replace(&self, key: &BlobKey, content: Bytes) -> Result<(), BlobError> {
        self.patiently(|| self.inner.replace(key, content.clone())).await
    }

    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<Put, BlobError> {
        self.try_for(self.patience.file_timeout, || self.inner.put_file(key, file)).await
    }

    async fn info(&self, key: &BlobKey) -> Result<BlobInfo, BlobError> {
        self.patiently(|| self.inner.info(key)).await
    }

    async fn read(&self, key: &BlobKey, range: Range<u64>) -> Result<Bytes, BlobError> {
        self.patiently(|| self.inner.read(key, range.clone())).await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.patiently(|| self.inner.delete(key)).await
    }

    async fn list(&self, folder: &BlobKey, after: Option<&BlobKey>, limit: usize) -> Result<Vec<BlobKey>, BlobError> {
        self.patiently(|| self.inner.list(folder, after, limit)).await
    }
}

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobFault {
    /// It fails and nothing has happened.
    Fail,
    /// It happens, and is said to have failed: an answer that was lost.
    LoseAnswer,
    /// It never answers.
    Hang,
}

/// Decides what goes wrong: called with the number of the call, the first being 1.
pub type BlobFaults = Arc<dyn Fn(u64) -> Option<BlobFault> + Send + Sync>;

/// Breaks a store on purpose. For tests.
pub struct Faulty<S> {
    inner: S,
    faults: BlobFaults,
    calls: AtomicU64,
}

impl<S> Faulty<S> {
    /// Around `inner`.
    pub fn new(inner: S, faults: BlobFaults) -> Self {
        Self { inner, faults, calls: AtomicU64::default() }
    }

    async fn damaged<T, F>(&self, operation: impl FnOnce() -> F) -> Result<T, BlobError>
    where
        F: Future<Output = Result<T, BlobError>> + Send,
    {
        let failure = || Err(BlobError::Unavailable("it fails on purpose".into()));
        match (self.faults)(self.calls.fetch_add(1, Ordering::Relaxed) + 1) {
            None => operation().await,
            Some(BlobFault::Fail) => failure(),
            Some(BlobFault::LoseAnswer) => {
                operation().await?;
                failure()
            }
            Some(BlobFault::Hang) => std::future::pending().await,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Faulty<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: BlobStore> BlobStore for Faulty<S> {
    async fn put(&self, key: &BlobKey, content: Bytes) -> Result<Put, BlobError> {
        self.damaged(|| self.inner.put(key, content)).await
    }

    async fn replace(&self, key: &BlobKey, content: Bytes) -> Result<(), BlobError> {
        self.damaged(|| self.inner.replace(key, content)).await
    }

    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<Put, BlobError> {
        self.damaged(|| self.inner.put_file(key, file)).await
    }

    async fn info(&self, key: &BlobKey) -> Result<BlobInfo, BlobError> {
        self.damaged(|| self.inner.info(key)).await
    }

    async fn read(&self, key: &BlobKey, range: Range<u64>) -> Result<Bytes, BlobError> {
        self.damaged(|| self.inner.read(key, range)).await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.damaged(|| self.inner.delete(key)).await
    }

    async fn list(&self, folder: &BlobKey, after: Option<&BlobKey>, limit: usize) -> Result<Vec<BlobKey>, BlobError> {
        self.damaged(|| self.inner.list(folder, after, limit)).await
    }
}
