//! Low Country: land below the sea, wind, and what turns in it.

use super::{
    Moment, Staged,
    props::{Disc, birds},
};
use crate::ingest::render::{
    Bounds, Colour, Layers, Line, Picture, Skyline, SoftColour, View,
    noise::{clouds, fractal, unit, wave},
    sdf, smooth,
};

/// y of the horizon.
const HORIZON: f32 = 0.63;

struct Light {
    sky: [(f32, u32); 4],
    cloud: (u32, u32),
    sun: (u32, u32),
    far: u32,
    fields: (u32, u32),
    mill: u32,
    reed: u32,
}

const LIGHTS: [Light; 3] = [
    Light {
        sky: [(0.0, 0x15361f), (0.25, 0x3d6f35), (0.45, 0x93ad4f), (0.63, 0xf0dd8a)],
        cloud: (0xf6eec0, 0x4a7440),
        sun: (0xfbf3b4, 0xf7e489),
        far: 0x6f8a45,
        fields: (0x7d9440, 0x1a2a16),
        mill: 0x18241a,
        reed: 0x0d160c,
    },
    Light {
        sky: [(0.0, 0x3d6c96), (0.25, 0x7aa6c4), (0.45, 0xb9d3da), (0.63, 0xeaf0e0)],
        cloud: (0xffffff, 0x8fa6b8),
        sun: (0xfffbe8, 0xfff4c8),
        far: 0x9db2a2,
        fields: (0x9fb565, 0x3f5c35),
        mill: 0x3c4140,
        reed: 0x2a3f22,
    },
    Light {
        sky: [(0.0, 0x1a2036), (0.25, 0x45426a), (0.45, 0xa7657a), (0.63, 0xf7ab7c)],
        cloud: (0xffc79a, 0x5a4468),
        sun: (0xffdcae, 0xffb27c),
        far: 0x8a6272,
        fields: (0x7d5a62, 0x1a1a28),
        mill: 0x1b1826,
        reed: 0x0e0d16,
    },
];

struct Mill {
    x: f32,
    foot: f32,
    size: f32,
    turn: f32,
}

struct Polder {
    light: &'static Light,
    shot: usize,
    time: f32,
    sky: SoftColour,
    sun: Disc,
    far: Skyline,
    bank: Skyline,
    mills: Vec<Mill>,
}

pub(super) fn stage(moment: &Moment, view: View) -> Staged {
    let shot = moment.shot.min(2);
    let light = &LIGHTS[shot];
    let time = moment.time;
    let view = view.moved(
        [0.03 * moment.share, -0.05 + 0.08 * moment.share, 0.0][shot],
        0.0,
        1.02 + [0.03, 0.0, 0.05][shot] * moment.share,
    );
    let stops: Vec<(f32, Colour)> = light.sky.iter().map(|(at, rgb)| (*at, Colour::hex(*rgb))).collect();
    let centre = ([0.10, -0.2, 0.2][shot], [0.40, 0.18, 0.545 + 0.03 * moment.share][shot]);
    let (bright, dark) = (Colour::hex(light.cloud.0), Colour::hex(light.cloud.1));
    let sky = SoftColour::new(&view, |x, y| {
        // Clouds lie flat: they are dense and thin near the horizon, wide overhead.
        let flat = 1.0 / (0.16 + (HORIZON - y).max(0.0));
        let (u, v) = (x * flat * 0.5 + time * 0.013, flat * 1.25 + time * 0.004);
        let body = clouds(u, v, 5, 150 + shot as u32);
        let cover = smooth(-0.02, 0.42, body) * smooth(HORIZON, HORIZON - 0.16, y);
        let lit = smooth(-0.1, 0.35, body - clouds(u - 0.12, v - 0.15, 4, 150 + shot as u32));
        let away = (x - centre.0).hypot(y - centre.1);
        let base = Colour::gradient(&stops, y).mix(bright, 0.6 * (-(away * away) / 0.03).exp());
        base.mix(dark.mix(bright, 0.25 + 0.75 * lit), 0.62 * cover)
    });
    let sun = Disc {
        centre,
        radius: [0.062, 0.05, 0.075][shot],
        top: Colour::hex(light.sun.0),
        bottom: Colour::hex(light.sun.1),
        soft: 0.002,
        opacity: [0.95, 0.5, 0.95][shot],
    };
    let pan = time * 0.0015;
    let far = Skyline::new(&view, |x| {
        // Poplars and roofs, far away.
        let x = x + pan * 0.4;
        let trees = fractal(x * 26.0, 3, 11).max(0.0) * smooth(-0.1, 0.4, wave(x * 2.0, 12));
        HORIZON - 0.006 - 0.028 * trees
    });
    let bank = Skyline::new(&view, |x| 0.90 + 0.05 * fractal(x * 1.4 + pan, 3, 13) + 0.05 * x);
    let turn = time * [0.62, 0.9, 0.45][shot];
    let mills = vec![
        Mill { x: -0.52, foot: HORIZON + 0.008, size: 0.16, turn: turn + 0.6 },
        Mill { x: -0.13, foot: HORIZON + 0.010, size: 0.20, turn: turn * 0.94 + 1.1 },
        Mill { x: 0.38, foot: HORIZON + 0.055, size: 0.62, turn },
    ];
    Staged::new(view, Polder { light, shot, time, sky, sun, far, bank, mills })
}

impl Polder {
    /// Sky, horizon, mills.
    fn above(&self, line: &mut Line<'_>) {
        line.paint(&self.sky);
        self.sun.paint(line);
        line.under(&self.far, Colour::hex(self.light.far));
    }

    fn mill(&self, line: &mut Line<'_>, mill: &Mill) {
        let Mill { x, foot, size, turn } = *mill;
        let bounds = Bounds { left: x - 0.62 * size, top: foot - 1.25 * size, right: x + 0.62 * size, bottom: foot };
        if line.y < bounds.top - line.pitch || line.y > bounds.bottom + line.pitch {
            return;
        }
        let distance_haze = 0.5 * (1.0 - (size / 0.6).min(1.0));
        let colour = Colour::hex(self.light.mill).mix(Colour::hex(self.light.far), distance_haze);
        let scale = 1.0 / size;
        let tower = [(-0.135, 0.0), (-0.078, -0.56), (0.078, -0.56), (0.135, 0.0)];
        line.shape(bounds, colour, 0.0, |px, py| {
            let p = ((px - x) * scale, (py - foot) * scale);
            let cap = sdf::ellipse(p, (0.0, -0.565), (0.095, 0.075)).max(p.1 + 0.545);
            let stage = sdf::rounded_box(p, (0.0, -0.25), (0.165, 0.009), 0.004);
            sdf::polygon(p, &tower).min(cap).min(stage) * size
        });
        let lit = colour.mix(Colour::hex(self.light.sun.1), 0.16);
        line.shape_with(
            bounds,
            lit,
            0.03 * size,
            |px, py| {
                let p = ((px - x) * scale, (py - foot) * scale);
                sdf::polygon(p, &tower).max(p.0 + 0.04) * size
            },
            0.8,
        );
        for (dx, dy) in [(0.0, -0.42), (-0.03, -0.16)] {
            let (wx, wy) = (x + dx * size, foot + dy * size);
            let pane = Bounds {
                left: wx - 0.016 * size,
                top: wy - 0.024 * size,
                right: wx + 0.016 * size,
                bottom: wy + 0.024 * size,
            };
            line.rect(pane, Colour::hex(self.light.sun.0), if self.shot == 1 { 0.25 } else { 0.85 });
        }
        let hub = (x, foot - 0.56 * size);
        line.shape(bounds, colour.times(0.8), 0.0, |px, py| {
            let p = sdf::turned((px, py), hub, turn);
            // One sail, repeated by symmetry: turn the point into the first quadrant.
            let q =
                if p.0.abs() > p.1.abs() { (p.0.abs(), p.1 * p.0.signum()) } else { (p.1.abs(), -p.0 * p.1.signum()) };
            let q = (q.0 * scale, q.1 * scale);
            let spar = sdf::limb(q, (0.0, 0.0), (0.56, 0.0), 0.010, 0.006);
            let sail = sdf::rounded_box(q, (0.345, 0.040), (0.205, 0.037), 0.002);
            let lattice =
                ((q.0 / 0.034).fract() - 0.5).abs().min(((q.1 / 0.037).fract().abs() - 0.5).abs()) * 0.035 - 0.0042;
            spar.min(sail.max(lattice)) * size
        });
    }

    /// Land on both sides of a canal that narrows to the horizon; the canal is the sky upside down.
    fn below(&self, line: &mut Line<'_>) {
        let depth = line.y - HORIZON;
        let near = depth / (1.0 - HORIZON);
        let swell = wave(depth * 70.0 / (0.12 + depth * 3.0) - self.time * 0.6, 41)
            + 0.5 * wave(depth * 190.0 / (0.12 + depth * 3.0) + self.time * 0.9, 42);
        let mirrored = HORIZON - depth * 1.15 - 0.014 * swell.abs() * (0.3 + near);
        line.seen_at(mirrored, swell * (0.001 + 0.012 * near), |mirror| {
            self.above(mirror);
            for mill in &self.mills {
                self.mill(mirror, mill);
            }
        });
        line.veil(Colour::hex(self.light.reed), (0.08 + 0.26 * near + 0.05 * swell).clamp(0.0, 1.0));
        line.veil(Colour::hex(self.light.sun.0), 0.16 * smooth(0.5, 1.3, swell) * (1.0 - 0.6 * near));

        // Strips of fields, each with its own green, wider towards the viewer.
        let strip = (0.42 / (depth + 0.035)).floor() as u32;
        let shade = 0.88 + 0.24 * unit(strip, 9);
        let (far, close) = (Colour::hex(self.light.fields.0), Colour::hex(self.light.fields.1));
        let haze = 0.45 * (1.0 - smooth(0.0, 0.10, depth));
        let grass = far.mix(close, near.powf(0.7)).times(shade).mix(Colour::hex(self.light.sky[3].1), haze);
        let edge = grass.mix(Colour::hex(self.light.reed), 0.55);
        let (middle, half) = (0.10 - 0.24 * near, 0.006 + 0.42 * near.powf(1.05));
        let wobble = 0.012 * near * wave(depth * 30.0, 43);
        let (left, right) = (middle - half + wobble, middle + half - wobble);
        let bank = 0.002 + 0.018 * near;
        let all = Bounds { left: -3.0, top: -1.0, right: 3.0, bottom: 2.0 };
        line.rect(Bounds { right: left, ..all }, edge, 1.0);
        line.rect(Bounds { left: right, ..all }, edge, 1.0);
        line.rect(Bounds { right: left - bank, ..all }, grass, 1.0);
        line.rect(Bounds { left: right + bank, ..all }, grass, 1.0);
    }
}

impl Layers for Polder {
    fn paint(&self, line: &mut Line<'_>) {
        if line.y < HORIZON {
            self.above(line);
        } else {
            self.below(line);
        }
        for mill in &self.mills {
            self.mill(line, mill);
        }
        line.under(&self.bank, Colour::hex(self.light.reed));
    }

    fn finish(&self, picture: &mut Picture, view: &View) {
        let reed = Colour::hex(self.light.reed);
        for stem in 0..120_u32 {
            let x = unit(stem, 21) * 2.0 - 1.0;
            let edge = smooth(0.1, 0.9, (x - 0.1).abs());
            let foot = self.bank.at(view, x) + 0.03;
            let tall = (0.05 + 0.17 * unit(stem, 22)) * (0.35 + 0.9 * edge);
            let sway = tall * (0.18 + 0.16 * wave(self.time * 0.55 + x * 2.2 + unit(stem, 23), 24));
            let middle = (x + sway * 0.35, foot - tall * 0.55);
            let tip = (x + sway, foot - tall);
            picture.stroke(view, (x, foot), middle, 0.0019, reed, 0.95);
            picture.stroke(view, middle, tip, 0.0014, reed, 0.95);
            if stem % 3 == 0 {
                let head = (tip.0 + sway * 0.06, tip.1 - 0.018);
                picture.stroke(view, tip, head, 0.0042, reed, 0.95);
            }
        }
        birds(
            picture,
            view,
            (-0.6 + self.time * 0.026, 0.21 - 0.001 * self.time),
            self.time,
            11,
            Colour::hex(self.light.mill),
        );
    }
}
