//! The encoder's fragmented MP4 as a list of samples.

use super::slice::AvcParameters;
use crate::ingest::IngestError;
use mp4_atom::{Codec, Decode, DecodeMaybe, FourCC, Header, Moof, Moov};
use std::{fs, ops::Range, path::Path};

/// Bit of the sample flags that says "not a key frame".
const NON_SYNC: u32 = 0x0001_0000;

/// One coded frame.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Where it is in the file.
    pub(crate) data: Range<usize>,
    /// In ticks of the track's timescale.
    pub(crate) duration: u32,
    /// Presentation time minus decoding time.
    pub(crate) composition: i32,
    pub(crate) key: bool,
}

/// A file with one track.
#[derive(Debug)]
pub(crate) struct Track {
    /// Name of the file, for messages.
    pub(crate) what: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) moov: Moov,
    pub(crate) timescale: u32,
    pub(crate) samples: Vec<Sample>,
    /// Ticks at the start that are decoded and not heard.
    pub(crate) priming: u32,
    /// Present for video: needed to find the end of slice headers.
    pub(crate) avc: Option<AvcParameters>,
}

impl Track {
    /// Reads an encoder's file.
    pub(crate) fn read(path: &Path) -> Result<Self, IngestError> {
        let bytes = fs::read(path).map_err(|error| IngestError::file("read", path, error))?;
        Self::parse(path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(), bytes)
    }

    fn parse(what: String, bytes: Vec<u8>) -> Result<Self, IngestError> {
        let fail = |detail: String| IngestError::package(what.as_str(), detail);
        let (mut moov, mut samples) = (None::<Moov>, Vec::new());
        let mut at = 0;
        while at < bytes.len() {
            let mut rest = &bytes[at..];
            let header = Header::decode_maybe(&mut rest).map_err(|error| fail(error.to_string()))?;
            let Some(Header { kind, size: Some(size) }) = header else {
                return Err(fail("a box has no size".to_owned()));
            };
            let total = bytes.len() - at - rest.len() + size;
            let whole = bytes.get(at..at + total).ok_or_else(|| fail(format!("the box {kind} is cut off")))?;
            if kind == FourCC::new(b"moov") {
                moov = Some(Moov::decode(&mut &whole[..]).map_err(|error| fail(error.to_string()))?);
            } else if kind == FourCC::new(b"moof") {
                let moof = Moof::decode(&mut &whole[..]).map_err(|error| fail(error.to_string()))?;
                read_fragment(&moof, at, bytes.len(), &mut samples).map_err(fail)?;
            }
            at += total;
        }
        let moov = moov.ok_or_else(|| fail("it has no moov".to_owned()))?;
        let [trak] = moov.trak.as_slice() else { return Err(fail(format!("it has {} tracks", moov.trak.len()))) };
        if samples.is_empty() {
            return Err(fail("it has no samples".to_owned()));
        }
        let timescale = trak.mdia.mdhd.timescale;
        Ok(Self { what, bytes, timescale, samples, moov, priming: 0, avc: None })
    }

    /// Makes sure that the file is what the video encoder was asked for, and counts time from zero.
    pub(crate) fn video(mut self, frame_rate: u32) -> Result<Self, IngestError> {
        let fail = |detail: &str| IngestError::package(self.what.as_str(), detail);
        let Some(Codec::Avc1(avc1)) = self.moov.trak[0].mdia.minf.stbl.stsd.codecs.first() else {
            return Err(fail("it is not H.264"));
        };
        let avc = AvcParameters::parse(&avc1.avcc).map_err(|detail| fail(&detail))?;
        if !self.timescale.is_multiple_of(frame_rate) {
            return Err(fail("a frame is not a whole number of ticks"));
        }
        let duration = self.timescale / frame_rate;
        let mut decoding = 0_i64;
        let mut times = Vec::with_capacity(self.samples.len());
        for sample in &self.samples {
            times.push(decoding + i64::from(sample.composition));
            decoding += i64::from(sample.duration);
        }
        // The encoder delays presentation so that no offset is negative; here time starts at the first shown frame.
        let first = times.iter().copied().min().unwrap_or(0);
        for (index, (sample, time)) in self.samples.iter_mut().zip(times).enumerate() {
            sample.duration = duration;
            let offset = time - first - index as i64 * i64::from(duration);
            sample.composition = i32::try_from(offset).map_err(|_| IngestError::package("video", "time runs wild"))?;
        }
        self.avc = Some(avc);
        Ok(self)
    }

    /// Makes sure that the file is what the audio encoder was asked for, and finds out about priming.
    pub(crate) fn audio(mut self) -> Result<Self, IngestError> {
        let Some(Codec::Mp4a(_)) = self.moov.trak[0].mdia.minf.stbl.stsd.codecs.first() else {
            return Err(IngestError::package(self.what.as_str(), "it is not AAC"));
        };
        // The first frame of ffmpeg's AAC only fills the overlap of the transform; it is decoded and thrown away.
        self.priming = 1024;
        for sample in &mut self.samples {
            sample.duration = 1024;
            sample.composition = 0;
            sample.key = true;
        }
        Ok(self)
    }

    /// Indices at which video segments begin, and the number of samples.
    pub(crate) fn video_cuts(&self, frames: usize) -> Result<Vec<usize>, IngestError> {
        let count = self.samples.len();
        let mut cuts: Vec<usize> = (0..count).step_by(frames).collect();
        cuts.push(count);
        let duration = i64::from(self.samples[0].duration);
        for pair in cuts.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            if !self.samples[from].key {
                return Err(IngestError::package(self.what.as_str(), format!("frame {from} is not a key frame")));
            }
            let inside = |index: usize| {
                let time = index as i64 * duration + i64::from(self.samples[index].composition);
                (from as i64 * duration..to as i64 * duration).contains(&time)
            };
            if !(from..to).all(inside) {
                return Err(IngestError::package(self.what.as_str(), format!("frame {from} begins an open group")));
            }
        }
        Ok(cuts)
    }

    /// Indices at which audio segments begin: the first sample that is heard at or after each video segment's start.
    pub(crate) fn audio_cuts(&self, segment_s: f64) -> Vec<usize> {
        let count = self.samples.len();
        let heard = |index: usize| (index as f64 * 1024.0 - f64::from(self.priming)) / f64::from(self.timescale);
        let mut cuts = vec![0];
        let mut next = segment_s;
        for index in 0..count {
            if heard(index) >= next - 1e-9 {
                cuts.push(index);
                next += segment_s;
            }
        }
        // A tail of a few samples is not worth a request.
        if cuts.len() > 1 && count - cuts[cuts.len() - 1] < 8 {
            cuts.pop();
        }
        cuts.push(count);
        cuts
    }

    /// Name of the codec as playlists have it (RFC 6381).
    pub(crate) fn codec(&self) -> Result<String, IngestError> {
        match self.moov.trak[0].mdia.minf.stbl.stsd.codecs.first() {
            Some(Codec::Avc1(avc1)) => Ok(format!(
                "avc1.{:02x}{:02x}{:02x}",
                avc1.avcc.avc_profile_indication, avc1.avcc.profile_compatibility, avc1.avcc.avc_level_indication
            )),
            Some(Codec::Mp4a(_)) => Ok("mp4a.40.2".to_owned()),
            _ => Err(IngestError::package(self.what.as_str(), "its codec is unknown")),
        }
    }
}

fn read_fragment(moof: &Moof, start: usize, end: usize, samples: &mut Vec<Sample>) -> Result<(), String> {
    for traf in &moof.traf {
        for trun in &traf.trun {
            let offset = trun.data_offset.ok_or("a run has no data offset")?;
            let mut at = start.checked_add_signed(offset as isize).ok_or("a run lies before the file")?;
            for (index, entry) in trun.samples.iter().enumerate() {
                if index >= end {
                    return Err("a run has more samples than the file has bytes".to_owned());
                }
                let size = entry.size.or(traf.tfhd.default_sample_size).ok_or("a sample has no size")? as usize;
                let to = at.checked_add(size).filter(|to| *to <= end).ok_or("a sample lies behind the file")?;
                let flags = entry.flags.or(traf.tfhd.default_sample_flags).unwrap_or(0);
                samples.push(Sample {
                    data: at..to,
                    duration: entry.duration.or(traf.tfhd.default_sample_duration).unwrap_or(0),
                    composition: i32::try_from(entry.cts.unwrap_or(0)).map_err(|_| "a time offset is too large")?,
                    key: flags & NON_SYNC == 0,
                });
                at = to;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_garbage_without_panic() {
        let bad: [&[u8]; 6] = [
            b"",
            b"\0\0\0\x08free",
            b"\0\0\0\x04moov",
            b"\0\0\0\0moov",
            b"\xff\xff\xff\xffmoof",
            b"\0\0\0\x10moof\0\0\0\x08mfhd",
        ];
        for bytes in bad {
            assert!(Track::parse("x".into(), bytes.to_vec()).is_err(), "{bytes:?}");
        }
    }
}
