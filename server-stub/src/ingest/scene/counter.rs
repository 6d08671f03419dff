//! The test picture: a frame number for machines and for people, and which rendition it comes from.

use super::{Film, SceneKind};
use crate::ingest::{
    render::{
        Picture,
        digits::{self, GLYPH, Text},
    },
    timecode::{self, Timecode},
};

/// Paints the test picture natively at the size of one rendition.
#[derive(Debug)]
pub(crate) struct Counter {
    /// What does not change: a dimmed landscape with colour bars.
    background: Picture,
    /// Index of the rendition.
    rung: u8,
    frame_rate: u32,
}

impl Counter {
    pub(crate) fn new(width: usize, height: usize, rung: u8, frame_rate: u32) -> Self {
        let film = Film { scene: SceneKind::Tide, starts: vec![0.0], duration_s: 100.0, frame_rate: 24 };
        let mut background = Picture::new(width, height);
        film.paint(96, &mut background);
        background.darken(0.5);
        paint_bars(&mut background);
        Self { background, rung, frame_rate }
    }

    /// Paints frame number `frame`.
    pub(crate) fn paint(&self, frame: u32, picture: &mut Picture) {
        picture.clone_from(&self.background);
        let (width, height) = (picture.width(), picture.height());
        let seconds = frame / self.frame_rate;
        let clock = format!("{}:{:02}.{:02}", seconds / 60, seconds % 60, frame % self.frame_rate);
        let (luma, _, _) = picture.planes_mut();
        // Wide pictures are measured by their height, tall ones by their width.
        let unit = (height / 70).min(width / 62).max(1);
        let centred = |text: &str, dot: usize| (width.saturating_sub(text.len() * (GLYPH.0 + 1) * dot)) / 2;
        let number = format!("{frame:05}");
        let label = format!("{height}p");
        let large = unit * 2;
        let bright = |left, top, dot| Text { left, top, dot, value: 225 };
        digits::draw(luma, width, &number, bright(centred(&number, large), height * 30 / 100, large));
        digits::draw(luma, width, &clock, bright(centred(&clock, unit), height * 56 / 100, unit));
        digits::draw(luma, width, &label, bright(centred(&label, unit), height * 70 / 100, unit));
        sweep(luma, width, height, frame % self.frame_rate, self.frame_rate);
        timecode::write(luma, width, width, height, Timecode { frame, rung: self.rung });
    }
}

/// A bar that crosses the picture once a second: uneven motion is seen at once.
fn sweep(luma: &mut [u8], width: usize, height: usize, step: u32, steps: u32) {
    let bar = (width / 40).max(2);
    let left = (width - bar) * step as usize / steps as usize;
    for row in height * 84 / 100..height * 87 / 100 {
        luma[row * width + left..row * width + left + bar].fill(235);
    }
}

/// Eight colour bars along the bottom edge.
fn paint_bars(picture: &mut Picture) {
    const BARS: [(u8, u8, u8); 8] = [
        (180, 128, 128),
        (168, 44, 136),
        (145, 147, 44),
        (133, 63, 52),
        (63, 193, 204),
        (51, 109, 212),
        (28, 212, 120),
        (16, 128, 128),
    ];
    let (width, height) = (picture.width(), picture.height());
    let (luma, u, v) = picture.planes_mut();
    for row in height * 92 / 100..height {
        for (column, y) in luma[row * width..][..width].iter_mut().enumerate() {
            *y = BARS[column * 8 / width].0;
        }
    }
    let half = width / 2;
    for row in height * 46 / 100..height / 2 {
        for column in 0..half {
            let (_, blue, red) = BARS[column * 8 / half];
            u[row * half + column] = blue;
            v[row * half + column] = red;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_readable_at_every_size() {
        for (width, height) in [(854, 480), (256, 144), (480, 720)] {
            let counter = Counter::new(width, height, 3, 25);
            let mut picture = Picture::new(width, height);
            for frame in [0, 49, 1499] {
                counter.paint(frame, &mut picture);
                let code = timecode::read(&picture.bytes()[..width * height], width, width, height);
                assert_eq!(code, Some(Timecode { frame, rung: 3 }));
            }
        }
    }
}
