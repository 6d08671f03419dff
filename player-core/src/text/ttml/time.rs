//! Time expressions of TTML, and the rates that they count with.

use super::tree::Element;
use abr::MediaTime;

const NANOS: i128 = 1_000_000_000;
/// Frames of a second, parts of a frame, and both parts of a multiplier.
const MAX_RATE: i128 = 1_000_000;

/// What frames and ticks are, by the parameters of the root element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// Frames in `per` seconds: the frame rate and its multiplier.
    frames: i128,
    per: i128,
    sub_frames: i128,
    ticks: i128,
}

impl Clock {
    pub(super) fn of(root: &Element) -> Self {
        let number = |name: &str| root.attribute(name).and_then(digits).filter(|value| *value > 0);
        let rate = number("frameRate").filter(|rate| *rate <= MAX_RATE);
        let sub_frames = number("subFrameRate").filter(|rate| *rate <= MAX_RATE).unwrap_or(1);
        // Older drafts have a colon between the two.
        let multiplier = root.attribute("frameRateMultiplier").and_then(|text| {
            let (numerator, denominator) = text.trim().split_once([' ', ':'])?;
            let both = (digits(numerator)?, digits(denominator.trim())?);
            let sound = |part: i128| (1..=MAX_RATE).contains(&part);
            (sound(both.0) && sound(both.1)).then_some(both)
        });
        let (numerator, per) = multiplier.unwrap_or((1, 1));
        let ticks = number("tickRate").unwrap_or(rate.map_or(1, |rate| rate * sub_frames));
        Self { frames: rate.unwrap_or(30) * numerator, per, sub_frames, ticks }
    }

    /// Reads `hh:mm:ss.fraction`, `hh:mm:ss:frames.subframes` or a number with a unit.
    pub(super) fn time(&self, text: &str) -> Option<MediaTime> {
        let text = text.trim();
        let nanos = if text.contains(':') { self.clock_time(text) } else { self.offset_time(text) }?;
        i64::try_from(nanos).ok().map(MediaTime::from_nanos)
    }

    fn clock_time(&self, text: &str) -> Option<i128> {
        let mut parts = text.split(':');
        let (hours, minutes) = (digits(parts.next()?)?, digits(parts.next()?)?);
        let seconds = parts.next()?;
        let frames = parts.next();
        if parts.next().is_some() {
            return None;
        }
        let whole = (hours * 3_600 + minutes * 60) * NANOS;
        let Some(frames) = frames else { return Some(whole + decimal(seconds)?) };
        let (frames, sub) = frames.split_once('.').unwrap_or((frames, "0"));
        let counted = digits(frames)? * self.sub_frames + digits(sub)?;
        Some(whole + digits(seconds)? * NANOS + counted * self.per * NANOS / (self.frames * self.sub_frames))
    }

    fn offset_time(&self, text: &str) -> Option<i128> {
        let unit = text.find(|letter: char| letter.is_ascii_alphabetic())?;
        let (number, unit) = text.split_at(unit);
        let count = decimal(number)?;
        Some(match unit {
            "h" => count * 3_600,
            "m" => count * 60,
            "s" => count,
            "ms" => count / 1_000,
            "f" => count * self.per / self.frames,
            "t" => count / self.ticks,
            _ => return None,
        })
    }
}

/// At most twelve digits: with the factors above they stay far inside 128 bits.
fn digits(text: &str) -> Option<i128> {
    let plain = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// A number with or without decimals, times a thousand million.
fn decimal(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    // Bytes and not characters: what is no digit may lie across the ninth.
    let fraction = std::str::from_utf8(fraction.as_bytes().get(..9).unwrap_or(fraction.as_bytes())).ok()?;
    let scale = 10i128.pow(9 - u32::try_from(fraction.len()).ok()?);
    Some(digits(whole)? * NANOS + digits(fraction)? * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(attributes: &[(&str, &str)]) -> Clock {
        let attributes = attributes.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Clock::of(&Element { attributes, ..Element::default() })
    }

    #[test]
    fn times_are_read_in_all_units() {
        let film = clock(&[("frameRate", "24"), ("frameRateMultiplier", "1000 1001"), ("tickRate", "10000000")]);
        for (text, nanos) in [
            ("01:02:03.5", 3_723_500_000_000),
            ("00:00:01", 1_000_000_000),
            ("00:00:01:12", 1_500_500_000),
            ("1.5h", 5_400_000_000_000),
            ("2m", 120_000_000_000),
            ("1.001s", 1_001_000_000),
            ("40ms", 40_000_000),
            ("24f", 1_001_000_000),
            ("12345678t", 1_234_567_800),
            ("00:00:00.1234567891", 123_456_789),
        ] {
            assert_eq!(film.time(text), Some(MediaTime::from_nanos(nanos)), "{text}");
        }
        assert_eq!(clock(&[]).time("15f"), Some(MediaTime::from_millis(500)));
        assert_eq!(clock(&[]).time("3t"), Some(MediaTime::from_millis(3_000)));
        assert_eq!(clock(&[("frameRate", "25")]).time("25t"), Some(MediaTime::from_millis(1_000)));
    }

    #[test]
    fn characters_of_several_bytes_are_no_decimals() {
        assert_eq!(clock(&[]).time("00:00:01.12345678\u{fffd}\u{fffd}"), None);
        assert_eq!(clock(&[]).time("1.12345678\u{fffd}s"), None);
    }

    #[test]
    fn rates_and_times_of_many_digits_do_not_overflow() {
        let most = "999999999999";
        for rate in [most, "1000000", "1"] {
            let names = ["frameRate", "subFrameRate", "tickRate"].map(|name| (name, rate));
            let multipliers = [format!("1 {rate}"), format!("{rate} 1"), format!("{rate} {rate}")];
            for multiplier in &multipliers {
                let clock = clock(&[&names[..], &[("frameRateMultiplier", multiplier)]].concat());
                for text in [format!("{most}:{most}:{most}:{most}.{most}"), format!("{most}f"), format!("{most}t")] {
                    let _ = clock.time(&text);
                }
            }
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let plain = clock(&[("frameRate", "0"), ("frameRateMultiplier", "0 0"), ("tickRate", "0")]);
        for text in
            ["", ":", "1", "1x", "-1s", "1:2", "1:2:3:4:5", "a:b:c", "1.s", "9999999999999s", "999999999999h", "é"]
        {
            assert_eq!(plain.time(text), None, "{text}");
        }
    }
}
