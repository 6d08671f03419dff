//! What the link has done since the session began, as two sums.
//!
//! A controller is told of one transfer at a time, but the link is what it must know: sound, picture and whatever else
//! the session fetches share it. So the [`crate::BandwidthMeter`] keeps these sums over all transfers and notes them
//! when one begins; the difference at its end is what the link did while it ran.
//!
//! ```text
//! picture      |---wait---|=========body=========|
//! sound    |--w--|==body==|        |-w-|=body=|
//! busy           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^      any body arrives: counted once
//!              |<------- the picture's sample -->|      bytes of both in it, per busy time in it
//! ```

use std::time::Duration;

use crate::units::ByteCount;

/// Busy time and bytes of all transfers together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LinkTotals {
    busy: Duration,
    bytes: u64,
}

impl LinkTotals {
    /// A body was arriving for this long.
    pub(crate) fn add_busy(&mut self, time: Duration) {
        self.busy = self.busy.saturating_add(time);
    }

    /// This much arrived while a body was arriving.
    pub(crate) fn add_bytes(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// This much did not come over the link after all.
    pub(crate) fn take_back(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Busy time and bytes since `earlier`; `extra` busy time has passed since the last report.
    pub(crate) fn since(&self, earlier: &Self, extra: Duration) -> (Duration, ByteCount) {
        let busy = self.busy.saturating_sub(earlier.busy).saturating_add(extra);
        (busy, ByteCount::new(self.bytes.saturating_sub(earlier.bytes)))
    }
}

#[cfg(test)]
mod tests {
    use crate::bandwidth_meter::{BandwidthMeter, TransferId};
    use crate::throughput::TransferSample;
    use crate::units::ByteCount;
    use std::time::Duration;

    const VIDEO: TransferId = TransferId(1);
    const AUDIO: TransferId = TransferId(2);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn kb(kilobytes: u64) -> ByteCount {
        ByteCount::new(kilobytes * 1000)
    }

    fn kbps(sample: &TransferSample) -> u64 {
        sample.rate().unwrap().bps() / 1000
    }

    #[test]
    fn a_transfer_alone_is_its_own_wait_and_body() {
        let mut meter = BandwidthMeter::new();
        meter.started(VIDEO, ms(1000));
        meter.progressed(VIDEO, kb(10), ms(1300));
        // Many stretches end in between; the sum does not care.
        for tick in 1..=40 {
            meter.progressed(VIDEO, kb(10 + tick * 50), ms(1300 + tick * 100));
        }
        let sample = meter.link_sample(VIDEO, ms(5300)).unwrap();
        assert_eq!((sample.bytes, sample.ttfb, sample.elapsed), (kb(2000), ms(300), ms(4300)));
        assert_eq!((kbps(&sample), sample.finished_at), (4000, ms(5300)));
    }

    #[test]
    fn sound_on_the_same_link_counts_with_its_bytes_and_once_with_its_time() {
        // 1 kB/ms. Sound comes alone, then beside the picture, which gets the whole link in the end.
        let mut meter = BandwidthMeter::new();
        meter.started(AUDIO, ms(0));
        meter.progressed(AUDIO, ByteCount::new(1), ms(50));
        meter.progressed(AUDIO, kb(50), ms(100));
        meter.started(VIDEO, ms(100));
        meter.progressed(AUDIO, kb(150), ms(200));
        meter.progressed(VIDEO, ByteCount::new(1), ms(200));
        meter.progressed(AUDIO, kb(200), ms(300));
        meter.progressed(VIDEO, kb(50), ms(300));
        meter.finished(AUDIO, ms(300));
        meter.progressed(VIDEO, kb(450), ms(700));
        let sample = meter.link_sample(VIDEO, ms(700)).unwrap();
        assert_eq!((sample.ttfb, sample.body_time()), (ms(100), ms(600)), "busy also while the picture waited");
        assert_eq!((sample.bytes, kbps(&sample)), (kb(600), 8000), "the whole link");
    }

    #[test]
    fn what_lay_idle_before_and_between_is_left_out() {
        let mut meter = BandwidthMeter::new();
        meter.started(AUDIO, ms(0));
        meter.progressed(AUDIO, kb(1), ms(10));
        meter.progressed(AUDIO, kb(101), ms(110));
        meter.finished(AUDIO, ms(110));
        meter.started(VIDEO, ms(60_000));
        meter.started(TransferId(3), ms(60_000));
        meter.progressed(TransferId(3), kb(1), ms(60_020));
        meter.progressed(TransferId(3), kb(21), ms(60_040));
        meter.finished(TransferId(3), ms(60_040));
        // Nothing arrives for 160 ms: the picture still waits for its first byte.
        meter.progressed(VIDEO, kb(1), ms(60_200));
        meter.progressed(VIDEO, kb(181), ms(60_380));
        let sample = meter.link_sample(VIDEO, ms(60_380)).unwrap();
        assert_eq!((sample.ttfb, sample.body_time(), sample.bytes), (ms(200), ms(200), kb(200)));
    }

    #[test]
    fn a_standstill_within_the_body_counts_up_to_the_moment_asked_about() {
        let mut meter = BandwidthMeter::new();
        meter.started(VIDEO, ms(0));
        meter.progressed(VIDEO, kb(1), ms(10));
        meter.progressed(VIDEO, kb(101), ms(110));
        let sample = meter.link_sample(VIDEO, ms(8010)).unwrap();
        assert_eq!((sample.bytes, sample.body_time()), (kb(100), ms(8000)));
    }

    #[test]
    fn a_transfer_given_up_before_its_first_byte_says_how_long_it_waited() {
        let mut meter = BandwidthMeter::new();
        meter.started(VIDEO, ms(100));
        let sample = meter.link_sample(VIDEO, ms(5_100)).unwrap();
        assert_eq!((sample.bytes, sample.ttfb, sample.body_time()), (kb(0), ms(5_000), Duration::ZERO));
        assert_eq!(sample.rate(), None);
    }

    #[test]
    fn a_body_that_came_in_one_report_is_measured_with_its_wait() {
        let mut meter = BandwidthMeter::new();
        meter.started(VIDEO, ms(0));
        meter.progressed(VIDEO, kb(500), ms(100));
        let sample = meter.link_sample(VIDEO, ms(100)).unwrap();
        assert_eq!((sample.bytes, sample.ttfb, sample.elapsed), (kb(500), ms(0), ms(100)));
    }

    #[test]
    fn the_share_of_a_transfer_is_of_what_came_since_its_body_began() {
        let mut meter = BandwidthMeter::new();
        assert_eq!(meter.share(VIDEO), 1.0);
        meter.started(AUDIO, ms(0));
        meter.progressed(AUDIO, kb(1), ms(10));
        meter.progressed(AUDIO, kb(301), ms(100));
        meter.started(VIDEO, ms(100));
        meter.progressed(VIDEO, ByteCount::new(1), ms(150));
        meter.progressed(AUDIO, kb(401), ms(200));
        meter.progressed(VIDEO, kb(100), ms(200));
        assert!((meter.share(VIDEO) - 0.5).abs() < 1e-3, "{}", meter.share(VIDEO));
        meter.finished(AUDIO, ms(200));
        meter.progressed(VIDEO, kb(900), ms(1000));
        assert!((meter.share(VIDEO) - 0.9).abs() < 1e-3, "{}", meter.share(VIDEO));
        assert_eq!(meter.share(AUDIO), 1.0, "it has ended");
    }

    #[test]
    fn strangers_and_cached_responses_have_no_sample() {
        let mut meter = BandwidthMeter::new();
        assert_eq!(meter.link_sample(VIDEO, ms(1)), None);
        meter.started(VIDEO, ms(0));
        meter.progressed(VIDEO, kb(1), ms(10));
        meter.started(AUDIO, ms(10));
        meter.progressed(AUDIO, kb(900), ms(11));
        meter.cached(AUDIO);
        assert_eq!(meter.link_sample(AUDIO, ms(12)), None);
        meter.progressed(VIDEO, kb(101), ms(110));
        assert_eq!(meter.link_sample(VIDEO, ms(110)).unwrap().bytes, kb(100), "nor leave a trace in that of others");
    }
}
