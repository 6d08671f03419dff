//! Colours as the encoder wants them.

/// A gamma-encoded BT.709 colour: `y` is 0 to 1, `u` (blue difference) and `v` (red difference) are -0.5 to 0.5.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Colour {
    pub(crate) y: f32,
    pub(crate) u: f32,
    pub(crate) v: f32,
}

impl Colour {
    /// From `0xRRGGBB`.
    pub(crate) fn hex(rgb: u32) -> Self {
        let part = |shift: u32| ((rgb >> shift) & 0xff) as f32 / 255.0;
        Self::rgb(part(16), part(8), part(0))
    }

    /// From parts of 0 to 1.
    pub(crate) fn rgb(r: f32, g: f32, b: f32) -> Self {
        let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        Self { y, u: (b - y) / 1.8556, v: (r - y) / 1.5748 }
    }

    /// Red, green and blue of 0 to 1.
    pub(crate) fn to_rgb(self) -> [f32; 3] {
        let r = self.y + 1.5748 * self.v;
        let b = self.y + 1.8556 * self.u;
        let g = (self.y - 0.2126 * r - 0.0722 * b) / 0.7152;
        [r, g, b].map(|part| part.clamp(0.0, 1.0))
    }

    /// The mixture that has `t` parts of `other`.
    pub(crate) fn mix(self, other: Self, t: f32) -> Self {
        Self {
            y: self.y + (other.y - self.y) * t,
            u: self.u + (other.u - self.u) * t,
            v: self.v + (other.v - self.v) * t,
        }
    }

    /// The same hue with `k` times the light.
    pub(crate) fn times(self, k: f32) -> Self {
        Self { y: self.y * k, u: self.u * k, v: self.v * k }
    }

    /// Light of both.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { y: self.y + other.y, u: self.u + other.u, v: self.v + other.v }
    }

    /// The colour at `t` of a gradient; stops are in rising order of position.
    pub(crate) fn gradient(stops: &[(f32, Colour)], t: f32) -> Self {
        let Some(next) = stops.iter().position(|stop| stop.0 >= t) else {
            return stops.last().map_or_else(Self::default, |stop| stop.1);
        };
        if next == 0 {
            return stops[0].1;
        }
        let (from, to) = (stops[next - 1], stops[next]);
        let s = (t - from.0) / (to.0 - from.0).max(1e-6);
        // Half-way between linear and smooth: no visible kink at a stop, no plateau either.
        from.1.mix(to.1, 0.5 * s + 0.5 * s * s * (3.0 - 2.0 * s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_there_and_back() {
        for rgb in [0x000000, 0xffffff, 0xff6b4a, 0x12345f, 0x00ff00] {
            let [r, g, b] = Colour::hex(rgb).to_rgb().map(|part| (part * 255.0).round() as u32);
            assert_eq!(r << 16 | g << 8 | b, rgb);
        }
    }

    #[test]
    fn gradient_meets_its_stops() {
        let stops = [(0.0, Colour::hex(0)), (0.5, Colour::hex(0xff0000)), (1.0, Colour::hex(0xffffff))];
        assert_eq!(Colour::gradient(&stops, -1.0), stops[0].1);
        assert_eq!(Colour::gradient(&stops, 0.5), stops[1].1);
        assert_eq!(Colour::gradient(&stops, 2.0), stops[2].1);
        assert_eq!(Colour::gradient(&[], 0.5), Colour::default());
    }
}
