//! Things without edges, computed on a coarse grid: skies, fog, glow, clouds.

use super::{Colour, View};

/// Luma points between two points of the grid, unless a finer one is asked for.
const CELL: usize = 8;

/// Values on a grid that covers a view, `N` for each point.
#[derive(Clone, Debug)]
struct Grid<const N: usize> {
    cell: usize,
    columns: usize,
    rows: usize,
    values: Vec<[f32; N]>,
}

impl<const N: usize> Grid<N> {
    fn new(view: &View, cell: usize, value: impl Fn(f32, f32) -> [f32; N]) -> Self {
        let (columns, rows) = (view.width.div_ceil(cell) + 1, view.height.div_ceil(cell) + 1);
        let mut values = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            let y = view.scene_y((row * cell) as f32);
            values.extend((0..columns).map(|column| value(view.scene_x((column * cell) as f32), y)));
        }
        Self { cell, columns, rows, values }
    }

    /// Calls `each` for every point of a line at `row` luma points from the top; `step` is 1 for luma, 2 for chroma.
    fn line(&self, row: f32, step: usize, length: usize, mut each: impl FnMut(usize, [f32; N])) {
        let position = (row / self.cell as f32).clamp(0.0, (self.rows - 1) as f32 - 1e-3);
        let (upper, t) = (position as usize, position.fract());
        let above = &self.values[upper * self.columns..][..self.columns];
        let below = &self.values[(upper + 1) * self.columns..][..self.columns];
        let at = |column: usize| -> [f32; N] {
            std::array::from_fn(|n| above[column][n] + (below[column][n] - above[column][n]) * t)
        };
        let per_cell = self.cell / step;
        let mut left = at(0);
        for cell in 0..self.columns - 1 {
            let right = at(cell + 1);
            let slope: [f32; N] = std::array::from_fn(|n| (right[n] - left[n]) / per_cell as f32);
            let first = cell * per_cell;
            for k in 0..per_cell.min(length.saturating_sub(first)) {
                let along = k as f32 + 0.5;
                each(first + k, std::array::from_fn(|n| left[n] + slope[n] * along));
            }
            left = right;
        }
    }
}

/// A soft picture.
#[derive(Clone, Debug)]
pub(crate) struct SoftColour(Grid<3>);

impl SoftColour {
    /// Evaluates `colour` at every eighth point of the view.
    pub(crate) fn new(view: &View, colour: impl Fn(f32, f32) -> Colour) -> Self {
        Self::with_cell(view, CELL, colour)
    }

    /// Evaluates `colour` at every fourth point: four times the work, for what has some texture.
    pub(crate) fn fine(view: &View, colour: impl Fn(f32, f32) -> Colour) -> Self {
        Self::with_cell(view, CELL / 2, colour)
    }

    fn with_cell(view: &View, cell: usize, colour: impl Fn(f32, f32) -> Colour) -> Self {
        Self(Grid::new(view, cell, |x, y| {
            let Colour { y, u, v } = colour(x, y);
            [y, u, v]
        }))
    }

    pub(super) fn line(&self, row: f32, step: usize, length: usize, mut each: impl FnMut(usize, Colour)) {
        self.0.line(row, step, length, |i, [y, u, v]| each(i, Colour { y, u, v }));
    }
}

/// A soft amount, usually 0 to 1.
#[derive(Clone, Debug)]
pub(crate) struct SoftMask(Grid<1>);

impl SoftMask {
    /// Evaluates `amount` at every eighth point of the view.
    pub(crate) fn new(view: &View, amount: impl Fn(f32, f32) -> f32) -> Self {
        Self(Grid::new(view, CELL, |x, y| [amount(x, y)]))
    }

    pub(super) fn line(&self, row: f32, step: usize, length: usize, mut each: impl FnMut(usize, f32)) {
        self.0.line(row, step, length, |i, [amount]| each(i, amount));
    }
}
