//! The playback session: a state machine without I/O, clocks or threads.
//!
//! [`Session::handle`] takes one [`Input`] and the time, and appends [`Output`]s to be carried out in order. The same
//! object runs under the driver, under the virtual-time harness and under a simulator.
//!
//! Each input is noted by the part it concerns; then `pump` looks at the whole and does what is due: load,
//! configure, feed, start or stall, show text, report. What is due depends on the state alone, so inputs may come in
//! any order.
//!
//! Invariants (asserted in debug builds, tested under random input order):
//! 1. every `Fetch` is answered by exactly one `Loaded` or `LoadFailed`, or cancelled by us; other answers are ignored;
//! 2. samples fed to a track have increasing decode times between seeks;
//! 3. positions in events do not go back except by a seek;
//! 4. bytes held stay within the budget plus a segment per track;
//! 5. after `Failed` there is no output but cancellations.

mod captions;
mod continuity;
mod hold;
mod input;
mod lookahead;
mod output;
mod playhead;
mod quality;
#[cfg(test)]
mod quality_tests;
mod recovery;
mod replacement;
mod sample_queue;
#[cfg(test)]
mod tests;
mod text;
#[cfg(test)]
mod text_tests;
mod text_track;
mod timed_events;
pub(crate) mod timeline;
mod track_loader;
mod transfers;
mod trick_play;

pub use input::{Content, Input, LoadFailure, Loaded};
pub use output::{Emitted, InitNeed, Job, Output, TransferId};
pub use recovery::{Attempt, Recovery, decide as decide_recovery, licence_error_code};
pub use sample_queue::{Batch, QueuedSegment, SampleQueue};

use crate::chapters::Chapters;
use crate::command::{Command, MAX_RATE, MIN_RATE, QualityChoice};
use crate::config::PlayerConfig;
use crate::decoding::DecoderChoice;
use crate::drm::KeyId;
use crate::error::{ErrorCode, PlaybackError};
use crate::event::{PlaybackEvent, RungInfo, TrackInfo};
use crate::manifest::{ByteSource, Presentation, TrackGroup, TrackId, TrackKind};
use crate::pipeline::{PipelineCommand, PipelineError, PipelineEvent};
use crate::snapshot::PlaybackState;
use abr::{BufferState, ByteCount, Decision, MediaTime, PlaybackRate};
use captions::Captions;
use continuity::Continuity;
use playhead::Playhead;
use quality::QualityChooser;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use text::{TextSlot, Texts};
use timed_events::ToldEvents;
use timeline::Timelines;
pub(crate) use track_loader::index_job;
use track_loader::{Retry, TrackLoader};
use trick_play::TrickPlay;
use url::Url;

/// With less than this fed ahead of the playhead, and nothing more to feed, playback stalls. Positions come every
/// 50 ms; the rest is for the way through the decoder. Time on the wall: at a higher speed it is more media.
const STALL_BELOW: Duration = Duration::from_millis(150);
/// A transfer under way is looked at this often even when nothing arrives.
const RECONSIDER_EVERY: Duration = Duration::from_millis(500);
/// Heartbeat of `PositionReport`.
const REPORT_EVERY: Duration = Duration::from_millis(500);
/// What has been learnt of the network is told this often: seldom enough for a log, often enough that a player that is
/// killed has taught something.
const NETWORK_EVERY: Duration = Duration::from_secs(10);
/// Addresses are not renewed more often than this: a server that refuses its own fresh address will refuse the next.
const REFRESH_EVERY: Duration = Duration::from_secs(10);

/// One title being played.
#[derive(Debug)]
pub struct Session {
    config: PlayerConfig,
    manifest: ByteSource,
    can_refresh: bool,
    now: Duration,
    transfers: u64,

    manifest_transfer: Option<TransferId>,
    manifest_retry: Retry,
    presentation: Option<Presentation>,
    loaders: Vec<TrackLoader>,
    chooser: Option<QualityChooser>,
    /// Made, but waiting for the rung's playlist or for its turn; with its sentence.
    pending: Option<(Decision, String)>,
    queues: BTreeMap<TrackKind, SampleQueue>,
    texts: Texts,
    captions: Captions,
    told_events: ToldEvents,
    /// Answers that wait for the main track to tell an epoch's clock: one per track at most.
    parked: Vec<(TransferId, Loaded)>,
    timelines: Timelines,
    continuity: Continuity,

    playhead: Playhead,
    configured: bool,
    ended_tracks: BTreeSet<TrackKind>,
    /// Whatever depends on the speed takes it from here.
    rate: PlaybackRate,
    trick: Option<TrickPlay>,
    volume: f32,
    muted: bool,
    decoder: DecoderChoice,
    /// Zero while unknown.
    viewport_height: u32,

    requested_keys: BTreeSet<KeyId>,
    licence_asked_at: Option<Duration>,
    refreshed_at: Option<Duration>,
    refreshing: bool,
    failing: bool,
    failed: bool,
    stopped: bool,
    wake_at: Option<Duration>,
    reported_at: Duration,
    network_told_at: Option<Duration>,
    outputs: Vec<Output>,
}

impl Session {
    /// A session that will play `manifest` from `start` on. Nothing happens before the first input.
    pub fn new(config: PlayerConfig, manifest: Url, start: MediaTime, can_refresh: bool) -> Self {
        Self {
            config,
            manifest: ByteSource { url: manifest, range: None },
            can_refresh,
            now: Duration::ZERO,
            transfers: 0,
            manifest_transfer: None,
            manifest_retry: Retry::default(),
            presentation: None,
            loaders: Vec::new(),
            chooser: None,
            pending: None,
            queues: BTreeMap::new(),
            texts: Texts::default(),
            captions: Captions::default(),
            told_events: ToldEvents::default(),
            parked: Vec::new(),
            timelines: Timelines::default(),
            continuity: Continuity::default(),
            playhead: Playhead::new(start.max(MediaTime::ZERO)),
            configured: false,
            ended_tracks: BTreeSet::new(),
            rate: PlaybackRate::NORMAL,
            trick: None,
            volume: 1.0,
            muted: false,
            decoder: DecoderChoice::Auto,
            viewport_height: 0,
            requested_keys: BTreeSet::new(),
            licence_asked_at: None,
            refreshed_at: None,
            refreshing: false,
            failing: false,
            failed: false,
            stopped: false,
            wake_at: None,
            reported_at: Duration::ZERO,
            network_told_at: None,
            outputs: Vec::new(),
        }
    }

    /// Asks for the manifest. Call once, before any input.
    pub fn start(&mut self, out: &mut Vec<Output>) {
        let (source, start) = (crate::net::loggable(&self.manifest.url), self.playhead.position());
        self.emit(PlaybackEvent::LoadRequested { source, start });
        self.fetch_manifest();
        out.append(&mut self.outputs);
    }

    /// Takes one input. `now` is the time since the load and never goes back.
    pub fn handle(&mut self, input: Input, now: Duration, out: &mut Vec<Output>) {
        self.now = self.now.max(now);
        if self.stopped {
            return;
        }
        match input {
            // Timers may be a little early; what is still to come must be asked for again.
            Input::Wake => self.wake_at = None,
            Input::Command(command) => self.command(command),
            Input::Progress(id, progress) if !self.failed => self.progressed(id, progress),
            Input::Loaded(id, loaded) if !self.failed => self.loaded(id, loaded),
            Input::LoadFailed(id, failure) if !self.failed => self.load_failed(id, failure),
            Input::KeysNeeded(keys) if !self.failed => self.request_keys(&keys),
            Input::KeySystemChosen { key_system, reason } if !self.failed => {
                self.emit(PlaybackEvent::KeySystemChosen { key_system: key_system.to_string(), reason });
            }
            Input::Licence(result) if !self.failed => self.licence(result),
            Input::SourceRefreshed(result) if !self.failed => self.source_refreshed(result),
            Input::Chapters(chapters) if !self.failed => self.chapters_read(chapters),
            Input::Pipeline(event) if !self.failed => self.pipeline_event(event),
            _ => {}
        }
        if !self.failed && !self.stopped {
            self.pump();
        }
        out.append(&mut self.outputs);
    }

    /// Has playback enough, so that others may use the link? Until there is a picture it needs all of it, and so it does
    /// while it has less than it takes to start.
    pub fn spares_link(&self) -> bool {
        let state = self.buffer_state();
        let is_safe = state.end_buffered || state.buffered >= self.config.buffer.start;
        self.is_over() || (self.configured && self.playhead.is_ready() && is_safe)
    }

    fn chapters_read(&mut self, chapters: Chapters) {
        if let Some(presentation) = &mut self.presentation {
            presentation.chapters = chapters.clone();
            self.emit(PlaybackEvent::ChaptersLoaded { chapters });
        }
    }

    /// Is the session over?
    pub fn is_over(&self) -> bool {
        self.failed || self.stopped
    }

    // -- What is due ------------------------------------------------------------------------------------------------

    fn pump(&mut self) {
        for index in 0..self.loaders.len() {
            self.reconsider(index);
        }
        self.schedule_loads();
        self.configure_pipeline();
        if self.failed {
            return;
        }
        self.wind();
        if self.trick.is_none() {
            self.feed();
            self.start_or_stall();
        }
        self.show_text();
        self.report();
        self.ask_for_wake();
    }

    /// The pipeline is set up when the first segment of each loader has told which tracks there are.
    fn configure_pipeline(&mut self) {
        let all_known = !self.loaders.is_empty() && self.loaders.iter().all(|loader| self.has_media(loader));
        if self.configured || !all_known {
            return;
        }
        // Of what an edit or a period hides altogether nothing would ever come out.
        let hollow = |kind| self.loader_of(kind).is_some_and(TrackLoader::is_complete);
        let hollow: Vec<TrackKind> = self
            .queues
            .iter()
            .filter(|(kind, queue)| queue.is_hollow() && hollow(**kind))
            .map(|(kind, _)| *kind)
            .collect();
        hollow.iter().for_each(|kind| drop(self.queues.remove(kind)));
        let kinds: Vec<TrackKind> = self.queues.keys().copied().collect();
        if kinds.is_empty() {
            let detail = if hollow.is_empty() { "no track can be decoded" } else { "nothing of the media is shown" };
            return self.fail(PlaybackError::fatal(ErrorCode::NothingPlayable, detail));
        }
        self.configured = true;
        let (start, generation) = (self.playhead.position(), self.playhead.generation());
        if self.decoder != DecoderChoice::Auto {
            self.pipeline(PipelineCommand::SetDecoder(self.decoder.clone()));
        }
        self.pipeline(PipelineCommand::Configure { kinds, start, generation });
        if self.rate != PlaybackRate::NORMAL {
            self.pipeline(PipelineCommand::SetRate(self.rate));
        }
        if self.volume != 1.0 {
            self.pipeline(PipelineCommand::SetVolume(self.volume));
        }
        if self.muted {
            self.pipeline(PipelineCommand::SetMuted(true));
        }
        let position = self.playhead.position();
        for (kind, queue) in &mut self.queues {
            queue.seek(position, decoder_run_in(*kind));
        }
    }

    fn has_media(&self, loader: &TrackLoader) -> bool {
        self.queues_of(loader).any(|kind| self.queues.get(&kind).is_some_and(|queue| queue.range().is_some()))
            || loader.is_complete()
    }

    /// Which queues a loader fills: its own kind, and sound that comes inside the picture's segments.
    fn queues_of<'a>(&'a self, loader: &TrackLoader) -> impl Iterator<Item = TrackKind> + use<'a> {
        let own = loader.group.kind;
        let alone = self.loaders.len() == 1;
        [TrackKind::Video, TrackKind::Audio].into_iter().filter(move |kind| *kind == own || alone)
    }

    fn loader_of(&self, kind: TrackKind) -> Option<&TrackLoader> {
        self.loaders.iter().find(|loader| loader.group.kind == kind).or(self.loaders.first())
    }

    fn feed(&mut self) {
        if !self.configured {
            return;
        }
        let feed_ahead = self.rate.media_time(self.config.feed_ahead);
        let ahead = self.playhead.position() + feed_ahead;
        let kinds: Vec<TrackKind> = self.queues.keys().copied().collect();
        for kind in kinds {
            let complete = self.loader_of(kind).is_some_and(TrackLoader::is_complete);
            let Some(queue) = self.queues.get_mut(&kind) else { continue };
            // A hole under the playhead must not keep the first picture behind it from coming.
            let first = queue.next_dts().filter(|_| !self.playhead.is_ready()).map(|dts| dts + feed_ahead);
            let batches = queue.take_until(first.map_or(ahead, |first| first.max(ahead)));
            let finished = complete && queue.is_drained() && !self.ended_tracks.contains(&kind);
            queue.drop_before(self.playhead.position() - self.config.buffer.back);
            for batch in batches {
                debug_assert!(
                    batch.samples.windows(2).all(|pair| pair[0].dts <= pair[1].dts),
                    "samples are fed in decode order"
                );
                self.pipeline(PipelineCommand::Feed { kind, format: batch.format, samples: batch.samples });
            }
            if finished {
                self.ended_tracks.insert(kind);
                self.pipeline(PipelineCommand::EndOfTrack(kind));
            }
        }
    }

    fn start_or_stall(&mut self) {
        if !self.configured {
            return;
        }
        let state = self.buffer_state();
        let least = i64::try_from(self.rate.media_time(STALL_BELOW).as_nanos()).unwrap_or(i64::MAX);
        if self.playhead.is_running() {
            let starved = self.queues.iter().any(|(kind, queue)| {
                let fed = queue.fed_until().unwrap_or(MediaTime::ZERO);
                let ahead = fed.nanos().saturating_sub(self.playhead.position().nanos());
                !self.ended_tracks.contains(kind) && queue.is_drained() && ahead < least
            });
            if starved {
                self.playhead.stall(self.now);
                self.pipeline(PipelineCommand::Pause);
                self.emit(PlaybackEvent::StallStarted);
            }
            return;
        }
        if !self.playhead.may_run() {
            return;
        }
        let policy = &self.config.buffer;
        let enough = if self.playhead.is_stalled() { policy.may_resume(&state) } else { policy.may_start(&state) };
        if enough {
            if let Some(lasted) = self.playhead.run(self.now) {
                if let Some(chooser) = &mut self.chooser {
                    chooser.stalled(self.now.saturating_sub(lasted), lasted);
                }
                self.emit(PlaybackEvent::StallEnded { lasted });
            }
            self.pipeline(PipelineCommand::Play);
        }
    }

    fn report(&mut self) {
        let video = self.queues.get(&TrackKind::Video);
        let shown = video.and_then(|queue| queue.rung_at(self.playhead.position()));
        if let Some(rung) = self.playhead.shows(shown) {
            self.emit(PlaybackEvent::QualityShown { rung });
        }
        if let Some(state) = self.playhead.changed_state() {
            self.emit(PlaybackEvent::StateChanged { state });
        }
        if self.playhead.is_running() && self.now.saturating_sub(self.reported_at) >= REPORT_EVERY {
            self.reported_at = self.now;
            self.emit(PlaybackEvent::PositionReport);
        }
    }

    fn ask_for_wake(&mut self) {
        let retries = self.loaders.iter().filter_map(|loader| loader.retry.not_before);
        let texts = self.texts.iter().filter_map(|text| text.retry.not_before);
        let holds = self.loaders.iter().filter_map(|loader| loader.hold.until());
        let loading = self.loaders.iter().any(|loader| loader.transfer.is_some());
        let second_look = loading.then(|| self.now + RECONSIDER_EVERY);
        let winding = self.trick.as_ref().and_then(|trick| trick.next_look(self.now));
        let due = retries
            .chain(holds)
            .chain(winding)
            .chain(texts)
            .chain(self.manifest_retry.not_before)
            .filter(|at| *at > self.now);
        let soonest = due.chain(second_look).min();
        // An earlier wake-up that is still to come will ask again.
        let asked = self.wake_at.is_some_and(|at| at > self.now && soonest.is_some_and(|soonest| at <= soonest));
        if let Some(at) = soonest.filter(|_| !asked) {
            self.wake_at = Some(at);
            self.outputs.push(Output::WakeAt(at));
        }
    }

    // -- Commands ---------------------------------------------------------------------------------------------------

    fn command(&mut self, command: Command) {
        if command == Command::Stop {
            return self.stop();
        }
        if self.failed {
            return;
        }
        self.emit(PlaybackEvent::CommandReceived { command: command.clone() });
        match command {
            Command::Play => {
                self.end_trick_play();
                self.playhead.set_wants_play(true);
                if self.playhead.has_ended() {
                    self.seek(MediaTime::ZERO);
                }
            }
            Command::Pause => {
                self.end_trick_play();
                self.close_stall();
                if self.playhead.set_wants_play(false) {
                    self.pipeline(PipelineCommand::Pause);
                }
            }
            Command::Seek { to } => self.seek(to),
            Command::SetRate { rate } => self.set_rate(rate),
            Command::TrickPlay { speed } => self.trick_play(speed),
            Command::SetVolume { volume } => {
                self.volume = if volume.is_finite() { volume.clamp(0.0, 1.0) } else { self.volume };
                self.set_sound(PipelineCommand::SetVolume(self.volume));
            }
            Command::SetMuted { muted } => {
                self.muted = muted;
                self.set_sound(PipelineCommand::SetMuted(muted));
            }
            Command::SelectAudio { track } => self.select_audio(track),
            Command::SelectText { track } => self.select_text(TextSlot::Main, track),
            Command::SelectSecondText { track } => self.select_text(TextSlot::Second, track),
            Command::SetTextDelay { millis } => self.delay_text(millis),
            Command::SetQuality { choice } => self.set_quality(choice),
            Command::SetDecoder { choice } => self.set_decoder(choice),
            Command::SetViewport { height, .. } => {
                self.viewport_height = height;
                if let Some(chooser) = &mut self.chooser {
                    chooser.set_viewport(height);
                }
            }
            Command::Stop => {}
        }
    }

    fn set_rate(&mut self, rate: f64) {
        let clamped = Some(rate).filter(|rate| !rate.is_nan()).map(|rate| rate.clamp(MIN_RATE, MAX_RATE) as f32);
        let Some(rate) = clamped.and_then(|rate| PlaybackRate::new(rate).ok()).filter(|rate| *rate != self.rate) else {
            return;
        };
        self.rate = rate;
        if self.configured {
            self.pipeline(PipelineCommand::SetRate(rate));
        }
        self.emit(PlaybackEvent::RateChanged { rate });
    }

    fn set_decoder(&mut self, choice: DecoderChoice) {
        if choice == self.decoder {
            return;
        }
        self.decoder = choice;
        if self.configured {
            self.pipeline(PipelineCommand::SetDecoder(self.decoder.clone()));
            // What comes next belongs to the pictures that the other decoder has: from the key frame before them on.
            self.seek(self.playhead.position());
        }
    }

    fn set_sound(&mut self, command: PipelineCommand) {
        if self.configured {
            self.pipeline(command);
        }
        self.emit(PlaybackEvent::VolumeChanged { volume: self.volume, muted: self.muted });
    }

    fn seek(&mut self, to: MediaTime) {
        self.stop_winding();
        let last = self.duration().map_or(to, |duration| to.min(duration - Duration::from_millis(1)));
        let to = last.max(MediaTime::ZERO);
        let from = self.playhead.position();
        let in_buffer = self.queues.values().all(|queue| queue.covers(to)) && !self.queues.is_empty();
        self.emit(PlaybackEvent::SeekStarted { from, to, in_buffer });
        if self.playhead.is_running() {
            self.pipeline(PipelineCommand::Pause);
        }
        if let Some(lasted) = self.playhead.seek(to, self.now) {
            self.emit(PlaybackEvent::StallEnded { lasted });
        }
        self.ended_tracks.clear();
        for index in 0..self.loaders.len() {
            let kinds: Vec<TrackKind> = self.queues_of(&self.loaders[index]).collect();
            let mine = || kinds.iter().filter_map(|kind| self.queues.get(kind));
            let covered = mine().count() > 0 && mine().all(|queue| queue.covers(to));
            if covered {
                for kind in kinds {
                    if let Some(queue) = self.queues.get_mut(&kind) {
                        queue.seek(to, decoder_run_in(kind));
                    }
                }
            } else {
                for kind in kinds {
                    if let Some(queue) = self.queues.get_mut(&kind) {
                        queue.clear();
                    }
                }
                self.cancel_transfer(index);
                self.loaders[index].jump(to);
            }
        }
        if self.configured {
            self.pipeline(PipelineCommand::Seek { to, generation: self.playhead.generation() });
        }
    }

    fn select_audio(&mut self, track: TrackId) {
        let group = self.presentation.as_ref().and_then(|presentation| presentation.track(track)).cloned();
        let Some(group) = group.filter(|group| group.kind == TrackKind::Audio) else { return };
        let position = self.loaders.iter().position(|loader| loader.group.kind == TrackKind::Audio);
        let Some(index) = position.filter(|index| self.loaders[*index].track() != track) else { return };
        self.cancel_transfer(index);
        self.loaders[index] = TrackLoader::new(group, self.playhead.position());
        self.queues.entry(TrackKind::Audio).or_default().clear();
        self.emit(PlaybackEvent::TrackSelected { kind: TrackKind::Audio, track: Some(track) });
        // What was fed of the other track is thrown away with the picture's second, which is still queued.
        self.seek(self.playhead.position());
    }

    /// A viewer who changes the quality wants to see it: what is queued beyond the next second is thrown away.
    fn set_quality(&mut self, choice: QualityChoice) {
        let Some(chooser) = &mut self.chooser else { return };
        let known = |rung| chooser.ladder().get(rung).is_some();
        let valid =
            matches!(choice, QualityChoice::Auto) || matches!(choice, QualityChoice::Fixed(rung) if known(rung));
        if !valid || chooser.choice() == choice {
            return;
        }
        chooser.set_choice(choice);
        self.pending = None;
        self.emit(PlaybackEvent::QualityRequested { choice });
        let video = self.loaders.iter().position(|loader| loader.group.kind == TrackKind::Video);
        if let (Some(index), QualityChoice::Fixed(_)) = (video, choice) {
            let kinds: Vec<TrackKind> = self.queues_of(&self.loaders[index]).collect();
            let ends: Vec<_> = kinds.iter().filter_map(|kind| self.queues.get_mut(kind)?.drop_unfed()).collect();
            self.cancel_transfer(index);
            match ends.into_iter().min() {
                Some(end) => self.loaders[index].continue_from(end),
                None => self.loaders[index].jump(self.playhead.position()),
            }
        }
    }

    /// A viewer who pauses or leaves waits no longer.
    fn close_stall(&mut self) {
        if let Some(lasted) = self.playhead.end_stall(self.now) {
            self.emit(PlaybackEvent::StallEnded { lasted });
        }
    }

    fn stop(&mut self) {
        self.close_stall();
        self.stopped = true;
        self.cancel_everything();
        if !self.failed {
            self.tell_network();
            self.emit(PlaybackEvent::CommandReceived { command: Command::Stop });
        }
    }

    // -- Pipeline ---------------------------------------------------------------------------------------------------

    fn pipeline_event(&mut self, event: PipelineEvent) {
        match event {
            PipelineEvent::Prerolled { generation } if generation == self.playhead.generation() => {
                self.trick_picture_shown();
                if self.playhead.first_picture() {
                    self.emit(PlaybackEvent::FirstFrame);
                }
                if let Some((to, took)) = self.playhead.prerolled(self.now) {
                    self.emit(PlaybackEvent::SeekCompleted { to, took });
                }
            }
            PipelineEvent::Position { at, generation } if generation == self.playhead.generation() => {
                self.playhead.moved(at);
            }
            PipelineEvent::Eos { generation } if generation == self.playhead.generation() => {
                if let Some(duration) = self.duration() {
                    self.playhead.moved(duration);
                }
                self.playhead.end();
                self.emit(PlaybackEvent::Ended);
            }
            PipelineEvent::Frames { shown, dropped } => self.emit(PlaybackEvent::FramesReport { shown, dropped }),
            PipelineEvent::DecoderChosen { kind, codec, decoder, chosen } => {
                self.emit(PlaybackEvent::DecoderChosen { kind, codec, decoder, chosen });
            }
            PipelineEvent::Failed(error) => {
                let code = match &error {
                    PipelineError::NoDecoder(_) => ErrorCode::CodecUnsupported,
                    // Noise instead of slices: on protected media the key is the likelier culprit.
                    PipelineError::Decode(_) if !self.requested_keys.is_empty() => ErrorCode::WrongKey,
                    PipelineError::Decode(_) => ErrorCode::DecoderFailed,
                    PipelineError::Output(_) => ErrorCode::OutputFailed,
                    PipelineError::Framework(_) => ErrorCode::Internal,
                };
                self.fail(PlaybackError::fatal(code, error.to_string()));
            }
            // Of an earlier seek.
            PipelineEvent::Prerolled { .. } | PipelineEvent::Position { .. } | PipelineEvent::Eos { .. } => {}
        }
    }

    // -- Shared -----------------------------------------------------------------------------------------------------

    /// A presentation has arrived: choose tracks, announce them, ask for announced keys.
    fn present(&mut self, presentation: Presentation) {
        let audio_language = self.config.audio_language.clone();
        let video = presentation.preferred(TrackKind::Video, None).cloned();
        let audio = presentation.preferred(TrackKind::Audio, audio_language.as_deref()).cloned();
        let keys: Vec<KeyId> = presentation.protections.iter().flat_map(|p| p.key_ids.iter().copied()).collect();
        let events = presentation.events.clone();
        self.captions = Captions::new(presentation.closed_captions.clone());
        self.presentation = Some(presentation);
        let text = self.config.text_language.as_deref().and_then(|language| self.text_in(language));

        let Some(main) = video.as_ref().or(audio.as_ref()) else {
            return self.fail(PlaybackError::fatal(ErrorCode::NothingPlayable, "the manifest lists no track"));
        };
        self.chooser = QualityChooser::new(&self.config.abr, main);
        if let Some(chooser) = &mut self.chooser {
            chooser.set_viewport(self.viewport_height);
        }
        let start = self.playhead.position();
        let audio_id = audio.as_ref().map(|group| group.id);
        self.loaders = video.into_iter().chain(audio).map(|group| TrackLoader::new(group, start)).collect();
        self.prepare_chooser();
        self.announce();
        self.tell_events(events);
        if audio_id.is_some() {
            self.emit(PlaybackEvent::TrackSelected { kind: TrackKind::Audio, track: audio_id });
        }
        if text.is_some() {
            self.select_text(TextSlot::Main, text);
        }
        self.request_keys(&keys);
    }

    /// Tells what there is to choose from, as far as it is known: again when more is.
    fn announce(&mut self) {
        let Some(presentation) = &self.presentation else { return };
        let rungs = presentation.preferred(TrackKind::Video, None).map(rung_infos).unwrap_or_default();
        let listed = presentation.tracks.iter().filter(|track| track.kind != TrackKind::Video).map(track_info);
        let tracks = listed.chain(self.captions.tracks()).collect();
        self.emit(PlaybackEvent::ManifestLoaded { duration: self.duration(), rungs, tracks });
    }

    /// Length of the presentation, as soon as a playlist has told it.
    fn duration(&self) -> Option<MediaTime> {
        self.loaders.iter().filter_map(TrackLoader::duration).max()
    }

    fn buffered(&self) -> Duration {
        let position = self.playhead.position();
        // What is held continues from the playhead, holes included; an ended track holds nobody up.
        let ahead = |kind: &TrackKind, queue: &SampleQueue| match queue.range() {
            _ if self.ended_tracks.contains(kind) => None,
            range => Some(range.map_or(Duration::ZERO, |(_, end)| end.duration_since(position))),
        };
        let least = self.queues.iter().filter_map(|(kind, queue)| ahead(kind, queue)).min();
        let rest = || self.duration().map_or(Duration::ZERO, |duration| duration.duration_since(position));
        if self.queues.is_empty() { Duration::ZERO } else { least.unwrap_or_else(rest) }
    }

    fn buffer_state(&self) -> BufferState {
        BufferState {
            buffered: self.buffered(),
            held: self.held(),
            segment_duration: self.loaders.first().map_or(Duration::ZERO, TrackLoader::segment_duration),
            rate: self.rate,
            loading: true,
            end_buffered: !self.loaders.is_empty()
                && self.loaders.iter().all(|loader| loader.is_complete() && self.has_media(loader)),
        }
    }

    /// The controller hears what there is to choose from as soon as it is known, and again if segments turn out to be
    /// of another length than was assumed.
    fn prepare_chooser(&mut self) {
        let Some(segment) = self.loaders.iter().find(|loader| self.is_adaptive(loader)).map(|l| l.segment_duration())
        else {
            return;
        };
        if let Some(chooser) = &mut self.chooser {
            chooser.prepare(segment, self.config.buffer.target);
        }
    }

    /// Tells what the session has learnt of the network.
    fn tell_network(&mut self) {
        if let Some(network) = self.chooser.as_ref().and_then(QualityChooser::learnt) {
            self.network_told_at = Some(self.now);
            self.emit(PlaybackEvent::NetworkMeasured { network });
        }
    }

    /// Is this the track whose quality is chosen? The picture, or sound where there is none.
    fn is_adaptive(&self, loader: &TrackLoader) -> bool {
        loader.group.kind == TrackKind::Video || self.loaders.len() == 1
    }

    fn held(&self) -> ByteCount {
        ByteCount::new(self.queues.values().map(SampleQueue::bytes).sum())
    }

    fn pipeline(&mut self, command: PipelineCommand) {
        self.outputs.push(Output::Pipeline(command));
    }

    fn emit(&mut self, event: PlaybackEvent) {
        let (position, buffered) = (self.playhead.position(), self.buffered());
        self.outputs.push(Output::Emit(Emitted { since_load: self.now, position, buffered, event }));
    }

    fn fail(&mut self, error: PlaybackError) {
        if self.failed {
            return;
        }
        self.close_stall();
        self.failed = true;
        self.cancel_everything();
        self.tell_network();
        if self.playhead.is_running() {
            self.pipeline(PipelineCommand::Pause);
        }
        self.playhead.fail();
        self.emit(PlaybackEvent::StateChanged { state: PlaybackState::Failed });
        self.emit(PlaybackEvent::Failed { error });
    }
}

fn track_info(group: &TrackGroup) -> TrackInfo {
    TrackInfo { id: group.id, kind: group.kind, language: group.language.clone(), name: group.name.clone() }
}

fn rung_infos(group: &TrackGroup) -> Vec<RungInfo> {
    let info = |representation: &crate::manifest::Representation| RungInfo {
        id: representation.id,
        bitrate: representation.bitrate,
        width: representation.width,
        height: representation.height,
        codecs: representation.codecs.clone(),
    };
    group.representations.iter().map(info).collect()
}

/// Samples decoded before the wanted one although it is a keyframe: each AAC frame overlaps with the one before.
fn decoder_run_in(kind: TrackKind) -> usize {
    if kind == TrackKind::Audio { 2 } else { 0 }
}
