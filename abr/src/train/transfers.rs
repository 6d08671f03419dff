//! Transfers as a player might make them over a recording.

use super::coming::come;
use crate::engine::link_state::{LinkState, log_rate};
use crate::engine::rate_forecast::{INPUTS, Request, inputs};
use crate::sim::Recording;
use crate::sim::split_mix::SplitMix;

/// What was known before a transfer, and how fast it was.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    pub(super) inputs: [f32; INPUTS],
    /// Relative to the quick average, in logarithms.
    pub(super) rate: f32,
}

/// Beyond this, in logarithms, faster or slower makes no difference.
const FARTHEST: f64 = 4.0;
/// Nothing is smaller, in bits.
const SMALLEST: f64 = 20e3;
/// What took longer, in seconds, was given up by any player.
const LONGEST: f64 = 200.0;
/// Shorter bodies, in seconds, are not looked at while they run, and not before this.
const WATCHED: f64 = 0.5;
const FIRST_LOOK: f64 = 0.15;

/// At least `per_source` transfers from each source.
pub(super) fn draw(sources: &[Vec<&Recording>], per_source: usize, seed: u64) -> Vec<Transfer> {
    let mut random = SplitMix::new(seed);
    let mut drawn = Vec::new();
    for source in sources {
        let wanted = drawn.len() + per_source;
        // Each round adds something, or the recordings have nothing to give.
        while drawn.len() < wanted {
            let before = drawn.len();
            for recording in source {
                Viewing::new(recording, &mut random).play(&mut drawn);
                if drawn.len() >= wanted {
                    break;
                }
            }
            if drawn.len() == before {
                break;
            }
        }
    }
    drawn
}

/// Somebody who fetches more or less than the link carries, with pauses or without.
struct Viewing<'a> {
    recording: &'a Recording,
    random: &'a mut SplitMix,
    link: LinkState,
    now: f64,
    end: f64,
    /// Seconds of the link that a transfer takes, and how often there is a pause after one.
    appetite: f64,
    pauses: f64,
}

impl<'a> Viewing<'a> {
    fn new(recording: &'a Recording, random: &'a mut SplitMix) -> Self {
        let now = if random.happens(0.5) { 0.0 } else { random.unit() * recording.trace.period() };
        let end = now + 60.0 + random.unit() * 400.0;
        let (appetite, pauses) = mood(random);
        Self { recording, random, link: LinkState::EMPTY, now, end, appetite, pauses }
    }

    fn play(mut self, drawn: &mut Vec<Transfer>) {
        let trace = &self.recording.trace;
        let (mut pause, mut level) = (0.0, trace.mean_rate());
        while self.now < self.end {
            if self.random.happens(0.06) {
                (self.appetite, self.pauses) = mood(self.random);
            }
            let bits = (level * self.appetite * (0.3 * self.random.normal()).exp()).max(SMALLEST);
            let first_byte = self.now + trace.latency_at(self.now);
            let finish = self.finish(first_byte, bits);
            let seconds = finish - first_byte;
            if !self.link.is_empty() && seconds < LONGEST {
                drawn.push(transfer(&self.link, &Request { bits, pause, running: false }, seconds));
                if seconds > WATCHED && self.random.happens(0.5) {
                    self.interrupt(first_byte, finish, bits, drawn);
                }
            }
            self.link = self.seen(first_byte, finish, bits);
            level = (0.7 * self.link.quick() + 0.3 * self.link.slow()).exp();
            pause = if self.random.happens(self.pauses) { 7.0 * self.random.unit() * self.random.unit() } else { 0.0 };
            self.now = finish + pause;
        }
    }

    /// What is known of the link when `bits` have come between two times.
    fn seen(&self, from: f64, to: f64, bits: f64) -> LinkState {
        let (mut link, mut flow) = (self.link, *self.link.flow());
        come(&mut flow, &self.recording.trace, (from, to), 1.0);
        link.add_flow(log_rate(bits, to - from), to - from, &flow);
        link
    }

    /// The same transfer seen while it runs: what the rest was like, and what another one in its place would have been.
    fn interrupt(&mut self, first_byte: f64, finish: f64, bits: f64, drawn: &mut Vec<Transfer>) {
        let trace = &self.recording.trace;
        let share = (0.9 * (finish - first_byte) / FIRST_LOOK).powf(self.random.unit());
        let seen = (FIRST_LOOK * share).max(FIRST_LOOK);
        let now = first_byte + seen;
        let received = trace.bits_until(now) - trace.bits_until(first_byte);
        let link = self.seen(first_byte, now, received);
        let rest = bits - received;
        let instead = (rest * (3.0 * self.random.unit() - 2.5).exp()).max(SMALLEST);
        let until = self.finish(now, instead);
        for (bits, finish) in [(rest, finish), (instead, until)] {
            drawn.push(transfer(&link, &Request { bits, pause: 0.0, running: true }, finish - now));
        }
    }

    /// When `bits` from `start` on are complete.
    fn finish(&self, start: f64, bits: f64) -> f64 {
        let trace = &self.recording.trace;
        trace.time_of(trace.bits_until(start) + bits).max(start + 1e-3)
    }
}

/// From a quarter of a second's worth of the link to seven seconds' worth, and up to four pauses in five.
fn mood(random: &mut SplitMix) -> (f64, f64) {
    ((random.unit() * 3.4 - 1.4).exp(), 0.8 * random.unit())
}

fn transfer(link: &LinkState, request: &Request, seconds: f64) -> Transfer {
    let relative = log_rate(request.bits, seconds) - link.quick();
    Transfer { inputs: inputs(link, request), rate: relative.clamp(-FARTHEST, FARTHEST) as f32 }
}
