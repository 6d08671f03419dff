//! A small software painter for moving pictures.
//!
//! It paints straight into planar Y'CbCr, line by line: mixing two colours is the same in Y'CbCr as in R'G'B' because
//! one is a linear map of the other, chroma is computed for a quarter of the points only, and no conversion is left to
//! do. What is sharp (outlines, discs, silhouettes) is computed for every point with anti-aliased coverage; what is
//! soft (skies, fog, glow) is computed on a coarse grid and interpolated, which leaves time for costly formulas. Every
//! point gets a little fixed noise before it is rounded, so that dark gradients do not break into bands.
//!
//! Coordinates are in heights of the picture: y runs from 0 at the top to 1 at the bottom, x is 0 in the middle.

mod colour;
pub(crate) mod digits;
mod line;
pub(crate) mod noise;
mod picture;
pub(crate) mod sdf;
mod skyline;
mod soft;
mod view;

pub(crate) use colour::Colour;
pub(crate) use line::{Bounds, Line};
pub(crate) use picture::Picture;
pub(crate) use skyline::Skyline;
pub(crate) use soft::{SoftColour, SoftMask};
pub(crate) use view::View;

/// One moment of a scene, ready to be painted: all that does not depend on the line has been computed.
pub(crate) trait Layers {
    /// Paints one line from back to front.
    fn paint(&self, line: &mut Line<'_>);

    /// Adds small things on top (stars, rain, sparks).
    fn finish(&self, _picture: &mut Picture, _view: &View) {}
}

/// Paints `layers` as seen through `view`; `light` from 0 to 1 darkens the whole picture.
pub(crate) fn render(layers: &dyn Layers, view: &View, light: f32, picture: &mut Picture) {
    assert!(view.width == picture.width() && view.height == picture.height(), "the view was made for this picture");
    line::paint_planes(layers, view, picture);
    layers.finish(picture, view);
    if light < 1.0 {
        picture.darken(light);
    }
}

/// Smooth step from 0 at `from` to 1 at `to` (which may be the smaller one).
pub(crate) fn smooth(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Linear interpolation.
pub(crate) fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}
