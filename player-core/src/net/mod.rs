//! Bytes from elsewhere. [`Fetcher`] is the one door to the network; everything else decorates it.

mod access;
mod cached;
mod content_coding;
mod http;
mod local;
mod shaped;

pub use access::{NetAccess, ProxyRule};
pub use cached::CachedFetcher;
pub use http::HttpFetcher;
pub use local::LocalFetcher;
pub use shaped::{ShapedFetcher, Shaper};

use crate::manifest::ByteSource;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// One transfer to be made.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    pub source: ByteSource,
    /// Longer bodies are an error, noticed as early as possible.
    pub max_bytes: u64,
}

/// What arrived.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub body: Bytes,
    /// The address that answered in the end; relative references resolve against it.
    pub url: Url,
    /// From the request to the first byte of the body.
    pub ttfb: Duration,
    /// From the request to the last byte.
    pub elapsed: Duration,
    /// Came from memory and says nothing about the network.
    pub cached: bool,
    /// By what it came; `None` where nobody knows, as for what was in memory.
    pub protocol: Option<Protocol>,
}

/// By what bytes come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    Http10,
    Http11,
    Http2,
    Http3,
    /// Of this machine.
    File,
}

impl Protocol {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::Http3 => "HTTP/3",
            Self::File => "file",
        }
    }
}

/// How far a transfer is. `received` counts body bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub received: u64,
    pub expected: Option<u64>,
    /// Since the request.
    pub elapsed: Duration,
    /// From the request to the first byte of the body.
    pub ttfb: Duration,
}

/// Told about progress, several times a second at most. Must return at once.
pub type ProgressSink = Arc<dyn Fn(Progress) + Send + Sync>;

/// Fetches. Dropping the future cancels the transfer and frees its connection.
pub trait Fetcher: Send + Sync + fmt::Debug + 'static {
    fn fetch(&self, request: FetchRequest, progress: ProgressSink) -> BoxFuture<'static, Result<Fetched, FetchError>>;
}

/// Asks for a fresh address when the permission in the old one has run out.
#[async_trait]
pub trait SourceRefresh: Send + Sync + fmt::Debug {
    /// The manifest's new address. The media lie relative to it as they lay to the old one.
    async fn refresh(&self) -> Result<Url, FetchError>;
}

/// Why a transfer failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    #[error("no connection: {0}")]
    Unreachable(String),
    #[error("nothing arrived for {0:?}")]
    TimedOut(Duration),
    #[error("the server answered {0}")]
    Status(u16),
    #[error("the connection broke after {received} bytes")]
    Interrupted { received: u64 },
    #[error("the body is longer than {max} bytes")]
    TooLarge { max: u64 },
    #[error("the server sent another part than was asked for")]
    WrongRange,
}

impl FetchError {
    /// Is it worth asking another server for the same?
    pub(crate) fn may_be_better_elsewhere(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut(_) | Self::Interrupted { .. } | Self::WrongRange => true,
            Self::Status(status) => matches!(status, 404 | 408 | 410 | 425 | 429 | 500..),
            Self::TooLarge { .. } => false,
        }
    }
}

/// May something at `base` name `url`? Only what a web server answers; and files, but only from a file.
pub(crate) fn may_lead(base: &Url, url: &Url) -> bool {
    match url.scheme() {
        "http" | "https" => true,
        "file" => base.scheme() == "file",
        _ => false,
    }
}

/// Scheme, host and last path part of an address: what may be logged. Tokens stand in paths and queries.
pub fn loggable(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    format!("{}://{}/…/{last}", url.scheme(), url.host_str().unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_has_neither_path_nor_query() {
        let url: Url = "https://user:pw@media.test:8443/secret-token/title/seg-1.m4s?sig=abc".parse().unwrap();
        assert_eq!(loggable(&url), "https://media.test/…/seg-1.m4s");
    }
}
