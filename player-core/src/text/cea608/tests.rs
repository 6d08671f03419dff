use super::*;
use crate::text::{Colour, Line, Percent, merge_touching};

/// One pair each frame of a thirtieth of a second, from `start` milliseconds on, in field 1.
fn triplets(start: i64, pairs: &[[u8; 2]]) -> Vec<(MediaTime, [u8; 3])> {
    let pair = |(at, pair): (usize, &[u8; 2])| {
        (MediaTime::from_nanos(start * 1_000_000 + at as i64 * 33_366_667), [0xfc, pair[0] | 0x80, pair[1]])
    };
    pairs.iter().enumerate().map(pair).collect()
}

fn twice(pair: [u8; 2]) -> [[u8; 2]; 2] {
    [pair, pair]
}

fn letters(text: &str) -> Vec<[u8; 2]> {
    text.as_bytes().chunks(2).map(|pair| [pair[0], pair.get(1).copied().unwrap_or(0)]).collect()
}

const RESUME: [u8; 2] = [0x14, 0x20];
const ERASE_SHOWN: [u8; 2] = [0x14, 0x2c];
const ERASE_HIDDEN: [u8; 2] = [0x14, 0x2e];
const FLIP: [u8; 2] = [0x14, 0x2f];
const ROLL_UP_2: [u8; 2] = [0x14, 0x25];
const RETURN: [u8; 2] = [0x14, 0x2d];
const PAINT: [u8; 2] = [0x14, 0x29];

fn decode(triplets: &[(MediaTime, [u8; 3])], until: i64) -> Vec<Cue> {
    let cues = Cea608Decoder::default().decode(triplets, MediaTime::from_millis(until));
    cues.into_iter().filter(|(channel, _)| *channel == CaptionChannel::Cc1).map(|(_, cue)| cue).collect()
}

fn seen(cues: &[Cue]) -> Vec<(i64, i64, String)> {
    cues.iter().map(|cue| (cue.start.as_millis(), cue.end.as_millis(), cue.text())).collect()
}

#[test]
fn pop_on_captions_appear_at_once_and_go_at_once() {
    let mut input = triplets(
        0,
        &[
            &twice(RESUME)[..],
            &twice(ERASE_HIDDEN),
            &twice([0x14, 0x54]),
            &letters("HELLO"),
            &twice([0x14, 0x60]),
            &letters("there"),
        ]
        .concat(),
    );
    input.extend(triplets(1_000, &twice(FLIP)));
    input.extend(triplets(3_000, &twice(ERASE_SHOWN)));
    let cues = decode(&input, 5_000);
    assert_eq!(seen(&cues), [(1_000, 3_000, "HELLO".into()), (1_000, 3_000, "there".into())]);
    // Rows 14 and 15 of 15; the first is indented by eight columns.
    assert_eq!(cues[0].settings.line, Some(Line::Percent(Percent(1_000 + 13 * 8_000 / 15))));
    assert_eq!(cues[0].settings.position, Some(Percent(1_000 + 8 * 250)));
    assert_eq!(cues[1].settings.position, Some(Percent(1_000)));
    assert!(cues[0].spans.is_empty());
}

#[test]
fn a_caption_may_come_as_a_whole_with_one_frame() {
    let all = |time: i64, pairs: &[[u8; 2]]| -> Vec<(MediaTime, [u8; 3])> {
        pairs.iter().map(|pair| (MediaTime::from_millis(time), [0xfc, pair[0], pair[1]])).collect()
    };
    let caption = |text: &str| [&[ERASE_HIDDEN, RESUME, [0x11, 0x40]][..], &letters(text), &twice(FLIP)].concat();
    let clear = [twice(FLIP), twice(ERASE_HIDDEN), twice(ERASE_SHOWN)].concat();
    let input = [all(0, &caption("First")), all(875, &clear), all(1_167, &caption("Second"))].concat();
    let cues = decode(&input, 2_400);
    assert_eq!(seen(&cues), [(0, 875, "First".into()), (1_167, 2_400, "Second".into())]);
    assert_eq!(cues[0].settings.line, Some(Line::Percent(Percent(1_000))));
}

#[test]
fn roll_up_captions_move_up_and_a_segments_end_only_cuts_them() {
    let mut input =
        triplets(0, &[&twice(ROLL_UP_2)[..], &twice(RETURN), &twice([0x14, 0x70]), &letters("one")].concat());
    input.extend(triplets(1_000, &[&twice(RETURN)[..], &letters("two")].concat()));
    input.extend(triplets(2_000, &[&twice(RETURN)[..], &letters("three")].concat()));
    let whole = decode(&input, 3_000);
    let texts: Vec<_> = seen(&whole).into_iter().map(|(start, end, text)| (start / 100, end / 100, text)).collect();
    // In the lower row until the return, then one higher, then gone.
    let expected = [(2, 10, "one"), (10, 20, "one"), (10, 20, "two"), (20, 30, "two"), (20, 30, "three")];
    let mut expected = expected.map(|(start, end, text)| (start, end, text.to_owned())).to_vec();
    expected.sort_by_key(|(start, _, text)| (*start, if text == "three" { 1 } else { 0 }));
    assert_eq!(texts.len(), expected.len());
    assert!(expected.iter().all(|cue| texts.contains(cue)), "{texts:?}");

    let mut decoder = Cea608Decoder::default();
    let (first, second) = input.split_at(input.partition_point(|(time, _)| time.as_millis() < 1_500));
    let mut parts = decoder.decode(first, MediaTime::from_millis(1_500));
    parts.extend(decoder.decode(second, MediaTime::from_millis(3_000)));
    let parts = merge_touching(parts.into_iter().map(|(_, cue)| cue).collect());
    assert_eq!(parts, merge_touching(whole));
}

#[test]
fn painted_captions_have_styles_and_characters_of_all_tables() {
    let pairs = [
        &twice(PAINT)[..],
        &twice([0x14, 0x6b]), // row 15, green... underlined by the lowest bit
        &letters("A*"),
        &twice([0x11, 0x37]), // music note
        &letters("u"),
        &twice([0x12, 0x24]), // Ü in place of the u
        &twice([0x11, 0x2e]), // italics
        &letters("it"),
    ];
    let mut input = triplets(0, &pairs.concat());
    input.extend(triplets(2_000, &twice(ERASE_SHOWN)));
    let cues = merge_touching(decode(&input, 3_000));
    let last = cues.last().unwrap();
    assert_eq!(last.text(), "Aá♪Ü it");
    let spans = &last.spans[0];
    assert_eq!(spans.first().map(|span| span.style.underline), Some(true));
    assert_eq!(spans.last().map(|span| (span.style.italic, span.text.as_str())), Some((true, " it")));
    assert!(spans.iter().all(|span| span.style.colour == Some(Colour::rgb(255, 255, 0))));
}

#[test]
fn channels_and_fields_are_kept_apart_and_services_are_no_captions() {
    let at = MediaTime::from_millis(100);
    let mut input = vec![(at, [0xfc, 0x14, 0x29]), (at, [0xfc, b'a', 0])];
    input.extend([(at, [0xfc, 0x1c, 0x29]), (at, [0xfc, b'b', 0])]);
    input.extend([(at, [0xfd, 0x15, 0x29]), (at, [0xfd, b'c', 0])]);
    // A service begins, and captions resume; invalid and later captions' bytes are not ours.
    input.extend([(at, [0xfd, 0x01, 0x03]), (at, [0xfd, b'x', b'x']), (at, [0xfd, 0x0f, 0x20]), (at, [0xfd, b'd', 0])]);
    input.extend([(at, [0xf8, b'y', b'y']), (at, [0xff, b'z', b'z'])]);
    let cues = Cea608Decoder::default().decode(&input, MediaTime::from_millis(1_000));
    let seen: Vec<_> = cues.iter().map(|(channel, cue)| (*channel, cue.text())).collect();
    let expected = [(CaptionChannel::Cc1, "a"), (CaptionChannel::Cc2, "b"), (CaptionChannel::Cc3, "cd")];
    assert_eq!(seen, expected.map(|(channel, text)| (channel, text.to_owned())));
}

#[test]
fn a_control_code_sent_once_counts_and_a_later_one_is_no_repetition() {
    let input = triplets(
        0,
        &[&[ROLL_UP_2, RETURN][..], &letters("a"), &[RETURN], &letters("b"), &[RETURN], &letters("c")].concat(),
    );
    let texts: std::collections::BTreeSet<String> = decode(&input, 1_000).iter().map(Cue::text).collect();
    assert_eq!(texts, ["a", "b", "c"].map(String::from).into());
}

proptest::proptest! {
    #[test]
    fn any_bytes_do_no_harm(bytes in proptest::collection::vec((0u8..2, 0u8..0x80, 0u8..0x80), 0..400)) {
        let input: Vec<_> = bytes.iter().enumerate()
            .map(|(at, (field, first, second))| (MediaTime::from_millis(at as i64 * 33), [0xfc | field, *first, *second]))
            .collect();
        let end = MediaTime::from_millis(20_000);
        for (_, cue) in Cea608Decoder::default().decode(&input, end) {
            proptest::prop_assert!(cue.start < cue.end && cue.end <= end && !cue.lines.is_empty());
        }
    }

    #[test]
    fn control_codes_alone_do_no_harm(bytes in proptest::collection::vec((0x10u8..0x20, 0x20u8..0x80), 0..400)) {
        let input: Vec<_> = bytes.iter().enumerate()
            .map(|(at, (first, second))| (MediaTime::from_millis(at as i64 * 33), [0xfc, *first, *second]))
            .collect();
        let _ = Cea608Decoder::default().decode(&input, MediaTime::from_millis(20_000));
    }
}
