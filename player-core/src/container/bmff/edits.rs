//! Edit lists: which part of a track's media is shown, and when it begins.

use super::boxes::{self, Reader};
use crate::container::ContainerError;
use crate::manifest::TrackKind;
use abr::MediaTime;

/// Entries of one list; more than one or two are found in files from editing programs only.
const MAX_EDITS: u32 = 1_024;

/// The first edit of a track. Later ones would cut pieces out of the middle, which no packager does.
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

#[cfg(test)]
mod tests {
    use super::*;

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
