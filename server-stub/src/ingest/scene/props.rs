//! Things that appear in more than one film.

use crate::ingest::render::{
    Bounds, Colour, Line, Picture, View,
    noise::{self, unit},
    sdf,
};

/// A disc with a vertical gradient.
pub(super) struct Disc {
    pub(super) centre: (f32, f32),
    pub(super) radius: f32,
    pub(super) top: Colour,
    pub(super) bottom: Colour,
    /// Blur of its edge.
    pub(super) soft: f32,
    pub(super) opacity: f32,
}

impl Disc {
    pub(super) fn paint(&self, line: &mut Line<'_>) {
        let t = ((line.y - self.centre.1) / self.radius * 0.5 + 0.5).clamp(0.0, 1.0);
        let (x, y, r) = (self.centre.0, self.centre.1, self.radius);
        let distance = |px: f32, py: f32| sdf::circle((px, py), (x, y), r);
        line.shape_with(
            Bounds::around(self.centre, r),
            self.top.mix(self.bottom, t),
            self.soft,
            distance,
            self.opacity,
        );
    }
}

/// Stars in the upper part of the sky, faint ones more often than bright ones.
pub(super) struct Stars {
    pub(super) count: u32,
    pub(super) seed: u32,
    /// Lowest y that has any.
    pub(super) floor: f32,
    pub(super) colour: Colour,
    /// Twinkling runs on it.
    pub(super) time: f32,
    /// The sky turns by this much.
    pub(super) drift: f32,
}

impl Stars {
    /// Draws those for which `visible` holds.
    pub(super) fn draw(&self, picture: &mut Picture, view: &View, visible: impl Fn(f32, f32) -> f32) {
        for star in 0..self.count {
            let x = (unit(star, self.seed) + self.drift).rem_euclid(1.0) * 2.4 - 1.2;
            let y = unit(star, self.seed + 1) * self.floor;
            let seen = visible(x, y);
            if seen <= 0.0 {
                continue;
            }
            let size = unit(star, self.seed + 2).powi(6);
            let twinkle = 0.8 + 0.2 * (self.time * (1.0 + 2.0 * unit(star, self.seed + 3)) + star as f32).sin();
            let fade = 1.0 - (y / self.floor).max(0.0).powi(3);
            let alpha = (0.25 + 0.75 * size) * twinkle * fade * seen;
            picture.spot(view, (x, y), 0.0013 + 0.0022 * size, self.colour, alpha);
        }
    }
}

/// A flock of birds, far away.
pub(super) fn birds(picture: &mut Picture, view: &View, lead: (f32, f32), time: f32, count: u32, colour: Colour) {
    for bird in 0..count {
        let side = if bird % 2 == 0 { 1.0 } else { -1.0 };
        let rank = bird.div_ceil(2) as f32;
        let sway = noise::wave(time * 0.6 + bird as f32 * 3.1, 11) * 0.006;
        let x = lead.0 - rank * 0.028 - 0.006 * side + sway;
        let y = lead.1 + side * rank * 0.011 + rank * 0.004 + sway * 0.7;
        let wing = 0.011 * (1.0 - 0.03 * rank);
        let lift = (time * 5.2 + bird as f32 * 1.7).sin() * 0.55 + 0.15;
        for direction in [-1.0, 1.0] {
            let elbow = (x + direction * wing * 0.45, y - wing * 0.35 * (0.6 + lift));
            let tip = (x + direction * wing, y - wing * lift * 0.8);
            picture.stroke(view, (x, y), elbow, 0.0016, colour, 0.8);
            picture.stroke(view, elbow, tip, 0.0012, colour, 0.7);
        }
    }
}

/// Snow, dust, plankton: specks that drift with `wind` and wrap around.
pub(super) struct Specks {
    pub(super) count: u32,
    pub(super) seed: u32,
    /// Scene units per second, for specks of mean distance.
    pub(super) wind: (f32, f32),
    pub(super) radius: f32,
    pub(super) colour: Colour,
    pub(super) alpha: f32,
}

impl Specks {
    pub(super) fn draw(&self, picture: &mut Picture, view: &View, time: f32) {
        self.draw_where(picture, view, time, |_, _| true);
    }

    /// Draws those for which `visible` holds.
    pub(super) fn draw_where(&self, picture: &mut Picture, view: &View, time: f32, visible: impl Fn(f32, f32) -> bool) {
        for speck in 0..self.count {
            // Near ones are larger, faster and fainter.
            let near = unit(speck, self.seed + 2).powi(2);
            let speed = 0.5 + 1.3 * near;
            let sway = 0.012 * (time * (0.6 + near) + speck as f32 * 2.4).sin();
            let x = (unit(speck, self.seed) + time * self.wind.0 * speed / 2.2).rem_euclid(1.0) * 2.2 - 1.1 + sway;
            let y = (unit(speck, self.seed + 1) + time * self.wind.1 * speed / 1.2).rem_euclid(1.0) * 1.2 - 0.1;
            let radius = self.radius * (0.5 + 1.8 * near);
            if visible(x, y) {
                picture.spot(view, (x, y), radius, self.colour, self.alpha * (1.0 - 0.55 * near));
            }
        }
    }
}

/// A line of conifers as a height above the ground: 0 between trees.
pub(super) fn conifers(x: f32, spacing: f32, height: f32, seed: u32) -> f32 {
    let cell = (x / spacing).floor();
    let mut best: f32 = 0.0;
    for neighbour in -2..=2 {
        let key = (cell as i32 + neighbour) as u32;
        if unit(key, seed) < 0.16 {
            continue;
        }
        let middle = (cell + neighbour as f32 + 0.25 + 0.5 * unit(key, seed + 1)) * spacing;
        let tall = height * (0.45 + 0.55 * unit(key, seed + 2));
        let half = tall * (0.2 + 0.07 * unit(key, seed + 3));
        let a = (x - middle).abs() / half;
        if a < 1.0 {
            // Steps that fall off slowly and then quickly: drooping branches.
            let steps = 7.0;
            let s = a * steps;
            best = best.max(tall * (1.0 - (s.floor() + s.fract().powf(2.2)) / steps));
        }
    }
    best
}
