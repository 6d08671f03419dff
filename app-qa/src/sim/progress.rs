//! How far a long piece of work is, for whoever sits before a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};

/// One line on standard error that is written again and again; nothing where that is not a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    what: String,
    total: usize,
    done: AtomicUsize,
    shown: bool,
}

impl Progress {
    /// Work of `total` equal steps.
    pub(super) fn new(what: impl Into<String>, total: usize) -> Self {
        let progress =
            Self { what: what.into(), total, done: AtomicUsize::new(0), shown: std::io::stderr().is_terminal() };
        progress.show(0);
        progress
    }

    /// One step is done.
    pub(super) fn step(&self) {
        self.show(self.done.fetch_add(1, Ordering::Relaxed) + 1);
    }

    fn show(&self, done: usize) {
        if self.shown {
            // A terminal that cannot be written to must not stop the work.
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K{} {done}/{}", self.what, self.total);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}
