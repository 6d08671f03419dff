//! What a title consists of, read back from the playlists and initialization segments that the packager has written.

use super::{MASTER, hls::attribute, read, read_bytes};
use crate::ingest::Library;
use base64::{Engine, prelude::BASE64_STANDARD};
use service_api::TitleId;
use std::{collections::BTreeMap, io, sync::Arc};

/// Bits per second of the most demanding segment, by folder.
pub(super) type Peaks = BTreeMap<String, u64>;

/// The tracks of a title.
#[derive(Debug, Default)]
pub(super) struct Presentation {
    pub(super) video: Vec<Track>,
    pub(super) audio: Vec<Track>,
    pub(super) subtitles: Vec<Subtitles>,
    pub(super) protection: Option<Protection>,
    pub(super) duration_s: f64,
}

/// One rendition in segments.
#[derive(Debug)]
pub(super) struct Track {
    /// Folder of its files, relative to the title's.
    pub(super) folder: String,
    pub(super) codec: String,
    pub(super) bandwidth: u64,
    pub(super) size: Option<(u32, u32)>,
    pub(super) frame_rate: Option<String>,
    pub(super) channels: Option<String>,
    pub(super) timescale: u32,
    /// Durations of the segments in ticks.
    pub(super) segments: Vec<u64>,
}

#[derive(Debug)]
pub(super) struct Subtitles {
    pub(super) language: String,
    pub(super) name: String,
    pub(super) file: String,
}

/// How the media are encrypted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Protection {
    /// `cenc` or `cbcs`.
    pub(super) scheme: &'static str,
    pub(super) kid: [u8; 16],
    /// The box for W3C Clear Key, in base64.
    pub(super) pssh: String,
}

impl Presentation {
    /// Reads a title that is ready; nothing if it is not. Blocking.
    /// `peaks` are the bits per second of tracks whose segments need not be here.
    pub(super) fn read(library: &Arc<Library>, title: &TitleId, peaks: &Peaks) -> io::Result<Option<Self>> {
        let Some(master) = read(library, title, MASTER)? else { return Ok(None) };
        let mut found = Self::default();
        let mut lines = master.lines();
        while let Some(line) = lines.next() {
            if let Some(list) = line.strip_prefix("#EXT-X-STREAM-INF:") {
                let uri = lines.next().ok_or_else(|| broken("a variant without an address"))?;
                let codec = attribute(list, "CODECS").and_then(|codecs| codecs.split(',').next());
                let mut track = Track::read(library, title, uri, codec.unwrap_or_default(), peaks)?;
                track.size = attribute(list, "RESOLUTION")
                    .and_then(|size| size.split_once('x'))
                    .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
                track.frame_rate = attribute(list, "FRAME-RATE").map(str::to_owned);
                let of_audio = attribute(list, "CODECS").and_then(|codecs| codecs.split(',').nth(1));
                if let (Some(codec), Some(audio)) = (of_audio, found.audio.first_mut()) {
                    codec.clone_into(&mut audio.codec);
                }
                found.duration_s = found.duration_s.max(track.seconds());
                found.video.push(track);
            } else if let Some(list) = line.strip_prefix("#EXT-X-MEDIA:") {
                let uri = attribute(list, "URI").ok_or_else(|| broken("a rendition without an address"))?;
                if attribute(list, "TYPE") == Some("AUDIO") {
                    let mut track = Track::read(library, title, uri, "mp4a.40.2", peaks)?;
                    track.channels = attribute(list, "CHANNELS").map(str::to_owned);
                    found.audio.push(track);
                } else {
                    let of = |name| attribute(list, name).unwrap_or_default().to_owned();
                    let file = format!("{}/all.vtt", folder(uri));
                    found.subtitles.push(Subtitles { language: of("LANGUAGE"), name: of("NAME"), file });
                }
            } else if let Some(list) = line.strip_prefix("#EXT-X-SESSION-KEY:") {
                found.protection = Some(protection(list).ok_or_else(|| broken("a key that cannot be read"))?);
            }
        }
        Ok(Some(found))
    }
}

impl Track {
    fn read(library: &Arc<Library>, title: &TitleId, uri: &str, codec: &str, peaks: &Peaks) -> io::Result<Self> {
        let missing = || broken("a playlist or an initialization segment is missing");
        let folder = folder(uri).to_owned();
        let playlist = read(library, title, uri)?.ok_or_else(missing)?;
        let init = read_bytes(library, title, &format!("{folder}/init.mp4"))?.ok_or_else(missing)?;
        let timescale = timescale(&init).ok_or_else(|| broken("an initialization segment cannot be read"))?;
        let seconds =
            playlist.lines().filter_map(|line| line.strip_prefix("#EXTINF:")?.split(',').next()?.parse::<f64>().ok());
        let segments: Vec<u64> = seconds.map(|seconds| (seconds * f64::from(timescale)).round() as u64).collect();
        let mut track = Self {
            bandwidth: 0,
            codec: codec.to_owned(),
            size: None,
            frame_rate: None,
            channels: None,
            timescale,
            segments,
            folder,
        };
        track.bandwidth = match peaks.get(&track.folder) {
            Some(known) => *known,
            None => track.peak(library, title)?,
        };
        Ok(track)
    }

    pub(super) fn seconds(&self) -> f64 {
        self.segments.iter().sum::<u64>() as f64 / f64::from(self.timescale)
    }

    /// Bits per second of the most demanding segment.
    fn peak(&self, library: &Arc<Library>, title: &TitleId) -> io::Result<u64> {
        let mut peak = 0;
        for (index, ticks) in self.segments.iter().enumerate() {
            let name = format!("{}/seg-{:05}.m4s", self.folder, index + 1);
            let Some(file) = library.open_media(title, &name)? else { continue };
            let seconds = *ticks as f64 / f64::from(self.timescale);
            peak = peak.max((file.metadata()?.len() as f64 * 8.0 / seconds.max(0.001)).ceil() as u64);
        }
        Ok(peak)
    }
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn folder(uri: &str) -> &str {
    uri.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub(super) fn protection(list: &str) -> Option<Protection> {
    let scheme = match attribute(list, "METHOD")? {
        "SAMPLE-AES-CTR" => "cenc",
        "SAMPLE-AES" => "cbcs",
        _ => return None,
    };
    let pssh = attribute(list, "URI")?.strip_prefix("data:text/plain;base64,")?.to_owned();
    // size 4, `pssh` 4, version and flags 4, system 16, count 4, then the key ids.
    let bytes = BASE64_STANDARD.decode(&pssh).ok()?;
    let kid = bytes.get(32..48)?.try_into().ok()?;
    (bytes.get(4..8)? == b"pssh" && bytes.get(8) == Some(&1)).then_some(Protection { scheme, kid, pssh })
}

/// Ticks per second: `mdhd` of the only track.
fn timescale(init: &[u8]) -> Option<u32> {
    let header = [b"moov", b"trak", b"mdia", b"mdhd"].into_iter().try_fold(init, |outer, kind| child(outer, kind))?;
    let at = if *header.first()? == 1 { 20 } else { 12 };
    let ticks = u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?);
    (ticks > 0).then_some(ticks)
}

/// Content of the first box of a kind.
fn child<'a>(mut boxes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    loop {
        let size = usize::try_from(u32::from_be_bytes(boxes.get(..4)?.try_into().ok()?)).ok()?;
        let (this, rest) = boxes.split_at_checked(size).filter(|_| size >= 8)?;
        if this.get(4..8)? == kind {
            return this.get(8..);
        }
        boxes = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_walked_and_broken_ones_are_not() {
        let boxed = |kind: &[u8], content: &[u8]| [&(content.len() as u32 + 8).to_be_bytes(), kind, content].concat();
        let mdhd = boxed(b"mdhd", &[&[0; 12][..], &24_000_u32.to_be_bytes(), &[0; 8]].concat());
        let moov = boxed(b"moov", &boxed(b"trak", &[boxed(b"tkhd", &[0; 4]), boxed(b"mdia", &mdhd)].concat()));
        let file = [boxed(b"ftyp", b"cmfc"), moov].concat();
        assert_eq!(timescale(&file), Some(24_000));
        for cut in 0..file.len() - 8 {
            assert_eq!(timescale(&file[..cut]), None, "{cut}");
        }
        assert_eq!(timescale(&[0; 64]), None);
    }

    #[test]
    fn keys_are_read_from_their_box() {
        let mut pssh = vec![0, 0, 0, 52];
        pssh.extend(b"pssh\x01\0\0\0");
        pssh.extend([9; 16]);
        pssh.extend([0, 0, 0, 1]);
        pssh.extend([7; 16]);
        pssh.extend([0; 4]);
        let list = format!("METHOD=SAMPLE-AES,URI=\"data:text/plain;base64,{}\"", BASE64_STANDARD.encode(&pssh));
        let found = protection(&list).unwrap();
        assert_eq!((found.scheme, found.kid), ("cbcs", [7; 16]));
        assert!(protection("METHOD=AES-128,URI=\"x\"").is_none());
    }
}
