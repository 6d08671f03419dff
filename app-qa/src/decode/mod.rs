//! `lumen-qa decode`: the engine of the apps without a clock.

pub mod args;
pub mod frames;
mod licence;
pub mod probe;
pub mod report;

use crate::exit::Exit;
use anyhow::Context as _;
use args::{DecodeArgs, WantedRung};
use frames::{Pictures, Sound};
use licence::LicenceServer;
use player_core::config::RecoveryConfig;
use player_core::drm::{ContentKey, KeyId, KeySystems, LicenseTransport};
use player_core::event::EventEnvelope;
use player_core::frame::PixelFormat;
use player_core::manifest::{Presentation, TrackKind};
use player_core::net::{Fetcher, HttpFetcher};
use player_core::pipeline::gst::{GstOutput, GstPipeline, Pixels, SoundObserver, leave_out_undecodable};
use player_core::player::Arranger;
use player_core::reader::Reader;
use player_core::text::captions::CaptionService;
use player_core::{Command, PlaybackEvent, PlaybackState, Player, PlayerConfig, PlayerOptions};
use report::{
    AudioReport, DecodeReport, EventReport, Excluded, KeySystemReport, ReportedError, TextReport, VideoReport,
};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Without a new picture, sound or byte for this long, it has hung.
const PATIENCE: Duration = Duration::from_secs(20);
/// What fails for this long is given up: nobody is waiting for the network to come back.
const RETRY_FOR: Duration = Duration::from_secs(4);
/// So much may be decoded ahead of the slower track.
const FEED_AHEAD: Duration = Duration::from_secs(10);

/// Runs the command.
pub async fn run(arguments: DecodeArgs) -> anyhow::Result<Exit> {
    let report = decode(&arguments).await?;
    match &arguments.json {
        Some(path) if path.as_os_str() == "-" => println!("{}", serde_json::to_string_pretty(&report)?),
        Some(path) => {
            let text = serde_json::to_string_pretty(&report)?;
            std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
            print!("{}", report.summary());
        }
        None => print!("{}", report.summary()),
    }
    Ok(if report.ok { Exit::Pass } else { Exit::Assertion })
}

/// Decodes and says what came through. An error is a problem of the surroundings; a stream that cannot be played is a
/// report.
pub async fn decode(arguments: &DecodeArgs) -> anyhow::Result<DecodeReport> {
    let recovery = RecoveryConfig { patience: RETRY_FOR, ..RecoveryConfig::default() };
    let config = PlayerConfig { recovery, feed_ahead: FEED_AHEAD, ..PlayerConfig::default() };
    let fetcher: Arc<dyn Fetcher> = Arc::new(HttpFetcher::new(&config.net)?);
    let keys: Vec<(KeyId, ContentKey)> = arguments.key.iter().map(|key| (key.0, key.1)).collect();
    let reader = Reader::new(&arguments.url, fetcher.clone(), config.net.clone(), keys.iter().copied());

    let mut report = DecodeReport::default();
    let offered = match reader.presentation(&arguments.url).await {
        Ok(presentation) => presentation,
        Err(failure) => {
            report.errors.push((&failure.error()).into());
            return Ok(report);
        }
    };
    let read = offered.clone();
    let mut offered = offered;
    leave_out_undecodable(&mut offered);
    let excluded = offered.excluded.iter().map(|left_out| (left_out.what.clone(), left_out.why.clone()));
    report.excluded = excluded.map(|(what, why)| Excluded { what, why }).collect();
    let heard_or_seen = offered.tracks.iter().any(|track| track.kind != TrackKind::Text);
    let licences = licences(arguments, &offered)?;
    let key_systems = KeySystems::installed(arguments.cdm.options()).await;
    let reader = reader.with_licences(key_systems.clone(), licences.clone());
    let mut unannounced = false;
    if heard_or_seen {
        let found = Run { config, fetcher, keys, licences, key_systems, read }.play(arguments, &mut report).await?;
        unannounced = found && offered.closed_captions.is_empty();
    } else {
        report.events = offered.events.iter().map(Into::into).collect();
    }
    // Words and thumbnails are read after what is played: their times may depend on it, its errors come first.
    if report.errors.is_empty() {
        let (mut text, mut failures) = reader.text(&offered).await;
        if unannounced {
            match reader.captions(&offered).await {
                Ok(captions) => text.extend(captions),
                Err(failure) => failures.push(failure),
            }
        }
        for track in text {
            let cues = track.cues.iter().map(Into::into).collect();
            let last = track.cues.iter().map(|cue| cue.end.as_secs_f64()).fold(0.0, f64::max);
            if !heard_or_seen {
                report.duration_s = report.duration_s.max(last);
            }
            report.text.push(TextReport { lang: track.language, name: track.name, cues });
        }
        report.errors.extend(failures.iter().map(|failure| (&failure.error()).into()));
        for track in &offered.thumbnails {
            match reader.list(&track.index).await {
                Ok(index) if !index.segments.is_empty() => {
                    report.thumbnails += 1;
                    if !heard_or_seen {
                        report.duration_s = report.duration_s.max(index.duration().as_secs_f64());
                    }
                }
                Ok(_) => {}
                Err(failure) => report.errors.push((&failure.error()).into()),
            }
        }
    }
    let something = heard_or_seen || !report.text.is_empty() || report.thumbnails > 0;
    if !something && report.errors.is_empty() {
        report.errors.push(problem("nothing_playable", 2004, "the manifest lists nothing that can be decoded"));
    }
    report.ok = report.errors.is_empty();
    Ok(report)
}

/// Who is asked for keys: the server that was named, else the one that the manifest names.
fn licences(arguments: &DecodeArgs, offered: &Presentation) -> anyhow::Result<Option<Arc<dyn LicenseTransport>>> {
    let named = arguments.licence.clone().or_else(|| licence_of(offered));
    let Some(url) = named else { return Ok(None) };
    Ok(Some(Arc::new(LicenceServer::new(url, arguments.header.clone())?)))
}

fn licence_of(offered: &Presentation) -> Option<url::Url> {
    offered.protections.iter().find_map(|protection| protection.licence_url.clone())
}

/// What it takes to play.
struct Run {
    config: PlayerConfig,
    fetcher: Arc<dyn Fetcher>,
    keys: Vec<(KeyId, ContentKey)>,
    licences: Option<Arc<dyn LicenseTransport>>,
    key_systems: KeySystems,
    /// The manifest, which need not be fetched again.
    read: Presentation,
}

/// What was seen and heard.
#[derive(Debug, Default)]
struct Witness {
    pictures: Pictures,
    sound: Sound,
    format: Option<PixelFormat>,
    video_codec: String,
    audio_codec: String,
    errors: Vec<ReportedError>,
    events: Vec<EventReport>,
    key_system: Option<KeySystemReport>,
    /// There are captions inside the picture's samples.
    captions: bool,
    changed: Option<Instant>,
}

impl Witness {
    fn event(&mut self, envelope: &EventEnvelope) {
        match &envelope.event {
            PlaybackEvent::DecoderChosen { kind: TrackKind::Video, codec, .. } => self.video_codec.clone_from(codec),
            PlaybackEvent::DecoderChosen { codec, .. } => self.audio_codec.clone_from(codec),
            PlaybackEvent::SegmentSkipped { track, number } => {
                let message = format!("segment {number} of {track:?} could not be loaded");
                self.errors.push(problem("segment_skipped", 3000, &message));
            }
            PlaybackEvent::KeySystemChosen { key_system, reason } => {
                self.key_system = Some(KeySystemReport { name: key_system.clone(), reason: reason.clone() });
            }
            PlaybackEvent::MediaMissing { track, number, at, lasts } => {
                let (at, lasts) = (at.as_secs_f64(), lasts.as_secs_f64());
                let message = format!("segment {number} of {track:?} lacks {lasts:.3} s at {at:.3} s");
                self.errors.push(problem("media_missing", 3000, &message));
            }
            PlaybackEvent::Failed { error } => self.errors.push(error.into()),
            PlaybackEvent::TimedEvent { scheme, value, id, start, duration, payload } => {
                self.events.push(EventReport {
                    scheme: scheme.clone(),
                    value: value.clone(),
                    id: id.clone(),
                    start_s: start.as_secs_f64(),
                    duration_s: duration.map(|duration| duration.as_secs_f64()),
                    payload_bytes: payload.bytes(),
                });
            }
            PlaybackEvent::ManifestLoaded { tracks, .. } => {
                self.captions |= tracks.iter().any(|track| CaptionService::of_track(track.id).is_some());
            }
            _ => return,
        }
        self.changed = Some(Instant::now());
    }
}

impl Run {
    /// Says whether there were captions inside the picture's samples.
    async fn play(self, arguments: &DecodeArgs, report: &mut DecodeReport) -> anyhow::Result<bool> {
        let witness = Arc::new(Mutex::new(Witness::default()));
        let (seen, heard, told) = (witness.clone(), witness.clone(), witness.clone());
        let sound = SoundObserver(Arc::new(move |sound| {
            let mut witness = lock(&heard);
            witness.sound.add(sound);
            witness.changed = Some(Instant::now());
        }));
        let output = GstOutput {
            pixels: Pixels::Native,
            drop_late: false,
            audible: false,
            paced: false,
            sound: Some(sound),
            heard: None,
        };
        let options = PlayerOptions {
            config: self.config,
            licences: self.licences,
            key_systems: self.key_systems,
            keys: self.keys,
            arrange: Some(arranger(arguments.rung)),
            presentation: Some(self.read),
            on_event: Some(Arc::new(move |envelope| lock(&told).event(envelope))),
            ..PlayerOptions::new(arguments.url.clone(), self.fetcher, GstPipeline::factory(output))
        };
        let player = Player::spawn(&tokio::runtime::Handle::current(), options);
        player.frames().observe(Arc::new(move |frame| {
            let mut witness = lock(&seen);
            witness.format = Some(frame.format);
            witness.pictures.add(frame);
            witness.changed = Some(Instant::now());
        }));
        player.send(Command::Play);
        let mut changes = player.subscribe();
        let mut last = Instant::now();
        let hung = loop {
            let snapshot = player.snapshot();
            if matches!(snapshot.state, PlaybackState::Ended | PlaybackState::Failed) {
                break false;
            }
            last = lock(&witness).changed.map_or(last, |changed| last.max(changed));
            if last.elapsed() > PATIENCE {
                break true;
            }
            let _ = tokio::time::timeout(Duration::from_millis(500), changes.changed()).await;
        };
        let snapshot = player.snapshot();
        player.send(Command::Stop);
        player.closed().await;

        let mut witness = lock(&witness);
        report.errors.append(&mut witness.errors);
        report.events = std::mem::take(&mut witness.events);
        report.key_system = witness.key_system.take();
        report.events.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        if hung {
            let message = format!("nothing came out for {} s", PATIENCE.as_secs());
            report.errors.push(problem("stalled", 4000, &message));
        }
        if let (Some(error), true) = (&snapshot.error, report.errors.is_empty()) {
            report.errors.push(error.into());
        }
        tell(&witness, report);
        if let Some(path) = &arguments.frame_hashes {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            let mut file = BufWriter::new(file);
            witness.pictures.write_hashes(&mut file)?;
            file.flush()?;
        }
        Ok(witness.captions)
    }
}

/// Puts what was witnessed into the report.
fn tell(witness: &Witness, report: &mut DecodeReport) {
    let mut end: f64 = 0.0;
    if let Some((first, last)) = witness.pictures.span() {
        let (width, height) = witness.pictures.size();
        end = end.max(last.as_secs_f64());
        report.video = Some(VideoReport {
            codec: witness.video_codec.clone(),
            width,
            height,
            pixel_format: witness.format.map(frames::pixel_format),
            frames: witness.pictures.count(),
            first_pts_s: first.as_secs_f64(),
            last_pts_s: last.as_secs_f64(),
            gaps: witness.pictures.gaps(),
        });
    }
    if let Some((first, last)) = witness.sound.span() {
        end = end.max(last.as_secs_f64());
        report.audio = Some(AudioReport {
            codec: witness.audio_codec.clone(),
            channels: witness.sound.channels,
            rate: witness.sound.rate,
            samples: witness.sound.samples,
            first_pts_s: first.as_secs_f64(),
            end_s: last.as_secs_f64(),
            gaps: witness.sound.gaps.clone(),
        });
    }
    report.duration_s = end;
}

/// Leaves the wanted encoding of the picture and no other.
fn arranger(wanted: WantedRung) -> Arranger {
    Arc::new(move |presentation: &mut Presentation| {
        leave_out_undecodable(presentation);
        let video = presentation.tracks.iter().filter(|track| track.kind == TrackKind::Video);
        let mut rungs: Vec<_> = video
            .flat_map(|track| {
                let of_track = track.representations.iter();
                of_track.map(|rung| (rung.bitrate, u64::from(rung.width) * u64::from(rung.height), track.id, rung.id))
            })
            .collect();
        rungs.sort_unstable_by_key(|(bitrate, pixels, ..)| (*bitrate, *pixels));
        let place = match wanted {
            WantedRung::Lowest => 0,
            WantedRung::Highest => rungs.len().saturating_sub(1),
            WantedRung::Place(place) => place.min(rungs.len().saturating_sub(1)),
        };
        let Some((_, _, track, rung)) = rungs.get(place).copied() else { return };
        presentation.tracks.retain(|group| group.kind != TrackKind::Video || group.id == track);
        for group in presentation.tracks.iter_mut().filter(|group| group.id == track) {
            group.representations.retain(|representation| representation.id == rung);
        }
    })
}

fn problem(code: &str, number: u16, message: &str) -> ReportedError {
    ReportedError { code: code.to_owned(), number, message: message.to_owned() }
}

fn lock(witness: &Mutex<Witness>) -> MutexGuard<'_, Witness> {
    witness.lock().unwrap_or_else(PoisonError::into_inner)
}
