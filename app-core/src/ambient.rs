//! A picture that stands still burns in. After five minutes without a key or a moving picture the screen is dimmed, after
//! ten there is only the time of day beside a picture, drifting slowly; any key brings everything back.

use crate::{
    cx::{Cx, say},
    theme::Type,
    widgets::{
        picture::{self, Art},
        text,
    },
};
use egui::{Align2, CornerRadius, Id, Rect, Ui, Vec2, pos2, vec2};
use std::time::Duration;

/// Without a key for so long, in seconds: the screen is dimmed.
const DIM: f64 = 300.0;
/// And so long: only what drifts is left.
const DRIFT: f64 = 600.0;
/// What drifts moves this often.
const MOVES: Duration = Duration::from_millis(500);
/// A look at the clock so seldom costs nothing.
const NEVER: Duration = Duration::from_secs(3600);
/// How much of the screen's light the dimmed one has lost.
const DIMMED: f32 = 0.6;
/// The player's controls move sideways by so many pixels a minute, there and back within so many.
const SHIFT: f64 = 2.0;
const SHIFT_RANGE: f64 = 8.0;

/// How still it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Calm {
    #[default]
    Awake,
    Dim,
    Drifting,
}

/// Since when nothing happened. Times in seconds of the interface's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Ambient {
    still_since: f64,
    calm: Calm,
    /// As the viewer chose: nothing drifts.
    pub(crate) only_dims: bool,
}

impl Ambient {
    /// Takes notice of a frame: whether a key or the pointer was used, and whether a picture moves. Returns whether the
    /// viewer has just woken the screen, so that the key which did it does nothing else.
    pub(crate) fn frame(&mut self, now: f64, used: bool, moves: bool) -> bool {
        let woken = used && self.calm != Calm::Awake;
        if used || moves {
            self.still_since = now;
        }
        let still = now - self.still_since;
        self.calm = match () {
            () if still >= DRIFT && !self.only_dims => Calm::Drifting,
            () if still >= DIM => Calm::Dim,
            () => Calm::Awake,
        };
        woken
    }

    /// Nothing happened since a time.
    #[cfg(test)]
    pub(crate) fn still_since(still_since: f64) -> Self {
        Self { still_since, ..Self::default() }
    }

    pub(crate) fn calm(&self) -> Calm {
        self.calm
    }

    /// In how long it looks different.
    pub(crate) fn next(&self, now: f64) -> Duration {
        let after = match self.calm {
            Calm::Awake => self.still_since + DIM - now,
            Calm::Dim if self.only_dims => return NEVER,
            Calm::Dim => self.still_since + DRIFT - now,
            Calm::Drifting => return MOVES,
        };
        // A little later: a timer that fires early would be set again and again.
        Duration::try_from_secs_f64(after + 0.05).unwrap_or(MOVES)
    }
}

/// How far what stands still for hours has moved sideways, in units.
pub(crate) fn shift(now: f64, pixels_per_point: f32) -> f32 {
    let moved = (now.max(0.0) / 60.0).floor() * SHIFT % (2.0 * SHIFT_RANGE);
    (moved.min(2.0 * SHIFT_RANGE - moved) as f32) / pixels_per_point.max(0.5)
}

/// Where the upper left corner of what drifts is, as a share of the room it has.
fn drift(now: f64) -> Vec2 {
    // Two periods of minutes that have no common multiple worth waiting for.
    vec2((0.5 + 0.5 * (now / 61.0).sin()) as f32, (0.5 + 0.5 * (now / 43.0).cos()) as f32)
}

/// Lays itself over everything. `art` is the path and colour of a picture that fits.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, (calm, now): (Calm, f64), art: Option<(&str, Option<&str>)>) {
    let area = ui.ctx().content_rect();
    let ink = cx.theme.tokens.letterbox;
    match calm {
        Calm::Awake => return,
        Calm::Dim => {
            ui.painter().rect_filled(area, 0.0, ink.gamma_multiply(DIMMED));
            return;
        }
        Calm::Drifting => ui.painter().rect_filled(area, 0.0, ink),
    };
    let size = vec2(300.0, 220.0);
    let at = area.min + drift(now) * (area.size() - size).max(Vec2::ZERO);
    let card = Rect::from_min_size(at, vec2(size.x, size.x * 9.0 / 16.0));
    let painter = ui.painter().clone();
    if let Some((path, colour)) = art {
        let radius = CornerRadius::same(cx.theme.metrics.card_radius as u8);
        let art = Art { path: Some(path), colour, radius, brightness: 0.45, keep: Vec2::splat(0.5) };
        picture::paint(ui, cx, &painter, card, &art);
    }
    let time = cx.clock.clone().unwrap_or_default();
    let place = (pos2(card.left(), card.bottom() + 8.0), Align2::LEFT_TOP);
    let line = text::line(&painter, &cx.theme, place, &time, (Type::Title, cx.theme.tokens.text_3));
    say(ui, Id::unique("ambient"), line, &time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_screen_dims_after_five_minutes_and_drifts_after_ten() {
        let mut ambient = Ambient::default();
        ambient.frame(100.0, true, false);
        for (now, calm) in [
            (399.0, Calm::Awake),
            (400.0, Calm::Dim),
            (699.0, Calm::Dim),
            (700.0, Calm::Drifting),
            (9e6, Calm::Drifting),
        ] {
            assert!(!ambient.frame(now, false, false));
            assert_eq!(ambient.calm(), calm, "{now}");
        }
        assert!(ambient.frame(9e6, true, false), "the key wakes, and does no more");
        assert_eq!(ambient.calm(), Calm::Awake);
        assert!(!ambient.frame(9e6 + 1.0, true, false), "the next one does");
    }

    #[test]
    fn who_wants_nothing_to_drift_has_a_dimmed_screen() {
        let mut ambient = Ambient { only_dims: true, ..Ambient::default() };
        for now in [DIM, DRIFT, 1e6] {
            ambient.frame(now, false, false);
            assert_eq!((ambient.calm(), ambient.next(now)), (Calm::Dim, NEVER));
        }
    }

    #[test]
    fn a_film_is_never_dimmed_and_its_pause_counts_from_its_beginning() {
        let mut ambient = Ambient::default();
        for now in 0..4000 {
            ambient.frame(f64::from(now), false, true);
            assert_eq!(ambient.calm(), Calm::Awake);
        }
        ambient.frame(4200.0, false, false);
        assert_eq!(ambient.calm(), Calm::Awake);
        ambient.frame(4299.0, false, false);
        assert_eq!(ambient.calm(), Calm::Dim);
    }

    #[test]
    fn the_timer_is_set_for_the_next_change_alone() {
        let mut ambient = Ambient::default();
        ambient.frame(0.0, true, false);
        let mut now = 0.0;
        let mut frames = 0;
        while ambient.calm() != Calm::Drifting {
            now += ambient.next(now).as_secs_f64();
            ambient.frame(now, false, false);
            frames += 1;
        }
        assert_eq!(frames, 2, "no frame in between");
        assert_eq!(ambient.next(now), MOVES);
    }

    #[test]
    fn what_drifts_stays_on_the_screen_and_nowhere_long() {
        let places: Vec<Vec2> = (0..7200).map(|second| drift(f64::from(second))).collect();
        assert!(places.iter().all(|at| (0.0..=1.0).contains(&at.x) && (0.0..=1.0).contains(&at.y)));
        let cells: std::collections::HashSet<(i32, i32)> =
            places.iter().map(|at| ((at.x * 9.99) as i32, (at.y * 9.99) as i32)).collect();
        assert!(cells.len() > 80, "{} of 100", cells.len());
    }

    #[test]
    fn controls_move_two_pixels_a_minute_and_come_back() {
        assert_eq!([0.0, 59.0, 60.0, 240.0, 300.0, 480.0].map(|now| shift(now, 1.0)), [0.0, 0.0, 2.0, 8.0, 6.0, 0.0]);
        assert_eq!(shift(60.0, 2.0), 1.0);
    }
}
