//! Decoded sound on its way out.

use super::graph::{make, stream_time};
use super::{GstOutput, HeardSound, SoundFrames};
use crate::pipeline::PipelineError;
use abr::MediaTime;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_audio as gst_audio;

/// Everything behind the decoders of sound.
///
/// `scaletempo` does nothing at normal speed. At others it overlaps pieces of 30 ms that fit (WSOLA), so that pitch
/// stays; it works at all speeds that are offered, so nothing is muted.
pub(super) fn chain(output: &GstOutput) -> Result<Vec<gst::Element>, PipelineError> {
    let sink = if output.audible { make("autoaudiosink")? } else { silent_sink(output.paced)? };
    let (convert, volume) = (make("audioconvert")?, make("volume")?);
    if let (Some(observer), Some(pad)) = (output.sound.clone(), convert.static_pad("sink")) {
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            if let Some(sound) = info.buffer().and_then(|buffer| sound_frames(pad, buffer)) {
                (observer.0)(sound);
            }
            gst::PadProbeReturn::Ok
        });
    }
    if let (Some(observer), Some(pad)) = (output.heard.clone(), volume.static_pad("sink")) {
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            if let Some(sound) = info.buffer().and_then(|buffer| heard(pad, buffer)) {
                (observer.0)(sound);
            }
            gst::PadProbeReturn::Ok
        });
    }
    Ok(vec![convert, make("scaletempo")?, make("audioresample")?, volume, sink])
}

/// What a buffer of decoded sound holds.
fn sound_frames(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<SoundFrames> {
    let caps = pad.current_caps()?;
    let info = gst_audio::AudioInfo::from_caps(&caps).ok()?;
    let bytes = u32::try_from(buffer.size()).ok()?;
    Some(SoundFrames {
        start: MediaTime::from_nanos(i64::try_from(buffer.pts()?.nseconds()).ok()?),
        samples: u64::from(bytes.checked_div(info.bpf())?),
        rate: info.rate(),
        channels: info.channels(),
    })
}

/// The samples of a buffer. Layouts that `scaletempo` does not put out are none of ours.
fn heard(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<HeardSound> {
    let caps = pad.current_caps()?;
    let info = gst_audio::AudioInfo::from_caps(&caps).ok()?;
    let pts = buffer.pts()?.nseconds();
    let start = stream_time(pad, pts).unwrap_or(pts);
    let bytes = buffer.map_readable().ok()?;
    let samples = match info.format() {
        gst_audio::AudioFormat::F32le => {
            bytes.chunks_exact(4).filter_map(|four| Some(f32::from_le_bytes(four.try_into().ok()?))).collect()
        }
        gst_audio::AudioFormat::F64le => {
            bytes.chunks_exact(8).filter_map(|eight| Some(f64::from_le_bytes(eight.try_into().ok()?) as f32)).collect()
        }
        gst_audio::AudioFormat::S16le => {
            let sample = |two: &[u8]| Some(f32::from(i16::from_le_bytes(two.try_into().ok()?)) / 32_768.0);
            bytes.chunks_exact(2).filter_map(sample).collect()
        }
        _ => return None,
    };
    let start = MediaTime::from_nanos(i64::try_from(start).ok()?);
    Some(HeardSound { start, rate: info.rate(), channels: info.channels(), samples })
}

/// Sound at its pace, heard by nobody.
fn silent_sink(paced: bool) -> Result<gst::Element, PipelineError> {
    let sink = make("fakesink")?;
    sink.set_property("sync", paced);
    Ok(sink)
}
