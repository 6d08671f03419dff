//! Messages between fragments.

use super::*;
use abr::MediaTime;
use std::time::Duration;

fn relative(delta: u32, duration: u32, id: u32) -> Vec<u8> {
    atom(b"emsg", &[&[0; 4], b"urn:scte:scte35:2013:bin\0\x31\0", &words(&[100, delta, duration, id]), b"payload"])
}

fn absolute(time: u32, id: u32) -> Vec<u8> {
    let fields = words(&[100, 0, time, 50, id]);
    atom(b"emsg", &[&[1, 0, 0, 0], &fields, b"urn:mpeg:dash:event:2012\0\x31\0", b"x"])
}

fn segment(time: u32) -> Vec<u8> {
    fragment(move |data| traf(time, 1, data, &[]), b"aaaa")
}

#[test]
fn conformance_29_messages_count_from_their_segment_or_from_zero_and_come_once() {
    let init = InitSegment::parse(&init(&[Track::default()])).unwrap();
    let media = [
        atom(b"styp", &[b"msdh\0\0\0\0"]),
        relative(50, 200, 7),
        absolute(300, 1),
        relative(90, 200, 7),
        atom(b"emsg", &[b"broken"]),
        segment(4_000),
        segment(4_010),
        atom(b"styp", &[b"msdh\0\0\0\0"]),
        absolute(300, 1),
        relative(0, u32::MAX, 8),
        segment(6_000),
    ];
    let events = demux(&media.concat().into(), &init).unwrap().events;
    let seen: Vec<_> =
        events.iter().map(|event| (event.id.as_str(), event.start.as_millis(), event.duration)).collect();
    let expected = [
        ("7", 4_500, Some(Duration::from_secs(2))),
        ("1", 3_000, Some(Duration::from_millis(500))),
        ("8", 6_000, None),
    ];
    assert_eq!(seen, expected);
    assert_eq!((events[0].scheme.as_str(), events[0].value.as_str()), ("urn:scte:scte35:2013:bin", "1"));
    assert_eq!((&events[0].payload[..], &events[1].payload[..]), (&b"payload"[..], &b"x"[..]));
}

#[test]
fn messages_without_end_are_cut_off() {
    let init = InitSegment::parse(&init(&[Track::default()])).unwrap();
    let mut media: Vec<u8> = (0..3_000).flat_map(|id| absolute(id, id)).collect();
    media.extend(segment(0));
    let events = demux(&media.into(), &init).unwrap().events;
    assert_eq!(events.len(), 1_024);
    assert_eq!(events[1_023].start, MediaTime::from_millis(10_230));
}
