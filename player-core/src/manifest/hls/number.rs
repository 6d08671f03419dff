//! Numbers as playlists write them.

use std::time::Duration;

/// Decimals of a second that are kept.
const DECIMALS: usize = 9;

/// The digits at the beginning; too many of them are the largest number there is.
pub(super) fn integer(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text[..end].parse().unwrap_or(u64::MAX))
}

/// A number of seconds, exactly, rounded to the nanosecond. No sign, no exponent.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let kept = fraction.bytes().chain(std::iter::repeat(b'0')).take(DECIMALS);
    let nanos = kept.fold(0u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    let up = fraction.as_bytes().get(DECIMALS).is_some_and(|digit| *digit >= b'5');
    Duration::from_secs(whole).checked_add(Duration::from_nanos(nanos + u64::from(up)))
}

/// `0x` and hexadecimal digits, at most sixteen bytes of them: the number they make, and how many digits there were.
pub(super) fn hexadecimal(text: &str) -> Option<(u128, usize)> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let plain = !digits.is_empty() && digits.len() <= 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u128::from_str_radix(digits, 16).ok()).flatten().map(|number| (number, digits.len()))
}

/// Bytes of `0x` and any even number of hexadecimal digits.
pub(super) fn hexadecimal_bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let value = |digit: u8| (digit as char).to_digit(16).unwrap_or_default() as u8;
    Some(digits.as_bytes().chunks_exact(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conformance_11_durations_are_exact() {
        let rows = [
            ("6", 6_000_000_000),
            ("6.", 6_000_000_000),
            (".5", 500_000_000),
            ("2.002000", 2_002_000_000),
            ("4.004", 4_004_000_000),
            ("0.233334", 233_334_000),
            ("5.9999999999", 6_000_000_000),
            ("9.0090090094", 9_009_009_009),
        ];
        for (text, nanos) in rows {
            assert_eq!(seconds(text), Some(Duration::from_nanos(nanos)), "{text}");
        }
        for text in ["", ".", "-1", "+1", "1e3", "nan", "inf", "6,", "6s", "99999999999999999999999"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn integers_end_where_digits_end() {
        assert_eq!(integer(" 10 "), Some(10));
        assert_eq!(integer("800000.5"), Some(800_000));
        assert_eq!(integer("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(integer("-1"), None);
    }

    #[test]
    fn conformance_19_hexadecimal_in_either_case() {
        assert_eq!(hexadecimal("0x0F"), Some((15, 2)));
        assert_eq!(hexadecimal("0Xabc"), Some((0xabc, 3)));
        assert_eq!(hexadecimal(&format!("0x{}", "f".repeat(32))), Some((u128::MAX, 32)));
        assert_eq!(hexadecimal(&format!("0x{}", "f".repeat(33))), None);
        assert_eq!(hexadecimal("0xüü"), None);
        assert_eq!(hexadecimal_bytes("0XFc30"), Some(vec![0xfc, 0x30]));
        assert_eq!(hexadecimal_bytes("0xfc3"), None);
    }
}
