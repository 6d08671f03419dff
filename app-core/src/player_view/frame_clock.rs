//! How long one picture lasts, measured from those that are shown: not every manifest says it, and none is always right.

use player_core::VideoFrame;

/// A measurement takes this many pictures.
const FRAMES: u64 = 12;
/// What a picture may last, in seconds: 240 to 5 a second.
const POSSIBLE: std::ops::RangeInclusive<f64> = 1.0 / 240.0..=0.2;
/// Until something was measured, in seconds: 25 a second.
const USUAL: f64 = 0.04;

/// Watches pictures go by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct FrameClock {
    /// Number, seek and time of the picture that a measurement began with.
    first: Option<(u64, u64, f64)>,
    /// Time of the newest picture, in seconds of the title.
    newest: Option<f64>,
    measured: Option<f64>,
}

impl FrameClock {
    /// Takes note of what is on screen.
    pub(crate) fn see(&mut self, frame: &VideoFrame) {
        let (number, seek, time) = (frame.sequence, frame.generation, frame.pts.as_secs_f64());
        self.newest = Some(time);
        match self.first {
            Some((first, same, began)) if same == seek && number >= first && number - first <= 20 * FRAMES => {
                if number - first >= FRAMES {
                    let each = (time - began) / (number - first) as f64;
                    if POSSIBLE.contains(&each) {
                        self.measured = Some(each);
                    }
                    self.first = Some((number, seek, time));
                }
            }
            _ => self.first = Some((number, seek, time)),
        }
    }

    /// How long a picture lasts, in seconds.
    pub(crate) fn each(&self) -> f64 {
        self.measured.unwrap_or(USUAL)
    }

    /// Pictures a second, once they were measured.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.measured.map(|each| 1.0 / each)
    }

    /// The middle of the picture that is shown, if it is near `position`; seconds of the title. A seek to the middle of a
    /// picture hits it whatever its times are rounded to.
    pub(crate) fn middle(&self, position: f64) -> f64 {
        let near = self.newest.filter(|time| (time - position).abs() < 1.0);
        near.unwrap_or(position) + self.each() / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use player_core::MediaTime;

    fn frame(number: u64, seconds: f64) -> VideoFrame {
        VideoFrame::from_rgba(number, MediaTime::from_secs_f64(seconds), (1, 1), vec![0; 4]).unwrap()
    }

    #[test]
    fn the_rate_is_measured_over_gaps_that_the_window_did_not_see() {
        let mut clock = FrameClock::default();
        assert_eq!((clock.each(), clock.rate()), (USUAL, None));
        for number in (0..60).step_by(5) {
            clock.see(&frame(number, number as f64 / 24.0));
        }
        assert!((clock.rate().unwrap() - 24.0).abs() < 0.01, "{clock:?}");
        let step = clock.middle(2.3) - 55.0 / 24.0;
        assert!((step - 0.5 / 24.0).abs() < 1e-6, "{step}");
        assert_eq!(clock.middle(500.0), 500.0 + clock.each() / 2.0, "a picture from elsewhere says nothing");
    }

    #[test]
    fn jumps_and_nonsense_are_not_measured() {
        let mut clock = FrameClock::default();
        for (number, seconds) in [(1, 0.0), (14, 500.0), (2, 0.0), (20, 0.0), (40, -9.0), (400, 400.0)] {
            clock.see(&frame(number, seconds));
        }
        assert_eq!(clock.rate(), None, "{clock:?}");
    }
}
