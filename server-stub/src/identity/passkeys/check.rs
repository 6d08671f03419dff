//! What an authenticator says, checked.

use super::cbor::{self, Value};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;
/// Longest credential id (Web Authentication, 5.8.3), in bytes.
const MAX_CREDENTIAL_ID: usize = 1_023;

/// Where a passkey must have been used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// `webauthn.create` or `webauthn.get`.
    pub(super) kind: &'a str,
    /// Of the server, as browsers write it.
    pub(super) origin: &'a str,
    /// Domain of the server.
    pub(super) rp_id: &'a str,
}

/// Why it is not believed; for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CheckError {
    #[error("it cannot be read")]
    Malformed,
    #[error("it was made for another purpose or place")]
    Elsewhere,
    #[error("nobody unlocked the key")]
    NotVerified,
    #[error("a kind of key that is not accepted")]
    Key,
    #[error("the signature does not match")]
    Signature,
}

/// A new credential.
#[derive(Debug)]
pub(super) struct NewCredential {
    pub(super) id: Vec<u8>,
    /// COSE key as it came.
    pub(super) public_key: Vec<u8>,
    pub(super) sign_count: u32,
}

#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

/// The challenge that the browser answered, if it was asked for this and here. Whether it is one of ours is for the
/// caller to say.
pub(super) fn challenge(client_data: &[u8], expected: Expected<'_>) -> Result<String, CheckError> {
    let data: ClientData = serde_json::from_slice(client_data).map_err(|_| CheckError::Malformed)?;
    if data.kind != expected.kind || data.origin != expected.origin || data.cross_origin {
        return Err(CheckError::Elsewhere);
    }
    Ok(data.challenge)
}

/// A new credential (7.1), without its attestation.
pub(super) fn attested(attestation: &[u8], expected: Expected<'_>) -> Result<NewCredential, CheckError> {
    let (object, _) = cbor::read(attestation).ok_or(CheckError::Malformed)?;
    let data = object.text_member("authData").and_then(Value::bytes).ok_or(CheckError::Malformed)?;
    let (flags, sign_count, rest) = authenticator_data(data, expected)?;
    if flags & ATTESTED == 0 {
        return Err(CheckError::Malformed);
    }
    let (length, rest) = rest.get(16..).and_then(|rest| rest.split_first_chunk::<2>()).ok_or(CheckError::Malformed)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (Some(id), Some(rest), true) = (rest.get(..length), rest.get(length..), length <= MAX_CREDENTIAL_ID) else {
        return Err(CheckError::Malformed);
    };
    let (key, after) = cbor::read(rest).ok_or(CheckError::Malformed)?;
    CoseKey::from(&key)?;
    let public_key = rest[..rest.len() - after.len()].to_vec();
    Ok(NewCredential { id: id.to_vec(), public_key, sign_count })
}

/// A use of a known credential (7.2); returns how often it was used.
pub(super) fn asserted(
    public_key: &[u8],
    client_data: &[u8],
    data: &[u8],
    signature: &[u8],
    expected: Expected<'_>,
) -> Result<u32, CheckError> {
    let (_, sign_count, _) = authenticator_data(data, expected)?;
    let (key, _) = cbor::read(public_key).ok_or(CheckError::Malformed)?;
    let message = [data, Sha256::digest(client_data).as_slice()].concat();
    CoseKey::from(&key)?.verify(&message, signature)?;
    Ok(sign_count)
}

fn authenticator_data<'a>(data: &'a [u8], expected: Expected<'_>) -> Result<(u8, u32, &'a [u8]), CheckError> {
    let (rp, rest) = data.split_first_chunk::<32>().ok_or(CheckError::Malformed)?;
    let is_ours: bool = Sha256::digest(expected.rp_id.as_bytes()).as_slice().ct_eq(rp).into();
    if !is_ours {
        return Err(CheckError::Elsewhere);
    }
    let (&flags, rest) = rest.split_first().ok_or(CheckError::Malformed)?;
    if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
        return Err(CheckError::NotVerified);
    }
    let (count, rest) = rest.split_first_chunk::<4>().ok_or(CheckError::Malformed)?;
    Ok((flags, u32::from_be_bytes(*count), rest))
}

/// RFC 9053 and RFC 8230, the three kinds that browsers are asked for.
enum CoseKey<'a> {
    EdDSA(&'a [u8]),
    ES256(Vec<u8>),
    RS256 { n: &'a [u8], e: &'a [u8] },
}

impl<'a> CoseKey<'a> {
    fn from(key: &Value<'a>) -> Result<Self, CheckError> {
        let int = |number| key.int_member(number).and_then(Value::int);
        let bytes = |number| key.int_member(number).and_then(Value::bytes).ok_or(CheckError::Key);
        match (int(1), int(3), int(-1)) {
            (Some(1), Some(-8), Some(6)) => Ok(Self::EdDSA(bytes(-2)?)),
            (Some(2), Some(-7), Some(1)) => {
                let (x, y) = (bytes(-2)?, bytes(-3)?);
                if x.len() != 32 || y.len() != 32 {
                    return Err(CheckError::Key);
                }
                Ok(Self::ES256([&[4], x, y].concat()))
            }
            (Some(3), Some(-257), _) => Ok(Self::RS256 { n: bytes(-1)?, e: bytes(-2)? }),
            _ => Err(CheckError::Key),
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), CheckError> {
        let outcome = match self {
            Self::EdDSA(x) => UnparsedPublicKey::new(&ED25519, x).verify(message, signature),
            Self::ES256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::RS256 { n, e } => {
                RsaPublicKeyComponents { n: *n, e: *e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        outcome.map_err(|_| CheckError::Signature)
    }
}

/// Bytes of a base64url text of the script.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, CheckError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| CheckError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
    };

    const HERE: Expected<'_> =
        Expected { kind: "webauthn.get", origin: "https://lumen.example", rp_id: "lumen.example" };

    fn cose(pair: &EcdsaKeyPair) -> Vec<u8> {
        let point = pair.public_key().as_ref();
        let mut key = vec![0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32];
        key.extend(&point[1..33]);
        key.extend([0x22, 0x58, 32]);
        key.extend(&point[33..65]);
        key
    }

    fn data(rp: &str, flags: u8, count: u32) -> Vec<u8> {
        [Sha256::digest(rp.as_bytes()).as_slice(), &[flags], &count.to_be_bytes()].concat()
    }

    #[test]
    fn assertion_is_checked_in_every_part() {
        let random = SystemRandom::new();
        let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, bytes.as_ref()).unwrap();
        let key = cose(&pair);
        let client_data = br#"{"type":"webauthn.get","challenge":"abc","origin":"https://lumen.example"}"#;
        let sign = |data: &[u8]| {
            let message = [data, Sha256::digest(client_data).as_slice()].concat();
            pair.sign(&random, &message).unwrap().as_ref().to_vec()
        };
        assert_eq!(challenge(client_data, HERE).unwrap(), "abc");
        for (kind, origin) in [("webauthn.create", HERE.origin), (HERE.kind, "https://evil.example")] {
            assert_eq!(challenge(client_data, Expected { kind, origin, ..HERE }), Err(CheckError::Elsewhere));
        }
        let good = data("lumen.example", USER_PRESENT | USER_VERIFIED, 7);
        let signature = sign(&good);
        assert_eq!(asserted(&key, client_data, &good, &signature, HERE), Ok(7));
        let other = data("evil.example", USER_PRESENT | USER_VERIFIED, 7);
        assert_eq!(asserted(&key, client_data, &other, &sign(&other), HERE), Err(CheckError::Elsewhere));
        for flags in [0, USER_PRESENT, USER_VERIFIED] {
            let locked = data("lumen.example", flags, 7);
            assert_eq!(asserted(&key, client_data, &locked, &sign(&locked), HERE), Err(CheckError::NotVerified));
        }
        let later = data("lumen.example", USER_PRESENT | USER_VERIFIED, 8);
        assert_eq!(asserted(&key, client_data, &later, &signature, HERE), Err(CheckError::Signature));
        assert_eq!(asserted(&key, b"{}", &good, &signature, HERE), Err(CheckError::Signature));
        assert!(asserted(&key[1..], client_data, &good, &signature, HERE).is_err());
    }
}
