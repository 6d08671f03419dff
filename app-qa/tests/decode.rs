//! Whole presentations of many kinds, made by ffmpeg: each comes through with ffmpeg's own pictures, or fails by name.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};
use support::files::serve;
use support::making::{H264, H265, decoded, encode, ffmpeg, wanted};

const HLS: &str = "-f hls -hls_time 1 -hls_list_size 0 -hls_playlist_type vod";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_streams_of_many_kinds_come_through_frame_by_frame() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder.to_owned()).await;
    let packed = "-c copy -f hls -hls_time 1 -hls_list_size 0 -hls_playlist_type vod";
    // What is encoded, how it is packed, what is asked for.
    let rows = [
        (format!("{H264} -c:a aac"), "-movflags +frag_keyframe+empty_moov+default_base_moof", "fragments.mp4"),
        (format!("{H264} -c:a aac"), "", "plain.ts"),
        (format!("{H264} -c:a libmp3lame"), "", "mp3.mp4"),
        (format!("{H265} -c:a ac3"), "", "ac3.mkv"),
        ("-c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis".into(), "-live 1", "no-length.webm"),
        (H264.replace("yuv420p", "yuv422p"), "", "fine-chroma.mp4"),
        (format!("{H264} -c:a libmp3lame"), packed, "mp3.m3u8"),
        (format!("{H264} -c:a aac"), "-output_ts_offset 95442.7 -muxdelay 0 -c copy -f hls -hls_time 1", "wrap.m3u8"),
        (format!("{H265} -c:a aac"), "-c copy -f dash -seg_duration 1", "hevc.mpd"),
    ];
    for (codecs, packing, entry) in rows {
        encode(folder, 2, &codecs, "made.mkv");
        ffmpeg(folder, &format!("-i made.mkv -c copy {packing} {entry}"));
        let wanted = wanted(folder, "made.mkv");
        let (report, found) = decoded(server, folder, entry, &[]).await;
        assert!(report.ok && wanted.len() == 50, "{entry}: {:?}", report.errors);
        assert_eq!(found, wanted, "{entry}");
        let sound = report.audio.map_or(0, |sound| sound.samples);
        assert!(entry == "fine-chroma.mp4" || (90_000..110_000).contains(&sound), "{entry}: {sound} samples");
    }
    // A cut between key frames: what is before it is decoded and not shown.
    encode(folder, 2, &format!("{H264} -c:a aac"), "whole.mp4");
    ffmpeg(folder, "-ss 0.7 -i whole.mp4 -c copy cut.mp4");
    assert_eq!(decoded(server, folder, "cut.mp4", &[]).await.1, wanted(folder, "cut.mp4"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codec_and_container_change_at_a_discontinuity() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut playlist = String::from("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n");
    let mut all = Vec::new();
    let parts = [(H264, "aac", "mpegts"), (H265, "aac", "fmp4"), (H264, "libmp3lame", "mpegts")];
    for (number, (video, audio, kind)) in parts.into_iter().enumerate() {
        let made = format!("made{number}.mkv");
        encode(folder, 2, &format!("{video} -c:a {audio}"), &made);
        all.extend(wanted(folder, &made));
        let names = format!("-hls_fmp4_init_filename init{number}.mp4 -hls_segment_filename part{number}-%d.{kind}");
        ffmpeg(folder, &format!("-i {made} -c copy {HLS} -hls_segment_type {kind} {names} part{number}.m3u8"));
        let part = std::fs::read_to_string(folder.join(format!("part{number}.m3u8"))).unwrap();
        playlist.push_str("#EXT-X-DISCONTINUITY\n");
        let kept =
            |line: &&str| !line.starts_with('#') || line.starts_with("#EXTINF") || line.starts_with("#EXT-X-MAP");
        part.lines().filter(kept).for_each(|line| playlist.extend([line, "\n"]));
    }
    std::fs::write(folder.join("all.m3u8"), playlist + "#EXT-X-ENDLIST\n").unwrap();
    let server = serve(folder.to_owned()).await;
    let (report, found) = decoded(server, folder, "all.m3u8", &[]).await;
    assert!(report.ok, "{:?}", report.errors);
    assert_eq!(found, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_come_through_ends_soon_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    encode(folder, 2, "-c:v mpeg4 -c:a aac", "mpeg4.mp4");
    encode(folder, 2, "-c:v mpeg2video -c:a mp2", "mpeg2.ts");
    encode(folder, 2, &format!("{H264} -c:a aac"), "made.mkv");
    ffmpeg(folder, &format!("-i made.mkv -c copy {HLS} holes.m3u8"));
    std::fs::remove_file(folder.join("holes1.ts")).unwrap();
    ffmpeg(folder, "-i made.mkv -c copy whole.mp4");
    let whole = std::fs::read(folder.join("whole.mp4")).unwrap();
    std::fs::write(folder.join("cut.mp4"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(folder.join("page.mpd"), "<!DOCTYPE html><html><body>Not found</body></html>").unwrap();
    std::fs::write(folder.join("nothing.m3u8"), "").unwrap();
    let server = serve(folder.to_owned()).await;
    for (entry, codes) in [
        ("mpeg4.mp4", &["codec_unsupported"][..]),
        ("mpeg2.ts", &["codec_unsupported"]),
        ("holes.m3u8", &["segment_skipped"]),
        ("cut.mp4", &["media_damaged", "container_unsupported"]),
        ("page.mpd", &["manifest_invalid"]),
        ("nothing.m3u8", &["manifest_invalid"]),
        ("absent.mpd", &["missing"]),
    ] {
        let begun = Instant::now();
        let (report, _) = decoded(server, folder, entry, &[]).await;
        assert!(!report.ok && begun.elapsed() < Duration::from_secs(10), "{entry} in {:?}", begun.elapsed());
        let code = report.errors.first().map(|error| error.code.as_str()).unwrap_or_default();
        assert!(codes.contains(&code), "{entry}: {:?}", report.errors);
    }
}
