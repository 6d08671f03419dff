//! Samples of one track as they are collected: in order, by format.

use super::edits::EditList;
use super::init::InitTrack;
use super::sample_encryption::{self, Described};
use super::{Budget, keyframes};
use crate::container::{ContainerError, MediaStream, Sample, TrackFormat};
use crate::manifest::TrackKind;
use abr::MediaTime;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Samples that lie and are described together: a run of a fragment, a chunk of a plain file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) samples: usize,
    /// Sample description index, counted from 1.
    pub(super) description: u32,
}

/// What a box says of one sample, in ticks of its track.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    pub(super) decoded: i64,
    /// From decoding to showing.
    pub(super) offset: i32,
    pub(super) duration: u32,
    pub(super) keyframe: bool,
}

/// Bytes `at..at + size` of the media as a sample.
pub(super) fn sample(
    media: &Bytes,
    (at, size): (u64, u32),
    listed: Listed,
    track: &InitTrack,
    budget: &mut Budget,
) -> Result<Sample, ContainerError> {
    let end = at.checked_add(u64::from(size)).filter(|end| *end <= media.len() as u64);
    let Some(end) = end else {
        let available = (media.len() as u64).saturating_sub(at);
        return Err(ContainerError::Truncated { kind: "mdat".into(), claimed: u64::from(size), available });
    };
    budget.sample_bytes(u64::from(size))?;
    let shown = listed.decoded.saturating_add(i64::from(listed.offset));
    let length = MediaTime::from_ticks(listed.duration, track.timescale).nanos();
    Ok(Sample {
        pts: track.edit.time(shown, track.timescale),
        dts: track.edit.time(listed.decoded, track.timescale),
        duration: Duration::from_nanos(u64::try_from(length).unwrap_or_default()),
        keyframe: listed.keyframe || track.format.kind != TrackKind::Video,
        hidden: track.edit.hides(shown, listed.duration, track.format.kind),
        data: media.slice(at as usize..end as usize),
        protection: None,
    })
}

/// All samples of one track so far.
#[derive(Debug, Default)]
pub(super) struct TrackSamples {
    streams: Vec<MediaStream>,
    /// Where the last fragment ended, in ticks: the next one may not say where it begins.
    pub(super) next_decode_time: i64,
}

impl TrackSamples {
    /// Takes `samples`, which `runs` cover, with the encryption that `described` gives each.
    pub(super) fn push(
        &mut self,
        described: Described<'_>,
        track: &InitTrack,
        runs: &[Run],
        mut samples: Vec<Sample>,
        budget: &mut Budget,
    ) -> Result<(), ContainerError> {
        sample_encryption::attach(described, track, runs, &mut samples, budget)?;
        if described.fragment
            && let Some(run) = runs.first()
        {
            keyframes::correct(&mut samples, &track.description(run.description)?.format.clone()?.codec);
        }
        let mut samples = samples.into_iter();
        for run in runs.iter().filter(|run| run.samples > 0) {
            let format = track.description(run.description)?.format.clone()?;
            self.of_format(&format).extend(samples.by_ref().take(run.samples));
        }
        Ok(())
    }

    /// The samples of the last stream, after beginning another one if the format changes.
    fn of_format(&mut self, format: &Arc<TrackFormat>) -> &mut Vec<Sample> {
        let changes = self.streams.last().is_none_or(|last| !Arc::ptr_eq(&last.format, format));
        if changes {
            self.streams.push(MediaStream { kind: format.kind, format: format.clone(), samples: Vec::new() });
        }
        let last = self.streams.len() - 1;
        &mut self.streams[last].samples
    }

    /// Arranges what was collected as a list of several edits says.
    pub(super) fn edit(&mut self, edits: &EditList, budget: &mut Budget) -> Result<(), ContainerError> {
        self.streams = edits.apply(std::mem::take(&mut self.streams), budget)?;
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }
}

/// The streams of a media segment: of each kind one track, the first with samples. Tracks of one kind in one file are
/// alternatives that no manifest tells apart. A track without samples has an empty stream.
pub(super) fn streams(tracks: Vec<TrackSamples>, of: &[InitTrack]) -> Vec<MediaStream> {
    let mut chosen: Vec<(TrackKind, usize)> = Vec::new();
    for (position, (samples, track)) in tracks.iter().zip(of).enumerate() {
        let kind = track.format.kind;
        match chosen.iter_mut().find(|(known, _)| *known == kind) {
            None => chosen.push((kind, position)),
            Some((_, first)) if tracks[*first].is_empty() && !samples.is_empty() => *first = position,
            Some(_) => {}
        }
    }
    let chosen_samples = tracks.into_iter().zip(of).enumerate();
    let chosen_samples = chosen_samples.filter(|(position, _)| chosen.iter().any(|(_, chosen)| chosen == position));
    let streams = chosen_samples.flat_map(|(_, (samples, track))| {
        if samples.is_empty() {
            let format = Arc::new(track.format.clone());
            return vec![MediaStream { kind: format.kind, format, samples: Vec::new() }];
        }
        samples.streams
    });
    streams.collect()
}
