//! A thread that makes all calls of one session.
//!
//! Modules are not said to take calls from several threads, some lock themselves up, and each call may wait for another
//! process. So a session has a thread of its own, and whoever wants something of it waits for as long as it is patient.
//! A thread that does not come back is left alone: it owns what it uses, and does not keep the program from ending.

use crate::drm::CdmError;
use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

type Work<S> = Box<dyn FnOnce(&mut S) + Send>;

/// Owns an `S` that never leaves its thread.
pub(super) struct Worker<S> {
    work: Option<Sender<Work<S>>>,
    /// Ends when the thread does.
    ended: Mutex<Receiver<()>>,
    is_stuck: AtomicBool,
    patience: Duration,
}

impl<S> fmt::Debug for Worker<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("is_stuck", &self.is_stuck).finish_non_exhaustive()
    }
}

impl<S: 'static> Worker<S> {
    /// Makes an `S` on a new thread.
    ///
    /// # Errors
    /// That of `make`, or [`CdmError::Silent`] if it does not come back.
    pub(super) fn start<E: From<CdmError> + Send + 'static>(
        patience: Duration,
        make: impl FnOnce() -> Result<S, E> + Send + 'static,
    ) -> Result<Self, E> {
        let (work, received) = mpsc::channel::<Work<S>>();
        let (ending, ended) = mpsc::channel();
        let (made, is_made) = mpsc::channel();
        let thread = thread::Builder::new().name("opencdm".into()).spawn(move || {
            let _ending: Sender<()> = ending;
            let mut state = match make() {
                Ok(state) => state,
                Err(error) => return drop(made.send(Err(error))),
            };
            // Nobody waits any more: what was made is ended at once.
            if made.send(Ok(())).is_ok() {
                received.iter().for_each(|work| work(&mut state));
            }
            drop(state);
        });
        if thread.is_err() {
            return Err(CdmError::Refused { what: "a thread", code: 0 }.into());
        }
        match is_made.recv_timeout(patience) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(CdmError::Silent.into()),
        }
        Ok(Self { work: Some(work), ended: Mutex::new(ended), is_stuck: AtomicBool::new(false), patience })
    }

    /// Does something on the thread and waits for the result. Twice as patient as work that waits itself may be.
    ///
    /// # Errors
    /// [`CdmError::Silent`], now and ever after.
    pub(super) fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> Result<T, CdmError> {
        let sender = self.work.as_ref().filter(|_| !self.is_stuck.load(Ordering::Relaxed)).ok_or(CdmError::Silent)?;
        let (done, result) = mpsc::channel();
        let work = Box::new(move |state: &mut S| drop(done.send(work(state))));
        sender.send(work).map_err(|_| CdmError::Silent)?;
        result.recv_timeout(self.patience * 2).map_err(|_| {
            self.is_stuck.store(true, Ordering::Relaxed);
            CdmError::Silent
        })
    }
}

impl<S> Drop for Worker<S> {
    /// Lets the thread end what it owns, and waits for it unless it is stuck.
    fn drop(&mut self) {
        self.work = None;
        if !*self.is_stuck.get_mut() {
            let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
            if ended.recv_timeout(self.patience) == Err(RecvTimeoutError::Timeout) {
                tracing::warn!("a content decryption module does not close its session");
            }
        }
    }
}
