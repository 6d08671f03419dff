//! Every parser of outside data behind one signature: bytes in, nothing out. The fuzz targets and the test of what
//! parsers allocate share it, so that both reach the same code.
#![allow(unreachable_pub, reason = "the crate of the fuzz targets is another than this test")]

mod memory;
mod wrapped;

use bytes::Bytes;
use player_core::MediaTime;
use player_core::container::index::{self, IndexRead};
use player_core::container::{self, Demuxed, Init, SampleCipher, bmff, es, flac, packed, ts, webm};
use player_core::drm::{ContentKey, aes_cbc, cenc, clearkey, pssh};
use player_core::manifest::{self, IndexedFile, Timing, dash, hls};
use player_core::text::cea608::Cea608Decoder;
use player_core::text::cea708::Cea708Decoder;
use player_core::text::{self, Cue, ttml, webvtt};
use std::collections::HashMap;
use std::time::Duration;
use url::Url;

/// A parser by the name of its fuzz target.
pub type Parser = fn(&[u8]);

/// All of them. The names are those of the fuzz targets.
pub const PARSERS: [(&str, Parser); 17] = [
    ("hls", hls),
    ("dash", dash),
    ("bmff", bmff),
    ("ts", ts),
    ("webm", webm),
    ("packed", packed),
    ("webvtt", webvtt),
    ("ttml", ttml),
    ("cea", cea),
    ("sidx_index", sidx_index),
    ("clearkey_licence", clearkey_licence),
    ("chapters", chapters),
    ("edits", edits),
    ("elementary", elementary),
    ("flac", flac),
    ("presentation", presentation),
    ("thumbnails", thumbnails),
];

const KEY: ContentKey = ContentKey([7; 16]);
const CIPHER: SampleCipher = SampleCipher { key: KEY, iv: [9; 16] };

fn base() -> Url {
    Url::parse("https://media.test/title/main?token=1").expect("it is an address")
}

/// Both kinds of playlist, whatever the text says it is.
pub fn hls(data: &[u8]) {
    let base = base();
    let _ = hls::media_playlist(data, &base);
    let _ = hls::presentation(data, &base);
}

/// The manifest, and the manifest with its links resolved to itself.
pub fn dash(data: &[u8]) {
    let base = base();
    if dash::is_mpd(data) {
        let links = dash::remote_links(data, &base);
        if !links.is_empty() {
            let documents: HashMap<Url, Bytes> =
                links.into_iter().map(|url| (url, Bytes::copy_from_slice(data))).collect();
            let _ = dash::presentation(&dash::resolve_links(data, &base, &documents), &base);
        }
    }
    let _ = dash::presentation(data, &base);
    let _ = manifest::presentation(data, &base);
}

/// A file by itself, and its fragments with what stands before the first of them as initialisation, whole and cut off.
pub fn bmff(data: &[u8]) {
    let media = Bytes::copy_from_slice(data);
    if let Ok(init) = bmff::InitSegment::parse(data) {
        samples(bmff::demux(&media, &init));
        if let Some(at) = data.windows(4).position(|kind| kind == b"moof").and_then(|at| at.checked_sub(4)) {
            let init = Init::Bmff(init);
            samples(container::demux(&media.slice(at..), Some(&init), None));
            let cut = media.slice(at..at + (media.len() - at) / 2);
            samples(container::demux_key_frames(&cut, Some(&init), None));
        }
    }
}

/// In the clear, as if its samples were encrypted, and as a key frame that may have no tables.
pub fn ts(data: &[u8]) {
    let media = Bytes::copy_from_slice(data);
    samples(ts::demux(&media, None));
    samples(ts::demux(&media, Some(&CIPHER)));
    samples(ts::demux_key_frame(&media, None, None));
    samples(ts::demux_key_frame(&media, None, Some(&CIPHER)));
}

/// A file by itself, and its clusters with its own header.
pub fn webm(data: &[u8]) {
    let media = Bytes::copy_from_slice(data);
    if let Ok(header) = webm::Header::parse(data) {
        samples(webm::demux(&media, &header));
        let cluster = data.windows(4).position(|id| id == [0x1f, 0x43, 0xb6, 0x75]);
        if let Some(at) = cluster {
            samples(webm::demux(&media.slice(at..), &header));
        }
    }
}

/// In the clear, and as if its frames were encrypted.
pub fn packed(data: &[u8]) {
    let media = Bytes::copy_from_slice(data);
    let _ = packed::is_packed_audio(data);
    samples(packed::demux(&media, None));
    samples(packed::demux(&media, Some(&CIPHER)));
}

/// WebVTT, and whatever else text segments may be.
pub fn webvtt(data: &[u8]) {
    if let Ok(segment) = webvtt::parse(data) {
        cues(segment.cues);
    }
    if let Ok(segment) = text::parse(&Bytes::copy_from_slice(data), None) {
        cues(segment.cues);
    }
}

/// One document.
pub fn ttml(data: &[u8]) {
    if let Ok(found) = ttml::parse(data) {
        cues(found);
    }
}

/// Four bytes make a step in time, of 20 ms each, and a triplet. Both kinds of captions read them all.
pub fn cea(data: &[u8]) {
    let mut time = 0;
    let triplets: Vec<(MediaTime, [u8; 3])> = data
        .chunks_exact(4)
        .map(|chunk| {
            time += i64::from(chunk[0]) * 20;
            (MediaTime::from_millis(time), [chunk[1], chunk[2], chunk[3]])
        })
        .collect();
    let (mut line21, mut digital) = (Cea608Decoder::default(), Cea708Decoder::default());
    // Two segments: what is on the screen at the end of the first goes on in the second.
    let (first, second) = triplets.split_at(triplets.len() / 2);
    for part in [first, second] {
        let until = part.last().map_or(MediaTime::ZERO, |(time, _)| *time) + Duration::from_millis(40);
        cues(line21.decode(part, until).into_iter().map(|(_, cue)| cue).collect());
        cues(digital.decode(part, until).into_iter().map(|(_, cue)| cue).collect());
    }
}

/// Eight bytes say what the manifest knows of the file, the rest is the file.
pub fn sidx_index(data: &[u8]) {
    let Some(([flags, first, index, length, start, duration, _, _], file_bytes)) = data.split_first_chunk() else {
        return;
    };
    let seconds = |byte: &u8| Duration::from_secs(u64::from(*byte));
    let begin = MediaTime::ZERO + seconds(start);
    let file = IndexedFile {
        url: base(),
        index: (flags & 1 != 0).then(|| (u64::from(*index), u64::from(*length) * 16)),
        init: None,
        epoch: 0,
        timing: match flags & 2 {
            0 => Timing::Listed,
            _ => Timing::Anchored { shift: begin, start: begin, end: Some(begin + seconds(duration)) },
        },
        duration: (flags & 4 != 0).then(|| seconds(duration)),
    };
    let mut at = u64::from(*first);
    // As the loader does: what is asked for replaces what was read.
    for _ in 0..8 {
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(file_bytes.len());
        match index::read(&file_bytes[from..], at, &file) {
            Ok(IndexRead::More((next, _))) => at = next,
            Ok(IndexRead::Done(_)) | Err(_) => break,
        }
    }
}

/// Licences, the boxes that announce keys, and segments that are encrypted as a whole.
pub fn clearkey_licence(data: &[u8]) {
    let _ = clearkey::parse_licence(data);
    let _ = pssh::key_ids(data);
    let _ = pssh::announcements_in_media(data);
    let _ = pssh::payload_key_ids(data);
    let _ = aes_cbc::decrypt_segment(data, &KEY.0, CIPHER.iv, true);
}

/// Chapters of every kind: tables of files, an element, a document, and a file by itself, part by part.
pub fn chapters(data: &[u8]) {
    let _ = bmff::TextSample::title(data);
    let _ = bmff::chapters(data);
    let _ = bmff::KeyFrameTable::parse(data);
    if let bmff::MoovSearch::Here(range) = bmff::find_moov(data, 0) {
        let _ = bmff::chapters(&data[range.clone()]);
        let _ = bmff::KeyFrameTable::parse(&data[range]);
    }
    let _ = webm::find_chapters(data);
    let _ = webm::chapters(data);
    let _ = player_core::chapters::read_hls(data, &base());
    memory::chapters_of_file(data);
}

/// A plain file with the input as its edit list, and as the text of its gapless sound.
pub fn edits(data: &[u8]) {
    if let Some(file) = wrapped::edited_file(data).map(Bytes::from)
        && let Ok(init) = bmff::InitSegment::parse(&file)
    {
        samples(bmff::demux(&file, &init));
    }
}

/// An elementary stream in a transport stream, in the clear and with a key; the first two bytes say of what kind it is
/// and how long its packets are.
pub fn elementary(data: &[u8]) {
    if let Some(stream) = wrapped::transport_stream(data).map(Bytes::from) {
        samples(ts::demux(&stream, None));
        samples(ts::demux(&stream, Some(&CIPHER)));
        samples(ts::demux_key_frame(&stream, None, None));
    }
}

/// A file of FLAC frames.
pub fn flac(data: &[u8]) {
    let media = Bytes::copy_from_slice(data);
    samples(flac::demux(&media));
    samples(container::demux(&media, None, None));
}

/// A manifest, and all that it leads to.
pub fn presentation(data: &[u8]) {
    memory::presentation(data);
}

/// Pictures of the seek bar; the first byte says from what.
pub fn thumbnails(data: &[u8]) {
    memory::thumbnails(data);
}

/// Decrypts what says that it is encrypted, and looks for captions.
fn samples(demuxed: Result<Demuxed, container::ContainerError>) {
    let Ok(demuxed) = demuxed else { return };
    for mut stream in demuxed.streams {
        for sample in &mut stream.samples {
            cenc::decrypt(sample, &KEY);
        }
        let _ = es::caption_data(&stream.format.codec, &stream.samples);
        let _ = cenc::looks_like_media(&stream.format.codec, stream.samples.iter().map(|sample| &sample.data));
    }
}

fn cues(cues: Vec<Cue>) {
    let mut joined = text::merge_touching(cues);
    text::unroll(&mut joined, MediaTime::from_millis(1 << 33));
    assert!(joined.iter().all(|cue| cue.text().len() < usize::MAX));
}
