//! Orbit Kitchen: a station above a planet, the galley with its porthole, and a sunrise.

use super::{Moment, Staged, props::Stars};
use crate::ingest::render::{
    Bounds, Colour, Layers, Line, Picture, SoftColour, SoftMask, View,
    noise::{clouds, unit, wave},
    sdf, smooth,
};

const SPACE: u32 = 0x04060d;
/// Middle of the galley's porthole.
const PORT: (f32, f32) = (0.30, 0.43);

struct Orbit {
    shot: usize,
    time: f32,
    globe: SoftColour,
    air: SoftMask,
    /// Light on the galley's wall.
    lamp: SoftMask,
    centre: (f32, f32),
    radius: f32,
    station: (f32, f32),
    sun: (f32, f32),
}

pub(super) fn stage(moment: &Moment, view: View) -> Staged {
    let shot = moment.shot.min(2);
    let time = moment.time;
    let view = match shot {
        0 => view.moved(0.0, 0.01 * moment.share, 1.0 + 0.03 * moment.share),
        1 => view.moved(0.008 * (time * 0.3).sin(), 0.006 * (time * 0.23).cos(), 1.03),
        _ => view.moved(0.0, 0.0, 1.06 - 0.05 * moment.share),
    };
    let (centre, radius) = [((0.50, 1.42), 0.98), ((0.55, 1.05), 0.72), ((0.15, 1.95), 1.42)][shot];
    let sun = match shot {
        2 => (0.40, 0.60 - 0.14 * moment.share),
        _ => (-0.9, -0.3),
    };
    let globe =
        SoftColour::fine(&view, |x, y| planet((x, y), centre, radius, sun, time + 30.0 * shot as f32, shot == 2));
    let air = SoftMask::new(&view, |x, y| {
        let out = (x - centre.0).hypot(y - centre.1) - radius;
        let lit = daylight((x, y), centre, sun);
        let fall = if out > 0.0 { (-out / 0.032).exp() } else { (out / 0.045).exp() };
        fall * (0.12 + 0.88 * lit)
    });
    let lamp = SoftMask::new(&view, |x, y| {
        let wall = smooth(-0.01, 0.012, sdf::circle((x, y), PORT, 0.335));
        0.36 * wall * smooth(0.80, -0.30, sdf::circle((x, y), (-0.55, 0.12), 0.25))
    });
    let station = (0.24 + 0.012 * (time * 0.11).sin() - 0.004 * time, 0.33 + 0.008 * (time * 0.17).cos());
    Staged::new(view, Orbit { shot, time, globe, air, lamp, centre, radius, station, sun })
}

/// How much of the sun a point of the globe's rim sees.
fn daylight(p: (f32, f32), centre: (f32, f32), sun: (f32, f32)) -> f32 {
    let (nx, ny) = (p.0 - centre.0, p.1 - centre.1);
    let (sx, sy) = (sun.0 - centre.0, sun.1 - centre.1);
    let cos = (nx * sx + ny * sy) / (nx.hypot(ny) * sx.hypot(sy)).max(1e-6);
    smooth(0.55, 1.0, cos)
}

/// Colour of the globe at a point of the picture: sea, land and cloud, wrapped onto a sphere.
fn planet(p: (f32, f32), centre: (f32, f32), radius: f32, sun: (f32, f32), time: f32, behind: bool) -> Colour {
    let (x, y) = ((p.0 - centre.0) / radius, (p.1 - centre.1) / radius);
    if x * x + y * y > 1.08 {
        return Colour::hex(SPACE);
    }
    let r2 = (x * x + y * y).min(1.0);
    let z = (1.0 - r2).sqrt();
    // Longitude and latitude of a globe whose axis leans; the texture is stretched towards the rim, as it must be.
    let (u, v) = ((x / (z + 0.35)) * 2.0 + time * 0.012, (y / (z + 0.35)) * 2.0 - time * 0.003);
    let land = smooth(0.0, 0.24, clouds(u * 1.3 + 4.0, v * 1.3, 5, 301));
    let sea = Colour::hex(0x0e3f74).mix(Colour::hex(0x1c7a9a), 0.5 + 0.5 * clouds(u * 2.2, v * 2.2, 3, 302));
    let soil = Colour::hex(0x5e6a3f).mix(Colour::hex(0xa98a5b), 0.5 + 0.5 * clouds(u * 3.0, v * 3.0, 3, 303));
    let warp = 0.4 * clouds(u * 1.1, v * 1.1 + time * 0.01, 3, 304);
    // Towards the rim everything is seen at a slant, through more air: less contrast.
    let clear = smooth(0.05, 0.45, z);
    let cover =
        smooth(0.0, 0.42, clouds(u * 1.9 + warp + time * 0.006, v * 2.6 - warp, 5, 305)) * clear + 0.3 * (1.0 - clear);
    let day = sea.mix(soil, land).mix(Colour::hex(0xf2f6fa), 0.85 * cover);
    // With the sun behind the globe only a sickle along the rim has day.
    let side = if behind { smooth(0.955, 1.0, r2.sqrt()) } else { smooth(0.0, 0.55, r2.sqrt()).max(0.25) };
    let lit = daylight(p, centre, sun) * side;
    let night = Colour::hex(0x02050c);
    let cities = land * smooth(0.35, 0.75, clouds(u * 14.0, v * 14.0, 3, 306)) * (1.0 - cover);
    let dark = night.mix(Colour::hex(0xffb45e), if behind { 0.9 } else { 0.5 } * cities * (1.0 - lit));
    dark.mix(day, (0.06 + 0.94 * lit) * (0.55 + 0.45 * z)).mix(Colour::hex(0x6fb7ff), 0.35 * lit * smooth(0.9, 1.0, r2))
}

impl Orbit {
    fn outside(&self, line: &mut Line<'_>) {
        line.paint(&self.globe);
        let (centre, radius) = (self.centre, self.radius);
        let all = Bounds { left: -3.0, top: -3.0, right: 3.0, bottom: 3.0 };
        line.shape(all, Colour::hex(SPACE), 0.0, |x, y| -sdf::circle((x, y), centre, radius));
        line.shine(&self.air, Colour::hex(0x4aa3ff).times(0.85));
    }

    /// Modules, a truss, four wings of solar cells.
    fn station(&self, line: &mut Line<'_>) {
        let centre = self.station;
        let lean = -0.16 + 0.01 * (self.time * 0.1).sin();
        let bounds = Bounds::around(centre, 0.34);
        if line.y < bounds.top || line.y > bounds.bottom {
            return;
        }
        let cells = Colour::hex(0x24427a);
        let wing = |p: (f32, f32)| {
            let q = (p.0.abs(), p.1.abs());
            sdf::rounded_box(q, (0.22, 0.062), (0.066, 0.040), 0.002)
        };
        line.shape(bounds, cells, 0.0, |x, y| wing(sdf::turned((x, y), centre, lean)));
        line.shape_with(
            bounds,
            Colour::hex(0x8fb4ea),
            0.0,
            |x, y| {
                // Grid lines of the cells, and a lighter upper edge.
                let p = sdf::turned((x, y), centre, lean);
                let grid =
                    ((p.0 / 0.0165).fract().abs() - 0.5).abs().min(((p.1 / 0.020).fract().abs() - 0.5).abs()) * 0.0165;
                wing(p).max(grid - 0.0011)
            },
            0.55,
        );
        let body = Colour::hex(0xaab3c2);
        let hull = move |x: f32, y: f32| {
            let p = sdf::turned((x, y), centre, lean);
            let truss = sdf::rounded_box(p, (0.0, 0.0), (0.29, 0.005), 0.002);
            let core = sdf::rounded_box(p, (0.0, 0.012), (0.105, 0.027), 0.02);
            let galley = sdf::rounded_box(p, (0.035, -0.045), (0.026, 0.046), 0.02);
            let dock = sdf::rounded_box(p, (-0.06, 0.05), (0.018, 0.04), 0.012);
            truss.min(core).min(galley).min(dock)
        };
        line.shape(bounds, body, 0.0, hull);
        // Shade: the same outline shifted away from the light, so that a rim of light stays.
        line.shape_with(
            bounds,
            Colour::hex(0x2a3346),
            0.006,
            move |x, y| hull(x, y).max(hull(x - 0.007, y - 0.009) + 0.003),
            0.88,
        );
        for window in 0..5 {
            let at = (-0.07 + 0.035 * window as f32, 0.008);
            line.shape(bounds, Colour::hex(0xffc772), 0.0, |x, y| {
                sdf::circle(sdf::turned((x, y), centre, lean), at, 0.0058)
            });
        }
        line.shape(bounds, Colour::hex(0xffb45c), 0.0, |x, y| {
            sdf::rounded_box(sdf::turned((x, y), centre, lean), (0.035, -0.055), (0.014, 0.011), 0.006)
        });
    }

    /// Inside: a wall, the porthole, and supper that has left the pan.
    fn galley(&self, line: &mut Line<'_>) {
        let all = Bounds { left: -3.0, top: -3.0, right: 3.0, bottom: 3.0 };
        let hole = |x: f32, y: f32| sdf::circle((x, y), PORT, 0.335);
        let shade = 0.5 + 0.5 * smooth(1.1, 0.1, line.y);
        line.shape(all, Colour::hex(0x3b2b2c).times(shade), 0.0, |x, y| -hole(x, y));
        // A lamp on the left warms the wall; panels have seams.
        line.tint(&self.lamp, Colour::hex(0xd98a4e));
        for seam in [-0.62, -0.28, 0.74] {
            let seam = Bounds { left: seam - 0.0018, top: -1.0, right: seam + 0.0018, bottom: 2.0 };
            line.rect(seam, Colour::hex(0x1c1416), 0.8);
        }
        line.shape(all, Colour::hex(0x1a1416), 0.008, |x, y| (hole(x, y) - 0.02).abs() - 0.022);
        line.shape(all, Colour::hex(0x8a7466), 0.0, |x, y| (hole(x, y) - 0.014).abs() - 0.010);
        line.shape_with(
            all,
            Colour::hex(0xe6d2b8),
            0.003,
            |x, y| ((hole(x, y) - 0.020).abs() - 0.002).max(y + x - 0.55),
            0.7,
        );
        for bolt in 0..16 {
            let angle = bolt as f32 * std::f32::consts::TAU / 16.0;
            let at = (PORT.0 + 0.349 * angle.cos(), PORT.1 + 0.349 * angle.sin());
            line.shape(Bounds::around(at, 0.006), Colour::hex(0x3f3230), 0.0, |x, y| sdf::circle((x, y), at, 0.0048));
        }
        self.pan(line);
        for tomato in 0..6_u32 {
            self.tomato(line, tomato);
        }
    }

    fn pan(&self, line: &mut Line<'_>) {
        let centre = (-0.34 + 0.012 * (self.time * 0.31).sin(), 0.60 + 0.015 * (self.time * 0.42).sin());
        let lean = 0.30 + 0.06 * (self.time * 0.27).sin();
        let bounds = Bounds::around(centre, 0.42);
        let outline = move |x: f32, y: f32| {
            let p = sdf::turned((x, y), centre, lean);
            let bowl = sdf::ellipse(p, (0.0, 0.0), (0.185, 0.062)).max(-0.5);
            let side = sdf::polygon(p, &[(-0.185, 0.0), (0.185, 0.0), (0.14, 0.075), (-0.14, 0.075)]);
            let handle = sdf::limb(p, (-0.18, 0.02), (-0.39, -0.02), 0.014, 0.018);
            sdf::join(bowl.min(side), handle, 0.02)
        };
        line.shape_with(bounds, Colour::hex(0x0d090b), 0.03, move |x, y| outline(x + 0.02, y - 0.03), 0.5);
        line.shape(bounds, Colour::hex(0x2b2c33), 0.0, outline);
        line.shape(bounds, Colour::hex(0x15161b), 0.0, |x, y| {
            sdf::ellipse(sdf::turned((x, y), centre, lean), (0.0, 0.0), (0.168, 0.050))
        });
        line.shape_with(
            bounds,
            Colour::hex(0xffb070),
            0.002,
            |x, y| {
                let p = sdf::turned((x, y), centre, lean);
                (sdf::ellipse(p, (0.0, 0.0), (0.182, 0.060)).abs() - 0.0022).max(p.1)
            },
            0.75,
        );
    }

    fn tomato(&self, line: &mut Line<'_>, tomato: u32) {
        let n = tomato as f32;
        let t = self.time * (0.16 + 0.03 * unit(tomato, 5)) + n * 1.9;
        let centre =
            (-0.36 + 0.15 * n + 0.03 * t.sin(), 0.40 - 0.13 * (n * 1.3).sin() + 0.025 * (t * 1.3).cos() - 0.02 * n);
        let size = 0.030 + 0.018 * unit(tomato, 6);
        let bounds = Bounds::around(centre, size * 1.6);
        let fruit = move |x: f32, y: f32| sdf::ellipse((x, y), centre, (size * 1.04, size * 0.94));
        line.shape_with(bounds, Colour::hex(0x120609), 0.02, move |x, y| fruit(x + 0.008, y - 0.012), 0.35);
        line.shape(bounds, Colour::hex(0xd43a26), 0.0, fruit);
        line.shape_with(
            bounds,
            Colour::hex(0x6b0f14),
            size * 0.5,
            move |x, y| fruit(x, y).max(-fruit(x + size * 0.42, y + size * 0.4) + 0.002),
            0.75,
        );
        let glint = (centre.0 - size * 0.36, centre.1 - size * 0.40);
        line.shape_with(
            bounds,
            Colour::hex(0xffd9c0),
            size * 0.16,
            move |x, y| sdf::circle((x, y), glint, size * 0.10),
            0.9,
        );
        let turn = t * 0.8;
        line.shape(bounds, Colour::hex(0x5d8a3a), 0.0, move |x, y| {
            let p = sdf::turned((x, y), (centre.0 + size * 0.2 * turn.sin(), centre.1 - size * 0.62), turn);
            let angle = p.1.atan2(p.0);
            sdf::length(p.0, p.1) - size * (0.22 + 0.18 * (angle * 5.0).cos())
        });
    }
}

impl Layers for Orbit {
    fn paint(&self, line: &mut Line<'_>) {
        self.outside(line);
        match self.shot {
            0 => self.station(line),
            1 => self.galley(line),
            _ => {}
        }
    }

    fn finish(&self, picture: &mut Picture, view: &View) {
        let (centre, radius) = (self.centre, self.radius);
        let stars = Stars {
            count: 700,
            seed: 210,
            floor: 1.1,
            colour: Colour::hex(0xf0f4ff),
            time: self.time,
            drift: self.time * 0.0002,
        };
        match self.shot {
            1 => stars.draw(picture, view, |x, y| {
                let inside = sdf::circle((x, y), PORT, 0.325) < 0.0;
                if inside && (x - centre.0).hypot(y - centre.1) > radius + 0.02 { 1.0 } else { 0.0 }
            }),
            shot => stars.draw(picture, view, |x, y| {
                let p = sdf::turned((x, y), self.station, -0.16);
                let covered = shot == 0 && p.0.abs() < 0.295 && p.1.abs() < 0.11;
                if covered || (x - centre.0).hypot(y - centre.1) < radius + 0.01 { 0.0 } else { 1.0 }
            }),
        }
        if self.shot == 2 {
            self.flare(picture, view);
        }
        if self.shot == 0 {
            let pulse = smooth(0.3, 1.0, (self.time * 2.2).sin());
            let tip = (self.station.0 + 0.29, self.station.1 - 0.045);
            picture.spot(view, tip, 0.010, Colour::hex(0xff4d3d), 0.8 * pulse);
        }
    }
}

impl Orbit {
    /// The sun on the rim, with the ghosts of a lens.
    fn flare(&self, picture: &mut Picture, view: &View) {
        let above = self.radius - (self.sun.0 - self.centre.0).hypot(self.sun.1 - self.centre.1);
        let strength = smooth(0.06, -0.05, above);
        let warm = Colour::hex(0xfff1d6);
        let shimmer = 1.0 + 0.03 * wave(self.time * 2.0, 8);
        picture.spot(view, self.sun, 0.50 * shimmer, Colour::hex(0xffc98a), 0.34 * strength);
        picture.spot(view, self.sun, 0.20 * shimmer, Colour::hex(0xffe0b0), 0.5 * strength);
        picture.spot(view, self.sun, 0.062, warm, strength);
        picture.spot(view, self.sun, 0.035, Colour::hex(0xffffff), strength);
        for (side, length) in [(1.0, 0.55), (-1.0, 0.55)] {
            for step in 1..40 {
                let t = step as f32 / 40.0;
                let at = (self.sun.0 + side * length * t, self.sun.1);
                picture.spot(view, at, 0.012 * (1.0 - t) + 0.003, warm, 0.20 * strength * (1.0 - t));
            }
        }
        for (along, size, rgb) in
            [(0.55, 0.03, 0x7fc8ff), (0.9, 0.055, 0xff9a6a), (1.3, 0.02, 0x9affc8), (1.7, 0.08, 0x6a8cff)]
        {
            let at = (self.sun.0 * (1.0 - along), self.sun.1 + (0.5 - self.sun.1) * along);
            picture.spot(view, at, size, Colour::hex(rgb), 0.10 * strength);
        }
    }
}
