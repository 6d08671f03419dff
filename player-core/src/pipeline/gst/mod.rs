//! The real pipeline, on GStreamer. This folder is the only place that names it.
//!
//! ```text
//! appsrc ─► parser ─► decoder ─► convert ─► appsink        (picture: paced by the sink, frames to a FrameSlot)
//! appsrc ─► parser ─► decoder ─► convert ─► stretch ─► volume ─► sink (sound)
//! ```
//!
//! Speed is told behind the decoders (`tempo`): sinks wait by it, and sound is stretched by it with its pitch kept.
//!
//! One thread owns every GStreamer object and takes commands from a channel; streaming threads only post messages.

mod capability;
mod caps;
mod graph;
mod registry;
mod sound;
mod still;
mod tempo;
mod video_out;
mod worker;

pub use capability::{CodecSupport, installed_decoders, leave_out_undecodable};
pub use still::GstStills;

use super::{MediaPipeline, PipelineCommand, PipelineEvent, PipelineEvents, PipelineFactory};
use crate::frame::{FrameSlot, PixelFormat};
use abr::MediaTime;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;

/// Layout of the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixels {
    /// Converted where the decoder has another. RGBA suits surfaces that upload textures, I420 what looks at pixels.
    Only(PixelFormat),
    /// As the decoder has them where that is planar, of 8, 10 or 12 bits.
    Native,
    /// As the decoder has them, chroma apart or side by side, for surfaces that convert by a shader. High dynamic range
    /// is brought to ordinary displays before, and comes as RGBA.
    Planes,
}

/// Where picture and sound go.
#[derive(Clone, Debug)]
pub struct GstOutput {
    pub pixels: Pixels,
    /// Drop pictures that come too late to be of use. Off where each frame counts more than the clock.
    pub drop_late: bool,
    /// Play sound; otherwise it is decoded and thrown away at its pace.
    pub audible: bool,
    /// Show pictures when they are due; otherwise as soon as they are decoded.
    pub paced: bool,
    /// Told of decoded sound, where it is not played: times, layout and number of samples.
    pub sound: Option<SoundObserver>,
    /// Told what reaches the loudspeaker: after the change of speed, before the volume.
    pub heard: Option<HeardObserver>,
}

/// Decoded sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundFrames {
    pub start: MediaTime,
    /// Samples per channel.
    pub samples: u64,
    pub rate: u32,
    pub channels: u32,
}

/// Called on a decoder's thread: must return at once.
#[derive(Clone)]
pub struct SoundObserver(pub Arc<dyn Fn(SoundFrames) + Send + Sync>);

/// Sound on its way out.
#[derive(Clone, Debug, PartialEq)]
pub struct HeardSound {
    /// Of the first sample, on the presentation's timeline.
    pub start: MediaTime,
    pub rate: u32,
    pub channels: u32,
    /// -1 to 1, channels in turn.
    pub samples: Vec<f32>,
}

/// Called on a streaming thread: must return at once.
#[derive(Clone)]
pub struct HeardObserver(pub Arc<dyn Fn(HeardSound) + Send + Sync>);

impl std::fmt::Debug for HeardObserver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HeardObserver")
    }
}

impl std::fmt::Debug for SoundObserver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SoundObserver")
    }
}

impl Default for GstOutput {
    fn default() -> Self {
        let pixels = Pixels::Only(PixelFormat::Rgba);
        Self { pixels, drop_late: true, audible: true, paced: true, sound: None, heard: None }
    }
}

/// Handle to the pipeline's thread.
#[derive(Debug)]
pub struct GstPipeline {
    messages: mpsc::Sender<worker::Message>,
    thread: Option<JoinHandle<()>>,
}

impl GstPipeline {
    /// Makes pipelines with this output.
    pub fn factory(output: GstOutput) -> PipelineFactory {
        Arc::new(move |events, frames| Box::new(Self::start(output.clone(), events, frames)))
    }

    fn start(output: GstOutput, events: PipelineEvents, frames: FrameSlot) -> Self {
        let (messages, received) = mpsc::channel();
        let own = messages.clone();
        let spawned = std::thread::Builder::new()
            .name("pipeline".into())
            .spawn({
                let events = events.clone();
                move || worker::Worker::new(output, events, frames, own).run(&received)
            })
            .inspect_err(|error| {
                let error = super::PipelineError::Framework(error.to_string());
                let _ = events.send(PipelineEvent::Failed(error));
            });
        Self { messages, thread: spawned.ok() }
    }
}

impl MediaPipeline for GstPipeline {
    fn send(&self, command: PipelineCommand) {
        // A thread that is gone has said why.
        let _ = self.messages.send(worker::Message::Command(command));
    }
}

impl Drop for GstPipeline {
    fn drop(&mut self) {
        let _ = self.messages.send(worker::Message::Close);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
