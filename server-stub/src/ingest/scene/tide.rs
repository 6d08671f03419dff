//! The Long Tide: a sea bed after the water has left, in three lights.

use super::{
    Moment, Staged,
    props::{Disc, Stars, birds},
};
use crate::ingest::render::{
    Bounds, Colour, Layers, Line, Picture, Skyline, SoftColour, SoftMask, View, lerp,
    noise::{clouds, fractal, wave},
    sdf, smooth,
};

/// The light of a shot.
struct Light {
    /// From the top of the sky to the horizon.
    sky: [(f32, u32); 4],
    /// What the sky fades to away from the sun.
    night: u32,
    sun: (u32, u32),
    glow: u32,
    haze: u32,
    /// Far hills to near ground.
    hills: [u32; 5],
}

const LIGHTS: [Light; 3] = [
    Light {
        sky: [(0.0, 0x1b1b30), (0.22, 0x53334f), (0.42, 0xb9525a), (0.56, 0xf4785f)],
        night: 0x0d0e18,
        sun: (0xffb595, 0xffd3a0),
        glow: 0xff7f66,
        haze: 0xd8685c,
        hills: [0x9a4f50, 0x653a46, 0x402b3b, 0x231d2b, 0x0d0e16],
    },
    Light {
        sky: [(0.0, 0x0b1120), (0.25, 0x1b2c4f), (0.45, 0x3c5b8c), (0.6, 0x7d9cc0)],
        night: 0x0a0e1a,
        sun: (0xc6cbd6, 0xdde3ea),
        glow: 0x8fb0dc,
        haze: 0x6483ab,
        hills: [0x4d688f, 0x3c4f70, 0x2b3750, 0x1b2233, 0x0c0f18],
    },
    Light {
        sky: [(0.0, 0x2b4a66), (0.25, 0x6f8fa0), (0.44, 0xe3bd9b), (0.58, 0xffdfae)],
        night: 0x26384c,
        sun: (0xfff3d6, 0xffe0a8),
        glow: 0xffd9a0,
        haze: 0xe8c3a0,
        hills: [0xb39a92, 0x8a7f86, 0x5f6472, 0x3b4454, 0x1d2530],
    },
];

struct Tide {
    light: &'static Light,
    shot: usize,
    time: f32,
    sky: SoftColour,
    mist: SoftMask,
    /// Dusk over the land away from the sun.
    gloom: SoftMask,
    hills: Vec<Skyline>,
    sun: Disc,
    boat: (f32, f32),
}

/// y of the hill `layer` (0 is farthest) at `x`.
fn hill(layer: usize, x: f32, seed: u32) -> f32 {
    let base = [0.535, 0.60, 0.69, 0.79, 0.93][layer];
    let high = [0.050, 0.085, 0.095, 0.10, 0.085][layer];
    let dense = [1.5, 1.25, 1.1, 1.0, 0.9][layer];
    let ripple = [0.0015, 0.001, 0.002, 0.0025, 0.004][layer];
    let shape = fractal(x * dense, 3, seed + layer as u32 * 13);
    base - high * (shape * 1.25 + 0.15) + ripple * wave(x * 22.0, seed + 5)
}

pub(super) fn stage(moment: &Moment, view: View) -> Staged {
    let light = &LIGHTS[moment.shot.min(2)];
    let seed = [51, 140, 77][moment.shot.min(2)];
    let push = 1.0 + 0.05 * moment.share;
    let view = view.moved(0.0, -0.008 * moment.share, push);
    let fall = if moment.shot == 0 { 0.045 * moment.share } else { -0.04 * moment.share };
    let centre = (0.3 + 0.01 * moment.share, [0.345, 0.33, 0.43][moment.shot.min(2)] + fall);
    let stops: Vec<(f32, Colour)> = light.sky.iter().map(|(at, rgb)| (*at, Colour::hex(*rgb))).collect();
    let (night, glow) = (Colour::hex(light.night), Colour::hex(light.glow));
    let sky = SoftColour::new(&view, |x, y| {
        let away = ((x - centre.0) * 0.82).hypot((y - centre.1) * 1.05);
        let band = clouds(x * 1.1 + moment.time * 0.006, y * 9.0, 4, 3) * smooth(0.55, 0.2, y);
        let lit = Colour::gradient(&stops, y + 0.02 * band);
        let near = (-(away * away) / 0.05).exp();
        let far = smooth(0.25, 1.15, away) * if moment.shot == 2 { 0.45 } else { 0.92 };
        lit.mix(glow, 0.55 * near).mix(night, far).times(1.0 + 0.07 * band)
    });
    let mist = SoftMask::new(&view, |x, y| {
        let drift = moment.time * 0.02;
        let rolls = clouds(x * 1.3 - drift, y * 7.0 + 0.3 * drift, 4, 29);
        0.6 * smooth(-0.15, 0.75, rolls) * smooth(0.50, 0.62, y) * smooth(0.92, 0.7, y)
    });
    let gloom = SoftMask::new(&view, |x, y| {
        let away = ((x - centre.0) * 0.82).hypot((y - centre.1) * 0.6);
        smooth(0.30, 1.15, away) * [0.80, 0.62, 0.25][moment.shot.min(2)]
    });
    let hills: Vec<Skyline> = (0..5)
        .map(|layer| {
            let pan = moment.time * [0.0012, 0.002, 0.0035, 0.006, 0.011][layer];
            Skyline::new(&view, |x| hill(layer, x + pan, seed))
        })
        .collect();
    let boat_x = lerp(-0.16, -0.22, moment.share);
    let boat = (boat_x, hill(3, boat_x + moment.time * 0.006, seed) + 0.012);
    let sun = Disc {
        centre,
        radius: 0.118,
        top: Colour::hex(light.sun.0),
        bottom: Colour::hex(light.sun.1),
        soft: 0.0012,
        opacity: if moment.shot == 1 { 0.94 } else { 1.0 },
    };
    Staged::new(view, Tide { light, shot: moment.shot, time: moment.time, sky, mist, gloom, hills, sun, boat })
}

impl Tide {
    /// A fishing boat that lies where the water left it.
    fn boat(&self, line: &mut Line<'_>, colour: Colour) {
        let centre = self.boat;
        let lean = -0.21;
        line.shape(Bounds::around((centre.0, centre.1 - 0.05), 0.17), colour, 0.0, |x, y| {
            let p = sdf::turned((x, y), centre, lean);
            let hull =
                [(-0.105, -0.052), (-0.02, -0.037), (0.085, -0.046), (0.13, -0.066), (0.09, 0.0), (-0.07, 0.004)];
            let cabin = sdf::rounded_box(p, (-0.045, -0.06), (0.028, 0.024), 0.004);
            let roof = sdf::rounded_box(p, (-0.045, -0.085), (0.033, 0.003), 0.002);
            let mast = sdf::limb(p, (0.02, -0.03), (0.022, -0.155), 0.0028, 0.0016);
            let boom = sdf::limb(p, (0.02, -0.06), (0.085, -0.098), 0.0018, 0.0012);
            let stay = sdf::limb(p, (0.022, -0.15), (0.125, -0.064), 0.0006, 0.0006);
            let aft = sdf::limb(p, (0.022, -0.15), (-0.045, -0.085), 0.0006, 0.0006);
            sdf::polygon(p, &hull).min(cabin).min(roof).min(mast).min(boom).min(stay).min(aft)
        });
    }
}

/// Where the sea begins when it has been found again.
const SEA: f32 = 0.655;

impl Tide {
    /// Water with the sun's path on it.
    fn sea(&self, line: &mut Line<'_>) {
        let depth = line.y - SEA;
        if depth < -line.pitch {
            return;
        }
        let near = (depth / 0.2).clamp(0.0, 1.0);
        let swell = wave(depth * 90.0 / (0.2 + depth * 3.0) - self.time * 0.7, 61)
            + 0.6 * wave(depth * 260.0 / (0.2 + depth * 4.0) + self.time * 1.1, 62);
        let far = Colour::hex(self.light.sky[3].1).mix(Colour::hex(self.light.sky[1].1), 0.35);
        let body = far.mix(Colour::hex(self.light.sky[0].1), 0.75 * near).times(1.0 + 0.06 * swell);
        line.rect(Bounds { left: -3.0, top: SEA, right: 3.0, bottom: 2.0 }, body, 1.0);
        let middle = self.sun.centre.0;
        let wide = 0.07 + 0.10 * near;
        let glint = smooth(-0.1, 0.9, swell) * (0.85 - 0.35 * near);
        let lane = Bounds { left: middle - 3.0 * wide, top: SEA, right: middle + 3.0 * wide, bottom: 2.0 };
        let shine = Colour::hex(self.light.sun.0);
        line.shape_with(lane, shine, wide, move |x, _| (x - middle).abs() - wide * 0.6, 0.75 * glint);
    }
}

impl Layers for Tide {
    fn paint(&self, line: &mut Line<'_>) {
        let haze = Colour::hex(self.light.haze);
        let first = self.hills.iter().rposition(|hill| line.is_under(hill));
        if first.is_none() {
            line.paint(&self.sky);
            self.sun.paint(line);
        }
        for (layer, hill) in self.hills.iter().enumerate() {
            if first.is_some_and(|first| layer < first) {
                continue;
            }
            if layer == 3 && self.shot != 1 {
                // Stands on the fourth ridge, so it is painted just before it.
                self.boat(line, Colour::hex(self.light.hills[3]).times(0.72));
            }
            let body = Colour::hex(self.light.hills[layer]);
            let foot = smooth(hill.top(), hill.bottom() + 0.12, line.y) * [0.34, 0.26, 0.18, 0.09, 0.0][layer];
            if layer == 2 && self.shot == 2 {
                self.sea(line);
                continue;
            }
            line.under(hill, body.mix(haze, foot));
            if layer < 4 {
                // The crest catches the light.
                let strength = [0.10, 0.13, 0.12, 0.08][layer];
                line.shade_under(hill, Colour::hex(self.light.glow), |depth, _| {
                    strength * (1.0 - depth * 60.0).max(0.0)
                });
            }
            if layer == 1 || layer == 2 {
                line.tint(&self.mist, haze.mix(body, 0.25));
            }
        }
        if line.y > self.hills[0].top() {
            let night = Colour::hex(self.light.night);
            // Gloom lies on the land only; the sky has its own.
            let ridge = &self.hills[0];
            if line.is_under(ridge) {
                line.tint(&self.gloom, night);
            } else {
                line.tint_under(ridge, &self.gloom, night);
            }
        }
    }

    fn finish(&self, picture: &mut Picture, view: &View) {
        if self.shot == 1 {
            let stars = Stars {
                count: 420,
                seed: 400,
                floor: 0.5,
                colour: Colour::hex(0xe8f0ff),
                time: self.time,
                drift: self.time * 0.0004,
            };
            let sun = &self.sun;
            let ridge = &self.hills[0];
            stars.draw(picture, view, |x, y| {
                let away = (x - sun.centre.0).hypot(y - sun.centre.1);
                if y > ridge.at(view, x) - 0.004 { 0.0 } else { smooth(0.13, 0.5, away) }
            });
        }
        let colour = Colour::hex(self.light.hills[4]);
        birds(picture, view, (-0.42 + self.time * 0.021, 0.27 - self.time * 0.0016), self.time, 9, colour);
    }
}
