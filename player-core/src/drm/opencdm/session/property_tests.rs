//! Whatever a module says and whatever a sample claims. There is no fuzz target for this: it is private, short, and
//! built without a module.

use super::*;
use crate::container::Subsample;
use proptest::prelude::*;

fn protection(parts: &[(u32, u32)]) -> SampleProtection {
    let subsamples = parts.iter().map(|(clear, protected)| Subsample { clear: *clear, protected: *protected });
    SampleProtection { key_id: KeyId([0; 16]), scheme: Scheme::Cenc, iv: [0; 16], subsamples: subsamples.collect() }
}

/// Lengths that fit into small data, and some that fit into none.
fn length() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0u32..40, 1 => Just(u32::MAX), 1 => 60_000u32..200_000]
}

proptest! {
    #[test]
    fn protected_bytes_alone_change_or_nothing_does(
        data in prop::collection::vec(any::<u8>(), 0..200),
        parts in prop::collection::vec((length(), length()), 0..8),
    ) {
        let turned = |bytes: &mut [u8]| { bytes.iter_mut().for_each(|byte| *byte = !*byte); Ok(()) };
        let mut changed = data.clone();
        let result = gathered(&mut changed, &protection(&parts), turned);
        let claimed: u64 = parts.iter().map(|(clear, protected)| u64::from(*clear) + u64::from(*protected)).sum();
        prop_assert_eq!(result.is_ok(), claimed <= data.len() as u64);
        let mut expected = data.clone();
        if parts.is_empty() {
            expected.iter_mut().for_each(|byte| *byte = !*byte);
        } else if result.is_ok() {
            let mut at = 0;
            for (clear, protected) in parts {
                at += clear as usize;
                expected[at..at + protected as usize].iter_mut().for_each(|byte| *byte = !*byte);
                at += protected as usize;
            }
        }
        prop_assert_eq!(changed, expected);
    }

    #[test]
    fn the_interface_is_told_of_as_many_bytes_as_there_are(
        parts in prop::collection::vec((0u32..200_000, any::<u32>()), 0..8),
    ) {
        let told = subsamples(&protection(&parts));
        let clear: u64 = told.iter().map(|part| u64::from(part.clear)).sum();
        let encrypted: Vec<u32> = told.iter().map(|part| part.encrypted).filter(|bytes| *bytes > 0).collect();
        prop_assert_eq!(clear, parts.iter().map(|(clear, _)| u64::from(*clear)).sum::<u64>());
        let expected: Vec<u32> = parts.iter().map(|(_, bytes)| *bytes).filter(|bytes| *bytes > 0).collect();
        prop_assert_eq!(encrypted, expected);
    }

    #[test]
    fn messages_are_short_words(message in any::<String>()) {
        let harmless = harmless(&message);
        prop_assert!(harmless.chars().count() <= MAX_MESSAGE && !harmless.chars().any(char::is_control));
        prop_assert!(harmless.split_whitespace().all(|word| word.chars().count() <= MAX_WORD));
    }

    #[test]
    fn challenges_lose_their_wrapping_and_nothing_else(
        kind in "[0-9]?(:Type:)?",
        body in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let whole = [kind.as_bytes(), &body].concat();
        let bare = without_type(whole.clone());
        prop_assert!(whole.ends_with(&bare) && matches!(whole.len() - bare.len(), 0 | 7));
    }

    #[test]
    fn numbers_that_nobody_knows_are_no_usable_key(number in 7u32..) {
        prop_assert!(!status(number).is_usable());
    }
}
