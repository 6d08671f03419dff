//! Real files of several packagers, files built box by box for what they do not show, and what becomes of damaged ones.

mod damage;
mod encryption;
mod events;
mod files;
mod fragments;
mod sample_entries;
mod streams;

use super::*;
use crate::container::{CodecConfig, Sample};
use crate::manifest::TrackKind;
use bytes::Bytes;

/// The product's own packager: pictures and sound, `cenc`.
const VIDEO_INIT: &[u8] = include_bytes!("../fixtures/video-cenc-init.mp4");
const VIDEO: &[u8] = include_bytes!("../fixtures/video-cenc-2.m4s");
const AUDIO_INIT: &[u8] = include_bytes!("../fixtures/audio-cenc-init.mp4");
const AUDIO: &[u8] = include_bytes!("../fixtures/audio-cenc-2.m4s");
/// ffmpeg: two seconds of pictures with B-frames, and of sound; the same three times.
const PLAIN: &[u8] = include_bytes!("../fixtures/plain.mp4");
const FRAGMENTED: &[u8] = include_bytes!("../fixtures/fragmented.mp4");
const FRAGMENTED_ABSOLUTE: &[u8] = include_bytes!("../fixtures/fragmented-absolute.mp4");

/// Reads a file that needs nothing else.
fn read(file: &[u8]) -> Result<Demuxed, ContainerError> {
    demux(&Bytes::copy_from_slice(file), &InitSegment::parse(file)?)
}

/// All samples of a kind, whatever their format.
fn samples(demuxed: &Demuxed, kind: TrackKind) -> Vec<&Sample> {
    demuxed.streams.iter().filter(|stream| stream.kind == kind).flat_map(|stream| &stream.samples).collect()
}

/// A box around parts.
fn atom(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, &body].concat()
}

/// A full box of a version, with flags, around 32-bit fields.
fn full(kind: &[u8; 4], version: u8, flags: u32, fields: &[u32]) -> Vec<u8> {
    atom(kind, &[&words(&[u32::from(version) << 24 | flags]), &words(fields)])
}

fn words(fields: &[u32]) -> Vec<u8> {
    fields.iter().flat_map(|field| field.to_be_bytes()).collect()
}

/// A sample entry for pictures with these boxes.
fn visual(kind: &[u8; 4], width: u16, children: &[&[u8]]) -> Vec<u8> {
    let mut fixed = [0; 78];
    fixed[7] = 1;
    fixed[24..26].copy_from_slice(&width.to_be_bytes());
    atom(kind, &[&fixed, &children.concat()])
}

/// A sample entry for sound with these boxes.
fn audible(kind: &[u8; 4], children: &[&[u8]]) -> Vec<u8> {
    let mut fixed = [0; 28];
    fixed[7] = 1;
    fixed[17] = 2;
    fixed[24..26].copy_from_slice(&44_100u16.to_be_bytes());
    atom(kind, &[&fixed, &children.concat()])
}

fn avc1(width: u16) -> Vec<u8> {
    visual(b"avc1", width, &[&avcc()])
}

fn avcc() -> Vec<u8> {
    atom(b"avcC", &[&[1, 66, 0, 30, 0xff, 0xe0, 0]])
}

const KEY_ID: [u8; 16] = [0xab; 16];

/// `sinf` of an entry that was `original`, with what follows isProtected in `tenc`.
fn sinf(original: &[u8; 4], scheme: &[u8; 4], tenc: &[u8]) -> Vec<u8> {
    let schm = atom(b"schm", &[&[0; 4], scheme, &[0, 1, 0, 0]]);
    atom(b"sinf", &[&atom(b"frma", &[original]), &schm, &atom(b"schi", &[&atom(b"tenc", &[tenc])])])
}

/// A `tenc` of version 1 without pattern, with IVs of eight bytes.
fn tenc() -> Vec<u8> {
    [&[1, 0, 0, 0, 0, 0, 1, 8][..], &KEY_ID].concat()
}

/// One track of a file.
struct Track<'a> {
    id: u32,
    handler: &'a [u8; 4],
    entries: Vec<Vec<u8>>,
    /// More boxes of `stbl`.
    tables: Vec<u8>,
    trex: [u32; 4],
}

impl Default for Track<'_> {
    fn default() -> Self {
        Self { id: 1, handler: b"vide", entries: vec![avc1(640)], tables: Vec::new(), trex: [1, 10, 4, 0] }
    }
}

impl Track<'_> {
    fn trak(&self) -> Vec<u8> {
        let stsd = atom(b"stsd", &[&words(&[0, self.entries.len() as u32]), &self.entries.concat()]);
        let stbl = atom(b"stbl", &[&stsd, &self.tables]);
        let hdlr = atom(b"hdlr", &[&[0; 8], self.handler, &[0; 13]]);
        let mdhd = full(b"mdhd", 0, 0, &[0, 0, 1_000, 0, 0]);
        let mdia = atom(b"mdia", &[&mdhd, &hdlr, &atom(b"minf", &[&stbl])]);
        atom(b"trak", &[&full(b"tkhd", 0, 3, &[0, 0, self.id, 0, 0]), &mdia])
    }
}

/// A fragmented file's `moov`; a tick is a millisecond.
fn init(tracks: &[Track<'_>]) -> Vec<u8> {
    let traks: Vec<u8> = tracks.iter().flat_map(Track::trak).collect();
    let trex = |track: &Track<'_>| full(b"trex", 0, 0, &[&[track.id], &track.trex[..]].concat());
    let mvex = atom(b"mvex", &[&tracks.iter().flat_map(trex).collect::<Vec<_>>()]);
    let moov = atom(b"moov", &[&full(b"mvhd", 0, 0, &[0, 0, 1_000, 0]), &traks, &mvex]);
    [atom(b"ftyp", &[b"iso6\0\0\0\0"]), moov].concat()
}

/// `moof` with these `traf` and `mdat` behind it. Data offsets are what `trafs` makes of the size of `moof`.
fn fragment(trafs: impl Fn(u32) -> Vec<u8>, data: &[u8]) -> Vec<u8> {
    let size = atom(b"moof", &[&trafs(0)]).len() as u32;
    [atom(b"moof", &[&trafs(size + 8)]), atom(b"mdat", &[data])].concat()
}

/// A `traf` of track 1 at a time with `count` samples of default size and duration.
fn traf(time: u32, count: u32, data: u32, more: &[u8]) -> Vec<u8> {
    let tfhd = full(b"tfhd", 0, 0x02_0000, &[1]);
    atom(b"traf", &[&tfhd, &full(b"tfdt", 0, 0, &[time]), &full(b"trun", 0, 1, &[count, data]), more])
}
