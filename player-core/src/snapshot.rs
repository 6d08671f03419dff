//! What a surface shows: the fold of all events so far. Plain data, made by hand in tests.
//!
//! ```text
//!  Loading ─► Playing ◄─► Stalled        any ─► Seeking ─► Playing | Paused
//!     │          │ ▲                     any ─► Failed (final)
//!     └─► Paused ◄─┘        Playing ─► Ended ─► (Play) Seeking
//! ```

use crate::chapters::Chapters;
use crate::command::QualityChoice;
use crate::decoding::ChosenDecoder;
use crate::error::PlaybackError;
use crate::event::{EventEnvelope, PlaybackEvent, RungInfo, TrackInfo};
use crate::manifest::{TrackId, TrackKind};
use crate::net::Protocol;
use crate::text::Cue;
use abr::{Bitrate, ByteCount, MediaTime, PlaybackRate, RememberedNetwork, RungId};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;

/// Where a session is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaybackState {
    /// Until the first picture.
    #[default]
    Loading,
    /// Also while winding ([`PlayerSnapshot::trick_speed`]).
    Playing,
    Paused,
    /// Out of media; continues by itself.
    Stalled,
    /// Between a seek and its first picture.
    Seeking,
    Ended,
    Failed,
}

/// Everything a player screen needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlayerSnapshot {
    pub state: PlaybackState,
    /// What the viewer wants, whatever the state: the play button shows this.
    pub wants_play: bool,
    pub position: MediaTime,
    pub duration: Option<MediaTime>,
    /// Media ahead of the playhead, of the track that has least.
    pub buffered: Duration,
    pub rungs: Vec<RungInfo>,
    pub quality: QualityChoice,
    /// What is on screen now.
    pub shown_rung: Option<RungId>,
    /// What is being fetched now.
    pub loading_rung: Option<RungId>,
    pub tracks: Vec<TrackInfo>,
    /// Named stretches, where the stream has them.
    #[serde(default)]
    pub chapters: Chapters,
    pub selected_audio: Option<TrackId>,
    pub selected_text: Option<TrackId>,
    /// Shown beside it.
    pub selected_second_text: Option<TrackId>,
    pub cues: Vec<Cue>,
    /// Speed; winding is beside it.
    #[serde(default)]
    pub rate: PlaybackRate,
    /// How fast key frames go by while the viewer winds; negative for backwards.
    #[serde(default)]
    pub trick_speed: Option<i32>,
    pub volume: f32,
    pub muted: bool,
    pub stats: Stats,
    /// The last decisions in words, newest last.
    pub decisions: VecDeque<DecisionNote>,
    /// The last minutes for plots, oldest first; about two points a second while playing.
    pub history: VecDeque<HistoryPoint>,
    /// What the session has learnt of the network; to be kept for the next one.
    pub network: Option<RememberedNetwork>,
    /// Set when the state is `Failed`.
    pub error: Option<PlaybackError>,
    /// A problem being dealt with right now, in words for a viewer.
    pub notice: Option<String>,
    /// The session's name in event logs, once there is one: what joins a copied snapshot with its log.
    #[serde(default)]
    pub session: Option<uuid::Uuid>,
}

/// Figures of the stats overlay and of reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// From load to first picture.
    pub time_to_first_frame: Option<Duration>,
    pub stalls: u32,
    pub stalled_for: Duration,
    pub throughput: Option<Bitrate>,
    /// What the controller dared to use of it at its last decision.
    pub safe_throughput: Option<Bitrate>,
    pub bytes: ByteCount,
    pub segments: u32,
    pub abandoned: u32,
    pub switches: u32,
    /// Time to first byte of the last segment.
    pub ttfb: Option<Duration>,
    /// By what it came.
    #[serde(default)]
    pub protocol: Option<Protocol>,
    pub frames_shown: u64,
    pub frames_dropped: u64,
    pub video_decoder: Option<String>,
    /// Why it is this one, and what else there is.
    #[serde(default)]
    pub video_decoder_chosen: Option<ChosenDecoder>,
    pub audio_decoder: Option<String>,
    pub failures: u32,
}

/// Why a quality was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionNote {
    pub at: MediaTime,
    pub rung: RungId,
    pub sentence: String,
}

/// One point of the plots.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryPoint {
    pub since_load: Duration,
    pub buffered: Duration,
    pub shown_rung: Option<RungId>,
    pub throughput: Option<Bitrate>,
}

/// Decisions kept.
const DECISIONS: usize = 32;
/// Plot points kept: two minutes at two a second.
const HISTORY: usize = 240;
/// Plot points are at least this far apart.
const HISTORY_STEP: Duration = Duration::from_millis(480);

impl PlayerSnapshot {
    /// The state before the first event.
    pub fn initial() -> Self {
        Self { volume: 1.0, ..Self::default() }
    }

    /// Takes one event into account.
    pub fn apply(&mut self, envelope: &EventEnvelope) {
        self.session = Some(envelope.session);
        self.position = envelope.position;
        self.buffered = envelope.buffered;
        match &envelope.event {
            PlaybackEvent::ManifestLoaded { duration, rungs, tracks } => {
                self.duration = *duration;
                self.rungs.clone_from(rungs);
                self.tracks.clone_from(tracks);
            }
            PlaybackEvent::ChaptersLoaded { chapters } => self.chapters.clone_from(chapters),
            PlaybackEvent::CommandReceived { command } => match command {
                crate::Command::Play => self.wants_play = true,
                crate::Command::Pause => self.wants_play = false,
                _ => {}
            },
            PlaybackEvent::StateChanged { state } => self.state = *state,
            PlaybackEvent::FirstFrame => self.stats.time_to_first_frame = Some(envelope.since_load),
            PlaybackEvent::StallStarted => self.stats.stalls += 1,
            PlaybackEvent::StallEnded { lasted } => self.stats.stalled_for += *lasted,
            PlaybackEvent::SeekStarted { to, .. } => self.position = *to,
            PlaybackEvent::QualityDecided { decision, sentence } => {
                self.loading_rung = Some(decision.rung);
                self.stats.safe_throughput = decision.trace.safe;
                push_bounded(
                    &mut self.decisions,
                    DecisionNote { at: envelope.position, rung: decision.rung, sentence: sentence.clone() },
                    DECISIONS,
                );
            }
            PlaybackEvent::QualityShown { rung } => {
                self.stats.switches += u32::from(self.shown_rung.is_some());
                self.shown_rung = Some(*rung);
            }
            PlaybackEvent::QualityRequested { choice } => self.quality = *choice,
            PlaybackEvent::TrackSelected { kind, track } => match kind {
                TrackKind::Audio => self.selected_audio = *track,
                TrackKind::Text => self.selected_text = *track,
                TrackKind::Video => {}
            },
            PlaybackEvent::SecondTextSelected { track } => self.selected_second_text = *track,
            PlaybackEvent::SegmentLoaded { bytes, ttfb, throughput, cached, protocol, .. } => {
                self.stats.segments += 1;
                self.stats.bytes += *bytes;
                if !cached {
                    self.stats.ttfb = Some(*ttfb);
                    self.stats.protocol = protocol.or(self.stats.protocol);
                }
                self.stats.throughput = throughput.or(self.stats.throughput);
            }
            PlaybackEvent::SegmentAbandoned { sentence, rung, .. } => {
                self.stats.abandoned += 1;
                push_bounded(
                    &mut self.decisions,
                    DecisionNote { at: envelope.position, rung: *rung, sentence: sentence.clone() },
                    DECISIONS,
                );
            }
            PlaybackEvent::LoadFailed { recovery, .. } => {
                self.stats.failures += 1;
                self.notice = Some(recovery.clone());
            }
            PlaybackEvent::Recovered => self.notice = None,
            PlaybackEvent::FramesReport { shown, dropped } => {
                self.stats.frames_shown = *shown;
                self.stats.frames_dropped = *dropped;
            }
            PlaybackEvent::DecoderChosen { kind, decoder, chosen, .. } => match kind {
                TrackKind::Video => {
                    self.stats.video_decoder = Some(decoder.clone());
                    self.stats.video_decoder_chosen.clone_from(chosen);
                }
                TrackKind::Audio => self.stats.audio_decoder = Some(decoder.clone()),
                TrackKind::Text => {}
            },
            PlaybackEvent::CuesShown { cues } => self.cues.clone_from(cues),
            PlaybackEvent::RateChanged { rate } => self.rate = *rate,
            PlaybackEvent::TrickPlayChanged { speed } => self.trick_speed = *speed,
            PlaybackEvent::VolumeChanged { volume, muted } => {
                self.volume = *volume;
                self.muted = *muted;
            }
            PlaybackEvent::Failed { error } => {
                self.notice = None;
                self.error = Some(error.clone());
            }
            PlaybackEvent::NetworkMeasured { network } => self.network = Some(*network),
            PlaybackEvent::LoadRequested { .. }
            | PlaybackEvent::SeekCompleted { .. }
            | PlaybackEvent::PositionReport
            | PlaybackEvent::SegmentStarted { .. }
            | PlaybackEvent::SegmentSkipped { .. }
            | PlaybackEvent::MediaMissing { .. }
            | PlaybackEvent::SegmentsReplaced { .. }
            | PlaybackEvent::SourceRefreshed
            | PlaybackEvent::LicenceRequested { .. }
            | PlaybackEvent::KeySystemChosen { .. }
            | PlaybackEvent::LicenceLoaded { .. }
            | PlaybackEvent::TimedEvent { .. }
            | PlaybackEvent::Ended => {}
        }
        self.plot(envelope);
    }

    fn plot(&mut self, envelope: &EventEnvelope) {
        let due = self.history.back().is_none_or(|last| envelope.since_load >= last.since_load + HISTORY_STEP);
        if due && self.shown_rung.is_some() {
            let point = HistoryPoint {
                since_load: envelope.since_load,
                buffered: envelope.buffered,
                shown_rung: self.shown_rung,
                throughput: self.stats.throughput,
            };
            push_bounded(&mut self.history, point, HISTORY);
        }
    }

    /// The rung with this id.
    pub fn rung(&self, id: RungId) -> Option<&RungInfo> {
        self.rungs.iter().find(|rung| rung.id == id)
    }

    /// Tracks of one kind.
    pub fn tracks_of(&self, kind: TrackKind) -> impl Iterator<Item = &TrackInfo> {
        self.tracks.iter().filter(move |track| track.kind == kind)
    }

    /// End of the media that can be played without the network.
    pub fn buffered_until(&self) -> MediaTime {
        self.position + self.buffered
    }
}

fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, limit: usize) {
    if queue.len() == limit {
        queue.pop_front();
    }
    queue.push_back(item);
}
