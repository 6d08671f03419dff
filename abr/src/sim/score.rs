//! What a session was worth.

use serde::{Deserialize, Serialize};

use super::content::Content;
use super::session::Session;

/// What a viewer gets from a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Utility {
    /// Bitrate in Mbit/s. A second of standing costs as much as a segment of the top rung gives.
    Linear,
    /// Logarithm of the bitrate over the lowest. A second of standing costs as much as a segment of the top rung gives.
    Log,
    /// Structural similarity in decibels, [`Content::ssim_db`]: a second opinion that knows neither bitrates nor the
    /// ladder. A second of standing costs [`Self::SSIM_STALL`].
    ///
    /// The formula is that of Fugu's objective: F. Yan et al., "Learning in situ: a randomized experiment in video
    /// streaming", NSDI 2020, with the weights that its authors ran Puffer with, one for changes and a hundred for
    /// stalls; both are in the source of Puffer. Real viewers stayed longer with what it preferred. Like theirs it
    /// counts the start as a stall, because before the first segment the buffer is empty.
    ///
    /// Two things are to be known when shares of the optimum are compared. First, zero decibels is no picture at all:
    /// even the lowest rung gives nearly ten, so the shares of all controllers lie closer together than for the other
    /// two; differences in decibels per segment say more. Second, a second of standing undoes some seven segments, so
    /// on a slow network the sum is below zero for everybody, the optimum as well. A share is therefore the mean over
    /// recordings divided by the mean of their optima and never the mean of ratios, and where the mean of the optima is
    /// not positive there is none.
    Ssim,
}

impl Utility {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Linear, Self::Log, Self::Ssim];

    /// What a second of standing costs with [`Self::Ssim`], in decibels of one segment.
    pub const SSIM_STALL: f64 = 100.0;

    /// The utility of each rung, lowest first; the mean over its segments where they differ.
    pub fn of(self, content: &Content) -> Vec<f64> {
        let lowest = content.ladder().lowest().bitrate.bps() as f64;
        let rungs = content.ladder().iter().map(|rung| rung.bitrate.bps() as f64);
        match self {
            Self::Linear => rungs.map(|rate| rate / 1e6).collect(),
            Self::Log => rungs.map(|rate| (rate / lowest).ln()).collect(),
            Self::Ssim => (0..content.ladder().len()).map(|position| content.mean_ssim_db(position)).collect(),
        }
    }
}

/// A utility for every segment of a title.
pub(super) struct Valuation<'a> {
    content: &'a Content,
    /// Where all segments of a rung are worth the same.
    rungs: Option<Vec<f64>>,
    /// What a second of standing costs.
    pub(super) penalty: f64,
}

impl<'a> Valuation<'a> {
    pub(super) fn new(utility: Utility, content: &'a Content) -> Self {
        let rungs = (utility != Utility::Ssim).then(|| utility.of(content));
        let top = rungs.as_ref().and_then(|rungs| rungs.last().copied());
        Self { content, rungs, penalty: top.unwrap_or(Utility::SSIM_STALL) }
    }

    /// What `segment` is worth in the rung at `position`.
    pub(super) fn at(&self, segment: usize, position: usize) -> f64 {
        self.rungs.as_ref().map_or_else(|| self.content.ssim_db(segment, position), |rungs| rungs[position])
    }
}

/// The mean over the segments of `u(q) - |u(q) - u(previous)| - penalty * seconds of standing`; the start and what seeks
/// made the viewer wait count as standing.
pub(super) fn qoe(session: &Session, values: &Valuation<'_>) -> f64 {
    let mut sum = -values.penalty * (session.startup + session.stalled + session.seek_delay);
    let mut previous = None;
    for fetched in &session.segments {
        let value = values.at(fetched.index, fetched.position);
        sum += value - previous.map_or(0.0, |before: f64| (value - before).abs());
        previous = Some(value);
    }
    sum / session.segments.len().max(1) as f64
}

/// One session in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// QoE with [`Utility::Linear`], per segment.
    pub qoe_lin: f64,
    /// QoE with [`Utility::Log`], per segment.
    pub qoe_log: f64,
    /// QoE with [`Utility::Ssim`], per segment.
    pub qoe_ssim: f64,
    /// Mean of the chosen rungs' bitrates, kbit/s.
    pub kbps: f64,
    /// Seconds until playback began.
    pub startup: f64,
    /// Seconds of stalls, without the start.
    pub stalled: f64,
    /// How many stalls.
    pub stalls: u32,
    /// Seconds that seeks made the viewer wait.
    pub seek_delay: f64,
    /// How many changes of rung.
    pub switches: u32,
    /// Seconds of media played.
    pub played: f64,
    /// Bits received.
    pub bits: f64,
    /// Of these, bits of transfers that were given up.
    pub wasted: f64,
}

impl Score {
    /// Judges a session.
    pub fn of(session: &Session, content: &Content) -> Self {
        let kbps = Utility::Linear.of(content);
        let count = session.segments.len().max(1) as f64;
        let judged = |utility| qoe(session, &Valuation::new(utility, content));
        let switches = session.segments.windows(2).filter(|pair| pair[0].position != pair[1].position).count();
        Self {
            qoe_lin: judged(Utility::Linear),
            qoe_log: judged(Utility::Log),
            qoe_ssim: judged(Utility::Ssim),
            kbps: session.segments.iter().map(|s| kbps[s.position] * 1e3).sum::<f64>() / count,
            startup: session.startup,
            stalled: session.stalled,
            stalls: session.stalls,
            seek_delay: session.seek_delay,
            switches: switches as u32,
            played: session.watched,
            bits: session.bits,
            wasted: session.wasted,
        }
    }

    /// QoE for that utility, per segment.
    pub fn qoe(&self, utility: Utility) -> f64 {
        match utility {
            Utility::Linear => self.qoe_lin,
            Utility::Log => self.qoe_log,
            Utility::Ssim => self.qoe_ssim,
        }
    }
}
