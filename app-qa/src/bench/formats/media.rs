//! Demultiplexing beside `ffmpeg -c copy -f null`.

use super::{Folder, compare, fastest, output, speed};
use crate::sim::table::Table;
use bytes::Bytes;
use player_core::container;
use std::path::Path;

/// Names of containers, endings of files, and what ffmpeg must be told.
const CONTAINERS: [(&str, &str, &[&str]); 3] = [
    ("fragmented MP4", "mp4", &["-movflags", "+frag_keyframe+empty_moov+default_base_moof"]),
    ("MPEG-TS", "ts", &[]),
    ("Matroska (WebM)", "mkv", &[]),
];

/// Speed with a film of so many megabytes.
pub(super) fn table(folder: &Folder, megabytes: u32) -> anyhow::Result<Table> {
    let clip = clip(folder)?;
    let clip_bytes = std::fs::metadata(&clip)?.len().max(1);
    let more = (u64::from(megabytes) * 1_000_000 / clip_bytes).saturating_sub(1).to_string();
    let mut table = Table::new(["container", "MB/s", "ffmpeg MB/s", "ratio"]);
    for (name, ending, arguments) in CONTAINERS {
        let (file, start) = (folder.path(&format!("film.{ending}")), folder.path(&format!("start.{ending}")));
        let make = |times: &str, end: &[&str], file: &str| {
            let before = ["-v", "error", "-y", "-stream_loop", times, "-i", &clip, "-c", "copy"];
            output("ffmpeg", &[&before[..], end, arguments, &[file]].concat())
        };
        make(&more, &[], &file)?;
        make("0", &["-t", "0.2"], &start)?;
        // What it takes to start a program is not what is measured.
        let theirs = fastest(|| copy(&file))?.saturating_sub(fastest(|| copy(&start))?);
        let ours = fastest(|| read(Path::new(&file)))?;
        let bytes = usize::try_from(std::fs::metadata(&file)?.len())?;
        compare(&mut table, name, speed(bytes, ours), speed(bytes, theirs));
    }
    Ok(table)
}

/// Five seconds of moving pictures at a high bitrate, and sound.
fn clip(folder: &Folder) -> anyhow::Result<String> {
    let clip = folder.path("clip.mp4");
    let arguments = [
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=1280x720:rate=25,noise=alls=40:allf=t",
        "-f",
        "lavfi",
        "-i",
        "sine=sample_rate=48000",
        "-t",
        "5",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-g",
        "50",
        "-pix_fmt",
        "yuv420p",
        "-b:v",
        "10M",
        "-maxrate",
        "10M",
        "-bufsize",
        "10M",
        "-c:a",
        "aac",
        "-b:a",
        "128k",
        &clip,
    ];
    output("ffmpeg", &arguments)?;
    Ok(clip)
}

fn copy(file: &str) -> anyhow::Result<()> {
    output("ffmpeg", &["-v", "error", "-nostdin", "-i", file, "-map", "0", "-c", "copy", "-f", "null", "-"]).map(|_| ())
}

/// From the file to samples. Reading it is part of it, as it is for the other.
fn read(file: &Path) -> anyhow::Result<container::Demuxed> {
    let demuxed = container::demux(&Bytes::from(std::fs::read(file)?), None, None)?;
    let samples = demuxed.streams.iter().filter(|stream| !stream.samples.is_empty()).count();
    anyhow::ensure!(samples == 2, "{}: {samples} streams", file.display());
    Ok(demuxed)
}
