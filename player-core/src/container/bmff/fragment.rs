//! Media segments: fragments to samples.

use super::boxes::{self, BoxRef};
use super::init::{InitSegment, InitTrack};
use super::{MAX_SAMPLES, protection};
use crate::container::{ContainerError, Sample, SampleProtection};
use crate::manifest::TrackKind;
use abr::MediaTime;
use bytes::Bytes;
use mp4_atom::{Tfdt, Tfhd, Trun, TrunEntry};
use std::time::Duration;

/// `sample_is_non_sync_sample` of the sample flags.
const NON_SYNC: u32 = 0x0001_0000;

/// All samples of a segment, per track in decode order. Times are media times with the edit list applied: for most
/// streams that is the presentation's timeline already.
pub(super) fn demux(media: &Bytes, init: &InitSegment) -> Result<Vec<(TrackKind, Vec<Sample>)>, ContainerError> {
    let mut streams: Vec<(TrackKind, Vec<Sample>)> =
        init.tracks.iter().map(|track| (track.format.kind, Vec::new())).collect();
    let mut fragments = 0;
    for found in boxes::boxes(media) {
        let found = found?;
        if &found.kind == b"moof" {
            fragments += 1;
            fragment(media, &found, init, &mut streams)?;
        }
    }
    if fragments == 0 {
        return Err(ContainerError::Missing("moof"));
    }
    Ok(streams)
}

fn fragment(
    media: &Bytes,
    moof: &BoxRef<'_>,
    init: &InitSegment,
    streams: &mut [(TrackKind, Vec<Sample>)],
) -> Result<(), ContainerError> {
    for found in boxes::boxes(moof.payload) {
        let traf = found?;
        if &traf.kind != b"traf" {
            continue;
        }
        let header: Tfhd = boxes::require(traf.payload, "tfhd")?.decode("tfhd")?;
        let position = init.tracks.iter().position(|track| track.id == header.track_id);
        // A single track under another number: some packagers renumber per rung.
        let position = position.or((init.tracks.len() == 1).then_some(0));
        if let Some(position) = position {
            let samples = &mut streams[position].1;
            track_fragment(media, moof.start, &traf, &header, &init.tracks[position], samples)?;
        }
    }
    Ok(())
}

fn track_fragment(
    media: &Bytes,
    moof_start: usize,
    traf: &BoxRef<'_>,
    header: &Tfhd,
    track: &InitTrack,
    samples: &mut Vec<Sample>,
) -> Result<(), ContainerError> {
    let first = samples.len();
    let decode_time: Tfdt = boxes::require(traf.payload, "tfdt")?.decode("tfdt")?;
    let mut ticks = i64::try_from(decode_time.base_media_decode_time).map_err(|_| ContainerError::Malformed("tfdt"))?;
    // Without an explicit base, CMAF's default-base-is-moof is assumed: older forms do not occur in segments.
    let base = header.base_data_offset.map_or(moof_start as u64, |offset| offset);
    let mut next_data = base;

    for found in boxes::boxes(traf.payload) {
        let found = found?;
        if &found.kind != b"trun" {
            continue;
        }
        let run: Trun = found.decode("trun")?;
        if samples.len() + run.samples.len() > MAX_SAMPLES {
            return Err(ContainerError::LimitExceeded { what: "samples", max: MAX_SAMPLES as u64 });
        }
        if let Some(offset) = run.data_offset {
            next_data = base.checked_add_signed(i64::from(offset)).ok_or(ContainerError::Malformed("trun"))?;
        }
        for entry in &run.samples {
            let size = u64::from(entry.size.or(header.default_sample_size).unwrap_or(track.defaults.size));
            let end = next_data.checked_add(size).ok_or(ContainerError::Malformed("trun"))?;
            if end > media.len() as u64 {
                let available = (media.len() as u64).saturating_sub(next_data);
                return Err(ContainerError::Truncated { kind: "mdat".into(), claimed: size, available });
            }
            let data = media.slice(next_data as usize..end as usize);
            next_data = end;
            let duration = entry.duration.or(header.default_sample_duration).unwrap_or(track.defaults.duration);
            samples.push(sample(&entry, ticks, duration, data, header, track));
            ticks = ticks.checked_add(i64::from(duration)).ok_or(ContainerError::Malformed("tfdt"))?;
        }
    }
    protect(traf, header, track, &mut samples[first..])
}

fn sample(entry: &TrunEntry, ticks: i64, duration: u32, data: Bytes, header: &Tfhd, track: &InitTrack) -> Sample {
    let flags = entry.flags.or(header.default_sample_flags).unwrap_or(track.defaults.flags);
    let shown = ticks.saturating_add(entry.cts.unwrap_or(0));
    let time = |ticks| MediaTime::from_ticks(ticks, track.timescale) + track.shift;
    let length = MediaTime::from_ticks(i64::from(duration), track.timescale).nanos();
    Sample {
        pts: time(shown),
        dts: time(ticks),
        duration: Duration::from_nanos(u64::try_from(length).unwrap_or_default()),
        keyframe: track.format.kind == TrackKind::Audio || flags & NON_SYNC == 0,
        hidden: false,
        data,
        protection: None,
    }
}

/// Attaches the protection that the sample description and `senc` give, after checking it against each sample's size.
fn protect(traf: &BoxRef<'_>, header: &Tfhd, track: &InitTrack, samples: &mut [Sample]) -> Result<(), ContainerError> {
    let description = header.sample_description_index.unwrap_or(track.defaults.description).max(1);
    let entry = usize::try_from(description - 1).ok().and_then(|index| track.descriptions.get(index));
    let Some(protected) = entry.ok_or(ContainerError::Malformed("tfhd"))? else { return Ok(()) };
    let protections: Vec<SampleProtection> = match boxes::find(traf.payload, b"senc")? {
        Some(senc) => protection::parse_senc(&senc, protected, samples.len())?,
        None => vec![protection::without_senc(protected)?; samples.len()],
    };
    for (sample, protection) in samples.iter_mut().zip(protections) {
        let total: u64 =
            protection.subsamples.iter().map(|part| u64::from(part.clear) + u64::from(part.protected)).sum();
        if !protection.subsamples.is_empty() && total != sample.data.len() as u64 {
            return Err(ContainerError::Malformed("senc"));
        }
        sample.protection = Some(protection);
    }
    Ok(())
}
