//! Sample entries of sound, and the descriptors in them that become decoders' configuration.

use super::boxes::{self, BoxRef, Reader};
use super::protection::EntryProtection;
use super::sample_entry::{original, unsupported};
use crate::container::{CodecConfig, ContainerError};
use bytes::Bytes;

/// What versions 1 and 2 of QuickTime add to the fixed part of an AudioSampleEntry.
const QUICKTIME_1: usize = 16;
const QUICKTIME_2: usize = 36;

/// Samples per second and channels, as far as an entry knows: zero where it does not.
#[derive(Clone, Copy, Debug)]
struct Sound {
    rate: u32,
    channels: u16,
}

/// Reads an entry of a sound track.
pub(super) fn parse(
    entry: &BoxRef<'_>,
    stsd_version: u8,
) -> Result<(CodecConfig, Option<EntryProtection>), ContainerError> {
    let (sound, children) = fixed_fields(entry.payload, stsd_version)?;
    let (original, protection) = original(entry, children)?;
    let codec = match &original {
        b"mp4a" => elementary_stream(esds(children)?, sound)?,
        b".mp3" | b"mp3 " | b"ms\0U" => mpeg(3, sound),
        b"ac-3" | b"sac3" => ac3(boxes::require(children, "dac3")?.payload)?,
        b"ec-3" => eac3(boxes::require(children, "dec3")?.payload)?,
        b"Opus" => opus(boxes::require(children, "dOps")?.payload)?,
        b"fLaC" => flac(boxes::require(children, "dfLa")?.payload)?,
        other => return Err(unsupported(*other)),
    };
    Ok((codec, protection))
}

fn fixed_fields(payload: &[u8], stsd_version: u8) -> Result<(Sound, &[u8]), ContainerError> {
    let mut reader = Reader::new(payload, "stsd");
    reader.take(8)?;
    let version = reader.u16()?;
    reader.take(6)?;
    let channels = reader.u16()?;
    reader.take(6)?;
    let rate = u32::from(reader.u16()?);
    reader.u16()?;
    // ISO's own version 1 has the length of version 0 and is told by the version of `stsd`.
    match version {
        1 if stsd_version == 0 => {
            reader.take(QUICKTIME_1)?;
        }
        2 if stsd_version == 0 => {
            let mut more = Reader::new(reader.take(QUICKTIME_2)?, "stsd");
            more.u32()?;
            let rate = f64::from_be_bytes(more.array()?) as u32;
            let channels = u16::try_from(more.u32()?).map_err(|_| more.malformed())?;
            return Ok((Sound { rate, channels }, reader.rest()));
        }
        _ => {}
    }
    Ok((Sound { rate, channels }, reader.rest()))
}

/// QuickTime wraps it in `wave`.
fn esds(children: &[u8]) -> Result<&[u8], ContainerError> {
    match boxes::find(children, b"wave")? {
        Some(wave) => Ok(boxes::require(wave.payload, "esds")?.payload),
        None => Ok(boxes::require(children, "esds")?.payload),
    }
}

/// `esds`: descriptors 3 > 4 > 5 of ISO/IEC 14496-1.
fn elementary_stream(esds: &[u8], sound: Sound) -> Result<CodecConfig, ContainerError> {
    let malformed = || ContainerError::Malformed("esds");
    let mut es = Reader::new(descriptor(esds.get(4..).ok_or_else(malformed)?, 3).ok_or_else(malformed)?, "esds");
    es.u16()?;
    let flags = es.u8()?;
    // Optional parts: dependsOn (2), URL (1 + length), OCR id (2).
    es.take(if flags & 0x80 != 0 { 2 } else { 0 })?;
    if flags & 0x40 != 0 {
        let length = es.u8()?;
        es.take(usize::from(length))?;
    }
    es.take(if flags & 0x20 != 0 { 2 } else { 0 })?;
    let config = descriptor(es.rest(), 4).ok_or_else(malformed)?;
    let object_type = *config.first().ok_or_else(malformed)?;
    let specific = config.get(13..).and_then(|rest| descriptor(rest, 5)).unwrap_or_default();
    match object_type {
        // MPEG-4 audio, and AAC of MPEG-2 in its profiles.
        0x40 | 0x66..=0x68 => aac(specific, sound),
        // Audio of MPEG-2 and MPEG-1. The layer is not said; nobody puts another than the third into files.
        0x69 | 0x6b => Ok(mpeg(3, sound)),
        0xa5 => Ok(CodecConfig::Ac3 { rate: sound.rate, channels: sound.channels }),
        0xa6 => Ok(CodecConfig::Eac3 { rate: sound.rate, channels: sound.channels }),
        0xad if specific.starts_with(b"OpusHead") && specific.len() >= 19 => {
            let head = Bytes::copy_from_slice(specific);
            Ok(CodecConfig::Opus { channels: u16::from(head[9]), head, rate: OPUS_RATE })
        }
        0xdd => {
            let headers = xiph_headers(specific).ok_or_else(malformed)?;
            Ok(CodecConfig::Vorbis { headers, rate: sound.rate, channels: sound.channels })
        }
        other => Err(ContainerError::Unsupported(format!("audio object type {other:#04x}"))),
    }
}

/// Payload of a descriptor with this tag at the start of `data`; sizes have 7 bits a byte, four bytes at most.
fn descriptor(data: &[u8], tag: u8) -> Option<&[u8]> {
    let (first, mut rest) = data.split_first()?;
    let mut size = 0usize;
    for _ in 0..4 {
        let (byte, after) = rest.split_first()?;
        rest = after;
        size = size << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    (*first == tag).then(|| rest.get(..size)).flatten()
}

/// Sampling frequencies of ISO/IEC 14496-3 by index.
const AAC_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// An AudioSpecificConfig: audio object type (5 bits, or 5 + 6), frequency index (4, or 4 + 24), channels (4).
fn aac(config: &[u8], sound: Sound) -> Result<CodecConfig, ContainerError> {
    if config.len() < 2 {
        return Err(ContainerError::Malformed("esds"));
    }
    let head = config.iter().chain(std::iter::repeat(&0)).take(8).fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    let bits = |at: u32, count: u32| (head >> (64 - at - count)) & ((1 << count) - 1);
    let (object_type, at) = if bits(0, 5) == 31 { (32 + bits(5, 6), 11) } else { (bits(0, 5), 5) };
    let index = bits(at, 4) as usize;
    let (rate, at) = if index == 15 {
        (bits(at + 4, 24) as u32, at + 28)
    } else {
        (AAC_RATES.get(index).copied().unwrap_or(0), at + 4)
    };
    // The entry's fields are 2 and 16 bits wide at times: more than two channels and more than 65535 Hz are seen here.
    let sound = Sound {
        rate: if sound.rate == 0 || rate > 65_535 { rate } else { sound.rate },
        channels: match bits(at, 4) as u16 {
            count @ 1..=6 => count,
            7 | 12 | 14 => 8,
            11 => 7,
            _ => sound.channels,
        },
    };
    match object_type {
        32..=34 => Ok(mpeg((object_type - 31) as u8, sound)),
        // Main, LC, SSR, LTP, SBR, what resists errors, PS, low delay. There are decoders for these.
        1..=5 | 17 | 19 | 23 | 29 | 39 => {
            let config = Bytes::copy_from_slice(config);
            Ok(CodecConfig::Aac { config, rate: sound.rate, channels: sound.channels })
        }
        42 => Err(ContainerError::Unsupported("xHE-AAC".into())),
        other => Err(ContainerError::Unsupported(format!("MPEG-4 audio object type {other}"))),
    }
}

fn mpeg(layer: u8, sound: Sound) -> CodecConfig {
    CodecConfig::Mpeg { layer, rate: sound.rate, channels: sound.channels }
}

/// Three headers behind the lengths of the first two (Xiph lacing), or each behind its own 16-bit length.
fn xiph_headers(data: &[u8]) -> Option<[Bytes; 3]> {
    let mut rest = data;
    let mut take = |count: usize| {
        let (taken, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(taken)
    };
    let mut headers: [Bytes; 3] = Default::default();
    if data.first() == Some(&2) {
        take(1)?;
        let mut lengths = [0usize; 2];
        for length in &mut lengths {
            loop {
                let byte = take(1)?[0];
                *length += usize::from(byte);
                if byte != 255 {
                    break;
                }
            }
        }
        headers[0] = Bytes::copy_from_slice(take(lengths[0])?);
        headers[1] = Bytes::copy_from_slice(take(lengths[1])?);
        headers[2] = Bytes::copy_from_slice(rest);
    } else {
        for header in &mut headers {
            let length = take(2)?;
            *header = Bytes::copy_from_slice(take(usize::from(u16::from_be_bytes([length[0], length[1]])))?);
        }
    }
    headers.iter().all(|header| !header.is_empty()).then_some(headers)
}

/// Full-range channels by `acmod` of AC-3 (ETSI TS 102 366).
const AC3_CHANNELS: [u16; 8] = [2, 1, 2, 3, 3, 4, 4, 5];
const AC3_RATES: [u32; 4] = [48_000, 44_100, 32_000, 0];

/// `dac3`: fscod (2), bsid (5), bsmod (3), acmod (3), lfeon (1).
fn ac3(dac3: &[u8]) -> Result<CodecConfig, ContainerError> {
    let bits = Reader::new(dac3, "dac3").u16()?;
    let channels = AC3_CHANNELS[usize::from(bits >> 3 & 7)] + (bits >> 2 & 1);
    Ok(CodecConfig::Ac3 { rate: AC3_RATES[usize::from(bits >> 14)], channels })
}

/// `dec3`: data rate (13), substreams (3); then fscod (2), bsid (5), two bits, bsmod (3), acmod (3), lfeon (1).
fn eac3(dec3: &[u8]) -> Result<CodecConfig, ContainerError> {
    let mut reader = Reader::new(dec3, "dec3");
    reader.u16()?;
    let bits = reader.u16()?;
    let channels = AC3_CHANNELS[usize::from(bits >> 1 & 7)] + (bits & 1);
    Ok(CodecConfig::Eac3 { rate: AC3_RATES[usize::from(bits >> 14)], channels })
}

/// Decoders of Opus always put out this rate.
const OPUS_RATE: u32 = 48_000;

/// `dOps` has the fields of `OpusHead` (RFC 7845), in the other byte order and with another version.
fn opus(dops: &[u8]) -> Result<CodecConfig, ContainerError> {
    let mut reader = Reader::new(dops, "dOps");
    reader.u8()?;
    let channels = reader.u8()?;
    let (pre_skip, rate, gain) = (reader.u16()?, reader.u32()?, reader.u16()?);
    let mut head = b"OpusHead\x01".to_vec();
    head.push(channels);
    head.extend(pre_skip.to_le_bytes());
    head.extend(rate.to_le_bytes());
    head.extend(gain.to_le_bytes());
    let mapping = reader.rest();
    let needed = if *mapping.first().ok_or_else(|| reader.malformed())? == 0 { 1 } else { 3 + usize::from(channels) };
    head.extend(reader.take(needed)?);
    Ok(CodecConfig::Opus { head: head.into(), rate: OPUS_RATE, channels: u16::from(channels) })
}

/// `dfLa`: metadata blocks with their headers, `STREAMINFO` first.
fn flac(dfla: &[u8]) -> Result<CodecConfig, ContainerError> {
    let blocks = dfla.get(4..).filter(|blocks| blocks.len() >= 38 && blocks[0] & 0x7f == 0);
    let blocks = blocks.ok_or(ContainerError::Malformed("dfLa"))?;
    // Behind block and frame sizes: rate (20 bits), channels less one (3).
    let bits = u32::from_be_bytes([blocks[14], blocks[15], blocks[16], blocks[17]]);
    let channels = (bits >> 9 & 7) as u16 + 1;
    Ok(CodecConfig::Flac { blocks: Bytes::copy_from_slice(blocks), rate: bits >> 12, channels })
}
