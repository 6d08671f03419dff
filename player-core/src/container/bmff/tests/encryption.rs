//! Which samples are encrypted, how, and with which key.

use super::*;
use crate::container::{SampleProtection, Scheme, Subsample};
use crate::drm::{ContentKey, KeyId, cenc};

/// Four bytes each, encrypted with IVs of eight bytes unless something else says otherwise.
fn protected() -> InitSegment {
    protected_by(b"cenc", &tenc(), &[])
}

fn protected_by(scheme: &[u8; 4], tenc: &[u8], tables: &[u8]) -> InitSegment {
    let entry = visual(b"encv", 640, &[&avcc(), &sinf(b"avc1", scheme, tenc)]);
    let track = Track { entries: vec![entry], tables: tables.to_vec(), ..Track::default() };
    InitSegment::parse(&init(&[track])).unwrap()
}

/// Clear and protected bytes in turn.
type Parts<'a> = &'a [(u16, u32)];

/// `senc` with these IVs, and these subsamples if there are any.
fn senc(samples: &[(&[u8], Parts<'_>)]) -> Vec<u8> {
    let subsamples = samples.iter().any(|(_, parts)| !parts.is_empty());
    let entries: Vec<u8> = samples.iter().flat_map(|(iv, parts)| auxiliary(iv, parts, subsamples)).collect();
    atom(b"senc", &[&words(&[if subsamples { 2 } else { 0 }, samples.len() as u32]), &entries])
}

fn auxiliary(iv: &[u8], parts: Parts<'_>, subsamples: bool) -> Vec<u8> {
    let mut entry = iv.to_vec();
    if subsamples {
        entry.extend((parts.len() as u16).to_be_bytes());
        for (clear, protected) in parts {
            entry.extend(clear.to_be_bytes());
            entry.extend(protected.to_be_bytes());
        }
    }
    entry
}

fn protections(media: Vec<u8>, init: &InitSegment) -> Result<Vec<Option<SampleProtection>>, ContainerError> {
    let demuxed = demux(&media.into(), init)?;
    Ok(samples(&demuxed, TrackKind::Video).into_iter().map(|sample| sample.protection.clone()).collect())
}

fn keys(protections: &[Option<SampleProtection>]) -> Vec<Option<u8>> {
    protections.iter().map(|protection| protection.as_ref().map(|protection| protection.key_id.0[0])).collect()
}

/// The same pictures and sound in the clear and by all schemes, from another packager.
#[test]
fn conformance_31_all_four_schemes_give_back_what_was_encrypted() {
    let key = ContentKey(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef_u128.to_be_bytes());
    let pictures: [(&str, &[u8]); 4] = [
        ("cenc", include_bytes!("../fixtures/scheme-cenc-video.mp4")),
        ("cens", include_bytes!("../fixtures/scheme-cens-video.mp4")),
        ("cbc1", include_bytes!("../fixtures/scheme-cbc1-video.mp4")),
        ("cbcs", include_bytes!("../fixtures/scheme-cbcs-video.mp4")),
    ];
    let sound: [(&str, &[u8]); 4] = [
        ("cenc", include_bytes!("../fixtures/scheme-cenc-audio.mp4")),
        ("cens", include_bytes!("../fixtures/scheme-cens-audio.mp4")),
        ("cbc1", include_bytes!("../fixtures/scheme-cbc1-audio.mp4")),
        ("cbcs", include_bytes!("../fixtures/scheme-cbcs-audio.mp4")),
    ];
    let clear_pictures = read(include_bytes!("../fixtures/scheme-none-video.mp4")).unwrap();
    let clear_sound = read(include_bytes!("../fixtures/scheme-none-audio.mp4")).unwrap();
    let cases = pictures.map(|case| (case, &clear_pictures)).into_iter().chain(sound.map(|case| (case, &clear_sound)));
    for ((scheme, file), clear) in cases {
        let mut demuxed = read(file).unwrap();
        let [stream] = &mut demuxed.streams[..] else { panic!("one stream") };
        let encrypted = stream.samples.iter().filter(|sample| sample.protection.is_some()).count();
        assert!(encrypted >= 5 && encrypted < stream.samples.len(), "{scheme}: {encrypted}");
        assert_ne!(stream.samples, clear.streams[0].samples);
        stream.samples.iter_mut().for_each(|sample| cenc::decrypt(sample, &key));
        for (sample, expected) in stream.samples.iter().zip(&clear.streams[0].samples) {
            assert!(sample.data == expected.data, "{scheme}, {:?} at {}", stream.kind, sample.pts);
        }
        let units = || stream.samples.iter().map(|sample| &sample.data);
        assert!(cenc::looks_like_media(&stream.format.codec, units()));
        if stream.kind == TrackKind::Audio {
            let mut wrong = read(file).unwrap().streams.remove(0).samples;
            wrong.iter_mut().for_each(|sample| cenc::decrypt(sample, &ContentKey([1; 16])));
            let encrypted = wrong[wrong.len() - encrypted..].iter().map(|sample| &sample.data);
            assert!(!cenc::looks_like_media(&stream.format.codec, encrypted), "{scheme}");
        }
    }
}

#[test]
fn conformance_31_patterns_and_ivs_of_all_lengths_are_read() {
    let read = |scheme: &[u8; 4], tenc: &[u8], senc: &[u8]| {
        let media = fragment(|data| traf(0, 1, data, senc), b"aaaa");
        protections(media, &protected_by(scheme, tenc, &[])).unwrap().remove(0).unwrap()
    };
    // A pattern, and the same IV for all, of which nothing is said again.
    let constant = [&[1, 0, 0, 0, 0, 0x19, 1, 0][..], &KEY_ID, &[16], &[5; 16]].concat();
    let found = read(b"cbcs", &constant, &[]);
    assert_eq!((found.scheme, found.iv), (Scheme::Cbcs { crypt: 1, skip: 9 }, [5; 16]));
    let found = read(b"cbcs", &constant, &senc(&[(&[], &[(1, 3)])]));
    assert_eq!((found.iv, found.subsamples), ([5; 16], vec![Subsample { clear: 1, protected: 3 }]));
    let short = [&[1, 0, 0, 0, 0, 0x55, 1, 0][..], &KEY_ID, &[8], &[5; 8]].concat();
    let found = read(b"cens", &short, &[]);
    assert_eq!(
        (found.scheme, found.iv),
        (Scheme::Cens { crypt: 5, skip: 5 }, [5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0])
    );
    // Version 0 has no pattern, whatever is in its place.
    let old = [&[0, 0, 0, 0, 0, 0x19, 1, 16][..], &KEY_ID].concat();
    let found = read(b"cbc1", &old, &senc(&[(&[7; 16], &[])]));
    assert_eq!((found.scheme, found.iv), (Scheme::Cbc1, [7; 16]));
    let found = read(b"cbcs", &old, &senc(&[(&[7; 16], &[])]));
    assert_eq!(found.scheme, Scheme::Cbcs { crypt: 0, skip: 0 });
}

/// `sbgp` and `sgpd` for key groups: runs of samples with an index, descriptions.
fn groups(version: u8, runs: &[[u32; 2]], entries: &[Vec<u8>]) -> Vec<u8> {
    let sbgp = atom(b"sbgp", &[&[0; 4], b"seig", &words(&[runs.len() as u32]), &words(&runs.concat())]);
    [sbgp, sgpd(version, entries)].concat()
}

fn sgpd(version: u8, entries: &[Vec<u8>]) -> Vec<u8> {
    let lengths = entries.iter().all(|entry| entry.len() == entries[0].len());
    let mut body = vec![version, 0, 0, 0];
    body.extend(b"seig");
    match version {
        0 => {}
        1 => body.extend(words(&[if lengths { entries[0].len() as u32 } else { 0 }])),
        // The edition without lengths, and an index for samples without a group.
        _ => body.extend(words(&[1])),
    }
    body.extend(words(&[entries.len() as u32]));
    for entry in entries {
        if version == 1 && !lengths {
            body.extend(words(&[entry.len() as u32]));
        }
        body.extend(entry);
    }
    atom(b"sgpd", &[&body])
}

fn key(first: u8) -> Vec<u8> {
    [&[0, 0, 1, 8][..], &[first; 16]].concat()
}

fn clear_group() -> Vec<u8> {
    vec![0; 20]
}

/// Group with a key and an IV for all.
fn constant_key(first: u8) -> Vec<u8> {
    [&[0, 0x19, 1, 0][..], &[first; 16], &[16], &[first; 16]].concat()
}

const IV: &[u8] = &[1; 8];
const PLAIN_ENTRY: (&[u8], Parts<'_>) = (IV, &[]);

#[test]
fn conformance_32_groups_of_a_fragment_or_the_movie_choose_the_key() {
    let four = senc(&[PLAIN_ENTRY; 4]);
    let media = |more: Vec<u8>| fragment(move |data| traf(0, 4, data, &more), &[0; 16]);
    // The fragment's own groups; samples without one have the track's key.
    for version in [0, 1] {
        let own = groups(version, &[[1, 0x1_0002], [1, 0x1_0001], [1, 0]], &[key(1), key(2)]);
        let found = protections(media([own, four.clone()].concat()), &protected()).unwrap();
        assert_eq!(keys(&found), [Some(2), Some(1), Some(KEY_ID[0]), Some(KEY_ID[0])]);
    }
    // The movie's, and with version 2 also for samples that are in no group.
    for (version, default) in [(0, KEY_ID[0]), (1, KEY_ID[0]), (2, 3)] {
        let init = protected_by(b"cenc", &tenc(), &sgpd(version, &[key(3), key(4)]));
        assert_eq!(init.key_ids.len(), 3);
        let own = groups(1, &[[1, 2], [2, 0x1_0001]], &[key(9)]);
        let found = protections(media([own, four.clone()].concat()), &init).unwrap();
        assert_eq!(keys(&found), [Some(4), Some(9), Some(9), Some(default)], "{version}");
    }
    // Counted from 1 although they are the fragment's: the movie has none.
    let own = groups(1, &[[4, 1]], &[key(6)]);
    assert_eq!(keys(&protections(media([own, four.clone()].concat()), &protected()).unwrap()), [Some(6); 4]);
    // A group that nobody describes.
    let own = groups(1, &[[4, 0x1_0002]], &[key(6)]);
    assert_eq!(protections(media([own, four].concat()), &protected()), Err(ContainerError::Malformed("sbgp")));
}

#[test]
fn conformance_32_groups_may_be_in_the_clear_or_bring_an_iv_of_their_own() {
    let own = groups(1, &[[1, 0x1_0001], [2, 0x1_0002]], &[clear_group(), constant_key(5)]);
    // Clear samples have an entry without IV and subsamples.
    let parts: Parts<'_> = &[(4, 0)];
    let described = senc(&[(&[], &[]), (&[], parts), (&[], parts), (IV, parts)]);
    let media = fragment(|data| traf(0, 4, data, &[own.clone(), described.clone()].concat()), &[0; 16]);
    let found = protections(media, &protected_by(b"cbcs", &tenc(), &[])).unwrap();
    assert_eq!(keys(&found), [None, Some(5), Some(5), Some(KEY_ID[0])]);
    let constant = found[1].as_ref().unwrap();
    assert_eq!((constant.iv, constant.scheme), ([5; 16], Scheme::Cbcs { crypt: 1, skip: 9 }));

    // All in the clear: nothing need be said of any.
    let own = groups(1, &[[4, 0x1_0001]], &[clear_group()]);
    let media = fragment(|data| traf(0, 4, data, &own), &[0; 16]);
    assert_eq!(protections(media, &protected()).unwrap(), [None, None, None, None]);
}

#[test]
fn conformance_32_a_track_that_is_clear_by_default_has_encrypted_groups() {
    let init = protected_by(b"cenc", &[0; 24], &[]);
    assert_eq!(init.key_ids, []);
    let own = groups(1, &[[1, 0x1_0001]], &[key(1)]);
    let described = senc(&[(IV, &[]), (&[], &[])]);
    let media = fragment(|data| traf(0, 2, data, &[own.clone(), described.clone()].concat()), &[0; 8]);
    assert_eq!(keys(&protections(media, &init).unwrap()), [Some(1), None]);
}

#[test]
fn conformance_33_encryption_is_described_in_senc_or_wherever_saio_points() {
    let (first, second): (Parts<'_>, Parts<'_>) = (&[(1, 2), (1, 0)], &[(0, 4)]);
    let direct = senc(&[(IV, first), (&[2; 8], second)]);
    let media = fragment(|data| traf(0, 2, data, &direct), b"aaaabbbb");
    let expected = protections(media, &protected()).unwrap();
    assert_eq!(expected[0].as_ref().unwrap().subsamples.len(), 2);

    let entries = [auxiliary(IV, first, true), auxiliary(&[2; 8], second, true)];
    let saiz = atom(b"saiz", &[&words(&[0]), &[0], &words(&[2]), &[entries[0].len() as u8, entries[1].len() as u8]]);
    for version in [0, 1] {
        let saio = |data: u32| match version {
            0 => full(b"saio", 0, 0, &[1, data]),
            _ => atom(b"saio", &[&words(&[0x0100_0001]), b"cenc", &words(&[0, 1, 0, data])]),
        };
        let trafs = |data: u32| {
            let run = full(b"trun", 0, 1, &[2, data + entries.concat().len() as u32]);
            atom(b"traf", &[&full(b"tfhd", 0, 0x02_0000, &[1]), &run, &saiz, &saio(data)])
        };
        let media = fragment(trafs, &[entries.concat(), b"aaaabbbb".to_vec()].concat());
        assert_eq!(protections(media, &protected()).unwrap(), expected);
    }

    // An offset for each run, the second one first in the data.
    let trafs = |data: u32| {
        let lengths = entries.each_ref().map(|entry| entry.len() as u32);
        let samples = data + lengths[0] + lengths[1];
        let runs = [full(b"trun", 0, 1, &[1, samples]), full(b"trun", 0, 1, &[1, samples + 4])].concat();
        let saio = full(b"saio", 0, 0, &[2, data + lengths[1], data]);
        atom(b"traf", &[&full(b"tfhd", 0, 0x02_0000, &[1]), &runs, &saiz, &saio])
    };
    let media = fragment(trafs, &[&entries[1][..], &entries[0], b"aaaabbbb"].concat());
    assert_eq!(protections(media, &protected()).unwrap(), expected);
}

#[test]
fn conformance_33_a_plain_file_describes_encryption_in_its_tables() {
    let entries = [auxiliary(IV, &[(1, 3)], true), auxiliary(&[2; 8], &[(2, 2)], true)].concat();
    let file = |data: u32| {
        let samples = data + entries.len() as u32;
        let tables = [
            full(b"stts", 0, 0, &[1, 2, 10]),
            full(b"stsc", 0, 0, &[1, 1, 2, 1]),
            full(b"stsz", 0, 0, &[4, 2]),
            full(b"stco", 0, 0, &[1, samples]),
            atom(b"saiz", &[&[0; 4], &[16], &words(&[2])]),
            full(b"saio", 0, 0, &[1, data]),
        ];
        let entry = visual(b"encv", 640, &[&avcc(), &sinf(b"avc1", b"cenc", &tenc())]);
        let track = Track { entries: vec![entry], tables: tables.concat(), ..Track::default() };
        let moov = atom(b"moov", &[&full(b"mvhd", 0, 0, &[0, 0, 1_000, 0]), &track.trak()]);
        [moov, atom(b"mdat", &[&entries, b"aaaabbbb"])].concat()
    };
    let data = file(0).len() - 8 - entries.len();
    let demuxed = read(&file(data as u32)).unwrap();
    let samples = samples(&demuxed, TrackKind::Video);
    let clear = |sample: &Sample| sample.protection.as_ref().unwrap().subsamples[0].clear;
    assert_eq!((samples.len(), clear(samples[0]), clear(samples[1])), (2, 1, 2));
}

#[test]
fn piff_describes_samples_in_its_own_box_and_may_name_another_key() {
    let id = [0xa2, 0x39, 0x4f, 0x52, 0x5a, 0x9b, 0x4f, 0x14, 0xa2, 0x44, 0x6c, 0x42, 0x7c, 0x64, 0x8d, 0xf4];
    let plain = atom(b"uuid", &[&id, &words(&[0, 1]), IV]);
    let other = atom(b"uuid", &[&id, &words(&[1]), &[0, 0, 1, 16], &[9; 16], &words(&[1]), &[4; 16]]);
    for (described, first, iv) in [(plain, KEY_ID[0], 1), (other, 9, 4)] {
        let media = fragment(|data| traf(0, 1, data, &described), b"aaaa");
        let found = protections(media, &protected()).unwrap().remove(0).unwrap();
        assert_eq!((found.key_id, found.iv[0]), (KeyId([first; 16]), iv));
    }
}

#[test]
fn conformance_33_what_does_not_add_up_is_refused() {
    let refused = |described: Vec<u8>| {
        let media = fragment(|data| traf(0, 1, data, &described), b"aaaa");
        protections(media, &protected()).unwrap_err()
    };
    assert_eq!(refused(senc(&[(IV, &[(1, 2)])])), ContainerError::Malformed("senc"));
    assert_eq!(refused(senc(&[(IV, &[(1, u32::MAX), (4, 0)])])), ContainerError::Malformed("senc"));
    assert_eq!(refused(senc(&[(IV, &[]), (IV, &[])])), ContainerError::Malformed("senc"));
    assert_eq!(refused(Vec::new()), ContainerError::Missing("senc"));
    let many = vec![(0u16, 0u32); 5_000];
    assert!(matches!(refused(senc(&[(IV, &many)])), ContainerError::LimitExceeded { what: "subsamples", .. }));
    let saiz = atom(b"saiz", &[&[0; 4], &[8], &words(&[1])]);
    let far = full(b"saio", 0, 0, &[1, 1 << 20]);
    assert_eq!(refused([saiz.clone(), far].concat()), ContainerError::Malformed("saio"));
    assert_eq!(refused(saiz), ContainerError::Missing("saio"));
}
