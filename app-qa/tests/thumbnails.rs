//! Thumbnails and chapters of real media over loopback: which frame is on the picture is read from its counter, or
//! held against what ffmpeg decodes.
#![allow(clippy::unwrap_used)]

mod support;

use player_core::chapters::Chapters;
use player_core::config::NetConfig;
use player_core::manifest::Presentation;
use player_core::net::HttpFetcher;
use player_core::pipeline::gst::GstStills;
use player_core::reader::Reader;
use player_core::thumbnails::{ThumbnailOptions, Thumbnails};
use player_core::{MediaTime, Thumbnail};
use server_stub::ingest::timecode;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use support::files::serve;
use support::{CBCS, CENC, CLEAR, FRAME_RATE, Service};
use tokio::task::JoinHandle;
use url::Url;

/// Pictures of one presentation, for as long as it lives.
struct Pictures {
    thumbnails: Thumbnails,
    task: JoinHandle<()>,
}

impl Drop for Pictures {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Pictures {
    fn of(reader: &Reader, presentation: &Presentation) -> Self {
        let options = ThumbnailOptions { stills: Some(Arc::new(GstStills)), ..ThumbnailOptions::default() };
        let (thumbnails, work) = reader.thumbnails(presentation, options);
        Self { thumbnails, task: tokio::spawn(work) }
    }

    async fn at(&self, seconds: f64) -> Arc<Thumbnail> {
        let time = MediaTime::from_secs_f64(seconds);
        self.thumbnails.at(time).await.unwrap_or_else(|error| panic!("{seconds} s: {error}"))
    }
}

fn reader(manifest: &Url) -> Reader {
    let limits = NetConfig::default();
    Reader::new(manifest, Arc::new(HttpFetcher::new(&limits).unwrap()), limits, [])
}

/// The burnt-in frame number.
fn counter(picture: &Thumbnail) -> Option<u32> {
    let grey = |pixel: &[u8]| (u32::from(pixel[0]) * 30 + u32::from(pixel[1]) * 59 + u32::from(pixel[2]) * 11) / 100;
    let luma: Vec<u8> = picture.rgba().chunks_exact(4).map(|pixel| (16 + grey(pixel) * 219 / 255) as u8).collect();
    let (width, height) = (picture.width as usize, picture.height as usize);
    timecode::read(&luma, width, width, height).map(|code| code.frame)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_sheets_show_the_frame_of_each_time_within_the_promised_one() {
    let service = Service::start().await;
    for title in [CLEAR, CENC] {
        let target = service.target(title).await;
        let reader = reader(&target.manifest);
        let presentation = reader.presentation(&target.manifest).await.unwrap();
        assert_eq!(presentation.thumbnails.len(), 1, "{title}");
        let asked = Instant::now();
        let pictures = Pictures::of(&reader, &presentation);
        let first = pictures.at(13.7).await;
        println!("{title}: first thumbnail after {:.1} ms", asked.elapsed().as_secs_f64() * 1e3);
        assert_eq!(counter(&first), Some(12 * FRAME_RATE), "{title}");
        // In the second sheet, at the very end, and behind it.
        for (seconds, frame_s) in [(0.0, 0), (41.9, 40), (59.9, 58), (600.0, 58)] {
            assert_eq!(counter(&*pictures.at(seconds).await), Some(frame_s * FRAME_RATE), "{title} {seconds}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_sheets_the_lowest_rung_shows_the_key_frame_at_or_before_a_time_in_the_clear_and_decrypted() {
    let service = Service::start().await;
    for title in [CLEAR, CENC, CBCS] {
        let target = service.target(title).await;
        let reader = reader(&target.manifest).with_licences(target.key_systems.clone(), target.licences.clone());
        let mut presentation = reader.presentation(&target.manifest).await.unwrap();
        presentation.thumbnails.clear();
        let asked = Instant::now();
        let pictures = Pictures::of(&reader, &presentation);
        let first = pictures.at(13.7).await;
        println!("{title}: first key frame after {:.1} ms", asked.elapsed().as_secs_f64() * 1e3);
        assert_eq!((first.width, first.height), (256, 144), "{title}");
        if title == CBCS {
            // A film: light and shade, and not the grey of what could not be decrypted.
            let (min, max) = (first.rgba().iter().min().unwrap(), first.rgba().chunks(4).map(|p| p[1]).max().unwrap());
            assert!(max - min > 60, "{min} to {max}");
            continue;
        }
        for (seconds, frame_s) in [(13.7, 12), (12.0, 12), (0.0, 0), (59.0, 58)] {
            let picture = pictures.at(seconds).await;
            assert_eq!(counter(&picture), Some(frame_s * FRAME_RATE), "{title} {seconds}");
            assert_eq!(picture.time, MediaTime::from_millis(i64::from(frame_s) * 1_000), "{title} {seconds}");
        }
    }
}

fn ffmpeg(folder: &Path, arguments: &str) {
    let mut command = std::process::Command::new("ffmpeg");
    let status = command.current_dir(folder).args(["-y", "-v", "error", "-nostdin"]).args(arguments.split_whitespace());
    assert!(status.status().unwrap().success(), "{arguments}");
}

/// Mean difference of colours to the frame that ffmpeg decodes at a time.
fn difference(folder: &Path, file: &str, seconds: u32, picture: &Thumbnail) -> f64 {
    let frame = seconds * 25;
    ffmpeg(folder, &format!("-i {file} -vf select=eq(n\\,{frame}),format=rgb24 -frames:v 1 -f rawvideo wanted.rgb"));
    let wanted = std::fs::read(folder.join("wanted.rgb")).unwrap();
    let found: Vec<u8> = picture.rgba().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    assert_eq!(wanted.len(), found.len(), "{file}");
    let sum: f64 = wanted.iter().zip(&found).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / wanted.len() as f64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_frames_of_every_codec_and_container_are_those_that_ffmpeg_decodes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    let h264 = "-c:v libx264 -preset ultrafast -x264-params keyint=50:scenecut=0 -pix_fmt yuv420p";
    let h265 = "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=50:scenecut=0 -pix_fmt yuv420p";
    let vp9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 50 -pix_fmt yuv420p";
    let av1 = "-c:v libaom-av1 -cpu-used 8 -usage realtime -g 50 -pix_fmt yuv420p";
    let hls = "-f hls -hls_time 2 -hls_list_size 0 -hls_playlist_type vod";
    let rows = [
        (h264, "-movflags +faststart".to_owned(), "front.mp4"),
        (h264, String::new(), "behind.mp4"),
        (h264, hls.to_owned(), "ts.m3u8"),
        (h265, format!("{hls} -hls_segment_type fmp4 -tag:v hvc1"), "hevc.m3u8"),
        (vp9, "-f dash -seg_duration 2".to_owned(), "vp9.mpd"),
        (vp9, String::new(), "vp9.webm"),
        (av1, "-f dash -seg_duration 2".to_owned(), "av1.mpd"),
    ];
    for (codec, packing, entry) in rows {
        ffmpeg(folder, &format!("-f lavfi -i testsrc2=size=160x90:rate=25:duration=12 {codec} made.mkv"));
        ffmpeg(folder, &format!("-i made.mkv -c copy {packing} {entry}"));
        let url: Url = format!("http://{server}/{entry}").parse().unwrap();
        let reader = reader(&url);
        let presentation = reader.presentation(&url).await.unwrap();
        let pictures = Pictures::of(&reader, &presentation);
        for (seconds, key_s) in [(7.9, 6), (0.5, 0), (11.0, 10)] {
            let picture = pictures.at(seconds).await;
            assert_eq!(picture.time.nanos() / 100_000_000, i64::from(key_s) * 10, "{entry} {seconds}");
            let difference = difference(folder, "made.mkv", key_s, &picture);
            assert!(difference < 12.0, "{entry} at {seconds} s is {difference} away");
        }
    }
}

async fn chapters(url: &Url) -> Chapters {
    let reader = reader(url);
    let presentation = reader.presentation(url).await.unwrap();
    reader.chapters(&presentation).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chapters_of_files_and_playlists_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    let chapter = |start: u32, end: u32, title: &str| {
        format!("[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\ntitle={title}\n")
    };
    let meta = format!(";FFMETADATA1\n{}{}", chapter(0, 2_500, "Calm"), chapter(2_500, 6_000, "Sturm & Drang"));
    std::fs::write(folder.join("meta.txt"), meta).unwrap();
    let picture = "-f lavfi -i testsrc2=size=160x90:rate=25:duration=6 -i meta.txt -map 0 -map_chapters 1";
    let codec = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";
    let rows = [
        ("", "nero.mp4"),
        ("-movflags +disable_chpl", "track.mp4"),
        ("-movflags +disable_chpl+faststart", "front.mp4"),
        ("", "film.mkv"),
    ];
    for (packing, file) in rows {
        ffmpeg(folder, &format!("{picture} {codec} {packing} {file}"));
        let found = chapters(&format!("http://{server}/{file}").parse().unwrap()).await;
        let told: Vec<_> = found.as_slice().iter().map(|it| (it.start.nanos() / 1_000_000, it.title(None))).collect();
        assert_eq!(told, [(0, "Calm"), (2_500, "Sturm & Drang")], "{file}");
    }
    let document = r#"[{"start-time": 0, "titles": [{"language": "en", "title": "Calm"}]},
        {"start-time": 2.5, "titles": [{"language": "en", "title": "Storm"}, {"language": "de", "title": "Sturm"}]}]"#;
    std::fs::write(folder.join("chapters.json"), document).unwrap();
    let playlist = "#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"com.apple.hls.chapters\",URI=\"chapters.json\"\n\
        #EXT-X-STREAM-INF:BANDWIDTH=1\nnone.m3u8\n";
    std::fs::write(folder.join("master.m3u8"), playlist).unwrap();
    let found = chapters(&format!("http://{server}/master.m3u8").parse().unwrap()).await;
    assert_eq!(found.as_slice()[1].title(Some("de")), "Sturm");
    // Without any there are none, and that is no error.
    ffmpeg(folder, &format!("-f lavfi -i testsrc2=size=160x90:rate=25:duration=1 {codec} none.mp4"));
    assert!(chapters(&format!("http://{server}/none.mp4").parse().unwrap()).await.is_empty());
}
