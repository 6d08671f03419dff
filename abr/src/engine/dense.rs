//! A small network of dense layers, evaluated on several inputs at once.
//!
//! Three layers with leaky rectifiers between them. The dimensions are types, so every loop has a fixed length, the
//! compiler makes vector instructions of it without being told what the processor has, and nothing is allocated. The
//! weights come from a file that is checked while the crate is compiled: what runs cannot be malformed.
//!
//! The file, little-endian: magic `LMNN`; version, number of layers, and the dimensions from input to output, `u32`
//! each; FNV-1a over the weights' bytes, `u32`; then for each layer its weights, input by input, and its biases, `f32`.

/// How many inputs are evaluated at once: two vectors of the oldest 64-bit x86.
pub(crate) const LANES: usize = 8;

/// One number for each input that is evaluated at once.
pub(crate) type Lanes = [f32; LANES];

/// Outputs that are computed together, so that they stay in registers: four times two vectors of sixteen.
const BLOCK: usize = 4;
/// Slope of the rectifier below zero; not zero, so that no unit can die in training.
const LEAK: f32 = 0.1;

const MAGIC: [u8; 4] = *b"LMNN";
const VERSION: u32 = 1;
/// Layers of a network.
const LAYERS: usize = 3;
/// Magic, version, number of layers, dimensions, checksum.
const HEADER: usize = 4 + 4 + 4 + 4 * (LAYERS + 1) + 4;

/// Why a file is no network of these dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// It begins with something else.
    #[error("not a network")]
    Magic,
    /// Made by another version.
    #[error("a network of another version")]
    Version,
    /// Another number of inputs, units or outputs.
    #[error("a network of other dimensions")]
    Dimensions,
    /// Too short or too long.
    #[error("not as long as a network of these dimensions")]
    Length,
    /// Changed after it was written.
    #[error("the checksum is not that of the weights")]
    Checksum,
    /// A weight that is infinite or no number.
    #[error("a weight is not finite")]
    NotFinite,
}

/// `weights[i][o]` is what input `i` adds to output `o`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dense<const I: usize, const O: usize> {
    pub(crate) weights: [[f32; O]; I],
    pub(crate) bias: [f32; O],
}

impl<const I: usize, const O: usize> Dense<I, O> {
    pub(crate) const ZERO: Self = Self { weights: [[0.0; O]; I], bias: [0.0; O] };
    const BYTES: usize = 4 * O * (I + 1);

    /// The outputs for one input, before any rectifier.
    pub(crate) fn apply(&self, input: &[f32; I]) -> [f32; O] {
        weigh(&self.bias, &self.weights, input)
    }

    /// Reads the layer at `at` of `bytes`, which must be long enough.
    const fn read(bytes: &[u8], at: usize) -> Self {
        let mut layer = Self::ZERO;
        let mut i = 0;
        while i < I {
            let mut o = 0;
            while o < O {
                layer.weights[i][o] = read_f32(bytes, at + 4 * (i * O + o));
                o += 1;
            }
            i += 1;
        }
        let mut o = 0;
        while o < O {
            layer.bias[o] = read_f32(bytes, at + 4 * (I * O + o));
            o += 1;
        }
        layer
    }

    /// All weights and biases, in the order of the file.
    #[cfg(feature = "train")]
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &f32> {
        self.weights.iter().flatten().chain(&self.bias)
    }

    /// As [`Self::parameters`].
    #[cfg(feature = "train")]
    pub(crate) fn parameters_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        self.weights.iter_mut().flatten().chain(&mut self.bias)
    }
}

/// `I` inputs, two hidden layers of `A` and `B` units, `O` outputs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Network<const I: usize, const A: usize, const B: usize, const O: usize> {
    pub(crate) first: Dense<I, A>,
    pub(crate) second: Dense<A, B>,
    pub(crate) third: Dense<B, O>,
}

impl<const I: usize, const A: usize, const B: usize, const O: usize> Network<I, A, B, O> {
    /// Every weight zero.
    #[cfg(feature = "train")]
    pub(crate) const ZERO: Self = Self { first: Dense::ZERO, second: Dense::ZERO, third: Dense::ZERO };
    const DIMENSIONS: [usize; LAYERS + 1] = [I, A, B, O];
    /// Length of its file.
    pub(crate) const BYTES: usize = HEADER + Dense::<I, A>::BYTES + Dense::<A, B>::BYTES + Dense::<B, O>::BYTES;

    /// The outputs for one input.
    pub(crate) fn eval(&self, input: &[f32; I]) -> [f32; O] {
        let first = self.first.apply(input).map(rectify);
        let second = self.second.apply(&first).map(rectify);
        self.third.apply(&second)
    }

    /// The outputs for [`LANES`] inputs that differ in the first `V` components, `varying`, and agree in the others,
    /// `fixed`, which are therefore weighed once.
    pub(crate) fn lanes<const V: usize, const F: usize>(&self, varying: &[Lanes; V], fixed: &[f32; F]) -> [Lanes; O] {
        const { assert!(V + F == I, "every input varies or is fixed") };
        let (for_varying, for_fixed) = self.first.weights.split_at(V);
        let start = weigh(&self.first.bias, for_fixed, fixed);
        let first = weigh_lanes(&start, for_varying, varying).map(|lanes| lanes.map(rectify));
        let second = weigh_lanes(&self.second.bias, &self.second.weights, &first).map(|lanes| lanes.map(rectify));
        weigh_lanes(&self.third.bias, &self.third.weights, &second)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ModelError`] where it is not exactly a network of these dimensions.
    pub(crate) const fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        if let Err(error) = Self::check(bytes) {
            return Err(error);
        }
        let second = HEADER + Dense::<I, A>::BYTES;
        let third = second + Dense::<A, B>::BYTES;
        Ok(Self {
            first: Dense::read(bytes, HEADER),
            second: Dense::read(bytes, second),
            third: Dense::read(bytes, third),
        })
    }

    const fn check(bytes: &[u8]) -> Result<(), ModelError> {
        if bytes.len() < HEADER {
            return Err(ModelError::Length);
        }
        if read_u32(bytes, 0) != u32::from_le_bytes(MAGIC) {
            return Err(ModelError::Magic);
        }
        if read_u32(bytes, 4) != VERSION {
            return Err(ModelError::Version);
        }
        let mut layer = 0;
        while layer <= LAYERS {
            if read_u32(bytes, 12 + 4 * layer) as usize != Self::DIMENSIONS[layer] {
                return Err(ModelError::Dimensions);
            }
            layer += 1;
        }
        if read_u32(bytes, 8) as usize != LAYERS {
            return Err(ModelError::Dimensions);
        }
        if bytes.len() != Self::BYTES {
            return Err(ModelError::Length);
        }
        if read_u32(bytes, HEADER - 4) != checksum(bytes) {
            return Err(ModelError::Checksum);
        }
        let mut at = HEADER;
        while at < bytes.len() {
            if !read_f32(bytes, at).is_finite() {
                return Err(ModelError::NotFinite);
            }
            at += 4;
        }
        Ok(())
    }
}

#[cfg(feature = "train")]
impl<const I: usize, const A: usize, const B: usize, const O: usize> Network<I, A, B, O> {
    /// All weights and biases, in the order of the file.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &f32> {
        self.first.parameters().chain(self.second.parameters()).chain(self.third.parameters())
    }

    /// As [`Self::parameters`].
    pub(crate) fn parameters_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        self.first.parameters_mut().chain(self.second.parameters_mut()).chain(self.third.parameters_mut())
    }

    /// The file that [`Self::from_bytes`] reads.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.extend_from_slice(&MAGIC);
        let numbers = [VERSION as usize, LAYERS].into_iter().chain(Self::DIMENSIONS);
        bytes.extend(numbers.flat_map(|number| (number as u32).to_le_bytes()));
        bytes.extend([0; 4]);
        bytes.extend(self.parameters().flat_map(|parameter| parameter.to_le_bytes()));
        let sum = checksum(&bytes).to_le_bytes();
        bytes[HEADER - 4..HEADER].copy_from_slice(&sum);
        bytes
    }
}

/// The rectifier.
pub(crate) fn rectify(x: f32) -> f32 {
    if x > 0.0 { x } else { LEAK * x }
}

/// Its slope.
#[cfg(feature = "train")]
pub(crate) fn slope(x: f32) -> f32 {
    if x > 0.0 { 1.0 } else { LEAK }
}

/// `start` and what each input adds to it.
fn weigh<const O: usize>(start: &[f32; O], weights: &[[f32; O]], input: &[f32]) -> [f32; O] {
    let mut output = *start;
    for (row, x) in weights.iter().zip(input) {
        for (sum, weight) in output.iter_mut().zip(row) {
            *sum += x * weight;
        }
    }
    output
}

/// [`weigh`] in lanes.
fn weigh_lanes<const O: usize>(start: &[f32; O], weights: &[[f32; O]], input: &[Lanes]) -> [Lanes; O] {
    let mut output = [[0.0; LANES]; O];
    let whole = O - O % BLOCK;
    for at in (0..whole).step_by(BLOCK) {
        let sums = weigh_block::<BLOCK, O>(start, weights, input, at);
        output[at..at + BLOCK].copy_from_slice(&sums);
    }
    for (at, sum) in output.iter_mut().enumerate().skip(whole) {
        [*sum] = weigh_block::<1, O>(start, weights, input, at);
    }
    output
}

/// The `N` outputs from `at` on.
fn weigh_block<const N: usize, const O: usize>(
    start: &[f32; O],
    weights: &[[f32; O]],
    input: &[Lanes],
    at: usize,
) -> [Lanes; N] {
    let mut sums: [Lanes; N] = std::array::from_fn(|n| [start[at + n]; LANES]);
    for (row, lanes) in weights.iter().zip(input) {
        for (sum, weight) in sums.iter_mut().zip(&row[at..at + N]) {
            for (sum, x) in sum.iter_mut().zip(lanes) {
                *sum += weight * x;
            }
        }
    }
    sums
}

const fn read_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

const fn read_f32(bytes: &[u8], at: usize) -> f32 {
    f32::from_bits(read_u32(bytes, at))
}

/// FNV-1a over the weights: against a damaged file, not against a forger.
const fn checksum(bytes: &[u8]) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    let mut at = HEADER;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    type Small = Network<3, 5, 4, 1>;

    fn small() -> Small {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let mut network = Small { first: Dense::ZERO, second: Dense::ZERO, third: Dense::ZERO };
        network.first.weights.as_flattened_mut().iter_mut().for_each(|w| *w = next());
        network.second.weights.as_flattened_mut().iter_mut().for_each(|w| *w = next());
        network.third.weights.as_flattened_mut().iter_mut().for_each(|w| *w = next());
        network.first.bias = [0.1, -0.2, 0.3, -0.4, 0.5];
        network
    }

    #[test]
    fn lanes_are_what_each_input_gives_alone() {
        let network = small();
        let varying: [Lanes; 2] = std::array::from_fn(|i| std::array::from_fn(|lane| (i + lane) as f32 * 0.3 - 1.0));
        let [lanes] = network.lanes(&varying, &[0.7]);
        for lane in 0..LANES {
            let [alone] = network.eval(&[varying[0][lane], varying[1][lane], 0.7]);
            assert!((lanes[lane] - alone).abs() < 1e-5, "{lanes:?} {alone}");
        }
    }

    #[cfg(feature = "train")]
    #[test]
    fn a_file_comes_back_and_any_damage_is_noticed() {
        let network = small();
        let bytes = network.to_bytes();
        assert_eq!(bytes.len(), Small::BYTES);
        assert_eq!(Small::from_bytes(&bytes), Ok(network));
        let damaged = |at: usize, by: u8| {
            let mut bytes = bytes.clone();
            bytes[at] ^= by;
            Small::from_bytes(&bytes).unwrap_err()
        };
        assert_eq!(damaged(0, 1), ModelError::Magic);
        assert_eq!(damaged(4, 1), ModelError::Version);
        assert_eq!(damaged(8, 1), ModelError::Dimensions);
        assert_eq!(damaged(12, 1), ModelError::Dimensions);
        assert_eq!(damaged(HEADER - 1, 1), ModelError::Checksum);
        assert_eq!(damaged(HEADER + 7, 1), ModelError::Checksum);
        for end in 0..bytes.len() {
            assert!(Small::from_bytes(&bytes[..end]).is_err());
        }
        let mut network = small();
        network.third.bias[0] = f32::NAN;
        assert_eq!(Small::from_bytes(&network.to_bytes()), Err(ModelError::NotFinite));
    }
}
