//! A published file and what a client may remember it by.

use axum::body::Bytes;
use std::{
    fs::{File, Metadata},
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// Files up to this size are held in memory as soon as they are asked for: one `writev` is cheaper than any way through
/// the page cache.
pub(super) const SMALL: u64 = 64 * 1024;
/// Larger files are never held in memory.
pub(super) const LARGEST: u64 = 8 * 1024 * 1024;

/// How long and by whom an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Segments never change, but the URL carries a token: for the client alone.
    Segment,
    /// Playlists are small and the first thing looked at after a repair of the library.
    Playlist,
    /// Pictures have their version in the address.
    Picture,
    /// A segment whose address carries no token, for caches that check the token themselves.
    SharedSegment,
    /// A playlist of the same kind.
    SharedPlaylist,
}

impl Keep {
    pub(crate) fn value(self) -> &'static str {
        match self {
            Self::Segment => "private, max-age=3600, immutable",
            Self::Playlist => "private, max-age=10",
            Self::Picture | Self::SharedSegment => "public, max-age=31536000, immutable",
            Self::SharedPlaylist => "public, max-age=10",
        }
    }
}

/// Fields that answers with files may have.
pub(super) const FIELD_NAMES: [&str; 11] = [
    "content-type",
    "etag",
    "last-modified",
    "accept-ranges",
    "cache-control",
    "x-content-type-options",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "cross-origin-resource-policy",
    "timing-allow-origin",
    "vary",
];

/// What a script of any origin may do with media: players live on other origins, and the token is the permission.
pub(crate) const SHARED_WITH_SCRIPTS: [(&str, &str); 4] = [
    ("access-control-allow-origin", "*"),
    (
        "access-control-expose-headers",
        "accept-ranges, content-length, content-range, date, etag, last-modified, x-request-id",
    ),
    ("cross-origin-resource-policy", "cross-origin"),
    ("timing-allow-origin", "*"),
];

/// An open file of the library. Files there are written beside their place and renamed into it, never changed.
#[derive(Debug)]
pub(crate) struct ServedFile {
    pub(crate) file: Arc<File>,
    pub(crate) length: u64,
    /// A strong validator.
    pub(crate) tag: String,
    /// Seconds since 1970, as precise as the field.
    pub(crate) modified_s: u64,
    /// The whole content, if it is held in memory.
    pub(crate) bytes: Option<Bytes>,
    /// The fields that every answer about it has, as lines of HTTP/1.1.
    pub(crate) lines: String,
    /// Device, inode, size and nanoseconds: what would differ if another file stood in its place.
    pub(super) identity: (u64, u64, u64, u128),
    /// When the identity was last compared, in milliseconds of the cache's own time.
    pub(super) checked_ms: AtomicU64,
    /// Was it used since the cache last looked for what to forget?
    pub(super) used: AtomicBool,
}

impl ServedFile {
    /// Takes the opened file. Blocking: reads it if it is small, or not too large and `into_memory` is wanted. `None`
    /// for what is no regular file.
    pub(super) fn of(file: File, name: &str, keep: Keep, into_memory: bool) -> io::Result<Option<Self>> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let length = metadata.len();
        let bytes = if length <= SMALL || (into_memory && length <= LARGEST) {
            let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
            file.read_exact_at(&mut bytes, 0)?;
            Some(bytes.into())
        } else {
            None
        };
        let modified = metadata.modified()?;
        let nanos = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let tag = format!("\"{length:x}-{nanos:x}\"");
        Ok(Some(Self {
            lines: lines(name, &tag, modified, keep),
            file: Arc::new(file),
            length,
            tag,
            modified_s: modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            bytes,
            identity: identity(&metadata)?,
            checked_ms: AtomicU64::new(0),
            used: AtomicBool::new(true),
        }))
    }

    /// Bytes of memory that it takes.
    pub(super) fn weight(&self) -> u64 {
        self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64) + 1_024
    }
}

pub(super) fn identity(metadata: &Metadata) -> io::Result<(u64, u64, u64, u128)> {
    let nanos = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    Ok((metadata.dev(), metadata.ino(), metadata.len(), nanos))
}

fn lines(name: &str, tag: &str, modified: SystemTime, keep: Keep) -> String {
    let date = httpdate::fmt_http_date(modified.max(UNIX_EPOCH));
    let own = [
        ("content-type", content_type(name)),
        ("etag", tag),
        ("last-modified", &date),
        ("accept-ranges", "bytes"),
        ("cache-control", keep.value()),
        ("x-content-type-options", "nosniff"),
    ];
    own.into_iter().chain(SHARED_WITH_SCRIPTS).map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

/// By file name: the library only makes these.
pub(super) fn content_type(name: &str) -> &'static str {
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("m3u8") => "application/vnd.apple.mpegurl",
        Some("mpd") => "application/dash+xml",
        Some("mp4" | "m4s") if name.contains("audio/") => "audio/mp4",
        Some("mp4" | "m4s") => "video/mp4",
        Some("vtt") => "text/vtt; charset=utf-8",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
