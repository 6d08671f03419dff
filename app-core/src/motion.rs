//! Movement that can be interrupted.
//!
//! A critically damped spring follows its target from wherever it is and with whatever speed it has, so a key pressed
//! in mid-animation never makes it jump or start over. egui's own animations restart linearly, which shows.

use crate::theme::wake;
use egui::{Context, Id};

/// Position and speed of something that moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spring {
    value: f32,
    velocity: f32,
    stepped_at: f64,
}

impl Spring {
    fn at(value: f32, now: f64) -> Self {
        Self { value, velocity: 0.0, stepped_at: now }
    }

    /// Moves towards `target` for `dt` seconds. `settle` is the time in seconds after which 98 % of the way is done.
    ///
    /// Exact solution of x'' = -2 w x' - w^2 (x - target), so the result does not depend on the frame rate.
    fn step(&mut self, target: f32, settle: f32, dt: f32) {
        // (1 + w t) e^(-w t) = 0.02 at w t = 5.83.
        let w = 5.83 / settle.max(0.001);
        let distance = self.value - target;
        let impulse = self.velocity + w * distance;
        let decay = (-w * dt).exp();
        self.value = target + (distance + impulse * dt) * decay;
        self.velocity = (self.velocity - w * impulse * dt) * decay;
    }

    fn is_at_rest(&self, target: f32, epsilon: f32) -> bool {
        (self.value - target).abs() < epsilon && self.velocity.abs() < epsilon * 10.0
    }
}

/// Durations of the design language, in seconds.
pub(crate) mod time {
    /// Ring, scale, colour of a label.
    pub(crate) const FOCUS: f32 = 0.14;
    /// A row or page sliding under the focus.
    pub(crate) const SLIDE: f32 = 0.26;
    /// A backdrop becoming visible.
    pub(crate) const CROSS_FADE: f32 = 0.30;
    /// Controls over the video appearing and going.
    pub(crate) const OSD_IN: f32 = 0.12;
    pub(crate) const OSD_OUT: f32 = 0.24;
    /// Sheets and menus.
    pub(crate) const SHEET: f32 = 0.20;
}

/// The value of the spring called `id` on its way to `target`. Asks for repaints only while it moves.
///
/// A spring seen for the first time starts at its target: what appears does not slide in from zero.
pub(crate) fn follow(ctx: &Context, id: Id, target: f32, settle: f32) -> f32 {
    follow_from(ctx, id, target, target, settle)
}

/// Like [`follow`], but a new spring starts at `start`.
pub(crate) fn follow_from(ctx: &Context, id: Id, start: f32, target: f32, settle: f32) -> f32 {
    let id = id.with("spring");
    let now = ctx.time();
    if !target.is_finite() {
        return start;
    }
    let still = ctx.global_style().animation_time == 0.0;
    let mut spring = ctx.data(|data| data.get_temp(id)).unwrap_or_else(|| Spring::at(start, now));
    if still {
        spring = Spring::at(target, now);
    } else {
        // After a pause in painting the clock has run on; the eye has not. One long step would be a jump.
        let dt = (now - spring.stepped_at).clamp(0.0, 0.05) as f32;
        spring.step(target, settle, dt);
        spring.stepped_at = now;
        let epsilon = 0.001 * (1.0 + target.abs().min(100.0));
        if spring.is_at_rest(target, epsilon) {
            spring = Spring::at(target, now);
        } else {
            wake(ctx);
        }
    }
    ctx.data_mut(|data| data.insert_temp(id, spring));
    spring.value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spring_arrives_in_time_without_overshooting() {
        let mut spring = Spring::at(0.0, 0.0);
        for _ in 0..14 {
            spring.step(1.0, 0.14, 0.01);
            assert!(spring.value <= 1.0);
        }
        assert!(spring.value > 0.97, "{}", spring.value);
    }

    #[test]
    fn the_frame_rate_does_not_change_the_movement() {
        let (mut coarse, mut fine) = (Spring::at(0.0, 0.0), Spring::at(0.0, 0.0));
        for _ in 0..5 {
            coarse.step(100.0, 0.2, 0.02);
        }
        for _ in 0..50 {
            fine.step(100.0, 0.2, 0.002);
        }
        assert!((coarse.value - fine.value).abs() < 0.1);
    }

    #[test]
    fn a_new_target_continues_from_where_it_is() {
        let mut spring = Spring::at(0.0, 0.0);
        spring.step(10.0, 0.2, 0.05);
        let before = spring.value;
        spring.step(-10.0, 0.2, 0.0001);
        assert!((spring.value - before).abs() < 0.1);
    }
}
