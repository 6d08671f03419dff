//! What files and manifests are seldom: cut short, elsewhere, edited, at several places, of high dynamic range.
#![allow(clippy::unwrap_used)]

mod support;

use player_core::frame::VideoFrame;
use player_core::net::HttpFetcher;
use player_core::pipeline::gst::{GstOutput, GstPipeline};
use player_core::{Command, PlaybackState, Player, PlayerConfig, PlayerOptions};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use support::files::serve;
use support::making::{H264, decoded, encode, ffmpeg, wanted};

const HLS: &str = "-c copy -f hls -hls_time 1 -hls_list_size 0 -hls_playlist_type vod";

fn cut(folder: &Path, file: &str, length: usize) {
    let whole = fs::read(folder.join(file)).unwrap();
    fs::write(folder.join(file), &whole[..length.min(whole.len())]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_that_are_missing_are_an_error_and_announced_gaps_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    encode(folder, 4, &format!("{H264} -c:a aac"), "made.mkv");
    ffmpeg(folder, &format!("-i made.mkv {HLS} ts.m3u8"));
    ffmpeg(folder, &format!("-i made.mkv {HLS} -hls_segment_type fmp4 -hls_fmp4_init_filename i.mp4 f.m3u8"));
    ffmpeg(
        folder,
        "-i made.mkv -map 0:a -c copy -f segment -segment_time 1 -segment_format adts -segment_list p.m3u8 -segment_list_type m3u8 p%d.aac",
    );
    for (list, segment) in [("ts.m3u8", "ts1.ts"), ("ts.m3u8", "ts3.ts"), ("f.m3u8", "f1.m4s"), ("p.m3u8", "p1.aac")] {
        let (report, _) = decoded(server, folder, list, &[]).await;
        assert!(report.ok, "{list}: {:?}", report.errors);
        let whole = fs::read(folder.join(segment)).unwrap();
        // In the middle of a packet, and between two.
        for half in [whole.len() / 2 + 1, whole.len() / 2 / 188 * 188] {
            cut(folder, segment, half);
            let (report, _) = decoded(server, folder, list, &[]).await;
            let codes: Vec<&str> = report.errors.iter().map(|error| error.code.as_str()).collect();
            let named = codes.contains(&"media_missing") || codes.contains(&"segment_skipped");
            assert!(!report.ok && named, "{segment} of {half} bytes: {codes:?}");
            fs::write(folder.join(segment), &whole).unwrap();
        }
    }
    let list = fs::read_to_string(folder.join("ts.m3u8")).unwrap();
    let gap = list.replace("ts1.ts", "gone.ts").replace("gone.ts", "#EXT-X-GAP\ngone.ts");
    fs::write(folder.join("gap.m3u8"), gap).unwrap();
    let (report, found) = decoded(server, folder, "gap.m3u8", &[]).await;
    assert!(report.ok && found.len() == 75, "{:?}, {} pictures", report.errors, found.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_beside_their_period_are_shown_and_places_that_fail_are_left() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    encode(folder, 4, &format!("{H264} -c:a aac"), "made.mkv");
    let all = wanted(folder, "made.mkv");
    for (how, name) in [("-use_timeline 1", "time.mpd"), ("-use_timeline 0 -use_template 1", "number.mpd")] {
        ffmpeg(folder, &format!("-i made.mkv -c copy -output_ts_offset 1000 -f dash -seg_duration 1 {how} {name}"));
        let text = fs::read_to_string(folder.join(name)).unwrap();
        // As if nobody had said where the media begin.
        let text = text.replace("presentationTimeOffset", "unknown").replace("start=\"PT1000.0S\"", "start=\"PT0S\"");
        fs::write(folder.join(name), text).unwrap();
        let (report, found) = decoded(server, folder, name, &[]).await;
        assert!(report.ok, "{name}: {:?}", report.errors);
        assert_eq!(found, all, "{name}");
    }
    ffmpeg(folder, "-i made.mkv -c copy -f dash -seg_duration 1 bases.mpd");
    let text = fs::read_to_string(folder.join("bases.mpd")).unwrap();
    let bases = format!("<BaseURL>http://{server}/nothing/</BaseURL><BaseURL>http://{server}/</BaseURL><Period");
    fs::write(folder.join("bases.mpd"), text.replacen("<Period", &bases, 1)).unwrap();
    let (report, found) = decoded(server, folder, "bases.mpd", &[]).await;
    assert!(report.ok && found == all, "{:?}", report.errors);
}

/// The file with other edits: `elst` of its two tracks replaced.
fn edited(file: &[u8], lists: [&[(u32, i32, u16)]; 2]) -> Vec<u8> {
    fn rebuild(data: &[u8], path: &[&[u8]], lists: &mut dyn Iterator<Item = Vec<u8>>) -> Vec<u8> {
        let (mut rebuilt, mut rest) = (Vec::new(), data);
        while rest.len() >= 8 {
            let size = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            let (this, behind) = rest.split_at(size);
            let body = match path {
                [last] if this[4..8] == **last => lists.next().unwrap(),
                [first, inner @ ..] if this[4..8] == **first => rebuild(&this[8..], inner, lists),
                _ => this[8..].to_vec(),
            };
            rebuilt.extend((body.len() as u32 + 8).to_be_bytes());
            rebuilt.extend(&this[4..8]);
            rebuilt.extend(body);
            rest = behind;
        }
        rebuilt
    }
    let mut lists = lists.into_iter().map(|list| {
        let mut body = [0u32.to_be_bytes(), (list.len() as u32).to_be_bytes()].concat();
        for (duration, start, rate) in list {
            body.extend(duration.to_be_bytes());
            body.extend(start.to_be_bytes());
            body.extend(rate.to_be_bytes());
            body.extend([0, 0]);
        }
        body
    });
    rebuild(file, &[b"moov", b"trak", b"edts", b"elst"], &mut lists)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_show_what_they_say_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    encode(folder, 4, &format!("{H264} -c:a aac"), "made.mp4");
    let (file, all) = (fs::read(folder.join("made.mp4")).unwrap(), wanted(folder, "made.mp4"));
    // Pictures count 12,800 in a second and begin two pictures late, sound 48,000.
    let picture = |seconds: f64| (seconds * 12_800.0) as i32 + 1024;
    let sound = |seconds: f64| (seconds * 48_000.0) as i32 + 1024;
    let parts = |spans: &[std::ops::Range<usize>]| spans.iter().flat_map(|span| all[span.clone()].to_vec()).collect();
    let at_key_frames = [(1_000, 2.0), (1_000, 0.0)];
    let anywhere = [(1_000, 0.4), (1_000, 2.48), (480, 1.2)];
    let wanted: [Vec<String>; 2] = [parts(&[50..75, 0..25]), parts(&[10..35, 62..87, 30..42])];
    for (edits, wanted) in [&at_key_frames[..], &anywhere].into_iter().zip(&wanted) {
        let pictures: Vec<_> = edits.iter().map(|(length, at)| (*length, picture(*at), 1)).collect();
        let sounds: Vec<_> = edits.iter().map(|(length, at)| (*length, sound(*at), 1)).collect();
        fs::write(folder.join("edited.mp4"), edited(&file, [&pictures, &sounds])).unwrap();
        assert_eq!(support::making::wanted(folder, "edited.mp4"), *wanted, "what ffmpeg shows");
        let (report, found) = decoded(server, folder, "edited.mp4", &[]).await;
        assert!(report.ok, "{:?}", report.errors);
        assert_eq!(found, *wanted);
    }
    // The same in fragments, where ffmpeg knows the first edit alone.
    ffmpeg(folder, "-i made.mp4 -c copy -movflags frag_keyframe+delay_moov+default_base_moof fragmented.mp4");
    let fragmented = fs::read(folder.join("fragmented.mp4")).unwrap();
    let pictures: Vec<_> = anywhere.iter().map(|(length, at)| (*length, picture(*at), 1)).collect();
    let sounds: Vec<_> = anywhere.iter().map(|(length, at)| (*length, sound(*at), 1)).collect();
    fs::write(folder.join("edited.mp4"), edited(&fragmented, [&pictures, &sounds])).unwrap();
    let (report, found) = decoded(server, folder, "edited.mp4", &[]).await;
    assert!(report.ok && found == wanted[1], "{} pictures, {:?}", found.len(), report.errors);
    // An edit that shows nothing of the media is no film, and that is said at once.
    let nothing = [(1_000, picture(100.0), 1)];
    fs::write(folder.join("edited.mp4"), edited(&file, [&nothing, &[(1_000, sound(100.0), 1)]])).unwrap();
    let (report, _) = decoded(server, folder, "edited.mp4", &[]).await;
    assert!(report.errors.iter().any(|error| error.code == "nothing_playable"), "{:?}", report.errors);
    // Nothing for half a second, then a picture that stands still: ffmpeg knows neither.
    let pictures = [(600, picture(0.0), 1), (500, -1, 1), (2_000, picture(1.0), 0), (400, picture(2.0), 1)];
    fs::write(folder.join("edited.mp4"), edited(&file, [&pictures, &[(3_500, sound(0.0), 1)]])).unwrap();
    let (report, found) = decoded(server, folder, "edited.mp4", &[]).await;
    let last = report.video.as_ref().map_or(0.0, |video| video.last_pts_s);
    assert!(report.ok && (last - 3.46).abs() < 0.01, "{last} {:?}", report.errors);
    assert_eq!(found, parts(&[0..15, 25..26, 50..60]) as Vec<String>);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_in_latm_and_in_files_without_a_container_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    encode(folder, 2, &format!("{H264} -c:a aac -mpegts_flags latm"), "latm.ts");
    for (codec, file) in [("aac", "a.aac"), ("libmp3lame", "a.mp3"), ("ac3", "a.ac3"), ("flac", "a.flac")] {
        ffmpeg(folder, &format!("-f lavfi -i sine=sample_rate=48000:duration=2 -c:a {codec} {file}"));
    }
    for file in ["latm.ts", "a.aac", "a.mp3", "a.ac3", "a.flac"] {
        let (report, _) = decoded(server, folder, file, &[]).await;
        let samples = report.audio.as_ref().map_or(0, |sound| sound.samples);
        assert!(report.ok && (96_000..100_000).contains(&samples), "{file}: {samples}, {:?}", report.errors);
    }
}

/// The middle of the last picture that the player shows, as its surface gets it.
async fn shown(url: &str) -> (VideoFrame, [u8; 3]) {
    let config = PlayerConfig::default();
    let fetcher = Arc::new(HttpFetcher::new(&config.net).unwrap());
    let output = GstOutput { audible: false, paced: false, drop_late: false, ..GstOutput::default() };
    let options =
        PlayerOptions { config, ..PlayerOptions::new(url.parse().unwrap(), fetcher, GstPipeline::factory(output)) };
    let player = Player::spawn(&tokio::runtime::Handle::current(), options);
    let last: Arc<Mutex<Option<VideoFrame>>> = Arc::default();
    let kept = last.clone();
    player.frames().observe(Arc::new(move |frame| *kept.lock().unwrap() = Some(frame.clone())));
    player.send(Command::Play);
    let mut changes = player.subscribe();
    let over = |state| matches!(state, PlaybackState::Ended | PlaybackState::Failed);
    tokio::time::timeout(support::AGES, changes.wait_for(|snapshot| over(snapshot.state))).await.unwrap().unwrap();
    assert_eq!(player.snapshot().error, None);
    player.send(Command::Stop);
    player.closed().await;
    let frame = last.lock().unwrap().take().unwrap();
    let row = frame.rows(0).nth(frame.height as usize / 2).unwrap().to_vec();
    let at = frame.width as usize / 2 * 4;
    (frame, row[at..at + 3].try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_of_high_dynamic_range_are_shown_as_an_ordinary_display_can() {
    use player_core::frame::PixelFormat;
    use player_core::manifest::DynamicRange;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    // 58 % of PQ and 75 % of HLG are the white of ordinary content, 203 cd/m².
    let grey = |number: u32| {
        format!("-f lavfi -i color=size=160x90:rate=25:duration=1,format=yuv420p10le,geq=lum={number}:cb=512:cr=512")
    };
    let h265 = |transfer: &str| {
        format!(
            "-c:v libx265 -preset ultrafast -x265-params log-level=error:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
        )
    };
    let vp9 = "-c:v libvpx-vp9 -profile:v 2 -deadline realtime -cpu-used 8 -b:v 500k -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc";
    for (number, codec, file, range) in [
        (573, h265("smpte2084"), "pq.mp4", DynamicRange::Pq),
        (721, h265("arib-std-b67"), "hlg.mp4", DynamicRange::Hlg),
        (573, vp9.to_owned(), "pq.webm", DynamicRange::Pq),
        (573, vp9.to_owned(), "pq-vp9.mp4", DynamicRange::Pq),
    ] {
        ffmpeg(folder, &format!("{} {codec} -strict -2 {file}", grey(number)));
        let (frame, rgb) = shown(&format!("http://{server}/{file}")).await;
        assert_eq!((frame.format, frame.colour.dynamic_range()), (PixelFormat::Rgba, range), "{file}");
        assert!(rgb.iter().all(|part| part.abs_diff(231) <= 6), "{file}: {rgb:?}");
    }
    // Ordinary light of ten bits stays what it is.
    ffmpeg(folder, &format!("{} -c:v libx265 -preset ultrafast -x265-params log-level=error sdr.mp4", grey(502)));
    let (frame, rgb) = shown(&format!("http://{server}/sdr.mp4")).await;
    assert_eq!(frame.colour.dynamic_range(), DynamicRange::Sdr);
    assert!(rgb.iter().all(|part| part.abs_diff(127) <= 4), "{rgb:?}");
}
