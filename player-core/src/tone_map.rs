//! Pictures of high dynamic range on displays without it.
//!
//! Light is taken from the numbers (PQ: SMPTE ST 2084; HLG: ITU-R BT.2100 with its display of 1,000 cd/m²), compressed to
//! 203 cd/m², the white of ordinary content beside it (ITU-R BT.2408), by the curve of ITU-R BT.2390-10, section 5.4.1,
//! with the same factor for all three colours so that hues stay, brought from the primaries of BT.2020 to those of
//! BT.709, and written for a display of BT.1886.
//!
//! [`reference`](fn@reference) is that in plain arithmetic; `ToneMap` is the same by tables, fast enough for each
//! picture.

use crate::colour::ColourDescription;
use crate::manifest::DynamicRange;
use std::sync::{Arc, Mutex, PoisonError};

/// Light that becomes the brightest of the display, in cd/m².
const WHITE: f32 = 203.0;
/// Of content that does not say how bright it gets.
const BRIGHTEST: f32 = 1_000.0;
/// Peak of PQ.
const PQ_PEAK: f32 = 10_000.0;
/// Display that HLG is reckoned for, and its system gamma.
const HLG_PEAK: f32 = 1_000.0;
const HLG_GAMMA: f32 = 1.2;
/// Of BT.1886.
const DISPLAY_GAMMA: f32 = 2.4;

/// Steps of what is looked up by a picture's numbers: finer than twelve bits.
const STEPS: usize = 4096;
/// Steps of what is looked up by light; its square root is, for the dark needs more.
const LIGHT_STEPS: usize = 4096;

/// A number of PQ, from 0 to 1, as light in cd/m².
fn pq_light(number: f32) -> f32 {
    let (m1, m2) = (2610.0 / 16384.0, 2523.0 / 4096.0 * 128.0);
    let (c1, c2, c3) = (3424.0 / 4096.0, 2413.0 / 4096.0 * 32.0, 2392.0 / 4096.0 * 32.0);
    let power = number.clamp(0.0, 1.0).powf(1.0 / m2);
    PQ_PEAK * ((power - c1).max(0.0) / (c2 - c3 * power)).powf(1.0 / m1)
}

/// The inverse of [`pq_light`].
fn pq_number(light: f32) -> f32 {
    let (m1, m2) = (2610.0 / 16384.0, 2523.0 / 4096.0 * 128.0);
    let (c1, c2, c3) = (3424.0 / 4096.0, 2413.0 / 4096.0 * 32.0, 2392.0 / 4096.0 * 32.0);
    let power = (light / PQ_PEAK).clamp(0.0, 1.0).powf(m1);
    ((c1 + c2 * power) / (1.0 + c3 * power)).powf(m2)
}

/// A number of HLG as light of the scene, from 0 to 1 (inverse OETF).
fn hlg_scene(number: f32) -> f32 {
    const A: f32 = 0.178_832_77;
    const B: f32 = 1.0 - 4.0 * A;
    // 0.5 - a * ln(4 * a)
    const C: f32 = 0.559_910_7;
    let number = number.clamp(0.0, 1.0);
    if number <= 0.5 { number * number / 3.0 } else { (((number - C) / A).exp() + B) / 12.0 }
}

/// Factor from the scene's to the display's light, by the luminance of the scene (OOTF).
fn hlg_factor(scene: f32) -> f32 {
    HLG_PEAK * scene.max(1e-6).powf(HLG_GAMMA - 1.0)
}

/// Light after compression of what gets as bright as `brightest` (EETF of BT.2390, black at zero).
fn compressed(light: f32, brightest: f32) -> f32 {
    if brightest <= WHITE {
        return light.min(WHITE);
    }
    let peak = pq_number(brightest);
    let target = pq_number(WHITE) / peak;
    let knee = 1.5 * target - 0.5;
    let number = (pq_number(light) / peak).min(1.0);
    if number < knee {
        return light;
    }
    let t = (number - knee) / (1.0 - knee);
    let (t2, t3) = (t * t, t * t * t);
    let spline =
        (2.0 * t3 - 3.0 * t2 + 1.0) * knee + (t3 - 2.0 * t2 + t) * (1.0 - knee) + (3.0 * t2 - 2.0 * t3) * target;
    pq_light(spline * peak)
}

/// Light in the primaries of BT.2020 in those of BT.709 (ITU-R BT.2087).
fn narrowed([red, green, blue]: [f32; 3]) -> [f32; 3] {
    [
        1.660_5 * red - 0.587_6 * green - 0.072_8 * blue,
        -0.124_6 * red + 1.132_9 * green - 0.008_3 * blue,
        -0.018_2 * red - 0.100_6 * green + 1.118_7 * blue,
    ]
}

/// Light relative to white as a number of the display.
fn display_number(light: f32) -> f32 {
    light.clamp(0.0, 1.0).powf(1.0 / DISPLAY_GAMMA)
}

fn luminance([red, green, blue]: [f32; 3]) -> f32 {
    0.2627 * red + 0.678 * green + 0.0593 * blue
}

/// Non-linear red, green and blue of a picture as those of an ordinary display, all from 0 to 1.
pub fn reference(colour: &ColourDescription, numbers: [f32; 3]) -> [f32; 3] {
    let light = match colour.dynamic_range() {
        DynamicRange::Sdr => return numbers,
        DynamicRange::Pq => numbers.map(pq_light),
        DynamicRange::Hlg => {
            let scene = numbers.map(hlg_scene);
            let factor = hlg_factor(luminance(scene));
            scene.map(|light| light * factor)
        }
    };
    let most = light.iter().copied().fold(0.0, f32::max);
    let factor = if most > 0.0 { compressed(most, brightest(colour)) / most / WHITE } else { 0.0 };
    let light = light.map(|light| light * factor);
    let light = if colour.is_wide() { narrowed(light) } else { light };
    light.map(display_number)
}

/// How bright the content gets.
fn brightest(colour: &ColourDescription) -> f32 {
    match colour.dynamic_range() {
        DynamicRange::Hlg => HLG_PEAK,
        _ if colour.brightest == 0 => BRIGHTEST,
        _ => (colour.brightest as f32).min(PQ_PEAK),
    }
}

/// The same by tables.
pub(crate) struct ToneMap {
    /// Light of the display (PQ) or of the scene (HLG), by number.
    light: Vec<f32>,
    /// Factor of the scene's light, by the square root of its luminance; empty for PQ.
    scene: Vec<f32>,
    /// Factor of compression and to white, by the number of PQ of the brightest colour.
    factor: Vec<f32>,
    /// Numbers of the display, by the square root of light.
    display: Vec<u8>,
    wide: bool,
}

impl ToneMap {
    /// The tables for these colours; `None` for pictures that need none. The last ones are kept: they cost thousands of
    /// powers, and a film has the same colours from picture to picture.
    pub(crate) fn of(colour: &ColourDescription) -> Option<Arc<Self>> {
        static LAST: Mutex<Option<(ColourDescription, Arc<ToneMap>)>> = Mutex::new(None);
        if colour.dynamic_range() == DynamicRange::Sdr {
            return None;
        }
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, map)) = last.as_ref().filter(|(known, _)| known == colour) {
            return Some(map.clone());
        }
        let map = Arc::new(Self::new(colour)?);
        *last = Some((*colour, map.clone()));
        Some(map)
    }

    fn new(colour: &ColourDescription) -> Option<Self> {
        let is_pq = match colour.dynamic_range() {
            DynamicRange::Sdr => return None,
            DynamicRange::Pq => true,
            DynamicRange::Hlg => false,
        };
        let brightest = brightest(colour);
        let table = |of: &dyn Fn(f32) -> f32| (0..STEPS).map(|step| of(step as f32 / (STEPS - 1) as f32)).collect();
        // PQ is looked up by its own numbers; HLG by the square root of light relative to its peak.
        let light_at = |step: f32| if is_pq { pq_light(step) } else { HLG_PEAK * step * step };
        Some(Self {
            light: table(&|number| if is_pq { pq_light(number) } else { hlg_scene(number) }),
            scene: if is_pq { Vec::new() } else { table(&|root| hlg_factor(root * root)) },
            factor: table(&|step| {
                let light = light_at(step).max(1e-4);
                compressed(light, brightest) / light / WHITE
            }),
            display: (0..LIGHT_STEPS)
                .map(|step| {
                    let root = step as f32 / (LIGHT_STEPS - 1) as f32;
                    (display_number(root * root) * 255.0).round() as u8
                })
                .collect(),
            wide: colour.is_wide(),
        })
    }

    /// As [`reference`](fn@reference), in whole numbers up to 255.
    pub(crate) fn rgb(&self, numbers: [f32; 3]) -> [u8; 3] {
        let mut light = numbers.map(|number| self.light[step(number)]);
        let factor = if self.scene.is_empty() {
            self.factor[step(numbers[0].max(numbers[1]).max(numbers[2]))]
        } else {
            let of_scene = self.scene[step(luminance(light).sqrt())];
            light = light.map(|light| light * of_scene);
            let most = light[0].max(light[1]).max(light[2]);
            self.factor[step((most / HLG_PEAK).sqrt())]
        };
        light = light.map(|light| light * factor);
        if self.wide {
            light = narrowed(light);
        }
        let last = (LIGHT_STEPS - 1) as f32;
        light.map(|light| self.display[(light.clamp(0.0, 1.0).sqrt() * last + 0.5) as usize])
    }
}

fn step(number: f32) -> usize {
    (number.clamp(0.0, 1.0) * (STEPS - 1) as f32 + 0.5) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pq() -> ColourDescription {
        ColourDescription::of_range(DynamicRange::Pq)
    }

    fn hlg() -> ColourDescription {
        ColourDescription::of_range(DynamicRange::Hlg)
    }

    fn close(found: f32, expected: f32, tolerance: f32) {
        assert!((found - expected).abs() <= tolerance, "{found}, {expected} expected");
    }

    #[test]
    fn light_is_as_the_recommendations_say() {
        // BT.2408: 203 cd/m² are 58 % of PQ; 1,000 are 75 %; HLG has its reference white at 75 %.
        close(pq_number(203.0), 0.5807, 0.0005);
        close(pq_number(1_000.0), 0.7518, 0.0005);
        close(pq_light(0.5), 92.2, 0.5);
        close(hlg_scene(0.75), 0.2651, 0.0005);
        let white = hlg_scene(0.75);
        close(white * hlg_factor(white), 203.0, 1.0);
        for light in [0.01, 1.0, 58.0, 4_000.0] {
            close(pq_light(pq_number(light)) / light, 1.0, 0.01);
        }
    }

    #[test]
    fn greys_stay_grey_darks_stay_and_the_brightest_is_white() {
        for colour in [pq(), hlg()] {
            let of = |number: f32| reference(&colour, [number; 3]);
            let peak = if colour == pq() { pq_number(1_000.0) } else { 1.0 };
            of(peak).iter().for_each(|number| close(*number, 1.0, 0.005));
            assert_eq!(of(0.0), [0.0; 3]);
            let mut last = 0.0;
            for step in 1..=50 {
                let [red, green, blue] = of(peak * step as f32 / 50.0);
                close(red, green, 0.003);
                close(blue, green, 0.003);
                assert!(green > last || green > 0.995, "{step}: {green} after {last}");
                last = green;
            }
        }
        // Below the knee light is what it was: 20 cd/m² of 203.
        close(reference(&pq(), [pq_number(20.0); 3])[1], (20.0f32 / 203.0).powf(1.0 / 2.4), 0.005);
        // White beside it loses a little to what is brighter.
        close(reference(&pq(), [pq_number(203.0); 3])[1], 0.906, 0.01);
    }

    #[test]
    fn content_that_is_no_brighter_than_the_display_is_not_compressed() {
        let dim = ColourDescription { brightest: 200, ..pq() };
        close(reference(&dim, [pq_number(203.0); 3])[1], 1.0, 0.005);
        let bright = ColourDescription { brightest: 4_000, ..pq() };
        assert!(reference(&bright, [pq_number(203.0); 3])[1] < 0.87);
    }

    #[test]
    fn colours_that_ordinary_displays_have_keep_their_hue() {
        // Red of BT.709 at 100 cd/m², in the primaries of BT.2020 (ITU-R BT.2087).
        let red = [0.627_4f32, 0.069_1, 0.016_4].map(|part| pq_number(100.0 * part));
        let [red, green, blue] = reference(&pq(), red);
        close(red, (100.0f32 / 203.0).powf(1.0 / 2.4), 0.01);
        assert!(green < 0.12 && blue < 0.12, "{green} {blue}");
    }

    #[test]
    fn tables_agree_with_arithmetic() {
        for colour in [pq(), hlg(), ColourDescription { brightest: 4_000, ..pq() }] {
            let table = ToneMap::new(&colour).unwrap();
            for at in 0..4_096usize {
                let numbers = [at % 16, at / 16 % 16, at / 256].map(|part| part as f32 / 15.0);
                let exact = reference(&colour, numbers).map(|number| (number * 255.0).round());
                for (found, exact) in table.rgb(numbers).into_iter().zip(exact) {
                    assert!((f32::from(found) - exact).abs() <= 3.0, "{numbers:?}: {found}, {exact} expected");
                }
            }
        }
        assert!(ToneMap::new(&ColourDescription::default()).is_none());
    }
}
