//! Glass Harbour: a waterfront at night. Buildings are rectangles with lit windows; the water is the same picture,
//! upside down, with every line shifted by the waves.

use super::{Moment, Staged, props::Disc};
use crate::ingest::render::{
    Bounds, Colour, Layers, Line, Picture, SoftColour, SoftMask, View,
    noise::{clouds, unit, wave},
    sdf, smooth,
};

/// y of the water's edge.
const SHORE: f32 = 0.66;

struct Light {
    sky: [(f32, u32); 4],
    moon: (u32, u32),
    glow: u32,
    /// Far, middle and near buildings.
    walls: [u32; 3],
    windows: [u32; 3],
    rain: f32,
}

const LIGHTS: [Light; 3] = [
    Light {
        sky: [(0.0, 0x0e0a1e), (0.25, 0x2b1650), (0.48, 0x6a2f9a), (0.66, 0xb565d6)],
        moon: (0xf0b6ff, 0xffd2f4),
        glow: 0xc77bea,
        walls: [0x5b2f86, 0x321b57, 0x150d2b],
        windows: [0xf1c4ff, 0xffd9a8, 0xffc58a],
        rain: 0.0,
    },
    Light {
        sky: [(0.0, 0x071018), (0.25, 0x0c2733), (0.48, 0x1d5261), (0.66, 0x3f8791)],
        moon: (0x9fd6d8, 0xbfe9e2),
        glow: 0x66c1bd,
        walls: [0x225663, 0x123440, 0x08161e],
        windows: [0xbdf3e4, 0xffe2ad, 0xffcf94],
        rain: 1.0,
    },
    Light {
        sky: [(0.0, 0x1a1430), (0.25, 0x53305c), (0.48, 0xc06a6a), (0.66, 0xffb98a)],
        moon: (0xffe2b8, 0xffc691),
        glow: 0xffb07a,
        walls: [0x9a5f70, 0x56395c, 0x261c38],
        windows: [0xffe7c2, 0xffdcae, 0xffd19a],
        rain: 0.0,
    },
];

#[derive(Clone, Copy)]
struct Building {
    left: f32,
    right: f32,
    top: f32,
    seed: u32,
    /// Thin mast on the roof.
    mast: f32,
}

/// A row of buildings shoulder to shoulder, taller towards the focus of the picture.
fn row_of(layer: usize, pan: f32) -> Vec<Building> {
    let (wide, low, high) = [(0.075, 0.12, 0.30), (0.085, 0.07, 0.27), (0.12, 0.03, 0.13)][layer];
    let mut buildings = Vec::new();
    let mut left = -1.35;
    for index in 0..60_u32 {
        let seed = index * 7 + layer as u32 * 1000;
        let width = wide * (0.5 + unit(seed, 1));
        let gap = if layer == 2 { 0.05 * unit(seed, 2) } else { 0.012 * unit(seed, 2) };
        let middle = left + width / 2.0;
        let hump = (-((middle - 0.25) / 0.5).powi(2)).exp();
        let top = SHORE - low - (high - low) * unit(seed, 3).powf(1.4) * (0.35 + 0.85 * hump);
        let mast = if unit(seed, 4) > 0.72 { 0.03 + 0.05 * unit(seed, 5) } else { 0.0 };
        buildings.push(Building { left: left - pan, right: left + width - pan, top, seed, mast });
        left += width + gap;
        if left > 1.5 {
            break;
        }
    }
    buildings
}

struct Harbour {
    light: &'static Light,
    shot: usize,
    time: f32,
    sky: SoftColour,
    glow: SoftMask,
    rows: [Vec<Building>; 3],
    moon: Disc,
    ferry: f32,
}

pub(super) fn stage(moment: &Moment, view: View) -> Staged {
    let shot = moment.shot.min(2);
    let light = &LIGHTS[shot];
    let view = match shot {
        0 => view.moved(0.0, 0.0, 1.0 + 0.045 * moment.share),
        1 => view.moved(0.06 - 0.1 * moment.share, 0.0, 1.1),
        _ => view.moved(0.0, -0.02 * moment.share, 1.06 - 0.05 * moment.share),
    };
    let stops: Vec<(f32, Colour)> = light.sky.iter().map(|(at, rgb)| (*at, Colour::hex(*rgb))).collect();
    let centre = ([0.30, 0.12, 0.34][shot], [0.27, 0.22, 0.46 - 0.08 * moment.share][shot]);
    let glow_colour = Colour::hex(light.glow);
    let sky = SoftColour::new(&view, |x, y| {
        let away = (x - centre.0).hypot(y - centre.1);
        let drift = clouds(x * 1.6 - moment.time * 0.008, y * 6.0, 4, 91 + shot as u32);
        let cover = smooth(-0.05, 0.6, drift) * smooth(0.62, 0.3, y);
        let lit = Colour::gradient(&stops, y).mix(glow_colour, 0.5 * (-(away * away) / 0.035).exp());
        let dark = stops[0].1;
        lit.mix(dark, 0.55 * smooth(0.3, 1.2, away)).mix(stops[2].1, 0.24 * cover)
    });
    // Light of the streets, caught by the damp air above the roofs.
    let glow = SoftMask::new(&view, |x, y| {
        let high = (-((y - SHORE) / 0.13).powi(2)).exp();
        let along = 0.5 + 0.5 * clouds(x * 2.0, moment.time * 0.02, 3, 5);
        0.30 * high * (0.5 + 0.5 * along) * (-((x - 0.25) / 0.8).powi(2)).exp()
    });
    let pan = moment.time * 0.003;
    let rows = [row_of(0, 0.3 * pan), row_of(1, 0.7 * pan), row_of(2, 1.4 * pan)];
    let moon = Disc {
        centre,
        radius: [0.095, 0.06, 0.085][shot],
        top: Colour::hex(light.moon.0),
        bottom: Colour::hex(light.moon.1),
        soft: if shot == 1 { 0.02 } else { 0.0015 },
        opacity: if shot == 1 { 0.5 } else { 0.96 },
    };
    let ferry = -0.75 + 0.025 * moment.time + 0.3 * shot as f32;
    Staged::new(view, Harbour { light, shot, time: moment.time, sky, glow, rows, moon, ferry })
}

impl Harbour {
    /// All that stands above the water.
    fn city(&self, line: &mut Line<'_>) {
        line.paint(&self.sky);
        self.moon.paint(line);
        for (layer, row) in self.rows.iter().enumerate() {
            let wall = Colour::hex(self.light.walls[layer]);
            let damp = wall.mix(
                Colour::hex(self.light.glow),
                0.22 * smooth(SHORE - 0.2, SHORE, line.y) * (1.0 - layer as f32 * 0.4),
            );
            for building in row {
                self.building(line, building, layer, damp);
            }
            if layer < 2 {
                line.shine(&self.glow, Colour::hex(self.light.glow).times(0.55));
            }
        }
        self.ferry(line);
    }

    fn building(&self, line: &mut Line<'_>, building: &Building, layer: usize, wall: Colour) {
        let Building { left, right, top, seed, mast } = *building;
        if mast > 0.0 && line.y < top + line.pitch && line.y > top - mast - line.pitch {
            let middle = left + (right - left) * 0.4;
            line.rect(
                Bounds { left: middle - 0.0011, top: top - mast, right: middle + 0.0011, bottom: top },
                wall,
                1.0,
            );
        }
        if line.y < top - line.pitch {
            return;
        }
        line.rect(Bounds { left, top, right, bottom: SHORE }, wall, 1.0);
        let (wide, high) = [(0.0075, 0.0125), (0.0105, 0.0165), (0.0150, 0.0220)][layer];
        let floor = (line.y - top - high * 0.6) / high;
        let (storey, inside) = (floor.floor(), floor.fract());
        if storey < 0.0 || line.y > SHORE - high * 0.6 || !(0.12..0.78).contains(&inside) && line.pitch < high * 0.4 {
            return;
        }
        let window_top = top + high * 0.6 + (storey + 0.2) * high;
        let count = ((right - left) / wide - 0.9).floor().max(0.0) as u32;
        let start = left + ((right - left) - count as f32 * wide) / 2.0;
        for column in 0..count {
            let key = seed.wrapping_mul(7919) ^ (storey as u32 * 131 + column);
            // A window keeps its state for half a minute or so; each has its own moment to change.
            let state = (self.time / 26.0 + unit(key, 8)).floor() as u32;
            let lit = unit(key, 20 + state);
            if lit < [0.68, 0.62, 0.66][layer] {
                continue;
            }
            let x = start + (column as f32 + 0.22) * wide;
            let colour = Colour::hex(self.light.windows[(key % 3) as usize]);
            let strength = [0.38, 0.66, 0.82][layer] * (0.45 + 0.55 * unit(key, 9));
            let pane = Bounds { left: x, top: window_top, right: x + wide * 0.58, bottom: window_top + high * 0.56 };
            line.rect(pane, colour, strength);
        }
    }

    /// A small ferry with a lit deck.
    fn ferry(&self, line: &mut Line<'_>) {
        let (x, y) = (self.ferry, SHORE + 0.004 + 0.001 * (self.time * 1.3).sin());
        let hull = Colour::hex(self.light.walls[2]).times(0.55);
        line.shape(Bounds { left: x - 0.1, top: y - 0.06, right: x + 0.1, bottom: y + 0.01 }, hull, 0.0, |px, py| {
            let p = (px - x, py - y);
            let body = sdf::polygon(p, &[(-0.085, -0.018), (0.092, -0.021), (0.075, 0.004), (-0.075, 0.004)]);
            let house = sdf::rounded_box(p, (-0.008, -0.028), (0.055, 0.013), 0.003);
            body.min(house).min(sdf::rounded_box(p, (0.02, -0.046), (0.018, 0.008), 0.003))
        });
        for window in 0..8 {
            let left = x - 0.057 + window as f32 * 0.0122;
            let pane = Bounds { left, top: y - 0.034, right: left + 0.008, bottom: y - 0.026 };
            line.rect(pane, Colour::hex(self.light.windows[1]), 0.92);
        }
    }
}

impl Layers for Harbour {
    fn paint(&self, line: &mut Line<'_>) {
        if line.y < SHORE {
            self.city(line);
            return;
        }
        // The deeper below the shore, the nearer: longer waves, larger shifts, less light.
        let depth = line.y - SHORE;
        let swell = wave(depth * 90.0 / (0.25 + depth * 4.0) - self.time * 0.9, 31)
            + 0.6 * wave(depth * 220.0 / (0.25 + depth * 5.0) + self.time * 1.4, 32);
        let shift = swell * (0.002 + 0.03 * depth);
        let mirrored = SHORE - depth * 1.12 - swell.abs() * 0.012 * depth;
        line.seen_at(mirrored, shift, |mirror| self.city(mirror));
        let water = Colour::hex(self.light.sky[0].1);
        line.veil(water, (0.30 + 0.9 * depth + 0.10 * swell).clamp(0.1, 0.86));
        let glint = smooth(0.25, 1.0, swell) * (0.10 - 0.15 * depth).max(0.02);
        line.veil(Colour::hex(self.light.glow), glint);
        let edge = (1.0 - depth / 0.006).max(0.0);
        line.veil(Colour::hex(self.light.walls[2]).times(0.5), 0.8 * edge);
    }

    fn finish(&self, picture: &mut Picture, view: &View) {
        // Warning lights on the masts breathe.
        let blink = smooth(0.2, 1.0, (self.time * 1.9).sin());
        for building in self.rows[1].iter().chain(&self.rows[0]).filter(|building| building.mast > 0.0) {
            let x = building.left + (building.right - building.left) * 0.4;
            let y = building.top - building.mast;
            picture.spot(view, (x, y), 0.008, Colour::hex(0xff5a4a), 0.5 * blink);
            picture.spot(view, (x, y), 0.0025, Colour::hex(0xffb0a0), blink);
        }
        if self.light.rain > 0.0 {
            let colour = Colour::hex(0xcdeef0);
            for drop in 0..340_u32 {
                let near = unit(drop, 61);
                let speed = 1.1 + 1.1 * near;
                let fall = (unit(drop, 62) + self.time * speed / 1.3).fract() * 1.3 - 0.2;
                let lane = unit(drop, 63) * 2.4 - 1.2;
                let x = lane + 0.10 * (1.0 - fall);
                let length = 0.018 + 0.035 * near;
                let alpha = self.light.rain * (0.10 + 0.16 * near);
                picture.stroke(
                    view,
                    (x, fall),
                    (x - 0.10 * length, fall + length),
                    0.0009 + 0.0007 * near,
                    colour,
                    alpha,
                );
            }
        }
        if self.shot == 2 {
            super::props::birds(picture, view, (-0.3 + self.time * 0.02, 0.25), self.time, 7, Colour::hex(0x2a1d38));
        }
    }
}
