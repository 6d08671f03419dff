//! No input makes a parser take more memory than a stated multiple of its size beside a fixed amount. The figures are
//! those of docs/formats.md. Alone in its program, with one test: the allocator counts what all threads do.
#![allow(clippy::unwrap_used)]

#[path = "support/parsers.rs"]
mod parsers;

use parsers::{PARSERS, Parser};
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use std::path::Path;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Fixed part of every bound: tables of parsers, a decoder's screens, the addresses of the few segments that a short
/// manifest may list by numbers alone.
const FIXED: usize = 1 << 20;
/// Damaged variants of each seed.
const VARIANTS: usize = 60;

/// Bytes taken at most per byte of input, results and the copy of the input included.
fn multiple(parser: &str) -> usize {
    match parser {
        // A segment of a playlist is a line of a dozen bytes and becomes a record with two addresses.
        "hls" | "dash" | "presentation" | "thumbnails" => 192,
        // A sample of a byte becomes a record; so does an event.
        "bmff" => 512,
        "webm" => 256,
        "ttml" | "sidx_index" => 128,
        // A sample may be there once for each edit, and never more often than the file has bytes.
        "edits" => 512,
        // LATM has frames of two bytes.
        "ts" | "elementary" => 384,
        "packed" | "flac" => 96,
        "webvtt" | "chapters" => 64,
        _ => 16,
    }
}

/// Bytes that an input may take whatever its size is: a picture of a few bytes may say that it has many pixels. Twice
/// what decoders may take for one.
fn absolute(parser: &str, input: &[u8]) -> usize {
    let is_picture = parser == "thumbnails" && input.first().is_some_and(|kind| kind % 5 == 3);
    if is_picture { 2 * (160 << 20) } else { 0 }
}

/// Bytes in which a parser's input is wrapped.
fn wrapping(parser: &str) -> usize {
    if parser == "edits" { 22_000 } else { 0 }
}

/// Most bytes in use at a time while `parser` reads, beyond what was in use before.
fn taken(parser: Parser, input: &[u8]) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    parser(input);
    MEMORY.peak_usage().saturating_sub(before)
}

/// Files that the parser takes.
fn seeds(parser: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixtures = match parser {
        "hls" => "src/manifest/hls/fixtures",
        "bmff" | "sidx_index" | "chapters" => "src/container/bmff/fixtures",
        "ts" => "src/container/ts/fixtures",
        "webm" => "src/container/webm/fixtures",
        "packed" => "src/container/packed/fixtures",
        _ => "",
    };
    let folders = [root.join("../fuzz/seeds").join(parser), root.join(fixtures)];
    let mut files: Vec<_> = folders
        .iter()
        .filter(|folder| !folder.ends_with("player-core"))
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let mut seeds: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    if parser == "sidx_index" {
        seeds.iter_mut().for_each(|file| drop(file.splice(0..0, [7, 0, 0, 0, 0, 20, 0, 0])));
    }
    seeds.extend(dense(parser));
    seeds
}

/// Input with as much to be kept per byte as can be thought of.
fn dense(parser: &str) -> Vec<Vec<u8>> {
    let text = |head: &str, line: &str, tail: &str| format!("{head}{}{tail}", line.repeat(5000)).into_bytes();
    let period = |inner: &str, line: &str, tail: &str| {
        let set = "<MPD mediaPresentationDuration='PT9999S'><Period><AdaptationSet mimeType='video/mp4'>";
        text(&format!("{set}{inner}"), line, &format!("{tail}</AdaptationSet></Period></MPD>"))
    };
    match parser {
        "hls" => vec![
            text("#EXTM3U\n", "#EXTINF:1,\na\n", ""),
            text("#EXTM3U\n#EXT-X-MAP:URI=\"i\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n", "#EXTINF:1\na\n", ""),
            text("#EXTM3U\n", "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:1\na\n", ""),
            text("#EXTM3U\n#EXTINF:1\na\n", "#EXT-X-DATERANGE:ID=\"\",START-DATE=\"2024-01-01T00:00:00Z\"\n", ""),
            format!("#EXTM3U\n{}", "#EXT-X-STREAM-INF:BANDWIDTH=1\na\n".repeat(900)).into_bytes(),
            format!("#EXTM3U\n#EXT-X-MEDIA:{}\n", "A=1,".repeat(120)).into_bytes(),
        ],
        "dash" => vec![
            text("<MPD>", "<a/>", "</MPD>"),
            text("<MPD ", "a='' ", "></MPD>"),
            period(
                "<Representation/><SegmentTemplate media='$Time$'><SegmentTimeline>",
                "<S d='1'/>",
                "</SegmentTimeline></SegmentTemplate>",
            ),
            period("<Representation><SegmentList duration='1'>", "<SegmentURL/>", "</SegmentList></Representation>"),
            period("", "<Representation/>", ""),
            text("<MPD><Period><EventStream>", "<Event/>", "</EventStream></Period></MPD>"),
            text("<MPD>", "<Period/>", "</MPD>"),
            period("", "<BaseURL>a</BaseURL>", ""),
        ],
        "webvtt" => vec![
            text("WEBVTT\n\n", "0:0.0-->0:1.0\na\n\n", ""),
            text("WEBVTT\n\n00:00.000 --> 00:01.000\n", "<b>", "a"),
            text("WEBVTT\n\n00:00.000 --> 00:01.000\n", "a\n", ""),
            text("WEBVTT\n\nREGION\nid:a\n\nSTYLE\n", "::cue(.a){color:red}", "\n"),
            text("", "1\n00:00:00,0 --> 00:00:01,0\na\n\n", ""),
        ],
        "ttml" => vec![
            text("<tt><body><div>", "<p end='1s'>a</p>", "</div></body></tt>"),
            text("<tt><body><div><p end='1s'>", "<span/>", "</p></div></body></tt>"),
            text("<tt><body><div><p end='1s'>", "a<br/>", "</p></div></body></tt>"),
            text("<tt><head><styling>", "<style/>", "</styling></head></tt>"),
        ],
        "cea" => vec![
            [1u8, 0xfc, 0x94, 0x2f].repeat(5000),
            [2, 0xfc, b'a', b'b', 2, 0xfc, 0x14, 0x2d].repeat(5000),
            [[1, 0xff, 0x02, 0x22], [1, 0xfe, 0x88, 0x01]].concat().repeat(2500),
            [2, 0xff, 0x07, 0x2c, 2, 0xfe, 0x98, 0x20, 2, 0xfe, 0xda, 0x32, 2, 0xfe, 0x71, 0x1f, 2, 0xfe, 0x11, b'H']
                .repeat(1000),
        ],
        "clearkey_licence" => vec![
            text("{\"keys\":[", "{},", "{}]}"),
            text("{\"keys\":", "[", ""),
            text(
                "{\"keys\":[",
                "{\"kty\":\"oct\",\"kid\":\"AAAAAAAAAAAAAAAAAAAAAQ\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAQ\"},",
                "]}",
            ),
        ],
        "packed" => {
            vec![b"ID3\x04\0\0\0\0\0\0".repeat(5000), [0xff, 0xf1, 0x50, 0x80, 0x01, 0x1f, 0xfc, 0x20].repeat(9000)]
        }
        "webm" => vec![laced(), laced_nothing()],
        "bmff" => vec![samples_of_a_byte()],
        "sidx_index" => vec![references()],
        "chapters" => vec![
            text("[", "[],", "[]]"),
            text("[{\"start-time\":1,\"titles\":[", "{\"title\":\"a\"},", "{\"title\":\"\"}]}]"),
            text("[", "{\"\":0},", "{}]"),
            text("[", "{\"start-time\":1},", "{}]"),
            listed_chapters(),
            nested_chapters(),
        ],
        "edits" => vec![edits_of_everything()],
        "elementary" => {
            let plain = (0..12).map(|kind| [&[kind, 0][..], &[0, 0, 1, 0x65, 0x88, 0, 0].repeat(9000)].concat());
            plain.chain([latm(0), latm(1)]).collect()
        }
        "flac" => vec![[&b"fLaC"[..], &b"\0\0\0\x01a".repeat(900)].concat(), empty_flac_frames()],
        "presentation" => vec![text("#EXTM3U\n", "#EXTINF:1\na\n", ""), text("WEBVTT\n\n", "0:0.0-->0:1.0\na\n\n", "")],
        "thumbnails" => vec![
            // Of pictures that are made 32 MiB are kept, whatever names them: these parts lie outside.
            text("\0WEBVTT\n\n", "0:0.0-->0:1.0\na#xywh=99,0,1,1\n\n", ""),
            text("\x01#EXTM3U\n", "#EXTINF:1\na\n", ""),
        ],
        _ => Vec::new(),
    }
}

fn atom(kind: &[u8; 4], fields: &[u32], inner: &[u8]) -> Vec<u8> {
    let fields: Vec<u8> = fields.iter().flat_map(|field| field.to_be_bytes()).collect();
    let size = u32::try_from(8 + fields.len() + inner.len()).unwrap();
    [&size.to_be_bytes(), &kind[..], &fields, inner].concat()
}

/// An index of as many segments as it can have, behind what the manifest knows: nothing.
fn references() -> Vec<u8> {
    let references = [0u8, 0, 0, 10, 0, 0, 0, 10, 0x90, 0, 0, 0].repeat(65_535);
    [&[0; 8][..], &atom(b"sidx", &[0, 1, 1000, 0, 0, 0xffff], &references)].concat()
}

/// One run of a hundred thousand samples whose size is said once.
fn samples_of_a_byte() -> Vec<u8> {
    const COUNT: u32 = 100_000;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut file = std::fs::read(root.join("src/container/bmff/fixtures/fragmented.mp4")).unwrap();
    let fragment = file.windows(4).position(|kind| kind == b"moof").unwrap() - 4;
    file.truncate(fragment);
    // The base is the fragment; all samples have the size of the track fragment's header, and are 96 bytes behind.
    let run = [atom(b"tfhd", &[0x02_0010, 1, 1], &[]), atom(b"trun", &[1, COUNT, 96], &[])].concat();
    file.extend(atom(b"moof", &[], &atom(b"traf", &[], &run)));
    file.extend(atom(b"mdat", &[], &vec![7; COUNT as usize + 40]));
    file
}

/// A cluster of blocks with as many frames as a lace can have.
fn laced() -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut file = std::fs::read(root.join("src/container/webm/fixtures/vp9-opus-live.webm")).unwrap();
    let cluster = file.windows(4).position(|id| id == [0x1f, 0x43, 0xb6, 0x75]).unwrap();
    file.truncate(cluster);
    file.extend([0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe7, 0x81, 0]);
    // 256 frames of a byte in each block: fixed sizes, track 1.
    for _ in 0..400 {
        file.extend([0xa3, 0x41, 0x05, 0x81, 0, 0, 0x04, 0xff]);
        file.extend([0x55; 256]);
    }
    file
}

/// Blocks of a few bytes that claim 256 frames each.
fn laced_nothing() -> Vec<u8> {
    let mut file = laced();
    let block = file.windows(4).position(|bytes| bytes == [0xa3, 0x41, 0x05, 0x81]).unwrap();
    file.truncate(block);
    file.extend([0xa3, 0x85, 0x81, 0, 0, 0x04, 0xff].repeat(2000));
    file
}

/// Nero's list of as many chapters as it can have, without a title.
fn listed_chapters() -> Vec<u8> {
    let list = [&[1, 0, 0, 0, 0, 0, 0, 0, 255][..], &[0; 9 * 255]].concat();
    atom(b"udta", &[], &atom(b"chpl", &[], &list))
}

/// Chapters of a Matroska file, each with titles of no letters.
fn nested_chapters() -> Vec<u8> {
    let element = |id: &[u8], payload: &[u8]| {
        [id, &(0x1000_0000 | u32::try_from(payload.len()).unwrap()).to_be_bytes(), payload].concat()
    };
    let display = element(&[0x80], &element(&[0x85], b"a")).repeat(8);
    let edition = element(&[0x45, 0xb9], &element(&[0xb6], &display).repeat(1900));
    element(&[0x10, 0x43, 0xa7, 0x70], &edition)
}

/// Elements of 64 frames of `bytes` each, in a stream announced as LATM.
fn latm(bytes: usize) -> Vec<u8> {
    // A configuration of version 0: 64 frames, one program of one layer, LC, 48 kHz, stereo; lengths in frames.
    let mut bits: String =
        ["00", "1", "111111", "0000", "000", "00010", "0011", "0010", "000", "000", "11111111", "00"].concat();
    for _ in 0..64 {
        bits += &format!("{bytes:08b}{}", "00100001".repeat(bytes));
    }
    bits += &"0".repeat(bits.len().next_multiple_of(8) - bits.len());
    let octet = |at: usize| u8::from_str_radix(&bits[at..at + 8], 2).unwrap();
    let body: Vec<u8> = (0..bits.len()).step_by(8).map(octet).collect();
    let element = [&[0x56, 0xe0 | (body.len() >> 8) as u8, body.len() as u8], &body[..]].concat();
    [&[3, 255][..], &element.repeat(1500)].concat()
}

/// Headers of frames and nothing between them: 192 samples at 8 kHz each.
fn empty_flac_frames() -> Vec<u8> {
    let checksum = |data: &[u8]| {
        let step = |crc: u8| if crc & 0x80 != 0 { crc << 1 ^ 7 } else { crc << 1 };
        data.iter().fold(0u8, |crc, byte| (0..8).fold(crc ^ byte, |crc, _| step(crc)))
    };
    let mut info = [0u8; 34];
    info[..4].copy_from_slice(&[0, 192, 0, 192]);
    info[10..14].copy_from_slice(&[0x01, 0xf4, 0x00, 0xf0]);
    let mut file = [&b"fLaC\x80\0\0\x22"[..], &info].concat();
    for number in 0..50_000 {
        let mut header = vec![0xff, 0xf8, 0x14, 0x08];
        header.extend(char::from_u32(number).unwrap().to_string().into_bytes());
        header.push(checksum(&header));
        file.extend(header);
    }
    file
}

/// As many edits as there may be, each of the whole file.
fn edits_of_everything() -> Vec<u8> {
    [&[0, 0, 0, 0, 0, 0, 0, 4, 0][..], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0].repeat(1024)].concat()
}

/// Replaced bytes, sizes that claim everything, pieces that are repeated or missing.
fn damaged(seed: &[u8], cuts: &[(prop::sample::Index, prop::sample::Index, u8)]) -> Vec<u8> {
    let mut data = seed.to_vec();
    for (at, from, byte) in cuts {
        if data.is_empty() {
            break;
        }
        let (at, from) = (at.index(data.len()), from.index(data.len()));
        match byte % 5 {
            0 => data[at] = *byte,
            1 => data.iter_mut().skip(at).take(4).for_each(|byte| *byte = 0xff),
            2 => {
                let piece: Vec<u8> = data[from..].iter().take(usize::from(*byte) * 4).copied().collect();
                data.splice(at..at, piece);
            }
            3 => drop(data.drain(at..(at + usize::from(*byte)).min(data.len()))),
            _ => data.truncate(at.max(data.len() / 2)),
        }
    }
    data
}

#[test]
fn no_input_takes_more_memory_than_stated() {
    let cuts = prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..8);
    let mut runner = TestRunner::deterministic();
    let mut failures = Vec::new();
    for (name, parser) in PARSERS {
        let mut worst = (0.0, 0, Vec::new());
        let mut check = |input: &[u8]| {
            let taken = taken(parser, input);
            let read = (input.len() + wrapping(name)).max(1);
            let per_byte = taken.saturating_sub(FIXED + absolute(name, input)) as f64 / read as f64;
            if per_byte > worst.0 {
                worst = (per_byte, taken, input.to_vec());
            }
        };
        for seed in seeds(name) {
            check(&seed);
            // What is fixed is small beside this.
            check(&seed.repeat((1 << 18) / seed.len().max(1) + 1));
            for _ in 0..VARIANTS {
                check(&damaged(&seed, &cuts.new_tree(&mut runner).unwrap().current()));
            }
        }
        let (per_byte, taken, input) = worst;
        let length = input.len();
        eprintln!("{name}: {per_byte:.1} bytes per byte at most ({taken} for {length}), {} allowed", multiple(name));
        if per_byte > multiple(name) as f64 {
            let begin = &input[..length.min(600)];
            failures.push(format!("{name}: {}", begin.escape_ascii()));
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}
