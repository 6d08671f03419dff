//! Night Train to Varna: the country behind a window, at three speeds of thought.

use super::{
    Moment, Staged,
    props::{Disc, Specks, Stars, conifers},
};
use crate::ingest::render::{
    Bounds, Colour, Layers, Line, Picture, Skyline, SoftColour, SoftMask, View,
    noise::{clouds, fractal, unit, wave},
    sdf, smooth,
};

struct Light {
    sky: [(f32, u32); 4],
    moon: (u32, u32),
    /// Far hills to near bushes.
    land: [u32; 5],
    lamp: u32,
    snow: u32,
    speed: f32,
}

const LIGHTS: [Light; 3] = [
    Light {
        sky: [(0.0, 0x0a1128), (0.25, 0x1c2b5a), (0.45, 0x4a5fa0), (0.62, 0x9aa3d8)],
        moon: (0xf4ecd6, 0xffe2b0),
        land: [0x4b5c94, 0x36446f, 0x242f50, 0x151c34, 0x090c18],
        lamp: 0xffb765,
        snow: 0,
        speed: 1.0,
    },
    Light {
        sky: [(0.0, 0x10131c), (0.25, 0x262c3a), (0.45, 0x474f60), (0.62, 0x78808e)],
        moon: (0xc9d0da, 0xc0c8d4),
        land: [0x59626f, 0x434b58, 0x303641, 0x1d222b, 0x0c0e13],
        lamp: 0xffc27a,
        snow: 300,
        speed: 0.7,
    },
    Light {
        sky: [(0.0, 0x2c3a6a), (0.25, 0x7a6a9a), (0.45, 0xf09a8a), (0.62, 0xffd7a0)],
        moon: (0xfff4d8, 0xffdf9c),
        land: [0xb98296, 0x8c6684, 0x5c4a6c, 0x38304e, 0x17152a],
        lamp: 0xffd6a0,
        snow: 0,
        speed: 1.25,
    },
];

struct Train {
    light: &'static Light,
    time: f32,
    sky: SoftColour,
    moon: Disc,
    land: Vec<Skyline>,
    run: f32,
    /// The compartment's lamp, on the glass and on the wall.
    gleam: SoftMask,
    wall: SoftMask,
    stars: bool,
}

pub(super) fn stage(moment: &Moment, view: View) -> Staged {
    let shot = moment.shot.min(2);
    let light = &LIGHTS[shot];
    let time = moment.time;
    // The carriage rocks, a little, on its springs.
    let rock = 0.0016 * (time * 7.3).sin() * wave(time * 0.9, 3) + 0.001 * (time * 2.2).sin();
    let view = view.moved(0.0, rock, 1.02);
    let run = time * light.speed;
    let centre = ([0.30, 0.1, 0.36][shot], [0.27, 0.22, 0.47 - 0.04 * moment.share][shot]);
    let stops: Vec<(f32, Colour)> = light.sky.iter().map(|(at, rgb)| (*at, Colour::hex(*rgb))).collect();
    let sky = SoftColour::new(&view, |x, y| {
        let away = (x - centre.0).hypot(y - centre.1);
        let body = clouds(x * 1.2 + run * 0.012, y * 6.5, 4, 2000 + shot as u32);
        let cover = smooth(0.0, 0.6, body) * smooth(0.6, 0.3, y);
        let base = Colour::gradient(&stops, y).mix(Colour::hex(light.moon.1), 0.45 * (-(away * away) / 0.025).exp());
        base.mix(stops[2].1.mix(stops[3].1, 0.4), 0.35 * cover).mix(stops[0].1, 0.35 * smooth(0.35, 1.2, away))
    });
    let moon = Disc {
        centre,
        radius: [0.070, 0.05, 0.085][shot],
        top: Colour::hex(light.moon.0),
        bottom: Colour::hex(light.moon.1),
        soft: if shot == 1 { 0.025 } else { 0.0012 },
        opacity: if shot == 1 { 0.35 } else { 0.97 },
    };
    let speeds = [0.010, 0.035, 0.11, 0.30, 0.95];
    let land = (0..5_usize)
        .map(|layer| {
            let pan = run * speeds[layer] + 5.0 * shot as f32;
            Skyline::new(&view, |x| {
                let x = x + pan;
                match layer {
                    0 => 0.555 - 0.075 * (fractal(x * 1.6, 4, 2100) + 0.2),
                    1 => 0.625 - 0.060 * (fractal(x * 1.5, 3, 2101) + 0.15),
                    2 => {
                        0.700
                            - 0.030 * fractal(x * 1.3, 2, 2102)
                            - conifers(x, 0.030, 0.075, 2103) * smooth(-0.2, 0.2, wave(x * 0.8, 2104))
                    }
                    3 => {
                        0.800
                            - 0.025 * fractal(x * 1.1, 2, 2105)
                            - conifers(x, 0.10, 0.21, 2106) * smooth(0.05, 0.35, wave(x * 0.45, 2107))
                    }
                    _ => 0.925 - 0.035 * (fractal(x * 3.0, 3, 2108) + 0.4),
                }
            })
        })
        .collect();
    let gleam =
        SoftMask::new(&view, |x, y| 0.20 * smooth(0.20, -0.05, sdf::ellipse((x, y), (-0.40, 0.24), (0.05, 0.035))));
    let wall = SoftMask::new(&view, |x, y| {
        let outside = smooth(-0.01, 0.012, sdf::rounded_box((x, y), (0.09, 0.455), (0.735, 0.425), 0.075));
        0.34 * outside * smooth(0.33, -0.30, sdf::circle((x, y), (-0.86, 0.18), 0.02))
    });
    Staged::new(view, Train { light, time, sky, moon, land, run, gleam, wall, stars: shot == 0 })
}

impl Train {
    /// Small houses with a light on, far out in the fields.
    fn farms(&self, line: &mut Line<'_>) {
        for farm in 0..9_u32 {
            let x = (unit(farm, 31) * 4.0 - self.run * 0.11).rem_euclid(4.0) - 1.6;
            let y = 0.735 + 0.012 * unit(farm, 32);
            let bounds = Bounds { left: x - 0.03, top: y - 0.04, right: x + 0.03, bottom: y };
            let wall = Colour::hex(self.light.land[3]);
            line.shape(bounds, wall, 0.0, |px, py| {
                sdf::polygon(
                    (px - x, py - y),
                    &[
                        (-0.022, 0.0),
                        (-0.022, -0.014),
                        (-0.012, -0.028),
                        (0.012, -0.028),
                        (0.022, -0.014),
                        (0.022, 0.0),
                    ],
                )
            });
            let pane = Bounds { left: x - 0.006, top: y - 0.011, right: x + 0.002, bottom: y - 0.003 };
            line.rect(pane, Colour::hex(self.light.lamp), 0.95);
        }
    }

    /// Poles go by; the wires between them sag and rise.
    fn poles(&self, line: &mut Line<'_>) {
        const GAP: f32 = 1.45;
        let shift = self.run * 0.62;
        let colour = Colour::hex(self.light.land[4]);
        let first = ((-1.2 + shift) / GAP).floor();
        for index in 0..4 {
            let x = (first + index as f32) * GAP - shift;
            let bounds = Bounds { left: x - 0.08, top: 0.30, right: x + 0.08, bottom: 1.0 };
            // A fast pole is smeared by the shutter.
            line.shape(bounds, colour, 0.004 * self.light.speed, |px, py| {
                let p = (px - x, py);
                let pole = sdf::limb(p, (0.0, 1.0), (0.0, 0.335), 0.0085, 0.006);
                let arm = sdf::rounded_box(p, (0.0, 0.365), (0.055, 0.0045), 0.002);
                let low = sdf::rounded_box(p, (0.0, 0.405), (0.042, 0.0045), 0.002);
                pole.min(arm).min(low)
            });
            for (wire, sag) in [(0.352, 0.085), (0.392, 0.098)] {
                let bounds = Bounds { left: x, top: wire, right: x + GAP, bottom: wire + sag };
                line.shape_with(
                    bounds,
                    colour,
                    0.0,
                    |px, py| {
                        let t = ((px - x) / GAP).clamp(0.0, 1.0);
                        (py - wire - sag * 4.0 * t * (1.0 - t)).abs() - 0.0007
                    },
                    0.8,
                );
            }
        }
    }

    /// The frame of the window and what the glass reflects of the compartment.
    fn window(&self, line: &mut Line<'_>) {
        let all = Bounds { left: -3.0, top: -3.0, right: 3.0, bottom: 3.0 };
        let glass = |x: f32, y: f32| sdf::rounded_box((x, y), (0.09, 0.455), (0.735, 0.425), 0.075);
        let lamp = Colour::hex(self.light.lamp);
        line.tint(&self.gleam, lamp);
        line.shape_with(
            all,
            lamp,
            0.012,
            |x, y| sdf::polygon((x + 0.40, y - 0.22), &[(-0.030, 0.0), (0.030, 0.0), (0.046, 0.038), (-0.046, 0.038)]),
            0.30,
        );
        let wall = Colour::hex(0x1d1416).mix(lamp, 0.05);
        line.shape(all, wall.times(1.15 - 0.5 * line.y), 0.0, |x, y| -glass(x, y));
        line.tint(&self.wall, lamp);
        line.shape(all, Colour::hex(0x0b0809), 0.003, |x, y| (glass(x, y) - 0.012).abs() - 0.012);
        line.shape_with(all, lamp, 0.001, |x, y| ((glass(x, y) - 0.026).abs() - 0.0022).max(x - 0.2), 0.42);
        // A sill with a cup on it.
        let sill = Bounds { left: -3.0, top: 0.925, right: 3.0, bottom: 1.2 };
        line.rect(sill, Colour::hex(0x2b1c18).times(1.2), 1.0);
        line.rect(Bounds { bottom: 0.930, ..sill }, lamp, 0.35);
        let cup = (-0.46, 0.925);
        let bounds = Bounds::around((cup.0, cup.1 - 0.04), 0.10);
        line.shape(bounds, Colour::hex(0xd9c3a8).mix(Colour::hex(0x3a2a26), 0.45), 0.0, |x, y| {
            let p = (x - cup.0, y - cup.1);
            let body = sdf::polygon(p, &[(-0.036, -0.078), (0.036, -0.078), (0.028, 0.0), (-0.028, 0.0)]);
            let ear = (sdf::circle(p, (0.038, -0.042), 0.019)).abs() - 0.005;
            body.min(ear)
        });
        line.shape_with(
            bounds,
            lamp,
            0.008,
            |x, y| {
                let p = (x - cup.0, y - cup.1);
                sdf::polygon(p, &[(-0.034, -0.074), (-0.016, -0.074), (-0.014, -0.004), (-0.026, -0.004)])
            },
            0.6,
        );
    }
}

impl Layers for Train {
    fn paint(&self, line: &mut Line<'_>) {
        line.paint(&self.sky);
        self.moon.paint(line);
        for (layer, land) in self.land.iter().enumerate() {
            let body = Colour::hex(self.light.land[layer]);
            let haze = Colour::hex(self.light.sky[3].1);
            let foot = smooth(land.top(), land.bottom() + 0.1, line.y) * [0.40, 0.28, 0.16, 0.05, 0.0][layer];
            line.under(land, body.mix(haze, foot));
            if layer == 2 {
                self.farms(line);
            }
            if layer == 3 {
                self.poles(line);
            }
        }
        self.window(line);
    }

    fn finish(&self, picture: &mut Picture, view: &View) {
        let inside = |x: f32, y: f32| sdf::rounded_box((x, y), (0.09, 0.455), (0.72, 0.41), 0.07) < 0.0;
        if self.stars {
            let stars = Stars {
                count: 380,
                seed: 2200,
                floor: 0.5,
                colour: Colour::hex(0xeef2ff),
                time: self.time,
                drift: 0.0,
            };
            let (ridge, moon) = (&self.land[0], &self.moon);
            stars.draw(picture, view, |x, y| {
                let away = (x - moon.centre.0).hypot(y - moon.centre.1);
                if inside(x, y) && y < ridge.at(view, x) - 0.006 { 0.8 * smooth(0.08, 0.4, away) } else { 0.0 }
            });
        }
        if self.light.snow > 0 {
            let snow = Specks {
                count: self.light.snow,
                seed: 2300,
                wind: (-0.75, 0.16),
                radius: 0.0026,
                colour: Colour::hex(0xf2f6fa),
                alpha: 0.55,
            };
            snow.draw_where(picture, view, self.time, inside);
        }
        // Steam from the cup.
        for puff in 0..22_u32 {
            let age = (self.time * 0.16 + puff as f32 / 22.0).fract();
            let x = -0.46 + 0.018 * wave(age * 3.0 + self.time * 0.3, 44) * (0.3 + age);
            let alpha = 0.10 * (1.0 - age) * smooth(0.0, 0.15, age);
            picture.spot(view, (x, 0.835 - 0.13 * age), 0.010 + 0.018 * age, Colour::hex(0xffe6cc), alpha);
        }
    }
}
