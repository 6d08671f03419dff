//! Real manifests with their files, as far as they are there: `LUMEN_STREAMS`, or the folder `shared/streams` beside
//! the workspace.

use super::super::{ByteSource, IndexPart, IndexSource, IndexedFile, Presentation, SegmentRef, TrackKind};
use super::{close_gaps, presentation};
use crate::container::index::{self, IndexRead};
use std::path::{Path, PathBuf};
use url::Url;

fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/streams");
    let folder = std::env::var_os("LUMEN_STREAMS").map_or(beside, PathBuf::from);
    let found = folder.join("index.json").exists();
    if !found {
        eprintln!("skipped: there are no streams in {}", folder.display());
    }
    found.then_some(folder)
}

fn entries(folder: &Path) -> Vec<(String, PathBuf, Option<f64>)> {
    let text = std::fs::read_to_string(folder.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_str(&text).unwrap();
    let streams = index["streams"].as_array().unwrap().iter().filter(|stream| stream["protocol"] == "dash");
    let entry = |stream: &serde_json::Value| {
        let entry = folder.join(stream["entry"].as_str().unwrap());
        (stream["id"].as_str().unwrap().to_owned(), entry, stream["expected_duration_s"].as_f64())
    };
    streams.map(entry).collect()
}

fn open(entry: &Path) -> (Presentation, Url) {
    let base: Url = "http://streams.test/".parse().unwrap();
    let found = presentation(&std::fs::read(entry).unwrap(), &base);
    (found.unwrap_or_else(|error| panic!("{}: {error}", entry.display())), base)
}

fn path_of(entry: &Path, source: &ByteSource) -> PathBuf {
    entry.parent().unwrap().join(source.url.path().trim_start_matches('/'))
}

fn bytes(entry: &Path, source: &ByteSource) -> Vec<u8> {
    let path = path_of(entry, source);
    let all = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let Some((first, length)) = source.range else { return all };
    let first = (first as usize).min(all.len());
    all[first..(first as u64 + length).min(all.len() as u64) as usize].to_vec()
}

fn indexed(entry: &Path, file: &IndexedFile) -> Vec<SegmentRef> {
    let mut range = file.index.unwrap_or((0, 64 << 10));
    for _ in 0..8 {
        let source = ByteSource { url: file.url.clone(), range: Some(range) };
        match index::read(&bytes(entry, &source), range.0, file).unwrap() {
            IndexRead::Done(segments) => return segments,
            IndexRead::More(next) => range = next,
        }
    }
    panic!("{} asks on and on", file.url)
}

fn segments(entry: &Path, index: &IndexSource) -> Vec<SegmentRef> {
    match index {
        IndexSource::Known(index) => index.segments.clone(),
        IndexSource::Playlist(url) => panic!("{url}"),
        IndexSource::Parts(parts) => close_gaps(
            parts
                .iter()
                .flat_map(|part| match part {
                    IndexPart::Known(segments) => segments.clone(),
                    IndexPart::File(file) => indexed(entry, file),
                })
                .collect(),
        ),
    }
}

#[test]
fn real_manifests_lead_to_segments_that_cover_the_presentation() {
    let Some(folder) = folder() else { return };
    for (id, entry, expected) in entries(&folder) {
        let (found, _) = open(&entry);
        let tracks = found
            .tracks
            .iter()
            .chain(&found.trick_play)
            .flat_map(|track| track.representations.iter().map(move |rung| (track.kind, &rung.index)));
        let pictures = found.thumbnails.iter().map(|track| (TrackKind::Text, &track.index));
        let mut longest = 0.0f64;
        for (kind, index) in tracks.chain(pictures) {
            let segments = segments(&entry, index);
            assert!(!segments.is_empty(), "{id}");
            for two in segments.windows(2) {
                assert!(two[0].start < two[1].start && two[0].end() == two[1].start, "{id}");
                assert!(two[0].epoch <= two[1].epoch && two[0].number < two[1].number, "{id}");
            }
            let end = segments.last().unwrap().end().as_secs_f64();
            longest = longest.max(end);
            // Sound may be shorter than pictures.
            if let Some(expected) = expected.filter(|_| kind != TrackKind::Text) {
                assert!(end < expected + 0.2 && end > expected - 1.0, "{id}: {end} and not {expected}");
            }
            for segment in segments.iter().filter(|segment| !segment.gap) {
                let size = std::fs::metadata(path_of(&entry, &segment.source)).map(|file| file.len());
                let size = size.unwrap_or_else(|error| panic!("{id}: {}: {error}", segment.source.url));
                let end = segment
                    .source
                    .range
                    .and_then(|(first, length)| segment.source.stated_length().map(|_| first + length));
                assert!(end.is_none_or(|end| end <= size), "{id}");
            }
        }
        if let Some(expected) = expected {
            assert!((longest - expected).abs() < 0.2, "{id}: {longest} and not {expected}");
        }
        let counts = [TrackKind::Video, TrackKind::Audio, TrackKind::Text]
            .map(|kind| found.tracks.iter().filter(|track| track.kind == kind).count());
        eprintln!("{id}: {longest} s, video, audio, text {counts:?}, left out {:?}", found.excluded);
    }
}

#[test]
fn conformance_23_a_real_index_with_a_wrong_last_reference_leads_to_all_of_the_file() {
    let Some(folder) = folder() else { return };
    let entry = folder.join("rx-multi-codecs/broken_sidx.mpd");
    let (found, _) = open(&entry);
    let video = found.preferred(TrackKind::Video, None).unwrap();
    let segments = segments(&entry, &video.representations[0].index);
    assert_eq!(segments.len(), 15);
    let total: usize = segments.iter().map(|segment| bytes(&entry, &segment.source).len()).sum();
    let file = std::fs::metadata(path_of(&entry, &segments[0].source)).unwrap().len() as usize;
    let first = segments[0].source.range.unwrap().0 as usize;
    assert_eq!(first + total, file);
}

#[test]
fn real_segments_begin_as_media_do() {
    let Some(folder) = folder() else { return };
    for (id, entry, _) in entries(&folder) {
        let (found, _) = open(&entry);
        let files = found.tracks.iter().flat_map(|track| &track.representations).filter_map(|rung| match &rung.index {
            IndexSource::Parts(_) => Some(segments(&entry, &rung.index)),
            _ => None,
        });
        for segment in files.flatten().filter(|segment| !segment.gap) {
            let head = bytes(
                &entry,
                &ByteSource { range: segment.source.range.map(|(first, _)| (first, 8)), ..segment.source.clone() },
            );
            let is_media =
                &head[4..8] == b"moof" || &head[4..8] == b"styp" || head.starts_with(&[0x1f, 0x43, 0xb6, 0x75]);
            assert!(is_media, "{id}: {:02x?} at {:?} of {}", head, segment.source.range, segment.source.url.path());
            let init = bytes(&entry, &segment.init.unwrap().source);
            assert!(&init[4..8] == b"ftyp" || init.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]), "{id}");
        }
    }
}

#[test]
fn the_codecs_of_a_real_manifest_are_tracks_of_their_own_and_common_ones_come_first() {
    let Some(folder) = folder() else { return };
    let (found, _) = open(&folder.join("rx-multi-codecs/multi_codecs.mpd"));
    let seen: Vec<String> = found.tracks.iter().map(|track| format!("{:?} {}", track.kind, track.name)).collect();
    assert_eq!(seen[..2], ["Video Main", "Video Main (VP9)"]);
    assert_eq!(seen[2..7], ["Audio es", "Audio de", "Audio fr", "Audio en", "Audio it"]);
    assert_eq!(
        seen[7..12],
        ["Audio en (Opus)", "Audio fr (Opus)", "Audio de (Opus)", "Audio it (Opus)", "Audio es (Opus)"]
    );
    assert_eq!(seen[12..], ["Text el", "Text en", "Text fr", "Text pt-BR"]);
    assert_eq!(found.preferred(TrackKind::Audio, None).unwrap().name, "en");
    assert_eq!(found.preferred(TrackKind::Video, None).unwrap().representations.len(), 2);
}
