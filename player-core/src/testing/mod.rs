//! Fakes for tests: samples, presentations, and a harness that plays a session in virtual time.

mod captions;
mod harness;
#[cfg(all(feature = "opencdm", target_os = "linux"))]
pub mod stand_in;

pub use harness::{Harness, Link};

use crate::colour::ColourDescription;
use crate::container::bmff::InitSegment;
use crate::container::{CodecConfig, Sample, TrackFormat};
use crate::manifest::{
    ByteSource, ClosedCaptions, IndexSource, InitSource, Presentation, Representation, SegmentIndex, SegmentRef,
    Timing, TrackGroup, TrackId, TrackKind,
};
use abr::{Bitrate, MediaTime, RungId};
use bytes::Bytes;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use url::Url;

/// What this thread has used of a processor: unlike the time on the wall, other programs do not add to it. Where the
/// system does not say, it is the time since the first call.
pub fn processor_time() -> Duration {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let nanoseconds = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split_ascii_whitespace().next()?.parse().ok()
    };
    nanoseconds().map_or_else(|| BEGUN.elapsed(), Duration::from_nanos)
}

/// A sample of this many bytes.
pub fn sample_at(start_ms: i64, duration_ms: u64, keyframe: bool, bytes: usize) -> Sample {
    Sample {
        pts: MediaTime::from_millis(start_ms),
        dts: MediaTime::from_millis(start_ms),
        duration: Duration::from_millis(duration_ms),
        keyframe,
        hidden: false,
        data: Bytes::from(vec![0; bytes]),
        protection: None,
    }
}

/// A picture format that no decoder will see.
pub fn video_format() -> TrackFormat {
    let codec = CodecConfig::H264 { avcc: Bytes::from_static(&[1]), width: 640, height: 360 };
    TrackFormat { kind: TrackKind::Video, codec, colour: ColourDescription::default() }
}

/// A sound format that no decoder will hear.
pub fn audio_format() -> TrackFormat {
    let codec = CodecConfig::Aac { config: Bytes::from_static(&[0x11, 0x90]), rate: 48_000, channels: 2 };
    TrackFormat { kind: TrackKind::Audio, codec, colour: ColourDescription::default() }
}

/// Folder of the set of key frames.
pub const KEY_FRAMES: &str = "i";
/// How far these are apart.
pub const KEY_FRAME_DISTANCE: Duration = Duration::from_secs(1);

/// A presentation of a few rungs and one audio track, with known indexes.
#[derive(Clone, Debug)]
pub struct ManifestBuilder {
    /// Kilobits per second, ascending.
    pub rungs: Vec<u64>,
    pub segments: u64,
    pub segment: Duration,
    /// Playlists are to be fetched instead of being known.
    pub playlists: bool,
    /// Playlists give byte ranges, so that sizes are known ahead.
    pub sizes: bool,
    /// Tracks of text, with a cue that names track and segment in each segment: `t0 3`.
    pub texts: u16,
    /// The picture has captions on `CC1`: each segment but the first after a discontinuity shows its number. What is
    /// shown is written in the segment before it.
    pub captions: bool,
    /// What the manifest says of captions.
    pub announced: Vec<ClosedCaptions>,
    /// Each segment of picture and sound has the same message, a second behind its beginning.
    pub messages: bool,
    /// There is a set of key frames for winding, one each second.
    pub key_frames: bool,
}

impl Default for ManifestBuilder {
    fn default() -> Self {
        Self {
            rungs: vec![300, 700, 1500, 3000, 6000],
            segments: 30,
            segment: Duration::from_secs(4),
            playlists: true,
            sizes: false,
            texts: 0,
            captions: false,
            announced: Vec::new(),
            messages: false,
            key_frames: false,
        }
    }
}

impl ManifestBuilder {
    /// The presentation.
    pub fn presentation(&self) -> Presentation {
        let video = self.rungs.iter().enumerate().map(|(position, kbps)| {
            let rung = position as u16;
            let height = [240, 360, 480, 720, 1080, 2160][position.min(5)];
            self.representation(RungId(rung), *kbps, height, &format!("v{rung}"))
        });
        let video = TrackGroup {
            id: TrackId(0),
            kind: TrackKind::Video,
            language: None,
            name: "Main".into(),
            default: true,
            forced: false,
            roles: Vec::new(),
            representations: video.collect(),
        };
        let audio = TrackGroup {
            id: TrackId(1),
            kind: TrackKind::Audio,
            language: Some("en".into()),
            name: "English".into(),
            default: true,
            forced: false,
            roles: Vec::new(),
            representations: vec![self.representation(RungId(0), 128, 0, "a")],
        };
        let text = (0..self.texts).map(|text| TrackGroup {
            id: TrackId(2 + text),
            kind: TrackKind::Text,
            language: Some(["en", "de"][usize::from(text) % 2].into()),
            name: format!("Text {text}"),
            default: false,
            forced: false,
            roles: Vec::new(),
            representations: vec![self.representation(RungId(0), 1, 0, &format!("t{text}"))],
        });
        let trick_play = self.key_frames.then(|| TrackGroup {
            representations: vec![self.representation(RungId(0), 50, 360, KEY_FRAMES)],
            ..video.clone()
        });
        let tracks = [video, audio].into_iter().chain(text).collect();
        let trick_play = trick_play.into_iter().collect();
        Presentation { closed_captions: self.announced.clone(), trick_play, ..Presentation::of(tracks) }
    }

    fn representation(&self, id: RungId, kbps: u64, height: u32, folder: &str) -> Representation {
        let url = address(&format!("{folder}/index.m3u8"));
        let index = if self.playlists {
            IndexSource::Playlist(url)
        } else {
            IndexSource::Known(std::sync::Arc::new(self.index(folder)))
        };
        Representation {
            id,
            bitrate: Bitrate::from_kbps(kbps),
            average: None,
            width: height * 16 / 9,
            height,
            frame_rate: Some(25.0),
            channels: 0,
            dynamic_range: crate::manifest::DynamicRange::Sdr,
            codecs: String::new(),
            index,
        }
    }

    /// The segments below a folder.
    pub fn index(&self, folder: &str) -> SegmentIndex {
        let (count, length) = if folder == KEY_FRAMES {
            ((self.segment * u32::try_from(self.segments).expect("tests are short")).as_secs(), KEY_FRAME_DISTANCE)
        } else {
            (self.segments, self.segment)
        };
        let segment = |number: u64| SegmentRef {
            number,
            start: MediaTime::ZERO + length * u32::try_from(number).expect("tests are short"),
            duration: length,
            source: ByteSource {
                url: address(&format!("{folder}/{number}.m4s")),
                range: self.sizes.then(|| (0, self.segment_bytes(folder))),
            },
            init: Some(InitSource {
                source: ByteSource { url: address(&format!("{folder}/init.mp4")), range: None },
                cipher: None,
            }),
            epoch: 0,
            timing: Timing::Listed,
            gap: false,
            cipher: None,
        };
        SegmentIndex { segments: (0..count).map(segment).collect(), ..SegmentIndex::default() }
    }

    /// Bytes of each segment below a folder.
    pub fn segment_bytes(&self, folder: &str) -> u64 {
        if folder == KEY_FRAMES {
            return 6_000;
        }
        let rung = folder.strip_prefix('v').and_then(|rung| rung.parse::<usize>().ok());
        let kbps = rung.and_then(|rung| self.rungs.get(rung)).copied().unwrap_or(128);
        (kbps as f64 * 125.0 * self.segment.as_secs_f64()) as u64
    }

    /// The initialisation that all segments of a kind share.
    pub fn init(&self, kind: TrackKind) -> InitSegment {
        let format = if kind == TrackKind::Audio { audio_format() } else { video_format() };
        InitSegment::for_tests(format)
    }
}

/// An address on a host that does not exist.
pub fn address(path: &str) -> Url {
    Url::parse("http://media.test/").and_then(|base| base.join(path)).expect("test addresses are valid")
}
