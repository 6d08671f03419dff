//! What can go wrong while the library is made.

use super::key::KeyError;
use service_api::TitleId;
use std::{io, path::PathBuf};

/// Why the library, or one title of it, cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// An outside program is not installed.
    #[error("{tool} cannot be started; install it and start again")]
    MissingTool {
        tool: &'static str,
        #[source]
        source: io::Error,
    },
    /// The file system has no room for what is being made.
    #[error("no space left on the disk that holds {path}")]
    DiskFull { path: PathBuf },
    /// Any other trouble with a file.
    #[error("cannot {action} {path}")]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The encoder ended with an error; `detail` is the end of what it printed.
    #[error("the {what} encoder failed: {detail}")]
    Encoder { what: String, detail: String },
    /// The encoder's output is not what the packager needs.
    #[error("cannot package {what}: {detail}")]
    Package { what: String, detail: String },
    /// A picture cannot be written.
    #[error("cannot write a picture")]
    Picture(#[from] image::ImageError),
    /// The server has no key for an encrypted title.
    #[error("no content key for {title}")]
    Key {
        title: TitleId,
        #[source]
        source: KeyError,
    },
    /// Another process makes the same library.
    #[error("the library in {path} is being made by another process")]
    Busy { path: PathBuf },
    /// Some titles could not be made; the others are served.
    #[error("{failed} of {total} titles could not be made; the first was {title}")]
    Titles {
        failed: usize,
        total: usize,
        title: TitleId,
        #[source]
        source: Box<IngestError>,
    },
    /// A worker thread of the library panicked.
    #[error("a worker ended unexpectedly")]
    Worker,
}

impl IngestError {
    /// Wraps an input/output error and singles out the one that a person can act upon.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::File { action, path, source },
        }
    }

    pub(crate) fn package(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Package { what: what.into(), detail: detail.into() }
    }

    /// Would the next title fail for the same reason?
    pub(crate) fn ends_everything(&self) -> bool {
        matches!(self, Self::MissingTool { .. } | Self::DiskFull { .. } | Self::Busy { .. })
    }
}
