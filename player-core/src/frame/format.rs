//! How the bytes of pictures are laid out.

/// How the bytes of a [`VideoFrame`](super::VideoFrame) are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    /// One plane, four bytes a pixel, alpha always opaque.
    Rgba,
    /// Three planes, 8 bit, chroma halved both ways.
    I420,
    /// As [`Self::I420`] with 10 bits in two bytes, little endian.
    I420P10,
    /// 12 bits in two bytes.
    I420P12,
    /// Chroma halved across only.
    I422,
    I422P10,
    I422P12,
    /// Chroma as fine as luma.
    I444,
    I444P10,
    I444P12,
    /// Two planes, 8 bit: luma, and both chroma side by side, halved both ways. What decoders in hardware have.
    Nv12,
    /// As [`Self::Nv12`] with 10 bits in the upper ones of two bytes, little endian.
    P010,
}

impl PixelFormat {
    /// Bits of one component.
    pub fn bits(self) -> u8 {
        match self {
            Self::Rgba | Self::I420 | Self::I422 | Self::I444 | Self::Nv12 => 8,
            Self::I420P10 | Self::I422P10 | Self::I444P10 | Self::P010 => 10,
            Self::I420P12 | Self::I422P12 | Self::I444P12 => 12,
        }
    }

    /// How many planes there are.
    pub fn planes(self) -> usize {
        match self {
            Self::Rgba => 1,
            Self::Nv12 | Self::P010 => 2,
            _ => 3,
        }
    }

    /// By how much chroma is coarser than luma, across and down.
    pub fn chroma(self) -> (usize, usize) {
        match self {
            Self::I420 | Self::I420P10 | Self::I420P12 | Self::Nv12 | Self::P010 => (2, 2),
            Self::I422 | Self::I422P10 | Self::I422P12 => (2, 1),
            Self::Rgba | Self::I444 | Self::I444P10 | Self::I444P12 => (1, 1),
        }
    }

    /// Bytes of one component.
    pub fn bytes(self) -> usize {
        if self.bits() > 8 { 2 } else { 1 }
    }

    /// Components that lie side by side in a plane.
    pub fn components(self, plane: usize) -> usize {
        match (self, plane) {
            (Self::Rgba, _) => 4,
            (Self::Nv12 | Self::P010, 1) => 2,
            _ => 1,
        }
    }

    /// Width and height of a plane in groups of [`Self::components`], for a picture of this size in pixels.
    pub fn extent(self, plane: usize, (width, height): (usize, usize)) -> (usize, usize) {
        let (across, down) = if plane == 0 { (1, 1) } else { self.chroma() };
        (width.div_ceil(across), height.div_ceil(down))
    }

    /// The highest number as it is stored.
    pub fn highest(self) -> u16 {
        let highest = ((1u32 << self.bits()) - 1) as u16;
        if self == Self::P010 { highest << 6 } else { highest }
    }
}
