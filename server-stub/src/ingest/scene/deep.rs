//! Slow Light: jellyfish, a long way down.

use super::{Moment, Staged, props::Specks};
use crate::ingest::render::{
    Bounds, Colour, Layers, Line, Picture, Skyline, SoftColour, SoftMask, View,
    noise::{clouds, fractal, unit, wave},
    smooth,
};

struct Light {
    water: [(f32, u32); 4],
    ray: u32,
    rays: f32,
    bell: [u32; 2],
    floor: [u32; 2],
}

const LIGHTS: [Light; 3] = [
    Light {
        water: [(0.0, 0x2aa3b4), (0.3, 0x0f6a8c), (0.65, 0x083a63), (1.0, 0x041a38)],
        ray: 0x9ff0e6,
        rays: 0.42,
        bell: [0xffb7a0, 0xff7d8c],
        floor: [0x0a3556, 0x031327],
    },
    Light {
        water: [(0.0, 0x123a6e), (0.3, 0x0c2454), (0.65, 0x080f30), (1.0, 0x03061a)],
        ray: 0x6a8cf0,
        rays: 0.16,
        bell: [0x8ad0ff, 0x9a7bff],
        floor: [0x0a1636, 0x030616],
    },
    Light {
        water: [(0.0, 0x7fe0c0), (0.3, 0x2ba89c), (0.65, 0x0f6270), (1.0, 0x06303f)],
        ray: 0xf0fff0,
        rays: 0.5,
        bell: [0xfff0c8, 0xffc27a],
        floor: [0x0f5560, 0x052430],
    },
];

struct Jelly {
    x: f32,
    y: f32,
    size: f32,
    /// Phase of its beat.
    beat: f32,
    lean: f32,
    seed: u32,
    hue: Colour,
    alpha: f32,
}

struct Deep {
    light: &'static Light,
    time: f32,
    water: SoftColour,
    rays: SoftMask,
    floor: [Skyline; 2],
    jellies: Vec<Jelly>,
}

pub(super) fn stage(moment: &Moment, view: View) -> Staged {
    let shot = moment.shot.min(2);
    let light = &LIGHTS[shot];
    let time = moment.time + 20.0 * shot as f32;
    let view = view.moved(0.01 * (time * 0.1).sin(), 0.008 * (time * 0.13).sin() + 0.01, 1.03 + 0.03 * moment.share);
    let stops: Vec<(f32, Colour)> = light.water.iter().map(|(at, rgb)| (*at, Colour::hex(*rgb))).collect();
    let water = SoftColour::new(&view, |x, y| {
        let away = ((x - 0.2) * 0.7).hypot(y + 0.1);
        let murk = clouds(x * 1.2 + time * 0.01, y * 1.6 - time * 0.006, 4, 171);
        let shimmer = if y < 0.16 {
            0.35 * smooth(0.16, -0.02, y)
                * smooth(0.1, 0.7, clouds(x * 5.0 + time * 0.2, y * 22.0 - time * 0.12, 3, 172))
        } else {
            0.0
        };
        Colour::gradient(&stops, away * 0.82 + 0.05 * murk)
            .times(1.0 + 0.10 * murk)
            .mix(Colour::hex(light.ray), shimmer * light.rays * 1.4)
    });
    let source = (0.12, -0.55);
    let rays = SoftMask::new(&view, |x, y| {
        let angle = (x - source.0) / (y - source.1);
        let shafts = 0.6 * wave(angle * 9.0 + time * 0.07, 181) + 0.4 * wave(angle * 21.0 - time * 0.11, 182);
        light.rays * smooth(0.05, 0.75, shafts) * smooth(0.95, 0.05, y) * (-(angle / 0.75).powi(2)).exp()
    });
    let floor = [
        Skyline::new(&view, |x| 0.90 - 0.05 * fractal(x * 1.7 + 3.0, 4, 191) + 0.08 * x),
        Skyline::new(&view, |x| {
            0.975 - 0.06 * fractal(x * 1.3 + 8.0, 4, 192) - 0.07 * x - 0.05 * smooth(-0.3, -0.9, x)
        }),
    ];
    let hues = light.bell.map(Colour::hex);
    let count = [7, 9, 11][shot];
    let jellies = (0..count)
        .map(|index: u32| {
            let near = if index == 0 { 1.0 } else { 0.09 + 0.44 * unit(index, 201).powf(1.5) };
            let beat = time * (1.5 - 0.5 * near) + index as f32 * 1.7;
            let rise = 0.010 * beat.sin() * near.max(0.3);
            let (x, y) = if index == 0 {
                (0.31 + 0.02 * (time * 0.17).sin(), 0.36 - 0.0016 * moment.time)
            } else {
                let x = unit(index, 202) * 1.9 - 0.95 + 0.02 * (time * 0.1 + index as f32).sin();
                (x, (unit(index, 203) * 1.1 - 0.05 - 0.006 * moment.time * (0.5 + near)).rem_euclid(1.1))
            };
            let lean = 0.20 * (time * 0.13 + index as f32 * 2.0).sin();
            let hue = hues[(index % 2) as usize];
            Jelly { x, y: y - rise, size: 0.175 * near, beat, lean, seed: index, hue, alpha: 0.30 + 0.55 * near }
        })
        .collect();
    Staged::new(view, Deep { light, time, water, rays, floor, jellies })
}

impl Jelly {
    /// A point of the jelly's own frame (up is negative y, 1 is the bell's radius) in the scene.
    fn place(&self, p: (f32, f32)) -> (f32, f32) {
        let (sin, cos) = self.lean.sin_cos();
        (self.x + self.size * (p.0 * cos - p.1 * sin), self.y + self.size * (p.0 * sin + p.1 * cos))
    }

    fn bell(&self, line: &mut Line<'_>) {
        let bounds = Bounds::around((self.x, self.y), self.size * 1.7);
        if line.y < bounds.top || line.y > bounds.bottom {
            return;
        }
        let squeeze = 0.10 * self.beat.sin();
        let (wide, tall) = (1.0 - squeeze, 0.86 + squeeze);
        let (sin, cos) = self.lean.sin_cos();
        let (cx, cy, size) = (self.x, self.y, self.size);
        let local = move |x: f32, y: f32| {
            let (dx, dy) = ((x - cx) / size, (y - cy) / size);
            (dx * cos + dy * sin, dy * cos - dx * sin)
        };
        // A dome whose lower edge is scalloped.
        let dome = move |x: f32, y: f32| {
            let p = local(x, y);
            let q = (p.0 / wide, p.1 / tall);
            let hem = 0.16 + 0.05 * (q.0 * 17.0).cos() - 0.12 * q.0 * q.0;
            ((q.0.hypot(q.1) - 1.0) * 0.9).max(p.1 - hem) * size
        };
        let glow = Colour::hex(0xffffff).mix(self.hue, 0.8);
        line.shape_with(bounds, self.hue, size * 0.55, dome, 0.30 * self.alpha);
        line.shape_with(bounds, self.hue, 0.0, dome, 0.34 * self.alpha);
        line.shape_with(bounds, glow, size * 0.10, move |x, y| dome(x, y).abs() - size * 0.025, 0.60 * self.alpha);
        line.shape_with(
            bounds,
            glow,
            size * 0.22,
            move |x, y| {
                let p = local(x, y);
                ((p.0 / 0.55).hypot((p.1 + 0.35) / 0.42) - 1.0) * 0.4 * size
            },
            0.50 * self.alpha,
        );
        // Four rings inside, as moon jellies have.
        line.shape_with(
            bounds,
            glow,
            size * 0.02,
            move |x, y| {
                let p = local(x, y);
                let near = |ring: f32| {
                    (((p.0 - ring) / 0.15).hypot((p.1 + 0.30 - 0.14 * ring * ring) / 0.20) - 1.0).abs() * 0.15
                };
                (near(-0.48).min(near(-0.16)).min(near(0.16)).min(near(0.48)) - 0.022) * size
            },
            0.42 * self.alpha,
        );
    }

    fn tentacles(&self, picture: &mut Picture, view: &View, time: f32) {
        let thin = (self.size * 0.016).max(0.0008);
        for arm in 0..11_u32 {
            let across = (arm as f32 - 5.0) / 5.6;
            let frill = arm % 3 == 1;
            let length = if frill { 1.7 } else { 1.9 + 1.1 * unit(arm, 211 + self.seed) };
            let steps = 16;
            let mut last = self.place((across * 0.92, 0.10));
            for step in 1..=steps {
                let t = step as f32 / steps as f32;
                let lag = time * 1.1 - t * 2.6 + arm as f32 * 0.8 + self.seed as f32;
                let sway = (0.06 + 0.20 * t) * lag.sin() + 0.10 * t * wave(time * 0.3 + arm as f32, 212);
                let next = self.place((across * (0.92 - 0.35 * t) + sway, 0.10 + length * t));
                let alpha = self.alpha * (1.0 - t) * if frill { 0.46 } else { 0.32 };
                let radius = if frill { thin * (3.2 - 2.2 * t) } else { thin };
                picture.stroke(view, last, next, radius, self.hue, alpha);
                last = next;
            }
        }
    }
}

impl Layers for Deep {
    fn paint(&self, line: &mut Line<'_>) {
        line.paint(&self.water);
        line.shine(&self.rays, Colour::hex(self.light.ray).times(0.55));
        line.under(&self.floor[0], Colour::hex(self.light.floor[0]));
        for jelly in self.jellies.iter().rev() {
            jelly.bell(line);
        }
        line.under(&self.floor[1], Colour::hex(self.light.floor[1]));
    }

    fn finish(&self, picture: &mut Picture, view: &View) {
        for jelly in self.jellies.iter().rev() {
            jelly.tentacles(picture, view, self.time);
        }
        self.fish(picture, view);
        self.kelp(picture, view);
        let specks = Specks {
            count: 260,
            seed: 220,
            wind: (0.006, -0.010),
            radius: 0.0019,
            colour: Colour::hex(self.light.ray),
            alpha: 0.38,
        };
        specks.draw(picture, view, self.time);
    }
}

impl Deep {
    /// A school that turns as one.
    fn fish(&self, picture: &mut Picture, view: &View) {
        let colour = Colour::hex(self.light.floor[1]);
        let lead = (-0.95 + (self.time * 0.032).rem_euclid(2.2), 0.30 + 0.05 * (self.time * 0.2).sin());
        for fish in 0..46_u32 {
            let (a, b) = (unit(fish, 231), unit(fish, 232));
            let sway = 0.02 * wave(self.time * 0.8 + fish as f32, 233);
            let x = lead.0 - 0.34 * a + sway;
            let y = lead.1 + (b - 0.5) * 0.20 * (1.0 - (a - 0.45).abs()) + sway * 0.5;
            let flick = 0.003 * (self.time * 9.0 + fish as f32 * 2.0).sin();
            picture.stroke(view, (x + 0.007, y), (x - 0.005, y + flick * 0.3), 0.0030, colour, 0.6);
            picture.stroke(view, (x - 0.005, y + flick * 0.3), (x - 0.011, y + flick), 0.0016, colour, 0.55);
        }
    }

    /// Long leaves at both sides of the picture.
    fn kelp(&self, picture: &mut Picture, view: &View) {
        let colour = Colour::hex(self.light.floor[1]);
        for stem in 0..9_u32 {
            let side = if stem % 3 == 0 { 0.70 } else { -0.92 };
            let x = side + 0.30 * unit(stem, 241);
            let tall = 0.28 + 0.34 * unit(stem, 242);
            let mut last = (x, 1.02);
            for step in 1..=18 {
                let t = step as f32 / 18.0;
                let sway = 0.06 * t * wave(self.time * 0.25 - t * 1.3 + stem as f32 * 1.9, 243);
                let next = (x + sway, 1.02 - tall * t);
                picture.stroke(view, last, next, 0.0062 * (1.15 - t), colour, 0.92);
                let leaf = if step % 2 == 0 { 1.0 } else { -1.0 };
                let size = 0.038 * (1.1 - t * 0.7);
                picture.stroke(
                    view,
                    next,
                    (next.0 + leaf * size, next.1 - size * 0.55),
                    0.0058 * (1.15 - t),
                    colour,
                    0.88,
                );
                last = next;
            }
        }
    }
}
