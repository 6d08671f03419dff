//! Supplemental enhancement information, and the closed captions in it (ATSC A/53 part 4, CTA-708).

use super::nal::{NalUnits, unescape};
use crate::container::{CodecConfig, Sample};
use abr::MediaTime;

/// `user_data_registered_itu_t_t35`.
const REGISTERED: u32 = 4;
/// A message with captions has at most 31 triplets; other messages may be longer.
const MAX_SEI: usize = 16 << 10;
/// United States, ATSC, "GA94", caption data.
const CAPTIONS: [u8; 8] = [0xb5, 0x00, 0x31, b'G', b'A', b'9', b'4', 0x03];

/// Closed captions of H.264 and H.265 samples, in the order of presentation.
///
/// For each access unit that has any: its presentation time and the valid triplets of `cc_data`, each a byte with the
/// type in its two lowest bits and two bytes of CEA-608 or of a CEA-708 packet. Samples of other codecs have none, and
/// what cannot be read is passed over. Samples must not be encrypted.
pub fn caption_data(codec: &CodecConfig, samples: &[Sample]) -> Vec<(MediaTime, Vec<[u8; 3]>)> {
    let Some(framing) = Framing::of(codec) else { return Vec::new() };
    let mut captions = Vec::new();
    for sample in samples {
        let mut triplets = Vec::new();
        framing.for_each_nal(&sample.data, |nal| {
            if let Some(payload) = framing.sei_payload(nal) {
                let plain = unescape(payload, MAX_SEI);
                messages(&plain)
                    .filter(|(kind, _)| *kind == REGISTERED)
                    .for_each(|(_, message)| read_triplets(message, &mut triplets));
            }
        });
        if !triplets.is_empty() {
            captions.push((sample.pts, triplets));
        }
    }
    captions.sort_by_key(|(pts, _)| *pts);
    captions
}

/// How NAL units lie in a sample.
#[derive(Clone, Copy, Debug)]
struct Framing {
    is_h265: bool,
    /// Bytes of the length in front of each unit; without it they have start codes.
    length: Option<usize>,
}

impl Framing {
    fn of(codec: &CodecConfig) -> Option<Self> {
        let length = |config: &[u8], at: usize| config.get(at).map(|byte| usize::from(byte & 3) + 1);
        Some(match codec {
            CodecConfig::H264ByteStream => Self { is_h265: false, length: None },
            CodecConfig::H265ByteStream => Self { is_h265: true, length: None },
            CodecConfig::H264 { avcc, .. } => Self { is_h265: false, length: Some(length(avcc, 4)?) },
            CodecConfig::H265 { hvcc, .. } => Self { is_h265: true, length: Some(length(hvcc, 21)?) },
            _ => return None,
        })
    }

    fn for_each_nal(self, data: &[u8], mut visit: impl FnMut(&[u8])) {
        let Some(length) = self.length else {
            return NalUnits::new(data).for_each(|nal| visit(&data[nal.body]));
        };
        let mut rest = data;
        while let Some((prefix, behind)) = rest.split_at_checked(length) {
            let size = prefix.iter().fold(0usize, |size, byte| size << 8 | usize::from(*byte));
            let Some((nal, behind)) = behind.split_at_checked(size) else { return };
            visit(nal);
            rest = behind;
        }
    }

    /// What follows the header of a unit with enhancement information.
    fn sei_payload(self, nal: &[u8]) -> Option<&[u8]> {
        if self.is_h265 {
            let (header, payload) = nal.split_first_chunk::<2>()?;
            matches!(header[0] >> 1 & 0x3f, 39 | 40).then_some(payload)
        } else {
            let (header, payload) = nal.split_first()?;
            (header & 0x1f == 6).then_some(payload)
        }
    }
}

/// Types and payloads of the messages in an unescaped unit.
pub(super) fn messages(mut data: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        // What is left is the trailing bits.
        if data.len() < 2 {
            return None;
        }
        let kind = number(&mut data)?;
        let size = number(&mut data)? as usize;
        let (message, rest) = data.split_at_checked(size)?;
        data = rest;
        Some((kind, message))
    })
}

/// A number in bytes that are added up as long as they are 255.
fn number(data: &mut &[u8]) -> Option<u32> {
    let mut value = 0u32;
    loop {
        let (byte, rest) = data.split_first()?;
        *data = rest;
        value = value.checked_add(u32::from(*byte))?;
        if *byte != 0xff {
            return Some(value);
        }
    }
}

fn read_triplets(message: &[u8], triplets: &mut Vec<[u8; 3]>) {
    let Some(data) = message.strip_prefix(&CAPTIONS) else { return };
    // process_em, process_cc, additional data, count; then a reserved byte.
    let (Some(flags), Some(entries)) = (data.first(), data.get(2..)) else { return };
    if flags & 0x40 == 0 {
        return;
    }
    let count = usize::from(flags & 0x1f);
    let valid = |triplet: &&[u8]| triplet[0] & 0x04 != 0;
    triplets.extend(entries.chunks_exact(3).take(count).filter(valid).map(|entry| [entry[0], entry[1], entry[2]]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::time::Duration;

    /// An enhancement with one valid and one invalid triplet, as H.264 and H.265 write it.
    fn sei(header: &[u8]) -> Vec<u8> {
        let mut message = CAPTIONS.to_vec();
        message.extend([0xc2, 0xff, 0xfc, 0x94, 0x20, 0xf8, 0x80, 0x80, 0xff]);
        // Another message comes first.
        [header, &[5, 2, 1, 2], &[4, message.len() as u8], &message, &[0x80]].concat()
    }

    fn sample(pts: i64, data: Vec<u8>) -> Sample {
        Sample {
            pts: MediaTime::from_millis(pts),
            dts: MediaTime::ZERO,
            duration: Duration::ZERO,
            keyframe: true,
            hidden: false,
            data: data.into(),
            protection: None,
        }
    }

    fn byte_stream(nals: &[&[u8]]) -> Vec<u8> {
        nals.iter().flat_map(|nal| [&[0, 0, 0, 1], *nal].concat()).collect()
    }

    fn prefixed(nals: &[&[u8]]) -> Vec<u8> {
        nals.iter().flat_map(|nal| [&(nal.len() as u32).to_be_bytes(), *nal].concat()).collect()
    }

    #[test]
    fn captions_come_in_the_order_of_presentation_whatever_the_framing() {
        let (h264, h265) = (sei(&[6]), sei(&[39 << 1, 1]));
        let (slice, other) = ([0x65, 0x88, 0x84], [2, 1, 0x80]);
        let avcc = CodecConfig::H264 { avcc: Bytes::from_static(&[1, 2, 3, 4, 0xff]), width: 0, height: 0 };
        let mut hvcc = [0; 22];
        hvcc[21] = 3;
        let hvcc = CodecConfig::H265 { hvcc: Bytes::copy_from_slice(&hvcc), width: 0, height: 0 };
        for (codec, data) in [
            (CodecConfig::H264ByteStream, byte_stream(&[&h264, &slice])),
            (CodecConfig::H265ByteStream, byte_stream(&[&h265, &other])),
            (avcc, prefixed(&[&h264, &slice])),
            (hvcc, prefixed(&[&h265, &other])),
        ] {
            let samples = [sample(80, data.clone()), sample(40, data), sample(60, byte_stream(&[&slice]))];
            let expected = |pts| (MediaTime::from_millis(pts), vec![[0xfc, 0x94, 0x20]]);
            assert_eq!(caption_data(&codec, &samples), [expected(40), expected(80)], "{codec:?}");
        }
    }

    #[test]
    fn emulation_prevention_in_captions_is_taken_out() {
        let mut message = CAPTIONS.to_vec();
        message.extend([0xc1, 0xff, 0xfc, 0x00, 0x00, 0xff]);
        let mut nal = vec![6, 4, message.len() as u8];
        nal.extend(message);
        nal.push(0x80);
        // 00 00 ff needs no escape; 00 00 03 does.
        let at = nal.len() - 2;
        nal[at] = 3;
        nal.insert(at, 3);
        let read = caption_data(&CodecConfig::H264ByteStream, &[sample(0, byte_stream(&[&nal]))]);
        assert_eq!(read[0].1, [[0xfc, 0, 0]]);
    }

    #[test]
    fn what_is_cut_short_has_no_captions() {
        let whole = sei(&[6]);
        for length in 0..whole.len() - 5 {
            let cut = sample(0, byte_stream(&[&whole[..length]]));
            assert!(caption_data(&CodecConfig::H264ByteStream, &[cut]).iter().all(|(_, triplets)| triplets.len() <= 1));
        }
        assert!(caption_data(&CodecConfig::Ttml, &[sample(0, whole)]).is_empty());
    }
}
