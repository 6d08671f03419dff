//! Sample descriptions: `stsd` and the entries in it.

use super::audio_entry;
use super::boxes::{self, BoxRef, Reader};
use super::protection::{self, EntryProtection};
use crate::colour::ColourDescription;
use crate::container::{CodecConfig, ContainerError, TrackFormat};
use crate::manifest::TrackKind;
use bytes::Bytes;
use std::sync::Arc;

/// Entries of one track; advertisements spliced into a file have theirs.
const MAX_ENTRIES: usize = 64;

/// One entry of `stsd`: how samples that refer to it are decoded and decrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleDescription {
    /// Or why this player cannot decode it: samples may well refer to another entry.
    pub format: Result<Arc<TrackFormat>, ContainerError>,
    /// Present in encrypted entries.
    pub protection: Option<EntryProtection>,
}

/// All entries, in order, for their positions are referred to.
pub(super) fn parse_stsd(stsd: &[u8], kind: TrackKind) -> Result<Vec<SampleDescription>, ContainerError> {
    let (version, _, mut reader) = Reader::full(stsd, "stsd")?;
    reader.u32()?;
    let mut descriptions: Vec<SampleDescription> = Vec::new();
    for entry in boxes::boxes(reader.rest()) {
        if descriptions.len() == MAX_ENTRIES {
            return Err(ContainerError::LimitExceeded { what: "sample entries", max: MAX_ENTRIES as u64 });
        }
        let entry = entry?;
        let colour = colour(&entry, kind).unwrap_or_default();
        descriptions.push(match sample_entry(&entry, kind, version) {
            Ok((codec, protection)) => {
                // Entries of a clear lead differ in protection only: they share their format.
                let format = TrackFormat { kind, codec, colour };
                let mut known = descriptions.iter().filter_map(|entry| entry.format.as_ref().ok());
                let shared = known.find(|known| ***known == format).cloned();
                SampleDescription { format: Ok(shared.unwrap_or_else(|| Arc::new(format))), protection }
            }
            Err(error) => SampleDescription { format: Err(error), protection: None },
        });
    }
    Ok(descriptions)
}

type Entry = (CodecConfig, Option<EntryProtection>);

fn sample_entry(entry: &BoxRef<'_>, kind: TrackKind, stsd_version: u8) -> Result<Entry, ContainerError> {
    match kind {
        TrackKind::Video => visual_entry(entry),
        TrackKind::Audio => audio_entry::parse(entry, stsd_version),
        TrackKind::Text => text_entry(entry),
    }
}

/// The type of an entry before it was encrypted, and its protection.
pub(super) fn original(
    entry: &BoxRef<'_>,
    children: &[u8],
) -> Result<([u8; 4], Option<EntryProtection>), ContainerError> {
    match &entry.kind {
        b"encv" | b"enca" | b"enct" | b"encu" => protection::parse_sinf(children),
        _ => Ok((entry.kind, None)),
    }
}

/// Fixed part of a VisualSampleEntry before its boxes.
const VISUAL_ENTRY: usize = 78;

fn visual_entry(entry: &BoxRef<'_>) -> Result<Entry, ContainerError> {
    let (head, children) = entry.payload.split_at_checked(VISUAL_ENTRY).ok_or(ContainerError::Malformed("stsd"))?;
    let (original, protection) = original(entry, children)?;
    let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let (width, height) = (word(24), word(26));
    let codec = match &original {
        // Dolby Vision entries (`dva1`, `dvh1` and the like) hold the configuration of the codec below them.
        b"avc1" | b"avc2" | b"avc3" | b"avc4" | b"dva1" | b"dvav" => {
            CodecConfig::H264 { avcc: configuration(children, "avcC", 7)?, width, height }
        }
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => {
            CodecConfig::H265 { hvcc: configuration(children, "hvcC", 23)?, width, height }
        }
        b"vp08" => CodecConfig::Vp8 { width, height },
        b"vp09" => CodecConfig::Vp9 { width, height },
        b"av01" | b"dav1" => {
            let av1c = boxes::find(children, b"av1C")?.map_or(&[][..], |found| found.payload);
            CodecConfig::Av1 { av1c: Bytes::copy_from_slice(av1c), width, height }
        }
        // Pictures beside sound, as chapters of a podcast have them.
        b"jpeg" | b"png " | b"mjpa" | b"mjpb" => return Err(unsupported(original)),
        other => return Err(ContainerError::NoDecoder(format!("sample entry {}", boxes::printable(*other)))),
    };
    Ok((codec, protection))
}

/// What boxes of a visual entry say of colours: `colr`, else `vpcC`; how bright it gets is in `clli` or `mdcv`.
fn colour(entry: &BoxRef<'_>, kind: TrackKind) -> Result<ColourDescription, ContainerError> {
    let Some(children) = entry.payload.get(VISUAL_ENTRY..).filter(|_| kind == TrackKind::Video) else {
        return Ok(ColourDescription::default());
    };
    let code = |code: u16| u8::try_from(code).unwrap_or(0);
    let mut colour = ColourDescription::default();
    if let Some(colr) = boxes::find(children, b"colr")? {
        let mut reader = Reader::new(colr.payload, "colr");
        if &reader.array()? == b"nclx" {
            let (primaries, transfer, matrix) = (reader.u16()?, reader.u16()?, reader.u16()?);
            colour = ColourDescription::of(code(primaries), code(transfer), code(matrix));
            colour.full_range = reader.u8()? & 0x80 != 0;
        }
    } else if let Some(vpcc) = boxes::find(children, b"vpcC")? {
        // Profile and level, then depth, subsampling and range.
        let (_, _, mut reader) = Reader::full(vpcc.payload, "vpcC")?;
        let [_, _, depth] = reader.array()?;
        let [primaries, transfer, matrix] = reader.array()?;
        colour = ColourDescription::of(primaries, transfer, matrix);
        colour.full_range = depth & 1 == 1;
    }
    if let Some(light) = boxes::find(children, b"clli")? {
        colour.brightest = u32::from(Reader::new(light.payload, "clli").u16()?);
    } else if let Some(mastering) = boxes::find(children, b"mdcv")? {
        // Eight coordinates; light in ten-thousandths.
        let mut reader = Reader::new(mastering.payload, "mdcv");
        reader.take(16)?;
        colour.brightest = reader.u32()? / 10_000;
    }
    Ok(colour)
}

/// A decoder configuration record with at least its fixed fields.
fn configuration(children: &[u8], kind: &'static str, least: usize) -> Result<Bytes, ContainerError> {
    let record = boxes::require(children, kind)?.payload;
    if record.len() < least {
        return Err(ContainerError::Malformed(kind));
    }
    Ok(Bytes::copy_from_slice(record))
}

/// Reserved bytes and the data reference index of any entry.
const PLAIN_ENTRY: usize = 8;

fn text_entry(entry: &BoxRef<'_>) -> Result<Entry, ContainerError> {
    let children = entry.payload.get(PLAIN_ENTRY..).ok_or(ContainerError::Malformed("stsd"))?;
    let (original, protection) = original(entry, behind_texts(entry, children))?;
    let codec = match &original {
        b"wvtt" => {
            let header = boxes::find(children, b"vttC")?.map_or(&[][..], |found| found.payload);
            CodecConfig::WebVtt { header: Bytes::copy_from_slice(header) }
        }
        b"stpp" => CodecConfig::Ttml,
        other => return Err(unsupported(*other)),
    };
    Ok((codec, protection))
}

/// The boxes of an encrypted entry: those of TTML stand behind three texts (namespace, schemas, kinds of pictures).
fn behind_texts<'a>(entry: &BoxRef<'_>, children: &'a [u8]) -> &'a [u8] {
    let holds = |boxes: &[u8]| boxes::find(boxes, b"sinf").is_ok_and(|found| found.is_some());
    if !matches!(&entry.kind, b"enct" | b"encu") || holds(children) {
        return children;
    }
    let texts = children.iter().enumerate().filter(|(_, byte)| **byte == 0).map(|(end, _)| &children[end + 1..]);
    texts.take(3).find(|boxes| holds(boxes)).unwrap_or(children)
}

pub(super) fn unsupported(kind: [u8; 4]) -> ContainerError {
    ContainerError::Unsupported(format!("sample entry {}", boxes::printable(kind)))
}
