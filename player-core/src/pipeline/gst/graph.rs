//! The elements: one branch per track.

use super::tempo::{self, SharedTempo};
use super::{GstOutput, caps, registry, sound, video_out};
use crate::container::{Sample, TrackFormat};
use crate::decoding::{ChosenDecoder, DecoderChoice};
use crate::frame::FrameSlot;
use crate::manifest::TrackKind;
use crate::pipeline::{PipelineError, PipelineEvent};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Sources and decoders of one track.
///
/// ```text
/// appsrc ─► parser ─► decoder ─► concat ─► convert … sink
/// appsrc ─► parser ─► decoder ───┘     │     (one chain per codec, one after the other)
///                                   tempo
///
/// ```
///
/// A codec that changes gets a chain of its own: the one before is drained to its last picture while the next decoder
/// is opened, and `concat` passes from one to the other.
#[derive(Debug)]
pub(super) struct Branch {
    kind: TrackKind,
    concat: gst::Element,
    chains: Vec<Chain>,
    hidden: Hidden,
    /// Time of the newest buffer at the sink, in nanoseconds.
    reached: Arc<AtomicU64>,
    ended: bool,
    pub(super) sink: gst::Element,
    pub(super) volume: Option<gst::Element>,
}

/// One decoder and what feeds it.
#[derive(Debug)]
struct Chain {
    source: gst_app::AppSrc,
    elements: Vec<gst::Element>,
    pad: gst::Pad,
    format: Arc<TrackFormat>,
    /// Nanoseconds added to the times of its samples.
    offset: i64,
}

/// A decoder that was made now.
#[derive(Debug)]
pub(super) struct MadeDecoder {
    name: String,
    chosen: Option<ChosenDecoder>,
}

impl MadeDecoder {
    /// As it is told.
    pub(super) fn event(self, kind: TrackKind, format: &TrackFormat) -> PipelineEvent {
        let codec = format.codec.name().to_owned();
        PipelineEvent::DecoderChosen { kind, codec, decoder: self.name, chosen: self.chosen }
    }
}

/// How a chain begins whose first pictures are not to be seen: a period that is entered between two key frames.
///
/// Such pictures are earlier than what has been shown, perhaps earlier than the presentation's zero, and decoders take
/// times that run backwards for mistakes. In a chain of their own they run forwards, and the chain's segment begins with
/// the first picture to be seen: decoders drop what lies before it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// First time to be seen, on the presentation's timeline.
    start: i64,
    offset: i64,
}

/// Brings times below zero above it.
const ENTRY_OFFSET: i64 = 3_600_000_000_000;

impl Entry {
    /// Of samples that begin with hidden ones.
    fn of(samples: &[Sample]) -> Option<Self> {
        let first = samples.first().filter(|sample| sample.hidden)?;
        let shown = samples.iter().filter(|sample| !sample.hidden).map(|sample| sample.pts).min()?;
        (first.pts < shown).then_some(Self { start: shown.nanos(), offset: ENTRY_OFFSET })
    }

    /// Has the source announce a segment that begins there.
    fn begin_at(self, source: &gst_app::AppSrc) {
        let time = |nanos: i64| gst::ClockTime::from_nseconds(u64::try_from(nanos).unwrap_or_default());
        let (inside, outside) = (time(self.start.saturating_add(self.offset)), time(self.start));
        let Some(pad) = source.static_pad("src") else { return };
        pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            if let Some(gst::PadProbeData::Event(event)) = &mut info.data
                && let gst::EventView::Segment(announced) = event.view()
            {
                let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
                segment.set_start(inside);
                segment.set_position(inside);
                segment.set_time(outside);
                segment.set_base(outside);
                *event = gst::event::Segment::builder(&segment).seqnum(announced.seqnum()).build();
            }
            gst::PadProbeReturn::Ok
        });
    }
}

/// Times, in nanoseconds, of pictures that are decoded for others and not shown.
type Hidden = Arc<Mutex<HashSet<u64>>>;

impl Branch {
    /// Builds everything but the decoder. `shown` numbers the seek that frames belong to.
    pub(super) fn new(
        pipeline: &gst::Pipeline,
        kind: TrackKind,
        output: GstOutput,
        frames: &FrameSlot,
        shown: &Arc<AtomicU64>,
        tempo: &SharedTempo,
    ) -> Result<Self, PipelineError> {
        let concat = make("concat")?;
        // Samples carry the presentation's times: nothing is to be added to them.
        concat.set_property("adjust-base", false);
        if let Some(pad) = concat.static_pad("src") {
            tempo::follow(&pad, tempo.clone());
        }
        let mut chain = vec![concat.clone()];
        match kind {
            TrackKind::Audio => chain.extend(sound::chain(&output)?),
            _ => {
                let sink = video_out::sink(output.clone(), frames.clone(), shown.clone());
                let convert = make("videoconvert")?;
                if let Some(pad) = convert.static_pad("sink") {
                    video_out::keep_depth(&pad, &sink, &output);
                }
                chain.extend([convert, sink.upcast()]);
            }
        }
        add(pipeline, chain.iter())?;
        gst::Element::link_many(&chain).map_err(framework)?;
        let volume = chain.iter().find(|element| element.has_property("mute")).cloned();
        let Some(sink) = chain.last().cloned() else {
            return Err(PipelineError::Framework("an empty branch".into()));
        };
        let hidden = Hidden::default();
        let reached = Arc::new(AtomicU64::new(0));
        watch_sink(&sink, &hidden, &reached);
        let chains = Vec::new();
        Ok(Self { kind, concat, chains, hidden, reached, ended: false, sink, volume })
    }

    /// Can events travel from the sink to the source?
    pub(super) fn is_linked(&self) -> bool {
        !self.chains.is_empty()
    }

    /// Is there more than one chain? Then a seek cannot travel to what has been played.
    pub(super) fn has_changed(&self) -> bool {
        self.chains.len() > 1
    }

    /// Makes the decoder for the first format. Returns its name if it was made now.
    pub(super) fn prepare(
        &mut self,
        pipeline: &gst::Pipeline,
        format: &Arc<TrackFormat>,
        choice: &DecoderChoice,
    ) -> Result<Option<MadeDecoder>, PipelineError> {
        if self.is_linked() { Ok(None) } else { self.add_chain(pipeline, format, None, choice).map(Some) }
    }

    /// Pushes samples. The branch must be linked. Returns the name of a decoder that was made for another codec.
    pub(super) fn push(
        &mut self,
        pipeline: &gst::Pipeline,
        format: &Arc<TrackFormat>,
        samples: Vec<Sample>,
        choice: &DecoderChoice,
    ) -> Result<Option<MadeDecoder>, PipelineError> {
        let mut made = None;
        let unlinked = || PipelineError::Framework("a branch without decoder".into());
        let current = self.chains.last().ok_or_else(unlinked)?;
        let entry = (self.kind == TrackKind::Video).then(|| Entry::of(&samples)).flatten();
        if entry.is_some() || !current.format.codec.same_decoder(&format.codec) {
            let before = current.source.clone();
            made = Some(self.add_chain(pipeline, format, entry, choice)?);
            // Only now: without a successor the end of this chain would be the end of the branch.
            let _ = before.end_of_stream();
        }
        let current = self.chains.last_mut().ok_or_else(unlinked)?;
        if *current.format != **format {
            // Takes its place between the samples: the decoder drains before it takes the new configuration.
            current.source.set_caps(caps::sample_caps(&format.codec).as_ref());
            current.format = format.clone();
        }
        for sample in samples {
            if sample.hidden && self.kind == TrackKind::Audio {
                // Sound is decoded frame by frame: nothing needs it.
                continue;
            }
            // A flush in between is no error: the samples belong to the past then.
            if current.source.push_buffer(buffer(&sample, current.offset, &self.hidden)).is_err() {
                tracing::debug!(kind = ?self.kind, "a sample was refused while flushing");
                break;
            }
        }
        Ok(made)
    }

    fn add_chain(
        &mut self,
        pipeline: &gst::Pipeline,
        format: &Arc<TrackFormat>,
        entry: Option<Entry>,
        choice: &DecoderChoice,
    ) -> Result<MadeDecoder, PipelineError> {
        let caps = caps::sample_caps(&format.codec)
            .ok_or_else(|| PipelineError::NoDecoder("text among the samples".into()))?;
        let source = gst_app::AppSrc::builder()
            .format(gst::Format::Time)
            // Seeks reach the source and are answered by the session, which feeds from the right sample on.
            .stream_type(gst_app::AppStreamType::Seekable)
            .is_live(false)
            .max_bytes(0)
            .caps(&caps)
            .callbacks(gst_app::AppSrcCallbacks::builder().seek_data(|_, _| true).build())
            .build();
        if let Some(entry) = entry {
            entry.begin_at(&source);
        }
        // Sound costs nothing to speak of.
        let choice = if self.kind == TrackKind::Video { choice } else { &DecoderChoice::Auto };
        let (decoder, chosen) = registry::decoder(&caps, choice)?;
        if decoder.has_property("max-threads") {
            // Frame threads cost a picture of delay each; the default takes one per core and more.
            decoder.set_property_from_str("max-threads", "2");
        }
        let mut elements = vec![source.clone().upcast::<gst::Element>()];
        if let Some(parser) = caps::parser(&format.codec) {
            elements.push(make(parser)?);
        }
        elements.push(decoder.clone());
        add(pipeline, elements.iter())?;
        gst::Element::link_many(&elements).map_err(framework)?;
        let missing = || PipelineError::Framework("a decoder without a way out".into());
        let pad = self.concat.request_pad_simple("sink_%u").ok_or_else(missing)?;
        let decoded = decoder.static_pad("src").ok_or_else(missing)?;
        video_out::describe(&decoded, format.colour);
        decoded.link(&pad).map_err(|_| missing())?;
        for element in elements.iter().rev() {
            element.sync_state_with_parent().map_err(framework)?;
        }
        let offset = entry.map_or(0, |entry| entry.offset);
        self.chains.push(Chain { source, elements, pad, format: format.clone(), offset });
        let name = decoder.factory().map_or_else(|| decoder.name().to_string(), |factory| factory.name().to_string());
        Ok(MadeDecoder { name, chosen: (self.kind == TrackKind::Video).then_some(chosen) })
    }

    /// Takes all decoders away. The pipeline must be at rest.
    pub(super) fn clear(&mut self, pipeline: &gst::Pipeline) {
        for Chain { elements, pad, .. } in self.chains.drain(..) {
            for element in &elements {
                let _ = element.set_state(gst::State::Null);
            }
            let _ = pipeline.remove_many(&elements);
            self.concat.release_request_pad(&pad);
        }
        self.forget_fed();
    }

    /// A seek: what was fed before it will not come out any more.
    pub(super) fn forget_fed(&mut self) {
        self.ended = false;
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How far this track has come, while it has not ended.
    pub(super) fn reached(&self) -> Option<gst::ClockTime> {
        (!self.ended).then(|| self.newest())
    }

    /// Time of the newest buffer that came to the sink.
    pub(super) fn newest(&self) -> gst::ClockTime {
        gst::ClockTime::from_nseconds(self.reached.load(Ordering::Relaxed))
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
        if let Some(chain) = self.chains.last() {
            let _ = chain.source.end_of_stream();
        }
    }
}

/// Where a buffer belongs on the presentation's timeline, in nanoseconds: chains may count from elsewhere.
pub(super) fn stream_time(pad: &gst::Pad, pts: u64) -> Option<u64> {
    let event = pad.sticky_event::<gst::event::Segment>(0)?;
    let segment = event.segment().downcast_ref::<gst::ClockTime>()?;
    segment.to_stream_time(gst::ClockTime::from_nseconds(pts)).map(gst::ClockTime::nseconds)
}

/// Keeps hidden pictures from the sink, before it would wait for their time, and notes the time of the others.
fn watch_sink(sink: &gst::Element, hidden: &Hidden, reached: &Arc<AtomicU64>) {
    let (hidden, reached) = (hidden.clone(), reached.clone());
    let Some(pad) = sink.static_pad("sink") else { return };
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let pts = info.buffer().and_then(|buffer| buffer.pts()).map(gst::ClockTime::nseconds);
        let mut hidden = hidden.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pts) = pts else { return gst::PadProbeReturn::Ok };
        if hidden.remove(&pts) {
            // Not `Drop`: its buffer would be let go of twice, by the bindings and by GStreamer before 1.24.
            return gst::PadProbeReturn::Handled;
        }
        let time = stream_time(pad, pts).unwrap_or(pts);
        reached.store(time, Ordering::Relaxed);
        gst::PadProbeReturn::Ok
    });
}

pub(super) fn make(factory: &str) -> Result<gst::Element, PipelineError> {
    gst::ElementFactory::make(factory)
        .build()
        .map_err(|_| PipelineError::Framework(format!("element {factory} is not installed")))
}

pub(super) fn add<'a>(
    pipeline: &gst::Pipeline,
    elements: impl IntoIterator<Item = &'a gst::Element>,
) -> Result<(), PipelineError> {
    pipeline.add_many(elements).map_err(framework)
}

pub(super) fn framework(error: gst::glib::BoolError) -> PipelineError {
    PipelineError::Framework(error.message.to_string())
}

fn buffer(sample: &Sample, offset: i64, hidden: &Hidden) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_slice(sample.data.clone());
    let fields = buffer.get_mut().expect("a new buffer has one owner");
    let time = |time: abr::MediaTime| {
        let nanos = time.nanos().saturating_add(offset);
        u64::try_from(nanos).ok().map(gst::ClockTime::from_nseconds)
    };
    let shown_at = time(sample.pts);
    let pts = match shown_at {
        Some(pts) if sample.hidden => {
            // A nanosecond beside the grid of real times: another period's picture may be shown at the very same one.
            // Before and not behind, or the last one would reach into the first that is shown: decoders cut such a
            // picture down to that part, time included, and it would not be known again.
            let nanosecond = gst::ClockTime::from_nseconds(1);
            let marked = pts.checked_sub(nanosecond).unwrap_or(nanosecond);
            hidden.lock().unwrap_or_else(PoisonError::into_inner).insert(marked.nseconds());
            Some(marked)
        }
        pts => pts,
    };
    fields.set_pts(pts);
    // Media with negative composition offsets have decode times behind presentation times; GStreamer's base classes
    // take that for an error and guess. The order of the samples says all that a decoder needs.
    fields.set_duration(gst::ClockTime::try_from(sample.duration).ok());
    if !sample.keyframe {
        fields.set_flags(gst::BufferFlags::DELTA_UNIT);
    }
    buffer
}
