//! Objects: published media, wherever they are kept.
//!
//! Three nouns. A **store** ([`BlobStore`]) holds objects by **key** ([`BlobKey`]): a folder ([`FolderStore`]) or a
//! bucket of an S3-compatible server ([`S3Store`]). Around a store stand **decorators**: [`Counting`] for tests and
//! metrics, [`Patient`] for time-outs and repeats, [`Faulty`] to break it on purpose.
//!
//! Content does not change: a key is written once, and [`BlobStore::put`] says so when it was written before. The only
//! objects that are replaced are small documents that point to others ([`BlobStore::replace`]), so that what they point
//! to is complete before anybody can know of it. Every store passes the same suite, `tests/contracts/blob.rs`.

mod cache;
mod decorators;
mod error;
mod folder;
mod key;
mod s3;

pub(crate) use cache::BlobCache;
pub use decorators::{BlobFault, BlobFaults, Counting, Counts, Faulty, Patience, Patient};
pub use error::BlobError;
pub use folder::FolderStore;
pub use key::BlobKey;
pub use s3::{S3Config, S3Store};

use async_trait::async_trait;
use axum::body::Bytes;
use std::{fmt, ops::Range, path::Path};

/// Most bytes that one [`BlobStore::read`] returns. Larger objects are read in pieces: memory stays bounded.
pub const MAX_READ: u64 = 8 * 1024 * 1024;

/// Largest object that [`BlobStore::put`] and [`BlobStore::replace`] take; larger ones are files, for
/// [`BlobStore::put_file`].
pub const MAX_PUT: usize = 16 * 1024 * 1024;

/// Most keys in one answer of [`BlobStore::list`].
pub const MAX_LIST: usize = 1_000;

/// What became of a [`BlobStore::put`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object is stored, and will be there after a power cut.
    Stored,
    /// There was one with this key; it is unchanged.
    Present,
}

/// What is known of an object without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    /// In bytes.
    pub length: u64,
    /// When it was stored, in seconds since 1970: as precise as every backend is.
    pub stored_at_s: u64,
}

/// Holds objects. Called from any task, many at a time; every method may wait for a disk or a network, and dropping its
/// future gives the operation up: it has then happened or not.
#[async_trait]
pub trait BlobStore: fmt::Debug + Send + Sync {
    /// Stores an object unless there is one. Of several at the same time exactly one stores.
    async fn put(&self, key: &BlobKey, content: Bytes) -> Result<Put, BlobError>;

    /// Stores an object, whether there is one or not. Readers see the old or the new one, never a mixture.
    async fn replace(&self, key: &BlobKey, content: Bytes) -> Result<(), BlobError>;

    /// Stores a file of any size unless there is an object.
    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<Put, BlobError>;

    /// Describes an object.
    async fn info(&self, key: &BlobKey) -> Result<BlobInfo, BlobError>;

    /// Reads part of an object: at most [`MAX_READ`] bytes, none beyond its end; a range that begins behind the last
    /// byte is [`BlobError::Range`].
    async fn read(&self, key: &BlobKey, range: Range<u64>) -> Result<Bytes, BlobError>;

    /// Removes an object; one that is not there is no error.
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError>;

    /// The keys below `folder`, in their order, from behind `after`, at most `limit` and [`MAX_LIST`].
    async fn list(&self, folder: &BlobKey, after: Option<&BlobKey>, limit: usize) -> Result<Vec<BlobKey>, BlobError>;
}

/// Refuses what is too large for one piece.
fn check_size(content: &Bytes) -> Result<(), BlobError> {
    if content.len() > MAX_PUT { Err(BlobError::TooLarge { length: content.len() as u64 }) } else { Ok(()) }
}

/// The part of `range` that exists in an object of `length` bytes and may be read at once.
fn readable(range: &Range<u64>, length: u64) -> Result<Range<u64>, BlobError> {
    let end = range.end.min(length).min(range.start.saturating_add(MAX_READ));
    if range.start >= end && !(range.start == 0 && length == 0) {
        return Err(BlobError::Range { length });
    }
    Ok(range.start..end.max(range.start))
}
