//! Packed audio: elementary streams behind an ID3 tag (RFC 8216, section 3.4).

use super::{ContainerError, Demuxed, SampleCipher};
use bytes::Bytes;

/// Do these bytes begin as packed audio does?
pub fn is_packed_audio(_data: &[u8]) -> bool {
    false
}

/// All samples of a segment.
pub fn demux(_media: &Bytes, _cipher: Option<&SampleCipher>) -> Result<Demuxed, ContainerError> {
    Err(ContainerError::Unsupported("packed audio".into()))
}
