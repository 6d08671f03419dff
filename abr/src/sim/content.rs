//! What is played: a ladder and the size of every segment in every rung.

use std::time::Duration;

use super::ssim;
use crate::ladder::{Ladder, LadderError, Rung, RungId};
use crate::units::{Bitrate, ByteCount};

/// Why a description of content cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// A line that is not what the format says.
    #[error("line {line}: {problem}")]
    Line {
        /// Counted from one.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Something that must be there is not.
    #[error("there is no {0}")]
    Missing(&'static str),
    /// The rungs make no ladder.
    #[error(transparent)]
    Ladder(#[from] LadderError),
}

/// A title as the simulator knows it. Rungs are numbered by position, lowest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    ladder: Ladder,
    segment: Duration,
    /// By segment, then by rung.
    sizes: Vec<Vec<(RungId, ByteCount)>>,
    /// In decibels, by segment, then by rung.
    ssim: Vec<f64>,
}

impl Content {
    /// Segments in one file at most: a day of two-second segments.
    pub const MAX_SEGMENTS: usize = 43_200;

    /// `bits` holds the size of each segment in each rung, rungs by rising bitrate; `bitrates` are their averages.
    ///
    /// # Errors
    /// [`ContentError`] where the numbers do not fit together.
    pub fn new(segment: Duration, rungs: Vec<Rung>, bits: &[Vec<f64>]) -> Result<Self, ContentError> {
        if segment.is_zero() {
            return Err(ContentError::Missing("segment duration"));
        }
        if bits.is_empty() {
            return Err(ContentError::Missing("segment"));
        }
        let ladder = Ladder::new(rungs)?;
        let mut sizes = Vec::with_capacity(bits.len());
        for (index, row) in bits.iter().enumerate() {
            let line = index + 1;
            if row.len() != ladder.len() {
                return Err(ContentError::Line { line, problem: "has not as many sizes as there are rungs" });
            }
            if row.iter().any(|bits| !(bits.is_finite() && *bits >= 8.0)) {
                return Err(ContentError::Line { line, problem: "has a size that is none" });
            }
            sizes.push(
                ladder.iter().zip(row).map(|(rung, bits)| (rung.id, ByteCount::new((bits / 8.0) as u64))).collect(),
            );
        }
        let ssim = ssim::qualities(&ladder, &sizes);
        Ok(Self { ladder, segment, sizes, ssim })
    }

    /// Reads the text form: `seg_ms N`, `kbps` with the average of each rung, `res` with `WxH` of each, then one line of
    /// sizes in bits for each segment.
    ///
    /// # Errors
    /// [`ContentError`], with the number of the line at fault.
    pub fn parse(text: &str) -> Result<Self, ContentError> {
        let (mut segment, mut kbps, mut resolutions) = (None, Vec::new(), Vec::new());
        let mut bits: Vec<Vec<f64>> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let fault = |problem| ContentError::Line { line: index + 1, problem };
            let line = line.split('#').next().unwrap_or_default().trim();
            let mut words = line.split_whitespace();
            match words.clone().next() {
                None => {}
                Some("seg_ms") => {
                    let millis =
                        words.nth(1).and_then(|word| word.parse().ok()).filter(|ms| (1..=600_000).contains(ms));
                    segment = Some(Duration::from_millis(millis.ok_or(fault("no duration in milliseconds"))?));
                }
                Some("kbps") => kbps = numbers(words.skip(1)).ok_or(fault("not a list of bitrates"))?,
                Some("res") => {
                    resolutions = words.skip(1).map(size).collect::<Option<_>>().ok_or(fault("not a list of WxH"))?;
                }
                Some(_) if bits.len() == Self::MAX_SEGMENTS => return Err(fault("more segments than any title has")),
                Some(_) => bits.push(numbers(words).ok_or(fault("not a list of sizes in bits"))?),
            }
        }
        let segment = segment.ok_or(ContentError::Missing("line seg_ms"))?;
        if kbps.is_empty() {
            return Err(ContentError::Missing("line kbps"));
        }
        let rungs = kbps.iter().enumerate().map(|(i, kbps)| {
            let (width, height) = resolutions.get(i).copied().unwrap_or_default();
            Rung {
                id: RungId(i as u16),
                bitrate: Bitrate::from_bps((kbps * 1e3) as u64),
                average: Some(Bitrate::from_bps((kbps * 1e3) as u64)),
                width,
                height,
                frame_rate: None,
            }
        });
        Self::new(segment, rungs.collect(), &bits)
    }

    /// The rungs.
    pub fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// How long each segment lasts.
    pub fn segment(&self) -> Duration {
        self.segment
    }

    /// How many segments there are; at least one.
    pub fn segments(&self) -> usize {
        self.sizes.len()
    }

    /// Size of each rung of a segment.
    pub fn sizes(&self, segment: usize) -> &[(RungId, ByteCount)] {
        &self.sizes[segment]
    }

    /// Bits of `segment` in the rung at `position` of the ladder.
    pub fn bits(&self, segment: usize, position: usize) -> f64 {
        self.sizes[segment][position].1.bytes() as f64 * 8.0
    }

    /// How near `segment` in the rung at `position` comes to what was filmed: structural similarity in decibels,
    /// `-10 log10(1 - SSIM)`. Nobody measured it on this title: it is what titles of such rungs and sizes were measured
    /// to have, by the model that `ssim.rs` describes. It knows nothing of the title after the cut of
    /// [`Self::truncated`].
    pub fn ssim_db(&self, segment: usize, position: usize) -> f64 {
        self.ssim[segment * self.ladder.len() + position]
    }

    /// Mean of [`Self::ssim_db`] over the segments.
    pub fn mean_ssim_db(&self, position: usize) -> f64 {
        let sum: f64 = (0..self.segments()).map(|segment| self.ssim_db(segment, position)).sum();
        sum / self.segments() as f64
    }

    /// The same title cut after `segments` segments.
    #[must_use]
    pub fn truncated(mut self, segments: usize) -> Self {
        self.sizes.truncate(segments.max(1));
        self
    }
}

fn numbers<'a>(words: impl Iterator<Item = &'a str>) -> Option<Vec<f64>> {
    words.map(|word| word.parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0)).collect()
}

fn size(word: &str) -> Option<(u32, u32)> {
    let (width, height) = word.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a film\nseg_ms 4000\nkbps 300 750\nres 320x180 640x360\n1200000 3000000\n1300000 2900000\n";

    #[test]
    fn reads_ladder_and_sizes() {
        let content = Content::parse(TEXT).unwrap();
        assert_eq!((content.segments(), content.segment()), (2, Duration::from_secs(4)));
        assert_eq!(content.bits(1, 0), 1.3e6);
        assert_eq!(content.ladder().label(RungId(1)), "360p");
    }

    #[test]
    fn nonsense_is_refused() {
        let fault = |from: &str, to: &str| Content::parse(&TEXT.replace(from, to)).unwrap_err().to_string();
        assert_eq!(fault("seg_ms 4000", ""), "there is no line seg_ms");
        assert_eq!(fault("seg_ms 4000", "seg_ms 0"), "line 2: no duration in milliseconds");
        assert_eq!(fault("kbps 300 750", "kbps 300 x"), "line 3: not a list of bitrates");
        assert_eq!(fault("320x180", "320"), "line 4: not a list of WxH");
        assert_eq!(fault("1300000 2900000", "1300000"), "line 2: has not as many sizes as there are rungs");
        assert_eq!(fault("1300000", "NaN"), "line 6: not a list of sizes in bits");
        assert!(Content::parse("").is_err());
    }
}
