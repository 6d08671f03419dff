//! The beginning of a segment, when the rest of it is not there: for a key frame alone.

use super::{ContainerError, Demuxed, Init, SampleCipher, demux, packed, ts, webm};
use bytes::{Bytes, BytesMut};

/// A segment is not longer than this, whatever its boxes claim.
const MAX_CLAIMED: usize = 64 << 20;

/// Reads what is whole in the beginning of a segment. `available` may end anywhere.
///
/// Only for containers whose beginning says where things are: MP4 in fragments and MPEG-TS. Of the latter, the last
/// picture that is there may be cut and is left out.
///
/// # Errors
/// As of [`demux`]; [`ContainerError::Unsupported`] for other containers.
pub(crate) fn demux_lead(
    available: &Bytes,
    init: Option<&Init>,
    cipher: Option<&SampleCipher>,
) -> Result<Demuxed, ContainerError> {
    if ts::is_ts(available) {
        let mut demuxed = demux(available, init, cipher)?;
        for stream in &mut demuxed.streams {
            stream.samples.pop();
        }
        return Ok(demuxed);
    }
    if webm::is_webm(available) || packed::is_packed_audio(available) || matches!(init, Some(Init::Webm(_))) {
        return Err(ContainerError::Unsupported("the beginning of such a segment alone".into()));
    }
    let padded = padded(available)?;
    let mut demuxed = demux(&padded, init, cipher)?;
    // Samples share the memory of what they were read from, so where they are says whether they are whole.
    let first = padded.as_ptr() as usize;
    let is_whole = |data: &Bytes| {
        let end = (data.as_ptr() as usize).wrapping_sub(first).wrapping_add(data.len());
        data.is_empty() || end <= available.len()
    };
    for stream in &mut demuxed.streams {
        stream.samples.retain(|sample| is_whole(&sample.data));
    }
    Ok(demuxed)
}

/// The boxes up to the one that is cut, which gets zeros for what is missing.
fn padded(available: &Bytes) -> Result<Bytes, ContainerError> {
    let mut position = 0usize;
    loop {
        let rest = available.get(position..).unwrap_or_default();
        let Some(size) = rest.first_chunk().map(|size| u32::from_be_bytes(*size)) else { break };
        let Some(kind) = rest.get(4..8) else { break };
        let size = match size {
            0 => break,
            1 => match rest.get(8..16).and_then(|large| large.first_chunk()) {
                Some(large) => u64::from_be_bytes(*large),
                None => break,
            },
            size => u64::from(size),
        };
        let end = usize::try_from(size).ok().filter(|size| *size >= 8).and_then(|size| position.checked_add(size));
        let end = end.filter(|end| *end <= MAX_CLAIMED);
        let end = end.ok_or(ContainerError::LimitExceeded { what: "bytes of a segment", max: MAX_CLAIMED as u64 })?;
        if end > available.len() {
            if kind != b"mdat" {
                break;
            }
            let mut whole = BytesMut::with_capacity(end);
            whole.extend_from_slice(available);
            whole.resize(end, 0);
            return Ok(whole.freeze());
        }
        position = end;
    }
    Ok(available.slice(..position.min(available.len())))
}
