//! Why an object cannot be had.

use std::io;

/// Why an operation on a store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// There is no such object.
    #[error("there is no such object")]
    NotFound,
    /// The name is not one that every store takes.
    #[error("the name of an object is empty, too long, or has characters that are not allowed")]
    Key,
    /// The range begins behind the object's last byte.
    #[error("the range lies outside of the object, which has {length} bytes")]
    Range {
        /// Length of the object.
        length: u64,
    },
    /// Too many bytes for one piece.
    #[error("an object of {length} bytes is too large to be stored in one piece")]
    TooLarge {
        /// Length of what was given.
        length: u64,
    },
    /// The store refuses its credentials.
    #[error("the store refuses the credentials")]
    Denied,
    /// The settings of the store make no sense.
    #[error("the settings of the store cannot be used: {0}")]
    Settings(String),
    /// The store did not answer in time, or its answer broke off. Worth another try.
    #[error("the store does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The disk says no.
    #[error("the store cannot be read or written")]
    Io(#[source] io::Error),
}

impl BlobError {
    /// Could the same operation succeed in a moment?
    pub fn is_worth_repeating(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound { Self::NotFound } else { Self::Io(error) }
    }
}
