//! Real streams by others: each comes through whole, with the very frames that another decoder makes of it.
#![allow(clippy::unwrap_used)]

mod support;

use app_qa::decode::report::DecodeReport;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use support::files::{hashes_of, serve};
use support::making::decoded;

#[derive(Deserialize)]
struct Index {
    streams: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    id: String,
    entry: String,
    keys: BTreeMap<String, String>,
    key_delivery: String,
    frame_hashes: Option<String>,
    n_video_frames: usize,
}

fn streams() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/streams");
    let folder = std::env::var_os("LUMEN_STREAMS").map_or(beside, PathBuf::from);
    folder.join("index.json").is_file().then_some(folder)
}

/// What is wrong with a stream, in one line.
fn complaint(stream: &Stream, report: &DecodeReport, wanted: &[String], found: &[String]) -> Option<String> {
    let frames = report.video.as_ref().map_or(0, |video| video.frames);
    let errors: Vec<String> = report.errors.iter().map(|error| format!("{}: {}", error.code, error.message)).collect();
    let same = wanted == found;
    let right = report.ok && frames == stream.n_video_frames && same;
    (!right).then(|| format!("{}: {frames} of {} frames, same {same}, {errors:?}", stream.id, stream.n_video_frames))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_streams_come_through_frame_by_frame() {
    let Some(folder) = streams() else {
        eprintln!("skipped: the folder of streams is not here");
        return;
    };
    let index: Index = serde_json::from_slice(&std::fs::read(folder.join("index.json")).unwrap()).unwrap();
    let address = serve(folder.clone()).await;
    let scratch = tempfile::tempdir().unwrap();
    let mut complaints = Vec::new();
    for stream in &index.streams {
        let in_playlist = stream.key_delivery.contains("playlist");
        let keys = stream.keys.iter().filter(|_| !in_playlist).map(|(id, key)| format!("{id}:{key}"));
        let keys: Vec<String> = keys.collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let (report, found) = decoded(address, scratch.path(), &stream.entry, &keys).await;
        let mut wanted = stream.frame_hashes.as_ref().map(|file| hashes_of(&folder.join(file))).unwrap_or_default();
        // Where periods share a file, the reference has it once for each.
        if stream.n_video_frames > 0 && wanted.len().is_multiple_of(stream.n_video_frames) {
            wanted.truncate(stream.n_video_frames);
        }
        complaints.extend(complaint(stream, &report, &wanted, &found));
    }
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), index.streams.len(), complaints.join("\n"));
}
