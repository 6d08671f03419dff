//! Compact JWS and public keys.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// Longest statement that is looked at, in bytes. Ours are about 700; with a large RSA key in its header, 2,500.
const MAX_BYTES: usize = 8 * 1024;

/// The algorithms of the server. `none` and those with shared secrets are not among them and cannot be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Alg {
    EdDSA,
    ES256,
    RS256,
}

impl Alg {
    pub(crate) const ALL: [Self; 3] = [Self::EdDSA, Self::ES256, Self::RS256];

    /// The registered name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EdDSA => "EdDSA",
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }
}

/// Why a statement is not believed. The reason is for logs and tests; the sender learns only that it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwsError {
    #[error("not a signed statement")]
    Malformed,
    #[error("an algorithm that is not accepted")]
    Algorithm,
    #[error("a header that must be understood and is not")]
    Critical,
    #[error("a key that cannot be used")]
    Key,
    #[error("a signature that does not match")]
    Signature,
}

/// A public key (RFC 7517). A document with a private part is not one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PublicJwk {
    pub(crate) kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) y: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) e: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alg: Option<String>,
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub(crate) usage: Option<String>,
    /// Present in private and shared keys; never written.
    #[serde(default, skip_serializing)]
    pub(crate) d: Option<serde::de::IgnoredAny>,
    #[serde(default, skip_serializing)]
    pub(crate) k: Option<serde::de::IgnoredAny>,
}

impl PublicJwk {
    /// The algorithm that the key is for, by its kind.
    pub(crate) fn algorithm(&self) -> Option<Alg> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => Some(Alg::EdDSA),
            ("EC", Some("P-256")) => Some(Alg::ES256),
            ("RSA", None) => Some(Alg::RS256),
            _ => None,
        }
    }

    pub(crate) fn holds_a_secret(&self) -> bool {
        self.d.is_some() || self.k.is_some()
    }

    /// SHA-256 of the required members in order (RFC 7638), base64url.
    pub(crate) fn thumbprint(&self) -> Option<String> {
        let text = match self.algorithm()? {
            Alg::EdDSA => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.x.as_deref()?),
            Alg::ES256 => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, self.x.as_deref()?, self.y.as_deref()?)
            }
            Alg::RS256 => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, self.e.as_deref()?, self.n.as_deref()?),
        };
        Some(URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes())))
    }

    /// Checks a signature made with `alg`, which must be the one of the key.
    pub(crate) fn verify(&self, alg: Alg, message: &[u8], signature: &[u8]) -> Result<(), JwsError> {
        if self.holds_a_secret() || self.algorithm() != Some(alg) {
            return Err(JwsError::Key);
        }
        let part = |text: &Option<String>| {
            let text = text.as_deref().ok_or(JwsError::Key)?;
            URL_SAFE_NO_PAD.decode(text).map_err(|_| JwsError::Key)
        };
        let outcome = match alg {
            Alg::EdDSA => UnparsedPublicKey::new(&ED25519, part(&self.x)?).verify(message, signature),
            Alg::ES256 => {
                let (x, y) = (part(&self.x)?, part(&self.y)?);
                if x.len() != 32 || y.len() != 32 {
                    return Err(JwsError::Key);
                }
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Alg::RS256 => {
                let key = RsaPublicKeyComponents { n: part(&self.n)?, e: part(&self.e)? };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        outcome.map_err(|_| JwsError::Signature)
    }
}

/// What we read of a header. Others are ignored, `crit` excepted; serde refuses a member that comes twice.
#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    #[serde(default)]
    pub(crate) typ: Option<String>,
    #[serde(default)]
    pub(crate) kid: Option<String>,
    /// Only a DPoP proof brings its key along, and only its reader looks here.
    #[serde(default)]
    pub(crate) jwk: Option<PublicJwk>,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

/// A statement taken apart.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    pub(crate) header: Header,
    pub(crate) alg: Alg,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a compact statement apart and refuses what no key could make good.
    pub(crate) fn parse(text: &'a str) -> Result<Self, JwsError> {
        if text.len() > MAX_BYTES {
            return Err(JwsError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| JwsError::Malformed)?;
        let alg = Alg::from_name(&header.alg).ok_or(JwsError::Algorithm)?;
        if header.crit.is_some() {
            return Err(JwsError::Critical);
        }
        Ok(Self { header, alg, signed, payload: decode(payload)?, signature: decode(signature)? })
    }

    /// The claims, once the signature is known to be that of `key`.
    pub(crate) fn verify<T: DeserializeOwned>(&self, key: &PublicJwk) -> Result<T, JwsError> {
        key.verify(self.alg, self.signed.as_bytes(), &self.signature)?;
        serde_json::from_slice(&self.payload).map_err(|_| JwsError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.
    #[test]
    fn key_of_the_standard_has_its_thumbprint_and_checks_its_signature() {
        let key: PublicJwk =
            serde_json::from_str(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)
                .unwrap();
        assert_eq!(key.thumbprint().unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
                    hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let jws = Jws::parse(text).unwrap();
        // The payload is not JSON; a wrong signature would have been the error.
        assert_eq!(jws.verify::<serde_json::Value>(&key).unwrap_err(), JwsError::Malformed);
        let altered = text.replace(".RXhh", ".RXhi");
        let altered = Jws::parse(&altered).unwrap();
        assert_eq!(altered.verify::<serde_json::Value>(&key).unwrap_err(), JwsError::Signature);
    }

    #[test]
    fn headers_that_trick_others_are_refused_here() {
        let of = |header: &str| format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header));
        let table = [
            (r#"{"alg":"none"}"#, JwsError::Algorithm),
            (r#"{"alg":"HS256"}"#, JwsError::Algorithm),
            (r#"{"alg":"RS256","alg":"EdDSA"}"#, JwsError::Malformed),
            (r#"{"alg":"EdDSA","crit":["exp"]}"#, JwsError::Critical),
            (r#"{}"#, JwsError::Malformed),
            ("x", JwsError::Malformed),
        ];
        for (header, expected) in table {
            assert_eq!(Jws::parse(&of(header)).unwrap_err(), expected, "{header}");
        }
        assert_eq!(Jws::parse(&"a.".repeat(5_000)).unwrap_err(), JwsError::Malformed);
    }

    #[test]
    fn key_with_a_private_part_is_none() {
        let key: PublicJwk = serde_json::from_str(r#"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}"#).unwrap();
        assert_eq!(key.verify(Alg::EdDSA, b"", b"").unwrap_err(), JwsError::Key);
    }
}
