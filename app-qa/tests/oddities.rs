//! What servers and packagers do that no specification has: each was found in, or made after, streams of others.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use support::files::serve;
use support::making::{H264, decoded, encode, ffmpeg, wanted};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const HLS: &str = "-c copy -f hls -hls_time 1 -hls_list_size 0 -hls_playlist_type vod";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Serves a folder of files that are stored compressed, and are sent so whatever is asked for.
async fn serve_coded(folder: &Path) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, folder) = (listener.local_addr().unwrap(), folder.to_owned());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let folder = folder.clone();
            tokio::spawn(async move {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).await.is_ok() {
                    head.push(byte[0]);
                }
                let text = String::from_utf8(head).unwrap();
                let path = text.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
                let body = gzip(&fs::read(folder.join(path)).unwrap_or_default());
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_serve_and_write_comes_through() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    encode(folder, 4, &format!("{H264} -c:a aac"), "made.mp4");
    let all = wanted(folder, "made.mp4");
    ffmpeg(folder, &format!("-i made.mp4 {HLS} list.m3u8"));
    let coded = serve_coded(folder).await;
    let (report, found) = decoded(coded, folder, "list.m3u8", &[]).await;
    assert!(report.ok && found == all, "coded: {:?}", report.errors);

    // Frames of 192 bytes, as far apart as packets of transport streams with timestamps are.
    for (file, arguments) in [("64.mp3", "-b:a 64k"), ("128.mp3", "-b:a 128k"), ("mp3.mp4", "-b:a 128k")] {
        ffmpeg(
            folder,
            &format!("-f lavfi -i sine=frequency=500:sample_rate=48000:duration=3 -c:a libmp3lame {arguments} {file}"),
        );
        let (report, _) = decoded(server, folder, file, &[]).await;
        let samples = report.audio.as_ref().map_or(0, |sound| sound.samples);
        assert!(report.ok && (143_000..148_000).contains(&samples), "{file}: {samples}, {:?}", report.errors);
    }

    // Old QuickTime files do not say what they are.
    let mut nameless = fs::read(folder.join("made.mp4")).unwrap();
    nameless[4..8].copy_from_slice(b"wide");
    fs::write(folder.join("nameless.mov"), nameless).unwrap();
    let (report, found) = decoded(server, folder, "nameless.mov", &[]).await;
    assert!(report.ok && found == all, "nameless: {:?}", report.errors);

    // A picture that comes when playback has begun without one is not shown, and that is said.
    ffmpeg(folder, &format!("-i made.mp4 -map 0:a {HLS} heard.m3u8"));
    let late = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nheard0.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:1,\nlist0.ts\n#EXT-X-ENDLIST\n";
    fs::write(folder.join("late.m3u8"), late).unwrap();
    let (report, _) = decoded(server, folder, "late.m3u8", &[]).await;
    assert!(report.errors.iter().any(|error| error.code == "media_missing"), "{:?}", report.errors);

    // Other angles and other languages are alternatives, in whatever container.
    ffmpeg(folder, "-i made.mp4 -vf hue=h=90 -c:a copy other.mp4");
    for file in ["two.mkv", "two.mp4", "two.ts"] {
        ffmpeg(folder, &format!("-i made.mp4 -i other.mp4 -map 0 -map 1 -c copy {file}"));
        let (report, found) = decoded(server, folder, file, &[]).await;
        assert!(report.ok && found == all, "{file}: {} pictures, {:?}", found.len(), report.errors);
    }

    // Sound that nobody here decodes is left out of a film; alone it is named.
    for (maps, file) in [("-map 0", "both.mp4"), ("-map 0:a", "alone.mp4")] {
        ffmpeg(folder, &format!("-i made.mp4 {maps} -c copy {file}"));
        let mut bytes = fs::read(folder.join(file)).unwrap();
        // An object type of 42 in place of what the descriptor of decoder-specific information begins with.
        let at = bytes.windows(5).position(|five| five == [5, 0x80, 0x80, 0x80, 5]).unwrap() + 5;
        bytes[at..at + 2].copy_from_slice(&[0xf9, 0x46]);
        fs::write(folder.join(file), bytes).unwrap();
    }
    let (report, found) = decoded(server, folder, "both.mp4", &[]).await;
    assert!(report.ok && found == all && report.audio.is_none(), "{:?}", report.errors);
    let (report, _) = decoded(server, folder, "alone.mp4", &[]).await;
    assert!(report.errors[0].message.contains("xHE-AAC"), "{:?}", report.errors);

    // A transport stream counts from anywhere, a film from its beginning.
    ffmpeg(folder, "-i made.mp4 -c copy -muxdelay 5 late.ts");
    for entry in ["late.ts", "one.m3u8"] {
        let one = "#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXTINF:12,\nlate.ts\n#EXT-X-ENDLIST\n";
        fs::write(folder.join("one.m3u8"), one).unwrap();
        let (report, found) = decoded(server, folder, entry, &[]).await;
        let first = report.video.as_ref().map_or(9.0, |video| video.first_pts_s);
        assert!(report.ok && found == all && first < 0.1, "{entry}: {first} {:?}", report.errors);
    }

    fs::write(folder.join("a.vtt"), "WEBVTT\n\n00:00.500 --> 00:01.000\none\n").unwrap();
    fs::write(folder.join("text.m3u8"), "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.vtt\n#EXT-X-ENDLIST\n")
        .unwrap();
    let (report, _) = decoded(server, folder, "text.m3u8", &[]).await;
    assert!(report.ok && report.text.len() == 1 && report.text[0].cues.len() == 1, "{:?}", report.errors);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_is_missing_costs_itself_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    encode(folder, 4, &format!("{H264} -c:a aac"), "made.mp4");
    let all = wanted(folder, "made.mp4");
    ffmpeg(folder, &format!("-i made.mp4 {HLS} -hls_segment_type fmp4 -hls_fmp4_init_filename i.mp4 list.m3u8"));
    let list = |files: [&str; 2]| {
        format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n",
            files[0], files[1]
        )
    };
    fs::write(folder.join("two.vtt"), "WEBVTT\n\n00:02.500 --> 00:03.000\ntwo\n").unwrap();
    fs::write(folder.join("page.vtt"), "<html>Sorry</html>").unwrap();
    fs::write(folder.join("en.m3u8"), list(["gone.vtt", "two.vtt"])).unwrap();
    fs::write(folder.join("de.m3u8"), list(["page.vtt", "two.vtt"])).unwrap();
    let media = |language: &str, uri: &str| {
        format!(
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"{language}\",LANGUAGE=\"{language}\",URI=\"{uri}\"\n"
        )
    };
    let renditions = media("en", "en.m3u8") + &media("de", "de.m3u8") + &media("fr", "gone.m3u8");
    let variant = "#EXT-X-STREAM-INF:BANDWIDTH=100000,SUBTITLES=\"s\"\nlist.m3u8\n";
    fs::write(folder.join("m.m3u8"), format!("#EXTM3U\n{renditions}{variant}")).unwrap();
    let (report, found) = decoded(server, folder, "m.m3u8", &[]).await;
    assert_eq!(found, all);
    let codes: Vec<&str> = report.errors.iter().map(|error| error.code.as_str()).collect();
    assert_eq!(codes, ["missing", "media_damaged", "missing"], "each says what it is");
    let texts: Vec<Vec<&str>> =
        report.text.iter().map(|track| track.cues.iter().map(|cue| cue.text.as_str()).collect()).collect();
    assert_eq!(texts, [vec!["two"], vec!["two"], vec![]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_that_is_not_there_is_replaced_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    encode(folder, 4, &format!("{H264} -c:a aac"), "made.mp4");
    let all = wanted(folder, "made.mp4");
    ffmpeg(folder, &format!("-i made.mp4 -map 0:v {HLS} picture.m3u8"));
    ffmpeg(folder, &format!("-i made.mp4 -map 0:a {HLS} sound.m3u8"));
    let media = |name: &str, more: &str| {
        format!("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"s\",NAME=\"{name}\",URI=\"{name}.m3u8\"{more}\n")
    };
    let variant = "#EXT-X-STREAM-INF:BANDWIDTH=100000,AUDIO=\"s\"\npicture.m3u8\n";
    let gone = media("gone", ",DEFAULT=YES,AUTOSELECT=YES");
    fs::write(folder.join("m.m3u8"), format!("#EXTM3U\n{gone}{}{variant}", media("sound", ""))).unwrap();
    let (report, found) = decoded(server, folder, "m.m3u8", &[]).await;
    let samples = report.audio.as_ref().map_or(0, |sound| sound.samples);
    assert!(report.ok && found == all && samples > 180_000, "{samples}, {:?}", report.errors);
    // Where there is no other, silence is not what was promised.
    fs::write(folder.join("m.m3u8"), format!("#EXTM3U\n{gone}{variant}")).unwrap();
    let (report, _) = decoded(server, folder, "m.m3u8", &[]).await;
    assert!(report.errors.iter().any(|error| error.code == "missing"), "{:?}", report.errors);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segment_counted_in_vain_is_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    encode(folder, 4, &format!("{H264} -c:a aac"), "made.mkv");
    let all = wanted(folder, "made.mkv");
    ffmpeg(folder, "-i made.mkv -c copy -f dash -seg_duration 1 -use_timeline 0 -use_template 1 made.mpd");
    let text = fs::read_to_string(folder.join("made.mpd")).unwrap();
    let (before, behind) = text.split_once("mediaPresentationDuration=\"").unwrap();
    let behind = behind.split_once('"').unwrap().1;
    // A little longer than the media, and a whole segment longer.
    for (length, ok) in [("PT4.3S", true), ("PT4.9S", false)] {
        fs::write(folder.join("m.mpd"), format!("{before}mediaPresentationDuration=\"{length}\"{behind}")).unwrap();
        let (report, found) = decoded(server, folder, "m.mpd", &[]).await;
        assert_eq!(found, all, "{length}");
        assert_eq!(report.ok, ok, "{length}: {:?}", report.errors);
    }
}
