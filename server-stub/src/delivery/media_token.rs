//! The token in a media URL.
//!
//! ```text
//! version 1 byte | expiry 8 bytes, ms since 1970, big endian | grant 16 bytes | HMAC-SHA-256 32 bytes
//! ```
//!
//! in base64url: 76 characters. The title is authenticated but not contained, since it stands next to the token in the
//! path. The signature is checked first; whether the grant still holds is asked of entitlement every few seconds.

use crate::{clock::Clock, store::SubKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use service_api::{GrantId, TitleId};
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

    /// A token for one title, good until `expires_at_ms`. `None` if the grant's id is not a UUID, which all of ours
    /// are.
    pub(crate) fn issue(&self, title: &TitleId, grant: &GrantId, expires_at_ms: i64) -> Option<String> {
        let grant = Uuid::parse_str(grant.as_str()).ok()?;
        let mut token = [[VERSION].as_slice(), &expires_at_ms.to_be_bytes(), grant.as_bytes()].concat();
        let tag = self.tag(&token, title);
        token.extend(tag);
        Some(URL_SAFE_NO_PAD.encode(token))
    }

    /// The grant, if the token is ours, for this title, and not expired.
    pub(crate) fn read(&self, token: &str, title: &TitleId) -> Option<GrantId> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let bytes = <[u8; TOKEN_BYTES]>::try_from(bytes).ok()?;
        let (statement, tag) = bytes.split_at(STATEMENT_BYTES);
        let is_ours: bool = self.tag(statement, title).ct_eq(tag).into();
        let expiry: [u8; 8] = statement[1..9].try_into().expect("the statement has a fixed length");
        let holds = is_ours && statement[0] == VERSION && self.clock.now_ms() < i64::from_be_bytes(expiry);
        holds.then(|| Uuid::from_slice(&statement[9..]).ok()).flatten().map(|grant| GrantId(grant.to_string()))
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
        let (title, grant) = (TitleId::from("one"), GrantId(Uuid::now_v7().to_string()));
        let token = tokens.issue(&title, &grant, 2_000).unwrap();
        assert_eq!(token.len(), 76);
        assert_eq!(tokens.read(&token, &title), Some(grant.clone()));
        assert!(tokens.read(&token, &TitleId::from("two")).is_none());
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(tokens.read(&URL_SAFE_NO_PAD.encode(changed), &title).is_none(), "bit {bit}");
        }
        for text in ["", "x", &token[1..], &format!("{token}A"), &format!("{token}="), &"A".repeat(76)] {
            assert!(tokens.read(text, &title).is_none(), "{text}");
        }
        clock.advance(Duration::from_millis(999));
        assert_eq!(tokens.read(&token, &title), Some(grant.clone()));
        clock.advance(Duration::from_millis(1));
        assert!(tokens.read(&token, &title).is_none(), "expired at the moment it names");
        assert!(tokens.issue(&title, &GrantId::from("no uuid"), 0).is_none());
    }
}
