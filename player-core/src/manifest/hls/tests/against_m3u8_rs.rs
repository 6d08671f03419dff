//! What the crate m3u8-rs reads, and writes, is read the same here.

use super::*;
use m3u8_rs::{ByteRange, MediaPlaylist, MediaSegment, Playlist};
use proptest::prelude::*;

/// Compares what both know of a playlist.
fn compare(text: &[u8], name: &str) {
    match m3u8_rs::parse_playlist_res(text).unwrap() {
        Playlist::MasterPlaylist(theirs) => {
            let ours = presentation(text, &base()).unwrap();
            let rungs =
                ours.tracks.iter().filter(|track| track.kind == TrackKind::Video).flat_map(|t| &t.representations);
            let mut rungs: Vec<_> = rungs.map(|rung| (rung.bitrate.bps(), rung.codecs.clone(), rung.height)).collect();
            let variants = theirs.variants.iter().filter(|variant| !variant.is_i_frame);
            let mut variants: Vec<_> = variants
                .map(|variant| {
                    let height = variant.resolution.map_or(0, |size| size.height as u32);
                    (variant.bandwidth, variant.codecs.clone().unwrap_or_default(), height)
                })
                .collect();
            rungs.sort();
            variants.sort();
            assert_eq!(rungs, variants, "{name}");
        }
        Playlist::MediaPlaylist(theirs) => {
            let ours = media_playlist(text, &base()).unwrap();
            assert_eq!(ours.segments.len(), theirs.segments.len(), "{name}");
            for (position, (ours, theirs)) in ours.segments.iter().zip(&theirs.segments).enumerate() {
                assert_eq!(ours.source.url, base().join(&theirs.uri).unwrap(), "{name}, segment {position}");
                assert!((ours.duration.as_secs_f32() - theirs.duration).abs() < 1e-3, "{name}, segment {position}");
                let length = theirs.byte_range.as_ref().map(|range| range.length);
                assert_eq!(ours.source.range.map(|(_, length)| length), length, "{name}, segment {position}");
            }
            assert_eq!(ours.segments[0].number, theirs.media_sequence, "{name}");
        }
    }
}

#[test]
fn fixtures_and_real_playlists_are_read_alike() {
    compare(MASTER.as_bytes(), "master");
    compare(MEDIA.as_bytes(), "media");
    let Some(folder) = streams::folder() else { return };
    for stream in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in std::fs::read_dir(&stream).unwrap().map(|entry| entry.unwrap().path()) {
            // It does not read a blank before a version, and loses what follows.
            let odd = stream.ends_with("shk-hls-gap");
            if file.extension().is_some_and(|end| end == "m3u8") && !odd {
                compare(&std::fs::read(&file).unwrap(), &file.display().to_string());
            }
        }
    }
}

proptest! {
    #[test]
    fn what_it_writes_is_read(
        media_sequence in 0u64..1 << 40,
        segments in proptest::collection::vec(
            ("[a-z]{1,8}\\.ts", 1u32..600_000, any::<bool>(), proptest::option::of((1u64..1 << 40, 0u64..1 << 40))), 1..40),
    ) {
        let segments = segments.into_iter().map(|(uri, millis, discontinuity, range)| MediaSegment {
            uri,
            duration: millis as f32 / 1000.0,
            discontinuity,
            byte_range: range.map(|(length, offset)| ByteRange { length, offset: Some(offset) }),
            ..MediaSegment::empty()
        });
        let playlist =
            MediaPlaylist { target_duration: 600, media_sequence, segments: segments.collect(), end_list: true, ..MediaPlaylist::default() };
        let mut text = Vec::new();
        playlist.write_to(&mut text).unwrap();
        let ours = media_playlist(&text, &base()).unwrap();
        prop_assert_eq!(ours.segments.len(), playlist.segments.len());
        let mut epoch = 0;
        for (position, (ours, theirs)) in ours.segments.iter().zip(&playlist.segments).enumerate() {
            epoch += u32::from(theirs.discontinuity);
            prop_assert_eq!(&ours.source.url, &base().join(&theirs.uri).unwrap());
            prop_assert!((ours.duration.as_secs_f32() - theirs.duration).abs() < 1e-3);
            prop_assert_eq!(ours.number, media_sequence + position as u64);
            prop_assert_eq!(ours.epoch, epoch);
            let range = theirs.byte_range.as_ref().map(|range| (range.offset.unwrap(), range.length));
            prop_assert_eq!(ours.source.range, range);
        }
    }
}
