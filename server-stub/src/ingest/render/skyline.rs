//! Outlines that are a height for every column: hills, waves, tree tops.

use super::View;

/// A curve y(x) over the width of a view, with what is needed to draw what lies under it without jagged edges.
#[derive(Clone, Debug)]
pub(crate) struct Skyline {
    luma: Vec<Edge>,
    chroma: Vec<Edge>,
    /// Smallest and largest y.
    top: f32,
    bottom: f32,
}

/// Where the curve is at a column, and how fast coverage rises across it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Edge {
    pub(crate) y: f32,
    /// 1 / (height of a point x sqrt(1 + slope^2)): coverage of a tilted edge by distance, not by height.
    pub(crate) sharpness: f32,
}

impl Skyline {
    /// Samples `curve` at every column.
    pub(crate) fn new(view: &View, curve: impl Fn(f32) -> f32) -> Self {
        let heights: Vec<f32> = (0..view.width).map(|column| curve(view.scene_x(column as f32 + 0.5))).collect();
        let pitch = view.pitch();
        let edge = |index: usize| {
            let (before, after) = (heights[index.saturating_sub(1)], heights[(index + 1).min(heights.len() - 1)]);
            let slope = (after - before) / (2.0 * pitch);
            Edge { y: heights[index], sharpness: 1.0 / (pitch * (1.0 + slope * slope).sqrt()) }
        };
        let luma: Vec<Edge> = (0..heights.len()).map(edge).collect();
        let chroma = luma
            .chunks_exact(2)
            .map(|pair| Edge {
                y: (pair[0].y + pair[1].y) / 2.0,
                sharpness: (pair[0].sharpness + pair[1].sharpness) / 4.0,
            })
            .collect();
        let top = heights.iter().copied().fold(f32::INFINITY, f32::min);
        let bottom = heights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        Self { luma, chroma, top, bottom }
    }

    pub(super) fn edges(&self, chroma: bool) -> &[Edge] {
        if chroma { &self.chroma } else { &self.luma }
    }

    /// Smallest y, where the curve is highest in the picture.
    pub(crate) fn top(&self) -> f32 {
        self.top
    }

    /// Largest y.
    pub(crate) fn bottom(&self) -> f32 {
        self.bottom
    }

    /// y at scene position `x`, clamped to the edges of the view.
    pub(crate) fn at(&self, view: &View, x: f32) -> f32 {
        let column = view.column(x).clamp(0.0, (self.luma.len() - 1) as f32);
        self.luma[column as usize].y
    }
}
