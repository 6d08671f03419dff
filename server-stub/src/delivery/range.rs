//! The `Range` header (RFC 9110, 14), for one range of bytes.

/// Which bytes of a file are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All: no range, or one that may be ignored.
    Whole,
    /// `first` to `last`, both included.
    Part { first: u64, last: u64 },
    /// None of the range lies within the file.
    Nothing,
}

/// Reads the header for a file of `length` bytes.
///
/// Unknown units, malformed values and lists of several ranges are ignored, as the standard allows: a player asks for
/// one range, and lists are mostly asked for by those who want to make a server work (CVE-2011-3192).
pub(crate) fn wanted(header: &str, length: u64) -> Wanted {
    let Some((unit, ranges)) = header.split_once('=') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") || ranges.contains(',') {
        return Wanted::Whole;
    }
    let Some((first, last)) = ranges.trim().split_once('-') else { return Wanted::Whole };
    match (number(first), number(last)) {
        (Number::None, Number::Some(suffix)) => match length.checked_sub(suffix.min(length)) {
            Some(first) if first < length => Wanted::Part { first, last: length - 1 },
            _ => Wanted::Nothing,
        },
        (Number::Some(first), Number::None) if first < length => Wanted::Part { first, last: length - 1 },
        (Number::Some(first), Number::Some(last)) if first > last => Wanted::Whole,
        (Number::Some(first), Number::Some(last)) if first < length => {
            Wanted::Part { first, last: last.min(length - 1) }
        }
        (Number::Some(_), Number::None | Number::Some(_)) => Wanted::Nothing,
        (Number::None, Number::None) | (Number::Malformed, _) | (_, Number::Malformed) => Wanted::Whole,
    }
}

enum Number {
    None,
    Some(u64),
    Malformed,
}

/// Digits only: `u64::from_str` would take a sign. What does not fit is beyond the end of every file.
fn number(text: &str) -> Number {
    if text.is_empty() {
        Number::None
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        Number::Some(text.parse().unwrap_or(u64::MAX))
    } else {
        Number::Malformed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_table() {
        let part = |first, last| Wanted::Part { first, last };
        let table = [
            ("bytes=0-0", part(0, 0)),
            ("bytes=0-99", part(0, 99)),
            ("bytes=10-", part(10, 99)),
            ("bytes=99-", part(99, 99)),
            ("bytes=-1", part(99, 99)),
            ("bytes=-100", part(0, 99)),
            ("bytes=-500", part(0, 99)),
            ("bytes=90-500", part(90, 99)),
            ("bytes=0-99999999999999999999999", part(0, 99)),
            ("Bytes=1-2", part(1, 2)),
            ("bytes = 1-2", part(1, 2)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=100-200", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes", Wanted::Whole),
            ("", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=--1", Wanted::Whole),
            ("bytes=1-2-3", Wanted::Whole),
            ("bytes=1 - 2", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("seconds=0-1", Wanted::Whole),
        ];
        for (header, expected) in table {
            assert_eq!(wanted(header, 100), expected, "{header:?}");
        }
    }

    #[test]
    fn empty_file_has_no_part() {
        for header in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            assert_eq!(wanted(header, 0), Wanted::Nothing, "{header}");
        }
    }
}
