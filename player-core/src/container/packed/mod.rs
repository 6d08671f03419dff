//! Packed audio: elementary streams behind an ID3 tag (RFC 8216, section 3.4).

mod id3;
#[cfg(test)]
mod tests;

use super::es::audio::{self, AudioCodec, confirmed};
use super::es::{CLOCK_RATE, ElementaryStream, Piece};
use super::ts::ID3_SCHEME;
use super::{ContainerError, Demuxed, SampleCipher};
use crate::manifest::TimedEvent;
use abr::MediaTime;
use bytes::Bytes;
use id3::Tag;

/// AAC first: its sync word is narrower than that of MPEG audio.
const CODECS: [AudioCodec; 3] = [AudioCodec::Adts, AudioCodec::Ac3, AudioCodec::Mpeg];
/// Bytes between a tag and the first frame, as a packager's padding.
const MAX_PADDING: usize = 64 << 10;
/// ID3 tags of a segment.
const MAX_TAGS: usize = 10_000;

/// Do these bytes begin as packed audio does: with an ID3 tag, or with a frame that another one follows?
pub fn is_packed_audio(data: &[u8]) -> bool {
    Tag::parse(data).is_some() || CODECS.iter().any(|codec| begins(*codec, data))
}

/// All samples of a segment, and its ID3 tags. Where the tag has no timestamp, times count from zero.
///
/// With a `cipher` all frames are taken to be encrypted: only playlists say whether they are.
///
/// # Errors
/// [`ContainerError::Unsupported`] for frames that are not AAC, AC-3, E-AC-3 or MPEG audio,
/// [`ContainerError::UnsupportedScheme`] for encrypted frames without a `cipher`, [`ContainerError::LimitExceeded`].
pub fn demux(media: &Bytes, cipher: Option<&SampleCipher>) -> Result<Demuxed, ContainerError> {
    let mut segment = Segment::default();
    segment.read(media)?;
    let Some(codec) = segment.codec else {
        return Err(ContainerError::Unsupported("packed audio other than AAC, AC-3 and MPEG audio".into()));
    };
    if segment.encrypted && cipher.is_none() {
        return Err(ContainerError::UnsupportedScheme("SAMPLE-AES without a key".into()));
    }
    let timeless = segment.stream.pieces.iter().all(|piece| piece.pts.is_none());
    if let Some(piece) = segment.stream.pieces.first_mut() {
        piece.pts.get_or_insert(0);
    }
    let streams = audio::streams(codec, segment.stream, cipher)?;
    Ok(Demuxed { streams, events: segment.events, cut_short: segment.cut_short, timeless })
}

/// What lies behind each other in a segment, taken apart.
#[derive(Debug, Default)]
struct Segment {
    codec: Option<AudioCodec>,
    /// Frames without the tags between them.
    stream: ElementaryStream,
    events: Vec<TimedEvent>,
    /// A tag describes the frames as encrypted.
    encrypted: bool,
    /// The last frame is not all there.
    cut_short: bool,
}

impl Segment {
    fn read(&mut self, media: &Bytes) -> Result<(), ContainerError> {
        let (mut at, mut pts, mut tags) = (0, None, 0);
        self.stream.data.reserve(media.len());
        while at < media.len() {
            let rest = &media[at..];
            if let Some(tag) = Tag::parse(rest) {
                tags += 1;
                if tags > MAX_TAGS {
                    return Err(ContainerError::LimitExceeded { what: "ID3 tags", max: MAX_TAGS as u64 });
                }
                // Only the tag's own timestamp places what follows. Several tags may stand in a row.
                pts = tag.timestamp.or(pts);
                self.encrypted |= tag.describes_encrypted;
                if tag.has_metadata {
                    self.events.push(event(media.slice(at..at + tag.size), pts.or(self.last_pts()).unwrap_or(0)));
                }
                at += tag.size;
                if let Some(pts) = pts.take() {
                    self.stream.pieces.push(Piece {
                        offset: self.stream.data.len(),
                        pts: Some(pts),
                        ..Piece::default()
                    });
                }
                continue;
            }
            let codec = match self.codec {
                Some(codec) => codec,
                None => match CODECS.into_iter().find(|codec| begins(*codec, rest)) {
                    Some(codec) => *self.codec.insert(codec),
                    None if at < MAX_PADDING + tags * MAX_PADDING => {
                        at += 1;
                        continue;
                    }
                    None => return Ok(()),
                },
            };
            if self.stream.pieces.is_empty() {
                self.stream.pieces.push(Piece::default());
            }
            // What is no frame stays in the stream, where it is passed over: up to the next tag.
            let length = match codec.frame(rest) {
                Some(frame) => {
                    self.cut_short |= frame.length > rest.len();
                    frame.length.min(rest.len())
                }
                None => to_next(rest),
            };
            self.stream.data.extend_from_slice(&rest[..length]);
            at += length;
        }
        Ok(())
    }

    fn last_pts(&self) -> Option<i64> {
        self.stream.pieces.last().and_then(|piece| piece.pts)
    }
}

/// Distance to the next byte with which a frame or a tag may begin.
fn to_next(data: &[u8]) -> usize {
    let next = data.iter().skip(1).position(|byte| matches!(byte, 0xff | 0x0b | b'I'));
    next.map_or(data.len(), |next| next + 1)
}

/// Is this a frame with another one, a tag or the end behind it?
fn begins(codec: AudioCodec, data: &[u8]) -> bool {
    let frame = codec.frame(data).filter(|frame| frame.length <= data.len());
    frame.is_some_and(|frame| {
        let behind = &data[frame.length..];
        confirmed(codec, behind) || behind.starts_with(b"ID3")
    })
}

fn event(payload: Bytes, pts: i64) -> TimedEvent {
    TimedEvent {
        scheme: ID3_SCHEME.into(),
        value: String::new(),
        id: String::new(),
        start: MediaTime::from_ticks(pts, CLOCK_RATE),
        duration: None,
        payload,
    }
}
