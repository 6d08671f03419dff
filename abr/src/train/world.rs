//! A session without a player around it: only what a policy can tell apart.
//!
//! The semantics are those of [`crate::sim`]; what is missing are meters, histories and viewers, so that a session can be
//! copied at any segment and played on from there thousands of times a second.

use super::coming::come;
use crate::engine::flow::Flow;
use crate::engine::link_state::LinkState;
use crate::engine::policy::{Policy, Running, Situation};
use crate::engine::rate_forecast::prior;
use crate::engine::title::{Ahead, MOST_RUNGS, Title, relative_complexity};
use crate::engine::worth::{After, State};
use crate::sim::{Content, NetworkTrace};

/// How often a segment may be given up, and the share of the time so far after which a transfer is looked at again.
const MOST_ABANDONS: u8 = 3;
const LOOK_AGAIN: f64 = 0.15;
/// Seconds between two looks at least, and from the first byte to the first look.
const LOOK_EVERY: f64 = 0.25;
const FIRST_LOOK: f64 = 0.15;
/// Segments over which complexity is taken.
const NEAR_FUTURE: usize = 5;
/// Share of the newest wait in the average wait, and the wait before there was any.
const NEWEST_WAIT: f64 = 0.2;
const USUAL_LATENCY: f64 = 0.05;

/// What a session plays on what network.
pub(super) struct World<'a> {
    pub(super) title: Title,
    pub(super) content: &'a Content,
    /// The segment of the content to begin with, and how many there are; the content repeats.
    pub(super) start: usize,
    pub(super) segments: usize,
    pub(super) trace: &'a NetworkTrace,
    /// Times the recorded bandwidth.
    pub(super) factor: f64,
    /// Seconds into the recording.
    pub(super) offset: f64,
    /// Seconds that may be buffered; in live, at the beginning.
    pub(super) limit: f64,
    pub(super) sizes_known: bool,
}

/// A request under way.
#[derive(Clone)]
pub(super) struct Transfer {
    pub(super) rung: usize,
    bits: f64,
    first_byte: f64,
    finish: f64,
    /// What the link could have carried before the first byte.
    before: f64,
    /// Seconds from the request to the next look at it.
    elapsed: f64,
    /// When it was last looked at, and how it came until then.
    seen: f64,
    flow: Flow,
}

/// Where a session is.
#[derive(Clone)]
pub(super) struct Moment {
    pub(super) time: f64,
    pub(super) buffered: f64,
    /// Seconds without a picture.
    stalled: f64,
    /// The segment to be fetched.
    pub(super) segment: usize,
    /// The rung of the segment before.
    pub(super) rung: Option<usize>,
    pub(super) link: LinkState,
    latency: Option<f64>,
    /// When the last transfer ended.
    ended: f64,
}

impl Moment {
    pub(super) const BEGINNING: Self = Self {
        time: 0.0,
        buffered: 0.0,
        stalled: 0.0,
        segment: 0,
        rung: None,
        link: LinkState::EMPTY,
        latency: None,
        ended: 0.0,
    };

    /// The same network and time with another buffer and another rung.
    pub(super) fn with(&self, buffered: f64, rung: usize) -> Self {
        Self { buffered, rung: Some(rung), ..self.clone() }
    }

    fn latency(&self) -> f64 {
        self.latency.unwrap_or(USUAL_LATENCY)
    }
}

impl World<'_> {
    /// Another share of the logarithm in the utility.
    pub(super) fn reblend(&mut self, logarithmic: f64) {
        let (segment, live) = (self.title.segment, self.title.live);
        self.title = Title::with_blend(self.content.ladder(), 0, logarithmic).timed(segment, live, 1.0);
    }

    /// Seconds that may be buffered now.
    pub(super) fn limit(&self, moment: &Moment) -> f64 {
        if self.title.live { self.limit + moment.stalled } else { self.limit }
    }

    /// Waits until there is room.
    pub(super) fn wait(&self, moment: &mut Moment) {
        let wait = (moment.buffered + self.title.segment - self.limit(moment)).max(0.0);
        if moment.rung.is_some() {
            moment.time += wait;
            moment.buffered -= wait;
        }
    }

    /// The rung that `policy` wants.
    pub(super) fn decide(&self, policy: &Policy<'_>, moment: &Moment) -> usize {
        let ahead = self.ahead(moment.segment);
        policy.choose(&self.situation(moment, &ahead), moment.rung.unwrap_or(0)).best
    }

    /// Fetches the next segment, first in `rung`; what that was worth.
    pub(super) fn fetch(&self, policy: &Policy<'_>, moment: &mut Moment, rung: usize) -> f64 {
        let transfer = self.begin(moment, rung);
        self.go_on(policy, moment, transfer)
    }

    /// Requests the next segment in `rung`.
    pub(super) fn begin(&self, moment: &Moment, rung: usize) -> Transfer {
        let bits = self.size(moment.segment, rung);
        let latency = self.trace.latency_at(self.offset + moment.time);
        let first_byte = moment.time + latency;
        let before = self.bits_until(first_byte);
        let finish = self.time_of(before + bits).max(first_byte + 1e-6);
        let elapsed = LOOK_EVERY.max(latency + FIRST_LOOK);
        Transfer { rung, bits, first_byte, finish, before, elapsed, seen: first_byte, flow: *moment.link.flow() }
    }

    /// Lets a transfer go on to the end of its segment; what the segment was worth.
    pub(super) fn go_on(&self, policy: &Policy<'_>, moment: &mut Moment, mut transfer: Transfer) -> f64 {
        let before = moment.rung;
        let ahead = self.ahead(moment.segment);
        let (mut stalled, mut given_up) = (0.0, 0);
        loop {
            let watched = before.is_some() && given_up < MOST_ABANDONS && transfer.rung > 0;
            let lower = if watched { self.watch(policy, moment, &ahead, &mut transfer) } else { None };
            let Some(lower) = lower else { break };
            stalled += self.give_up(moment, &transfer);
            transfer = self.begin(moment, lower);
            given_up += 1;
        }
        stalled += self.end(moment, &mut transfer);
        moment.buffered += self.title.segment;
        moment.rung = Some(transfer.rung);
        moment.segment += 1;
        self.title.utility[transfer.rung]
            - before.map_or(0.0, |before| self.title.step(before, transfer.rung))
            - stalled
    }

    /// Lets a transfer go on to the next look at it; `None` where it is complete before.
    pub(super) fn look(&self, moment: &Moment, transfer: &mut Transfer) -> Option<Running> {
        let at = moment.time + transfer.elapsed;
        if at >= transfer.finish {
            return None;
        }
        self.come(transfer, at);
        transfer.elapsed += (LOOK_AGAIN * transfer.elapsed).max(LOOK_EVERY);
        Some(Running {
            rung: transfer.rung,
            bits: transfer.bits,
            received: self.bits_until(at) - transfer.before,
            seconds: at - transfer.first_byte,
            flow: transfer.flow,
        })
    }

    /// What a policy can tell apart when a transfer was last looked at.
    pub(super) fn under_way<'s>(&'s self, moment: &'s Moment, ahead: &'s Ahead, transfer: &Transfer) -> Situation<'s> {
        let buffered = (moment.buffered - (transfer.seen - moment.time)).max(0.0);
        Situation { buffered, ..self.situation(moment, ahead) }
    }

    /// Ends a transfer where it was last looked at; returns the seconds without a picture until then.
    pub(super) fn give_up(&self, moment: &mut Moment, transfer: &Transfer) -> f64 {
        self.take_in(moment, transfer, self.bits_until(transfer.seen) - transfer.before)
    }

    /// Lets a transfer end; returns the seconds without a picture until then.
    fn end(&self, moment: &mut Moment, transfer: &mut Transfer) -> f64 {
        self.come(transfer, transfer.finish);
        self.take_in(moment, transfer, transfer.bits)
    }

    /// Lets time pass until a transfer was seen last, and learns from it.
    fn take_in(&self, moment: &mut Moment, transfer: &Transfer, received: f64) -> f64 {
        let latency = transfer.first_byte - moment.time;
        let stalled = self.pass(moment, transfer.seen);
        moment.link.observe_flow(received, transfer.seen - transfer.first_byte, &transfer.flow);
        let known = moment.latency.unwrap_or(latency);
        moment.latency = Some(known + NEWEST_WAIT * (latency - known));
        moment.ended = transfer.seen;
        stalled
    }

    /// The moment as the value network sees it: after a segment.
    pub(super) fn state(&self, moment: &Moment) -> State {
        let limit = self.limit(moment);
        State { link: moment.link, buffered: moment.buffered.min(limit), limit }
    }

    /// As [`Self::state`]; `None` before the first segment.
    pub(super) fn after(&self, moment: &Moment) -> Option<After> {
        let rung = moment.rung?;
        let last = moment.segment.checked_sub(1)?;
        let left = self.segments.saturating_sub(moment.segment) as u32;
        Some(After {
            rung,
            remaining: (!self.title.live).then_some(left),
            latency: moment.latency(),
            complexity: self.complexity(last, rung),
        })
    }

    /// The rung that the policy wants instead, if it wants a transfer to end before it is complete.
    fn watch(&self, policy: &Policy<'_>, moment: &Moment, ahead: &Ahead, transfer: &mut Transfer) -> Option<usize> {
        while let Some(running) = self.look(moment, transfer) {
            if let Some(scores) = policy.reconsider(&self.under_way(moment, ahead, transfer), &running) {
                return Some(scores.best);
            }
        }
        None
    }

    /// What has come of a transfer until a time is seen.
    fn come(&self, transfer: &mut Transfer, until: f64) {
        let span = (self.offset + transfer.seen, self.offset + until);
        come(&mut transfer.flow, self.trace, span, self.factor);
        transfer.seen = transfer.seen.max(until);
    }

    /// Lets time pass until `end`; returns the seconds without a picture.
    fn pass(&self, moment: &mut Moment, end: f64) -> f64 {
        let time = end - moment.time;
        let stalled = (time - moment.buffered).max(0.0);
        moment.time = end;
        moment.stalled += stalled;
        moment.buffered = (moment.buffered - time).max(0.0);
        stalled
    }

    pub(super) fn situation<'s>(&'s self, moment: &'s Moment, ahead: &'s Ahead) -> Situation<'s> {
        let left = self.segments.saturating_sub(moment.segment + 1) as u32;
        Situation {
            title: &self.title,
            ahead,
            link: &moment.link,
            guess: prior(None),
            buffered: moment.buffered,
            limit: self.limit(moment),
            remaining: (!self.title.live).then_some(left),
            latency: moment.latency(),
            pause: (moment.time - moment.ended).max(0.0),
            before: moment.rung,
        }
    }

    pub(super) fn ahead(&self, segment: usize) -> Ahead {
        let mut ahead = Ahead { bits: [1.0; MOST_RUNGS], complexity: [0.0; MOST_RUNGS] };
        for rung in 0..self.title.rungs {
            let average = !self.sizes_known;
            ahead.bits[rung] = if average { self.title.average_bits(rung) } else { self.size(segment, rung) };
            ahead.complexity[rung] = self.complexity(segment, rung);
        }
        ahead
    }

    /// Of the segments after `segment`.
    fn complexity(&self, segment: usize, rung: usize) -> f64 {
        if !self.sizes_known {
            return 0.0;
        }
        let next = segment + 1..(segment + 1 + NEAR_FUTURE).min(self.segments);
        let seconds = next.len() as f64 * self.title.segment;
        relative_complexity(next.map(|segment| self.size(segment, rung)).sum(), seconds, self.title.rate[rung])
    }

    fn size(&self, segment: usize, rung: usize) -> f64 {
        self.content.bits((self.start + segment) % self.content.segments(), self.title.first + rung)
    }

    fn bits_until(&self, time: f64) -> f64 {
        self.trace.bits_until(self.offset + time) * self.factor
    }

    fn time_of(&self, bits: f64) -> f64 {
        self.trace.time_of(bits / self.factor) - self.offset
    }
}
