//! FLAC files (RFC 9639): a description, then frames.

use super::es::MAX_SAMPLES;
use super::{CodecConfig, ContainerError, Demuxed, MediaStream, Sample, TrackFormat};
use crate::colour::ColourDescription;
use crate::manifest::TrackKind;
use abr::MediaTime;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

const MARKER: &[u8] = b"fLaC";
const STREAM_INFO: usize = 34;
/// Pictures and tags in front of the sound.
const MAX_BLOCKS: usize = 1024;

/// Does this begin as a FLAC file does?
pub fn is_flac(data: &[u8]) -> bool {
    data.starts_with(MARKER)
}

/// How long the sound is, as far as the file says it.
pub(super) fn length(data: &[u8]) -> Option<Duration> {
    let info = Info::read(data).ok()?;
    let length = MediaTime::from_ticks(info.samples, info.rate).duration_since(MediaTime::ZERO);
    Some(length).filter(|length| !length.is_zero())
}

/// All frames of a file.
///
/// # Errors
/// No description, or one that makes no sense; more frames than limits allow.
pub fn demux(media: &Bytes) -> Result<Demuxed, ContainerError> {
    let info = Info::read(media)?;
    let mut samples = Vec::new();
    let mut at = info.frames;
    let mut current = None;
    while at < media.len() {
        let next = match current {
            None => (at..media.len()).find_map(|at| Some((at, Frame::read(&media[at..])?))),
            Some((begun, frame)) => next(media, begun, frame),
        };
        if let Some((begun, frame)) = current {
            let end = next.map_or(media.len(), |(at, _): (usize, Frame)| at);
            if samples.len() == MAX_SAMPLES {
                return Err(ContainerError::LimitExceeded { what: "audio frames", max: MAX_SAMPLES as u64 });
            }
            samples.push(info.sample(frame, media.slice(begun..end)));
        }
        let Some((found, frame)) = next else { break };
        (at, current) = (found, Some((found, frame)));
    }
    let codec = CodecConfig::Flac { blocks: info.blocks(), rate: info.rate, channels: info.channels };
    let format = Arc::new(TrackFormat { kind: TrackKind::Audio, codec, colour: ColourDescription::default() });
    let stream = MediaStream { kind: TrackKind::Audio, format, samples };
    Ok(Demuxed { streams: vec![stream], ..Demuxed::default() })
}

/// The frame behind `frame`, which begins at `begun`: one with the next number. Anything can look like a frame.
fn next(media: &[u8], begun: usize, frame: Frame) -> Option<(usize, Frame)> {
    let wanted = if frame.variable { frame.number + u64::from(frame.block) } else { frame.number + 1 };
    let mut found = begun + frame.header;
    loop {
        found += media.get(found..)?.iter().position(|byte| *byte == 0xff)?;
        match Frame::read(&media[found..]) {
            Some(next) if next.number == wanted && next.variable == frame.variable => return Some((found, next)),
            _ => found += 1,
        }
    }
}

/// `STREAMINFO`.
#[derive(Clone, Copy, Debug)]
struct Info {
    raw: [u8; STREAM_INFO],
    block: u32,
    rate: u32,
    channels: u16,
    samples: u64,
    /// Where frames begin.
    frames: usize,
}

impl Info {
    fn read(data: &[u8]) -> Result<Self, ContainerError> {
        const MALFORMED: ContainerError = ContainerError::Malformed("STREAMINFO");
        let mut at = MARKER.len();
        let mut info = None;
        for _ in 0..MAX_BLOCKS {
            let header: &[u8; 4] = data.get(at..).and_then(<[u8]>::first_chunk).ok_or(MALFORMED)?;
            let length = usize::from(header[1]) << 16 | usize::from(header[2]) << 8 | usize::from(header[3]);
            let body = data.get(at + 4..).unwrap_or_default();
            if header[0] & 0x7f == 0 {
                info = body.first_chunk::<STREAM_INFO>().copied();
            }
            at += 4 + length;
            if header[0] & 0x80 != 0 {
                break;
            }
        }
        let raw = info.ok_or(MALFORMED)?;
        let rate = u32::from(raw[10]) << 12 | u32::from(raw[11]) << 4 | u32::from(raw[12] >> 4);
        let samples =
            u64::from(raw[13] & 0xf) << 32 | u64::from(u32::from_be_bytes([raw[14], raw[15], raw[16], raw[17]]));
        let channels = u16::from(raw[12] >> 1 & 7) + 1;
        let block = u32::from(u16::from_be_bytes([raw[2], raw[3]]));
        (rate > 0 && block > 0).then_some(Self { raw, block, rate, channels, samples, frames: at }).ok_or(MALFORMED)
    }

    /// The description alone, as the last block before the frames.
    fn blocks(&self) -> Bytes {
        [&[0x80, 0, 0, STREAM_INFO as u8][..], &self.raw].concat().into()
    }

    fn sample(&self, frame: Frame, data: Bytes) -> Sample {
        let first = if frame.variable { frame.number } else { frame.number.saturating_mul(u64::from(self.block)) };
        let time = |samples: u64| MediaTime::from_ticks(samples, self.rate);
        let (pts, end) = (time(first), time(first.saturating_add(u64::from(frame.block))));
        let duration = end.duration_since(pts);
        Sample { pts, dts: pts, duration, keyframe: true, hidden: false, data, protection: None }
    }
}

/// What a frame's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    /// Blocks differ in length, and numbers count samples instead of frames.
    variable: bool,
    number: u64,
    /// Samples of one channel.
    block: u32,
    /// Bytes of the header.
    header: usize,
}

impl Frame {
    /// Reads the header at the beginning, if there is one and its checksum fits.
    fn read(data: &[u8]) -> Option<Self> {
        let head: &[u8; 4] = data.first_chunk()?;
        let is_sync = head[0] == 0xff && head[1] & 0xfe == 0xf8;
        let is_known = head[2] >> 4 != 0 && head[2] & 0xf != 0xf && head[3] >> 4 <= 10 && head[3] & 1 == 0;
        if !is_sync || !is_known {
            return None;
        }
        let (number, length) = number(&data[4..])?;
        let mut at = 4 + length;
        let mut field = |bytes: usize| {
            let taken = data.get(at..at + bytes)?;
            at += bytes;
            Some(taken.iter().fold(0u32, |value, byte| value << 8 | u32::from(*byte)))
        };
        let block = match head[2] >> 4 {
            1 => 192,
            code @ 2..=5 => 576 << (code - 2),
            6 => field(1)? + 1,
            7 => field(2)? + 1,
            code => 256 << (code - 8),
        };
        match head[2] & 0xf {
            12 => drop(field(1)?),
            13 | 14 => drop(field(2)?),
            _ => {}
        }
        let header = at + 1;
        let fits = checksum(&data[..at]) == *data.get(at)?;
        fits.then_some(Self { variable: head[1] & 1 == 1, number, block, header })
    }
}

/// A number coded as UTF-8 codes characters, up to 36 bits, and its length.
fn number(data: &[u8]) -> Option<(u64, usize)> {
    let first = *data.first()?;
    let length = match first.leading_ones() as usize {
        0 => return Some((u64::from(first), 1)),
        length @ 2..=7 => length,
        _ => return None,
    };
    let begin = if length == 7 { 0 } else { u64::from(first & (0x7f >> length)) };
    let rest = data.get(1..length)?;
    let coded = rest.iter().all(|byte| byte & 0xc0 == 0x80);
    coded.then(|| (rest.iter().fold(begin, |number, byte| number << 6 | u64::from(byte & 0x3f)), length))
}

/// Of eight bits, with the polynomial x^8 + x^2 + x + 1.
fn checksum(data: &[u8]) -> u8 {
    let step = |crc: u8| if crc & 0x80 != 0 { crc << 1 ^ 7 } else { crc << 1 };
    data.iter().fold(0, |crc, byte| (0..8).fold(crc ^ byte, |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mono, 48 kHz, blocks of 4096.
    fn file(frames: u64) -> Vec<u8> {
        let mut info = [0u8; STREAM_INFO];
        info[..4].copy_from_slice(&[16, 0, 16, 0]);
        info[10..14].copy_from_slice(&[0x0b, 0xb8, 0x00, 0xf0]);
        info[14..18].copy_from_slice(&(frames as u32 * 4096).to_be_bytes());
        let picture = [&[0x86, 0, 0, 5][..], b"image"].concat();
        let mut file = [MARKER, &[0, 0, 0, 34], &info, &picture].concat();
        for number in 0..frames {
            let mut header = vec![0xff, 0xf8, 0xc8, 0x08];
            let coded = char::from_u32(number as u32).unwrap().to_string();
            header.extend(coded.as_bytes());
            header.push(checksum(&header));
            // Something that looks like the beginning of a frame.
            header.extend([0xff, 0xf8, 0xc8, 0x08, 0, 0, 7, 7]);
            file.extend(header);
        }
        file
    }

    #[test]
    fn frames_are_found_by_their_numbers() {
        let data = Bytes::from(file(200));
        assert!(is_flac(&data) && !is_flac(b"fLa"));
        let media = demux(&data).unwrap();
        let samples = &media.streams[0].samples;
        assert_eq!(samples.len(), 200);
        assert_eq!(samples[3].pts, MediaTime::from_ticks(3 * 4096, 48_000));
        assert!(samples[..127].iter().all(|sample| sample.data.len() == 14));
        assert!(matches!(media.streams[0].format.codec, CodecConfig::Flac { rate: 48_000, channels: 1, .. }));
        assert_eq!(length(&data), Some(samples[199].pts.duration_since(MediaTime::ZERO) + samples[199].duration));
    }

    #[test]
    fn damage_is_an_error_or_costs_frames() {
        let whole = file(3);
        for at in 0..whole.len() {
            let mut data = whole.clone();
            data[at] ^= 0xff;
            if let Ok(media) = demux(&data.into()) {
                assert!(media.streams[0].samples.len() <= 3);
            }
            let _ = demux(&whole[..at].to_vec().into());
        }
        assert_eq!(demux(&Bytes::from_static(b"fLaC")).unwrap_err(), ContainerError::Malformed("STREAMINFO"));
    }
}
