//! The thread that owns the pipeline.

use super::graph::Branch;
use super::tempo::{SharedTempo, Tempo};
use super::{GstOutput, registry};
use crate::container::{Sample, TrackFormat};
use crate::decoding::DecoderChoice;
use crate::frame::FrameSlot;
use crate::manifest::TrackKind;
use crate::pipeline::{Generation, PipelineCommand, PipelineError, PipelineEvent, PipelineEvents};
use abr::{MediaTime, PlaybackRate};
use gstreamer as gst;
use gstreamer::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Positions are reported this often while playing.
const TICK: Duration = Duration::from_millis(50);
/// Frame counters are reported this often while playing.
const REPORT: Duration = Duration::from_secs(1);
/// A change of state that is over but for its last step takes this long at most.
const SETTLING: gst::ClockTime = gst::ClockTime::from_mseconds(50);
/// Decoders complain about single damaged pictures and go on; this many complaints without a picture in between
/// are a stream that cannot be decoded.
const MAX_COMPLAINTS: u32 = 50;

/// What reaches the thread.
pub(super) enum Message {
    Command(PipelineCommand),
    Bus {
        message: gst::Message,
        /// Generation that was shown when the message was posted.
        shown: Generation,
    },
    Close,
}

/// Something fed before it could go in; without food it is the end of the track.
struct Held {
    kind: TrackKind,
    food: Option<(Arc<TrackFormat>, Vec<Sample>)>,
}

/// All GStreamer objects of one player.
pub(super) struct Worker {
    output: GstOutput,
    events: PipelineEvents,
    frames: FrameSlot,
    own: Sender<Message>,
    pipeline: Option<gst::Pipeline>,
    branches: BTreeMap<TrackKind, Branch>,
    tempo: SharedTempo,
    decoder: DecoderChoice,
    /// The decoders there are were chosen by another wish.
    is_redecided: bool,
    /// A seek that waits for decoders.
    seek_to: Option<MediaTime>,
    held: Vec<Held>,
    /// Generation of the frames that come out now.
    shown: Arc<AtomicU64>,
    generation: Generation,
    playing: bool,
    ended: bool,
    ticked_at: Instant,
    reported_at: Instant,
    complaints: u32,
    frames_at_complaint: u64,
}

impl Worker {
    pub(super) fn new(output: GstOutput, events: PipelineEvents, frames: FrameSlot, own: Sender<Message>) -> Self {
        Self {
            output,
            events,
            frames,
            own,
            pipeline: None,
            branches: BTreeMap::new(),
            tempo: SharedTempo::default(),
            decoder: DecoderChoice::Auto,
            is_redecided: false,
            seek_to: None,
            held: Vec::new(),
            shown: Arc::new(AtomicU64::new(0)),
            generation: 0,
            playing: false,
            ended: false,
            ticked_at: Instant::now(),
            reported_at: Instant::now(),
            complaints: 0,
            frames_at_complaint: 0,
        }
    }

    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        if let Err(error) = gst::init() {
            self.event(PipelineEvent::Failed(PipelineError::Framework(error.to_string())));
            return;
        }
        // Loading the decoders' plug-ins takes longer than fetching the first segment: do it meanwhile.
        registry::warm_up();
        loop {
            // A paused pipeline has nothing to report and costs no wake-ups.
            let message = if self.playing {
                match messages.recv_timeout(TICK) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            } else {
                match messages.recv() {
                    Ok(message) => Some(message),
                    Err(_) => break,
                }
            };
            let result = match message {
                Some(Message::Command(command)) => self.command(command),
                Some(Message::Bus { message, shown }) => self.bus_message(&message, shown),
                Some(Message::Close) => break,
                None => Ok(()),
            };
            if let Err(error) = result {
                self.event(PipelineEvent::Failed(error));
                self.shut_down();
            }
            if self.playing && self.ticked_at.elapsed() >= TICK {
                self.tick();
            }
        }
        self.report_frames();
        self.shut_down();
    }

    fn command(&mut self, command: PipelineCommand) -> Result<(), PipelineError> {
        match command {
            PipelineCommand::Configure { kinds, start, generation } => {
                self.generation = generation;
                self.configure(&kinds, start)
            }
            PipelineCommand::Feed { kind, format, samples } => {
                let (Some(pipeline), Some(branch)) = (&self.pipeline, self.branches.get_mut(&kind)) else {
                    return Ok(());
                };
                if let Some(made) = branch.prepare(pipeline, &format, &self.decoder)? {
                    self.event(made.event(kind, &format));
                }
                self.held.push(Held { kind, food: Some((format, samples)) });
                self.release()
            }
            PipelineCommand::EndOfTrack(kind) => {
                self.held.push(Held { kind, food: None });
                self.release()
            }
            PipelineCommand::Seek { to, generation } => self.seek(to, generation),
            PipelineCommand::Play => self.set_playing(true),
            PipelineCommand::Pause => self.set_playing(false),
            PipelineCommand::SetRate(rate) => {
                self.set_rate(rate);
                Ok(())
            }
            PipelineCommand::SetDecoder(choice) => {
                self.is_redecided = self.pipeline.is_some();
                self.decoder = choice;
                Ok(())
            }
            PipelineCommand::SetVolume(gain) => {
                self.each_volume(|element| element.set_property("volume", f64::from(gain)));
                Ok(())
            }
            PipelineCommand::SetMuted(muted) => {
                self.each_volume(|element| element.set_property("mute", muted));
                Ok(())
            }
        }
    }

    fn configure(&mut self, kinds: &[TrackKind], start: MediaTime) -> Result<(), PipelineError> {
        let pipeline = gst::Pipeline::new();
        for kind in kinds {
            let branch = Branch::new(&pipeline, *kind, self.output.clone(), &self.frames, &self.shown, &self.tempo)?;
            self.branches.insert(*kind, branch);
        }
        let (own, shown) = (self.own.clone(), self.shown.clone());
        let bus = pipeline.bus().ok_or_else(|| PipelineError::Framework("a pipeline without a bus".into()))?;
        bus.set_sync_handler(move |_, message| {
            let wanted = matches!(
                message.type_(),
                gst::MessageType::AsyncDone
                    | gst::MessageType::Eos
                    | gst::MessageType::Error
                    | gst::MessageType::Warning
            );
            if wanted {
                let _ = own.send(Message::Bus { message: message.clone(), shown: shown.load(Ordering::Acquire) });
            }
            gst::BusSyncReply::Drop
        });
        pipeline.set_state(gst::State::Paused).map_err(|error| PipelineError::Output(error.to_string()))?;
        self.pipeline = Some(pipeline);
        if start > MediaTime::ZERO {
            return self.seek(start, self.generation);
        }
        self.shown.store(self.generation, Ordering::Release);
        Ok(())
    }

    /// Seeks as soon as it can travel: until each branch has its decoder, it waits, and so does what is fed.
    fn seek(&mut self, to: MediaTime, generation: Generation) -> Result<(), PipelineError> {
        self.generation = generation;
        self.ended = false;
        self.held.clear();
        self.branches.values_mut().for_each(Branch::forget_fed);
        self.seek_to = Some(to);
        if std::mem::take(&mut self.is_redecided) || self.branches.values().any(Branch::has_changed) {
            self.begin_anew()?;
        }
        self.release()
    }

    /// Takes all decoders away, so that the first of what is fed next makes its own: a seek travels along one chain
    /// only, and the codec may be another one where it leads.
    fn begin_anew(&mut self) -> Result<(), PipelineError> {
        let Some(pipeline) = &self.pipeline else { return Ok(()) };
        let refused = |error: gst::StateChangeError| PipelineError::Output(error.to_string());
        pipeline.set_state(gst::State::Ready).map_err(refused)?;
        for branch in self.branches.values_mut() {
            branch.clear(pipeline);
        }
        let state = if self.playing { gst::State::Playing } else { gst::State::Paused };
        pipeline.set_state(state).map_err(refused)?;
        Ok(())
    }

    /// Carries out what had to wait.
    fn release(&mut self) -> Result<(), PipelineError> {
        let unfed = |kind: &TrackKind| self.held.iter().any(|held| held.kind == *kind && held.food.is_none());
        if !self.branches.iter().all(|(kind, branch)| branch.is_linked() || unfed(kind)) {
            return Ok(());
        }
        if let Some(to) = self.seek_to.take() {
            self.flush_to(to)?;
            self.shown.store(self.generation, Ordering::Release);
        }
        for Held { kind, food } in std::mem::take(&mut self.held) {
            let Some(branch) = self.branches.get_mut(&kind) else { continue };
            match food {
                Some((format, samples)) => {
                    let Some(pipeline) = &self.pipeline else { continue };
                    if let Some(made) = branch.push(pipeline, &format, samples, &self.decoder)? {
                        let _ = self.events.send(made.event(kind, &format));
                    }
                }
                None => branch.end(),
            }
        }
        Ok(())
    }

    fn flush_to(&self, to: MediaTime) -> Result<(), PipelineError> {
        let Some(pipeline) = &self.pipeline else { return Ok(()) };
        let position = gst::ClockTime::from_nseconds(u64::try_from(to.nanos()).unwrap_or_default());
        pipeline
            .seek_simple(gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE, position)
            .map_err(|error| PipelineError::Framework(error.message.to_string()))?;
        // Nothing has been fed since the flush: no buffer can have seen the times before.
        self.tempo().restart(position.nseconds());
        Ok(())
    }

    fn set_playing(&mut self, playing: bool) -> Result<(), PipelineError> {
        let Some(pipeline) = &self.pipeline else { return Ok(()) };
        let state = if playing { gst::State::Playing } else { gst::State::Paused };
        pipeline.set_state(state).map_err(|error| PipelineError::Output(error.to_string()))?;
        self.playing = playing;
        if !playing {
            self.report_frames();
        }
        Ok(())
    }

    fn each_volume(&self, change: impl Fn(&gst::Element)) {
        self.branches.values().filter_map(|branch| branch.volume.as_ref()).for_each(change);
    }

    fn bus_message(&mut self, message: &gst::Message, shown: Generation) -> Result<(), PipelineError> {
        match message.view() {
            gst::MessageView::AsyncDone(_) => {
                // One that was under way when a seek came belongs to the position before.
                let pending = self.pipeline.as_ref().map(|pipeline| pipeline.state(SETTLING).0);
                if pending.is_some_and(|change| change != Ok(gst::StateChangeSuccess::Async)) {
                    self.event(PipelineEvent::Prerolled { generation: self.generation });
                }
                Ok(())
            }
            gst::MessageView::Eos(_) => self.end_of_stream(shown),
            gst::MessageView::Warning(warning) => self.complaint(&warning.error().to_string()),
            gst::MessageView::Error(error) => {
                let source = error.src().map(|source| source.name().to_string()).unwrap_or_default();
                let text = format!("{}: {}", source, error.error());
                let stream = error.error().is::<gst::StreamError>();
                Err(if stream { PipelineError::Decode(text) } else { PipelineError::Output(text) })
            }
            _ => Ok(()),
        }
    }

    /// An end that was posted before the newest seek took hold is the end of what was played before it.
    fn end_of_stream(&mut self, shown: Generation) -> Result<(), PipelineError> {
        if self.ended || shown != self.generation {
            return Ok(());
        }
        self.ended = true;
        // A seek from here on prerolls and waits, as from any other pause.
        self.set_playing(false)?;
        self.event(PipelineEvent::Eos { generation: self.generation });
        Ok(())
    }

    fn complaint(&mut self, text: &str) -> Result<(), PipelineError> {
        tracing::warn!(text, "pipeline");
        let frames = self.frames.count();
        self.complaints = if frames == self.frames_at_complaint { self.complaints + 1 } else { 1 };
        self.frames_at_complaint = frames;
        if self.complaints < MAX_COMPLAINTS { Ok(()) } else { Err(PipelineError::Decode(text.to_owned())) }
    }

    fn tick(&mut self) {
        let position = if self.output.paced {
            self.position()
        } else {
            // No clock says where it is: what has come out does.
            self.branches.values().filter_map(Branch::reached).min()
        };
        if let Some(position) = position {
            let at = MediaTime::from_nanos(i64::try_from(position.nseconds()).unwrap_or(i64::MAX));
            self.event(PipelineEvent::Position { at, generation: self.generation });
        }
        self.ticked_at = Instant::now();
        if self.reported_at.elapsed() >= REPORT {
            self.reported_at = self.ticked_at;
            self.report_frames();
        }
    }

    fn tempo(&self) -> MutexGuard<'_, Tempo> {
        self.tempo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_rate(&self, rate: PlaybackRate) {
        let running = self.running_time().map_or(0, gst::ClockTime::nseconds);
        self.tempo().set_rate(f64::from(rate.get()), running);
    }

    /// Time since the last flush, pauses left out.
    fn running_time(&self) -> Option<gst::ClockTime> {
        let pipeline = self.pipeline.as_ref()?;
        match (pipeline.current_state(), pipeline.clock(), pipeline.base_time()) {
            (gst::State::Playing, Some(clock), Some(base)) => Some(clock.time().saturating_sub(base)),
            _ => pipeline.start_time(),
        }
    }

    /// What is due by the clock; not beyond what has come out, for a clock goes on when media do not.
    fn position(&self) -> Option<gst::ClockTime> {
        let due = gst::ClockTime::from_nseconds(self.tempo().media_at(self.running_time()?.nseconds()));
        Some(due.min(self.branches.values().map(Branch::newest).max()?))
    }

    fn report_frames(&self) {
        let Some(branch) = self.branches.get(&TrackKind::Video) else { return };
        let stats = branch.sink.property::<gst::Structure>("stats");
        let dropped = stats.get::<u64>("dropped").unwrap_or_default();
        self.event(PipelineEvent::Frames { shown: self.frames.count(), dropped });
    }

    fn event(&self, event: PipelineEvent) {
        // The session may be gone already.
        let _ = self.events.send(event);
    }

    fn shut_down(&mut self) {
        self.playing = false;
        self.branches.clear();
        if let Some(pipeline) = self.pipeline.take() {
            if let Some(bus) = pipeline.bus() {
                bus.unset_sync_handler();
            }
            let _ = pipeline.set_state(gst::State::Null);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    /// A worker before its first command: it has no elements, and seeks take hold at once.
    fn worker() -> (Worker, UnboundedReceiver<PipelineEvent>) {
        gst::init().unwrap();
        let (events, received) = unbounded_channel();
        let (own, _) = std::sync::mpsc::channel();
        (Worker::new(GstOutput::default(), events, FrameSlot::default(), own), received)
    }

    #[test]
    fn an_end_queued_behind_a_seek_is_dropped_and_the_next_one_is_told_once() {
        let (mut worker, mut events) = worker();
        let end = gst::message::Eos::new();
        let before = worker.shown.load(Ordering::Acquire);
        worker.command(PipelineCommand::Seek { to: MediaTime::ZERO, generation: 7 }).unwrap();
        worker.bus_message(&end, before).unwrap();
        assert_eq!(events.try_recv().ok(), None);
        assert!(!worker.ended);

        let after = worker.shown.load(Ordering::Acquire);
        worker.bus_message(&end, after).unwrap();
        worker.bus_message(&end, after).unwrap();
        assert_eq!(events.try_recv().ok(), Some(PipelineEvent::Eos { generation: 7 }));
        assert_eq!(events.try_recv().ok(), None);
    }
}
