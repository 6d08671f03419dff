//! What the sum of expectations gets wrong.
//!
//! Scores of [`super::policy`] are made of a forecast, a value and some preferences, each learned or tuned for itself and
//! each a little wrong, in ways that depend on where the session stands. A small network sees the scores and what they
//! were made of, and adds to each what is missing. It is not taught what anything is worth; it is taught to choose: in
//! training every candidate was really played on from the same moment over the same network, and the loss is what the
//! choices gave away (cost-sensitive policy iteration: S. Ross, J. Bagnell, "Reinforcement and imitation learning via
//! interactive no-regret learning", 2014, with our own policy as the expert that plays on).

use super::dense::{LANES, Lanes, ModelError, Network};
use super::link_state::{squash, within};
use super::policy::{Outlook, Running, Situation};
use super::title::{MOST_RUNGS, PerRung};

/// Inputs that differ from rung to rung, and those that do not.
const VARYING: usize = 21;
const FIXED: usize = 31;
pub(crate) const INPUTS: usize = VARYING + FIXED;
/// The network.
pub(crate) type AdvantageNetwork = Network<INPUTS, 64, 32, 1>;
/// What can be added at most.
const MOST: f64 = 3.0;

/// Adds to scores what they lack.
#[derive(Clone, Debug)]
pub(crate) struct Advantage(AdvantageNetwork);

/// What was found out about each rung that was looked at.
pub(crate) type Outlooks = [Option<Outlook>; MOST_RUNGS];

impl Advantage {
    pub(crate) const fn new(network: AdvantageNetwork) -> Self {
        Self(network)
    }

    /// Reads the file of a network.
    ///
    /// # Errors
    /// [`ModelError`] where it is none.
    pub(crate) const fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        match AdvantageNetwork::from_bytes(bytes) {
            Ok(network) => Ok(Self::new(network)),
            Err(error) => Err(error),
        }
    }

    #[cfg(feature = "train")]
    pub(crate) fn network(&self) -> &AdvantageNetwork {
        &self.0
    }

    /// What to add to the score of each rung that has an outlook.
    pub(crate) fn of(&self, situation: &Situation<'_>, outlooks: &Outlooks, running: Option<&Running>) -> PerRung {
        let mut added = [0.0; MOST_RUNGS];
        let (fixed, best) = (fixed(situation, running), best(outlooks));
        let mut waiting =
            outlooks.iter().enumerate().filter_map(|(rung, outlook)| Some((rung, (*outlook)?))).peekable();
        while waiting.peek().is_some() {
            let mut rungs = [None; LANES];
            let mut lanes: [Lanes; VARYING] = [[0.0; LANES]; VARYING];
            for (lane, (rung, outlook)) in waiting.by_ref().take(LANES).enumerate() {
                rungs[lane] = Some(rung);
                for (input, value) in lanes.iter_mut().zip(varying(situation, rung, &outlook, best, running)) {
                    input[lane] = value;
                }
            }
            let [values] = self.0.lanes(&lanes, &fixed);
            for (rung, value) in rungs.into_iter().zip(values) {
                if let Some(rung) = rung {
                    added[rung] = f64::from(value).clamp(-MOST, MOST);
                }
            }
        }
        added
    }
}

/// The best score.
fn best(outlooks: &Outlooks) -> f64 {
    outlooks.iter().flatten().map(|outlook| outlook.score).fold(f64::NEG_INFINITY, f64::max)
}

/// What the network sees of each rung that has an outlook.
#[cfg(feature = "train")]
pub(crate) fn inputs(
    situation: &Situation<'_>,
    outlooks: &Outlooks,
    running: Option<&Running>,
) -> Vec<(usize, [f32; INPUTS])> {
    let best = best(outlooks);
    let seen = outlooks.iter().enumerate().filter_map(|(rung, outlook)| Some((rung, (*outlook)?)));
    seen.map(|(rung, outlook)| {
        let mut inputs = [0.0; INPUTS];
        inputs[..VARYING].copy_from_slice(&varying(situation, rung, &outlook, best, running));
        inputs[VARYING..].copy_from_slice(&fixed(situation, running));
        (rung, inputs)
    })
    .collect()
}

fn varying(
    situation: &Situation<'_>,
    rung: usize,
    outlook: &Outlook,
    best: f64,
    running: Option<&Running>,
) -> [f32; VARYING] {
    let goes_on = running.filter(|running| running.rung == rung);
    let (title, link) = (situation.title, situation.link);
    let behind = best - outlook.score;
    let before = situation.before.unwrap_or(rung);
    let step = title.utility[rung] - title.utility[before];
    let (carried, moments) = (link.carried(), link.moments());
    let rate = title.rate[rung] + situation.ahead.complexity[rung];
    let log = |ratio: f64| 0.5 * within(ratio.max(1e-3).ln(), 3.0);
    [
        within(behind, 2.0),
        nearness(behind, 0.05),
        title.utility[rung],
        2.0 * step,
        2.0 * step.abs(),
        if rung == before { 1.0 } else { 0.0 },
        if rung > before { 1.0 } else { 0.0 },
        2.0 * outlook.risk,
        outlook.stall.min(3.0),
        log(outlook.median / situation.buffered.max(0.3)),
        log(outlook.slow / situation.buffered.max(0.3)),
        log(outlook.median / title.segment),
        0.5 * within(rate - link.slow(), 3.0),
        0.5 * within(rate - link.longest(), 3.0),
        0.5 * within(rate - link.quick(), 3.0),
        within(rate - carried[0], 3.0),
        within(rate - carried[1], 3.0),
        0.5 * within(rate - moments[0], 3.0),
        0.5 * within(rate - moments[1], 3.0),
        if goes_on.is_some() { 1.0 } else { 0.0 },
        goes_on.map_or(0.0, |running| running.rest() / running.bits.max(1.0)),
    ]
    .map(|input| input as f32)
}

fn fixed(situation: &Situation<'_>, running: Option<&Running>) -> [f32; FIXED] {
    let (title, link) = (situation.title, situation.link);
    let left = situation.remaining.map_or(60.0, |left| f64::from(left).min(60.0));
    let buffered = situation.buffered.min(100.0);
    let (quick, slow) = (link.quick(), link.slow());
    let (carried, earlier, moments) = (link.carried(), link.earlier(), link.moments());
    [
        buffered / 20.0,
        nearness(buffered, 1.5),
        nearness(buffered, 5.0),
        nearness(buffered, 15.0),
        (situation.limit.min(100.0) - buffered) / 20.0,
        squash(link.volatility(), 0.15),
        squash(link.recent_volatility(), 0.15),
        squash(2.0 * link.downward(), 0.15),
        squash(link.age(), 20.0),
        within(quick - slow, 2.5),
        within(link.longest() - slow, 2.0),
        within(link.last() - quick, 2.0),
        if title.live { 1.0 } else { 0.0 },
        title.segment.clamp(0.5, 12.0) / 4.0 - 1.0,
        left / 30.0 - 1.0,
        nearness(left, 4.0),
        if situation.before.is_some() { 1.0 } else { 0.0 },
        2.0 * title.utility_of(quick),
        2.0 * title.utility_of(slow),
        2.0 * situation.before.map_or(0.0, |before| title.utility[before]),
        within(carried[0] - quick, 2.0),
        within(carried[1] - carried[0], 2.0),
        within(earlier[0] - quick, 2.0),
        within(earlier[1] - quick, 2.0),
        within(earlier[2] - quick, 2.0),
        within(moments[0] - quick, 2.0),
        within(moments[1] - quick, 2.0),
        within(moments[2] - quick, 2.0),
        squash(situation.pause, 2.0),
        running.map_or(0.0, |running| squash(running.seconds, 1.0) + 1.0),
        running.map_or(0.0, |running| 2.0 * title.utility[running.rung]),
    ]
    .map(|input| input as f32)
}

/// 2 at zero, 1 at `half`, falling towards 0.
fn nearness(value: f64, half: f64) -> f64 {
    2.0 * half / (half + value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AbrContext;
    use crate::engine::LinkState;
    use crate::engine::models::MODELS;
    use crate::engine::rate_forecast::prior;
    use crate::engine::title::{Ahead, Title};
    use crate::history::History;
    use crate::ladder::{Ladder, Rung, RungId};
    use crate::units::Bitrate;

    fn ladder(rungs: u16) -> Ladder {
        let rung = |i: u16| Rung {
            id: RungId(i),
            bitrate: Bitrate::from_kbps(300 + 200 * u64::from(i)),
            average: None,
            width: 0,
            height: 0,
            frame_rate: None,
        };
        Ladder::new((0..rungs).map(rung).collect()).unwrap()
    }

    fn outlook(rung: usize) -> Outlook {
        let rung = rung as f64;
        Outlook { score: 3.0 - 0.1 * rung, risk: 0.02 * rung, stall: 0.1 * rung, median: 0.3 * rung, slow: 0.9 * rung }
    }

    /// What is added for each of `rungs` rungs, of which `seen` have an outlook.
    fn added(rungs: u16, seen: impl Fn(usize) -> bool, link: &LinkState) -> PerRung {
        let (ladder, history) = (ladder(rungs), History::new());
        let ctx = AbrContext::new(&ladder, &history);
        let title = Title::new(&ladder, 0, 4.0, false, 1.0);
        let ahead = Ahead::new(&ctx, &title, 1.0);
        let situation = Situation {
            title: &title,
            ahead: &ahead,
            link,
            guess: prior(None),
            buffered: 12.0,
            limit: 30.0,
            remaining: Some(40),
            latency: 0.05,
            pause: 0.0,
            before: Some(1),
        };
        let outlooks = std::array::from_fn(|rung| (rung < title.rungs && seen(rung)).then(|| outlook(rung)));
        MODELS.advantage_on_demand.of(&situation, &outlooks, None)
    }

    fn link() -> LinkState {
        let mut link = LinkState::EMPTY;
        (0..12).for_each(|i| link.observe_body(2e6, 0.6 + 0.1 * f64::from(i % 3)));
        link
    }

    #[test]
    fn rungs_that_were_not_looked_at_are_left_alone_and_a_long_ladder_takes_several_passes() {
        let all = added(20, |_| true, &link());
        assert!(all[..20].iter().any(|value| *value != 0.0) && all[20..].iter().all(|value| *value == 0.0));
        let few = added(20, |rung| rung % 3 == 0, &link());
        for rung in 0..MOST_RUNGS {
            // The first has the best score either way, so what is seen of a rung does not depend on the others.
            let expected = if rung < 20 && rung % 3 == 0 { all[rung] } else { 0.0 };
            assert!((few[rung] - expected).abs() < 1e-5, "{rung}: {} {expected}", few[rung]);
        }
        assert_eq!(added(20, |_| false, &link()), [0.0; MOST_RUNGS]);
    }

    #[test]
    fn whatever_the_link_was_like_what_is_added_is_finite_and_bounded() {
        let mut link = LinkState::EMPTY;
        for (bits, seconds) in [(1e4, 1e-4), (1e15, 1e-4), (0.0, 1e9), (1e30, 1e-3), (3e6, 2.0)] {
            link.observe_body(bits, seconds);
            assert!(added(6, |_| true, &link).iter().all(|value| value.abs() <= MOST), "{link:?}");
        }
    }
}
