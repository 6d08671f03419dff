//! `SegmentTimeline`: runs of segments of equal length.

use super::super::ManifestError;
use super::info::whole;
use super::xml::Element;
use super::{MAX_SEGMENTS, too_many_segments};

/// One segment, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) start: u64,
    pub(super) duration: u64,
    /// What `$Time$` stands for: the start of the sequence it belongs to.
    pub(super) time: u64,
    pub(super) number: u64,
    /// Place in a sequence, from one.
    pub(super) sub_number: u64,
}

/// Where a timeline ends, whatever it says itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    pub(super) first_number: u64,
    pub(super) last_number: Option<u64>,
    /// Media time at which the period ends: what begins later is cut.
    pub(super) end: Option<u64>,
    /// Media time to which an endless run reaches where the period's end is not known.
    pub(super) edge: Option<u64>,
}

/// All segments of a timeline that begin before its end.
pub(super) fn expand(timeline: &Element<'_>, bounds: Bounds) -> Result<Vec<Entry>, ManifestError> {
    let runs: Vec<&Element<'_>> = timeline.all("S").collect();
    let value = |run: &Element<'_>, name: &str| run.attribute(name).map(whole).transpose();
    let mut entries: Vec<Entry> = Vec::new();
    let (mut time, mut number) = (0u64, bounds.first_number);
    for (position, run) in runs.iter().enumerate() {
        let duration = value(run, "d")?.unwrap_or(0);
        time = value(run, "t")?.unwrap_or(time);
        number = value(run, "n")?.unwrap_or(number);
        let parts = value(run, "k")?.unwrap_or(1).max(1);
        let repeat = run.attribute("r").map_or(Ok(0), |text| text.trim().parse::<i64>());
        let repeat = repeat.map_err(|_| ManifestError::NotAPlaylist("a number cannot be read"))?;
        let next = runs.get(position + 1).map(|next| value(next, "t")).transpose()?.flatten();
        if duration == 0 {
            // Such a run has no length; its segments cannot be shown, but they are counted.
            number = number.saturating_add(u64::try_from(repeat).unwrap_or(0)).saturating_add(1);
            continue;
        }
        let until = |end: u64| end.saturating_sub(time).div_ceil(duration);
        let count = match u64::try_from(repeat) {
            Ok(repeat) => repeat.saturating_add(1),
            Err(_) => until(
                next.or(bounds.end).or(bounds.edge).ok_or(ManifestError::Unsupported("a timeline without an end"))?,
            ),
        };
        let count = bounds.end.map_or(count, |end| count.min(until(end)));
        let count = bounds.last_number.map_or(count, |last| count.min(last.saturating_add(1).saturating_sub(number)));
        if count.saturating_mul(parts).saturating_add(entries.len() as u64) > MAX_SEGMENTS as u64 {
            return Err(too_many_segments());
        }
        for _ in 0..count {
            for part in 0..parts {
                let cut = |part: u64| (u128::from(duration) * u128::from(part) / u128::from(parts)) as u64;
                let (start, end) = (time.saturating_add(cut(part)), time.saturating_add(cut(part + 1)));
                entries.push(Entry { start, duration: end - start, time, number, sub_number: part + 1 });
            }
            time = time.saturating_add(duration);
            number = number.saturating_add(1);
        }
    }
    Ok(entries)
}

/// Where a timeline begins, and where it ends if it says so itself.
pub(super) fn extent(timeline: &Element<'_>) -> Result<(u64, Option<u64>), ManifestError> {
    let (mut first, mut time, mut known) = (None, 0u64, true);
    for run in timeline.all("S") {
        let value = |name: &str| run.attribute(name).map(whole).transpose();
        time = value("t")?.unwrap_or(time);
        first.get_or_insert(time);
        let repeat = run.attribute("r").map_or(Some(0), |text| text.trim().parse::<u64>().ok());
        known &= repeat.is_some();
        let length = value("d")?.unwrap_or(0).saturating_mul(repeat.unwrap_or(0).saturating_add(1));
        time = time.saturating_add(length);
    }
    Ok((first.unwrap_or(0), known.then_some(time)))
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;

    fn times(timeline: &str, bounds: Bounds) -> Vec<(u64, u64, u64)> {
        let roots = parse(timeline).unwrap();
        let entries = expand(&roots[0], bounds).unwrap();
        entries.iter().map(|entry| (entry.start, entry.duration, entry.number)).collect()
    }

    #[test]
    fn conformance_21_negative_repeats_reach_to_the_next_time_or_the_end() {
        let bounds = Bounds { first_number: 1, end: Some(100), ..Bounds::default() };
        let text = "<SegmentTimeline><S t='0' d='10' r='-1'/><S t='25' d='40' r='-1'/></SegmentTimeline>";
        assert_eq!(times(text, bounds), [(0, 10, 1), (10, 10, 2), (20, 10, 3), (25, 40, 4), (65, 40, 5)]);
        let roots = parse(text).unwrap();
        let endless = expand(&roots[0], Bounds::default());
        assert_eq!(endless, Err(ManifestError::Unsupported("a timeline without an end")));
    }

    #[test]
    fn conformance_21_numbers_are_set_and_end_and_longer_timelines_are_cut() {
        let text = "<SegmentTimeline><S d='10'/><S n='7' d='10' r='1'/><S t='50' d='5' r='9'/></SegmentTimeline>";
        let all = times(text, Bounds { first_number: 1, last_number: Some(9), ..Bounds::default() });
        assert_eq!(all, [(0, 10, 1), (10, 10, 7), (20, 10, 8), (50, 5, 9)]);
        assert_eq!(times(text, Bounds { end: Some(11), ..Bounds::default() }), [(0, 10, 0), (10, 10, 7)]);
        let endless = "<SegmentTimeline><S t='0' d='1' r='9223372036854775807'/></SegmentTimeline>";
        assert_eq!(times(endless, Bounds { end: Some(3), ..Bounds::default() }).len(), 3);
        let roots = parse(endless).unwrap();
        assert!(matches!(expand(&roots[0], Bounds::default()), Err(ManifestError::LimitExceeded { .. })));
    }

    #[test]
    fn conformance_21_sequences_have_parts() {
        let roots = parse("<SegmentTimeline><S t='100' d='10' k='3' r='1'/></SegmentTimeline>").unwrap();
        let entries = expand(&roots[0], Bounds { first_number: 4, ..Bounds::default() }).unwrap();
        let seen: Vec<_> = entries.iter().map(|e| (e.start, e.duration, e.time, e.number, e.sub_number)).collect();
        let first = [(100, 3, 100, 4, 1), (103, 3, 100, 4, 2), (106, 4, 100, 4, 3)];
        assert_eq!(&seen[..3], &first);
        assert_eq!(seen[3], (110, 3, 110, 5, 1));
    }
}
