//! Browsers in which somebody has signed in before: what they need not share is the wait that guesses of others cause.
//!
//! The browser keeps a mark per account in a cookie: a random number and a tag over it, the account's address and the
//! time. A mark lets nobody in. It says that a try comes from where the owner was, so it is counted by itself; whoever
//! has stolen one gets as few tries as everybody else. Nothing is stored.

use super::cookies;
use crate::{clock::DAY_MS, store::SubKey};
use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::array;
use subtle::ConstantTimeEq;

/// How long a mark lasts after the last sign-in.
const LIFETIME_MS: i64 = 180 * DAY_MS;
/// Accounts that one browser is known to: a household's.
const MAX_MARKS: usize = 4;

const ID: usize = 16;
const OWNER: usize = 16;

/// Makes and checks the marks.
#[derive(Debug)]
pub(crate) struct KnownDevices {
    key: SubKey,
    is_secure: bool,
}

/// One mark, checked.
struct Mark<'a> {
    text: &'a str,
    id: String,
    owner: [u8; OWNER],
}

impl KnownDevices {
    pub(crate) fn new(key: SubKey, is_secure: bool) -> Self {
        Self { key, is_secure }
    }

    /// The number of the browser, if somebody has signed in to the account of this address there.
    pub(crate) fn find(&self, headers: &HeaderMap, email: &str, now_ms: i64) -> Option<String> {
        let owner = self.owner(email);
        self.marks(headers, now_ms).find(|mark| mark.owner == owner).map(|mark| mark.id)
    }

    /// The number of the browser, if somebody has signed in there.
    pub(crate) fn find_any(&self, headers: &HeaderMap, now_ms: i64) -> Option<String> {
        self.marks(headers, now_ms).next().map(|mark| mark.id)
    }

    /// The `Set-Cookie` value after a sign-in to the account of this address.
    pub(crate) fn cookie(&self, headers: &HeaderMap, email: &str, now_ms: i64) -> HeaderValue {
        let owner = self.owner(email);
        let id: [u8; ID] = rand::random();
        let mut mark = [id.as_slice(), &now_ms.to_be_bytes(), &owner].concat();
        mark.extend(self.tag(&mark));
        let mut marks = vec![URL_SAFE_NO_PAD.encode(mark)];
        let others = self.marks(headers, now_ms).filter(|mark| mark.owner != owner);
        marks.extend(others.take(MAX_MARKS - 1).map(|mark| mark.text.to_owned()));
        cookies::set(self.is_secure, cookies::KNOWN, &marks.join("."), LIFETIME_MS / 1_000, "Strict")
    }

    /// Those that are ours and not too old. Nobody is made to wait by how many there are: ours are few.
    fn marks<'a>(&self, headers: &'a HeaderMap, now_ms: i64) -> impl Iterator<Item = Mark<'a>> {
        let cookie = cookies::get(self.is_secure, headers, cookies::KNOWN).unwrap_or_default();
        cookie.split('.').take(MAX_MARKS).filter_map(move |text| self.read(text, now_ms))
    }

    fn read<'a>(&self, text: &'a str, now_ms: i64) -> Option<Mark<'a>> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, tag) = bytes.split_at_checked(ID + 8 + OWNER)?;
        if !bool::from(self.tag(signed).ct_eq(tag)) {
            return None;
        }
        let (id, rest) = signed.split_at(ID);
        let (made, owner) = rest.split_first_chunk::<8>()?;
        let age_ms = now_ms - i64::from_be_bytes(*made);
        let owner = array::from_fn(|index| owner[index]);
        (age_ms < LIFETIME_MS).then(|| Mark { text, id: URL_SAFE_NO_PAD.encode(id), owner })
    }

    /// Which account a mark is for, so that a cookie tells nobody else.
    fn owner(&self, email: &str) -> [u8; OWNER] {
        let tag = self.key.authenticate(&[b"owner", email.trim().to_lowercase().as_bytes()]);
        array::from_fn(|index| tag[index])
    }

    fn tag(&self, signed: &[u8]) -> [u8; 32] {
        self.key.authenticate(&[b"mark", signed])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MasterKey;
    use axum::http::header;

    const MIA: &str = "mia@lumen.example";

    fn devices(folder: &tempfile::TempDir) -> KnownDevices {
        let key = MasterKey::load_or_create(&folder.path().join("master.key")).unwrap();
        KnownDevices::new(key.derive("test"), true)
    }

    fn headers(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(pair).unwrap())])
    }

    #[test]
    fn mark_is_for_one_account_and_for_half_a_year() {
        let folder = tempfile::tempdir().unwrap();
        let devices = devices(&folder);
        assert_eq!(devices.find(&HeaderMap::new(), MIA, 0), None);
        let cookie = devices.cookie(&HeaderMap::new(), MIA, 0);
        assert!(cookie.to_str().unwrap().starts_with("__Host-lumen_known="));
        let headers = headers(&cookie);
        assert!(devices.find(&headers, " MIA@lumen.example ", LIFETIME_MS - 1).is_some());
        assert_eq!(devices.find(&headers, MIA, LIFETIME_MS), None);
        assert_eq!(devices.find(&headers, "ben@lumen.example", 0), None);
        assert!(devices.find_any(&headers, 0).is_some());
    }

    #[test]
    fn changed_and_foreign_marks_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let devices = devices(&folder);
        let cookie = devices.cookie(&HeaderMap::new(), MIA, 0);
        let pair = cookie.to_str().unwrap().split(';').next().unwrap();
        for at in "__Host-lumen_known=".len()..pair.len() {
            let mut changed = pair.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes(&changed).unwrap())]);
            assert_eq!(devices.find_any(&headers, 0), None, "{at}");
        }
        let other = tempfile::tempdir().unwrap();
        let foreign = self::devices(&other).cookie(&HeaderMap::new(), MIA, 0);
        assert_eq!(devices.find_any(&headers(&foreign), 0), None);
    }

    #[test]
    fn household_shares_a_browser() {
        let folder = tempfile::tempdir().unwrap();
        let devices = devices(&folder);
        let mut jar = HeaderMap::new();
        for number in 0..6 {
            jar = headers(&devices.cookie(&jar, &format!("{number}@lumen.example"), 0));
        }
        let is_known = |number: u32| devices.find(&jar, &format!("{number}@lumen.example"), 0).is_some();
        assert!(!is_known(0) && !is_known(1), "the longest ago go");
        assert!((2..6).all(is_known));
    }
}
