//! Subtitles as data. Drawing is the surface's business.
//!
//! [`parse`] takes a segment of any kind apart into [`Cue`]s. Captions that travel within video come as byte triplets
//! and have decoders with a memory: [`cea608`] and [`cea708`], joined in [`captions`]. All of them give text with style
//! and place; where the same piece arrives in several segments, [`merge_touching`] joins it again.

pub mod captions;
pub mod cea608;
pub mod cea708;
mod cue;
mod sniff;
mod srt;
mod style;
#[cfg(test)]
mod tests;
pub mod ttml;
pub mod webvtt;
mod wvtt;

pub use cue::{
    Cue, CueSettings, DisplayAlign, Line, LineAlign, Percent, PositionAlign, Region, TextAlign, Vertical,
    merge_touching, unroll,
};
pub use style::{Colour, Span, TextStyle};

use crate::container::{CodecConfig, Demuxed, Init, MediaStream};
use bytes::Bytes;
use sniff::Form;

/// What the times of cues count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CueBase {
    /// The presentation's beginning, or the period's (DASH sidecar files).
    Period,
    /// The clock of the media in the same epoch.
    Media,
}

/// Cues of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextSegment {
    pub cues: Vec<Cue>,
    pub base: CueBase,
}

/// Why a text segment was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error(transparent)]
    WebVtt(#[from] webvtt::WebVttError),
    #[error(transparent)]
    Ttml(#[from] ttml::TtmlError),
    #[error("neither WebVTT nor TTML, nor a file with either in it")]
    Unknown,
    #[error(transparent)]
    Container(#[from] crate::container::ContainerError),
}

/// Reads a segment of a text track: a WebVTT, TTML or SubRip file, or media with text in samples.
///
/// The form is told by the first bytes, since playlists are often wrong about it. A file with nothing but white space
/// in it has no cues; packagers write such where nobody speaks.
pub fn parse(bytes: &Bytes, init: Option<&Init>) -> Result<TextSegment, TextError> {
    match read(bytes, init)? {
        Read::Cues(segment) => Ok(segment),
        Read::Samples(media) => of_samples(&media),
    }
}

/// What is in a segment of a text track.
#[derive(Debug)]
pub(crate) enum Read {
    Cues(TextSegment),
    /// Text in samples, which may be encrypted.
    Samples(Demuxed),
}

/// As [`parse`], as far as it goes without keys.
pub(crate) fn read(bytes: &Bytes, init: Option<&Init>) -> Result<Read, TextError> {
    let cues = match sniff::form(bytes) {
        Form::Empty => TextSegment { cues: Vec::new(), base: CueBase::Period },
        Form::WebVtt => webvtt::parse(bytes)?,
        Form::SubRip => TextSegment { cues: srt::parse(bytes)?, base: CueBase::Period },
        Form::Xml => TextSegment { cues: ttml::parse(bytes)?, base: CueBase::Period },
        Form::Unknown if init.is_none() => return Err(TextError::Unknown),
        Form::Media | Form::Unknown => return Ok(Read::Samples(crate::container::demux(bytes, init, None)?)),
    };
    Ok(Read::Cues(cues))
}

/// The cues of text in samples, which must be in the clear.
pub(crate) fn of_samples(media: &Demuxed) -> Result<TextSegment, TextError> {
    let mut cues = Vec::new();
    for stream in &media.streams {
        cues.extend(cues_of_samples(stream)?);
    }
    Ok(TextSegment { cues: merge_touching(cues), base: CueBase::Media })
}

/// Cues of text in samples, at media times. Samples of anything else have none.
fn cues_of_samples(stream: &MediaStream) -> Result<Vec<Cue>, TextError> {
    match &stream.format.codec {
        CodecConfig::WebVtt { header } => Ok(wvtt::cues(header, &stream.samples)?),
        CodecConfig::Ttml => Ok(ttml::cues_of_samples(&stream.samples)?),
        _ => Ok(Vec::new()),
    }
}
