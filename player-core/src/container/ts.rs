//! MPEG-2 transport streams (ISO/IEC 13818-1).

use super::{ContainerError, Demuxed, SampleCipher};
use bytes::Bytes;

/// Are these packets of a transport stream?
pub fn is_ts(_data: &[u8]) -> bool {
    false
}

/// All samples of a segment.
pub fn demux(_media: &Bytes, _cipher: Option<&SampleCipher>) -> Result<Demuxed, ContainerError> {
    Err(ContainerError::Unsupported("MPEG-TS".into()))
}
