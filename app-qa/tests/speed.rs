//! Speed and winding as they are seen and heard.
#![allow(clippy::unwrap_used)]

mod support;

use app_qa::picture::{PictureCheck, ShownFrame};
use app_qa::play::Run;
use bytes::Bytes;
use player_core::container::{self, Init};
use player_core::event::EventEnvelope;
use player_core::frame::PixelFormat;
use player_core::manifest::TrackKind;
use player_core::net::HttpFetcher;
use player_core::pipeline::gst::{GstOutput, GstPipeline, HeardObserver, HeardSound, Pixels};
use player_core::{
    Command, MediaTime, PlaybackEvent, PlaybackState, Player, PlayerConfig, PlayerHandle, PlayerOptions,
    PlayerSnapshot, QualityChoice,
};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{AGES, CENC, CLEAR, Service, eager, files};
use url::Url;

/// A player whose pictures, sound and events are kept.
struct Watched {
    player: PlayerHandle,
    picture: Arc<Mutex<PictureCheck>>,
    heard: Arc<Mutex<Vec<HeardSound>>>,
    events: Arc<Mutex<Vec<EventEnvelope>>>,
}

impl Watched {
    fn start(source: Url) -> Self {
        let (picture, heard, events) = <(Arc<Mutex<PictureCheck>>, Arc<Mutex<Vec<_>>>, Arc<Mutex<Vec<_>>>)>::default();
        let (pictures, sound, told) = (picture.clone(), heard.clone(), events.clone());
        let output = GstOutput {
            pixels: Pixels::Only(PixelFormat::I420),
            drop_late: false,
            audible: false,
            heard: Some(HeardObserver(Arc::new(move |part| sound.lock().unwrap().push(part)))),
            ..GstOutput::default()
        };
        let config = PlayerConfig::default();
        let fetcher = Arc::new(HttpFetcher::new(&config.net).unwrap());
        let options = PlayerOptions {
            on_event: Some(Arc::new(move |envelope| told.lock().unwrap().push(envelope.clone()))),
            config,
            ..PlayerOptions::new(source, fetcher, GstPipeline::factory(output))
        };
        let player = Player::spawn(&tokio::runtime::Handle::current(), options);
        player.frames().observe(Arc::new(move |frame| pictures.lock().unwrap().look(frame)));
        Self { player, picture, heard, events }
    }

    async fn until(&self, what: &str, done: impl Fn(&PlayerSnapshot) -> bool) {
        let mut changes = self.player.subscribe();
        let done = |snapshot: &Arc<PlayerSnapshot>| {
            assert!(snapshot.error.is_none(), "{what}: {snapshot:?}");
            done(snapshot)
        };
        let waited = tokio::time::timeout(AGES, changes.wait_for(|snapshot| done(snapshot))).await;
        assert!(waited.is_ok(), "{what}: {:?}", self.player.snapshot());
    }

    async fn stop(&self) {
        self.player.send(Command::Stop);
        self.player.closed().await;
    }

    /// Pictures since the first of these runs between seeks.
    fn shown_since(&self, run: usize) -> Vec<ShownFrame> {
        self.picture.lock().unwrap().runs()[run..].iter().flatten().copied().collect()
    }
}

/// Small pictures: how fast decoders are is not the question.
async fn hold_lowest(run: &Run) {
    assert!(run.until(AGES, |snapshot| !snapshot.rungs.is_empty()).await);
    let lowest = run.player.snapshot().rungs.iter().min_by_key(|rung| rung.bitrate).map(|rung| rung.id).unwrap();
    run.player.send(Command::SetQuality { choice: QualityChoice::Fixed(lowest) });
}

/// Media time over time, over so many seconds of media.
async fn pace(run: &Run, span: f64) -> f64 {
    let (from, started) = (run.player.snapshot().position, std::time::Instant::now());
    let to = from + Duration::from_secs_f64(span);
    assert!(run.until(AGES, |snapshot| snapshot.position >= to).await);
    run.player.snapshot().position.duration_since(from).as_secs_f64() / started.elapsed().as_secs_f64()
}

/// Plays at all speeds, one after the other in mid-play: each frame once, in order, with its own time, without a flush
/// and without a stall; and media time passes as fast as was asked.
#[tokio::test(flavor = "multi_thread")]
async fn every_speed_shows_each_frame_in_order_and_keeps_its_pace() {
    let service = Service::start().await;
    let target = service.target(CENC).await;
    let run = Run::start(&target, &eager()).unwrap();
    hold_lowest(&run).await;
    run.player.send(Command::Play);
    support::shown(&run, 0, 1.0).await;
    for (rate, span) in [(0.5, 1.5), (2.0, 4.0), (0.25, 0.75), (1.5, 3.0), (4.0, 6.0), (1.0, 1.0)] {
        run.player.send(Command::SetRate { rate });
        assert!(run.until(AGES, |snapshot| f64::from(snapshot.rate.get()) == rate).await);
        let asked_at = run.player.snapshot().position;
        // What has left the decoders keeps its time: the speed changes behind it.
        let ahead = asked_at + Duration::from_millis(150);
        assert!(run.until(AGES, |snapshot| snapshot.position >= ahead).await);
        let mut measured = Vec::new();
        // A machine that had no time for us once is not the question.
        while measured.len() < 3 && !measured.iter().any(|pace: &f64| (pace / rate - 1.0).abs() < 0.1) {
            measured.push(pace(&run, span).await);
        }
        assert!(measured.iter().any(|pace| (pace / rate - 1.0).abs() < 0.1), "{rate}: {measured:?}");
        assert!(measured.iter().all(|pace| *pace < rate * 1.3), "{rate}: {measured:?}");
    }
    run.player.send(Command::Stop);
    run.player.closed().await;
    let report = run.picture(PictureCheck::report);
    assert!(report.is_perfect() && report.frames > 300, "{report:?}");
    let frames = run.picture(|picture| picture.runs().to_vec());
    assert_eq!(frames.len(), 1, "nothing was flushed");
    let right =
        |frame: &ShownFrame| frame.code.is_some_and(|(number, _)| frame.pts == MediaTime::from_ticks(number, 25));
    assert!(frames[0].iter().all(right), "each picture belongs to its time");
}

/// A seek, a pause and the end at another speed.
#[tokio::test(flavor = "multi_thread")]
async fn a_speed_holds_through_seeks_and_pauses_to_the_end() {
    let service = Service::start().await;
    let target = service.target(CENC).await;
    let run = Run::start(&target, &eager()).unwrap();
    hold_lowest(&run).await;
    run.player.send(Command::SetRate { rate: 2.0 });
    run.player.send(Command::Play);
    support::shown(&run, 0, 2.0).await;
    run.seek(MediaTime::from_secs_f64(40.0));
    support::shown(&run, 1, 41.0).await;
    run.player.send(Command::Pause);
    assert!(run.until(AGES, |snapshot| snapshot.state == PlaybackState::Paused).await);
    run.player.send(Command::Play);
    support::shown(&run, 1, 45.0).await;
    let started = std::time::Instant::now();
    assert!(run.until(AGES, |snapshot| snapshot.state == PlaybackState::Ended).await);
    let took = started.elapsed().as_secs_f64();
    assert!((7.0..12.0).contains(&took), "15 s at double speed: {took}");
    run.player.send(Command::Stop);
    run.player.closed().await;
    let report = run.picture(PictureCheck::report);
    assert!(report.is_perfect(), "{report:?}");
    let last = run.picture(|picture| picture.runs().last().and_then(|run| run.last().copied()));
    assert_eq!(last.and_then(|frame| frame.code).map(|code| code.0), Some(1_499));
}

/// Frequency by rising zero crossings of the first channel.
fn frequency(sound: &[HeardSound]) -> f64 {
    let first = |part: &HeardSound| part.samples.iter().step_by(part.channels as usize).copied().collect::<Vec<_>>();
    let samples: Vec<f32> = sound.iter().flat_map(first).collect();
    let crossings: Vec<usize> =
        samples.windows(2).enumerate().filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0).map(|(at, _)| at).collect();
    let (Some(from), Some(to)) = (crossings.first(), crossings.last()) else { return 0.0 };
    (crossings.len() - 1) as f64 * f64::from(sound[0].rate) / (to - from) as f64
}

/// A tone stays what it is at any speed, and lasts as long as the speed says.
#[tokio::test(flavor = "multi_thread")]
async fn pitch_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let made = tokio::process::Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=128x72:rate=25", "-f", "lavfi"])
        .args(["-i", "sine=frequency=440:sample_rate=48000", "-t", "40", "-c:v", "libx264", "-preset", "ultrafast"])
        .args(["-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-movflags", "+faststart", "tone.mp4"])
        .current_dir(folder.path())
        .status();
    assert!(made.await.unwrap().success());
    let address = files::serve(folder.path().to_owned()).await;
    let watched = Watched::start(format!("http://{address}/tone.mp4").parse().unwrap());
    watched.player.send(Command::Play);
    for (rate, seconds) in [(1.0, 1.5), (0.5, 1.5), (2.0, 4.0), (4.0, 6.0), (0.25, 0.6)] {
        watched.player.send(Command::SetRate { rate });
        let from = watched.player.snapshot().position + Duration::from_secs_f64(0.25);
        watched.until("the speed is changed", |snapshot| snapshot.position >= from).await;
        watched.heard.lock().unwrap().clear();
        let to = from + Duration::from_secs_f64(seconds);
        watched.until("it is heard", |snapshot| snapshot.position >= to).await;
        let heard = std::mem::take(&mut *watched.heard.lock().unwrap());
        let measured = frequency(&heard);
        assert!((measured / 440.0 - 1.0).abs() < 0.02, "{rate}: {measured} Hz");
        let frames: usize = heard.iter().map(|part| part.samples.len() / part.channels as usize).sum();
        let lasts = frames as f64 / f64::from(heard[0].rate);
        let media = heard.last().unwrap().start.duration_since(heard[0].start).as_secs_f64();
        assert!((media / lasts / rate - 1.0).abs() < 0.12, "{rate}: {media} s of media in {lasts} s of sound");
    }
    watched.stop().await;
}

/// Length of the range that holds a segment's first sample, everything before it included.
fn key_frame_length(init: &[u8], segment: &[u8]) -> usize {
    let init = Init::parse(init).unwrap();
    let media = container::demux(&Bytes::copy_from_slice(segment), Some(&init), None).unwrap();
    let data = segment.windows(4).position(|window| window == b"mdat").unwrap() + 4;
    data + media.streams[0].samples[0].data.len()
}

/// A presentation of a title's own segments, with a list of its key frames by byte ranges.
fn with_key_frame_list(media: &Path, folder: &Path) {
    for track in ["video", "audio"] {
        std::os::unix::fs::symlink(media.join(track), folder.join(track)).unwrap();
    }
    let rung = media.join("video/144p");
    let init = std::fs::read(rung.join("init.mp4")).unwrap();
    let mut list = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-I-FRAMES-ONLY\n".to_owned();
    list.push_str("#EXT-X-MAP:URI=\"video/144p/init.mp4\"\n");
    for number in 1..=30 {
        let name = format!("seg-{number:05}.m4s");
        let length = key_frame_length(&init, &std::fs::read(rung.join(&name)).unwrap());
        writeln!(list, "#EXTINF:2.0,\n#EXT-X-BYTERANGE:{length}@0\nvideo/144p/{name}").unwrap();
    }
    list.push_str("#EXT-X-ENDLIST\n");
    std::fs::write(folder.join("key-frames.m3u8"), list).unwrap();
    let master = "#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English\",DEFAULT=YES,URI=\"audio/index.m3u8\"
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=480x270,CODECS=\"avc1.64001f,mp4a.40.2\",AUDIO=\"a\"
video/270p/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=256x144,CODECS=\"avc1.64001f\",URI=\"key-frames.m3u8\"
";
    std::fs::write(folder.join("master.m3u8"), master).unwrap();
}

/// Winds over HLS by a list of key frames whose ranges end within `mdat`: forwards and backwards the counters in the
/// pictures are those of key frames, in order and at the speed, and playback goes on exactly where it was left.
#[tokio::test(flavor = "multi_thread")]
async fn conformance_16_winding_shows_key_frames_by_byte_ranges_in_both_directions() {
    let service = Service::start().await;
    let folder = tempfile::tempdir().unwrap();
    with_key_frame_list(&service.media(CLEAR), folder.path());
    let address = files::serve(folder.path().to_owned()).await;
    let watched = Watched::start(format!("http://{address}/master.m3u8").parse().unwrap());
    watched.player.send(Command::Play);
    watched.until("it plays", |snapshot| snapshot.position > MediaTime::from_secs_f64(1.0)).await;

    for (speed, until) in [(8, 40.0), (-8, 10.0), (32, 50.0), (-2, 44.0)] {
        let forward = speed > 0;
        let runs = watched.picture.lock().unwrap().runs().len();
        let (from, begun) = (watched.player.snapshot().position.as_secs_f64(), std::time::Instant::now());
        watched.player.send(Command::TrickPlay { speed });
        watched
            .until("it winds", |snapshot| {
                let at = snapshot.position.as_secs_f64();
                snapshot.trick_speed == Some(speed) && if forward { at >= until } else { at <= until }
            })
            .await;
        let took = begun.elapsed().as_secs_f64();
        let reached = watched.player.snapshot().position.as_secs_f64();
        watched.player.send(Command::Pause);
        watched.until("it has ended", |snapshot| snapshot.state == PlaybackState::Paused).await;
        let mut shown: Vec<u32> = watched.shown_since(runs).iter().map(|frame| frame.code.unwrap().0).collect();
        // The last one is the picture of the seek that ends it.
        let last = shown.pop().unwrap();
        assert_eq!(f64::from(last) / 25.0, watched.player.snapshot().position.as_secs_f64(), "resumes where it was");
        assert!(shown.iter().all(|number| number % 50 == 0), "{speed}: {shown:?}");
        let ordered = shown.windows(2).all(|pair| if forward { pair[0] < pair[1] } else { pair[0] > pair[1] });
        assert!(ordered && shown.len() >= 3, "{speed}: {shown:?}");
        let expected = (reached - from) / f64::from(speed);
        assert!(took > expected - 2.0 && took < expected * 1.5 + 3.0, "{speed}: {took} s for {expected}");
        assert!(shown.len() as f64 / took >= (f64::from(speed.abs()) / 2.0).min(4.0) * 0.5, "{speed}: {shown:?}");
        watched.player.send(Command::Play);
        let here = watched.player.snapshot().position;
        watched.until("it plays on", |snapshot| snapshot.position > here + Duration::from_millis(400)).await;
        let after = watched.shown_since(runs).last().copied().unwrap();
        assert!(after.code.unwrap().0 >= last);
    }
    watched.stop().await;
    let fetched = watched.events.lock().unwrap();
    let is_key_frame = |event: &PlaybackEvent| {
        matches!(event, PlaybackEvent::SegmentLoaded { track: TrackKind::Video, rung: None, .. })
    };
    let ranges = fetched.iter().filter(|envelope| is_key_frame(&envelope.event));
    assert!(ranges.count() > 12);
}
