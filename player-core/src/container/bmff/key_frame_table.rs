//! Where a plain file's key frames are, so that one of them can be fetched alone.

use super::boxes;
use super::init::{self, InitSegment};
use super::sample_tables;
use crate::container::{ContainerError, TrackFormat};
use crate::manifest::TrackKind;
use abr::MediaTime;
use std::sync::Arc;

/// Samples of the picture: twelve hours at 60 a second.
const MAX_SAMPLES: u32 = 3_000_000;
/// Key frames: one a second for twelve hours, and a file of key frames alone for an hour.
const MAX_KEY_FRAMES: usize = 100_000;

/// The key frames of a file's picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFrameTable {
    /// By their time.
    pub frames: Vec<ListedKeyFrame>,
    formats: Vec<Result<Arc<TrackFormat>, ContainerError>>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedKeyFrame {
    pub time: MediaTime,
    /// First byte in the file, and how many there are.
    pub at: u64,
    pub size: u32,
    /// Sample description index, counted from 1.
    description: u32,
}

impl KeyFrameTable {
    /// Reads the payload of a plain file's `moov`.
    ///
    /// # Errors
    /// There is no picture, it is encrypted, or the tables cannot be read. A file in fragments has no key frames here.
    pub fn parse(moov: &[u8]) -> Result<Self, ContainerError> {
        let init = InitSegment::parse_moov(moov)?;
        let track = init.tracks.iter().find(|track| track.format.kind == TrackKind::Video);
        let track = track.ok_or(ContainerError::Missing("vide"))?;
        if let Some(protection) = track.descriptions.iter().find_map(|entry| entry.protection.as_ref()) {
            return Err(ContainerError::UnsupportedScheme(format!("{:?}", protection.scheme)));
        }
        let mut frames: Vec<ListedKeyFrame> = Vec::new();
        for found in boxes::boxes(moov) {
            let trak = found?;
            if &trak.kind != b"trak" || init::track_id(trak.payload)? != track.id {
                continue;
            }
            sample_tables::each_sample(trak.payload, MAX_SAMPLES, |located| {
                if !located.listed.keyframe {
                    return Ok(());
                }
                if frames.len() == MAX_KEY_FRAMES {
                    return Err(ContainerError::LimitExceeded { what: "key frames", max: MAX_KEY_FRAMES as u64 });
                }
                let shown = located.listed.decoded.saturating_add(i64::from(located.listed.offset));
                let time = track.edit.time(shown, track.timescale);
                let (at, size, description) = (located.at, located.size, located.description);
                frames.push(ListedKeyFrame { time, at, size, description });
                Ok(())
            })?;
        }
        frames.sort_by_key(|frame| frame.time);
        Ok(Self { frames, formats: track.descriptions.iter().map(|entry| entry.format.clone()).collect() })
    }

    /// How a key frame is decoded.
    ///
    /// # Errors
    /// It cannot be.
    pub fn format(&self, frame: &ListedKeyFrame) -> Result<Arc<TrackFormat>, ContainerError> {
        let position = usize::try_from(frame.description.saturating_sub(1)).ok();
        let format = position.and_then(|position| self.formats.get(position));
        format.cloned().ok_or(ContainerError::Malformed("stsd"))?
    }
}
