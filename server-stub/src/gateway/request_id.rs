//! Names of requests.

use std::{
    fmt,
    ops::Deref,
    sync::atomic::{AtomicU64, Ordering},
};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Hands out names that no other request of any instance has: 64 random bits of this start, then a count.
#[derive(Debug)]
pub(crate) struct RequestIds {
    start: u64,
    next: AtomicU64,
}

/// 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId([u8; 32]);

impl RequestIds {
    pub(crate) fn new() -> Self {
        Self { start: rand::random(), next: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = [0; 32];
        let bytes = self.start.to_be_bytes().into_iter().chain(number.to_be_bytes());
        for (place, byte) in text.chunks_exact_mut(2).zip(bytes) {
            place[0] = DIGITS[usize::from(byte >> 4)];
            place[1] = DIGITS[usize::from(byte & 15)];
        }
        RequestId(text)
    }
}

/// A name that a trusted proxy has given, if it looks like one.
pub(crate) fn given(value: &str) -> Option<&str> {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    ((8..=64).contains(&value.len()) && is_plain).then_some(value)
}

impl Deref for RequestId {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_look_alike() {
        let ids = RequestIds::new();
        let (first, second) = (ids.next(), ids.next());
        assert_eq!((first.len(), &first[..16]), (32, &second[..16]));
        assert_ne!(first, second);
        assert!(given("abc").is_none() && given("abcdefgh\r\n").is_none() && given(&first).is_some());
    }
}
