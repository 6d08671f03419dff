//! `ContentEncodings`: what was done to frames before they were stored (WebM encryption, header stripping).

use super::ebml::{children, id};
use crate::container::{ContainerError, SampleProtection, Scheme, Subsample};
use crate::drm::KeyId;
use bytes::Bytes;

/// Bits of the byte before each frame of an encrypted track.
const ENCRYPTED: u8 = 0x01;
const PARTITIONED: u8 = 0x02;
/// Bytes of IV before an encrypted frame.
const IV: usize = 8;

/// How frames of a track are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    Plain,
    /// These bytes were taken from the beginning of each frame.
    Stripped(Bytes),
    /// AES-CTR with this key, described before each frame.
    Encrypted(KeyId),
}

impl Encoding {
    pub(super) fn parse(encodings: &[u8]) -> Result<Self, ContainerError> {
        let mut found = Self::Plain;
        for element in children(encodings) {
            let element = element?;
            if element.id != id::CONTENT_ENCODING {
                continue;
            }
            if found != Self::Plain {
                return Err(ContainerError::Unsupported("several encodings of one track".into()));
            }
            found = one(element.payload(encodings)?)?;
        }
        Ok(found)
    }

    /// The frame as the decoder, or the cipher, wants it.
    pub(super) fn undo(&self, frame: Bytes) -> Result<(Bytes, Option<SampleProtection>), ContainerError> {
        match self {
            Self::Plain => Ok((frame, None)),
            Self::Stripped(head) => Ok((Bytes::from([&head[..], &frame[..]].concat()), None)),
            Self::Encrypted(key_id) => protected(frame, *key_id),
        }
    }
}

fn one(encoding: &[u8]) -> Result<Encoding, ContainerError> {
    let (mut kind, mut compression, mut encryption) = (0, None, None);
    for element in children(encoding) {
        let element = element?;
        match element.id {
            id::CONTENT_ENCODING_TYPE => kind = element.unsigned(encoding)?,
            id::CONTENT_COMPRESSION => compression = Some(element.payload(encoding)?),
            id::CONTENT_ENCRYPTION => encryption = Some(element.payload(encoding)?),
            _ => {}
        }
    }
    match kind {
        0 => stripped(compression.ok_or(ContainerError::Missing("ContentCompression"))?),
        1 => encrypted(encryption.ok_or(ContainerError::Missing("ContentEncryption"))?),
        other => Err(ContainerError::Unsupported(format!("content encoding {other}"))),
    }
}

fn stripped(compression: &[u8]) -> Result<Encoding, ContainerError> {
    let (mut algorithm, mut head) = (0, Bytes::new());
    for element in children(compression) {
        let element = element?;
        match element.id {
            id::CONTENT_COMP_ALGO => algorithm = element.unsigned(compression)?,
            id::CONTENT_COMP_SETTINGS => head = Bytes::copy_from_slice(element.payload(compression)?),
            _ => {}
        }
    }
    match algorithm {
        // A few bytes in all files; frames must not grow a thousandfold.
        3 if head.len() <= 64 => Ok(Encoding::Stripped(head)),
        3 => Err(ContainerError::LimitExceeded { what: "stripped bytes", max: 64 }),
        other => Err(ContainerError::Unsupported(format!("compressed frames ({other})"))),
    }
}

fn encrypted(encryption: &[u8]) -> Result<Encoding, ContainerError> {
    // The default cipher mode is the only one.
    let (mut algorithm, mut mode, mut key_id) = (0, 1, None);
    for element in children(encryption) {
        let element = element?;
        match element.id {
            id::CONTENT_ENC_ALGO => algorithm = element.unsigned(encryption)?,
            id::CONTENT_ENC_KEY_ID => key_id = Some(element.payload(encryption)?),
            id::CONTENT_ENC_AES_SETTINGS => {
                let settings = element.payload(encryption)?;
                for element in children(settings) {
                    let element = element?;
                    if element.id == id::AES_SETTINGS_CIPHER_MODE {
                        mode = element.unsigned(settings)?;
                    }
                }
            }
            _ => {}
        }
    }
    if (algorithm, mode) != (5, 1) {
        return Err(ContainerError::UnsupportedScheme(format!("WebM cipher {algorithm}/{mode}")));
    }
    let key_id = key_id.ok_or(ContainerError::Missing("ContentEncKeyID"))?;
    let key_id = key_id.try_into().map_err(|_| ContainerError::Malformed("ContentEncKeyID"))?;
    Ok(Encoding::Encrypted(KeyId(key_id)))
}

/// Signal byte, IV, partitions, then the frame.
fn protected(frame: Bytes, key_id: KeyId) -> Result<(Bytes, Option<SampleProtection>), ContainerError> {
    let malformed = || ContainerError::Malformed("encrypted block");
    let signal = *frame.first().ok_or_else(malformed)?;
    if signal & ENCRYPTED == 0 {
        return Ok((frame.slice(1..), None));
    }
    let stored = frame.get(1..1 + IV).ok_or_else(malformed)?;
    let mut iv = [0; 16];
    iv[..IV].copy_from_slice(stored);
    let mut at = 1 + IV;
    let mut boundaries: Vec<usize> = Vec::new();
    if signal & PARTITIONED != 0 {
        let count = usize::from(*frame.get(at).ok_or_else(malformed)?);
        at += 1;
        let list = frame.get(at..at + 4 * count).ok_or_else(malformed)?;
        at += list.len();
        boundaries.extend(list.chunks_exact(4).map(|entry| entry.iter().fold(0, |sum, b| sum << 8 | usize::from(*b))));
    }
    let data = frame.slice(at..);
    let subsamples = if signal & PARTITIONED == 0 { Vec::new() } else { subsamples(&boundaries, data.len())? };
    Ok((data, Some(SampleProtection { key_id, scheme: Scheme::Cenc, iv, subsamples })))
}

/// Boundaries between stretches that are clear, encrypted, clear and so on.
fn subsamples(boundaries: &[usize], length: usize) -> Result<Vec<Subsample>, ContainerError> {
    let ends: Vec<usize> = boundaries.iter().copied().chain([length]).collect();
    if !ends.is_sorted() {
        return Err(ContainerError::Malformed("partitions"));
    }
    let mut from = 0usize;
    let mut stretch = |end: usize| {
        let size = u32::try_from(end - from).map_err(|_| ContainerError::Malformed("partitions"));
        from = end;
        size
    };
    ends.chunks(2)
        .map(|pair| {
            let clear = stretch(pair[0])?;
            let protected = pair.get(1).map_or(Ok(0), |end| stretch(*end))?;
            Ok(Subsample { clear, protected })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: KeyId = KeyId([7; 16]);

    fn undo(frame: &[u8]) -> Result<(Bytes, Option<SampleProtection>), ContainerError> {
        Encoding::Encrypted(KEY).undo(Bytes::copy_from_slice(frame))
    }

    #[test]
    fn conformance_36_signal_byte_iv_and_partitions_of_encrypted_frames() {
        assert_eq!(undo(&[0, 1, 2, 3]), Ok((Bytes::from_static(&[1, 2, 3]), None)));

        let iv = [1, 2, 3, 4, 5, 6, 7, 8];
        let whole = undo(&[&[1u8][..], &iv, b"secret"].concat()).unwrap();
        let protection = whole.1.unwrap();
        assert_eq!((&whole.0[..], protection.subsamples.len()), (&b"secret"[..], 0));
        assert_eq!(protection.iv, [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((protection.key_id, protection.scheme), (KEY, Scheme::Cenc));

        // Clear 0..2, encrypted 2..5, clear 5..6.
        let parts = undo(&[&[3u8][..], &iv, &[2, 0, 0, 0, 2, 0, 0, 0, 5], b"abcdef"].concat()).unwrap();
        let subsamples = parts.1.unwrap().subsamples;
        assert_eq!(&parts.0[..], b"abcdef");
        assert_eq!(subsamples, [Subsample { clear: 2, protected: 3 }, Subsample { clear: 1, protected: 0 }]);
    }

    #[test]
    fn conformance_36_encrypted_frames_that_contradict_themselves_are_refused() {
        for frame in [&[][..], &[1, 2, 3], &[3, 1, 2, 3, 4, 5, 6, 7, 8, 200, 1]] {
            assert_eq!(undo(frame), Err(ContainerError::Malformed("encrypted block")));
        }
        let backwards = [3, 1, 2, 3, 4, 5, 6, 7, 8, 2, 0, 0, 0, 4, 0, 0, 0, 1, b'a', b'b', b'c', b'd', b'e'];
        assert_eq!(undo(&backwards), Err(ContainerError::Malformed("partitions")));
        let beyond = [3, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 0, 1, 0, b'a'];
        assert_eq!(undo(&beyond), Err(ContainerError::Malformed("partitions")));
    }
}
