//! `data:` addresses (RFC 2397): the bytes are in the address.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use url::Url;

/// Padding is left out now and then.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The bytes of a `data:` address; `None` for other addresses, and where they cannot be read.
pub(crate) fn decode(url: &Url) -> Option<Bytes> {
    if url.scheme() != "data" {
        return None;
    }
    let (kind, data) = url.as_str().strip_prefix("data:")?.split_once(',')?;
    let bytes = percent_decoded(data);
    let base64 = kind.rsplit(';').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("base64"));
    if base64 {
        STANDARD.decode(&bytes).or_else(|_| URL_SAFE.decode(&bytes)).ok().map(Bytes::from)
    } else {
        Some(bytes.into())
    }
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| (*byte as char).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high << 4 | low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_encoding_is_read() {
        let rows = [
            ("data:text/plain;base64,MjM0NTY3ODkwITIzNDU2Nw==", Some(&b"234567890!234567"[..])),
            ("data:;base64,MjM0NTY3ODkwITIzNDU2Nw", Some(b"234567890!234567")),
            ("data:application/octet-stream;base64,_-8%3D", Some(&[0xff, 0xef])),
            ("data:,a%20b%", Some(b"a b%")),
            ("data:;base64,*", None),
            ("data:nothing", None),
            ("https://media.test/key", None),
        ];
        for (text, bytes) in rows {
            assert_eq!(decode(&text.parse().unwrap()).as_deref(), bytes, "{text}");
        }
    }
}
