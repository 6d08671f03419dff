//! One file as an answer: validators, conditions, ranges.

use super::{
    body::{Damage, Extent, Opened},
    range::{Wanted, wanted},
};
use crate::gateway::{ApiError, conditional};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use std::{
    fs::{File, Metadata},
    io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// How long and by whom an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Segments never change, but the URL carries a token: for the client alone.
    Segment,
    /// Playlists are small and the first thing looked at after a repair of the library.
    Playlist,
    /// Pictures have their version in the address.
    Picture,
}

impl Keep {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Segment => "private, max-age=3600, immutable",
            Self::Playlist => "private, max-age=10",
            Self::Picture => "public, max-age=31536000, immutable",
        })
    }
}

/// A request for a file that the client may have.
#[derive(Debug)]
pub(crate) struct FileRequest {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) keep: Keep,
    pub(crate) damage: Damage,
}

/// What a client may remember a file by.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Validators {
    /// Strong: files of the library are written beside their place and renamed into it, never changed.
    tag: String,
    modified: SystemTime,
}

impl FileRequest {
    /// Answers with the file that `locate` finds; both run where blocking is allowed.
    pub(crate) async fn answer(
        self,
        locate: impl FnOnce() -> Option<PathBuf> + Send + 'static,
    ) -> Result<Response, ApiError> {
        let answer = tokio::task::spawn_blocking(move || match locate() {
            Some(path) => self.prepare(&path),
            None => Ok(None),
        });
        match answer.await {
            Ok(Ok(Some(response))) => Ok(response),
            Ok(Ok(None)) => Err(ApiError::not_found("file")),
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Err(ApiError::not_found("file")),
            Ok(Err(error)) => Err(ApiError::internal(&error)),
            Err(stopped) => Err(ApiError::internal(&stopped)),
        }
    }

    fn prepare(self, path: &Path) -> io::Result<Option<Response>> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let validators = Validators::of(&metadata)?;
        let mut response = Response::new(Body::empty());
        validators.write(response.headers_mut());
        response.headers_mut().insert(header::CACHE_CONTROL, self.keep.header());
        if self.is_unchanged(&validators) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(Some(response));
        }
        let length = metadata.len();
        let wanted = self.wanted(&validators, length);
        let headers = response.headers_mut();
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let (first, extent_length) = match wanted {
            Wanted::Whole => (0, length),
            Wanted::Part { first, last } => {
                headers.insert(header::CONTENT_RANGE, content_range(&format!("{first}-{last}"), length));
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                (first, last - first + 1)
            }
            Wanted::Nothing => {
                headers.insert(header::CONTENT_RANGE, content_range("*", length));
                *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
                return Ok(Some(response));
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(extent_length));
        if self.method != Method::HEAD {
            let extent = Extent { file, first, length: extent_length };
            *response.body_mut() = Opened::open(extent, &self.damage)?.into_body(self.damage);
        }
        Ok(Some(response))
    }

    /// RFC 9110, 13.2.2: `If-None-Match` decides, and only without it `If-Modified-Since`.
    fn is_unchanged(&self, validators: &Validators) -> bool {
        if self.headers.contains_key(header::IF_NONE_MATCH) {
            return conditional::none_match(&self.headers, &validators.tag);
        }
        self.date(header::IF_MODIFIED_SINCE).is_some_and(|since| validators.modified_s() <= since)
    }

    /// The range, if there is one and the client's idea of the file is ours.
    fn wanted(&self, validators: &Validators, length: u64) -> Wanted {
        // A range is only defined for GET.
        let range = self.headers.get(header::RANGE).filter(|_| self.method == Method::GET);
        let Some(range) = range.and_then(|range| range.to_str().ok()) else { return Wanted::Whole };
        let is_same = match self.headers.get(header::IF_RANGE) {
            None => true,
            Some(tag) if tag.as_bytes().starts_with(b"\"") => tag.as_bytes() == validators.tag.as_bytes(),
            // A date must be exactly ours; a weak tag is not a date and never matches.
            Some(_) => self.date(header::IF_RANGE).is_some_and(|date| date == validators.modified_s()),
        };
        if is_same { wanted(range, length) } else { Wanted::Whole }
    }

    /// A date header in seconds since 1970.
    fn date(&self, name: header::HeaderName) -> Option<u64> {
        let date = httpdate::parse_http_date(self.headers.get(name)?.to_str().ok()?).ok()?;
        Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs())
    }
}

impl Validators {
    fn of(metadata: &Metadata) -> io::Result<Self> {
        let modified = metadata.modified()?;
        let nanos = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Ok(Self { tag: format!("\"{:x}-{nanos:x}\"", metadata.len()), modified })
    }

    /// As precise as the header.
    fn modified_s(&self) -> u64 {
        self.modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    fn write(&self, headers: &mut HeaderMap) {
        headers.insert(header::ETAG, HeaderValue::try_from(&self.tag).expect("hexadecimal digits are visible ASCII"));
        let date = httpdate::fmt_http_date(self.modified.max(UNIX_EPOCH));
        headers.insert(header::LAST_MODIFIED, HeaderValue::try_from(date).expect("a date is visible ASCII"));
    }
}

fn content_range(range: &str, length: u64) -> HeaderValue {
    HeaderValue::try_from(format!("bytes {range}/{length}")).expect("digits are visible ASCII")
}

/// By file name: the library only makes these.
fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("m3u8") => "application/vnd.apple.mpegurl",
        Some("mp4" | "m4s") => "video/mp4",
        Some("vtt") => "text/vtt; charset=utf-8",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
