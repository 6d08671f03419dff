//! Repeatable randomness: the same title looks the same on every machine.

/// A well-mixed 32-bit value for `n`.
pub(crate) fn hash(n: u32) -> u32 {
    let mut x = n.wrapping_add(0x9e37_79b9);
    x = (x ^ (x >> 16)).wrapping_mul(0x21f0_aaad);
    x = (x ^ (x >> 15)).wrapping_mul(0x735a_2d97);
    x ^ (x >> 15)
}

/// 0 to 1 for a pair of numbers.
pub(crate) fn unit(a: u32, b: u32) -> f32 {
    (hash(a.wrapping_mul(0x85eb_ca6b) ^ hash(b)) >> 8) as f32 / 16_777_216.0
}

/// Smooth noise of -1 to 1 along a line; one hill per unit of `x`.
pub(crate) fn wave(x: f32, seed: u32) -> f32 {
    let cell = x.floor();
    let t = x - cell;
    let at = |i: i32| unit(i as u32, seed) * 2.0 - 1.0;
    let (a, b) = (at(cell as i32), at(cell as i32 + 1));
    a + (b - a) * t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

/// `octaves` of [`wave`], each half as high and about twice as dense.
pub(crate) fn fractal(x: f32, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut high, mut dense, mut total) = (0.0, 1.0, 1.0, 0.0);
    for octave in 0..octaves {
        sum += high * wave(x * dense + 17.3 * octave as f32, seed.wrapping_add(octave * 101));
        total += high;
        high *= 0.5;
        dense *= 2.03;
    }
    sum / total
}

/// Smooth noise of -1 to 1 on a plane.
pub(crate) fn cloud(x: f32, y: f32, seed: u32) -> f32 {
    let (cx, cy) = (x.floor(), y.floor());
    let fade = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let (tx, ty) = (fade(x - cx), fade(y - cy));
    let at = |dx: i32, dy: i32| {
        let key = (cx as i32 + dx) as u32;
        unit(key, ((cy as i32 + dy) as u32).wrapping_mul(0x27d4_eb2f) ^ seed) * 2.0 - 1.0
    };
    let top = at(0, 0) + (at(1, 0) - at(0, 0)) * tx;
    let bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * tx;
    top + (bottom - top) * ty
}

/// `octaves` of [`cloud`]; each is turned a little so that the grid does not show.
pub(crate) fn clouds(x: f32, y: f32, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut high, mut total) = (0.0, 1.0, 0.0);
    let (mut x, mut y) = (x, y);
    for octave in 0..octaves {
        sum += high * cloud(x, y, seed.wrapping_add(octave * 77));
        total += high;
        high *= 0.5;
        (x, y) = (1.62 * x - 1.21 * y + 5.7, 1.21 * x + 1.62 * y + 2.9);
    }
    sum / total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_bounded_continuous_and_repeatable() {
        for i in 0..2000 {
            let x = i as f32 * 0.037 - 20.0;
            for value in [wave(x, 7), fractal(x, 5, 7), cloud(x, -x * 0.7, 7), clouds(x, 0.4 * x, 5, 7)] {
                assert!((-1.0..=1.0).contains(&value));
            }
            assert!((wave(x, 7) - wave(x + 1e-3, 7)).abs() < 0.01);
            assert_eq!(fractal(x, 4, 9), fractal(x, 4, 9));
        }
    }
}
