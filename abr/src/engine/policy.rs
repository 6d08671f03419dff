//! The decision: which rung promises the best sequel.
//!
//! Stochastic control with a horizon of one transfer and a learned value beyond it (Fugu has five transfers and nothing
//! beyond). For each rung that is worth a look:
//!
//! ```text
//! score(a) = u(a) - κ |u(a) - u(before)| + Σ over outcomes j of the transfer: P_j (γ · worth(state after j) - σ stall_j)
//! ```
//!
//! u is the utility of [`Title`], P and the rates of the outcomes come from [`RateForecast`], the worth from [`Worth`].
//! To this [`Advantage`] adds what it has found these sums to get wrong.
//! Giving a running transfer up is one more action: the rest of it in its rung against a whole segment in each lower one,
//! all after what the transfer itself has told of the link, with an [`Advantage`] of its own.

use std::cell::Cell;

use super::advantage::{Advantage, Outlooks};
use super::flow::Flow;
use super::link_state::{LinkState, log_rate};
use super::rate_forecast::{MASS, MEDIAN, OUTCOMES, RateForecast, Rates, Request};
use super::title::{Ahead, MOST_RUNGS, PerRung, Title};
use super::worth::{After, State, Worth};

/// What differs between a buffer that can be filled and one that the live edge keeps short. Found on the development
/// recordings, in coarse steps; the results change by less than 1 % of the optimum between neighbouring values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preferences {
    /// γ: what a segment is worth beside the one before it. Beyond some twenty segments, in live a dozen, the state of
    /// the network says nothing, and a player that hoards for that time serves nobody.
    pub(crate) discount: f64,
    /// κ: above the 1 by which the score of a session counts changes, because the forecast's own noise proposes some
    /// that turn out to be none.
    pub(crate) switch: f64,
    /// Weight of an expected stall. Below 1 in live: most of the stalls that the forecast foresees are prevented by
    /// giving the transfer up, and one that comes leaves a longer buffer behind.
    pub(crate) stall: f64,
    /// A rung is not taken if its next segment comes too late with more than this probability, unless it is the lowest.
    /// Where a long buffer can be had, a moment's risk need not be run.
    pub(crate) risk: f64,
}

impl Preferences {
    const ON_DEMAND: Self = Self { discount: 0.92, switch: 1.4, stall: 1.3, risk: 0.2 };
    const LIVE: Self = Self { discount: 0.92, switch: 1.3, stall: 0.75, risk: 0.4 };

    pub(crate) const fn of(live: bool) -> Self {
        if live { Self::LIVE } else { Self::ON_DEMAND }
    }
}

/// A transfer that would come too late is taken to be given up for the lowest rung when it has lasted this long in
/// seconds, and this many times as long as in the median: by then it is plain that it will not come in time.
const NOTICED: f64 = 0.5;
const NOTICED_MEDIANS: f64 = 6.0;
/// Going down and up again costs so many steps.
const THERE_AND_BACK: f64 = 2.0;
/// Of a transfer that lasts longer than this many segments play, only half the risk is taken.
const LONG_TRANSFER: f64 = 2.0;
/// To give a transfer up must promise this much more, for the same reason.
const ABANDON_MARGIN: f64 = 0.03;
/// A body that has come for less than this many seconds tells of the first round trips.
const EARLIEST: f64 = 0.15;
/// A transfer that will be complete within this share of the buffer is left alone.
const COMFORTABLE: f64 = 0.6;
/// With a buffer of fewer segments than this, on demand, what replaces a transfer is to be complete within this share of the
/// buffer at the rate that the transfer had: there is no second chance.
const TIGHT: f64 = 2.0;
const REPLACED_WITHIN: f64 = 0.9;
/// A link is steady whose last transfers differ by no more than this, in logarithms: a tenth.
const STEADY: f64 = 0.1;
/// There, rungs that it does not carry cost so many steps more, until this share of the buffer is filled.
const HESITATION: f64 = 1.5;
const FILLED: f64 = 0.6;
/// Transfers agree that differ by no more than this, in logarithms: a good quarter.
const AGREEMENT: f64 = 0.25;
/// The outcome, counted from the worst, from which on a transfer keeps to what was expected of it: three in four do.
const AS_EXPECTED: usize = 3;
/// So many rungs in a row without a better one end the search in their direction.
const PATIENCE: usize = 2;

/// All that a decision depends upon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) title: &'a Title,
    pub(crate) ahead: &'a Ahead,
    pub(crate) link: &'a LinkState,
    /// Rates to expect as long as nothing is known of the link.
    pub(crate) guess: Rates,
    /// Seconds buffered.
    pub(crate) buffered: f64,
    /// Seconds that may be buffered; in live it grows with every stall.
    pub(crate) limit: f64,
    /// Segments after the one to decide about; `None` where there is no end.
    pub(crate) remaining: Option<u32>,
    /// Seconds from request to first byte.
    pub(crate) latency: f64,
    /// Seconds since the last transfer ended.
    pub(crate) pause: f64,
    /// The rung of the segment before, if it is still there.
    pub(crate) before: Option<usize>,
}

/// A transfer in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) rung: usize,
    /// Bits in all, and those that have come.
    pub(crate) bits: f64,
    pub(crate) received: f64,
    /// Seconds since its body began, or should have begun.
    pub(crate) seconds: f64,
    /// How it came, after what came before it.
    pub(crate) flow: Flow,
}

impl Running {
    /// Seconds that the rest takes at the rate seen.
    pub(crate) fn left(&self) -> f64 {
        self.rest() / self.rate().exp()
    }

    /// `ln(bit/s)` of the last seconds, of earlier transfers as well: the mean over all of a long transfer is old, and that
    /// of a short one is noise.
    fn rate(&self) -> f64 {
        let [.., seconds] = self.flow.rates(log_rate(self.received, self.seconds));
        seconds
    }

    /// Bits that are still to come.
    pub(crate) fn rest(&self) -> f64 {
        (self.bits - self.received).max(1.0)
    }
}

/// Rungs and their scores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scores {
    /// Of those that were looked at.
    pub(crate) scores: [Option<f64>; MOST_RUNGS],
    pub(crate) best: usize,
}

impl Scores {
    /// Takes a score in; whether it is the best so far.
    fn add(&mut self, rung: usize, score: f64) -> bool {
        let best = self.scores[self.best].is_none_or(|best| score > best);
        self.scores[rung] = Some(score);
        if best {
            self.best = rung;
        }
        best
    }

    /// Adds to the scores what they lack.
    fn correct(&mut self, added: &PerRung) {
        let mut best = f64::NEG_INFINITY;
        for (rung, (score, added)) in self.scores.iter_mut().zip(added).enumerate() {
            let Some(score) = score else { continue };
            *score += added;
            if *score > best {
                (best, self.best) = (*score, rung);
            }
        }
    }

    /// Makes the best rung below the present one the best.
    fn step_down(&mut self, score: impl Fn(usize) -> f64) {
        let end = self.best;
        self.best = end - 1;
        for rung in (0..end).rev() {
            let value = self.scores[rung].unwrap_or_else(|| score(rung));
            self.add(rung, value);
        }
    }

    /// Looks for the best of the rungs below `end`, upwards and then downwards from `from`: scores rise and fall once,
    /// give or take.
    fn search(&mut self, from: usize, end: usize, score: impl Fn(usize) -> f64) {
        self.add(from, score(from));
        let mut worse = 0;
        for rung in from + 1..end {
            worse = if self.add(rung, score(rung)) { 0 } else { worse + 1 };
            if worse == PATIENCE {
                break;
            }
        }
        worse = 0;
        let mut above = f64::INFINITY;
        for rung in (0..from).rev() {
            let value = score(rung);
            if self.add(rung, value) {
                worse = 0;
            } else if value < above {
                worse += 1;
            }
            if worse == PATIENCE {
                break;
            }
            above = value;
        }
    }
}

/// What was found out about a rung.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outlook {
    pub(crate) score: f64,
    /// Probability that its next segment comes too late.
    pub(crate) risk: f64,
    /// Seconds of stall to expect of it, if it is not given up.
    pub(crate) stall: f64,
    /// Seconds that it takes in the median, and in a bad case.
    pub(crate) median: f64,
    pub(crate) slow: f64,
}

impl Outlook {
    /// Of so many bits at these rates.
    fn new(score: f64, bits: f64, latency: f64, buffered: f64, rates: &Rates) -> Self {
        let took = rates.map(|rate| bits / rate.exp() + latency);
        let late = took.iter().zip(MASS).filter(|(took, _)| **took > buffered);
        let (risk, stall) =
            late.fold((0.0, 0.0), |(risk, stall), (took, mass)| (risk + mass, stall + mass * (took - buffered)));
        Self { score, risk, stall, median: took[MEDIAN], slow: took[1] }
    }
}

/// The rates to expect of each rung in one situation, once they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Forecasts {
    rates: [Cell<Option<Rates>>; MOST_RUNGS],
    /// Whether the next segment follows at once on a transfer that is given up.
    running: bool,
}

impl Forecasts {
    /// Of what could follow on a transfer that is given up.
    pub(crate) fn under_way() -> Self {
        Self { running: true, ..Self::default() }
    }
}

/// Decides by what was learned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy<'a> {
    pub(crate) rate: &'a RateForecast,
    pub(crate) worth: &'a Worth,
    /// What the scores lack; `None` while the others are learned.
    pub(crate) advantage: Option<&'a Advantage>,
    /// As much for giving a transfer up.
    pub(crate) abandonment: Option<&'a Advantage>,
}

impl Policy<'_> {
    /// Scores the rungs for the next segment, beginning with `from`.
    pub(crate) fn choose(&self, situation: &Situation<'_>, from: usize) -> Scores {
        let forecasts = Forecasts::default();
        let mut scores = self.search(situation, from, &forecasts);
        if let Some(advantage) = self.advantage.filter(|_| !situation.link.is_empty()) {
            let added = advantage.of(situation, &self.outlooks(situation, &scores, &forecasts), None);
            scores.correct(&added);
        }
        if let Some(hesitation) = hesitation(situation) {
            scores.correct(&hesitation);
        }
        while scores.best > 0 && situation.before.is_some() && self.is_reckless(situation, scores.best, &forecasts) {
            scores.step_down(|rung| self.score(situation, rung, &forecasts));
        }
        scores
    }

    /// Scores by the sum of expectations alone.
    pub(crate) fn search(&self, situation: &Situation<'_>, from: usize, forecasts: &Forecasts) -> Scores {
        let mut scores = Scores { scores: [None; MOST_RUNGS], best: from };
        scores.search(from, situation.title.rungs, |rung| self.score(situation, rung, forecasts));
        scores
    }

    /// What is known of the rungs that have a score.
    pub(crate) fn outlooks(&self, situation: &Situation<'_>, scores: &Scores, forecasts: &Forecasts) -> Outlooks {
        std::array::from_fn(|rung| {
            let score = scores.scores[rung]?;
            let bits = situation.ahead.bits[rung];
            let rates = self.rates_of(situation, rung, forecasts);
            Some(Outlook::new(score, bits, situation.latency, situation.buffered, &rates))
        })
    }

    /// Whether the next segment in `rung` has a fair chance to come too late.
    ///
    /// The worth of states was learned as a mean over all networks and may be wrong where few of them have been. What
    /// the forecast says of the very next transfer is known far better, so it has a veto. So has what the last transfers
    /// agree about: on a link that does not change it is nearer than any forecast.
    fn is_reckless(&self, situation: &Situation<'_>, rung: usize, forecasts: &Forecasts) -> bool {
        let bits = situation.ahead.bits[rung];
        if situation
            .link
            .agreed(AGREEMENT)
            .is_some_and(|rate| bits / rate.exp() + situation.latency > situation.buffered)
        {
            return true;
        }
        let rates = self.rates_of(situation, rung, forecasts);
        // A transfer that lives off the buffer for long commits to a forecast of a time that is far away.
        let long = bits / rates[MEDIAN].exp() > LONG_TRANSFER * situation.title.segment;
        let risk = Preferences::of(situation.title.live).risk;
        Self::stall_risk(situation, rung, &rates) > if long { risk / 2.0 } else { risk }
    }

    /// The rung to fetch instead of what is coming in, if that is better; a lower one.
    pub(crate) fn reconsider(&self, situation: &Situation<'_>, running: &Running) -> Option<Scores> {
        let link = self.doubts(situation, running)?;
        let now = Situation { link: &link, pause: 0.0, ..*situation };
        let forecasts = Forecasts::under_way();
        let mut scores = self.alternatives(&now, running, &forecasts);
        if let Some(abandonment) = self.abandonment {
            let outlooks = self.outlooks_under_way(&now, running, &scores, &forecasts);
            let added = abandonment.of(&now, &outlooks, Some(running));
            scores.correct(&added);
        }
        if scores.best == running.rung {
            return None;
        }
        // What the transfer itself has told of the link is newer than all that was known before it.
        let rate = running.rate().exp();
        let is_tight = !now.title.live && now.buffered < TIGHT * now.title.segment;
        let in_time =
            |rung: usize| !is_tight || now.ahead.bits[rung] / rate + now.latency <= REPLACED_WITHIN * now.buffered;
        let plain = Forecasts::default();
        while scores.best > 0
            && situation.before.is_some()
            && (self.is_reckless(&now, scores.best, &plain) || !in_time(scores.best))
        {
            scores.step_down(|rung| self.score(&now, rung, &forecasts));
        }
        Some(scores)
    }

    /// The link as a transfer shows it, where there is reason to ask whether it should be given up.
    pub(crate) fn doubts(&self, situation: &Situation<'_>, running: &Running) -> Option<LinkState> {
        let unknown = situation.link.is_empty() && situation.before.is_none();
        if running.rung == 0 || running.seconds < EARLIEST || unknown {
            return None;
        }
        if running.left() < COMFORTABLE * situation.buffered {
            return None;
        }
        // The decision has reckoned with this: to take it back would be to oscillate.
        let expected = self.rates(situation, running.bits, false);
        if !situation.link.is_empty() && running.rate() >= expected[AS_EXPECTED] {
            return None;
        }
        let mut link = *situation.link;
        link.add_flow(log_rate(running.received, running.seconds), running.seconds, &running.flow);
        Some(link)
    }

    /// Scores going on with a transfer and what could be fetched instead.
    pub(crate) fn alternatives(&self, now: &Situation<'_>, running: &Running, forecasts: &Forecasts) -> Scores {
        let mut scores = Scores { scores: [None; MOST_RUNGS], best: running.rung - 1 };
        scores.search(running.rung - 1, running.rung, |rung| self.score(now, rung, forecasts));
        // Where the link is gone, what lies between says little about the lowest.
        if scores.scores[0].is_none() {
            scores.add(0, self.score(now, 0, forecasts));
        }
        scores.add(running.rung, self.score_of_rest(now, running) + ABANDON_MARGIN);
        scores
    }

    /// As [`Self::outlooks`], of going on with a transfer and what could be fetched instead.
    pub(crate) fn outlooks_under_way(
        &self,
        now: &Situation<'_>,
        running: &Running,
        scores: &Scores,
        forecasts: &Forecasts,
    ) -> Outlooks {
        std::array::from_fn(|rung| {
            let score = scores.scores[rung]?;
            if rung == running.rung {
                let rates = self.rates(now, running.rest(), true);
                return Some(Outlook::new(score, running.rest(), 0.0, now.buffered, &rates));
            }
            let rates = self.rates_of(now, rung, forecasts);
            Some(Outlook::new(score, now.ahead.bits[rung], now.latency, now.buffered, &rates))
        })
    }

    /// The rates to expect of the next segment in `rung`.
    fn rates_of(&self, situation: &Situation<'_>, rung: usize, forecasts: &Forecasts) -> Rates {
        let known = &forecasts.rates[rung];
        let rates = known.get().unwrap_or_else(|| self.rates(situation, situation.ahead.bits[rung], forecasts.running));
        known.set(Some(rates));
        rates
    }

    /// The rates to expect of a transfer of that many bits.
    pub(crate) fn rates(&self, situation: &Situation<'_>, bits: f64, running: bool) -> Rates {
        if situation.link.is_empty() {
            return situation.guess;
        }
        self.rate.rates(situation.link, &Request { bits, pause: situation.pause, running })
    }

    /// Probability that the next segment in `rung` comes after the buffer is empty, by these rates.
    pub(crate) fn stall_risk(situation: &Situation<'_>, rung: usize, rates: &Rates) -> f64 {
        let late = |rate: &f64| situation.ahead.bits[rung] / rate.exp() + situation.latency > situation.buffered;
        rates.iter().zip(MASS).filter(|(rate, _)| late(rate)).map(|(_, mass)| mass).sum()
    }

    fn score(&self, situation: &Situation<'_>, rung: usize, forecasts: &Forecasts) -> f64 {
        let bits = situation.ahead.bits[rung];
        let rates = self.rates_of(situation, rung, forecasts);
        let way_out = (!forecasts.running && rung > 0).then(|| WayOut::new(situation, rung, &rates));
        self.expect(situation, rung, bits, &rates, way_out) - switch(situation, rung)
    }

    fn score_of_rest(&self, situation: &Situation<'_>, running: &Running) -> f64 {
        let rates = self.rates(situation, running.rest(), true);
        let flowing = Situation { latency: 0.0, ..*situation };
        self.expect(&flowing, running.rung, running.rest(), &rates, None) - switch(situation, running.rung)
    }

    /// Utility, stalls and sequel of fetching `bits` in `rung` at these rates.
    fn expect(&self, situation: &Situation<'_>, rung: usize, bits: f64, rates: &Rates, way_out: Option<WayOut>) -> f64 {
        let title = situation.title;
        let mut costs = [0.0; OUTCOMES];
        let states: [State; OUTCOMES] = std::array::from_fn(|outcome| {
            let body = bits.max(1.0) / rates[outcome].exp();
            let whole = body + situation.latency;
            let (took, price) = way_out.map_or((whole, 0.0), |way_out| way_out.take(situation, whole, rates[outcome]));
            let stall = (took - situation.buffered).max(0.0);
            let mut link = *situation.link;
            link.add(rates[outcome], body);
            let limit = if title.live { situation.limit + stall } else { situation.limit };
            costs[outcome] = stall + price;
            State { link, buffered: ((situation.buffered - took).max(0.0) + title.segment).min(limit), limit }
        });
        let complexity = situation.ahead.complexity[rung];
        let after = After { rung, remaining: situation.remaining, latency: situation.latency, complexity };
        let values = self.worth.of(title, &after, &states);
        let Preferences { discount, stall: weight, .. } = Preferences::of(title.live);
        let outcomes = values.iter().zip(costs).zip(MASS);
        let sequel = outcomes.map(|((value, cost), mass)| mass * (discount * value - weight * cost));
        title.utility[rung] + sequel.sum::<f64>()
    }
}

/// Giving a transfer up that goes badly, as it looks before it has begun.
///
/// Without it a rung would be charged stalls that nobody would sit out. A transfer that is running is judged without:
/// for it the question is asked in earnest, and who counts on a later chance never takes the present one.
#[derive(Clone, Copy)]
struct WayOut {
    /// Seconds from the request until it is taken.
    taken_at: f64,
    /// Bits of the segment in the lowest rung.
    bits: f64,
    /// What it costs in utility.
    price: f64,
}

impl WayOut {
    fn new(situation: &Situation<'_>, rung: usize, rates: &Rates) -> Self {
        let median = situation.ahead.bits[rung] / rates[MEDIAN].exp();
        let noticed = (NOTICED + NOTICED_MEDIANS * median).min(situation.buffered.max(NOTICED));
        Self {
            taken_at: situation.latency + noticed,
            bits: situation.ahead.bits[0].max(1.0),
            price: THERE_AND_BACK * situation.title.step(rung, 0),
        }
    }

    /// When the segment is there and what that costs beside a stall; `whole` and nothing where that is better.
    fn take(self, situation: &Situation<'_>, whole: f64, rate: f64) -> (f64, f64) {
        let there = self.taken_at + situation.latency + self.bits / rate.exp();
        let saved = whole - there.max(situation.buffered);
        if whole > situation.buffered && self.price < saved { (there, self.price) } else { (whole, 0.0) }
    }
}

/// What is taken from the scores of rungs above the present one that a steady link does not carry; `None` where there are
/// none.
///
/// What lies between two rungs is used by going up and down between them, which on a link that never changes is a picture
/// that never rests. There the buffer is filled first, so that the higher rung lasts; in live, where there is none to
/// fill, it has to promise more.
fn hesitation(situation: &Situation<'_>) -> Option<PerRung> {
    let (title, before) = (situation.title, situation.before?);
    let rate = situation.link.agreed(STEADY)?;
    let filled = !title.live && situation.buffered >= FILLED * situation.limit;
    let is_too_much = |rung: usize| (before + 1..title.rungs).contains(&rung) && title.rate[rung] > rate;
    let step = |rung| if is_too_much(rung) { -HESITATION * title.step(before, rung) } else { 0.0 };
    (!filled).then(|| std::array::from_fn(step))
}

fn switch(situation: &Situation<'_>, rung: usize) -> f64 {
    let Preferences { switch, .. } = Preferences::of(situation.title.live);
    situation.before.map_or(0.0, |before| switch * situation.title.step(before, rung))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(scores: &[f64], from: usize) -> (usize, usize) {
        let mut found = Scores { scores: [None; MOST_RUNGS], best: from };
        found.search(from, scores.len(), |rung| scores[rung]);
        (found.best, found.scores.iter().flatten().count())
    }

    #[test]
    fn the_search_finds_the_hill_and_stops_behind_it() {
        let hill = [0.0, 1.0, 2.0, 3.0, 2.5, 2.0, 1.0, 0.5, 0.2, 0.1];
        for from in 0..hill.len() {
            assert_eq!(searched(&hill, from).0, 3, "from {from}");
        }
        assert!(searched(&hill, 3).1 <= 5);
        assert_eq!(searched(&[1.0], 0), (0, 1));
        assert_eq!(searched(&[1.0, 0.9, 1.1], 0).0, 2, "one bad rung is no end");
    }
}
