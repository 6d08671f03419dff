//! The token in a media URL.
//!
//! ```text
//! version 1 byte | expiry 8 bytes, ms since 1970, big endian | account 16 bytes | HMAC-SHA-256 32 bytes
//! ```
//!
//! in base64url: 76 characters. The title is authenticated but not contained, since it stands next to the token in the
//! path. Checking needs no look-up, so segments cost the database nothing.

use crate::{clock::Clock, store::SubKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use service_api::{AccountId, TitleId};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use uuid::Uuid;

const VERSION: u8 = 1;
const STATEMENT_BYTES: usize = 1 + 8 + 16;
const TOKEN_BYTES: usize = STATEMENT_BYTES + 32;

/// Signs and checks media tokens.
#[derive(Clone, Debug)]
pub(crate) struct MediaTokens {
    key: SubKey,
    clock: Arc<dyn Clock>,
}

impl MediaTokens {
    pub(crate) fn new(key: SubKey, clock: Arc<dyn Clock>) -> Self {
        Self { key, clock }
    }

    /// A token for one title, good until `expires_at_ms`. `None` if the account's id is not a UUID, which all of ours
    /// are.
    pub(crate) fn issue(&self, title: &TitleId, account: &AccountId, expires_at_ms: i64) -> Option<String> {
        let account = Uuid::parse_str(account.as_str()).ok()?;
        let mut token = [[VERSION].as_slice(), &expires_at_ms.to_be_bytes(), account.as_bytes()].concat();
        let tag = self.tag(&token, title);
        token.extend(tag);
        Some(URL_SAFE_NO_PAD.encode(token))
    }

    /// Is it ours, for this title, and not expired?
    pub(crate) fn is_valid(&self, token: &str, title: &TitleId) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Ok(bytes) = <[u8; TOKEN_BYTES]>::try_from(bytes) else { return false };
        let (statement, tag) = bytes.split_at(STATEMENT_BYTES);
        let is_ours: bool = self.tag(statement, title).ct_eq(tag).into();
        let expiry: [u8; 8] = statement[1..9].try_into().expect("the statement has a fixed length");
        is_ours && statement[0] == VERSION && self.clock.now_ms() < i64::from_be_bytes(expiry)
    }

    fn tag(&self, statement: &[u8], title: &TitleId) -> [u8; 32] {
        self.key.authenticate(&[statement, title.as_str().as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::ManualClock, store::MasterKey};
    use std::time::Duration;

    #[test]
    fn every_changed_bit_another_title_and_the_end_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let master_key = MasterKey::load_or_create(&folder.path().join("master.key")).unwrap();
        let clock = Arc::new(ManualClock::new(1_000));
        let tokens = MediaTokens::new(master_key.derive("test"), clock.clone());
        let (title, account) = (TitleId::from("one"), AccountId(Uuid::now_v7().to_string()));
        let token = tokens.issue(&title, &account, 2_000).unwrap();
        assert_eq!(token.len(), 76);
        assert!(tokens.is_valid(&token, &title));
        assert!(!tokens.is_valid(&token, &TitleId::from("two")));
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!tokens.is_valid(&URL_SAFE_NO_PAD.encode(changed), &title), "bit {bit}");
        }
        for text in ["", "x", &token[1..], &format!("{token}A"), &format!("{token}="), &"A".repeat(76)] {
            assert!(!tokens.is_valid(text, &title), "{text}");
        }
        clock.advance(Duration::from_millis(999));
        assert!(tokens.is_valid(&token, &title));
        clock.advance(Duration::from_millis(1));
        assert!(!tokens.is_valid(&token, &title), "expired at the moment it names");
        assert!(tokens.issue(&title, &AccountId::from("no uuid"), 0).is_none());
    }
}
