//! HLS (RFC 8216, draft-pantos-hls-rfc8216bis) to [`Presentation`] and [`SegmentIndex`].
//!
//! `lines` and `attributes` read what is written, `variables` puts values for names, and above them a playlist is read
//! in one pass from top to bottom: `media` makes an index of a media playlist (`keys` says what its segments are
//! encrypted with, `events` what happens when); `multivariant` reads tags, which `ladder` and `renditions` turn into
//! tracks. Why the lines are read here and not by a crate: `docs/decisions/004-own-playlist-lines.md`.

mod attributes;
mod codecs;
pub(crate) mod data_url;
mod date;
mod events;
mod keys;
mod ladder;
mod lines;
mod media;
mod multivariant;
mod number;
mod renditions;
#[cfg(test)]
mod tests;
mod variables;

pub(crate) use events::session_data_address;
pub use variables::Variables;

use super::{IndexSource, ManifestError, Presentation, SegmentIndex, TrackKind};
use crate::net::may_lead;
use lines::PlaylistKind;
use std::sync::Arc;
use url::Url;

/// Where a playlist came from, and what it may import.
#[derive(Clone, Copy, Debug)]
pub struct PlaylistContext<'a> {
    /// Its address after redirects: relative addresses resolve against it.
    pub base: &'a Url,
    /// Its address as it was asked for: `QUERYPARAM` looks here first.
    pub requested: &'a Url,
    /// Of the multivariant playlist that named it.
    pub variables: &'a Variables,
}

/// Reads what a stream's address leads to: a multivariant playlist, or a media playlist that stands for itself.
///
/// `base` is the address after redirects; relative URIs resolve against it.
///
/// # Errors
/// [`ManifestError`], for anything in which nothing can be played.
pub fn presentation(text: &[u8], base: &Url) -> Result<Presentation, ManifestError> {
    presentation_at(text, PlaylistContext { base, requested: base, variables: &Variables::default() })
}

/// As [`presentation`], for an address that may have been redirected.
///
/// # Errors
/// [`ManifestError`], for anything in which nothing can be played.
pub fn presentation_at(text: &[u8], context: PlaylistContext<'_>) -> Result<Presentation, ManifestError> {
    let text = lines::playlist(text)?;
    match lines::kind(&text) {
        PlaylistKind::Multivariant => multivariant::read(&text, context)?.presentation(),
        PlaylistKind::Media => Ok(lone_media_playlist(media::read(&text, context)?)),
    }
}

/// Reads a media playlist that imports nothing. One without an end is taken as it is: a snapshot of what is listed.
///
/// # Errors
/// [`ManifestError`], where its segments cannot be told or none of its protections can be taken.
pub fn media_playlist(text: &[u8], base: &Url) -> Result<SegmentIndex, ManifestError> {
    media_playlist_at(text, PlaylistContext { base, requested: base, variables: &Variables::default() })
}

/// As [`media_playlist`], for one that may import variables of its multivariant playlist.
///
/// # Errors
/// [`ManifestError`], where its segments cannot be told or none of its protections can be taken.
pub fn media_playlist_at(text: &[u8], context: PlaylistContext<'_>) -> Result<SegmentIndex, ManifestError> {
    let text = lines::playlist(text)?;
    match lines::kind(&text) {
        PlaylistKind::Media => media::read(&text, context),
        PlaylistKind::Multivariant => {
            Err(ManifestError::NotAPlaylist("a multivariant playlist stands for a media one"))
        }
    }
}

/// A stream that is one media playlist. Whether there is a picture in it, the container tells; files of text have none.
fn lone_media_playlist(index: SegmentIndex) -> Presentation {
    let (protections, events) = (index.protections.clone(), index.events.clone());
    let is_text = |url: &Url| {
        let path = url.path().to_ascii_lowercase();
        [".vtt", ".webvtt", ".ttml", ".srt"].iter().any(|ending| path.ends_with(ending))
    };
    let text = index.segments.iter().all(|segment| is_text(&segment.source.url));
    let mut alone = Presentation::of_one(IndexSource::Known(Arc::new(index)));
    if text {
        alone.tracks.iter_mut().for_each(|track| track.kind = TrackKind::Text);
    }
    Presentation { protections, events, ..alone }
}

/// Only addresses that a web server can answer, and data that are in the address itself: a playlist must not reach for
/// local files, unless it is one.
fn resolve(base: &Url, uri: &str) -> Result<Url, ManifestError> {
    let url = base.join(uri.trim()).map_err(|_| ManifestError::BadAddress)?;
    (url.scheme() == "data" || may_lead(base, &url)).then_some(url).ok_or(ManifestError::BadAddress)
}
