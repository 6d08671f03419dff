//! Winding: key frames without sound, faster than anything could be decoded, in either direction.
//!
//! A clock runs over the presentation at the speed that was asked for. Key frames are fetched a little ahead of it, as
//! far apart as they can be shown, from the set that the stream offers for it (`EXT-X-I-FRAME-STREAM-INF`, DASH trick
//! mode) or, without one, from the lowest rung. Each picture is a seek of the paused pipeline to it, with nothing behind it:
//! so pictures come in any order, carry their own time, and sound is silent. What comes too late is shown all the same,
//! and what would come too late is not asked for; a link that brings nothing at all holds the clock.
//!
//! Winding ends with a seek to the picture that was shown last.

#[cfg(test)]
mod tests;
mod winding;

use super::Session;
use super::input::{Content, LoadFailure, Loaded};
use super::output::{Job, Output, TransferId};
use super::track_loader::TrackLoader;
use crate::drm::KeyId;
use crate::event::PlaybackEvent;
use crate::manifest::{SegmentIndex, TrackGroup, TrackKind};
use crate::net::FetchError;
use crate::pipeline::PipelineCommand;
use abr::{Bitrate, ByteCount, RungId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
pub(super) use winding::TrickPlay;
use winding::{CADENCE, KeyFrame, Wanted, supported};

/// A picture that has not come out of the pipeline by now will not.
const STUCK: Duration = Duration::from_secs(2);
/// A request to its last byte, before one was measured.
const USUAL_WAIT: Duration = Duration::from_millis(150);
/// Failures in a row before the set is given up.
const MAX_FAILURES: u32 = 4;
/// Of the throughput, what winding may take: a halved estimate is still right.
const SHARE: f64 = 0.5;
/// Key frames are about this far apart where nobody has said it.
const USUAL_DISTANCE: Duration = Duration::from_secs(2);
/// Where pictures smaller than the surface are to be had, none below this is taken for being small.
const SMALLEST_HEIGHT: u32 = 360;

impl Session {
    pub(super) fn trick_play(&mut self, wish: i32) {
        let Some(speed) = supported(wish) else { return self.end_trick_play() };
        match &mut self.trick {
            Some(trick) if trick.speed == speed => return,
            Some(trick) => trick.change(speed, self.now),
            None => {
                let picture = self.queues.contains_key(&TrackKind::Video);
                let possible = self.configured && self.playhead.has_started() && picture;
                let Some(trick) = self.new_trick_play(speed, true).filter(|_| possible) else { return };
                if self.playhead.is_running() {
                    self.pipeline(PipelineCommand::Pause);
                }
                if let Some(lasted) = self.playhead.begin_winding(self.now) {
                    self.emit(PlaybackEvent::StallEnded { lasted });
                }
                (0..self.loaders.len()).for_each(|index| self.cancel_transfer(index));
                self.trick = Some(trick);
            }
        }
        self.emit(PlaybackEvent::TrickPlayChanged { speed: Some(speed) });
    }

    /// Ends winding and goes on where it has led.
    pub(super) fn end_trick_play(&mut self) {
        if let Some(to) = self.trick.as_ref().map(TrickPlay::position) {
            self.seek(to);
        }
    }

    /// Ends winding; a seek follows.
    pub(super) fn stop_winding(&mut self) {
        let Some(mut trick) = self.trick.take() else { return };
        self.cancel_key_frames(trick.take_transfers());
        self.emit(PlaybackEvent::TrickPlayChanged { speed: None });
    }

    fn cancel_key_frames(&mut self, transfers: Vec<TransferId>) {
        for id in transfers {
            self.outputs.push(Output::Cancel(id));
            if let Some(chooser) = &mut self.chooser {
                chooser.transfer_cancelled(id, false, self.now);
            }
        }
    }

    /// From the set made for it, if there is one and it is wanted; else from the lowest rung.
    fn new_trick_play(&self, speed: i32, own_set: bool) -> Option<TrickPlay> {
        let start = self.playhead.position();
        let sets = self.presentation.iter().flat_map(|presentation| &presentation.trick_play);
        let set =
            sets.filter(|set| own_set && set.kind == TrackKind::Video).find(|set| !set.representations.is_empty());
        let (source, rung) = match set {
            Some(set) => (TrackLoader::new(set.clone(), start), self.trick_rung(set, speed)?),
            None => {
                let main = self.loaders.iter().find(|loader| self.is_adaptive(loader))?;
                let lowest = main.group.representations.first()?.id;
                let mut source = TrackLoader::new(main.group.clone(), start);
                if let Some(index) = main.index(lowest) {
                    source.add_index(lowest, SegmentIndex::clone(index));
                }
                (source, lowest)
            }
        };
        Some(TrickPlay {
            speed,
            start,
            anchor: start,
            since: self.now,
            looked_at: self.now,
            source,
            rung,
            own_set: set.is_some(),
            transfers: Vec::new(),
            wait: USUAL_WAIT,
            held: BTreeMap::new(),
            failed: BTreeSet::new(),
            failures: 0,
            timelines: self.timelines.clone(),
            planned: None,
            showing: None,
            shown: None,
            shown_at: None,
        })
    }

    /// The best pictures that the link brings at this speed and that the surface has use for.
    fn trick_rung(&self, set: &TrackGroup, speed: i32) -> Option<RungId> {
        let most = USUAL_DISTANCE.as_secs_f64() / CADENCE.as_secs_f64();
        let times = f64::from(speed.unsigned_abs()).min(most);
        let throughput = self.chooser.as_ref().and_then(super::QualityChooser::throughput);
        let affordable = throughput.unwrap_or(Bitrate::ZERO).scale(SHARE / times);
        let height = if self.viewport_height == 0 { u32::MAX } else { self.viewport_height.max(SMALLEST_HEIGHT) };
        let mut fits = set.representations.iter().filter(|rung| rung.bitrate <= affordable && rung.height <= height);
        fits.next_back().or(set.representations.first()).map(|rung| rung.id)
    }

    /// Asks for what will be shown.
    pub(super) fn schedule_key_frames(&mut self) {
        let now = self.now;
        let Some(trick) = &mut self.trick else { return };
        if trick.index().is_none() {
            let job = trick.source.index_job(trick.rung).filter(|_| trick.transfers.is_empty());
            if let Some(job) = job {
                let id = self.fetch(job);
                self.trick.iter_mut().for_each(|trick| trick.transfers.push((id, Wanted::Playlist)));
            }
            return;
        }
        for position in trick.plan(now) {
            self.fetch_key_frames(position);
        }
    }

    fn fetch_key_frames(&mut self, position: usize) {
        let Some(trick) = &self.trick else { return };
        let Some(segment) = trick.index().and_then(|index| index.segments.get(position)) else { return };
        let (source, cipher) = (segment.source.clone(), segment.cipher.clone().map(Box::new));
        let (init, number) = (trick.source.init_need(segment), segment.number);
        let id = self.fetch(Job::KeyFrames { source, init, cipher });
        self.trick.iter_mut().for_each(|trick| trick.transfers.push((id, Wanted::Segment(position))));
        self.emit(PlaybackEvent::SegmentStarted { track: TrackKind::Video, rung: None, number });
    }

    pub(super) fn key_frames_loaded(&mut self, id: TransferId, loaded: Loaded) {
        let now = self.now;
        let Some(trick) = &mut self.trick else { return };
        let Some(at) = trick.transfers.iter().position(|(known, _)| *known == id) else { return };
        let (_, wanted) = trick.transfers.swap_remove(at);
        trick.failures = 0;
        let rung = trick.rung;
        match (loaded.content, wanted) {
            (Content::Playlist(playlist), Wanted::Playlist) => {
                let keys: Vec<KeyId> = playlist.protections.iter().flat_map(|p| p.key_ids.iter().copied()).collect();
                trick.source.add_index(rung, playlist);
                self.request_keys(&keys);
            }
            (Content::Media { init, media }, Wanted::Segment(position)) => {
                trick.wait = loaded.elapsed;
                let segment = trick.index().and_then(|index| index.segments.get(position)).cloned();
                trick.source.keep_init(segment.as_ref().and_then(|segment| segment.init.as_ref()), init.as_ref());
                trick.keep(position, media);
                if let Some(chooser) = &mut self.chooser {
                    chooser.transfer_finished(id, loaded.bytes, loaded.cached, false, now);
                }
                self.emit(PlaybackEvent::SegmentLoaded {
                    track: TrackKind::Video,
                    rung: None,
                    number: segment.map_or(0, |segment| segment.number),
                    bytes: ByteCount::new(loaded.bytes),
                    ttfb: loaded.ttfb,
                    elapsed: loaded.elapsed,
                    cached: loaded.cached,
                    protocol: loaded.protocol,
                    throughput: self.chooser.as_ref().and_then(super::QualityChooser::throughput),
                });
            }
            _ => debug_assert!(false, "the driver answers with what was asked for"),
        }
    }

    /// A key frame that cannot be had is passed over; after several in a row the next best source is tried.
    pub(super) fn key_frames_failed(&mut self, id: TransferId, failure: &LoadFailure) {
        if let Some(chooser) = &mut self.chooser {
            chooser.transfer_failed(id, self.now);
        }
        let Some(trick) = &mut self.trick else { return };
        let Some(at) = trick.transfers.iter().position(|(known, _)| *known == id) else { return };
        let (_, wanted) = trick.transfers.swap_remove(at);
        tracing::debug!(?failure, "a key frame could not be had");
        if matches!(failure, LoadFailure::Fetch(FetchError::Status(401 | 403))) && self.can_refresh {
            self.refresh_source();
        }
        let Some(trick) = &mut self.trick else { return };
        trick.failures += 1;
        let given_up = trick.failures >= MAX_FAILURES || wanted == Wanted::Playlist;
        if let Wanted::Segment(position) = wanted {
            trick.failed.insert(position);
            let number = trick.index().and_then(|index| index.segments.get(position)).map_or(0, |found| found.number);
            self.emit(PlaybackEvent::SegmentSkipped { track: TrackKind::Video, number });
        }
        if given_up {
            self.change_source();
        }
    }

    /// Goes on with the lowest rung where a set for winding is of no use, and plays where there is nothing left to try.
    fn change_source(&mut self) {
        let Some(trick) = &mut self.trick else { return };
        let (speed, own_set, at) = (trick.speed, trick.own_set, trick.position());
        let transfers = trick.take_transfers();
        self.cancel_key_frames(transfers);
        match self.new_trick_play(speed, false).filter(|_| own_set) {
            Some(next) => self.trick = Some(TrickPlay { start: at, anchor: at, ..next }),
            None => self.end_trick_play(),
        }
    }

    /// Shows what is due.
    pub(super) fn wind(&mut self) {
        let now = self.now;
        let Some(trick) = &mut self.trick else { return };
        trick.keep_time(now);
        if trick.showing.is_some_and(|(_, since)| now > since + STUCK) {
            trick.showing = None;
        }
        if let Some(KeyFrame { format, sample }) = trick.next_picture(now) {
            let pts = sample.pts;
            trick.showing = Some((pts, now));
            trick.let_go(pts);
            self.playhead.wind_to(pts);
            self.pipeline(PipelineCommand::Seek { to: pts, generation: self.playhead.generation() });
            self.pipeline(PipelineCommand::Feed { kind: TrackKind::Video, format, samples: vec![sample] });
            let kinds: Vec<TrackKind> = self.queues.keys().copied().collect();
            kinds.into_iter().for_each(|kind| self.pipeline(PipelineCommand::EndOfTrack(kind)));
            return;
        }
        let busy = trick.showing.is_some() || !trick.transfers.is_empty();
        let waiting = trick.held.values().flatten().any(|frame| trick.is_beyond(frame.sample.pts, trick.position()));
        if trick.is_at_its_end(now) && !busy && !waiting {
            self.end_trick_play();
        }
    }

    /// The pipeline has shown a picture.
    pub(super) fn trick_picture_shown(&mut self) {
        let now = self.now;
        let Some(trick) = &mut self.trick else { return };
        if let Some((pts, _)) = trick.showing.take() {
            (trick.shown, trick.shown_at) = (Some(pts), Some(now));
            self.emit(PlaybackEvent::PositionReport);
        }
    }
}
