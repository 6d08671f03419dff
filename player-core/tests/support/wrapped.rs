//! Input in the wrapping without which no parser would look at it.

/// Stream types that a program map may announce; of private data those that descriptors tell apart.
const STREAM_TYPES: [u8; 12] = [0x1b, 0x24, 0x0f, 0x11, 0x03, 0x81, 0x87, 0xdb, 0xcf, 0xc1, 0x15, 0x86];
const SPLICES: u8 = 0x86;
const PID: u16 = 0x100;
const PAYLOAD: usize = 184;

/// A transport stream with one elementary stream in it. The first byte says what kind of stream it is announced as,
/// the second how long its packets are, and the rest is its bytes, whatever they are.
pub(super) fn transport_stream(data: &[u8]) -> Option<Vec<u8>> {
    let (&[kind, size], stream) = data.split_first_chunk()?;
    let kind = STREAM_TYPES[usize::from(kind) % STREAM_TYPES.len()];
    let mut muxer = Muxer::default();
    muxer.section(0, &table(0, &[0, 1, 0xe0, 0x20]));
    muxer.section(0x20, &table(2, &[0xe1, 0, 0xf0, 0, kind, 0xe0 | (PID >> 8) as u8, PID as u8, 0xf0, 0]));
    for (number, piece) in stream.chunks(usize::from(size) * 16 + 40).enumerate() {
        match kind {
            SPLICES => muxer.section(PID, piece),
            _ => muxer.pes(number as u64 * 1_800, piece),
        }
    }
    Some(muxer.data)
}

/// Writes packets of 188 bytes.
#[derive(Default)]
struct Muxer {
    data: Vec<u8>,
    counters: [u8; 2],
}

impl Muxer {
    fn section(&mut self, pid: u16, section: &[u8]) {
        self.packets(pid, &[&[0], section].concat());
    }

    fn pes(&mut self, pts: u64, payload: &[u8]) {
        let time = [
            0x21 | (pts >> 29) as u8 & 0x0e,
            (pts >> 22) as u8,
            (pts >> 14) as u8 | 1,
            (pts >> 7) as u8,
            (pts << 1) as u8 | 1,
        ];
        self.packets(PID, &[&[0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5][..], &time, payload].concat());
    }

    fn packets(&mut self, pid: u16, payload: &[u8]) {
        for (number, part) in payload.chunks(PAYLOAD).enumerate() {
            let counter = &mut self.counters[usize::from(pid == PID)];
            let start = if number == 0 { 0x40 } else { 0 };
            let stuffing = PAYLOAD - part.len();
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
}

/// A table whose checksum is wrong, as nothing else is there.
fn table(id: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len() + 9;
    [&[id, 0xb0, length as u8, 0, 1, 0xc1, 0, 0][..], body, &[0; 4]].concat()
}

/// A plain file with the input as the edit list of all of its tracks, behind a byte that says how much of its end is
/// the text of iTunes' gapless sound instead.
pub(super) fn edited_file(data: &[u8]) -> Option<Vec<u8>> {
    const FILE: &[u8] = include_bytes!("../../src/container/bmff/fixtures/plain.mp4");
    let (&text, data) = data.split_first()?;
    let (list, text) = data.split_at(data.len().saturating_sub(usize::from(text)));
    let (mut before, mut moov) = (Vec::new(), Vec::new());
    for (kind, whole) in boxes(FILE) {
        match kind {
            b"moov" => {
                let edits = wrap(b"edts", &wrap(b"elst", list));
                for (kind, whole) in boxes(&whole[8..]) {
                    match kind {
                        b"trak" => moov.extend(wrap(b"trak", &[&edits, &without(&whole[8..], b"edts")[..]].concat())),
                        b"udta" => {}
                        _ => moov.extend(whole),
                    }
                }
            }
            _ => before.extend(whole),
        }
    }
    if !text.is_empty() {
        let data = wrap(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text].concat());
        let entry = wrap(b"----", &[wrap(b"name", b"\0\0\0\0iTunSMPB"), data].concat());
        let meta = [&[0; 4][..], &wrap(b"ilst", &entry)].concat();
        moov.extend(wrap(b"udta", &wrap(b"meta", &meta)));
    }
    before.extend(wrap(b"moov", &moov));
    Some(before)
}

/// Boxes of a file that is known to be sound, with their headers.
fn boxes(mut data: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let size = u32::from_be_bytes(*data.first_chunk()?) as usize;
        let (whole, rest) = data.split_at_checked(size.max(8))?;
        data = rest;
        Some((whole[4..].first_chunk()?, whole))
    })
}

fn without(data: &[u8], unwanted: &[u8; 4]) -> Vec<u8> {
    boxes(data).filter(|(kind, _)| *kind != unwanted).flat_map(|(_, whole)| whole.to_vec()).collect()
}

fn wrap(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat()
}
