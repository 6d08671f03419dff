//! A controller's wish to wait before the next request, within bounds.
//!
//! Some controllers would rather wait for a fuller view of the network than fetch what they may regret. They are asked
//! again when the time has come, but a wish must not starve anybody: it lasts no longer than what is buffered beyond a
//! reserve, and a controller that only ever asks to wait is carried out the next time.

use std::time::Duration;

/// As often as the simulator lets a controller wait for one segment.
const MOST_WAITS: u32 = 64;

/// For one segment of one track.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hold {
    until: Option<Duration>,
    waits: u32,
}

impl Hold {
    /// Takes a wish to wait until `not_before`; says whether it is granted. `spare` is for how long playback can go on
    /// before it needs the segment.
    pub(super) fn grant(&mut self, not_before: Option<Duration>, now: Duration, spare: Duration) -> bool {
        let until = not_before.map(|at| at.min(now.saturating_add(spare))).filter(|at| *at > now);
        self.until = until.filter(|_| self.waits < MOST_WAITS);
        self.waits += u32::from(self.until.is_some());
        self.until.is_some()
    }

    /// Is it waiting?
    pub(super) fn is_on(&self, now: Duration) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    /// When it ends.
    pub(super) fn until(&self) -> Option<Duration> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_wish_lasts_no_longer_than_the_buffer_can_spare() {
        let mut hold = Hold::default();
        assert!(hold.grant(Some(15 * SECOND), 10 * SECOND, 2 * SECOND));
        assert_eq!(hold.until(), Some(12 * SECOND));
        assert!(hold.is_on(11 * SECOND) && !hold.is_on(12 * SECOND));
        assert!(!hold.grant(Some(15 * SECOND), 12 * SECOND, Duration::ZERO), "nothing to spare");
        assert!(!hold.grant(Some(11 * SECOND), 12 * SECOND, SECOND), "long past");
        assert!(!hold.grant(None, 12 * SECOND, SECOND) && hold.until().is_none());
        assert!(hold.grant(Some(Duration::MAX), SECOND, Duration::MAX));
    }

    #[test]
    fn whoever_only_waits_is_not_asked_for_ever() {
        let mut hold = Hold::default();
        let granted = (0..1000).filter(|_| hold.grant(Some(2 * SECOND), SECOND, SECOND)).count();
        assert_eq!(granted, MOST_WAITS as usize);
    }
}
