//! Situations to learn from, and what comes after them.

use super::returns::{GROUP, Returns};
use super::world::{Moment, World};
use crate::engine::policy::{Policy, Preferences};
use crate::engine::title::Title;
use crate::engine::worth::inputs;
use crate::sim::split_mix::SplitMix;
use crate::sim::{Content, Recording, parallel};

/// Sessions that take longer to a situation, or from it on, stand still; in seconds.
pub(super) const STANDSTILL: f64 = 4_000.0;
pub(super) const LONG: f64 = 900.0;
/// Returns beyond these are no different from them.
pub(super) const WORST: f64 = -25.0;
pub(super) const BEST: f64 = 40.0;
/// Buffers of players, in seconds, and how far behind the edge they play, in segments.
const BUFFERS: [f64; 5] = [15.0, 30.0, 30.0, 45.0, 60.0];
const BEHIND: [f64; 4] = [2.0, 3.0, 3.0, 4.0];
/// Share of situations from titles and recordings as they are, and the buffers and delay there.
pub(super) const AS_IT_IS: f64 = 0.6;
const PLAIN_BUFFERS: [f64; 3] = [30.0, 30.0, 60.0];
const PLAIN_BEHIND: f64 = 3.0;
/// Situations that could not be reached are drawn anew, so often at most.
pub(super) const TRIES: u64 = 64;

/// What situations are made of.
pub(super) struct Situations<'a> {
    pub(super) sources: &'a [Vec<&'a Recording>],
    pub(super) titles: &'a [Content],
    /// So many of them, the first, are given ones.
    pub(super) given: usize,
}

impl Situations<'_> {
    /// Plays to `count` situations and on from each with [`GROUP`] buffers and rungs, for `horizon` segments.
    pub(super) fn play(&self, policy: &Policy<'_>, live: bool, (count, horizon): (usize, usize), seed: u64) -> Returns {
        let seeds: Vec<u64> = {
            let mut random = SplitMix::new(seed);
            (0..count).map(|_| random.next()).collect()
        };
        let groups = parallel(&seeds, None, |seed| {
            (0..TRIES)
                .find_map(|attempt| self.group(policy, live, horizon, &mut SplitMix::new(seed.wrapping_add(attempt))))
        });
        let mut returns = Returns::default();
        groups.into_iter().flatten().for_each(|group| returns.append(&group));
        returns
    }

    /// The returns of one situation; `None` where it could not be reached.
    fn group(&self, policy: &Policy<'_>, live: bool, horizon: usize, random: &mut SplitMix) -> Option<Returns> {
        let world = if random.happens(AS_IT_IS) { self.plain_world(live, random)? } else { self.world(live, random) };
        let reached = reach(&world, policy, random)?;
        let (rung, after) = (reached.rung?, world.after(&reached)?);
        let mut returns = Returns::default();
        for index in 0..GROUP {
            let moment = if index == 0 { reached.clone() } else { vary(&world, &reached, rung, random) };
            // The ladder's complexity is that of the rung which was really fetched.
            let after = crate::engine::worth::After { rung: moment.rung.unwrap_or(rung), ..after };
            let seen = inputs(&world.title, &after, &world.state(&moment));
            returns.push(seen, play_on(&world, policy, moment, horizon) as f32);
        }
        Some(returns)
    }

    /// A given title from its beginning over a recording from its beginning; `None` where the link carries everything
    /// or nothing.
    pub(super) fn plain_world(&self, live: bool, random: &mut SplitMix) -> Option<World<'_>> {
        let source = &self.sources[random.below(self.sources.len())];
        let recording = source[random.below(source.len())];
        let content = &self.titles[random.below(self.given)];
        let segment = content.segment().as_secs_f64();
        let title = Title::with_blend(content.ladder(), 0, logarithmic(random)).timed(segment, live, 1.0);
        let mean = recording.trace.mean_rate().ln();
        let fits = mean > title.rate[0] + 0.2 && mean < title.rate[title.top()] + 1.3;
        fits.then(|| World {
            limit: if live { PLAIN_BEHIND * segment } else { PLAIN_BUFFERS[random.below(PLAIN_BUFFERS.len())] },
            title,
            content,
            start: 0,
            segments: content.segments(),
            trace: &recording.trace,
            factor: 1.0,
            offset: 0.0,
            sizes_known: random.happens(0.75),
        })
    }

    /// A recording, a title and a viewer who goes with neither or both.
    pub(super) fn world(&self, live: bool, random: &mut SplitMix) -> World<'_> {
        let source = &self.sources[random.below(self.sources.len())];
        let recording = source[random.below(source.len())];
        let content = &self.titles[random.below(self.titles.len())];
        let segment = content.segment().as_secs_f64();
        let limit = if live {
            BEHIND[random.below(BEHIND.len())] * segment
        } else {
            BUFFERS[random.below(BUFFERS.len())].max(2.5 * segment)
        };
        let title = Title::with_blend(content.ladder(), 0, logarithmic(random)).timed(segment, live, 1.0);
        let factor = factor(&title, recording.trace.mean_rate().ln(), random);
        let short = random.happens(0.3);
        World {
            title,
            content,
            start: random.below(content.segments()),
            segments: if short { 20 + random.below(40) } else { 60 + random.below(140) },
            trace: &recording.trace,
            factor,
            offset: if random.happens(0.5) { 0.0 } else { random.unit() * recording.trace.period() },
            limit,
            sizes_known: random.happens(0.75),
        }
    }
}

/// Share of the logarithm in the utility: viewers differ, and a value that knows both ends knows what lies between.
fn logarithmic(random: &mut SplitMix) -> f64 {
    match random.below(4) {
        0 => 0.0,
        1 => 1.0,
        _ => random.unit(),
    }
}

/// Brings a recording near the ladder: where the link carries everything or nothing, there is nothing to learn. Some
/// that are near already stay as they were recorded.
fn factor(title: &Title, mean: f64, random: &mut SplitMix) -> f64 {
    let (lowest, top) = (title.rate[0], title.rate[title.top()]);
    let target = lowest + (top - lowest) * (1.5 * random.unit() - 0.25);
    let near = mean > lowest && mean < top + 0.7;
    if random.happens(0.4) && near { 1.0 } else { (target - mean).exp() }
}

/// Plays some segments, mostly as the policy wants.
pub(super) fn reach(world: &World<'_>, policy: &Policy<'_>, random: &mut SplitMix) -> Option<Moment> {
    let early = random.happens(0.25);
    let far = if random.happens(0.7) { 60 } else { 195 };
    let segments = 1 + random.below(if early { 3 } else { (world.segments - 2).min(far) });
    let whims = 0.15 * random.unit();
    let mut moment = Moment::BEGINNING;
    for _ in 0..segments {
        world.wait(&mut moment);
        let whim = random.happens(whims);
        let rung = if whim { random.below(world.title.rungs) } else { world.decide(policy, &moment) };
        world.fetch(policy, &mut moment, rung);
        if moment.time > STANDSTILL {
            return None;
        }
    }
    (!moment.link.is_empty()).then_some(moment)
}

/// The same moment with another buffer and another rung.
fn vary(world: &World<'_>, moment: &Moment, rung: usize, random: &mut SplitMix) -> Moment {
    let (segment, limit, top) = (world.title.segment, world.limit(moment), world.title.top());
    let near = random.happens(0.4);
    let buffered = if near {
        (moment.buffered + 3.0 * segment * (random.unit() - 0.5)).max(0.9 * segment).min(limit)
    } else {
        segment + (limit - segment) * random.unit()
    };
    let rung = if random.happens(0.6) {
        (rung as f64 + (1.5 * random.normal()).round()).clamp(0.0, top as f64) as usize
    } else {
        random.below(top + 1)
    };
    moment.with(buffered, rung)
}

/// The discounted sum of what the next segments are worth, and of what is estimated to follow.
fn play_on(world: &World<'_>, policy: &Policy<'_>, mut moment: Moment, horizon: usize) -> f64 {
    let begun = moment.time;
    let discount = Preferences::of(world.title.live).discount;
    let (mut sum, mut weight) = (0.0_f64, 1.0);
    for _ in 0..horizon {
        if moment.segment >= world.segments || moment.time - begun > LONG {
            return sum.clamp(WORST, BEST);
        }
        world.wait(&mut moment);
        let rung = world.decide(policy, &moment);
        sum += weight * world.fetch(policy, &mut moment, rung);
        weight *= discount;
    }
    if let Some(after) = world.after(&moment).filter(|_| moment.segment < world.segments) {
        let state = world.state(&moment);
        sum += weight * policy.worth.of(&world.title, &after, &std::array::from_fn(|_| state))[0];
    }
    sum.clamp(WORST, BEST)
}
