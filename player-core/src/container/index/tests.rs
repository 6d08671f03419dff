use super::*;
use url::Url;

fn file(index: Option<(u64, u64)>, duration: Option<Duration>) -> IndexedFile {
    let url: Url = "https://cdn.test/v.mp4".parse().unwrap();
    let timing = Timing::Anchored { shift: MediaTime::ZERO, start: MediaTime::ZERO, end: None };
    IndexedFile { url, index, init: None, epoch: 3, timing, duration }
}

fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32 + 8).to_be_bytes(), &kind[..], payload].concat()
}

/// References: to an index?, size, duration.
fn sidx(version: u8, earliest: u64, offset: u64, references: &[(bool, u32, u32)]) -> Vec<u8> {
    let mut payload = vec![version, 0, 0, 0, 0, 0, 0, 1];
    payload.extend(1000u32.to_be_bytes());
    for time in [earliest, offset] {
        if version == 0 {
            payload.extend((time as u32).to_be_bytes());
        } else {
            payload.extend(time.to_be_bytes());
        }
    }
    payload.extend([0, 0]);
    payload.extend((references.len() as u16).to_be_bytes());
    for (to_index, size, duration) in references {
        payload.extend((u32::from(*to_index) << 31 | size).to_be_bytes());
        payload.extend(duration.to_be_bytes());
        payload.extend(0x9000_0000u32.to_be_bytes());
    }
    boxed(b"sidx", &payload)
}

/// Reads as a loader does, from a file in memory.
fn follow(bytes: &[u8], file: &IndexedFile) -> Result<(Vec<SegmentRef>, usize), ContainerError> {
    let (mut first, mut length) = file.index.unwrap_or((0, HEAD));
    for round in 1..=64 {
        let from = (first as usize).min(bytes.len());
        let to = (from as u64).saturating_add(length).min(bytes.len() as u64) as usize;
        match read(&bytes[from..to], first, file)? {
            IndexRead::Done(segments) => return Ok((segments, round)),
            IndexRead::More((next, wanted)) => (first, length) = (next, wanted),
        }
    }
    Err(ContainerError::Missing("sidx"))
}

/// Start and end in milliseconds, first byte and length.
fn rows(segments: &[SegmentRef]) -> Vec<(i64, i64, u64, u64)> {
    let row = |segment: &SegmentRef| {
        let (first, length) = segment.source.range.unwrap();
        (segment.start.as_millis(), segment.end().as_millis(), first, length)
    };
    segments.iter().map(row).collect()
}

#[test]
fn conformance_23_all_references_of_an_index_are_segments_and_the_last_reaches_to_the_end() {
    let box_of = |version| sidx(version, 500, 7, &[(false, 100, 2000), (false, 50, 2000), (false, 30, 1000)]);
    for version in [0, 1] {
        let data = box_of(version);
        let end = 100 + data.len() as u64 + 7;
        let IndexRead::Done(segments) = read(&data, 100, &file(Some((100, data.len() as u64)), None)).unwrap() else {
            panic!("all is there")
        };
        let expected =
            [(500, 2500, end, 100), (2500, 4500, end + 100, 50), (4500, 5500, end + 150, ByteSource::TO_THE_END)];
        assert_eq!(rows(&segments), expected);
        assert_eq!(segments[2].source.stated_length(), None);
        let init = segments[0].init.as_ref().unwrap();
        assert_eq!((init.source.range, segments[0].epoch), (Some((0, 100)), 3));
    }
}

#[test]
fn conformance_22_segments_outside_the_period_are_left_out_and_those_across_its_borders_are_cut() {
    let data = sidx(0, 0, 0, &[(false, 10, 2000), (false, 20, 2000), (false, 30, 2000), (false, 40, 2000)]);
    let length = data.len() as u64;
    let (start, end) = (MediaTime::from_millis(10_000), Some(MediaTime::from_millis(12_000)));
    let timing = Timing::Anchored { shift: MediaTime::from_millis(7000), start, end };
    let of_period = IndexedFile { timing, ..file(Some((0, length)), None) };
    let (segments, _) = follow(&data, &of_period).unwrap();
    assert_eq!(rows(&segments), [(10_000, 11_000, length + 10, 20), (11_000, 12_000, length + 30, 30)]);
    let (segments, _) = follow(&data, &file(Some((0, length)), Some(Duration::from_millis(2500)))).unwrap();
    assert_eq!(rows(&segments), [(0, 2000, length, 10), (2000, 2500, length + 10, 20)]);
}

#[test]
fn an_index_outside_of_its_period_is_taken_to_begin_with_it() {
    let data = sidx(0, 90_000, 0, &[(false, 10, 2000), (false, 20, 2000)]);
    let length = data.len() as u64;
    let timing = Timing::Anchored { shift: MediaTime::ZERO, start: MediaTime::ZERO, end: None };
    let of_period = IndexedFile { timing, ..file(Some((0, length)), Some(Duration::from_secs(4))) };
    let (segments, _) = follow(&data, &of_period).unwrap();
    let times: Vec<_> = segments.iter().map(|segment| (segment.start.as_millis(), segment.end().as_millis())).collect();
    assert_eq!(times, [(0, 2_000), (2_000, 4_000)]);
    assert!(matches!(segments[0].timing, Timing::Anchored { shift, .. } if shift == MediaTime::from_millis(-90_000)));
}

#[test]
fn conformance_23_an_index_with_a_wrong_size_is_read_by_its_count() {
    let good = sidx(0, 0, 0, &[(false, 10, 2000), (false, 20, 2000)]);
    for size in [8u32, 40, 0, 2, 0x7fff_ffff] {
        let mut data = good.clone();
        data[..4].copy_from_slice(&size.to_be_bytes());
        // What is at the front of a file must have a size that leads on.
        let listed = file(Some((100, data.len() as u64)), None);
        let found = read(&data, 100, &listed);
        if size == 0 || size == 2 {
            assert!(found.is_ok(), "{size}");
            continue;
        }
        let IndexRead::Done(segments) = found.unwrap() else { panic!("{size}") };
        assert_eq!(segments[0].source.range, Some((100 + good.len() as u64, 10)), "{size}");
    }
}

#[test]
fn conformance_23_indexes_of_indexes_are_followed() {
    // A hierarchy: two indexes side by side, then the media.
    let children = [
        sidx(0, 0, 56, &[(false, 10, 1000), (false, 11, 1000)]),
        sidx(0, 2000, 21, &[(false, 12, 1000), (false, 13, 1000)]),
    ];
    let child = children[0].len();
    assert_eq!(child, 56);
    let root = sidx(0, 0, 0, &[(true, child as u32, 2000), (true, child as u32, 2000)]);
    let media = (root.len() + 2 * child) as u64;
    let bytes = [root.clone(), children.concat(), vec![0; 46]].concat();
    let (segments, rounds) = follow(&bytes, &file(Some((0, root.len() as u64)), None)).unwrap();
    let expected = [
        (0, 1000, media, 10),
        (1000, 2000, media + 10, 11),
        (2000, 3000, media + 21, 12),
        (3000, 4000, media + 33, ByteSource::TO_THE_END),
    ];
    assert_eq!(rows(&segments), expected);
    assert_eq!(rounds, 2);

    // A chain: each index names some media and the next index.
    let last = sidx(0, 2000, 0, &[(false, 12, 1000)]);
    let first = sidx(0, 0, 0, &[(false, 10, 1000), (false, 11, 1000), (true, last.len() as u32 + 12, 1000)]);
    let bytes =
        [boxed(b"ftyp", b"iso6"), boxed(b"moov", &[]), first.clone(), vec![0; 21], last.clone(), vec![0; 12]].concat();
    let (segments, _) = follow(&bytes, &file(None, None)).unwrap();
    let media = 20 + first.len() as u64;
    let expected = [
        (0, 1000, media, 10),
        (1000, 2000, media + 10, 11),
        (2000, 3000, media + 21 + last.len() as u64, ByteSource::TO_THE_END),
    ];
    assert_eq!(rows(&segments), expected);
    assert_eq!(segments[0].init.as_ref().unwrap().source.range, Some((0, 20)));

    // Too far away to be read: one long segment.
    let far = sidx(0, 0, 0, &[(false, 0x4000_0000, 1000), (true, 500, 9000)]);
    let (segments, _) = follow(&far, &file(Some((0, far.len() as u64)), None)).unwrap();
    assert_eq!(rows(&segments)[1].1, 10_000);
}

#[test]
fn conformance_23_without_a_listed_range_the_index_is_found_behind_the_description() {
    let index = sidx(1, 0, 0, &[(false, 10, 2000)]);
    let moov = boxed(b"moov", &vec![0; 100_000]);
    let bytes = [boxed(b"ftyp", b"iso6"), moov.clone(), boxed(b"free", &[1, 2]), index.clone(), vec![0; 10]].concat();
    let (segments, rounds) = follow(&bytes, &file(None, Some(Duration::from_secs(2)))).unwrap();
    let at = 12 + moov.len() as u64 + 10;
    assert_eq!(rows(&segments), [(0, 2000, at + index.len() as u64, ByteSource::TO_THE_END)]);
    assert_eq!((rounds, segments[0].init.as_ref().unwrap().source.range), (2, Some((0, at))));
    // A manifest that is wrong about it.
    let (segments, _) = follow(&bytes, &file(Some((100, 44)), Some(Duration::from_secs(2)))).unwrap();
    assert_eq!(segments[0].source.range, Some((at + index.len() as u64, ByteSource::TO_THE_END)));
}

#[test]
fn a_plain_file_is_one_segment_as_long_as_it_says() {
    let mvhd = [&[0; 12][..], &600u32.to_be_bytes(), &900u32.to_be_bytes(), &[0; 80]].concat();
    let moov = boxed(b"moov", &boxed(b"mvhd", &mvhd));
    let media = boxed(b"mdat", &vec![0; 300_000]);
    let ftyp = boxed(b"ftyp", b"isom");
    for bytes in [[&ftyp[..], &moov, &media].concat(), [&ftyp[..], &media, &moov].concat()] {
        let (segments, _) = follow(&bytes, &file(None, None)).unwrap();
        assert_eq!((segments.len(), segments[0].duration), (1, Duration::from_millis(1500)));
        assert_eq!((&segments[0].source.range, &segments[0].init), (&None, &None));
        let (segments, rounds) = follow(&bytes, &file(None, Some(Duration::from_secs(9)))).unwrap();
        assert_eq!((segments[0].duration, rounds), (Duration::from_secs(9), 1));
    }
}

fn ebml(id: &[u8], payload: &[u8]) -> Vec<u8> {
    [id, &(payload.len() as u64 | 1 << 56).to_be_bytes(), payload].concat()
}

/// A file with cues before or behind its three clusters of 40 bytes, a second each.
fn webm(behind: bool) -> Vec<u8> {
    let info = ebml(
        &[0x15, 0x49, 0xa9, 0x66],
        &[ebml(&[0x2a, 0xd7, 0xb1], &[0x0f, 0x42, 0x40]), ebml(&[0x44, 0x89], &3000f32.to_be_bytes())].concat(),
    );
    let cluster = ebml(&[0x1f, 0x43, 0xb6, 0x75], &[0; 28]);
    let cues = |at: u16| {
        let point = |index: u16| {
            let position = ebml(&[0xf1], &(at + index * 40).to_be_bytes());
            ebml(&[0xbb], &[ebml(&[0xb3], &(index * 1000).to_be_bytes()), ebml(&[0xb7], &position)].concat())
        };
        ebml(&[0x1c, 0x53, 0xbb, 0x6b], &[point(0), point(1), point(1), point(2)].concat())
    };
    let seek = |at: u16| {
        let seek = [ebml(&[0x53, 0xab], &[0x1c, 0x53, 0xbb, 0x6b]), ebml(&[0x53, 0xac], &at.to_be_bytes())].concat();
        ebml(&[0x11, 0x4d, 0x9b, 0x74], &ebml(&[0x4d, 0xbb], &seek))
    };
    let head = (seek(0).len() + info.len()) as u16;
    let cues_length = cues(0).len() as u16;
    let clusters = cluster.repeat(3);
    let body = if behind {
        [seek(head + 120), info, clusters, cues(head)].concat()
    } else {
        [seek(head), info, cues(head + cues_length), clusters].concat()
    };
    [ebml(&[0x1a, 0x45, 0xdf, 0xa3], &[]), ebml(&[0x18, 0x53, 0x80, 0x67], &body)].concat()
}

#[test]
fn conformance_23_cues_of_webm_say_where_clusters_are() {
    for behind in [false, true] {
        let bytes = webm(behind);
        let at = |needle: &[u8]| bytes.windows(needle.len()).position(|window| window == needle).unwrap() as u64;
        let cluster = at(&[0x1f, 0x43, 0xb6, 0x75]);
        let last = if behind { bytes.len() as u64 - cluster - 80 } else { 40 };
        let expected = [(0, 1000, cluster, 40), (1000, 2000, cluster + 40, 40), (2000, 3000, cluster + 80, last)];
        let (segments, _) = follow(&bytes, &file(None, None)).unwrap();
        assert_eq!(rows(&segments), expected, "{behind}");
        // Behind a range that the manifest names.
        let cues =
            bytes.windows(12).position(|window| window.starts_with(&[0x1c, 0x53, 0xbb, 0x6b, 0x01])).unwrap() as u64;
        let length = if behind { bytes.len() as u64 - cues } else { cluster - cues };
        let (segments, _) = follow(&bytes, &file(Some((cues, length)), None)).unwrap();
        assert_eq!(rows(&segments), expected, "{behind}");
        assert_eq!(segments[0].init.as_ref().unwrap().source.range, Some((0, cues.min(cluster))));
    }
}

#[test]
fn padding_before_the_segment_does_no_harm_and_cues_behind_the_end_are_none() {
    let bytes = webm(true);
    let padded = [&bytes[..12], &ebml(&[0xec], &[0; 40]), &ebml(&[0xbf], &[1; 4]), &bytes[12..]].concat();
    assert_eq!(follow(&padded, &file(None, None)).unwrap().0.len(), 3);
    let cues = bytes.windows(12).rposition(|window| window.starts_with(&[0x1c, 0x53, 0xbb, 0x6b, 0x01])).unwrap();
    let cut = &bytes[..cues];
    let IndexRead::More(wanted) = read(cut, 0, &file(None, None)).unwrap() else { panic!("cues are promised") };
    assert!(wanted.0 == 0 && wanted.1 > cut.len() as u64);
    let IndexRead::Done(segments) = read_all(cut, &file(None, None)).unwrap() else { panic!("nothing more is there") };
    assert_eq!((segments.len(), segments[0].duration), (1, Duration::from_secs(3)));
}

proptest::proptest! {
    #[test]
    fn damaged_indexes_do_not_make_the_reader_panic(
        at in 0usize..400, byte in proptest::num::u8::ANY, cut in 0usize..400, first in proptest::num::u64::ANY, near in 0u64..200,
    ) {
        let chain = sidx(0, 0, 0, &[(false, 10, 1000), (true, 11, 1000), (false, 12, 1000)]);
        let files = [
            [boxed(b"ftyp", b"iso6"), boxed(b"moov", &[0; 30]), chain, sidx(1, 7, 0, &[(true, 4, 4)])].concat(),
            webm(false),
            webm(true),
        ];
        for mut bytes in files {
            if let Some(place) = bytes.get_mut(at) { *place = byte; }
            bytes.truncate(bytes.len().saturating_sub(cut.min(100)));
            for index in [None, Some((0, 100)), Some((near, 90))] {
                let _ = follow(&bytes, &file(index, Some(Duration::from_secs(2))));
            }
            let _ = read(&bytes, first, &file(Some((first, 100)), None));
        }
    }
}
