//! A corpus that is made on the spot: ciphers, containers and codecs as a packager combines them. Each comes through with
//! the pictures of its unencrypted source, from the beginning, after seeks, and over switches.
//!
//! The packager (npm package `shaka-packager`) is fetched by `scripts/packager.sh`, which `make test` runs.
#![allow(clippy::unwrap_used)]

mod support;

use app_qa::decode::frames::Pictures;
use player_core::config::RecoveryConfig;
use player_core::drm::{ContentKey, KeyId};
use player_core::manifest::{IndexSource, Presentation, SegmentIndex, TrackKind};
use player_core::net::HttpFetcher;
use player_core::pipeline::gst::{GstOutput, GstPipeline, Pixels};
use player_core::player::Arranger;
use player_core::{
    Command, MediaTime, PlaybackEvent, PlaybackState, Player, PlayerConfig, PlayerHandle, PlayerOptions,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use support::files::{hashes_of, serve};
use support::making::{H264, H265, decoded, encode, ffmpeg, wanted};

const KID: &str = "31323334353637383930313233343536";
const KEY: &str = "32333435363738393021323334353637";
const VP9: &str = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 25 -b:v 200k -pix_fmt yuv420p";
const AV1: &str = "-c:v libaom-av1 -cpu-used 8 -usage realtime -g 25 -pix_fmt yuv420p";
/// Seeks of each stream.
const SEEKS: u64 = 20;

/// The packager's program; `None` where there is none and nobody demands it.
fn packager() -> Option<PathBuf> {
    let target =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("../npm/node_modules/shaka-packager/bin/packager-linux-x64");
    let program = std::env::var_os("LUMEN_PACKAGER").map_or(target, PathBuf::from);
    if program.is_file() {
        return Some(program);
    }
    let demanded = std::env::var_os("LUMEN_PACKAGER_REQUIRED").is_some() || std::env::var_os("CI").is_some();
    assert!(!demanded, "there is no packager at {}: run scripts/packager.sh", program.display());
    eprintln!("NOT TESTED: there is no packager at {}: run scripts/packager.sh", program.display());
    None
}

/// Something that is packaged.
struct Case {
    name: &'static str,
    source: &'static str,
    /// Extension of segments; `None` for one file for each track, which has an index.
    segments: Option<&'static str>,
    hls: bool,
    arguments: &'static str,
}

fn cases() -> Vec<Case> {
    let dash = |name, source, arguments| Case { name, source, segments: Some("m4s"), hls: false, arguments };
    let hls = |name, source, arguments| Case { hls: true, ..dash(name, source, arguments) };
    let file = |name, source, arguments| Case { segments: None, ..dash(name, source, arguments) };
    vec![
        dash("cenc", "h264.mp4", "--protection_scheme cenc --clear_lead 0"),
        dash("cens", "h264.mp4", "--protection_scheme cens --clear_lead 0"),
        dash("cbc1", "h264.mp4", "--protection_scheme cbc1 --clear_lead 0"),
        dash("cbcs", "h264.mp4", "--protection_scheme cbcs --clear_lead 0"),
        dash("cenc-lead", "h264.mp4", "--protection_scheme cenc --clear_lead 1"),
        dash("cbcs-lead", "h264.mp4", "--protection_scheme cbcs --clear_lead 1"),
        // Of a pattern that is not 1:9 more than a block may be left over.
        dash(
            "cbcs-5-5",
            "h264.mp4",
            "--protection_scheme cbcs --clear_lead 0 --crypt_byte_block 5 --skip_byte_block 5",
        ),
        dash(
            "cens-2-3",
            "h264.mp4",
            "--protection_scheme cens --clear_lead 0 --crypt_byte_block 2 --skip_byte_block 3",
        ),
        dash("cenc-rotated", "h264.mp4", "--protection_scheme cenc --clear_lead 0 --crypto_period_duration 1"),
        dash("cbcs-rotated-lead", "h264.mp4", "--protection_scheme cbcs --clear_lead 1 --crypto_period_duration 1"),
        dash("cenc-av1-rotated", "av1.mp4", "--protection_scheme cenc --clear_lead 0 --crypto_period_duration 1"),
        hls("hls-cbcs-rotated", "h264.mp4", "--protection_scheme cbcs --clear_lead 0 --crypto_period_duration 1"),
        dash("cenc-h265", "h265.mp4", "--protection_scheme cenc --clear_lead 0"),
        dash("cbcs-h265-ac3", "h265-ac3.mp4", "--protection_scheme cbcs --clear_lead 0"),
        dash("cenc-vp9-opus", "vp9.mp4", "--protection_scheme cenc --clear_lead 0"),
        dash("cenc-av1", "av1.mp4", "--protection_scheme cenc --clear_lead 0"),
        dash("cbcs-av1", "av1.mp4", "--protection_scheme cbcs --clear_lead 0"),
        file("cenc-file", "h264.mp4", "--protection_scheme cenc --clear_lead 0"),
        file("cbcs-file", "h264.mp4", "--protection_scheme cbcs --clear_lead 0"),
        Case { segments: Some("webm"), ..dash("webm", "vp9.webm", "--protection_scheme cenc --clear_lead 0") },
        hls("hls-cenc", "h264.mp4", "--protection_scheme cenc --clear_lead 0"),
        hls("hls-cbcs-lead", "h264.mp4", "--protection_scheme cbcs --clear_lead 1"),
        Case { segments: Some("ts"), ..hls("ts-sample-aes", "h264.mp4", "--protection_scheme cbcs --clear_lead 0") },
        Case {
            segments: Some("ts"),
            ..hls(
                "ts-sample-aes-rotated",
                "h264.mp4",
                "--protection_scheme cbcs --clear_lead 0 --crypto_period_duration 1",
            )
        },
        Case {
            segments: Some("ts"),
            ..hls("ts-sample-aes-lead", "h264.mp4", "--protection_scheme cbcs --clear_lead 1")
        },
    ]
}

impl Case {
    /// Packages it in a folder of its own; returns what is to be asked for.
    fn make(&self, packager: &Path, folder: &Path) -> String {
        let own = folder.join(self.name);
        std::fs::create_dir_all(&own).unwrap();
        let stream = |kind: &str| {
            let source = folder.join(self.source);
            let out = match self.segments {
                None => format!("output={kind}.mp4"),
                Some("ts") => format!("segment_template={kind}-$Number$.ts"),
                Some(extension) => {
                    let init = if extension == "webm" { "webm" } else { "mp4" };
                    format!("init_segment={kind}-init.{init},segment_template={kind}-$Number$.{extension}")
                }
            };
            let group = if kind == "audio" { ",hls_group_id=sound" } else { "" };
            let list = if self.hls { format!(",playlist_name={kind}.m3u8{group}") } else { String::new() };
            format!("in={},stream={kind},{out}{list}", source.display())
        };
        let manifest = if self.hls { ["--hls_master_playlist_output", "m.m3u8"] } else { ["--mpd_output", "m.mpd"] };
        let mut command = std::process::Command::new(packager);
        command.current_dir(&own).args(["--quiet", &stream("video"), &stream("audio")]).args(manifest);
        command.args(["--enable_raw_key_encryption", "--keys", &format!("label=:key_id={KID}:key={KEY}")]);
        command.args(["--segment_duration", "1"]).args(self.arguments.split_whitespace());
        assert!(command.output().unwrap().status.success(), "{}", self.name);
        format!("{}/{}", self.name, manifest[1])
    }
}

/// Ids and keys of as many periods as there may be: the packager turns both by a byte for each.
fn rotated() -> impl Iterator<Item = (String, String)> {
    let turned = |digits: &str, by: usize| format!("{}{}", &digits[2 * by..], &digits[..2 * by]);
    (0..8).map(move |period| (turned(KID, period), turned(KEY, period)))
}

fn key_bytes(digits: &str) -> [u8; 16] {
    std::array::from_fn(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
}

/// A player that hashes the pictures it shows, and the events that matter here.
struct Shown {
    player: PlayerHandle,
    pictures: Arc<Mutex<Pictures>>,
    seeks: tokio::sync::mpsc::UnboundedReceiver<()>,
}

fn player(url: &str, paced: bool, arrange: Option<Arranger>) -> Shown {
    let recovery = RecoveryConfig { patience: std::time::Duration::from_secs(4), ..RecoveryConfig::default() };
    let config = PlayerConfig { recovery, ..PlayerConfig::default() };
    let fetcher = Arc::new(HttpFetcher::new(&config.net).unwrap());
    let output =
        GstOutput { pixels: Pixels::Native, drop_late: false, audible: false, paced, sound: None, heard: None };
    let (told, seeks) = tokio::sync::mpsc::unbounded_channel();
    let options = PlayerOptions {
        config,
        arrange,
        keys: rotated().map(|(id, key)| (KeyId(key_bytes(&id)), ContentKey(key_bytes(&key)))).collect(),
        on_event: Some(Arc::new(move |envelope| {
            if matches!(envelope.event, PlaybackEvent::SeekCompleted { .. } | PlaybackEvent::Failed { .. }) {
                let _ = told.send(());
            }
        })),
        ..PlayerOptions::new(url.parse().unwrap(), fetcher, GstPipeline::factory(output))
    };
    let player = Player::spawn(&tokio::runtime::Handle::current(), options);
    let pictures: Arc<Mutex<Pictures>> = Arc::default();
    let kept = pictures.clone();
    player.frames().observe(Arc::new(move |frame| kept.lock().unwrap().add(frame)));
    Shown { player, pictures, seeks }
}

/// Hashes of all pictures so far.
fn hashes(pictures: &Mutex<Pictures>, folder: &Path) -> Vec<String> {
    let path = folder.join("shown.md5");
    pictures.lock().unwrap().write_hashes(&mut std::fs::File::create(&path).unwrap()).unwrap();
    hashes_of(&path)
}

/// Times of pictures, in microseconds, in the form of FFmpeg's framemd5.
fn times_of(path: &Path) -> Vec<i64> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(',').nth(2).unwrap().trim().parse().unwrap()).collect()
}

/// Seeks here and there in a player at rest; the picture that is shown is the one of that time.
///
/// The pictures' times are those that the last report has: in transport streams sound may begin before them, and each
/// discontinuity begins where its list says.
async fn seek_at_random(url: &str, folder: &Path, all: &[String], name: &str) {
    let times = times_of(&folder.join("found.md5"));
    let mut shown = player(url, true, None);
    let mut changes = shown.player.subscribe();
    let ready = changes.wait_for(|snapshot| snapshot.error.is_some() || snapshot.duration.is_some());
    tokio::time::timeout(support::AGES, ready).await.unwrap().unwrap();
    // A generator with a fixed seed, the same for all.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..SEEKS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let frame = (state >> 33) as usize % all.len();
        // In the middle of the time that it is shown.
        let to = MediaTime::from_nanos(times[frame] * 1_000) + std::time::Duration::from_millis(20);
        // Where one stretch is joined to the next, two may lay claim to a time.
        if times.get(frame + 1).is_some_and(|next| (next - times[frame] - 40_000).abs() > 1_000) {
            continue;
        }
        // What lies behind the end that the list names cannot be sought.
        if shown.player.snapshot().duration.is_some_and(|duration| to >= duration) {
            continue;
        }
        shown.player.send(Command::Seek { to });
        tokio::time::timeout(support::AGES, shown.seeks.recv()).await.unwrap().unwrap();
        let found = hashes(&shown.pictures, folder).pop();
        assert_eq!(found.as_ref(), Some(&all[frame]), "{name}: picture {frame}, {:?}", shown.player.snapshot().error);
    }
    shown.player.send(Command::Stop);
    shown.player.closed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cipher_in_every_container_has_the_pictures_of_its_source() {
    let Some(packager) = packager() else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    for (codecs, file) in [
        (format!("{H264} -c:a aac"), "h264.mp4"),
        (format!("{H265} -tag:v hvc1 -c:a aac"), "h265.mp4"),
        (format!("{H265} -tag:v hvc1 -c:a ac3"), "h265-ac3.mp4"),
        (format!("{VP9} -c:a libopus"), "vp9.mp4"),
        (format!("{VP9} -c:a libopus"), "vp9.webm"),
        (format!("{AV1} -c:a aac"), "av1.mp4"),
    ] {
        encode(folder, 3, &codecs, file);
    }
    let keys: Vec<String> = rotated().map(|(id, key)| format!("{id}:{key}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for case in cases() {
        let entry = case.make(&packager, folder);
        let all = wanted(folder, case.source);
        let (report, found) = decoded(server, folder, &entry, &keys).await;
        assert!(report.ok && all.len() == 75, "{}: {:?}", case.name, report.errors);
        assert_eq!(found, all, "{}", case.name);
        assert!(report.audio.is_some_and(|sound| sound.samples > 130_000), "{}", case.name);
        seek_at_random(&format!("http://{server}/{entry}"), folder, &all, case.name).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_segments_in_aes_have_the_pictures_of_their_source() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    encode(folder, 3, &format!("{H264} -c:a aac"), "made.mkv");
    let all = wanted(folder, "made.mkv");
    std::fs::write(folder.join("k.key"), key_bytes(KEY)).unwrap();
    std::fs::write(folder.join("plain.info"), "k.key\nk.key\n").unwrap();
    std::fs::write(folder.join("iv.info"), format!("k.key\nk.key\n{KID}\n")).unwrap();
    for (info, name) in [("plain.info", "plain"), ("iv.info", "iv")] {
        let list = "-c copy -f hls -hls_time 1 -hls_list_size 0 -hls_playlist_type vod";
        ffmpeg(folder, &format!("-i made.mkv {list} -hls_key_info_file {info} {name}.m3u8"));
        let entry = format!("{name}.m3u8");
        let (report, found) = decoded(server, folder, &entry, &[]).await;
        assert!(report.ok && found == all, "{name}: {:?}", report.errors);
        seek_at_random(&format!("http://{server}/{entry}"), folder, &all, name).await;
    }
}

/// One encoding of the picture whose segments come from two in turn.
fn alternate(presentation: &mut Presentation) {
    let picture = presentation.tracks.iter_mut().find(|track| track.kind == TrackKind::Video).unwrap();
    let lists: Vec<Arc<SegmentIndex>> = picture
        .representations
        .iter()
        .map(|rung| match &rung.index {
            IndexSource::Known(index) => index.clone(),
            other => panic!("not known: {other:?}"),
        })
        .collect();
    let segments = (0..lists[0].segments.len()).map(|at| lists[at % 2].segments[at].clone()).collect();
    let index = SegmentIndex { segments, ..SegmentIndex::default() };
    picture.representations.truncate(1);
    picture.representations[0].index = IndexSource::Known(Arc::new(index));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_at_every_boundary_loses_no_picture() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    for (codec, name) in [(H264, "h264"), (H265, "h265"), (VP9, "vp9"), (AV1, "av1")] {
        encode(folder, 4, &format!("{codec} -map 0:v"), "large.mkv");
        ffmpeg(folder, &format!("-i large.mkv -vf scale=80:46 {codec} small.mkv"));
        ffmpeg(
            folder,
            &format!(
                "-i small.mkv -i large.mkv -map 0 -map 1 -c copy -strict -2 -f dash -seg_duration 1 -adaptation_sets id=0,streams=v {name}.mpd"
            ),
        );
        let (small, large) = (wanted(folder, "small.mkv"), wanted(folder, "large.mkv"));
        let turns = (0..4).map(|turn| if turn % 2 == 0 { &small } else { &large });
        let all: Vec<String> =
            turns.enumerate().flat_map(|(turn, of)| of[turn * 25..(turn + 1) * 25].to_vec()).collect();
        let shown = player(&format!("http://{server}/{name}.mpd"), false, Some(Arc::new(alternate)));
        shown.player.send(Command::Play);
        let mut changes = shown.player.subscribe();
        let over = changes.wait_for(|snapshot| matches!(snapshot.state, PlaybackState::Ended | PlaybackState::Failed));
        tokio::time::timeout(support::AGES, over).await.unwrap().unwrap();
        assert_eq!(shown.player.snapshot().error, None, "{name}");
        assert_eq!(hashes(&shown.pictures, folder), all, "{name}");
        shown.player.send(Command::Stop);
        shown.player.closed().await;
    }
}
