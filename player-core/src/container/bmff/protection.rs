//! `sinf` (which scheme, which key) and `senc` (which bytes), ISO/IEC 23001-7.

use super::boxes::{self, BoxRef};
use crate::container::{ContainerError, SampleProtection, Scheme, Subsample};
use crate::drm::KeyId;

/// Subsamples of one sample: a slice each, and no picture has that many.
const MAX_SUBSAMPLES: usize = 4_096;

/// How the samples of a track are protected, unless a fragment says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackProtection {
    pub scheme: Scheme,
    pub key_id: KeyId,
    /// Bytes of IV stored with each sample: 0, 8 or 16.
    iv_size: usize,
    /// Used where samples carry none.
    constant_iv: Option<[u8; 16]>,
}

/// Reads `sinf`: the original sample entry's type and the protection, `None` if the track says it is not encrypted.
pub(super) fn parse_sinf(sinf: &[u8]) -> Result<([u8; 4], Option<TrackProtection>), ContainerError> {
    let frma = boxes::require(sinf, "frma")?;
    let original: [u8; 4] =
        frma.payload.get(..4).and_then(|code| code.try_into().ok()).ok_or(ContainerError::Malformed("frma"))?;
    let schm = boxes::require(sinf, "schm")?;
    let scheme: [u8; 4] =
        schm.payload.get(4..8).and_then(|code| code.try_into().ok()).ok_or(ContainerError::Malformed("schm"))?;
    let schi = boxes::require(sinf, "schi")?;
    let tenc = boxes::require(schi.payload, "tenc")?;
    Ok((original, parse_tenc(tenc.payload, scheme)?))
}

fn parse_tenc(tenc: &[u8], scheme: [u8; 4]) -> Result<Option<TrackProtection>, ContainerError> {
    let malformed = || ContainerError::Malformed("tenc");
    // version(1) flags(3) reserved(1) pattern(1) isProtected(1) ivSize(1) kid(16)
    let fixed: &[u8; 24] = tenc.get(..24).and_then(|head| head.try_into().ok()).ok_or_else(malformed)?;
    let (version, pattern, protected, iv_size) = (fixed[0], fixed[5], fixed[6], usize::from(fixed[7]));
    if protected == 0 {
        return Ok(None);
    }
    let key_id = KeyId(fixed[8..24].try_into().expect("sixteen bytes were taken"));
    let constant_iv = if iv_size == 0 {
        let size = usize::from(*tenc.get(24).ok_or_else(malformed)?);
        Some(padded_iv(tenc.get(25..25 + size).ok_or_else(malformed)?).ok_or_else(malformed)?)
    } else {
        None
    };
    if !matches!(iv_size, 0 | 8 | 16) {
        return Err(malformed());
    }
    let (crypt, skip) = if version == 0 { (0, 0) } else { (pattern >> 4, pattern & 0x0f) };
    let scheme = match &scheme {
        b"cenc" => Scheme::Cenc,
        b"cbcs" => Scheme::Cbcs { crypt, skip },
        other => return Err(ContainerError::UnsupportedScheme(boxes::printable(*other))),
    };
    Ok(Some(TrackProtection { scheme, key_id, iv_size, constant_iv }))
}

/// IVs of eight bytes fill the upper half; the lower one counts blocks.
fn padded_iv(iv: &[u8]) -> Option<[u8; 16]> {
    let mut padded = [0; 16];
    matches!(iv.len(), 8 | 16).then(|| padded[..iv.len()].copy_from_slice(iv))?;
    Some(padded)
}

/// Reads `senc` for `count` samples.
pub(super) fn parse_senc(
    senc: &BoxRef<'_>,
    track: &TrackProtection,
    count: usize,
) -> Result<Vec<SampleProtection>, ContainerError> {
    let malformed = || ContainerError::Malformed("senc");
    let flags = *senc.payload.get(3).ok_or_else(malformed)?;
    let mut reader = Reader(senc.payload.get(4..).ok_or_else(malformed)?);
    if reader.u32().ok_or_else(malformed)? as usize != count {
        return Err(malformed());
    }
    let mut samples = Vec::with_capacity(count.min(super::MAX_SAMPLES));
    for _ in 0..count {
        let iv = match track.constant_iv {
            Some(iv) if track.iv_size == 0 => iv,
            _ => reader.take(track.iv_size).and_then(padded_iv).ok_or_else(malformed)?,
        };
        let mut subsamples = Vec::new();
        if flags & 2 != 0 {
            let entries = usize::from(reader.u16().ok_or_else(malformed)?);
            if entries > MAX_SUBSAMPLES {
                return Err(ContainerError::LimitExceeded { what: "subsamples", max: MAX_SUBSAMPLES as u64 });
            }
            for _ in 0..entries {
                let clear = u32::from(reader.u16().ok_or_else(malformed)?);
                let protected = reader.u32().ok_or_else(malformed)?;
                subsamples.push(Subsample { clear, protected });
            }
        }
        samples.push(SampleProtection { key_id: track.key_id, scheme: track.scheme, iv, subsamples });
    }
    Ok(samples)
}

/// Protection of samples without `senc`: possible only where one IV serves all.
pub(super) fn without_senc(track: &TrackProtection) -> Result<SampleProtection, ContainerError> {
    let iv = track.constant_iv.ok_or(ContainerError::Missing("senc"))?;
    Ok(SampleProtection { key_id: track.key_id, scheme: track.scheme, iv, subsamples: Vec::new() })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}
