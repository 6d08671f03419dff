//! The elements: one branch per track.

use super::{GstOutput, caps, registry, video_out};
use crate::container::{Sample, TrackFormat};
use crate::frame::FrameSlot;
use crate::manifest::TrackKind;
use crate::pipeline::PipelineError;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Source and decoder of one track. The decoder is made with the first format.
#[derive(Debug)]
pub(super) struct Branch {
    kind: TrackKind,
    source: gst_app::AppSrc,
    /// First element behind the decoder.
    after: gst::Element,
    format: Option<Arc<TrackFormat>>,
    pub(super) sink: gst::Element,
    pub(super) volume: Option<gst::Element>,
}

impl Branch {
    /// Builds everything but the decoder. `shown` numbers the seek that frames belong to.
    pub(super) fn new(
        pipeline: &gst::Pipeline,
        kind: TrackKind,
        output: GstOutput,
        frames: &FrameSlot,
        shown: &Arc<AtomicU64>,
    ) -> Result<Self, PipelineError> {
        let source = gst_app::AppSrc::builder()
            .format(gst::Format::Time)
            // Seeks reach the source and are answered by the session, which feeds from the right sample on.
            .stream_type(gst_app::AppStreamType::Seekable)
            .is_live(false)
            .max_bytes(0)
            .callbacks(gst_app::AppSrcCallbacks::builder().seek_data(|_, _| true).build())
            .build();
        let chain = match kind {
            TrackKind::Audio => audio_chain(output)?,
            _ => {
                let sink = video_out::sink(output.pixels, output.drop_late, frames.clone(), shown.clone());
                vec![make("videoconvert")?, sink.upcast()]
            }
        };
        add(pipeline, [source.upcast_ref()])?;
        add(pipeline, chain.iter())?;
        gst::Element::link_many(&chain).map_err(framework)?;
        let volume = chain.iter().find(|element| element.has_property("mute")).cloned();
        let (Some(after), Some(sink)) = (chain.first().cloned(), chain.last().cloned()) else {
            return Err(PipelineError::Framework("an empty branch".into()));
        };
        Ok(Self { kind, source, after, format: None, sink, volume })
    }

    /// Can events travel from the sink to the source?
    pub(super) fn is_linked(&self) -> bool {
        self.format.is_some()
    }

    /// Makes the decoder for the first format. Returns its name if it was made now.
    pub(super) fn prepare(
        &mut self,
        pipeline: &gst::Pipeline,
        format: &Arc<TrackFormat>,
    ) -> Result<Option<String>, PipelineError> {
        if self.format.is_some() {
            return Ok(None);
        }
        let caps = caps::sample_caps(&format.codec);
        let name = self.add_decoder(pipeline, format, &caps)?;
        self.source.set_caps(Some(&caps));
        self.format = Some(format.clone());
        Ok(Some(name))
    }

    /// Pushes samples. The branch must be linked.
    pub(super) fn push(&mut self, format: &Arc<TrackFormat>, samples: Vec<Sample>) -> Result<(), PipelineError> {
        let current =
            self.format.as_ref().ok_or_else(|| PipelineError::Framework("a branch without decoder".into()))?;
        if **current != **format {
            if !current.codec.same_decoder(&format.codec) {
                return Err(PipelineError::Decode("the codec changed in mid-stream".into()));
            }
            // Takes its place between the samples: the decoder drains before it takes the new configuration.
            self.source.set_caps(Some(&caps::sample_caps(&format.codec)));
            self.format = Some(format.clone());
        }
        for sample in samples {
            // A flush in between is no error: the samples belong to the past then.
            if self.source.push_buffer(buffer(&sample)).is_err() {
                tracing::debug!(kind = ?self.kind, "a sample was refused while flushing");
                break;
            }
        }
        Ok(())
    }

    fn add_decoder(
        &self,
        pipeline: &gst::Pipeline,
        format: &TrackFormat,
        caps: &gst::Caps,
    ) -> Result<String, PipelineError> {
        let parser = make(caps::parser(&format.codec))?;
        let decoder = registry::decoder(caps)?;
        if decoder.has_property("max-threads") {
            // Frame threads cost a picture of delay each; the default takes one per core and more.
            decoder.set_property_from_str("max-threads", "2");
        }
        add(pipeline, [&parser, &decoder])?;
        gst::Element::link_many([self.source.upcast_ref(), &parser, &decoder, &self.after]).map_err(framework)?;
        for element in [&decoder, &parser] {
            element.sync_state_with_parent().map_err(framework)?;
        }
        Ok(decoder.factory().map_or_else(|| decoder.name().to_string(), |factory| factory.name().to_string()))
    }

    pub(super) fn end(&self) {
        let _ = self.source.end_of_stream();
    }
}

fn audio_chain(output: GstOutput) -> Result<Vec<gst::Element>, PipelineError> {
    let sink = if output.audible { make("autoaudiosink")? } else { silent_sink()? };
    Ok(vec![make("audioconvert")?, make("audioresample")?, make("volume")?, sink])
}

/// Sound at its pace, heard by nobody.
fn silent_sink() -> Result<gst::Element, PipelineError> {
    let sink = make("fakesink")?;
    sink.set_property("sync", true);
    Ok(sink)
}

fn make(factory: &str) -> Result<gst::Element, PipelineError> {
    gst::ElementFactory::make(factory)
        .build()
        .map_err(|_| PipelineError::Framework(format!("element {factory} is not installed")))
}

fn add<'a>(
    pipeline: &gst::Pipeline,
    elements: impl IntoIterator<Item = &'a gst::Element>,
) -> Result<(), PipelineError> {
    pipeline.add_many(elements).map_err(framework)
}

fn framework(error: gst::glib::BoolError) -> PipelineError {
    PipelineError::Framework(error.message.to_string())
}

fn buffer(sample: &Sample) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_slice(sample.data.clone());
    let fields = buffer.get_mut().expect("a new buffer has one owner");
    let time = |time: abr::MediaTime| u64::try_from(time.nanos()).ok().map(gst::ClockTime::from_nseconds);
    fields.set_pts(time(sample.pts));
    // Media with negative composition offsets have decode times behind presentation times; GStreamer's base classes
    // take that for an error and guess. The order of the samples says all that a decoder needs.
    fields.set_duration(gst::ClockTime::try_from(sample.duration).ok());
    if !sample.keyframe {
        fields.set_flags(gst::BufferFlags::DELTA_UNIT);
    }
    buffer
}
