//! From overlapping transfers to samples of what the link carried.
//!
//! Sound and picture share one link. Measured transfer by transfer, each would report half the link, or each the whole
//! of it, depending on how they overlap. So the link is measured and not the transfer: time counts while at least one
//! body is arriving, bytes count whichever transfer they belong to, and every moment and every byte ends up in exactly
//! one sample.
//!
//! ```text
//! video   |--ttfb--|======body======|
//! audio        |--ttfb--|==body==|         |--ttfb--|=body=|
//! busy             ^^^^^^^^^^^^^^^^^                 ^^^^^^       the only time that counts
//! ```
//!
//! Left out on purpose:
//! - waiting for a first byte and idling between requests: neither says how fast bytes come;
//! - the bytes of a first progress report on an otherwise quiet link: they travelled before anyone looked, so there is
//!   no time to divide them by, and counting them would make every small transfer infinitely fast;
//! - cached responses, which the caller names, because they measure a disk.

use std::time::Duration;

use crate::link_totals::LinkTotals;
use crate::throughput::{Combined, ThroughputEstimate, ThroughputEstimator, TransferSample, TtfbEstimator};
use crate::units::ByteCount;

/// Names a transfer while it runs; the caller's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferId(pub u64);

#[derive(Debug)]
struct Transfer {
    id: TransferId,
    started: Duration,
    /// When the first body byte was reported; from then on the transfer keeps the link busy.
    first_byte: Option<Duration>,
    received: u64,
    /// Bytes of it in the stretch being collected.
    counted: u64,
    /// Bytes of it that ever went into a stretch.
    measured: u64,
    /// The link's sums when it was requested.
    before: LinkTotals,
    /// The link's sums when its body began.
    before_body: LinkTotals,
    /// Whether no other transfer lived at the same time.
    alone: bool,
}

/// Watches all transfers of a session and estimates what the link carries.
///
/// The caller reports every request at once as it happens, with the time since the session began. Unknown ids are
/// ignored, so a caller need not care whether a cancellation overtook a completion. Methods return the sample that the
/// report completed, for the event log; it is in the estimate already.
#[derive(Debug)]
pub struct BandwidthMeter {
    estimator: Box<dyn ThroughputEstimator>,
    ttfb: TtfbEstimator,
    transfers: Vec<Transfer>,
    /// Time of the latest report.
    clock: Duration,
    /// The stretch being collected: time in which bodies arrived, bytes that arrived, and the last wait before them.
    busy: Duration,
    bytes: u64,
    wait: Duration,
    totals: LinkTotals,
}

impl BandwidthMeter {
    /// A stretch becomes a sample at the latest after this much busy time, so that a long transfer is heard of while
    /// it runs. Half a second holds some ten round trips of a bad link.
    pub const SAMPLE_SPAN: Duration = Duration::from_millis(500);
    /// When a transfer ends sooner, it becomes a sample if it was busy for this long: below, the reader's own
    /// scheduling is most of what is measured. What is too short stays and is joined with what comes next.
    pub const MIN_SPAN: Duration = Duration::from_millis(5);
    /// And only from this size on: one TCP window of ten packets arrives in a burst at any rate.
    pub const MIN_BYTES: ByteCount = ByteCount::from_kib(16);
    /// This much is worth a sample however little time it took, as if it had taken [`Self::MIN_SPAN`]: too low for such
    /// a link, but enough to choose by, and at once instead of after a buffer full of low quality.
    const ENOUGH_BYTES: u64 = 64 * 1024;
    /// A transfer of which all bytes came in one report has no body time. From this size on it still gives a sample,
    /// of its whole time with the wait in it: a cautious one, but better than none on a link so fast that it is the
    /// only kind.
    const MIN_SINGLE_REPORT_BYTES: u64 = 64 * 1024;
    /// More requests at a time than any session makes; further ones go unmeasured.
    const MAX_TRANSFERS: usize = 64;

    /// With the default estimator, [`Combined`].
    pub fn new() -> Self {
        Self::with_estimator(Box::new(Combined::new()))
    }

    /// With an estimator of the caller's choice.
    pub fn with_estimator(estimator: Box<dyn ThroughputEstimator>) -> Self {
        Self {
            estimator,
            ttfb: TtfbEstimator::new(),
            transfers: Vec::with_capacity(8),
            clock: Duration::ZERO,
            busy: Duration::ZERO,
            bytes: 0,
            wait: Duration::ZERO,
            totals: LinkTotals::default(),
        }
    }

    /// A request was sent.
    pub fn started(&mut self, id: TransferId, at: Duration) {
        self.advance(at);
        self.take(id);
        if self.transfers.len() == Self::MAX_TRANSFERS {
            return;
        }
        let alone = self.transfers.is_empty();
        self.transfers.iter_mut().for_each(|t| t.alone = false);
        self.transfers.push(Transfer {
            id,
            started: at,
            first_byte: None,
            received: 0,
            counted: 0,
            measured: 0,
            before: self.totals,
            before_body: self.totals,
            alone,
        });
    }

    /// `bytes_total` body bytes have come so far. The first report of a transfer should be made as soon as anything
    /// arrives: it ends the wait.
    pub fn progressed(&mut self, id: TransferId, bytes_total: ByteCount, at: Duration) -> Option<TransferSample> {
        self.advance(at);
        let busy_already = self.is_busy();
        let transfer = self.transfers.iter_mut().find(|t| t.id == id)?;
        let fresh = bytes_total.bytes().saturating_sub(transfer.received);
        if fresh == 0 {
            return None;
        }
        transfer.received = bytes_total.bytes();
        if transfer.first_byte.is_none() {
            transfer.first_byte = Some(at);
            transfer.before_body = self.totals;
            self.wait = at.saturating_sub(transfer.started);
            self.ttfb.add(self.wait);
        }
        if busy_already {
            transfer.counted = transfer.counted.saturating_add(fresh);
            transfer.measured = transfer.measured.saturating_add(fresh);
            self.bytes = self.bytes.saturating_add(fresh);
            self.totals.add_bytes(fresh);
        }
        if self.busy >= Self::SAMPLE_SPAN { self.complete(at) } else { None }
    }

    /// The last body byte came at `at`, not later: time spent decrypting is not time on the link.
    pub fn finished(&mut self, id: TransferId, at: Duration) -> Option<TransferSample> {
        self.advance(at);
        let transfer = self.take(id)?;
        // Before there is any estimate, a cautious one from a small transfer is better than none.
        let enough = match self.estimator.estimate() {
            Some(_) => Self::MIN_SINGLE_REPORT_BYTES,
            None => Self::MIN_BYTES.bytes(),
        };
        if transfer.alone && transfer.measured == 0 && transfer.received >= enough {
            let elapsed = at.saturating_sub(transfer.started);
            let bytes = ByteCount::new(transfer.received);
            return self.add(TransferSample { bytes, ttfb: Duration::ZERO, elapsed, finished_at: at });
        }
        self.complete_if_worth(at)
    }

    /// The transfer was given up; what had come counts.
    pub fn cancelled(&mut self, id: TransferId, at: Duration) -> Option<TransferSample> {
        self.advance(at);
        self.take(id)?;
        self.complete_if_worth(at)
    }

    /// The response comes from a cache. To be called as soon as that is known, best before its first progress report;
    /// what it had added to the running stretch is taken out again.
    pub fn cached(&mut self, id: TransferId) {
        let Some(transfer) = self.take(id) else { return };
        self.bytes = self.bytes.saturating_sub(transfer.counted);
        self.totals.take_back(transfer.measured);
        if transfer.first_byte.is_some() && !self.is_busy() {
            // Its bytes are out; its time cannot be told from that of the others, so the stretch is worth nothing.
            self.reset();
        }
    }

    /// What [`crate::AbrController::observe`] is told of a transfer that ends at `at`: its own wait, and the bytes and the
    /// busy time of the whole link since it was requested, whoever the bytes belonged to. `None` for one that does not
    /// run; to be asked before [`Self::finished`] or [`Self::cancelled`].
    ///
    /// A body that came mostly in its first report has no body time to speak of. Like the meter itself this then gives
    /// the whole time with the wait in it, a cautious figure.
    pub fn link_sample(&self, id: TransferId, at: Duration) -> Option<TransferSample> {
        let transfer = self.transfers.iter().find(|t| t.id == id)?;
        let ran = at.saturating_sub(transfer.started);
        if transfer.received > 0 && transfer.measured < transfer.received / 2 {
            let bytes = ByteCount::new(transfer.received);
            return Some(TransferSample { bytes, ttfb: Duration::ZERO, elapsed: ran, finished_at: at });
        }
        let unreported = if self.is_busy() { at.saturating_sub(self.clock) } else { Duration::ZERO };
        let (busy, bytes) = self.totals.since(&transfer.before, unreported);
        let ttfb = transfer.first_byte.map_or(ran, |first| first.saturating_sub(transfer.started));
        Some(TransferSample { bytes, ttfb, elapsed: ttfb.saturating_add(busy), finished_at: at })
    }

    /// The part of what the link has carried since the transfer's first byte that was the transfer's own, above 0 and at
    /// most 1; 1 where nothing can be said.
    ///
    /// A transfer beside others looks slower than the link is. Its body time by this share is the time that its bytes
    /// took of the link, and its rate over that time is what it will have when it is alone.
    pub fn share(&self, id: TransferId) -> f64 {
        let transfer = self.transfers.iter().find(|t| t.id == id && t.measured > 0);
        transfer.map_or(1.0, |transfer| {
            let (_, carried) = self.totals.since(&transfer.before_body, Duration::ZERO);
            (transfer.measured as f64 / carried.bytes().max(1) as f64).min(1.0)
        })
    }

    /// What the next transfer may expect; `None` until there is evidence.
    pub fn estimate(&self) -> Option<ThroughputEstimate> {
        self.estimator.estimate()
    }

    /// What to reckon with between request and first byte; `None` until there is evidence.
    pub fn ttfb(&self) -> Option<Duration> {
        self.ttfb.estimate()
    }

    /// How many transfers run.
    pub fn active(&self) -> usize {
        self.transfers.len()
    }

    fn is_busy(&self) -> bool {
        self.transfers.iter().any(|t| t.first_byte.is_some())
    }

    /// Counts the time since the last report if a body was arriving.
    fn advance(&mut self, at: Duration) {
        if self.is_busy() {
            let passed = at.saturating_sub(self.clock);
            self.busy = self.busy.saturating_add(passed);
            self.totals.add_busy(passed);
        }
        self.clock = self.clock.max(at);
    }

    fn take(&mut self, id: TransferId) -> Option<Transfer> {
        let index = self.transfers.iter().position(|t| t.id == id)?;
        Some(self.transfers.swap_remove(index))
    }

    fn complete_if_worth(&mut self, at: Duration) -> Option<TransferSample> {
        if self.bytes >= Self::ENOUGH_BYTES && !self.busy.is_zero() {
            self.busy = self.busy.max(Self::MIN_SPAN);
        }
        let worth = self.bytes >= Self::MIN_BYTES.bytes() && self.busy >= Self::MIN_SPAN;
        if worth || self.busy >= Self::SAMPLE_SPAN { self.complete(at) } else { None }
    }

    fn complete(&mut self, at: Duration) -> Option<TransferSample> {
        let sample = TransferSample {
            bytes: ByteCount::new(self.bytes),
            ttfb: self.wait,
            elapsed: self.busy.saturating_add(self.wait),
            finished_at: at,
        };
        self.reset();
        self.add(sample)
    }

    fn add(&mut self, sample: TransferSample) -> Option<TransferSample> {
        self.estimator.add(&sample);
        Some(sample)
    }

    fn reset(&mut self) {
        (self.busy, self.bytes, self.wait) = (Duration::ZERO, 0, Duration::ZERO);
        self.transfers.iter_mut().for_each(|t| t.counted = 0);
    }
}

impl Default for BandwidthMeter {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: TransferId = TransferId(1);
    const AUDIO: TransferId = TransferId(2);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn kb(kilobytes: u64) -> ByteCount {
        ByteCount::new(kilobytes * 1000)
    }

    fn kbps(sample: TransferSample) -> u64 {
        sample.rate().unwrap().bps() / 1000
    }

    #[test]
    fn the_wait_is_no_part_of_the_rate() {
        let mut meter = BandwidthMeter::new();
        meter.started(VIDEO, ms(0));
        // 300 ms of waiting, then 100 kB in 200 ms after the first report: 4 Mbit/s.
        assert_eq!(meter.progressed(VIDEO, kb(10), ms(300)), None);
        assert_eq!(meter.progressed(VIDEO, kb(60), ms(400)), None);
        assert_eq!(meter.progressed(VIDEO, kb(110), ms(500)), None);
        let sample = meter.finished(VIDEO, ms(500)).unwrap();
        assert_eq!(kbps(sample), 4000);
        assert_eq!((sample.ttfb, sample.elapsed), (ms(300), ms(500)));
        assert_eq!(meter.ttfb(), Some(ms(300)));
        assert_eq!(meter.active(), 0);
    }

    #[test]
    fn overlapping_transfers_are_counted_once() {
        // A link of 8 Mbit/s = 1 kB/ms, shared half and half while both run.
        let mut meter = BandwidthMeter::new();
        let mut samples = Vec::new();
        meter.started(VIDEO, ms(0));
        meter.started(AUDIO, ms(0));
        let (mut video, mut audio) = (0, 0);
        samples.extend(meter.progressed(VIDEO, ByteCount::new(1), ms(100)));
        for at in (110..=2000).step_by(10) {
            if at <= 500 {
                audio += 5;
                video += 5;
                samples.extend(meter.progressed(AUDIO, kb(audio), ms(at)));
            } else {
                video += 10;
            }
            samples.extend(meter.progressed(VIDEO, kb(video), ms(at)));
            if at == 500 {
                samples.extend(meter.finished(AUDIO, ms(at)));
            }
        }
        samples.extend(meter.finished(VIDEO, ms(2000)));
        let bytes: ByteCount = samples.iter().map(|s| s.bytes).sum();
        let time: Duration = samples.iter().map(TransferSample::body_time).sum();
        assert_eq!(time, ms(1900), "every busy moment once");
        assert!(bytes.bytes().abs_diff(1_900_000) <= 1, "every byte once: {bytes:?}");
        let mean = meter.estimate().unwrap().mean.bps() / 1000;
        assert!((7990..=8010).contains(&mean), "{mean}");
    }

    #[test]
    fn idle_time_is_no_part_of_the_rate() {
        let mut meter = BandwidthMeter::new();
        for i in 0..4 {
            let start = 60_000 * i;
            meter.started(VIDEO, ms(start));
            meter.progressed(VIDEO, kb(1), ms(start + 20));
            meter.progressed(VIDEO, kb(201), ms(start + 420));
            assert_eq!(kbps(meter.finished(VIDEO, ms(start + 420)).unwrap()), 4000);
        }
    }

    #[test]
    fn a_standstill_within_a_body_counts() {
        let mut meter = BandwidthMeter::new();
        meter.started(VIDEO, ms(0));
        meter.progressed(VIDEO, kb(1), ms(10));
        let sample = meter.progressed(VIDEO, kb(101), ms(8010)).unwrap();
        assert_eq!(kbps(sample), 100);
    }

    #[test]
    fn tiny_transfers_wait_for_more() {
        let mut meter = BandwidthMeter::new();
        for i in 0..3 {
            meter.started(TransferId(i), ms(i * 100));
            meter.progressed(TransferId(i), kb(1), ms(i * 100 + 50));
            meter.progressed(TransferId(i), kb(4), ms(i * 100 + 51));
            assert_eq!(meter.finished(TransferId(i), ms(i * 100 + 51)), None);
        }
        assert_eq!(meter.estimate(), None);
        meter.started(VIDEO, ms(1000));
        meter.progressed(VIDEO, kb(1), ms(1050));
        meter.progressed(VIDEO, kb(98), ms(1147));
        // 3 * 3 kB + 97 kB in 3 * 1 ms + 97 ms.
        let sample = meter.finished(VIDEO, ms(1147)).unwrap();
        assert_eq!((sample.bytes, sample.body_time()), (kb(106), ms(100)));
    }

    #[test]
    fn one_report_gives_a_cautious_sample_if_it_is_large() {
        let mut meter = BandwidthMeter::new();
        meter.started(AUDIO, ms(0));
        meter.progressed(AUDIO, kb(30), ms(50));
        // The first of all counts however small: its wait included, it is a lower bound.
        assert_eq!(kbps(meter.finished(AUDIO, ms(50)).unwrap()), 4_800);
        meter.started(AUDIO, ms(60));
        meter.progressed(AUDIO, kb(30), ms(90));
        assert_eq!(meter.finished(AUDIO, ms(90)), None, "later small ones say too little");
        meter.started(VIDEO, ms(100));
        meter.progressed(VIDEO, kb(500), ms(200));
        assert_eq!(kbps(meter.finished(VIDEO, ms(200)).unwrap()), 40_000);
    }

    #[test]
    fn cached_responses_leave_no_trace() {
        let mut meter = BandwidthMeter::new();
        meter.started(VIDEO, ms(0));
        meter.cached(VIDEO);
        assert_eq!(meter.progressed(VIDEO, kb(900), ms(1)), None);
        assert_eq!(meter.finished(VIDEO, ms(2)), None);
        meter.started(VIDEO, ms(10));
        meter.progressed(VIDEO, kb(1), ms(11));
        meter.progressed(VIDEO, kb(900), ms(12));
        meter.cached(VIDEO);
        assert_eq!(meter.finished(VIDEO, ms(13)), None);
        assert_eq!(meter.estimate(), None);
        // Beside a transfer from the network, only the cached bytes go.
        meter.started(AUDIO, ms(100));
        meter.progressed(AUDIO, kb(1), ms(110));
        meter.started(VIDEO, ms(110));
        meter.progressed(VIDEO, kb(9000), ms(120));
        meter.cached(VIDEO);
        meter.progressed(AUDIO, kb(101), ms(310));
        assert_eq!(kbps(meter.finished(AUDIO, ms(310)).unwrap()), 4000);
    }

    #[test]
    fn cancelled_transfers_still_teach() {
        let mut meter = BandwidthMeter::new();
        meter.started(VIDEO, ms(0));
        meter.progressed(VIDEO, kb(1), ms(10));
        meter.progressed(VIDEO, kb(26), ms(410));
        assert_eq!(kbps(meter.cancelled(VIDEO, ms(410)).unwrap()), 500);
        assert_eq!(meter.cancelled(VIDEO, ms(420)), None);
    }

    #[test]
    fn reports_out_of_order_do_no_harm() {
        let mut meter = BandwidthMeter::new();
        assert_eq!(meter.progressed(VIDEO, kb(5), ms(5)), None);
        meter.started(VIDEO, Duration::MAX);
        meter.progressed(VIDEO, ByteCount::new(u64::MAX), ms(0));
        meter.progressed(VIDEO, kb(1), ms(1));
        meter.started(VIDEO, ms(0));
        meter.progressed(VIDEO, kb(1), ms(1));
        meter.progressed(VIDEO, ByteCount::new(u64::MAX), Duration::MAX);
        meter.finished(VIDEO, ms(3));
        (0..1000).for_each(|i| meter.started(TransferId(i), ms(i)));
        assert_eq!(meter.active(), BandwidthMeter::MAX_TRANSFERS);
    }
}
