//! Paper Lions: everything is cut from card, with a little shadow under each sheet.

use super::{Moment, Staged};
use crate::ingest::render::{
    Bounds, Colour, Layers, Line, Skyline, SoftColour, View,
    noise::{clouds, fractal, unit, wave},
    sdf, smooth,
};

struct Light {
    sky: (u32, u32),
    sun: (u32, u32),
    /// Far to near sheets.
    sheets: [u32; 5],
    coat: u32,
    mane: u32,
    leaf: u32,
}

const LIGHTS: [Light; 3] = [
    Light {
        sky: (0xb93a2b, 0xf2a35c),
        sun: (0xffe0a0, 0xffc777),
        sheets: [0xe07a48, 0xc2543a, 0x97382f, 0x642427, 0x34141b],
        coat: 0xf3b562,
        mane: 0xb9481f,
        leaf: 0x2a1018,
    },
    Light {
        sky: (0x1f5c58, 0x9fd0a4),
        sun: (0xf4f2cf, 0xe6eeb4),
        sheets: [0x6fb28c, 0x3f8f78, 0x286c62, 0x1a4c4a, 0x0d2c30],
        coat: 0xf0b45a,
        mane: 0xc0562a,
        leaf: 0x0a2226,
    },
    Light {
        sky: (0x1c1f4a, 0x6a6cb4),
        sun: (0xf3efff, 0xdcd6ff),
        sheets: [0x555a9e, 0x40437f, 0x2f3063, 0x212149, 0x12122c],
        coat: 0xd9a25e,
        mane: 0x8a3f3a,
        leaf: 0x0e0e24,
    },
];

struct Tree {
    x: f32,
    sheet: usize,
    size: f32,
    seed: u32,
}

struct Lion {
    x: f32,
    foot: f32,
    size: f32,
    /// Phase of its step.
    step: f32,
    /// With a mane.
    grown: bool,
}

struct Paper {
    light: &'static Light,
    sky: SoftColour,
    sun: (f32, f32),
    sheets: Vec<Skyline>,
    shadows: Vec<Skyline>,
    trees: Vec<Tree>,
    lions: Vec<Lion>,
    canopy: Skyline,
    canopy_shadow: Skyline,
    pan: f32,
    time: f32,
}

/// How much each sheet moves with the camera.
const PARALLAX: [f32; 5] = [0.15, 0.35, 0.6, 1.0, 1.7];

fn sheet(layer: usize, x: f32, seed: u32) -> f32 {
    let base = [0.60, 0.68, 0.765, 0.865, 0.965][layer];
    let high = [0.055, 0.055, 0.045, 0.028, 0.030][layer];
    let grass = if layer >= 3 { 0.012 * (1.0 - ((x * 46.0).fract().abs() * 2.0 - 1.0).abs()) } else { 0.0 };
    base - high * (fractal(x * [1.4, 1.3, 1.1, 0.9, 1.2][layer], 2, seed + layer as u32 * 5) + 0.2)
        - grass * (0.4 + 0.6 * unit((x * 46.0).floor() as i32 as u32, 3))
}

pub(super) fn stage(moment: &Moment, view: View) -> Staged {
    let shot = moment.shot.min(2);
    let light = &LIGHTS[shot];
    let (time, seed) = (moment.time, [311, 353, 389][shot]);
    let view = view.moved(0.0, 0.0, 1.02 + 0.03 * moment.share);
    let pan = time * 0.022;
    let sun = ([0.30, 0.42, 0.16][shot], [0.36, 0.30, 0.27][shot]);
    let (top, bottom) = (Colour::hex(light.sky.0), Colour::hex(light.sky.1));
    let sky = SoftColour::new(&view, |x, y| {
        let fibre = 0.02 * clouds(x * 30.0, y * 30.0, 2, 6);
        top.mix(bottom, smooth(-0.1, 0.66, y)).times(1.0 + fibre - 0.12 * ((x - sun.0).abs() - 0.4).max(0.0))
    });
    let make = |lift: f32| -> Vec<Skyline> {
        (0..5).map(|layer| Skyline::new(&view, |x| sheet(layer, x + pan * PARALLAX[layer], seed) - lift)).collect()
    };
    let (sheets, shadows) = (make(0.0), make(0.030));
    let trees = (0..17_u32)
        .map(|tree| {
            let layer = 1 + (tree % 3) as usize;
            let across = unit(tree, seed) * 2.9 - 1.1 - pan * PARALLAX[layer];
            let x = if (across - 0.28).abs() < 0.16 && layer == 3 { across - 0.42 } else { across };
            Tree { x, sheet: layer, size: [0.20, 0.28, 0.40][layer - 1] * (0.8 + 0.4 * unit(tree, 2)), seed: tree }
        })
        .collect();
    let stride = time * 2.1;
    let walk = 0.27 + 0.006 * time - 0.03;
    let foot = |x: f32| sheet(3, x + pan * PARALLAX[3], seed) + 0.022;
    let mut lions = vec![Lion { x: walk, foot: foot(walk), size: 0.33, step: stride, grown: true }];
    if shot != 2 {
        let cub = walk - 0.37;
        lions.push(Lion { x: cub, foot: foot(cub), size: 0.17, step: stride * 1.7 + 1.0, grown: false });
    }
    if shot == 1 {
        let second = walk - 0.60;
        lions.push(Lion { x: second, foot: foot(second), size: 0.15, step: stride * 1.8 + 2.0, grown: false });
    }
    let leaves = |x: f32, lift: f32| {
        let x = x + pan * 2.0;
        let fringe = 0.05 * (1.0 - ((x * 9.0 + 0.4 * wave(x * 3.0, 8)).fract().abs() * 2.0 - 1.0).abs().powf(1.5));
        0.05 + 0.05 * wave(x * 1.6, 9) + fringe + 0.10 * smooth(0.45, 1.0, (view.x - x + pan * 2.0).abs()) + lift
    };
    let canopy = Skyline::new(&view, |x| leaves(x, 0.0));
    let canopy_shadow = Skyline::new(&view, |x| leaves(x - 0.008, 0.026));
    Staged::new(view, Paper { light, sky, sun, sheets, shadows, trees, lions, canopy, canopy_shadow, pan, time })
}

const SHADOW: u32 = 0x14060a;

impl Paper {
    fn tree(&self, line: &mut Line<'_>, tree: &Tree, colour: Colour) {
        let Tree { x, sheet: layer, size, seed } = *tree;
        let ground = sheet_foot(self, layer, x);
        let bounds =
            Bounds { left: x - size * 0.62, top: ground - size * 1.35, right: x + size * 0.62, bottom: ground + 0.05 };
        if line.y < bounds.top - 0.03 || line.y > bounds.bottom + 0.03 {
            return;
        }
        let sway = 0.008 * wave(self.time * 0.5 + seed as f32, 5);
        let crown = move |px: f32, py: f32| {
            let p = ((px - x) / size, (py - ground) / size);
            let trunk = sdf::limb(p, (0.0, 0.1), (0.02 + sway, -0.7), 0.045, 0.022);
            let branch = sdf::limb(p, (0.01, -0.42), (0.17 + sway, -0.72), 0.022, 0.012);
            // Flat crowns of an acacia, one sheet for each.
            let a = sdf::ellipse(p, (0.0 + sway, -0.86), (0.40, 0.125));
            let b = sdf::ellipse(p, (-0.19 + sway, -0.72), (0.27, 0.085));
            let c = sdf::ellipse(p, (0.23 + sway, -0.745), (0.26, 0.080));
            trunk.min(branch).min(a).min(b).min(c) * size
        };
        line.shape_with(bounds, Colour::hex(SHADOW), 0.012, move |px, py| crown(px + 0.008, py - 0.014), 0.34);
        line.shape(bounds, colour, 0.0, crown);
    }

    fn lion(&self, line: &mut Line<'_>, lion: &Lion) {
        let Lion { x, foot, size, step, grown } = *lion;
        let bounds =
            Bounds { left: x - size * 0.95, top: foot - size * 1.12, right: x + size * 0.75, bottom: foot + 0.01 };
        if line.y < bounds.top - 0.04 || line.y > bounds.bottom + 0.04 {
            return;
        }
        let bob = 0.012 * (2.0 * step).sin();
        let local = move |px: f32, py: f32| ((px - x) / size, (py - foot) / size - bob);
        let leg = move |p: (f32, f32), hip: f32, phase: f32| {
            let swing = 0.13 * (step + phase).sin();
            let lift = 0.05 * (step + phase).cos().max(0.0);
            let knee = (hip + swing * 0.45 + 0.015, -0.20);
            let paw = (hip + swing, -0.028 - lift - bob);
            let upper = sdf::limb(p, (hip, -0.42), knee, 0.085, 0.055);
            upper.min(sdf::limb(p, knee, paw, 0.055, 0.036)).min(sdf::limb(
                p,
                paw,
                (paw.0 + 0.045, paw.1 + 0.006),
                0.034,
                0.028,
            ))
        };
        let far_legs = move |px: f32, py: f32| {
            let p = local(px, py);
            leg(p, -0.34, std::f32::consts::PI).min(leg(p, 0.26, 0.3)) * size
        };
        let wag = 0.10 * (step * 0.5).sin();
        let body = move |px: f32, py: f32| {
            let p = local(px, py);
            let trunk = sdf::limb(p, (-0.34, -0.52), (0.26, -0.55), 0.155, 0.175);
            let tail = sdf::limb(p, (-0.46, -0.55), (-0.66, -0.38 + wag * 0.4), 0.032, 0.022).min(sdf::limb(
                p,
                (-0.66, -0.38 + wag * 0.4),
                (-0.80, -0.52 + wag),
                0.022,
                0.018,
            ));
            let legs = leg(p, -0.40, 0.0).min(leg(p, 0.30, std::f32::consts::PI + 0.3));
            sdf::join(trunk, legs, 0.05).min(tail) * size
        };
        let head = (0.46, -0.76);
        let face = move |px: f32, py: f32| {
            let p = local(px, py);
            let skull = sdf::circle(p, head, 0.135);
            let muzzle = sdf::rounded_box(p, (head.0 + 0.10, head.1 + 0.05), (0.085, 0.062), 0.05);
            let ear = sdf::circle(p, (head.0 - 0.06, head.1 - 0.135), 0.05);
            sdf::join(skull, muzzle, 0.03).min(ear) * size
        };
        let tuft = move |px: f32, py: f32| sdf::ellipse(local(px, py), (-0.81, -0.54 + wag), (0.055, 0.042)) * size;
        let mane = move |px: f32, py: f32| {
            let p = local(px, py);
            let (dx, dy) = (p.0 - head.0 + 0.06, p.1 - head.1 - 0.02);
            let zigzag = ((dy.atan2(dx) / std::f32::consts::TAU * 19.0).fract().abs() - 0.5).abs();
            (dx.hypot(dy) - 0.235 - 0.07 * zigzag) * size * 0.85
        };
        let (coat, hair) = (Colour::hex(self.light.coat), Colour::hex(self.light.mane));
        let shade = Colour::hex(SHADOW);
        line.shape_with(
            bounds,
            shade,
            0.012,
            move |a, b| body(a + 0.010, b - 0.012).min(far_legs(a + 0.010, b - 0.012)),
            0.36,
        );
        line.shape(bounds, coat.times(0.74), 0.0, far_legs);
        line.shape(bounds, coat, 0.0, body);
        line.shape(bounds, hair, 0.0, tuft);
        if grown {
            line.shape_with(bounds, shade, 0.010, move |a, b| mane(a + 0.007, b - 0.009), 0.34);
            line.shape(bounds, hair, 0.0, mane);
            line.shape_with(bounds, hair.mix(coat, 0.35), 0.0, move |a, b| mane(a, b) + 0.075 * size, 1.0);
        }
        line.shape_with(bounds, shade, 0.007, move |a, b| face(a + 0.005, b - 0.007), 0.28);
        line.shape(bounds, coat.mix(Colour::hex(0xffffff), 0.10), 0.0, face);
        let dark = Colour::hex(0x2a1216);
        let blink = if (self.time + size * 9.0).rem_euclid(4.3) < 0.14 { 0.15 } else { 1.0 };
        line.shape(bounds, dark, 0.0, move |a, b| {
            let p = local(a, b);
            let nose = sdf::ellipse(p, (head.0 + 0.175, head.1 + 0.02), (0.026, 0.020));
            let eye = sdf::ellipse(p, (head.0 + 0.055, head.1 - 0.035), (0.017, 0.020 * blink));
            let mouth =
                (sdf::circle(p, (head.0 + 0.125, head.1 + 0.045), 0.045).abs() - 0.005).max(head.1 + 0.066 - p.1);
            nose.min(eye).min(mouth) * size
        });
    }
}

fn sheet_foot(paper: &Paper, layer: usize, x: f32) -> f32 {
    sheet(layer, x + paper.pan * PARALLAX[layer], paper_seed(paper)) + 0.02
}

/// The seed that the shot's sheets were cut with.
fn paper_seed(paper: &Paper) -> u32 {
    let shot = LIGHTS.iter().position(|light| std::ptr::eq(light, paper.light)).unwrap_or(0);
    [311, 353, 389][shot]
}

impl Layers for Paper {
    fn paint(&self, line: &mut Line<'_>) {
        line.paint(&self.sky);
        let shade = Colour::hex(SHADOW);
        let sun = self.sun;
        let (rim, core) = (Colour::hex(self.light.sun.1), Colour::hex(self.light.sun.0));
        for (radius, colour) in [
            (0.235, rim.mix(Colour::hex(self.light.sky.1), 0.62)),
            (0.175, rim.mix(Colour::hex(self.light.sky.1), 0.3)),
            (0.125, core),
        ] {
            let disc = move |x: f32, y: f32| sdf::circle((x, y), sun, radius);
            let bounds = Bounds::around(sun, radius + 0.02);
            line.shape_with(bounds, shade, 0.010, move |x, y| disc(x - 0.003, y - 0.008), 0.22);
            line.shape(bounds, colour, 0.0, disc);
        }
        for layer in 0..5 {
            let colour = Colour::hex(self.light.sheets[layer]);
            for tree in self.trees.iter().filter(|tree| tree.sheet == layer) {
                self.tree(line, tree, colour.times(0.86));
            }
            if layer == 3 {
                for lion in self.lions.iter().rev() {
                    self.lion(line, lion);
                }
            }
            line.shade_under(&self.shadows[layer], shade, |depth, _| 0.36 * smooth(0.0, 0.034, depth));
            line.under(&self.sheets[layer], colour);
            // The cut edge of the card is a little lighter.
            line.shade_under(
                &self.sheets[layer],
                Colour::hex(0xffffff),
                |depth, _| if depth < 0.0028 { 0.16 } else { 0.0 },
            );
        }
        line.over(
            &self.canopy_shadow,
            shade.mix(Colour::hex(self.light.leaf), 0.5).mix(Colour::hex(self.light.sky.0), 0.55),
        );
        line.over(&self.canopy, Colour::hex(self.light.leaf));
    }
}
