//! A small memory of bodies fetched ahead, for titles that are likely to be played next.

use super::{FetchError, FetchRequest, Fetched, Fetcher, ProgressSink};
use crate::manifest::ByteSource;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// Answers from memory what [`Self::keep`] put there, each body once: media are not watched twice in a row, and what
/// was prefetched long ago must not keep its place.
#[derive(Clone, Debug)]
pub struct CachedFetcher {
    inner: Arc<dyn Fetcher>,
    store: Arc<Mutex<Store>>,
}

#[derive(Debug)]
struct Store {
    bodies: VecDeque<(ByteSource, Bytes, Url)>,
    held: usize,
    budget: usize,
}

impl CachedFetcher {
    /// Decorates `inner`; holds at most `budget` bytes.
    pub fn new(inner: Arc<dyn Fetcher>, budget: usize) -> Self {
        Self { inner, store: Arc::new(Mutex::new(Store { bodies: VecDeque::new(), held: 0, budget })) }
    }

    /// Fetches and keeps the body for the next request of the same source.
    pub async fn keep(&self, request: FetchRequest) -> Result<Fetched, FetchError> {
        let source = request.source.clone();
        if let Some((body, url)) = self.lock().find(&source) {
            return Ok(from_memory(body, url));
        }
        let fetched = self.inner.fetch(request, Arc::new(|_| {})).await?;
        self.lock().insert(source, fetched.body.clone(), fetched.url.clone());
        Ok(fetched)
    }

    /// Bytes held now.
    pub fn held(&self) -> usize {
        self.lock().held
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    fn find(&self, source: &ByteSource) -> Option<(Bytes, Url)> {
        let (_, body, url) = self.bodies.iter().find(|(kept, ..)| kept == source)?;
        Some((body.clone(), url.clone()))
    }

    fn take(&mut self, source: &ByteSource) -> Option<(Bytes, Url)> {
        let position = self.bodies.iter().position(|(kept, ..)| kept == source)?;
        let (_, body, url) = self.bodies.remove(position)?;
        self.held -= body.len();
        Some((body, url))
    }

    fn insert(&mut self, source: ByteSource, body: Bytes, url: Url) {
        self.take(&source);
        if body.len() > self.budget {
            return;
        }
        self.held += body.len();
        self.bodies.push_back((source, body, url));
        while self.held > self.budget {
            let Some((_, oldest, _)) = self.bodies.pop_front() else { break };
            self.held -= oldest.len();
        }
    }
}

fn from_memory(body: Bytes, url: Url) -> Fetched {
    Fetched { body, url, ttfb: Duration::ZERO, elapsed: Duration::ZERO, cached: true, protocol: None }
}

impl Fetcher for CachedFetcher {
    fn fetch(&self, request: FetchRequest, progress: ProgressSink) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        match self.lock().take(&request.source) {
            Some((body, url)) => Box::pin(async move { Ok(from_memory(body, url)) }),
            None => self.inner.fetch(request, progress),
        }
    }
}
