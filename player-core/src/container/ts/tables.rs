//! Program association and program map: which PID carries what.

use super::section::checksum_fits;
use crate::container::es::audio::AudioCodec;
use crate::container::es::video::VideoCodec;

/// Programs of which the tables are read.
const MAX_PROGRAMS: usize = 32;
/// Streams of a program that are looked at.
const MAX_STREAMS: usize = 64;
const CHECKSUM: usize = 4;

/// What a stream is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamKind {
    Video {
        codec: VideoCodec,
        encrypted: bool,
    },
    Audio {
        codec: AudioCodec,
        encrypted: bool,
    },
    /// AAC in LATM.
    Latm,
    /// ID3 tags.
    Metadata,
    /// SCTE-35 sections.
    Splice,
    /// By its stream type.
    Other(u8),
}

impl StreamKind {
    pub(super) fn is_heard(self) -> bool {
        matches!(self, Self::Audio { .. } | Self::Latm)
    }
}

/// A stream of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamEntry {
    pub(super) pid: u16,
    pub(super) kind: StreamKind,
}

/// A table that was read, and whether its checksum fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table<T> {
    pub(super) content: T,
    pub(super) sound: bool,
}

/// PIDs of the maps of all programs, in order.
pub(super) fn association(section: &[u8]) -> Option<Table<Vec<u16>>> {
    const PROGRAM_ASSOCIATION: u8 = 0;
    let (body, sound) = body(section, PROGRAM_ASSOCIATION)?;
    let entries = body.chunks_exact(4).filter(|entry| entry[..2] != [0, 0]).take(MAX_PROGRAMS);
    Some(Table { content: entries.map(|entry| pid(&entry[2..])).collect(), sound })
}

/// Streams of a program, in order.
pub(super) fn map(section: &[u8]) -> Option<Table<Vec<StreamEntry>>> {
    const PROGRAM_MAP: u8 = 2;
    let (body, sound) = body(section, PROGRAM_MAP)?;
    // PID of the clock, length of the program's descriptors.
    let mut rest = body.get(4..)?.get(length(body.get(2..4)?)..)?;
    let mut streams = Vec::new();
    while let Some((entry, behind)) = rest.split_first_chunk::<5>() {
        let (descriptors, behind) = behind.split_at_checked(length(&entry[3..]))?;
        rest = behind;
        if streams.len() == MAX_STREAMS {
            break;
        }
        streams.push(StreamEntry { pid: pid(&entry[1..]), kind: kind(entry[0], descriptors) });
    }
    Some(Table { content: streams, sound })
}

/// What lies between the header of a table that applies now and its checksum.
fn body(section: &[u8], table: u8) -> Option<(&[u8], bool)> {
    const HEADER: usize = 8;
    let applies = *section.first()? == table && section.get(5)? & 1 == 1;
    let body = section.get(HEADER..section.len().checked_sub(CHECKSUM)?)?;
    applies.then(|| (body, checksum_fits(section)))
}

fn pid(bytes: &[u8]) -> u16 {
    u16::from(bytes[0] & 0x1f) << 8 | u16::from(bytes[1])
}

fn length(bytes: &[u8]) -> usize {
    usize::from(bytes[0] & 0xf) << 8 | usize::from(bytes[1])
}

/// By stream type; where that says little, by registration and other descriptors.
fn kind(stream_type: u8, descriptors: &[u8]) -> StreamKind {
    let video = |codec| StreamKind::Video { codec, encrypted: false };
    let audio = |codec| StreamKind::Audio { codec, encrypted: false };
    match stream_type {
        0x1b => video(VideoCodec::H264),
        0x24 => video(VideoCodec::H265),
        0x03 | 0x04 => audio(AudioCodec::Mpeg),
        0x0f => audio(AudioCodec::Adts),
        0x11 => StreamKind::Latm,
        0x81 | 0x87 => audio(AudioCodec::Ac3),
        0xdb => StreamKind::Video { codec: VideoCodec::H264, encrypted: true },
        0xcf => StreamKind::Audio { codec: AudioCodec::Adts, encrypted: true },
        0xc1 | 0xc2 => StreamKind::Audio { codec: AudioCodec::Ac3, encrypted: true },
        0x15 => StreamKind::Metadata,
        0x86 => StreamKind::Splice,
        0x06 => self::descriptors(descriptors).find_map(private).unwrap_or(StreamKind::Other(stream_type)),
        other => StreamKind::Other(other),
    }
}

/// What a descriptor says of private data.
fn private((tag, content): (u8, &[u8])) -> Option<StreamKind> {
    const REGISTRATION: u8 = 0x05;
    const AC3: u8 = 0x6a;
    const ENHANCED_AC3: u8 = 0x7a;
    match (tag, content) {
        (AC3 | ENHANCED_AC3, _) | (REGISTRATION, [b'A', b'C', b'-', b'3', ..] | [b'E', b'A', b'C', b'3', ..]) => {
            Some(StreamKind::Audio { codec: AudioCodec::Ac3, encrypted: false })
        }
        (REGISTRATION, [b'H', b'E', b'V', b'C', ..]) => {
            Some(StreamKind::Video { codec: VideoCodec::H265, encrypted: false })
        }
        (REGISTRATION, [b'I', b'D', b'3', b' ', ..]) => Some(StreamKind::Metadata),
        _ => None,
    }
}

/// Tags and contents.
fn descriptors(mut data: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (header, rest) = data.split_first_chunk::<2>()?;
        let (content, rest) = rest.split_at_checked(usize::from(header[1]))?;
        data = rest;
        Some((header[0], content))
    })
}

/// The name of a codec of pictures that this player does not have.
pub(super) fn picture(stream_type: u8) -> Option<&'static str> {
    matches!(stream_type, 0x01 | 0x02 | 0x10 | 0x21 | 0x33).then(|| name(stream_type))
}

/// For a message: what is in streams of this type.
pub(super) fn name(stream_type: u8) -> &'static str {
    match stream_type {
        0x01 | 0x02 => "MPEG-2 video",
        0x10 => "MPEG-4 video",
        0x11 => "AAC in LATM",
        0x1c => "AAC without framing",
        0x20 => "MVC",
        0x21 => "JPEG 2000",
        0x33 => "VVC",
        0x82..=0x85 | 0x88..=0x8a => "DTS",
        0x06 => "private data",
        _ => "data of an unknown type",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(table: u8, body: &[u8]) -> Vec<u8> {
        let length = 5 + body.len() + CHECKSUM;
        [&[table, 0xb0 | (length >> 8) as u8, length as u8, 0, 1, 0xc1, 0, 0][..], body, &[0; CHECKSUM]].concat()
    }

    #[test]
    fn programs_without_the_network_table() {
        let table = association(&section(0, &[0, 0, 0xe0, 0x10, 0, 1, 0xe1, 0x00, 0, 2, 0xff, 0xfe])).unwrap();
        assert_eq!(table, Table { content: vec![0x100, 0x1ffe], sound: false });
        let mut later = section(0, &[0, 1, 0xe1, 0]);
        later[5] &= 0xfe;
        assert_eq!(association(&later), None);
    }

    #[test]
    fn streams_are_known_by_type_and_by_descriptor() {
        let entry = |kind: u8, pid: u8, descriptors: &[u8]| {
            [&[kind, 0xe0, pid, 0xf0, descriptors.len() as u8][..], descriptors].concat()
        };
        let body = [
            vec![0xe0, 50, 0xf0, 2, 0x0e, 0],
            entry(0x1b, 50, &[]),
            entry(0x06, 51, &[0x0a, 1, 0, 0x6a, 1, 0]),
            entry(0x06, 52, &[0x05, 4, b'H', b'E', b'V', b'C']),
            entry(0xcf, 53, &[]),
            entry(0x02, 54, &[]),
        ]
        .concat();
        let streams = map(&section(2, &body)).unwrap().content;
        let expected = [
            StreamKind::Video { codec: VideoCodec::H264, encrypted: false },
            StreamKind::Audio { codec: AudioCodec::Ac3, encrypted: false },
            StreamKind::Video { codec: VideoCodec::H265, encrypted: false },
            StreamKind::Audio { codec: AudioCodec::Adts, encrypted: true },
            StreamKind::Other(2),
        ];
        let expected: Vec<_> = (50..).zip(expected).map(|(pid, kind)| StreamEntry { pid, kind }).collect();
        assert_eq!(streams, expected);
        let cut = map(&section(2, &body[..body.len() - 12]));
        assert!(cut.is_none_or(|table| table.content.len() < 5));
        assert_eq!(map(&[2]), None);
        assert_eq!(map(&section(2, &[0xe0, 50, 0xff, 0xff])), None);
    }
}
