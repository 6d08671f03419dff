//! Caps on the ladder, each with its reason.
//!
//! Constraints are applied before a decision and not inside a rule, so no rule can forget one and every rule is tested
//! against the same small ladder it will meet.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ladder::{Ladder, Rung};
use crate::units::Bitrate;

/// Who asks for the cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConstraintReason {
    /// The picture is shown smaller than the representation is.
    Viewport,
    /// The decoder does not keep up with more, or does not take it.
    Decoder,
    /// The output is not protected well enough for more (HDCP level, security level of the licence).
    OutputProtection,
    /// The viewer's plan ends here.
    Plan,
    /// The viewer asked to save data.
    DataSaver,
    /// The network is metered.
    Metered,
    /// The device is too hot.
    Thermal,
    /// The viewer set a limit by hand.
    Viewer,
}

impl fmt::Display for ConstraintReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Viewport => "viewport",
            Self::Decoder => "decoder",
            Self::OutputProtection => "output protection",
            Self::Plan => "plan",
            Self::DataSaver => "data saver",
            Self::Metered => "metered network",
            Self::Thermal => "temperature",
            Self::Viewer => "viewer's limit",
        })
    }
}

/// A cap on height, on bitrate, or on both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// No taller than this, in pixels. For [`ConstraintReason::Viewport`] it is the height of the viewport, and the
    /// shortest rung that still covers it stays: scaling down looks better than scaling up. Rungs of unknown height
    /// are not touched.
    pub max_height: Option<u32>,
    /// No more bits than this, by the declared (peak) rate.
    pub max_bitrate: Option<Bitrate>,
    /// Who asks.
    pub reason: ConstraintReason,
}

impl Constraint {
    /// A cap on height in pixels.
    pub const fn height(max_height: u32, reason: ConstraintReason) -> Self {
        Self { max_height: Some(max_height), max_bitrate: None, reason }
    }

    /// A cap on the declared rate.
    pub const fn bitrate(max_bitrate: Bitrate, reason: ConstraintReason) -> Self {
        Self { max_height: None, max_bitrate: Some(max_bitrate), reason }
    }

    /// The tallest height that passes in this ladder.
    fn height_limit(&self, ladder: &Ladder) -> Option<u32> {
        let max = self.max_height?;
        match self.reason {
            ConstraintReason::Viewport => {
                ladder.iter().map(|r| r.height).filter(|height| *height >= max).min().or(Some(max))
            }
            _ => Some(max),
        }
    }
}

impl Ladder {
    /// The rungs that every constraint lets pass, and the reasons that took any away.
    ///
    /// The lowest rung always survives: a player that may show nothing at all is refused its licence or its manifest,
    /// not its ladder. Ids stay as they are.
    pub fn constrained(&self, constraints: &[Constraint]) -> (Self, Vec<ConstraintReason>) {
        let mut applied = Vec::new();
        let mut kept: Vec<Rung> = self.rungs().to_vec();
        for constraint in constraints {
            let height_limit = constraint.height_limit(self);
            let passes = |rung: &Rung| {
                height_limit.is_none_or(|max| rung.height <= max)
                    && constraint.max_bitrate.is_none_or(|max| rung.bitrate <= max)
            };
            if !self.iter().all(passes) && !applied.contains(&constraint.reason) {
                applied.push(constraint.reason);
            }
            kept.retain(passes);
        }
        if kept.is_empty() {
            kept.push(self.lowest().clone());
        }
        (Self::from_ordered(kept), applied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ladder::RungId;

    fn ladder() -> Ladder {
        let rungs = [(400, 240), (1200, 480), (2500, 720), (5000, 1080)];
        let rungs = rungs.iter().enumerate().map(|(i, (kbps, height))| Rung {
            id: RungId(i as u16),
            bitrate: Bitrate::from_kbps(*kbps),
            average: None,
            width: height * 16 / 9,
            height: *height,
            frame_rate: None,
        });
        Ladder::new(rungs.collect()).unwrap()
    }

    fn heights(constraints: &[Constraint]) -> (Vec<u32>, Vec<ConstraintReason>) {
        let (ladder, applied) = ladder().constrained(constraints);
        (ladder.iter().map(|r| r.height).collect(), applied)
    }

    #[test]
    fn each_cap_takes_what_it_says() {
        use ConstraintReason::{DataSaver, Decoder, OutputProtection, Plan, Viewport};
        assert_eq!(heights(&[]), (vec![240, 480, 720, 1080], vec![]));
        assert_eq!(heights(&[Constraint::height(720, Plan)]), (vec![240, 480, 720], vec![Plan]));
        assert_eq!(
            heights(&[Constraint::bitrate(Bitrate::from_kbps(1500), DataSaver)]),
            (vec![240, 480], vec![DataSaver])
        );
        // A cap above everything is not named, because it changed nothing.
        assert_eq!(heights(&[Constraint::height(2160, Decoder)]), (vec![240, 480, 720, 1080], vec![]));
        assert_eq!(
            heights(&[Constraint::height(720, OutputProtection), Constraint::height(480, Plan)]),
            (vec![240, 480], vec![OutputProtection, Plan])
        );
        // A viewport of 500 lines is covered by 720, not by 480.
        assert_eq!(heights(&[Constraint::height(500, Viewport)]), (vec![240, 480, 720], vec![Viewport]));
        assert_eq!(heights(&[Constraint::height(4000, Viewport)]), (vec![240, 480, 720, 1080], vec![]));
    }

    #[test]
    fn the_lowest_rung_always_survives() {
        assert_eq!(
            heights(&[Constraint::height(1, ConstraintReason::Thermal)]),
            (vec![240], vec![ConstraintReason::Thermal])
        );
        assert_eq!(heights(&[Constraint::bitrate(Bitrate::ZERO, ConstraintReason::Metered)]).0, [240]);
    }
}
