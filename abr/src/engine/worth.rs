//! What a state is worth: the sum of everything that follows, discounted.
//!
//! Exact dynamic programming would need a table over buffer, rung, network and ladder, made anew for each ladder. A
//! network of 4,161 weights stands for all those tables: it sees the ladder only through what its rungs and the link's
//! rates are worth (`Title::utility_of`), so a ladder that it never saw is nothing new to it. It is made by approximate
//! policy iteration (D. Bertsekas, J. Tsitsiklis, "Neuro-dynamic programming", 1996): sessions are played with the
//! present network, the returns that were seen are what the next one learns. Pensieve (H. Mao et al., SIGCOMM 2017)
//! learned a policy in this way for one ladder; a value instead of a policy lets the decision weigh the distribution of
//! the next transfer by itself and explains it.
//!
//! The unit is the utility of the top rung for one segment.

use super::dense::{LANES, Lanes, ModelError, Network};
use super::link_state::{LinkState, squash, within};
use super::rate_forecast::OUTCOMES;
use super::title::Title;

/// Inputs that differ from outcome to outcome of one transfer, and those that do not.
const VARYING: usize = 21;
const FIXED: usize = 10;
pub(crate) const INPUTS: usize = VARYING + FIXED;
/// The network.
pub(crate) type ValueNetwork = Network<INPUTS, 64, 32, 1>;

const _: () = assert!(OUTCOMES == LANES, "each outcome of a transfer has a lane");

/// Beyond these seconds of buffer nothing was learned, and nothing is to be feared.
const MOST_BUFFERED: f64 = 100.0;
/// Seconds of a segment between which there was something to learn from.
const SEGMENTS: (f64, f64) = (0.5, 12.0);
/// Segments beyond which the end is out of sight.
const FAR_END: f64 = 60.0;

/// What does not depend on how a transfer goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct After {
    /// The rung of the segment that was fetched last.
    pub(crate) rung: usize,
    /// Segments that follow it; `None` where there is no end.
    pub(crate) remaining: Option<u32>,
    /// Seconds from request to first byte.
    pub(crate) latency: f64,
    /// `ln` of how much larger than average the coming segments are.
    pub(crate) complexity: f64,
}

/// What does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    /// What is known of the link by then.
    pub(crate) link: LinkState,
    /// Seconds buffered, the segment included.
    pub(crate) buffered: f64,
    /// Seconds that may be buffered.
    pub(crate) limit: f64,
}

/// The value of states.
#[derive(Clone, Debug)]
pub(crate) struct Worth(ValueNetwork);

impl Worth {
    pub(crate) const fn new(network: ValueNetwork) -> Self {
        Self(network)
    }

    /// Reads the file of a network.
    ///
    /// # Errors
    /// [`ModelError`] where it is none.
    pub(crate) const fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        match ValueNetwork::from_bytes(bytes) {
            Ok(network) => Ok(Self::new(network)),
            Err(error) => Err(error),
        }
    }

    #[cfg(feature = "train")]
    pub(crate) fn network(&self) -> &ValueNetwork {
        &self.0
    }

    /// What each of the states is worth; after the last segment, nothing.
    pub(crate) fn of(&self, title: &Title, after: &After, states: &[State; OUTCOMES]) -> [f64; OUTCOMES] {
        if after.remaining == Some(0) {
            return [0.0; OUTCOMES];
        }
        let mut lanes: [Lanes; VARYING] = [[0.0; LANES]; VARYING];
        for (lane, state) in states.iter().enumerate() {
            for (input, value) in lanes.iter_mut().zip(varying(title, after, state)) {
                input[lane] = value;
            }
        }
        let [values] = self.0.lanes(&lanes, &fixed(title, after));
        values.map(f64::from)
    }
}

/// What the network sees of one state.
#[cfg(feature = "train")]
pub(crate) fn inputs(title: &Title, after: &After, state: &State) -> [f32; INPUTS] {
    let mut inputs = [0.0; INPUTS];
    inputs[..VARYING].copy_from_slice(&varying(title, after, state));
    inputs[VARYING..].copy_from_slice(&fixed(title, after));
    inputs
}

fn varying(title: &Title, after: &After, state: &State) -> [f32; VARYING] {
    let link = &state.link;
    let (lowest, top) = (title.rate[0], title.rate[title.top()]);
    // A scene of twice the size is a link of half the rate.
    let [quick, slow, longest] = [link.quick(), link.slow(), link.longest()].map(|rate| rate - after.complexity);
    let moments = link.moments();
    let buffered = state.buffered.min(MOST_BUFFERED);
    let room = state.limit.min(MOST_BUFFERED) - buffered;
    [
        buffered / 20.0,
        nearness(buffered, 1.5),
        nearness(buffered, 5.0),
        nearness(buffered, 15.0),
        room / 20.0,
        2.0 * title.utility_of(quick),
        2.0 * title.utility_of(slow),
        2.0 * title.utility_of(longest),
        0.5 * within(quick - lowest, 3.0),
        0.5 * within(quick - top, 3.0),
        0.5 * within(slow - lowest, 3.0),
        0.5 * within(slow - top, 3.0),
        within(quick - slow, 2.5),
        within(longest - slow, 2.0),
        squash(link.volatility(), 0.15),
        squash(2.0 * link.downward(), 0.15),
        squash(link.age(), 20.0),
        0.5 * within(title.rate[after.rung] - slow, 3.0),
        within(link.last() - link.quick(), 2.0),
        within(moments[0] - link.quick(), 2.0),
        within(moments[1] - link.quick(), 2.0),
    ]
    .map(|input| input as f32)
}

fn fixed(title: &Title, after: &After) -> [f32; FIXED] {
    let (rung, utility) = (after.rung, &title.utility);
    let up = if rung < title.top() { title.step(rung, rung + 1) } else { 0.0 };
    let down = if rung > 0 { title.step(rung, rung - 1) } else { 0.0 };
    let left = after.remaining.map_or(FAR_END, |left| f64::from(left).min(FAR_END));
    let segment = title.segment.clamp(SEGMENTS.0, SEGMENTS.1);
    [
        if title.live { 1.0 } else { 0.0 },
        segment / 4.0 - 1.0,
        2.0 * utility[rung],
        left / 30.0 - 1.0,
        nearness(left, 2.0),
        nearness(left, 8.0),
        2.0 * utility[0],
        4.0 * up,
        4.0 * down,
        (5.0 * after.latency / segment).min(2.0),
    ]
    .map(|input| input as f32)
}

/// 2 at zero, 1 at `half`, falling towards 0.
fn nearness(value: f64, half: f64) -> f64 {
    2.0 * half / (half + value)
}
