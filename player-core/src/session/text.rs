//! The session's subtitles: up to two tracks at once, from segments of their own or from the picture's samples.

use super::Session;
use super::input::{Content, LoadFailure};
use super::output::{Job, Output, TransferId};
use super::recovery::{self, Attempt, Recovery};
use super::text_track::TextTrack;
use super::track_loader::{self, Retry};
use super::transfers::is_due;
use crate::command::MAX_TEXT_DELAY_MS;
use crate::container::MediaStream;
use crate::event::{PlaybackEvent, ResourceKind};
use crate::manifest::{IndexSource, SegmentRef, TrackId, TrackKind};
use crate::text::Cue;
use crate::text::captions::CaptionService;
use abr::MediaTime;
use std::time::Duration;

/// Which of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextSlot {
    Main,
    /// Beside it, as for somebody who learns a language.
    Second,
}

/// The tracks being shown.
#[derive(Debug, Default)]
pub(super) struct Texts {
    tracks: [Option<TextTrack>; 2],
    /// What is to be seen now, of both.
    shown: Vec<Cue>,
    /// How much later than they say cues are shown; may be negative.
    delay: MediaTime,
}

impl Texts {
    fn slot(&mut self, slot: TextSlot) -> &mut Option<TextTrack> {
        &mut self.tracks[slot as usize]
    }

    /// The time whose cues are to be seen when the playhead is at `position`.
    fn at(&self, position: MediaTime) -> MediaTime {
        position - self.delay
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &TextTrack> {
        self.tracks.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut TextTrack> {
        self.tracks.iter_mut().flatten()
    }

    /// The track that a transfer belongs to.
    fn awaiting(&mut self, id: TransferId) -> Option<&mut TextTrack> {
        self.iter_mut().find(|text| text.awaits(id))
    }
}

impl Session {
    // -- Choosing ---------------------------------------------------------------------------------------------------

    /// Shows a track in place of what the slot shows, or nothing. A track that is shown already moves.
    pub(super) fn select_text(&mut self, slot: TextSlot, track: Option<TrackId>) {
        let text = track.and_then(|track| self.text_track(track));
        let other = if slot == TextSlot::Main { TextSlot::Second } else { TextSlot::Main };
        let is_there = text.is_some() && self.texts.slot(other).as_ref().map(|text| text.track) == track;
        if is_there {
            self.drop_text(other);
            self.tell_text(other);
        }
        self.drop_text(slot);
        *self.texts.slot(slot) = text;
        self.show_text();
        self.tell_text(slot);
    }

    pub(super) fn delay_text(&mut self, millis: i32) {
        let millis = millis.clamp(-MAX_TEXT_DELAY_MS, MAX_TEXT_DELAY_MS);
        self.texts.delay = MediaTime::from_millis(i64::from(millis));
        self.show_text();
    }

    fn drop_text(&mut self, slot: TextSlot) {
        if let Some((id, _)) = self.texts.slot(slot).take().and_then(|text| text.transfer) {
            self.outputs.push(Output::Cancel(id));
        }
    }

    fn tell_text(&mut self, slot: TextSlot) {
        let track = self.texts.slot(slot).as_ref().map(|text| text.track);
        self.emit(match slot {
            TextSlot::Main => PlaybackEvent::TrackSelected { kind: TrackKind::Text, track },
            TextSlot::Second => PlaybackEvent::SecondTextSelected { track },
        });
    }

    /// What a viewer means by this track; `None` if there is no such text.
    fn text_track(&self, track: TrackId) -> Option<TextTrack> {
        let group = self.presentation.as_ref()?.track(track).filter(|group| group.kind == TrackKind::Text);
        let Some(group) = group else {
            let service = CaptionService::of_track(track).filter(|service| self.captions.offers(*service));
            return service.map(TextTrack::of_captions);
        };
        let source = &group.representations.first()?.index;
        let index = match source {
            IndexSource::Known(index) => Some((**index).clone()),
            _ => None,
        };
        Some(TextTrack::new(track, track_loader::index_job(source), index))
    }

    /// The track in a viewer's language: text of its own before captions.
    pub(super) fn text_in(&self, language: &str) -> Option<TrackId> {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let speaks = |tag: Option<&str>| tag.is_some_and(|tag| primary(tag) == primary(language));
        let presentation = self.presentation.as_ref()?;
        let preferred = presentation.preferred(TrackKind::Text, Some(language));
        let own = preferred.filter(|track| speaks(track.language.as_deref())).map(|track| track.id);
        own.or_else(|| self.captions.tracks().find(|track| speaks(track.language.as_deref())).map(|track| track.id))
    }

    // -- Reading ----------------------------------------------------------------------------------------------------

    pub(super) fn schedule_text(&mut self) {
        for slot in [TextSlot::Main, TextSlot::Second] {
            self.schedule_slot(slot);
        }
    }

    fn schedule_slot(&mut self, slot: TextSlot) {
        let (position, now) = (self.texts.at(self.playhead.position()).max(MediaTime::ZERO), self.now);
        let Some(text) = self.texts.slot(slot) else { return };
        if text.transfer.is_some() || !is_due(&mut text.retry, now) {
            return;
        }
        let (job, segment) = match (&text.index, &text.playlist) {
            (None, Some(playlist)) => (playlist.clone(), None),
            (Some(_), _) => match text.due(position).cloned() {
                Some(segment) => {
                    let (source, init) = (segment.source.clone(), segment.init.clone().map(Box::new));
                    (Job::Text { source, init, cipher: segment.cipher.clone().map(Box::new) }, Some(segment))
                }
                None => return,
            },
            (None, None) => return,
        };
        let id = self.fetch(job);
        if let Some(text) = self.texts.slot(slot) {
            text.transfer = Some((id, segment));
        }
    }

    pub(super) fn text_loaded(&mut self, id: TransferId, content: Content) {
        let Some(text) = self.texts.awaiting(id) else { return };
        let Some((_, segment)) = text.transfer.take() else { return };
        text.retry = Retry::default();
        match (content, segment) {
            (Content::Playlist(index), _) => text.index = Some(index),
            (Content::Text(read), Some(segment)) => {
                let cues = self.timelines.cues(&segment, read);
                text.add(segment.number, cues);
            }
            _ => debug_assert!(false, "the driver answers with what was asked for"),
        }
        self.recovered();
    }

    /// Reads along with a segment of the picture. Services that nobody announced are offered from now on.
    pub(super) fn read_captions(&mut self, segment: &SegmentRef, streams: &[MediaStream]) {
        if self.captions.read(segment, streams) {
            self.announce();
        }
    }

    // -- Showing ----------------------------------------------------------------------------------------------------

    pub(super) fn show_text(&mut self) {
        let position = self.texts.at(self.playhead.position());
        let mut active: Vec<Cue> = Vec::new();
        for text in self.texts.iter() {
            active.extend(text.cues.active(position).cloned());
            if let Some(service) = text.captions {
                active.extend(self.captions.active(service, position).cloned());
            }
        }
        if active != self.texts.shown {
            self.texts.shown.clone_from(&active);
            self.emit(PlaybackEvent::CuesShown { cues: active });
        }
    }

    // -- Failing ----------------------------------------------------------------------------------------------------

    pub(super) fn text_failed(&mut self, id: TransferId, failure: &LoadFailure) {
        let now = self.now;
        let Some(text) = self.texts.awaiting(id) else { return };
        let track = text.track;
        let Some((_, segment)) = text.transfer.take() else { return };
        let (failures, failing_for) = text.retry.failed(now);
        let recovery = self.recover_text(failure, failures, failing_for);
        let Some(text) = self.texts.iter_mut().find(|text| text.track == track) else { return };
        match (recovery, segment) {
            (Recovery::RetryAfter(delay), _) => text.retry.not_before = Some(now + delay),
            (_, Some(segment)) => {
                text.skip(segment.number);
                text.retry = Retry::default();
            }
            // Without its list the track is of no use; the picture is.
            (_, None) => {
                let main = self.texts.slot(TextSlot::Main).as_ref().is_some_and(|text| text.track == track);
                self.select_text(if main { TextSlot::Main } else { TextSlot::Second }, None);
            }
        }
    }

    /// Subtitles never end a session.
    fn recover_text(&mut self, failure: &LoadFailure, failures: u32, failing_for: Duration) -> Recovery {
        let attempt = Attempt {
            resource: ResourceKind::Text,
            failures,
            failing_for,
            alternative: false,
            may_refresh: false,
            started: true,
        };
        let (recovery, error) = recovery::decide(failure, &attempt, &self.config.recovery);
        let text = "Subtitles are missing for a moment".to_owned();
        self.failing = true;
        self.emit(PlaybackEvent::LoadFailed { resource: ResourceKind::Text, error, recovery: text });
        recovery
    }
}
