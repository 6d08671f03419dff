use super::id3::tests::{tag, timestamp};
use super::*;
use crate::container::CodecConfig;
use crate::drm::ContentKey;
use aes::Aes128;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use proptest::prelude::*;

const AAC: &[u8] = include_bytes!("fixtures/plain.aac");
const AC3: &[u8] = include_bytes!("fixtures/plain.ac3");
const MP3: &[u8] = include_bytes!("fixtures/plain.mp3");
const CIPHER: SampleCipher = SampleCipher { key: ContentKey([3; 16]), iv: [5; 16] };

fn stamped(ticks: u64, audio: &[u8]) -> Vec<u8> {
    [tag(&[(b"PRIV", &timestamp(ticks))]), audio.to_vec()].concat()
}

fn read(data: Vec<u8>) -> Demuxed {
    assert!(is_packed_audio(&data));
    demux(&data.into(), None).unwrap()
}

#[test]
fn the_tag_places_the_frames() {
    for (audio, frames, samples) in [(AAC, 48, 1024), (AC3, 32, 1536), (MP3, 43, 1152)] {
        let media = read(stamped(900_000, audio));
        let [stream] = &media.streams[..] else { panic!("{} streams", media.streams.len()) };
        assert_eq!(stream.samples.len(), frames);
        for (index, sample) in stream.samples.iter().enumerate() {
            let expected = MediaTime::from_millis(10_000) + MediaTime::from_ticks(index as i64 * samples, 48_000);
            assert_eq!(sample.pts, expected);
        }
        assert!(media.events.is_empty());
    }
}

#[test]
fn frames_without_a_tag_or_timestamp_count_from_zero() {
    assert_eq!(read(AAC.to_vec()).streams[0].samples[0].pts, MediaTime::ZERO);
    let titled = [tag(&[(b"TIT2", b"\x03title")]), AC3.to_vec()].concat();
    let media = read(titled);
    assert_eq!(media.streams[0].samples[0].pts, MediaTime::ZERO);
    assert_eq!(media.events.len(), 1);
    assert!(matches!(media.streams[0].format.codec, CodecConfig::Ac3 { rate: 48_000, channels: 1 }));
}

#[test]
fn several_tags_in_a_row_and_within_are_read() {
    let metadata = tag(&[(b"TIT2", b"\x03now")]);
    let data = [stamped(90_000, &metadata), AAC.to_vec(), stamped(270_000, AAC), metadata.clone()].concat();
    let media = read(data);
    let samples = &media.streams[0].samples;
    assert_eq!(samples.len(), 96);
    assert_eq!(samples[48].pts, MediaTime::from_millis(3000));
    let starts: Vec<i64> = media.events.iter().map(|event| event.start.as_millis()).collect();
    assert_eq!(starts, [1000, 3000]);
    assert_eq!(media.events[0].payload, metadata);
    assert_eq!(media.events[0].scheme, ID3_SCHEME);
}

#[test]
fn conformance_04_encrypted_frames_have_their_setup_in_the_tag() {
    let mut encrypted = AAC.to_vec();
    let mut at = 0;
    while let Some(frame) = AudioCodec::Adts.frame(&encrypted[at..]) {
        let mut cipher = cbc::Encryptor::<Aes128>::new(&CIPHER.key.0.into(), &CIPHER.iv.into());
        let body = &mut encrypted[at + frame.prefix..at + frame.length];
        if let Some(rest) = body.get_mut(16..) {
            rest.chunks_exact_mut(16).for_each(|block| cipher.encrypt_block(block.try_into().unwrap()));
        }
        at += frame.length;
    }
    assert_ne!(encrypted, AAC);
    let setup = [&b"com.apple.streaming.audioDescription\0zaac\0\0\x01\x02"[..], &[0x11, 0x88]].concat();
    let stamp = timestamp(0);
    let front = tag(&[(b"PRIV", &setup), (b"PRIV", &stamp)]);
    let data = Bytes::from([front, encrypted].concat());
    assert_eq!(demux(&data, Some(&CIPHER)).unwrap().streams, read(AAC.to_vec()).streams);
    let scheme = ContainerError::UnsupportedScheme("SAMPLE-AES without a key".into());
    assert_eq!(demux(&data, None), Err(scheme));
}

#[test]
fn other_files_are_not_packed_audio() {
    for data in
        [&b""[..], b"ID3", b"\0\0\0\x18ftypmp42\0\0\0\0", b"WEBVTT\n\n", &[0x1a, 0x45, 0xdf, 0xa3, 0xff], &[0xff; 600]]
    {
        assert!(!is_packed_audio(data));
    }
    let text = [tag(&[(b"TIT2", b"\x03title")]), b"no audio at all".to_vec()].concat();
    assert!(matches!(demux(&text.into(), None), Err(ContainerError::Unsupported(_))));
}

proptest! {
    #[test]
    fn damage_is_an_error_or_costs_frames(
        which in 0..3usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0usize..50), 1..20),
    ) {
        let mut data = stamped(1 << 32, [AAC, AC3, MP3][which]);
        for (at, byte, cut) in changes {
            let at = at.index(data.len());
            data[at] = byte;
            let end = (at + cut).min(data.len() - 1);
            data.drain(at.min(end)..end);
        }
        is_packed_audio(&data);
        if let Ok(media) = demux(&data.into(), None) {
            for stream in &media.streams {
                prop_assert!(stream.samples.windows(2).all(|pair| pair[0].dts < pair[1].dts));
            }
        }
    }
}
