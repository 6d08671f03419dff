//! Damaged files never make the reader panic, nor take memory without end.

use super::*;
use proptest::prelude::*;

/// Files of all forms, whole.
const FILES: [&[u8]; 6] = [
    PLAIN,
    FRAGMENTED,
    FRAGMENTED_ABSOLUTE,
    include_bytes!("../fixtures/scheme-cbcs-video.mp4"),
    include_bytes!("../fixtures/scheme-cens-audio.mp4"),
    include_bytes!("../fixtures/quicktime.mov"),
];

/// Where boxes other than media data are.
fn described(file: &[u8]) -> Vec<usize> {
    let boxes = boxes::boxes(file).map(Result::unwrap).filter(|found| &found.kind != b"mdat");
    boxes.flat_map(|found| found.start..found.end()).collect()
}

/// Bytes of memory that samples take beside the media.
fn memory(demuxed: &Demuxed) -> usize {
    let samples = demuxed.streams.iter().flat_map(|stream| &stream.samples);
    let subsamples = |sample: &Sample| sample.protection.as_ref().map_or(0, |protection| protection.subsamples.len());
    samples.map(|sample| size_of::<Sample>() + subsamples(sample) * 8).sum()
}

#[test]
fn a_segment_cut_anywhere_is_an_error_and_never_a_panic() {
    let init = InitSegment::parse(VIDEO_INIT).unwrap();
    for length in 0..VIDEO.len() {
        let cut = demux(&Bytes::from_static(&VIDEO[..length]), &init);
        assert!(cut.is_err(), "{length} of {} bytes", VIDEO.len());
    }
    for length in 0..VIDEO_INIT.len() {
        assert!(InitSegment::parse(&VIDEO_INIT[..length]).is_err(), "{length} of {} bytes", VIDEO_INIT.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn damage_never_makes_the_reader_panic(
        hits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..24),
    ) {
        let mut init = VIDEO_INIT.to_vec();
        // The boxes are at the start; what follows is coded pictures.
        let boxes = 2_500.min(VIDEO.len());
        let mut media = VIDEO.to_vec();
        for (index, byte) in &hits {
            init[index.index(VIDEO_INIT.len())] = *byte;
            media[index.index(boxes)] = *byte;
        }
        let whole = InitSegment::parse(VIDEO_INIT).unwrap();
        let _ = demux(&Bytes::from(media.clone()), &whole);
        if let Ok(damaged) = InitSegment::parse(&init) {
            let _ = demux(&Bytes::from(media), &damaged);
        }
    }

    #[test]
    fn memory_is_bounded_by_a_multiple_of_the_input_however_it_is_damaged(
        file in 0..FILES.len(),
        hits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut damaged = FILES[file].to_vec();
        let places = described(&damaged);
        for (index, byte) in &hits {
            damaged[places[index.index(places.len())]] = *byte;
        }
        let limit = damaged.len() * (size_of::<Sample>() + 16);
        if let Ok(demuxed) = read(&damaged) {
            prop_assert!(memory(&demuxed) <= limit, "{} bytes", memory(&demuxed));
            prop_assert!(samples(&demuxed, TrackKind::Video).len() <= damaged.len());
        }
    }

    #[test]
    fn noise_never_makes_the_reader_panic(noise in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = InitSegment::parse(&noise);
        let whole = InitSegment::parse(AUDIO_INIT).unwrap();
        let _ = demux(&Bytes::from(noise), &whole);
    }
}
