use super::*;
use crate::text::{Colour, Line, LineAlign, Percent, PositionAlign, TextAlign, merge_touching};

/// A packet with one block of service 1, at a time in milliseconds.
fn packet(time: i64, commands: &[u8]) -> Vec<(MediaTime, [u8; 3])> {
    let mut bytes = vec![0, 0x20 | commands.len() as u8];
    bytes.extend_from_slice(commands);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes[0] = bytes.len() as u8 / 2;
    let triplet = |(at, pair): (usize, &[u8])| {
        (MediaTime::from_millis(time), [if at == 0 { 0xff } else { 0xfe }, pair[0], pair[1]])
    };
    bytes.chunks(2).enumerate().map(triplet).collect()
}

/// Defines window 0: relative, anchored at its lower middle at 50 %, 90 %; two rows of 32 columns.
const HIDDEN: [u8; 7] = [0x98, 0x00, 0x80 | 90, 50, 0x71, 31, 0x11];
const VISIBLE: [u8; 7] = [0x98, 0x20, 0x80 | 90, 50, 0x71, 31, 0x11];

fn decode(packets: &[Vec<(MediaTime, [u8; 3])>], until: i64) -> Vec<Cue> {
    primary(Cea708Decoder::default().decode(&packets.concat(), MediaTime::from_millis(until)))
}

fn primary(cues: Vec<(u8, Cue)>) -> Vec<Cue> {
    cues.into_iter().filter(|(service, _)| *service == 1).map(|(_, cue)| cue).collect()
}

fn seen(cues: &[Cue]) -> Vec<(i64, i64, String)> {
    cues.iter().map(|cue| (cue.start.as_millis(), cue.end.as_millis(), cue.text())).collect()
}

#[test]
fn windows_are_written_in_secret_shown_and_hidden() {
    let first = packet(0, &[&HIDDEN[..], b"Hello\x92\x01\x00", &[0x91, 0x30, 0, 0], b"world"].concat());
    let cues = decode(&[first, packet(1_000, &[0x89, 1]), packet(3_000, &[0x8a, 1]), packet(4_000, &[0x8c, 1])], 5_000);
    assert_eq!(seen(&cues), [(1_000, 3_000, "Hello\nworld".into())]);
    let settings = &cues[0].settings;
    assert_eq!(
        (settings.line, settings.line_align),
        (Some(Line::Percent(Percent(1_000 + 90 * 8_000 / 99))), LineAlign::End)
    );
    assert_eq!(
        (settings.position, settings.position_align),
        (Some(Percent(1_000 + 50 * 8_000 / 99)), PositionAlign::Center)
    );
    assert_eq!(settings.align, TextAlign::Left);
    assert_eq!(cues[0].spans[1][0].style.colour, Some(Colour::rgb(255, 0, 0)));
}

#[test]
fn rows_scroll_and_a_segments_end_only_cuts() {
    let packets = [
        packet(0, &[&VISIBLE[..], b"one"].concat()),
        packet(1_000, b"\rtwo"),
        packet(2_000, b"\rthree"),
        packet(3_000, &[0x8f]),
    ];
    let whole = decode(&packets, 4_000);
    let expected = [(0, 1_000, "one".into()), (1_000, 2_000, "one\ntwo".into()), (2_000, 3_000, "two\nthree".into())];
    assert_eq!(seen(&whole), expected);
    let mut decoder = Cea708Decoder::default();
    let mut parts = decoder.decode(&packets[..2].concat(), MediaTime::from_millis(1_500));
    parts.extend(decoder.decode(&packets[2..].concat(), MediaTime::from_millis(4_000)));
    assert_eq!(merge_touching(primary(parts)), whole);
}

#[test]
fn characters_of_all_tables_and_unknown_extensions_are_read() {
    let text = [
        &VISIBLE[..],
        &[0x10, 0x25, 0x7f, 0xe9, 0x18, 0x20, 0xac, 0x10, 0x10, 1, 2, 0x10, 0x90, 2, 7, 7, b'x', 8, b'y', 3],
    ]
    .concat();
    assert_eq!(decode(&[packet(0, &text)], 1_000)[0].text(), "…♪é€y");
}

#[test]
fn services_are_told_apart_and_line_21_is_passed_over() {
    let mut input = packet(0, &[&VISIBLE[..], b"x"].concat());
    input.push((MediaTime::ZERO, [0xfc, 0x14, 0x2c]));
    let mut second = packet(0, &[&VISIBLE[..], b"yz"].concat());
    // The block's header is the second byte; its upper bits are the number.
    second[0].1[2] = 0x40 | second[0].1[2] & 0x1f;
    input.extend(second);
    let cues = Cea708Decoder::default().decode(&input, MediaTime::from_millis(1_000));
    let texts: Vec<(u8, String)> = cues.iter().map(|(service, cue)| (*service, cue.text())).collect();
    assert_eq!(texts, [(1, "x".into()), (2, "yz".into())]);
}

proptest::proptest! {
    #[test]
    fn any_bytes_do_no_harm(blocks in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 1..31), 0..60)) {
        let packets: Vec<_> = blocks.iter().enumerate()
            .map(|(at, block)| packet(at as i64 * 100, &if at == 0 { VISIBLE.to_vec() } else { block.clone() }))
            .collect();
        let end = MediaTime::from_millis(10_000);
        for (_, cue) in Cea708Decoder::default().decode(&packets.concat(), end) {
            proptest::prop_assert!(cue.start < cue.end && cue.end <= end && !cue.lines.is_empty());
        }
    }

    #[test]
    fn any_triplets_do_no_harm(triplets in proptest::collection::vec((0xfcu8..=0xff, proptest::num::u8::ANY, proptest::num::u8::ANY), 0..300)) {
        let input: Vec<_> = triplets.iter().map(|(head, a, b)| (MediaTime::ZERO, [*head, *a, *b])).collect();
        let _ = Cea708Decoder::default().decode(&input, MediaTime::from_millis(1_000));
    }
}
