//! From the crate's structures to ours.

use super::{MAX_SEGMENTS, MAX_VARIANTS, keys};
use crate::manifest::{
    ByteSource, DynamicRange, IndexSource, InitSource, ManifestError, Presentation, Protection, Representation,
    SegmentIndex, SegmentRef, Timing, TrackGroup, TrackId, TrackKind,
};
use abr::{Bitrate, MediaTime, RungId};
use m3u8_rs::{AlternativeMediaType, ByteRange, MasterPlaylist, MediaPlaylist, VariantStream};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// No segment lasts longer.
const MAX_SEGMENT: Duration = Duration::from_secs(600);

/// A multivariant playlist: variants become rungs of one video track, renditions become audio and text tracks.
pub(super) fn multivariant(master: &MasterPlaylist, base: &Url) -> Result<Presentation, ManifestError> {
    if master.variants.len() + master.alternatives.len() > MAX_VARIANTS {
        return Err(ManifestError::LimitExceeded { what: "variants", max: MAX_VARIANTS });
    }
    let mut variants: Vec<&VariantStream> = master.variants.iter().filter(|variant| !variant.is_i_frame).collect();
    variants.sort_by_key(|variant| variant.bandwidth);
    let Some(first) = variants.first() else { return Err(ManifestError::Empty) };

    // One group of audio and one of text serve all rungs. Codec-specific groups are told apart by the first variant.
    let (audio_group, text_group) = (first.audio.clone(), first.subtitles.clone());
    // The same address twice is a redundant stream or another group's copy; it adds no rung.
    let mut seen = std::collections::HashSet::new();
    variants.retain(|variant| seen.insert(variant.uri.clone()));

    // A ladder is of one codec: decoders are not changed in mid-play. H.264 is what every machine has.
    let families: Vec<bool> = variants.iter().map(|variant| is_h264(variant)).collect();
    if families.contains(&true) {
        variants.retain(|variant| is_h264(variant));
    }

    let mut tracks = Vec::new();
    let mut add = |kind, language, name, default, representations| {
        let id = TrackId(u16::try_from(tracks.len()).unwrap_or(u16::MAX));
        tracks.push(TrackGroup {
            id,
            kind,
            language,
            name,
            default,
            forced: false,
            roles: Vec::new(),
            representations,
        });
    };

    let with_picture: Vec<_> = variants.iter().copied().filter(|variant| has_picture(variant)).collect();
    let (kind, chosen) =
        if with_picture.is_empty() { (TrackKind::Audio, variants) } else { (TrackKind::Video, with_picture) };
    let rungs = chosen.iter().enumerate().map(|(position, variant)| rung(position, variant, base));
    add(kind, None, "Main".to_owned(), true, rungs.collect::<Result<Vec<_>, _>>()?);

    for rendition in &master.alternatives {
        let (kind, wanted_group) = match rendition.media_type {
            AlternativeMediaType::Audio => (TrackKind::Audio, &audio_group),
            AlternativeMediaType::Subtitles => (TrackKind::Text, &text_group),
            _ => continue,
        };
        // A rendition without an address is inside the variants' own segments.
        let Some(uri) = rendition.uri.as_deref().filter(|_| wanted_group.as_deref() == Some(&rendition.group_id))
        else {
            continue;
        };
        let representation = Representation {
            id: RungId(0),
            bitrate: Bitrate::default(),
            average: None,
            width: 0,
            height: 0,
            frame_rate: None,
            channels: 0,
            dynamic_range: DynamicRange::Sdr,
            codecs: String::new(),
            index: IndexSource::Playlist(resolve(base, uri)?),
        };
        add(kind, rendition.language.clone(), rendition.name.clone(), rendition.default, vec![representation]);
    }

    // An announced key that cannot be taken is no reason to stop here: media may offer another, or be in the clear.
    let protections = master.session_key.iter().filter_map(|key| keys::protection(&key.0).ok().flatten()).collect();
    Ok(Presentation { protections, ..Presentation::of(tracks) })
}

/// A stream that is one media playlist.
pub(super) fn lone_media_playlist(index: SegmentIndex) -> Presentation {
    let protections = index.protections.clone();
    let representation = Representation {
        id: RungId(0),
        bitrate: Bitrate::default(),
        average: None,
        width: 0,
        height: 0,
        frame_rate: None,
        channels: 0,
        dynamic_range: DynamicRange::Sdr,
        codecs: String::new(),
        index: IndexSource::Known(Arc::new(index)),
    };
    let track = TrackGroup {
        id: TrackId(0),
        kind: TrackKind::Video,
        language: None,
        name: "Main".into(),
        default: true,
        forced: false,
        roles: Vec::new(),
        representations: vec![representation],
    };
    Presentation { protections, ..Presentation::of(vec![track]) }
}

/// Without CODECS a variant is taken for H.264: most are.
fn is_h264(variant: &VariantStream) -> bool {
    let codecs = variant.codecs.as_deref().unwrap_or_default();
    codecs.is_empty() || codecs.split(',').any(|codec| codec.trim().starts_with("avc"))
}

/// Without CODECS and RESOLUTION a variant is taken to have a picture: most have.
fn has_picture(variant: &VariantStream) -> bool {
    const PICTURE: [&str; 10] = ["avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe", "vp08", "vp09", "av01", "mp4v"];
    let codecs = variant.codecs.as_deref().unwrap_or_default();
    variant.resolution.is_some()
        || codecs.is_empty()
        || codecs.split(',').any(|codec| PICTURE.iter().any(|prefix| codec.trim().starts_with(prefix)))
}

fn rung(position: usize, variant: &VariantStream, base: &Url) -> Result<Representation, ManifestError> {
    let (width, height) = variant.resolution.map_or((0, 0), |size| (size.width, size.height));
    Ok(Representation {
        id: RungId(u16::try_from(position).unwrap_or(u16::MAX)),
        bitrate: Bitrate::from_bps(variant.bandwidth),
        average: variant.average_bandwidth.map(Bitrate::from_bps),
        width: u32::try_from(width).unwrap_or_default(),
        height: u32::try_from(height).unwrap_or_default(),
        frame_rate: variant.frame_rate.map(|rate| rate as f32).filter(|rate| rate.is_finite() && *rate > 0.0),
        channels: 0,
        dynamic_range: DynamicRange::Sdr,
        codecs: variant.codecs.clone().unwrap_or_default(),
        index: IndexSource::Playlist(resolve(base, &variant.uri)?),
    })
}

/// A media playlist that has ended.
pub(super) fn media(playlist: &MediaPlaylist, base: &Url) -> Result<SegmentIndex, ManifestError> {
    if playlist.segments.is_empty() {
        return Err(ManifestError::Empty);
    }
    if playlist.segments.len() > MAX_SEGMENTS {
        return Err(ManifestError::LimitExceeded { what: "segments", max: MAX_SEGMENTS });
    }
    if !playlist.end_list {
        return Err(ManifestError::Unsupported("live streams"));
    }

    let mut start = MediaTime::ZERO;
    let mut init: Option<InitSource> = None;
    let mut protections: Vec<Protection> = Vec::new();
    let mut previous: Option<ByteSource> = None;
    let mut segments = Vec::with_capacity(playlist.segments.len());
    for (position, segment) in playlist.segments.iter().enumerate() {
        if segment.discontinuity && position > 0 {
            // Timestamps start anew there; read as one timeline they would run backwards.
            return Err(ManifestError::Unsupported("discontinuities"));
        }
        if let Some(map) = &segment.map {
            let source = source(base, &map.uri, map.byte_range.as_ref(), None)?;
            init = Some(InitSource { source, cipher: None });
        }
        if let Some(protection) = segment.key.as_ref().map(keys::protection).transpose()?.flatten()
            && !protections.contains(&protection)
        {
            protections.push(protection);
        }
        let duration = Duration::try_from_secs_f32(segment.duration).ok().filter(|duration| *duration <= MAX_SEGMENT);
        let duration = duration.ok_or(ManifestError::NotAPlaylist("a segment has an impossible duration"))?;
        let source = source(base, &segment.uri, segment.byte_range.as_ref(), previous.as_ref())?;
        previous = Some(source.clone());
        let number = playlist.media_sequence.saturating_add(position as u64);
        segments.push(SegmentRef {
            number,
            start,
            duration,
            source,
            init: init.clone(),
            epoch: 0,
            timing: Timing::Listed,
            gap: false,
            cipher: None,
        });
        start += duration;
    }
    if start == MediaTime::ZERO {
        return Err(ManifestError::NotAPlaylist("its segments have no duration"));
    }
    Ok(SegmentIndex { segments, protections })
}

/// A byte range without an offset goes on where the previous range of the same resource ended.
fn source(
    base: &Url,
    uri: &str,
    range: Option<&ByteRange>,
    previous: Option<&ByteSource>,
) -> Result<ByteSource, ManifestError> {
    let url = resolve(base, uri)?;
    let range = match range {
        None => None,
        Some(ByteRange { length, offset: Some(offset) }) => Some((*offset, *length)),
        Some(ByteRange { length, offset: None }) => {
            let end = previous.filter(|last| last.url == url).and_then(|last| last.range);
            let (start, before) = end.ok_or(ManifestError::NotAPlaylist("a byte range without a start"))?;
            Some((start.saturating_add(before), *length))
        }
    };
    Ok(ByteSource { url, range })
}

/// Only addresses that a web server can answer: a playlist must not reach for local files.
fn resolve(base: &Url, uri: &str) -> Result<Url, ManifestError> {
    let url = base.join(uri.trim()).map_err(|_| ManifestError::BadAddress)?;
    matches!(url.scheme(), "http" | "https").then_some(url).ok_or(ManifestError::BadAddress)
}
