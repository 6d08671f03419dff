//! The last requests, for the eyes of QA.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};
use tokio::sync::broadcast;

/// Requests that are remembered.
const KEPT: usize = 500;

/// One request, without anything that could be a secret: the route's template, not the address.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Entry {
    pub(crate) at_ms: i64,
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) route: String,
    pub(crate) status: u16,
    pub(crate) elapsed_ms: f64,
    pub(crate) peer: String,
}

/// The log.
#[derive(Debug)]
pub(crate) struct RequestLog {
    last: Mutex<VecDeque<Entry>>,
    live: broadcast::Sender<Entry>,
}

impl RequestLog {
    pub(crate) fn new() -> Self {
        Self { last: Mutex::default(), live: broadcast::Sender::new(64) }
    }

    pub(crate) fn add(&self, entry: Entry) {
        // Nobody listening is the usual case.
        let _ = self.live.send(entry.clone());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == KEPT {
            last.pop_front();
        }
        last.push_back(entry);
    }

    /// Newest first.
    pub(crate) fn last(&self) -> Vec<Entry> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }

    /// What comes from now on; a listener that is too slow misses some.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Entry> {
        self.live.subscribe()
    }
}
