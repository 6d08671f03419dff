//! The Lamp at Carrick: a lighthouse, its beam, and a sea that is never the same.

use super::{
    Moment, Staged,
    props::{Disc, Stars, birds},
};
use crate::ingest::render::{
    Bounds, Colour, Layers, Line, Picture, Skyline, SoftColour, SoftMask, View,
    noise::{clouds, fractal, unit, wave},
    sdf, smooth,
};

const HORIZON: f32 = 0.60;
/// Waves from the horizon to the viewer.
const WAVES: usize = 8;

struct Light {
    sky: [(f32, u32); 4],
    moon: (u32, u32),
    cloud: u32,
    sea: (u32, u32),
    crest: u32,
    rock: u32,
    tower: (u32, u32),
    beam: f32,
    swell: f32,
}

const LIGHTS: [Light; 3] = [
    Light {
        sky: [(0.0, 0x031a20), (0.25, 0x083840), (0.45, 0x12666a), (0.6, 0x2f9a94)],
        moon: (0xcdeee0, 0xb4e6d6),
        cloud: 0x0a3038,
        sea: (0x1f7d7d, 0x04191f),
        crest: 0xa8f0e0,
        rock: 0x041318,
        tower: (0xc9e0d8, 0x2d5a5c),
        beam: 0.8,
        swell: 1.0,
    },
    Light {
        sky: [(0.0, 0x0c1018), (0.25, 0x1c2632), (0.45, 0x37495a), (0.6, 0x5f7888)],
        moon: (0x9fb0be, 0x8fa3b2),
        cloud: 0x10161f,
        sea: (0x42586a, 0x0a0f16),
        crest: 0xdfeaf0,
        rock: 0x080b10,
        tower: (0xb7c3cc, 0x2c3844),
        beam: 1.0,
        swell: 1.9,
    },
    Light {
        sky: [(0.0, 0x274a74), (0.25, 0x6c86a8), (0.45, 0xf0b7a0), (0.6, 0xffdcae)],
        moon: (0xfff6e0, 0xffe6b8),
        cloud: 0x8a7f98,
        sea: (0xd9a898, 0x1f4560),
        crest: 0xfff0dc,
        rock: 0x22283a,
        tower: (0xfff0e0, 0x8a7a88),
        beam: 0.15,
        swell: 0.7,
    },
];

struct Lamp {
    light: &'static Light,
    shot: usize,
    time: f32,
    sky: SoftColour,
    beam: SoftMask,
    moon: Disc,
    waves: Vec<Skyline>,
    /// How bright each wave's crest is in every column.
    foam: Vec<Vec<f32>>,
    rock: Skyline,
    lantern: (f32, f32),
    facing: f32,
}

/// x of the tower.
const TOWER: f32 = 0.40;

pub(super) fn stage(moment: &Moment, view: View) -> Staged {
    let shot = moment.shot.min(2);
    let light = &LIGHTS[shot];
    let time = moment.time;
    let roll = if shot == 1 { 0.006 * (time * 0.7).sin() } else { 0.0 };
    let view = view.moved(0.0, roll, [1.0 + 0.03 * moment.share, 1.08, 1.05 - 0.04 * moment.share][shot]);
    let centre = ([0.06, -0.2, 0.02][shot], [0.24, 0.2, 0.54 - 0.07 * moment.share][shot]);
    let stops: Vec<(f32, Colour)> = light.sky.iter().map(|(at, rgb)| (*at, Colour::hex(*rgb))).collect();
    let sky = SoftColour::new(&view, |x, y| {
        let away = (x - centre.0).hypot(y - centre.1);
        let body = clouds(x * 1.3 - time * 0.012 * light.swell, y * 4.2, 5, 1600 + shot as u32);
        let cover = smooth(-0.1, 0.5, body) * if shot == 1 { 0.85 } else { 0.5 };
        let base = Colour::gradient(&stops, y).mix(Colour::hex(light.moon.1), 0.42 * (-(away * away) / 0.028).exp());
        let silver = smooth(0.5, 0.1, away) * smooth(0.45, 0.0, (body - 0.1).abs());
        base.mix(Colour::hex(light.cloud), cover).mix(Colour::hex(light.moon.1), 0.20 * silver)
    });
    let ground = 0.655;
    let lantern = (TOWER, ground - 0.395);
    // The lamp turns: seen from the side, the beam's angle follows the sine and its strength the cosine.
    let facing = (time * 0.85).cos();
    let direction = (time * 0.85).sin();
    let beam = SoftMask::new(&view, |x, y| {
        let (dx, dy) = (x - lantern.0, y - lantern.1);
        let mut sum = 0.0;
        for side in [1.0_f32, -1.0] {
            let along = dx * side * direction.signum();
            if along <= 0.0 {
                continue;
            }
            let reach = direction.abs().max(0.05);
            let wide = 0.012 + along * 0.115 / reach.max(0.25);
            let across = (dy + 0.03 * along) / wide;
            let dust = 0.8 + 0.2 * clouds(x * 4.0 + time * 0.1, y * 6.0, 3, 1700);
            let strength = if side > 0.0 { 1.0 } else { 0.45 };
            sum += strength * (-across * across).exp() * (-along / (1.1 * reach)).exp() * reach.sqrt() * dust;
        }
        // Turned at the viewer, the lamp blinds for a moment.
        let near = dx.hypot(dy);
        let blind = facing.max(0.0).powi(14) * (-(near * near) / 0.05).exp();
        light.beam * (0.62 * sum + 0.85 * blind + 0.5 * (-near / 0.035).exp())
    });
    let moon = Disc {
        centre,
        radius: [0.062, 0.05, 0.07][shot],
        top: Colour::hex(light.moon.0),
        bottom: Colour::hex(light.moon.1),
        soft: if shot == 1 { 0.02 } else { 0.0015 },
        opacity: [0.95, 0.25, 0.97][shot],
    };
    let waves = (0..WAVES).map(|wave| Skyline::new(&view, |x| sea(wave, x, time, light.swell))).collect();
    let foam = (0..WAVES)
        .map(|index| {
            let run = time * (0.35 + 0.25 * index as f32 / (WAVES - 1) as f32);
            // Foam comes and goes along a crest.
            let along = |column| wave(view.scene_x(column as f32) * 6.0 + run, 1950 + index as u32).max(-0.3);
            (0..view.width).map(|column| 0.35 + 0.9 * along(column)).collect()
        })
        .collect();
    let rock = Skyline::new(&view, |x| {
        let hump = (-((x - TOWER - 0.02) / 0.20).powi(2)).exp();
        let far = (-((x - TOWER - 0.33) / 0.15).powi(2)).exp();
        0.80 - 0.145 * hump - 0.10 * far - 0.020 * fractal(x * 11.0, 4, 1710) * (0.2 + hump + far)
    });
    Staged::new(view, Lamp { light, shot, time, sky, beam, moon, waves, foam, rock, lantern, facing })
}

/// y of a wave: longer, higher and faster towards the viewer; crests are sharper than troughs.
fn sea(index: usize, x: f32, time: f32, swell: f32) -> f32 {
    let near = index as f32 / (WAVES - 1) as f32;
    let base = HORIZON + 0.008 + 0.36 * near.powf(1.5);
    let high = (0.0015 + 0.030 * near) * swell;
    let dense = 16.0 - 12.0 * near.sqrt();
    let run = time * (0.35 + 0.25 * near);
    let seed = 1800 + index as u32 * 7;
    let long = wave(x * dense + run * 2.0 + index as f32 * 2.7, seed);
    let sharp = 1.0 - (wave(x * dense * 1.7 - run * 1.3, seed + 1).abs()) * 2.0;
    let chop = 0.18 * fractal(x * dense * 4.0 + run * 3.0, 2, seed + 2);
    base - high * (0.65 * long + 0.35 * sharp + chop)
}

impl Lamp {
    fn tower(&self, line: &mut Line<'_>) {
        let (x, top) = self.lantern;
        let foot = top + 0.41;
        let bounds = Bounds { left: x - 0.07, top: top - 0.06, right: x + 0.07, bottom: foot };
        if line.y < bounds.top - line.pitch || line.y > bounds.bottom {
            return;
        }
        let (lit, shade) = (Colour::hex(self.light.tower.0), Colour::hex(self.light.tower.1));
        let shaft = move |px: f32, py: f32| {
            let t = ((py - top) / (foot - top)).clamp(0.0, 1.0);
            let half = 0.022 + 0.020 * t.powf(1.6);
            ((px - x).abs() - half).max(top + 0.028 - py).max(py - foot)
        };
        // Bands of white and red; at night the red is only darker.
        let band = ((line.y - top - 0.03) / 0.074).floor() as i32;
        let paint = if band.rem_euclid(2) == 0 { lit } else { Colour::hex(0xb5382c).mix(shade, 0.35) };
        line.shape(bounds, paint.mix(shade, 0.45), 0.0, shaft);
        line.shape_with(bounds, paint, 0.010, move |px, py| shaft(px, py).max(px - x + 0.004), 0.75);
        line.shape_with(bounds, shade.times(0.45), 0.012, move |px, py| shaft(px, py).max(x + 0.014 - px), 0.8);
        let dark = Colour::hex(self.light.rock);
        line.shape(bounds, dark, 0.0, move |px, py| {
            let p = (px - x, py - top);
            let gallery = sdf::rounded_box(p, (0.0, 0.027), (0.036, 0.0045), 0.001);
            let rail = sdf::rounded_box(p, (0.0, 0.012), (0.034, 0.0012), 0.0005);
            let roof = sdf::polygon(p, &[(-0.026, -0.018), (0.0, -0.046), (0.026, -0.018)]);
            let pole = sdf::limb(p, (0.0, -0.04), (0.0, -0.060), 0.0014, 0.0008);
            let frame = (p.0.abs() - 0.019).abs().max(p.1 - 0.025).max(-0.02 - p.1) - 0.0016;
            gallery.min(rail).min(roof).min(pole).min(frame)
        });
        line.shape(bounds, Colour::hex(0xfff0c0), 0.0, move |px, py| {
            sdf::rounded_box((px - x, py - top), (0.0, 0.002), (0.0155, 0.017), 0.006)
        });
        for storey in 0..3 {
            let wy = top + 0.115 + 0.09 * storey as f32;
            let pane = Bounds { left: x - 0.005, top: wy, right: x + 0.005, bottom: wy + 0.015 };
            line.rect(pane, Colour::hex(if storey == 1 { 0xffc772 } else { 0x0a1216 }), 0.9);
        }
        // The keeper's house.
        let house = (x + 0.105, foot - 0.012);
        let bounds = Bounds::around(house, 0.08);
        line.shape(bounds, shade, 0.0, move |px, py| {
            sdf::polygon((px - house.0, py - house.1), &[(-0.05, 0.03), (-0.05, -0.022), (0.05, -0.022), (0.05, 0.03)])
        });
        line.shape(bounds, dark, 0.0, move |px, py| {
            sdf::polygon(
                (px - house.0, py - house.1),
                &[(-0.057, -0.02), (-0.036, -0.052), (0.036, -0.052), (0.057, -0.02)],
            )
        });
        for dx in [-0.028, 0.014] {
            let pane = Bounds {
                left: house.0 + dx,
                top: house.1 - 0.012,
                right: house.0 + dx + 0.013,
                bottom: house.1 + 0.005,
            };
            line.rect(pane, Colour::hex(0xffc772), 0.92);
        }
    }

    fn water(&self, line: &mut Line<'_>, from: usize, to: usize) {
        for index in from..to {
            let near = index as f32 / (WAVES - 1) as f32;
            let (far, close) = (Colour::hex(self.light.sea.0), Colour::hex(self.light.sea.1));
            let skyline = &self.waves[index];
            let body = far.mix(close, near.powf(0.65));
            let sink = smooth(skyline.top(), skyline.top() + 0.10 + 0.1 * near, line.y);
            line.under(skyline, body.mix(close.times(0.8), 0.55 * sink));
            let crest = Colour::hex(self.light.crest);
            let thick = 90.0 - 50.0 * near;
            let strength = 0.20 + 0.10 * self.light.swell * near;
            let foam = &self.foam[index];
            let step = foam.len() / line.len().max(1);
            line.shade_under(skyline, crest, |depth, i| {
                let edge = (1.0 - depth * thick).max(0.0);
                strength * edge * edge * foam[(i * step).min(foam.len() - 1)]
            });
            // The moon's path.
            if index < 6 {
                let glitter = noise_path(line.y, self.time);
                let middle = self.moon.centre.0;
                let wide = 0.05 + 0.10 * near;
                let lane = Bounds { left: middle - wide, top: skyline.top(), right: middle + wide, bottom: 2.0 };
                line.shape_with(
                    lane,
                    crest,
                    wide * 0.6,
                    |px, _| (px - middle).abs() - wide * 0.35,
                    0.10 * glitter * self.moon.opacity,
                );
            }
        }
    }
}

/// Brightness of the path of light on the water along y.
fn noise_path(y: f32, time: f32) -> f32 {
    smooth(-0.1, 0.7, wave(y * 170.0 + time * 1.1, 1900) + 0.5 * wave(y * 420.0 - time * 2.3, 1901))
}

impl Layers for Lamp {
    fn paint(&self, line: &mut Line<'_>) {
        line.paint(&self.sky);
        self.moon.paint(line);
        if line.y > HORIZON - 0.02 {
            let haze = Colour::hex(self.light.sky[3].1).mix(Colour::hex(self.light.sea.0), 0.6);
            let level = Bounds { left: -3.0, top: HORIZON, right: 3.0, bottom: 3.0 };
            line.rect(level, haze, 1.0);
            self.water(line, 0, 4);
        }
        self.tower(line);
        line.under(&self.rock, Colour::hex(self.light.rock));
        line.shade_under(&self.rock, Colour::hex(self.light.crest), |depth, _| 0.10 * (1.0 - depth * 90.0).max(0.0));
        line.shine(&self.beam, Colour::hex(0xfff0c4).times(0.7));
        if line.y > HORIZON {
            self.water(line, 4, WAVES);
        }
    }

    fn finish(&self, picture: &mut Picture, view: &View) {
        if self.shot == 0 {
            let stars = Stars {
                count: 300,
                seed: 1950,
                floor: 0.5,
                colour: Colour::hex(0xe6fff8),
                time: self.time,
                drift: 0.0,
            };
            stars.draw(picture, view, |x, y| {
                let tower = (x - TOWER).abs() < 0.045 && y > self.lantern.1 - 0.06;
                if tower {
                    0.0
                } else {
                    0.6 * smooth(0.07, 0.4, (x - self.moon.centre.0).hypot(y - self.moon.centre.1))
                }
            });
        }
        picture.spot(view, self.lantern, 0.05, Colour::hex(0xfff4cc), 0.35 + 0.5 * self.facing.max(0.0).powi(6));
        // Spray where the sea meets the rock.
        for burst in 0..90_u32 {
            let phase = (self.time * 0.35 + unit(burst, 5)).fract();
            let lane = unit(burst, 6);
            let x = TOWER - 0.22 + 0.40 * lane;
            let high = (0.03 + 0.05 * unit(burst, 7)) * self.light.swell;
            let y = 0.775 - high * 4.0 * phase * (1.0 - phase) + 0.02 * lane;
            let alpha = 0.30 * (1.0 - phase) * smooth(0.0, 0.1, phase);
            picture.spot(view, (x - 0.02 * phase, y), 0.004 + 0.007 * phase, Colour::hex(self.light.crest), alpha);
        }
        if self.shot != 1 {
            let lead = (-0.25 + self.time * 0.018, 0.38 - 0.001 * self.time);
            birds(picture, view, lead, self.time, 5, Colour::hex(self.light.rock));
        }
    }
}
