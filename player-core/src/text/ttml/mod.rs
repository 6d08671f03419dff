//! TTML and its profile for subtitles, IMSC (W3C).
//!
//! `tree` reads the document, `time` its times, `style` what styles and regions say, `layout` turns lengths into parts of
//! the picture, `content` walks over the body and makes cues, `image` finds the pictures that some have in place of
//! text. Names are compared without their prefixes, which documents often forget to declare.

mod content;
mod image;
mod layout;
mod style;
#[cfg(test)]
mod tests;
mod time;
mod tree;

use super::{Cue, merge_touching};
use crate::container::Sample;
use abr::MediaTime;
use image::Images;
use std::borrow::Cow;

/// Largest document in bytes. Documents with pictures in them have megabytes.
const MAX_DOCUMENT: usize = 32 << 20;

/// Why a document was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TtmlError {
    #[error("not well-formed: {0}")]
    Xml(String),
    #[error("not a TTML document")]
    NotTtml,
    #[error("limit exceeded: {what} > {max}")]
    LimitExceeded { what: &'static str, max: usize },
}

/// Reads a document. Elements that make no sense are left out.
pub fn parse(bytes: &[u8]) -> Result<Vec<Cue>, TtmlError> {
    document(bytes, &Images::default())
}

/// Cues of samples with a document each (`stpp`, ISO/IEC 14496-30). Their times are media times, and nothing is seen
/// outside its sample; what several samples have is one cue.
pub(super) fn cues_of_samples(samples: &[Sample]) -> Result<Vec<Cue>, TtmlError> {
    let mut cues = Vec::new();
    for sample in samples.iter().filter(|sample| !sample.data.is_empty()) {
        let (text, images) = image::split(&sample.data);
        cues.extend(within(document(text, &images)?, sample));
    }
    Ok(merge_touching(cues))
}

fn document(bytes: &[u8], images: &Images) -> Result<Vec<Cue>, TtmlError> {
    if bytes.len() > MAX_DOCUMENT {
        return Err(TtmlError::LimitExceeded { what: "bytes", max: MAX_DOCUMENT });
    }
    content::cues(&tree::parse(&decoded(bytes))?, images)
}

/// Cuts cues to their sample. Some writers count from the sample's beginning against the standard: then all of them
/// fall outside, and within its length.
fn within(mut cues: Vec<Cue>, sample: &Sample) -> Vec<Cue> {
    let (start, end) = (sample.pts, sample.pts + sample.duration);
    let outside = |cue: &Cue| cue.end <= start || cue.start >= end;
    let length = MediaTime::from_duration(sample.duration);
    if !cues.is_empty() && cues.iter().all(|cue| outside(cue) && cue.start < length) {
        for cue in &mut cues {
            cue.start += start;
            cue.end += start;
        }
    }
    cues.retain(|cue| !outside(cue));
    for cue in &mut cues {
        cue.start = cue.start.max(start);
        cue.end = cue.end.min(end);
    }
    cues
}

/// As UTF-8, without a byte order mark; UTF-16 is told by its mark.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let units = |read: fn([u8; 2]) -> u16| bytes[2..].chunks_exact(2).map(move |pair| read([pair[0], pair[1]]));
    let from = |units: &mut dyn Iterator<Item = u16>| {
        let characters = char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER));
        Cow::Owned(characters.collect())
    };
    match bytes {
        [0xff, 0xfe, ..] => from(&mut units(u16::from_le_bytes)),
        [0xfe, 0xff, ..] => from(&mut units(u16::from_be_bytes)),
        _ => String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)),
    }
}
