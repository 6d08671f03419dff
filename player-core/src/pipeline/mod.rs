//! From compressed samples to picture and sound.

#[cfg(feature = "gst")]
pub mod gst;
pub mod null;

use crate::container::{Sample, TrackFormat};
use crate::decoding::{ChosenDecoder, DecoderChoice};
use crate::frame::{FrameSlot, VideoFrame};
use crate::manifest::TrackKind;
use abr::{MediaTime, PlaybackRate};
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// Counts seeks. Events carry the one they belong to, so that what was on its way when a seek came is not mistaken
/// for its result.
pub type Generation = u64;

/// What the session asks of a pipeline. Carried out in order.
#[derive(Clone, Debug)]
pub enum PipelineCommand {
    /// Which decoder takes pictures from the next seek on, or from the beginning where it comes before `Configure`.
    SetDecoder(DecoderChoice),
    /// First command but for `SetDecoder`: which tracks there will be. The pipeline gets ready, paused, at `start`.
    Configure {
        kinds: Vec<TrackKind>,
        start: MediaTime,
        /// Seeks may have come before there was a pipeline; this is the newest one's.
        generation: Generation,
    },
    /// More samples of a track. `format` may differ from the last one's.
    Feed {
        kind: TrackKind,
        format: Arc<TrackFormat>,
        samples: Vec<Sample>,
    },
    /// No more samples of this track before the next seek.
    EndOfTrack(TrackKind),
    /// Throw away everything fed and start anew; pictures before `to` are decoded but not shown.
    Seek {
        to: MediaTime,
        generation: Generation,
    },
    Play,
    Pause,
    /// How fast media time passes from now on, seeks included; normal before the first. Takes effect without a flush:
    /// nothing is lost or repeated, and sound keeps its pitch.
    SetRate(PlaybackRate),
    /// Linear gain.
    SetVolume(f32),
    SetMuted(bool),
}

/// What a pipeline reports.
#[derive(Clone, Debug, PartialEq)]
pub enum PipelineEvent {
    /// Ready to play at the position of this seek: its first picture is at the surface.
    Prerolled {
        generation: Generation,
    },
    /// Playhead, about twenty times a second while playing.
    Position {
        at: MediaTime,
        generation: Generation,
    },
    /// All tracks have been played to their end.
    Eos {
        generation: Generation,
    },
    /// Counters since the start.
    Frames {
        shown: u64,
        dropped: u64,
    },
    DecoderChosen {
        kind: TrackKind,
        codec: String,
        decoder: String,
        /// Why it is this one; pictures alone have a choice.
        chosen: Option<ChosenDecoder>,
    },
    Failed(PipelineError),
}

/// Why a pipeline gave up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    #[error("no decoder for {0}")]
    NoDecoder(String),
    #[error("decoding failed: {0}")]
    Decode(String),
    #[error("output failed: {0}")]
    Output(String),
    #[error("the media framework failed: {0}")]
    Framework(String),
}

/// Plays what it is fed. Dropping it stops playback and frees the outputs.
pub trait MediaPipeline: Send + fmt::Debug {
    /// Takes a command. Never blocks: slow work happens on the pipeline's own thread.
    fn send(&self, command: PipelineCommand);
}

/// Where a pipeline's events go. Unbounded because streaming threads must never wait; their rate is bounded by the
/// frame rate.
pub type PipelineEvents = UnboundedSender<PipelineEvent>;

/// Makes a pipeline for one session.
pub type PipelineFactory = Arc<dyn Fn(PipelineEvents, FrameSlot) -> Box<dyn MediaPipeline> + Send + Sync>;

/// Decodes single pictures, beside whatever is played. Called on threads that may block, for some pictures at a time.
pub trait StillDecoder: Send + Sync + fmt::Debug + 'static {
    /// The picture of a key frame, made smaller where it has more than `max_side` pixels across or down.
    ///
    /// # Errors
    /// No decoder, or bytes that are no picture. Ends within seconds, whatever the bytes.
    fn decode(&self, format: &TrackFormat, key_frame: &Sample, max_side: u32) -> Result<VideoFrame, PipelineError>;
}
