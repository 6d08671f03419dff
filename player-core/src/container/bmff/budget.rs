//! What may come out of a file of a size.

use crate::container::ContainerError;

/// Samples of one call: a film of three hours at 50 pictures a second, and its sound.
const MAX_SAMPLES: u64 = 1 << 20;

/// Bounds memory by the size of the input, whatever boxes claim.
///
/// There is at most one sample per byte of input, samples do not take more bytes together than there are, and neither
/// does what describes their encryption. So beside the media itself, which samples share, a result holds at most
/// `size_of::<Sample>() + 16` bytes per byte of input, and making it takes a small multiple of that.
#[derive(Debug)]
pub(super) struct Budget {
    samples: u64,
    sample_bytes: u64,
    auxiliary_bytes: u64,
    /// Samples that are not wholly there are left out and are no error.
    pub(super) clipped: bool,
}

impl Budget {
    pub(super) fn new(input: usize) -> Self {
        let input = input as u64;
        Self { samples: input.min(MAX_SAMPLES), sample_bytes: input, auxiliary_bytes: input, clipped: false }
    }

    /// For input that may have been cut off.
    pub(super) fn clipped(input: usize) -> Self {
        Self { clipped: true, ..Self::new(input) }
    }

    /// Before memory for `count` samples is taken.
    pub(super) fn samples(&mut self, count: u64) -> Result<(), ContainerError> {
        spend(&mut self.samples, count, ContainerError::LimitExceeded { what: "samples", max: MAX_SAMPLES })
    }

    /// For the data of one sample.
    pub(super) fn sample_bytes(&mut self, count: u64) -> Result<(), ContainerError> {
        let available = self.sample_bytes;
        let error = ContainerError::Truncated { kind: "mdat".into(), claimed: count, available };
        spend(&mut self.sample_bytes, count, error)
    }

    /// For sample auxiliary information.
    pub(super) fn auxiliary_bytes(&mut self, count: u64) -> Result<(), ContainerError> {
        spend(&mut self.auxiliary_bytes, count, ContainerError::Malformed("saio"))
    }
}

fn spend(left: &mut u64, count: u64, error: ContainerError) -> Result<(), ContainerError> {
    *left = left.checked_sub(count).ok_or(error)?;
    Ok(())
}
