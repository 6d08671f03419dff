//! The session of the player over real connections, in recorded time.
//!
//! Everything but decoding is the player's own: the state machine, the HTTP client, the meter, the controller. The driver
//! is another, because its clock is; segments hold zeros, so what would have been read from them is made up.

use super::clock::Clock;
use super::server::{Link, Server};
use abr::sim::{Content, Fetched, Session as Played};
use abr::{MediaTime, RungId};
use anyhow::Context as _;
use player_core::config::NetConfig;
use player_core::container::{Demuxed, MediaStream};
use player_core::event::PlaybackEvent;
use player_core::manifest::{
    ByteSource, DynamicRange, IndexSource, Presentation, Representation, SegmentIndex, SegmentRef, Timing, TrackGroup,
    TrackId, TrackKind,
};
use player_core::net::{FetchError, FetchRequest, Fetcher, HttpFetcher, Progress};
use player_core::pipeline::null::NullPipeline;
use player_core::session::{Content as Arrived, Emitted, Input, Job, LoadFailure, Loaded, Output, Session, TransferId};
use player_core::testing::{sample_at, video_format};
use player_core::{Command, PlayerConfig};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use url::Url;

/// How often the pipeline is looked at, in recorded time: as often as the real one reports.
const TICK: Duration = Duration::from_millis(50);
/// Length of a made-up sample.
const SAMPLE: Duration = Duration::from_millis(100);

/// What is asked of one session.
#[derive(Clone, Debug)]
pub(super) struct Replay {
    pub(super) link: Arc<Link>,
    pub(super) controller: String,
    /// Media that may be buffered.
    pub(super) cap: Duration,
    /// In recorded time; a session that takes longer is given up.
    pub(super) patience: Duration,
}

impl Replay {
    /// Plays to the end and says what happened in the simulator's terms.
    pub(super) async fn play(&self) -> anyhow::Result<Played> {
        let server = Server::start(Arc::clone(&self.link)).await.context("cannot listen on the loopback interface")?;
        let base: Url = format!("http://{}/", server.address()).parse()?;
        let mut player = Player::new(self, &base)?;
        player.run(self.patience).await?;
        Ok(player.story.into_played())
    }

    fn config(&self) -> PlayerConfig {
        let mut config = PlayerConfig::default();
        config.abr.controller.clone_from(&self.controller);
        // As the benchmark: the picture moves with the first segment, and again with the one that was late.
        config.buffer.start = SAMPLE;
        config.buffer.resume = SAMPLE;
        // The player asks for a segment below the target, the benchmark where the segment fits below the cap.
        config.buffer.target = self.cap.saturating_sub(self.link.content.segment());
        config
    }
}

struct Player {
    session: Session,
    pipeline: NullPipeline,
    clock: Clock,
    presentation: Presentation,
    segment: Duration,
    fetcher: HttpFetcher,
    inputs: mpsc::UnboundedSender<Input>,
    received: mpsc::UnboundedReceiver<Input>,
    tasks: JoinSet<()>,
    transfers: HashMap<TransferId, AbortHandle>,
    wake_at: Option<Duration>,
    story: Story,
}

impl Player {
    fn new(replay: &Replay, base: &Url) -> anyhow::Result<Self> {
        let clock = replay.link.clock;
        let net = NetConfig {
            idle_timeout: replay.patience,
            report_every: clock.wall(NetConfig::default().report_every),
            ..NetConfig::default()
        };
        // Unbounded: reports of one transfer at a time, which end with it.
        let (inputs, received) = mpsc::unbounded_channel();
        Ok(Self {
            session: Session::new(replay.config(), base.clone(), MediaTime::ZERO, false),
            pipeline: NullPipeline::default(),
            clock,
            presentation: presentation(&replay.link.content, base)?,
            segment: replay.link.content.segment(),
            fetcher: HttpFetcher::new(&net)?,
            inputs,
            received,
            tasks: JoinSet::new(),
            transfers: HashMap::new(),
            wake_at: None,
            story: Story::default(),
        })
    }

    async fn run(&mut self, patience: Duration) -> anyhow::Result<()> {
        let mut outputs = Vec::new();
        self.session.start(&mut outputs);
        self.carry_out(outputs);
        self.input(Input::Command(Command::Play));
        let mut tick = TICK;
        while !self.story.ended {
            anyhow::ensure!(!self.session.is_over(), "playback failed");
            anyhow::ensure!(self.clock.now() < patience, "playback did not come to its end in time");
            let until = self.wake_at.map_or(tick, |at| at.min(tick));
            tokio::select! {
                biased;
                Some(input) = self.received.recv() => self.input(input),
                () = self.clock.sleep_until(until) => {
                    let now = self.clock.now();
                    if self.wake_at.is_some_and(|at| at <= now) {
                        self.wake_at = None;
                        self.input(Input::Wake);
                    }
                    for event in self.pipeline.poll(now) {
                        self.input(Input::Pipeline(event));
                    }
                    tick = now + TICK;
                }
            }
            while self.tasks.try_join_next().is_some() {}
        }
        Ok(())
    }

    fn input(&mut self, input: Input) {
        let mut outputs = Vec::new();
        self.session.handle(input, self.clock.now(), &mut outputs);
        self.carry_out(outputs);
    }

    fn carry_out(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Fetch { id, job } => self.fetch(id, job),
                Output::Cancel(id) => {
                    if let Some(task) = self.transfers.remove(&id) {
                        task.abort();
                    }
                }
                Output::Pipeline(command) => self.pipeline.command(command, self.clock.now()),
                Output::Emit(emitted) => self.story.note(&emitted),
                Output::WakeAt(at) => self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at))),
                Output::RequestLicence { .. } | Output::RefreshSource => {}
            }
        }
    }

    fn fetch(&mut self, id: TransferId, job: Job) {
        let source = match job {
            // The benchmark begins where the manifest is known.
            Job::Manifest(_) => {
                let content = Arrived::Manifest(Box::new(self.presentation.clone()));
                let loaded = Loaded {
                    content,
                    bytes: 0,
                    ttfb: Duration::ZERO,
                    elapsed: Duration::ZERO,
                    cached: false,
                    protocol: None,
                };
                let _ = self.inputs.send(Input::Loaded(id, loaded));
                return;
            }
            Job::Media { source, .. }
            | Job::KeyFrames { source, .. }
            | Job::Playlist(source)
            | Job::Text { source, .. } => source,
            // Lists are known from the start.
            Job::Index(_) => return,
        };
        let (clock, segment, inputs) = (self.clock, self.segment, self.inputs.clone());
        let reports = self.inputs.clone();
        let progress = Arc::new(move |progress: Progress| {
            let (elapsed, ttfb) = (clock.recorded(progress.elapsed), clock.recorded(progress.ttfb));
            let _ = reports.send(Input::Progress(id, Progress { elapsed, ttfb, ..progress }));
        });
        let number = number(&source);
        let body = self.fetcher.fetch(FetchRequest { source, max_bytes: u64::MAX }, progress);
        let task = self.tasks.spawn(async move {
            let input = match (body.await, number) {
                (Ok(fetched), Some(number)) => Input::Loaded(
                    id,
                    Loaded {
                        content: samples(number, segment),
                        bytes: fetched.body.len() as u64,
                        ttfb: clock.recorded(fetched.ttfb),
                        elapsed: clock.recorded(fetched.elapsed),
                        cached: false,
                        protocol: fetched.protocol,
                    },
                ),
                (Ok(_), None) => Input::LoadFailed(id, LoadFailure::Fetch(FetchError::Status(404))),
                (Err(error), _) => Input::LoadFailed(id, LoadFailure::Fetch(error)),
            };
            let _ = inputs.send(input);
        });
        self.transfers.insert(id, task);
    }
}

/// What happened, from the session's own events.
#[derive(Debug, Default)]
struct Story {
    segments: BTreeMap<u64, Fetched>,
    abandoned: HashMap<u64, u8>,
    startup: Duration,
    stalled: Duration,
    stalls: u32,
    ended: bool,
    at: Duration,
}

impl Story {
    fn note(&mut self, emitted: &Emitted) {
        self.at = emitted.since_load;
        match &emitted.event {
            PlaybackEvent::SegmentLoaded { rung: Some(RungId(rung)), number, elapsed, .. } => {
                let finished = emitted.since_load.as_secs_f64();
                let fetched = Fetched {
                    index: *number as usize,
                    position: usize::from(*rung),
                    requested: finished - elapsed.as_secs_f64(),
                    finished,
                    buffered: emitted.buffered.as_secs_f64(),
                    stalled: 0.0,
                    abandoned: self.abandoned.get(number).copied().unwrap_or_default(),
                };
                // Of a segment that was fetched twice the viewer sees the second.
                self.segments.insert(*number, fetched);
            }
            PlaybackEvent::SegmentAbandoned { number, .. } => *self.abandoned.entry(*number).or_default() += 1,
            PlaybackEvent::FirstFrame => self.startup = emitted.since_load,
            PlaybackEvent::StallEnded { lasted } => {
                self.stalled += *lasted;
                self.stalls += 1;
            }
            PlaybackEvent::Ended => self.ended = true,
            _ => {}
        }
    }

    fn into_played(self) -> Played {
        Played {
            segments: self.segments.into_values().collect(),
            startup: self.startup.as_secs_f64(),
            stalled: self.stalled.as_secs_f64(),
            stalls: self.stalls,
            ended: self.at.as_secs_f64(),
            ..Played::default()
        }
    }
}

fn presentation(content: &Content, base: &Url) -> anyhow::Result<Presentation> {
    let segment = content.segment();
    let index = |position: usize| -> anyhow::Result<SegmentIndex> {
        let reference = |number: usize| {
            let bytes = content.sizes(number)[position].1.bytes();
            let url = base.join(&format!("{position}/{number}"))?;
            Ok(SegmentRef {
                number: number as u64,
                start: MediaTime::ZERO + segment * u32::try_from(number)?,
                duration: segment,
                source: ByteSource { url, range: Some((0, bytes)) },
                init: None,
                epoch: 0,
                timing: Timing::Listed,
                gap: false,
                cipher: None,
            })
        };
        let segments: anyhow::Result<_> = (0..content.segments()).map(reference).collect();
        Ok(SegmentIndex { segments: segments?, ..SegmentIndex::default() })
    };
    let representation = |(position, rung): (usize, &abr::Rung)| {
        Ok(Representation {
            id: RungId(u16::try_from(position)?),
            bitrate: rung.bitrate,
            average: rung.average,
            width: rung.width,
            height: rung.height,
            frame_rate: rung.frame_rate,
            channels: 0,
            codecs: String::new(),
            dynamic_range: DynamicRange::Sdr,
            index: IndexSource::Known(Arc::new(index(position)?)),
        })
    };
    let representations: anyhow::Result<_> = content.ladder().iter().enumerate().map(representation).collect();
    let video = TrackGroup {
        id: TrackId(0),
        kind: TrackKind::Video,
        language: None,
        name: String::new(),
        default: true,
        forced: false,
        roles: Vec::new(),
        representations: representations?,
    };
    Ok(Presentation::of(vec![video]))
}

fn number(source: &ByteSource) -> Option<u32> {
    source.url.path_segments()?.next_back()?.parse().ok()
}

/// The samples of a segment, with nothing in them.
fn samples(number: u32, segment: Duration) -> Arrived {
    let start = (segment * number).as_millis() as i64;
    let sample = |index: u32| {
        let (from, to) = (SAMPLE * index, (SAMPLE * (index + 1)).min(segment));
        let length = to.saturating_sub(from).as_millis() as u64;
        sample_at(start + from.as_millis() as i64, length, index == 0, 1)
    };
    let count = segment.as_millis().div_ceil(SAMPLE.as_millis()) as u32;
    let samples = (0..count).map(sample).collect();
    let stream = MediaStream { kind: TrackKind::Video, format: Arc::new(video_format()), samples };
    Arrived::Media { init: None, media: Demuxed { streams: vec![stream], ..Demuxed::default() } }
}
