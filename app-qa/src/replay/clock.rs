//! Recorded time, passing faster than it was recorded.

use std::time::Duration;
use tokio::time::Instant;

/// A clock that runs `speed` times as fast as the wall's. Everything that a session is told is in its time, so a link
/// that is `speed` times as fast, with waits that are `speed` times as short, is to the session the link as recorded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    started: Instant,
    speed: f64,
}

impl Clock {
    /// Starts now.
    pub(super) fn new(speed: f64) -> Self {
        Self { started: Instant::now(), speed }
    }

    /// Recorded time since the start.
    pub(super) fn now(&self) -> Duration {
        self.recorded(self.started.elapsed())
    }

    /// What a span of the wall clock is in recorded time.
    pub(super) fn recorded(&self, wall: Duration) -> Duration {
        wall.mul_f64(self.speed)
    }

    /// What a span of recorded time is on the wall clock.
    pub(super) fn wall(&self, recorded: Duration) -> Duration {
        recorded.div_f64(self.speed)
    }

    /// Waits until a recorded time.
    pub(super) async fn sleep_until(&self, at: Duration) {
        tokio::time::sleep_until(self.started + self.wall(at)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_scaled_both_ways() {
        let clock = Clock::new(8.0);
        assert_eq!(clock.recorded(Duration::from_millis(500)), Duration::from_secs(4));
        assert_eq!(clock.wall(Duration::from_secs(4)), Duration::from_millis(500));
    }
}
