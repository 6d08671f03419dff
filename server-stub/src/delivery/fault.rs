//! Breaks delivery on purpose, so that tests can see what a player makes of it.
//!
//! A script is set in [`crate::ServerConfig::faults`] by a test in the same process; nothing on the network can set one
//! (what an operator breaks on the admin page of a server for QA are the faults of addresses, url_fault.rs). It is asked once for every authorised request for media and decides by title, path and how often that path was asked
//! for:
//!
//! ```
//! use server_stub::{Fault, FaultFn};
//!
//! // The third segment of every rendition is missing once, then there.
//! let script = FaultFn::new(|request| {
//!     (request.path.ends_with("3.m4s") && request.attempt == 1).then_some(Fault::Status(404))
//! });
//! # let _: std::sync::Arc<dyn server_stub::FaultScript> = script;
//! ```
//!
//! A server that is dead for ten seconds is a script that answers [`Fault::Hang`] while a flag of the test is up; one
//! that refuses connections is `RunningServer::shutdown` and a new start on the same port.

use service_api::TitleId;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A request for media that may be broken.
#[derive(Clone, Debug)]
pub struct DeliveryRequest {
    /// Which title.
    pub title: TitleId,
    /// File within the title, such as `video/720p/seg-00003.m4s`.
    pub path: String,
    /// How often this path was asked for, this time included: the first is 1.
    pub attempt: u32,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An error answer with this status; one below 400 is answered as 500.
    Status(u16),
    /// The answer comes after this long.
    Delay(Duration),
    /// The headers promise the whole, at most this many bytes of the body come, then the connection breaks.
    TruncateBody {
        /// Bytes of the body that may arrive.
        at: u64,
    },
    /// Some bytes of the file are others. Neither length nor validators tell.
    Corrupt {
        /// Where in the file.
        offset: u64,
        /// What stands there instead.
        bytes: Vec<u8>,
    },
    /// The body comes slowly: a network of this many bits per second.
    Throttle {
        /// Rate of the body.
        bits_per_second: u64,
    },
    /// No answer, until the client gives up or the server stops.
    Hang,
}

/// Decides what goes wrong. Called on the server's threads, for several requests at a time; must not block.
pub trait FaultScript: Send + Sync + fmt::Debug {
    /// The fault for this request; `None` lets it pass.
    fn fault(&self, request: &DeliveryRequest) -> Option<Fault>;
}

/// A script from a closure.
pub struct FaultFn<F>(F);

impl<F> FaultFn<F>
where
    F: Fn(&DeliveryRequest) -> Option<Fault> + Send + Sync + 'static,
{
    /// The script, ready for the configuration.
    #[expect(clippy::new_ret_no_self, reason = "the configuration wants the trait object and nothing else does")]
    pub fn new(decide: F) -> Arc<dyn FaultScript> {
        Arc::new(Self(decide))
    }
}

impl<F> fmt::Debug for FaultFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultFn(..)")
    }
}

impl<F> FaultScript for FaultFn<F>
where
    F: Fn(&DeliveryRequest) -> Option<Fault> + Send + Sync,
{
    fn fault(&self, request: &DeliveryRequest) -> Option<Fault> {
        (self.0)(request)
    }
}

/// The script and its counts.
#[derive(Debug)]
pub(crate) struct Faults {
    script: Arc<dyn FaultScript>,
    /// Grows with the paths that a test asks for.
    attempts: Mutex<HashMap<(TitleId, String), u32>>,
}

impl Faults {
    pub(crate) fn new(script: Arc<dyn FaultScript>) -> Self {
        Self { script, attempts: Mutex::default() }
    }

    /// Counts the request and asks the script.
    pub(crate) fn fault(&self, title: &TitleId, path: &str) -> Option<Fault> {
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
            let attempt = attempts.entry((title.clone(), path.to_owned())).or_insert(0);
            *attempt += 1;
            *attempt
        };
        self.script.fault(&DeliveryRequest { title: title.clone(), path: path.to_owned(), attempt })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_per_path() {
        let script = FaultFn::new(|request| (request.attempt == 2).then_some(Fault::Hang));
        let faults = Faults::new(script);
        let title = TitleId::from("one");
        assert_eq!(faults.fault(&title, "a"), None);
        assert_eq!(faults.fault(&title, "b"), None);
        assert_eq!(faults.fault(&title, "a"), Some(Fault::Hang));
        assert_eq!(faults.fault(&TitleId::from("two"), "b"), None);
        assert_eq!(faults.fault(&title, "b"), Some(Fault::Hang));
    }
}
