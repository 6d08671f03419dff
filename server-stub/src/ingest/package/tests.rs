//! The whole way from painted frames to segments, judged by ffmpeg as an independent reader.

use super::*;
use crate::ingest::{
    catalogue,
    encode::{self, VideoJob},
    ladder::LadderProfile,
    render::Picture,
    scene::counter::Counter,
    sound::{self, ScoreKind},
    timecode,
};
use std::{process::Command, sync::Arc};
use tempfile::TempDir;

const KEY: [u8; 16] = [0x3c; 16];
const SECONDS: f64 = 4.0;
const FRAMES: u32 = 100;
/// The two smallest rungs: one of each picture quality that tests care about.
const RUNGS: usize = 2;

/// Encoder output that the tests share.
async fn encoded(folder: &Path) -> Plan {
    let mut title = catalogue::catalogue().into_iter().find(|title| title.id.as_str() == "qa-counter-cenc").unwrap();
    title.duration_s = SECONDS;
    title.subtitle_languages = vec!["en".into()];
    let rungs = &LadderProfile::Test.rungs()[5 - RUNGS..];
    let mut video = Vec::new();
    for (index, rung) in rungs.iter().enumerate() {
        let size = (rung.width as usize, rung.height as usize);
        let counter = Counter::new(size.0, size.1, index as u8, title.frame_rate);
        let path = folder.join(format!("{index}.mp4"));
        let job = VideoJob {
            what: "test".into(),
            painter: Arc::new(move |frame: u32, picture: &mut Picture| counter.paint(frame, picture)),
            size,
            frames: FRAMES,
            frame_rate: title.frame_rate,
            key_interval: 50,
            outputs: vec![(*rung, path.clone())],
            // With B-frames and CABAC, as the films have them.
            preset: "superfast",
            constant_rate: false,
            painters: 2,
            background: false,
        };
        let mut done = 0;
        encode::video(&job, |frame| done = frame).await.unwrap();
        assert_eq!(done, FRAMES);
        video.push((*rung, path));
    }
    let audio = folder.join("audio.mp4");
    encode::audio(&sound::play(ScoreKind::Pips, SECONDS), 64, &audio, false).await.unwrap();
    let key = Some(ContentKey { kid: [0x11; 16], key: KEY });
    Plan { title, key, video, audio, folder: folder.to_owned() }
}

fn packaged(plan: &mut Plan, root: &Path, protection: Protection) -> PathBuf {
    plan.title.protection = protection;
    plan.folder = root.join(format!("{protection:?}"));
    fs::create_dir(&plan.folder).unwrap();
    package(plan).unwrap();
    plan.folder.clone()
}

/// The initialisation segment and all others of a track, as one file.
fn joined(track: &Path) -> PathBuf {
    let mut bytes = fs::read(track.join("init.mp4")).unwrap();
    for number in 1.. {
        let Ok(segment) = fs::read(track.join(format!("seg-{number:05}.m4s"))) else { break };
        bytes.extend(segment);
    }
    let path = track.join("joined.mp4");
    fs::write(&path, bytes).unwrap();
    path
}

/// What ffmpeg decodes; empty if it decodes nothing. It reads from a pipe: when it can seek, version 5.1 looks for
/// the parameters of encrypted samples in the wrong fragment.
fn decoded(file: &Path, key: Option<[u8; 16]>, output: &[&str]) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "quiet"]);
    if let Some(key) = key {
        command.args(["-decryption_key", &crate::ingest::key::hex(&key)]);
    }
    command.args(["-i", "pipe:0"]).args(output).arg("-").stdin(fs::File::open(file).unwrap());
    command.output().unwrap().stdout
}

const MD5: [&str; 2] = ["-f", "framemd5"];
const GREY: [&str; 6] = ["-pix_fmt", "gray", "-fps_mode", "passthrough", "-f", "rawvideo"];

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_titles_decrypt_to_the_clear_one() {
    let root = TempDir::new().unwrap();
    let mut plan = encoded(root.path()).await;
    let clear = packaged(&mut plan, root.path(), Protection::Clear);
    for protection in [Protection::Cenc, Protection::Cbcs] {
        let locked = packaged(&mut plan, root.path(), protection);
        for track in ["video/240p", "video/144p", "audio"] {
            let (open, shut) = (joined(&clear.join(track)), joined(&locked.join(track)));
            let expected = decoded(&open, None, &MD5);
            assert!(expected.len() > 1000, "{track}");
            assert!(decoded(&shut, Some(KEY), &MD5) == expected, "{protection:?} {track}");
            assert!(decoded(&shut, Some([0; 16]), &MD5) != expected, "{protection:?} {track}: a wrong key");
        }
        let master = fs::read_to_string(locked.join("master.m3u8")).unwrap();
        let method = if protection == Protection::Cenc { "SAMPLE-AES-CTR" } else { "SAMPLE-AES" };
        assert!(master.contains(&format!("#EXT-X-SESSION-KEY:METHOD={method},URI=\"data:text/plain;base64,")));
        let bytes = fs::read(locked.join("video/240p/init.mp4")).unwrap();
        for name in [b"encv", b"sinf", b"frma", b"schm", b"tenc", b"pssh"] {
            assert!(bytes.windows(4).any(|window| window == name), "{protection:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_can_be_read_and_segments_are_aligned() {
    let root = TempDir::new().unwrap();
    let mut plan = encoded(root.path()).await;
    let clear = packaged(&mut plan, root.path(), Protection::Clear);
    for (index, (rung, source)) in plan.video.iter().enumerate() {
        let (width, height) = (rung.width as usize, rung.height as usize);
        let folder = clear.join("video").join(rung.name());
        let grey = decoded(&joined(&folder), None, &GREY);
        let frames: Vec<_> =
            grey.chunks(width * height).map(|luma| timecode::read(luma, width, width, height)).collect();
        let expected: Vec<_> = (0..FRAMES).map(|frame| Some(timecode::Timecode { frame, rung: index as u8 })).collect();
        assert_eq!(frames, expected, "{height}p");

        let track = Track::read(source).unwrap().video(25).unwrap();
        assert_eq!(track.video_cuts(50).unwrap(), [0, 50, 100]);
        let times: Vec<i64> = track
            .samples
            .iter()
            .enumerate()
            .map(|(at, sample)| at as i64 * i64::from(sample.duration) + i64::from(sample.composition))
            .collect();
        assert_eq!(times[0], 0, "the first frame is shown at zero");
        assert!(track.samples.iter().any(|sample| sample.composition < 0), "there are B-frames");
        let playlist = fs::read_to_string(folder.join("index.m3u8")).unwrap();
        assert_eq!(playlist.matches("#EXTINF:2.000000,").count(), 2);
        assert!(track.video_cuts(37).is_err(), "no key frame at 37");
    }
    let master = fs::read_to_string(clear.join("master.m3u8")).unwrap();
    assert_eq!(master.matches("#EXT-X-STREAM-INF").count(), RUNGS);
    assert!(!master.contains("KEY"));
}

#[tokio::test(flavor = "multi_thread")]
async fn slice_headers_end_where_the_data_begins() {
    let root = TempDir::new().unwrap();
    let plan = encoded(root.path()).await;
    let track = Track::read(&plan.video[0].1).unwrap().video(25).unwrap();
    let avc = track.avc.as_ref().unwrap();
    let mut slices = 0;
    for sample in &track.samples {
        let mut rest = &track.bytes[sample.data.clone()];
        while !rest.is_empty() {
            let size = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            let unit = &rest[4..4 + size];
            if matches!(unit[0] & 0x1f, 1 | 5) {
                assert!(avc.alignment_is_ones(unit));
                slices += 1;
            }
            rest = &rest[4 + size..];
        }
        let data = &track.bytes[sample.data.clone()];
        let parts = avc.subsamples(data, true).unwrap();
        assert_eq!(parts.iter().map(|part| part.clear + part.protected).sum::<usize>(), data.len());
        assert!(parts.iter().all(|part| part.protected % 16 == 0));
        for cut in 0..data.len().min(40) {
            // Cut anywhere, it must not panic.
            let _ = avc.subsamples(&data[..cut], false);
        }
    }
    assert!(slices >= FRAMES);
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_and_pictures_cover_the_same_time() {
    let root = TempDir::new().unwrap();
    let mut plan = encoded(root.path()).await;
    let clear = packaged(&mut plan, root.path(), Protection::Clear);
    let track = Track::read(&plan.audio).unwrap().audio().unwrap();
    let cuts = track.audio_cuts(2.0);
    assert_eq!(cuts.len(), 3);
    let heard = (cuts[1] as f64 * 1024.0 - 1024.0) / 48_000.0;
    assert!((2.0..2.03).contains(&heard), "{heard}");
    let total = (track.samples.len() as f64 - 1.0) * 1024.0 / 48_000.0;
    assert!((SECONDS..SECONDS + 0.05).contains(&total), "{total}");
    // ffmpeg decodes the priming as well, at a negative time; behind it the first tone begins at once.
    let pcm = decoded(&joined(&clear.join("audio")), None, &["-ac", "1", "-f", "s16le"]);
    let samples: Vec<i16> = pcm.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    let loud =
        |from: usize| samples[1024 + from..1024 + from + 960].iter().map(|sample| sample.unsigned_abs()).max().unwrap();
    for second in 0..4 {
        assert!(loud(second * 48_000) > 2_000, "{second}");
        assert!(loud(second * 48_000 + 24_000) < 500, "{second}");
    }
}
