//! Real streams by others: each comes through whole, with the very frames that another decoder makes of it.
#![allow(clippy::unwrap_used)]

mod support;

use app_qa::decode::args::{CdmArgs, DecodeArgs, GivenKey, WantedRung};
use app_qa::decode::decode;
use app_qa::decode::report::DecodeReport;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use support::files::{hashes_of, serve};

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
        let hashes = scratch.path().join("frames.md5");
        let _ = std::fs::remove_file(&hashes);
        let in_playlist = stream.key_delivery.contains("playlist");
        let keys = stream.keys.iter().filter(|_| !in_playlist).map(|(id, key)| format!("{id}:{key}"));
        let arguments = DecodeArgs {
            url: format!("http://{address}/{}", stream.entry).parse().unwrap(),
            key: keys.map(|key| key.parse::<GivenKey>().unwrap()).collect(),
            licence: None,
            header: Vec::new(),
            cdm: CdmArgs::default(),
            rung: WantedRung::Highest,
            frame_hashes: Some(hashes.clone()),
            json: None,
        };
        let report = decode(&arguments).await.unwrap();
        let mut wanted = stream.frame_hashes.as_ref().map(|file| hashes_of(&folder.join(file))).unwrap_or_default();
        // Where periods share a file, the reference has it once for each.
        if stream.n_video_frames > 0 && wanted.len().is_multiple_of(stream.n_video_frames) {
            wanted.truncate(stream.n_video_frames);
        }
        complaints.extend(complaint(stream, &report, &wanted, &hashes_of(&hashes)));
    }
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), index.streams.len(), complaints.join("\n"));
}
