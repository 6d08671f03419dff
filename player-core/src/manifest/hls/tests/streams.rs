//! Playlists of real packagers, where the folder of test streams is there.

use super::*;
use crate::drm::aes_cbc;
use crate::manifest::CipherMethod;
use std::path::PathBuf;

/// The folder of a stream; `None`, and a word about it, where it is missing.
pub(super) fn folder() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/streams");
    let folder = std::env::var_os("LUMEN_STREAMS").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        eprintln!("skipped: no test streams in {}", folder.display());
        return None;
    }
    Some(folder)
}

fn read(path: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(folder()?.join(path)).unwrap())
}

fn index(path: &str) -> Option<SegmentIndex> {
    Some(media_playlist(&read(path)?, &base()).unwrap())
}

#[test]
fn every_playlist_is_read_and_names_files_that_are_there() {
    let Some(folder) = folder() else { return };
    let mut playlists = 0;
    for stream in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let files = std::fs::read_dir(&stream).unwrap().map(|entry| entry.unwrap().path());
        for file in files.filter(|path| path.extension().is_some_and(|end| end == "m3u8")) {
            let read = presentation(&std::fs::read(&file).unwrap(), &base());
            let read = read.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            playlists += 1;
            for rung in read.tracks.iter().chain(&read.trick_play).flat_map(|track| &track.representations) {
                match &rung.index {
                    IndexSource::Playlist(url) => assert!(stream.join(file_of(url)).exists(), "{url}"),
                    IndexSource::Known(index) => {
                        for segment in index.segments.iter().filter(|segment| !segment.gap) {
                            assert!(stream.join(super::file(segment)).exists(), "{}", segment.source.url);
                        }
                    }
                    IndexSource::Parts(_) => panic!("HLS has no parts"),
                }
            }
        }
    }
    assert!(playlists > 0);
}

#[test]
fn encrypted_segments_become_transport_streams() {
    let Some(index) = index("pkgr-avc-ts-aes128-fixed/bear-640x360-video.m3u8") else { return };
    let key = read("pkgr-avc-ts-aes128-fixed/stream.key").unwrap();
    for segment in &index.segments {
        let data = read(&format!("pkgr-avc-ts-aes128-fixed/{}", file(segment))).unwrap();
        let cipher = segment.cipher.as_ref().unwrap();
        assert_eq!((cipher.method, cipher.short_iv), (CipherMethod::Whole, false));
        let plain = aes_cbc::decrypt_segment(&data, &key, cipher.iv, cipher.short_iv).unwrap();
        assert!(plain.len().is_multiple_of(188) && plain.chunks(188).all(|packet| packet[0] == 0x47));
        // Half of its digits, as an older packager wrote them.
        let mut short = [0; 16];
        short[8..].copy_from_slice(&cipher.iv[..8]);
        assert_eq!(aes_cbc::decrypt_segment(&data, &key, short, true).unwrap(), plain);
    }
}

#[test]
fn a_clear_lead_ends_at_a_key_and_a_discontinuity() {
    let Some(index) = index("pkgr-avc-ts-with-encryption/bear-640x360-video.m3u8") else { return };
    let told: Vec<_> = index.segments.iter().map(|s| (s.epoch, s.cipher.as_ref().map(|c| c.method))).collect();
    assert_eq!(told, [(0, None), (1, Some(CipherMethod::Samples)), (1, Some(CipherMethod::Samples))]);
    let key = data_url::decode(&index.segments[1].cipher.as_ref().unwrap().key);
    assert_eq!(key.as_deref(), Some(&b"234567890!234567"[..]));
}

#[test]
fn gaps_are_gaps_and_text_has_roles() {
    let Some(index) = index("shk-hls-gap/playlist.m3u8") else { return };
    let gaps: Vec<_> = index.segments.iter().filter(|segment| segment.gap).map(file).collect();
    assert_eq!(gaps, ["1.ts", "5.ts"]);
    let text = read("pkgr-hls-segmented-webvtt/output.m3u8").unwrap();
    let presentation = presentation(&text, &base()).unwrap();
    let kinds: Vec<_> = presentation.tracks.iter().map(|track| (track.kind, track.roles.len())).collect();
    assert_eq!(kinds, [(TrackKind::Video, 0), (TrackKind::Audio, 0), (TrackKind::Text, 2)]);
}
