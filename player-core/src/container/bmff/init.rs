//! Initialisation segments: tracks, their decoders' configuration, protection and time.

use super::MAX_TRACKS;
use super::boxes::{self, BoxRef};
use super::protection::{self, TrackProtection};
use crate::container::{CodecConfig, ContainerError, TrackFormat};
use crate::drm::{KeyId, pssh};
use crate::manifest::TrackKind;
use abr::MediaTime;
use bytes::Bytes;
use mp4_atom::{Elst, Hdlr, Mdhd, Tkhd, Trex};

/// What an initialisation segment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitSegment {
    pub tracks: Vec<InitTrack>,
    /// Key ids of `pssh` boxes and track defaults.
    pub key_ids: Vec<KeyId>,
}

/// One track of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitTrack {
    pub id: u32,
    pub timescale: u32,
    pub format: TrackFormat,
    /// By sample description index, counted from 1; a clear lead has an entry of its own.
    pub descriptions: Vec<Option<TrackProtection>>,
    /// To be added to media times: the edit list.
    pub shift: MediaTime,
    pub(super) defaults: SampleDefaults,
}

/// `trex`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SampleDefaults {
    pub(super) description: u32,
    pub(super) duration: u32,
    pub(super) size: u32,
    pub(super) flags: u32,
}

impl InitSegment {
    /// Reads a segment that starts with `ftyp` and holds `moov`.
    ///
    /// Tracks that are neither picture nor sound are left out; one that cannot be decoded is an error only if it is
    /// the last hope.
    pub fn parse(data: &[u8]) -> Result<Self, ContainerError> {
        if data.get(..1).is_none_or(|first| first == [0x47]) || data.len() < 8 {
            return Err(ContainerError::NotBmff);
        }
        let moov = boxes::find(data, b"moov").map_err(|error| match boxes::boxes(data).next() {
            Some(Ok(first)) if matches!(&first.kind, b"ftyp" | b"styp" | b"moov") => error,
            _ => ContainerError::NotBmff,
        })?;
        let moov = moov.ok_or(ContainerError::Missing("moov"))?;
        let movie_timescale = movie_timescale(moov.payload)?;
        let defaults = track_defaults(moov.payload)?;

        let (mut tracks, mut refused, mut key_ids) = (Vec::new(), None, Vec::new());
        for found in boxes::boxes(moov.payload) {
            let found = found?;
            match &found.kind {
                b"trak" if tracks.len() == MAX_TRACKS => {
                    return Err(ContainerError::LimitExceeded { what: "tracks", max: MAX_TRACKS as u64 });
                }
                b"trak" => match track(found.payload, movie_timescale, &defaults) {
                    Ok(Some(track)) => tracks.push(track),
                    Ok(None) => {}
                    Err(error) => refused = Some(error),
                },
                b"pssh" => key_ids.extend(pssh::payload_key_ids(found.payload)),
                _ => {}
            }
        }
        if tracks.is_empty() {
            return Err(refused.unwrap_or(ContainerError::Missing("trak")));
        }
        key_ids.extend(tracks.iter().flat_map(|track| track.descriptions.iter().flatten().map(|entry| entry.key_id)));
        key_ids.sort_unstable();
        key_ids.dedup();
        Ok(Self { tracks, key_ids })
    }
}

#[cfg(any(test, feature = "testing"))]
impl InitSegment {
    /// One clear track with this format.
    pub fn for_tests(format: TrackFormat) -> Self {
        let track = InitTrack {
            id: 1,
            timescale: 90_000,
            format,
            descriptions: vec![None],
            shift: MediaTime::ZERO,
            defaults: SampleDefaults::default(),
        };
        Self { tracks: vec![track], key_ids: Vec::new() }
    }
}

/// `mvhd`: version 0 has 32-bit times before the timescale, version 1 64-bit ones.
fn movie_timescale(moov: &[u8]) -> Result<u32, ContainerError> {
    let mvhd = boxes::require(moov, "mvhd")?.payload;
    let at = if mvhd.first() == Some(&1) { 20 } else { 12 };
    let bytes =
        mvhd.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).ok_or(ContainerError::Malformed("mvhd"))?;
    Ok(u32::from_be_bytes(bytes).max(1))
}

fn track_defaults(moov: &[u8]) -> Result<Vec<Trex>, ContainerError> {
    let Some(mvex) = boxes::find(moov, b"mvex")? else {
        return Err(ContainerError::Unsupported("a file that is not fragmented".into()));
    };
    let mut defaults = Vec::new();
    for found in boxes::boxes(mvex.payload) {
        let found = found?;
        if &found.kind == b"trex" && defaults.len() < MAX_TRACKS {
            defaults.push(found.decode("trex")?);
        }
    }
    Ok(defaults)
}

fn track(trak: &[u8], movie_timescale: u32, defaults: &[Trex]) -> Result<Option<InitTrack>, ContainerError> {
    let header: Tkhd = boxes::require(trak, "tkhd")?.decode("tkhd")?;
    let mdia = boxes::require(trak, "mdia")?.payload;
    let handler: Hdlr = boxes::require(mdia, "hdlr")?.decode("hdlr")?;
    let kind = match handler.handler.as_ref() {
        b"vide" => TrackKind::Video,
        b"soun" => TrackKind::Audio,
        _ => return Ok(None),
    };
    let media: Mdhd = boxes::require(mdia, "mdhd")?.decode("mdhd")?;
    if media.timescale == 0 {
        return Err(ContainerError::Malformed("mdhd"));
    }
    let stbl = boxes::require(boxes::require(mdia, "minf")?.payload, "stbl")?.payload;
    let (codec, descriptions) = sample_entries(boxes::require(stbl, "stsd")?.payload)?;
    let defaults = defaults.iter().find(|trex| trex.track_id == header.track_id);
    Ok(Some(InitTrack {
        id: header.track_id,
        timescale: media.timescale,
        format: TrackFormat { kind, codec },
        descriptions,
        shift: edit_shift(trak, movie_timescale, media.timescale)?,
        defaults: defaults.map_or_else(SampleDefaults::default, |trex| SampleDefaults {
            description: trex.default_sample_description_index,
            duration: trex.default_sample_duration,
            size: trex.default_sample_size,
            flags: trex.default_sample_flags,
        }),
    }))
}

/// The edit list as one shift: an empty edit delays the media, a media time cuts its head. Further edits of a
/// fragmented file are not used by packagers.
fn edit_shift(trak: &[u8], movie_timescale: u32, timescale: u32) -> Result<MediaTime, ContainerError> {
    let Some(edts) = boxes::find(trak, b"edts")? else { return Ok(MediaTime::ZERO) };
    let Some(elst) = boxes::find(edts.payload, b"elst")? else { return Ok(MediaTime::ZERO) };
    if elst.payload.len() > 4096 {
        return Err(ContainerError::LimitExceeded { what: "edits", max: 4096 / 12 });
    }
    let list: Elst = elst.decode("elst")?;
    let mut shift = MediaTime::ZERO;
    for edit in &list.entries {
        match edit.media_time {
            None => shift += MediaTime::from_ticks(clamp(edit.segment_duration), movie_timescale),
            Some(start) => return Ok(shift - MediaTime::from_ticks(clamp(start), timescale)),
        }
    }
    Ok(shift)
}

fn clamp(ticks: u64) -> i64 {
    i64::try_from(ticks).unwrap_or(i64::MAX)
}

type Entries = (CodecConfig, Vec<Option<TrackProtection>>);

/// All entries of `stsd`. They may differ in protection (clear lead) but not in codec.
fn sample_entries(stsd: &[u8]) -> Result<Entries, ContainerError> {
    let mut codec = None;
    let mut descriptions = Vec::new();
    for entry in boxes::boxes(stsd.get(8..).ok_or(ContainerError::Malformed("stsd"))?) {
        let (entry_codec, protection) = sample_entry(&entry?)?;
        codec.get_or_insert(entry_codec);
        if descriptions.len() == MAX_TRACKS {
            return Err(ContainerError::LimitExceeded { what: "sample entries", max: MAX_TRACKS as u64 });
        }
        descriptions.push(protection);
    }
    Ok((codec.ok_or(ContainerError::Missing("stsd"))?, descriptions))
}

/// Fixed parts of a VisualSampleEntry and an AudioSampleEntry before their boxes.
const VISUAL_ENTRY: usize = 78;
const AUDIO_ENTRY: usize = 28;

fn sample_entry(entry: &BoxRef<'_>) -> Result<(CodecConfig, Option<TrackProtection>), ContainerError> {
    let fixed = match &entry.kind {
        b"encv" | b"avc1" | b"avc3" | b"hvc1" | b"hev1" => VISUAL_ENTRY,
        b"enca" | b"mp4a" => AUDIO_ENTRY,
        other => return Err(ContainerError::Unsupported(format!("sample entry {}", boxes::printable(*other)))),
    };
    let (head, children) = entry.payload.split_at_checked(fixed).ok_or(ContainerError::Malformed("stsd"))?;
    let (kind, protection) = match &entry.kind {
        b"encv" | b"enca" => protection::parse_sinf(boxes::require(children, "sinf")?.payload)?,
        _ => (entry.kind, None),
    };
    let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let codec = match &kind {
        b"avc1" | b"avc3" => {
            let avcc = boxes::require(children, "avcC")?.payload;
            CodecConfig::H264 { avcc: Bytes::copy_from_slice(avcc), width: word(24), height: word(26) }
        }
        b"hvc1" | b"hev1" => {
            let hvcc = boxes::require(children, "hvcC")?.payload;
            CodecConfig::H265 { hvcc: Bytes::copy_from_slice(hvcc), width: word(24), height: word(26) }
        }
        b"mp4a" => {
            let config = audio_specific_config(boxes::require(children, "esds")?.payload)?;
            let rate = u32::from(word(24));
            CodecConfig::Aac { config: Bytes::copy_from_slice(config), rate, channels: word(16) }
        }
        other => return Err(ContainerError::Unsupported(format!("codec {}", boxes::printable(*other)))),
    };
    Ok((codec, protection))
}

/// The DecoderSpecificInfo of an `esds` box: descriptors 3 > 4 > 5 of ISO/IEC 14496-1.
fn audio_specific_config(esds: &[u8]) -> Result<&[u8], ContainerError> {
    let malformed = || ContainerError::Malformed("esds");
    let es = descriptor(esds.get(4..).ok_or_else(malformed)?, 3).ok_or_else(malformed)?;
    let flags = *es.get(2).ok_or_else(malformed)?;
    // Optional parts: dependsOn (2), URL (1 + length), OCR id (2).
    let mut at = 3 + if flags & 0x80 != 0 { 2 } else { 0 };
    if flags & 0x40 != 0 {
        at += 1 + usize::from(*es.get(at).ok_or_else(malformed)?);
    }
    at += if flags & 0x20 != 0 { 2 } else { 0 };
    let config = descriptor(es.get(at..).ok_or_else(malformed)?, 4).ok_or_else(malformed)?;
    // Object type indication 0x40 is MPEG-4 audio; 0x66 to 0x68 are MPEG-2 AAC profiles.
    match config.first() {
        Some(0x40 | 0x66..=0x68) => {}
        Some(other) => return Err(ContainerError::Unsupported(format!("audio object type {other:#04x}"))),
        None => return Err(malformed()),
    }
    descriptor(config.get(13..).ok_or_else(malformed)?, 5).filter(|info| info.len() >= 2).ok_or_else(malformed)
}

/// Payload of a descriptor with this tag at the start of `data`; sizes have 7 bits a byte, four bytes at most.
fn descriptor(data: &[u8], tag: u8) -> Option<&[u8]> {
    let (first, mut rest) = data.split_first()?;
    let mut size = 0usize;
    for _ in 0..4 {
        let (byte, after) = rest.split_first()?;
        rest = after;
        size = size << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    (*first == tag).then(|| rest.get(..size)).flatten()
}
