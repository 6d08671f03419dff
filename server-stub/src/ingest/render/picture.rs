//! A finished frame.

use super::{Colour, View};

/// A planar 4:2:0 picture with limited range (luma 16 to 235), in the layout of ffmpeg's `yuv420p`.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Picture {
    /// A black picture; `width` and `height` are even.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        assert!(width.is_multiple_of(2) && height.is_multiple_of(2), "4:2:0 has one chroma point for two by two");
        let mut bytes = vec![16; width * height];
        bytes.resize(width * height * 3 / 2, 128);
        Self { width, height, bytes }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// All planes, one after the other.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Luma, blue difference, red difference.
    pub(crate) fn planes_mut(&mut self) -> (&mut [u8], &mut [u8], &mut [u8]) {
        let (luma, chroma) = self.bytes.split_at_mut(self.width * self.height);
        let (u, v) = chroma.split_at_mut(self.width * self.height / 4);
        (luma, u, v)
    }

    /// Copies another picture to a place, column and row, which are even; it must fit.
    pub(crate) fn place(&mut self, other: &Self, (column, row): (usize, usize)) {
        let widths = (self.width, other.width);
        let (own, height) = (self.width * self.height, other.height);
        let copy = |into: &mut [u8], from: &[u8], part: usize| {
            let (into_width, width, left, top) = (widths.0 / part, widths.1 / part, column / part, row / part);
            for (line, points) in from.chunks_exact(width).take(height / part).enumerate() {
                into[(top + line) * into_width + left..][..width].copy_from_slice(points);
            }
        };
        let (luma, chroma) = other.bytes.split_at(other.width * other.height);
        let (u, v) = chroma.split_at(chroma.len() / 2);
        let (own_luma, own_chroma) = self.bytes.split_at_mut(own);
        let (own_u, own_v) = own_chroma.split_at_mut(own / 4);
        copy(own_luma, luma, 1);
        copy(own_u, u, 2);
        copy(own_v, v, 2);
    }

    /// Scales all light by `k`.
    pub(crate) fn darken(&mut self, k: f32) {
        let table =
            |black: f32| -> Vec<u8> { (0..256).map(|v| (black + (v as f32 - black) * k).round() as u8).collect() };
        let (luma_table, chroma_table) = (table(16.0), table(128.0));
        let (luma, u, v) = self.planes_mut();
        luma.iter_mut().for_each(|value| *value = luma_table[usize::from(*value)]);
        u.iter_mut().chain(v).for_each(|value| *value = chroma_table[usize::from(*value)]);
    }

    /// Mixes in a soft round spot; `radius` is where it has faded out.
    pub(crate) fn spot(&mut self, view: &View, centre: (f32, f32), radius: f32, colour: Colour, alpha: f32) {
        let (column, row) = (view.column(centre.0), view.row(centre.1));
        // Never smaller than a point, but then fainter: small spots must not blink while they move.
        let wanted = radius / view.pitch();
        let points = wanted.max(1.1);
        let alpha = alpha * (wanted / points).powi(2).min(1.0);
        let (width, height) = (self.width, self.height);
        let (luma, u, v) = self.planes_mut();
        blend_spot(Plane { data: luma, width, height }, (column, row), points, 16.0 + 219.0 * colour.y, alpha);
        let (half, size) = ((column / 2.0, row / 2.0), (points / 2.0).max(1.0));
        blend_spot(
            Plane { data: u, width: width / 2, height: height / 2 },
            half,
            size,
            128.0 + 224.0 * colour.u,
            alpha,
        );
        blend_spot(
            Plane { data: v, width: width / 2, height: height / 2 },
            half,
            size,
            128.0 + 224.0 * colour.v,
            alpha,
        );
    }

    /// Mixes in a thin line with soft sides.
    pub(crate) fn stroke(
        &mut self,
        view: &View,
        from: (f32, f32),
        to: (f32, f32),
        radius: f32,
        colour: Colour,
        alpha: f32,
    ) {
        let length = ((to.0 - from.0).powi(2) + (to.1 - from.1).powi(2)).sqrt();
        let step = (radius * 0.7).max(view.pitch() * 0.8);
        let count = (length / step).ceil().clamp(1.0, 400.0);
        // Spots overlap, so each carries its share.
        let share = 1.0 - (1.0 - alpha.min(0.999)).powf(0.55);
        // The far end is left to the next piece of a longer line.
        for i in 0..count as usize {
            let t = i as f32 / count;
            let point = (from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t);
            self.spot(view, point, radius, colour, share);
        }
    }

    /// The colour at a luma point.
    pub(crate) fn colour_at(&self, column: usize, row: usize) -> Colour {
        let chroma = row / 2 * (self.width / 2) + column / 2;
        let luma_size = self.width * self.height;
        Colour {
            y: (f32::from(self.bytes[row * self.width + column]) - 16.0) / 219.0,
            u: (f32::from(self.bytes[luma_size + chroma]) - 128.0) / 224.0,
            v: (f32::from(self.bytes[luma_size * 5 / 4 + chroma]) - 128.0) / 224.0,
        }
    }

    /// As 8-bit RGB, three bytes for each point.
    pub(crate) fn to_rgb(&self) -> Vec<u8> {
        let mut rgb = Vec::with_capacity(self.width * self.height * 3);
        for row in 0..self.height {
            for column in 0..self.width {
                rgb.extend(self.colour_at(column, row).to_rgb().map(|part| (part * 255.0 + 0.5) as u8));
            }
        }
        rgb
    }
}

struct Plane<'a> {
    data: &'a mut [u8],
    width: usize,
    height: usize,
}

fn blend_spot(plane: Plane<'_>, centre: (f32, f32), radius: f32, value: f32, alpha: f32) {
    let range = |c: f32, end: usize| {
        let from = (c - radius - 0.5).floor().max(0.0) as usize;
        let to = (c + radius + 0.5).ceil().clamp(0.0, end as f32) as usize;
        from.min(end)..to
    };
    let inverse = 1.0 / (radius * radius);
    for row in range(centre.1, plane.height) {
        let dy = row as f32 + 0.5 - centre.1;
        for column in range(centre.0, plane.width) {
            let dx = column as f32 + 0.5 - centre.0;
            let fall = 1.0 - (dx * dx + dy * dy) * inverse;
            if fall > 0.0 {
                let point = &mut plane.data[row * plane.width + column];
                let old = f32::from(*point);
                *point = (old + (value - old) * alpha * fall * fall + 0.5) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spot_outside_changes_nothing() {
        let mut picture = Picture::new(32, 16);
        let before = picture.clone();
        let view = View::new(32, 16);
        for centre in [(-9.0, 0.5), (9.0, 0.5), (0.0, -9.0), (0.0, 9.0)] {
            picture.spot(&view, centre, 0.1, Colour::hex(0xffffff), 1.0);
        }
        assert_eq!(picture.bytes(), before.bytes());
        picture.spot(&view, (0.0, 0.5), 0.1, Colour::hex(0xffffff), 1.0);
        assert_ne!(picture.bytes(), before.bytes());
    }
}
