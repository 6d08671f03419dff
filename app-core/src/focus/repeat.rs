//! A held arrow: when it begins to repeat, and how fast.
//!
//! Keyboards, remote controls and compositors repeat at speeds of their own, between never and thirty a second. Their
//! repetitions are left out and made here, the same for all.

use super::Step;

/// A key is held after this long, in seconds.
const DELAY: f64 = 0.35;
/// Steps a second.
const RATE: f64 = 12.0;
/// Lists longer than this are gone through faster.
const LONG: usize = 40;
/// Steps a second there, after one second and after two.
const FASTER: [f64; 2] = [24.0, 40.0];
/// A frame that took long makes up for no more steps than this: the focus must not run on.
const MOST: u32 = 3;

/// The arrow that is held, if any. Times in seconds of the interface's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Repeat {
    held: Option<Held>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    step: Step,
    since: f64,
    next: f64,
}

impl Repeat {
    /// A key went down; its first step is the caller's.
    pub(crate) fn press(&mut self, step: Step, now: f64) {
        self.held = Some(Held { step, since: now, next: now + DELAY });
    }

    /// A key came up. That of another step changes nothing: fingers overlap.
    pub(crate) fn release(&mut self, step: Step) {
        if self.held.is_some_and(|held| held.step == step) {
            self.held = None;
        }
    }

    /// Nothing is held, whatever is heard of keys: the window lost them, or another screen came.
    pub(crate) fn clear(&mut self) {
        self.held = None;
    }

    /// What is held.
    pub(crate) fn held(&self) -> Option<Step> {
        self.held.map(|held| held.step)
    }

    /// Steps that are due in a list of so many items.
    pub(crate) fn due(&mut self, now: f64, items: usize) -> Option<(Step, u32)> {
        let held = self.held.as_mut()?;
        let rate = match now - held.since - DELAY {
            _ if items <= LONG => RATE,
            ..1.0 => RATE,
            ..2.0 => FASTER[0],
            _ => FASTER[1],
        };
        let mut count = 0;
        while held.next <= now {
            held.next += 1.0 / rate;
            count += 1;
        }
        (count > 0).then_some((held.step, count.min(MOST)))
    }

    /// When the next step is due.
    pub(crate) fn due_at(&self) -> Option<f64> {
        self.held.map(|held| held.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(until: f64, items: usize) -> u32 {
        let mut repeat = Repeat::default();
        repeat.press(Step::Right, 0.0);
        (0..(until * 100.0) as u32).filter_map(|i| repeat.due(f64::from(i) / 100.0, items)).map(|(_, n)| n).sum()
    }

    #[test]
    fn a_held_key_waits_and_then_steps_twelve_times_a_second() {
        assert_eq!(steps(0.35, 10), 0);
        assert_eq!(steps(0.37, 10), 1);
        assert!((12..=13).contains(&steps(1.36, 10)), "{}", steps(1.36, 10));
        assert!((36..=38).contains(&steps(3.36, 10)), "{}", steps(3.36, 10));
    }

    #[test]
    fn long_lists_are_gone_through_faster() {
        assert!(steps(4.36, 41) > 2 * steps(4.36, 40), "{} {}", steps(4.36, 41), steps(4.36, 40));
    }

    #[test]
    fn a_slow_frame_does_not_let_the_focus_run_on() {
        let mut repeat = Repeat::default();
        repeat.press(Step::Down, 0.0);
        assert_eq!(repeat.due(20.0, 10), Some((Step::Down, MOST)));
        assert_eq!(repeat.due(20.01, 10), None);
    }

    #[test]
    fn only_its_own_release_ends_it() {
        let mut repeat = Repeat::default();
        repeat.press(Step::Down, 0.0);
        repeat.release(Step::Up);
        assert_eq!(repeat.held(), Some(Step::Down));
        repeat.release(Step::Down);
        assert_eq!((repeat.held(), repeat.due_at(), repeat.due(9.0, 9)), (None, None, None));
    }
}
