//! A Winter Without Maps: northern lights over mountains, a forest and a cabin.

use super::{
    Moment, Staged,
    props::{Specks, Stars, conifers},
};
use crate::ingest::render::{
    Bounds, Colour, Layers, Line, Picture, Skyline, SoftColour, SoftMask, View,
    noise::{clouds, fractal, unit, wave},
    sdf, smooth,
};

struct Light {
    sky: [(f32, u32); 4],
    /// Lower and upper colour of the curtains.
    curtain: (u32, u32),
    strength: f32,
    rock: [u32; 2],
    snow: u32,
    forest: [u32; 2],
    ground: u32,
    fall: u32,
}

const LIGHTS: [Light; 3] = [
    Light {
        sky: [(0.0, 0x050b18), (0.3, 0x0a1b31), (0.5, 0x12384c), (0.66, 0x1f5a62)],
        curtain: (0x3cf0a0, 0x7a5cf0),
        strength: 1.0,
        rock: [0x1b3a4c, 0x12283a],
        snow: 0x8fd0cc,
        forest: [0x0c1d2a, 0x050c14],
        ground: 0x2e5a66,
        fall: 90,
    },
    Light {
        sky: [(0.0, 0x1a2338), (0.3, 0x3f4a6b), (0.5, 0x8f86a6), (0.66, 0xe6b7a8)],
        curtain: (0xffc9a8, 0xe79ab8),
        strength: 0.0,
        rock: [0x6a6f8c, 0x4b5270],
        snow: 0xffe0d2,
        forest: [0x2b344c, 0x141a2a],
        ground: 0xb9b4c8,
        fall: 420,
    },
    Light {
        sky: [(0.0, 0x07071a), (0.3, 0x150f35), (0.5, 0x2c1f55), (0.66, 0x513670)],
        curtain: (0x58e0d0, 0xe05ab8),
        strength: 1.15,
        rock: [0x2d2550, 0x1d1838],
        snow: 0xb9a6e6,
        forest: [0x120e28, 0x080614],
        ground: 0x4a3f78,
        fall: 60,
    },
];

struct Aurora {
    light: &'static Light,
    time: f32,
    sky: SoftColour,
    lights: SoftColour,
    on_snow: SoftMask,
    peaks: [Skyline; 2],
    slope: Vec<f32>,
    forest: [Skyline; 2],
    ground: Skyline,
    /// Where the near trees end in the snow.
    roots: Skyline,
    cabin: (f32, f32),
}

/// Sharp summits: the noise is folded so that its zeros become ridges.
fn peak(x: f32, layer: usize, seed: u32) -> f32 {
    let fold = |x: f32, s: u32| 1.0 - wave(x, s).abs() * 1.9;
    let (base, high, dense) = [(0.62, 0.21, 1.9), (0.68, 0.17, 2.6)][layer];
    let shape =
        0.60 * fold(x * dense, seed) + 0.27 * fold(x * dense * 2.1, seed + 1) + 0.13 * fold(x * dense * 4.7, seed + 2);
    base - high * shape.max(-0.3) - 0.010 * fractal(x * 34.0, 4, seed + 3)
}

fn ground(x: f32) -> f32 {
    0.86 - 0.035 * fractal(x * 1.2, 3, 501) + 0.03 * (x - 0.3).powi(2)
}

pub(super) fn stage(moment: &Moment, view: View) -> Staged {
    let shot = moment.shot.min(2);
    let light = &LIGHTS[shot];
    let view = view.moved([0.0, -0.05 + 0.08 * moment.share, 0.0][shot], 0.0, 1.02 + 0.05 * moment.share);
    let time = moment.time + 40.0 * shot as f32;
    let stops: Vec<(f32, Colour)> = light.sky.iter().map(|(at, rgb)| (*at, Colour::hex(*rgb))).collect();
    let sky = SoftColour::new(&view, |x, y| {
        let cover = clouds(x * 1.3 - time * 0.01, y * 5.0, 4, 71);
        let warm = if shot == 1 { 0.25 * (-((x - 0.3).powi(2) + (y - 0.5).powi(2)) / 0.08).exp() } else { 0.0 };
        Colour::gradient(&stops, y).times(1.0 + 0.12 * cover * smooth(0.0, 0.4, y)).mix(Colour::hex(0xffe3c4), warm)
    });
    let lights = curtains(&view, light, time);
    let on_snow = SoftMask::new(&view, |x, y| {
        let beam = 0.5 + 0.5 * fractal(x * 1.5 + time * 0.05, 2, 88);
        beam * (-((x - 0.25) / 0.6).powi(2)).exp() * smooth(0.6, 0.9, y)
    });
    let seed = [900, 930, 960][shot];
    let pan = moment.time * 0.0015;
    let peaks = [
        Skyline::new(&view, |x| peak(x + pan * 0.5, 0, seed)),
        Skyline::new(&view, |x| peak(x + pan + 3.0, 1, seed + 10)),
    ];
    let gullies = (0..view.width).map(|column| fractal(view.scene_x(column as f32) * 15.0 + pan * 9.0, 5, seed + 7));
    let slope = gullies.collect();
    let forest = [
        Skyline::new(&view, |x| ground(x) - 0.035 - conifers(x + pan * 2.0 + 7.0, 0.017, 0.085, 40)),
        Skyline::new(&view, |x| {
            // Open in front of the cabin.
            let clearing = smooth(0.06, 0.2, (x - 0.2).abs());
            ground(x) + 0.016 - conifers(x + pan * 3.0, 0.045, 0.25, 41) * clearing
        }),
    ];
    let roots = Skyline::new(&view, |x| ground(x) + 0.012);
    let snow = Skyline::new(&view, ground);
    let cabin = (0.2, ground(0.2) + 0.004);
    Staged::new(view, Aurora { light, time, sky, lights, on_snow, peaks, slope, forest, ground: snow, roots, cabin })
}

/// Three curtains of light: a sharp lower edge that meanders, rays that flicker along it, a long fade upwards.
fn curtains(view: &View, light: &Light, time: f32) -> SoftColour {
    let (low, high) = (Colour::hex(light.curtain.0), Colour::hex(light.curtain.1));
    SoftColour::new(view, |x, y| {
        let mut sum = Colour::default();
        for curtain in 0..3_u32 {
            let c = curtain as f32;
            let bend = x + 0.16 * wave(x * 1.7 + time * 0.05 + c * 4.0, 610 + curtain);
            let base =
                0.47 - 0.10 * c + 0.11 * wave(bend * 1.25 + time * 0.022 + c * 9.0, 620 + curtain) - 0.14 * (x - 0.2);
            let above = base - y;
            if above < -0.09 {
                continue;
            }
            let ray = 0.55 + 0.45 * fractal(bend * 13.0 + time * 0.22 * (1.0 - 0.4 * c), 3, 630 + curtain);
            let patch = smooth(-0.45, 0.45, wave(bend * 0.9 - time * 0.035 + c * 2.0, 640 + curtain));
            let height = (0.09 + 0.17 * ray) * (1.0 - 0.18 * c);
            let fall = if above < 0.0 { (above / 0.022).exp() } else { (-above / height).exp() };
            let amount = light.strength * fall * patch * (0.35 + 0.65 * ray) * [0.74, 0.5, 0.34][curtain as usize];
            sum = sum.plus(low.mix(high, smooth(0.02, 0.3, above)).times(amount));
        }
        sum
    })
}

impl Aurora {
    fn cabin(&self, line: &mut Line<'_>) {
        let (x, y) = self.cabin;
        let wood = Colour::hex(self.light.forest[1]);
        line.shape(Bounds { left: x - 0.09, top: y - 0.12, right: x + 0.09, bottom: y }, wood, 0.0, |px, py| {
            let p = (px - x, py - y);
            let house =
                sdf::polygon(p, &[(-0.055, 0.0), (-0.055, -0.045), (0.0, -0.085), (0.055, -0.045), (0.055, 0.0)]);
            house.min(sdf::rounded_box(p, (0.028, -0.075), (0.008, 0.022), 0.001))
        });
        let snow = Colour::hex(self.light.snow);
        line.shape(Bounds { left: x - 0.09, top: y - 0.12, right: x + 0.09, bottom: y - 0.02 }, snow, 0.0, |px, py| {
            let p = (px - x, py - y);
            let left = sdf::limb(p, (-0.066, -0.041), (0.0, -0.088), 0.0045, 0.006);
            left.min(sdf::limb(p, (0.0, -0.088), (0.066, -0.041), 0.006, 0.0045))
        });
        for (left, right) in [(-0.033, -0.012), (0.010, 0.031)] {
            let pane = Bounds { left: x + left, top: y - 0.038, right: x + right, bottom: y - 0.016 };
            line.rect(pane, Colour::hex(0xffc56b), 1.0);
            let middle = x + (left + right) / 2.0;
            line.rect(Bounds { left: middle - 0.0008, right: middle + 0.0008, ..pane }, wood, 0.8);
        }
    }
}

impl Layers for Aurora {
    fn paint(&self, line: &mut Line<'_>) {
        let light = self.light;
        if !line.is_under(&self.ground) {
            line.paint(&self.sky);
            line.shine_soft(&self.lights);
            let step = self.slope.len() / line.len().max(1);
            for (layer, peaks) in self.peaks.iter().enumerate() {
                let rock = Colour::hex(light.rock[layer]);
                let misty = rock.mix(Colour::hex(light.sky[3].1), 0.55 * smooth(0.45, 0.74, line.y));
                line.under(peaks, misty);
                // Snow lies on the lit side of a ridge and thins out downwards.
                let slope = &self.slope;
                let lean = 0.55 / line.pitch * step as f32;
                line.shade_under(peaks, Colour::hex(light.snow), |depth, i| {
                    // Gullies run down to the right, their lit sides face left.
                    let at = (i * step) as f32 - depth * lean;
                    let side = slope[(at.abs() as usize).min(slope.len() - 1)];
                    let cover = (0.78 - depth * 3.0 + 0.5 * side).clamp(0.0, 1.0);
                    cover * smooth(-0.10, 0.16, side) * [0.55, 0.80][layer]
                });
            }
            let far = Colour::hex(light.forest[0]);
            line.under(&self.forest[0], far.mix(Colour::hex(light.ground), 0.35 * smooth(0.76, 0.86, line.y)));
        }
        let near = smooth(self.ground.top(), 1.0, line.y);
        let snow = Colour::hex(light.ground);
        line.under(&self.ground, snow.mix(Colour::hex(light.snow), 0.30 * (1.0 - near)).times(1.0 - 0.35 * near));
        if line.y > self.ground.top() - line.pitch {
            line.shade_under(&self.ground, Colour::hex(light.curtain.0), |_, _| 0.05 * light.strength);
        }
        self.cabin(line);
        let dark = Colour::hex(light.forest[1]);
        line.between_curves(&self.forest[1], &self.roots, dark, 90.0);
        line.tint(&self.on_snow, snow.mix(Colour::hex(light.snow), 0.5).times(0.18 * light.strength));
    }

    fn finish(&self, picture: &mut Picture, view: &View) {
        let peaks = &self.peaks;
        if self.light.strength > 0.0 {
            let stars = Stars {
                count: 520,
                seed: 700,
                floor: 0.55,
                colour: Colour::hex(0xeaf6ff),
                time: self.time,
                drift: self.time * 0.0003,
            };
            stars.draw(picture, view, |x, y| {
                if y > peaks[0].at(view, x).min(peaks[1].at(view, x)) - 0.004 { 0.0 } else { 0.85 }
            });
        }
        let (x, y) = self.cabin;
        let flicker = 0.9 + 0.1 * wave(self.time * 3.0, 9);
        for dx in [-0.022, 0.021] {
            picture.spot(view, (x + dx, y - 0.026), 0.075, Colour::hex(0xffb257), 0.26 * flicker);
            picture.spot(view, (x + dx * 1.3, y + 0.03), 0.05, Colour::hex(0xffb257), 0.16 * flicker);
        }
        // Smoke from the chimney.
        for puff in 0..26_u32 {
            let age = (self.time * 0.07 + puff as f32 / 26.0).fract();
            let drift = 0.10 * age * age + 0.012 * wave(age * 4.0 + self.time * 0.1 + unit(puff, 3), 77);
            let at = (x + 0.028 + drift, y - 0.10 - 0.22 * age);
            let alpha = 0.10 * (1.0 - age) * smooth(0.0, 0.08, age);
            picture.spot(view, at, 0.012 + 0.05 * age, Colour::hex(self.light.snow), alpha);
        }
        let snow = Specks {
            count: self.light.fall,
            seed: 800,
            wind: (-0.035, 0.085),
            radius: 0.0028,
            colour: Colour::hex(0xf4fbff),
            alpha: 0.7,
        };
        snow.draw(picture, view, self.time);
    }
}
