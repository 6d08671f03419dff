//! A transfer on a quiet link, known to its end.

use super::seconds;
use crate::sim::trace::NetworkTrace;
use crate::throughput::TransferSample;
use crate::units::ByteCount;

/// When what arrives of one request.
pub(super) struct Transfer {
    pub(super) requested: f64,
    pub(super) first_byte: f64,
    pub(super) finish: f64,
    pub(super) bits: f64,
    /// Until when the controller has seen it.
    pub(super) seen: f64,
    /// Bits that the trace could have carried before the first one of this.
    before: f64,
}

impl Transfer {
    /// `bits` requested at a time in seconds.
    pub(super) fn new(trace: &NetworkTrace, requested: f64, bits: f64) -> Self {
        let first_byte = requested + trace.latency_at(requested);
        let before = trace.bits_until(first_byte);
        // Bits and times are inverse up to rounding only.
        let finish = trace.time_of(before + bits).max(first_byte);
        Self { requested, first_byte, finish, bits, seen: requested, before }
    }

    /// Bits that have arrived by a time.
    pub(super) fn received(&self, trace: &NetworkTrace, at: f64) -> f64 {
        if at <= self.first_byte { 0.0 } else { (trace.bits_until(at) - self.before).clamp(0.0, self.bits) }
    }

    /// What it says of the link when so many `bits` have come `at` a time.
    pub(super) fn sample(&self, at: f64, bits: f64) -> TransferSample {
        TransferSample {
            bytes: ByteCount::new((bits / 8.0) as u64),
            ttfb: seconds(self.first_byte.min(at) - self.requested),
            elapsed: seconds(at - self.requested),
            finished_at: seconds(at),
        }
    }
}
