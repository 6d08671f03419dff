//! A pipeline without decoders on a clock that is passed in: what the virtual-time harness plays on.

use super::{Generation, PipelineCommand, PipelineEvent};
use crate::manifest::TrackKind;
use abr::{MediaTime, PlaybackRate};
use std::collections::BTreeMap;
use std::time::Duration;

/// Positions are reported this often while playing, as the real pipeline does.
const TICK: Duration = Duration::from_millis(50);

/// Consumes samples at the playback rate while playing. Samples are counted, not decoded.
#[derive(Debug, Default)]
pub struct NullPipeline {
    tracks: BTreeMap<TrackKind, Track>,
    generation: Generation,
    position: MediaTime,
    playing_since: Option<(Duration, MediaTime)>,
    rate: PlaybackRate,
    prerolled: bool,
    ended: bool,
    shown: u64,
    events: Vec<PipelineEvent>,
}

#[derive(Debug, Default)]
struct Track {
    fed_until: Option<MediaTime>,
    last_dts: Option<MediaTime>,
    ended: bool,
    pending: std::collections::VecDeque<MediaTime>,
}

impl NullPipeline {
    /// Carries out a command at `now`.
    ///
    /// # Panics
    /// If samples come in another than decode order: that is the session's promise, and tests want to know.
    pub fn command(&mut self, command: PipelineCommand, now: Duration) {
        self.advance_to(now);
        match command {
            PipelineCommand::Configure { kinds, start, generation } => {
                self.tracks = kinds.into_iter().map(|kind| (kind, Track::default())).collect();
                (self.position, self.generation) = (start, generation);
            }
            PipelineCommand::Feed { kind, samples, .. } => {
                let track = self.tracks.get_mut(&kind).expect("only configured tracks are fed");
                for sample in samples {
                    assert!(track.last_dts < Some(sample.dts), "samples are fed in decode order");
                    assert!(!track.ended, "nothing is fed after the end of a track");
                    track.last_dts = Some(sample.dts);
                    track.fed_until = track.fed_until.max(Some(sample.pts + sample.duration));
                    track.pending.push_back(sample.pts);
                }
                self.preroll();
            }
            PipelineCommand::EndOfTrack(kind) => {
                self.tracks.get_mut(&kind).expect("only configured tracks end").ended = true;
                self.preroll();
            }
            PipelineCommand::Seek { to, generation } => {
                self.tracks.values_mut().for_each(|track| *track = Track::default());
                (self.generation, self.position) = (generation, to);
                (self.prerolled, self.ended, self.playing_since) = (false, false, None);
            }
            PipelineCommand::Play => self.playing_since = Some((now, self.position)),
            PipelineCommand::Pause => self.playing_since = None,
            PipelineCommand::SetRate(rate) => {
                self.rate = rate;
                self.playing_since = self.playing_since.map(|_| (now, self.position));
            }
            PipelineCommand::SetVolume(_) | PipelineCommand::SetMuted(_) | PipelineCommand::SetDecoder(_) => {}
        }
    }

    /// Ready once each track has something to show at the position.
    fn preroll(&mut self) {
        let ready = |track: &Track| track.ended || track.fed_until.is_some_and(|until| until > self.position);
        if !self.prerolled && self.tracks.values().all(ready) {
            self.prerolled = true;
            self.events.push(PipelineEvent::Prerolled { generation: self.generation });
        }
    }

    fn advance_to(&mut self, now: Duration) {
        let Some((since, from)) = self.playing_since else { return };
        if !self.prerolled || self.ended {
            return;
        }
        let wanted = from + self.rate.media_time(now.saturating_sub(since));
        // A pipeline without samples holds its last picture; its clock would run on, so the session must pause it.
        let all_ended = self.tracks.values().all(|track| track.ended);
        let end = self.tracks.values().filter_map(|track| track.fed_until).max().unwrap_or(self.position);
        self.position = if all_ended { wanted.min(end) } else { wanted }.max(self.position);
        if let Some(video) = self.tracks.get_mut(&TrackKind::Video) {
            while video.pending.front().is_some_and(|pts| *pts <= self.position) {
                video.pending.pop_front();
                self.shown += 1;
            }
        }
        self.events.push(PipelineEvent::Position { at: self.position, generation: self.generation });
        if all_ended && self.position >= end {
            self.ended = true;
            self.playing_since = None;
            self.events.push(PipelineEvent::Frames { shown: self.shown, dropped: 0 });
            self.events.push(PipelineEvent::Eos { generation: self.generation });
        }
    }

    /// Advances to `now` and returns what happened.
    pub fn poll(&mut self, now: Duration) -> Vec<PipelineEvent> {
        self.advance_to(now);
        std::mem::take(&mut self.events)
    }

    /// When it next has something to say.
    pub fn next_event(&self, now: Duration) -> Option<Duration> {
        if !self.events.is_empty() {
            return Some(now);
        }
        self.playing_since.filter(|_| self.prerolled && !self.ended).map(|_| now + TICK)
    }

    /// The playhead.
    pub fn position(&self) -> MediaTime {
        self.position
    }

    /// How far a track has been fed.
    pub fn fed_until(&self, kind: TrackKind) -> Option<MediaTime> {
        self.tracks.get(&kind)?.fed_until
    }
}
