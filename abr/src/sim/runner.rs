//! Many sessions on all cores, in the order they were asked for.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::trace::NetworkTrace;

/// A trace and where it comes from.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Folder it lies in: who recorded it, where and when.
    pub source: String,
    /// Its name within the source.
    pub name: String,
    /// What was recorded.
    pub trace: NetworkTrace,
}

/// Calls `work` for every item on `threads` threads (all cores where `None`) and returns the results in the items' order.
pub fn parallel<I: Sync, O: Send>(items: &[I], threads: Option<usize>, work: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.unwrap_or(cores).clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while let Some((index, item)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    items.get(index).map(|item| (index, item))
                } {
                    let result = work(item);
                    results.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
