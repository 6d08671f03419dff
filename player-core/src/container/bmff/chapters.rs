//! Chapters of MP4 and QuickTime files: Nero's `chpl`, and text tracks that another track refers to as its chapters.

use super::boxes::{self, Reader};
use super::{init, sample_tables};
use crate::container::ContainerError;
use abr::MediaTime;

/// Chapters of one file.
const MAX_CHAPTERS: u32 = 2_000;
/// Bytes of one title with what lies around it.
const MAX_TITLE: u32 = 4_096;

/// What a file's `moov` says of chapters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileChapters {
    /// Beginnings and titles, as Nero's list has them.
    pub listed: Vec<(MediaTime, String)>,
    /// Samples of the chapter track, whose text has to be fetched.
    pub samples: Vec<TextSample>,
}

/// A title in the media data: two bytes of length, then text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextSample {
    pub start: MediaTime,
    pub end: MediaTime,
    /// First byte in the file, and how many there are.
    pub at: u64,
    pub size: u32,
}

impl TextSample {
    /// The text of the sample's bytes: UTF-8, or UTF-16 behind its mark.
    pub fn title(bytes: &[u8]) -> String {
        let length = bytes.first_chunk().map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
        let text = bytes.get(2..).unwrap_or_default();
        let text = &text[..length.min(text.len())];
        let wide = |text: &[u8], unit: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = text.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        };
        match text {
            [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
            [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
            text => String::from_utf8_lossy(text).into_owned(),
        }
    }
}

/// Reads the payload of `moov`.
///
/// # Errors
/// Boxes that are cut short or contradict themselves, and more chapters than a file should have.
pub fn chapters(moov: &[u8]) -> Result<FileChapters, ContainerError> {
    let mut found = FileChapters::default();
    if let Some(udta) = boxes::find(moov, b"udta")?
        && let Some(chpl) = boxes::find(udta.payload, b"chpl")?
    {
        found.listed = listed(chpl.payload)?;
    }
    if let Some(trak) = chapter_track(moov)? {
        found.samples = samples(trak)?;
    }
    Ok(found)
}

/// `chpl`: times in units of 100 nanoseconds, titles with their length in one byte.
fn listed(chpl: &[u8]) -> Result<Vec<(MediaTime, String)>, ContainerError> {
    let (version, _, mut reader) = Reader::full(chpl, "chpl")?;
    if version > 0 {
        reader.u32()?;
    }
    let count = reader.u8()?;
    let mut chapters = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let start = i64::try_from(reader.u64()?).ok().and_then(|start| start.checked_mul(100));
        let length = reader.u8()?;
        let title = String::from_utf8_lossy(reader.take(usize::from(length))?).into_owned();
        let start = start.ok_or(ContainerError::Malformed("chpl"))?;
        chapters.push((MediaTime::from_nanos(start), title));
    }
    Ok(chapters)
}

/// The track that the first reference of kind `chap` leads to.
fn chapter_track(moov: &[u8]) -> Result<Option<&[u8]>, ContainerError> {
    let tracks = || boxes::boxes(moov).flatten().filter(|found| &found.kind == b"trak");
    let referred = tracks().find_map(|trak| {
        let tref = boxes::find(trak.payload, b"tref").ok()??;
        let chap = boxes::find(tref.payload, b"chap").ok()??;
        Some(u32::from_be_bytes(*chap.payload.first_chunk()?))
    });
    let Some(wanted) = referred else { return Ok(None) };
    for trak in tracks() {
        if init::track_id(trak.payload)? == wanted {
            return Ok(Some(trak.payload));
        }
    }
    Ok(None)
}

fn samples(trak: &[u8]) -> Result<Vec<TextSample>, ContainerError> {
    let mdia = boxes::require(trak, "mdia")?.payload;
    let (_, _, mut handler) = Reader::full(boxes::require(mdia, "hdlr")?.payload, "hdlr")?;
    handler.take(4)?;
    // Chapters may be pictures as well.
    if !matches!(&handler.array()?, b"text" | b"sbtl" | b"subt") {
        return Ok(Vec::new());
    }
    let (version, _, mut header) = Reader::full(boxes::require(mdia, "mdhd")?.payload, "mdhd")?;
    header.take(if version == 1 { 16 } else { 8 })?;
    let timescale = Some(header.u32()?).filter(|timescale| *timescale > 0).ok_or(ContainerError::Malformed("mdhd"))?;
    let mut samples = Vec::new();
    sample_tables::each_sample(trak, MAX_CHAPTERS, |located| {
        if located.size > MAX_TITLE {
            return Err(ContainerError::LimitExceeded { what: "bytes of a title", max: u64::from(MAX_TITLE) });
        }
        let time = |ticks: i64| MediaTime::from_ticks(ticks, timescale);
        let decoded = located.listed.decoded;
        let end = decoded.saturating_add(i64::from(located.listed.duration));
        samples.push(TextSample { start: time(decoded), end: time(end), at: located.at, size: located.size });
        Ok(())
    })?;
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat()
    }

    #[test]
    fn nero_lists_have_times_and_titles_and_claims_beyond_the_box_are_refused() {
        let mut list = vec![1, 0, 0, 0, 0, 0, 0, 0, 2];
        for (start, title) in [(0u64, "One"), (125_000_000, "Zwölf")] {
            list.extend(start.to_be_bytes());
            list.push(title.len() as u8);
            list.extend(title.as_bytes());
        }
        let moov = wrap(b"udta", &wrap(b"chpl", &list));
        let found = chapters(&moov).unwrap();
        assert_eq!(found.listed, [(MediaTime::ZERO, "One".into()), (MediaTime::from_millis(12_500), "Zwölf".into())]);
        list[8] = 3;
        assert_eq!(chapters(&wrap(b"udta", &wrap(b"chpl", &list))), Err(ContainerError::Malformed("chpl")));
        assert_eq!(chapters(&[]), Ok(FileChapters::default()));
    }

    #[test]
    fn titles_have_a_length_that_is_not_believed_and_may_be_wide() {
        assert_eq!(TextSample::title(b"\0\x03abcd"), "abc");
        assert_eq!(TextSample::title(b"\xff\xffab"), "ab");
        assert_eq!(TextSample::title(b"\0\x06\xfe\xff\0a\x20\xac"), "a€");
        assert_eq!(TextSample::title(b"\0"), "");
    }
}
