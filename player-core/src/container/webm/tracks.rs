//! `TrackEntry`: which codec, how it is set up, how its frames are encoded.

use super::ebml::{Element, children, id};
use super::encoding::Encoding;
use crate::colour::ColourDescription;
use crate::container::{CodecConfig, ContainerError, TrackFormat};
use crate::manifest::TrackKind;
use abr::MediaTime;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Longest codec identifier; the longest in use has 22 letters.
const MAX_CODEC_ID: usize = 64;
/// Largest `CodecPrivate`. Vorbis code books take some kilobytes, a picture in a FLAC header up to megabytes.
const MAX_CODEC_PRIVATE: usize = 1 << 20;

/// One track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// As blocks name it.
    pub number: u64,
    pub format: Arc<TrackFormat>,
    /// Of one frame, where the track says it.
    pub default_duration: Option<Duration>,
    /// To be subtracted from times: what the decoder puts out before the first sound.
    pub codec_delay: MediaTime,
    /// How much must be decoded before a place to be heard there as it should.
    pub seek_pre_roll: Duration,
    pub encoding: Encoding,
    pub(super) cues: CueBlocks,
}

/// Where blocks of text keep what is not the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CueBlocks {
    /// This is not text.
    None,
    /// `S_TEXT/WEBVTT`: settings and identifier are additions to the block.
    Additions,
    /// `D_WEBVTT`: identifier and settings are the first two lines.
    Lines,
}

/// Fields of an entry that make the codec.
#[derive(Default)]
struct Fields {
    codec_id: String,
    private: Bytes,
    width: u16,
    height: u16,
    rate: u32,
    channels: u16,
    colour: ColourDescription,
}

impl Track {
    pub(super) fn parse(entry: &[u8]) -> Result<Self, ContainerError> {
        let mut fields = Fields { rate: 8_000, channels: 1, ..Fields::default() };
        let (mut number, mut kind) = (None, None);
        let (mut default_duration, mut codec_delay, mut seek_pre_roll) = (0, 0, 0);
        let mut encoding = Encoding::Plain;
        for element in children(entry) {
            let element = element?;
            match element.id {
                id::TRACK_NUMBER => number = Some(element.unsigned(entry)?),
                id::TRACK_TYPE => kind = Some(element.unsigned(entry)?),
                id::DEFAULT_DURATION => default_duration = element.unsigned(entry)?,
                id::CODEC_DELAY => codec_delay = element.unsigned(entry)?,
                id::SEEK_PRE_ROLL => seek_pre_roll = element.unsigned(entry)?,
                id::CODEC_ID => fields.codec_id = text(element.payload(entry)?)?,
                id::CODEC_PRIVATE => {
                    let private = element.payload(entry)?;
                    if private.len() > MAX_CODEC_PRIVATE {
                        let max = MAX_CODEC_PRIVATE as u64;
                        return Err(ContainerError::LimitExceeded { what: "CodecPrivate bytes", max });
                    }
                    fields.private = Bytes::copy_from_slice(private);
                }
                id::VIDEO => fields.video(element.payload(entry)?)?,
                id::AUDIO => fields.audio(element.payload(entry)?)?,
                id::CONTENT_ENCODINGS => encoding = Encoding::parse(element.payload(entry)?)?,
                _ => {}
            }
        }
        let kind = match kind.ok_or(ContainerError::Missing("TrackType"))? {
            1 => TrackKind::Video,
            2 => TrackKind::Audio,
            // Subtitles and metadata; WebM once had its WebVTT in both.
            0x11 | 0x21 => TrackKind::Text,
            other => return Err(ContainerError::Unsupported(format!("track type {other}"))),
        };
        if kind == TrackKind::Text && matches!(encoding, Encoding::Encrypted(_)) {
            // Its blocks are taken apart before they could be decrypted.
            return Err(ContainerError::UnsupportedScheme("WebM text".into()));
        }
        let colour = fields.colour;
        let (codec, cues) = fields.codec()?;
        Ok(Self {
            number: number.ok_or(ContainerError::Missing("TrackNumber"))?,
            format: Arc::new(TrackFormat { kind, codec, colour }),
            default_duration: (default_duration > 0).then(|| Duration::from_nanos(default_duration)),
            codec_delay: MediaTime::from_duration(Duration::from_nanos(codec_delay)),
            seek_pre_roll: Duration::from_nanos(seek_pre_roll),
            encoding,
            cues,
        })
    }
}

impl Fields {
    fn video(&mut self, video: &[u8]) -> Result<(), ContainerError> {
        for element in children(video) {
            let element = element?;
            let pixels = |element: Element| Ok(u16::try_from(element.unsigned(video)?).unwrap_or(u16::MAX));
            match element.id {
                id::PIXEL_WIDTH => self.width = pixels(element)?,
                id::PIXEL_HEIGHT => self.height = pixels(element)?,
                id::COLOUR => self.colour = colour(element.payload(video)?)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn audio(&mut self, audio: &[u8]) -> Result<(), ContainerError> {
        let mut output_rate = None;
        for element in children(audio) {
            let element = element?;
            match element.id {
                id::SAMPLING_FREQUENCY => self.rate = hertz(element.float(audio)?)?,
                id::OUTPUT_SAMPLING_FREQUENCY => output_rate = Some(hertz(element.float(audio)?)?),
                id::CHANNELS => self.channels = u16::try_from(element.unsigned(audio)?).unwrap_or(u16::MAX),
                _ => {}
            }
        }
        self.rate = output_rate.unwrap_or(self.rate);
        Ok(())
    }

    fn codec(self) -> Result<(CodecConfig, CueBlocks), ContainerError> {
        let Self { private, width, height, rate, channels, .. } = self;
        let required = |private: Bytes, least: usize| {
            if private.len() < least { Err(ContainerError::Missing("CodecPrivate")) } else { Ok(private) }
        };
        let mpeg = |layer| CodecConfig::Mpeg { layer, rate, channels };
        let codec = match self.codec_id.as_str() {
            "V_VP8" => CodecConfig::Vp8 { width, height },
            "V_VP9" => CodecConfig::Vp9 { width, height },
            "V_AV1" => CodecConfig::Av1 { av1c: private, width, height },
            "V_MPEG4/ISO/AVC" => CodecConfig::H264 { avcc: required(private, 7)?, width, height },
            "V_MPEGH/ISO/HEVC" => CodecConfig::H265 { hvcc: required(private, 23)?, width, height },
            "A_OPUS" => CodecConfig::Opus { head: opus_head(private)?, rate: 48_000, channels },
            "A_VORBIS" => CodecConfig::Vorbis { headers: vorbis_headers(&private)?, rate, channels },
            "A_FLAC" => {
                let private = required(private, 42)?;
                let marked = private.starts_with(b"fLaC");
                CodecConfig::Flac { blocks: if marked { private.slice(4..) } else { private }, rate, channels }
            }
            "A_AC3" => CodecConfig::Ac3 { rate, channels },
            "A_EAC3" => CodecConfig::Eac3 { rate, channels },
            "A_MPEG/L1" => mpeg(1),
            "A_MPEG/L2" => mpeg(2),
            "A_MPEG/L3" => mpeg(3),
            aac if aac == "A_AAC" || aac.starts_with("A_AAC/") => {
                CodecConfig::Aac { config: required(private, 2)?, rate, channels }
            }
            "S_TEXT/WEBVTT" => return Ok((CodecConfig::WebVtt { header: private }, CueBlocks::Additions)),
            "D_WEBVTT/SUBTITLES" | "D_WEBVTT/CAPTIONS" => {
                return Ok((CodecConfig::WebVtt { header: private }, CueBlocks::Lines));
            }
            // A cover beside sound is a picture that stands still.
            picture if picture.starts_with("V_") && picture != "V_MJPEG" && picture != "V_UNCOMPRESSED" => {
                return Err(ContainerError::NoDecoder(format!("codec {}", picture.escape_default())));
            }
            other => return Err(ContainerError::Unsupported(format!("codec {}", other.escape_default()))),
        };
        Ok((codec, CueBlocks::None))
    }
}

/// Strings may be padded with zeros.
/// `Colour`: the code points of ITU-T H.273.
fn colour(fields: &[u8]) -> Result<ColourDescription, ContainerError> {
    let mut colour = ColourDescription::default();
    for element in children(fields) {
        let element = element?;
        let code = |element: Element| Ok(u8::try_from(element.unsigned(fields)?).unwrap_or(0));
        match element.id {
            id::MATRIX => colour.matrix = code(element)?,
            id::TRANSFER => colour.transfer = code(element)?,
            id::PRIMARIES => colour.primaries = code(element)?,
            id::RANGE => colour.full_range = code(element)? == 2,
            id::MAX_CLL => colour.brightest = u32::try_from(element.unsigned(fields)?).unwrap_or(0),
            _ => {}
        }
    }
    Ok(colour)
}

fn text(bytes: &[u8]) -> Result<String, ContainerError> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = bytes.get(..end).filter(|text| text.len() <= MAX_CODEC_ID && text.is_ascii());
    text.map(|text| String::from_utf8_lossy(text).into_owned()).ok_or(ContainerError::Malformed("CodecID"))
}

fn hertz(rate: f64) -> Result<u32, ContainerError> {
    // Also refuses what is not a number.
    if (1.0..=10_000_000.0).contains(&rate) {
        Ok(rate.round() as u32)
    } else {
        Err(ContainerError::Malformed("SamplingFrequency"))
    }
}

fn opus_head(private: Bytes) -> Result<Bytes, ContainerError> {
    if private.starts_with(b"OpusHead") && private.len() >= 19 {
        Ok(private)
    } else {
        Err(ContainerError::Malformed("OpusHead"))
    }
}

/// Three headers, the sizes of the first two in Xiph lacing.
fn vorbis_headers(private: &Bytes) -> Result<[Bytes; 3], ContainerError> {
    let malformed = || ContainerError::Malformed("Vorbis headers");
    if private.first() != Some(&2) {
        return Err(malformed());
    }
    let mut at = 1;
    let mut sizes = [0usize; 2];
    for size in &mut sizes {
        loop {
            let byte = *private.get(at).ok_or_else(malformed)?;
            at += 1;
            *size += usize::from(byte);
            if byte < 255 {
                break;
            }
        }
    }
    let second = at + sizes[0];
    let third = second + sizes[1];
    if third >= private.len() {
        return Err(malformed());
    }
    Ok([private.slice(at..second), private.slice(second..third), private.slice(third..)])
}
