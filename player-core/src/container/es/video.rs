//! From the bytes of a video stream to samples.
//!
//! An access unit takes the times of the packet in which it begins. Units that begin in a packet behind another one
//! have no times of their own; theirs are worked out from those around them.

use super::access_unit::{Unit, split};
use super::nal::NalUnits;
use super::{CLOCK_RATE, ElementaryStream, Piece};
use crate::colour::ColourDescription;
use crate::container::{CodecConfig, ContainerError, MediaStream, Sample, SampleCipher, TrackFormat};
use crate::drm::sample_aes;
use crate::manifest::TrackKind;
use abr::MediaTime;
use bytes::{Bytes, BytesMut};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// A start code's leading bytes may lie in the packet before the access unit's.
const START_CODE_SLACK: usize = 3;
/// Decode times that go back by less are a packager's rounding, by more they are another clock.
const SMALL_STEP: i64 = CLOCK_RATE as i64;
/// Where nothing says how long a picture is shown: 30 a second.
const USUAL_STEP: i64 = 3000;

/// Coding of a video stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VideoCodec {
    H264,
    H265,
}

/// Cuts a stream into samples; `None` if there are none, or no times.
pub(crate) fn stream(
    codec: VideoCodec,
    stream: ElementaryStream,
    cipher: Option<&SampleCipher>,
) -> Result<Option<MediaStream>, ContainerError> {
    let ElementaryStream { data, pieces } = stream;
    let gaps: Vec<usize> = pieces.iter().filter(|piece| piece.after_gap).map(|piece| piece.offset).collect();
    let mut split = split(codec, &data, &gaps)?;
    stamp(&mut split.units, &pieces);
    let Some(times) = complete(&split.units) else { return Ok(None) };
    let data = Bytes::from(data);
    let first_key = split.units.iter().position(|unit| unit.key);
    let mut samples = timed(&times);
    for (number, (sample, unit)) in samples.iter_mut().zip(&split.units).enumerate() {
        sample.keyframe = unit.key;
        sample.data = data.slice(unit.bytes.clone());
        if let Some(cipher) = cipher {
            sample.data = decrypted(&sample.data, cipher);
        }
        if Some(number) == first_key && !unit.self_contained {
            sample.data = with_parameter_sets(codec, &sample.data, &data, &split.sets);
        }
    }
    let codec = match codec {
        VideoCodec::H264 => CodecConfig::H264ByteStream,
        VideoCodec::H265 => CodecConfig::H265ByteStream,
    };
    let format = Arc::new(TrackFormat { kind: TrackKind::Video, codec, colour: ColourDescription::default() });
    Ok(Some(MediaStream { kind: TrackKind::Video, format, samples }))
}

/// Gives each unit the times of the packet in which it is the first to begin.
fn stamp(units: &mut [Unit], pieces: &[Piece]) {
    let mut pieces = pieces.iter().peekable();
    for unit in units {
        let mut own = None;
        while let Some(piece) = pieces.next_if(|piece| piece.offset <= unit.bytes.start) {
            own = Some(piece);
        }
        if own.is_none_or(|piece| piece.pts.is_none()) {
            let near = |piece: &&Piece| piece.offset <= unit.bytes.start + START_CODE_SLACK && piece.pts.is_some();
            own = pieces.next_if(near).or(own);
        }
        if let Some(piece) = own {
            unit.pts = piece.pts;
            unit.dts = piece.dts.or(piece.pts);
        }
    }
}

/// Presentation and decode time.
type Times = (i64, i64);

/// Times of all units; `None` if no unit has any. Unknown decode times are spread evenly between known ones, and
/// presentation follows at the distance of the nearest known unit before.
fn complete(units: &[Unit]) -> Option<Vec<Times>> {
    let known: Vec<(usize, Times)> =
        units.iter().enumerate().filter_map(|(index, unit)| Some((index, (unit.pts?, unit.dts?)))).collect();
    let &(first, (first_pts, first_dts)) = known.first()?;
    let mut step = known
        .windows(2)
        .map(|pair| step_between(pair[0], pair[1]))
        .find(|step| (1..=SMALL_STEP).contains(step))
        .unwrap_or(USUAL_STEP);
    let mut times: Vec<Times> = (0..first)
        .map(|index| {
            let before = step * (first - index) as i64;
            (first_pts - before, first_dts - before)
        })
        .collect();
    for (number, &(index, (pts, dts))) in known.iter().enumerate() {
        let end = known.get(number + 1).map_or(units.len(), |next| next.0);
        if let Some(&next) = known.get(number + 1) {
            let between = step_between((index, (pts, dts)), next);
            step = if (1..=SMALL_STEP).contains(&between) { between } else { step };
        }
        times.extend((0..(end - index) as i64).map(|nth| (pts + nth * step, dts + nth * step)));
    }
    Some(increasing(times))
}

fn step_between(one: (usize, Times), other: (usize, Times)) -> i64 {
    (other.1.1 - one.1.1) / (other.0 - one.0) as i64
}

/// Makes decode times increase. Where a stream goes back by much, its clock was set back, and what follows is shown
/// behind what came before.
fn increasing(mut times: Vec<Times>) -> Vec<Times> {
    let (mut shift, mut step) = (0i64, USUAL_STEP);
    let mut before: Option<i64> = None;
    for (pts, dts) in &mut times {
        *pts += shift;
        *dts += shift;
        if let Some(before) = before {
            if before - *dts > SMALL_STEP {
                let back = before + step - *dts;
                shift += back;
                *pts += back;
                *dts += back;
            } else if *dts <= before {
                *dts = before + 1;
            } else {
                step = (*dts - before).min(SMALL_STEP);
            }
        }
        before = Some(*dts);
    }
    times
}

/// Samples without data. The last one lasts as long as the one before.
fn timed(times: &[Times]) -> Vec<Sample> {
    let time = |ticks: i64| MediaTime::from_ticks(ticks, CLOCK_RATE);
    let mut samples: Vec<Sample> = Vec::with_capacity(times.len());
    for (index, (pts, dts)) in times.iter().enumerate() {
        let duration = match (times.get(index + 1), samples.last()) {
            (Some(next), _) => time(next.1).duration_since(time(*dts)),
            (None, Some(before)) => before.duration,
            (None, None) => Duration::ZERO,
        };
        samples.push(Sample {
            pts: time(*pts),
            dts: time(*dts),
            duration,
            keyframe: false,
            hidden: false,
            data: Bytes::new(),
            protection: None,
        });
    }
    samples
}

/// The access unit with its slices in the clear.
fn decrypted(unit: &[u8], cipher: &SampleCipher) -> Bytes {
    let mut clear = BytesMut::with_capacity(unit.len());
    let mut copied = 0;
    for nal in NalUnits::new(unit) {
        let body = &unit[nal.body.clone()];
        if let Some(plain) = sample_aes::decrypt_nal(body, cipher) {
            clear.extend_from_slice(&unit[copied..nal.body.start]);
            clear.extend_from_slice(&plain);
            copied = nal.body.end;
        }
    }
    clear.extend_from_slice(&unit[copied..]);
    clear.freeze()
}

/// The access unit with the parameter sets that came earlier; a delimiter stays in front.
fn with_parameter_sets(codec: VideoCodec, unit: &Bytes, stream: &[u8], sets: &[Range<usize>]) -> Bytes {
    let is_delimiter = |header: u8| match codec {
        VideoCodec::H264 => header & 0x1f == 9,
        VideoCodec::H265 => header >> 1 & 0x3f == 35,
    };
    let front = NalUnits::new(unit).next().filter(|nal| is_delimiter(unit[nal.body.start]));
    let (front, rest) = unit.split_at(front.map_or(0, |nal| nal.body.end));
    let mut whole = BytesMut::from(front);
    for set in sets {
        whole.extend_from_slice(&[0, 0, 0, 1]);
        whole.extend_from_slice(&stream[set.clone()]);
    }
    whole.extend_from_slice(rest);
    whole.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(times: &[Option<Times>]) -> Vec<Unit> {
        let unit = |times: &Option<Times>| Unit { pts: times.map(|t| t.0), dts: times.map(|t| t.1), ..Unit::default() };
        times.iter().map(unit).collect()
    }

    #[test]
    fn unknown_times_are_spread_between_known_ones() {
        let known = [None, Some((6000, 3000)), None, None, Some((15000, 12000)), None];
        let times = complete(&units(&known)).unwrap();
        let dts: Vec<i64> = times.iter().map(|times| times.1).collect();
        assert_eq!(dts, [0, 3000, 6000, 9000, 12000, 15000]);
        assert!(times.iter().all(|(pts, dts)| pts - dts == 3000));
        assert_eq!(complete(&units(&[None, None])), None);
        assert_eq!(complete(&[]), None);
    }

    #[test]
    fn decode_times_increase_whatever_the_stream_says() {
        let times = |dts: &[i64]| increasing(dts.iter().map(|dts| (*dts, *dts)).collect());
        assert_eq!(times(&[0, 3000, 3000, 6000]), [(0, 0), (3000, 3000), (3000, 3001), (6000, 6000)]);
        let set_back = times(&[900_000, 903_000, 0, 3000]);
        assert_eq!(set_back, [(900_000, 900_000), (903_000, 903_000), (906_000, 906_000), (909_000, 909_000)]);
    }

    #[test]
    fn the_first_key_frame_gets_the_sets_that_came_earlier() {
        let data = [
            &[0, 0, 1, 0x67, 0x42, 0x80][..],
            &[0, 0, 1, 0x68, 0xce],
            &[0, 0, 1, 0x41, 0xe0, 0x80],
            &[0, 0, 1, 0x09, 0xf0],
            &[0, 0, 1, 0x65, 0x88, 0x80],
        ]
        .concat();
        let pieces =
            vec![Piece { pts: Some(0), ..Piece::default() }, Piece { offset: 17, pts: Some(3000), ..Piece::default() }];
        let stream = stream(VideoCodec::H264, ElementaryStream { data, pieces }, None).unwrap().unwrap();
        assert_eq!(stream.samples.len(), 2);
        let key = &stream.samples[1];
        assert!(key.keyframe);
        let expected = [
            &[0, 0, 1, 0x09, 0xf0][..],
            &[0, 0, 0, 1, 0x67, 0x42, 0x80],
            &[0, 0, 0, 1, 0x68, 0xce],
            &[0, 0, 1, 0x65, 0x88, 0x80],
        ];
        assert_eq!(key.data, expected.concat());
        assert_eq!(key.duration, Duration::from_nanos(33_333_333));
    }
}
