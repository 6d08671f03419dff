//! Signed distances to simple shapes: negative inside, in units of the scene.

/// A point or a vector.
pub(crate) type Point = (f32, f32);

/// Length of a vector. Unlike `hypot` it may overflow, which pictures never do, and is several times as fast.
pub(crate) fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

pub(crate) fn circle(p: Point, centre: Point, radius: f32) -> f32 {
    length(p.0 - centre.0, p.1 - centre.1) - radius
}

/// An ellipse; exact near the axes, good enough for outlines elsewhere.
pub(crate) fn ellipse(p: Point, centre: Point, radii: Point) -> f32 {
    let (x, y) = ((p.0 - centre.0) / radii.0, (p.1 - centre.1) / radii.1);
    let k = length(x, y);
    if k < 1e-4 {
        return -radii.0.min(radii.1);
    }
    let gradient = length(x / radii.0, y / radii.1);
    k * (k - 1.0) / gradient
}

/// A box with corners rounded by `round`.
pub(crate) fn rounded_box(p: Point, centre: Point, half: Point, round: f32) -> f32 {
    let x = (p.0 - centre.0).abs() - half.0 + round;
    let y = (p.1 - centre.1).abs() - half.1 + round;
    length(x.max(0.0), y.max(0.0)) + x.max(y).min(0.0) - round
}

/// A stick with round ends whose radius goes from `r0` to `r1`.
pub(crate) fn limb(p: Point, a: Point, b: Point, r0: f32, r1: f32) -> f32 {
    let (bx, by) = (b.0 - a.0, b.1 - a.1);
    let (px, py) = (p.0 - a.0, p.1 - a.1);
    let t = ((px * bx + py * by) / (bx * bx + by * by).max(1e-9)).clamp(0.0, 1.0);
    length(px - bx * t, py - by * t) - (r0 + (r1 - r0) * t)
}

/// A closed polygon.
pub(crate) fn polygon(p: Point, corners: &[Point]) -> f32 {
    let mut best = f32::INFINITY;
    let mut inside = false;
    for (i, &a) in corners.iter().enumerate() {
        let b = corners[(i + 1) % corners.len()];
        best = best.min(limb(p, a, b, 0.0, 0.0));
        if (a.1 > p.1) != (b.1 > p.1) && p.0 < (b.0 - a.0) * (p.1 - a.1) / (b.1 - a.1) + a.0 {
            inside = !inside;
        }
    }
    if inside { -best } else { best }
}

/// Union with a fillet of about `k`.
pub(crate) fn join(a: f32, b: f32, k: f32) -> f32 {
    let h = (0.5 + 0.5 * (b - a) / k).clamp(0.0, 1.0);
    b + (a - b) * h - k * h * (1.0 - h)
}

/// `p` as seen from `centre`, turned by `angle` radians.
pub(crate) fn turned(p: Point, centre: Point, angle: f32) -> Point {
    let (sin, cos) = angle.sin_cos();
    let (x, y) = (p.0 - centre.0, p.1 - centre.1);
    (x * cos + y * sin, y * cos - x * sin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_change_sign_at_the_outline() {
        let square = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
        assert!((polygon((0.5, 0.25), &square) + 0.25).abs() < 1e-5);
        assert!((polygon((0.5, -0.25), &square) - 0.25).abs() < 1e-5);
        assert!((rounded_box((2.0, 0.0), (0.0, 0.0), (1.0, 1.0), 0.1) - 1.0).abs() < 1e-5);
        assert!((limb((0.0, 1.0), (-1.0, 0.0), (1.0, 0.0), 0.25, 0.25) - 0.75).abs() < 1e-5);
        assert!(ellipse((0.0, 0.0), (0.0, 0.0), (2.0, 1.0)) < 0.0);
        assert!((ellipse((3.0, 0.0), (0.0, 0.0), (2.0, 1.0)) - 1.0).abs() < 1e-5);
    }
}
