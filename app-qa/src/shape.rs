//! Bandwidth over time: `5000` or `0:5000,10:600,25:5000` (seconds:kbit/s).

use abr::Bitrate;
use player_core::net::Shaper;
use std::str::FromStr;
use std::time::Duration;

/// Steps of a link's rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(Vec<(Duration, Bitrate)>);

/// Why a shape was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a shape: write kbit/s, or seconds:kbit/s steps such as 0:5000,10:600")]
pub struct ShapeError(String);

impl FromStr for Shape {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        let step = |part: &str| {
            let (at, rate) = part.split_once(':').unwrap_or(("0", part));
            let at = Duration::try_from_secs_f64(at.trim().parse().ok()?).ok()?;
            Some((at, Bitrate::from_kbps(rate.trim().parse().ok()?)))
        };
        let steps: Option<Vec<_>> = text.split(',').map(step).collect();
        let steps = steps.filter(|steps| steps.is_sorted_by_key(|(at, _)| *at));
        steps.map(Self).ok_or_else(|| ShapeError(text.to_owned()))
    }
}

impl Shape {
    /// A link with the first rate.
    pub fn shaper(&self) -> Shaper {
        Shaper::new(self.0.first().map_or(Bitrate::default(), |(_, rate)| *rate))
    }

    /// Changes the link's rate as time passes; ends with the last step.
    pub async fn run(self, shaper: Shaper) {
        let started = tokio::time::Instant::now();
        for (at, rate) in self.0 {
            tokio::time::sleep_until(started + at).await;
            shaper.set_rate(rate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_one_rate_or_steps_in_order() {
        assert_eq!("800".parse(), Ok(Shape(vec![(Duration::ZERO, Bitrate::from_kbps(800))])));
        let steps: Shape = "0:5000, 2.5:600".parse().unwrap();
        assert_eq!(steps.0[1], (Duration::from_millis(2500), Bitrate::from_kbps(600)));
        for bad in ["", "x", "5:1,2:1", "-1:5", "1:2:3"] {
            assert!(bad.parse::<Shape>().is_err(), "{bad}");
        }
    }
}
