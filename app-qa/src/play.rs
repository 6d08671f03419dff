//! Plays a target headlessly and watches.

use crate::expectation::Expectation;
use crate::picture::PictureCheck;
use crate::report::{self, ProcessFigures, Report};
use crate::shape::Shape;
use crate::target::Target;
use anyhow::Context as _;
use app_core::services::{Permit, keep};
use player_core::event::EventEnvelope;
use player_core::frame::{PixelFormat, VideoFrame};
use player_core::net::{Fetcher, HttpFetcher, ShapedFetcher};
use player_core::pipeline::gst::{GstOutput, GstPipeline, Pixels, leave_out_undecodable};
use player_core::telemetry::{EventLog, QoeFold};
use player_core::{
    Command, PlaybackState, Player, PlayerConfig, PlayerHandle, PlayerOptions, PlayerSnapshot, QualityChoice,
};
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How to play.
#[derive(Clone, Debug, Default)]
pub struct PlayOptions {
    /// Stop after this much playing; `None` plays to the end.
    pub limit: Option<Duration>,
    pub config: PlayerConfig,
    pub shape: Option<Shape>,
    /// Hold the rung of this height instead of adapting.
    pub height: Option<u32>,
    /// Stalls that do not make the run a failure.
    pub allowed_stalls: u32,
    /// Where files go.
    pub report: Option<PathBuf>,
}

/// Playback that does not advance for this long beyond what was asked for has hung.
const PATIENCE: Duration = Duration::from_secs(90);

/// Plays and reports. An error is a problem of the surroundings; a failed playback is a report.
pub async fn play(target: Target, options: PlayOptions) -> anyhow::Result<Report> {
    let run = Run::start(&target, &options)?;
    let started = Instant::now();
    run.player.send(Command::Play);
    if let Some(height) = options.height {
        run.hold(height).await?;
    }
    let mut changes = run.player.subscribe();
    let mut last_progress = (Instant::now(), target.start);
    let mut first_position = None;
    loop {
        let snapshot = run.player.snapshot();
        if snapshot.stats.time_to_first_frame.is_some() {
            first_position.get_or_insert(snapshot.position);
        }
        let played = snapshot.position.duration_since(first_position.unwrap_or(snapshot.position));
        let done = matches!(snapshot.state, PlaybackState::Ended | PlaybackState::Failed)
            || run.refusal().is_some()
            || options.limit.is_some_and(|limit| played >= limit);
        if done {
            break;
        }
        if snapshot.position > last_progress.1 {
            last_progress = (Instant::now(), snapshot.position);
        }
        if last_progress.0.elapsed() > PATIENCE {
            break;
        }
        let _ = tokio::time::timeout(Duration::from_secs(1), changes.changed()).await;
    }
    let snapshot = run.player.snapshot();
    let hung = last_progress.0.elapsed() > PATIENCE;
    run.player.send(Command::Stop);
    run.player.closed().await;
    run.end_stream().await;

    // Counters of the pipeline come with its end.
    let snapshot = Arc::new(PlayerSnapshot { stats: run.player.snapshot().stats.clone(), ..(*snapshot).clone() });
    let mut report = Report::from_snapshot(target.name.clone(), &snapshot, ProcessFigures::now());
    report.wall_s = started.elapsed().as_secs_f64();
    report.played_s = snapshot.position.duration_since(first_position.unwrap_or(snapshot.position)).as_secs_f64();
    run.finish(&mut report)?;
    if let Some(refusal) = run.refusal() {
        report.fail(format!("the service ended the stream: {refusal}"));
    }
    if hung {
        report.fail(format!("playback stood still for {} s", PATIENCE.as_secs()));
    }
    let expectation = Expectation { counter: target.counter, stalls: options.allowed_stalls };
    for complaint in expectation.complaints(&report) {
        report.fail(complaint);
    }
    if let Some(folder) = &options.report {
        let path = folder.join("report.json");
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(report)
}

/// A player being watched.
#[derive(Debug)]
pub struct Run {
    pub player: PlayerHandle,
    watch: Arc<Mutex<Watch>>,
    shaping: Option<tokio::task::JoinHandle<()>>,
    permit: Option<Arc<Permit>>,
    heartbeats: Option<tokio::task::JoinHandle<()>>,
    report: Option<PathBuf>,
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(heartbeats) = &self.heartbeats {
            heartbeats.abort();
        }
    }
}

#[derive(Debug)]
struct Watch {
    picture: PictureCheck,
    quality: QoeFold,
    log: Option<EventLog<BufWriter<File>>>,
    log_error: Option<std::io::Error>,
    /// First picture, first picture of each size, last picture.
    kept: Vec<VideoFrame>,
    last: Option<VideoFrame>,
    /// Why the service does not let it go on.
    refusal: Option<String>,
}

/// Pictures kept for the report, besides the last.
const KEPT: usize = 8;

impl Run {
    /// Starts loading; playback waits for [`Command::Play`].
    pub fn start(target: &Target, options: &PlayOptions) -> anyhow::Result<Self> {
        let http: Arc<dyn Fetcher> = Arc::new(HttpFetcher::new(&options.config.net)?);
        let (fetcher, shaping) = match &options.shape {
            None => (http, None),
            Some(shape) => {
                let shaper = shape.shaper();
                let shaping = tokio::spawn(shape.clone().run(shaper.clone()));
                (Arc::new(ShapedFetcher::new(http, shaper)) as Arc<dyn Fetcher>, Some(shaping))
            }
        };
        Self::with_fetcher(target, options, fetcher, shaping)
    }

    /// The same over a fetcher of the caller's, for tests that steer the link themselves.
    pub fn with_fetcher(
        target: &Target,
        options: &PlayOptions,
        fetcher: Arc<dyn Fetcher>,
        shaping: Option<tokio::task::JoinHandle<()>>,
    ) -> anyhow::Result<Self> {
        let log = match &options.report {
            None => None,
            Some(folder) => {
                std::fs::create_dir_all(folder.join("frames"))
                    .with_context(|| format!("cannot create {}", folder.display()))?;
                let path = folder.join("events.jsonl");
                let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
                Some(EventLog::new(BufWriter::new(file)))
            }
        };
        let watch = Arc::new(Mutex::new(Watch {
            picture: PictureCheck::default(),
            quality: QoeFold::default(),
            log,
            log_error: None,
            kept: Vec::new(),
            last: None,
            refusal: None,
        }));
        // Each frame counts here more than the clock, and pixels are looked at rather than shown.
        let output = GstOutput {
            pixels: Pixels::Only(PixelFormat::I420),
            drop_late: false,
            audible: false,
            ..GstOutput::default()
        };
        let events = watch.clone();
        let player_options = PlayerOptions {
            start: target.start,
            config: options.config.clone(),
            licences: target.licences.clone(),
            key_systems: target.key_systems.clone(),
            refresh: target.refresh.clone(),
            arrange: Some(Arc::new(leave_out_undecodable)),
            on_event: Some(Arc::new(move |envelope| lock(&events).event(envelope))),
            ..PlayerOptions::new(target.manifest.clone(), fetcher, GstPipeline::factory(output))
        };
        let player = Player::spawn(&tokio::runtime::Handle::current(), player_options);
        let frames = watch.clone();
        player.frames().observe(Arc::new(move |frame| lock(&frames).frame(frame)));
        let permit = target.permit.clone();
        let heartbeats = permit.clone().map(|permit| {
            let (snapshots, refusals) = (player.subscribe(), watch.clone());
            tokio::spawn(async move {
                let refusal = keep(&*permit, snapshots).await;
                lock(&refusals).refusal = Some(refusal.to_string());
            })
        });
        Ok(Self { player, watch, shaping, permit, heartbeats, report: options.report.clone() })
    }

    /// Why the service does not let it go on, if it does not.
    pub fn refusal(&self) -> Option<String> {
        lock(&self.watch).refusal.clone()
    }

    /// Gives the stream back. A run that is dropped without it is forgotten by the service in a minute.
    pub async fn end_stream(&self) {
        if let Some(heartbeats) = &self.heartbeats {
            heartbeats.abort();
        }
        if let Some(permit) = &self.permit {
            permit.end().await;
        }
    }

    /// Looks at what has been shown so far.
    pub fn picture<T>(&self, look: impl FnOnce(&PictureCheck) -> T) -> T {
        look(&lock(&self.watch).picture)
    }

    /// Seeks; frames from now on belong to another run of numbers.
    pub fn seek(&self, to: abr::MediaTime) {
        self.player.send(Command::Seek { to });
    }

    /// Holds the rung of this height as soon as the manifest has named it.
    async fn hold(&self, height: u32) -> anyhow::Result<()> {
        let known = |snapshot: &PlayerSnapshot| !snapshot.rungs.is_empty() || snapshot.state == PlaybackState::Failed;
        self.until(PATIENCE, known).await;
        let snapshot = self.player.snapshot();
        let rung = snapshot.rungs.iter().find(|rung| rung.height == height);
        if let (None, false) = (rung, snapshot.rungs.is_empty()) {
            let offered: Vec<String> = snapshot.rungs.iter().map(|rung| rung.label()).collect();
            anyhow::bail!("the stream has no rung of {height} lines; it has {}", offered.join(", "));
        }
        if let Some(rung) = rung {
            self.player.send(Command::SetQuality { choice: QualityChoice::Fixed(rung.id) });
        }
        Ok(())
    }

    /// Waits until the snapshot satisfies `done`; says whether it came within `limit`.
    pub async fn until(&self, limit: Duration, done: impl Fn(&PlayerSnapshot) -> bool) -> bool {
        let mut changes = self.player.subscribe();
        let waited = tokio::time::timeout(limit, changes.wait_for(|snapshot| done(snapshot)));
        matches!(waited.await, Ok(Ok(_)))
    }

    /// Stops the shaping, closes the log and writes the pictures.
    pub fn finish(&self, report: &mut Report) -> anyhow::Result<()> {
        if let Some(shaping) = &self.shaping {
            shaping.abort();
        }
        let mut watch = lock(&self.watch);
        report.picture = watch.picture.report();
        report.last_picture_s = watch.last.as_ref().map(|frame| frame.pts.as_secs_f64());
        report.quality = watch.quality.report();
        if let Some(log) = &mut watch.log {
            log.flush().context("cannot write the event log")?;
        }
        if let Some(error) = watch.log_error.take() {
            return Err(error).context("cannot write the event log");
        }
        if let Some(folder) = &self.report {
            let last = watch.last.take();
            for frame in watch.kept.drain(..).chain(last) {
                let name = PathBuf::from(format!("frames/{:07.3}s-{}p.png", frame.pts.as_secs_f64(), frame.height));
                report::write_png(&frame, &folder.join(&name))?;
                report.frames.push(name);
            }
        }
        Ok(())
    }
}

impl Watch {
    fn event(&mut self, envelope: &EventEnvelope) {
        self.quality.apply(envelope);
        if let Some(Err(error)) = self.log.as_mut().map(|log| log.write(envelope)) {
            self.log_error.get_or_insert(error);
        }
    }

    fn frame(&mut self, frame: &VideoFrame) {
        self.picture.look(frame);
        let new_size = self.kept.iter().all(|kept| kept.height != frame.height);
        if new_size && self.kept.len() < KEPT {
            self.kept.push(frame.clone());
        }
        self.last = Some(frame.clone());
    }
}

fn lock(watch: &Mutex<Watch>) -> std::sync::MutexGuard<'_, Watch> {
    watch.lock().unwrap_or_else(PoisonError::into_inner)
}
