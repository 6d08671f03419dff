//! Common Access Tokens (CTA-5007): what opens a media address, here and at any CDN that knows the standard.
//!
//! A token is a CWT in a COSE_Mac0 with HMAC-SHA-256 (RFC 8392, RFC 9052), in base64url:
//!
//! ```text
//! 61( 17( [ h'a10105' {1: 5}, {}, claims, tag ] ) )
//! ```
//!
//! The verdict on the tag of a token is remembered, so that its thousand segments cost one HMAC. What it claims is compared
//! with each request. Its subject is the grant that it was made for: whether that still holds is asked of entitlement,
//! which asks the database every few seconds.

pub(crate) mod cbor;
pub(crate) mod claims;

use crate::{clock::Clock, store::SubKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cbor::Value;
use claims::{Claims, PathMatch, Replay, Use};
use hmac::{Hmac, KeyInit, Mac};
use service_api::{GrantId, TitleId};
use sha2::Sha256;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};
use subtle::ConstantTimeEq;
use uuid::Uuid;

const TAG_CWT: u64 = 61;
const TAG_MAC0: u64 = 17;
/// `{1: 5}`: the algorithm is HMAC 256/256.
const PROTECTED: [u8; 3] = [0xa1, 0x01, 0x05];
/// Longest token that is looked at, in characters.
const MAX_TOKEN: usize = 2_048;
/// Verdicts and uses that are remembered. Only good tokens are, so nobody can fill this with guesses.
const MAX_REMEMBERED: usize = 4_096;

/// Makes and checks access tokens.
#[derive(Debug)]
pub(crate) struct AccessTokens {
    key: SubKey,
    clock: Arc<dyn Clock>,
    verdicts: RwLock<HashMap<Box<str>, Arc<Claims>>>,
    /// Tokens for one use that were used, with their end in seconds.
    used: Mutex<HashMap<Vec<u8>, i64>>,
}

impl AccessTokens {
    pub(crate) fn new(key: SubKey, clock: Arc<dyn Clock>) -> Self {
        Self { key, clock, verdicts: RwLock::default(), used: Mutex::default() }
    }

    /// A token for the media of one title, good until `expires_at_ms`, as long as the grant holds.
    pub(crate) fn issue(&self, title: &TitleId, grant: &GrantId, expires_at_ms: i64) -> String {
        self.sign(&Claims {
            // Whoever runs a CDN shall not learn accounts from addresses; a grant is one playback's.
            subject: Some(grant.to_string()),
            expires_s: expires_at_ms.div_euclid(1_000),
            not_before_s: None,
            issued_s: Some(self.clock.now_ms().div_euclid(1_000)),
            id: None,
            replay: Replay::Permitted,
            networks: Vec::new(),
            path: PathMatch::Prefix(format!("/{title}/")),
            methods: vec!["GET".to_owned(), "HEAD".to_owned()],
        })
    }

    /// The token that says this.
    pub(crate) fn sign(&self, claims: &Claims) -> String {
        let payload = claims.to_value().to_bytes();
        let tag = self.mac(&payload).finalize().into_bytes().to_vec();
        let parts =
            vec![Value::Bytes(PROTECTED.to_vec()), Value::Map(Vec::new()), Value::Bytes(payload), Value::Bytes(tag)];
        let token = Value::Tag(TAG_CWT, Box::new(Value::Tag(TAG_MAC0, Box::new(Value::Array(parts)))));
        URL_SAFE_NO_PAD.encode(token.to_bytes())
    }

    /// What the token claims, if it is ours and may be used so. `path` is the address's, without the token.
    pub(crate) fn check(&self, token: &str, request: &TokenUse<'_>) -> Option<Arc<Claims>> {
        let claims = self.verdict(token)?;
        let TokenUse { method, path, peer } = *request;
        let now_ms = self.clock.now_ms();
        if !claims.allow(&Use { method, path, peer, now_ms }) {
            return None;
        }
        (claims.replay == Replay::Permitted || self.use_once(&claims, now_ms)).then_some(claims)
    }

    /// The same where nobody may wait and nothing may be used up: `None` also of a token for one use.
    pub(crate) fn check_again(&self, token: &str, request: &TokenUse<'_>) -> Option<Arc<Claims>> {
        let claims = self.verdict(token)?;
        let TokenUse { method, path, peer } = *request;
        let is_allowed = claims.allow(&Use { method, path, peer, now_ms: self.clock.now_ms() });
        (is_allowed && claims.replay == Replay::Permitted).then_some(claims)
    }

    /// The query that opens `path` until then, as long as the grant holds: for whoever cannot handle tokens.
    pub(crate) fn sign_path(&self, path: &str, grant: Uuid, expires_s: i64) -> String {
        let signature = self.key.authenticate(&[b"path", grant.as_bytes(), &expires_s.to_be_bytes(), path.as_bytes()]);
        format!("grant={grant}&expires={expires_s}&signature={}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The grant of such a query, if it is ours and not too old.
    pub(crate) fn check_signed(&self, path: &str, query: &str) -> Option<Uuid> {
        let (grant, rest) = query.strip_prefix("grant=")?.split_once('&')?;
        let (expires, _) = rest.strip_prefix("expires=")?.split_once('&')?;
        let (grant, expires_s) = (Uuid::parse_str(grant).ok()?, expires.parse::<i64>().ok()?);
        let is_ours: bool = self.sign_path(path, grant, expires_s).as_bytes().ct_eq(query.as_bytes()).into();
        (is_ours && self.clock.now_ms() < expires_s.saturating_mul(1_000)).then_some(grant)
    }

    fn verdict(&self, token: &str) -> Option<Arc<Claims>> {
        if let Some(claims) = self.verdicts.read().unwrap_or_else(PoisonError::into_inner).get(token) {
            return Some(claims.clone());
        }
        let claims = Arc::new(self.open(token)?);
        let mut verdicts = self.verdicts.write().unwrap_or_else(PoisonError::into_inner);
        if verdicts.len() >= MAX_REMEMBERED {
            verdicts.clear();
        }
        verdicts.insert(token.into(), claims.clone());
        Some(claims)
    }

    fn open(&self, token: &str) -> Option<Claims> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let Value::Tag(TAG_CWT, inner) = Value::read(&bytes)? else { return None };
        let Value::Tag(TAG_MAC0, parts) = *inner else { return None };
        let Value::Array(parts) = *parts else { return None };
        let [Value::Bytes(protected), Value::Map(unprotected), Value::Bytes(payload), Value::Bytes(tag)] =
            parts.as_slice()
        else {
            return None;
        };
        // Nothing that is not authenticated may say anything.
        if *protected != PROTECTED || !unprotected.is_empty() {
            return None;
        }
        self.mac(payload).verify_slice(tag).ok()?;
        Claims::from_value(&Value::read(payload)?)
    }

    /// Over the MAC_structure of RFC 9052, 6.3.
    fn mac(&self, payload: &[u8]) -> Hmac<Sha256> {
        let structure = Value::Array(vec![
            Value::Text("MAC0".to_owned()),
            Value::Bytes(PROTECTED.to_vec()),
            Value::Bytes(Vec::new()),
            Value::Bytes(payload.to_vec()),
        ]);
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).expect("HMAC takes a key of any length");
        mac.update(&structure.to_bytes());
        mac
    }

    /// Is this the first use? Known to this process alone, which is as much as CTA-5007 asks of an edge.
    fn use_once(&self, claims: &Claims, now_ms: i64) -> bool {
        let Some(id) = &claims.id else { return false };
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MAX_REMEMBERED {
            used.retain(|_, expires_s| expires_s.saturating_mul(1_000) > now_ms);
        }
        // Full of tokens that are still good: better to refuse one than to allow one twice.
        used.len() < MAX_REMEMBERED && used.insert(id.clone(), claims.expires_s).is_none()
    }
}

/// How a token is to be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenUse<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) peer: std::net::IpAddr,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::ManualClock, store::MasterKey};
    use std::{net::IpAddr, time::Duration};

    fn tokens() -> (AccessTokens, Arc<ManualClock>) {
        let folder = tempfile::tempdir().unwrap();
        let master_key = MasterKey::load_or_create(&folder.path().join("master.key")).unwrap();
        let clock = Arc::new(ManualClock::new(1_000_000));
        (AccessTokens::new(master_key.derive("test"), clock.clone()), clock)
    }

    fn grant() -> GrantId {
        GrantId("0192b4c8-7a10-7cc3-98e5-2f6d0a1b3c4d".into())
    }

    fn get(path: &str) -> TokenUse<'_> {
        TokenUse { method: "GET", path, peer: IpAddr::from([10, 1, 2, 3]) }
    }

    fn claims() -> Claims {
        Claims {
            subject: None,
            expires_s: 2_000,
            not_before_s: None,
            issued_s: None,
            id: None,
            replay: Replay::Permitted,
            networks: Vec::new(),
            path: PathMatch::Prefix("/one/".into()),
            methods: Vec::new(),
        }
    }

    #[test]
    fn l16_every_flipped_bit_is_refused() {
        let (tokens, _) = tokens();
        let token = tokens.issue(&TitleId::from("one"), &grant(), 2_000_000);
        let claims = tokens.check(&token, &get("/one/x")).unwrap();
        assert_eq!(claims.grant().map(|id| GrantId(id.to_string())), Some(grant()));
        assert!(token.len() < 200, "{}", token.len());
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(tokens.check(&URL_SAFE_NO_PAD.encode(changed), &get("/one/x")).is_none(), "bit {bit}");
        }
        // The characters too: their last bits carry nothing and must be zero.
        for (place, _) in token.char_indices() {
            for bit in 0..7 {
                let mut changed = token.clone().into_bytes();
                changed[place] ^= 1 << bit;
                let changed = String::from_utf8(changed).unwrap();
                assert!(tokens.check(&changed, &get("/one/x")).is_none(), "{changed}");
            }
        }
        for text in ["", "x", &token[1..], &format!("{token}A"), &format!("{token}="), &"A".repeat(5_000)] {
            assert!(tokens.check(text, &get("/one/x")).is_none(), "{text}");
        }
    }

    #[test]
    fn l16_each_claim_is_held_against_the_request() {
        let (tokens, clock) = tokens();
        let allowed = |claims: &Claims, request: &TokenUse<'_>| tokens.check(&tokens.sign(claims), request).is_some();
        assert!(allowed(&claims(), &get("/one/x")));
        for path in ["/two/x", "/one", "/", "/onex/", "/ONE/x"] {
            assert!(!allowed(&claims(), &get(path)), "catu {path}");
        }
        let exact = Claims { path: PathMatch::Exact("/one/x".into()), ..claims() };
        assert!(allowed(&exact, &get("/one/x")) && !allowed(&exact, &get("/one/xy")));
        let network = Claims { networks: vec![([10, 0, 0, 0].into(), 8)], ..claims() };
        assert!(allowed(&network, &get("/one/x")));
        assert!(!allowed(&network, &TokenUse { peer: [11, 0, 0, 1].into(), ..get("/one/x") }), "catnip");
        let method = Claims { methods: vec!["HEAD".into()], ..claims() };
        assert!(!allowed(&method, &get("/one/x")), "catm");
        let early = Claims { not_before_s: Some(1_031), ..claims() };
        assert!(!allowed(&early, &get("/one/x")), "nbf, with half a minute of mercy");
        clock.advance(Duration::from_secs(1));
        assert!(allowed(&early, &get("/one/x")));
        clock.advance(Duration::from_millis(998_999));
        assert!(allowed(&claims(), &get("/one/x")));
        clock.advance(Duration::from_millis(1));
        assert!(!allowed(&claims(), &get("/one/x")), "exp");
    }

    #[test]
    fn l16_a_token_for_one_use_is_used_once() {
        let (tokens, _) = tokens();
        let once = |id: u8| tokens.sign(&Claims { id: Some(vec![id; 16]), replay: Replay::Prohibited, ..claims() });
        assert!(tokens.check_again(&once(1), &get("/one/x")).is_none(), "looking does not use it up");
        assert!(tokens.check(&once(1), &get("/one/x")).is_some());
        assert!(tokens.check(&once(1), &get("/one/x")).is_none());
        assert!(tokens.check(&once(2), &get("/one/x")).is_some());
        assert!(
            tokens
                .check(&tokens.sign(&Claims { id: None, replay: Replay::Prohibited, ..claims() }), &get("/one/x"))
                .is_none()
        );
    }

    #[test]
    fn l16_signed_addresses_are_good_for_one_path_and_a_while() {
        let (tokens, clock) = tokens();
        let id = Uuid::parse_str(grant().as_str()).unwrap();
        let query = tokens.sign_path("/one/x", id, 2_000);
        assert_eq!(tokens.check_signed("/one/x", &query), Some(id));
        for (place, _) in query.char_indices() {
            for bit in 0..7 {
                let mut changed = query.clone().into_bytes();
                changed[place] ^= 1 << bit;
                let changed = std::str::from_utf8(&changed).unwrap();
                assert!(tokens.check_signed("/one/x", changed).is_none(), "{changed}");
            }
        }
        assert!(tokens.check_signed("/one/y", &query).is_none());
        assert!(tokens.check_signed("/one/x", &format!("{query}&a=b")).is_none());
        clock.advance(Duration::from_secs(1_000));
        assert!(tokens.check_signed("/one/x", &query).is_none());
    }

    #[test]
    fn verdicts_are_bounded() {
        let (tokens, _) = tokens();
        for number in 0..MAX_REMEMBERED + 10 {
            let token = tokens.sign(&Claims { issued_s: Some(number as i64), ..claims() });
            assert!(tokens.check(&token, &get("/one/x")).is_some());
        }
        assert!(tokens.verdicts.read().unwrap().len() <= MAX_REMEMBERED);
    }
}
