//! Dates of `EXT-X-PROGRAM-DATE-TIME` and `EXT-X-DATERANGE` (ISO 8601).

/// Nanoseconds since 1970, of `2010-02-19T14:54:23.031+08:00`. The zone's colon, its minutes, the zone itself (then it
/// is UTC), the seconds and the fraction may be absent.
pub(super) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (day, time) = text.split_once(['T', 't', ' '])?;
    let mut parts = day.splitn(3, '-');
    let (year, month, day) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone_at);
    let mut parts = time.splitn(3, ':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let second = super::number::seconds(&parts.next().unwrap_or("0").replace(',', "."))?;
    let plausible = (1900..=2200).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour <= 24
        && minute <= 59
        && second.as_secs() <= 60;
    if !plausible {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 - offset_minutes(zone)? * 60;
    seconds.checked_mul(1_000_000_000)?.checked_add(i64::try_from(second.as_nanos()).ok()?)
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// `Z`, `+08:00`, `+0800`, `+08`, or nothing.
fn offset_minutes(zone: &str) -> Option<i64> {
    let sign = match zone.bytes().next() {
        None | Some(b'Z' | b'z') => return Some(0),
        Some(b'-') => -1,
        Some(_) => 1,
    };
    let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
    if !digits.is_ascii() {
        return None;
    }
    let minutes = match digits.len() {
        2 => number(&digits, 2)? * 60,
        4 => number(&digits[..2], 2)? * 60 + number(&digits[2..], 2)?,
        _ => return None,
    };
    (minutes <= 24 * 60).then_some(sign * minutes)
}

/// Of the Gregorian calendar: years count from March, so that the leap day is the last of a year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_all_spellings_are_the_same_moment() {
        let moment = 1_266_562_463_031_000_000;
        for text in [
            "2010-02-19T14:54:23.031+08:00",
            "2010-02-19T06:54:23.031Z",
            "2010-02-19T06:54:23.031",
            "2010-02-19T14:54:23.031+0800",
            "2010-02-19t03:54:23,031-03",
        ] {
            assert_eq!(parse(text), Some(moment), "{text}");
        }
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2000-02-29T00:00:00Z"), Some(951_782_400_000_000_000));
        assert_eq!(parse("2024-03-01T00:00Z"), Some(1_709_251_200_000_000_000));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "T",
            "2010",
            "2010-13-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
            "2010-02-19T1:2:3Z",
            "2010-02-19Tü+ü",
            "2010-02-19T01:02+aüb",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
