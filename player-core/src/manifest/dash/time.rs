//! Times as manifests write them, in whole nanoseconds: no floating point, because timelines are added up.

use abr::MediaTime;
use std::time::Duration;

/// Nanoseconds, wide enough for any product of 64-bit numbers with a second.
pub(super) type Nanos = i128;

pub(super) const SECOND: Nanos = 1_000_000_000;
/// Longer than anybody watches, and short enough that sums stay exact.
pub(super) const LONGEST: Nanos = i64::MAX as Nanos;
const DAY: Nanos = 86_400 * SECOND;
/// Digits that are read of a whole number; more would be longer than the universe has been.
const MAX_DIGITS: usize = 15;

/// Ticks of a timescale; rounded down to the nanosecond.
pub(super) fn nanos(ticks: impl Into<i128>, timescale: u64) -> Nanos {
    ticks.into().saturating_mul(SECOND).div_euclid(i128::from(timescale.max(1)))
}

/// On the presentation's timeline, saturating.
pub(super) fn media_time(time: Nanos) -> MediaTime {
    MediaTime::from_nanos(i64::try_from(time).unwrap_or(if time < 0 { i64::MIN } else { i64::MAX }))
}

/// A length, saturating; negative ones are zero.
pub(super) fn length(time: Nanos) -> Duration {
    Duration::from_nanos(u64::try_from(time.max(0)).unwrap_or(u64::MAX).min(i64::MAX as u64))
}

/// `xs:duration`. Years have 365 days and months 30, as the schema's own order of durations has it on average.
pub(super) fn duration(text: &str) -> Option<Nanos> {
    let text = text.trim();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let mut rest = text.strip_prefix('P')?;
    let (mut total, mut in_time, mut any) = (0, false, false);
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('T') {
            (rest, in_time) = (behind, true);
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')?;
        let unit = match (rest.as_bytes()[end], in_time) {
            (b'Y', false) => 365 * DAY,
            (b'M', false) => 30 * DAY,
            (b'W', false) => 7 * DAY,
            (b'D', false) => DAY,
            (b'H', true) => 3600 * SECOND,
            (b'M', true) => 60 * SECOND,
            (b'S', true) => SECOND,
            _ => return None,
        };
        total = (total + decimal(&rest[..end], unit)?).min(LONGEST);
        any = true;
        rest = &rest[end + 1..];
    }
    any.then_some(if negative { -total } else { total })
}

/// A decimal number of units.
fn decimal(text: &str, unit: Nanos) -> Option<Nanos> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    if whole.is_empty() && fraction.is_empty() || whole.len() > MAX_DIGITS {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Bytes and not characters: what is no digit may lie across the last.
    let fraction = std::str::from_utf8(fraction.as_bytes().get(..MAX_DIGITS).unwrap_or(fraction.as_bytes())).ok()?;
    let digits: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    Some(whole * unit + digits * unit / 10i128.pow(fraction.len() as u32))
}

/// `xs:dateTime`, since 1970. Without a zone it is UTC.
pub(super) fn date_time(text: &str) -> Option<Nanos> {
    let (date, time) = text.trim().split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (time, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => (&time[..at], zone(&time[at..])?),
        None => (time, 0),
    };
    let mut parts = time.splitn(3, ':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    let of_day = decimal(hour, 3600 * SECOND)? + decimal(minute, 60 * SECOND)? + decimal(second, SECOND)?;
    Some(i128::from(days(year, month, day)) * DAY + of_day - offset)
}

fn zone(text: &str) -> Option<Nanos> {
    if text == "Z" {
        return Some(0);
    }
    let (hours, minutes) = text[1..].split_once(':')?;
    let offset = decimal(hours, 3600 * SECOND)? + decimal(minutes, 60 * SECOND)?;
    Some(if text.starts_with('-') { -offset } else { offset })
}

/// Days from 1970 in the Gregorian calendar, whose years are counted from March so that a leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let in_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + in_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conformance_30_durations_have_years_months_and_fractions() {
        for (text, expected) in [
            ("PT0S", Some(0)),
            ("PT0H0M8.000S", Some(8 * SECOND)),
            ("P1Y2M3DT4H5M6.5S", Some((365 + 60 + 3) * DAY + (4 * 3600 + 5 * 60 + 6) * SECOND + SECOND / 2)),
            ("PT1.0010000467300415S", Some(1_001_000_046)),
            ("-PT2S", Some(-2 * SECOND)),
            ("P1W", Some(7 * DAY)),
            ("PT.5M", Some(30 * SECOND)),
            ("PT", None),
            ("8S", None),
            ("PT8", None),
            ("PT1D", None),
            ("PT99999999999999999999S", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_have_zones_or_are_utc() {
        assert_eq!(date_time("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(date_time("2000-03-01T00:00:00"), Some(951_868_800 * SECOND));
        assert_eq!(date_time("2021-10-28T09:36:29.744+02:00"), Some(1_635_406_589_744 * SECOND / 1000));
        assert_eq!(date_time("some_time"), None);
    }

    #[test]
    fn characters_of_several_bytes_are_no_decimals() {
        assert_eq!(duration("PT1.12345678901234\u{fffd}S"), None);
        assert_eq!(date_time("2024-01-01T00:00:00.12345678901234\u{fffd}Z"), None);
    }

    #[test]
    fn conformance_30_products_of_64_bit_numbers_do_not_overflow() {
        assert_eq!(nanos(u64::MAX, 10_000_000) / SECOND, 1_844_674_407_370);
        assert_eq!(media_time(nanos(u64::MAX, 1)), MediaTime::from_nanos(i64::MAX));
        assert_eq!(nanos(1, 0), SECOND);
    }
}
