//! What was on screen, by the counter burnt into each frame of a QA title.

use abr::MediaTime;
use player_core::frame::{PixelFormat, VideoFrame};
use serde::{Deserialize, Serialize};
use server_stub::ingest::timecode;

/// A frame as it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownFrame {
    pub pts: MediaTime,
    pub width: u32,
    pub height: u32,
    /// Burnt-in frame number and rung, where they could be read.
    pub code: Option<(u32, u8)>,
}

/// Collects shown frames; seeks are told apart, because numbers may jump there.
#[derive(Debug, Default)]
pub struct PictureCheck {
    runs: Vec<Vec<ShownFrame>>,
    generation: Option<u64>,
}

/// What the check found. Without a counter in the picture only `frames` is meaningful.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureReport {
    /// Frames that reached the surface.
    pub frames: u64,
    /// Frames whose counter could be read.
    pub with_counter: u64,
    /// Frame numbers that never came although later ones did.
    pub missing: u64,
    /// Frame numbers that came again.
    pub repeated: u64,
    /// Frame numbers lower than the one before.
    pub out_of_order: u64,
    /// Rungs in the order in which they were shown.
    pub rungs: Vec<u8>,
}

impl PictureCheck {
    /// Looks at a frame. Reading the counter takes microseconds.
    pub fn look(&mut self, frame: &VideoFrame) {
        let (width, height) = (frame.width, frame.height);
        let code = (frame.format == PixelFormat::I420)
            .then(|| timecode::read(frame.plane(0), frame.stride(0), width as usize, height as usize))
            .flatten()
            .map(|code| (code.frame, code.rung));
        let shown = ShownFrame { pts: frame.pts, width, height, code };
        if self.generation.replace(frame.generation) != Some(frame.generation) {
            self.runs.push(Vec::new());
        }
        if let Some(run) = self.runs.last_mut() {
            run.push(shown);
        }
    }

    /// Frames of each run between seeks.
    pub fn runs(&self) -> &[Vec<ShownFrame>] {
        &self.runs
    }

    /// The findings.
    pub fn report(&self) -> PictureReport {
        let mut report = PictureReport::default();
        for run in &self.runs {
            report.frames += run.len() as u64;
            let codes: Vec<(u32, u8)> = run.iter().filter_map(|frame| frame.code).collect();
            report.with_counter += codes.len() as u64;
            for pair in codes.windows(2) {
                let (before, after) = (pair[0].0, pair[1].0);
                match after.cmp(&before) {
                    std::cmp::Ordering::Equal => report.repeated += 1,
                    std::cmp::Ordering::Less => report.out_of_order += 1,
                    std::cmp::Ordering::Greater => report.missing += u64::from(after - before - 1),
                }
            }
            for (_, rung) in codes {
                if report.rungs.last() != Some(&rung) {
                    report.rungs.push(rung);
                }
            }
        }
        report
    }
}

impl PictureReport {
    /// Was every frame shown once and in order? True without a counter.
    pub fn is_perfect(&self) -> bool {
        self.missing == 0 && self.repeated == 0 && self.out_of_order == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(runs: &[&[u32]]) -> PictureReport {
        let shown = |number: &u32| ShownFrame { pts: MediaTime::ZERO, width: 1, height: 1, code: Some((*number, 0)) };
        let runs = runs.iter().map(|run| run.iter().map(shown).collect()).collect();
        PictureCheck { runs, generation: None }.report()
    }

    #[test]
    fn missing_repeated_and_reordered_frames_are_counted() {
        let report = check(&[&[1, 2, 5, 5, 4, 6]]);
        assert_eq!((report.missing, report.repeated, report.out_of_order), (3, 1, 1));
        assert!(!report.is_perfect());
    }

    #[test]
    fn a_seek_may_jump() {
        assert!(check(&[&[1, 2, 3], &[100, 101], &[7, 8]]).is_perfect());
    }
}
