//! Segments put together by hand, for what packagers seldom write.

use super::*;
use crate::container::Sample;
use crate::manifest::TrackKind;
use abr::MediaTime;
use std::collections::HashMap;

const VIDEO: u16 = 0x100;
const TAGS: u16 = 0x101;
const SPLICES: u16 = 0x102;

/// Writes packets; counters go on over the segment.
#[derive(Default)]
struct Muxer {
    counters: HashMap<u16, u8>,
    data: Vec<u8>,
}

impl Muxer {
    /// With tables that announce all streams.
    fn new() -> Self {
        let mut muxer = Self::default();
        muxer.section(0, &table(0, &[0, 1, 0xe0, 0x20]));
        let mut map = vec![0xe1, 0x00, 0xf0, 0];
        for (kind, pid) in [(0x1b, VIDEO), (0x15, TAGS), (0x86, SPLICES)] {
            map.extend([kind, 0xe0 | (pid >> 8) as u8, pid as u8, 0xf0, 0]);
        }
        muxer.section(0x20, &table(2, &map));
        muxer
    }

    fn section(&mut self, pid: u16, section: &[u8]) {
        self.packets(pid, &[&[0], section].concat());
    }

    /// A packet of a stream, with or without a time.
    fn pes(&mut self, pid: u16, pts: Option<u64>, payload: &[u8]) {
        let id = if pid == VIDEO { 0xe0 } else { 0xbd };
        let mut pes = vec![0, 0, 1, id, 0, 0, 0x80, if pts.is_some() { 0x80 } else { 0 }, 0];
        if let Some(pts) = pts {
            pes[8] = 5;
            pes.push(0x21 | (pts >> 29) as u8 & 0x0e);
            pes.extend([(pts >> 22) as u8, (pts >> 14) as u8 | 1, (pts >> 7) as u8, (pts << 1) as u8 | 1]);
        }
        pes.extend(payload);
        self.packets(pid, &pes);
    }

    fn packets(&mut self, pid: u16, payload: &[u8]) {
        for (number, part) in payload.chunks(184).enumerate() {
            let counter = self.counters.entry(pid).or_default();
            let start = if number == 0 { 0x40 } else { 0 };
            let stuffing = 184 - part.len();
            self.data.extend([0x47, start | (pid >> 8) as u8, pid as u8]);
            self.data.push(if stuffing > 0 { 0x30 } else { 0x10 } | *counter);
            *counter = (*counter + 1) & 0xf;
            if stuffing > 0 {
                self.data.push(stuffing as u8 - 1);
                self.data.extend((1..stuffing).map(|at| if at == 1 { 0 } else { 0xff }));
            }
            self.data.extend(part);
        }
    }

    fn demux(self) -> Demuxed {
        demux(&self.data.into(), None).unwrap()
    }
}

/// A table whose checksum is wrong, as nothing else is there.
fn table(id: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len() + 9;
    [&[id, 0xb0, length as u8, 0, 1, 0xc1, 0, 0][..], body, &[0; 4]].concat()
}

/// Pictures of a clip.
fn clip() -> Vec<Sample> {
    let data = Bytes::from_static(include_bytes!("fixtures/h264_eac3.ts"));
    demux(&data, None).unwrap().streams.swap_remove(0).samples
}

fn ticks(time: MediaTime) -> u64 {
    (time.nanos() as u64 * 9).div_ceil(100_000)
}

#[test]
fn access_units_do_not_care_where_packets_are_cut() {
    let units = clip();
    let stream: Vec<u8> = units.iter().flat_map(|unit| unit.data.to_vec()).collect();
    // Where units begin, and their times.
    let mut at = 0;
    let begins: Vec<(usize, u64)> = units
        .iter()
        .map(|unit| {
            at += unit.data.len();
            (at - unit.data.len(), ticks(unit.dts))
        })
        .collect();
    for size in [50, 333, 1000, 2000, 5000] {
        let mut muxer = Muxer::new();
        for (number, piece) in stream.chunks(size).enumerate() {
            let range = number * size..number * size + piece.len();
            let first = begins.iter().find(|(begin, _)| range.contains(begin));
            muxer.pes(VIDEO, first.map(|(_, dts)| *dts), piece);
        }
        let media = muxer.demux();
        let samples = &media.streams[0].samples;
        assert_eq!(samples.len(), units.len(), "{size}");
        for (sample, unit) in samples.iter().zip(&units) {
            assert_eq!(sample.data, unit.data, "{size}");
            assert_eq!(sample.keyframe, unit.keyframe, "{size}");
            // In packets that hold several units, times of all but the first are worked out; one time is not enough.
            assert!(sample.dts.nanos().abs_diff(unit.dts.nanos()) < 20_000_000 || size > stream.len(), "{size}");
        }
    }
}

#[test]
fn conformance_08_tags_and_splices_are_events() {
    let mut muxer = Muxer::new();
    let tag = b"ID3\x04\0\0\0\0\0\x05hello";
    let unit = [&[0, 0, 1, 0x09, 0xf0, 0, 0, 1, 0x65, 0x88, 0x80][..], &[7; 200]].concat();
    muxer.pes(VIDEO, Some(90_000), &unit);
    muxer.pes(TAGS, Some(180_000), tag);
    // A time signal at ten seconds.
    let mut section = vec![0xfc, 0x30, 0x15, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xf0, 0x05, 6, 0xfe];
    section.extend(900_000u32.to_be_bytes());
    section.extend([0, 0, 0, 0, 0]);
    muxer.section(SPLICES, &section);
    let media = muxer.demux();
    assert_eq!(media.streams[0].kind, TrackKind::Video);
    assert_eq!(media.streams[0].samples[0].pts, MediaTime::from_millis(1000));
    let events: Vec<_> = media.events.iter().map(|event| (event.scheme.as_str(), event.start.as_millis())).collect();
    assert_eq!(events, [(ID3_SCHEME, 2000), ("urn:scte:scte35:2013:bin", 10_000)]);
    assert_eq!(media.events[0].payload, tag[..]);
    assert_eq!(media.events[1].payload, section);
}

#[test]
fn programs_of_which_nothing_can_be_played_are_named() {
    let mut muxer = Muxer::default();
    muxer.section(0, &table(0, &[0, 1, 0xe0, 0x20]));
    muxer.section(0x20, &table(2, &[0xe1, 0, 0xf0, 0, 0x02, 0xe1, 0, 0xf0, 0, 0x82, 0xe1, 1, 0xf0, 0]));
    let error = demux(&muxer.data.into(), None).unwrap_err();
    assert_eq!(error, ContainerError::Unsupported("MPEG-TS with DTS, MPEG-2 video".into()));
}

#[test]
fn packets_scrambled_for_a_receiver_are_refused() {
    let mut muxer = Muxer::new();
    let tables = muxer.data.len();
    muxer.pes(VIDEO, Some(0), &[0; 300]);
    for packet in muxer.data[tables..].chunks_mut(188) {
        packet[3] |= 0x80;
    }
    let error = demux(&muxer.data.into(), None).unwrap_err();
    assert_eq!(error, ContainerError::UnsupportedScheme("conditional access".into()));
}
