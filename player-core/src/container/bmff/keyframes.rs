//! Where decoding can start, by the pictures themselves.

use crate::container::{CodecConfig, Sample};

/// Corrects flags that say the same of all pictures of a fragment.
///
/// Some packagers flag every picture as a start, others none. A start that is none shows garbage after a seek, so where
/// flags cannot be told from a default, the type of each picture's first slice decides. Flags stay as they are if no
/// picture turns out to be a start, and where the headers of NAL units are encrypted.
pub(super) fn correct(samples: &mut [Sample], codec: &CodecConfig) {
    let Some(first) = samples.first().map(|sample| sample.keyframe) else { return };
    let doubtful = samples.iter().all(|sample| sample.keyframe == first) && (!first || samples.len() > 1);
    if !doubtful {
        return;
    }
    let types: Option<Vec<bool>> = samples.iter().map(|sample| is_start(sample, codec)).collect();
    if let Some(types) = types.filter(|types| types.contains(&true)) {
        samples.iter_mut().zip(types).for_each(|(sample, start)| sample.keyframe = start);
    }
}

/// Is the first slice of this picture one that refers to no other picture? `None` if that cannot be seen.
fn is_start(sample: &Sample, codec: &CodecConfig) -> Option<bool> {
    if sample.protection.as_ref().is_some_and(|protection| protection.subsamples.is_empty()) {
        return None;
    }
    let length_size = codec.nal_length_size()?;
    let mut rest = &sample.data[..];
    while let Some((length, after)) = rest.split_at_checked(length_size) {
        let length = length.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
        let (nal, after) = after.split_at_checked(length)?;
        let header = *nal.first()?;
        match codec {
            // Slices of H.264 are 1 to 5, the last one of an IDR picture.
            CodecConfig::H264 { .. } if matches!(header & 0x1f, 1..=5) => return Some(header & 0x1f == 5),
            // Slices of H.265 are below 32, those of pictures that refer to no other 16 to 23.
            CodecConfig::H265 { .. } if header >> 1 & 0x3f < 32 => return Some(matches!(header >> 1 & 0x3f, 16..=23)),
            _ => rest = after,
        }
    }
    None
}
