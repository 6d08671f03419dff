//! Fragments, built box by box.

use super::*;

fn one_track() -> InitSegment {
    InitSegment::parse(&init(&[Track::default()])).unwrap()
}

/// Data, decode and presentation times in milliseconds, and whether decoding can start.
fn seen(demuxed: &Demuxed, kind: TrackKind) -> Vec<(Bytes, i64, i64, bool)> {
    let facts =
        |sample: &Sample| (sample.data.clone(), sample.dts.as_millis(), sample.pts.as_millis(), sample.keyframe);
    samples(demuxed, kind).into_iter().map(facts).collect()
}

#[test]
fn fields_come_from_the_run_else_the_fragment_else_the_track() {
    let trafs = |data: u32| {
        // Default duration and flags (not a start) from the fragment, the size from `trex`, then all from the run.
        let tfhd = full(b"tfhd", 0, 0x02_0028, &[1, 20, 0x1_0000]);
        let tfdt = full(b"tfdt", 1, 0, &[1, 0]);
        let first = full(b"trun", 0, 0x5, &[2, data, 0]);
        let second = full(b"trun", 1, 0xf00, &[1, 40, 2, 0, (-7i32).cast_unsigned()]);
        atom(b"traf", &[&tfhd, &tfdt, &first, &second])
    };
    let demuxed = demux(&fragment(trafs, b"aaaabbbbcc").into(), &one_track()).unwrap();
    let start = 1 << 32;
    let expected = [
        ("aaaa".into(), start, start, true),
        ("bbbb".into(), start + 20, start + 20, false),
        ("cc".into(), start + 40, start + 33, true),
    ];
    assert_eq!(seen(&demuxed, TrackKind::Video), expected);
}

#[test]
fn fragments_of_several_tracks_share_the_data_by_whatever_offsets_count_from() {
    let sound = || Track { id: 7, handler: b"soun", entries: vec![audible(b".mp3", &[])], ..Track::default() };
    let unknown = || Track { id: 9, entries: vec![visual(b"jpeg", 64, &[])], ..Track::default() };
    let init = InitSegment::parse(&init(&[Track::default(), sound(), unknown()])).unwrap();
    let expected = |demuxed: Demuxed| {
        assert_eq!(seen(&demuxed, TrackKind::Video), [("vvvv".into(), 0, 0, true)]);
        assert_eq!(seen(&demuxed, TrackKind::Audio), [("ssss".into(), 0, 0, true)]);
    };
    let run = |id: u32, flags: u32, offset: u32| {
        atom(b"traf", &[&full(b"tfhd", 0, flags, &[id]), &full(b"trun", 0, 1, &[1, offset])])
    };
    // All from the fragment's beginning, among them a track that cannot be decoded.
    let media = fragment(
        |data| [run(9, 0x02_0000, data), run(1, 0x02_0000, data + 4), run(7, 0x02_0000, data + 8)].concat(),
        b"xxxxvvvvssss",
    );
    expected(demux(&media.into(), &init).unwrap());
    // The second from where the first ends.
    expected(demux(&fragment(|data| [run(1, 0, data), run(7, 0, 0)].concat(), b"vvvvssss").into(), &init).unwrap());
    // No offset at all.
    let bare = |id: u32| atom(b"traf", &[&full(b"tfhd", 0, 0, &[id]), &full(b"trun", 0, 0, &[1])]);
    expected(demux(&fragment(|_| [bare(1), bare(7)].concat(), b"vvvvssss").into(), &init).unwrap());
    // From the beginning of the file that the segment was cut out of.
    let absolute =
        |id: u32, data: u32| atom(b"traf", &[&full(b"tfhd", 0, 1, &[id, 0, 5_000]), &full(b"trun", 0, 1, &[1, data])]);
    let media = fragment(|data| [absolute(1, data), absolute(7, data + 4)].concat(), b"vvvvssss");
    expected(demux(&media.into(), &init).unwrap());
}

#[test]
fn of_tracks_of_one_kind_the_first_with_samples_is_played() {
    let other = Track { id: 2, entries: vec![avc1(320)], ..Track::default() };
    let init = InitSegment::parse(&init(&[Track::default(), other])).unwrap();
    let run =
        |id: u32, data: u32| atom(b"traf", &[&full(b"tfhd", 0, 0x02_0000, &[id]), &full(b"trun", 0, 1, &[1, data])]);
    let second = demux(&fragment(|data| run(2, data), b"aaaa").into(), &init).unwrap();
    assert_eq!(second.streams.len(), 1);
    assert_eq!(second.streams[0].samples.len(), 1);
    let both = demux(&fragment(|data| [run(1, data), run(2, data + 4)].concat(), b"aaaabbbb").into(), &init).unwrap();
    assert_eq!(seen(&both, TrackKind::Video), [("aaaa".into(), 0, 0, true)]);
}

#[test]
fn a_single_track_is_meant_under_any_number() {
    let run = |data: u32| atom(b"traf", &[&full(b"tfhd", 0, 0x02_0000, &[5]), &full(b"trun", 0, 1, &[1, data])]);
    let demuxed = demux(&fragment(run, b"aaaa").into(), &one_track()).unwrap();
    assert_eq!(demuxed.streams[0].samples.len(), 1);
}

#[test]
fn a_last_mdat_cut_short_is_an_error() {
    let media = fragment(|data| traf(0, 2, data, &[]), b"aaaabbbb");
    for length in 1..media.len() {
        let cut = demux(&Bytes::copy_from_slice(&media[..length]), &one_track());
        assert!(cut.is_err(), "{length} of {} bytes", media.len());
    }
    let cut = demux(&Bytes::copy_from_slice(&media[..media.len() - 1]), &one_track());
    assert!(matches!(cut, Err(ContainerError::Truncated { kind, .. }) if kind == "mdat"));
}

#[test]
fn samples_without_bytes_are_refused_before_memory_is_taken() {
    let track = Track { trex: [1, 10, 0, 0], ..Track::default() };
    let empty = InitSegment::parse(&init(&[track])).unwrap();
    let media: Bytes = fragment(|data| traf(0, u32::MAX, data, &[]), b"").into();
    assert!(matches!(demux(&media, &empty), Err(ContainerError::LimitExceeded { what: "samples", .. })));
    // Runs that all claim the same bytes.
    let runs = |data: u32| {
        let run = full(b"trun", 0, 1, &[40, data]);
        atom(b"traf", &[&full(b"tfhd", 0, 0x02_0000, &[1]), &run.repeat(100)])
    };
    let media: Bytes = fragment(runs, &[0; 160]).into();
    assert!(demux(&media, &one_track()).is_err());
    // The same in a plain file.
    let tables = [
        full(b"stts", 0, 0, &[1, u32::MAX, 1]),
        full(b"stsc", 0, 0, &[1, 1, u32::MAX, 1]),
        full(b"stsz", 0, 0, &[1, u32::MAX]),
        full(b"stco", 0, 0, &[1, 0]),
    ];
    let track = Track { tables: tables.concat(), ..Track::default() };
    let moov = atom(b"moov", &[&full(b"mvhd", 0, 0, &[0, 0, 1_000, 0]), &track.trak()]);
    assert!(matches!(read(&moov), Err(ContainerError::LimitExceeded { what: "samples", .. })));
}

#[test]
fn where_flags_say_the_same_of_all_pictures_the_slices_decide() {
    // Access unit delimiter and IDR slice, then others; lengths have four bytes.
    let start = b"\0\0\0\x01\x09\0\0\0\x02\x65a".as_slice();
    let other = b"\0\0\0\x01\x09\0\0\0\x02\x41a".as_slice();
    let keyframes = |flags: u32, pictures: &[&[u8]]| {
        let track = Track { trex: [1, 10, 11, flags], ..Track::default() };
        let init = InitSegment::parse(&init(&[track])).unwrap();
        let media = fragment(|data| traf(0, pictures.len() as u32, data, &[]), &pictures.concat());
        let demuxed = demux(&media.into(), &init).unwrap();
        samples(&demuxed, TrackKind::Video).iter().map(|sample| sample.keyframe).collect::<Vec<_>>()
    };
    assert_eq!(keyframes(0, &[start, other, other]), [true, false, false]);
    assert_eq!(keyframes(0x1_0000, &[start, other, start]), [true, false, true]);
    // No picture says that it is a start: perhaps decoding begins by gradual refresh.
    assert_eq!(keyframes(0, &[other, other]), [true, true]);
    assert_eq!(keyframes(0x1_0000, &[other, other]), [false, false]);
}

/// What a list of key frames names: the beginning of a fragment, up to the end of its first sample or somewhere behind.
#[test]
fn conformance_16_a_fragment_that_is_cut_off_gives_the_samples_that_are_there() {
    let init = InitSegment::parse(VIDEO_INIT).unwrap();
    let whole = demux(&Bytes::from_static(VIDEO), &init).unwrap();
    let whole = samples(&whole, TrackKind::Video);
    let data = VIDEO.windows(4).position(|window| window == b"mdat").unwrap() + 4;
    let mut end = data;
    for (count, sample) in (1..).zip(&whole[..whole.len() - 1]) {
        end += sample.data.len();
        for cut in [end, end + 1] {
            let range = Bytes::from_static(&VIDEO[..cut]);
            assert!(demux(&range, &init).is_err(), "a segment that lacks data is damaged");
            let read = demux_clipped(&range, &init).unwrap();
            // Encryption is described for more samples than are there.
            assert_eq!(samples(&read, TrackKind::Video), whole[..count]);
        }
    }
    assert!(whole[0].keyframe && whole[0].protection.is_some());
    let all = demux_clipped(&Bytes::from_static(VIDEO), &init).unwrap();
    assert_eq!(samples(&all, TrackKind::Video), whole);
    assert!(demux_clipped(&Bytes::from_static(&VIDEO[..data - 40]), &init).is_err(), "a moof must be whole");
}
