//! Initialisation segments: tracks, their decoders' configuration, protection and time.

use super::boxes::{self, Reader};
use super::edits::{Edit, EditList};
use super::gapless::{self, Gapless};
use super::sample_entry::{self, SampleDescription};
use super::sample_groups::SeigGroups;
use super::{MAX_TRACKS, sample_groups};
use crate::container::{CodecConfig, ContainerError, TrackFormat};
use crate::drm::{KeyId, pssh};
use crate::manifest::TrackKind;
use abr::MediaTime;
#[cfg(any(test, feature = "testing"))]
use std::sync::Arc;

/// Key ids of one file. Each is a licence request, and no file has more than a handful.
const MAX_KEY_IDS: usize = 1_024;

/// What files and segments begin with.
const FIRST_BOXES: [&[u8; 4]; 13] = [
    b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"sidx", b"emsg", b"prft", b"uuid",
];

/// Does this begin with a box that files and segments begin with? Old QuickTime files have their media first.
pub fn begins(data: &[u8]) -> bool {
    data.get(4..8).is_some_and(|kind| FIRST_BOXES.iter().any(|known| kind == *known))
}

/// What an initialisation segment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitSegment {
    /// Those that can be decoded: pictures, sound and text, at most 16.
    pub tracks: Vec<InitTrack>,
    /// Key ids of `pssh` boxes, track defaults and sample groups; in order, without the zero id that stands for "see the
    /// fragments".
    pub key_ids: Vec<KeyId>,
    /// Does the file have a single track? Then fragments mean it under any number: some packagers renumber per rung.
    pub(super) single: bool,
}

/// One track of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitTrack {
    pub id: u32,
    /// Ticks per second, never zero.
    pub timescale: u32,
    /// Of the first sample description that can be decoded.
    pub format: TrackFormat,
    /// By sample description index, counted from 1; a clear lead has an entry of its own.
    pub descriptions: Vec<SampleDescription>,
    /// To be added to media times: the edit list.
    pub shift: MediaTime,
    pub(super) edit: Edit,
    /// Where there is more than one edit. Of a file that is read as a whole; segments of it are shown by the first.
    pub(super) edits: Option<EditList>,
    pub(super) defaults: SampleDefaults,
    /// Key groups that fragments refer to.
    pub(super) groups: SeigGroups,
}

/// `trex`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SampleDefaults {
    track: u32,
    pub(super) description: u32,
    pub(super) duration: u32,
    pub(super) size: u32,
    pub(super) flags: u32,
}

impl InitSegment {
    /// Reads an initialisation segment, or the beginning of a file as far as the end of `moov`.
    ///
    /// Tracks that are neither picture nor sound nor text, or that cannot be decoded, are left out; that is an error only
    /// if none remains, or no picture where there is one. Other errors: no ISO base media at all, `moov` missing, incomplete or broken.
    pub fn parse(data: &[u8]) -> Result<Self, ContainerError> {
        match boxes::find(data, b"moov") {
            Ok(Some(moov)) => Self::parse_moov(moov.payload),
            // Anything can be taken for boxes: only what begins like a file is a broken one.
            _ if !begins(data) => Err(ContainerError::NotBmff),
            Ok(None) => Err(ContainerError::Missing("moov")),
            Err(error) => Err(error),
        }
    }

    /// Reads the payload of `moov`.
    pub(super) fn parse_moov(moov: &[u8]) -> Result<Self, ContainerError> {
        let movie_timescale = movie_timescale(moov)?;
        let defaults = track_defaults(moov)?;

        let (mut tracks, mut refused, mut key_ids, mut seen) = (Vec::new(), None, Vec::new(), 0usize);
        for found in boxes::boxes(moov) {
            let found = found?;
            match &found.kind {
                b"trak" if seen == MAX_TRACKS => {
                    return Err(ContainerError::LimitExceeded { what: "tracks", max: MAX_TRACKS as u64 });
                }
                b"trak" => {
                    seen += 1;
                    match track(found.payload, movie_timescale, defaults.as_deref()) {
                        Ok(Some(track)) => tracks.push(track),
                        Ok(None) => {}
                        Err(error) if !matches!(refused, Some(ContainerError::NoDecoder(_))) => refused = Some(error),
                        Err(_) => {}
                    }
                }
                b"pssh" if key_ids.len() < MAX_KEY_IDS => key_ids.extend(pssh::payload_key_ids(found.payload)),
                _ => {}
            }
        }
        if let (None, Some(gapless)) = (&defaults, gapless::find(moov)) {
            tracks.iter_mut().for_each(|track: &mut InitTrack| track.prime(gapless));
        }
        let seen_none = tracks.iter().all(|track| track.format.kind != TrackKind::Video);
        if tracks.is_empty() || seen_none && matches!(refused, Some(ContainerError::NoDecoder(_))) {
            return Err(refused.unwrap_or(ContainerError::Missing("trak")));
        }
        key_ids.extend(tracks.iter().flat_map(InitTrack::key_ids));
        key_ids.retain(|id| id.0 != [0; 16]);
        key_ids.sort_unstable();
        key_ids.dedup();
        key_ids.truncate(MAX_KEY_IDS);
        Ok(Self { tracks, key_ids, single: seen == 1 })
    }

    /// To read all of a file's samples at once: several edits are applied when all are there.
    pub(super) fn of_whole_file(mut self) -> Self {
        for track in self.tracks.iter_mut().filter(|track| track.edits.is_some()) {
            track.edit = Edit::default();
        }
        self
    }

    /// Position of the track that a fragment names.
    pub(super) fn position(&self, id: u32) -> Option<usize> {
        self.tracks.iter().position(|track| track.id == id).or(self.single.then_some(0))
    }
}

impl InitTrack {
    /// Cuts what is not to be heard, where no edit list does.
    fn prime(&mut self, gapless: Gapless) {
        let counts_samples = matches!(self.format.codec, CodecConfig::Aac { rate, .. } if rate == self.timescale);
        if counts_samples && self.edit == Edit::default() && self.edits.is_none() {
            let length = i64::try_from(gapless.length).unwrap_or_default();
            self.edit = Edit::of_priming(i64::from(gapless.delay), length);
            self.shift = self.edit.time(0, self.timescale);
        }
    }

    /// Keys that its descriptions and groups name.
    fn key_ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        let defaults = self.descriptions.iter().filter_map(|entry| entry.protection.as_ref()?.default.as_ref());
        let entries = defaults.map(|protection| protection.key_id);
        entries.chain(self.groups.key_ids())
    }

    /// The sample description with this index, counted from 1.
    pub(super) fn description(&self, index: u32) -> Result<&SampleDescription, ContainerError> {
        let position = usize::try_from(index.saturating_sub(1)).ok();
        position.and_then(|position| self.descriptions.get(position)).ok_or(ContainerError::Malformed("stsd"))
    }
}

#[cfg(any(test, feature = "testing"))]
impl InitSegment {
    /// One clear track with this format.
    pub fn for_tests(format: TrackFormat) -> Self {
        let track = InitTrack {
            id: 1,
            timescale: 90_000,
            descriptions: vec![SampleDescription { format: Ok(Arc::new(format.clone())), protection: None }],
            format,
            shift: MediaTime::ZERO,
            edit: Edit::default(),
            edits: None,
            defaults: SampleDefaults::default(),
            groups: SeigGroups::default(),
        };
        Self { tracks: vec![track], key_ids: Vec::new(), single: true }
    }
}

/// Version 1 of headers has two times and a duration of 64 bits where version 0 has 32.
fn movie_timescale(moov: &[u8]) -> Result<u32, ContainerError> {
    let (version, _, mut reader) = Reader::full(boxes::require(moov, "mvhd")?.payload, "mvhd")?;
    reader.take(if version == 1 { 16 } else { 8 })?;
    Ok(reader.u32()?.max(1))
}

/// `None` for a plain file.
fn track_defaults(moov: &[u8]) -> Result<Option<Vec<SampleDefaults>>, ContainerError> {
    let Some(mvex) = boxes::find(moov, b"mvex")? else { return Ok(None) };
    let mut defaults = Vec::new();
    for found in boxes::boxes(mvex.payload) {
        let found = found?;
        if &found.kind == b"trex" && defaults.len() < MAX_TRACKS {
            let (_, _, mut reader) = Reader::full(found.payload, "trex")?;
            let mut field = || reader.u32();
            let (track, description, duration) = (field()?, field()?, field()?);
            defaults.push(SampleDefaults { track, description, duration, size: field()?, flags: field()? });
        }
    }
    Ok(Some(defaults))
}

/// `tkhd`.
pub(super) fn track_id(trak: &[u8]) -> Result<u32, ContainerError> {
    let (version, _, mut reader) = Reader::full(boxes::require(trak, "tkhd")?.payload, "tkhd")?;
    reader.take(if version == 1 { 16 } else { 8 })?;
    reader.u32()
}

/// `defaults` are absent in a plain file.
fn track(
    trak: &[u8],
    movie_timescale: u32,
    defaults: Option<&[SampleDefaults]>,
) -> Result<Option<InitTrack>, ContainerError> {
    let id = track_id(trak)?;
    let mdia = boxes::require(trak, "mdia")?.payload;
    let (_, _, mut handler) = Reader::full(boxes::require(mdia, "hdlr")?.payload, "hdlr")?;
    handler.take(4)?;
    let kind = match &handler.array()? {
        b"vide" => TrackKind::Video,
        b"soun" => TrackKind::Audio,
        b"text" | b"subt" | b"sbtl" => TrackKind::Text,
        _ => return Ok(None),
    };
    let (version, _, mut header) = Reader::full(boxes::require(mdia, "mdhd")?.payload, "mdhd")?;
    header.take(if version == 1 { 16 } else { 8 })?;
    let timescale = header.u32()?;
    if timescale == 0 {
        return Err(ContainerError::Malformed("mdhd"));
    }
    let stbl = boxes::require_path(mdia, &["minf", "stbl"])?;
    let descriptions = sample_entry::parse_stsd(boxes::require(stbl, "stsd")?.payload, kind)?;
    let mut formats = descriptions.iter().map(|entry| &entry.format);
    let refused = formats.clone().find_map(|format| format.clone().err()).unwrap_or(ContainerError::Missing("stsd"));
    let format = formats.find_map(|format| format.as_deref().ok()).ok_or(refused)?.clone();
    let edits = EditList::parse(trak, movie_timescale, timescale)?;
    let edit = Edit::parse(trak, movie_timescale, timescale)?;
    let edit = if defaults.is_none() { edit } else { edit.open_ended() };
    let scheme = descriptions.iter().find_map(|entry| Some(entry.protection.as_ref()?.scheme));
    Ok(Some(InitTrack {
        id,
        timescale,
        format,
        descriptions,
        shift: edit.time(0, timescale),
        edit,
        edits,
        defaults: defaults.and_then(|all| all.iter().find(|trex| trex.track == id)).copied().unwrap_or_default(),
        groups: scheme.map_or_else(|| Ok(SeigGroups::default()), |scheme| sample_groups::parse_sgpd(stbl, scheme))?,
    }))
}
