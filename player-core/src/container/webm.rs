//! WebM and Matroska.

use super::{ContainerError, Demuxed};
use crate::drm::KeyId;
use bytes::Bytes;

/// What comes before the clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub key_ids: Vec<KeyId>,
}

impl Header {
    /// Reads `EBML`, `Info` and `Tracks`.
    pub fn parse(_data: &[u8]) -> Result<Self, ContainerError> {
        Err(ContainerError::Unsupported("WebM".into()))
    }
}

/// Does this begin as an EBML file does?
pub fn is_webm(data: &[u8]) -> bool {
    data.starts_with(&[0x1a, 0x45, 0xdf, 0xa3])
}

/// All samples of a run of clusters.
pub fn demux(_media: &Bytes, _header: &Header) -> Result<Demuxed, ContainerError> {
    Err(ContainerError::Unsupported("WebM".into()))
}
