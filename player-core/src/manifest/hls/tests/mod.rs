//! Conformance points of HLS, by number, and what streams in the wild do.

mod against_m3u8_rs;
mod keys;
mod media;
mod multivariant;
mod robustness;
mod streams;
mod variables;

use super::*;
use crate::manifest::{DynamicRange, Representation, SegmentRef, TrackGroup, TrackId, TrackKind};
use abr::Bitrate;

pub(super) const MASTER: &str = include_str!("../fixtures/master.m3u8");
pub(super) const MEDIA: &str = include_str!("../fixtures/media.m3u8");

pub(super) fn base() -> Url {
    "http://media.test/a/token/title/master.m3u8".parse().unwrap()
}

/// A media playlist of these lines.
pub(super) fn index_of(lines: &str) -> Result<SegmentIndex, ManifestError> {
    media_playlist(format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n{lines}\n#EXT-X-ENDLIST\n").as_bytes(), &base())
}

/// A multivariant playlist of these lines.
pub(super) fn presentation_of(lines: &str) -> Result<Presentation, ManifestError> {
    presentation(format!("#EXTM3U\n{lines}\n").as_bytes(), &base())
}

/// The last part of a segment's address.
pub(super) fn file(segment: &SegmentRef) -> &str {
    file_of(&segment.source.url)
}

pub(super) fn file_of(url: &Url) -> &str {
    url.path().rsplit('/').next().unwrap()
}

#[test]
fn a_multivariant_playlist_becomes_a_presentation() {
    let presentation = presentation(MASTER.as_bytes(), &base()).unwrap();
    insta::assert_snapshot!(multivariant::told(&presentation));
}

#[test]
fn a_media_playlist_becomes_an_index() {
    let url = base().join("v/720/index.m3u8").unwrap();
    insta::assert_snapshot!(media::told(&media_playlist(MEDIA.as_bytes(), &url).unwrap()));
}

#[test]
fn a_media_playlist_alone_is_a_presentation_of_one_rung() {
    let presentation = presentation(MEDIA.as_bytes(), &base()).unwrap();
    let track = presentation.preferred(TrackKind::Video, None).unwrap();
    assert!(matches!(&track.representations[0].index, IndexSource::Known(index) if index.segments.len() == 3));
    assert_eq!(presentation.protections.len(), 1);
}
