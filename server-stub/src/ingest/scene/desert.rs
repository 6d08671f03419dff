//! Salt and Static: dunes, a line of masts, and weather coming.

use super::{
    Moment, Staged,
    props::{Disc, Specks, Stars},
};
use crate::ingest::render::{
    Bounds, Colour, Layers, Line, Picture, Skyline, SoftColour, SoftMask, View,
    noise::{clouds, fractal, unit, wave},
    sdf, smooth,
};

struct Light {
    sky: [(f32, u32); 4],
    sun: (u32, u32),
    dust: u32,
    /// Lit and shaded side, far to near.
    sand: [(u32, u32); 4],
    mast: u32,
    storm: f32,
}

const LIGHTS: [Light; 3] = [
    Light {
        sky: [(0.0, 0x1d4a5c), (0.25, 0x4f8a92), (0.46, 0xd9b98a), (0.6, 0xf7d9a2)],
        sun: (0xfff6dc, 0xffe9b8),
        dust: 0xe9bd86,
        sand: [(0xdba266, 0xb27a52), (0xe09a52, 0x9c5d3e), (0xd98640, 0x7c432f), (0xb9642c, 0x4a261f)],
        mast: 0x3a2a2a,
        storm: 0.15,
    },
    Light {
        sky: [(0.0, 0x1c1716), (0.25, 0x4a2f24), (0.46, 0x96532c), (0.6, 0xc97b3c)],
        sun: (0xf4c48a, 0xe9a766),
        dust: 0xb06a36,
        sand: [(0x9a5a34, 0x70402a), (0x8a4c2b, 0x562f22), (0x6f3a22, 0x3d211a), (0x4a2617, 0x221310)],
        mast: 0x1d1210,
        storm: 1.0,
    },
    Light {
        sky: [(0.0, 0x0d1330), (0.25, 0x232a5c), (0.46, 0x5a4f86), (0.6, 0xb97f8e)],
        sun: (0xf2ecff, 0xdcd2f4),
        dust: 0x8a6a92,
        sand: [(0x7c6290, 0x54467a), (0x6a5184, 0x3d3462), (0x4c3c6c, 0x29234a), (0x2f2850, 0x15132c)],
        mast: 0x14122a,
        storm: 0.05,
    },
];

struct Desert {
    light: &'static Light,
    shot: usize,
    time: f32,
    sky: SoftColour,
    dust: SoftMask,
    near_dust: SoftMask,
    sun: Disc,
    /// The outline and, for each column, the y of the line between light and shade.
    dunes: Vec<(Skyline, Skyline)>,
    masts: Vec<(f32, f32, f32)>,
    flash: f32,
}

/// A dune's outline: long windward slope, short lee.
fn dune(layer: usize, x: f32, seed: u32) -> f32 {
    let base = [0.585, 0.655, 0.76, 0.90][layer];
    let high = [0.035, 0.075, 0.10, 0.10][layer];
    let dense = [1.9, 1.15, 0.85, 0.7][layer];
    let bend = x + 0.22 * wave(x * dense * 0.8, seed + 3);
    base - high * (fractal(bend * dense, 2, seed + layer as u32 * 9) * 1.3 + 0.1)
}

pub(super) fn stage(moment: &Moment, view: View) -> Staged {
    let shot = moment.shot.min(2);
    let light = &LIGHTS[shot];
    let (time, seed) = (moment.time, [1200, 1240, 1290][shot]);
    let view =
        view.moved(0.02 * moment.share, 0.0, [1.0 + 0.05 * moment.share, 1.08, 1.05 - 0.04 * moment.share][shot]);
    let centre = ([0.33, 0.25, 0.40][shot], [0.27, 0.33, 0.22 - 0.03 * moment.share][shot]);
    let stops: Vec<(f32, Colour)> = light.sky.iter().map(|(at, rgb)| (*at, Colour::hex(*rgb))).collect();
    let flash = lightning(time, shot);
    let sky = SoftColour::new(&view, |x, y| {
        let away = (x - centre.0).hypot(y - centre.1);
        let wall = clouds(x * 1.5 - time * 0.05 * light.storm, y * 2.2 + time * 0.01, 5, 1300);
        let rolling = light.storm * smooth(-0.15, 0.5, wall) * smooth(0.75, 0.2, y);
        let base = Colour::gradient(&stops, y + 0.015 * wall)
            .mix(Colour::hex(light.sun.1), 0.55 * (-(away * away) / 0.03).exp());
        let lit = flash * (-((x - 0.42) / 0.35).powi(2)).exp();
        base.mix(stops[0].1, 0.75 * rolling).mix(Colour::hex(0xffe9d0), 0.55 * lit * (0.4 + 0.6 * rolling))
    });
    let speed = 0.05 + 0.28 * light.storm;
    let dust = SoftMask::new(&view, |x, y| {
        let body = clouds(x * 1.2 - time * speed, y * 4.0 + 0.2 * (x + time * 0.02), 4, 1310);
        (0.10 + 0.55 * light.storm) * smooth(-0.3, 0.8, body) * smooth(0.35, 0.62, y) * smooth(1.0, 0.72, y)
    });
    let near_dust = SoftMask::new(&view, |x, y| {
        let body = clouds(x * 0.8 - time * speed * 2.1, y * 6.0, 4, 1320);
        (0.04 + 0.38 * light.storm) * smooth(0.0, 0.8, body) * smooth(0.5, 0.95, y)
    });
    let sun = Disc {
        centre,
        radius: [0.085, 0.075, 0.055][shot],
        top: Colour::hex(light.sun.0),
        bottom: Colour::hex(light.sun.1),
        soft: if shot == 1 { 0.012 } else { 0.0015 },
        opacity: if shot == 1 { 0.62 } else { 0.97 },
    };
    let dunes = (0..4)
        .map(|layer| {
            let pan = time * [0.001, 0.0022, 0.0045, 0.009][layer];
            let outline = Skyline::new(&view, |x| dune(layer, x + pan, seed));
            // The crest winds down the slope towards the viewer; left of it is the side that the sun sees.
            let crest = Skyline::new(&view, |x| {
                let x = x + pan;
                let slope = (dune(layer, x + 0.02, seed) - dune(layer, x - 0.02, seed)) / 0.04;
                let drop = 0.008 + 0.35 * (0.16 - slope).max(0.0) * [0.3, 0.6, 0.9, 1.0][layer];
                dune(layer, x, seed) + drop + 0.006 * wave(x * 14.0, seed + 40)
            });
            (outline, crest)
        })
        .collect();
    let masts = (0..6_u32)
        .map(|mast| {
            let x = 0.62 - 0.19 * mast as f32 + 0.02 * unit(mast, 7);
            let size = 0.30 - 0.042 * mast as f32;
            let pan = time * 0.0022;
            (x, dune(1, x + pan, seed) + 0.008, size)
        })
        .collect();
    Staged::new(view, Desert { light, shot, time, sky, dust, near_dust, sun, dunes, masts, flash })
}

/// Brightness of the lightning at `time`: two short pulses every few seconds, in the storm only.
fn lightning(time: f32, shot: usize) -> f32 {
    if shot != 1 {
        return 0.0;
    }
    let beat = time.rem_euclid(5.3);
    let pulse = |at: f32| if beat > at { (-(beat - at) * 7.0).exp() } else { 0.0 };
    (pulse(2.1) + 0.7 * pulse(2.42)).min(1.0)
}

impl Layers for Desert {
    fn paint(&self, line: &mut Line<'_>) {
        let light = self.light;
        let first = self.dunes.iter().rposition(|(outline, _)| line.is_under(outline));
        if first.is_none() {
            line.paint(&self.sky);
            self.sun.paint(line);
        }
        for (layer, (outline, crest)) in self.dunes.iter().enumerate() {
            if first.is_some_and(|first| layer < first) {
                continue;
            }
            if layer == 1 {
                self.masts(line);
            }
            let (lit, shade) = light.sand[layer];
            let away = [0.42, 0.20, 0.06, 0.0][layer];
            let dust = Colour::hex(light.dust);
            line.under(outline, Colour::hex(shade).mix(dust, away));
            let bright = Colour::hex(lit).mix(dust, away * 0.6).times(1.0 + 0.25 * self.flash);
            // Between the outline and the crest lies the lit side.
            let soft = [70.0, 55.0, 40.0, 30.0][layer];
            line.between_curves(outline, crest, bright, soft);
            if layer >= 2 {
                let ripples = wave(line.y * 150.0 + 0.4 * wave(line.y * 20.0, 5), 6);
                line.shade_under(outline, bright, |depth, _| 0.05 * ripples.max(0.0) * smooth(0.01, 0.1, depth));
            }
            match layer {
                1 => line.tint(&self.dust, dust),
                2 => line.tint(&self.near_dust, dust.times(0.92)),
                _ => {}
            }
        }
        if self.shot == 1 {
            line.tint(&self.near_dust, Colour::hex(light.dust).times(0.8));
        }
    }

    fn finish(&self, picture: &mut Picture, view: &View) {
        let light = self.light;
        if self.shot == 2 {
            let stars = Stars {
                count: 420,
                seed: 1400,
                floor: 0.5,
                colour: Colour::hex(0xf0ecff),
                time: self.time,
                drift: self.time * 0.0003,
            };
            let (sun, ridge) = (&self.sun, &self.dunes[0].0);
            stars.draw(picture, view, |x, y| {
                let away = (x - sun.centre.0).hypot(y - sun.centre.1);
                if y > ridge.at(view, x) - 0.03 { 0.0 } else { smooth(0.06, 0.3, away) }
            });
        }
        let blink = smooth(0.5, 1.0, (self.time * 1.7).sin());
        for (x, foot, size) in &self.masts {
            picture.spot(view, (*x, foot - size * 0.99), 0.012 * size / 0.3, Colour::hex(0xff5a3c), 0.9 * blink);
        }
        if self.flash > 0.25 {
            self.bolt(picture, view);
        }
        let sand = Specks {
            count: (60.0 + 420.0 * light.storm) as u32,
            seed: 1500,
            wind: (0.06 + 0.42 * light.storm, 0.012),
            radius: 0.0017,
            colour: Colour::hex(light.sun.1),
            alpha: 0.20 + 0.16 * light.storm,
        };
        sand.draw(picture, view, self.time);
    }
}

impl Desert {
    /// Lattice masts, larger to the right, with a wire between them.
    fn masts(&self, line: &mut Line<'_>) {
        let dark = Colour::hex(self.light.mast);
        for (index, &(x, foot, size)) in self.masts.iter().enumerate() {
            let colour = dark.mix(Colour::hex(self.light.dust), 0.08 + 0.10 * index as f32);
            let bounds = Bounds { left: x - 0.2 * size, top: foot - size, right: x + 0.2 * size, bottom: foot + 0.01 };
            line.shape(bounds, colour, 0.0, |px, py| {
                let p = ((px - x) / size, (py - foot) / size);
                let half = 0.012 + 0.055 * (1.0 + p.1).clamp(0.0, 1.0).powf(1.4);
                let legs = (p.0.abs() - half).abs() - 0.006;
                let zig = ((p.1 * 9.0 + p.0 / half * 0.5).fract().abs() - 0.5).abs() * 0.05 - 0.0028;
                let lattice = legs.min(zig).max(p.0.abs() - half - 0.006);
                let arm = sdf::rounded_box(p, (0.0, -0.84), (0.12, 0.006), 0.002).min(sdf::rounded_box(
                    p,
                    (0.0, -0.70),
                    (0.085, 0.005),
                    0.002,
                ));
                let dish = sdf::ellipse(p, (0.055, -0.55), (0.026, 0.045));
                let tip = sdf::limb(p, (0.0, -0.9), (0.0, -0.995), 0.006, 0.003);
                lattice.max(-0.92 - p.1).min(arm).min(dish).min(tip) * size
            });
            let Some(&(next_x, next_foot, next_size)) = self.masts.get(index + 1) else { continue };
            for side in [-0.11, 0.11] {
                let (a, b) =
                    ((x + side * size, foot - 0.84 * size), (next_x + side * next_size, next_foot - 0.84 * next_size));
                let bounds = Bounds { left: b.0, top: a.1.min(b.1), right: a.0, bottom: a.1.max(b.1) + 0.05 };
                line.shape_with(
                    bounds,
                    colour,
                    0.0,
                    |px, py| {
                        let t = ((px - a.0) / (b.0 - a.0)).clamp(0.0, 1.0);
                        let wire = a.1 + (b.1 - a.1) * t + 0.032 * size / 0.3 * 4.0 * t * (1.0 - t);
                        (py - wire).abs() - 0.0004
                    },
                    0.75,
                );
            }
        }
    }

    fn bolt(&self, picture: &mut Picture, view: &View) {
        let strike = (self.time / 5.3).floor() as u32;
        let mut at = (0.42 + 0.2 * (unit(strike, 1) - 0.5), 0.05);
        for step in 0..15_u32 {
            let next = (at.0 + 0.055 * (unit(strike * 31 + step, 2) - 0.5), at.1 + 0.033);
            picture.stroke(view, at, next, 0.010, Colour::hex(0xffd9a8), 0.10 * self.flash);
            picture.stroke(view, at, next, 0.0018, Colour::hex(0xfff6ea), self.flash);
            if step % 4 == 2 {
                let fork = (next.0 + 0.06 * (unit(strike + step, 3) - 0.5).signum(), next.1 + 0.05);
                picture.stroke(view, next, fork, 0.0010, Colour::hex(0xffeacc), 0.7 * self.flash);
            }
            at = next;
        }
    }
}
