//! A private key that signs in one algorithm.

use super::{Alg, PublicJwk};
use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use std::fmt;

/// Never printed.
pub(crate) struct PrivateKey {
    pair: Pair,
    pub(crate) public: PublicJwk,
}

enum Pair {
    EdDSA(Ed25519KeyPair),
    ES256(EcdsaKeyPair),
    RS256(Box<RsaKeyPair>),
}

/// The library refused: out of memory, or bytes that are no key.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a signing key cannot be made or read")]
pub(crate) struct KeyError;

impl PrivateKey {
    /// A new key as PKCS #8. An RSA key takes a few hundred milliseconds of one core.
    pub(crate) fn generate(alg: Alg) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        Ok(match alg {
            Alg::EdDSA => Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| KeyError)?.as_ref().to_vec(),
            Alg::ES256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                .map_err(|_| KeyError)?
                .as_ref()
                .to_vec(),
            Alg::RS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
                pair.as_der().map_err(|_| KeyError)?.as_ref().to_vec()
            }
        })
    }

    /// Reads PKCS #8.
    pub(crate) fn from_pkcs8(alg: Alg, bytes: &[u8]) -> Result<Self, KeyError> {
        let encode = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        let mut public = PublicJwk {
            kty: String::new(),
            crv: None,
            x: None,
            y: None,
            n: None,
            e: None,
            kid: None,
            alg: Some(alg.name().to_owned()),
            usage: Some("sig".to_owned()),
            d: None,
            k: None,
        };
        let pair = match alg {
            Alg::EdDSA => {
                let pair = Ed25519KeyPair::from_pkcs8(bytes).map_err(|_| KeyError)?;
                public.kty = "OKP".to_owned();
                public.crv = Some("Ed25519".to_owned());
                public.x = encode(pair.public_key().as_ref());
                Pair::EdDSA(pair)
            }
            Alg::ES256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).map_err(|_| KeyError)?;
                let point = pair.public_key().as_ref();
                let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else { return Err(KeyError) };
                public.kty = "EC".to_owned();
                public.crv = Some("P-256".to_owned());
                public.x = encode(x);
                public.y = encode(y);
                Pair::ES256(pair)
            }
            Alg::RS256 => {
                let pair = RsaKeyPair::from_pkcs8(bytes).map_err(|_| KeyError)?;
                let (n, e) = rsa_components(pair.public_key().as_ref()).ok_or(KeyError)?;
                public.kty = "RSA".to_owned();
                public.n = encode(n);
                public.e = encode(e);
                Pair::RS256(Box::new(pair))
            }
        };
        public.kid = public.thumbprint();
        Ok(Self { pair, public })
    }

    /// The algorithm of the key.
    pub(crate) fn alg(&self) -> Alg {
        match self.pair {
            Pair::EdDSA(_) => Alg::EdDSA,
            Pair::ES256(_) => Alg::ES256,
            Pair::RS256(_) => Alg::RS256,
        }
    }

    /// A compact JWS of the claims, with the key's id in its header.
    pub(crate) fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        let header = serde_json::json!({ "alg": self.alg().name(), "typ": typ, "kid": self.public.kid });
        self.sign_with_header(&header, claims)
    }

    /// The same with a header of the caller's choice.
    pub(crate) fn sign_with_header(
        &self,
        header: &serde_json::Value,
        claims: &impl Serialize,
    ) -> Result<String, KeyError> {
        let claims = serde_json::to_vec(claims).map_err(|_| KeyError)?;
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims));
        let signature = match &self.pair {
            Pair::EdDSA(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            Pair::ES256(pair) => {
                pair.sign(&SystemRandom::new(), message.as_bytes()).map_err(|_| KeyError)?.as_ref().to_vec()
            }
            Pair::RS256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
                    .map_err(|_| KeyError)?;
                signature
            }
        };
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("kid", &self.public.kid).finish_non_exhaustive()
    }
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017, A.1.1): a DER sequence of two integers.
fn rsa_components(der: &[u8]) -> Option<(&[u8], &[u8])> {
    fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
        let (head, rest) = der.split_first_chunk::<2>()?;
        if head[0] != tag {
            return None;
        }
        let (length, rest) = match head[1] {
            short @ 0..=0x7f => (usize::from(short), rest),
            0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
            0x82 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            _ => return None,
        };
        Some((rest.get(..length)?, rest.get(length..)?))
    }
    let (sequence, _) = element(0x30, der)?;
    let (n, rest) = element(0x02, sequence)?;
    let (e, _) = element(0x02, rest)?;
    Some((n.strip_prefix(&[0]).unwrap_or(n), e))
}

#[cfg(test)]
mod tests {
    use super::{super::Jws, *};

    #[test]
    fn each_algorithm_signs_what_its_public_key_checks() {
        for alg in Alg::ALL {
            let bytes = PrivateKey::generate(alg).unwrap();
            let key = PrivateKey::from_pkcs8(alg, &bytes).unwrap();
            let text = key.sign("JWT", &serde_json::json!({ "sub": "mia" })).unwrap();
            let jws = Jws::parse(&text).unwrap();
            assert_eq!((jws.alg, jws.header.kid.clone()), (alg, key.public.kid.clone()));
            let claims: serde_json::Value = jws.verify(&key.public).unwrap();
            assert_eq!(claims["sub"], "mia");
            let other = PrivateKey::from_pkcs8(alg, &PrivateKey::generate(alg).unwrap()).unwrap();
            assert!(jws.verify::<serde_json::Value>(&other.public).is_err());
            assert!(!format!("{key:?}").contains("pair"));
        }
    }
}
