//! When periods begin and end.

use super::super::{Exclusion, ManifestError};
use super::info::whole;
use super::time::{LONGEST, Nanos, date_time, duration, nanos};
use super::xml::Element;
use super::{MAX_PERIODS, links};

/// Where a period lies on the presentation's timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Position among the periods that have a length.
    pub(super) epoch: u32,
    pub(super) start: Nanos,
    pub(super) end: Option<Nanos>,
    /// Nothing follows it.
    pub(super) last: bool,
    /// Of a stream that goes on: from when to when there are segments.
    pub(super) edge: Option<(Nanos, Nanos)>,
}

/// What the manifest says about all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    /// Segments are still being added.
    pub(super) dynamic: bool,
    duration: Option<Nanos>,
    edge: Option<(Nanos, Nanos)>,
}

impl Whole {
    pub(super) fn of(mpd: &Element<'_>) -> Self {
        let length = |name: &str| mpd.attribute(name).and_then(duration);
        let date = |name: &str| mpd.attribute(name).and_then(date_time);
        let dynamic = mpd.attribute("type").is_some_and(|kind| kind.trim() == "dynamic");
        // What was there when the manifest was written is surely there.
        let written = date("publishTime").zip(date("availabilityStartTime"));
        let edge = written.filter(|_| dynamic).map(|(published, available)| {
            let to = published - available;
            (length("timeShiftBufferDepth").map_or(0, |depth| (to - depth).max(0)), to)
        });
        Self { dynamic, duration: length("mediaPresentationDuration").filter(|length| *length > 0), edge }
    }
}

/// The periods that can be placed and have a length, with their places; reasons for the others go to `excluded`.
/// `origin` becomes the zero of the timeline.
pub(super) fn place<'e, 'a>(
    mpd: &'e Element<'a>,
    whole: Whole,
    origin: Nanos,
    excluded: &mut Vec<Exclusion>,
) -> Result<Vec<(&'e Element<'a>, Place)>, ManifestError> {
    let mut periods: Vec<&Element<'_>> = mpd.all("Period").collect();
    if periods.len() > MAX_PERIODS {
        return Err(ManifestError::LimitExceeded { what: "periods", max: MAX_PERIODS });
    }
    periods.retain(|period| !links::resolves_to_zero(period));
    let length = |period: &Element<'_>| period.attribute("duration").and_then(duration).map(|length| length.max(0));

    // Starts: as said, behind the period before, or at zero.
    let mut starts: Vec<Option<Nanos>> = Vec::with_capacity(periods.len());
    for (position, period) in periods.iter().enumerate() {
        let said = period.attribute("start").and_then(duration);
        let behind = || {
            let Some(before) = position.checked_sub(1) else { return (!whole.dynamic).then_some(0) };
            let listed = || (!whole.dynamic).then(|| listed_length(periods[before])).flatten();
            Some(starts[before]? + length(periods[before]).or_else(listed)?)
        };
        starts.push(said.or_else(behind));
    }

    let mut placed: Vec<(&Element<'_>, Place)> = Vec::new();
    for (position, period) in periods.iter().enumerate() {
        let name =
            period.attribute("id").map_or_else(|| format!("period {}", position + 1), |id| format!("period {id}"));
        let mut exclude = |why: &str| super::exclude(excluded, name.clone(), why);
        let Some(start) = starts[position] else {
            exclude("nobody says yet when it begins");
            continue;
        };
        let next = starts[position + 1..].iter().flatten().next().copied();
        let last = if next.is_none() { whole.duration } else { None };
        let end = match (length(period).map(|length| start + length), next) {
            (Some(end), Some(next)) => Some(end.min(next)),
            (end, next) => end.or(next).or(last),
        };
        if end.is_some_and(|end| end <= start) {
            // A length of zero is how advertisements are left out; only what has something in it is worth a word.
            if length(period) != Some(0) && period.child("AdaptationSet").is_some() {
                exclude("it ends before it begins");
            }
            continue;
        }
        if placed.last().is_some_and(|(_, before)| start < before.start + origin) {
            exclude("it begins before the one in front of it");
            continue;
        }
        if period.prefixed("href").is_some() && period.child("AdaptationSet").is_none() {
            exclude("it is in another document, which was not read");
            continue;
        }
        let edge = whole.edge.map(|(from, to)| (from - origin, to - origin));
        let epoch = u32::try_from(placed.len()).unwrap_or(u32::MAX);
        placed.push((
            period,
            Place { epoch, start: start - origin, end: end.map(|end| end - origin), last: false, edge },
        ));
    }
    if let Some((_, place)) = placed.last_mut() {
        place.last = true;
    }
    Ok(placed)
}

/// How long the timelines in a period are, where nothing else says how long it is.
fn listed_length(period: &Element<'_>) -> Option<Nanos> {
    let sets = period.all("AdaptationSet");
    let holders = sets.flat_map(|set| std::iter::once(set).chain(set.all("Representation"))).chain([period]);
    holders
        .filter_map(|holder| holder.child("SegmentTemplate").or_else(|| holder.child("SegmentList")))
        .filter_map(|info| {
            let number = |element: &Element<'_>, name: &str| element.attribute(name).and_then(|text| whole(text).ok());
            let (mut end, mut longest) = (0i128, 0i128);
            for run in info.child("SegmentTimeline")?.all("S") {
                end = number(run, "t").map_or(end, i128::from);
                let repeat = run.attribute("r").and_then(|text| text.trim().parse::<i64>().ok()).unwrap_or(0);
                let length = i128::from(number(run, "d").unwrap_or(0)).saturating_mul(i128::from(repeat.max(0)) + 1);
                end = end.saturating_add(length);
                longest = longest.max(end);
            }
            let offset = number(info, "presentationTimeOffset").unwrap_or(0);
            Some(nanos(longest - i128::from(offset), number(info, "timescale").unwrap_or(1)))
        })
        .max()
        .filter(|length| *length > 0)
        .map(|length| length.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::super::time::SECOND;
    use super::super::xml::parse;
    use super::*;

    fn places(text: &str) -> (Vec<(Nanos, Option<Nanos>)>, usize) {
        let roots = parse(text).unwrap();
        let mut excluded = Vec::new();
        let placed = place(&roots[0], Whole::of(&roots[0]), 0, &mut excluded).unwrap();
        let times = placed.iter().map(|(_, p)| (p.start * 10 / SECOND, p.end.map(|end| end * 10 / SECOND)));
        (times.collect(), excluded.len())
    }

    #[test]
    fn conformance_22_periods_begin_and_end_where_the_neighbours_say() {
        let mpd = |periods: &str| format!("<MPD mediaPresentationDuration='PT10S'>{periods}</MPD>");
        for (periods, expected, excluded) in [
            ("<Period/>", vec![(0, Some(100))], 0),
            ("<Period duration='PT2.5S'/><Period/>", vec![(0, Some(25)), (25, Some(100))], 0),
            ("<Period/><Period start='PT4S'/>", vec![(0, Some(40)), (40, Some(100))], 0),
            // A hole, and a length that is too long.
            ("<Period duration='PT1S'/><Period start='PT4S'/>", vec![(0, Some(10)), (40, Some(100))], 0),
            ("<Period duration='PT5S'/><Period start='PT4S' duration='PT1S'/>", vec![(0, Some(40)), (40, Some(50))], 0),
            // Empty, and early.
            ("<Period duration='PT2S'/><Period duration='PT0S'/><Period/>", vec![(0, Some(20)), (20, Some(100))], 0),
            ("<Period/><Period/>", vec![(0, Some(100))], 1),
            ("<Period start='PT4S'/><Period start='PT2S'><AdaptationSet/></Period>", vec![(20, Some(100))], 0),
            // A length that timelines say.
            (
                "<Period><AdaptationSet><SegmentTemplate timescale='2'><SegmentTimeline><S t='1' d='2' r='1'/>\
                </SegmentTimeline></SegmentTemplate></AdaptationSet></Period><Period/>",
                vec![(0, Some(25)), (25, Some(100))],
                0,
            ),
        ] {
            assert_eq!(places(&mpd(periods)), (expected, excluded), "{periods}");
        }
    }

    #[test]
    fn conformance_24_a_period_that_resolves_to_zero_is_not_there() {
        let text = "<MPD><Period duration='PT1S'/><Period duration='PT5S' xlink:href='urn:mpeg:dash:resolve-to-zero:2013'/>\
            <Period duration='PT2S'/></MPD>";
        assert_eq!(places(text), (vec![(0, Some(10)), (10, Some(30))], 0));
    }
}
