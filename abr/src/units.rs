//! Quantities with their units in the type: media time, bit rate, byte count, playback rate.
//!
//! Why newtypes: a player mixes seconds of media, seconds on the wall, bits and bytes in almost every expression, and
//! each pair has been confused in some player once. All arithmetic here saturates, because every operand may come from
//! a manifest that lies, and a wrong number is better than a stopped picture.
//!
//! Elapsed wall time and durations are plain [`std::time::Duration`]; positions on the presentation timeline, which may
//! be negative before the first period, are [`MediaTime`].

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

use serde::{Deserialize, Serialize};

const NANOS_PER_SEC: i64 = 1_000_000_000;
const NANOS_PER_MILLI: i64 = 1_000_000;

/// A position on the presentation timeline in nanoseconds; may be negative before the first period.
///
/// Serialised as an integer number of nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaTime(i64);

impl MediaTime {
    /// The start of the timeline.
    pub const ZERO: Self = Self(0);
    /// The earliest representable position, about 292 years before zero.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest representable position, about 292 years after zero.
    pub const MAX: Self = Self(i64::MAX);

    /// From nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// In nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// From milliseconds, saturating.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(NANOS_PER_MILLI))
    }

    /// In whole milliseconds, rounded towards negative infinity.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(NANOS_PER_MILLI)
    }

    /// From seconds, rounded to the nearest nanosecond, saturating; NaN becomes zero.
    pub fn from_secs_f64(secs: f64) -> Self {
        Self((secs * NANOS_PER_SEC as f64).round() as i64)
    }

    /// In seconds. Exact to the nanosecond for about 104 days from zero.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }

    /// From ticks of a media timescale, rounded down to the nanosecond, saturating.
    ///
    /// The multiplication runs in 128 bits, so a 64-bit decode time at any timescale is exact. A `timescale` of zero,
    /// which only a broken file has, gives zero.
    pub fn from_ticks(ticks: impl Into<i128>, timescale: u32) -> Self {
        if timescale == 0 {
            return Self::ZERO;
        }
        // i64 and u64 ticks stay far inside i128 after the multiplication; wider values saturate on the way.
        let nanos = ticks.into().saturating_mul(i128::from(NANOS_PER_SEC)).div_euclid(i128::from(timescale));
        Self(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
    }

    /// From a duration since zero, saturating.
    pub fn from_duration(since_zero: Duration) -> Self {
        Self(i64::try_from(since_zero.as_nanos()).unwrap_or(i64::MAX))
    }

    /// The time from `earlier` to `self`, or zero where `earlier` is not earlier.
    pub const fn duration_since(self, earlier: Self) -> Duration {
        if self.0 <= earlier.0 { Duration::ZERO } else { Duration::from_nanos(self.0.abs_diff(earlier.0)) }
    }

    /// Whether the position lies before zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl Add for MediaTime {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for MediaTime {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add<Duration> for MediaTime {
    type Output = Self;
    fn add(self, other: Duration) -> Self {
        self + Self::from_duration(other)
    }
}

impl Sub<Duration> for MediaTime {
    type Output = Self;
    fn sub(self, other: Duration) -> Self {
        self - Self::from_duration(other)
    }
}

impl AddAssign<Duration> for MediaTime {
    fn add_assign(&mut self, other: Duration) {
        *self = *self + other;
    }
}

impl SubAssign<Duration> for MediaTime {
    fn sub_assign(&mut self, other: Duration) {
        *self = *self - other;
    }
}

impl AddAssign for MediaTime {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for MediaTime {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// `1:02:03.456`, or `19:12.300` under an hour; a minus sign before negative positions. Cut, not rounded, so that a
/// clock never shows a moment that has not come.
impl fmt::Display for MediaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.unsigned_abs() / NANOS_PER_MILLI.unsigned_abs();
        let (seconds, millis) = (millis / 1000, millis % 1000);
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = if hours > 0 {
            format!("{sign}{hours}:{minutes:02}:{seconds:02}.{millis:03}")
        } else {
            format!("{sign}{minutes}:{seconds:02}.{millis:03}")
        };
        f.pad(&text)
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteCount(u64);

impl ByteCount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// That many bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// From units of 1024 bytes, saturating.
    pub const fn from_kib(kib: u64) -> Self {
        Self(kib.saturating_mul(1024))
    }

    /// From units of 1024 * 1024 bytes, saturating.
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib.saturating_mul(1024 * 1024))
    }

    /// In bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The difference, or zero where `other` is larger.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum, at most `u64::MAX`.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl From<usize> for ByteCount {
    fn from(bytes: usize) -> Self {
        Self(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

impl Add for ByteCount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

impl AddAssign for ByteCount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for ByteCount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

impl SubAssign for ByteCount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl std::iter::Sum for ByteCount {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Self::saturating_add)
    }
}

/// `912 B`, `640 kB`, `5.2 MB`, `1.3 GB`: powers of ten, as networks count.
impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decimal(self.0, ["B", "kB", "MB", "GB"]))
    }
}

/// Bits per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bitrate(u64);

impl Bitrate {
    /// No bit ever.
    pub const ZERO: Self = Self(0);

    /// From bits per second.
    pub const fn from_bps(bps: u64) -> Self {
        Self(bps)
    }

    /// From thousands of bits per second, saturating.
    pub const fn from_kbps(kbps: u64) -> Self {
        Self(kbps.saturating_mul(1000))
    }

    /// In bits per second.
    pub const fn bps(self) -> u64 {
        self.0
    }

    /// The mean rate of a transfer, saturating; `None` where no time has passed, because then no rate was observed.
    pub fn from_transfer(bytes: ByteCount, elapsed: Duration) -> Option<Self> {
        // 2^64 bytes * 8 * 10^9 stays below 2^97.
        let bits = u128::from(bytes.0) * 8 * u128::from(NANOS_PER_SEC.unsigned_abs());
        let bps = bits.checked_div(elapsed.as_nanos())?;
        Some(Self(u64::try_from(bps).unwrap_or(u64::MAX)))
    }

    /// Multiplied by a factor, saturating; a negative factor or NaN gives zero.
    pub fn scale(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor) as u64)
    }

    /// What a link of this rate carries in `time`, rounded down, saturating.
    pub fn bytes_in(self, time: Duration) -> ByteCount {
        let bytes = u128::from(self.0).saturating_mul(time.as_nanos()) / (8 * u128::from(NANOS_PER_SEC.unsigned_abs()));
        ByteCount(u64::try_from(bytes).unwrap_or(u64::MAX))
    }

    /// How long a link of this rate needs for `bytes`, rounded down; [`Duration::MAX`] at rate zero, and zero for no
    /// bytes at any rate.
    pub fn time_for(self, bytes: ByteCount) -> Duration {
        if bytes.0 == 0 {
            return Duration::ZERO;
        }
        let bits = u128::from(bytes.0) * 8 * u128::from(NANOS_PER_SEC.unsigned_abs());
        match bits.checked_div(u128::from(self.0)) {
            // The longest finite answer, 2^64 bytes at one bit per second, is 2^67 seconds: beyond a Duration.
            Some(nanos) => {
                let secs = u64::try_from(nanos / u128::from(NANOS_PER_SEC.unsigned_abs()));
                let rest = u32::try_from(nanos % u128::from(NANOS_PER_SEC.unsigned_abs())).unwrap_or(0);
                secs.map_or(Duration::MAX, |secs| Duration::new(secs, rest))
            }
            None => Duration::MAX,
        }
    }
}

/// `5.2 Mbit/s`, `640 kbit/s`, `12 bit/s`.
impl fmt::Display for Bitrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decimal(self.0, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]))
    }
}

/// One decimal from a million up, none below: more digits would claim a precision no estimate has.
fn decimal(value: u64, units: [&str; 4]) -> String {
    // Compared after rounding, so that 999 999 reads "1.0 M" and never "1000 k".
    let v = value as f64;
    if value < 1_000 {
        format!("{value} {}", units[0])
    } else if v < 999_500.0 {
        format!("{:.0} {}", v / 1e3, units[1])
    } else if v < 999_950_000.0 {
        format!("{:.1} {}", v / 1e6, units[2])
    } else {
        format!("{:.1} {}", v / 1e9, units[3])
    }
}

/// A playback speed that cannot be played.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("playback rate {0} is outside {min} to {max}", min = PlaybackRate::MIN.0, max = PlaybackRate::MAX.0)]
pub struct PlaybackRateError(pub f32);

/// Playback speed; 1.0 is normal.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct PlaybackRate(f32);

impl PlaybackRate {
    /// Normal speed.
    pub const NORMAL: Self = Self(1.0);
    /// The slowest accepted: slower is a series of stills, and pause exists.
    pub const MIN: Self = Self(0.1);
    /// The fastest accepted: beyond it, software decoders of full-HD video no longer keep up anywhere.
    pub const MAX: Self = Self(8.0);

    /// A speed between [`Self::MIN`] and [`Self::MAX`].
    ///
    /// # Errors
    /// [`PlaybackRateError`] for anything else: zero, negative, NaN, out of range.
    pub fn new(rate: f32) -> Result<Self, PlaybackRateError> {
        if (Self::MIN.0..=Self::MAX.0).contains(&rate) { Ok(Self(rate)) } else { Err(PlaybackRateError(rate)) }
    }

    /// The factor; finite and positive.
    pub const fn get(self) -> f32 {
        self.0
    }

    /// How long `media` lasts on the wall at this speed.
    pub fn wall_time(self, media: Duration) -> Duration {
        Duration::try_from_secs_f64(media.as_secs_f64() / f64::from(self.0)).unwrap_or(Duration::MAX)
    }

    /// How much media plays in `wall` time at this speed.
    pub fn media_time(self, wall: Duration) -> Duration {
        Duration::try_from_secs_f64(wall.as_secs_f64() * f64::from(self.0)).unwrap_or(Duration::MAX)
    }
}

impl Default for PlaybackRate {
    fn default() -> Self {
        Self::NORMAL
    }
}

impl TryFrom<f32> for PlaybackRate {
    type Error = PlaybackRateError;
    fn try_from(rate: f32) -> Result<Self, Self::Error> {
        Self::new(rate)
    }
}

impl From<PlaybackRate> for f32 {
    fn from(rate: PlaybackRate) -> Self {
        rate.0
    }
}

impl fmt::Display for PlaybackRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}x", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_time_reads_like_a_clock() {
        for (nanos, text) in [
            (0, "0:00.000"),
            (999_999, "0:00.000"),
            (1_152_300_000_000, "19:12.300"),
            (3_723_456_000_000, "1:02:03.456"),
            (3_599_999_999_999, "59:59.999"),
            (3_600_000_000_000, "1:00:00.000"),
            (-1_500_000_000, "-0:01.500"),
            (360_000_000_000_000, "100:00:00.000"),
            (i64::MIN, "-2562047:47:16.854"),
        ] {
            assert_eq!(MediaTime::from_nanos(nanos).to_string(), text);
        }
        assert_eq!(format!("{:>10}", MediaTime::ZERO), "  0:00.000");
    }

    #[test]
    fn ticks_convert_exactly_and_saturate() {
        for (ticks, timescale, nanos) in [
            (0_i128, 90_000, 0),
            (90_000, 90_000, 1_000_000_000),
            (1, 3, 333_333_333),
            (-1, 3, -333_333_334),
            (i128::from(u32::MAX) + 1, 1, 4_294_967_296_000_000_000),
            (i128::from(i64::MAX), 4_000_000_000, 2_305_843_009_213_693_951),
            (5, 0, 0),
            (i128::from(i64::MAX), 1, i64::MAX),
            (i128::from(i64::MIN), 1, i64::MIN),
            (i128::from(u64::MAX), 1, i64::MAX),
            (i128::MAX, 1, i64::MAX),
        ] {
            assert_eq!(MediaTime::from_ticks(ticks, timescale).nanos(), nanos, "{ticks}/{timescale}");
        }
        assert_eq!(MediaTime::from_ticks(u64::MAX, u32::MAX).nanos(), 4_294_967_297_000_000_000);
        // An hour of frames at 25 Hz is an hour: ticks are converted once, at the end, and nothing adds up.
        assert_eq!(MediaTime::from_ticks(25 * 3600_i64, 25), MediaTime::from_millis(3_600_000));
    }

    #[test]
    fn media_time_arithmetic_saturates() {
        let one = Duration::from_secs(1);
        assert_eq!(MediaTime::MAX + one, MediaTime::MAX);
        assert_eq!(MediaTime::MIN - one, MediaTime::MIN);
        assert_eq!(MediaTime::ZERO + Duration::MAX, MediaTime::MAX);
        assert_eq!(MediaTime::ZERO - one, MediaTime::from_millis(-1000));
        assert_eq!(MediaTime::MAX - MediaTime::MIN, MediaTime::MAX);
        assert_eq!(MediaTime::MAX.duration_since(MediaTime::MIN), Duration::from_nanos(u64::MAX));
        assert_eq!(MediaTime::ZERO.duration_since(MediaTime::MAX), Duration::ZERO);
        assert_eq!(MediaTime::from_secs_f64(f64::NAN), MediaTime::ZERO);
        assert_eq!(MediaTime::from_secs_f64(1e300), MediaTime::MAX);
        assert_eq!(MediaTime::from_secs_f64(-0.25), MediaTime::from_millis(-250));
        assert_eq!(MediaTime::from_nanos(-1).as_millis(), -1);
        assert_eq!(MediaTime::from_millis(1234).as_millis(), 1234);
        let mut t = MediaTime::ZERO;
        t += one;
        t -= MediaTime::from_millis(400);
        assert_eq!(t.as_secs_f64(), 0.6);
    }

    #[test]
    fn media_time_is_an_integer_in_json() {
        let text = serde_json::to_string(&MediaTime::from_millis(-5)).unwrap();
        assert_eq!(text, "-5000000");
        assert_eq!(serde_json::from_str::<MediaTime>(&text).unwrap(), MediaTime::from_millis(-5));
    }

    #[test]
    fn bitrate_reads_with_its_unit() {
        for (bps, text) in [
            (0, "0 bit/s"),
            (999, "999 bit/s"),
            (1_000, "1 kbit/s"),
            (640_000, "640 kbit/s"),
            (999_499, "999 kbit/s"),
            (999_500, "1.0 Mbit/s"),
            (5_200_000, "5.2 Mbit/s"),
            (1_500_000_000, "1.5 Gbit/s"),
            (u64::MAX, "18446744073.7 Gbit/s"),
        ] {
            assert_eq!(Bitrate::from_bps(bps).to_string(), text);
        }
        assert_eq!(ByteCount::new(5_200_000).to_string(), "5.2 MB");
    }

    #[test]
    fn transfers_become_rates_and_back() {
        let rate = Bitrate::from_transfer(ByteCount::new(500_000), Duration::from_secs(2)).unwrap();
        assert_eq!(rate, Bitrate::from_kbps(2000));
        assert_eq!(rate.time_for(ByteCount::new(500_000)), Duration::from_secs(2));
        assert_eq!(rate.bytes_in(Duration::from_secs(2)), ByteCount::new(500_000));
        assert_eq!(Bitrate::from_transfer(ByteCount::new(1), Duration::ZERO), None);
        assert_eq!(Bitrate::from_transfer(ByteCount::ZERO, Duration::ZERO), None);
        let fastest = Bitrate::from_transfer(ByteCount::new(u64::MAX), Duration::from_nanos(1)).unwrap();
        assert_eq!(fastest, Bitrate::from_bps(u64::MAX));
        assert_eq!(fastest.bytes_in(Duration::MAX), ByteCount::new(u64::MAX));
        assert_eq!(Bitrate::ZERO.time_for(ByteCount::new(1)), Duration::MAX);
        assert_eq!(Bitrate::ZERO.time_for(ByteCount::ZERO), Duration::ZERO);
        assert_eq!(Bitrate::from_bps(1).time_for(ByteCount::new(u64::MAX)), Duration::MAX);
        assert_eq!(rate.scale(-1.0), Bitrate::ZERO);
        assert_eq!(rate.scale(f64::NAN), Bitrate::ZERO);
        assert_eq!(rate.scale(0.5), Bitrate::from_kbps(1000));
    }

    #[test]
    fn playback_rate_accepts_what_can_be_played() {
        for good in [0.1, 0.5, 1.0, 2.0, 8.0] {
            assert_eq!(PlaybackRate::new(good).unwrap().get(), good);
        }
        for bad in [0.0, -1.0, 0.09, 8.1, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(PlaybackRate::new(bad).is_err(), "{bad}");
        }
        let double = PlaybackRate::new(2.0).unwrap();
        assert_eq!(double.wall_time(Duration::from_secs(4)), Duration::from_secs(2));
        assert_eq!(double.media_time(Duration::from_secs(4)), Duration::from_secs(8));
        assert_eq!(double.media_time(Duration::MAX), Duration::MAX);
        assert!(serde_json::from_str::<PlaybackRate>("0").is_err());
        assert_eq!(PlaybackRate::new(9.0).unwrap_err().to_string(), "playback rate 9 is outside 0.1 to 8");
    }
}
