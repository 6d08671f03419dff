//! One line of a picture while it is painted.

use super::{Colour, Layers, Picture, Skyline, SoftColour, SoftMask, View, noise};
use std::{ops::Range, sync::LazyLock};

/// Side of the noise tile; a power of two.
const TILE: usize = 128;

/// Peak of the noise in steps of 8-bit luma. Below 1 bands show on dark skies; above 2 the encoder spends bits on it.
const GRAIN: f32 = 1.1;

/// Noise without low frequencies: the eye sees much less of it than of white noise of the same strength.
static GRAIN_TILE: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let white: Vec<f32> = (0..TILE * TILE).map(|i| noise::unit(i as u32, 0x6a09) - 0.5).collect();
    let at = |x: usize, y: usize| white[(y % TILE) * TILE + x % TILE];
    (0..TILE * TILE)
        .map(|i| {
            let (x, y) = (i % TILE + TILE, i / TILE + TILE);
            let around = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1);
            GRAIN * (at(x, y) - around / 4.0)
        })
        .collect()
});

/// A rectangle of the scene.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

impl Bounds {
    /// The square of half-width `radius` around a point.
    pub(crate) fn around(centre: (f32, f32), radius: f32) -> Self {
        Self { left: centre.0 - radius, top: centre.1 - radius, right: centre.0 + radius, bottom: centre.1 + radius }
    }
}

/// A line of luma or of chroma points. Scenes paint every line twice, once for each, with the same code.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// Scene y of the line's centre.
    pub(crate) y: f32,
    /// Distance of two points of this line in the scene.
    pub(crate) pitch: f32,
    /// Scene x of the left edge of the first point.
    left: f32,
    /// Distance from the top of the picture in luma points.
    row: f32,
    chroma: bool,
    /// Luma, or blue difference.
    first: &'a mut [f32],
    /// Red difference; empty on a luma line.
    second: &'a mut [f32],
}

impl Line<'_> {
    fn parts(&self, colour: Colour) -> (f32, f32) {
        if self.chroma { (colour.u, colour.v) } else { (colour.y, 0.0) }
    }

    /// One colour over everything.
    pub(crate) fn fill(&mut self, colour: Colour) {
        let (a, b) = self.parts(colour);
        self.first.fill(a);
        self.second.fill(b);
    }

    /// Mixes `alpha(index)` of `colour` into some points.
    #[inline]
    pub(crate) fn mix(&mut self, range: Range<usize>, colour: Colour, alpha: impl Fn(usize) -> f32) {
        let (a, b) = self.parts(colour);
        let range = range.start.min(self.first.len())..range.end.min(self.first.len());
        if self.chroma {
            for i in range {
                let t = alpha(i);
                self.first[i] += (a - self.first[i]) * t;
                self.second[i] += (b - self.second[i]) * t;
            }
        } else {
            for i in range {
                self.first[i] += (a - self.first[i]) * alpha(i);
            }
        }
    }

    /// Mixes the same amount of `colour` into all points.
    pub(crate) fn veil(&mut self, colour: Colour, alpha: f32) {
        if alpha > 0.0 {
            self.mix(0..self.first.len(), colour, |_| alpha);
        }
    }

    /// Lays a soft picture down as background.
    pub(crate) fn paint(&mut self, soft: &SoftColour) {
        let (row, chroma) = (self.row, self.chroma);
        let (first, second) = (&mut *self.first, &mut *self.second);
        if chroma {
            soft.line(row, 2, first.len(), |i, colour| {
                first[i] = colour.u;
                second[i] = colour.v;
            });
        } else {
            soft.line(row, 1, first.len(), |i, colour| first[i] = colour.y);
        }
    }

    /// Mixes in as much of `colour` as the mask says.
    pub(crate) fn tint(&mut self, mask: &SoftMask, colour: Colour) {
        let (a, b) = self.parts(colour);
        let (row, chroma) = (self.row, self.chroma);
        let (first, second) = (&mut *self.first, &mut *self.second);
        if chroma {
            mask.line(row, 2, first.len(), |i, t| {
                first[i] += (a - first[i]) * t;
                second[i] += (b - second[i]) * t;
            });
        } else {
            mask.line(row, 1, first.len(), |i, t| first[i] += (a - first[i]) * t);
        }
    }

    /// [`Line::tint`] of what lies under a skyline only.
    pub(crate) fn tint_under(&mut self, skyline: &Skyline, mask: &SoftMask, colour: Colour) {
        let (a, b) = self.parts(colour);
        let (row, chroma, y) = (self.row, self.chroma, self.y);
        let edges = skyline.edges(chroma);
        let cover = |i: usize| ((y - edges[i].y) * edges[i].sharpness + 0.5).clamp(0.0, 1.0);
        let (first, second) = (&mut *self.first, &mut *self.second);
        let step = if chroma { 2 } else { 1 };
        mask.line(row, step, first.len(), |i, t| {
            let t = t * cover(i);
            first[i] += (a - first[i]) * t;
            if chroma {
                second[i] += (b - second[i]) * t;
            }
        });
    }

    /// Adds light: the mask times `colour`.
    pub(crate) fn shine(&mut self, mask: &SoftMask, colour: Colour) {
        let (a, b) = self.parts(colour);
        let (row, chroma) = (self.row, self.chroma);
        let (first, second) = (&mut *self.first, &mut *self.second);
        if chroma {
            mask.line(row, 2, first.len(), |i, t| {
                first[i] += a * t;
                second[i] += b * t;
            });
        } else {
            mask.line(row, 1, first.len(), |i, t| first[i] += a * t);
        }
    }

    /// Adds the light of a soft picture.
    pub(crate) fn shine_soft(&mut self, light: &SoftColour) {
        let (row, chroma) = (self.row, self.chroma);
        let (first, second) = (&mut *self.first, &mut *self.second);
        if chroma {
            light.line(row, 2, first.len(), |i, colour| {
                first[i] += colour.u;
                second[i] += colour.v;
            });
        } else {
            light.line(row, 1, first.len(), |i, colour| first[i] += colour.y);
        }
    }

    /// Fills what lies above a skyline: leaves, a ceiling, a window frame.
    pub(crate) fn over(&mut self, skyline: &Skyline, colour: Colour) {
        if self.y > skyline.bottom() + self.pitch {
            return;
        }
        let y = self.y;
        let edges = skyline.edges(self.chroma);
        self.mix(0..edges.len(), colour, |i| ((edges[i].y - y) * edges[i].sharpness + 0.5).clamp(0.0, 1.0));
    }

    /// Fills what lies under a skyline.
    pub(crate) fn under(&mut self, skyline: &Skyline, colour: Colour) {
        if self.y < skyline.top() - self.pitch {
            return;
        }
        if self.y > skyline.bottom() + self.pitch {
            self.fill(colour);
            return;
        }
        let y = self.y;
        let edges = skyline.edges(self.chroma);
        self.mix(0..edges.len(), colour, |i| ((y - edges[i].y) * edges[i].sharpness + 0.5).clamp(0.0, 1.0));
    }

    /// Mixes `alpha(depth, index)` of `colour` into what lies under a skyline; depth is the distance below the curve.
    #[inline]
    pub(crate) fn shade_under(&mut self, skyline: &Skyline, colour: Colour, alpha: impl Fn(f32, usize) -> f32) {
        if self.y < skyline.top() - self.pitch {
            return;
        }
        let y = self.y;
        let edges = skyline.edges(self.chroma);
        self.mix(0..edges.len(), colour, |i| {
            let depth = y - edges[i].y;
            (depth * edges[i].sharpness + 0.5).clamp(0.0, 1.0) * alpha(depth.max(0.0), i)
        });
    }

    /// Fills what lies under `upper` and above `lower`; the lower edge is softer the smaller `sharpness` is.
    pub(crate) fn between_curves(&mut self, upper: &Skyline, lower: &Skyline, colour: Colour, sharpness: f32) {
        if self.y < upper.top() - self.pitch {
            return;
        }
        let y = self.y;
        let (from, to) = (upper.edges(self.chroma), lower.edges(self.chroma));
        self.mix(0..from.len(), colour, |i| {
            let inside = ((y - from[i].y) * from[i].sharpness + 0.5).clamp(0.0, 1.0);
            inside * ((to[i].y - y) * sharpness + 0.5).clamp(0.0, 1.0)
        });
    }

    /// Is the line wholly under the skyline, so that nothing behind it shows?
    pub(crate) fn is_under(&self, skyline: &Skyline) -> bool {
        self.y > skyline.bottom() + 2.0 * self.pitch
    }

    /// The points of this line between two scene positions, with a margin of one.
    fn between(&self, left: f32, right: f32) -> Range<usize> {
        let from = ((left - self.left) / self.pitch - 1.0).floor().max(0.0) as usize;
        let to = ((right - self.left) / self.pitch + 1.0).ceil().clamp(0.0, self.first.len() as f32) as usize;
        from.min(to)..to
    }

    /// Fills a shape given by its signed distance, over `soft` scene units of blur (0 is a sharp edge).
    #[inline]
    pub(crate) fn shape(&mut self, bounds: Bounds, colour: Colour, soft: f32, distance: impl Fn(f32, f32) -> f32) {
        self.shape_with(bounds, colour, soft, distance, 1.0);
    }

    /// [`Line::shape`] with an opacity.
    #[inline]
    pub(crate) fn shape_with(
        &mut self,
        bounds: Bounds,
        colour: Colour,
        soft: f32,
        distance: impl Fn(f32, f32) -> f32,
        opacity: f32,
    ) {
        let margin = self.pitch + soft;
        if self.y < bounds.top - margin || self.y > bounds.bottom + margin || opacity <= 0.0 {
            return;
        }
        let (y, left, pitch) = (self.y, self.left, self.pitch);
        let sharpness = 1.0 / (pitch + 2.0 * soft);
        let range = self.between(bounds.left - soft, bounds.right + soft);
        let mut i = range.start;
        while i < range.end {
            let d = distance(left + (i as f32 + 0.5) * pitch, y);
            let coverage = (0.5 - d * sharpness).clamp(0.0, 1.0);
            // Far from the outline nothing changes for as long as it takes to get there; the factor allows for
            // distances that are only roughly right.
            let free = (d.abs() - 0.5 / sharpness) * 0.7 / pitch;
            let next = (i + 1 + free.max(0.0) as usize).min(range.end);
            if coverage > 0.0 {
                let alpha = opacity * coverage;
                self.mix(i..next, colour, |_| alpha);
            }
            i = next;
        }
    }

    /// Fills a rectangle with straight sides.
    pub(crate) fn rect(&mut self, bounds: Bounds, colour: Colour, opacity: f32) {
        let half = self.pitch / 2.0;
        if self.y < bounds.top - half || self.y > bounds.bottom + half {
            return;
        }
        let high = ((self.y + half).min(bounds.bottom) - (self.y - half).max(bounds.top)).max(0.0) / self.pitch;
        let (left, pitch) = (self.left, self.pitch);
        self.mix(self.between(bounds.left, bounds.right), colour, |i| {
            let from = left + i as f32 * pitch;
            let wide = ((from + pitch).min(bounds.right) - from.max(bounds.left)).max(0.0) / pitch;
            opacity * high * wide
        });
    }

    /// Paints the same line with `painter`, as if it were at scene height `y` and shifted by `dx`: a mirror, a lens.
    pub(crate) fn seen_at(&mut self, y: f32, dx: f32, painter: impl FnOnce(&mut Line<'_>)) {
        let row = self.row + (y - self.y) / self.pitch * if self.chroma { 2.0 } else { 1.0 };
        let mut line = Line {
            y,
            pitch: self.pitch,
            left: self.left + dx,
            row,
            chroma: self.chroma,
            first: &mut *self.first,
            second: &mut *self.second,
        };
        painter(&mut line);
    }

    /// Number of points.
    pub(crate) fn len(&self) -> usize {
        self.first.len()
    }
}

/// Paints all lines of all planes.
pub(super) fn paint_planes(layers: &dyn Layers, view: &View, picture: &mut Picture) {
    let (width, height) = (view.width, view.height);
    let mut first = vec![0.0; width];
    let mut second = vec![0.0; width / 2];
    let (luma, u, v) = picture.planes_mut();
    for (row, out) in luma.chunks_exact_mut(width).enumerate() {
        let mut line = Line {
            y: view.scene_y(row as f32 + 0.5),
            pitch: view.pitch(),
            left: view.scene_x(0.0),
            row: row as f32 + 0.5,
            chroma: false,
            first: &mut first,
            second: &mut [],
        };
        layers.paint(&mut line);
        round(&first, out, row, Range8 { zero: 16.0, scale: 219.0, min: 16.0, max: 235.0 });
    }
    let half = width / 2;
    let chroma = Range8 { zero: 128.0, scale: 224.0, min: 16.0, max: 240.0 };
    for row in 0..height / 2 {
        let mut line = Line {
            y: view.scene_y(2.0 * row as f32 + 1.0),
            pitch: 2.0 * view.pitch(),
            left: view.scene_x(0.0),
            row: 2.0 * row as f32 + 1.0,
            chroma: true,
            first: &mut first[..half],
            second: &mut second,
        };
        layers.paint(&mut line);
        round(&first[..half], &mut u[row * half..][..half], row + 31, chroma);
        round(&second, &mut v[row * half..][..half], row + 67, chroma);
    }
}

#[derive(Clone, Copy)]
struct Range8 {
    zero: f32,
    scale: f32,
    min: f32,
    max: f32,
}

fn round(values: &[f32], out: &mut [u8], row: usize, range: Range8) {
    let grain = &GRAIN_TILE[row % TILE * TILE..][..TILE];
    for (values, out) in values.chunks(TILE).zip(out.chunks_mut(TILE)) {
        for ((value, out), grain) in values.iter().zip(out).zip(grain) {
            *out = (value * range.scale + range.zero + 0.5 + grain).clamp(range.min, range.max) as i32 as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Half(Skyline, Colour);

    impl Layers for Half {
        fn paint(&self, line: &mut Line<'_>) {
            line.fill(Colour::default());
            line.under(&self.0, self.1);
        }
    }

    #[test]
    fn a_level_skyline_splits_the_picture() {
        let view = View::new(64, 32);
        let mut picture = Picture::new(64, 32);
        let white = Colour::hex(0xffffff);
        super::super::render(&Half(Skyline::new(&view, |_| 0.5), white), &view, 1.0, &mut picture);
        assert!(picture.colour_at(10, 4).y < 0.02);
        assert!(picture.colour_at(10, 28).y > 0.98);
        assert!(picture.bytes()[..64 * 32].iter().all(|value| (16..=235).contains(value)));
    }

    #[test]
    fn grain_has_no_mean() {
        let mean = GRAIN_TILE.iter().sum::<f32>() / GRAIN_TILE.len() as f32;
        assert!(mean.abs() < 0.01);
        assert!(GRAIN_TILE.iter().all(|value| value.abs() <= GRAIN));
    }
}
