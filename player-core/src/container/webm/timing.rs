//! From blocks to samples: times, durations, and what was done to frames undone.

use super::block::Block;
use super::tracks::{CueBlocks, Track};
use crate::container::{ContainerError, Sample};
use crate::manifest::TrackKind;
use abr::MediaTime;
use bytes::Bytes;
use std::time::Duration;

/// Samples of one track in the order of the file, which is the order of decoding.
pub(super) fn samples(blocks: Vec<Block>, track: &Track, scale: u64) -> Result<Vec<Sample>, ContainerError> {
    let scale = i64::try_from(scale).unwrap_or(i64::MAX);
    let time = |block: &Block| MediaTime::from_nanos(block.time.saturating_mul(scale)) - track.codec_delay;
    let mut starts: Vec<MediaTime> = blocks.iter().map(time).collect();
    starts.sort_unstable();

    let mut samples: Vec<Sample> = Vec::with_capacity(blocks.iter().map(|block| block.frames.len()).sum());
    let mut last = Duration::ZERO;
    for block in blocks {
        let start = time(&block);
        let count = u32::try_from(block.frames.len()).unwrap_or(u32::MAX).max(1);
        let each = match (block.duration, track.default_duration) {
            (Some(ticks), _) => Duration::from_nanos(ticks.saturating_mul(scale.unsigned_abs())) / count,
            (None, Some(duration)) => duration,
            (None, None) => {
                // Until the next that is shown, which is not the next in the file where pictures are reordered.
                let next = starts.get(starts.partition_point(|other| *other <= start));
                next.map_or(last, |next| next.duration_since(start) / count)
            }
        };
        last = each;
        let from = samples.len();
        for (index, frame) in block.frames.into_iter().enumerate() {
            let (data, protection) = track.encoding.undo(frame)?;
            let data = match track.cues {
                CueBlocks::None if data.is_empty() => continue,
                CueBlocks::None => data,
                CueBlocks::Additions => cue_from_additions(&data, &block.addition),
                CueBlocks::Lines => cue_from_lines(&data),
            };
            let pts = start + each.saturating_mul(u32::try_from(index).unwrap_or(u32::MAX));
            let keyframe = track.format.kind != TrackKind::Video || block.keyframe;
            samples.push(Sample { pts, dts: pts, duration: each, keyframe, hidden: false, data, protection });
        }
        if let Some(last) = samples[from..].last_mut() {
            last.duration = last.duration.saturating_sub(Duration::from_nanos(block.discard.max(0).unsigned_abs()));
        }
    }
    decode_times(&mut samples);
    Ok(samples)
}

/// The file has presentation times only. Decode times are these in rising order, earlier by as much as pictures are
/// reordered, and never twice the same.
fn decode_times(samples: &mut [Sample]) {
    let mut rising: Vec<MediaTime> = samples.iter().map(|sample| sample.pts).collect();
    rising.sort_unstable();
    let late = samples.iter().zip(&rising).map(|(sample, time)| time.duration_since(sample.pts)).max();
    let late = late.unwrap_or_default();
    let mut before: Option<MediaTime> = None;
    for (sample, time) in samples.iter_mut().zip(rising) {
        let least = before.map(|before| before + MediaTime::from_nanos(1));
        sample.dts = least.map_or(time - late, |least| least.max(time - late));
        before = Some(sample.dts);
    }
}

/// Settings, identifier and comments are lines of the addition.
fn cue_from_additions(text: &[u8], addition: &[u8]) -> Bytes {
    let mut lines = addition.split(|byte| *byte == b'\n');
    let (settings, id) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    cue_sample(id, settings, text)
}

/// Identifier and settings are the first lines of the block.
fn cue_from_lines(block: &[u8]) -> Bytes {
    let mut lines = block.splitn(3, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (id, settings) = (next(), next());
    cue_sample(id, settings, next())
}

/// As ISO media have it (`vttc`, ISO/IEC 14496-30), so that readers of samples need to know one form only.
fn cue_sample(id: &[u8], settings: &[u8], text: &[u8]) -> Bytes {
    let parts = [(b"iden", id), (b"sttg", settings), (b"payl", text)];
    let inner = parts.iter().filter(|(_, bytes)| !bytes.is_empty());
    let inner: Vec<u8> = inner.flat_map(|(kind, bytes)| boxed(kind, bytes)).collect();
    Bytes::from(boxed(b"vttc", &inner))
}

/// Larger than any block cannot be; a size that does not fit would end the walk over it.
fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let size = u32::try_from(payload.len() + 8).unwrap_or(u32::MAX);
    [&size.to_be_bytes()[..], kind, payload].concat()
}
