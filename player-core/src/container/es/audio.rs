//! From the bytes of an audio stream to samples.
//!
//! Frames follow each other without a mark but their headers. Times are counted in samples from the time of one frame:
//! those of packets are rounded to the container's clock, and a rounding error in each frame would be heard. A packet
//! whose time is off by more than two frames ends the count and begins another.

use super::adts::AacFormat;
use super::{CLOCK_RATE, ElementaryStream, MAX_SAMPLES, Piece, ac3, adts, mpeg_audio};
use crate::colour::ColourDescription;
use crate::container::{CodecConfig, ContainerError, MediaStream, Sample, SampleCipher, TrackFormat};
use crate::drm::sample_aes;
use crate::manifest::TrackKind;
use abr::MediaTime;
use bytes::Bytes;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Formats of one track in a segment.
const MAX_FORMATS: usize = 64;
/// Times of packets that differ by as many frames from what was counted are believed.
const TOLERANCE: i64 = 2;
/// Going back by more than this is a clock that was set back; by less, frames that overlap.
const OVERLAP: i64 = CLOCK_RATE as i64;

/// Times are rounded down to the nanosecond.
const ROUNDING: Duration = Duration::from_nanos(2);

/// Framing of an audio stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AudioCodec {
    Adts,
    /// AC-3 and E-AC-3; their frames say which.
    Ac3,
    Mpeg,
}

/// What a frame's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// In bytes, with the header.
    pub(crate) length: usize,
    /// Bytes of a header that are not part of the sample.
    pub(crate) prefix: usize,
    /// Samples of one channel.
    pub(crate) samples: u32,
    pub(crate) rate: u32,
    pub(crate) format: Format,
    /// Part of the sample before.
    pub(crate) joins: bool,
}

/// What a decoder must be told of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Aac(AacFormat),
    Ac3 { rate: u32, channels: u16 },
    Eac3 { rate: u32, channels: u16 },
    Mpeg { layer: u8, rate: u32, channels: u16 },
}

impl AudioCodec {
    /// Reads the header of the frame at the beginning of `data`, which may end before the frame.
    pub(crate) fn frame(self, data: &[u8]) -> Option<Frame> {
        match self {
            Self::Adts => adts::frame(data),
            Self::Ac3 => ac3::frame(data),
            Self::Mpeg => mpeg_audio::frame(data),
        }
    }

    /// First byte of all its frames.
    pub(crate) fn sync_byte(self) -> u8 {
        match self {
            Self::Adts | Self::Mpeg => 0xff,
            Self::Ac3 => 0x0b,
        }
    }
}

impl Format {
    /// `unit` is a frame's data, without its prefix. `None` if they do not suffice.
    fn codec(self, rate: u32, unit: &[u8]) -> Option<CodecConfig> {
        Some(match self {
            Self::Aac(format) => {
                let (config, channels) = format.config(unit)?;
                CodecConfig::Aac { config: config.into(), rate, channels }
            }
            Self::Ac3 { rate, channels } => CodecConfig::Ac3 { rate, channels },
            Self::Eac3 { rate, channels } => CodecConfig::Eac3 { rate, channels },
            Self::Mpeg { layer, rate, channels } => CodecConfig::Mpeg { layer, rate, channels },
        })
    }
}

/// One sample in the stream's bytes.
#[derive(Clone, Debug)]
struct Unit {
    bytes: Range<usize>,
    /// Its first frame; others may have joined.
    frame: Frame,
}

/// Cuts a stream into samples, with a new stream wherever the format changes.
pub(crate) fn streams(
    codec: AudioCodec,
    stream: ElementaryStream,
    cipher: Option<&SampleCipher>,
) -> Result<Vec<MediaStream>, ContainerError> {
    let ElementaryStream { mut data, pieces } = stream;
    let units = split(codec, &data, &pieces)?;
    if let Some(cipher) = cipher {
        for unit in &units {
            decrypt(codec, &mut data[unit.bytes.clone()], cipher);
        }
    }
    let data = Bytes::from(data);
    let times = times(&units, &pieces);
    let mut streams: Vec<MediaStream> = Vec::new();
    let mut format: Option<Format> = None;
    for (index, (unit, time)) in units.iter().zip(&times).enumerate() {
        let Some(time) = *time else { continue };
        let bytes = data.slice(unit.bytes.start + unit.frame.prefix..unit.bytes.end);
        if format != Some(unit.frame.format) {
            // A frame that leaves its channels to one before it is of no use without that.
            let Some(codec) = unit.frame.format.codec(unit.frame.rate, &bytes) else { continue };
            format = Some(unit.frame.format);
            if streams.len() == MAX_FORMATS {
                return Err(ContainerError::LimitExceeded { what: "audio formats", max: MAX_FORMATS as u64 });
            }
            let format = Arc::new(TrackFormat { kind: TrackKind::Audio, codec, colour: ColourDescription::default() });
            streams.push(MediaStream { kind: TrackKind::Audio, format, samples: Vec::new() });
        }
        let own = MediaTime::from_ticks(unit.frame.samples, unit.frame.rate).duration_since(MediaTime::ZERO);
        let until_next = times.get(index + 1).copied().flatten().map(|next| next.duration_since(time));
        let duration = until_next.filter(|next| next.abs_diff(own) <= ROUNDING).unwrap_or(own);
        if let Some(stream) = streams.last_mut() {
            stream.samples.push(Sample {
                pts: time,
                dts: time,
                duration,
                keyframe: true,
                hidden: false,
                data: bytes,
                protection: None,
            });
        }
    }
    Ok(streams)
}

/// Finds the frames. A header is believed where a frame ends, or where another header follows its frame.
fn split(codec: AudioCodec, data: &[u8], pieces: &[Piece]) -> Result<Vec<Unit>, ContainerError> {
    let mut gaps = pieces.iter().filter(|piece| piece.after_gap).map(|piece| piece.offset).peekable();
    let mut units: Vec<Unit> = Vec::new();
    let (mut at, mut in_step) = (0, false);
    while at < data.len() {
        while gaps.next_if(|gap| *gap <= at).is_some() {}
        let limit = gaps.peek().copied().unwrap_or(data.len());
        let rest = &data[at..limit];
        match codec.frame(rest) {
            Some(frame) if frame.length <= rest.len() && (in_step || confirmed(codec, &rest[frame.length..])) => {
                let bytes = at..at + frame.length;
                if !frame.joins {
                    if units.len() == MAX_SAMPLES {
                        return Err(ContainerError::LimitExceeded { what: "audio frames", max: MAX_SAMPLES as u64 });
                    }
                    units.push(Unit { bytes, frame });
                } else if let Some(unit) = units.last_mut().filter(|unit| unit.bytes.end == at) {
                    unit.bytes.end = bytes.end;
                }
                at += frame.length;
                in_step = true;
            }
            // Cut off by a loss or by the end.
            Some(_) if in_step => {
                at = limit;
                in_step = false;
            }
            _ => {
                in_step = false;
                let next = rest.iter().skip(1).position(|byte| *byte == codec.sync_byte());
                at = next.map_or(limit, |next| at + 1 + next);
            }
        }
    }
    Ok(units)
}

/// Is what comes behind a frame another one, or as much of it as there is?
pub(crate) fn confirmed(codec: AudioCodec, behind: &[u8]) -> bool {
    behind.is_empty() || codec.frame(behind).is_some() || (behind.len() < 8 && behind[0] == codec.sync_byte())
}

/// Decrypts each frame of a sample.
fn decrypt(codec: AudioCodec, unit: &mut [u8], cipher: &SampleCipher) {
    let mut rest = unit;
    while let Some(frame) = codec.frame(rest).filter(|frame| frame.length <= rest.len()) {
        let (own, behind) = rest.split_at_mut(frame.length);
        sample_aes::decrypt_frame(&mut own[frame.prefix..], cipher);
        rest = behind;
    }
}

/// Counts samples from the time of a packet.
#[derive(Clone, Copy, Debug)]
struct Count {
    base: i64,
    samples: u64,
    rate: u32,
}

impl Count {
    /// In ticks, rounded down.
    fn ticks(&self) -> i64 {
        let since = u128::from(self.samples) * u128::from(CLOCK_RATE) / u128::from(self.rate.max(1));
        self.base.saturating_add(i64::try_from(since).unwrap_or(i64::MAX))
    }

    fn time(&self) -> MediaTime {
        MediaTime::from_ticks(self.base, CLOCK_RATE) + MediaTime::from_ticks(self.samples, self.rate)
    }
}

/// The time of each unit; those without one are not to be played. Increases from unit to unit.
fn times(units: &[Unit], pieces: &[Piece]) -> Vec<Option<MediaTime>> {
    let anchors = anchors(units, pieces);
    let Some((first, pts)) = anchors.iter().enumerate().find_map(|(index, pts)| Some((index, (*pts)?))) else {
        return vec![None; units.len()];
    };
    let lead: i64 = units[..first].iter().map(|unit| unit.frame.ticks()).sum();
    let rate = units[0].frame.rate;
    let mut count = Count { base: pts - lead, samples: 0, rate };
    let mut shift = 0i64;
    let mut last: Option<MediaTime> = None;
    let mut times = Vec::with_capacity(units.len());
    for (unit, anchor) in units.iter().zip(anchors) {
        if unit.frame.rate != count.rate {
            count = Count { base: count.ticks(), samples: 0, rate: unit.frame.rate };
        }
        if let Some(pts) = anchor {
            let off = pts + shift - count.ticks();
            if off < -OVERLAP {
                shift -= off;
            } else if off.abs() > unit.frame.ticks() * TOLERANCE {
                count = Count { base: pts + shift, samples: 0, ..count };
            }
        }
        let time = count.time();
        let increases = last.is_none_or(|last| last < time);
        if increases {
            last = Some(time);
        }
        times.push(increases.then_some(time));
        count.samples += u64::from(unit.frame.samples);
    }
    times
}

/// The time of the packet in which each unit is the first to begin.
fn anchors(units: &[Unit], pieces: &[Piece]) -> Vec<Option<i64>> {
    let mut pieces = pieces.iter().peekable();
    let own = |unit: &Unit| {
        let mut own = None;
        while let Some(piece) = pieces.next_if(|piece| piece.offset <= unit.bytes.start) {
            own = piece.pts;
        }
        own
    };
    units.iter().map(own).collect()
}

impl Frame {
    /// How long it sounds, in ticks of the container's clock.
    fn ticks(&self) -> i64 {
        i64::from(self.samples) * i64::from(CLOCK_RATE) / i64::from(self.rate.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ADTS, 44.1 kHz, stereo; `length` bytes with the header.
    fn adts(length: usize, fill: u8) -> Vec<u8> {
        let mut frame =
            vec![0xff, 0xf1, 0x50, 0x80 | (length >> 11) as u8, (length >> 3) as u8, (length << 5) as u8 | 0x1f, 0xfc];
        frame.resize(length, fill);
        frame
    }

    fn piece(offset: usize, pts: i64) -> Piece {
        Piece { offset, pts: Some(pts), ..Piece::default() }
    }

    fn samples(data: Vec<u8>, pieces: Vec<Piece>) -> Vec<Sample> {
        let streams = streams(AudioCodec::Adts, ElementaryStream { data, pieces }, None).unwrap();
        streams.into_iter().flat_map(|stream| stream.samples).collect()
    }

    #[test]
    fn times_are_counted_in_samples() {
        // Packets of three frames whose times are rounded as packagers do.
        let data: Vec<u8> = (0..9).flat_map(|_| adts(50, 1)).collect();
        let pieces = vec![piece(0, 9000), piece(150, 9000 + 6269), piece(300, 9000 + 12540)];
        let samples = samples(data, pieces);
        for (index, sample) in samples.iter().enumerate() {
            let expected = MediaTime::from_millis(100) + MediaTime::from_ticks(index as i64 * 1024, 44_100);
            assert_eq!(sample.pts, expected);
            assert!(sample.data.len() == 43 && sample.keyframe);
        }
        assert!(samples.windows(2).all(|pair| pair[0].pts + pair[0].duration == pair[1].pts));
    }

    #[test]
    fn a_jump_of_more_than_two_frames_is_believed() {
        let data: Vec<u8> = (0..4).flat_map(|_| adts(50, 1)).collect();
        let ahead = samples(data.clone(), vec![piece(0, 0), piece(100, 90_000)]);
        assert_eq!(ahead[2].pts, MediaTime::from_millis(1000));
        assert_eq!(ahead[1].duration.as_millis(), 23);
        // Overlapping frames are dropped, a clock that is set back is ignored.
        let overlap = samples(data.clone(), vec![piece(0, 90_000), piece(100, 88_000)]);
        assert_eq!(overlap.len(), 2);
        let set_back = samples(data, vec![piece(0, 900_000), piece(100, 0)]);
        assert_eq!(set_back.len(), 4);
        assert!(set_back.windows(2).all(|pair| pair[0].dts < pair[1].dts));
    }

    #[test]
    fn a_frame_over_two_packets_keeps_the_time_of_its_beginning() {
        let data: Vec<u8> = (0..3).flat_map(|_| adts(50, 1)).collect();
        // The second packet begins within the second frame: its time is the third frame's.
        let samples = samples(data, vec![piece(0, 0), piece(70, 90_000)]);
        let starts: Vec<i64> = samples.iter().map(|sample| sample.pts.as_millis()).collect();
        assert_eq!(starts, [0, 23, 1000]);
    }

    #[test]
    fn garbage_and_losses_cost_only_what_they_hit() {
        let mut data = vec![0xff, 0xf1, 0x50];
        data.extend(adts(50, 1));
        data.extend(adts(60, 2));
        data.extend([0xff; 20]);
        data.extend(adts(70, 3));
        data.extend(adts(50, 4));
        let lengths = |samples: &[Sample]| samples.iter().map(|sample| sample.data.len()).collect::<Vec<_>>();
        assert_eq!(lengths(&samples(data, vec![piece(0, 0)])), [43, 53, 63, 43]);
        // A loss within the second frame.
        let data = [&adts(50, 1)[..], &adts(50, 2)[..20], &adts(60, 3), &adts(50, 4)].concat();
        let gap = Piece { after_gap: true, ..piece(70, 90_000) };
        let heard = samples(data, vec![piece(0, 0), gap]);
        assert_eq!(lengths(&heard), [43, 53, 43]);
        assert_eq!(heard[1].pts, MediaTime::from_millis(1000));
    }

    #[test]
    fn a_new_format_begins_a_new_stream() {
        let mut other = adts(50, 1);
        other[2] = 0x4c;
        let data = [adts(50, 1), other.clone(), other].concat();
        let stream = ElementaryStream { data, pieces: vec![piece(0, 0)] };
        let streams = streams(AudioCodec::Adts, stream, None).unwrap();
        let counts: Vec<usize> = streams.iter().map(|stream| stream.samples.len()).collect();
        assert_eq!(counts, [1, 2]);
        assert!(matches!(streams[1].format.codec, CodecConfig::Aac { rate: 48_000, .. }));
    }
}
