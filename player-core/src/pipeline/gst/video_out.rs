//! Decoded pictures out of the pipeline.

use super::{GstOutput, Pixels};
use crate::colour::ColourDescription;
use crate::frame::{FrameSlot, PixelFormat, Plane, VideoFrame};
use crate::manifest::DynamicRange;
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
    /// What is asked for; `None` leaves everything as it comes.
    pixels: Option<Pixels>,
}

impl Numbers {
    /// Is a picture to be made RGBA here? In eight bits high dynamic range would not come this far.
    fn converts(&self, format: PixelFormat, colour: &ColourDescription) -> bool {
        match self.pixels {
            _ if format == PixelFormat::Rgba => false,
            Some(Pixels::Only(PixelFormat::Rgba)) => true,
            Some(Pixels::Planes) => colour.dynamic_range() != DynamicRange::Sdr,
            _ => false,
        }
    }
}

fn caps(pixels: Pixels) -> gst::Caps {
    let formats = match pixels {
        Pixels::Only(format) => vec![video_format(format)],
        Pixels::Native => PLANAR.map(|(theirs, _)| theirs).to_vec(),
        Pixels::Planes => PLANAR.iter().chain(&BESIDE).map(|(theirs, _)| *theirs).collect(),
    };
    gst_video::VideoCapsBuilder::new().format_list(formats).build()
}

/// Has pictures of high dynamic range come to a sink of RGBA as the decoder has them: eight bits are too few for them.
/// `pad` is where pictures come to the converter before the sink.
pub(super) fn keep_depth(pad: &gst::Pad, sink: &gst_app::AppSink, output: &GstOutput) {
    if output.pixels != Pixels::Only(PixelFormat::Rgba) {
        return;
    }
    let (sink, pixels) = (sink.downgrade(), output.pixels);
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        let Some(gst::EventView::Caps(event)) = info.event().map(|event| event.view()) else {
            return gst::PadProbeReturn::Ok;
        };
        let info = gst_video::VideoInfo::from_caps(event.caps()).ok();
        let colour = info.map(|info| described(&info, event.caps())).unwrap_or_default();
        let wanted = if colour.dynamic_range() == DynamicRange::Sdr { pixels } else { Pixels::Native };
        if let Some(sink) = sink.upgrade() {
            sink.set_caps(Some(&caps(wanted)));
        }
        gst::PadProbeReturn::Ok
    });
}

/// What the decoder says of colours.
fn described(info: &gst_video::VideoInfo, caps: &gst::CapsRef) -> ColourDescription {
    let colorimetry = info.colorimetry();
    let code = |code: u32| u8::try_from(code).unwrap_or(0);
    let (primaries, transfer) = (colorimetry.primaries().to_iso(), colorimetry.transfer().to_iso());
    ColourDescription {
        full_range: colorimetry.range() == gst_video::VideoColorRange::Range0_255,
        brightest: brightest(caps).unwrap_or(0),
        ..ColourDescription::of(code(primaries), code(transfer), code(colorimetry.matrix().to_iso()))
    }
}

/// Has a decoder say what its container or manifest says of high dynamic range, where its stream is silent: decoders
/// take ordinary light for granted then.
pub(super) fn describe(decoded: &gst::Pad, colour: ColourDescription) {
    let named = match colour.dynamic_range() {
        DynamicRange::Sdr => return,
        DynamicRange::Pq => "bt2100-pq",
        DynamicRange::Hlg => "bt2100-hlg",
    };
    decoded.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if let Some(gst::PadProbeData::Event(event)) = &mut info.data
            && let gst::EventView::Caps(caps) = event.view()
            && let Ok(own) = gst_video::VideoInfo::from_caps(caps.caps())
            && described(&own, caps.caps()).dynamic_range() == DynamicRange::Sdr
        {
            let mut said = caps.caps_owned();
            let fields = said.make_mut();
            fields.set("colorimetry", named);
            if colour.brightest > 0 && brightest(fields).is_none() {
                fields.set("content-light-level", format!("{}:0", colour.brightest));
            }
            *event = gst::event::Caps::builder(&said).seqnum(event.seqnum()).build();
        }
        gst::PadProbeReturn::Ok
    });
}

/// Light of the brightest picture, else of the display that it was made on, as caps have them.
fn brightest(caps: &gst::CapsRef) -> Option<u32> {
    let structure = caps.structure(0)?;
    let light = structure.get::<String>("content-light-level").ok();
    let most = light.and_then(|light| light.split(':').next()?.parse::<u32>().ok()).filter(|most| *most > 0);
    let mastering = || {
        let display = structure.get::<String>("mastering-display-info").ok()?;
        // Eight coordinates, then the highest and the lowest light in ten-thousandths.
        Some(display.split(':').nth(8)?.parse::<u32>().ok()? / 10_000)
    };
    most.or_else(mastering)
}

/// The sink: paced by the clock, hands frames to the slot.
pub(super) fn sink(output: GstOutput, frames: FrameSlot, generation: Arc<AtomicU64>) -> gst_app::AppSink {
    let caps = caps(output.pixels);
    let numbers = Numbers { sequence: Arc::new(AtomicU64::new(0)), generation, pixels: Some(output.pixels) };
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
    if let Some(pad) = sink.static_pad("sink") {
        take_strides(&pad);
    }
    sink.set_property("qos", output.drop_late);
    if output.drop_late {
        // Two frames at 25 a second: later than that, the next one is the better picture.
        sink.set_property("max-lateness", 80_000_000i64);
    }
    sink
}

/// Tells decoders that pictures may be laid out as suits them: otherwise they copy each into rows without gaps.
fn take_strides(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::QUERY_DOWNSTREAM, |_, info| {
        if let Some(query) = info.query_mut()
            && let gst::QueryViewMut::Allocation(query) = query.view_mut()
            && query.find_allocation_meta::<gst_video::VideoMeta>().is_none()
        {
            query.add_allocation_meta::<gst_video::VideoMeta>(None);
            return gst::PadProbeReturn::Handled;
        }
        gst::PadProbeReturn::Ok
    });
}

/// GStreamer's names of our formats.
const PLANAR: [(VideoFormat, PixelFormat); 9] = [
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

/// The same of those with chroma side by side.
const BESIDE: [(VideoFormat, PixelFormat); 2] =
    [(VideoFormat::Nv12, PixelFormat::Nv12), (VideoFormat::P01010le, PixelFormat::P010)];

fn video_format(format: PixelFormat) -> VideoFormat {
    let known = PLANAR.iter().chain(&BESIDE).find(|(_, ours)| *ours == format);
    known.map_or(VideoFormat::Rgba, |(theirs, _)| *theirs)
}

fn pixel_format(format: VideoFormat) -> Option<PixelFormat> {
    let known = PLANAR.iter().chain(&BESIDE).find(|(theirs, _)| *theirs == format).map(|(_, ours)| *ours);
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
    frame(sample, &Numbers { sequence: Arc::default(), generation: Arc::default(), pixels: None })
}

fn frame(sample: &gst::Sample, numbers: &Numbers) -> Option<VideoFrame> {
    let info = gst_video::VideoInfo::from_caps(sample.caps()?).ok()?;
    let pixels = pixel_format(info.format())?;
    let colour = described(&info, sample.caps()?);
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
    let size = (info.width(), info.height());
    let mut frame = VideoFrame::new(number, time, size, pixels, planes, Arc::new(mapped))?;
    frame.colour = colour;
    if numbers.converts(pixels, &colour) {
        frame = VideoFrame::from_rgba(number, time, size, frame.to_rgba())?;
        frame.colour = colour;
    }
    frame.generation = generation;
    Some(frame)
}
