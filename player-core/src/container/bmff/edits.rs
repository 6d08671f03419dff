//! Edit lists: which part of a track's media is shown, and when it begins.
//!
//! Nearly all have one edit, behind an empty one perhaps: [`Edit`] applies it sample by sample. Those of editing programs
//! have several, which show parts of the media in any order, more than once, or one picture for a while; [`EditList`]
//! arranges the samples of a plain file accordingly.

use super::boxes::{self, Reader};
use super::budget::Budget;
use crate::container::{ContainerError, MediaStream, Sample};
use crate::manifest::TrackKind;
use abr::MediaTime;
use std::time::Duration;

/// Entries of one list; more than one or two are found in files from editing programs only.
const MAX_EDITS: u32 = 1_024;

/// Samples that are looked at for all edits together: a hundred edits of a long film.
const MAX_LOOKED_AT: usize = 1 << 26;

/// The first edit of a track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edit {
    /// Empty edits before it.
    delay: MediaTime,
    /// Media time that is shown first, in ticks of the track.
    start: i64,
    /// Media time at which the only edit of a plain file ends, in ticks. Fragmented files grow while their list stays.
    end: Option<i64>,
    /// Ticks of the track in one of the movie's clock, by which the end may have been rounded down.
    slack: i64,
}

impl Edit {
    /// Reads `edts` of a track, if there is one.
    pub(super) fn parse(trak: &[u8], movie_timescale: u32, timescale: u32) -> Result<Self, ContainerError> {
        let mut edit = Self::default();
        let Some(edts) = boxes::find(trak, b"edts")? else { return Ok(edit) };
        let Some(elst) = boxes::find(edts.payload, b"elst")? else { return Ok(edit) };
        let (version, _, mut reader) = Reader::full(elst.payload, "elst")?;
        let count = reader.u32()?;
        if count > MAX_EDITS {
            return Err(ContainerError::LimitExceeded { what: "edits", max: u64::from(MAX_EDITS) });
        }
        for position in 0..count {
            let duration = reader.u32_or_u64(version == 1)?;
            let start = if version == 1 { reader.u64()?.cast_signed() } else { i64::from(reader.i32()?) };
            reader.u32()?;
            if start < 0 {
                edit.delay += MediaTime::from_ticks(duration, movie_timescale);
                continue;
            }
            edit.start = start;
            if duration > 0 && position + 1 == count {
                let movie_timescale = u128::from(movie_timescale.max(1));
                let ticks = (u128::from(duration) * u128::from(timescale)).div_ceil(movie_timescale);
                edit.end = i64::try_from(ticks).ok().and_then(|length| start.checked_add(length));
                edit.slack = i64::try_from(u128::from(timescale).div_ceil(movie_timescale)).unwrap_or(i64::MAX);
            }
            break;
        }
        Ok(edit)
    }

    /// Of sound of which its file says otherwise how much of it is not to be heard: `length` ticks behind `start`.
    pub(super) fn of_priming(start: i64, length: i64) -> Self {
        let end = Some(length).filter(|length| *length > 0).and_then(|length| start.checked_add(length));
        Self { start, end, ..Self::default() }
    }

    /// Without an end.
    pub(super) fn open_ended(self) -> Self {
        Self { end: None, ..self }
    }

    /// A media time, in ticks of the track, as it is presented.
    pub(super) fn time(&self, ticks: i64, timescale: u32) -> MediaTime {
        MediaTime::from_ticks(i128::from(ticks) - i128::from(self.start), timescale) + self.delay
    }

    /// Is a sample that is shown from `ticks` on never seen or heard?
    ///
    /// Of sound that begins before the edit a part is heard; a picture that does is not shown, in any known player. What
    /// begins at the end is behind it, unless the movie's clock is so coarse that a whole sample may have been lost to
    /// rounding.
    pub(super) fn hides(&self, ticks: i64, duration: u32, kind: TrackKind) -> bool {
        let duration = i64::from(duration);
        let heard_from =
            if kind == TrackKind::Video { ticks } else { ticks.saturating_add(duration).saturating_sub(1) };
        let slack = if self.slack > duration { self.slack } else { 0 };
        ticks < self.start && heard_from < self.start || self.end.is_some_and(|end| ticks >= end.saturating_add(slack))
    }
}

/// All edits of a track that has several, or one that dwells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EditList(Vec<Entry>);

/// One of them, at the presentation's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    /// Where it begins in the presentation.
    at: MediaTime,
    duration: Duration,
    /// Media time that is shown first.
    start: MediaTime,
    /// The picture at `start` stands still for all of it.
    dwells: bool,
}

impl EditList {
    /// Reads `edts` of a track; `None` where [`Edit`] says all that there is to say.
    pub(super) fn parse(trak: &[u8], movie_timescale: u32, timescale: u32) -> Result<Option<Self>, ContainerError> {
        let Some(edts) = boxes::find(trak, b"edts")? else { return Ok(None) };
        let Some(elst) = boxes::find(edts.payload, b"elst")? else { return Ok(None) };
        let (version, _, mut reader) = Reader::full(elst.payload, "elst")?;
        let count = reader.u32()?;
        if count > MAX_EDITS {
            return Err(ContainerError::LimitExceeded { what: "edits", max: u64::from(MAX_EDITS) });
        }
        let (mut entries, mut at) = (Vec::new(), MediaTime::ZERO);
        for _ in 0..count {
            let length = reader.u32_or_u64(version == 1)?;
            let start = if version == 1 { reader.u64()?.cast_signed() } else { i64::from(reader.i32()?) };
            let rate = reader.u32()?;
            let duration = MediaTime::from_ticks(length, movie_timescale).duration_since(MediaTime::ZERO);
            if start >= 0 {
                let start = MediaTime::from_ticks(start, timescale);
                entries.push(Entry { at, duration, start, dwells: rate >> 16 == 0 && !duration.is_zero() });
            }
            at += duration;
        }
        let several = entries.len() > 1 || entries.iter().any(|entry| entry.dwells);
        Ok(several.then_some(Self(entries)))
    }

    /// Puts the samples of a plain file, which are at media times, where the edits show them. What a picture needs
    /// before the edit begins is repeated, hidden. Decode times rise all the same.
    pub(super) fn apply(
        &self,
        streams: Vec<MediaStream>,
        budget: &mut Budget,
    ) -> Result<Vec<MediaStream>, ContainerError> {
        let media: Vec<(usize, &Sample)> =
            streams.iter().enumerate().flat_map(|(at, stream)| stream.samples.iter().map(move |s| (at, s))).collect();
        if self.0.len().saturating_mul(media.len()) > MAX_LOOKED_AT {
            return Err(ContainerError::LimitExceeded { what: "edits of so many samples", max: MAX_LOOKED_AT as u64 });
        }
        let mut edited: Vec<MediaStream> = Vec::new();
        let (mut of, mut decoded) = (None, MediaTime::MIN);
        for entry in &self.0 {
            // An edit without a length reaches to the end.
            let end = if entry.duration.is_zero() { MediaTime::MAX } else { entry.start + entry.duration };
            let still = entry.dwells.then(|| picture_at(&media, entry.start)).flatten();
            let shown = |at: usize, sample: &Sample| match still {
                Some(still) => at == still,
                None => {
                    // Of sound that begins before the edit a part is heard.
                    let is_picture = streams[media[at].0].kind == TrackKind::Video;
                    let reaches_in = !is_picture && sample.pts + sample.duration > entry.start;
                    sample.pts < end && (sample.pts >= entry.start || reaches_in)
                }
            };
            let mut all = (0..media.len()).filter(|at| shown(*at, media[*at].1));
            let Some(first) = all.next() else { continue };
            let last = all.next_back().unwrap_or(first);
            let entry_point = (0..=first).rev().find(|at| media[*at].1.keyframe).unwrap_or(first);
            budget.samples((last + 1 - entry_point) as u64)?;
            for (at, (stream, sample)) in media.iter().copied().enumerate().take(last + 1).skip(entry_point) {
                let is_shown = shown(at, sample);
                let moved = |time: MediaTime| time - entry.start + entry.at;
                let (pts, duration) = match still {
                    Some(_) if is_shown => (entry.at, entry.duration),
                    _ => (moved(sample.pts), sample.duration),
                };
                decoded = moved(sample.dts).max(decoded + Duration::from_nanos(1));
                let hidden = sample.hidden || !is_shown;
                // What is hidden has a stream of its own, in front of what needs it.
                let begins = of != Some(stream) || (at == entry_point && hidden);
                if begins {
                    let MediaStream { kind, format, .. } = &streams[stream];
                    edited.push(MediaStream { kind: *kind, format: format.clone(), samples: Vec::new() });
                    of = Some(stream);
                }
                if let Some(current) = edited.last_mut() {
                    current.samples.push(Sample { pts, dts: decoded, duration, hidden, ..sample.clone() });
                }
            }
        }
        Ok(edited)
    }
}

/// The picture that is to be seen at a media time.
fn picture_at(media: &[(usize, &Sample)], time: MediaTime) -> Option<usize> {
    let begun = (0..media.len()).filter(|at| media[*at].1.pts <= time);
    begun.max_by_key(|at| media[*at].1.pts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{sample_at, video_format};
    use std::sync::Arc;

    /// Entries of duration, media time and rate, in milliseconds.
    fn edited(entries: &[(u32, i32, u8)]) -> Vec<(i64, i64, bool)> {
        let mut bytes = list(&entries.iter().map(|(duration, start, _)| (*duration, *start)).collect::<Vec<_>>());
        for (position, (.., rate)) in entries.iter().enumerate() {
            bytes[24 + 12 * position + 9] = *rate;
        }
        let list = EditList::parse(&bytes, 1_000, 1_000).unwrap().expect("several edits");
        // Key frames every half second.
        let samples = (0..20).map(|i| sample_at(i * 100, 100, i % 5 == 0, 1)).collect();
        let stream = MediaStream { kind: TrackKind::Video, format: Arc::new(video_format()), samples };
        let streams = list.apply(vec![stream], &mut Budget::new(1 << 20)).unwrap();
        let samples: Vec<Sample> = streams.into_iter().flat_map(|stream| stream.samples).collect();
        assert!(samples.windows(2).all(|pair| pair[0].dts < pair[1].dts));
        let rows =
            samples.iter().map(|sample| (sample.pts.as_millis(), sample.duration.as_millis() as i64, sample.hidden));
        rows.collect()
    }

    #[test]
    fn several_edits_show_parts_of_the_media_in_their_order() {
        let found = edited(&[(200, 1_500, 1), (100, -1, 1), (200, 600, 1)]);
        // The second part begins between key frames, and behind an empty edit.
        let second = [(200, 100, true), (300, 100, false), (400, 100, false)];
        assert_eq!(found, [&[(0, 100, false), (100, 100, false)][..], &second].concat());
    }

    #[test]
    fn a_picture_may_stand_still() {
        assert_eq!(edited(&[(100, 0, 1), (3_000, 500, 0), (100, 600, 1)])[..2], [(0, 100, false), (100, 3_000, false)]);
    }

    #[test]
    fn one_edit_is_no_list_of_them() {
        assert_eq!(EditList::parse(&list(&[(10, -1), (20, 5)]), 1_000, 1_000), Ok(None));
        assert_eq!(EditList::parse(&[], 1_000, 1_000), Ok(None));
    }

    fn list(entries: &[(u32, i32)]) -> Vec<u8> {
        let mut elst = vec![0; 4];
        elst.extend((entries.len() as u32).to_be_bytes());
        for (duration, start) in entries {
            elst.extend(duration.to_be_bytes());
            elst.extend(start.to_be_bytes());
            elst.extend([0, 1, 0, 0]);
        }
        let wrap = |kind: &[u8], body: &[u8]| [&(body.len() as u32 + 8).to_be_bytes(), kind, body].concat();
        wrap(b"edts", &wrap(b"elst", &elst))
    }

    #[test]
    fn an_empty_edit_delays_and_a_media_time_cuts_the_head() {
        let edit = Edit::parse(&list(&[(500, -1), (2_000, 1_024)]), 1_000, 48_000).unwrap();
        assert_eq!(edit.time(1_024, 48_000), MediaTime::from_millis(500));
        let hides = |ticks, duration| edit.hides(ticks, duration, TrackKind::Audio);
        assert!(hides(0, 1_024) && !hides(1, 1_024) && !hides(1_024, 1_024));
        let end = 1_024 + 2_000 * 48;
        assert!(hides(end, 1_024) && !hides(end - 1, 1_024));
        assert!(!edit.open_ended().hides(end, 1_024, TrackKind::Audio));
    }

    #[test]
    fn pictures_that_begin_before_the_edit_are_not_shown_and_a_coarse_clock_costs_none() {
        let edit = Edit::parse(&list(&[(3_480, 6_656)]), 1_000, 12_800).unwrap();
        let hides = |ticks| edit.hides(ticks, 512, TrackKind::Video);
        assert!(hides(6_655) && !hides(6_656) && !hides(6_656 + 86 * 512) && hides(6_656 + 87 * 512));
        let seconds = Edit::parse(&list(&[(3, 0)]), 1, 12_800).unwrap();
        assert!(!seconds.hides(3 * 12_800 + 512, 512, TrackKind::Video));
    }

    #[test]
    fn of_several_edits_the_first_decides_and_none_ends_the_media() {
        let edit = Edit::parse(&list(&[(10, 5), (10, 50)]), 1_000, 1_000).unwrap();
        assert_eq!((edit.time(5, 1_000), edit.hides(1_000, 1, TrackKind::Audio)), (MediaTime::ZERO, false));
        assert_eq!(Edit::parse(&[], 1_000, 1_000).unwrap(), Edit::default());
    }

    #[test]
    fn a_list_longer_than_its_box_is_refused() {
        let mut damaged = list(&[(10, -1)]);
        damaged[23] = 9;
        assert_eq!(Edit::parse(&damaged, 1_000, 1_000), Err(ContainerError::Malformed("elst")));
        damaged[20] = 1;
        assert!(matches!(Edit::parse(&damaged, 1_000, 1_000), Err(ContainerError::LimitExceeded { .. })));
    }
}
