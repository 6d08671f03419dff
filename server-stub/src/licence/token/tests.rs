//! Tokens that are good, and the many that are not.

use super::*;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;

const NOW_MS: i64 = 1_780_000_000_000;
const NOW_S: i64 = NOW_MS / 1_000;

struct Fixture {
    issuers: TokenIssuers,
    shared: Vec<u8>,
    pair: EcdsaKeyPair,
    _folder: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let master_key = MasterKey::load_or_create(&folder.path().join("master.key")).unwrap();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let point = pair.public_key().as_ref();
    let shared = vec![7; 32];
    let file = folder.path().join("issuers.json");
    let text = json!([
        { "issuer": "shared", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(&shared) },
        { "issuer": "public", "alg": "ES256", "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]) },
    ]);
    fs::write(&file, text.to_string()).unwrap();
    Fixture { issuers: TokenIssuers::open(&master_key, Some(&file)).unwrap(), shared, pair, _folder: folder }
}

fn claims(issuer: &str) -> serde_json::Value {
    json!({
        "iss": issuer, "aud": AUDIENCE, "exp": NOW_S + 60, "nbf": NOW_S, "jti": "1", "grant": "g",
        "kids": [URL_SAFE_NO_PAD.encode([1; 16]), Uuid::from_bytes([2; 16]).to_string()],
    })
}

fn unsigned(header: serde_json::Value, claims: &serde_json::Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

impl Fixture {
    fn hs256(&self, header: serde_json::Value, claims: &serde_json::Value) -> String {
        let signed = unsigned(header, claims);
        let tag = mac(&self.shared, &signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    fn es256(&self, claims: &serde_json::Value) -> String {
        let signed = unsigned(json!({ "alg": "ES256" }), claims);
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn refusal(&self, token: &str) -> TokenError {
        self.issuers.verify(token, NOW_MS).unwrap_err()
    }
}

#[test]
fn tokens_of_all_three_kinds_are_read() {
    let fixture = fixture();
    let own = fixture.issuers.issue(&GrantId::from("g"), &[[1; 16], [2; 16]], NOW_MS);
    let shared = fixture.hs256(json!({ "alg": "HS256" }), &claims("shared"));
    let public = fixture.es256(&claims("public"));
    for token in [own, shared, public] {
        let claims = fixture.issuers.verify(&token, NOW_MS).unwrap();
        assert_eq!((claims.grant.as_str(), claims.kids.as_slice()), ("g", [[1; 16], [2; 16]].as_slice()));
    }
}

#[test]
fn l01_times_are_kept_with_half_a_minute_of_skew() {
    let fixture = fixture();
    let at = |exp: i64, nbf: i64| {
        let mut claims = claims("shared");
        claims["exp"] = (NOW_S + exp).into();
        claims["nbf"] = (NOW_S + nbf).into();
        fixture.issuers.verify(&fixture.hs256(json!({ "alg": "HS256" }), &claims), NOW_MS).err()
    };
    let table = [
        // expires, begins => refusal
        (60, 0, None),
        (0, -60, None),
        (-29, -60, None),
        (-30, -60, Some(TokenError::Time)),
        (-60, -90, Some(TokenError::Time)),
        (60, 30, None),
        (60, 31, Some(TokenError::Time)),
        (60, 60, Some(TokenError::Time)),
        (MAX_LIFETIME_S, 0, None),
        (MAX_LIFETIME_S + 1, 0, Some(TokenError::Time)),
        (i64::MAX - NOW_S, 0, Some(TokenError::Time)),
    ];
    for (exp, nbf, expected) in table {
        assert_eq!(at(exp, nbf), expected, "{exp} {nbf}");
    }
}

#[test]
fn l14_other_algorithms_long_and_broken_tokens_are_refused() {
    let fixture = fixture();
    let good = fixture.hs256(json!({ "alg": "HS256" }), &claims("shared"));
    for alg in ["none", "None", "RS256", "HS512", "hs256", ""] {
        assert_eq!(fixture.refusal(&fixture.hs256(json!({ "alg": alg }), &claims("shared"))), TokenError::Algorithm);
    }
    let critical = json!({ "alg": "HS256", "crit": ["b64"] });
    assert_eq!(fixture.refusal(&fixture.hs256(critical, &claims("shared"))), TokenError::Algorithm);
    let mut long = claims("shared");
    long["jti"] = "x".repeat(MAX_TOKEN).into();
    assert_eq!(fixture.refusal(&fixture.hs256(json!({ "alg": "HS256" }), &long)), TokenError::TooLong);
    // The public key as if it were a shared secret, and the other way round.
    let confused = unsigned(json!({ "alg": "HS256" }), &claims("public"));
    let tag = mac(fixture.pair.public_key().as_ref(), &confused).finalize().into_bytes();
    assert_eq!(fixture.refusal(&format!("{confused}.{}", URL_SAFE_NO_PAD.encode(tag))), TokenError::Signature);
    assert_eq!(fixture.refusal(&fixture.es256(&claims("shared"))), TokenError::Signature);
    assert_eq!(fixture.refusal(&fixture.hs256(json!({ "alg": "HS256" }), &claims(OURS))), TokenError::Signature);
    assert_eq!(fixture.refusal(&fixture.hs256(json!({ "alg": "HS256" }), &claims("stranger"))), TokenError::Signature);
    let mut elsewhere = claims("shared");
    elsewhere["aud"] = "elsewhere".into();
    assert_eq!(fixture.refusal(&fixture.hs256(json!({ "alg": "HS256" }), &elsewhere)), TokenError::Audience);
    let mut many = claims("shared");
    many["kids"] = vec![URL_SAFE_NO_PAD.encode([1; 16]); MAX_KIDS + 1].into();
    assert_eq!(fixture.refusal(&fixture.hs256(json!({ "alg": "HS256" }), &many)), TokenError::Malformed);
    for broken in ["", ".", "..", "a.b.c", &good[..good.len() - 2], &format!("{good}A"), &good.replacen('.', "", 1)] {
        assert!(fixture.issuers.verify(broken, NOW_MS).is_err(), "{broken}");
    }
    assert!(!format!("{:?}", fixture.issuers).contains('7'), "no key in Debug");
}
