//! A session in virtual time: fake transfers over a link, a [`NullPipeline`], a log that reads like a story.

use super::ManifestBuilder;
use crate::config::PlayerConfig;
use crate::container::{Demuxed, Init, MediaStream, Sample};
use crate::event::PlaybackEvent;
use crate::manifest::{ByteSource, TimedEvent, TrackKind};
use crate::net::Progress;
use crate::pipeline::null::NullPipeline;
use crate::session::{Content, Emitted, Input, Job, LoadFailure, Loaded, Output, Session, TransferId};
use crate::snapshot::PlayerSnapshot;
use crate::text::{Cue, CueBase, TextSegment};
use abr::MediaTime;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// What is asked of a link at a moment: bits per second, zero for an outage.
type Rate = Box<dyn Fn(Duration) -> u64>;
/// Which transfer fails, by its address and how often it was tried before.
type Faults = Box<dyn Fn(&str, u32) -> Option<LoadFailure>>;

/// A shared link: running transfers get equal parts.
pub struct Link {
    rate: Rate,
    faults: Faults,
    pub rtt: Duration,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("rtt", &self.rtt).finish_non_exhaustive()
    }
}

impl Link {
    /// A link whose rate in bits per second depends on the time.
    pub fn new(rate: impl Fn(Duration) -> u64 + 'static) -> Self {
        Self { rate: Box::new(rate), faults: Box::new(|_, _| None), rtt: Duration::from_millis(40) }
    }

    /// With transfers that fail after one round trip.
    #[must_use]
    pub fn with_faults(mut self, faults: impl Fn(&str, u32) -> Option<LoadFailure> + 'static) -> Self {
        self.faults = Box::new(faults);
        self
    }
}

struct Transfer {
    job: Job,
    started: Duration,
    received: f64,
    total: f64,
    failure: Option<LoadFailure>,
    reported: u64,
    reported_at: Duration,
}

impl Transfer {
    /// Is a report due? As over HTTP: with the first byte, then by size or time.
    fn is_due(&self, received: u64, now: Duration) -> bool {
        self.reported == 0
            || received >= self.reported + (64 << 10)
            || received > self.reported && now >= self.reported_at + Duration::from_millis(100)
    }
}

/// Everything that surrounds a session in tests.
pub struct Harness {
    pub session: Session,
    pub pipeline: NullPipeline,
    pub events: Vec<Emitted>,
    pub snapshot: PlayerSnapshot,
    manifest: ManifestBuilder,
    link: Link,
    now: Duration,
    transfers: BTreeMap<TransferId, Transfer>,
    tries: BTreeMap<String, u32>,
    wake_at: Option<Duration>,
    pub fetched: Vec<String>,
    pub cancelled: usize,
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Harness").field("now", &self.now).field("snapshot", &self.snapshot).finish_non_exhaustive()
    }
}

/// Granularity of virtual time.
const STEP: Duration = Duration::from_millis(10);

impl Harness {
    /// Starts a session that plays `manifest` over `link`.
    pub fn new(config: PlayerConfig, manifest: ManifestBuilder, link: Link, start: MediaTime) -> Self {
        let session = Session::new(config, super::address("master.m3u8"), start, false);
        let mut harness = Self {
            session,
            pipeline: NullPipeline::default(),
            events: Vec::new(),
            snapshot: PlayerSnapshot::initial(),
            manifest,
            link,
            now: Duration::ZERO,
            transfers: BTreeMap::new(),
            tries: BTreeMap::new(),
            wake_at: None,
            fetched: Vec::new(),
            cancelled: 0,
        };
        let mut out = Vec::new();
        harness.session.start(&mut out);
        harness.carry_out(out);
        harness
    }

    /// Time since the load.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Transfers under way.
    pub fn in_flight(&self) -> usize {
        self.transfers.len()
    }

    /// Gives the session an input now.
    pub fn input(&mut self, input: Input) {
        let mut out = Vec::new();
        self.session.handle(input, self.now, &mut out);
        self.carry_out(out);
    }

    /// Sends a command.
    pub fn send(&mut self, command: crate::Command) {
        self.input(Input::Command(command));
    }

    /// Lets virtual time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end && !self.session.is_over() {
            self.now = (self.now + STEP).min(end);
            self.step();
        }
    }

    /// Lets virtual time pass until `done`, at most `limit`; says whether it came.
    pub fn run_until(&mut self, limit: Duration, done: impl Fn(&PlayerSnapshot) -> bool) -> bool {
        let end = self.now + limit;
        while self.now < end && !self.session.is_over() && !done(&self.snapshot) {
            self.now += STEP;
            self.step();
        }
        done(&self.snapshot)
    }

    fn step(&mut self) {
        self.advance_transfers();
        for event in self.pipeline.poll(self.now) {
            self.input(Input::Pipeline(event));
        }
        if self.wake_at.is_some_and(|at| at <= self.now) {
            self.wake_at = None;
            self.input(Input::Wake);
        }
    }

    fn advance_transfers(&mut self) {
        let flowing = |transfer: &Transfer| self.now >= transfer.started + self.link.rtt;
        let count = self.transfers.values().filter(|transfer| flowing(transfer)).count().max(1);
        let share = (self.link.rate)(self.now) as f64 / 8.0 * STEP.as_secs_f64() / count as f64;
        let (now, rtt) = (self.now, self.link.rtt);
        let mut inputs = Vec::new();
        for (id, transfer) in &mut self.transfers {
            if now < transfer.started + rtt {
                continue;
            }
            if let Some(failure) = transfer.failure.take() {
                inputs.push(Input::LoadFailed(*id, failure));
                continue;
            }
            transfer.received = (transfer.received + share).min(transfer.total);
            let received = transfer.received as u64;
            if transfer.received >= transfer.total {
                let elapsed = now - transfer.started;
                let content = content(&self.manifest, &transfer.job);
                let loaded =
                    Loaded { content, bytes: transfer.total as u64, ttfb: rtt, elapsed, cached: false, protocol: None };
                inputs.push(Input::Loaded(*id, loaded));
            } else if received > 0 && transfer.is_due(received, now) {
                (transfer.reported, transfer.reported_at) = (received, now);
                let elapsed = now - transfer.started;
                let expected = Some(transfer.total as u64);
                inputs.push(Input::Progress(*id, Progress { received, expected, elapsed, ttfb: rtt }));
            }
        }
        for input in inputs {
            // An input may have cancelled the transfer of a later one.
            let alive = match &input {
                Input::Progress(id, _) => self.transfers.contains_key(id),
                Input::Loaded(id, _) | Input::LoadFailed(id, _) => self.transfers.remove(id).is_some(),
                _ => true,
            };
            if alive {
                self.input(input);
            }
        }
    }

    fn carry_out(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Fetch { id, job } => self.start_transfer(id, job),
                Output::Cancel(id) => {
                    assert!(self.transfers.remove(&id).is_some(), "only what runs is cancelled");
                    self.cancelled += 1;
                }
                Output::Pipeline(command) => self.pipeline.command(command, self.now),
                Output::Emit(emitted) => self.note(emitted),
                Output::WakeAt(at) => self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at))),
                Output::RequestLicence { .. } | Output::RefreshSource => {}
            }
        }
    }

    fn note(&mut self, emitted: Emitted) {
        let envelope = crate::EventEnvelope {
            v: crate::event::SCHEMA_VERSION,
            session: uuid::Uuid::nil(),
            seq: self.events.len() as u64,
            wall_ms: 0,
            since_load: emitted.since_load,
            position: emitted.position,
            buffered: emitted.buffered,
            event: emitted.event.clone(),
        };
        self.snapshot.apply(&envelope);
        self.events.push(emitted);
    }

    fn start_transfer(&mut self, id: TransferId, job: Job) {
        let source = match &job {
            Job::Manifest(source)
            | Job::Playlist(source)
            | Job::Text { source, .. }
            | Job::KeyFrames { source, .. }
            | Job::Media { source, .. } => source,
            Job::Index(_) => unreachable!("the builder has playlists"),
        };
        let path = source.url.path().trim_start_matches('/').to_owned();
        let tries = self.tries.entry(path.clone()).or_default();
        let failure = (self.link.faults)(&path, *tries);
        *tries += 1;
        let total = match &job {
            Job::Media { .. } | Job::KeyFrames { .. } => self.segment_bytes(&path) as f64,
            _ => 2_000.0,
        };
        self.fetched.push(path);
        let transfer =
            Transfer { job, started: self.now, received: 0.0, total, failure, reported: 0, reported_at: self.now };
        assert!(self.transfers.insert(id, transfer).is_none(), "transfer ids are used once");
    }

    fn segment_bytes(&self, path: &str) -> u64 {
        self.manifest.segment_bytes(path.split('/').next().unwrap_or_default())
    }

    /// The events as text: time, position, what happened. Heartbeats are left out.
    pub fn story(&self) -> String {
        let mut story = String::new();
        for Emitted { since_load, position, event, .. } in &self.events {
            let line = match event {
                PlaybackEvent::PositionReport | PlaybackEvent::SegmentStarted { .. } => continue,
                PlaybackEvent::QualityDecided { sentence, .. } => format!("decide {sentence}"),
                PlaybackEvent::SegmentLoaded { track, rung, number, .. } => match rung {
                    Some(rung) => format!("loaded {track:?} {number} of rung {}", rung.0),
                    None => format!("loaded {track:?} {number}"),
                },
                PlaybackEvent::NetworkMeasured { network } => format!("network {}", network.estimate.mean),
                PlaybackEvent::ManifestLoaded { duration, rungs, tracks } => {
                    let duration = duration.map_or_else(|| "?".to_owned(), |duration| duration.to_string());
                    format!("manifest {} rungs, {} tracks, {duration}", rungs.len(), tracks.len())
                }
                other => format!("{other:?}"),
            };
            let _ = writeln!(story, "{:>8.3} @{:>7.3} {line}", since_load.as_secs_f64(), position.as_secs_f64());
        }
        story
    }
}

/// Folder and number of a segment.
fn place(source: &ByteSource) -> (&str, i64) {
    let mut parts = source.url.path().trim_start_matches('/').split('/');
    let folder = parts.next().unwrap_or_default();
    let number = parts.next().and_then(|file| file.split('.').next()?.parse::<i64>().ok());
    (folder, number.unwrap_or(0))
}

fn content(manifest: &ManifestBuilder, job: &Job) -> Content {
    match job {
        Job::Manifest(_) => Content::Manifest(Box::new(manifest.presentation())),
        Job::Playlist(source) => {
            let path = source.url.path();
            Content::Playlist(manifest.index(path.split('/').nth(1).unwrap_or_default()))
        }
        Job::Text { source, .. } => {
            let (folder, number) = place(source);
            let start = MediaTime::ZERO + manifest.segment * u32::try_from(number).unwrap_or(0);
            let cue = Cue::plain(start, start + manifest.segment, vec![format!("{folder} {number}")]);
            Content::Text(TextSegment { cues: vec![cue], base: CueBase::Period })
        }
        Job::Index(_) => unreachable!("the builder has playlists"),
        Job::KeyFrames { source, .. } if place(source).0 == super::KEY_FRAMES => {
            let (_, number) = place(source);
            let init = manifest.init(TrackKind::Video);
            let length = super::KEY_FRAME_DISTANCE.as_millis() as i64;
            let samples = vec![super::sample_at(number * length, length as u64, true, 6_000)];
            let format = Arc::new(init.tracks[0].format.clone());
            let streams = vec![MediaStream { kind: TrackKind::Video, format, samples }];
            let media = Demuxed { streams, ..Demuxed::default() };
            Content::Media { init: Some(Arc::new(Init::Bmff(init))), media }
        }
        Job::Media { source, .. } | Job::KeyFrames { source, .. } => {
            let (folder, number) = place(source);
            let kind = if folder == "a" { TrackKind::Audio } else { TrackKind::Video };
            let length = manifest.segment.as_millis() as i64;
            let mut samples: Vec<Sample> = (0..length / 100)
                .map(|position| super::sample_at(number * length + position * 100, 100, position == 0, 50))
                .collect();
            let init = manifest.init(kind);
            let mut format = init.tracks[0].format.clone();
            if manifest.captions && kind == TrackKind::Video {
                super::captions::write(number, &mut format.codec, &mut samples);
            }
            let format = Arc::new(format);
            let message = manifest.messages.then(|| TimedEvent {
                scheme: "urn:test".into(),
                value: String::new(),
                id: number.to_string(),
                start: MediaTime::from_millis(number * length + 1_000),
                duration: Some(Duration::from_secs(2)),
                payload: vec![0; 3].into(),
            });
            let streams = vec![MediaStream { kind, format, samples }];
            let media = Demuxed { streams, events: message.into_iter().collect(), ..Demuxed::default() };
            Content::Media { init: Some(Arc::new(Init::Bmff(init))), media }
        }
    }
}
