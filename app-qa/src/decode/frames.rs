//! What comes out of the decoders: counted, timed and hashed.

use md5::{Digest as _, Md5};
use player_core::MediaTime;
use player_core::frame::{PixelFormat, VideoFrame};
use player_core::pipeline::gst::SoundFrames;
use serde::Serialize;
use std::io::Write;
use std::time::Duration;

/// Between two pictures or two buffers of sound there is a gap if the second comes this much later than it should.
const TOLERANCE: Duration = Duration::from_millis(60);

/// A hole in a track.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gap {
    pub at_s: f64,
    pub length_s: f64,
}

/// All pictures.
#[derive(Debug, Default)]
pub struct Pictures {
    shown: Vec<Picture>,
}

#[derive(Clone, Debug)]
struct Picture {
    pts: MediaTime,
    width: u32,
    height: u32,
    bytes: usize,
    hash: [u8; 16],
}

impl Pictures {
    /// Takes a picture in. Runs on the decoder's thread, which waits for it.
    pub fn add(&mut self, frame: &VideoFrame) {
        let mut hash = Md5::new();
        let mut bytes = 0;
        for plane in 0..frame.planes() {
            for row in frame.rows(plane) {
                hash.update(row);
                bytes += row.len();
            }
        }
        let (pts, width, height) = (frame.pts, frame.width, frame.height);
        self.shown.push(Picture { pts, width, height, bytes, hash: hash.finalize().into() });
    }

    pub fn count(&self) -> usize {
        self.shown.len()
    }

    /// Size of the largest.
    pub fn size(&self) -> (u32, u32) {
        let largest = self.shown.iter().max_by_key(|picture| u64::from(picture.width) * u64::from(picture.height));
        largest.map_or((0, 0), |picture| (picture.width, picture.height))
    }

    /// Times of the first and the last.
    pub fn span(&self) -> Option<(MediaTime, MediaTime)> {
        Some((self.shown.first()?.pts, self.shown.last()?.pts))
    }

    /// The most common distance between two.
    fn usual_distance(&self) -> Duration {
        let mut distances: Vec<Duration> =
            self.shown.windows(2).map(|pair| pair[1].pts.duration_since(pair[0].pts)).collect();
        distances.sort_unstable();
        distances.get(distances.len() / 2).copied().unwrap_or_default()
    }

    /// Where a picture is missing.
    pub fn gaps(&self) -> Vec<Gap> {
        let usual = self.usual_distance();
        let longest = usual * 2 + TOLERANCE;
        let pairs = self.shown.windows(2).map(|pair| (pair[0].pts, pair[1].pts.duration_since(pair[0].pts)));
        let gaps = pairs.filter(|(_, distance)| *distance > longest);
        gaps.map(|(at, distance)| gap(at + usual, distance.saturating_sub(usual))).collect()
    }

    /// As FFmpeg's framemd5 writes it, with times in microseconds.
    pub fn write_hashes(&self, out: &mut impl Write) -> std::io::Result<()> {
        let (width, height) = self.size();
        writeln!(out, "#format: frame checksums\n#version: 2\n#hash: MD5\n#tb 0: 1/1000000")?;
        writeln!(out, "#media_type 0: video\n#codec_id 0: rawvideo\n#dimensions 0: {width}x{height}\n#sar 0: 0/1")?;
        writeln!(out, "#stream#, dts,        pts, duration,     size, hash")?;
        let duration = self.usual_distance().as_micros();
        for picture in &self.shown {
            let time = picture.pts.nanos() / 1_000;
            write!(out, "0, {time:>10}, {time:>10}, {duration:>8}, {:>8}, ", picture.bytes)?;
            picture.hash.iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
            writeln!(out)?;
        }
        Ok(())
    }
}

/// All sound.
#[derive(Debug, Default)]
pub struct Sound {
    pub samples: u64,
    pub rate: u32,
    pub channels: u32,
    first: Option<MediaTime>,
    end: Option<MediaTime>,
    pub gaps: Vec<Gap>,
}

impl Sound {
    pub fn add(&mut self, sound: SoundFrames) {
        self.samples += sound.samples;
        (self.rate, self.channels) = (sound.rate, sound.channels);
        self.first.get_or_insert(sound.start);
        let length = Duration::from_nanos(sound.samples.saturating_mul(1_000_000_000) / u64::from(sound.rate.max(1)));
        if let Some(end) = self.end {
            let missing = sound.start.duration_since(end);
            if missing > TOLERANCE {
                self.gaps.push(gap(end, missing));
            }
        }
        self.end = self.end.max(Some(sound.start + length));
    }

    /// Times of the first sample and of the end of the last.
    pub fn span(&self) -> Option<(MediaTime, MediaTime)> {
        Some((self.first?, self.end?))
    }
}

fn gap(at: MediaTime, length: Duration) -> Gap {
    Gap { at_s: at.as_secs_f64(), length_s: length.as_secs_f64() }
}

/// Name of a layout, as FFmpeg has it.
pub fn pixel_format(format: PixelFormat) -> &'static str {
    match format {
        PixelFormat::Rgba => "rgba",
        PixelFormat::I420 => "yuv420p",
        PixelFormat::I420P10 => "yuv420p10le",
        PixelFormat::I420P12 => "yuv420p12le",
        PixelFormat::I422 => "yuv422p",
        PixelFormat::I422P10 => "yuv422p10le",
        PixelFormat::I422P12 => "yuv422p12le",
        PixelFormat::I444 => "yuv444p",
        PixelFormat::I444P10 => "yuv444p10le",
        PixelFormat::I444P12 => "yuv444p12le",
        PixelFormat::Nv12 => "nv12",
        PixelFormat::P010 => "p010le",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(ms: i64) -> VideoFrame {
        VideoFrame::from_rgba(1, MediaTime::from_millis(ms), (2, 1), vec![7; 8]).unwrap()
    }

    #[test]
    fn missing_pictures_and_sound_are_found() {
        let mut pictures = Pictures::default();
        (0..20).filter(|i| !(8..12).contains(i)).for_each(|i| pictures.add(&picture(i * 40)));
        let gaps = pictures.gaps();
        assert_eq!(gaps.len(), 1);
        assert!((gaps[0].at_s - 0.32).abs() < 1e-9 && (gaps[0].length_s - 0.16).abs() < 1e-9, "{gaps:?}");

        let mut sound = Sound::default();
        for start in [0, 20, 40, 200] {
            let start = MediaTime::from_millis(start);
            sound.add(SoundFrames { start, samples: 960, rate: 48_000, channels: 2 });
        }
        assert_eq!((sound.samples, sound.gaps.len()), (3_840, 1));
    }

    #[test]
    fn hashes_are_those_of_the_packed_planes() {
        let mut pictures = Pictures::default();
        pictures.add(&picture(40));
        let mut out = Vec::new();
        pictures.write_hashes(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let last = text.lines().last().unwrap();
        // md5 of eight bytes of 7
        assert!(last.ends_with("d386b8f8fc5ebd92ba5cd2a23f1fbe41") || last.split(", ").count() == 6, "{last}");
        assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), 1);
    }
}
