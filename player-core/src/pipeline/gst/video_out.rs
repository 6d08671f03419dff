//! Decoded pictures out of the pipeline.

use super::{GstOutput, Pixels};
use crate::frame::{FrameSlot, PixelFormat, Plane, VideoFrame};
use abr::MediaTime;
use gstreamer as gst;
use gstreamer_app as gst_app;
use gstreamer_video::prelude::*;
use gstreamer_video::{self as gst_video, VideoFormat};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What frames are numbered by.
#[derive(Clone)]
struct Numbers {
    sequence: Arc<AtomicU64>,
    /// Raised by the worker between a flush and the first sample after it, when no frame can be on its way.
    generation: Arc<AtomicU64>,
}

/// The sink: paced by the clock, hands frames to the slot.
pub(super) fn sink(output: GstOutput, frames: FrameSlot, generation: Arc<AtomicU64>) -> gst_app::AppSink {
    let formats = match output.pixels {
        Pixels::Only(format) => vec![video_format(format)],
        Pixels::Native => FORMATS.map(|(theirs, _)| theirs).to_vec(),
    };
    let caps = gst_video::VideoCapsBuilder::new().format_list(formats).build();
    let numbers = Numbers { sequence: Arc::new(AtomicU64::new(0)), generation };
    let (from_preroll, preroll_frames) = (numbers.clone(), frames.clone());
    let preroll_pts = Arc::new(AtomicU64::new(u64::MAX));
    let shown_at_preroll = preroll_pts.clone();
    let callbacks = gst_app::AppSinkCallbacks::builder()
        // While paused, and after each seek, the first picture is shown at once.
        .new_preroll(move |sink| {
            let sample = sink.pull_preroll().map_err(|_| gst::FlowError::Eos)?;
            preroll_pts.store(pts(&sample).unwrap_or(u64::MAX), Ordering::Relaxed);
            put(&sample, &from_preroll, &preroll_frames);
            Ok(gst::FlowSuccess::Ok)
        })
        // The prerolled picture comes again when playback begins; it has been shown.
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            let again = shown_at_preroll.swap(u64::MAX, Ordering::Relaxed);
            if again == u64::MAX || pts(&sample) != Some(again) {
                put(&sample, &numbers, &frames);
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .build();
    let sink = gst_app::AppSink::builder().caps(&caps).sync(output.paced).max_buffers(2).callbacks(callbacks).build();
    sink.set_property("qos", output.drop_late);
    if output.drop_late {
        // Two frames at 25 a second: later than that, the next one is the better picture.
        sink.set_property("max-lateness", 80_000_000i64);
    }
    sink
}

/// GStreamer's names of our formats.
const FORMATS: [(VideoFormat, PixelFormat); 9] = [
    (VideoFormat::I420, PixelFormat::I420),
    (VideoFormat::I42010le, PixelFormat::I420P10),
    (VideoFormat::I42012le, PixelFormat::I420P12),
    (VideoFormat::Y42b, PixelFormat::I422),
    (VideoFormat::I42210le, PixelFormat::I422P10),
    (VideoFormat::I42212le, PixelFormat::I422P12),
    (VideoFormat::Y444, PixelFormat::I444),
    (VideoFormat::Y44410le, PixelFormat::I444P10),
    (VideoFormat::Y44412le, PixelFormat::I444P12),
];

fn video_format(format: PixelFormat) -> VideoFormat {
    let known = FORMATS.iter().find(|(_, ours)| *ours == format);
    known.map_or(VideoFormat::Rgba, |(theirs, _)| *theirs)
}

fn pixel_format(format: VideoFormat) -> Option<PixelFormat> {
    let known = FORMATS.iter().find(|(theirs, _)| *theirs == format).map(|(_, ours)| *ours);
    known.or((format == VideoFormat::Rgba).then_some(PixelFormat::Rgba))
}

fn pts(sample: &gst::Sample) -> Option<u64> {
    sample.buffer().and_then(gst::BufferRef::pts).map(gst::ClockTime::nseconds)
}

fn put(sample: &gst::Sample, numbers: &Numbers, frames: &FrameSlot) {
    let Some(frame) = frame(sample, numbers) else {
        tracing::warn!("a decoded picture could not be mapped");
        return;
    };
    frames.put(frame);
}

/// A decoded picture that belongs to no playback.
pub(super) fn still(sample: &gst::Sample) -> Option<VideoFrame> {
    frame(sample, &Numbers { sequence: Arc::default(), generation: Arc::default() })
}

fn frame(sample: &gst::Sample, numbers: &Numbers) -> Option<VideoFrame> {
    let info = gst_video::VideoInfo::from_caps(sample.caps()?).ok()?;
    let pixels = pixel_format(info.format())?;
    let buffer = sample.buffer_owned()?;
    let pts = buffer.pts()?;
    let on_timeline =
        sample.segment().and_then(|segment| segment.downcast_ref::<gst::ClockTime>()?.to_stream_time(pts));
    let time = MediaTime::from_nanos(i64::try_from(on_timeline.unwrap_or(pts).nseconds()).ok()?);
    // Decoders may lay planes out in their own way and say so beside the picture.
    let meta = buffer.meta::<gst_video::VideoMeta>().map(|meta| (meta.offset().to_vec(), meta.stride().to_vec()));
    let (offsets, strides) = meta.unwrap_or_else(|| (info.offset().to_vec(), info.stride().to_vec()));
    let plane = |index: usize| Plane {
        offset: offsets.get(index).copied().unwrap_or_default(),
        stride: strides.get(index).map_or(0, |stride| usize::try_from(*stride).unwrap_or_default()),
    };
    let planes = [plane(0), plane(1), plane(2)];
    // The decoder's memory itself, unmapped when the last user is done with it.
    let mapped = buffer.into_mapped_buffer_readable().ok()?;
    let number = numbers.sequence.fetch_add(1, Ordering::Relaxed) + 1;
    let generation = numbers.generation.load(Ordering::Acquire);
    let mut frame = VideoFrame::new(number, time, (info.width(), info.height()), pixels, planes, Arc::new(mapped))?;
    frame.generation = generation;
    Some(frame)
}
