//! What a session was worth.

use super::content::Content;
use super::session::Session;

/// What a viewer gets from a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Utility {
    /// Bitrate in Mbit/s.
    Linear,
    /// Logarithm of the bitrate over the lowest.
    Log,
}

impl Utility {
    /// The utility of each rung, lowest first.
    pub fn of(self, content: &Content) -> Vec<f64> {
        let lowest = content.ladder().lowest().bitrate.bps() as f64;
        let rungs = content.ladder().iter().map(|rung| rung.bitrate.bps() as f64);
        match self {
            Self::Linear => rungs.map(|rate| rate / 1e6).collect(),
            Self::Log => rungs.map(|rate| (rate / lowest).ln()).collect(),
        }
    }
}

/// The mean over the segments of `u(q) - |u(q) - u(previous)| - top * stalled seconds`; start-up counts as stalled.
pub(super) fn qoe(session: &Session, utility: &[f64]) -> f64 {
    let penalty = utility.last().copied().unwrap_or_default();
    let mut sum = -penalty * (session.startup + session.stalled);
    let mut previous = None;
    for fetched in &session.segments {
        let value = utility[fetched.position];
        sum += value - previous.map_or(0.0, |before: f64| (value - before).abs());
        previous = Some(value);
    }
    sum / session.segments.len().max(1) as f64
}

/// One session in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// QoE with [`Utility::Linear`], per segment.
    pub qoe_lin: f64,
    /// QoE with [`Utility::Log`], per segment.
    pub qoe_log: f64,
    /// Mean of the chosen rungs' bitrates, kbit/s.
    pub kbps: f64,
    /// Seconds until playback began.
    pub startup: f64,
    /// Seconds of stalls, without the start.
    pub stalled: f64,
    /// How many stalls.
    pub stalls: u32,
    /// How many changes of rung.
    pub switches: u32,
    /// Seconds of media played.
    pub played: f64,
    /// Bits received.
    pub bits: f64,
    /// Of these, bits of segments that were given up.
    pub wasted: f64,
}

impl Score {
    /// Judges a session.
    pub fn of(session: &Session, content: &Content) -> Self {
        let kbps = Utility::Linear.of(content);
        let count = session.segments.len().max(1) as f64;
        let switches = session.segments.windows(2).filter(|pair| pair[0].position != pair[1].position).count();
        Self {
            qoe_lin: qoe(session, &kbps),
            qoe_log: qoe(session, &Utility::Log.of(content)),
            kbps: session.segments.iter().map(|s| kbps[s.position] * 1e3).sum::<f64>() / count,
            startup: session.startup,
            stalled: session.stalled,
            stalls: session.stalls,
            switches: switches as u32,
            played: session.segments.len() as f64 * content.segment().as_secs_f64(),
            bits: session.bits,
            wasted: session.wasted,
        }
    }
}
