//! Lists of segments that files hold themselves: `sidx`, WebM cues, sample tables of plain files.

use super::ContainerError;
use crate::manifest::{IndexedFile, SegmentRef};

/// What a stretch of a file said.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexRead {
    Done(Vec<SegmentRef>),
    /// First byte and length of what must be read next; it replaces what was read so far.
    More((u64, u64)),
}

/// Reads `data`, which begins at the byte `first` of `file`.
pub fn read(_data: &[u8], _first: u64, _file: &IndexedFile) -> Result<IndexRead, ContainerError> {
    Err(ContainerError::Unsupported("files with an index".into()))
}
