//! The session's transfers: what is fetched when, and what becomes of what arrives or fails.

use super::continuity::Hole;
use super::input::{Content, LoadFailure, Loaded};
use super::lookahead::Lookahead;
use super::output::{Job, Output, TransferId};
use super::quality::Moment;
use super::recovery::{self, Attempt, Recovery};
use super::sample_queue::QueuedSegment;
use super::timeline::Timelines;
use super::track_loader::{Active, Fetching, Retry, TrackLoader};
use super::trick_play::TrickPlay;
use super::{NETWORK_EVERY, REFRESH_EVERY, Session, licence_error_code};
use crate::colour::ColourDescription;
use crate::container::{ContainerError, Demuxed, Init, MediaStream, TrackFormat};
use crate::drm::{DrmError, KeyId};
use crate::error::{ErrorCode, PlaybackError};
use crate::event::{PlaybackEvent, ResourceKind};
use crate::manifest::{SegmentRef, Timing, TrackGroup, TrackKind};
use crate::net::{FetchError, Progress};
use abr::{BufferState, ByteCount, InFlight, LoadVerdict, MediaTime, RungId};
use std::sync::Arc;
use std::time::Duration;

/// So much may be missing at the end of a period that has one segment less than its length promises.
const PERIOD_SLACK: Duration = Duration::from_millis(500);

impl Session {
    // -- What to fetch ----------------------------------------------------------------------------------------------

    pub(super) fn fetch_manifest(&mut self) {
        let job = Job::Manifest(self.manifest.clone());
        self.manifest_transfer = Some(self.fetch(job));
    }

    pub(super) fn fetch(&mut self, job: Job) -> TransferId {
        let id = TransferId(self.transfers);
        self.transfers += 1;
        let media = matches!(job, Job::Media { .. } | Job::KeyFrames { .. });
        if let Some(chooser) = self.chooser.as_mut().filter(|_| media) {
            chooser.transfer_started(id, self.now);
        }
        self.outputs.push(Output::Fetch { id, job });
        id
    }

    pub(super) fn schedule_loads(&mut self) {
        self.release_parked();
        if self.refreshing {
            return;
        }
        if self.presentation.is_none() {
            if self.manifest_transfer.is_none() && is_due(&mut self.manifest_retry, self.now) {
                self.fetch_manifest();
            }
            return;
        }
        if self.trick.is_some() {
            // What is wound past is not wanted; the link is for key frames.
            return self.schedule_key_frames();
        }
        for index in 0..self.loaders.len() {
            self.schedule_track(index);
        }
        self.schedule_text();
    }

    fn schedule_track(&mut self, index: usize) {
        let loader = &mut self.loaders[index];
        if loader.transfer.is_some() || !is_due(&mut loader.retry, self.now) {
            return;
        }
        let complete = self.loaders[index].is_complete();
        if complete || self.loaders[index].hold.is_on(self.now) || !self.wants_segment(index) {
            // Idle time is used to learn the other rungs' playlists, so that a switch costs no round trip.
            if let Some(rung) = self.loaders[index].unread_playlist().filter(|_| !complete) {
                self.fetch_playlist(index, rung);
            }
            return;
        }
        let Some(rung) = self.choose_rung(index) else { return };
        if self.loaders[index].index(rung).is_none() {
            return self.fetch_playlist(index, rung);
        }
        self.replace_queued(index, rung);
        let loader = &self.loaders[index];
        let Some(segment) = loader.due(rung).cloned() else {
            // This rung is shorter than the others: the track ends with it.
            return self.loaders[index].end_with(rung);
        };
        if segment.gap {
            self.pass(index, rung, &segment);
            // What comes behind it is due at once. There are as many rounds as there are gaps in a row.
            return self.schedule_track(index);
        }
        let (source, cipher) = (segment.source.clone(), segment.cipher.clone().map(Box::new));
        let job = Job::Media { source, init: loader.init_need(&segment), cipher };
        let (track, number) = (loader.group.kind, segment.number);
        let id = self.fetch(job);
        self.emit(PlaybackEvent::SegmentStarted { track, rung: video_rung(track, rung), number });
        self.loaders[index].transfer = Some(Active::new(id, rung, Fetching::Segment(Box::new(segment)), self.now));
    }

    fn fetch_playlist(&mut self, index: usize, rung: RungId) {
        if let Some(job) = self.loaders[index].index_job(rung) {
            let id = self.fetch(job);
            self.loaders[index].transfer = Some(Active::new(id, rung, Fetching::Playlist, self.now));
        }
    }

    fn wants_segment(&mut self, index: usize) -> bool {
        let state = BufferState {
            buffered: self.loaded_ahead(index),
            held: self.held(),
            segment_duration: self.loaders[index].segment_duration(),
            rate: self.rate,
            loading: self.loaders[index].loading,
            end_buffered: false,
        };
        let verdict = self.config.buffer.should_load(&state);
        self.loaders[index].loading = verdict == LoadVerdict::Load;
        self.loaders[index].loading && !self.is_far_ahead(index)
    }

    /// Tracks are loaded abreast: what one has more than a segment ahead of another cannot be played, but has taken
    /// its share of the link from it.
    fn is_far_ahead(&self, index: usize) -> bool {
        let own = self.loaded_ahead(index);
        let others = (0..self.loaders.len()).filter(|other| *other != index && !self.loaders[*other].is_complete());
        let others = others.filter(|other| !self.is_parked(*other));
        others
            .map(|other| self.loaded_ahead(other))
            .min()
            .is_some_and(|least| own > least + self.loaders[index].segment_duration() / 2)
    }

    /// For how long the next request can wait: what is buffered beyond one segment, which may come at the last moment.
    fn spare(&self, index: usize) -> Duration {
        let reserve = self.config.buffer.start.max(self.loaders[index].segment_duration());
        self.rate.wall_time(self.loaded_ahead(index).saturating_sub(reserve))
    }

    /// Media that this loader has put ahead of the playhead.
    pub(super) fn loaded_ahead(&self, index: usize) -> Duration {
        let position = self.playhead.position();
        let ends = self.queues_of(&self.loaders[index]).filter_map(|kind| self.queues.get(&kind)?.range());
        ends.map(|(_, end)| end.duration_since(position)).min().unwrap_or_default()
    }

    fn choose_rung(&mut self, index: usize) -> Option<RungId> {
        let moment = self.moment(index);
        let spare = self.spare(index);
        let loader = &self.loaders[index];
        if !self.is_adaptive(loader) {
            return loader.group.representations.last().map(|representation| representation.id);
        }
        let barred = loader.barred.clone();
        let known = |rung: RungId| loader.index(rung).is_some();
        // A decision that had to wait for its playlist is carried out, not made again.
        let pending = self.pending.take().filter(|(decision, _)| !barred.contains(&decision.rung));
        let (decision, sentence) = match pending.filter(|(decision, _)| known(decision.rung)) {
            Some(decided) => decided,
            None => {
                let chooser = self.chooser.as_mut()?;
                let decision = chooser.decide(&moment, &barred);
                if self.loaders[index].hold.grant(decision.not_before, self.now, spare) {
                    return None;
                }
                chooser.choose(&decision, self.now);
                let sentence = decision.sentence(chooser.ladder());
                (decision, sentence)
            }
        };
        let rung = decision.rung;
        if self.loaders[index].index(rung).is_none() {
            self.pending = Some((decision, sentence));
        } else {
            self.emit(PlaybackEvent::QualityDecided { decision: Box::new(decision), sentence });
        }
        Some(rung)
    }

    pub(super) fn moment(&self, index: usize) -> Moment {
        Moment {
            now: self.now,
            buffered: self.loaded_ahead(index),
            target: self.config.buffer.target,
            segment: self.loaders[index].segment_duration(),
            rate: self.rate,
            ahead: Lookahead::of(&self.loaders[index]),
        }
    }

    pub(super) fn cancel_transfer(&mut self, index: usize) {
        let ours = self.is_adaptive(&self.loaders[index]);
        if let Some(active) = self.loaders[index].transfer.take() {
            // What has been answered needs no cancelling.
            if self.parked.extract_if(.., |(id, _)| *id == active.id).next().is_some() {
                return;
            }
            self.outputs.push(Output::Cancel(active.id));
            if let Some(chooser) = &mut self.chooser {
                chooser.transfer_cancelled(active.id, ours, self.now);
            }
        }
    }

    pub(super) fn cancel_everything(&mut self) {
        for index in 0..self.loaders.len() {
            self.cancel_transfer(index);
        }
        let texts = self.texts.iter_mut().filter_map(|text| text.transfer.take()).map(|(id, _)| id);
        let winding = self.trick.as_mut().map(TrickPlay::take_transfers).unwrap_or_default();
        for id in texts.chain(self.manifest_transfer.take()).chain(winding) {
            self.outputs.push(Output::Cancel(id));
        }
    }

    // -- What arrives -----------------------------------------------------------------------------------------------

    fn loader_with(&self, id: TransferId) -> Option<usize> {
        self.loaders.iter().position(|loader| loader.transfer.as_ref().is_some_and(|active| active.id == id))
    }

    pub(super) fn progressed(&mut self, id: TransferId, progress: Progress) {
        let Some(index) = self.loader_with(id) else {
            let winding = self.trick.as_ref().is_some_and(|trick| trick.awaits(id));
            if let Some(chooser) = self.chooser.as_mut().filter(|_| winding) {
                chooser.transfer_progressed(id, progress.received, self.now);
            }
            return;
        };
        if let Some(active) = &mut self.loaders[index].transfer {
            active.note(progress, self.now);
        }
        if let Some(chooser) = &mut self.chooser {
            chooser.transfer_progressed(id, progress.received, self.now);
        }
        self.reconsider(index);
    }

    /// Should the segment under way be given up for a smaller one? Asked at each report, and by the clock when there
    /// are none, also before the first byte: an outage does not report itself.
    pub(super) fn reconsider(&mut self, index: usize) {
        if !self.is_adaptive(&self.loaders[index]) || !self.chooser.as_ref().is_some_and(|c| c.watches_transfers()) {
            return;
        }
        let Some((id, number, in_flight)) = self.loaders[index].in_flight(self.now) else { return };
        let moment = self.moment(index);
        let Some(chooser) = &mut self.chooser else { return };
        let Some(decision) = chooser.reconsider(&moment, id, &in_flight) else { return };
        chooser.choose(&decision, self.now);
        let InFlight { rung, received, .. } = in_flight;
        let sentence = decision.sentence(chooser.ladder());
        let target = decision.rung;
        self.cancel_transfer(index);
        self.loaders[index].abandoned += 1;
        self.emit(PlaybackEvent::SegmentAbandoned { rung, number, received, sentence: sentence.clone() });
        // The pump carries the decision out: made again with the same numbers it could be another.
        self.pending = Some((decision, sentence));
        if self.loaders[index].index(target).is_none() {
            self.fetch_playlist(index, target);
        }
    }

    pub(super) fn loaded(&mut self, id: TransferId, loaded: Loaded) {
        if self.manifest_transfer == Some(id) {
            self.manifest_transfer = None;
            self.manifest_retry = Retry::default();
            if let Content::Manifest(presentation) = loaded.content {
                self.recovered();
                self.present(*presentation);
            }
            return;
        }
        if self.texts.iter().any(|text| text.awaits(id)) {
            return self.text_loaded(id, loaded.content);
        }
        if self.trick.as_ref().is_some_and(|trick| trick.awaits(id)) {
            return self.key_frames_loaded(id, loaded);
        }
        let Some(index) = self.loader_with(id) else { return };
        if self.waits_for_clock(index) && !self.agrees(index, &loaded.content) {
            // It has come all the same: the link is measured, and the log says so.
            if let Some(event) = self.segment_arrived(index, &loaded) {
                self.emit(event);
            }
            self.parked.push((id, loaded));
            return;
        }
        if let (Content::Media { media, .. }, true) = (&loaded.content, self.may_come_whole(index))
            && media.cut_short
        {
            let (kind, claimed) = ("segment".to_owned(), loaded.bytes);
            let cut = ContainerError::Truncated { kind, claimed: claimed + 1, available: claimed };
            return self.load_failed(id, LoadFailure::Container(cut));
        }
        let event = self.segment_arrived(index, &loaded);
        self.take_in(index, loaded.content, event);
    }

    /// Tells the chooser of a segment that has come, and says it for the log.
    fn segment_arrived(&mut self, index: usize, loaded: &Loaded) -> Option<PlaybackEvent> {
        let ours = self.is_adaptive(&self.loaders[index]);
        let track = self.loaders[index].group.kind;
        let active = self.loaders[index].transfer.as_ref()?;
        let (rung, number) = (video_rung(track, active.rung), active.segment()?.number);
        if let Some(chooser) = &mut self.chooser {
            // The last byte came before decryption and the way here.
            let finished = self.now.min(active.since + loaded.elapsed);
            chooser.transfer_finished(active.id, loaded.bytes, loaded.cached, ours, finished);
        }
        Some(PlaybackEvent::SegmentLoaded {
            track,
            rung,
            number,
            bytes: ByteCount::new(loaded.bytes),
            ttfb: loaded.ttfb,
            elapsed: loaded.elapsed,
            cached: loaded.cached,
            protocol: loaded.protocol,
            throughput: self.chooser.as_ref().and_then(super::QualityChooser::throughput),
        })
    }

    /// Puts what has come where it belongs. The event is still to be told.
    fn take_in(&mut self, index: usize, content: Content, event: Option<PlaybackEvent>) {
        let Some(active) = self.loaders[index].transfer.take() else { return };
        self.loaders[index].retry = Retry::default();
        match (content, active.fetching) {
            (Content::Playlist(playlist), Fetching::Playlist) => {
                let known = self.duration();
                let keys: Vec<KeyId> = playlist.protections.iter().flat_map(|p| p.key_ids.iter().copied()).collect();
                let events = playlist.events.clone();
                self.loaders[index].add_index(active.rung, playlist);
                self.tell_events(events);
                self.prepare_chooser();
                self.request_keys(&keys);
                if self.duration() != known {
                    self.announce_duration();
                }
            }
            (Content::Media { init, media }, Fetching::Segment(segment)) => {
                self.enqueue(index, active.rung, &segment, init.as_ref(), media);
                if let Some(event) = event {
                    self.emit(event);
                }
                if self.network_told_at.is_none_or(|at| self.now.saturating_sub(at) >= NETWORK_EVERY) {
                    self.tell_network();
                }
            }
            _ => debug_assert!(false, "the driver answers with what was asked for"),
        }
        self.recovered();
    }

    /// Is there any use in asking again for a segment that came cut short? Once more from the same place, then from
    /// other rungs; in the end what is there is better than nothing.
    fn may_come_whole(&self, index: usize) -> bool {
        let loader = &self.loaders[index];
        loader.retry.failures == 0 || loader.transfer.as_ref().is_some_and(|active| loader.has_other(active.rung))
    }

    /// Is the segment that this loader fetches to be placed by a clock that the main track's next segment will tell?
    fn waits_for_clock(&self, index: usize) -> bool {
        let listed = |segment: &SegmentRef| (segment.timing == Timing::Listed).then_some(segment.epoch);
        let fetched = self.loaders[index].transfer.as_ref().and_then(Active::segment).and_then(listed);
        let Some(epoch) = fetched.filter(|epoch| !self.timelines.knows(*epoch)) else { return false };
        let main = self
            .loaders
            .iter()
            .find(|loader| self.is_adaptive(loader) && loader.track() != self.loaders[index].track());
        main.and_then(TrackLoader::next_segment).and_then(listed) == Some(epoch)
    }

    /// Would the main track's clock be the same?
    fn agrees(&self, index: usize, content: &Content) -> bool {
        let segment = self.loaders[index].transfer.as_ref().and_then(Active::segment);
        match (content, segment) {
            (Content::Media { media, .. }, Some(segment)) => Timelines::agrees(segment, media),
            _ => true,
        }
    }

    fn is_parked(&self, index: usize) -> bool {
        let id = self.loaders[index].transfer.as_ref().map(|active| active.id);
        self.parked.iter().any(|(parked, _)| Some(*parked) == id)
    }

    /// Takes in what waited for a clock and waits no more.
    fn release_parked(&mut self) {
        for (id, loaded) in std::mem::take(&mut self.parked) {
            match self.loader_with(id) {
                Some(index) if self.waits_for_clock(index) => self.parked.push((id, loaded)),
                Some(index) => self.take_in(index, loaded.content, None),
                None => {}
            }
        }
    }

    /// The duration comes with the first media playlist; the manifest's event is sent again with it.
    fn announce_duration(&mut self) {
        if self.duration().is_some_and(|duration| self.playhead.clamp_start(duration)) {
            self.loaders.iter_mut().for_each(|loader| loader.jump(MediaTime::ZERO));
        }
        self.announce();
    }

    fn enqueue(&mut self, index: usize, rung: RungId, segment: &SegmentRef, init: Option<&Arc<Init>>, media: Demuxed) {
        self.loaders[index].keep_init(segment.init.as_ref(), init);
        let extent = self.loaders[index].index(rung).and_then(|index| index.extent(segment.epoch));
        let shift = self.timelines.shift(segment, &media, extent);
        let cut_short = media.cut_short;
        let alone = self.loaders.len() == 1;
        let own = self.loaders[index].group.kind;
        let Demuxed { mut streams, mut events, .. } = media;
        let sizes: Vec<usize> = streams.iter().map(|stream| stream.samples.len()).collect();
        streams.iter_mut().for_each(|stream| super::timeline::place(&mut stream.samples, segment, shift));
        if own == TrackKind::Video && self.is_entered_late(&streams) && self.loaders[index].step_back(rung, segment) {
            return;
        }
        events.iter_mut().for_each(|event| event.start += shift);
        self.tell_events(events.into_iter().filter(|event| super::timeline::is_within(event.start, segment)));
        if own == TrackKind::Video {
            self.read_captions(segment, &streams);
        }
        let mut missing = Vec::new();
        let announced = self.announced_colour(index, rung);
        for (MediaStream { kind, format, samples }, came) in streams.into_iter().zip(sizes) {
            let format = with_colour(format, announced);
            // Sound inside the picture's segments counts only where there is no track of its own.
            if kind == TrackKind::Text || (!alone && kind != own) {
                continue;
            }
            let first = samples.iter().map(|sample| sample.pts).min().unwrap_or(segment.start);
            let last = samples.iter().map(|sample| sample.pts + sample.duration).max().unwrap_or(segment.end());
            if self.configured && !self.queues.contains_key(&kind) {
                // The pipeline has no place for what nothing had announced.
                if !samples.is_empty() {
                    let lasts = last.duration_since(first);
                    missing.push((kind, Hole { number: segment.number, at: first, lasts }));
                }
                continue;
            }
            missing.extend(self.continuity.follow(kind, segment, &samples, came).map(|hole| (kind, hole)));
            let queue = self.queues.entry(kind).or_default();
            let was_empty = queue.range().is_none();
            queue.push(QueuedSegment { rung, number: segment.number, start: first, end: last, format, samples });
            if was_empty {
                let target = self.playhead.position();
                queue.seek(target, super::decoder_run_in(kind));
            }
        }
        self.loaders[index].advance(rung, segment);
        if cut_short && missing.is_empty() {
            missing.push((own, Hole { number: segment.number, at: segment.end(), lasts: Duration::ZERO }));
        }
        if self.loaders[index].is_complete() {
            let kinds: Vec<TrackKind> = self.queues_of(&self.loaders[index]).collect();
            missing.extend(kinds.into_iter().filter_map(|kind| Some((kind, self.continuity.end(kind, segment)?))));
        }
        for (track, Hole { number, at, lasts }) in missing {
            self.emit(PlaybackEvent::MediaMissing { track, number, at, lasts });
        }
    }

    /// Does the picture of a segment that was entered by a seek begin behind the wanted time? Lists are off by what sound
    /// begins earlier, and by their rounding: then the wanted picture is in the segment before.
    fn is_entered_late(&self, streams: &[MediaStream]) -> bool {
        let pictures = streams.iter().filter(|stream| stream.kind == TrackKind::Video);
        let shown = pictures.flat_map(|stream| &stream.samples).filter(|sample| !sample.hidden);
        let target = self.playhead.position();
        target > MediaTime::ZERO && shown.map(|sample| sample.pts).min().is_some_and(|first| first > target)
    }

    /// What the manifest says of a rung's colours.
    fn announced_colour(&self, index: usize, rung: RungId) -> ColourDescription {
        let mut rungs = self.loaders[index].group.representations.iter();
        let range = rungs.find(|representation| representation.id == rung).map(|rung| rung.dynamic_range);
        range.map_or_else(ColourDescription::default, ColourDescription::of_range)
    }

    // -- What fails -------------------------------------------------------------------------------------------------

    pub(super) fn load_failed(&mut self, id: TransferId, failure: LoadFailure) {
        if self.manifest_transfer == Some(id) {
            self.manifest_transfer = None;
            let (failures, failing_for) = self.manifest_retry.failed(self.now);
            let tried = Tried { failures, failing_for, alternative: false, requested_at: self.now };
            let recovery = self.recover(&failure, ResourceKind::Manifest, tried);
            self.manifest_retry.not_before = self.carry_out_common(&recovery);
            return;
        }
        if self.texts.iter().any(|text| text.awaits(id)) {
            return self.text_failed(id, &failure);
        }
        if self.trick.as_ref().is_some_and(|trick| trick.awaits(id)) {
            return self.key_frames_failed(id, &failure);
        }
        let Some(index) = self.loader_with(id) else { return };
        let Some(active) = self.loaders[index].transfer.take() else { return };
        if let Some(chooser) = &mut self.chooser {
            chooser.transfer_failed(id, self.now);
        }
        let resource = match active.fetching {
            Fetching::Playlist => ResourceKind::Playlist,
            Fetching::Segment(_) => ResourceKind::Segment,
        };
        let loader = &mut self.loaders[index];
        let (failures, failing_for) = loader.retry.failed(self.now);
        let other_rung = loader.has_other(active.rung);
        let other_sound = if other_rung || resource == ResourceKind::Segment { None } else { self.other_sound(index) };
        let alternative = other_rung || other_sound.is_some();
        let tried = Tried { failures, failing_for, alternative, requested_at: active.since };
        let recovery = self.recover(&failure, resource, tried);
        match (&recovery, active.fetching) {
            (Recovery::OtherRepresentation, _) if !other_rung => self.replace_sound(index, other_sound),
            (Recovery::OtherRepresentation, _) => {
                let loader = &mut self.loaders[index];
                loader.barred.push(active.rung);
                if failure.concerns_all_of_a_rung() {
                    loader.withheld.push(active.rung);
                }
                loader.retry.failures = 0;
            }
            (Recovery::SkipSegment, Fetching::Segment(segment))
                if self.is_counted_in_vain(index, active.rung, &segment, &failure) =>
            {
                self.pass(index, active.rung, &segment);
            }
            (Recovery::SkipSegment, Fetching::Segment(segment)) => self.skip(index, active.rung, &segment),
            _ => {
                let not_before = self.carry_out_common(&recovery);
                let loader = &mut self.loaders[index];
                loader.retry.not_before = not_before;
                if recovery == Recovery::RefreshSource {
                    // What follows is asked under another address.
                    loader.retry.failures = 0;
                }
            }
        }
    }

    /// What can be heard instead of the sound that this loader has: in the same language, if there is such.
    fn other_sound(&self, index: usize) -> Option<TrackGroup> {
        let lost = &self.loaders[index].group;
        let tracks = &self.presentation.as_ref()?.tracks;
        let mut others = tracks.iter().filter(|track| track.kind == lost.kind && track.id != lost.id);
        let speaks = |track: &&TrackGroup| track.language == lost.language;
        let found = others.clone().find(speaks).or_else(|| others.next());
        found.filter(|_| lost.kind == TrackKind::Audio).cloned()
    }

    /// Goes on with other sound. That of which there is no list is not offered any more.
    fn replace_sound(&mut self, index: usize, other: Option<TrackGroup>) {
        let Some(other) = other else { return };
        let (lost, track) = (self.loaders[index].track(), other.id);
        if let Some(presentation) = &mut self.presentation {
            presentation.tracks.retain(|group| group.id != lost);
        }
        self.loaders[index] = TrackLoader::new(other, self.playhead.position());
        self.announce();
        self.emit(PlaybackEvent::TrackSelected { kind: TrackKind::Audio, track: Some(track) });
    }

    /// Decides and reports.
    fn recover(&mut self, failure: &LoadFailure, resource: ResourceKind, tried: Tried) -> Recovery {
        let Tried { failures, failing_for, alternative, requested_at } = tried;
        // A refusal of what was asked for before the address was renewed says nothing about the new one.
        let stale = self.refreshing || self.refreshed_at.is_some_and(|at| requested_at < at);
        let may_refresh = self.can_refresh && (stale || !self.has_just_refreshed());
        let started = self.playhead.has_started();
        let attempt = Attempt { resource, failures, failing_for, alternative, may_refresh, started };
        let (recovery, error) = recovery::decide(failure, &attempt, &self.config.recovery);
        self.failing = true;
        let text = recovery::notice(&recovery, error.code);
        self.emit(PlaybackEvent::LoadFailed { resource, error: error.clone(), recovery: text });
        if recovery == Recovery::Fatal {
            self.fail(error);
        }
        recovery
    }

    /// Returns when to try again.
    fn carry_out_common(&mut self, recovery: &Recovery) -> Option<Duration> {
        match recovery {
            Recovery::RetryAfter(delay) => Some(self.now + *delay),
            Recovery::RefreshSource => {
                self.refresh_source();
                None
            }
            _ => None,
        }
    }

    fn has_just_refreshed(&self) -> bool {
        self.refreshed_at.is_some_and(|at| self.now.saturating_sub(at) < REFRESH_EVERY)
    }

    pub(super) fn refresh_source(&mut self) {
        if !self.refreshing && !self.has_just_refreshed() {
            self.refreshing = true;
            self.refreshed_at = Some(self.now);
            self.outputs.push(Output::RefreshSource);
        }
    }

    pub(super) fn source_refreshed(&mut self, result: Result<(), FetchError>) {
        self.refreshing = false;
        let error = match result {
            Ok(()) => return self.emit(PlaybackEvent::SourceRefreshed),
            Err(error) => error,
        };
        let code = match error {
            FetchError::Status(401 | 403) => ErrorCode::Refused,
            FetchError::Status(404 | 410) => ErrorCode::Missing,
            // Nobody answers just now: what is refused will be asked for again, and this with it.
            _ => {
                self.refreshed_at = None;
                let again = self.now + self.config.recovery.max_delay;
                self.loaders.iter_mut().for_each(|loader| loader.retry.not_before = Some(again));
                return;
            }
        };
        self.fail(PlaybackError::fatal(code, error.to_string()));
    }

    /// Is this the last segment of a period, which is not there, while what came before reaches to the period's end? Who
    /// numbers segments divides a length by another, and now and then gets one too many.
    fn is_counted_in_vain(&self, index: usize, rung: RungId, segment: &SegmentRef, failure: &LoadFailure) -> bool {
        let gone = matches!(failure, LoadFailure::Fetch(FetchError::Status(404 | 410)));
        let loader = &self.loaders[index];
        let list = loader.index(rung).map_or(&[][..], |index| &index.segments);
        let last = list.iter().rfind(|other| other.epoch == segment.epoch);
        let of_period = matches!(segment.timing, Timing::Anchored { .. });
        let reached = self.queues.get(&loader.group.kind).and_then(|queue| Some(queue.range()?.1));
        gone && of_period
            && last.is_some_and(|last| last.number == segment.number)
            && reached.is_some_and(|reached| segment.end().duration_since(reached) <= PERIOD_SLACK)
    }

    /// Puts a hole where the segment should be; playback goes on behind it.
    fn skip(&mut self, index: usize, rung: RungId, segment: &SegmentRef) {
        self.pass(index, rung, segment);
        self.emit(PlaybackEvent::SegmentSkipped { track: self.loaders[index].group.kind, number: segment.number });
    }

    /// Goes on behind a segment that is not there.
    fn pass(&mut self, index: usize, rung: RungId, segment: &SegmentRef) {
        let kinds: Vec<TrackKind> = self.queues_of(&self.loaders[index]).collect();
        for kind in &kinds {
            let Some(queue) = self.queues.get_mut(kind) else { continue };
            if let Some(format) = queue.last_format() {
                let (start, end) = (segment.start, segment.end());
                queue.push(QueuedSegment { rung, number: segment.number, start, end, format, samples: Vec::new() });
            }
        }
        kinds.into_iter().for_each(|kind| self.continuity.interrupt(kind));
        self.loaders[index].advance(rung, segment);
        self.loaders[index].retry = Retry::default();
    }

    /// A transfer came through: the notice can go, unless another is still failing.
    pub(super) fn recovered(&mut self) {
        let text = self.texts.iter().any(|text| text.retry.failures > 0);
        let still = text || self.loaders.iter().any(|loader| loader.retry.failures > 0);
        if self.failing && !still {
            self.failing = false;
            self.emit(PlaybackEvent::Recovered);
        }
    }

    // -- Keys -------------------------------------------------------------------------------------------------------

    pub(super) fn request_keys(&mut self, keys: &[KeyId]) {
        let mut new: Vec<KeyId> = keys.iter().copied().filter(|key| !self.requested_keys.contains(key)).collect();
        new.sort_unstable();
        new.dedup();
        if new.is_empty() {
            return;
        }
        self.requested_keys.extend(new.iter().copied());
        self.licence_asked_at = Some(self.now);
        self.emit(PlaybackEvent::LicenceRequested { keys: new.len() });
        self.outputs.push(Output::RequestLicence { key_ids: new });
    }

    pub(super) fn licence(&mut self, result: Result<usize, DrmError>) {
        match result {
            Ok(keys) => {
                let took = self.now.saturating_sub(self.licence_asked_at.unwrap_or(self.now));
                self.emit(PlaybackEvent::LicenceLoaded { keys, took });
            }
            Err(error) => self.fail(PlaybackError::fatal(licence_error_code(&error), error.to_string())),
        }
    }
}

/// What is known of a failed transfer.
#[derive(Clone, Copy)]
struct Tried {
    failures: u32,
    failing_for: Duration,
    alternative: bool,
    requested_at: Duration,
}

/// The format, with what the manifest says of colours where its container says nothing.
fn with_colour(format: Arc<TrackFormat>, announced: ColourDescription) -> Arc<TrackFormat> {
    let colour = format.colour.or(announced);
    if format.kind != TrackKind::Video || colour == format.colour {
        return format;
    }
    Arc::new(TrackFormat { colour, ..(*format).clone() })
}

/// Rungs mean something for the picture only.
fn video_rung(track: TrackKind, rung: RungId) -> Option<RungId> {
    (track == TrackKind::Video).then_some(rung)
}

/// May it be tried now? Clears a time that has come.
pub(super) fn is_due(retry: &mut Retry, now: Duration) -> bool {
    if retry.not_before.is_some_and(|at| at > now) {
        return false;
    }
    retry.not_before = None;
    true
}
