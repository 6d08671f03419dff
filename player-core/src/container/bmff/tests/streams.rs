//! Streams of other packagers, where they are at hand.

use super::*;
use crate::drm::{ContentKey, KeyId, cenc};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The folder with `index.json`.
fn streams() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/streams");
    let folder = std::env::var_os("LUMEN_STREAMS").map_or(beside, PathBuf::from);
    let found = folder.join("index.json").is_file();
    if !found {
        eprintln!("skipped: no streams in {}", folder.display());
    }
    found.then_some(folder)
}

/// A number in hexadecimal.
fn bytes(hex: &str) -> [u8; 16] {
    u128::from_str_radix(hex, 16).unwrap().to_be_bytes()
}

/// Initialisation and media of each rendition in a folder: whole files, or an initialisation and the segments named
/// like it.
fn renditions(folder: &Path) -> Vec<(PathBuf, Vec<PathBuf>)> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.push(path);
        }
    }
    files.sort_by_key(|path| (path.parent().map(Path::to_owned), path.as_os_str().len(), path.clone()));
    let extension = |path: &&PathBuf| path.extension().is_some_and(|end| end == "mp4" || end == "m4s");
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut found = Vec::new();
    for path in files.iter().filter(extension) {
        let data = std::fs::read(path).unwrap();
        let has = |kind| boxes::find(&data, kind).unwrap().is_some();
        if !has(b"moov") {
            continue;
        }
        if has(b"moof") || has(b"mdat") {
            found.push((path.clone(), vec![path.clone()]));
            continue;
        }
        // `video_init.mp4` and `video_1.m4s`, or `init-stream0.m4s` and `chunk-stream0-1.m4s`.
        let prefix = match name(path).strip_prefix("init-").and_then(|rest| rest.strip_suffix(".m4s")) {
            Some(stream) => format!("chunk-{stream}-"),
            None => name(path).split("init").next().unwrap().to_owned(),
        };
        let belongs = |other: &&PathBuf| {
            let middle =
                name(other).strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".m4s")).map(str::to_owned);
            other.parent() == path.parent() && middle.is_some_and(|rest| rest.parse::<u32>().is_ok())
        };
        found.push((path.clone(), files.iter().filter(belongs).cloned().collect()));
    }
    found
}

#[test]
fn every_file_of_other_packagers_is_read_decrypted_and_complete() {
    let Some(folder) = streams() else { return };
    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("index.json")).unwrap()).unwrap();
    let (mut files, mut matched) = (0, 0);
    for stream in index["streams"].as_array().unwrap() {
        let id = stream["id"].as_str().unwrap();
        let pairs = stream["keys"].as_object().unwrap().iter();
        let keys: HashMap<KeyId, ContentKey> =
            pairs.map(|(id, key)| (KeyId(bytes(id)), ContentKey(bytes(key.as_str().unwrap())))).collect();
        let mut counts = Vec::new();
        for (init_path, segments) in renditions(&folder.join(stream["dir"].as_str().unwrap())) {
            let init_data = std::fs::read(&init_path).unwrap();
            let init = InitSegment::parse(&init_data).unwrap_or_else(|error| panic!("{init_path:?}: {error}"));
            let (mut count, mut end) = (0, None);
            for path in segments {
                files += 1;
                let media = Bytes::from(std::fs::read(&path).unwrap());
                let mut demuxed = demux(&media, &init).unwrap_or_else(|error| panic!("{path:?}: {error}"));
                assert_eq!(demuxed.streams.len(), 1, "{path:?}");
                let stream = &mut demuxed.streams[0];
                assert!(stream.samples[0].keyframe, "{path:?}");
                for sample in &mut stream.samples {
                    assert!(end.is_none_or(|end| sample.dts > end), "{path:?} at {}", sample.dts);
                    end = Some(sample.dts);
                    if let Some(protection) = &sample.protection {
                        let key = keys[&protection.key_id];
                        cenc::decrypt(sample, &key);
                    }
                }
                let units = stream.samples.iter().map(|sample| &sample.data);
                assert!(cenc::looks_like_media(&stream.format.codec, units), "{path:?}");
                if stream.kind == TrackKind::Video {
                    count += stream.samples.iter().filter(|sample| !sample.hidden).count() as u64;
                }
            }
            counts.push(count);
        }
        let expected = stream["n_video_frames"].as_u64().unwrap();
        if counts.contains(&expected) {
            matched += 1;
        } else if counts.iter().any(|count| *count > 0) {
            eprintln!("{id}: {expected} pictures expected, {counts:?} in files");
        }
    }
    assert!(files > 100 && matched >= 15, "{matched} streams, {files} files");
}
