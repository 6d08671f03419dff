//! Rungs that were left downwards too often are avoided for a while.
//!
//! ```text
//! of the last 8 choices, for each rung: how often it was left for a lower one (drops), and how often not
//! from the lowest rung up, add both; where drops + others >= 8 and drops / others > 0.075, this rung is too high:
//!     allow the one below it, if it was itself left downwards, or it
//! ```

use std::collections::VecDeque;

/// Choices remembered, and needed for a verdict.
const DEPTH: usize = 8;
/// Drops for each other choice, above which a rung is too high.
const THRESHOLD: f64 = 0.075;

/// The last choices.
#[derive(Clone, Debug)]
pub(super) struct SwitchHistory {
    /// Oldest first: the position that was left, and whether for a lower one.
    choices: VecDeque<(usize, bool)>,
}

impl SwitchHistory {
    pub(super) fn new() -> Self {
        Self { choices: VecDeque::with_capacity(DEPTH) }
    }

    /// After a segment at `before` comes one at `after`.
    pub(super) fn push(&mut self, before: usize, after: usize) {
        if self.choices.len() == DEPTH {
            self.choices.pop_front();
        }
        self.choices.push_back((before, after < before));
    }

    /// The highest position that is allowed, at most `top`.
    pub(super) fn limit(&self, top: usize) -> usize {
        let (mut drops, mut others) = (0, 0);
        for position in 0..=top {
            let here = self.choices.iter().filter(|(left, _)| *left == position);
            let (dropped, all) = here.fold((0, 0), |(dropped, all), (_, drop)| (dropped + usize::from(*drop), all + 1));
            drops += dropped;
            others += all - dropped;
            let too_many = drops as f64 > THRESHOLD * others as f64;
            if all > 0 && drops + others >= DEPTH && too_many {
                return if dropped > 0 { position.saturating_sub(1) } else { position };
            }
        }
        top
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rung_that_was_dropped_is_avoided_until_that_is_forgotten() {
        let mut history = SwitchHistory::new();
        (0..7).for_each(|_| history.push(2, 2));
        history.push(2, 1);
        assert_eq!(history.limit(3), 1, "one of eight is more than 0.075");
        history.push(1, 1);
        assert_eq!(history.limit(3), 1);
        (0..6).for_each(|_| history.push(1, 1));
        assert_eq!(history.limit(3), 1, "the drop is still among the last eight");
        history.push(1, 2);
        assert_eq!(history.limit(3), 3);
    }

    #[test]
    fn seven_choices_say_nothing() {
        let mut history = SwitchHistory::new();
        (0..7).for_each(|_| history.push(3, 0));
        assert_eq!(history.limit(3), 3);
    }

    #[test]
    fn drops_of_lower_rungs_count_for_higher_ones() {
        let mut history = SwitchHistory::new();
        history.push(1, 0);
        (0..7).for_each(|_| history.push(2, 2));
        assert_eq!(history.limit(3), 2, "not left itself, so it may stay");
    }
}
