//! What is played, in plain numbers: the ladder as utilities and rates, the segments ahead as sizes.
//!
//! All of it is wall time. At double speed a segment lasts half as long and takes its bits at twice the rate.

use std::time::Duration;

use crate::controller::AbrContext;
use crate::ladder::{Ladder, Rung};

/// Rungs that are considered at most: as many as a [`crate::RungTraces`] holds. Of a longer ladder, those around the
/// current rung.
pub(crate) const MOST_RUNGS: usize = 24;

/// Share of the logarithm in the utility of a bitrate; the rest is linear.
///
/// Viewers notice ratios more than differences, models of perception say so too, but published scores count megabits. A
/// blend ranks well by either: measured over the development recordings, it costs less than one percent of the linear
/// score and gains more of the logarithmic one.
pub(crate) const LOGARITHMIC: f64 = 0.4;

/// Slope of the utility beyond the ends of the ladder, by the logarithm of the rate, and how far it goes there: a link
/// twice as fast as the top rung is worth a little more than one that just carries it.
const BEYOND: f64 = 0.3;
const FAR_BELOW: f64 = 3.0;
const FAR_ABOVE: f64 = 2.0;

/// Segments over which the near future is averaged: a scene.
const NEAR_FUTURE: usize = 5;

/// One number for each rung that is considered.
pub(crate) type PerRung = [f64; MOST_RUNGS];

/// The ladder and what does not change from segment to segment.
#[derive(Clone, Debug)]
pub(crate) struct Title {
    /// Position in the ladder of the lowest rung that is considered.
    pub(crate) first: usize,
    /// How many are considered; at least one.
    pub(crate) rungs: usize,
    /// Seconds that a segment plays.
    pub(crate) segment: f64,
    /// Whether segments appear as time goes by.
    pub(crate) live: bool,
    /// What the rungs are worth for one segment, the top of the ladder 1. The unit of every score: one second of stall
    /// costs 1 as well.
    pub(crate) utility: PerRung,
    /// `ln(bit/s)` that each takes from the network on average; never falling.
    pub(crate) rate: PerRung,
}

impl Title {
    /// The rungs of `ladder` around the position `near`, at `speed` times the normal one.
    pub(crate) fn new(ladder: &Ladder, near: usize, segment: f64, live: bool, speed: f64) -> Self {
        Self::with_blend(ladder, near, LOGARITHMIC).timed(segment, live, speed)
    }

    /// The ladder alone, with a share of the logarithm in the utility.
    pub(crate) fn with_blend(ladder: &Ladder, near: usize, logarithmic: f64) -> Self {
        let first = near.saturating_sub(MOST_RUNGS / 2).min(ladder.len().saturating_sub(MOST_RUNGS));
        let considered = ladder.rungs().iter().skip(first).take(MOST_RUNGS);
        let (lowest, top) = (bps(ladder.lowest()), bps(ladder.highest()));
        let range = (top / lowest).ln();
        let (mut utility, mut rate) = ([0.0; MOST_RUNGS], [0.0; MOST_RUNGS]);
        let (mut rungs, mut before) = (0, 0.0_f64);
        for rung in considered {
            let share = if range > 0.0 { (bps(rung) / lowest).ln() / range } else { 1.0 };
            utility[rungs] = (1.0 - logarithmic) * bps(rung) / top + logarithmic * share;
            before = before.max(average(rung).ln());
            rate[rungs] = before;
            rungs += 1;
        }
        Self { first, rungs, segment: 1.0, live: false, utility, rate }
    }

    /// With segments that play for `segment` seconds at normal speed.
    pub(crate) fn timed(mut self, segment: f64, live: bool, speed: f64) -> Self {
        (self.segment, self.live) = (segment / speed, live);
        self.rate[..self.rungs].iter_mut().for_each(|rate| *rate += speed.ln());
        self
    }

    /// Index of the top rung.
    pub(crate) fn top(&self) -> usize {
        self.rungs - 1
    }

    /// The rung at a position of the ladder, if it is considered.
    pub(crate) fn index(&self, position: usize) -> Option<usize> {
        position.checked_sub(self.first).filter(|index| *index < self.rungs)
    }

    /// What a rung of `ln(bit/s)` would be worth: between two rungs in proportion, beyond the ends a little more or less.
    pub(crate) fn utility_of(&self, rate: f64) -> f64 {
        let (rates, utilities) = (&self.rate[..self.rungs], &self.utility[..self.rungs]);
        let above = rates.iter().take_while(|rung| **rung <= rate).count();
        if above == 0 {
            return utilities[0] + BEYOND * (rate - rates[0]).max(-FAR_BELOW);
        }
        if above == self.rungs {
            return utilities[above - 1] + BEYOND * (rate - rates[above - 1]).min(FAR_ABOVE);
        }
        let (low, high) = (above - 1, above);
        let share = (rate - rates[low]) / (rates[high] - rates[low]);
        utilities[low] + (utilities[high] - utilities[low]) * share
    }

    /// What a change between two rungs takes from the utility.
    pub(crate) fn step(&self, from: usize, to: usize) -> f64 {
        (self.utility[to] - self.utility[from]).abs()
    }

    /// Bits of a segment of which nothing is known.
    pub(crate) fn average_bits(&self, rung: usize) -> f64 {
        self.rate[rung].exp() * self.segment
    }
}

/// The segments ahead.
#[derive(Clone, Debug)]
pub(crate) struct Ahead {
    /// Bits of the next one.
    pub(crate) bits: PerRung,
    /// By how much those after it are larger than average, in logarithms; 0 where sizes are unknown.
    pub(crate) complexity: PerRung,
}

impl Ahead {
    /// What the context knows, for the rungs of `title`.
    pub(crate) fn new(ctx: &AbrContext<'_>, title: &Title, speed: f64) -> Self {
        let mut ahead = Self { bits: [1.0; MOST_RUNGS], complexity: [0.0; MOST_RUNGS] };
        for (index, rung) in ctx.ladder.rungs()[title.first..][..title.rungs].iter().enumerate() {
            let known = ctx.upcoming.first().and_then(|segment| segment.size(rung.id));
            ahead.bits[index] = known.map_or_else(|| title.average_bits(index), |bytes| bytes.bytes() as f64 * 8.0);
            ahead.complexity[index] = complexity(ctx, rung, title.rate[index] - speed.ln());
        }
        ahead
    }
}

/// `ln` of the rate of the segments after the next one, as far as it is known, over `rate`.
fn complexity(ctx: &AbrContext<'_>, rung: &Rung, rate: f64) -> f64 {
    let (mut bits, mut time) = (0.0, Duration::ZERO);
    for segment in ctx.upcoming.iter().skip(1).take(NEAR_FUTURE) {
        let Some(bytes) = segment.size(rung.id) else { break };
        bits += bytes.bytes() as f64 * 8.0;
        time = time.saturating_add(segment.duration);
    }
    relative_complexity(bits, time.as_secs_f64(), rate)
}

/// `ln` of the rate of `bits` in `seconds` over `rate`; 0 where nothing is known.
pub(crate) fn relative_complexity(bits: f64, seconds: f64, rate: f64) -> f64 {
    if bits > 0.0 && seconds > 0.0 { ((bits / seconds).ln() - rate).clamp(-3.0, 3.0) } else { 0.0 }
}

/// Declared rate; not zero.
fn bps(rung: &Rung) -> f64 {
    rung.bitrate.bps().max(1) as f64
}

/// Declared mean rate, or what is planned with; not zero.
fn average(rung: &Rung) -> f64 {
    let declared = rung.average.filter(|average| average.bps() > 0 && *average <= rung.bitrate);
    declared.unwrap_or_else(|| rung.planning_rate()).bps().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UpcomingSegment;
    use crate::history::History;
    use crate::ladder::RungId;
    use crate::units::{Bitrate, ByteCount};

    fn ladder(rates: impl IntoIterator<Item = u64>) -> Ladder {
        let rungs = rates.into_iter().enumerate().map(|(i, bps)| Rung {
            id: RungId(i as u16),
            bitrate: Bitrate::from_bps(bps),
            average: None,
            width: 0,
            height: 0,
            frame_rate: None,
        });
        Ladder::new(rungs.collect()).unwrap()
    }

    #[test]
    fn utilities_rise_to_one_and_are_read_between_rungs() {
        let title = Title::new(&ladder([500_000, 1_000_000, 4_000_000]), 0, 4.0, false, 1.0);
        assert_eq!((title.rungs, title.utility[2]), (3, 1.0));
        assert!(title.utility[..3].is_sorted());
        for rung in 0..3 {
            assert!((title.utility_of(title.rate[rung]) - title.utility[rung]).abs() < 1e-12);
        }
        let mut before = f64::MIN;
        for step in 0..400 {
            let utility = title.utility_of(f64::from(step) * 0.1);
            assert!(utility >= before && utility.is_finite());
            before = utility;
        }
    }

    #[test]
    fn speed_shortens_segments_and_raises_rates() {
        let title = Title::new(&ladder([1_000_000]), 0, 4.0, false, 2.0);
        assert_eq!(title.segment, 2.0);
        assert!((title.average_bits(0) - 4e6).abs() < 1.0);
    }

    #[test]
    fn a_long_ladder_is_seen_around_the_current_rung_and_absurd_ones_are_finite() {
        let long = ladder((1..100).map(|i| i * 100_000));
        for (near, first) in [(0, 0), (50, 38), (98, 75)] {
            let title = Title::new(&long, near, 4.0, false, 1.0);
            assert_eq!((title.first, title.rungs), (first, MOST_RUNGS));
            assert!(title.index(near).is_some());
        }
        for rates in [vec![1, u64::MAX], vec![u64::MAX; 3], vec![1], vec![7, 7, 7]] {
            let title = Title::new(&ladder(rates), 0, 1e-3, true, 8.0);
            for rate in [0.0, 2.0, 20.0, 50.0] {
                assert!(title.utility_of(rate).is_finite());
            }
        }
    }

    #[test]
    fn known_sizes_scale_the_ladder_and_unknown_ones_are_average() {
        let (ladder, history) = (ladder([1_000_000, 2_000_000]), History::new());
        let title = Title::new(&ladder, 0, 4.0, false, 1.0);
        let sizes = [(RungId(0), ByteCount::new(1_000_000))];
        let segment = UpcomingSegment { duration: Duration::from_secs(4), bytes: &sizes };
        let upcoming = [segment; 3];
        let ctx = AbrContext { upcoming: &upcoming, ..AbrContext::new(&ladder, &history) };
        let ahead = Ahead::new(&ctx, &title, 1.0);
        assert_eq!(ahead.bits[0], 8e6);
        assert!((ahead.bits[1] - 8e6).abs() < 1.0, "average rate times duration");
        assert!((ahead.complexity[0] - 2.0_f64.ln()).abs() < 1e-12);
        assert_eq!(ahead.complexity[1], 0.0);
    }
}
