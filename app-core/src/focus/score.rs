//! Which of several places lies best in a direction.
//!
//! Five times the distance along the direction plus the distance across it, both between facing edges; divided by five
//! if at least a fifth of the shorter edge faces the other. Rule and numbers are those of Norigin's spatial navigation,
//! which many television applications use, so that arrows go where hands expect. It takes a fifth of the edge one comes
//! from; between a long bar and the buttons below it nothing would face anything then.

use egui::Rect;

/// Where an arrow points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
    Left,
    Right,
}

/// Weight of the distance along the direction.
const ALONG: f32 = 5.0;
/// What a place that is faced is divided by.
const FACED: f32 = 5.0;
/// Share of the shorter edge that must be faced.
const SLICE: f32 = 0.2;

impl Direction {
    pub(super) fn is_vertical(self) -> bool {
        matches!(self, Self::Up | Self::Down)
    }
}

/// How far `to` is from `from` in a direction; less is better.
pub(super) fn distance(from: Rect, to: Rect, direction: Direction) -> f32 {
    let along = match direction {
        Direction::Up => from.top() - to.bottom(),
        Direction::Down => to.top() - from.bottom(),
        Direction::Left => from.left() - to.right(),
        Direction::Right => to.left() - from.right(),
    };
    let (ours, theirs) =
        if direction.is_vertical() { (from.x_range(), to.x_range()) } else { (from.y_range(), to.y_range()) };
    // A bar as wide as the screen is above each of the buttons below it, and faces them all.
    let within =
        (ours.min <= theirs.min && theirs.max <= ours.max) || (theirs.min <= ours.min && ours.max <= theirs.max);
    let edges = [ours.min - theirs.min, ours.min - theirs.max, ours.max - theirs.min, ours.max - theirs.max]
        .into_iter()
        .map(f32::abs)
        .fold(f32::MAX, f32::min);
    let across = if within { 0.0 } else { edges };
    let overlap = (ours.max.min(theirs.max) - ours.min.max(theirs.min)).max(0.0);
    let faced = overlap >= SLICE * (ours.max - ours.min).min(theirs.max - theirs.min);
    (along.abs() * ALONG + across) / if faced { FACED } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    fn at(x: f32, y: f32) -> Rect {
        Rect::from_min_size(pos2(x, y), vec2(100.0, 50.0))
    }

    #[test]
    fn what_is_faced_wins_over_what_is_nearer() {
        let from = at(0.0, 0.0);
        assert!(distance(from, at(50.0, 90.0), Direction::Down) < distance(from, at(110.0, 60.0), Direction::Down));
        assert!(distance(from, at(140.0, 0.0), Direction::Right) < distance(from, at(110.0, 55.0), Direction::Right));
    }

    #[test]
    fn a_sliver_is_not_faced() {
        let from = at(0.0, 0.0);
        let sliver = distance(from, at(81.0, 100.0), Direction::Down);
        let fifth = distance(from, at(80.0, 100.0), Direction::Down);
        assert!(sliver > 4.0 * fifth, "{sliver} {fifth}");
    }

    #[test]
    fn a_bar_faces_all_that_is_below_it() {
        let bar = Rect::from_min_size(pos2(0.0, 0.0), vec2(900.0, 5.0));
        let below = [100.0, 500.0, 800.0].map(|x| distance(bar, at(x, 20.0), Direction::Down));
        assert_eq!(below, [15.0; 3]);
        assert_eq!(distance(at(500.0, 20.0), bar, Direction::Up), 15.0);
    }

    #[test]
    fn the_distance_is_between_facing_edges() {
        // 5 × 20 along, nothing across, divided by 5.
        assert_eq!(distance(at(0.0, 0.0), at(0.0, 70.0), Direction::Down), 20.0);
        assert_eq!(distance(at(0.0, 70.0), at(0.0, 0.0), Direction::Up), 20.0);
        assert_eq!(distance(at(0.0, 0.0), at(130.0, 0.0), Direction::Right), 30.0);
        assert_eq!(distance(at(130.0, 0.0), at(0.0, 0.0), Direction::Left), 30.0);
        // 5 × 20 along and 200 across.
        assert_eq!(distance(at(0.0, 0.0), at(300.0, 70.0), Direction::Down), 300.0);
    }
}
