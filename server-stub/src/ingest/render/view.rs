//! The camera: which part of a scene is seen, at what size.

/// A rectangle of the scene on a grid of points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct View {
    /// Size in luma points; both even.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// The point of the scene that is in the middle.
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// 1 shows one height of the scene; 2 shows half of it, twice as large.
    pub(crate) zoom: f32,
}

impl View {
    /// The whole scene.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, height, x: 0.0, y: 0.5, zoom: 1.0 }
    }

    /// The camera moved by (`dx`, `dy`) and its picture enlarged.
    pub(crate) fn moved(self, dx: f32, dy: f32, zoom: f32) -> Self {
        Self { x: self.x + dx, y: self.y + dy, zoom: self.zoom * zoom, ..self }
    }

    /// Size of a luma point in the scene.
    pub(crate) fn pitch(&self) -> f32 {
        1.0 / (self.height as f32 * self.zoom)
    }

    /// Scene x of a position that is counted in luma points from the left edge.
    pub(crate) fn scene_x(&self, column: f32) -> f32 {
        self.x + (column - self.width as f32 / 2.0) * self.pitch()
    }

    /// Scene y of a position that is counted in luma points from the top edge.
    pub(crate) fn scene_y(&self, row: f32) -> f32 {
        self.y + (row - self.height as f32 / 2.0) * self.pitch()
    }

    /// Luma points from the left edge.
    pub(crate) fn column(&self, x: f32) -> f32 {
        (x - self.x) / self.pitch() + self.width as f32 / 2.0
    }

    /// Luma points from the top edge.
    pub(crate) fn row(&self, y: f32) -> f32 {
        (y - self.y) / self.pitch() + self.height as f32 / 2.0
    }
}
