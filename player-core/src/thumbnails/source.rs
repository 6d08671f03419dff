//! What a presentation offers to make thumbnails from, in the order of preference.

use super::MAX_SIDE;
use super::sprites::is_sprite_list;
use crate::manifest::{ByteSource, IndexSource, Presentation, ThumbnailTrack, TrackGroup, TrackKind};
use url::Url;

/// One way to get pictures.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Tiles(ThumbnailTrack),
    /// Addresses of WebVTT files.
    SpriteList(Vec<ByteSource>),
    /// Segments that begin with key frames.
    KeyFrames(IndexSource),
}

/// Files of one list of sprites.
const MAX_LIST_FILES: usize = 64;

/// All sources, best first. `extra` is the address of a list of sprites that somebody knows besides; key frames are of
/// use only where they `can_decode`.
pub(super) fn sources(presentation: &Presentation, extra: Option<&Url>, can_decode: bool) -> Vec<Source> {
    let mut found: Vec<Source> = tile_tracks(&presentation.thumbnails).into_iter().map(Source::Tiles).collect();
    let whole = |url: &Url| ByteSource { url: url.clone(), range: None };
    found.extend(extra.map(|url| Source::SpriteList(vec![whole(url)])));
    let announced = presentation.events.iter().filter(|event| is_sprite_list(&event.scheme));
    let announced = announced.filter_map(crate::manifest::hls::session_data_address);
    found.extend(announced.map(|url| Source::SpriteList(vec![whole(&url)])));
    found.extend(presentation.tracks.iter().filter_map(list_of_track).map(Source::SpriteList));
    if can_decode {
        let trick_play = presentation.trick_play.iter().filter(|group| group.kind == TrackKind::Video);
        let lowest = presentation.preferred(TrackKind::Video, None);
        let groups = trick_play.chain(lowest);
        let cheapest = groups.filter_map(|group| group.representations.first());
        found.extend(cheapest.map(|representation| Source::KeyFrames(representation.index.clone())));
    }
    found
}

/// The one whose pictures are as large as can be of use, then the others.
fn tile_tracks(tracks: &[ThumbnailTrack]) -> Vec<ThumbnailTrack> {
    let mut sorted = tracks.to_vec();
    sorted.sort_by_key(|track| match track.width {
        width if width <= MAX_SIDE => (0, MAX_SIDE - width),
        width => (1, width - MAX_SIDE),
    });
    sorted
}

/// Players have such lists as tracks of text that are not to be read.
fn list_of_track(group: &TrackGroup) -> Option<Vec<ByteSource>> {
    let is_list = group.kind == TrackKind::Text
        && (is_sprite_list(&group.name) || group.roles.iter().any(|role| is_sprite_list(role)));
    match &group.representations.first().filter(|_| is_list)?.index {
        IndexSource::Known(index) => {
            Some(index.segments.iter().take(MAX_LIST_FILES).map(|segment| segment.source.clone()).collect())
        }
        _ => None,
    }
}
