//! `Content-Encoding` (RFC 9110, section 8.4). None is asked for, but storage may hold nothing but a compressed file and
//! send it as such to everybody.

use super::FetchError;
use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use std::io::Read;

/// A coding that is undone here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// `zlib` data by the standard, raw ones by some servers.
    Deflate,
}

impl Coding {
    /// What the headers say of the body; `None` where it is not coded, or in a way that nobody uses without being asked.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        match headers.get(CONTENT_ENCODING)?.to_str().ok()?.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            _ => None,
        }
    }

    /// The body as it was. One without the mark of gzip is left as it is: a proxy has undone the coding before.
    ///
    /// # Errors
    /// [`FetchError::TooLarge`] for more than `max` bytes, [`FetchError::Interrupted`] where the end is missing.
    pub(super) fn decode(self, body: &Bytes, max: u64) -> Result<Bytes, FetchError> {
        match self {
            Self::Gzip if body.starts_with(&[0x1f, 0x8b]) => read(MultiGzDecoder::new(&body[..]), body, max),
            Self::Gzip => Ok(body.clone()),
            // A header of two bytes is a multiple of 31.
            Self::Deflate => match body.first_chunk::<2>() {
                Some(head) if head[0] & 0x0f == 8 && u16::from_be_bytes(*head) % 31 == 0 => {
                    read(ZlibDecoder::new(&body[..]), body, max)
                }
                _ => read(DeflateDecoder::new(&body[..]), body, max),
            },
        }
    }
}

fn read(decoder: impl Read, body: &Bytes, max: u64) -> Result<Bytes, FetchError> {
    let mut decoded = Vec::new();
    let read = decoder.take(max.saturating_add(1)).read_to_end(&mut decoded);
    read.map_err(|_| FetchError::Interrupted { received: body.len() as u64 })?;
    if decoded.len() as u64 > max {
        return Err(FetchError::TooLarge { max });
    }
    Ok(decoded.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    #[test]
    fn coded_bodies_are_what_they_were_within_limits() {
        let text = Bytes::from("#EXTM3U\n".repeat(1_000));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&text).unwrap();
        zlib.write_all(&text).unwrap();
        raw.write_all(&text).unwrap();
        let gzip = Bytes::from(gzip.finish().unwrap());
        let coded = [
            (Coding::Gzip, gzip.clone()),
            (Coding::Deflate, Bytes::from(zlib.finish().unwrap())),
            (Coding::Deflate, Bytes::from(raw.finish().unwrap())),
        ];
        for (coding, body) in coded {
            assert_eq!(coding.decode(&body, 8_000), Ok(text.clone()), "{coding:?}");
            assert_eq!(coding.decode(&body, 7_999), Err(FetchError::TooLarge { max: 7_999 }), "{coding:?}");
        }
        let cut = gzip.slice(..gzip.len() - 9);
        assert_eq!(Coding::Gzip.decode(&cut, 8_000), Err(FetchError::Interrupted { received: cut.len() as u64 }));
        // Already undone on the way.
        assert_eq!(Coding::Gzip.decode(&text, 10), Ok(text));
    }

    #[test]
    fn only_known_codings_are_undone() {
        let of = |value: &str| Coding::of(&HeaderMap::from_iter([(CONTENT_ENCODING, value.parse().unwrap())]));
        assert_eq!((of("GZIP"), of("deflate"), of("identity")), (Some(Coding::Gzip), Some(Coding::Deflate), None));
        assert_eq!(Coding::of(&HeaderMap::new()), None);
    }
}
