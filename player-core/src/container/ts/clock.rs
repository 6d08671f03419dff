//! Timestamps of 33 bits at 90 kHz, which wrap every 26.5 hours.

use crate::container::es::CLOCK_RATE;
use abr::MediaTime;

/// Of a timestamp; higher bits are not used.
pub(crate) const TIMESTAMP_BITS: u32 = 33;
/// Ticks from one zero to the next.
const PERIOD: i64 = 1 << TIMESTAMP_BITS;

/// Continues timestamps over the wrap: each is put nearest to the one before, of whatever stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    last: Option<i64>,
}

impl Clock {
    /// The next timestamp of the segment.
    pub(super) fn advance(&mut self, raw: u64) -> i64 {
        let ticks = self.near(raw);
        self.last = Some(ticks);
        ticks
    }

    /// A timestamp that does not say where the segment is, as the time of a splice to come.
    pub(super) fn near(&self, raw: u64) -> i64 {
        // 33 bits fit.
        let raw = (raw & (PERIOD as u64 - 1)) as i64;
        match self.last {
            Some(last) => {
                let ahead = (raw - last).rem_euclid(PERIOD);
                last + if ahead >= PERIOD / 2 { ahead - PERIOD } else { ahead }
            }
            None => raw,
        }
    }

    /// The last timestamp.
    pub(super) fn last(&self) -> Option<i64> {
        self.last
    }
}

/// What must be added so that no time is negative, where the first timestamp seen came from behind the wrap and others
/// from before it.
pub(super) fn above_zero(earliest: i64) -> i64 {
    if earliest < 0 { (-earliest).div_euclid(PERIOD) * PERIOD + PERIOD } else { 0 }
}

/// Brings a media time as near as possible to `reference` by adding or subtracting whole periods of the clock of
/// transport streams (2^33 / 90000 s).
///
/// Each segment counts from its own first timestamp, so behind the wrap, between two segments, times are small again.
/// `reference` is any time in the segment before.
pub fn unwrap_near(reference: MediaTime, media: MediaTime) -> MediaTime {
    let period = i128::from(PERIOD) * 1_000_000_000;
    let apart = (i128::from(reference.nanos()) - i128::from(media.nanos())) * i128::from(CLOCK_RATE);
    let periods = (apart + period / 2).div_euclid(period);
    media + MediaTime::from_ticks(periods * i128::from(PERIOD), CLOCK_RATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conformance_08_timestamps_go_on_over_the_wrap() {
        let mut clock = Clock::default();
        let raws = [PERIOD as u64 - 3000, PERIOD as u64 - 1, 2999, PERIOD as u64 - 100, 6000];
        let ticks = raws.map(|raw| clock.advance(raw) - PERIOD);
        assert_eq!(ticks, [-3000, -1, 2999, -100, 6000]);
    }

    #[test]
    fn conformance_08_no_time_is_negative() {
        let mut clock = Clock::default();
        assert_eq!(clock.advance(50), 50);
        let before = clock.advance(PERIOD as u64 - 50);
        assert_eq!(before, -50);
        assert_eq!(before + above_zero(before), PERIOD - 50);
        assert_eq!(above_zero(0), 0);
    }

    #[test]
    fn conformance_08_later_segments_are_brought_near_to_earlier_ones() {
        let ticks = |ticks: i64| MediaTime::from_ticks(ticks, CLOCK_RATE);
        let near = |reference: i64, media: i64| unwrap_near(ticks(reference), ticks(media)).nanos();
        let about = |ticks_: i64| ticks(ticks_).nanos();
        for (reference, media, expected) in [
            (PERIOD - 900, 900, PERIOD + 900),
            (3 * PERIOD - 900, 900, 3 * PERIOD + 900),
            (900, PERIOD - 900, -900),
            (90_000, 180_000, 180_000),
            (PERIOD + 900, PERIOD + 1800, PERIOD + 1800),
        ] {
            assert!((near(reference, media) - about(expected)).abs() <= 1, "{reference} {media}");
        }
        // Extremes do not overflow.
        unwrap_near(MediaTime::MAX, MediaTime::MIN);
        unwrap_near(MediaTime::MIN, MediaTime::MAX);
    }
}
