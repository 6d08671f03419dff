//! One picture at a time, from a pipeline that lives no longer than that.
//!
//! ```text
//! appsrc ─► parser ─► decoder ─► scale ─► convert ─► appsink      one key frame, then the end
//! ```

use super::graph::{add, framework, make};
use super::{caps, registry, video_out};
use crate::container::{Sample, TrackFormat};
use crate::decoding::DecoderChoice;
use crate::frame::VideoFrame;
use crate::manifest::TrackKind;
use crate::pipeline::{PipelineError, StillDecoder};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

/// A decoder that has said nothing for so long will not say anything. Software takes a tenth of a second for the
/// largest picture.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(2);

/// Decodes key frames with whatever decoders are installed.
#[derive(Clone, Copy, Debug, Default)]
pub struct GstStills;

impl StillDecoder for GstStills {
    fn decode(&self, format: &TrackFormat, key_frame: &Sample, max_side: u32) -> Result<VideoFrame, PipelineError> {
        gst::init().map_err(|error| PipelineError::Framework(error.to_string()))?;
        let pipeline = gst::Pipeline::new();
        let result = decode(&pipeline, format, key_frame, max_side);
        let _ = pipeline.set_state(gst::State::Null);
        result
    }
}

fn decode(
    pipeline: &gst::Pipeline,
    format: &TrackFormat,
    key_frame: &Sample,
    max_side: u32,
) -> Result<VideoFrame, PipelineError> {
    let sample_caps = caps::sample_caps(&format.codec).filter(|_| format.kind == TrackKind::Video);
    let sample_caps = sample_caps.ok_or_else(|| PipelineError::NoDecoder(format.codec.name().into()))?;
    let source = gst_app::AppSrc::builder().format(gst::Format::Time).is_live(false).caps(&sample_caps).build();
    let (decoder, _) = registry::decoder(&sample_caps, &DecoderChoice::Auto)?;
    if decoder.has_property("max-threads") {
        // One picture: further threads would only wait for more.
        decoder.set_property_from_str("max-threads", "1");
    }
    let side = gst::IntRange::new(1, i32::try_from(max_side.max(1)).unwrap_or(i32::MAX));
    let wanted = gst::Caps::builder("video/x-raw")
        .field("format", "RGBA")
        .field("width", side)
        .field("height", side)
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .build();
    let sink = gst_app::AppSink::builder().caps(&wanted).sync(false).build();
    let mut elements = vec![source.clone().upcast::<gst::Element>()];
    if let Some(parser) = caps::parser(&format.codec) {
        elements.push(make(parser)?);
    }
    elements.extend([decoder, make("videoscale")?, make("videoconvert")?, sink.clone().upcast()]);
    add(pipeline, elements.iter())?;
    gst::Element::link_many(&elements).map_err(framework)?;
    pipeline.set_state(gst::State::Playing).map_err(|error| PipelineError::Framework(error.to_string()))?;

    let mut buffer = gst::Buffer::from_slice(key_frame.data.clone());
    if let Some(fields) = buffer.get_mut() {
        fields.set_pts(gst::ClockTime::ZERO);
    }
    let refused = |error: gst::FlowError| PipelineError::Decode(error.to_string());
    source.push_buffer(buffer).map_err(refused)?;
    source.end_of_stream().map_err(refused)?;
    let picture = sink.try_pull_sample(PATIENCE);
    let mut frame = picture.as_ref().and_then(video_out::still).ok_or_else(|| failure(pipeline))?;
    frame.pts = key_frame.pts;
    Ok(frame)
}

/// What the pipeline says of it, or that it says nothing.
fn failure(pipeline: &gst::Pipeline) -> PipelineError {
    let errors = pipeline.bus().into_iter().flat_map(|bus| {
        let of_kind = move || bus.pop_filtered(&[gst::MessageType::Error]);
        std::iter::from_fn(of_kind)
    });
    let told = errors.filter_map(|message| match message.view() {
        gst::MessageView::Error(error) => Some(error.error().to_string()),
        _ => None,
    });
    PipelineError::Decode(told.last().unwrap_or_else(|| "no picture came of a key frame".into()))
}
