//! The ladder: the representations of one track that a controller may choose from.

use serde::{Deserialize, Serialize};

use crate::units::Bitrate;

/// Names a rung for as long as the presentation lives.
///
/// The caller gives the numbers, usually the index of the representation in the manifest. They stay the same when a
/// constraint removes other rungs, so a position in the ladder and an id are different things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RungId(pub u16);

/// One encoding of the track, as far as a decision needs to know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// The caller's stable name for it.
    pub id: RungId,
    /// Declared rate. Manifests declare the peak, and so do we understand it.
    pub bitrate: Bitrate,
    /// Mean rate where the manifest declares one as well.
    pub average: Option<Bitrate>,
    /// Width in pixels, zero where unknown or for sound.
    pub width: u32,
    /// Height in pixels, zero where unknown or for sound.
    pub height: u32,
    /// Frames per second where known.
    pub frame_rate: Option<f32>,
}

impl Rung {
    /// The rate this rung is planned with where segment sizes are unknown: half-way between mean and peak.
    ///
    /// The peak alone would waste a third of a typical variable-rate ladder, the mean alone would be late in every
    /// scene that matters; what lies above the half-way point is the buffer's job. A declared mean above the peak is a
    /// manifest's mistake and is ignored.
    pub fn planning_rate(&self) -> Bitrate {
        match self.average {
            Some(average) if average < self.bitrate && average > Bitrate::ZERO => {
                Bitrate::from_bps(average.bps() + (self.bitrate.bps() - average.bps()) / 2)
            }
            _ => self.bitrate,
        }
    }
}

/// Why a list of rungs is no ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LadderError {
    /// There was nothing to choose from.
    #[error("a ladder needs at least one rung")]
    Empty,
    /// Two rungs had the same id.
    #[error("rung id {} occurs twice", .0.0)]
    DuplicateId(RungId),
    /// A rung declared no bits at all, so nothing can be planned with it.
    #[error("rung {} declares a bitrate of zero", .0.0)]
    ZeroBitrate(RungId),
}

/// Rungs ordered by bitrate, lowest first; never empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Rung>", into = "Vec<Rung>")]
pub struct Ladder {
    rungs: Vec<Rung>,
}

impl Ladder {
    /// Orders the rungs by bitrate, then height, then id.
    ///
    /// # Errors
    /// [`LadderError`] where there are none, two share an id, or one has no bitrate.
    pub fn new(mut rungs: Vec<Rung>) -> Result<Self, LadderError> {
        if rungs.is_empty() {
            return Err(LadderError::Empty);
        }
        if let Some(rung) = rungs.iter().find(|r| r.bitrate == Bitrate::ZERO) {
            return Err(LadderError::ZeroBitrate(rung.id));
        }
        rungs.sort_by_key(|r| r.id);
        if let Some(pair) = rungs.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(LadderError::DuplicateId(pair[0].id));
        }
        rungs.sort_by_key(|r| (r.bitrate, r.height, r.id));
        Ok(Self { rungs })
    }

    /// For callers inside the crate that keep order and at least one rung.
    pub(crate) fn from_ordered(rungs: Vec<Rung>) -> Self {
        debug_assert!(!rungs.is_empty());
        Self { rungs }
    }

    /// The cheapest rung.
    pub fn lowest(&self) -> &Rung {
        self.rungs.first().expect("a ladder is never empty")
    }

    /// The most expensive rung.
    pub fn highest(&self) -> &Rung {
        self.rungs.last().expect("a ladder is never empty")
    }

    /// The rung of that id, if it is in the ladder.
    pub fn get(&self, id: RungId) -> Option<&Rung> {
        self.rungs.iter().find(|r| r.id == id)
    }

    /// The next cheaper rung; `None` at the bottom and for a rung that is not in the ladder.
    pub fn below(&self, id: RungId) -> Option<&Rung> {
        self.rungs.get(self.position(id)?.checked_sub(1)?)
    }

    /// The next more expensive rung; `None` at the top and for a rung that is not in the ladder.
    pub fn above(&self, id: RungId) -> Option<&Rung> {
        self.rungs.get(self.position(id)? + 1)
    }

    /// Counted from the bottom, which is zero.
    pub fn position(&self, id: RungId) -> Option<usize> {
        self.rungs.iter().position(|r| r.id == id)
    }

    /// Lowest first; reversible.
    pub fn iter(&self) -> std::slice::Iter<'_, Rung> {
        self.rungs.iter()
    }

    /// How many rungs; at least one.
    #[expect(clippy::len_without_is_empty, reason = "a ladder is never empty")]
    pub fn len(&self) -> usize {
        self.rungs.len()
    }

    /// Lowest first.
    pub fn rungs(&self) -> &[Rung] {
        &self.rungs
    }

    /// What a viewer calls the rung: `1080p`; with the bitrate where two rungs share a height; the bitrate alone where
    /// the height is unknown.
    pub fn label(&self, id: RungId) -> String {
        let Some(rung) = self.get(id) else {
            return format!("rung {}", id.0);
        };
        if rung.height == 0 {
            return rung.bitrate.to_string();
        }
        if self.rungs.iter().any(|other| other.id != id && other.height == rung.height) {
            return format!("{}p at {}", rung.height, rung.bitrate);
        }
        format!("{}p", rung.height)
    }
}

impl<'a> IntoIterator for &'a Ladder {
    type Item = &'a Rung;
    type IntoIter = std::slice::Iter<'a, Rung>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl TryFrom<Vec<Rung>> for Ladder {
    type Error = LadderError;
    fn try_from(rungs: Vec<Rung>) -> Result<Self, Self::Error> {
        Self::new(rungs)
    }
}

impl From<Ladder> for Vec<Rung> {
    fn from(ladder: Ladder) -> Self {
        ladder.rungs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(id: u16, kbps: u64, height: u32) -> Rung {
        Rung {
            id: RungId(id),
            bitrate: Bitrate::from_kbps(kbps),
            average: None,
            width: height * 16 / 9,
            height,
            frame_rate: None,
        }
    }

    #[test]
    fn ids_stay_and_order_is_by_bitrate() {
        let ladder = Ladder::new(vec![rung(0, 4000, 1080), rung(1, 400, 240), rung(2, 2000, 720)]).unwrap();
        assert_eq!(ladder.iter().map(|r| r.id.0).collect::<Vec<_>>(), [1, 2, 0]);
        assert_eq!(ladder.lowest().id, RungId(1));
        assert_eq!(ladder.highest().id, RungId(0));
        assert_eq!(ladder.above(RungId(1)).unwrap().id, RungId(2));
        assert_eq!(ladder.below(RungId(0)).unwrap().id, RungId(2));
        assert!(ladder.below(RungId(1)).is_none());
        assert!(ladder.above(RungId(0)).is_none());
        assert!(ladder.above(RungId(9)).is_none());
        assert_eq!(ladder.position(RungId(0)), Some(2));
        assert_eq!(ladder.get(RungId(9)), None);
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(Ladder::new(vec![]), Err(LadderError::Empty));
        assert_eq!(Ladder::new(vec![rung(3, 1, 1), rung(3, 2, 2)]), Err(LadderError::DuplicateId(RungId(3))));
        assert_eq!(Ladder::new(vec![rung(4, 0, 1)]), Err(LadderError::ZeroBitrate(RungId(4))));
        assert_eq!(LadderError::DuplicateId(RungId(3)).to_string(), "rung id 3 occurs twice");
        assert!(serde_json::from_str::<Ladder>("[]").is_err());
    }

    #[test]
    fn labels_say_what_differs() {
        let ladder = Ladder::new(vec![rung(0, 400, 240), rung(1, 2000, 720), rung(2, 3000, 720), rung(3, 64, 0)]);
        let ladder = ladder.unwrap();
        assert_eq!(ladder.label(RungId(0)), "240p");
        assert_eq!(ladder.label(RungId(2)), "720p at 3.0 Mbit/s");
        assert_eq!(ladder.label(RungId(3)), "64 kbit/s");
        assert_eq!(ladder.label(RungId(7)), "rung 7");
    }

    #[test]
    fn planning_lies_between_mean_and_peak() {
        let mut r = rung(0, 4000, 1080);
        assert_eq!(r.planning_rate(), Bitrate::from_kbps(4000));
        r.average = Some(Bitrate::from_kbps(3000));
        assert_eq!(r.planning_rate(), Bitrate::from_kbps(3500));
        r.average = Some(Bitrate::from_kbps(9000));
        assert_eq!(r.planning_rate(), Bitrate::from_kbps(4000));
        r.average = Some(Bitrate::ZERO);
        assert_eq!(r.planning_rate(), Bitrate::from_kbps(4000));
    }
}
